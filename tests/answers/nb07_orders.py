"""Answers to the exercises of deeper/07_orders."""

import functools
import hashlib
import math
import random

import numpy as np
import torch

from answers import endless, form, says

# ---- 07.carry ----


def carry_by_reshape(ids, batch_size, max_length):
    length = (len(ids) - 1) // batch_size
    inputs = ids[: length * batch_size].reshape(batch_size, length)
    targets = ids[1 : length * batch_size + 1].reshape(batch_size, length)
    starts = range(0, length - max_length + 1, max_length)
    return [(inputs[:, s : s + max_length], targets[:, s : s + max_length]) for s in starts]


def carry_as_generator(tokens, rows, columns):
    length = (len(tokens) - 1) // rows
    for number in range(length // columns):
        at = [row * length + number * columns for row in range(rows)]
        yield [tokens[a : a + columns] for a in at], [tokens[a + 1 : a + columns + 1] for a in at]


def carry_by_whole_windows(ids, batch_size, max_length):
    """Strips of whole windows: a little shorter, and as many batches."""
    batches = (len(ids) - 1) // (batch_size * max_length)
    table = np.arange(batch_size * batches * max_length).reshape(batch_size, batches, max_length)
    return tuple((torch.tensor(ids[table[:, b]]), torch.tensor(ids[table[:, b] + 1])) for b in range(batches))


def carry_with(length_of):
    def carry(ids, batch_size, max_length):
        length = length_of(len(ids), batch_size)
        strips = [ids[r * length : (r + 1) * length + 1] for r in range(batch_size)]
        batches = []
        for s in range(0, length - max_length + 1, max_length):
            inputs = np.stack([strip[s : s + max_length] for strip in strips])
            batches.append((inputs, np.stack([strip[s + 1 : s + max_length + 1] for strip in strips])))
        return batches

    return carry


def carry_one_too_many(ids, batch_size, max_length):
    length = len(ids) // batch_size
    inputs = ids[: length * batch_size].reshape(batch_size, length)
    targets = np.append(ids[1:], ids[-1])[: length * batch_size].reshape(batch_size, length)
    return [
        (inputs[:, s : s + max_length], targets[:, s : s + max_length])
        for s in range(0, length - max_length + 1, max_length)
    ]


def in_text_order(ids, batch_size, max_length):
    size = batch_size * max_length
    starts = range(0, len(ids) - size, size)
    shape = batch_size, max_length
    return [(ids[s : s + size].reshape(shape), ids[s + 1 : s + size + 1].reshape(shape)) for s in starts]


def counts_on(ids, batch_size, max_length):
    return [(inputs, inputs + 1) for inputs, _ in carry_by_reshape(ids, batch_size, max_length)]


def last_batch_short(ids, batch_size, max_length):
    length = (len(ids) - 1) // batch_size
    inputs = ids[: length * batch_size].reshape(batch_size, length)
    starts = range(0, length, max_length)
    return [(inputs[:, s : s + max_length], inputs[:, s : s + max_length] + 1) for s in starts]


def strips_lose_a_target(ids, batch_size, max_length):
    length = len(ids) // batch_size
    strips = ids[: length * batch_size].reshape(batch_size, length)
    starts = range(0, length - max_length, max_length)
    return [(strips[:, s : s + max_length], strips[:, s + 1 : s + max_length + 1]) for s in starts]


def overlapping(ids, batch_size, max_length):
    length = (len(ids) - 1) // batch_size
    at = np.arange(batch_size)[:, None] * max(1, length - 2) + np.arange(max_length)
    return [(ids[at + s], ids[at + s + 1]) for s in range(0, length - max_length + 1, max_length)]


def prints_batches(ids, batch_size, max_length):
    for inputs, targets in carry_by_reshape(ids, batch_size, max_length):
        print(inputs, targets)


# ---- 07.shuffle ----


def feistel(i, n, seed, function=None):
    function = function or (lambda *key: int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8]))
    half = max(1, ((n - 1).bit_length() + 1) // 2)
    while True:
        left, right = divmod(i, 2**half)
        for turn in range(4):
            left, right = right, left ^ (function(seed, turn, right) % 2**half)
        i = left * 2**half + right
        if i < n:
            return i


def mixed(seed, turn, right):
    x = (right * 0x9E3779B97F4A7C15 + turn * 0xBF58476D1CE4E5B9 + seed * 0x94D049BB133111EB) % 2**64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    return (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64 >> 20


def hash_of_numbers(seed, turn, right):
    return hash((seed, turn, right)) >> 7


def random_of_text(seed, turn, right):
    return random.Random(f"{seed} {turn} {right}").getrandbits(60)


class Shuffler:
    def __call__(self, place, n, seed):
        return np.int64(feistel(place, n, seed, mixed))


def salted(seed, turn, right):
    return hash(f"{seed} {turn} {right}")


def salted_in_a_tuple(seed, turn, right):
    return hash((str(seed), turn, right))


def in_a_list(i, n, seed):
    order = list(range(n))
    random.Random(seed).shuffle(order)
    return order[i]


@functools.cache
def whole_order(n, seed):
    return np.random.default_rng(seed).permutation(n)


def drawn(i, n, seed):
    return random.Random(seed * n + i).randrange(n)


def equal_steps(i, n, seed):
    step = next(s for s in range(n // 3 + seed + 1, 2 * n + seed + 2) if math.gcd(s, n) == 1)
    return (i * step + seed) % n


def seed_forgotten(i, n, seed):
    return feistel(i, n, 0, mixed)


def parity_of_seed(i, n, seed):
    return feistel(i, n, seed % 2, mixed)


_rng = random.Random(0)


def another_each_time(i, n, seed):
    return feistel(i, n, _rng.randrange(1000), mixed)


def too_small_at_times(i, n, seed):
    half = max(1, ((n - 1).bit_length() + 1) // 2)
    left, right = divmod(i, 2**half)
    for turn in range(4):
        left, right = right, left ^ (mixed(seed, turn, right) % 2**half)
    return (left * 2**half + right) % n


def forgot_to_go_on(i, n, seed):
    half = max(1, ((n - 1).bit_length() + 1) // 2)
    while True:
        left, right = divmod(i, 2**half)
        for turn in range(4):
            left, right = right, left ^ (mixed(seed, turn, right) % 2**half)
        j = left * 2**half + right
        if j < n:
            return j


RIGHT = {
    "07.carry": [
        carry_by_reshape,
        carry_as_generator,
        carry_by_whole_windows,
        carry_with(lambda n, rows: (n - 1) // rows),
        lambda ids, b, m: [(x.tolist(), y.tolist()) for x, y in carry_by_reshape(ids, b, m)],
    ],
    "07.shuffle": [
        feistel,
        lambda i, n, seed: feistel(i, n, seed, mixed),
        lambda i, n, seed: feistel(i, n, seed, hash_of_numbers),
        lambda place, size, key: feistel(place, size, key, random_of_text),
        Shuffler(),
    ],
}

WRONG = {
    "07.carry": [
        carry_with(lambda n, rows: n // rows),
        carry_one_too_many,
        says(in_text_order, "to begin with"),
        says(counts_on, "need not count up"),
        last_batch_short,
        strips_lose_a_target,
        overlapping,
        lambda ids, b, m: carry_by_reshape(ids, b, m)[:-1],
        lambda ids, b, m: carry_by_reshape(ids, b, m)[1:],
        lambda ids, b, m: carry_by_reshape(ids, b, m)[::-1],
        lambda ids, b, m: [(x.T, y.T) for x, y in carry_by_reshape(ids, b, m)],
        lambda ids, b, m: [(y, x) for x, y in carry_by_reshape(ids, b, m)],
        lambda ids, b, m: [x for x, _ in carry_by_reshape(ids, b, m)],
        lambda ids, b, m: carry_by_reshape(ids, m, b),
        lambda ids, b, m: carry_by_reshape(ids, b, m) or None,
        lambda ids, b, m: [],
        lambda ids, b, m: len(carry_by_reshape(ids, b, m)),
        says(prints_batches, "Does it end with `return`?"),
        form([], "should be a function"),
        says(
            lambda ids, b, m: [(x * 1.0, y * 1.0) for x, y in carry_by_reshape(ids, b, m)], "Ids are integers"
        ),
        says(lambda ids, b, m: carry_by_reshape(ids, b, m)[:1], "A strip has"),
        lambda ids, b, m: [(x.astype(np.uint8), y.astype(np.uint8)) for x, y in carry_by_reshape(ids, b, m)],
    ],
    "07.shuffle": [
        lambda i, n, seed: i,
        lambda i, n, seed: n - 1 - i,
        lambda i, n, seed: (i + seed) % n,
        lambda i, n, seed: n,
        says(lambda i, n, seed: float(feistel(i, n, seed)), "an integer from 0"),
        says(drawn, "different windows"),
        says(in_a_list, "grows with n"),
        says(lambda i, n, seed: int(whole_order(n, seed)[i]), "grows with n"),
        says(equal_steps, "Too regular"),
        says(seed_forgotten, "`seed`"),
        says(parity_of_seed, "`seed`"),
        another_each_time,
        says(lambda i, n, seed: feistel(i, n, seed, salted), "in each process"),
        says(lambda i, n, seed: feistel(i, n, seed, salted_in_a_tuple), "in each process"),
        lambda i, n, seed: (i * 5 + 2 * seed + 1) % n,
        lambda i, n, seed: random.Random(seed).sample(range(n), n)[i],
        too_small_at_times,
        says(lambda i, n, seed: print(feistel(i, n, seed)), "Does it end with `return`?"),
        form(feistel(1, 10, 0), "should be a function"),
        endless(forgot_to_go_on),
        says(lambda i, n, seed: feistel(i, min(n, 2**32), seed, mixed), "limit on the size"),
        lambda i, n, seed: i // 10 * 10 + feistel(i % 10, min(10, n - i // 10 * 10), seed, mixed),
    ],
}
