"""Embeddings: training against brute force and hand-worked tables, and the tools to look at vectors."""

import math
import re
from collections import Counter

import numpy as np
import pytest
import scipy.sparse as sp
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity
from threadpoolctl import threadpool_limits

from helpers.bpe import BPETokenizer
from helpers.corpus import load_library_docs
from helpers.embeddings import (
    cooccurrence,
    group_precision,
    nearest,
    ppmi,
    project,
    skipgram_loss,
    skipgram_pairs,
    svd_vectors,
    train_skipgram,
    word_ids,
)

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


# ---- counts ----


@given(st.lists(st.integers(0, 4), min_size=4, max_size=30), st.integers(1, 3))
def test_cooccurrence_equals_counting_pair_by_pair(ids, window):
    expected = np.zeros((5, 5))
    for i, centre in enumerate(ids):
        for j, other in enumerate(ids):
            if i != j and abs(i - j) <= window:
                expected[centre, other] += 1
    np.testing.assert_array_equal(cooccurrence(np.array(ids), 5, window).toarray(), expected)


def test_a_window_reaches_four_places_unless_told():
    ids = np.arange(8)
    assert (cooccurrence(ids, 8) != cooccurrence(ids, 8, window=4)).nnz == 0
    assert cooccurrence(ids, 8)[0].nnz == 4


def test_ppmi_equals_an_example_worked_out_by_hand():
    # 19 pairs in all; rows are words, columns are contexts; the sums are 3, 8, 8 both ways.
    counts = np.array([[2.0, 1.0, 0.0], [1.0, 6.0, 1.0], [0.0, 1.0, 7.0]])
    found = ppmi(sp.csr_matrix(counts), smoothing=1.0).toarray()
    # P(0,0) = 2/19, P(0) = 3/19 as a row and as a column: log(2/19 / (3/19 * 3/19)) = log(38/9).
    assert found[0, 0] == pytest.approx(math.log(38 / 9))
    assert found[1, 1] == pytest.approx(math.log(6 * 19 / (8 * 8)))
    assert found[2, 2] == pytest.approx(math.log(7 * 19 / (8 * 8)))
    # P(0,1) = 1/19 against 3/19 * 8/19: log(19/24) is below zero, so it is cut to zero.
    assert found[0, 1] == 0 and found[2, 0] == 0


def test_smoothing_lowers_the_pmi_of_a_rare_context():
    counts = sp.csr_matrix(np.array([[50.0, 1.0], [500.0, 0.0]]))
    plain, smoothed = ppmi(counts, 1.0).toarray(), ppmi(counts).toarray()
    assert 0 < smoothed[0, 1] < plain[0, 1] == pytest.approx(math.log(551 / 51))
    share = 1 / (550**0.75 + 1)  # of the rare column, after smoothing
    assert smoothed[0, 1] == pytest.approx(math.log(1 / (51 * share)))


def test_a_count_of_zero_that_is_stored_is_no_pair():
    counts = sp.coo_matrix(([3.0, 0.0, 2.0], ([0, 0, 1], [0, 1, 1])))
    assert (ppmi(counts).toarray() == ppmi(counts.toarray()).toarray()).all()


def test_svd_vectors_equal_those_of_a_full_svd_up_to_sign():
    matrix = np.abs(random_table(20, 20))
    u, s, _ = np.linalg.svd(matrix)
    found = svd_vectors(sp.csr_matrix(matrix), dim=5)
    np.testing.assert_allclose(np.abs(found), np.abs(u[:, :5] * np.sqrt(s[:5])), atol=1e-8)
    assert (found[np.abs(found).argmax(axis=0), np.arange(5)] > 0).all()


def test_the_first_columns_of_svd_vectors_are_those_of_a_smaller_dim():
    matrix = sp.csr_matrix(np.abs(random_table(20, 20)))
    np.testing.assert_allclose(svd_vectors(matrix, 8)[:, :3], svd_vectors(matrix, 3), atol=1e-8)


def test_ppmi_adds_up_the_entries_of_a_pair_and_leaves_the_matrix_it_was_given():
    counts = sp.coo_matrix(([1.0, 2.0, 0.0, 2.0], ([0, 0, 0, 1], [0, 0, 1, 1])))
    for table in (
        counts,
        sp.csr_array(counts),
        counts.toarray().tolist(),
        torch.from_numpy(counts.toarray()),
    ):
        assert (ppmi(table).toarray() == ppmi(np.array([[3.0, 0], [0, 2]])).toarray()).all()
    assert counts.nnz == 4


