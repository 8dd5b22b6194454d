"""Encoding long texts with arrays: the same ids, several times as fast (notebook 11).

GPT-2's pattern, which `patterns.py` gives to a regex engine, cuts between two characters for reasons that lie
in the characters around the cut. So a few operations on whole arrays find all cuts of a chunk of text. Each
pre-token of up to 15 bytes then fits two 64-bit numbers, and a hash table in NumPy gives its ids. What is new
goes through the merges once, many pre-tokens at a time.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

import numpy as np
import regex

from helpers import arguments
from helpers.bpe.merging import Merges
from helpers.bpe.patterns import GPT2_PATTERN, Cut, cut_by_all

ARRAYS_PAY = 2000  # characters; a shorter text is not worth the arrays
CHUNK = 2**16  # characters; the arrays of a chunk are many times its size
GROUP = 4  # chunks; the new pre-tokens of so many are merged together
SLOTS = 2**18  # of the hash table: a power of two
KNOWN_IDS = 2**19  # an encoder that holds more ids than this forgets them all
SHORT = 15  # bytes; longer pre-tokens are not in the table

SPACE, LETTER, NUMBER, OTHER = range(4)
# Masks that keep as many bytes of a word as a pre-token of 0, 1, ..., 16 bytes has in it
_LOW_MASKS = np.array([2 ** (8 * min(n, 8)) - 1 for n in range(SHORT + 2)], np.uint64)
_HIGH_MASKS = np.array([2 ** (8 * min(max(n - 8, 0), 7)) - 1 for n in range(SHORT + 2)], np.uint64)
_LONG = (SHORT + 1) << 56  # the key of a longer pre-token is at least this
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)  # of the golden ratio, and of xxHash


@cache
def character_classes(n: int = 0x110000) -> np.ndarray:
    """SPACE, LETTER, NUMBER or OTHER for the first `n` code points, as the `regex` module has them: uint8."""
    characters = np.arange(n, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    classes = np.full(n, OTHER, np.uint8)
    for number, pattern in ((SPACE, r"\s+"), (LETTER, r"\p{L}+"), (NUMBER, r"\p{N}+")):
        for run in regex.finditer(pattern, characters):
            classes[run.start() : run.end()] = number
    return classes


def pretoken_starts(codes: np.ndarray) -> np.ndarray:
    """Where GPT2_PATTERN starts a pre-token, among the code points `codes`, (n,): bool, (n,).

    The answer for a character depends on those before it, and on one after it. `codes` is uint8 for ASCII
    alone, else uint32.

    >>> codes = np.frombuffer(b"it's  3", np.uint8)
    >>> np.flatnonzero(pretoken_starts(codes)).tolist()
    [0, 2, 4, 5]
    """
    classes = character_classes(128 if codes.dtype == np.uint8 else 0x110000).take(codes)
    space = classes == SPACE
    starts = np.ones(len(codes), bool)
    np.not_equal(classes[1:], classes[:-1], out=starts[1:])
    starts[:-1] |= space[:-1] > space[1:]  # of several spaces the last is left for what follows, ...
    starts[1:] &= space[1:] | (codes[:-1] != ord(" "))  # ... which takes it if it is U+0020
    _cut_contractions(codes, starts)
    return starts


def _cut_contractions(codes: np.ndarray, starts: np.ndarray) -> None:
    """Change `starts` so that 's 't 'm 'd 're 've 'll, if the apostrophe starts a pre-token, are one each."""
    quotes = np.flatnonzero((codes == ord("'")) & starts)
    padded = np.append(codes, np.zeros(2, codes.dtype))
    first, second = padded[quotes + 1], padded[quotes + 2]
    one = np.isin(first, [ord(letter) for letter in "stmd"])
    two = np.isin(first, [ord("r"), ord("v")]) & (second == ord("e"))
    two |= (first == ord("l")) & (second == ord("l"))
    starts[quotes[one | two] + 1] = False
    ends = np.concatenate((quotes[one] + 2, quotes[two] + 3))
    starts[ends[ends < len(starts)]] = True


def cut_chunks(text: str) -> Iterator[tuple[bytes, np.ndarray]]:
    """Chunks of `text` in UTF-8, with the bytes where their n pre-tokens start, and the end: int64, (n + 1,).

    Each chunk ends where a pre-token ends. Whether one starts at its last character is not known before the
    next is: so all chunks but the last end earlier, and the next one takes the rest.
    """
    at, size = 0, CHUNK
    while at < len(text):
        chunk = text[at : at + size]
        data, is_ascii = chunk.encode(), chunk.isascii()
        codes = np.frombuffer(data, np.uint8) if is_ascii else np.frombuffer(chunk.encode("utf-32-le"), "<u4")
        bounds = np.flatnonzero(pretoken_starts(codes))
        if at + size >= len(text):
            bounds = np.append(bounds, len(chunk))
        elif bounds[-1] == len(chunk) - 1:
            bounds = bounds[:-1]
        if len(bounds) > 1:
            yield data, bounds if is_ascii else _in_bytes(data, bounds)
            at, size = at + int(bounds[-1]), CHUNK
        else:  # one long pre-token, whose end is not in sight
            size *= 2


def _in_bytes(data: bytes, bounds: np.ndarray) -> np.ndarray:
    """Where the characters number `bounds` begin in UTF-8: all its bytes begin one, but those 10xxxxxx."""
    begins = np.flatnonzero(np.frombuffer(data, np.uint8) & 0xC0 != 0x80)
    return np.append(begins, len(data))[bounds]


