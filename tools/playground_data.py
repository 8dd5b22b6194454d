"""Write the vocabularies of the playground as JavaScript files, for docs/playground/bpe.js.

usage: python tools/playground_data.py [FOLDER]     (default: docs/playground/data)

Nothing is fetched. One small vocabulary is trained here; of the published ones come those whose files are in
`helpers.corpus.cache_folder()`. A browser's `\\s`, `\\p{L}` and NFC belong to its own version of Unicode, so
every set of characters in a pattern is written out as the code points that the package `regex` finds.
"""

import base64
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import islice
from pathlib import Path

import regex

from helpers import corpus, files
from helpers.bpe import BPETokenizer
from helpers.bpe.formats import Vocabulary
from helpers.bpe.merging import Merges

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "playground" / "data"
OURS = 2000  # tokens
DOCUMENTS = 1000  # of the library docs, to train ours on, after the story
PUBLISHED = {  # what the page calls a vocabulary, and its files
    "gpt2": ("GPT-2", ["gpt2-encoder.json", "gpt2-vocab.bpe"]),
    "cl100k_base": ("GPT-4", ["cl100k_base.tiktoken"]),
    "o200k_base": ("GPT-4o", ["o200k_base.tiktoken"]),
    "qwen3": ("Qwen3", ["qwen3-tokenizer.json"]),
    "deepseek-v4": ("DeepSeek V4", ["deepseek-v4-tokenizer.json"]),
}
PARTS = re.compile(
    r"(?P<set>\[\^?(?:\\.|[^\]\\])+\]|\\[pP]\{[^}]*\}|\\.)|(?P<open>\(\?i:|\(\?[:=!]|\()|(?P<close>\))"
    r"|(?P<or>\|)|(?P<end>\$)|(?P<character>[^\\\[\](){}?*+.^$|])",
    re.DOTALL,
)
TIMES = re.compile(r"(?P<times>[?*+]|\{\d+(?:,\d*)?\})(?P<kind>[?+]?)")


# ---- patterns ----


@cache
def every_character() -> str:
    return "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))


@cache
def character_set(expression: str) -> str:
    """A JavaScript set of the characters that `expression` matches in Python.

    >>> character_set("(?i:s)")
    '[Ss\\\\u{17f}]'
    """
    return as_set(map(ord, regex.findall(expression, every_character())))


def as_set(points: Iterable[int]) -> str:
    """A JavaScript set (flag u) of code points, which come in order."""
    ranges: list[list[int]] = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    spell = lambda i: chr(i) if chr(i).isalnum() and i < 128 else f"\\u{{{i:x}}}"
    return "[" + "".join(spell(a) if a == b else f"{spell(a)}-{spell(b)}" for a, b in ranges) + "]"


def to_javascript(pattern: str) -> str:
    r"""The same pattern for a JavaScript RegExp with the flag u, where no set is left to the browser.

    What is possessive there goes into a lookahead, which is never tried again: X++ becomes (?=(X+))\1.
    Raises `ValueError` for what this does not know.

    >>> to_javascript("'(?i:m|d)|[a-c]++")
    "'(?:[Mm]|[Dd])|(?:(?=([a-c]+))\\1)"
    """
    out, ignore_case, at, groups = [], [False], 0, 0
    while at < len(pattern):
        if not (part := PARTS.match(pattern, at)):
            raise ValueError(f"the playground cannot say {pattern[at:]!r:.20} in JavaScript: {pattern!r:.80}")
        at, kind, said = part.end(), part.lastgroup, part[0]
        if kind == "open":
            ignore_case.append(ignore_case[-1] or said == "(?i:")
            said = {"(?i:": "(?:", "(": "(?:"}.get(said, said)
        elif kind == "close":
            ignore_case.pop()
        elif kind == "end":
            said = r"(?=\n?$)"  # Python's $ also stands before a last line end
        elif kind == "set" or (ignore_case[-1] and kind == "character"):
            said = character_set(f"(?i:{said})" if ignore_case[-1] else said)
        if (times := TIMES.match(pattern, at)) and kind in ("set", "character", "close"):
            at = times.end()
            said += times[0]
            if times["kind"] == "+":
                if kind == "close":
                    raise ValueError(f"the playground knows no possessive group: {pattern!r:.80}")
                groups += 1
                said = rf"(?:(?=({said[:-1]}))\{groups})"
        out.append(said)
    return "".join(out)


