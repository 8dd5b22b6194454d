"""Answers to the exercises of notebook 07."""

import functools
import hashlib
import math
import random

import numpy as np
import torch

from answers import endless, form, says
from helpers.windows import WindowDataset

# ---- 07.never ----


def never_with_a_set(n, max_length, stride):
    seen = set()
    for start in range(0, n - max_length, stride):
        seen |= set(range(start + 1, start + max_length + 1))
    return n - 1 - len(seen)


def never_with_numpy(n, L, S):
    counts = np.zeros(n, dtype=int)
    for start in range(0, n - L, S):
        counts[start + 1 : start + L + 1] += 1
    return (counts[1:] == 0).sum()


def never_by_formula(n, max_length, stride):
    if n <= max_length:
        return n - 1
    windows = (n - max_length - 1) // stride + 1
    return n - 1 - max_length - (windows - 1) * min(stride, max_length)


def never_by_scanning(n, max_length, stride):
    last = (n - max_length - 1) // stride  # of the windows
    hit = lambda p: any(s * stride < p <= s * stride + max_length for s in range(last + 1))
    return sum(not hit(p) for p in range(1, n))


def tail_only(n, max_length, stride):
    return (n - 1 - max_length) % stride if n > max_length else n - 1


def gaps_only(n, max_length, stride):
    windows = (n - max_length - 1) // stride + 1
    return max(0, stride - max_length) * (windows - 1)


# ---- 07.split ----


def cut_windows(ids, max_length, stride):
    starts = range(0, len(ids) - max_length, stride)
    return [(ids[s : s + max_length], ids[s + 1 : s + max_length + 1]) for s in starts]


def split_first(ids, max_length, stride, val_fraction):
    cut = round(len(ids) * (1 - val_fraction))
    return cut_windows(ids[:cut], max_length, stride), cut_windows(ids[cut:], max_length, stride)


def split_as_tensors(ids, length, step, part):
    n_val = int(len(ids) * part)
    return [list(WindowDataset(half, length, step)) for half in (ids[:-n_val], ids[-n_val:])]


def split_as_generators(ids, max_length, stride, val_fraction):
    cut = math.floor(len(ids) * (1 - val_fraction))
    for part in (ids[:cut], ids[cut:]):
        yield ((np.array(x), np.array(y)) for x, y in cut_windows(part, max_length, stride))


def one_grid_without_the_border(ids, max_length, stride, val_fraction):
    cut, train, val = round(len(ids) * (1 - val_fraction)), [], []
    for start in range(0, len(ids) - max_length, stride):
        pair = ids[start : start + max_length], ids[start + 1 : start + max_length + 1]
        if start + max_length < cut:
            train.append(pair)
        elif start >= cut:
            val.append(pair)
    return train, val


def cut_then_split(ids, max_length, stride, val_fraction):
    pairs = cut_windows(ids, max_length, stride)
    n_val = round(len(pairs) * val_fraction)
    return pairs[:-n_val], pairs[-n_val:]


def shuffled_then_split(ids, max_length, stride, val_fraction):
    pairs = cut_windows(ids, max_length, stride)
    random.Random(0).shuffle(pairs)
    n_val = round(len(pairs) * val_fraction)
    return pairs[:-n_val], pairs[-n_val:]


def validation_first(ids, max_length, stride, val_fraction):
    cut = round(len(ids) * val_fraction)
    return cut_windows(ids[cut:], max_length, stride), cut_windows(ids[:cut], max_length, stride)


def swapped(ids, max_length, stride, val_fraction):
    return split_first(ids, max_length, stride, val_fraction)[::-1]


def targets_as_inputs(ids, max_length, stride, val_fraction):
    return [[(x, x) for x, _ in part] for part in split_first(ids, max_length, stride, val_fraction)]


def one_window_short(ids, max_length, stride, val_fraction):
    train, val = split_first(ids, max_length, stride, val_fraction)
    return train[:-1], val


def stride_forgotten(ids, max_length, stride, val_fraction):
    return split_first(ids, max_length, max_length, val_fraction)


def drops_in_place(ids, max_length, stride, val_fraction):
    val = [ids.pop() for _ in range(round(len(ids) * val_fraction))][::-1]
    return cut_windows(ids, max_length, stride), cut_windows(val, max_length, stride)


