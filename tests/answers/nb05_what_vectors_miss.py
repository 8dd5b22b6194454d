"""Answers to the exercise of deeper/05_what_vectors_miss."""

import numpy as np
import torch

from answers import says

# ---- 05.analogy ----


def usual(vectors, vocab, a, b, c):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ (unit[vocab[b]] - unit[vocab[a]] + unit[vocab[c]])
    cosines[[vocab[a], vocab[b], vocab[c]]] = -np.inf
    return {i: word for word, i in vocab.items()}[int(cosines.argmax())]


def with_a_loop(table, ids, first, second, third):
    def unit(word):
        row = np.asarray(table[ids[word]])
        return row / np.sqrt((row**2).sum())

    wanted = unit(second) - unit(first) + unit(third)
    best, found = -np.inf, None
    for word in ids:
        if word not in (first, second, third) and unit(word) @ wanted > best:
            best, found = unit(word) @ wanted, word
    return found


def with_torch_cosines(vectors, vocab, a, b, c):
    rows = torch.nn.functional.normalize(torch.tensor(vectors), dim=1)
    cosines = torch.cosine_similarity(rows, rows[vocab[b]] - rows[vocab[a]] + rows[vocab[c]])
    order = cosines.argsort(descending=True).tolist()
    names = sorted(vocab, key=vocab.get)
    return np.str_(next(names[i] for i in order if names[i] not in {a, b, c}))


def analogy_with(signs=(-1, 1, 1), left_out="abc", rows=True, parts=True, value=-np.inf, far=False):
    def answer(vectors, vocab, a, b, c):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        three = (unit if parts else vectors)[[vocab[a], vocab[b], vocab[c]]]
        wanted = np.array(signs) @ three
        cosines = (unit if rows else vectors) @ wanted
        cosines = -cosines if far else cosines
        for name, word in zip("abc", (a, b, c), strict=True):
            if name in left_out:
                cosines[vocab[word]] = value
        return next(word for word, i in vocab.items() if i == np.argmax(cosines))

    return answer


def by_distance(vectors, vocab, a, b, c):
    wanted = vectors[vocab[b]] - vectors[vocab[a]] + vectors[vocab[c]]
    return min(set(vocab) - {a, b, c}, key=lambda word: np.linalg.norm(vectors[vocab[word]] - wanted))


def second_best(vectors, vocab, a, b, c):
    return usual(vectors, {w: i for w, i in vocab.items() if w != usual(vectors, vocab, a, b, c)}, a, b, c)


def zeroes_the_vectors(vectors, vocab, a, b, c):
    answer = usual(vectors, vocab, a, b, c)
    vectors[vocab[a]] = 0
    return answer


RIGHT = {
    "05.analogy": [usual, with_a_loop, with_torch_cosines],
}

WRONG = {
    "05.analogy": [
        says(analogy_with(left_out=""), "Leave out all three"),
        says(analogy_with(left_out="c"), "Leave out all three"),
        analogy_with(left_out="ac"),
        analogy_with(left_out="ab"),
        analogy_with(left_out="bc"),
        says(analogy_with(value=0), "leaves no word out"),
        says(analogy_with(rows=False, parts=False), "length 1 first"),
        says(analogy_with(parts=False), "before you add"),
        says(analogy_with(rows=False), "the other words too"),
        says(analogy_with(signs=(0, 0, 1)), "neighbour of c"),
        analogy_with(signs=(1, -1, 1)),
        analogy_with(signs=(1, 1, -1)),
        analogy_with(signs=(1, 1, 1)),
        analogy_with(far=True, value=np.inf),
        by_distance,
        lambda vectors, vocab, a, b, c: list(vocab)[vocab[usual(vectors, vocab, a, b, c)]],
        says(lambda vectors, vocab, a, b, c: vocab[usual(vectors, vocab, a, b, c)], "not its id"),
        lambda vectors, vocab, a, b, c: [usual(vectors, vocab, a, b, c)],
        zeroes_the_vectors,
        says(lambda vectors, vocab, a, b, c: print(usual(vectors, vocab, a, b, c)), "`return`?"),
        says(analogy_with(signs=(0, 1, 1)), "take b - a + c"),
        says(lambda vectors, vocab, a, b, c: (usual(vectors, vocab, a, b, c), 1.0), "word alone"),
    ],
}
