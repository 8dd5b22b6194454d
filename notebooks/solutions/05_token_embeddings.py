"""Solutions to the exercises of notebook 05. Try them yourself first."""

import numpy as np
import torch

from lessons.exercises import check

# The number of tokens comes first. padding_idx=None means that no row is padding.


def make_layer(vocab, dim):
    return torch.nn.Embedding(len(vocab), dim, padding_idx=vocab.get("<|pad|>"))


check("05.layer", make_layer)

# Each upstream row is added to the row of its token. np.add.at adds one by one, so repeats add up.


def table_gradient(ids, upstream, n_tokens):
    gradient = np.zeros((n_tokens, upstream.shape[1]))
    np.add.at(gradient, ids, upstream)
    return gradient


check("05.gradient", table_gradient)

# Expected counts if rows and columns were independent; the ratio where something was counted.
# A ratio of 1 has logarithm 0, so starting from ones leaves 0 wherever nothing was counted.


def plain_ppmi(counts):
    counts = np.asarray(counts, dtype=float)
    expected = (
        counts.sum(axis=1, keepdims=True)
        * counts.sum(axis=0, keepdims=True)
        / counts.sum()
    )
    ratio = np.divide(counts, expected, out=np.ones_like(counts), where=counts > 0)
    return np.maximum(np.log(ratio), 0)


check("05.ppmi", plain_ppmi)

# Unit rows, all cosines in one product, minus infinity for a vector with itself.


def precision(vectors, labels, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    nearest = np.argsort(-cosines, axis=1)[:, :k]
    labels = np.asarray(labels)
    return (labels[nearest] == labels[:, None]).mean()


check("05.precision", precision)

# Scale first, then add and subtract; the three words of the question may not be the answer.


def analogy(vectors, vocab, a, b, c):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ (unit[vocab[b]] - unit[vocab[a]] + unit[vocab[c]])
    cosines[[vocab[a], vocab[b], vocab[c]]] = -np.inf
    best = int(np.argmax(cosines))
    return next(word for word, i in vocab.items() if i == best)


check("05.analogy", analogy)
