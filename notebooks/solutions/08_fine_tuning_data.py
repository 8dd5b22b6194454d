"""Solutions to the exercises of deeper/08_fine_tuning_data."""

from lessons.exercises import check


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