# ---- vocabularies ----


def as_data(tokenizer: BPETokenizer) -> dict:
    """All that bpe.js needs to give the ids of `tokenizer`.

    first: the id of the first byte; all ids follow one another
    bytes: the 256 bytes in the order of their ids, in base64
    merges: the two halves of each further token, in the order of the ranks: as places of tokens (the bytes
    come first), three bytes each, in base64
    cuts: the patterns that cut a text, one after the other
    forms, unknown: normal forms, and the characters that they leave alone, as this Python does not know them
    added: names that are looked for in every text, [name, id, late?]; the id is null where it is special

    Raises `ValueError` for a tokenizer whose ids bpe.js would not give.
    """
    vocabulary = tokenizer._vocabulary
    tokens, ids = list(vocabulary.tokens), list(vocabulary.tokens.values())
    if any(len(token) > 1 for token in tokens[:256]) or ids != [*range(ids[0], ids[0] + len(ids))]:
        raise ValueError("the ids must follow one another, those of the 256 bytes first")
    made = ((vocabulary.made[rank], pair) for pair, rank in vocabulary.ranks.items())
    halves = {token: pair for token, pair in made if max(pair) < token}
    if list(halves) != ids[256:]:
        raise ValueError("each token but the bytes must be made by merges, in the order of the ids")
    if not json.loads(vocabulary.settings)["model"].get("ignore_merges"):
        check_rule(vocabulary)
    places = (half - ids[0] for i in ids[256:] for half in halves[i])
    data = {
        "first": ids[0],
        "bytes": base64.b64encode(b"".join(tokens[:256])).decode(),
        "merges": base64.b64encode(b"".join(place.to_bytes(3, "big") for place in places)).decode(),
        "cuts": [to_javascript(how.pattern) for how in tokenizer._cuts],
    }
    if tokenizer.added_tokens:  # special tokens alone are ordinary text
        data["added"] = [[t.content, None if t.special else t.id, t.normalized] for t in vocabulary.added]
    if tokenizer._forms:
        unknown = (i for i in range(0x110000) if unicodedata.category(chr(i)) == "Cn")
        data |= {"forms": tokenizer._forms, "unknown": as_set(unknown)}
    return data


def check_rule(vocabulary: Vocabulary) -> None:
    """Raise `ValueError` unless each token's own bytes are merged into that token alone.

    bpe.js has the rule of rank files: a pre-token that is a token is taken whole; else the two neighbours
    merge that make the token of lowest rank. Where one pair makes each token, and this check passes, the ids
    are the same: another pair with the same bytes never stands in a text when its turn comes.
    """
    letters = [vocabulary.tokens[bytes([byte])] for byte in range(256)]
    merges = Merges(vocabulary.ranks, vocabulary.made, letters)
    _, counts = merges.encode_many(list(vocabulary.tokens))
    if several := int((counts != 1).sum()):
        raise ValueError(f"{several} tokens are not what their own bytes are merged into")


def at_hand() -> dict[str, BPETokenizer]:
    """Our own vocabulary, and the published ones whose files are in the cache, whole."""
    texts = [corpus.load_story(), *islice(corpus.library_documents(), DOCUMENTS)]
    found = {"ours": BPETokenizer.train(texts, OURS)}
    for name, (_, needed) in PUBLISHED.items():
        paths = [(corpus.cache_folder() / file, corpus.DOWNLOADS[file][1]) for file in needed]
        if all(path.exists() and files.file_sha256(path) == sha256 for path, sha256 in paths):
            found[name] = BPETokenizer.published(name)
    return found


def write(folder: Path, tokenizers: Mapping[str, BPETokenizer]) -> None:
    """One file for each vocabulary, and list.js, which names them and says how large they are."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for name, tokenizer in tokenizers.items():
        script = f"textToTensors.add({json.dumps(name)}, {json.dumps(as_data(tokenizer))});\n"
        label = PUBLISHED[name][0] if name in PUBLISHED else "Ours"
        listed.append({"name": name, "label": label, "tokens": len(tokenizer.vocab), "bytes": len(script)})
        (folder / f"{name}.js").write_text(script, encoding="ascii")
    (folder / "list.js").write_text(f"textToTensors.list({json.dumps(listed)});\n", encoding="ascii")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    write(folder, at_hand())
    for path in sorted(folder.glob("*.js")):
        print(f"{path.name:16} {path.stat().st_size / 1e6:5.2f} MB")
