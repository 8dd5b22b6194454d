"""Answers to the exercises of the page 03_encode_fast."""

import functools
import struct
import zlib

import numpy as np

from answers import endless, form, says

# ---- 03.pack ----


def refuse(word):
    if len(word) > 7:
        raise ValueError("too long")


def length_on_top(word):
    refuse(word)
    return int.from_bytes(word, "little") | len(word) << 56


def one_in_front(word):
    refuse(word)
    return int.from_bytes(b"\1" + word, "big")


def as_uint64(data):
    if not len(data) < 8:
        raise ValueError(data)
    return np.frombuffer(data.ljust(7, b"\0") + bytes([len(data)]), "<u8")[0]


def length_after_the_word(word):
    refuse(word)
    return int.from_bytes(word + bytes([len(word)]), "little")


def by_struct(word):
    refuse(word)
    return struct.unpack(">Q", bytes([len(word)]) + word.rjust(7, b"\0"))[0]


def digits_of_257(word):
    refuse(word)
    key = 0
    for byte in word:
        key = key * 257 + byte + 1
    return key


def after_all_shorter_ones(word):
    refuse(word)
    return sum(256**n for n in range(len(word))) + int.from_bytes(word, "big")


def hashed(word):
    refuse(word)
    return hash(word) % 2**64


def checksum(word):
    refuse(word)
    return zlib.crc32(word) | len(word) << 56


def numbered(word, table={}):  # noqa: B006
    refuse(word)
    return table.setdefault(word, len(table))


def java_hash(word):
    refuse(word)
    return functools.reduce(lambda key, byte: (31 * key + byte + 1) % 2**64, word, 0)


def without_length(word):
    refuse(word)
    return int.from_bytes(word, "little")


def leading_zeros_lost(word):
    refuse(word)
    return int.from_bytes(word, "big")


def four_bytes(word):
    refuse(word)
    return int.from_bytes(word[:4], "little") | len(word) << 56


def length_in_a_byte_taken(word):
    refuse(word)
    return int.from_bytes(word, "little") | len(word) << 48


def too_large(word):
    refuse(word)
    return int.from_bytes(word, "little") | len(word) << 64


def negative(word):
    refuse(word)
    return int.from_bytes(word.ljust(7, b"\0") + bytes([200 + len(word)]), "little", signed=True)


def takes_longer_ones(word):
    return int.from_bytes(word[:7], "little") | min(len(word), 8) << 56


def wrong_error(word):
    assert len(word) < 8
    return length_on_top(word)


def returns_bytes(word):
    refuse(word)
    return word.ljust(7, b"\0") + bytes([len(word)])


def as_float(word):
    refuse(word)
    return float(int.from_bytes(word, "little") | len(word) << 56)


# ---- 03.thirds ----


def by_accumulate(is_number):
    at = np.arange(len(is_number))
    last_other = np.maximum.accumulate(np.where(is_number, -1, at))
    return is_number & ((at - last_other - 1) % 3 == 0)


def by_cumsum(numbers):
    n = np.cumsum(numbers)
    before = np.maximum.accumulate(np.where(numbers, 0, n))
    return (numbers & ((n - before) % 3 == 1)).tolist()


class Thirds:
    def __call__(self, is_number):
        starts = is_number & ~np.r_[False, is_number[:-1]][: len(is_number)]
        first = np.maximum.accumulate(starts * np.arange(len(starts)))
        return np.logical_and(is_number, (np.arange(len(starts)) - first) % 3 == 0)


def loop_of_thirds(is_number):
    out, run = [], 0
    for one in is_number:
        out.append(bool(one) and run % 3 == 0)
        run = run + 1 if one else 0
    return out


def from_the_right(is_number):
    return by_accumulate(is_number[::-1])[::-1]


def places(is_number):
    return np.flatnonzero(by_accumulate(is_number))


def every_third(is_number):
    return is_number & (np.arange(len(is_number)) % 3 == 0)


def run_starts(is_number):
    return is_number & ~np.r_[False, is_number[:-1]][: len(is_number)]


def over_the_gap(is_number):
    return is_number & (np.cumsum(is_number) % 3 == 1)


def others_too(is_number):
    return by_accumulate(is_number) | ~is_number


def in_place(is_number):
    right = by_accumulate(is_number)
    is_number[:] = right
    return is_number


def pairs_of_digits(is_number):
    at = np.arange(len(is_number))
    return is_number & ((at - np.maximum.accumulate(np.where(is_number, -1, at)) - 1) % 2 == 0)


def waits_for_ever(values):
    while True:
        values = values + 0


RIGHT = {
    "03.pack": [
        length_on_top,
        one_in_front,
        as_uint64,
        length_after_the_word,
        by_struct,
        digits_of_257,
        after_all_shorter_ones,
    ],
    "03.thirds": [by_accumulate, by_cumsum, Thirds(), functools.partial(lambda f, x: f(x), by_accumulate)],
}
WRONG = {
    "03.pack": [
        says(hashed, "A hash mixes the bytes"),
        says(numbered, "let the bytes stand in it"),
        checksum,
        java_hash,
        without_length,
        leading_zeros_lost,
        four_bytes,
        length_in_a_byte_taken,
        too_large,
        negative,
        says(takes_longer_ones, "a ValueError"),
        says(wrong_error, "AssertionError"),
        returns_bytes,
        as_float,
        lambda word: sum(word),
        says(lambda word: print(length_on_top(word)), "`return`"),
    ],
    "03.thirds": [
        says(loop_of_thirds, "there is a loop"),
        from_the_right,
        places,
        every_third,
        run_starts,
        over_the_gap,
        others_too,
        says(in_place, "changed its argument"),
        pairs_of_digits,
        lambda is_number: is_number,
        says(lambda is_number: print(by_accumulate(is_number)), "`return`"),
        endless(waits_for_ever),
        form([True, False], "should be a function"),
    ],
}
