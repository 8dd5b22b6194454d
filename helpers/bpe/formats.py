"""The files of BPE vocabularies: tokenizer.json, the two of GPT-2, and the rank files of tiktoken.

What a tokenizer.json asks for besides its vocabulary is done as it says, or refused by name.
"""

import binascii
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import regex

from helpers import arguments, files
from helpers.bpe.merging import NO_MERGE, Pair
from helpers.bpe.patterns import GPT2_PATTERN, GPT4_PATTERN, TIKTOKEN_GPT4, AddedToken, Cut, check_alike
from helpers.bpe.spelling import BYTES, from_printable, to_printable

Path = str | os.PathLike
Special = Collection[str] | Mapping[str, int]  # names, which get the next ids, or name -> id

# The keys of each part of a file, by its type. Those with ! must be off: null, false, 0 or empty
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
    "post_processor Sequence": "processors",
    "post_processor TemplateProcessing": "single pair special_tokens",
    "decoder Sequence": "decoders",
    "post_processor ByteLevel": "add_prefix_space trim_offsets use_regex",
    "decoder ByteLevel": "add_prefix_space trim_offsets use_regex",
}
SENTENCEPIECE = ["byte_fallback", "Metaspace", "Unigram", "Prepend", "ByteFallback"]
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


@dataclass(frozen=True)
class Vocabulary:
    """All that decides the ids: what is pickled, and what a tokenizer.json holds.

    tokens: the id of each ordinary token, the lowest first
    ranks, made: as in `helpers.bpe.merging.Merges`, the lowest rank first
    added: special tokens and other added ones, in the order in which they were added
    settings: the rest of a tokenizer.json, as JSON
    """

    tokens: dict[bytes, int]
    ranks: dict[Pair, int]
    made: Sequence[int]
    added: list[AddedToken]
    settings: str

    def __post_init__(self):
        others = [token for token in self.added if self.tokens.get(token.content.encode()) != token.id]
        ids = [*self.tokens.values(), *(token.id for token in others)]
        for name, values in (("added token", [token.content for token in self.added]), ("id", ids)):
            if len(set(values)) < len(values):
                raise ValueError(f"the {name} {Counter(values).most_common(1)[0][0]!r} stands there twice")
        if wrong := [i for i in ids if type(i) is not int or not 0 <= i < NO_MERGE]:
            raise ValueError(f"the id {wrong[0]!r} must be an integer from 0 to 2**30 - 1")
        if missing := [byte for byte in BYTES if byte not in self.tokens]:
            lost = f"{len(missing)} of the 256 bytes, such as {missing[0]!r}, are no tokens"
            raise ValueError(f"{lost}: train with initial_alphabet=ByteLevel.alphabet()")
        object.__setattr__(self, "tokens", dict(sorted(self.tokens.items(), key=lambda item: item[1])))


# ---- what we train, and rank files ----


def from_merges(merges: Iterable[tuple[bytes, bytes]], special_tokens: Special, pattern: str) -> Vocabulary:
    """The bytes in GPT-2's order, the merges in the order learned, the special tokens."""
    tokens = {token: i for i, token in enumerate(BYTES)}
    ranks: dict[Pair, int] = {}
    what = "pairs of bytes (BPETokenizer.load reads a file)"
    for number, pair in enumerate(arguments.many("merges", merges, what)):
        two = isinstance(pair, tuple | list) and [type(token) for token in pair] == [bytes, bytes]
        if not two or not tokens.keys() >= set(pair) or b"".join(pair) in tokens:
            wanted = "a pair of bytes, such as (b'l', b'o'), and must join known tokens into a new one"
            raise arguments.WrongKind(f"merges[{number}] must be {wanted}, not {pair!r:.60}")
        left, right = pair
        ranks[tokens[left], tokens[right]] = len(ranks)
        tokens[left + right] = len(tokens)
    made = list(range(len(BYTES), len(tokens)))
    return Vocabulary(tokens, ranks, made, _special(special_tokens, tokens), own_settings(pattern))


def _special(names: Special, tokens: Mapping[bytes, int]) -> list[AddedToken]:
    """Special tokens, with the ids given, or with the next ones in order."""
    spellings = {to_printable(token) for token in tokens}
    for name in arguments.special_tokens("special_tokens", names):
        if name.encode() in tokens or name in spellings:
            raise ValueError(f"special_tokens has {name!r}, which is also an ordinary token: rename it")
    if not isinstance(names, Mapping):
        names = {name: i for i, name in enumerate(names, max(tokens.values()) + 1)}
    ids = {name: arguments.integer(f"special_tokens[{name!r}]", i) for name, i in names.items()}
    return [AddedToken(name, i) for name, i in sorted(ids.items(), key=lambda item: item[1])]


