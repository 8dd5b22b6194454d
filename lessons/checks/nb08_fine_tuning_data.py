"""The checks of the exercises on deeper/08_fine_tuning_data."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lessons.exercises import Words, call, exercise, expect_error, rejection, same, short


@exercise("08.left_pad")
def left_pad(answer: Callable) -> str:
    draw = random.Random(8)
    cases = [
        ([[5, 6, 7], [8]], 0),
        ([[0, 4], [1, 2, 0, 3]], 0),
        ([[9]], 3),
        ([[1, 2], [3, 4]], 7),
        ([[7], [7, 7], [7, 7, 7]], 7),
    ]
    for _ in range(20):
        sizes = [draw.randint(1, 9) for _ in range(draw.randint(1, 6))]
        cases.append(([[draw.randint(0, 5) for _ in range(n)] for n in sizes], draw.choice([0, 3, 50_256])))
    for sequences, pad_id in cases:
        _left_pad(answer, sequences, pad_id)
    return "Now the next token of every row goes into the same column, behind the last token of its prompt."


def _left_pad(answer: Callable, sequences: list[list[int]], pad_id: int) -> None:
    args = sequences, pad_id
    missing = [max(map(len, sequences)) - len(s) for s in sequences]
    pairs = list(zip(missing, sequences, strict=True))
    right = {
        "input_ids": [[pad_id] * m + s for m, s in pairs],
        "attention_mask": [[0] * m + [1] * len(s) for m, s in pairs],
        "positions": [[0] * m + list(range(len(s))) for m, s in pairs],
    }
    form = Words(f"three lists of {len(sequences)} rows: {', '.join(right)}")
    got = call(answer, *args, expected=form)
    if isinstance(got, dict | str | set) or not hasattr(got, "__len__") or len(got) != 3:
        raise rejection(args, form, got)
    hints = {
        "input_ids": "Padding belongs before the tokens; all are integers, in the order of the sequences.",
        "attention_mask": "1 = real, 0 = padding: from the lengths, as pad_id may be a real id too.",
        "positions": "The first real token of each row has position 0, the next has 1; padding has 0.",
    }
    for (name, wanted), part in zip(right.items(), got, strict=True):
        if not _same_integers(part, wanted):
            raise rejection(args, wanted, part, f"Those are the {name}. {hints[name]}")


def _same_integers(got: Any, wanted: list[list[int]]) -> bool:
    """Whether `got` has those rows, in any container, as integers (or booleans, for a mask)."""
    try:
        rows = [np.asarray(row) for row in got]
    except (TypeError, ValueError):
        return False
    kinds = {row.dtype.kind for row in rows}
    return kinds <= set("iub") and len(rows) == len(wanted) and all(map(same, rows, map(np.array, wanted)))


@exercise("08.token_budget")
def token_budget(answer: Callable) -> str:
    too_long = "A document longer than the budget fits in no batch."
    for lengths, budget in [([3, 10], 9), ([12], 11), ([2, 5, 6, 1], 5)]:
        expect_error(answer, (lengths, budget), ValueError, too_long)
    cases = [([3, 1, 2], 6), ([5, 5, 5], 5), ([4], 9), ([5, 5, 5], 15), ([9, 1, 8, 1], 9), ([1] * 7, 3)]
    draw = np.random.default_rng(8)
    for n, budget in [(400, 1000), (400, 1000), (60, 1000), (9, 2000), (200, 4000)]:
        cases.append((draw.lognormal(4, 1, n).astype(int).clip(1, 1000).tolist(), budget))
    cases.append((np.array(cases[-1][0]), 3000))
    for lengths, budget in cases:
        _check_batches(answer, lengths, budget)
    return "Every step now costs about the same, whatever the documents: fairseq calls this max_tokens."


def _check_batches(answer: Callable, lengths: Sequence[int], budget: int) -> None:
    form, args = Words("a list of lists of indices"), (lengths, budget)
    got = call(answer, *args, expected=form)
    try:
        arrays = [np.asarray(batch) for batch in got]
    except (TypeError, ValueError):
        raise rejection(args, form, got) from None
    if any(a.ndim != 1 or (a.size and a.dtype.kind not in "iu") for a in arrays):
        raise rejection(args, form, got)
    batches = [a.tolist() for a in arrays]
    came = [i for batch in batches for i in batch]
    if sorted(came) != list(range(len(lengths))):
        lost = [i for i in range(len(lengths)) if i not in came]
        more = sorted({i for i in came if came.count(i) > 1 or not 0 <= i < len(lengths)})
        words = "; ".join(
            [f"no {short(lost, 60)}"] * bool(lost) + [f"{short(more, 60)} too much"] * bool(more)
        )
        wanted = Words(f"each index from 0 to {len(lengths) - 1} once")
        raise rejection(args, wanted, Words(words), "Indices, not lengths; and is the last batch there?")
    if not all(batches):
        raise rejection(args, Words("no empty batch"), got, "A loader cannot make a tensor of nothing.")
    places, worst = max((max(lengths[i] for i in batch) * len(batch), batch) for batch in batches)
    if places > budget:
        hint = "Count the padding too: longest times rows."
        wanted = Words(f"at most {budget} places a batch")
        raise rejection(args, wanted, Words(f"{places} in the batch {short(worst, 80)}"), hint)
    by_length, best = sorted(lengths, reverse=True), 0
    while by_length:
        by_length, best = by_length[budget // by_length[0] :], best + 1
    if len(batches) > 1.1 * best:
        wanted = Words(f"{best} batch{'es' * (best > 1)}, or a tenth more")
        hint = "Sort by length first, and fill each batch up to the budget."
        raise rejection(args, wanted, Words(str(len(batches))), hint)
