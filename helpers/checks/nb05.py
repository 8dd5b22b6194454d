"""The checks of notebook 05."""

import warnings

import numpy as np
import torch

from helpers.embeddings import group_precision, ppmi
from helpers.exercises import Wrong, call, exercise, expect, same, short

RNG_SEED = 5


@exercise("05.layer")
def layer(answer):
    for vocab, dim in [({"<|pad|>": 0, "a": 1, "b": 2, "c": 3, "d": 4}, 3), ({"a": 0, "b": 1}, 8)]:
        _check_layer(answer, vocab, dim)
    _check_layer(answer, {"a": 0, "b": 1, "<|pad|>": 2, "c": 3}, 2)
    return "Number of tokens first, dimensions second, and the padding stays out of the way."


def _check_layer(answer, vocab, dim):
    made = call(answer, vocab, dim)
    if not isinstance(made, torch.nn.Embedding):
        raise Wrong(f"Expected an nn.Embedding, but got {short(made)}.")
    shape, wanted = tuple(made.weight.shape), (len(vocab), dim)
    if shape != wanted:
        swapped = " The two arguments are swapped." if shape == wanted[::-1] else ""
        raise Wrong(
            f"For {len(vocab)} tokens and dim={dim} the table has shape {shape}, not {wanted}.{swapped}"
        )
    if made.padding_idx != vocab.get("<|pad|>"):
        raise Wrong(
            f"For the vocabulary {vocab} padding_idx is {made.padding_idx}; "
            f"it should be {vocab.get('<|pad|>')}, the id of '<|pad|>' where there is one."
        )
    if made.padding_idx is not None and made.weight[made.padding_idx].any():
        raise Wrong("The row of <|pad|> is not all zeros.")


@exercise("05.gradient")
def gradient(answer):
    once = np.array([2, 0]), np.array([[1.0, 2.0], [3.0, 4.0]]), 4
    expect(answer, once, np.array([[3.0, 4], [0, 0], [1, 2], [0, 0]]), "Rows not in ids stay zero.")
    rng = np.random.default_rng(RNG_SEED)
    ids, upstream = np.array([1, 3, 1, 1, 0]), rng.normal(size=(5, 3)).round(1)
    expected = np.eye(5)[ids].T @ upstream
    got = call(answer, ids, upstream, 5)
    last = np.zeros((5, 3))
    last[ids] = upstream
    if same(got, last):
        raise Wrong("Token 1 occurs three times, but only its last gradient arrived: the three must add up.")
    hint = "Token 1 occurs three times: its three gradients add up."
    expect(answer, (ids, upstream, 5), expected, hint)
    return "That is what autograd does in the backward pass of a lookup."


@exercise("05.ppmi")
def plain_ppmi(answer):
    rng = np.random.default_rng(RNG_SEED)
    tables = [np.array([[2, 1, 0], [1, 6, 1], [0, 1, 7]]), rng.integers(0, 9, (4, 6)), np.eye(3) * 4]
    tables.append(np.array([[3, 0, 1], [0, 0, 0], [2, 0, 5]]))  # a word and a context that never occur
    for counts in tables:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error", RuntimeWarning
            )  # numpy warns where it divides by, or takes the log of, 0
            got = _call_ppmi(answer, counts)
        _explain_ppmi(got, counts)
        hint = "P(i, j), P(i) and P(j) are shares: divide by the sum of all counts."
        expect(answer, (counts,), _reference_ppmi(counts), hint)
    return "The finished version does the same on a sparse matrix, and smooths the contexts."


def _call_ppmi(answer, counts):
    try:
        return call(answer, counts)
    except Wrong as error:
        if not isinstance(error.__cause__, RuntimeWarning):
            raise
        raise Wrong(
            f"{error} A warning counts as an error here: take logarithms only where the count is above 0."
        ) from None


def _reference_ppmi(counts):
    with np.errstate(divide="ignore", invalid="ignore"):
        return ppmi(counts, smoothing=1.0).toarray()


