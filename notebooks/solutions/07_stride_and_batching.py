"""Solutions to the exercises of notebook 07. Try first: the checks tell you what is wrong."""

import hashlib

import numpy as np

from helpers.corpus import split_train_val
from lessons.exercises import check


# 07.never: collect the positions that are a target in some window, and count the others. A set does not
# care whether windows overlap, leave gaps or stop before the end.
def never_predicted(n, max_length, stride):
    seen = set()
    for start in range(0, n - max_length, stride):
        seen.update(range(start + 1, start + max_length + 1))
    return n - 1 - len(seen)


check("07.never", never_predicted)


# 07.split: yes, the broken one leaks. The last training window and the first validation window overlap as
# soon as the stride is smaller than max_length. Cut the ids, then window each part.
def windows_by_hand(ids, max_length, stride):
    starts = range(0, len(ids) - max_length, stride)
    return [(ids[s : s + max_length], ids[s + 1 : s + max_length + 1]) for s in starts]


def train_and_val(ids, max_length, stride, val_fraction):
    train, val = split_train_val(ids, val_fraction)
    return windows_by_hand(train, max_length, stride), windows_by_hand(
        val, max_length, stride
    )


check("07.split", train_and_val)


# 07.gather: a column of starts plus a row of offsets is a table of positions. One call with max_length + 1
# columns is enough: the inputs are all columns but the last, the targets all but the first.
def gather(ids, starts, max_length):
    rows = ids[starts[:, None] + np.arange(max_length + 1)].astype(np.int64)
    return rows[:, :-1], rows[:, 1:]


check("07.gather", gather)


# 07.carry: (len(ids) - 1) // batch_size targets for each strip. Reshaped, a strip is a row, and the batches
# are slices of columns. A strip's last target is the next strip's first input; it is a target only once.
def carry_batches(ids, batch_size, max_length):
    ids = np.asarray(ids)
    length = (len(ids) - 1) // batch_size
    inputs = ids[: length * batch_size].reshape(batch_size, length)
    targets = ids[1 : length * batch_size + 1].reshape(batch_size, length)
    starts = range(0, length - max_length + 1, max_length)
    return [
        (inputs[:, s : s + max_length], targets[:, s : s + max_length]) for s in starts
    ]


check("07.carry", carry_batches)


# 07.shuffle: each round of a Feistel network can be undone, whatever the function inside, so the whole is a
# permutation of the numbers of 2 * bits bits. Walking on while the result is too large ("cycle walking")
# makes it one of range(n): on average fewer than four walks, as the numbers are fewer than 4 * n.
def shuffled(i, n, seed):
    bits = max(1, -(-(n - 1).bit_length() // 2))
    while True:
        left, right = i >> bits, i & (2**bits - 1)
        for turn in range(4):
            digest = hashlib.blake2b(
                f"{seed} {turn} {right}".encode(), digest_size=8
            ).digest()
            left, right = (
                right,
                left ^ (int.from_bytes(digest, "little") & (2**bits - 1)),
            )
        i = left << bits | right
        if i < n:
            return i


check("07.shuffle", shuffled)