@pytest.mark.parametrize("use", [ppmi, lambda matrix: svd_vectors(matrix, 1)])
@pytest.mark.parametrize(
    "table",
    [
        "abc",
        None,
        np.ones(4),
        np.full((3, 3), np.nan),
        sp.csr_matrix(np.full((3, 3), np.inf)),
        np.eye(3) * 1j,
        sp.csr_matrix(np.eye(3) * 1j),
        np.ma.array(np.eye(3), mask=np.eye(3)),
        torch.eye(3, device="meta"),
    ],
)
def test_what_is_no_table_of_finite_numbers_is_named(use, table):
    with pytest.raises(ValueError, match=r"(counts|matrix) must be a table of finite numbers"):
        use(table)


def test_a_count_below_zero_is_refused():
    with pytest.raises(ValueError, match="counts has -2 among them"):
        ppmi([[1, -2], [0, 3]])


@pytest.mark.parametrize("blocks", [1, 5, 40])
def test_svd_vectors_of_equal_singular_values_are_the_same_twice(blocks):
    matrix = np.kron(np.eye(blocks), np.eye(5) + 1)  # ones are a singular vector of it
    assert (svd_vectors(matrix, 4) == svd_vectors(matrix, 4)).all()


def test_svd_vectors_of_nothing_but_zeros_are_zeros():
    assert (svd_vectors(sp.csr_matrix((4, 5)), 2) == np.zeros((4, 2))).all()


def test_svd_vectors_refuses_a_dim_as_large_as_the_matrix():
    with pytest.raises(ValueError, match=r"dim, for .* \(20, 20\), must be an integer from 1 to 19, not 20"):
        svd_vectors(sp.csr_matrix(random_table(20, 20)), dim=20)


# ---- skip-gram ----


def test_skipgram_loss_equals_brute_force_pair_by_pair():
    rng = np.random.default_rng(1)
    centre, context, noise = rng.normal(size=(6, 4)), rng.normal(size=(6, 4)), rng.normal(size=(9, 4))
    total = 0.0
    for c, o in zip(centre, context, strict=True):
        total -= math.log(1 / (1 + math.exp(-(c @ o))))
        total -= 5 / 9 * sum(math.log(1 / (1 + math.exp(n @ c))) for n in noise)
    found = skipgram_loss(*map(torch.from_numpy, (centre, context, noise)), n_negative=5)
    assert found.item() == pytest.approx(total / 6)


def test_skipgram_loss_is_finite_for_large_scores():
    big = torch.full((2, 4), 100.0)
    assert torch.isfinite(skipgram_loss(big, -big, big))


@pytest.mark.parametrize("rows", [(0, 3), (3, 0)])
def test_a_loss_over_nothing_is_an_error_not_nan(rows):
    centre, noise = torch.ones(rows[0], 4), torch.ones(rows[1], 4)
    with pytest.raises(ValueError, match=f"centre has {rows[0]} rows, noise {rows[1]}: no mean"):
        skipgram_loss(centre, centre, noise)


def test_pairs_are_neighbours_within_the_window_and_come_both_ways():
    ids = np.arange(200)  # each token once: a pair tells its distance
    centres, contexts = skipgram_pairs(ids, 200, 3, np.random.default_rng(0), threshold=1.0)
    distance = contexts - centres
    assert set(distance.tolist()) == {-3, -2, -1, 1, 2, 3}
    assert set(zip(centres.tolist(), contexts.tolist(), strict=True)) >= {
        (5, 6),
        (6, 5),
        (198, 199),
        (199, 198),
    }
    near, far = (np.abs(distance) == 1).sum(), (np.abs(distance) == 3).sum()
    assert near == 2 * 199 and far < near / 2  # every window reaches 1, a third of them reach 3


def test_subsampling_thins_out_frequent_tokens_alone():
    ids = np.where(np.arange(20_000) % 2, 0, np.arange(20_000) % 1000)
    ids[ids > 0] += 1
    centres, _ = skipgram_pairs(ids, 1001, 1, np.random.default_rng(0), threshold=1e-3)
    everything, _ = skipgram_pairs(ids, 1001, 1, np.random.default_rng(0), threshold=1.0)
    assert (centres == 0).sum() < 0.1 * (everything == 0).sum()
    assert (np.bincount(everything)[2:] > 0).sum() == (np.bincount(centres)[2:] > 0).sum()


