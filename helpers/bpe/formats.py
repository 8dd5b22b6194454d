"""The files of BPE vocabularies: tokenizer.json, the two of GPT-2, and the rank files of tiktoken."""

import binascii
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from helpers import arguments, files
from helpers.bpe.added import AddedToken
from helpers.bpe.merging import NO_MERGE, Pair
from helpers.bpe.patterns import GPT2_PATTERN, check_alike
from helpers.bpe.settings import check, own_settings, read_settings
from helpers.bpe.spelling import BYTES, from_printable, to_printable

Path = str | os.PathLike
Special = Collection[str] | Mapping[str, int]  # names, which get the next ids, or name -> id


@dataclass(frozen=True)
class Vocabulary:
    """All that decides the ids: what is pickled, and what a tokenizer.json holds.

    tokens: the id of each ordinary token, the lowest first
    ranks, made: as in `helpers.bpe.merging.Merges`; the ranks are 0, 1, 2, ...
    added: special tokens and other added ones, in the order in which they were added
    settings: the rest of a tokenizer.json, as JSON
    """

    tokens: dict[bytes, int]
    ranks: dict[Pair, int]
    made: list[int]
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
            raise ValueError(
                f"{len(missing)} of the 256 bytes, such as {missing[0]!r}, are no tokens, so text would be "
                "lost: train with initial_alphabet=ByteLevel.alphabet()"
            )
        object.__setattr__(self, "tokens", dict(sorted(self.tokens.items(), key=lambda item: item[1])))


# ---- what we train, and rank files ----


def from_merges(merges: Iterable[tuple[bytes, bytes]], special_tokens: Special, pattern: str) -> Vocabulary:
    """The bytes in GPT-2's order, the merges in the order learned, the special tokens."""
    tokens = {token: i for i, token in enumerate(BYTES)}
    ranks: dict[Pair, int] = {}
    what = "pairs of bytes (BPETokenizer.load reads a file)"
    for number, pair in enumerate(arguments.many("merges", merges, what)):
        if not (isinstance(pair, tuple | list) and [type(token) for token in pair] == [bytes, bytes]):
            wanted = "must be a pair of bytes, such as (b'l', b'o')"
            raise arguments.WrongKind(f"merges[{number}] {wanted}, not {pair!r:.60}")
        left, right = pair
        if left not in tokens or right not in tokens or left + right in tokens:
            raise ValueError(f"merges has {(left, right)!r}: it must join known tokens into a new one")
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
    made: list[int] = []
    with _naming(path):
        for number, line in enumerate(files.read_text(path).splitlines(), 1):
            try:
                spelt, rank = line.split()
                token, i = binascii.a2b_base64(spelt, strict_mode=True), int(rank)
            except ValueError:
                wanted = "must be a token in base64 and its rank, as in the files of tiktoken"
                raise ValueError(f"line {number} {wanted}, not {line!r:.60}") from None
            if token in tokens:
                raise ValueError(f"line {number} has {token!r}, which has a rank already")
            tokens[token] = i
        for token, i in sorted(tokens.items(), key=lambda item: item[1]):
            pairs = [
                (tokens[left], tokens[right])
                for at in range(1, len(token))
                if (left := token[:at]) in tokens and (right := token[at:]) in tokens
            ]
            if pairs:
                ranks.update(dict.fromkeys(sorted(pairs), len(made)))
                made.append(i)
        settings = own_settings(pattern, ignore_merges=True)  # a pre-token that is a token is taken whole
        return Vocabulary(tokens, ranks, made, _special(special_tokens, tokens), settings)


# ---- GPT-2's two files, and tokenizer.json ----


