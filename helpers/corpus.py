"""Text to work on: a story, the docstrings of four libraries, and checked downloads (lesson 01)."""

import ast
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pooch
from requests import RequestException

from helpers import arguments
from helpers.files import as_path, file_sha256, read_text, remove_leftovers, whole_file

STORY = Path(__file__).resolve().parent.parent / "data" / "story.txt"

# A line for each file: its name, its SHA-256, and its address. They become name: (address, SHA-256)
_LINES = Path(__file__).with_name("downloads.txt").read_text(encoding="utf-8").splitlines()
DOWNLOADS = {name: (url, sha256) for name, sha256, url in map(str.split, _LINES)}
TIMEOUT = 10  # seconds without a byte from the server
RETRY_WAITS = (1, 2)  # seconds before the second and the third attempt

LIBRARIES = {"numpy": "numpy", "scipy": "scipy", "scikit-learn": "sklearn", "matplotlib": "matplotlib"}
DOCUMENT_SEPARATOR = "\n\n\n"  # two blank lines: inside a document there is never more than one
# Of the UTF-8 bytes of the library docs, with the versions pinned in requirements.txt.
LIBRARY_DOCS_SHA256 = "2a2db1e7745c5f9e012ead44cb3d4f916df3fe1cac14b6a14870215ff95e53fd"
# Left out: tests, copies of other projects, what numpy installs for Python 3.11 alone (distutils), and files
# written by the build, which differ from one platform to the next.
_SKIPPED = "tests externals distutils conftest.py __config__.py _distributor_init.py version.py"
_SKIPPED = {*_SKIPPED.split(), "_version.py", "__version__.py"}


class DownloadError(OSError):
    """A file could not be fetched. The message names the file, the address, the cause and the way out."""


def load_story() -> str:
    """The story that was written for this series (`data/story.txt`, CC0)."""
    if not STORY.is_file():
        missing = f"there is no {STORY}: helpers came without the rest of the project"
        raise FileNotFoundError(f"{missing}. In a clone of it run pip install -e .")
    return read_text(STORY)


def cache_folder() -> Path:
    """Where downloads are kept: `TEXT_TO_TENSORS_DATA` if that is set, else pooch's folder for caches.

    Raises `ValueError` where no home folder is known and the path needs it.
    """
    try:
        folder = os.environ.get("TEXT_TO_TENSORS_DATA") or pooch.os_cache("text-to-tensors")
    except RuntimeError as error:
        raise ValueError("TEXT_TO_TENSORS_DATA must be set, as no home folder is known") from error
    return as_path("TEXT_TO_TENSORS_DATA", folder).absolute()


def split_train_val(text: str, val_fraction: float = 0.1) -> tuple[str, str]:
    """Cut `text` by position: the first part to train on, the last `val_fraction` of it to validate on.

    The cut is exact, even inside a word. A list or an array of token ids can be cut the same way.
    Raises `ValueError` if `val_fraction` is not between 0 and 1, or if a part would be empty, and `WrongKind`
    if one of the two is no text, or no number, at all.

    >>> split_train_val("abcdefghij", val_fraction=0.2)
    ('abcdefgh', 'ij')
    """
    share = arguments.real("val_fraction", val_fraction, 0, 1)
    try:
        length, _ = len(text), text[:0]
    except (TypeError, KeyError):
        kind = f"{arguments.shown(text)} ({type(text).__name__})"
        raise arguments.WrongKind(f"text must be a str, or a sequence of token ids, not {kind}") from None
    cut = round(length * (1 - share))
    if not 0 < cut < length:
        empty = f"text has a length of {length}: with val_fraction={share!r} one part would be empty"
        raise ValueError(f"{empty}. Give a longer text, or a val_fraction nearer to 0.5")
    return text[:cut], text[cut:]


# ---- the library docs ----


def load_library_docs() -> str:
    """The docstrings of numpy, scipy, scikit-learn and matplotlib, as installed: about 11 MB of English.

    The documents (see `library_documents`) are joined by two blank lines. The first call reads some 1,200
    source files, imports none of them, and keeps the text in `cache_folder()`, one file for each
    combination of versions; if there is no such folder, or it cannot be written, each call reads the sources
    again. Raises `ModuleNotFoundError` if one of the libraries is missing.
    """
    versions = "-".join(f"{name}-{importlib.metadata.version(name)}" for name in LIBRARIES)
    name = f"library-docs-{versions}.txt"  # its first line is the SHA-256 of the rest
    with suppress(OSError, ValueError):  # ValueError: no home folder, so no cache
        remove_leftovers(cache_folder(), name)
        checksum, _, data = (cache_folder() / name).read_bytes().partition(b"\n")
        if hashlib.sha256(data).hexdigest().encode() == checksum:
            return data.decode()
    text = DOCUMENT_SEPARATOR.join(_docstrings())
    with suppress(OSError, ValueError):  # it is only a cache: without it the next call takes longer
        cache_folder().mkdir(parents=True, exist_ok=True)
        with whole_file(cache_folder() / name) as file:
            file.write(hashlib.sha256(text.encode()).hexdigest().encode() + b"\n" + text.encode())
    return text