@pytest.mark.parametrize(
    ("name", "rng", "threshold"),
    [("rng", None, 0.1), ("rng", 0, 0.1), ("rng", np.random, 0.1)]
    + [("threshold", np.random.default_rng(0), value) for value in (-1.0, 0, float("nan"), "a", None)],
)
def test_pairs_need_a_generator_and_a_threshold_above_zero(name, rng, threshold):
    with pytest.raises(ValueError, match=f"^{name} must be "):
        skipgram_pairs([0, 1, 2, 0, 1], 3, 2, rng, threshold)


def test_a_window_and_epochs_of_small_integers_do_not_overflow():
    ids = np.random.default_rng(0).integers(0, 9, 600)
    assert (cooccurrence(ids, np.uint8(9), np.uint8(255)) != cooccurrence(ids, 9, 255)).nnz == 0
    ids = np.random.default_rng(0).integers(0, 300, 20_000)
    _, _, losses = train_skipgram(ids, 300, dim=2, window=40, epochs=np.int8(1))
    assert len(losses) > 127


@pytest.mark.parametrize(
    ("setter", "other", "usual"),
    [
        (torch.set_default_device, "meta", "cpu"),
        (torch.set_default_dtype, torch.float64, torch.float32),
    ],
)
def test_training_does_not_depend_on_the_defaults_of_torch(setter, other, usual):
    ids = np.random.default_rng(0).integers(0, 50, 9000)
    expected = train_skipgram(ids, 50, dim=4)
    setter(other)
    try:
        found = train_skipgram(ids, 50, dim=4)
    finally:
        setter(usual)
    assert found[0].dtype == np.float32 and (found[0] == expected[0]).all() and found[2] == expected[2]


def toy_text(n=400_000):
    """Four worlds of ten tokens each (0 to 9, 10 to 19, ...); the text changes worlds every 50 tokens."""
    rng = np.random.default_rng(0)
    return np.repeat(rng.integers(0, 4, n // 50), 50) * 10 + rng.integers(0, 10, n)


def test_both_ways_of_training_find_the_worlds_of_a_toy_text():
    ids, vocab = toy_text(), {str(i): i for i in range(40)}
    groups = {f"world {w}": [str(10 * w + i) for i in range(10)] for w in range(4)}
    vectors, contexts, losses = train_skipgram(ids, 40, dim=8, epochs=4)
    assert vectors.shape == contexts.shape == (40, 8) and vectors.dtype == np.float32
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert group_precision(random_table(40, 8), vocab, groups, k=3) < 0.5
    assert group_precision(vectors, vocab, groups, k=3) > 0.95
    assert group_precision(svd_vectors(ppmi(cooccurrence(ids, 40)), 4), vocab, groups, k=3) > 0.95


@pytest.mark.parametrize("epochs", [1, 2])
def test_the_learning_rate_falls_evenly_from_its_start_to_zero(epochs, monkeypatch):
    rates, step = [], torch.optim.Adam.step
    note = lambda self: (rates.append(self.param_groups[0]["lr"]), step(self))
    monkeypatch.setattr(torch.optim.Adam, "step", note)
    train_skipgram(toy_text(60_000), 40, dim=2, epochs=epochs)
    evenly = 0.02 * (1 - np.arange(len(rates)) / len(rates))
    np.testing.assert_allclose(rates, evenly, atol=0.02 * 0.1 * epochs)
    assert len(rates) > 9 and min(rates) >= 0


def test_training_is_the_same_for_the_same_seed():
    first, again, other = (train_skipgram(toy_text(40_000), 40, dim=4, seed=s)[0] for s in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("ids", "n_tokens", "window", "message"),
    [
        (np.arange(10), 9, 2, r"ids\[9\] is 9, but must lie from 0 to 8"),
        (np.array([0, -1, 0]), 5, 1, r"ids\[1\] is -1, but must lie from 0 to 4"),
        (np.arange(3), 3, 3, "window, for 3 ids, must be an integer from 1 to 2, not 3"),
        (np.arange(3), 3, 0, "window, for 3 ids, must be an integer from 1 to 2, not 0"),
        (np.arange(3), 3, 1.0, "window, for 3 ids, must be an integer from 1 to 2"),
        ([0], 3, 1, "ids holds 1 token ids; at least 2"),
        ([0.5, 1], 3, 1, "ids must be integers"),
        (np.arange(3), 0, 1, "n_tokens must be an integer of 1 or more"),
        (np.arange(50), 50, 2, "less than one batch"),
    ],
)
def test_training_refuses_what_it_cannot_use(ids, n_tokens, window, message):
    with pytest.raises(ValueError, match=message):
        train_skipgram(ids, n_tokens, dim=4, window=window)


@pytest.mark.parametrize("name", ["dim", "epochs", "seed"])
@pytest.mark.parametrize("value", [-1, 1.5, None, "3"])
def test_training_names_the_setting_that_it_cannot_use(name, value):
    with pytest.raises(ValueError, match=f"{name} must be an integer of"):
        train_skipgram(np.arange(50), 50, **{"dim": 4, name: value})


@pytest.mark.parametrize("kind", [list, lambda ids: np.array(ids, np.uint16), torch.tensor])
def test_ids_of_any_kind_give_the_same_counts(kind):
    ids = [0, 1, 0, 2, 1]
    found = cooccurrence(kind(ids), np.int64(3), np.uint8(2)).toarray()
    assert (found == cooccurrence(np.array(ids), 3, 2).toarray()).all()
    pairs = [skipgram_pairs(i, 3, 2, np.random.default_rng(0), 1.0)[0] for i in (kind(ids), np.array(ids))]
    assert np.array_equal(*pairs) and pairs[0].dtype == np.int64


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
    with pytest.raises(ValueError, match="vocab must map each token to its row"):
        group_precision(table, vocab, {"a": ["the", "he"]}, k=1)


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
        (VECTORS[0], r"shape \(2,\)"),
        (np.where(VECTORS > 3, np.nan, VECTORS), "a NaN"),
    ],
)
def test_nearest_refuses_a_table_that_does_not_fit(table, message):
    with pytest.raises(ValueError, match=message):
        nearest(table, VOCAB, "red", k=2)


