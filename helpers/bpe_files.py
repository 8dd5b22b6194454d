"""The files that BPE vocabularies are kept in: Hugging Face's tokenizer.json, and the two of GPT-2.

Both spell a token in printable characters, one for each byte. `helpers.bpe` reads and writes them.
"""

import json
import os
from pathlib import Path
from typing import Any

Merges = list[tuple[bytes, bytes]]


def bytes_to_unicode() -> dict[int, str]:
    """GPT-2's printable character for each byte, in the order of the ids 0 to 255 (encoder.py, 2019).

    >>> list(bytes_to_unicode().items())[0], bytes_to_unicode()[ord(" ")]
    ((33, '!'), 'Ġ')
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}


_CHARACTER = bytes_to_unicode()
_BYTE = {character: byte for byte, character in _CHARACTER.items()}
BYTES = [bytes([byte]) for byte in _CHARACTER]  # the tokens 0 to 255
BYTE_IDS = bytes(BYTES.index(bytes([byte])) for byte in range(256))  # a table for bytes.translate


def to_printable(token: bytes) -> str:
    """Spell a token as the files do.

    >>> to_printable(" é".encode())
    'ĠÃ©'
    """
    return token.decode("latin-1").translate(_CHARACTER)


def from_printable(spelling: str) -> bytes:
    """The token that is spelt so. Raises `ValueError` for a character that stands for no byte.

    >>> from_printable("ĠÃ©").decode()
    ' é'
    """
    try:
        return bytes(_BYTE[character] for character in spelling)
    except KeyError as error:
        raise ValueError(f"{spelling!r} is no byte-level token: {error} stands for no byte") from None


def read_gpt2(
    encoder_json: str | os.PathLike, vocab_bpe: str | os.PathLike
) -> tuple[Merges, list[str], dict[str, int]]:
    """Read GPT-2's published files as merges, special tokens, and the id of each spelling."""
    vocab = _read_json(encoder_json)
    version, *lines = Path(vocab_bpe).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    if not version.startswith("#version"):
        raise ValueError(f'{vocab_bpe} is no vocab.bpe of GPT-2: its first line has to start with "#version"')
    return _merges(lines), [name for name in ("<|endoftext|>",) if name in vocab], vocab


def read_tokenizer_json(path: str | os.PathLike) -> tuple[Merges, list[str], dict[str, int], str | None]:
    """Read a tokenizer.json as merges, special tokens, the id of each spelling, and pattern (None: GPT-2's).

    Raises `ValueError` if the file is damaged, or asks for what plain byte-level BPE does not do.
    """
    data = _read_json(path)
    try:
        model, added = data["model"], sorted(data.get("added_tokens") or (), key=lambda token: token["id"])
        _refuse(model.get("type", "BPE") != "BPE", f"its model is {model.get('type')}, not BPE")
        for option in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges"):
            _refuse(model.get(option), f"its model has {option}")
        for option in ("lstrip", "rstrip", "single_word"):
            _refuse(any(token.get(option) for token in added), f"a special token has {option}")
        _refuse(data.get("normalizer"), "it has a normalizer, which changes the text")
        processor = (data.get("post_processor") or {}).get("type", "ByteLevel")
        _refuse(processor != "ByteLevel", f"its post_processor, {processor}, may add tokens")
        names = {token["content"]: token["id"] for token in added}
        pattern = _pattern(data["pre_tokenizer"])
        return _merges(model["merges"]), list(names), model["vocab"] | names, pattern
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise ValueError(f"{path} is no tokenizer.json of plain byte-level BPE: {reason}") from error


def write_tokenizer_json(
    path: str | os.PathLike, merges: Merges, special_tokens: dict[str, int], ids: dict[str, int], pattern: str
) -> None:
    """Write a tokenizer.json: first under another name, so that `path` never holds half a file."""
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False) | {"special": True}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    data = {
        "version": "1.0",
        "added_tokens": [{"id": i, "content": name} | flags for name, i in special_tokens.items()],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "vocab": ids,
            "merges": [[to_printable(left), to_printable(right)] for left, right in merges],
        },
    }
    path = Path(path)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _read_json(path: str | os.PathLike) -> dict[str, Any]:
    try:
        data = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged, or no JSON at all: {error}") from error
    if not isinstance(data, dict):
        raise ValueError(f"{path} holds no JSON object, but {data!r:.60}")
    return data


def _refuse(found: Any, complaint: str) -> None:
    if found:
        raise ValueError(complaint)


def _merges(lines: list[str] | list[list[str]]) -> list[tuple[bytes, bytes]]:
    """Merges as the files have them, "a b" or ["a", "b"], as pairs of tokens."""
    merges = []
    for line in lines:
        parts = line.split(" ") if isinstance(line, str) else line
        _refuse(len(parts) != 2, f"merge {len(merges)} is {line!r}, which is no pair of tokens")
        merges.append((from_printable(parts[0]), from_printable(parts[1])))
    return merges


def _pattern(pre_tokenizer: Any) -> str | None:
    """The regex that the pre_tokenizer cuts by, or None where it is a ByteLevel with GPT-2's built in."""
    match pre_tokenizer:
        case {"type": "ByteLevel", "add_prefix_space": False, **rest} if rest.get("use_regex", True):
            return None
        case {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "behavior": "Isolated",
                    "invert": False,
                    "pattern": {"Regex": str(pattern)},
                },
                {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
            ],
        }:
            return pattern
    raise ValueError(
        "its pre_tokenizer is neither ByteLevel without prefix space, nor a Split by a regex with ByteLevel "
        f"after it, but {json.dumps(pre_tokenizer):.120}"
    )
