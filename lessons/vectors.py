"""Word vectors trained in two ways, and a score for them: what lesson 05 and its deeper pages build in view.

Pages that only use such vectors take them from here.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse as sp
import torch
import torch.nn.functional as F
from scipy.sparse.linalg import svds
from threadpoolctl import threadpool_limits
from torch import nn

from helpers.embeddings import fixed_sign

GROUPS = {
    "colours": "red green blue black white gray",
    "dtypes": "int8 int16 int32 int64 uint8 float16 float32 float64 complex64",
    "functions": "sin cos exp log sqrt sinh cosh log10 log2",
    "numbers": "one two three four five",
    "axes": "row rows column columns axis horizontal vertical",
    "distributions": "normal uniform poisson gamma beta binomial exponential laplace",
    "statistics": "mean median variance std var average",
}
GROUPS = {name: words.split() for name, words in GROUPS.items()}  # 50 words of the library docs

ANALOGIES = """row rows column columns | row rows axis axes | row rows value values
value values label labels | feature features sample samples | sin cos sinh cosh
cluster clusters component components | matrix matrices index indices | red r blue b
axis axes matrix matrices | min max minimum maximum | log exp log10 power
lower upper left right | lower upper bottom top | left right bottom top
float32 float64 complex64 complex128 | float32 float64 int32 int64 | width height x y
horizontal vertical row column | first second one two | mean variance means variances
train train_index test test_index | precision recall false true | svg png pdf ps
classifier regressor classification regression | increase increasing decrease decreasing
sum mean max median | svd eigh singular eigenvalues | png svg row column
zeros ones zero one | fit fitted transform transformed | return returned raise raised
compute computed estimate estimated | compute computes return returns"""
ANALOGIES = [q.split() for line in ANALOGIES.splitlines() for q in line.split("|")]  # a is to b as c to d


def group_precision(
    vectors: np.ndarray, vocab: Mapping[str, int], groups: Mapping[str, Sequence[str]] = GROUPS, k: int = 4
) -> float:
    """Of the k nearest (by cosine, among the words of all groups) of each word, the share from its own group.

    From 0 to 1, averaged over all words. Chance is about the share of a group among the words.
    """
    words = [word for group in groups.values() for word in group]
    label = np.repeat(np.arange(len(groups)), [len(group) for group in groups.values()])
    rows = np.asarray(vectors, dtype=float)[[vocab[word] for word in words]]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)  # a word is no neighbour of itself
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return float((label[best] == label[:, None]).mean())


# ---- by counting ----


def cooccurrence(ids: np.ndarray, n_tokens: int, window: int = 4) -> sp.csr_matrix:
    """How often token j stands at most `window` places from token i: (n_tokens, n_tokens), float64.

    >>> cooccurrence(np.array([0, 1, 0, 2]), n_tokens=3, window=1).toarray().astype(int).tolist()
    [[0, 2, 1], [2, 0, 0], [1, 0, 0]]
    """
    counts = sp.csr_matrix((n_tokens, n_tokens))
    for distance in range(1, window + 1):
        left, right = ids[:-distance], ids[distance:]
        counts = counts + sp.csr_matrix((np.ones(len(left)), (left, right)), shape=counts.shape)
    return (counts + counts.T).tocsr()


def ppmi(counts: sp.spmatrix, smoothing: float = 0.75) -> sp.csr_matrix:
    """Positive pointwise mutual information: log(P(i, j) / (P(i) P(j))), or 0 where that is less.

    P(j) comes from the column sums to the power of `smoothing`: 0.75 keeps rare contexts from looking
    too telling (Levy, Goldberg and Dagan 2015); 1.0 is the plain definition. ValueError: a count below 0.
    """
    counts = sp.csr_matrix(counts, dtype=float).tocoo()
    if counts.nnz and counts.data.min() < 0:
        raise ValueError(f"counts has {counts.data.min():g} among them: a count is 0 or more")
    counts.eliminate_zeros()
    rows = np.asarray(counts.sum(axis=1)).ravel()
    columns = np.asarray(counts.sum(axis=0)).ravel() ** smoothing
    expected = rows[counts.row] * columns[counts.col] / columns.sum()
    values = np.maximum(np.log(counts.data / expected), 0)
    matrix = sp.csr_matrix((values, (counts.row, counts.col)), shape=counts.shape)
    matrix.eliminate_zeros()
    return matrix


def svd_vectors(matrix: sp.spmatrix, dim: int = 64) -> np.ndarray:
    """The rows of `matrix` as vectors of `dim` numbers, (n, dim) float64: U sqrt(S) of its truncated SVD.

    The exponent 1/2 is that of Levy, Goldberg and Dagan (2015). Columns come by falling singular value,
    with fixed signs; the first k columns are the vectors for dim=k. `dim` is below both sides of the matrix.
    """
    start = np.random.default_rng(0).standard_normal(min(matrix.shape))  # else ARPACK draws one of its own
    with threadpool_limits(1):
        u, s, _ = svds(sp.csr_matrix(matrix, dtype=float), k=dim, v0=start)
    order = np.argsort(-s)
    return fixed_sign(u[:, order]) * np.sqrt(s[order])


# ---- by predicting ----


def train_skipgram(
    ids: np.ndarray, n_tokens: int, dim: int = 64, steps: int = 600, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Skip-gram with negative sampling, as lesson 05 trains it: (vectors, context vectors, losses).

    Both tables are (n_tokens, dim), float32. A step takes 4,096 pairs of words at most 4 places apart and 256
    noise words, which serve all pairs and weigh as much as 5 (Mikolov et al. 2013; Ji et al. 2016). Of a word
    of frequency f, a share of sqrt(0.001 / f) stays; noise is drawn by f to the power of 0.75.
    """
    rng, counts = np.random.default_rng(seed), np.bincount(ids, minlength=n_tokens)
    kept = thinned(ids, rng)
    torch.manual_seed(seed)
    table, contexts = nn.Embedding(n_tokens, dim), nn.Embedding(n_tokens, dim)
    nn.init.normal_(table.weight, std=0.05)
    nn.init.zeros_(contexts.weight)
    optimizer = torch.optim.Adam([table.weight, contexts.weight], fused=True)
    noise_share, entropy = torch.from_numpy(counts**0.75), F.binary_cross_entropy_with_logits
    losses = []
    for step in range(steps):
        at = rng.integers(4, len(kept) - 4, 4096)
        away = rng.choice([-4, -3, -2, -1, 1, 2, 3, 4], 4096)
        words = table(torch.from_numpy(kept[at]))
        real = (words * contexts(torch.from_numpy(kept[at + away]))).sum(dim=1)
        drawn = words @ contexts(torch.multinomial(noise_share, 256, replacement=True)).T
        loss = entropy(real, torch.ones_like(real)) + 5 * entropy(drawn, torch.zeros_like(drawn))
        optimizer.param_groups[0]["lr"] = 0.03 * (1 - step / steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return table.weight.detach().numpy(), contexts.weight.detach().numpy(), losses


def thinned(ids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`ids` without most of the very frequent tokens: of one with frequency f, sqrt(0.001 / f) stay."""
    share = np.bincount(ids)[ids] / len(ids)
    return ids[rng.random(len(ids)) < np.sqrt(1e-3 / share)]