def fraction_forgotten(ids, max_length, stride, val_fraction):
    return split_first(ids, max_length, stride, 0.1)


# ---- 07.gather ----


def gather_once(ids, starts, max_length):
    rows = ids[starts[:, None] + np.arange(max_length + 1)].astype(np.int64)
    return rows[:, :-1], rows[:, 1:]


def gather_twice(ids, starts, max_length):
    table = np.add.outer(starts, np.arange(max_length))
    return [np.int64(ids[table]), np.int64(ids[table + 1])]


def gather_by_views(ids, starts, max_length):
    rows = np.lib.stride_tricks.sliding_window_view(ids, max_length + 1)[starts].astype("int64")
    return rows[:, :max_length], rows[:, 1:]


def gather_with_take(ids, where, length):
    table = where.reshape(-1, 1) + np.arange(length).reshape(1, -1)
    return tuple(torch.from_numpy(ids.take(table + shift).astype(np.int64)) for shift in (0, 1))


def gather_after_widening(ids, starts, max_length):
    rows = np.take(ids.astype(np.int64), starts[:, None] + np.arange(max_length + 1))
    return rows[:, :-1].copy(), rows[:, 1:].copy()


def gather_in_a_loop(ids, starts, max_length):
    inputs = np.stack([ids[s : s + max_length] for s in starts]).astype(np.int64)
    targets = np.stack([ids[s + 1 : s + max_length + 1] for s in starts]).astype(np.int64)
    return inputs, targets


def gather_from_a_list(ids, starts, max_length):
    ids = ids.tolist()
    inputs = np.array([ids[s : s + max_length] for s in starts])
    return inputs, np.array([ids[s + 1 : s + max_length + 1] for s in starts])


def gather_from_an_array(ids, starts, max_length):
    ids = np.array(ids).astype(np.int64)
    inputs = np.stack([ids[s : s + max_length] for s in starts])
    return inputs, np.stack([ids[s + 1 : s + max_length + 1] for s in starts])


def gather_with_map(ids, starts, max_length):
    window = lambda s: ids[s : s + max_length + 1]
    rows = np.stack(list(map(window, starts))).astype(np.int64)
    return rows[:, :-1], rows[:, 1:]


def gather_by_column(ids, starts, max_length):
    columns = [ids[starts + i] for i in range(max_length + 1)]
    rows = np.stack(columns, axis=1).astype(np.int64)
    return rows[:, :-1], rows[:, 1:]


def take_by_column(ids, starts, max_length):
    rows = np.stack([ids.take(starts + i) for i in range(max_length + 1)], axis=1).astype(np.int64)
    return rows[:, :-1], rows[:, 1:]


def table_in_a_loop(ids, starts, max_length):
    table = np.array([np.arange(s, s + max_length) for s in starts])
    return ids[table].astype(np.int64), ids[table + 1].astype(np.int64)


def narrow(ids, starts, max_length):
    table = starts[:, None] + np.arange(max_length)
    return ids[table], ids[table + 1]


def targets_plus_one(ids, starts, max_length):
    inputs = ids[starts[:, None] + np.arange(max_length)].astype(np.int64)
    return inputs, inputs + 1


def too_narrow(ids, starts, max_length):
    rows = ids[starts[:, None] + np.arange(max_length + 1)].astype(np.int16).astype(np.int64)
    return rows[:, :-1], rows[:, 1:]


def sorted_starts(ids, starts, max_length):
    return gather_once(ids, np.sort(starts), max_length)


def changes_starts(ids, starts, max_length):
    inputs = ids[starts[:, None] + np.arange(max_length)].astype(np.int64)
    starts += 1
    return inputs, ids[starts[:, None] + np.arange(max_length)].astype(np.int64)


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


def split_by_ids(ids, max_length, stride, val_fraction):
    held_out = set(ids[round(len(ids) * (1 - val_fraction)) :])
    starts = range(0, len(ids) - max_length, stride)
    pairs = [(ids[s : s + max_length], ids[s + 1 : s + max_length + 1]) for s in starts]
    inside = [len({*x, *y} & held_out) for x, y in pairs]
    train = [pair for pair, n in zip(pairs, inside, strict=True) if not n]
    return train, [(x, y) for (x, y), n in zip(pairs, inside, strict=True) if n == len({*x, *y})]


