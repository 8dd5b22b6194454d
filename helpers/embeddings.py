"""Token embeddings: train them in two ways, ask for neighbours, draw them in two dimensions (notebook 05)."""

import difflib
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
import regex
import scipy.sparse as sp
import torch
import torch.nn.functional as F
from scipy.sparse.linalg import svds
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from helpers import arguments

WORD = regex.compile(r"[^\W\d]\w*")  # words of any script, and as in code: float32, train_test_split


def word_ids(text: str, min_count: int = 20) -> tuple[np.ndarray, dict[str, int]]:
    """The lower-case words of `text` as ids, and the vocabulary: the most frequent word is 0.

    Words seen fewer than `min_count` times are dropped, so their neighbours move together, as in word2vec
    (Mikolov et al. 2013). Returns an int64 array of shape (n,) and a dict in the order of the ids; words of
    equal count are in the order of code points. Raises ValueError where no word is left.

    >>> word_ids("a cat, a mat: a cat sat", min_count=2)
    (array([0, 1, 0, 0, 1]), {'a': 0, 'cat': 1})
    """
    words = WORD.findall(arguments.text("text", text).lower())
    counts, least = Counter(words), arguments.integer("min_count", min_count, 1)
    kept = sorted((-n, word) for word, n in counts.items() if n >= least)
    if not kept:
        most = counts.most_common(1) or "it has no words"
        raise ValueError(f"min_count is {least}: no word of text occurs that often ({most})")
    vocab = {word: i for i, (_, word) in enumerate(kept)}
    return np.array([vocab[word] for word in words if word in vocab]), vocab


# ---- the count-based way ----


def cooccurrence(ids: np.ndarray, n_tokens: int, window: int = 4) -> sp.csr_matrix:
    """How often token j stands at most `window` places from token i: (n_tokens, n_tokens), float64.

    >>> cooccurrence(np.array([0, 1, 0, 2]), n_tokens=3, window=1).toarray().astype(int).tolist()
    [[0, 2, 1], [2, 0, 0], [1, 0, 0]]
    """
    ids, n_tokens, window = _checked_ids(ids, n_tokens, window)
    counts = sp.csr_matrix((n_tokens, n_tokens))
    for distance in range(1, window + 1):
        left, right = ids[:-distance], ids[distance:]
        counts = counts + sp.csr_matrix((np.ones(len(left)), (left, right)), shape=counts.shape)
    return (counts + counts.T).tocsr()


def ppmi(counts: sp.spmatrix, smoothing: float = 0.75) -> sp.csr_matrix:
    """Positive pointwise mutual information: log(P(i, j) / (P(i) P(j))), or 0 where that is less.

    P(j) comes from the column sums to the power of `smoothing`: 0.75 keeps rare contexts from looking
    too telling (Levy, Goldberg and Dagan 2015); 1.0 is the plain definition.
    Raises ValueError for counts below 0 and what is no table of finite numbers.
    """
    counts = _sparse("counts", counts).tocoo()
    if counts.nnz and counts.data.min() < 0:
        raise ValueError(f"counts has {counts.data.min():g} among them: a count is 0 or more")
    rows = np.asarray(counts.sum(axis=1)).ravel()
    columns = np.asarray(counts.sum(axis=0)).ravel() ** arguments.real("smoothing", smoothing)
    expected = rows[counts.row] * columns[counts.col] / columns.sum()
    values = np.maximum(np.log(counts.data / expected), 0)
    matrix = sp.csr_matrix((values, (counts.row, counts.col)), shape=counts.shape)
    matrix.eliminate_zeros()
    return matrix


def svd_vectors(matrix: sp.spmatrix, dim: int = 64) -> np.ndarray:
    """The rows of `matrix` as vectors of `dim` numbers, (n, dim) float64: U sqrt(S) of its truncated SVD.

    The exponent 1/2 is that of Levy, Goldberg and Dagan (2015). Columns come by falling singular value,
    signs fixed as in `project`; the first k columns are the vectors for dim=k. Singular values that are
    equal leave their columns free to turn: in a matrix with few different ones, such as the unit matrix,
    ARPACK then starts again at random, and these columns differ from call to call.
    Raises ValueError where dim is not below both sides of the matrix, or that is no table of finite numbers.
    """
    matrix = _sparse("matrix", matrix)
    dim = arguments.integer(f"dim, for a matrix of shape {matrix.shape},", dim, 1, min(matrix.shape) - 1)
    if not matrix.nnz:
        return np.zeros((matrix.shape[0], dim))  # ARPACK cannot begin
    start = np.random.default_rng(0).standard_normal(
        min(matrix.shape)
    )  # ones may be a singular vector itself
    with threadpool_limits(1):
        u, s, _ = svds(matrix, k=dim, v0=start)
    order = np.argsort(-s)
    return _fixed_sign(u[:, order]) * np.sqrt(s[order])


