"""The archive for a room without a network: what goes into it, and what `make` does where it is unpacked.

No test downloads or installs: collecting the wheels is left to `make bundle` itself.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from helpers import corpus

ROOT = Path(__file__).resolve().parent.parent
needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


@pytest.fixture
def bundle():
    spec = importlib.util.spec_from_file_location("make_bundle", ROOT / "tools" / "make_bundle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_git
def test_tracked_files_are_packed_as_they_are_now_and_no_others(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    for name in ("kept é.txt", "removed.txt", "untracked.txt"):
        (tmp_path / name).write_text("before", encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "kept é.txt", "removed.txt"], cwd=tmp_path, check=True)
    (tmp_path / "removed.txt").unlink()
    assert bundle.tracked_files() == ["kept é.txt"]


@needs_git
def test_outside_a_clone_it_says_what_it_needs(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SystemExit, match="needs git and a clone"):
        bundle.tracked_files()


def test_a_download_that_cannot_be_had_is_named_and_left_out(bundle, tmp_path, monkeypatch, capsys):
    def fetch(name):
        if name == "gpt2-vocab.bpe":
            raise corpus.DownloadError(f"{name} could not be downloaded from nowhere")
        (tmp_path / name).write_text(name)
        return tmp_path / name

    monkeypatch.setattr(corpus, "fetch", fetch)
    monkeypatch.setattr(corpus, "load_library_docs", lambda: (corpus.cache_folder() / "docs.txt").touch())
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", "as it was")
    folder = tmp_path / "texts"
    folder.mkdir()
    assert bundle.collect_texts(folder) == ["gpt2-vocab.bpe"]
    assert "left out: gpt2-vocab.bpe could not be downloaded from nowhere" in capsys.readouterr().out
    there = {path.name for path in folder.iterdir()}
    assert there == {"docs.txt", *corpus.DOWNLOADS} - {"gpt2-vocab.bpe"}
    assert (folder / "the-verdict.txt").read_text() == "the-verdict.txt"
    assert os.environ["TEXT_TO_TENSORS_DATA"] == "as it was"


def test_the_archive_holds_the_project_the_wheels_the_texts_and_the_commands(bundle, tmp_path):
    for name in ("wheels/numpy-1-cp311.whl", "texts/the-verdict.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(bytes(1000))
    archive = tmp_path / "dist" / "offline.zip"
    bundle.pack(archive, ["Makefile", "helpers/corpus.py"], tmp_path, ["gpt2-vocab.bpe"])
    with zipfile.ZipFile(archive) as packed:
        sizes = {info.filename: info.compress_size for info in packed.infolist()}
        read_me = packed.read("from-text-to-tensors/README-OFFLINE.txt").decode("utf-8")
        assert packed.read("from-text-to-tensors/Makefile") == (ROOT / "Makefile").read_bytes()
    inside = {name.removeprefix("from-text-to-tensors/") for name in sizes}
    wanted = "Makefile helpers/corpus.py wheels/numpy-1-cp311.whl texts/the-verdict.txt README-OFFLINE.txt"
    assert inside == set(wanted.split())
    assert sizes["from-text-to-tensors/wheels/numpy-1-cp311.whl"] == 1000  # it is compressed already
    assert sizes["from-text-to-tensors/texts/the-verdict.txt"] < 100
    assert "In texts/: the-verdict.txt." in read_me and "could not be downloaded: gpt2-vocab.bpe." in read_me
    assert "--no-index --find-links wheels -r requirements.txt" in read_me and "{" not in read_me


def make(folder, *arguments, **environment):
    """Run make in a folder with the project's Makefile and one more target, which shows the variable."""
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "show.mk").write_text('include Makefile\nshow:\n\t@echo "data: $$TEXT_TO_TENSORS_DATA"\n')
    for name in ("requirements.txt", "pyproject.toml"):
        (folder / name).touch()
    kept = {
        k: v for k, v in os.environ.items() if k not in ("TEXT_TO_TENSORS_DATA", "MAKEFLAGS", "MAKELEVEL")
    }
    command = ["make", "-f", "show.mk", *arguments, f"PYTHON={sys.executable}"]
    return subprocess.run(command, cwd=folder, env=kept | environment, capture_output=True, text=True)


@needs_make
def test_make_asks_no_network_where_the_archive_is_unpacked(tmp_path):
    assert "pip install --disable-pip-version-check -r" in make(tmp_path, "-n", "lab").stdout.replace(
        "  ", " "
    )
    assert make(tmp_path, "show").stdout.strip() == "data:"
    (tmp_path / "wheels").mkdir()
    (tmp_path / "texts").mkdir()
    assert "--no-index --find-links wheels -r requirements.txt" in make(tmp_path, "-n", "lab").stdout
    assert Path(make(tmp_path, "show").stdout.strip()[6:]) == tmp_path / "texts"
    assert make(tmp_path, "show", TEXT_TO_TENSORS_DATA="mine").stdout.strip() == "data: mine"


@needs_make
@pytest.mark.parametrize("version", ["3.99.0", "{}.{}.999"])
def test_wheels_for_another_python_are_refused_before_a_venv_is_made(tmp_path, version):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "python-version").write_text(version.format(*sys.version_info))
    done = make(tmp_path, ".venv/installed")
    assert done.returncode and "another Python: README-OFFLINE.txt says which" in done.stderr
    assert not (tmp_path / ".venv").exists()
