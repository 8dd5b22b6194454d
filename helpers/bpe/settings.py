"""What a tokenizer.json asks for besides its vocabulary: done as it says, or refused by name."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import regex

from helpers import arguments
from helpers.bpe.patterns import GPT2_PATTERN, Cut, compile_pattern

# The keys of each part of a file. Those with ! must be off: null, false, 0 or empty
KEYS = {
    "file": "version truncation! padding! added_tokens normalizer pre_tokenizer post_processor decoder model",
    "added token": "id content single_word! lstrip! rstrip! normalized special",
    "model BPE": "dropout! unk_token continuing_subword_prefix! end_of_word_suffix! fuse_unk byte_fallback! "
    "ignore_merges vocab merges",
    **dict.fromkeys(["normalizer NFC", "normalizer NFD", "normalizer NFKC", "normalizer NFKD"], ""),
    "normalizer Sequence": "normalizers",
    "pre_tokenizer Sequence": "pretokenizers",
    "pre_tokenizer Split": "pattern behavior invert",
    "pre_tokenizer Digits": "individual_digits",
    "pre_tokenizer ByteLevel": "add_prefix_space! trim_offsets use_regex",
    "post_processor Sequence": "processors",
    "post_processor ByteLevel": "add_prefix_space trim_offsets use_regex",
    "post_processor TemplateProcessing": "single pair special_tokens",
    "decoder Sequence": "decoders",
    "decoder ByteLevel": "add_prefix_space trim_offsets use_regex",
}
SENTENCEPIECE = (
    "that is how SentencePiece works (Llama 2, Gemma): on characters, with bytes for the rare ones"
)
REASONS = {
    **dict.fromkeys(["byte_fallback", "Metaspace", "Unigram", "ByteFallback", "Prepend"], SENTENCEPIECE),
    "WordPiece": "BERT's model does not merge: it takes the longest piece that fits",
    "truncation": "cut the ids yourself, such as ids[:512]",
    "padding": "pad the ids yourself, as helpers.batches.pad_collate does",
    "dropout": "merges left out at random are for training a model",
    "add_prefix_space": "the text would not come back as it was",
}
POSSESSIVE = regex.compile(
    r"((?:\\p\{\w+\}|\\.|\[(?:\\.|[^]])*\]|[^\\)\]])\{[\d,]+\})\+"
)  # such as \p{N}{1,3}+


class Settings(NamedTuple):
    """How a text becomes pre-tokens: normal forms and cuts. And the ids that a model wants around a text."""

    normal_forms: list[str]
    cuts: tuple[Cut, ...]
    ignore_merges: bool
    begin: list[int]
    end: list[int]


def own_settings(pattern: str, ignore_merges: bool = False) -> str:
    """The settings of a tokenizer that cuts by `pattern`, as JSON. GPT-2's is built into ByteLevel."""
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    cut: dict[str, Any] = byte_level
    if pattern != GPT2_PATTERN:
        pattern = POSSESSIVE.sub(
            r"(?>\1)", arguments.text("pattern", pattern)
        )  # {1,3}+ is "many {1,3}" there
        compile_pattern(pattern)
        split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True}
        cut = {"type": "Sequence", "pretokenizers": [split, byte_level | {"use_regex": False}]}
    parts = {"version": "1.0", "truncation": None, "padding": None, "normalizer": None, "pre_tokenizer": cut}
    model = {"type": "BPE", "ignore_merges": ignore_merges}
    return json.dumps(parts | {"post_processor": None, "decoder": byte_level, "model": model})


def read_settings(data: dict[str, Any]) -> Settings:
    """What the parts of a tokenizer.json ask for. Raises `ValueError` for what is not done as they say."""
    check(data["model"], "model")  # first: a file with another kind of model is told that
    check(data, "file")
    if len(list(_parts(data, "decoder"))) > 1:  # ids are always decoded as by one ByteLevel, asked for or not
        refuse(f"its decoder is {json.dumps(data['decoder']):.80}, and not one ByteLevel")
    forms = [part["type"] for part in _parts(data, "normalizer")]
    *cutting, last = [{}, *_parts(data, "pre_tokenizer")]
    if last.get("type") != "ByteLevel":
        refuse("its pre_tokenizer does not end with ByteLevel")
    cuts = [_cut(part) for part in cutting[1:]] + [Cut(GPT2_PATTERN)] * last.get("use_regex", True)
    for one in cuts:
        compile_pattern(one.pattern)
    begin, end = [], []
    templates = [part for part in _parts(data, "post_processor") if "single" in part]
    if len(templates) > 1:
        refuse("its post_processor has several templates")
    for part in templates:
        begin, end = _template(part)
    return Settings(forms, tuple(cuts), bool(data["model"].get("ignore_merges")), begin, end)


def check(part: dict[str, Any], where: str) -> None:
    """Raise `ValueError` unless `part` is of a type in KEYS, and has the keys and values that stand there."""
    kind = part.get("type", "BPE")  # older files do not give the type of the model
    known = KEYS.get(where) or KEYS.get(f"{where} {kind}")
    if known is None:
        refuse(f"its {where} is {kind!r}", kind)
    for key, value in part.items():
        if key not in {"type", *known.replace("!", "").split()}:
            refuse(f"its {where} has {key!r}, which is not known here: {value!r:.60}")
        if value and f"{key}!" in known.split():
            refuse(f"its {where} has {key} = {json.dumps(value):.80}", key)


def refuse(complaint: str, name: str = "") -> None:
    reason = f" ({REASONS[name]})" if name in REASONS else ""
    raise ValueError(
        f"{complaint}{reason}. Load it with tokenizers.Tokenizer.from_file, which does all of this; or, if "
        "you can do without, take that out of a copy of the file"
    )


def _parts(data: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    """The parts of a Sequence of any depth, or the one part that is none, each checked."""
    part = data.get(where)
    if part is None:
        return
    check(part, where)
    if part["type"] != "Sequence":
        yield part
    else:
        for inner in part[KEYS[f"{where} Sequence"]]:
            yield from _parts({where: inner}, where)


def _cut(part: dict[str, Any]) -> Cut:
    match part:
        case {"type": "Digits", "individual_digits": one_by_one}:
            return Cut(r"\p{N}" if one_by_one else r"\p{N}+", strict=False)
        case {"pattern": pattern, "behavior": "Isolated"} | {
            "pattern": pattern,
            "behavior": "Removed",
            "invert": True,
        }:
            ((kind, pattern),) = pattern.items()
            pattern = regex.escape(pattern) if kind == "String" else POSSESSIVE.sub(r"(?:\1)+", pattern)
            return Cut(pattern, strict=part["behavior"] == "Removed" or pattern == GPT2_PATTERN)
    refuse(f"its pre_tokenizer has {json.dumps(part):.200}")


def _template(part: dict[str, Any]) -> tuple[list[int], list[int]]:
    """The ids before and after a text."""
    around: list[list[int]] = [[]]
    for piece in part["single"]:
        ((kind, content),) = piece.items()
        if kind == "Sequence":
            around.append([])
        else:
            around[-1] += part["special_tokens"][content["id"]]["ids"]
    if len(around) != 2:
        refuse("its post_processor has a template that does not hold the text once")
    return around[0], around[1]