def library_documents() -> list[str]:
    """The library docs one by one: each a docstring, stripped, with at most one blank line in a row.

    In a fixed order. The files of the four libraries come mixed, so that any part of the text speaks of
    all four, like the whole; in a file the module comes first, then classes and functions from top to
    bottom. Each docstring comes once.
    """
    return load_library_docs().split(DOCUMENT_SEPARATOR)


def _docstrings() -> list[str]:
    """Each docstring once; the files go by the SHA-256 of their names: mixed, and the same everywhere."""
    files = {}
    for package in LIBRARIES.values():
        site = Path(importlib.util.find_spec(package).origin).parent.parent
        for path in (site / package).rglob("*.py"):
            name = path.relative_to(site)
            if not _SKIPPED.intersection(name.parts):
                files[hashlib.sha256(name.as_posix().encode()).hexdigest()] = path
    found = [text for _, path in sorted(files.items()) for text in docstrings_of(path.read_bytes())]
    return list(dict.fromkeys(found))  # keeps the order


def docstrings_of(source: str | bytes) -> list[str]:
    r"""The docstrings in Python source, from top to bottom, indentation removed, blank lines collapsed.

    >>> docstrings_of("'''A module.'''\ndef f():\n    '''A function.\n\n\n    More.'''")
    ['A module.', 'A function.\n\nMore.']
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the code of others: invalid escapes and the like
        tree = ast.parse(source)
    documented = ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef
    nodes = [node for node in ast.walk(tree) if isinstance(node, documented)]
    nodes.sort(key=lambda node: getattr(node, "lineno", 0))  # a module has no line number: it comes first
    texts = [(ast.get_docstring(node) or "").strip() for node in nodes]
    return [re.sub(r"\n{3,}", "\n\n", text) for text in texts if text]


# ---- downloads ----

NO_PLACE = "Set the variable TEXT_TO_TENSORS_DATA to a folder that you can write to, and run this again"
NO_NETWORK = """Check your network and run this again, or download the file by hand and save it as {path}. \
Behind a proxy set the environment variable HTTPS_PROXY; where a certificate is not trusted, \
REQUESTS_CA_BUNDLE to your network's file of certificates"""


def fetch(name: str) -> Path:
    """The path of a file in `DOWNLOADS`, fetched into `cache_folder()` and checked against its SHA-256.

    A file that is there already, with the right hash, is used as it is: the network is not asked. A download
    gets its name only once its hash is right. Raises `ValueError` for a name that is not in `DOWNLOADS`, and
    `DownloadError` for any other failure.
    """
    url, sha256 = DOWNLOADS[arguments.choice("name", name, DOWNLOADS)]
    path = Path(name)
    try:
        path = cache_folder() / name
        if not path.exists() or file_sha256(path) != sha256:
            path.parent.mkdir(parents=True, exist_ok=True)
            _download(url, sha256, path)
        remove_leftovers(path.parent, name)
        return path
    except (OSError, ValueError) as error:
        if getattr(error, "errno", 0) is not None:  # of the disk: what comes from requests has no number
            failed, way_out = f"(from {url}) could not be kept, or read, as {path}", NO_PLACE
        else:
            failed, way_out = f"could not be downloaded from {url}", NO_NETWORK.format(path=path)
            way_out += "\nThe file that is there now is damaged: its SHA-256 is wrong" * path.exists()
        raise DownloadError(f"{name} {failed}: {error}\n{way_out}") from error


def _download(url: str, sha256: str, path: Path) -> None:
    get = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT)
    for wait in (*RETRY_WAITS, None):
        try:
            with whole_file(path) as file:
                get(url, file, None)
                file.flush()
                if file_sha256(file.name) != sha256:
                    start = Path(file.name).read_bytes()[:60]
                    raise RequestException(f"its SHA-256 is wrong: what came begins with {start!r}")
            return
        except RequestException as error:
            status = getattr(error.response, "status_code", 0)
            if wait is None or (400 <= status < 500 and status != 429):  # asking again does not help a 404
                raise
            time.sleep(wait)
