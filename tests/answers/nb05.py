"""Answers to the exercises of notebook 05."""

import math
from collections import Counter

import numpy as np
import torch

from answers import form, says

# ---- 05.layer ----


class OwnLayer(torch.nn.Embedding):
    def __init__(self, vocab, dim):
        super().__init__(max(vocab.values()) + 1, dim, vocab.get("<|pad|>"))


def from_a_table(tokens, size):
    table = torch.randn(len(tokens), size)
    pad = dict(tokens).get("<|pad|>")
    if pad is not None:
        table[pad] = 0
    return torch.nn.Embedding.from_pretrained(table, freeze=False, padding_idx=pad)


def with_a_hook(vocab, dim):
    layer = torch.nn.Embedding(num_embeddings=len(vocab), embedding_dim=dim)
    if "<|pad|>" in vocab:
        keep = torch.ones(len(vocab), 1)
        keep[vocab["<|pad|>"]] = 0
        layer.weight.data *= keep
        layer.weight.register_hook(lambda gradient: gradient * keep)
    return layer


def zeros_only(vocab, dim):
    layer = torch.nn.Embedding(len(vocab), dim)
    if "<|pad|>" in vocab:
        layer.weight.data[vocab["<|pad|>"]] = 0
    return layer


def pad_by_place(vocab, dim):
    names = list(vocab)
    return torch.nn.Embedding(len(vocab), dim, names.index("<|pad|>") if "<|pad|>" in names else None)


def frozen(vocab, dim):
    layer = torch.nn.Embedding(len(vocab), dim, vocab.get("<|pad|>"))
    layer.weight.requires_grad_(False)
    return layer


def all_zeros(vocab, dim):
    layer = torch.nn.Embedding(len(vocab), dim, vocab.get("<|pad|>"))
    torch.nn.init.zeros_(layer.weight)
    return layer


def takes_pad_out(vocab, dim):
    pad = vocab.pop("<|pad|>", None)
    return torch.nn.Embedding(len(vocab) + (pad is not None), dim, pad)


# ---- 05.gradient ----


def one_hot(ids, upstream, n_tokens):
    return np.eye(n_tokens)[ids].T @ upstream


def in_a_loop(places, gradients, size):
    rows = [[0.0] * gradients.shape[1] for _ in range(size)]
    for i, gradient in zip(places.tolist(), gradients.tolist(), strict=True):
        rows[i] = [a + b for a, b in zip(rows[i], gradient, strict=True)]
    return rows


def by_masks(ids, upstream, n_tokens):
    return (upstream[ids == token].sum(axis=0) for token in range(n_tokens))


def with_torch(ids, upstream, n_tokens):
    table = torch.zeros(n_tokens, upstream.shape[1], dtype=torch.float64)
    return table.index_add_(0, torch.from_numpy(ids), torch.from_numpy(upstream))


def added_at_once(ids, upstream, n_tokens):
    gradient = np.zeros((n_tokens, upstream.shape[1]))
    gradient[ids] += upstream
    return gradient


def written(ids, upstream, n_tokens):
    gradient = np.zeros((n_tokens, upstream.shape[1]))
    gradient[ids] = upstream
    return gradient


def averaged(ids, upstream, n_tokens):
    return one_hot(ids, upstream, n_tokens) / np.maximum(np.bincount(ids, minlength=n_tokens), 1)[:, None]


def first_only(ids, upstream, n_tokens):
    return written(ids[::-1], upstream[::-1], n_tokens)


def in_integers(ids, upstream, n_tokens):
    gradient = np.zeros((n_tokens, upstream.shape[1]), dtype=int)
    np.add.at(gradient, ids, upstream.astype(int))
    return gradient


def used_rows_only(ids, upstream, n_tokens):
    return one_hot(ids, upstream, n_tokens)[np.unique(ids)]


def adds_into_upstream(ids, upstream, n_tokens):
    upstream += 0.5
    return one_hot(ids, upstream - 0.5, n_tokens)


# ---- 05.ppmi ----


def in_shares(counts):
    p = counts / counts.sum()
    expected = p.sum(axis=1, keepdims=True) @ p.sum(axis=0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.maximum(np.log(p / expected), 0), nan=0.0, posinf=0.0)


def by_cells(table):
    total, height, width = table.sum(), *table.shape
    result = [[0.0] * width for _ in range(height)]
    for i in range(height):
        for j in range(width):
            if table[i, j]:
                value = math.log(table[i, j] * total / table[i].sum() / table[:, j].sum())
                result[i][j] = max(value, 0)
    return result


def with_where(counts):
    counts = np.array(counts, float)
    chance = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
    logs = np.log(counts, out=np.zeros_like(counts), where=counts > 0)
    logs -= np.log(chance, out=np.zeros_like(counts), where=counts > 0)
    return torch.from_numpy(np.where(logs > 0, logs, 0))


