"""Embeddings: lookup against one-hot products, words as ids, neighbours, and pictures in two dimensions."""

import math
import re
from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity
from threadpoolctl import threadpool_limits

from helpers.bpe import BPETokenizer
from helpers.corpus import load_library_docs
from helpers.embeddings import nearest, project, word_ids

VOCAB = {"red": 0, "green": 1, "blue": 2, "float32": 3, "float64": 4}
VECTORS = np.array([[3.0, 0.1], [1.0, 0.2], [2.0, -0.5], [0.0, 1.0], [-0.1, 4.0]])


def random_table(n=40, dim=12, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim))


# ---- lookup ----


@pytest.mark.parametrize("ids", [[3], [1, 1, 4], [[0, 2], [4, 4]]])
def test_lookup_equals_one_hot_times_matrix_in_value_and_gradient(ids):
    ids = torch.tensor(ids)
    table = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    looked_up, multiplied = table.clone().requires_grad_(), table.clone().requires_grad_()
    rows = F.embedding(ids, looked_up)
    product = F.one_hot(ids, num_classes=5).double() @ multiplied
    assert torch.equal(rows, product)
    weights = torch.arange(rows.numel(), dtype=torch.float64).reshape(rows.shape)
    (rows * weights).sum().backward()
    (product * weights).sum().backward()
    torch.testing.assert_close(looked_up.grad, multiplied.grad)
    untouched = [i for i in range(5) if i not in ids]
    assert not looked_up.grad[untouched].any()


# ---- words ----


def test_word_ids_go_by_count_then_by_the_alphabet_and_drop_rare_words():
    ids, vocab = word_ids("Float32 b a. b A; rare float32? b", min_count=2)
    assert vocab == {"b": 0, "a": 1, "float32": 2}
    assert ids.tolist() == [2, 0, 1, 0, 1, 2, 0] and ids.dtype == np.int64


def test_word_ids_says_when_no_word_is_left():
    with pytest.raises(ValueError, match=r"min_count is 3: no word of text occurs that often.*'a', 2"):
        word_ids("a a b", min_count=3)
    with pytest.raises(ValueError, match=r"min_count is 1: .* \(it has no words\)"):
        word_ids("1, 2, 3.", min_count=1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Über Straße café cafe\u0301", {"über", "straße", "café", "cafe\u0301"}),
        ("слово, Дело слово", {"слово", "дело"}),
        ("हिन्दी में", {"हिन्दी", "में"}),
        ("日本語 한국어", {"日本語", "한국어"}),
        ("float32 train_test_split _x x2 2x 3.5", {"float32", "train_test_split", "_x", "x2", "x"}),
    ],
)
def test_words_of_every_script_stay_whole(text, words):
    assert set(word_ids(text, 1)[1]) == words


def test_of_the_words_of_the_library_docs_only_those_with_other_letters_changed():
    text = load_library_docs()
    ascii_words = Counter(re.findall(r"[a-z_][a-z0-9_]*", text.lower()))
    before, now = {word for word, n in ascii_words.items() if n >= 20}, set(word_ids(text)[1])
    assert len(before & now) > 0.999 * len(before)
    assert all(not word.isascii() for word in now - before) and len(before - now) < 5


@pytest.mark.parametrize(
    ("text", "min_count", "name"),
    [
        (None, 1, "text"),
        (b"a", 1, "text"),
        ("a\ud800", 1, "text"),
        ("a", 0, "min_count"),
        ("a", 2.5, "min_count"),
    ],
)
def test_word_ids_names_what_it_cannot_use(text, min_count, name):
    with pytest.raises(ValueError, match=rf"^{name} (must be|has a lone surrogate)"):
        word_ids(text, min_count)


# ---- nearest ----


def test_nearest_agrees_with_scikit_learn():
    table, vocab = random_table(), {f"t{i}": i for i in range(40)}
    cosines = cosine_similarity(table)[7]
    expected = [int(i) for i in np.argsort(-cosines) if i != 7][:5]
    found = nearest(table, vocab, "t7", k=5)
    assert [vocab[name] for name, _ in found] == expected
    np.testing.assert_allclose([value for _, value in found], cosines[expected])


