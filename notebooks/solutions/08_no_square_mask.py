"""Solutions of the exercises in 08_no_square_mask."""

from itertools import pairwise

from lessons.exercises import check


# Of n tokens the first `full` fill the window: they read 1, 2, ..., full. The others read `window` each.
def window_pairs(borders, window):
    pairs = 0
    for start, end in pairwise(borders):
        full = min(end - start, window)
        pairs += full * (full + 1) // 2 + (end - start - full) * window
    return pairs


check("08.window_pairs", window_pairs)


# The mask alone says what is real: an id may stand for padding in one place, and for itself in another.
def unpad(input_ids, attention_mask):
    ids, positions, borders = [], [], [0]
    for row, mask in zip(input_ids, attention_mask, strict=True):
        real = [i for i, m in zip(row, mask, strict=True) if m == 1]
        ids += real
        positions += range(len(real))
        if real:
            borders.append(len(ids))
    return ids, positions, borders


check("08.unpad", unpad)
