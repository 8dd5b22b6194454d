"""Solutions to the exercises of deeper/07_orders. Try first: the checks tell you what is wrong."""

import hashlib

import numpy as np

from lessons.exercises import check


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
