"""A byte-level BPE tokenizer that gives the ids of tiktoken and of Hugging Face's tokenizers (notebook 03).

A regex cuts the text into pre-tokens, and merges work on the UTF-8 bytes inside each, as in GPT-2 (Radford
et al., 2019). `bpe_merges.py` learns and applies the merges; `bpe_files.py` knows the file formats.
"""

import operator
import os
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import chain

import numpy as np
import regex
import tiktoken

from helpers.bpe_checks import (
    as_integer,
    check_covered,
    check_special_tokens,
    check_text,
    check_texts,
    check_vocab_size,
    compile_pattern,
)
from helpers.bpe_files import (
    BYTE_IDS,
    BYTES,
    read_gpt2,
    read_tokenizer_json,
    to_printable,
    write_tokenizer_json,
)
from helpers.bpe_merges import Pair, merge_by_rank, train_merges
from helpers.bulk import BulkEncoder, PretokenCounter

# As published with GPT-2 (encoder.py, 2019).
GPT2_PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
# cl100k_base in tiktoken 0.14, which has `{1,3}+`: the same there, but "many times" to Hugging Face's engine.
GPT4_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}"""
    r"""| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
BULK_LENGTH = 2000  # characters; a shorter text is not worth the arrays of `helpers.bulk`
CACHE_ENTRIES, CACHE_LENGTH = 2**18, 64  # at most so many pre-tokens, each at most so many characters


class PretokenCache(dict):
    """Pre-token -> ids, which `encode` finds when they are first asked for. Emptied when full."""

    def __init__(self, encode: Callable[[str], list[int]]):
        self.encode = encode

    def __missing__(self, pretoken: str) -> list[int]:
        ids = self.encode(pretoken)
        if len(pretoken) <= CACHE_LENGTH:
            if len(self) >= CACHE_ENTRIES:
                self.clear()
            self[pretoken] = ids
        return ids