def _explain_ppmi(got, counts):
    try:
        found = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        raise Wrong(f"Expected an array of shape {counts.shape}, but got {short(got)}.") from None
    if found.shape != counts.shape:
        raise Wrong(f"For counts of shape {counts.shape} the answer has shape {found.shape}.")
    if not np.isfinite(found).all():
        raise Wrong(f"On {short(counts.tolist())} there is an infinity or a NaN: a count of 0 gives 0.")
    if (found < 0).any():
        raise Wrong(f"On {short(counts.tolist())} there is a value below zero: positive PMI cuts it to 0.")
    if same(found, _reference_ppmi(counts) / np.log(2)):
        raise Wrong("These are base-2 logarithms; take the natural logarithm.")


@exercise("05.precision")
def precision(answer):
    rng = np.random.default_rng(RNG_SEED)
    # Long vectors along one axis: distances and dot products rank otherwise than cosines.
    direction = np.array([[1, 0.1], [1, 0], [0.9, 0.2], [0, 1], [0.1, 1], [0.2, 0.9]])
    vectors = direction * np.array([[1], [50], [1], [1], [50], [1]])
    labels = ["a", "a", "a", "b", "b", "b"]
    got = call(answer, vectors, labels, 2, expected="1.0")
    if same(got, 2 / 3) or same(got, 7 / 12):  # by distance, by dot product
        raise Wrong(f"On six vectors in two clear directions expected 1.0, but got {got}: is it by cosine?")
    expect(answer, (vectors, labels, 2), 1.0, "Rank by cosine, and leave each vector itself out.")
    for n, k in [(30, 4), (12, 1)]:
        vectors, labels = rng.normal(size=(n, 3)) * rng.uniform(0.1, 9, (n, 1)), [i % 3 for i in range(n)]
        expected = _reference_precision(vectors, labels, k)
        got = call(answer, vectors, labels, k)
        with_self = _reference_precision(vectors, labels, k - 1) * (k - 1) / k + 1 / k if k > 1 else 1.0
        if same(got, with_self):
            raise Wrong(f"With k={k} expected {expected:.3f}, but got {got:.3f}: each vector counts itself.")
        expect(answer, (vectors, labels, k), expected, "Average over all vectors and all k neighbours.")
    return "Now put a score beside every picture."


def _reference_precision(vectors, labels, k):
    groups = {}
    for i, label in enumerate(labels):
        groups.setdefault(label, []).append(str(i))
    return group_precision(vectors, {str(i): i for i in range(len(labels))}, groups, k)


@exercise("05.analogy")
def analogy(answer):
    words = ["man", "woman", "king", "queen", "apple", "prince"]
    ids = [3, 0, 5, 1, 4, 2]  # out of order, as a vocabulary may have them
    vocab = dict(zip(words, ids, strict=True))
    plain = np.array([[1.0, 0, 0], [1, 0.6, 0], [1, 0, 1], [1, 0.6, 1.1], [-1, 0.2, 0.1], [0.9, 0.1, 0.9]])
    close = plain.copy()
    close[1] = [1, 0.1, 0]  # so close to "man" that nothing but leaving it out keeps "king" from winning
    long = plain * np.array([[1], [9], [1], [0.2], [5], [1]])
    for table in (plain, close, long):
        vectors = table[np.argsort(ids)]
        for a, b, c in [("man", "woman", "king"), ("woman", "man", "queen")]:
            expected = _reference_analogy(vectors, vocab, a, b, c)
            got = call(answer, vectors, vocab, a, b, c, expected=repr(expected))
            if got in (a, b, c):
                raise Wrong(
                    f"For {a}, {b}, {c} the answer is {got!r}, one of the three: leave them out. "
                    "(If you do, look at how the id becomes a word: ids need not be in order.)"
                )
            if got != expected:
                raise Wrong(
                    f"For {a}, {b}, {c} expected {expected!r}, but got {short(got)}. "
                    "Is each vector scaled to length 1, and the id turned into its word by the vocabulary?"
                )
    return "Count the misses too."


def _reference_analogy(vectors, vocab, a, b, c):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = unit @ (unit[vocab[b]] - unit[vocab[a]] + unit[vocab[c]])
    return max((word for word in vocab if word not in (a, b, c)), key=lambda word: scores[vocab[word]])
