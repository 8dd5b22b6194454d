"""Solutions to the exercises of notebook 08."""

import torch

from lessons.exercises import check


# Every row is as long as the longest document; what the documents do not fill is padding.
def padding_share(lengths):
    places = len(lengths) * max(lengths)
    return 1 - sum(lengths) / places


check("08.waste", padding_share)


# The broken version takes every token with the padding's id for padding. Any real one will do: here id 0,
# as if it were the end token, is the last token of both documents.
sequences, pad_id = [[4, 5, 0], [6, 0]], 0

check("08.find_the_bug", (sequences, pad_id))


# Everything follows from one number a row: how many places are missing.
def left_pad(sequences, pad_id):
    longest = max(len(s) for s in sequences)
    missing = [longest - len(s) for s in sequences]
    input_ids = [
        [pad_id] * m + list(s) for m, s in zip(missing, sequences, strict=True)
    ]
    attention_mask = [[0] * m + [1] * (longest - m) for m in missing]
    positions = [[0] * m + list(range(longest - m)) for m in missing]
    return input_ids, attention_mask, positions


check("08.left_pad", left_pad)


# A border lies where the id differs from the one before, and at both ends.
def borders(document_ids):
    ids = torch.as_tensor(document_ids)
    changes = (torch.nonzero(ids[1:] != ids[:-1]).flatten() + 1).tolist()
    return [0, *changes, len(ids)]


check("08.borders", borders)


# From the longest down: the first document of a batch is its longest, so it says how many rows fit.
def token_batches(lengths, budget):
    if max(lengths) > budget:
        raise ValueError(
            f"a document of {max(lengths)} tokens does not fit into a budget of {budget}"
        )
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batches = []
    while order:
        rows = budget // lengths[order[0]]
        batches.append(order[:rows])
        order = order[rows:]
    return batches


check("08.token_budget", token_batches)
