import hashlib
import http.server
import importlib
import importlib.metadata
import inspect
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import corpus, files

ROOT = Path(__file__).resolve().parent.parent
TEXT = ("Shall I compare thee to a summer’s day?\n" * 2000).encode()
SHA256 = hashlib.sha256(TEXT).hexdigest()

# ---- a web server that misbehaves on demand: each of these answers one request ----


def whole(handler, body=TEXT):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def another_text(handler):
    whole(handler, b"<html>Please log in to the network of this hotel</html>")


def cut_half_way(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(TEXT)))
    handler.end_headers()
    handler.wfile.write(TEXT[: len(TEXT) // 2])


def stalled_half_way(handler):
    cut_half_way(handler)
    handler.wfile.flush()
    handler.server.released.wait(5)


def silent(handler):
    handler.server.released.wait(5)


def not_found(handler):
    handler.send_error(404)


def server_error(handler):
    handler.send_error(500)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with self.server.lock:
            number = self.server.requests
            self.server.requests += 1
        answers = self.server.answers
        answers[min(number, len(answers) - 1)](self)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch, cache):
    """A server on this machine that has `poem.txt`; `server.answers` holds its answer to each request."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.lock, server.released = threading.Lock(), threading.Event()
    server.requests, server.answers = 0, [whole]
    server.url = f"http://127.0.0.1:{server.server_port}/poem.txt"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setitem(corpus.DOWNLOADS, "poem.txt", (server.url, SHA256))
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache folder, no proxy, and short waits."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(corpus, "TIMEOUT", 0.3)
    monkeypatch.setattr(corpus, "RETRY_WAITS", (0, 0))
    return folder


def files_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


# ---- fetch ----


def test_download_is_the_file_and_nothing_else_is_left(server, cache, capfd):
    path = corpus.fetch("poem.txt")
    assert path == cache / "poem.txt"
    assert path.read_bytes() == TEXT
    assert files_in(cache) == ["poem.txt"]
    assert "100%" in capfd.readouterr().err  # the progress bar


def test_pooch_may_still_tell_others_what_it_does():
    program = "import pooch; before = pooch.get_logger().level; import helpers.corpus;"
    program += "print(pooch.get_logger().level == before)"
    assert subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True) == "True\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_others_may_read_the_cache_as_far_as_the_umask_says(server, toy, cache, mask):
    before = os.umask(mask)
    try:
        corpus.load_library_docs()
        corpus.fetch("poem.txt")
    finally:
        os.umask(before)
    assert len(files_in(cache)) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in cache.iterdir()} == {0o666 & ~mask}


def test_what_a_killed_download_left_is_removed_by_a_later_one(server, cache):
    server.answers = [stalled_half_way, whole]
    program = (
        "import os, threading; from helpers import corpus; corpus.TIMEOUT = 60\n"
        f"corpus.DOWNLOADS['poem.txt'] = ({server.url!r}, {SHA256!r})\n"
        "def kill():\n    while not any(p.stat().st_size for p in corpus.cache_folder().glob('.*')): pass\n"
        "    os._exit(9)\n"
        "threading.Thread(target=kill).start(); corpus.fetch('poem.txt')"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True).returncode == 9
    (left,) = cache.iterdir()
    corpus.fetch("poem.txt")
    assert len(files_in(cache)) == 2, "another process may be at work on it"
    os.utime(left, (0, 0))
    corpus.fetch("poem.txt")
    assert files_in(cache) == ["poem.txt"]


def test_what_a_killed_reading_of_the_docs_left_is_removed_by_a_later_one(toy, cache):
    text = corpus.load_library_docs()
    left = cache / ".library-docs-toylib-1.0.txt.x.tmp"
    left.touch()
    os.utime(left, (0, 0))
    assert corpus.load_library_docs() == text
    assert files_in(cache) == ["library-docs-toylib-1.0.txt"]


def test_good_file_is_used_without_network_and_without_output(server, cache, capfd):
    cache.mkdir()
    (cache / "poem.txt").write_bytes(TEXT)
    assert corpus.fetch("poem.txt").read_bytes() == TEXT
    assert server.requests == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("first", [server_error, cut_half_way, stalled_half_way, silent, another_text])
def test_second_attempt_recovers(server, cache, first):
    server.answers = [first, whole]
    assert corpus.fetch("poem.txt").read_bytes() == TEXT
    assert server.requests == 2
    assert files_in(cache) == ["poem.txt"]


@pytest.mark.parametrize(
    "answer, attempts, cause",
    [
        (another_text, 3, "its SHA-256 is wrong: what came begins with b'<html>Please log in"),
        (cut_half_way, 3, "IncompleteRead"),
        (stalled_half_way, 3, "timed out"),
        (silent, 3, "timed out"),
        (server_error, 3, "500 Server Error"),
        (not_found, 1, "404 Client Error"),  # asking again would not help
    ],
)
def test_failed_download_says_what_to_do_and_leaves_nothing(server, cache, answer, attempts, cause):
    server.answers = [answer]
    with pytest.raises(corpus.DownloadError) as caught:
        corpus.fetch("poem.txt")
    message = str(caught.value)
    for part in ("poem.txt", server.url, cause, "Check your network", "by hand", str(cache / "poem.txt")):
        assert part in message
    assert "HTTPS_PROXY" in message and "REQUESTS_CA_BUNDLE" in message
    assert caught.value.__cause__ is not None
    assert "damaged" not in message
    assert server.requests == attempts
    assert files_in(cache) == []


def test_no_network_at_all(cache, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/poem.txt"
        monkeypatch.setitem(corpus.DOWNLOADS, "poem.txt", (url, SHA256))
        with pytest.raises(corpus.DownloadError, match="Check your network") as caught:
            corpus.fetch("poem.txt")
    assert "poem.txt" in str(caught.value) and url in str(caught.value)
    assert files_in(cache) == []


def test_a_missing_file_of_certificates_is_no_fault_of_the_disk(cache, monkeypatch):
    monkeypatch.setattr(corpus, "RETRY_WAITS", ())
    monkeypatch.setitem(corpus.DOWNLOADS, "poem.txt", ("https://127.0.0.1:9/poem.txt", SHA256))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cache / "none.pem"))
    with pytest.raises(corpus.DownloadError, match=r"none\.pem.*\n.*REQUESTS_CA_BUNDLE") as caught:
        corpus.fetch("poem.txt")
    assert "TEXT_TO_TENSORS_DATA" not in str(caught.value)


@pytest.mark.parametrize("below", ["", "child", "child/grandchild"])
def test_cache_folder_that_cannot_be_written(server, tmp_path, monkeypatch, below):
    in_the_way = tmp_path / "a-file"
    in_the_way.write_text("kept")
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", str(in_the_way / below))
    with pytest.raises(corpus.DownloadError, match="TEXT_TO_TENSORS_DATA") as caught:
        corpus.fetch("poem.txt")
    for part in ("poem.txt", server.url, str(in_the_way / below)):
        assert part in str(caught.value)
    assert in_the_way.read_text() == "kept"


@pytest.mark.parametrize("damaged", [TEXT[:-1], b"", TEXT.replace(b"summer", b"winter", 1)])
def test_damaged_file_is_downloaded_again(server, cache, damaged):
    cache.mkdir()
    (cache / "poem.txt").write_bytes(damaged)
    assert corpus.fetch("poem.txt").read_bytes() == TEXT
    assert files_in(cache) == ["poem.txt"]


def test_damaged_file_is_never_handed_out(server, cache):
    cache.mkdir()
    (cache / "poem.txt").write_bytes(TEXT[:-1])
    server.answers = [not_found]
    with pytest.raises(corpus.DownloadError, match="is damaged"):
        corpus.fetch("poem.txt")
    assert files_in(cache) == ["poem.txt"]


def test_two_processes_at_once_get_the_same_file(server, cache):
    both_are_here = threading.Barrier(2)
    server.answers = [lambda handler: (both_are_here.wait(60), whole(handler))]
    program = (
        "from helpers import corpus; corpus.TIMEOUT = 60;"
        f"corpus.DOWNLOADS['poem.txt'] = ({server.url!r}, {SHA256!r});"
        "print(len(corpus.fetch('poem.txt').read_bytes()))"
    )
    start = lambda: subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT)
    answers = [process.communicate(timeout=120)[0] for process in (start(), start())]
    assert [int(answer) for answer in answers] == [len(TEXT)] * 2
    assert files_in(cache) == ["poem.txt"]


def test_unknown_name_lists_the_names():
    with pytest.raises(ValueError, match=r"'the-verdict\.txt'.*'gpt2-encoder\.json'.*, not 'the-verdict'"):
        corpus.fetch("the-verdict")


def test_cache_folder_is_read_at_call_time(monkeypatch, tmp_path):
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", str(tmp_path / "one"))
    assert corpus.cache_folder() == tmp_path / "one"
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", "~/two")
    assert corpus.cache_folder() == Path.home() / "two"
    monkeypatch.delenv("TEXT_TO_TENSORS_DATA")
    assert corpus.cache_folder().name in ("text-to-tensors", "Cache")


@pytest.mark.parametrize("name", list(corpus.DOWNLOADS))
def test_published_file_is_used_offline(name, monkeypatch):
    if not (corpus.cache_folder() / name).exists():
        pytest.skip(f"{name} is not in the cache folder")

    def refuse(*args):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    data = corpus.fetch(name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == corpus.DOWNLOADS[name][1]


# ---- the library docs, on a small library of our own ----


@pytest.fixture
def toy(monkeypatch, tmp_path, cache):
    """The folder of `toylib` 1.0, which stands in for the four libraries."""
    files = {
        "b.py": '"""Module b."""\nclass C:\n    """A class."""\n'
        '    async def f():\n        """  Nested.\n\n\n\n        End.  """\n'
        'if True:\n    def g():\n        "In a branch, \\ud7ff."\n'
        'def h():\n    """Module a."""\ndef i():\n    """Last."""\n',
        "a/z.py": '"""Module a."""\n\'not a docstring\'\nx = "\\d"\n',
        "__init__.py": '""""""\n',
        "tests/test_a.py": '"""A test."""',
        "a/tests/__init__.py": '"""Tests."""',
        "externals/other.py": '"""A copy of another project."""',
        "version.py": '"""Written by the build."""',
    }
    folder = tmp_path / "site" / "toylib"
    for name, source in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)
    set_version(folder, "1.0")
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.setattr(corpus, "LIBRARIES", {"toylib": "toylib"})
    return folder


def set_version(folder, version):
    info = folder.parent / "toylib.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: toylib\nVersion: {version}\n")
    importlib.invalidate_caches()


TOY_DOCUMENTS = ["Module a.", "Module b.", "A class.", "Nested.\n\nEnd.", "In a branch, \ud7ff.", "Last."]


def test_documents_come_in_a_fixed_order_each_once(toy, recwarn):
    assert corpus.library_documents() == TOY_DOCUMENTS
    assert corpus.load_library_docs() == "\n\n\n".join(TOY_DOCUMENTS)
    assert "toylib" not in sys.modules
    assert not recwarn.list  # "\d" in somebody else's code is none of the reader's business


def test_line_ends_of_the_source_make_no_difference():
    source = '"""One.\n\n    Two.\n"""\n'
    assert corpus.docstrings_of(source.replace("\n", "\r\n").encode()) == corpus.docstrings_of(
        source.encode()
    )


def test_second_call_reads_the_cache_alone(toy, cache, monkeypatch):
    text = corpus.load_library_docs()
    assert files_in(cache) == ["library-docs-toylib-1.0.txt"]
    monkeypatch.setattr(corpus, "docstrings_of", None)
    assert corpus.load_library_docs() == text


def test_another_version_is_another_text(toy, cache):
    corpus.load_library_docs()
    set_version(toy, "1.1")
    (toy / "b.py").write_text('"""New."""')
    assert corpus.library_documents() == ["Module a.", "New."]
    assert files_in(cache) == ["library-docs-toylib-1.0.txt", "library-docs-toylib-1.1.txt"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:10],
        lambda data: b"",
        lambda data: data.replace(b"class", b"glass"),
        lambda data: data + b"\xff",
        lambda data: bytes(len(data)),
    ],
)
def test_damaged_cache_is_rebuilt(toy, cache, damage):
    text = corpus.load_library_docs()
    (path,) = cache.iterdir()
    good = path.read_bytes()
    path.write_bytes(damage(good))
    assert corpus.load_library_docs() == text
    assert path.read_bytes() == good
    assert files_in(cache) == [path.name]


def test_library_docs_work_without_a_cache(toy, tmp_path, monkeypatch):
    (tmp_path / "a-file").write_text("kept")
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", str(tmp_path / "a-file" / "child"))
    assert corpus.library_documents() == TOY_DOCUMENTS
    assert (tmp_path / "a-file").read_text() == "kept"


def test_failed_cache_write_leaves_no_file(toy, cache, monkeypatch):
    def disk_full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", disk_full)
    assert corpus.library_documents() == TOY_DOCUMENTS
    assert files_in(cache) == []


def test_missing_library_is_named(toy, monkeypatch):
    monkeypatch.setattr(corpus, "LIBRARIES", {"no-such-library": "no_such_library"})
    with pytest.raises(ModuleNotFoundError, match="no-such-library"):
        corpus.load_library_docs()


# ---- the library docs themselves ----


@pytest.fixture(scope="module")
def library_docs(tmp_path_factory):
    """The real text, read from the sources by a fresh process, which also says what it imported."""
    folder = tmp_path_factory.mktemp("library-docs")
    program = (
        "import sys; from helpers import corpus; before = set(sys.modules); corpus.load_library_docs();"
        "print([name for name in corpus.LIBRARIES.values() if name in set(sys.modules) - before])"
    )
    environment = {**os.environ, "TEXT_TO_TENSORS_DATA": str(folder), "PYTHONWARNINGS": "error"}
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEXT_TO_TENSORS_DATA", str(folder))
        return done, corpus.load_library_docs(), corpus.library_documents()


def test_libraries_are_read_but_not_imported(library_docs):
    done, _, _ = library_docs
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_pinned_versions_give_the_text_of_the_stored_outputs(library_docs):
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        name, _, version = line.partition("#")[0].strip().partition("==")
        if name in corpus.LIBRARIES and version != importlib.metadata.version(name):
            pytest.skip(f"{name} is not the pinned {version}")
    assert hashlib.sha256(library_docs[1].encode()).hexdigest() == corpus.LIBRARY_DOCS_SHA256


def test_documents_can_be_told_apart(library_docs):
    _, text, documents = library_docs
    assert "\n\n\n".join(documents) == text
    assert len(set(documents)) == len(documents) > 10_000
    assert all(document == document.strip() != "" for document in documents)
    assert "\n\n\n\n" not in text and "\r" not in text and "\t" not in text


@pytest.mark.parametrize(
    "name",
    [
        "numpy.linalg.norm",
        "numpy.ma.MaskedArray.anom",
        "scipy.optimize.minimize",
        "sklearn.model_selection.train_test_split",
        "sklearn.cluster.KMeans",
        "matplotlib.colors.to_rgba",
    ],
)
def test_documents_hold_what_help_shows(library_docs, name):
    thing = importlib.import_module(name.partition(".")[0] + "." + name.split(".")[1])
    for part in name.split(".")[2:]:
        thing = getattr(thing, part)
    assert re.sub(r"\n{3,}", "\n\n", inspect.getdoc(thing).strip()) in library_docs[2]


# ---- the story, reading, splitting ----


def test_story_is_the_file_byte_for_byte():
    text = corpus.load_story()
    assert text.encode("utf-8") == (ROOT / "data" / "story.txt").read_bytes()
    assert 4_000 <= len(text.split()) <= 5_500


def test_without_its_data_helpers_say_how_to_install_them(tmp_path):
    shutil.copytree(ROOT / "helpers", tmp_path / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        "from helpers import corpus\n"
        "try: corpus.load_story()\n"
        "except FileNotFoundError as error: print(error)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.check_output([sys.executable, "-c", program], env=environment, cwd=tmp_path, text=True)
    assert str(tmp_path / "data" / "story.txt") in said and said.endswith("pip install -e .\n")


NO_HOME = (
    "import os, pwd, sys\n"
    "for name in ('HOME', 'TEXT_TO_TENSORS_DATA', 'XDG_CACHE_HOME'): os.environ.pop(name, None)\n"
    "def unknown(*args): raise KeyError('uid not found')\n"
    "pwd.getpwuid = unknown\n"
    "from helpers import corpus\n"
)


@pytest.mark.skipif(os.name == "nt", reason="Windows always has a home folder")
def test_without_a_home_folder_the_docs_are_read_and_a_download_says_what_to_set(toy, tmp_path):
    program = NO_HOME + (
        "corpus.LIBRARIES = {'toylib': 'toylib'}\n"
        "print(len(corpus.load_library_docs()))\n"
        "try: corpus.fetch('the-verdict.txt')\nexcept corpus.DownloadError as error: print(error)\n"
    )
    (tmp_path / "here").mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(toy.parent)])}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=tmp_path / "here",
        capture_output=True,
        text=True,
    )
    length, *error = done.stdout.splitlines()
    assert int(length) == len("\n\n\n".join(TOY_DOCUMENTS)), done.stderr
    assert "the-verdict.txt" in error[0] and "no home folder is known" in error[0]
    assert "TEXT_TO_TENSORS_DATA" in error[1]
    assert files_in(tmp_path / "here") == []


@pytest.mark.parametrize("folder", ["~no-such-user", "~no-such-user/texts"])
def test_a_home_that_is_not_known_is_said(folder, toy, monkeypatch):
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", folder)
    with pytest.raises(ValueError, match=f"TEXT_TO_TENSORS_DATA is '{folder}', but no home folder is known"):
        corpus.cache_folder()
    with pytest.raises(corpus.DownloadError, match=f"the-verdict.*'{folder}', but no home folder"):
        corpus.fetch("the-verdict.txt")
    assert corpus.library_documents() == TOY_DOCUMENTS


def test_a_cached_file_that_may_not_be_read_is_said(server, cache, monkeypatch):
    cache.mkdir()
    (cache / "poem.txt").mkdir()  # stands for whatever cannot be opened, as root may read every file
    with pytest.raises(
        corpus.DownloadError, match=r"could not be kept, or read, as .*poem\.txt: .*Errno"
    ) as caught:
        corpus.fetch("poem.txt")
    assert "TEXT_TO_TENSORS_DATA" in str(caught.value) and server.requests == 0


def test_read_text_is_that_of_files():
    assert corpus.read_text is files.read_text


@given(text=st.text(min_size=2), val_fraction=st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_split_loses_nothing_and_keeps_the_fraction(text, val_fraction):
    try:
        train, val = corpus.split_train_val(text, val_fraction)
    except ValueError:  # a part would be empty
        assert min(val_fraction, 1 - val_fraction) * len(text) <= 0.5 + 1e-9
        return
    assert train + val == text
    assert train and val
    assert abs(len(val) - val_fraction * len(text)) <= 0.5 + 1e-9


@pytest.mark.parametrize("kind", [list, tuple, np.array, torch.tensor, lambda ids: bytes(ids)])
@pytest.mark.parametrize("fraction", [0.1, np.float32(0.1), torch.tensor(0.1)])
def test_split_cuts_ids_of_any_kind_as_well(kind, fraction):
    train, val = corpus.split_train_val(kind(list(range(100))), fraction)
    assert type(train) is type(val) is type(kind([0]))
    assert (list(train), list(val)) == (list(range(90)), list(range(90, 100)))


@pytest.mark.parametrize("val_fraction", [0, 1, -0.1, 1.5, 10, float("nan")])
def test_split_rejects_a_fraction_outside_0_and_1(val_fraction):
    with pytest.raises(
        ValueError, match=rf"val_fraction must be .* above 0 and below 1, not {val_fraction!r}"
    ):
        corpus.split_train_val("some text", val_fraction)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((text,), "text must be a str, or") for text in (None, 5, {"a": 1, "b": 2}, {1, 2}, np.array(5))]
    + [(("text", share), "val_fraction must be a finite number") for share in ("0.1", None, True, [0.1])],
)
def test_split_names_what_is_no_text_and_what_is_no_number(arguments, says):
    with pytest.raises(TypeError, match=says):
        corpus.split_train_val(*arguments)


@pytest.mark.parametrize("text", ["", "a", "abcd"])
def test_split_rejects_an_empty_part(text):
    with pytest.raises(ValueError, match=f"length of {len(text)}.*one part would be empty"):
        corpus.split_train_val(text)


def test_the_last_tenth_of_the_library_docs_speaks_of_all_four_libraries():
    _, validation = corpus.split_train_val(corpus.load_library_docs())
    assert all(validation.count(package) > 100 for package in corpus.LIBRARIES.values())
