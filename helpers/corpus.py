"""Text to work on: a story, the docstrings of four libraries, and checked downloads (notebook 01)."""

import ast
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import tempfile
import time
import warnings
from numbers import Real
from pathlib import Path

import pooch
from requests import RequestException

STORY = Path(__file__).resolve().parent.parent / "data" / "story.txt"

_GITHUB = "https://raw.githubusercontent.com"
_OPENAI = "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main"
DOWNLOADS = {  # name: (address, SHA-256)
    "the-verdict.txt": (
        f"{_GITHUB}/rasbt/LLMs-from-scratch/main/ch02/01_main-chapter-code/the-verdict.txt",
        "b41e41a68f0398a3154ae69e2e4c0e2694e17fe0d66730536837f1b01935b31f",
    ),
    "tiny-shakespeare.txt": (
        f"{_GITHUB}/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
    "gpt2-vocab.bpe": (
        f"{_OPENAI}/vocab.bpe",
        "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
    ),
    "gpt2-encoder.json": (
        f"{_OPENAI}/encoder.json",
        "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    ),
}
TIMEOUT = 10  # seconds without a byte from the server
RETRY_WAITS = (1, 2)  # seconds before the second and the third attempt

LIBRARIES = {"numpy": "numpy", "scipy": "scipy", "scikit-learn": "sklearn", "matplotlib": "matplotlib"}
DOCUMENT_SEPARATOR = "\n\n\n"  # two blank lines: inside a document there is never more than one
# Of the UTF-8 bytes of the library docs, with the versions pinned in requirements.txt.
LIBRARY_DOCS_SHA256 = "2a2db1e7745c5f9e012ead44cb3d4f916df3fe1cac14b6a14870215ff95e53fd"
# Left out: tests, copies of other projects, what numpy installs for Python 3.11 alone (distutils), and files
# written by the build, which differ from one platform to the next.
_SKIPPED_FOLDERS = {"tests", "externals", "distutils"}
_SKIPPED_FILES = set(
    "conftest.py __config__.py _distributor_init.py version.py _version.py __version__.py".split()
)


class DownloadError(OSError):
    """A file could not be fetched. The message names the file, the address, the cause and the way out."""


def read_text(path: str | os.PathLike) -> str:
    """The text of a UTF-8 file, every line end as it stands in the file.

    Raises `UnicodeDecodeError` (a `ValueError`), with the byte offset, if the file is not UTF-8.
    """
    data = Path(path).read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = (
            f"{error.reason}. {path} is not UTF-8 at byte offset {error.start}: save it as UTF-8, or read it "
            'with the encoding it was written in, such as Path(path).read_text(encoding="latin-1")'
        )
        raise UnicodeDecodeError("utf-8", data, error.start, error.end, reason) from error


def load_story() -> str:
    """The story that was written for this series (`data/story.txt`, CC0)."""
    return read_text(STORY)


def cache_folder() -> Path:
    """Where downloads are kept: `TEXT_TO_TENSORS_DATA` if that is set, else pooch's folder for caches."""
    folder = os.environ.get("TEXT_TO_TENSORS_DATA") or pooch.os_cache("text-to-tensors")
    return Path(folder).expanduser().absolute()


def split_train_val(text: str, val_fraction: float = 0.1) -> tuple[str, str]:
    """Cut `text` by position: the first part to train on, the last `val_fraction` of it to validate on.

    The cut is exact, even inside a word. A list or an array of token ids can be cut the same way.
    Raises `ValueError` if `val_fraction` is not between 0 and 1, or if a part would be empty, and `TypeError`
    if one of the two is no text, or no number, at all.

    >>> split_train_val("abcdefghij", val_fraction=0.2)
    ('abcdefgh', 'ij')
    """
    if not isinstance(val_fraction, Real):
        raise TypeError(f"val_fraction must be a number between 0 and 1, not {val_fraction!r:.60}")
    if not hasattr(text, "__len__"):
        raise TypeError(f"text must be a str, or a sequence of token ids, not {text!r:.60}")
    if not 0 < val_fraction < 1:
        raise ValueError(f"val_fraction must lie between 0 and 1, both excluded, not {val_fraction!r}")
    cut = round(len(text) * (1 - val_fraction))
    if not 0 < cut < len(text):
        raise ValueError(
            f"text has a length of {len(text)}: with val_fraction={val_fraction!r} one part would be empty. "
            "Give a longer text, or a val_fraction nearer to 0.5"
        )
    return text[:cut], text[cut:]


# ---- the library docs ----


def load_library_docs() -> str:
    """The docstrings of numpy, scipy, scikit-learn and matplotlib, as installed: about 11 MB of English.

    The documents (see `library_documents`) are joined by two blank lines. The first call reads some 1,200
    source files, imports none of them, and keeps the text in `cache_folder()`, one file for each
    combination of versions; if that folder cannot be written, each call reads the sources again.
    Raises `ModuleNotFoundError` if one of the libraries is missing.
    """
    versions = "-".join(f"{name}-{importlib.metadata.version(name)}" for name in LIBRARIES)
    path = cache_folder() / f"library-docs-{versions}.txt"
    text = _read_cached(path)
    if text is None:
        text = DOCUMENT_SEPARATOR.join(_docstrings())
        _write_cached(path, text)
    return text


def library_documents() -> list[str]:
    """The library docs one by one: each a docstring, stripped, with at most one blank line in a row.

    In a fixed order. The files of the four libraries come mixed, so that any part of the text speaks of
    all four, like the whole; in a file the module comes first, then classes and functions from top to
    bottom. Each docstring comes once.
    """
    return load_library_docs().split(DOCUMENT_SEPARATOR)


def _docstrings() -> list[str]:
    found = {}  # keeps the order of insertion, and each docstring once
    for _, path in sorted(_source_files().items()):
        found.update(dict.fromkeys(docstrings_of(path.read_bytes())))
    return list(found)


def _source_files() -> dict[str, Path]:
    """The files to read, by the SHA-256 of their names: sorted by it they come mixed, the same everywhere."""
    files = {}
    for package in LIBRARIES.values():
        site = Path(importlib.util.find_spec(package).origin).parent.parent
        for path in (site / package).rglob("*.py"):
            name = path.relative_to(site)
            if not _SKIPPED_FOLDERS.intersection(name.parts) and path.name not in _SKIPPED_FILES:
                files[hashlib.sha256(name.as_posix().encode()).hexdigest()] = path
    return files


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


def _read_cached(path: Path) -> str | None:
    """The text of a cache file (its first line is the SHA-256 of the rest), or None if missing or damaged."""
    try:
        checksum, _, data = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return data.decode("utf-8") if hashlib.sha256(data).hexdigest().encode() == checksum else None


def _write_cached(path: Path, text: str) -> None:
    """Write a cache file under another name and rename it, so that no reader ever meets half a file."""
    data = text.encode("utf-8")
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.stem, delete=False) as file:
            temporary = Path(file.name)
            file.write(hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
        os.replace(temporary, path)
    except OSError:  # it is only a cache: without it the next call takes longer
        with contextlib.suppress(OSError):
            if temporary is not None:
                temporary.unlink(missing_ok=True)


# ---- downloads ----


def fetch(name: str) -> Path:
    """The path of a file in `DOWNLOADS`, fetched into `cache_folder()` and checked against its SHA-256.

    A file that is there already, with the right hash, is used as it is: the network is not asked. A download
    goes to a temporary file that gets its name only once its hash is right (pooch does both).
    Raises `ValueError` for a name that is not in `DOWNLOADS`, and `DownloadError` for any other failure.
    """
    if name not in list(DOWNLOADS):
        raise ValueError(f"name must be one of {', '.join(map(repr, DOWNLOADS))}, not {name!r}")
    url, sha256 = DOWNLOADS[name]
    path = cache_folder() / name
    download = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT)
    for wait in (*RETRY_WAITS, None):
        try:
            return Path(pooch.retrieve(url, f"sha256:{sha256}", name, path.parent, downloader=download))
        except (RequestException, ValueError) as error:  # ValueError: what came has the wrong hash
            if wait is None or _is_final(error):
                damaged = "\nThe file that is there now is damaged: its SHA-256 is wrong" * path.exists()
                raise DownloadError(
                    f"{name} could not be downloaded from {url}: {error}\nCheck your network and run this "
                    f"again, or download the file by hand and save it as {path}{damaged}"
                ) from error
            time.sleep(wait)
        except OSError as error:
            raise DownloadError(
                f"{name} (from {url}) could not be kept as {path}: {error}\nSet the environment variable "
                "TEXT_TO_TENSORS_DATA to a folder that you can write to, and run this again"
            ) from error


def _is_final(error: Exception) -> bool:
    """Whether asking again is useless: the server says that the request is wrong (404 and the like)."""
    response = getattr(error, "response", None)
    return response is not None and 400 <= response.status_code < 500 and response.status_code != 429


pooch.get_logger().setLevel("WARNING")  # the progress bar says enough
