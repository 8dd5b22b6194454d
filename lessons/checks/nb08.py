"""The checks of notebook 08's exercises."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from helpers.batches import pack, pad_collate
from lessons.exercises import Words, call, exercise, expect_error, plain, rejection, said, same, short


@exercise("08.waste")
def waste(answer: Callable) -> str:
    draw = random.Random(8)
    cases = [[2, 4], [7], [3, 3, 3], [9, 1, 1], np.array([1, 1, 1, 9]), [1, 3, 2], [5, 1, 5, 2]]
    cases += [[draw.randint(1, 2000) for _ in range(draw.randint(2, 50))] for _ in range(10)]
    for lengths in cases:
        filled, longest = int(sum(lengths)), int(max(lengths))
        places = len(lengths) * longest
        right, missing = 1 - filled / places, places - filled
        got = call(answer, lengths, expected=right)
        if not same(got, right):
            hints = {
                100 * right: "That is percent; give the share, between 0 and 1.",
                missing / filled: f"That is padding per real token: divide by all {places} places.",
                missing: f"That is the number of padded places: divide it by all {places}.",
                filled / places: "That is the share of real tokens.",
            }
            wrong = (hint for value, hint in hints.items() if missing and same(got, value))
            hint = f"{len(lengths)} times {longest} are {places} places, {missing} of them padding."
            raise rejection((lengths,), right, got, next(wrong, hint))
    return "One long document is enough to make a batch mostly empty."


def broken_labels(sequences: Sequence[Sequence[int]], pad_id: int) -> torch.Tensor:
    """The loss mask as many programs build it: from the ids."""
    longest = max(len(s) for s in sequences)
    input_ids = torch.tensor([list(s) + [pad_id] * (longest - len(s)) for s in sequences])
    return torch.where(input_ids != pad_id, input_ids, -100)


@exercise("08.find_the_bug")
def find_the_bug(answer: Any) -> str:
    form = "two things, sequences (lists of ids) and pad_id (one id)"
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise rejection("your answer", Words(form), answer)
    sequences, pad_id = plain(answer[0]), answer[1]
    given = f"sequences {short(sequences, 100)}, pad_id {short(pad_id, 40)}"
    try:
        right = pad_collate(sequences, pad_id)["labels"]
        rows = [[int(i) for i in row] for row in sequences]
        broken = broken_labels(rows, int(pad_id))
    except Exception as error:
        raise rejection(
            given, Words("sequences and a pad_id that pad_collate can take"), Words(said(error))
        ) from None
    if torch.equal(broken, right):
        hint = f"Which real token could the broken version take for padding? No sequence holds {pad_id}."
        raise rejection(given, Words("labels that differ"), Words(f"{short(right)} from both"), hint)
    return (
        "Whenever pad_id is also a real id, such as that of the end token, masking by id hides real tokens."
    )


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
    return "Now the next token of every row goes into the same column: that is why one generates so."


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


@exercise("08.borders")
def borders(answer: Callable) -> str:
    hint = "From 0 to the length of the row, with one number for each place where the id changes."
    draw = random.Random(8)
    cases = [[0, 0, 0, 1, 1, -1], [4, 4], [7, 2, 9], [3], [-1, -1], [5, 5, 2, 5, 5, 5], [1, 0, 1, 0]]
    cases += [[draw.choice([-1, 0, 0, 1, 2, 9]) for _ in range(draw.randint(1, 30))] for _ in range(20)]
    packed = pack([[1] * n for n in (3, 9, 1, 4, 6, 2, 2)], 12, eos_id=0, method="best_fit")
    for row in [*cases, *packed.document_ids]:
        ids = [int(i) for i in row]
        inside = [place for place in range(1, len(ids)) if ids[place] != ids[place - 1]]
        right = [0, *inside, len(ids)]
        got = call(answer, row, expected=right)
        if not same(got, right):
            mistakes = [
                (inside, "Both ends are missing: the row starts at 0, and ends at its length."),
                (right[1:], "The beginning is missing: 0."),
                (right[:-1], f"The end is missing: the row has {len(ids)} places, padding too."),
                ([*right[:-1], len(ids) - 1], f"The last border lies behind the last place: {len(ids)}."),
                (np.diff(right).tolist(), "Those are the lengths of the documents, not their borders."),
                (sorted({ids.index(i) for i in ids} | {len(ids)}), "A document that comes back begins anew."),
            ]
            raise rejection((row,), right, got, next((h for wrong, h in mistakes if same(got, wrong)), hint))
        if np.asarray(got).dtype.kind not in "iu":
            raise rejection((row,), right, got, "The numbers are right; places are integers.")
    return "This is the form in which FlashAttention takes a packed row; it calls it cu_seqlens."


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
