"""Answers to the exercises of deeper/08_fine_tuning_data."""

import itertools

import numpy as np
import torch

from answers import endless, form, says
from helpers.batches import pad_collate

# ---- 08.left_pad ----


def left_pad(sequences, pad_id):
    longest = max(map(len, sequences))
    missing = [longest - len(s) for s in sequences]
    ids = [[pad_id] * m + s for m, s in zip(missing, sequences, strict=True)]
    mask = [[0] * m + [1] * (longest - m) for m in missing]
    positions = [[0] * m + list(range(longest - m)) for m in missing]
    return ids, mask, positions


def left_pad_by_turning(batch, pad):
    """Pads the reversed rows on the right, and turns all back."""
    turned = pad_collate([s[::-1] for s in batch], pad)
    mask = turned["attention_mask"].flip(1)
    return [turned["input_ids"].flip(1), mask, (mask.cumsum(1) - 1).clamp(min=0)]


def left_pad_in_numpy(sequences, pad_id):
    width = max(len(s) for s in sequences)
    ids = np.full((len(sequences), width), pad_id)
    mask, positions = np.zeros((2, *ids.shape), dtype=int)
    for row, s in enumerate(sequences):
        ids[row, width - len(s) :] = s
        mask[row, width - len(s) :] = 1
        positions[row, width - len(s) :] = np.arange(len(s))
    return np.stack([ids, mask, positions])


def left_pad_as_generators(sequences, pad_id):
    for part in left_pad(sequences, pad_id):
        yield (tuple(row) for row in part)


def mask_of_booleans(sequences, pad_id):
    ids, mask, positions = left_pad(sequences, pad_id)
    return ids, [[m == 1 for m in row] for row in mask], positions


def changed(**parts):
    """left_pad with some of its parts made in another way, from (ids, mask, positions, pad_id)."""

    def answer(sequences, pad_id):
        names = ("ids", "mask", "positions")
        right = left_pad(sequences, pad_id)
        change = lambda name, part: parts[name](*right, pad_id) if name in parts else part
        return [change(*pair) for pair in zip(names, right, strict=True)]

    return answer


mask_from_ids = changed(mask=lambda ids, mask, positions, pad: [[int(i != pad) for i in r] for r in ids])
inverted = changed(mask=lambda ids, mask, positions, pad: [[1 - m for m in r] for r in mask])
counted_padding = changed(positions=lambda ids, mask, p, pad: [list(range(len(r))) for r in ids])
from_one = changed(positions=lambda ids, mask, p, pad: np.cumsum(mask, axis=1).tolist())
minus_at_padding = changed(positions=lambda ids, mask, p, pad: (np.cumsum(mask, axis=1) - 1).tolist())
always_zero = changed(ids=lambda ids, mask, p, pad: (np.array(ids) * np.array(mask)).tolist())
floats = changed(ids=lambda ids, mask, p, pad: np.array(ids, dtype=float))


def on_the_right(sequences, pad_id):
    padded = pad_collate(sequences, pad_id)
    mask = padded["attention_mask"]
    return padded["input_ids"], mask, (mask.cumsum(1) - 1) * mask


def pads_in_place(sequences, pad_id):
    longest = max(map(len, sequences))
    right = left_pad(sequences, pad_id)
    for s in sequences:
        while len(s) < longest:
            s.insert(0, pad_id)
    return right


def pads_for_ever(sequences, pad_id):
    longest = max(map(len, sequences))
    rows = []
    for s in sequences:
        row = list(s)
        while len(s) < longest:
            row = [pad_id, *row[:longest]]
        rows.append(row)
    return rows, rows, rows


# ---- 08.token_budget ----


def budget_longest_first(lengths, budget):
    if max(lengths) > budget:
        raise ValueError("a document is longer than the budget")
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batches = []
    while order:
        rows = budget // lengths[order[0]]
        batches.append(order[:rows])
        order = order[rows:]
    return batches


def budget_shortest_first(lengths, budget):
    """A generator of arrays, from the shortest up."""
    batch = []
    for i in np.argsort(lengths, kind="stable"):
        if lengths[i] > budget:
            raise ValueError(f"document {i} does not fit")
        if (len(batch) + 1) * lengths[i] > budget:
            yield np.array(batch)
            batch = []
        batch.append(i)
    yield np.array(batch)


class Budget:
    def __init__(self, shuffle_seed=0):
        self.random = np.random.default_rng(shuffle_seed)

    def __call__(self, sizes, budget):
        batches = budget_longest_first(sizes, budget)
        return tuple(tuple(batches[i]) for i in self.random.permutation(len(batches)))


def budget_as_tensors(lengths, budget):
    return [torch.tensor(batch) for batch in budget_longest_first(lengths, budget)]


def forgets_to_check(lengths, budget):
    order, batches = sorted(range(len(lengths)), key=lambda i: -lengths[i]), []
    while order:
        rows = budget // lengths[order[0]]
        batches = [*batches[-100:], order[:rows]]
        order = order[rows:]
    return batches


def skips_the_long(lengths, budget):
    kept = [i for i in range(len(lengths)) if lengths[i] <= budget]
    batches = budget_longest_first([lengths[i] for i in kept], budget)
    return [[kept[i] for i in batch] for batch in batches]