# ---- skip-gram with negative sampling ----


def skipgram_pairs(
    ids: np.ndarray, n_tokens: int, window: int, rng: np.random.Generator, threshold: float = 1e-3
) -> tuple[np.ndarray, np.ndarray]:
    """(centres, contexts): two int64 arrays, a pair for each two tokens in one window, in random order.

    As in word2vec (Mikolov et al. 2013, arXiv 1310.4546, and its code): a token of frequency f stays with
    probability sqrt(threshold / f) + threshold / f, and each centre draws its own window from 1 to `window`.
    """
    ids, n_tokens, window = _checked_ids(ids, n_tokens, window)
    threshold = arguments.real("threshold", threshold, 0)
    if not isinstance(rng, np.random.Generator):
        kind = f"not {arguments.shown(rng)} ({type(rng).__name__})"
        raise arguments.WrongKind(f"rng must be a Generator, such as np.random.default_rng(0), {kind}")
    frequency = np.bincount(ids, minlength=n_tokens)[ids] / len(ids)
    ids = ids[rng.random(len(ids)) < np.sqrt(threshold / frequency) + threshold / frequency]
    reach = rng.integers(1, window + 1, len(ids))
    centres, contexts = [], []
    for distance in range(1, window + 1):
        ahead = np.flatnonzero(reach[:-distance] >= distance)
        back = np.flatnonzero(reach[distance:] >= distance) + distance
        centres += [ids[ahead], ids[back]]
        contexts += [ids[ahead + distance], ids[back - distance]]
    order = rng.permutation(sum(map(len, centres)))
    return np.concatenate(centres)[order], np.concatenate(contexts)[order]


def skipgram_loss(
    centre: torch.Tensor, context: torch.Tensor, noise: torch.Tensor, n_negative: int = 5
) -> torch.Tensor:
    """The loss of skip-gram with negative sampling, averaged over the pairs of a batch; a scalar.

    `centre` and `context` are (batch, dim), `noise` is (n_noise, dim) and serves the whole batch, each row
    weighted n_negative / n_noise. In expectation that is n_negative noise tokens drawn for each pair
    (equation 4 of Mikolov et al. 2013), but as one matrix product (Ji et al. 2016, arXiv 1604.04661).
    """
    if not len(centre) or not len(noise):
        raise ValueError(f"centre has {len(centre)} rows, noise {len(noise)}: no mean exists over nothing")
    real = F.softplus(-(centre * context).sum(dim=1)).mean()  # -log sigmoid(x) is softplus(-x)
    drawn = F.softplus(centre @ noise.T).mean()
    return real + n_negative * drawn