class PretokenTable:
    """Numbers pre-tokens 0, 1, 2, ... as they first come up, and finds the numbers of many at once.

    `known` has them all. Those of up to 15 bytes are also in a hash table of arrays, one place each: if
    another pre-token came there first, `known` has to do. A place holds all bytes, so nothing is mixed up.

    >>> table = PretokenTable()
    >>> table.numbers(b"a cat a", np.array([0, 1, 5, 7])), table.known
    (array([0, 1, 2], dtype=int32), {b'a': 0, b' cat': 1, b' a': 2})
    """

    def __init__(self):
        self.known: dict[bytes, int] = {}
        self._low, self._high = np.zeros((2, SLOTS), np.uint64)
        self._number = np.zeros(SLOTS, np.int32)

    def numbers(self, data: bytes, bounds: np.ndarray) -> np.ndarray:
        """The number of each pre-token of a chunk, int32, (n,)."""
        low, high = keys(data, bounds)
        slots = (mix(low, high) >> (65 - SLOTS.bit_length())).astype(np.int64)
        numbers = self._number[slots]
        missing = np.flatnonzero((self._low[slots] != low) | (self._high[slots] != high))
        spans = zip(bounds[missing].tolist(), bounds[missing + 1].tolist(), strict=True)
        numbers[missing] = [self.known.setdefault(data[a:b], len(self.known)) for a, b in spans]
        new = missing[(self._high[slots[missing]] == 0) & (high[missing] < _LONG)]
        free, first = np.unique(slots[new], return_index=True)  # of several for one place, the first gets it
        new = new[first]
        self._number[free], self._low[free] = numbers[new], low[new]
        self._high[free] = high[new]  # last: until it is there, an interrupted place counts as free
        return numbers


def keys(data: bytes, bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each pre-token as two uint64, low and high: its bytes 0 to 7; its bytes 8 to 14, and its length.

    Pre-tokens of up to 15 bytes differ if and only if their keys do. For a longer one the length says 16.
    """
    words = np.ndarray(len(data) + 8, "<u8", data + bytes(15), strides=(1,)).copy()  # 8 bytes from each place
    starts, lengths = bounds[:-1], np.minimum(np.diff(bounds), SHORT + 1)
    high = words[starts + 8] & _HIGH_MASKS[lengths] | lengths.astype(np.uint64) << np.uint64(56)
    return words[starts] & _LOW_MASKS[lengths], high


def mix(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """64 bits of each key, uint64; its place in a table of 2**b is the top b of them.

    Multiply and shift (Dietzfelbinger et al., 1997), but with fixed numbers: a quick mixture, not a good one.
    """
    return low * _ODD[0] ^ high * _ODD[1]


class BulkEncoder:
    """Encodes by `merges`, and remembers the ids of each pre-token."""

    def __init__(self, merges: Merges, dtype: type):
        self._merge, self._dtype, self._lock = merges.encode_many, dtype, threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._known = PretokenTable(), np.zeros(0, self._dtype), np.zeros(1, np.int64)

    def __call__(self, text: str) -> np.ndarray:
        """The ids of `text`, (n,), in the dtype given. Raises `UnicodeEncodeError` for a lone surrogate."""
        found, chunks = [np.zeros(0, self._dtype)], cut_chunks(text)
        while group := list(islice(chunks, GROUP)):
            with self._lock:  # threads share the table
                numbers, ids, ends = self._find(group)
            found += [gather(some, ids, ends) for some in numbers]
        return np.concatenate(found)

    def _find(self, group: list[tuple[bytes, np.ndarray]]) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
        """The numbers of the pre-tokens of each chunk; the ids of all, end to end, and where each ends."""
        table, ids, ends = self._known
        numbers = [table.numbers(*chunk) for chunk in group]
        if n_new := len(table.known) + 1 - len(ends):  # those of an interrupted call, too
            new, counts = self._merge([*islice(reversed(table.known), n_new)][::-1])
            ids = np.append(ids, new.astype(ids.dtype))
            ends = np.append(ends, ends[-1] + np.cumsum(counts))
            self._known = table, ids, ends
        if len(ids) > KNOWN_IDS:
            self._forget()
        return numbers, ids, ends


def gather(numbers: np.ndarray, ids: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The ids ids[ends[n] : ends[n + 1]] for each n in `numbers`, end to end.

    >>> gather(np.array([1, 0, 1]), np.array([10, 20, 21]), np.array([0, 1, 3]))
    array([20, 21, 10, 20, 21])
    """
    first = ends[numbers]
    counts = ends[numbers + 1] - first
    before = np.cumsum(counts) - counts
    index = np.repeat(first - before, counts)
    index += np.arange(len(index))
    return ids[index]


def pays(text: str, cuts: tuple[Cut, ...]) -> bool:
    """Whether arrays can cut `text`, and are worth it."""
    return len(text) >= ARRAYS_PAY and cuts == (Cut(GPT2_PATTERN),)


def count_pretokens(texts: Iterable[str], cuts: tuple[Cut, ...]) -> Counter[bytes]:
    """How often each pre-token occurs in `texts`; what it holds grows with the distinct ones alone."""
    table, counts, total = PretokenTable(), np.zeros(0, np.int64), Counter()
    for text in texts:
        if not pays(arguments.text("text", text), cuts):
            for pretoken, count in Counter(cut_by_all(text, cuts)).items():
                total[pretoken.encode()] += count
            continue
        for chunk in cut_chunks(text):
            more = np.bincount(table.numbers(*chunk), minlength=len(table.known))
            more[: len(counts)] += counts
            counts = more
    total.update(dict(zip(table.known, counts.tolist(), strict=True)))
    return total