def read_tiktoken(path: Path, pattern: str, special_tokens: Special) -> Vocabulary:
    """A rank file: on each line a token in base64, and its rank, which is its id.

    It has no merges: two neighbours merge if the bytes of both together are a token, the lowest rank first.
    So each way to cut a token into two others is a merge, and all of them have the rank of that token.
    """
    tokens: dict[bytes, int] = {}
    ranks: dict[Pair, int] = {}
    with _reading(path) as text:
        for number, line in enumerate(text.splitlines(), 1):
            try:
                spelt, rank = line.split()
                token, i = binascii.a2b_base64(spelt, strict_mode=True), int(rank)
                if token in tokens:
                    raise ValueError
            except ValueError:
                wanted = "must be a new token in base64 and its rank, as in the files of tiktoken"
                raise ValueError(f"line {number} {wanted}, not {line!r:.60}") from None
            tokens[token] = i
        for token, i in sorted(tokens.items(), key=lambda item: item[1]):
            cuts = ((token[:at], token[at:]) for at in range(1, len(token)))
            pairs = ((tokens[a], tokens[b]) for a, b in cuts if a in tokens and b in tokens)
            ranks |= dict.fromkeys(sorted(pairs), i)
        settings = own_settings(pattern, ignore_merges=True)  # a pre-token that is a token is taken whole
        return Vocabulary(tokens, ranks, range(NO_MERGE), _special(special_tokens, tokens), settings)


@contextmanager
def _reading(path: Path) -> Iterator[str]:
    """The text of a file; errors in the block name it."""
    try:
        yield files.read_text(path)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        damaged = "it is damaged, or no JSON: " * isinstance(error, json.JSONDecodeError | RecursionError)
        raise ValueError(f"{path} cannot be used: {damaged}{reason}") from error


# ---- GPT-2's two files, and tokenizer.json ----


def read_gpt2(encoder_json: Path, vocab_bpe: Path) -> Vocabulary:
    """GPT-2's published files. All tokens but the bytes and <|endoftext|> are made by merges."""
    version, *merges = files.read_text(vocab_bpe).removesuffix("\n").split("\n")
    if not version.startswith("#version"):
        raise ValueError(f'{vocab_bpe} is no vocab.bpe of GPT-2: its first line has to start with "#version"')
    with _reading(encoder_json) as text:
        vocab, end = arguments.mapping("its content", json.loads(text)), "<|endoftext|>"
        added = [AddedToken(end, vocab[end])] if end in vocab else []
        found = _from_spellings(vocab, merges, added, own_settings(GPT2_PATTERN))
        if len(found.tokens) != len(BYTES) + len(found.ranks):
            raise ValueError(f"its ids do not fit {vocab_bpe}: no merge there makes some of its tokens")
        return found


def read_tokenizer_json(path: Path) -> Vocabulary:
    """Raises `ValueError` if the file is damaged, or asks for what is not done here."""
    with _reading(path) as text:
        data, added = arguments.mapping("its content", json.loads(text)), []
        _, cuts, _, begin, end = read_settings(data)
        check_alike(cuts)
        vocab, merges = data["model"].pop("vocab"), data["model"].pop("merges")
        free = len(vocab)
        for token in data.pop("added_tokens", None) or ():
            check(token, "added token")
            added.append(AddedToken(*(token[key] for key in AddedToken._fields)))
            name, i = added[-1][:2]
            if i != (known := vocab.get(name, free)):
                but = f"gets {known} in tokenizers: put it into the vocabulary of the model, with its id"
                raise ValueError(f"added token {name!r} has the id {i}, but {but}")
            free = max(free, i + 1)
        if unknown := {*begin, *end} - {*vocab.values(), *(token.id for token in added)}:
            refuse(f"its post_processor has the id {min(unknown)}, which no token has")
        return _from_spellings(vocab, merges, added, json.dumps(data))


def _from_spellings(vocab: Mapping, merges: list, added: list[AddedToken], settings: str) -> Vocabulary:
    """From tokens as files spell them, and merges as they have them, "a b" or ["a", "b"]."""
    ranks: dict[Pair, int] = {}
    made: list[int] = []
    for number, merge in enumerate(merges):
        pair = merge.split(" ") if isinstance(merge, str) else merge
        ids = [vocab.get(token) for token in (*pair, "".join(pair))]
        if len(ids) != 3 or None in ids or tuple(ids[:2]) in ranks:
            wanted = "it must join two known tokens into a known one, and stand there once"
            raise ValueError(f"merge {number} is {merge!r}: {wanted}")
        ranks[ids[0], ids[1]] = number
        made.append(ids[2])
    # An added token may stand in the vocabulary, and is an ordinary one if merges make it
    apart = {token.content for token in added} - {to_printable(byte) for byte in BYTES}
    used = set(made)
    tokens = {from_printable(name): i for name, i in vocab.items() if name not in apart or i in used}
    return Vocabulary(tokens, ranks, made, added, settings)


