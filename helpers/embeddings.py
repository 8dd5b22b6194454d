"""Token embeddings: the words of a text as ids, the nearest rows of a table, a table in two dimensions."""

import difflib
from collections import Counter
from collections.abc import Hashable, Mapping

import numpy as np
import regex
import torch
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import normalize
from sklearn.utils import check_array
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
    unit = normalize(_matrix(vectors))
    vocab = _checked_vocab(vocab, len(unit), token)
    k = arguments.integer(f"k, for a vocabulary of {len(vocab)} tokens,", k, 1, len(vocab) - 1)
    others = sorted((i, name) for name, i in vocab.items() if name != token)
    cosines = unit[[i for i, _ in others]] @ unit[vocab[token]]
    return [(others[i][1], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:k]]


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
    return fixed_sign(points.astype(float))


def fixed_sign(columns: np.ndarray) -> np.ndarray:
    """`columns` with signs such that the largest entry of each, by size, is positive."""
    largest = columns[np.abs(columns).argmax(axis=0), np.arange(columns.shape[1])]
    return columns * np.where(largest < 0, -1.0, 1.0)


def _matrix(vectors: np.ndarray | torch.Tensor) -> np.ndarray:
    """`vectors` as a finite float64 array of two axes."""
    try:
        if np.ma.isMaskedArray(vectors) or "complex" in str(getattr(vectors, "dtype", "")):
            raise TypeError("a mask, or the imaginary part of complex numbers, would be lost")
        x = vectors.detach().cpu().double() if isinstance(vectors, torch.Tensor) else vectors
        return check_array(x, dtype=float)
    except (TypeError, ValueError, RuntimeError) as error:  # NaN, words, rows of unequal length, `meta`
        found = str(error).partition(":\n")[0]
        wrong = f"vectors must be a table of finite numbers, one row for each token: {found}"
        raise arguments.WrongKind(wrong) from None


def _checked_vocab(vocab: Mapping[str, int], n_rows: int, token: str) -> dict[str, int]:
    """`vocab` with ids that are ints, if it maps tokens to rows that there are, `token` among them."""
    ids = list(arguments.mapping("vocab", vocab).values())
    try:
        rows = arguments.id_array("vocab", ids, least=1).tolist()
    except ValueError:
        turned = "if it maps ids to tokens, give {token: i for i, token in vocab.items()}"
        wrong = f"vocab must map each token to its row; {arguments.shown(vocab)} does not: {turned}"
        raise ValueError(wrong) from None
    if not isinstance(token, Hashable) or token not in vocab:
        names = {str(name): name for name in vocab}
        near = [names[name] for name in difflib.get_close_matches(str(token), names)] or "none"
        raise ValueError(f"token {token!r} is not among {len(vocab)} in vocab; near spellings: {near}")
    if not 0 <= min(rows) <= max(rows) < n_rows:
        raise ValueError(f"vocab has ids from {min(rows)} to {max(rows)}, but vectors has {n_rows} rows")
    return dict(zip(vocab, rows, strict=True))
