"""The checks of notebook 08's exercises."""

import numpy as np
import torch

from helpers.batches import pack, pad_collate
from helpers.exercises import Wrong, call, exercise, expect, said, same, short


@exercise("08.waste")
def waste(answer):
    got = call(answer, [2, 4], expected="0.25")
    if same(got, 25):
        raise Wrong("For lengths [2, 4] you give 25. That is percent; give the share, between 0 and 1.")
    if same(got, 2 / 6):
        raise Wrong("For lengths [2, 4] you give padding per real token. Divide by all places: 2 of 8.")
    if same(got, 2):
        raise Wrong("For lengths [2, 4] you give the number of padded places. Divide it by all places.")
    expect(answer, ([2, 4],), 0.25, "8 places, of which 2 are padding.")
    expect(answer, ([7],), 0.0, "One document alone needs no padding.")
    expect(answer, ([3, 3, 3],), 0.0, "Documents of equal length need no padding.")
    expect(answer, (np.array([1, 1, 1, 9]),), 24 / 36, "All four rows are as long as the longest, 9.")
    return "One long document is enough to make a batch mostly empty."


def broken_labels(sequences, pad_id):
    """The loss mask as many programs build it: from the ids."""
    longest = max(len(s) for s in sequences)
    input_ids = torch.tensor([list(s) + [pad_id] * (longest - len(s)) for s in sequences])
    return torch.where(input_ids != pad_id, input_ids, -100)


@exercise("08.find_the_bug")
def find_the_bug(answer):
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise Wrong(f"Give two things, sequences and pad_id; this is {short(answer)}.")
    sequences, pad_id = answer
    try:
        right = pad_collate(sequences, pad_id)["labels"]
    except (TypeError, ValueError) as error:
        raise Wrong(f"pad_collate cannot take these as they are: {said(error)}") from None
    if torch.equal(broken_labels(sequences, pad_id), right):
        raise Wrong(
            f"On {short(sequences)} with pad_id={pad_id} both give the same labels. Which real token could "
            "the broken version take for padding?"
        )
    return (
        "Whenever pad_id is also a real id, such as that of the end token, masking by id hides real tokens."
    )


@exercise("08.left_pad")
def left_pad(answer):
    sequences = [[5, 6, 7], [8]]
    got = call(answer, sequences, 0, expected="three lists of rows")
    if not isinstance(got, list | tuple) or len(got) != 3:
        raise Wrong(f"Return three things: input_ids, attention_mask, positions. You return {short(got)}.")
    ids, mask, positions = got
    right = pad_collate(sequences, 0)
    if same(ids, right["input_ids"].tolist()):
        raise Wrong("Your padding is on the right; here it belongs before the tokens: [0, 0, 8].")
    if same(positions, [[0, 1, 2], [0, 1, 2]]):
        raise Wrong(
            "Your positions count the padding: 8 is the first token of its row, so its position is 0."
        )
    hint = "The parts are input_ids, attention_mask (1 = real) and positions (0 at padding)."
    _expect_rows(ids, [[5, 6, 7], [0, 0, 8]], "input_ids", hint)
    _expect_rows(mask, [[1, 1, 1], [0, 0, 1]], "attention_mask", hint)
    _expect_rows(positions, [[0, 1, 2], [0, 0, 0]], "positions", hint)
    _, mask, positions = call(answer, [[0, 4], [1, 2, 0, 3]], 0)
    hint = "Here pad_id also comes as a real token: use lengths, not ids."
    _expect_rows(mask, [[0, 0, 1, 1], [1, 1, 1, 1]], "attention_mask", hint)
    _expect_rows(positions, [[0, 0, 0, 1], [0, 1, 2, 3]], "positions", hint)
    return "Now the next token of every row goes into the same column: that is why one generates so."


def _expect_rows(got, expected, name, hint):
    if not same(got, expected):
        raise Wrong(f"{name} should be {expected}, but is {short(got)}. {hint}")


@exercise("08.borders")
def borders(answer):
    hint = "From 0 to the length of the row, with one number for each place where the id changes."
    got = call(answer, [0, 0, 0, 1, 1, -1], expected="[0, 3, 5, 6]")
    if same(got, [3, 2, 1]):
        raise Wrong(
            "For [0, 0, 0, 1, 1, -1] you give the lengths 3, 2, 1; wanted are the borders: 0, 3, 5, 6."
        )
    if same(got, [0, 3, 5]):
        raise Wrong("For [0, 0, 0, 1, 1, -1] the last border is missing: the row ends at 6.")
    if same(got, [3, 5]):
        raise Wrong("For [0, 0, 0, 1, 1, -1] both ends are missing: the row starts at 0 and ends at 6.")
    expect(answer, ([0, 0, 0, 1, 1, -1],), [0, 3, 5, 6], hint)
    expect(answer, ([4, 4],), [0, 2], "One document fills the row: only the two ends remain.")
    expect(answer, ([7, 2, 9],), [0, 1, 2, 3], "The ids need not come in order.")
    packed = pack([[1] * n for n in (3, 9, 1, 4, 6, 2, 2)], 12, eos_id=0, method="best_fit")
    for row in packed.document_ids:
        places = torch.cat([torch.tensor([True]), row[1:] != row[:-1]]).nonzero().flatten().tolist()
        expect(answer, (row,), [*places, 12], hint)
    return "This is the form in which FlashAttention takes a packed row; it calls it cu_seqlens."


@exercise("08.token_budget")
def token_budget(answer):
    for lengths, budget in [([3, 1, 2], 6), ([5, 5, 5], 5), ([4], 9), _many(0), _many(1)]:
        batches = call(answer, lengths, budget, expected="a list of lists of indices")
        try:
            batches = [[int(i) for i in batch] for batch in batches]
        except (TypeError, ValueError):
            raise Wrong(f"Return a list of lists of indices; you return {short(batches)}.") from None
        _check_batches(batches, lengths, budget)
    try:
        list(answer([3, 10], 9))  # a generator raises only when it is read
    except ValueError:
        return "Every step now costs about the same, whatever the documents: fairseq calls this max_tokens."
    except Exception as error:
        raise Wrong(
            f"For a document longer than the budget raise a ValueError; yours is {said(error)}"
        ) from error
    raise Wrong("For lengths [3, 10] and budget 9, document 1 fits in no batch: raise a ValueError.")


def _many(seed):
    return np.random.default_rng(seed).lognormal(4, 1, 400).astype(int).clip(1, 1000).tolist(), 1000


def _check_batches(batches, lengths, budget):
    case = f"For lengths {short(lengths, 40)} and budget {budget}"
    seen = sorted(i for batch in batches for i in batch)
    if seen != list(range(len(lengths))):
        raise Wrong(
            f"{case} each index from 0 to {len(lengths) - 1} must come exactly once; got {short(seen, 60)}."
        )
    if not all(batches):
        raise Wrong(f"{case} one of your batches is empty: a loader cannot make a tensor of nothing.")
    places = [max(lengths[i] for i in batch) * len(batch) for batch in batches]
    if max(places) > budget:
        raise Wrong(f"{case} one batch takes {max(places)} places: count the padding too (longest x rows).")
    by_length, best = sorted(lengths, reverse=True), 0
    while by_length:
        by_length, best = by_length[budget // by_length[0] :], best + 1
    if len(batches) > 1.1 * best + 1:
        raise Wrong(f"{case} you make {len(batches)} batches where {best} are enough. Sort by length first.")