def read_gpt2(encoder_json: Path, vocab_bpe: Path) -> Vocabulary:
    """GPT-2's published files. All tokens but the bytes and <|endoftext|> are made by merges."""
    version, *merges = files.read_text(vocab_bpe).removesuffix("\n").split("\n")
    if not version.startswith("#version"):
        raise ValueError(f'{vocab_bpe} is no vocab.bpe of GPT-2: its first line has to start with "#version"')
    with _naming(encoder_json):
        vocab, end = _read_json(encoder_json), "<|endoftext|>"
        added = [AddedToken(end, vocab[end])] if end in vocab else []
        found = _from_spellings(vocab, merges, added, own_settings(GPT2_PATTERN))
        if len(found.tokens) != len(BYTES) + len(found.ranks):
            raise ValueError(f"its ids do not fit {vocab_bpe}: no merge there makes some of its tokens")
        return found


def read_tokenizer_json(path: Path) -> Vocabulary:
    """Raises `ValueError` if the file is damaged, or asks for what is not done here."""
    with _naming(path):
        data, added = _read_json(path), []
        for how in read_settings(data)[1]:
            check_alike(how.pattern)
        vocab, merges = data["model"].pop("vocab"), data["model"].pop("merges")
        free = len(vocab)
        for token in data.pop("added_tokens", None) or ():
            check(token, "added token")
            added.append(AddedToken(*(token[key] for key in AddedToken._fields)))
            name, i = added[-1][:2]
            if i != (known := vocab.get(name, free)):
                way_out = "put it into the vocabulary of the model, with its id"
                raise ValueError(
                    f"added token {name!r} has the id {i}, but gets {known} in tokenizers: {way_out}"
                )
            free = max(free, i + 1)
        return _from_spellings(vocab, merges, added, json.dumps(data))


def _from_spellings(vocab: dict, merges: list, added: list[AddedToken], settings: str) -> Vocabulary:
    """From tokens as files spell them, and merges as they have them, "a b" or ["a", "b"]."""
    ranks: dict[Pair, int] = {}
    made: list[int] = []
    for number, merge in enumerate(merges):
        pair = merge.split(" ") if isinstance(merge, str) else merge
        if len(pair) != 2 or not all(token in vocab for token in (*pair, "".join(pair))):
            raise ValueError(f"merge {number} is {merge!r}: it must join two known tokens into a known one")
        ranks[vocab[pair[0]], vocab[pair[1]]] = number
        made.append(vocab["".join(pair)])
        if len(ranks) == number:
            raise ValueError(f"merge {number}, {merge!r}, stands there twice")
    # An added token may stand in the vocabulary, and is an ordinary one if merges make it
    apart = {token.content for token in added} - {to_printable(byte) for byte in BYTES}
    used = set(made)
    tokens = {from_printable(name): i for name, i in vocab.items() if name not in apart or i in used}
    return Vocabulary(tokens, ranks, made, added, settings)


def write_tokenizer_json(path: Path, vocabulary: Vocabulary) -> None:
    """Write a tokenizer.json, whole or not at all."""
    data, added = json.loads(vocabulary.settings), vocabulary.added
    for how in read_settings(data)[1]:
        check_alike(how.pattern)
    spelt = {i: to_printable(token) for token, i in vocabulary.tokens.items()}
    ids = {name: i for i, name in spelt.items()} | {token.content: token.id for token in added}
    flags = dict.fromkeys(["single_word", "lstrip", "rstrip"], False)
    data["added_tokens"] = [token._asdict() | flags for token in added]
    merges = [[spelt[left], spelt[right]] for left, right in vocabulary.ranks]
    data["model"] = data.pop("model") | {"vocab": ids, "merges": merges}  # last: it is long
    with files.whole_file(path) as file:
        file.write(json.dumps(data, ensure_ascii=False, indent=1).encode())


def _read_json(path: Path) -> dict[str, Any]:
    return dict(arguments.mapping("its content", json.loads(files.read_text(path))))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors in the block name the file."""
    try:
        yield
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        damaged = "it is damaged, or no JSON: " * isinstance(error, json.JSONDecodeError | RecursionError)
        raise ValueError(f"{path} cannot be used: {damaged}{reason}") from error
