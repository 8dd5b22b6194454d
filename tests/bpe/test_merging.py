"""Merging many words at once, and by ranks that are not ids, against the definition of BPE."""

import itertools
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.bpe import merging
from helpers.bpe.merging import Merges


def merged_by_definition(word, merges):
    """The definition of BPE: of all pairs the first learned, of those the leftmost, until there is none."""
    word = list(word)
    while pairs := [pair for pair in itertools.pairwise(word) if pair in merges]:
        best = min(pairs, key=merges.get)
        at = list(itertools.pairwise(word)).index(best)
        word[at : at + 2] = [merges[best]]
    return word


def assert_many_are_right(merges, words):
    with mock.patch.object(merging, "FEW", 0):
        ids, counts = Merges(merges).encode_many([bytes(word) for word in words])
    expected = [merged_by_definition(word, merges) for word in words]
    assert ids.tolist() == [i for word in expected for i in word]
    assert counts.tolist() == [len(word) for word in expected]


@st.composite
def some_merges(draw):
    """Merges in the order learned; each may take what those before it made."""
    merges = {}
    for new_id in range(256, 256 + draw(st.integers(0, 12))):
        known = st.sampled_from([0, 1, 2, 255, *range(256, new_id)])
        merges.setdefault((draw(known), draw(known)), new_id)
    return merges


@given(some_merges(), st.lists(st.lists(st.sampled_from([0, 1, 2, 255]), max_size=20), max_size=8))
@settings(max_examples=250, deadline=None, derandomize=True, database=None)
def test_words_merged_at_once_are_those_of_the_definition(merges, words):
    assert_many_are_right(merges, words)


@pytest.mark.parametrize("second", [(0, 256), (256, 0), (256, 256), (1, 0)])
def test_equal_pairs_are_merged_from_the_left_in_all_words_of_two_letters(second):
    words = [word for n in range(1, 9) for word in itertools.product([0, 1], repeat=n)]
    assert_many_are_right({(0, 0): 256, second: 257}, words)


@pytest.mark.parametrize("length", [*range(merging.LONG_WORD - 1, merging.LONG_WORD + 2), 63, 64, 65, 300])
def test_words_about_as_long_as_is_merged_together_are_merged_whole(length):
    merges = {(7, 7): 256} | {(256 + n, 256 + n): 257 + n for n in range(3)}
    assert_many_are_right(merges, [[7] * length, [7], [8] * length, [7] * (length - 1)])


def test_few_words_are_merged_as_many_are():
    merges, words = {(1, 2): 256, (256, 3): 257}, [bytes([1, 2, 3]), bytes([3] * 20), b""]
    for n in (1, merging.FEW - 1, merging.FEW, 2 * merging.FEW):
        ids, counts = Merges(merges).encode_many((words * n)[:n])
        assert ids.dtype == np.int32 and counts.dtype == np.int64
        assert ids.tolist() == ([257, *[3] * 20] * n)[: ids.size]
        assert counts.tolist() == ([1, 20, 0] * n)[:n]


def test_no_words_and_no_merges_are_fine():
    for merges in ({}, {(1, 2): 256}):
        assert_many_are_right(merges, [])
        assert_many_are_right(merges, [[1] * 16])
        assert_many_are_right(merges, [[1, 2], []])


def test_only_tokens_that_their_own_bytes_merge_to_are_looked_up_whole():
    merges = Merges({(1, 2): 256, (2, 3): 257, (1, 257): 258})  # 1 2 3 is a token, but 1 2 goes first
    merges.look_up_whole([b"\1\2", b"\1\2\3", b"\2\3", b"\7", b"\7\7", b""])
    assert merges.whole == {b"\1\2": 256, b"\2\3": 257, b"\7": 7}
    assert merges.encode(b"\1\2\3") == [256, 3]


# ---- ranks that are not ids ----


@st.composite
def any_ranks(draw):
    """Ranks in any order, also equal ones where the same is made, and a made id for each."""
    ids = range(300, 300 + 3 * draw(st.integers(0, 8)), 3)
    ranks, made, known = {}, [], [5, 6, 2**30 - 1]
    for new in draw(st.permutations(ids)):
        pairs = draw(
            st.lists(st.tuples(st.sampled_from(known), st.sampled_from(known)), min_size=1, max_size=3)
        )
        fresh = [pair for pair in pairs if pair not in ranks]
        ranks |= dict.fromkeys(fresh, len(made))
        made.append(new)
        known.append(new)
    order = draw(st.permutations(range(len(made))))  # a merge may come before the one that makes its parts
    return {pair: order[rank] for pair, rank in ranks.items()}, [
        made[order.index(n)] for n in range(len(made))
    ]


def by_definition(ids, ranks, made):
    ids = list(ids)
    while pairs := [(ranks[pair], at) for at, pair in enumerate(itertools.pairwise(ids)) if pair in ranks]:
        rank, at = min(pairs)
        ids[at : at + 2] = [made[rank]]
    return ids


LETTERS = [5, 6, 2**30 - 1, *range(1000, 1253)]


@given(any_ranks(), st.lists(st.lists(st.integers(0, 2), max_size=20).map(bytes), max_size=6), st.booleans())
@settings(max_examples=250, deadline=None, derandomize=True, database=None)
def test_the_lowest_rank_goes_first_whatever_id_it_makes(merges, words, some_are_whole):
    ranks, made = merges
    whole = {word: n for n, word in enumerate(words[::2])} if some_are_whole else {}
    ours = Merges(ranks, made, LETTERS, whole)
    expected = [
        [whole[w]] if w in whole else by_definition([LETTERS[b] for b in w], ranks, made) for w in words
    ]
    assert [ours.encode(word) for word in words] == expected
    for word in words:
        ids = [LETTERS[byte] for byte in word]
        assert merging.merge_by_rank(ids, ranks, made) == by_definition(ids, ranks, made)
    with mock.patch.object(merging, "FEW", 0):
        found, counts = ours.encode_many(words)
    assert found.tolist() == list(itertools.chain.from_iterable(expected))
    assert counts.tolist() == list(map(len, expected))
