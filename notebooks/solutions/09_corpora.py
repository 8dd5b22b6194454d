"""Solutions to the exercises of the deeper page 09_corpora. Try them yourself first."""

from lessons.exercises import check


# 09.budget: t words take t * weight / (sum of weights) from a source: at most `most` times its size.
def budget(sizes, weights, most):
    whole = sum(weights.values())
    totals = [
        most * sizes[name] * whole / weights[name]
        for name in weights
        if weights[name] > 0
    ]
    return min(totals)


# 09.overlap: sets of n-grams; the training documents one by one, so no n-gram crosses from one to the next.
def grams(text, n):
    words = text.lower().split()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def overlap(test, training, n):
    own, found = grams(test, n), set()
    for text in training:
        found |= own & grams(text, n)
    return len(found) / len(own) if own else 0


check("09.budget", budget)
check("09.overlap", overlap)
