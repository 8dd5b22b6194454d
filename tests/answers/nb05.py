"""Answers to the exercises of lesson 05."""

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
    "05.precision": [with_numpy, with_lists, with_torch_topk, past_the_first],
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
}
