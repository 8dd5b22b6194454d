"""Pack the project, the wheels it needs and its texts into one archive, for a room without a network.

usage: make bundle     (or: python tools/make_bundle.py, with the Python of .venv)

Writes `dist/from-text-to-tensors-VERSION-offline-SYSTEM-PYTHON.zip`. Unpacked on a machine of the same kind,
`make lab` and `make test` find `wheels/` and `texts/` by themselves; its README-OFFLINE.txt says the rest.
"""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path
from unittest import mock

from helpers import corpus

ROOT = Path(__file__).resolve().parent.parent
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
SYSTEM = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
KIND = f"{SYSTEM}-{platform.machine().lower()}-{PYTHON}"  # such as linux-x86_64-python3.11

README = """\
From Text to Tensors, for a machine without a network
=====================================================

This archive is for {kind}. It needs Python {full}, or a later {version}, and a release of the
system that is not older than the one it was made on. Nothing below asks the network.

With make (Linux, macOS), in this folder:

    make lab PYTHON={python}       opens JupyterLab on the notebooks
    make test PYTHON={python}      runs the tests

Without make, on Linux and macOS, in this folder:

    {python} -m venv .venv
    .venv/bin/python -m pip install --no-index --find-links wheels -r requirements.txt
    export TEXT_TO_TENSORS_DATA="$PWD/texts"
    .venv/bin/python -m jupyter lab --config=tools/lab/config.py

On Windows, in PowerShell, in this folder:

    py -{version} -m venv .venv
    .venv\\Scripts\\python -m pip install --no-index --find-links wheels -r requirements.txt
    $env:TEXT_TO_TENSORS_DATA = "$PWD\\texts"
    .venv\\Scripts\\python -m jupyter lab --config=tools/lab/config.py

The variable TEXT_TO_TENSORS_DATA holds for one terminal: set it again in a new one. Only the first two lines
are for once; the next day the last two are enough.

In texts/: {texts}.
{missing}"""


def tracked_files() -> list[str]:
    """The files that git tracks, as they are on the disk now, relative to the root."""
    try:
        listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True, encoding="utf-8")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"make bundle packs the files that git tracks, so it needs git and a clone: {error}")
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def collect_wheels(folder: Path) -> None:
    """Put the wheels of everything in requirements.txt, at the versions installed here, into `folder`."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    frozen = subprocess.check_output([*pip, "freeze", "--exclude-editable"], text=True).splitlines()
    torch = "torch==" + importlib.metadata.version("torch").partition("+")[0]
    if sys.platform == "linux":
        torch += "+cpu"  # whichever build is installed here: the other brings several GB of CUDA
    pins = folder.parent / "pins.txt"
    same = [line for line in frozen if "==" in line and not line.startswith("torch==")]
    pins.write_text("\n".join([torch, *same]), encoding="utf-8")
    collect = [*pip, "wheel", "--quiet", "--wheel-dir", str(folder), "--find-links", str(folder)]
    only_torch = [*collect, "--no-deps", torch]
    # First from where pip looks anyway; PyTorch's own index only where that has no such build.
    if subprocess.run(only_torch, stderr=subprocess.DEVNULL).returncode:
        subprocess.run([*only_torch, "--extra-index-url", CPU_INDEX], check=True)
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = folder.parent / "wanted.txt"
    wanted.write_text("\n".join(line for line in lines if not line.startswith("-e")), encoding="utf-8")
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    subprocess.run([*collect, "-c", str(pins), "-r", str(wanted), *build], check=True)
    # Wheels may need this very patch release, and the Makefile says so before it makes a .venv.
    (folder / "python-version").write_text(".".join(map(str, sys.version_info[:3])))


def collect_texts(folder: Path) -> list[str]:
    """Put the downloads and the library docs into `folder`; returns the names of those not to be had."""
    missing = []
    for name in corpus.DOWNLOADS:
        try:
            shutil.copyfile(corpus.fetch(name), folder / name)
        except corpus.DownloadError as error:
            missing.append(name)
            print(f"left out: {error}", flush=True)
    with mock.patch.dict(os.environ, TEXT_TO_TENSORS_DATA=str(folder)):
        corpus.load_library_docs()  # writes them there
    for path in folder.iterdir():
        path.chmod(0o644)  # one may unpack the archive for all who use a machine
    return missing


def read_me(texts: list[str], missing: list[str]) -> str:
    """What README-OFFLINE.txt says: the commands for each system, and which texts are there."""
    left_out = f"Not in it, as they could not be downloaded: {', '.join(missing)}.\n" if missing else ""
    return README.format(
        kind=KIND.removesuffix(f"-{PYTHON}"),
        python=PYTHON,
        full=platform.python_version(),
        version=PYTHON.removeprefix("python"),
        texts=", ".join(sorted(texts)),
        missing=left_out,
    )


def pack(archive: Path, files: list[str], stage: Path, missing: list[str]) -> None:
    """Write `archive`: the project's `files`, the folders in `stage`, and README-OFFLINE.txt."""
    top = Path("from-text-to-tensors")
    texts = [path.name for path in (stage / "texts").iterdir()]
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as bundle:
        for name in files:
            bundle.write(ROOT / name, top / name)
        for path in sorted([*(stage / "texts").iterdir(), *(stage / "wheels").iterdir()]):
            packed = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
            bundle.write(path, top / path.relative_to(stage), packed)  # a wheel is compressed already
        bundle.writestr(str(top / "README-OFFLINE.txt"), read_me(texts, missing))


def main() -> None:
    start = time.perf_counter()
    files = tracked_files()
    version = importlib.metadata.version("from-text-to-tensors")
    archive = ROOT / "dist" / f"from-text-to-tensors-{version}-offline-{KIND}.zip"
    with tempfile.TemporaryDirectory() as scratch:
        stage = Path(scratch)
        for name in ("wheels", "texts"):
            (stage / name).mkdir()
        missing = collect_texts(stage / "texts")
        try:
            collect_wheels(stage / "wheels")
        except subprocess.CalledProcessError:
            sys.exit("make bundle could not get every wheel: pip says above which. Nothing was written")
        pack(archive, files, stage, missing)
    size, seconds = archive.stat().st_size / 1e6, time.perf_counter() - start
    print(
        f"{archive.relative_to(ROOT)}: {size:.0f} MB, in {seconds:.0f} s. Not in it: {missing or 'nothing'}"
    )


if __name__ == "__main__":
    main()