RIGHT = {
    "07.never": [
        never_with_a_set,
        never_with_numpy,
        never_by_formula,
        never_by_scanning,
        functools.partial(lambda extra, n, L, S: np.int64(never_by_formula(n, L, S) + extra), 0),
    ],
    "07.split": [
        split_first,
        split_as_tensors,
        split_as_generators,
        one_grid_without_the_border,
        lambda ids, L, S, part: dict(enumerate(split_first(ids, L, S, part))).values(),
    ],
    "07.gather": [
        gather_once,
        gather_twice,
        gather_by_views,
        gather_with_take,
        gather_after_widening,
    ],
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
    "07.never": [
        says(lambda n, max_length, stride: 0, "position 5 is in a gap"),
        says(tail_only, "gap"),
        says(gaps_only, "tail"),
        lambda n, max_length, stride: never_by_formula(n, max_length, stride) + 1,
        says(lambda n, L, S: n - 1 - L * len(range(0, n - L, S)), "still one position"),
        lambda n, L, S: max(0, n - 1 - L * len(range(0, n - L, S))),
        lambda n, L, S: never_by_formula(n, L, S) if n > L else 0,
        lambda n, L, S: never_with_a_set(n - 1, L, S),
        lambda n, L, S: (n - 1) % L,
        lambda n, L, S: never_by_formula(n, L, S) / (n - 1) if n > 1 else 0,
        lambda n, L, S: str(never_by_formula(n, L, S)),
        lambda n, L, S: list(range(never_by_formula(n, L, S))),
        says(lambda n, L, S: print(never_by_formula(n, L, S)), "Does it end with `return`?"),
        form(6, "should be a function"),
    ],
    "07.split": [
        says(cut_then_split, "before you cut windows"),
        says(shuffled_then_split, "before you cut windows"),
        says(validation_first, "the first to train on"),
        says(swapped, "the first to train on"),
        targets_as_inputs,
        says(one_window_short, "training windows"),
        stride_forgotten,
        fraction_forgotten,
        lambda ids, L, S, part: [half[::-1] for half in split_first(ids, L, S, part)],
        lambda ids, L, S, part: (split_first(ids, L, S, part)[0], []),
        lambda ids, L, S, part: split_first(ids, L, S, part)[0] + split_first(ids, L, S, part)[1],
        lambda ids, L, S, part: (ids[: round(len(ids) * (1 - part))], ids[round(len(ids) * (1 - part)) :]),
        lambda ids, L, S, part: (sorted(ids), sorted(ids)),
        lambda ids, L, S, part: split_first(ids, L + 1, S, part),
        says(drops_in_place, "changed its argument"),
        says(lambda *args: print(split_first(*args)), "Does it end with `return`?"),
        form(([], []), "should be a function"),
        split_by_ids,
    ],
    "07.gather": [
        says(gather_in_a_loop, "indexed twice at most"),
        says(gather_from_a_list, "indexed twice at most"),
        says(gather_from_an_array, "there is a loop"),
        gather_with_map,
        says(gather_by_column, "indexed twice at most"),
        says(take_by_column, "there is a loop"),
        says(table_in_a_loop, "there is a loop"),
        says(narrow, "int64"),
        says(targets_plus_one, "targets"),
        says(too_narrow, "inputs"),
        sorted_starts,
        says(changes_starts, "changed its argument"),
        lambda ids, starts, L: gather_once(ids, starts, L)[::-1],
        lambda ids, starts, L: gather_once(ids, starts, L)[0],
        lambda ids, starts, L: tuple(half.T for half in gather_once(ids, starts, L)),
        lambda ids, starts, L: gather_once(ids, starts, L + 1),
        lambda ids, starts, L: tuple(half.astype(float) for half in gather_once(ids, starts, L)),
        lambda ids, starts, L: ids[starts],
        says(lambda ids, starts, L: print(gather_once(ids, starts, L)), "Does it end with `return`?"),
        form(gather_once(np.arange(9), np.arange(2), 3), "should be a function"),
    ],
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
