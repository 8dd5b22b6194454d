"""The checks of notebook 08's exercises."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from helpers.batches import pack, pad_collate
from lessons.exercises import Words, call, exercise, plain, rejection, said, same, short


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
                ([i - 1 for i in inside], "Those are the places before a border: add 1, and the two ends."),
                (np.diff(right).tolist(), "Those are the lengths of the documents, not their borders."),
                (sorted({ids.index(i) for i in ids} | {len(ids)}), "A document that comes back begins anew."),
            ]
            raise rejection((row,), right, got, next((h for wrong, h in mistakes if same(got, wrong)), hint))
        if np.asarray(got).dtype.kind not in "iu":
            raise rejection((row,), right, got, "The numbers are right; places are integers.")
    return "This is the form in which FlashAttention takes a packed row; it calls it cu_seqlens."