def test_nearest_leaves_out_the_token_and_ignores_length():
    found = nearest(VECTORS * np.array([[1], [100], [1e-3], [1], [1]]), VOCAB, "red", k=4)
    assert [name for name, _ in found] == [name for name, _ in nearest(VECTORS, VOCAB, "red", k=4)]
    assert "red" not in dict(found) and len(found) == 4


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_nearest_takes_the_weight_of_an_embedding_layer_in_any_dtype(dtype):
    layer = torch.nn.Embedding.from_pretrained(torch.from_numpy(VECTORS).to(dtype), freeze=False)
    found = nearest(layer.weight, VOCAB, "float32", k=1)
    assert found[0][0] == "float64" and found[0][1] == pytest.approx(1, abs=0.01)
    assert layer.weight.dtype is dtype and layer.weight.requires_grad


def test_nearest_breaks_ties_by_id_and_gives_zero_vectors_a_cosine_of_zero():
    table = np.array([[1.0, 0], [0, 0], [5, 0], [2, 0]])
    assert nearest(table, {"d": 3, "c": 2, "z": 1, "a": 0}, "a", k=3) == [("c", 1.0), ("d", 1.0), ("z", 0.0)]


def test_nearest_offers_near_spellings_for_a_missing_token():
    with pytest.raises(ValueError, match=r"'flaot32'.*'float32'"):
        nearest(VECTORS, VOCAB, "flaot32", k=1)
    with pytest.raises(ValueError, match=r"'zzzzz' is not among 5 in vocab; near spellings: none"):
        nearest(VECTORS, VOCAB, "zzzzz", k=1)


@pytest.mark.parametrize("k", [0, -1, 5, 8])
def test_nearest_refuses_a_k_that_the_vocabulary_cannot_give(k):
    with pytest.raises(ValueError, match=f"k, for a vocabulary of 5 tokens, must be .* 1 to 4, not {k}"):
        nearest(VECTORS, VOCAB, "red", k=k)


@pytest.mark.parametrize("k", [None, "2", 2.0])
def test_nearest_refuses_a_k_that_is_no_integer(k):
    with pytest.raises(ValueError, match=f"k, for a vocabulary of 5 .* from 1 to 4, not {k!r}"):
        nearest(VECTORS, VOCAB, "red", k=k)


def test_nearest_refuses_a_vocabulary_that_maps_nothing():
    with pytest.raises(TypeError, match="vocab must be a dict, not None"):
        nearest(VECTORS, None, "red", k=2)


@pytest.mark.parametrize("token", ["the", b"the", 5])
def test_nearest_says_which_way_a_vocabulary_must_map(token):
    vocab = BPETokenizer.train("the then other", 259).vocab  # id: bytes
    table = random_table(len(vocab))
    with pytest.raises(
        ValueError, match=r"vocab must map each token to its row; .* \{token: i for i, token in"
    ):
        nearest(table, vocab, token)
    turned = {token: i for i, token in vocab.items()}  # as the error says
    assert len(nearest(table, turned, b"the", k=3)) == 3
    with pytest.raises(ValueError, match=r"token 'the' is not among 259 in vocab; near spellings:.*b'the'"):
        nearest(table, turned, "the")


@pytest.mark.parametrize("token", [["a"], None, 5, {"a"}])
def test_nearest_names_a_token_of_another_kind(token):
    with pytest.raises(ValueError, match=r"^token .* is not among 2 in vocab"):
        nearest(np.eye(2), {"a": 0, "b": 1}, token, k=1)


def test_nearest_takes_ids_that_are_tensors_and_refuses_complex_vectors():
    vocab = {name: torch.tensor(i) for i, name in enumerate("abc")}
    assert nearest(np.tri(3), vocab, "c", k=1) == nearest(np.tri(3), {"a": 0, "b": 1, "c": 2}, "c", k=1)
    for vectors in (np.eye(3) * 1j, torch.eye(3) * 1j):
        with pytest.raises(TypeError, match="vectors must be a table of finite numbers"):
            nearest(vectors, vocab, "a", k=1)