# ---- group precision ----


def test_group_precision_equals_counting_neighbours_one_by_one():
    table, vocab = random_table(12, 3), {f"t{i}": i for i in range(12)}
    groups = {"a": ["t0", "t1", "t2", "t9"], "b": ["t5", "t4", "t3"], "c": ["t7", "t6", "t8"]}
    home = {word: name for name, group in groups.items() for word in group}
    inside = {word: i for i, word in enumerate(home)}
    rows = table[[vocab[word] for word in home]]
    hits = [home[near] == home[word] for word in home for near, _ in nearest(rows, inside, word, k=2)]
    assert group_precision(table, vocab, groups, k=2) == pytest.approx(np.mean(hits))


def test_group_precision_is_one_for_perfect_groups():
    groups = {"colours": ["red", "green", "blue"], "dtypes": ["float32", "float64"]}
    assert group_precision(VECTORS, VOCAB, groups, k=1) == 1.0


def test_group_precision_refuses_k_as_large_as_a_group_and_missing_words():
    groups = {"colours": ["red", "green", "blue"], "dtypes": ["float32", "float64"]}
    with pytest.raises(ValueError, match=r"k, for a smallest group of 2 words, must be .* 1 to 1, not 2"):
        group_precision(VECTORS, VOCAB, groups, k=2)
    with pytest.raises(ValueError, match=r"'grene'.*'green'"):
        group_precision(VECTORS, VOCAB, {"colours": ["red", "grene"]}, k=1)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({}, "groups must hold words, each once, not none"),
        ({"a": [], "b": []}, "groups must hold words, each once, not none"),
        ({"a": ["red", "red"], "b": ["blue", "green"]}, "each once, not .*'red' twice"),
        ({"a": ["red", "blue"], "b": ["blue", "green"]}, "each once, not .*'blue' twice"),
        ({"a": ["red", "green"], "b": []}, "groups has one with 0 words: give each two"),
        ({"a": ["red", "green"], "b": ["blue"]}, "groups has one with 1 words: give each two"),
        ({"a": "red", "b": ["blue", "green"]}, r"groups\['a'\] must be an iterable of str, not 'red'"),
        ({"a": [["red"], "green"]}, r"token \['red'\] is not among"),
        ([["red", "green"]], "groups must be a dict"),
    ],
)
def test_a_share_of_nothing_or_of_a_word_counted_twice_is_refused(groups, message):
    with pytest.raises(ValueError, match=message):
        group_precision(VECTORS, VOCAB, groups, k=1)


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
        (np.full((5, 3), np.inf), {}, "an infinity"),
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
