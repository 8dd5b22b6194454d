"""What a tokenizer.json asks for besides its vocabulary: done as it says, or refused by name."""

import json
from collections.abc import Iterator
from typing import Any

import regex

from helpers import arguments
from helpers.bpe.patterns import GPT2_PATTERN, GPT4_PATTERN, TIKTOKEN_GPT4, Cut, compile_pattern

# The keys of each part of a file. Those with ! must be off: null, false, 0 or empty
KEYS = {
    "file": "version truncation! padding! added_tokens normalizer pre_tokenizer post_processor decoder model",
    "added token": "id content single_word! lstrip! rstrip! normalized special",
    "model BPE": "dropout! unk_token continuing_subword_prefix! end_of_word_suffix! fuse_unk byte_fallback! "
    "ignore_merges vocab merges",
    **{f"normalizer {form}": "" for form in ("NFC", "NFD", "NFKC", "NFKD")},
    "normalizer Sequence": "normalizers",
    "pre_tokenizer Sequence": "pretokenizers",
    "pre_tokenizer Split": "pattern behavior invert",
    "pre_tokenizer Digits": "individual_digits",
    "pre_tokenizer ByteLevel": "add_prefix_space! trim_offsets use_regex",
    "decoder Sequence": "decoders",
    "decoder ByteLevel": "add_prefix_space trim_offsets use_regex",
}
SENTENCEPIECE = "that is how SentencePiece works (Llama 2, Gemma): on characters, with bytes for rare ones"
REASONS = {
    **dict.fromkeys(["byte_fallback", "Metaspace", "Unigram", "ByteFallback", "Prepend"], SENTENCEPIECE),
    "WordPiece": "BERT's model does not merge: it takes the longest piece that fits",
    "truncation": "cut the ids yourself, such as ids[:512]",
    "padding": "pad the ids yourself, as helpers.batches.pad_collate does",
    "dropout": "merges left out at random are for training a model",
    "add_prefix_space": "the text would not come back as it was",
}
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


def own_settings(pattern: str, ignore_merges: bool = False) -> str:
    """The settings of a tokenizer that cuts by `pattern`, as JSON. GPT-2's is built into ByteLevel."""
    pattern = arguments.text("pattern", pattern).replace(TIKTOKEN_GPT4, GPT4_PATTERN)
    cut: dict[str, Any] = BYTE_LEVEL
    if pattern != GPT2_PATTERN:
        split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Removed", "invert": True}
        cut = {"type": "Sequence", "pretokenizers": [split, BYTE_LEVEL | {"use_regex": False}]}
    parts = {"version": "1.0", "truncation": None, "padding": None, "normalizer": None, "pre_tokenizer": cut}
    model = {"type": "BPE", "ignore_merges": ignore_merges}
    return json.dumps(parts | {"post_processor": None, "decoder": BYTE_LEVEL, "model": model})


def read_settings(data: dict[str, Any]) -> tuple[list[str], tuple[Cut, ...], bool]:
    """What the parts of a tokenizer.json ask for. Raises `ValueError` for what is not done as they say.

    That are the normal forms of a text, what cuts it, and whether a pre-token that is a token is taken whole.
    A post_processor adds ids around a text, and on request only: that is not done here, and nothing refused.
    """
    check(data["model"], "model")  # first: a file with another kind of model is told that
    check(data, "file")
    if len(list(_parts(data, "decoder"))) > 1:  # ids are always decoded as by one ByteLevel, asked for or not
        refuse(f"its decoder is {json.dumps(data['decoder']):.80}, and not one ByteLevel")
    *cutting, last = [{}, *_parts(data, "pre_tokenizer")]
    if last.get("type") != "ByteLevel":
        refuse("its pre_tokenizer does not end with ByteLevel")
    cuts = [*map(_cut, cutting[1:]), *[Cut(GPT2_PATTERN)] * last.get("use_regex", True)]
    for how in cuts:
        compile_pattern(how.pattern)
    forms = [part["type"] for part in _parts(data, "normalizer")]
    return forms, tuple(cuts), bool(data["model"].get("ignore_merges"))


def _parts(data: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    """The parts of a Sequence of any depth, or the one part that is none, each checked."""
    if (part := data.get(where)) is None:
        return
    check(part, where)
    if part["type"] != "Sequence":
        yield part
    else:
        for inner in part[KEYS[f"{where} Sequence"]]:
            yield from _parts({where: inner}, where)


def _cut(part: dict[str, Any]) -> Cut:
    if part["type"] == "Digits":
        return Cut(r"\p{N}" if part["individual_digits"] else r"\p{N}+", strict=False)
    removed = part.get("behavior") == "Removed" and part["invert"]
    if part["type"] != "Split" or not (removed or part["behavior"] == "Isolated"):
        refuse(f"its pre_tokenizer has {json.dumps(part):.200}")
    ((kind, pattern),) = part["pattern"].items()
    return Cut(regex.escape(pattern) if kind == "String" else pattern, removed or pattern == GPT2_PATTERN)


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
    way_out = "Load it with tokenizers.Tokenizer.from_file, or take that out of a copy if you can do without"
    raise ValueError(f"{complaint}{reason}. {way_out}")