class BPETokenizer:
    """A byte-level BPE tokenizer, made of merges in the order learned, special tokens, and a pattern.

    `vocab` has the bytes of each id: 256 single bytes in GPT-2's order, the merges, the special tokens.
    Raises `ValueError` if a merge joins unknown tokens or makes a known one, if a special token is empty,
    repeated, or spelt like an ordinary one, and if the pattern does not compile.

    >>> tokenizer = BPETokenizer.train("low lower lowest", 260)
    >>> tokenizer.merges
    [(b'l', b'o'), (b'lo', b'w'), (b' ', b'low')]
    >>> tokenizer.encode("low low"), tokenizer.decode([257, 258])
    ([257, 258], 'low low')
    """

    vocab: dict[int, bytes]
    merges: list[tuple[bytes, bytes]]
    special_tokens: dict[str, int]

    def __init__(
        self,
        merges: Iterable[tuple[bytes, bytes]],
        special_tokens: Collection[str] = ("<|endoftext|>",),
        pattern: str = GPT2_PATTERN,
    ):
        check_special_tokens(special_tokens)
        self.merges, self.pattern, self._regex = list(merges), pattern, compile_pattern(pattern)
        self._ids = {token: i for i, token in enumerate(BYTES)}
        self._merges: dict[Pair, int] = {}
        for left, right in self.merges:
            if left not in self._ids or right not in self._ids or left + right in self._ids:
                raise ValueError(f"merges has {(left, right)!r}: it must join known tokens into a new one")
            self._merges[self._ids[left], self._ids[right]] = self._ids[left + right] = len(self._ids)
        spellings = {to_printable(token) for token in self._ids}
        for name in special_tokens:
            if name.encode() in self._ids or name in spellings:
                raise ValueError(f"special_tokens has {name!r}, which is also an ordinary token: rename it")
        self.special_tokens = {name: i for i, name in enumerate(special_tokens, len(self._ids))}
        names = {i: name.encode() for name, i in self.special_tokens.items()}
        self.vocab = {i: token for token, i in self._ids.items()} | names
        self._cache = PretokenCache(self._encode_pretoken)
        self._dtype = np.uint16 if len(self.vocab) <= 2**16 else np.uint32
        self._bulk = BulkEncoder(self._merges, self._dtype)

    def __reduce__(self):  # for pickle: without the cache
        return type(self), (self.merges, list(self.special_tokens), self.pattern)

    @classmethod
    def train(
        cls,
        texts: str | Iterable[str],
        vocab_size: int,
        *,
        pattern: str = GPT2_PATTERN,
        special_tokens: Collection[str] = ("<|endoftext|>",),
        progress: bool = False,
    ) -> "BPETokenizer":
        """Learn a vocabulary of `vocab_size` tokens from a text, or from an iterable of them.

        Each text is a document, cut into pre-tokens by itself; one at a time is held. Special tokens in it
        are ordinary text, as in Hugging Face's trainer, so give documents one by one rather than joined.
        If the pairs run out first, the vocabulary is smaller, and a `UserWarning` says so.
        Raises `ValueError` if there is no text, `vocab_size` is below 256 plus the special tokens, the
        pattern leaves out characters, a surrogate is lone, or the class would raise it.
        """
        check_special_tokens(special_tokens)
        check_vocab_size(vocab_size, len(special_tokens))
        check_texts(texts)
        n_merges = vocab_size - len(BYTES) - len(special_tokens)
        counts = count_pretokens([texts] if isinstance(texts, str) else texts, compile_pattern(pattern))
        if not counts:
            raise ValueError("texts is empty: give at least one character to train on")
        words = [list(pretoken.translate(BYTE_IDS)) for pretoken in counts]
        pairs = train_merges(words, list(counts.values()), n_merges, progress=progress)
        tokens, merges = list(BYTES), []
        for left, right in pairs:
            merges.append((tokens[left], tokens[right]))
            tokens.append(tokens[left] + tokens[right])
        if len(merges) < n_merges:
            size = f"{vocab_size - n_merges + len(merges)} tokens, not {vocab_size}"
            warnings.warn(f"no pair is left after {len(merges)} merges: you get {size}", stacklevel=2)
        return cls(merges, special_tokens, pattern)

    def encode(self, text: str, *, allowed_special: str | Collection[str] = frozenset()) -> list[int]:
        """The ids of `text`.

        Special tokens in it are ordinary text, except those that `allowed_special` names: a set of names, or
        "all". Of several that start at one place the longest counts, as in `tokenizers` (in tiktoken the
        order of a hash table decides). Raises `ValueError` for an unknown name, for a lone surrogate, and
        where the pattern leaves out characters; `TypeError` for what is not a str.
        """
        return list(self._encode(text, self._special_regex(allowed_special)))

    def encode_to_numpy(
        self, text: str, *, allowed_special: str | Collection[str] = frozenset()
    ) -> np.ndarray:
        """As `encode`, into an array: uint16 if the vocabulary has at most 65,536 tokens, else uint32.

        Much faster for long texts, if the pattern is GPT2_PATTERN: those go through `helpers.bulk`.
        """
        runs = self._runs(text, self._special_regex(allowed_special), self._encode_part)
        return np.concatenate([np.asarray(run, self._dtype) for run in runs])

    def encode_iterable(
        self, texts: Iterable[str], *, allowed_special: str | Collection[str] = frozenset()
    ) -> Iterator[int]:
        """The ids of one text after another, lazily, holding one text at a time.

        They are those of the joined texts if all begin, or all end, with an allowed special token.
        Otherwise the end of a text and the start of the next might have made one pre-token.
        """
        if isinstance(texts, str):
            raise TypeError("texts is a str, where an iterable of str is needed, such as [text]")
        check_texts(texts)
        special = self._special_regex(allowed_special)
        return chain.from_iterable(map(partial(self._encode, special=special), texts))

    def _encode(self, text: str, special: regex.Pattern | None) -> Iterator[int]:
        return chain.from_iterable(self._runs(text, special, self._encode_ordinary))

    def _runs(self, text: str, special: regex.Pattern | None, encode: Callable) -> Iterator[Iterable[int]]:
        """The ids of each part of `text`, lazily: by `encode`, or those of the special tokens."""
        check_text(text)
        parts = enumerate(special.split(text) if special else [text])  # ordinary, special, ordinary, ...
        return ([self.special_tokens[part]] if n % 2 else encode(part) for n, part in parts)

    def _encode_ordinary(self, text: str) -> Iterator[int]:
        # findall is faster than cut, but with a group in the pattern it would give the groups
        pretokens = list(cut(text, self._regex)) if self._regex.groups else self._regex.findall(text)
        check_covered(text, sum(map(len, pretokens)), self._regex)
        return chain.from_iterable(map(self._cache.__getitem__, pretokens))

    def _encode_part(self, text: str) -> np.ndarray:
        if self.pattern == GPT2_PATTERN and len(text) >= BULK_LENGTH:
            return self._bulk(text)
        return np.fromiter(self._encode_ordinary(text), self._dtype)

    def _encode_pretoken(self, pretoken: str) -> list[int]:
        return merge_by_rank(pretoken.encode().translate(BYTE_IDS), self._merges)

    def _special_regex(self, allowed: str | Collection[str]) -> regex.Pattern | None:
        """A regex that finds the special tokens in `allowed`, the longest first; None if there are none."""
        names = self.special_tokens if isinstance(allowed, str) and allowed == "all" else allowed
        several = isinstance(names, Collection) and not isinstance(names, str)
        if not several or not self.special_tokens.keys() >= set(names):
            known = list(self.special_tokens)
            raise ValueError(f'allowed_special is {allowed!r}: give "all", or a set of names from {known}')
        longest_first = map(regex.escape, sorted(names, key=len, reverse=True))
        return regex.compile(f"({'|'.join(longest_first)})") if names else None

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of `ids`: a list, or an array or tensor of one dimension.

        Raises `ValueError` for an id that is not in the vocabulary, `TypeError` for what is not an integer.
        """
        ids = ids.tolist() if hasattr(ids, "tolist") else ids
        if not hasattr(ids, "__iter__") and not hasattr(ids, "__getitem__"):  # `TokenShards` has the second
            raise TypeError(f"ids must be integers in one dimension, such as [3, 4], not {ids!r:.60}")
        ids = list(ids)
        if not set(map(type, ids)) <= {int}:  # without this check 1.0 and True would pass for 1
            ids = list(map(as_integer, ids))
        try:
            return b"".join(map(self.vocab.__getitem__, ids))
        except KeyError as error:
            raise ValueError(f"id {error} is not in the vocabulary, 0 to {len(self.vocab) - 1}") from None

    def decode(self, ids: Iterable[int], errors: str = "replace") -> str:
        """The text of `ids`; `errors` is for bytes that are no UTF-8, as in `bytes.decode`.

        `decode(encode(text)) == text` for every text. Not so the reverse: other ids may give the same text.
        """
        return self.decode_bytes(ids).decode("utf-8", errors)

    def save(self, path: str | os.PathLike) -> None:
        """Write a tokenizer.json, for `load` and for `tokenizers.Tokenizer.from_file`, in one step.

        `tokenizers` allows all special tokens unless told otherwise (`encode_special_tokens = True`), and
        has another regex engine: both patterns above mean the same there; one of your own may not.
        """
        write_tokenizer_json(path, self.merges, self.special_tokens, self._spellings(), self.pattern)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "BPETokenizer":
        """Read a tokenizer.json. Raises `ValueError` if it is damaged, or not plain byte-level BPE."""
        merges, names, ids, pattern = read_tokenizer_json(path)
        return cls._checked(path, ids, merges, names, pattern or GPT2_PATTERN)

    @classmethod
    def from_gpt2(cls, encoder_json: str | os.PathLike, vocab_bpe: str | os.PathLike) -> "BPETokenizer":
        """Read GPT-2's published files. Raises `ValueError` if they are damaged or do not fit together."""
        merges, names, ids = read_gpt2(encoder_json, vocab_bpe)
        return cls._checked(encoder_json, ids, merges, names, GPT2_PATTERN)

    @classmethod
    def _checked(cls, path: str | os.PathLike, ids: dict[str, int], *contents) -> "BPETokenizer":
        try:
            tokenizer = cls(*contents)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} cannot be used: {error}") from error
        if ids != tokenizer._spellings():
            raise ValueError(f"{path} cannot be used: its ids are not bytes, merges, special tokens in order")
        return tokenizer

    def _spellings(self) -> dict[str, int]:
        return {to_printable(token): i for token, i in self._ids.items()} | self.special_tokens

    def to_tiktoken(self) -> tiktoken.Encoding:
        """The same tokenizer as a `tiktoken.Encoding`."""
        parts = {"pat_str": self.pattern, "mergeable_ranks": self._ids, "special_tokens": self.special_tokens}
        return tiktoken.Encoding("from-text-to-tensors", **parts)


def cut(text: str, pattern: regex.Pattern) -> Iterator[str]:
    """The pre-tokens of `text`, lazily."""
    return map(operator.itemgetter(0), pattern.finditer(text))


def count_pretokens(texts: Iterable[str], pattern: regex.Pattern) -> Counter[bytes]:
    """How often each pre-token occurs in `texts`; what it holds grows with the distinct ones alone."""
    total: Counter[bytes] = Counter()
    bulk = PretokenCounter()
    for text in texts:
        check_text(text)
        if pattern.pattern == GPT2_PATTERN and len(text) >= BULK_LENGTH:
            bulk.add(text)
            continue
        counts = Counter(cut(text, pattern))
        check_covered(text, sum(len(pretoken) * count for pretoken, count in counts.items()), pattern)
        for pretoken, count in counts.items():
            total[pretoken.encode()] += count
    total.update(bulk.counts())
    return total
