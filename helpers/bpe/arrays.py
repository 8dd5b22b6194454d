"""Encoding long texts with arrays: the same ids, several times as fast (deeper/03_encode_fast).

Each pre-token of up to 15 bytes fits two 64-bit numbers, and a hash table in NumPy gives its ids. What is new
goes through the merges once, many pre-tokens at a time. Where pre-tokens start, `starts.py` says.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from helpers.bpe.merging import Merges
from helpers.bpe.patterns import Cut, cut_by_all
from helpers.bpe.starts import Cutter, cut_chunks, cutter

ARRAYS_PAY = 2000  # characters; a shorter text is not worth the arrays
GROUP = 64  # chunks; the new pre-tokens of so many are merged together
SPARE, MOST_BITS = 4, 18  # at least so many places of the hash table for each pre-token, until it has 2**18
KNOWN_IDS = 2**19  # an encoder that holds more ids than this forgets them all
SHORT = 15  # bytes; longer pre-tokens are not in the table

# Masks that keep as many bytes of a word as a pre-token of 0, 1, ..., 16 bytes has in it
_LOW_MASKS = np.array([2 ** (8 * min(n, 8)) - 1 for n in range(SHORT + 2)], np.uint64)
_HIGH_MASKS = np.array([2 ** (8 * min(max(n - 8, 0), 7)) - 1 for n in range(SHORT + 2)], np.uint64)
_LONG = (SHORT + 1) << 56  # the key of a longer pre-token is at least this
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)  # of the golden ratio, and of xxHash


class PretokenTable:
    """Gives each new pre-token the next number, 0, 1, 2, ..., and finds the numbers of many at once.

    `known` has them all. Those of up to 15 bytes are also in a hash table of arrays, one in each place: if
    another came there first, only `known` has it. A place holds all bytes, so nothing is mixed up.

    >>> table = PretokenTable()
    >>> table.numbers(b"a cat a", np.array([0, 1, 5, 7])), table.known
    (array([0, 1, 2], dtype=int32), {b'a': 0, b' cat': 1, b' a': 2})
    """

    def __init__(self):
        self.known: dict[bytes, int] = {}
        self._bits, self._low, self._high, self._number = 0, *np.zeros((3, 0), np.uint64)

    def numbers(self, data: bytes, bounds: np.ndarray) -> np.ndarray:
        """The number of each pre-token of a chunk, of which none is empty: int32, (n,)."""
        self._grow(min(MOST_BITS, (SPARE * (len(self.known) + len(bounds))).bit_length()))
        low, high = keys(data, bounds)
        slots = _slots(low, high, self._bits)
        missing = np.flatnonzero((self._low.take(slots) != low) | (self._high.take(slots) != high))
        new = missing[(self._high[slots[missing]] == 0) & (high[missing] < _LONG)]
        self._number[slots[new[::-1]]] = new[::-1]  # of several for one place, the first stays, and gets it
        new = new[self._number[slots[new]] == new]
        free = slots[new]
        self._number[free], self._low[free] = self._ask(data, bounds, new), low[new]
        self._high[free] = high[new]  # last: until it is there, an interrupted place counts as free
        numbers, place = self._number.take(slots), slots[missing]
        missing = missing[(self._low[place] != low[missing]) | (self._high[place] != high[missing])]
        numbers[missing] = self._ask(data, bounds, missing)
        return numbers

    def _grow(self, bits: int) -> None:
        """Move to a table of 2**bits places, if that is larger. Keys whose top bits differ stay apart."""
        if bits > self._bits:
            low, high, number = *np.zeros((2, 2**bits), np.uint64), np.zeros(2**bits, np.int32)
            taken = np.flatnonzero(self._high)
            slots = _slots(self._low[taken], self._high[taken], bits)
            low[slots], high[slots], number[slots] = self._low[taken], self._high[taken], self._number[taken]
            self._bits, self._low, self._high, self._number = bits, low, high, number

    def _ask(self, data: bytes, bounds: np.ndarray, which: np.ndarray) -> list[int]:
        spans = zip(bounds[which].tolist(), bounds[which + 1].tolist(), strict=True)
        return [self.known.setdefault(data[start:end], len(self.known)) for start, end in spans]


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


def _slots(low: np.ndarray, high: np.ndarray, bits: int) -> np.ndarray:
    return (mix(low, high) >> np.uint64(64 - bits)).view(np.int64)


class BulkEncoder:
    """Encodes by `merges` what `cut` cuts, and remembers the ids of each pre-token."""

    def __init__(self, merges: Merges, cut: Cutter, dtype: type):
        self._merge, self._cut, self._lock = merges.encode_many, cut, threading.Lock()
        # The pre-tokens, the ids of all of them, end to end, in the dtype given, and where each ends
        self._known = PretokenTable(), np.zeros(0, dtype), np.zeros(1, np.int64)

    def __call__(self, text: str) -> Iterator[np.ndarray]:
        """The ids of each chunk of `text`."""
        chunks = cut_chunks(text, self._cut)
        while group := list(islice(chunks, GROUP)):
            with self._lock:  # threads share the table
                found = self._encode(group)
            yield from found

    def _encode(self, chunks: Iterable[tuple[bytes, np.ndarray]]) -> list[np.ndarray]:
        table, ids, ends = self._known
        numbers = [table.numbers(*chunk) for chunk in chunks]
        if n_new := len(table.known) + 1 - len(ends):  # those of an interrupted call, too
            new, counts = self._merge([*islice(reversed(table.known), n_new)][::-1])
            ids = np.append(ids, new.astype(ids.dtype))
            ends = np.append(ends, ends[-1] + np.cumsum(counts))
            self._known = table, ids, ends
        if len(ids) > KNOWN_IDS:
            self._known = PretokenTable(), ids[:0].copy(), ends[:1].copy()
        return [gather(some, ids, ends) for some in numbers]


def gather(numbers: np.ndarray, ids: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The ids ids[ends[n] : ends[n + 1]] for each n in `numbers`, end to end.

    >>> gather(np.array([1, 0, 1]), np.array([10, 20, 21]), np.array([0, 1, 3]))
    array([20, 21, 10, 20, 21])
    """
    stop = ends.take(numbers + 1)
    counts = stop - ends.take(numbers)
    stop -= np.cumsum(counts)
    index = np.repeat(stop, counts)
    index += np.arange(len(index))
    return ids.take(index)


def count_pretokens(texts: Iterable[str], cuts: tuple[Cut, ...]) -> Counter[bytes]:
    """How often each pre-token occurs in `texts`; what it holds grows with the distinct ones alone."""
    table, counts, total = PretokenTable(), np.zeros(0, np.int64), Counter()
    arrays = cutter(*(how.pattern for how in cuts))
    for text in texts:
        if arrays and len(text) >= ARRAYS_PAY and "\0" not in text:
            for chunk in cut_chunks(text, arrays):
                more = np.bincount(table.numbers(*chunk), minlength=len(table.known))
                more[: len(counts)] += counts
                counts = more
        else:
            total.update(map(str.encode, cut_by_all(text, cuts)))
    total.update(dict(zip(table.known, counts.tolist(), strict=True)))
    return total
