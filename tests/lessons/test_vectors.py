"""Word vectors: counts against brute force, and both ways of training on a text whose answer is known."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from helpers.embeddings import nearest
from lessons.vectors import (
    GROUPS,
    cooccurrence,
    group_precision,
    ppmi,
    svd_vectors,
    thinned,
    train_skipgram,
)


def random_table(n=40, dim=12, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim))


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


def test_a_count_below_zero_is_refused():
    with pytest.raises(ValueError, match="counts has -2 among them"):
        ppmi([[1, -2], [0, 3]])


# ---- skip-gram ----


def toy_text(n=40_000):
    """Four worlds of ten tokens each (0 to 9, 10 to 19, ...); the text changes worlds every 50 tokens."""
    rng = np.random.default_rng(0)
    return np.repeat(rng.integers(0, 4, n // 50), 50) * 10 + rng.integers(0, 10, n)


def test_both_ways_of_training_find_the_worlds_of_a_toy_text():
    ids, vocab = toy_text(), {str(i): i for i in range(40)}
    worlds = {f"world {w}": [str(10 * w + i) for i in range(10)] for w in range(4)}
    vectors, contexts, losses = train_skipgram(ids, 40, dim=8, steps=150)
    assert vectors.shape == contexts.shape == (40, 8) and vectors.dtype == np.float32
    assert losses[0] == pytest.approx(6 * math.log(2), abs=0.01) and np.mean(losses[-5:]) < losses[0]
    assert group_precision(random_table(40, 8), vocab, worlds, k=3) < 0.5
    assert group_precision(vectors, vocab, worlds, k=3) > 0.95
    assert group_precision(svd_vectors(ppmi(cooccurrence(ids, 40)), 4), vocab, worlds, k=3) > 0.95


def test_training_is_the_same_for_the_same_seed():
    first, again, other = (train_skipgram(toy_text(), 40, 4, steps=5, seed=s)[0] for s in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_thinning_takes_from_frequent_tokens_alone_and_keeps_the_order():
    ids = np.where(np.arange(20_000) % 2, 0, 1 + np.arange(20_000) % 5000)
    kept = thinned(ids, np.random.default_rng(0))
    assert (kept == 0).sum() == pytest.approx(10_000 * math.sqrt(1e-3 / 0.5), rel=0.2)
    assert np.array_equal(kept[kept > 0], ids[ids > 0])


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
    vocab = {word: i for i, word in enumerate(word for group in GROUPS.values() for word in group)}
    home = np.repeat(np.eye(len(GROUPS)), [len(group) for group in GROUPS.values()], axis=0)
    assert group_precision(home + 0.01 * random_table(*home.shape), vocab) == 1.0
