"""Answers to the exercises of notebook 07."""

import functools
import math
import random

import numpy as np
import torch

from answers import form, says
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
}
