"""Answers to the exercises of notebook 08."""

import itertools

import numpy as np
import torch

from answers import form, says

# ---- 08.waste ----


def waste_in_a_loop(sizes):
    longest, missing = max(sizes), 0
    for size in sizes:
        missing += longest - size
    return missing / (longest * len(sizes))


def waste_with_torch(lengths):
    lengths = torch.as_tensor(lengths).double()
    return 1 - lengths.mean() / lengths.max()


class Waste:
    def __call__(self, lengths):
        return np.float64(1 - np.mean(lengths) / np.max(lengths))


def sorts_in_place(lengths):
    lengths.sort()
    return 1 - sum(lengths) / (len(lengths) * lengths[-1])


# ---- 08.borders ----


def borders_in_a_loop(document_ids):
    found = [0]
    for place in range(1, len(document_ids)):
        if document_ids[place] != document_ids[place - 1]:
            found.append(place)
    return [*found, len(document_ids)]


def borders_with_diff(row):
    row = np.asarray(row)
    return np.concatenate([[0], np.flatnonzero(np.diff(row)) + 1, [row.size]])


def borders_with_groupby(ids):
    sizes = [len(list(group)) for _, group in itertools.groupby(int(i) for i in ids)]
    return tuple(itertools.accumulate(sizes, initial=0))


def borders_as_generator(ids):
    before = None
    for place, i in enumerate(ids):
        if before is None or i != before:
            yield place
        before = i
    yield len(ids)


def borders_in_int32(ids):
    ids = torch.as_tensor(ids)
    _, counts = torch.unique_consecutive(ids, return_counts=True)
    return torch.nn.functional.pad(counts.cumsum(0), (1, 0)).int()


def borders_by_unique(ids):
    _, first = np.unique(np.asarray(ids), return_index=True)
    return [*sorted(first.tolist()), len(ids)]


def borders_by_counts(ids):
    _, counts = np.unique(np.asarray(ids), return_counts=True)
    return np.concatenate([[0], np.cumsum(counts)])


def borders_by_seen(ids):
    seen, found = set(), []
    for place, i in enumerate(int(i) for i in ids):
        if i not in seen:
            seen.add(i)
            found.append(place)
    return [*found, len(ids)]


def borders_where_it_grows(ids):
    ids = [int(i) for i in ids]
    return [0, *(p for p in range(1, len(ids)) if ids[p] > ids[p - 1]), len(ids)]


def without_padding(ids):
    ids = [int(i) for i in ids if i >= 0]
    return borders_in_a_loop(ids)


END = 4095

RIGHT = {
    "08.waste": [
        lambda lengths: 1 - sum(lengths) / (len(lengths) * max(lengths)),
        waste_in_a_loop,
        waste_with_torch,
        Waste(),
        lambda n: np.mean([1 - k / max(n) for k in n]),
    ],
    "08.find_the_bug": [
        ([[4, 5, 0], [6, 0]], 0),
        [((1, 2), (3,)), 2],
        (np.array([[7, END], [8, END]]), np.int64(END)),
        ([torch.tensor([3, 9, 3]), torch.tensor([1])], 9),
        ((s for s in ([5], [6, 7, 5])), 5),
        ([range(4)], 0),
    ],
    "08.borders": [
        borders_in_a_loop,
        borders_with_diff,
        borders_with_groupby,
        borders_as_generator,
        borders_in_int32,
    ],
}

WRONG = {
    "08.waste": [
        says(lambda n: 100 * (1 - sum(n) / (len(n) * max(n))), "percent"),
        says(lambda n: (len(n) * max(n) - sum(n)) / sum(n), "per real token"),
        says(lambda n: len(n) * max(n) - sum(n), "number of padded places"),
        says(lambda n: sum(n) / (len(n) * max(n)), "share of real tokens"),
        lambda n: 1 - sum(n) / (len(n) * n[-1]),
        lambda n: 1 - sum(n) / (len(n) * n[0]),
        lambda n: (max(n) - min(n)) / (2 * max(n)),
        lambda n: 1 - np.median(n) / max(n),
        lambda n: 1 - min(n) / max(n),
        lambda n: 1 - sum(n) // (len(n) * max(n)),
        lambda n: round(waste_in_a_loop(n), 2),
        lambda n: f"{waste_in_a_loop(n):.1%}",
        lambda n: [1 - k / max(n) for k in n],
        lambda n: 1 - sum(n) / (max(n) * 8),
        lambda n: 1 - len(set(n)) / len(n),
        says(sorts_in_place, "changed its argument"),
        says(lambda n: print(waste_in_a_loop(n)), "Does it end with `return`?"),
        form(0.97, "should be a function"),
    ],
    "08.find_the_bug": [
        says(([[1, 2], [3]], 0), "labels that differ"),
        says(([[1, 2, 3], [4, 5, 6]], END), "labels that differ"),
        says(([[1, 2]], 3), "No sequence holds 3"),
        says(([1, 2, 0], 0), "that pad_collate can take"),
        says(("abc", 0), "that pad_collate can take"),
        says(([["a", "b"], ["c"]], "b"), "that pad_collate can take"),
        says(([[1.0, 0.0], [2.0]], 0.0), "that pad_collate can take"),
        says(([[1, -100], [2]], -100), "that pad_collate can take"),
        says(([[0, 1], []], 0), "that pad_collate can take"),
        says(([], 0), "that pad_collate can take"),
        says(([[1, 0], [2]], None), "that pad_collate can take"),
        says(([[1, 0], [2]], [0]), "that pad_collate can take"),
        says([[1, 2, 3], [4], [0]], "two things"),
        says(0, "two things"),
        says({"sequences": [[1, 0]], "pad_id": 0}, "two things"),
        says(lambda: ([[1, 0]], 0), "two things"),
    ],
    "08.borders": [
        says(borders_by_unique, "comes back"),
        borders_by_counts,
        says(borders_by_seen, "comes back"),
        borders_where_it_grows,
        without_padding,
        says(lambda ids: borders_in_a_loop(ids)[1:-1], "Both ends"),
        says(lambda ids: borders_in_a_loop(ids)[:-1], "The end is missing"),
        says(lambda ids: borders_in_a_loop(ids)[1:], "The beginning"),
        says(lambda ids: [*borders_in_a_loop(ids)[:-1], len(ids) - 1], "behind the last place"),
        says(lambda ids: np.diff(borders_in_a_loop(ids)), "lengths of the documents"),
        lambda ids: [0, *(np.flatnonzero(np.diff(np.asarray(ids)))), len(ids)],
        says(lambda ids: np.flatnonzero(np.diff(np.asarray(ids))), "add 1"),
        lambda ids: set(borders_in_a_loop(ids)),
        lambda ids: list(itertools.pairwise(borders_in_a_loop(ids))),
        lambda ids: len(borders_in_a_loop(ids)) - 1,
        says(lambda ids: [float(i) for i in borders_in_a_loop(ids)], "places are integers"),
        lambda ids: borders_in_a_loop(sorted(int(i) for i in ids)),
        lambda ids: " ".join(map(str, borders_in_a_loop(ids))),
        says(lambda ids: print(borders_in_a_loop(ids)), "Does it end with `return`?"),
        form([0, 3, 5, 6], "should be a function"),
    ],
}