def changed(least=0, power=1.0, base=math.e, add=0.0, log=np.log):
    """in_shares, with something changed."""

    def answer(counts):
        counts = counts + add
        columns = counts.sum(axis=0) ** power
        chance = np.outer(counts.sum(axis=1), columns) / columns.sum()
        with np.errstate(all="ignore"):
            values = np.where(counts > 0, log(counts / chance) / math.log(base), 0)
        return np.maximum(values, least)

    return answer


def warns(counts):
    p = counts / counts.sum()
    expected = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    return np.nan_to_num(np.maximum(np.log(p / expected), 0))


def infinite(counts):
    with np.errstate(all="ignore"):
        p = counts / counts.sum()
        return np.log(p / np.outer(p.sum(1), p.sum(0)))


def conditional(counts):
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.maximum(np.log(counts / counts.sum(axis=1, keepdims=True)), 0), nan=0.0)


def rows_for_columns(counts):
    with np.errstate(all="ignore"):
        chance = np.outer(counts.sum(1), counts.sum(1)) / counts.sum()
        return np.maximum(np.where(counts > 0, np.log(counts / chance[:, : counts.shape[1]]), 0), 0)


def in_place(counts):
    counts += 1
    return changed()(counts - 1)


# ---- 05.precision ----


def with_numpy(vectors, labels, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    labels = np.array(labels)
    return np.mean(labels[np.argsort(-cosines)[:, :k]] == labels[:, None])


def with_lists(points, tags, count):
    def cosine(a, b):
        return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)

    points, hits = [tuple(p) for p in points], 0
    for i, p in enumerate(points):
        rest = [(cosine(p, q), tags[j]) for j, q in enumerate(points) if j != i]
        rest.sort(key=lambda pair: -pair[0])
        hits += sum(tag == tags[i] for _, tag in rest[:count])
    return hits / (len(points) * count)


def with_torch_topk(vectors, labels, k):
    unit = torch.nn.functional.normalize(torch.as_tensor(vectors), dim=1)
    cosines = unit @ unit.T - 3 * torch.eye(len(unit))
    numbers = torch.tensor([sorted(set(labels)).index(label) for label in labels])
    return (numbers[cosines.topk(k).indices] == numbers[:, None]).float().mean()


