"""Solutions to the exercises of notebook 07. Try first: the checks tell you what is wrong."""

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