def long_one_alone(lengths, budget):
    order, batches = sorted(range(len(lengths)), key=lambda i: -lengths[i]), []
    while order:
        rows = max(1, budget // lengths[order[0]])
        batches.append(order[:rows])
        order = order[rows:]
    return batches


def checked(batches_of):
    """batches_of(lengths, budget), after the check that all fit."""

    def answer(lengths, budget):
        if max(lengths) > budget:
            raise ValueError("too long")
        return batches_of(lengths, budget)

    return answer


def greedy(lengths, budget, order, cost):
    batches, batch = [], []
    for i in order:
        if batch and cost([lengths[j] for j in [*batch, i]]) > budget:
            batches.append(batch)
            batch = []
        batch.append(int(i))
    return [*batches, batch]


by_length = lambda lengths: sorted(range(len(lengths)), key=lambda i: lengths[i])
padded_cost = lambda sizes: max(sizes) * len(sizes)
sums_tokens = checked(lambda n, budget: greedy(n, budget, by_length(n), sum))
unsorted = checked(lambda n, budget: greedy(n, budget, range(len(n)), padded_cost))
rows_of_eight = checked(lambda n, b: [by_length(n)[i : i + 8] for i in range(0, len(n), 8)])
one_each = checked(lambda n, budget: [[i] for i in range(len(n))])
last_one_lost = checked(lambda n, budget: greedy(n, budget, by_length(n), padded_cost)[:-1])
too_tight = checked(lambda n, budget: greedy(n, budget - 1, by_length(n), padded_cost))
as_lengths = checked(lambda n, b: [[n[i] for i in batch] for batch in budget_longest_first(n, b)])
from_one_on = checked(lambda n, b: [[i + 1 for i in batch] for batch in budget_longest_first(n, b)])
flat = checked(lambda n, b: list(itertools.chain(*budget_longest_first(n, b))))
empty_at_the_end = checked(lambda n, b: [*budget_longest_first(n, b), []])
as_floats = checked(lambda n, b: [[float(i) for i in batch] for batch in budget_longest_first(n, b)])


def first_of_batch_is_shortest(lengths, budget):
    if max(lengths) > budget:
        raise ValueError("too long")
    order, batches = by_length(lengths), []
    while order:
        rows = budget // lengths[order[0]]
        batches.append(order[:rows])
        order = order[rows:]
    return batches


def sorts_the_lengths(lengths, budget):
    lengths.sort()
    return budget_longest_first(lengths, budget)


def wrong_exception(lengths, budget):
    assert max(lengths) <= budget, "too long"
    return budget_longest_first(lengths, budget)


END = 4095
RIGHT = {
    "08.left_pad": [
        left_pad,
        left_pad_by_turning,
        left_pad_in_numpy,
        left_pad_as_generators,
        mask_of_booleans,
    ],
    "08.token_budget": [budget_longest_first, budget_shortest_first, Budget(), budget_as_tensors],
}

WRONG = {
    "08.left_pad": [
        says(on_the_right, "before the tokens"),
        says(mask_from_ids, "may be a real id too"),
        says(inverted, "1 = real"),
        says(counted_padding, "has position 0"),
        says(from_one, "has position 0"),
        says(minus_at_padding, "Those are the positions"),
        says(always_zero, "Those are the input_ids"),
        says(floats, "Those are the input_ids"),
        lambda sequences, pad_id: left_pad(sequences, 0),
        lambda sequences, pad_id: left_pad(sequences, pad_id)[0],
        lambda sequences, pad_id: left_pad(sequences, pad_id)[:2],
        lambda sequences, pad_id: left_pad(sequences, pad_id)[::-1],
        lambda sequences, pad_id: left_pad([s[::-1] for s in sequences], pad_id),
        lambda sequences, pad_id: left_pad(sorted(sequences, key=len), pad_id),
        lambda sequences, pad_id: left_pad([*sequences, [1] * 20], pad_id),
        says(
            lambda s, p: dict(zip(("input_ids", "attention_mask", "positions"), left_pad(s, p), strict=True)),
            "three lists",
        ),
        says(pads_in_place, "changed its argument"),
        says(lambda s, p: print(left_pad(s, p)), "Does it end with `return`?"),
        form(([[0]], [[0]], [[0]]), "should be a function"),
        endless(pads_for_ever),
    ],
    "08.token_budget": [
        endless(forgets_to_check),
        says(skips_the_long, "a ValueError"),
        says(long_one_alone, "a ValueError"),
        says(wrong_exception, "AssertionError"),
        says(
            lambda lengths, budget: greedy(lengths, budget, by_length(lengths), padded_cost), "a ValueError"
        ),
        says(sums_tokens, "padding too"),
        says(unsorted, "Sort by length"),
        says(rows_of_eight, "places"),
        says(one_each, "a tenth more"),
        says(last_one_lost, "once"),
        says(too_tight, "a tenth more"),
        says(as_lengths, "Indices, not lengths"),
        says(from_one_on, "once"),
        says(flat, "list of lists"),
        says(empty_at_the_end, "no empty batch"),
        says(as_floats, "list of lists"),
        says(first_of_batch_is_shortest, "padding too"),
        says(checked(lambda n, b: len(budget_longest_first(n, b))), "list of lists"),
        says(checked(lambda n, b: print(budget_longest_first(n, b))), "Does it end with `return`?"),
        sorts_the_lengths,
        form([[0, 1], [2]], "should be a function"),
    ],
}