def test_nearest_takes_a_k_and_ids_of_numpy():
    vocab = {name: np.int32(i) for name, i in VOCAB.items()}
    assert nearest(VECTORS, vocab, "red", np.uint8(2)) == nearest(VECTORS, VOCAB, "red", 2)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (VECTORS[:4], "ids from 0 to 4, but vectors has 4 rows"),
        ([["a"]], "vectors must be a table of finite numbers"),
        ([[1.0], [1.0, 2.0]], "vectors must be a table of finite numbers"),
        (torch.ones(5, 2, device="meta"), "vectors must be a table of finite numbers"),
        (None, "vectors must be a table of finite numbers"),
        (VECTORS[0], "one row for each token: .* 1D array"),
        (np.where(VECTORS > 3, np.nan, VECTORS), "contains NaN"),
    ],
)
def test_nearest_refuses_a_table_that_does_not_fit(table, message):
    with pytest.raises(ValueError, match=message):
        nearest(table, VOCAB, "red", k=2)


# ---- project ----


def test_pca_agrees_with_a_plain_svd_and_fixes_the_sign():
    table = random_table()
    centred = table - table.mean(axis=0)
    expected = centred @ np.linalg.svd(centred)[2][:2].T
    found = project(table)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-10)
    assert (found[np.abs(found).argmax(axis=0), [0, 1]] > 0).all()
    np.testing.assert_allclose(found, project(table[:, ::-1]), atol=1e-10)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_projection_has_one_point_a_row_and_is_the_same_with_one_thread_and_with_two(method):
    table = random_table(60)
    points = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            points.append(project(table, method, seed=3, perplexity=5))
    assert points[0].shape == (60, 2) and points[0].dtype == np.float64
    assert np.array_equal(points[0], points[1])
    assert (points[0][np.abs(points[0]).argmax(axis=0), [0, 1]] > 0).all()


def test_another_seed_gives_another_tsne_and_the_same_pca():
    table = random_table()
    assert project(table, seed=2**32 - 1).shape == (40, 2)
    first, again, other = (project(table, "tsne", seed, perplexity=5) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.allclose(first, other)
    assert np.array_equal(project(table, seed=0), project(table, seed=1))


def test_tsne_keeps_well_separated_groups_apart():
    table = np.concatenate([random_table(20, 5), random_table(20, 5, seed=1) + 6])
    points = project(table, "tsne", perplexity=10)
    gap = points[:20].mean(axis=0) - points[20:].mean(axis=0)
    side = points @ gap
    assert side[:20].min() > side[20:].max()


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_projection_takes_tensors_with_gradient_and_half_precision(method):
    table = torch.from_numpy(random_table(20)).half().requires_grad_()
    assert np.isfinite(project(table, method, perplexity=5)).all()


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        (random_table(), {"method": "umap"}, "method must be one of 'pca', 'tsne', not 'umap'"),
        (random_table(20), {"method": "tsne"}, "perplexity, for 20 vectors, must be .* below 20, not 30.0"),
        (
            random_table(20),
            {"method": "tsne", "perplexity": 0},
            "perplexity, for 20 vectors, must be a finite number above 0 .* not 0",
        ),
        (
            random_table(20),
            {"method": "tsne", "perplexity": None},
            "perplexity, for 20 vectors, must be .* not None",
        ),
        (
            random_table(),
            {"method": "tsne", "seed": 2**32, "perplexity": 5},
            "seed must be an integer from 0 to",
        ),
        (random_table(), {"seed": 1.5}, "seed must be an integer from 0 to"),
        (random_table(2), {}, re.escape("shape (2, 12)")),
        (random_table(9, 1), {}, re.escape("shape (9, 1)")),
        (np.full((5, 3), np.inf), {}, "contains infinity"),
    ],
)
def test_projection_refuses_what_it_cannot_draw(table, arguments, message):
    with pytest.raises(ValueError, match=message):
        project(table, **arguments)


def test_two_pca_axes_of_noise_explain_what_theory_says_and_no_more():
    noise = np.random.default_rng(0).normal(size=(1132, 256))
    share = project(noise).var(axis=0).sum() / noise.var(axis=0).sum()
    edge = 2 * (1 + math.sqrt(256 / 1132)) ** 2 / 256  # twice Marchenko and Pastur's largest eigenvalue
    assert share == pytest.approx(edge, rel=0.05)
    assert share == pytest.approx(
        PCA(2, svd_solver="full").fit(noise).explained_variance_ratio_.sum(), rel=1e-6
    )