def write_tokenizer_json(path: Path, vocabulary: Vocabulary) -> None:
    """Write a tokenizer.json, whole or not at all."""
    data, added = json.loads(vocabulary.settings), vocabulary.added
    check_alike(read_settings(data)[1])
    spelt = {i: to_printable(token) for token, i in vocabulary.tokens.items()}
    ids = {name: i for i, name in spelt.items()} | {token.content: token.id for token in added}
    flags = dict.fromkeys(["single_word", "lstrip", "rstrip"], False)
    data["added_tokens"] = [token._asdict() | flags for token in added]
    merges = [[spelt[left], spelt[right]] for left, right in vocabulary.ranks]
    data["model"] = data.pop("model") | {"vocab": ids, "merges": merges}  # last: it is long
    with files.whole_file(path) as file:
        file.write(json.dumps(data, ensure_ascii=False, indent=1).encode())


# ---- what a tokenizer.json asks for ----


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


def read_settings(data: Mapping) -> tuple[list[str], tuple[Cut, ...], bool, list[int], list[int]]:
    """What the parts of a tokenizer.json ask for. Raises `ValueError` for what is not done as they say.

    Returns the normal forms of a text, what cuts it, whether a pre-token that is a token is taken whole, and
    the ids that are wanted before a text and after it.
    """
    check(data["model"], "model")  # first: a file with another kind of model is told that
    check(data, "file")
    if len(_parts(data, "decoder")) > 1:  # ids are always decoded as by one, asked for or not
        refuse(f"its decoder is {json.dumps(data['decoder']):.80}, and not one ByteLevel")
    *cutting, last = [{}, *_parts(data, "pre_tokenizer")]
    if last.get("type") != "ByteLevel":
        refuse("its pre_tokenizer does not end with ByteLevel")
    cuts = [*map(_cut, cutting[1:]), *[Cut(GPT2_PATTERN)] * last.get("use_regex", True)]
    for pattern, _ in cuts:
        try:
            regex.compile(pattern)
        except regex.error as error:
            raise ValueError(f"pattern does not compile: {error}, in {pattern!r}") from None
    text = {"single": [{"Sequence": {}}]}
    templates = [part for part in _parts(data, "post_processor") if "single" in part] or [text]
    pieces = [piece.get("SpecialToken") for piece in templates[0]["single"]]
    if len(templates) > 1 or pieces.count(None) != 1:
        refuse("its post_processor has several templates, or one that does not hold the text once")
    around = [templates[0]["special_tokens"][piece["id"]]["ids"] if piece else [None] for piece in pieces]
    ids = [*chain.from_iterable(around)]
    at = ids.index(None)
    forms = [part["type"] for part in _parts(data, "normalizer")]
    return forms, tuple(cuts), bool(data["model"].get("ignore_merges")), ids[:at], ids[at + 1 :]


def _parts(data: Mapping, where: str) -> list[dict[str, Any]]:
    """The parts of a Sequence of any depth, or the one part that is none, each checked."""
    if (part := data.get(where)) is None:
        return []
    check(part, where)
    if part["type"] != "Sequence":
        return [part]
    return [found for inner in part[KEYS[f"{where} Sequence"]] for found in _parts({where: inner}, where)]


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
    known = KEYS.get(where, KEYS.get(f"{where} {kind}"))
    if known is None:
        refuse(f"its {where} is {kind!r}", kind)
    for key, value in part.items():
        if key not in {"type", *known.replace("!", "").split()}:
            refuse(f"its {where} has {key!r}, which is not known here: {value!r:.60}")
        if value and f"{key}!" in known.split():
            refuse(f"its {where} has {key} = {json.dumps(value):.80}", key)


def refuse(complaint: str, name: str = "") -> None:
    """Raise `ValueError` with the way out."""
    reason = " (as in SentencePiece: Llama 2, Gemma)" if name in SENTENCEPIECE else ""
    way_out = "Load it with tokenizers.Tokenizer.from_file, or take that out of a copy if you can do without"
    raise ValueError(f"{complaint}{reason}. {way_out}")
