"""Solutions to the exercises of deeper/05_what_vectors_miss. Try them yourself first."""

import numpy as np

from lessons.exercises import check

# Scale first, then add and subtract; the three words of the question may not be the answer.


def analogy(vectors, vocab, a, b, c):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ (unit[vocab[b]] - unit[vocab[a]] + unit[vocab[c]])
    cosines[[vocab[a], vocab[b], vocab[c]]] = -np.inf
    best = int(np.argmax(cosines))
    return next(word for word, i in vocab.items() if i == best)


check("05.analogy", analogy)