def train_skipgram(
    ids: np.ndarray, n_tokens: int, dim: int = 64, window: int = 4, epochs: int = 1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Skip-gram with negative sampling (Mikolov et al. 2013): (vectors, context vectors, loss of each step).

    Both tables are (n_tokens, dim), float32. Batches of 4,096 pairs, 64 noise tokens drawn by frequency to
    the power of 0.75, Adam with a rate that falls from 0.02 to 0. Only rows in the batch have a gradient; the
    step is dense all the same, as a fused step over a table of this size is the cheapest.
    Raises ValueError where an id does not fit n_tokens, or there is too little text for one batch.
    """
    batch, n_noise, rate = 4096, 64, 0.02
    ids, n_tokens, window = _checked_ids(ids, n_tokens, window)
    dim, epochs = arguments.integer("dim", dim, 1), arguments.integer("epochs", epochs, 1)
    seed = arguments.integer("seed", seed)
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    kind = {"dtype": torch.float32, "device": "cpu"}  # whatever torch's defaults are
    table = ((torch.rand(n_tokens, dim, generator=generator, **kind) - 0.5) * 8 / dim).requires_grad_()
    contexts = torch.zeros(n_tokens, dim, requires_grad=True, **kind)
    frequency = torch.from_numpy(np.bincount(ids, minlength=n_tokens) ** 0.75)
    optimizer = torch.optim.Adam([table, contexts], lr=rate, fused=True)
    losses, steps = [], None
    for _ in range(epochs):
        pairs = skipgram_pairs(ids, n_tokens, window, rng)
        steps = steps or epochs * max(1, len(pairs[0]) // batch)
        for centre, context in _batches(*pairs, batch):
            noise = torch.multinomial(frequency, n_noise, replacement=True, generator=generator)
            loss = skipgram_loss(F.embedding(centre, table), F.embedding(context, contexts), contexts[noise])
            optimizer.param_groups[0]["lr"] = rate * max(0.0, 1 - len(losses) / steps)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return table.detach().numpy(), contexts.detach().numpy(), losses


def _batches(centres: np.ndarray, contexts: np.ndarray, size: int) -> Iterator[tuple[torch.Tensor, ...]]:
    """Whole batches of int64 pairs; what is left at the end is dropped."""
    if len(centres) < size:
        raise ValueError(f"ids gives {len(centres)} pairs, less than one batch of {size}: give a longer text")
    for start in range(0, len(centres) - size + 1, size):
        part = slice(start, start + size)
        yield torch.from_numpy(centres[part]), torch.from_numpy(contexts[part])


# ---- looking at vectors ----


def nearest(
    vectors: np.ndarray | torch.Tensor, vocab: Mapping[str, int], token: str, k: int = 8
) -> list[tuple[str, float]]:
    """The `k` tokens whose vectors have the highest cosine with that of `token`, best first, and the cosines.

    `vectors` is (n, dim), and row vocab[token] belongs to token. The token itself is left out; of equals the
    smaller id comes first; a vector of zeros has cosine 0 with all. Raises ValueError for a token that is
    not in `vocab` (near spellings are named), for a `vocab` that maps ids to tokens as `BPETokenizer.vocab`
    does, or where k is not from 1 to len(vocab) - 1.

    >>> nearest(np.array([[1.0, 0], [2, 0], [0, 1]]), {"a": 0, "b": 1, "c": 2}, "a", k=2)
    [('b', 1.0), ('c', 0.0)]
    """
    unit = _unit(vectors)
    vocab = _checked_vocab(vocab, len(unit), [token])
    k = arguments.integer(f"k, for a vocabulary of {len(vocab)} tokens,", k, 1, len(vocab) - 1)
    others = sorted((i, name) for name, i in vocab.items() if name != token)
    cosines = unit[[i for i, _ in others]] @ unit[vocab[token]]
    return [(others[i][1], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:k]]


def group_precision(
    vectors: np.ndarray | torch.Tensor,
    vocab: Mapping[str, int],
    groups: Mapping[str, Sequence[str]],
    k: int = 4,
) -> float:
    """Of the k nearest (by cosine, among the words of all groups) of each word, the share from its own group.

    From 0 to 1, averaged over all words. Chance is about the share of a group among the words.
    Raises ValueError where a word is missing or stands twice, or k is not smaller than the smallest group.
    """
    unit = _unit(vectors)
    groups = arguments.mapping("groups", groups)
    groups = {name: list(arguments.many(f"groups[{name!r}]", group)) for name, group in groups.items()}
    words = [word for group in groups.values() for word in group]
    vocab = _checked_vocab(vocab, len(unit), words)
    if not words or (twice := [f"{word!r} twice" for word, n in Counter(words).items() if n > 1]):
        raise ValueError(f"groups must hold words, each once, not {twice if words else 'none'}")
    smallest = min(map(len, groups.values()))
    if smallest < 2:
        raise ValueError(f"groups has one with {smallest} words: give each two or more, or leave it out")
    k = arguments.integer(f"k, for a smallest group of {smallest} words,", k, 1, smallest - 1)
    label = np.repeat(np.arange(len(groups)), [len(group) for group in groups.values()])
    unit = unit[[vocab[word] for word in words]]
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return float((label[best] == label[:, None]).mean())


def project(
    vectors: np.ndarray | torch.Tensor, method: str = "pca", seed: int = 0, perplexity: float = 30.0
) -> np.ndarray:
    """`vectors`, (n, dim), drawn in two dimensions: (n, 2), float64.

    "pca": the two directions of most variance. "tsne": van der Maaten and Hinton (2008), started from random
    points drawn with `seed`, so that another seed is another try; `perplexity` is about the number of
    neighbours that count. The same for any number of threads, and the largest entry of each column, by size,
    is positive. Raises ValueError for an unknown method, fewer than two dimensions or three vectors, or a
    perplexity that is not below n.
    """
    x, seed = _matrix(vectors), arguments.integer("seed", seed, 0, 2**32 - 1)
    if x.shape[0] < 3 or x.shape[1] < 2:
        raise ValueError(f"vectors of shape {x.shape}: at least 3 vectors of 2 dimensions are needed")
    if arguments.choice("method", method, ["pca", "tsne"]) == "pca":
        tool = PCA(2, svd_solver="full")
    else:  # from scikit-learn's default start, the PCA, every seed would give the same picture
        perplexity = arguments.real(f"perplexity, for {len(x)} vectors,", perplexity, 0, len(x))
        tool = TSNE(2, perplexity=perplexity, init="random", random_state=seed)
    with threadpool_limits(1):
        points = tool.fit_transform(x)
    return _fixed_sign(points.astype(float))


def _fixed_sign(columns: np.ndarray) -> np.ndarray:
    """`columns` with signs such that the largest entry of each, by size, is positive."""
    largest = columns[np.abs(columns).argmax(axis=0), np.arange(columns.shape[1])]
    return columns * np.where(largest < 0, -1.0, 1.0)


def _matrix(vectors: np.ndarray | torch.Tensor, name: str = "vectors") -> np.ndarray:
    """`vectors` as a finite float64 array of two axes."""
    try:
        if np.ma.isMaskedArray(vectors) or "complex" in str(getattr(vectors, "dtype", "")):
            raise TypeError("a mask, or the imaginary part of complex numbers, would be lost")
        x = vectors.detach().cpu().double().numpy() if isinstance(vectors, torch.Tensor) else vectors
        x = np.asarray(x, dtype=float)
    except (TypeError, ValueError, RuntimeError) as error:  # words, rows of unequal length, the meta device
        raise arguments.WrongKind(f"{name} must be a table of finite numbers: {error}") from None
    if x.ndim != 2 or not np.isfinite(x).all():
        found = f"an array of shape {x.shape}" if x.ndim != 2 else "a NaN or an infinity among them"
        raise ValueError(f"{name} must be a table of finite numbers, one row for each token, not {found}")
    return x


def _sparse(name: str, matrix: sp.spmatrix) -> sp.csr_matrix:
    """A copy of `matrix`, sparse or not, as float64: no entry twice, and no zero stored."""
    if sp.issparse(matrix) and matrix.ndim == 2:
        _matrix(matrix.tocoo().data[None], name)
    else:
        matrix = _matrix(matrix, name)
    copy = sp.csr_matrix(matrix, dtype=float, copy=True)
    copy.sum_duplicates()
    copy.eliminate_zeros()
    return copy


def _unit(vectors: np.ndarray | torch.Tensor) -> np.ndarray:
    x = _matrix(vectors)
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norm, out=np.zeros_like(x), where=norm > 0)


def _checked_vocab(vocab: Mapping[str, int], n_rows: int, tokens: Sequence[str]) -> dict[str, int]:
    rows = list(arguments.mapping("vocab", vocab).values())
    try:
        rows = arguments.id_array("vocab", rows).tolist()
    except ValueError:
        turned = "if it maps ids to tokens, give {token: i for i, token in vocab.items()}"
        wrong = f"vocab must map each token to its row; {arguments.shown(vocab)} does not: {turned}"
        raise ValueError(wrong) from None
    for token in tokens:
        if not isinstance(token, Hashable) or token not in vocab:
            names = {str(name): name for name in vocab}
            near = [names[name] for name in difflib.get_close_matches(str(token), names)] or "none"
            raise ValueError(f"token {token!r} is not among {len(vocab)} in vocab; near spellings: {near}")
    if rows and not 0 <= min(rows) <= max(rows) < n_rows:
        raise ValueError(f"vocab has ids from {min(rows)} to {max(rows)}, but vectors has {n_rows} rows")
    return dict(zip(vocab, rows, strict=True))


def _checked_ids(ids: np.ndarray, n_tokens: int, window: int) -> tuple[np.ndarray, int, int]:
    ids, n_tokens = arguments.id_array("ids", ids, least=2), arguments.integer("n_tokens", n_tokens, 1)
    arguments.in_range("ids", ids, 0, n_tokens - 1)
    window = arguments.integer(f"window, for {len(ids)} ids,", window, 1, len(ids) - 1)
    return ids.astype(np.int64, copy=False), n_tokens, window