def past_the_first(vectors, labels, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.argsort(-(unit @ unit.T), axis=1)[:, 1 : k + 1]
    return float((np.asarray(labels)[order] == np.asarray(labels)[:, None]).mean())


def precision_by(closeness, itself=False, after=lambda hits, labels, k: hits.mean()):
    def answer(vectors, labels, k):
        table = np.array([[closeness(a, b) for b in vectors] for a in vectors], dtype=float)
        if not itself:
            np.fill_diagonal(table, -np.inf)
        labels = np.array(labels)
        return after(labels[np.argsort(-table)[:, :k]] == labels[:, None], labels, k)

    return answer


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def by_label(hits, labels, k):
    return np.mean([hits[labels == label].mean() for label in np.unique(labels)])


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


def kept_by_shape(vocab, dim, layers={}):  # noqa: B006
    new = torch.nn.Embedding(len(vocab), dim, padding_idx=vocab.get("<|pad|>"))
    return layers.setdefault((len(vocab), dim), new)


def adds_up_between_calls(ids, upstream, n_tokens, tables={}):  # noqa: B006
    table = tables.setdefault((n_tokens, upstream.shape[1]), np.zeros((n_tokens, upstream.shape[1])))
    np.add.at(table, ids, upstream)
    return table.copy()


RIGHT = {
    "05.layer": [
        lambda vocab, dim: torch.nn.Embedding(len(vocab), dim, padding_idx=vocab.get("<|pad|>")),
        OwnLayer,
        from_a_table,
        with_a_hook,
        lambda v, d: torch.nn.Embedding(len(v), d, padding_idx=v.get("<|pad|>"), sparse=True),
        lambda v, d: torch.nn.Embedding(len(v), d, padding_idx=v.get("<|pad|>"), dtype=torch.float64),
    ],
    "05.gradient": [
        one_hot,
        in_a_loop,
        by_masks,
        with_torch,
        lambda ids, upstream, n: np.matrix(one_hot(ids, upstream, n).astype(np.float32)),
        lambda ids, upstream, n: (upstream[ids == t].sum(axis=0) for t in range(n)),
    ],
    "05.ppmi": [in_shares, by_cells, with_where, changed()],
    "05.precision": [with_numpy, with_lists, with_torch_topk, past_the_first],
    "05.analogy": [usual, with_a_loop, with_torch_cosines],
}

WRONG = {
    "05.layer": [
        says(lambda vocab, dim: torch.nn.Embedding(dim, len(vocab), vocab.get("<|pad|>")), "swapped"),
        lambda vocab, dim: torch.nn.Embedding(len(vocab), dim),
        lambda vocab, dim: torch.nn.Embedding(len(vocab), dim, padding_idx=0),
        lambda vocab, dim: torch.nn.Embedding(max(vocab.values()), dim, vocab.get("<|pad|>")),
        lambda vocab, dim: torch.nn.Embedding(len(vocab) + 1, dim, vocab.get("<|pad|>")),
        lambda vocab, dim: torch.nn.Embedding(len(vocab), dim, vocab.get("<|pad|>", 0)),
        lambda vocab, dim: torch.nn.Embedding(len(vocab), dim, vocab["<|pad|>"]),
        says(zeros_only, "do not stay"),
        pad_by_place,
        frozen,
        all_zeros,
        takes_pad_out,
        lambda vocab, dim: torch.nn.Linear(len(vocab), dim),
        lambda vocab, dim: torch.nn.Embedding(len(vocab), dim, vocab.get("<|pad|>")).weight,
        form(torch.nn.Embedding(5, 3), "raised"),
        kept_by_shape,
    ],
    "05.gradient": [
        says(added_at_once, "add up"),
        says(written, "add up"),
        says(averaged, "average"),
        first_only,
        lambda ids, upstream, n_tokens: one_hot(ids, upstream, n_tokens).T,
        lambda ids, upstream, n_tokens: upstream,
        lambda ids, upstream, n_tokens: np.eye(n_tokens)[ids],
        in_integers,
        used_rows_only,
        adds_into_upstream,
        lambda ids, upstream, n_tokens: one_hot(ids, upstream, max(ids) + 1),
        lambda ids, upstream, n_tokens: np.abs(one_hot(ids, upstream, n_tokens)),
        lambda ids, upstream, n_tokens: one_hot(ids, upstream, n_tokens) / len(ids),
        says(lambda ids, upstream, n_tokens: print(one_hot(ids, upstream, n_tokens)), "`return`?"),
        says(lambda ids, upstream, n_tokens: -one_hot(ids, upstream, n_tokens), "The sign"),
        adds_up_between_calls,
    ],
    "05.ppmi": [
        says(changed(base=2), "base-2"),
        says(changed(base=10), "base-10"),
        says(changed(power=0.75), "smooths"),
        says(changed(least=-np.inf), "below zero"),
        says(changed(log=lambda x: x), "logarithm is missing"),
        says(lambda counts: np.abs(changed(least=-np.inf)(counts)), "not their size"),
        changed(add=1.0),
        changed(log=np.log1p),
        says(infinite, "An infinity or a NaN"),
        says(warns, "A warning counts as an error"),
        conditional,
        rows_for_columns,
        in_place,
        lambda counts: changed()(counts).T,
        lambda counts: changed()(counts).sum(),
        lambda counts: changed()(counts).round(2),
        says(lambda counts: print(changed()(counts)), "Does it end with `return`?"),
        says(lambda counts: changed()(counts + (counts == 0) * 1e-9), "A count of 0 gives 0"),
    ],
    "05.precision": [
        says(precision_by(lambda a, b: -math.dist(a, b)), "by distance"),
        says(precision_by(lambda a, b: a @ b), "dot product"),
        says(precision_by(cosine, itself=True), "counts itself"),
        says(precision_by(lambda a, b: -cosine(a, b)), "farthest"),
        precision_by(lambda a, b: abs(cosine(a, b))),
        says(precision_by(cosine, after=by_label), "not label by label"),
        precision_by(cosine, after=lambda hits, labels, k: hits.any(axis=1).mean()),
        precision_by(cosine, after=lambda hits, labels, k: (hits.mean(axis=1) > 0.5).mean()),
        precision_by(cosine, after=lambda hits, labels, k: hits.mean(axis=1)),
        precision_by(cosine, after=lambda hits, labels, k: hits.sum() / len(hits)),
        precision_by(cosine, after=lambda hits, labels, k: hits.sum() / (len(hits) - 1) / k),
        precision_by(cosine, after=lambda hits, labels, k: 100 * hits.mean()),
        precision_by(cosine, after=lambda hits, labels, k: round(hits.mean(), 2)),
        lambda vectors, labels, k: with_numpy(vectors, labels, 1),
        lambda vectors, labels, k: with_numpy(vectors, labels, k + 1),
        lambda vectors, labels, k: sum((n / len(labels)) ** 2 for n in Counter(labels).values()),
        says(lambda vectors, labels, k: print(with_numpy(vectors, labels, k)), "`return`?"),
        says(lambda vectors, labels, k: with_numpy(vectors, labels, 1), "not at the first alone"),
        says(precision_by(cosine, after=lambda hits, labels, k: round(hits.mean(), 3)), "Do not round"),
        says(precision_by(cosine, after=lambda hits, labels, k: hits[:, -1].mean()), "all k neighbours"),
        says(
            precision_by(cosine, after=lambda hits, labels, k: np.median(hits.mean(axis=1))),
            "itself left out",
        ),
    ],
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
