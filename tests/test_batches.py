"""helpers.batches: padding, buckets and packing lose nothing, and a model sees no difference."""

import tracemalloc
from collections import Counter
from functools import partial
from itertools import chain, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention
from torch.utils.data import DataLoader

from helpers.batches import (
    IGNORE_INDEX,
    LengthBucketSampler,
    best_fit,
    block_causal_mask,
    pack,
    pad_collate,
)

EOS = 0
documents_of_ids = st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=30), min_size=1, max_size=25)
methods = pytest.mark.parametrize("method", ["concat", "best_fit"])


class TinyModel(nn.Module):
    """Two attention layers with learned positions: enough for a leak to travel and to show."""

    def __init__(self, vocab_size=50, dim=16, max_length=64):
        super().__init__()
        torch.manual_seed(0)
        self.tokens, self.places = nn.Embedding(vocab_size, dim), nn.Embedding(max_length, dim)
        self.layers = nn.ModuleList(nn.Linear(dim, 3 * dim) for _ in range(2))
        self.out = nn.Linear(dim, vocab_size)

    def forward(self, input_ids, positions, mask):
        x = self.tokens(input_ids) + self.places(positions)
        for layer in self.layers:
            q, k, v = layer(x).chunk(3, dim=-1)
            x = x + scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(x)


def causal(length):
    return torch.ones(length, length, dtype=torch.bool).tril()


def alone(model, ids):
    """Logits of one sequence by itself: (length, vocab)."""
    ids = torch.as_tensor(ids)
    return model(ids[None], torch.arange(len(ids))[None], causal(len(ids)))[0]


def summed_loss(logits, labels):
    return cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()])


def some_documents(n=12, longest=20, seed=0):
    random = np.random.default_rng(seed)
    return [random.integers(1, 50, random.integers(1, longest + 1)).tolist() for _ in range(n)]


def read_back(packed):
    """The documents in a PackedBatches, each with its end token, put together from their pieces."""
    pieces = {}
    for row in range(len(packed)):
        for document in packed.document_ids[row].unique().tolist():
            here = packed.document_ids[row] == document
            pieces.setdefault(document, []).append(packed.input_ids[row][here].tolist())
    pieces.pop(-1, None)
    return pieces


# ---- padding ----


def test_a_padded_batch_worked_out_by_hand():
    batch = pad_collate([[5, 6, 7], [8]], pad_id=9)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 9, 9]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[5, 6, 7], [8, -100, -100]]
    assert {tensor.dtype for tensor in batch.values()} == {torch.int64}


def test_max_length_is_the_width_of_the_batch():
    assert pad_collate([[1, 2], [3]], pad_id=0, max_length=5)["input_ids"].shape == (2, 5)
    assert pad_collate([[1, 2], [3]], pad_id=0)["input_ids"].shape == (2, 2)


@given(documents_of_ids, st.integers(0, 40))
def test_padding_loses_no_token_whatever_the_padding_id(sequences, pad_id):
    batch = pad_collate(sequences, pad_id)
    real = batch["attention_mask"].bool()
    assert [ids[keep].tolist() for ids, keep in zip(batch["input_ids"], real, strict=True)] == sequences
    assert torch.equal(batch["labels"][real], batch["input_ids"][real])
    assert (batch["labels"][~real] == IGNORE_INDEX).all() and (batch["input_ids"][~real] == pad_id).all()


def test_a_real_end_token_stays_a_label_where_padding_has_the_same_id():
    labels = pad_collate([[4, EOS], [4, 5, 6, EOS]], pad_id=EOS)["labels"]
    assert labels.tolist() == [[4, EOS, -100, -100], [4, 5, 6, EOS]]


@pytest.mark.parametrize("make", [list, tuple, np.array, torch.tensor, partial(np.array, dtype=np.uint16)])
def test_sequences_may_be_lists_tuples_arrays_or_tensors(make):
    sequences = [make([1, 2, 3]), make([40_000])]
    assert pad_collate(sequences, pad_id=0)["input_ids"].tolist() == [[1, 2, 3], [40_000, 0, 0]]
    assert pack(sequences, 6, EOS).input_ids.tolist() == [[1, 2, 3, EOS, 40_000, EOS]]


@pytest.mark.parametrize("max_length", [None, 24])
def test_a_padded_sequence_gives_the_outputs_and_gradients_it_gives_alone(max_length):
    model, sequences = TinyModel(), some_documents()
    batch = pad_collate(sequences, pad_id=EOS, max_length=max_length)
    length = batch["input_ids"].shape[1]
    logits = model(batch["input_ids"], torch.arange(length).expand(len(sequences), -1), causal(length))
    for row, sequence in zip(logits, sequences, strict=True):
        assert torch.allclose(row[: len(sequence)], alone(model, sequence), atol=1e-5)
    expected = sum(summed_loss(alone(model, s)[None], torch.tensor([s])) for s in sequences)
    together = gradients(model, summed_loss(logits, batch["labels"]))
    assert torch.allclose(together, gradients(model, expected), rtol=1e-4, atol=1e-5)


# ---- buckets ----


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=200),
    st.integers(1, 20),
    st.integers(1, 9),
    st.integers(0, 99),
)
def test_each_document_comes_once_an_epoch(lengths, batch_size, pool_batches, seed):
    sampler = LengthBucketSampler(lengths, batch_size, pool_batches, seed)
    for _ in range(2):
        batches = list(sampler)
        assert Counter(i for batch in batches for i in batch) == Counter(range(len(lengths)))
        assert len(batches) == len(sampler) and max(map(len, batches)) <= batch_size
        assert sum(len(batch) < batch_size for batch in batches) <= 1


def padding_of(lengths, batches):
    return sum(
        max(lengths[i] for i in batch) * len(batch) - sum(lengths[i] for i in batch) for batch in batches
    )


def test_larger_pools_pad_less_down_to_the_padding_of_a_full_sort():
    lengths = np.random.default_rng(1).lognormal(4, 1, 2000).astype(int) + 1
    padding = [padding_of(lengths, LengthBucketSampler(lengths, 8, pool)) for pool in (1, 5, 50, 250)]
    assert padding == sorted(padding, reverse=True)
    by_length = np.argsort(lengths, kind="stable")
    assert padding[-1] == padding_of(lengths, [by_length[i : i + 8].tolist() for i in range(0, 2000, 8)])


def test_the_order_depends_on_seed_and_epoch_alone():
    lengths = list(range(1, 101))
    first, same = LengthBucketSampler(lengths, 8, seed=3), LengthBucketSampler(lengths, 8, seed=3)
    epochs = [list(first), list(first)]
    assert epochs == [list(same), list(same)]
    assert epochs[0] != epochs[1] and epochs[0] != list(LengthBucketSampler(lengths, 8, seed=4))
    first.set_epoch(1)
    assert list(first) == epochs[1]


def test_two_living_iterators_are_two_epochs():
    lengths = list(range(1, 41))
    sampler, other = (LengthBucketSampler(lengths, 4, seed=3) for _ in range(2))
    both = list(zip(sampler, sampler, strict=True))
    assert [first for first, _ in both] == list(other) and [second for _, second in both] == list(other)
    assert sampler.epoch == 2


def test_pools_larger_than_the_data_sort_all_of_it():
    lengths = [5, 3, 9, 1, 2, 8, 7]
    for pool in (4, 2**62):
        batches = sorted(LengthBucketSampler(lengths, 2, pool), key=lambda batch: lengths[batch[0]])
        assert batches == [[3, 4], [1, 0], [6, 5], [2]]
    assert sorted(*LengthBucketSampler(lengths, 2**62, 2**62)) == list(range(7))


def test_batches_do_not_come_in_order_of_length():
    sampler = LengthBucketSampler(list(range(1, 401)), batch_size=8)
    shortest = [min(batch) for batch in sampler]
    assert shortest != sorted(shortest)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_it_works_as_the_batch_sampler_of_a_loader(num_workers):
    documents = some_documents(n=20)
    sampler = LengthBucketSampler([len(d) for d in documents], batch_size=4)
    collate = partial(pad_collate, pad_id=EOS)
    loader = DataLoader(documents, batch_sampler=sampler, collate_fn=collate, num_workers=num_workers)
    seen = [
        ids[keep.bool()].tolist()
        for b in loader
        for ids, keep in zip(b["input_ids"], b["attention_mask"], strict=True)
    ]
    assert Counter(map(tuple, seen)) == Counter(map(tuple, documents))


# ---- packing ----


def test_five_documents_packed_by_hand():
    # the lengths of figure 1 in Ding et al. (2024): 14, 7, 5, 2 and 3 tokens, rows of 8, end tokens counted
    documents = [[i] * (n - 1) for i, n in enumerate((14, 7, 5, 2, 3), start=1)]
    e = EOS
    best = pack(documents, 8, e, "best_fit")
    assert best.input_ids.tolist() == [
        [1, 1, 1, 1, 1, 1, 1, 1],
        [2, 2, 2, 2, 2, 2, e, e],
        [1, 1, 1, 1, 1, e, 4, e],
        [3, 3, 3, 3, e, 5, 5, e],
    ]
    assert best.positions[2].tolist() == [0, 1, 2, 3, 4, 5, 0, 1]
    assert best.document_ids[1].tolist() == [1, 1, 1, 1, 1, 1, 1, -1]
    assert best.labels[1].tolist() == [-100, 2, 2, 2, 2, 2, e, -100]
    concat = pack(documents, 8, e, "concat")
    assert concat.input_ids.tolist() == [
        [1, 1, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, e, 2, 2],
        [2, 2, 2, 2, e, 3, 3, 3],
        [3, e, 4, e, 5, 5, e, e],
    ]
    assert (best.split_documents, concat.split_documents) == (1, 3)
    assert best.waste == concat.waste == 1 / 32


@methods
@given(documents=documents_of_ids, max_length=st.integers(1, 20))
def test_packing_loses_and_repeats_no_token(method, documents, max_length):
    packed = pack(documents, max_length, EOS, method)
    real = packed.document_ids >= 0
    assert Counter(packed.input_ids[real].tolist()) == Counter(t for d in documents for t in [*d, EOS])
    # more than the multiset: from row to row the pieces of a document come in its order
    expected = {i: [*document, EOS] for i, document in enumerate(documents)}
    assert {i: list(chain.from_iterable(pieces)) for i, pieces in read_back(packed).items()} == expected


@methods
@given(documents=documents_of_ids, max_length=st.integers(1, 20))
def test_positions_restart_and_labels_leave_out_what_nothing_predicts(method, documents, max_length):
    packed = pack(documents, max_length, EOS, method)
    for row in range(len(packed)):
        before, expected = None, []
        for document in packed.document_ids[row].tolist():
            expected.append(expected[-1] + 1 if document == before and document >= 0 else 0)
            before = document
        assert packed.positions[row].tolist() == expected
    counts = packed.positions > 0
    assert torch.equal(packed.labels[counts], packed.input_ids[counts])
    assert (packed.labels[~counts] == IGNORE_INDEX).all()
    assert packed.waste == pytest.approx((packed.document_ids < 0).double().mean().item())


@given(documents_of_ids, st.integers(1, 20))
def test_best_fit_never_cuts_a_document_that_fits_and_cuts_no_more_than_concat(documents, max_length):
    concat, best = (pack(documents, max_length, EOS, method) for method in ("concat", "best_fit"))
    too_long = {i for i, d in enumerate(documents) if len(d) + 1 > max_length}
    assert {i for i, pieces in read_back(best).items() if len(pieces) > 1} == too_long
    assert best.split_documents == len(too_long) <= concat.split_documents
    # a cut costs a target: best-fit keeps at least as many, and all that any method with such rows can keep
    assert (best.labels >= 0).sum() >= (concat.labels >= 0).sum()
    assert (best.labels >= 0).sum() == sum(len(d) + 1 - -(-(len(d) + 1) // max_length) for d in documents)


def test_the_memory_of_best_fit_grows_with_the_pieces_and_not_with_the_row():
    tracemalloc.start()
    rows, columns = best_fit([2, 3], max_length=10**15)
    assert (rows.tolist(), columns.tolist()) == ([0, 0], [3, 0])
    assert tracemalloc.get_traced_memory()[1] < 10**5
    tracemalloc.stop()


def scan_all_rows(lengths, max_length):
    """Best-fit decreasing as the textbook has it: look at every row."""
    room = []
    for length in sorted(lengths, reverse=True):
        fitting = [r for r in range(len(room)) if room[r] >= length]
        if fitting:
            room[min(fitting, key=room.__getitem__)] -= length
        else:
            room.append(max_length - length)
    return sorted(room)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=120))
def test_best_fit_fills_the_rows_as_a_scan_of_all_rows_does(lengths):
    rows, columns = best_fit(lengths, max_length=50)
    used = np.bincount(rows, weights=lengths)
    assert sorted((50 - used).astype(int).tolist()) == scan_all_rows(lengths, 50)
    spans = sorted(zip(rows.tolist(), columns.tolist(), lengths, strict=True))
    for (row, column, length), (next_row, next_column, _) in pairwise(spans):
        assert row != next_row or column + length == next_column, "pieces overlap or leave a gap"
    first_columns = dict(reversed([(row, column) for row, column, _ in spans]))
    assert set(first_columns.values()) == {0}


@pytest.mark.parametrize("max_length", [12, 40])
@methods
def test_packed_outputs_and_gradients_equal_one_document_at_a_time(method, max_length):
    model, documents = TinyModel(), some_documents(n=15)
    packed = pack(documents, max_length, EOS, method)
    logits = model(packed.input_ids, packed.positions, block_causal_mask(packed.document_ids))
    expected = 0
    for row in range(len(packed)):
        for document in set(packed.document_ids[row].tolist()) - {-1}:
            here = packed.document_ids[row] == document
            piece = packed.input_ids[row][here]
            one = alone(model, piece)
            assert torch.allclose(logits[row][here], one, atol=1e-5)
            expected = expected + summed_loss(one[None], piece[None])
    assert not logits.isnan().any()
    together = gradients(model, summed_loss(logits, packed.labels))
    assert torch.allclose(together, gradients(model, expected), rtol=1e-4, atol=1e-5)


def test_a_plain_causal_mask_on_packed_rows_gives_other_outputs():
    model, documents = TinyModel(), some_documents(n=15)
    packed = pack(documents, 40, EOS, "best_fit")
    blocks = model(packed.input_ids, packed.positions, block_causal_mask(packed.document_ids))
    plain = model(packed.input_ids, packed.positions, causal(40))
    later = (packed.document_ids != packed.document_ids[:, :1]) & (packed.document_ids >= 0)
    assert torch.allclose(
        blocks[~later & (packed.document_ids >= 0)], plain[~later & (packed.document_ids >= 0)], atol=1e-5
    )
    assert (blocks[later] - plain[later]).abs().amax(dim=-1).min() > 1e-3


def test_rows_come_out_of_a_loader_shuffled_and_whole():
    packed = pack(some_documents(n=40), 24, EOS, "best_fit")
    loader = DataLoader(packed, batch_size=4, shuffle=True, generator=torch.Generator().manual_seed(0))
    rows = [row for batch in loader for row in batch["input_ids"].tolist()]
    assert rows != packed.input_ids.tolist() and sorted(rows) == sorted(packed.input_ids.tolist())
    assert torch.equal(packed[:3]["labels"], packed.labels[:3])


@pytest.mark.parametrize(
    "rows",
    [
        *(
            0,
            -1,
            slice(1, 4),
            slice(None, None, 2),
            slice(None, None, -1),
            [3, 0, 3],
            torch.tensor([1, 2]),
            torch.tensor(2),
        ),
        *(np.uint8(1), np.array([0, 1], np.uint8), np.array([4, 1], np.uint16), np.array([2], np.uint64)),
    ],
    ids=str,
)
def test_any_integers_or_a_slice_pick_rows_as_they_do_in_numpy(rows):
    packed = pack(some_documents(n=20), 24, EOS)
    assert len(packed) > 5 and packed[[]]["labels"].shape == (0, 24)
    picked = packed[rows]
    for name in ("input_ids", "labels", "document_ids", "positions"):
        assert picked[name].tolist() == getattr(packed, name).numpy()[rows].tolist()


def test_a_row_that_is_not_there_ends_a_loop():
    packed = pack(some_documents(n=20), 24, EOS)
    assert len(list(packed)) == len(packed)
    huge = np.uint64(2**64 - 1)
    for row in (len(packed), -len(packed) - 1, [0, len(packed)], huge, np.array([0, huge])):
        with pytest.raises((IndexError, OverflowError)):
            packed[row]


def test_loaders_give_what_they_give_of_a_list_of_rows():
    packed = pack(some_documents(n=40), 24, EOS)
    for options in ({}, {"batch_size": 3}, {"batch_sampler": [[1, 2], [0]]}, {"batch_size": None}):
        mine, theirs = (list(DataLoader(data, **options)) for data in (packed, list(packed)))
        for one, other in zip(mine, theirs, strict=True):
            assert one.keys() == other.keys()
            assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("make", [list, np.array, torch.tensor])
def test_batches_do_not_depend_on_the_defaults_of_torch(make):
    documents = [make([1, 2, 3]), make([4])]
    expected = (
        pad_collate(documents, 0),
        pack(documents, 3, EOS)[:],
        block_causal_mask(torch.tensor([0, 0, 1])),
    )
    ids = torch.tensor([0, 0, 1])
    torch.set_default_device("meta"), torch.set_default_dtype(torch.float64)
    try:
        got = pad_collate(documents, 0), pack(documents, 3, EOS)[:], block_causal_mask(ids)
        assert block_causal_mask([0, 1]).device.type == "meta"
    finally:
        torch.set_default_device(None), torch.set_default_dtype(torch.float32)
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, torch.tensor])
def test_sizes_and_ids_may_be_any_kind_of_integer(kind):
    documents = [[1, 2, 3], [4]]
    assert pack(documents, kind(3), kind(9)).input_ids.tolist() == pack(documents, 3, 9).input_ids.tolist()
    padded = pad_collate(documents, kind(9), kind(5))
    assert padded["labels"].tolist() == [[1, 2, 3, -100, -100], [4, -100, -100, -100, -100]]
    lengths = [3, 1, 2, 5, 4]
    sampler = LengthBucketSampler([kind(n) for n in lengths], kind(2), kind(1), kind(7))
    sampler.set_epoch(kind(3))
    other = LengthBucketSampler(lengths, 2, 1, 7)
    other.set_epoch(3)
    assert list(sampler) == list(other)
    assert {type(i) for batch in sampler for i in batch} == {int} == {type(sampler.epoch)}


# ---- the block mask ----


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.uint16, torch.uint32, torch.int32])
def test_the_mask_takes_documents_of_any_integer_dtype_on_any_device(dtype):
    ids = torch.tensor([[0, 0, 1], [2, 3, 3]])
    assert torch.equal(block_causal_mask(ids.to(dtype)), block_causal_mask(ids))
    assert block_causal_mask(ids.to("meta")).device.type == "meta"


@given(st.lists(st.lists(st.integers(-1, 3), min_size=5, max_size=5), min_size=1, max_size=4))
def test_the_mask_joins_places_of_one_document_backwards_only(rows):
    mask = block_causal_mask(torch.tensor(rows))
    assert mask.dtype == torch.bool and mask.shape == (len(rows), 5, 5)
    for b, row in enumerate(rows):
        assert mask[b].tolist() == [[row[i] == row[j] and j <= i for j in range(5)] for i in range(5)]
        assert torch.equal(mask[b], block_causal_mask(row))
    assert mask.diagonal(dim1=1, dim2=2).all()


# ---- bad input ----


@pytest.mark.parametrize(
    "function",
    [partial(pad_collate, pad_id=0), partial(pack, max_length=8, eos_id=0)],
    ids=["pad_collate", "pack"],
)
@pytest.mark.parametrize(
    ("documents", "error", "says"),
    [
        ([], ValueError, "is empty"),
        ([[1], []], ValueError, r"\[1\] holds 0 token ids"),
        ([[1], [2, -3]], ValueError, r"\[1\]\[1\] is -3"),
        ([[1.0, 2.0]], ValueError, r"\[0\] must be integers .* float64"),
        ([["a", "b"]], ValueError, r"\[0\] must be integers"),
        ([[1, None]], ValueError, r"\[0\] must be integers"),
        (None, ValueError, "must be an iterable of sequences of token ids, not None"),
        (7, ValueError, "must be an iterable of sequences of token ids, not 7"),
        ([1, 2, 3], ValueError, r"\[0\] must be integers in one dimension, .* not 1"),
        ([[[1], [2, 3]]], ValueError, r"\[0\] must be integers in one dimension"),
        (["text"], ValueError, r"\[0\] must be integers in one dimension, .* not 'text'"),
    ],
)
def test_bad_documents_are_named(function, documents, error, says):
    with pytest.raises(error, match=says):
        function(documents)


@pytest.mark.parametrize("narrow", [np.uint8, np.int16, np.uint16])
def test_a_numpy_scalar_as_pad_or_end_cuts_no_id_short(narrow):
    padded = pad_collate([[70000, 1], [2]], narrow(3))
    assert padded["input_ids"].tolist() == [[70000, 1], [2, 3]]
    assert {tensor.dtype for tensor in padded.values()} == {torch.int64}
    packed = pack([[70000, 1], [2]], 8, narrow(3)).input_ids
    assert packed.dtype == torch.int64 and packed.tolist() == [[70000, 1, 3, 2, 3, 3, 3, 3]]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (
            lambda: pad_collate([[1], [1, 2, 3]], 0, max_length=2),
            ValueError,
            r"sequences\[1\] has 3 tokens.*max_length=2",
        ),
        (
            lambda: pad_collate([[1]], 0, max_length=0),
            ValueError,
            "max_length must be an integer of 1 or more, not 0",
        ),
        (
            lambda: pad_collate([[1]], -100),
            ValueError,
            "pad_id must be an integer of 0 or more, not -100",
        ),
        (
            lambda: pad_collate([[1]], None),
            ValueError,
            "pad_id must be an integer of 0 or more, not None",
        ),
        (lambda: pad_collate([[1]], 2**63), ValueError, f"pad_id must be an integer .* not {2**63}"),
        (lambda: pack([[1]], 8, 2**63), ValueError, f"eos_id must be an integer .* not {2**63}"),
        (lambda: pack([[1], [2, 2**63]], 8, 0), ValueError, rf"documents\[1\]\[1\] is {2**63}"),
        (lambda: pack([[1, 2**64]], 8, 0), ValueError, rf"documents\[0\]\[1\] is {2**64}"),
        (lambda: pack([[2**63, -1]], 8, 0), ValueError, rf"documents\[0\]\[0\] is {2**63}"),
        (
            lambda: pad_collate([[1], np.array([3, 2**63 + 7], np.uint64)], 0),
            ValueError,
            rf"sequences\[1\]\[1\] is {2**63 + 7}",
        ),
        (lambda: best_fit([3], 0), ValueError, "max_length must be an integer of 1 or more, not 0"),
        (
            lambda: best_fit(np.array([2**63], np.uint64), 8),
            ValueError,
            rf"lengths\[0\] is {2**63}, but must lie from 1 to 8",
        ),
        (lambda: best_fit([0], 8), ValueError, r"lengths\[0\] is 0, but must lie from 1 to 8"),
        (lambda: block_causal_mask(torch.tensor([True, False])), TypeError, "document_ids .* torch.bool"),
        (lambda: pack([[1]], 0, EOS), ValueError, "max_length must be an integer of 1 or more, not 0"),
        (
            lambda: pack([[1]], 2.5, EOS),
            ValueError,
            "max_length must be an integer of 1 or more, not 2.5",
        ),
        (lambda: pack([[1]], 4, -1), ValueError, "eos_id must be an integer of 0 or more, not -1"),
        (lambda: pack([[1]], 4, EOS, "first_fit"), ValueError, "not 'first_fit'"),
        (lambda: best_fit([9], 8), ValueError, r"lengths\[0\] is 9, but must lie from 1 to 8"),
        (lambda: LengthBucketSampler([], 8), ValueError, "lengths holds 0"),
        (lambda: LengthBucketSampler([3, 0], 8), ValueError, r"lengths\[1\] is 0"),
        (lambda: LengthBucketSampler([3], 0), ValueError, "batch_size must be an integer of 1 or more"),
        (
            lambda: LengthBucketSampler([3], 1, pool_batches=-1),
            ValueError,
            "pool_batches must be an integer of 1 or more",
        ),
        (lambda: block_causal_mask(torch.ones(3)), ValueError, "document_ids must be integers"),
        (
            lambda: LengthBucketSampler([3], 1, seed=-1),
            ValueError,
            "seed must be an integer of 0 or more",
        ),
        (lambda: LengthBucketSampler([3], 1, seed="1"), ValueError, "seed must be an integer of 0 or"),
        (lambda: LengthBucketSampler([3], 1).set_epoch(None), ValueError, "epoch must be an integer"),
        (lambda: block_causal_mask(None), ValueError, "document_ids must be numbers, not None"),
        (lambda: block_causal_mask([[0], [0, 1]]), ValueError, "document_ids must be numbers"),
        (lambda: pad_collate([[1]], 0, 10**14), ValueError, f"max_length={10**14} is too large for memory"),
        (lambda: pad_collate([[1]], 0, 2**62), ValueError, f"max_length={2**62} is too large for memory"),
        (lambda: pack([[1]], 10**14, EOS), ValueError, f"max_length={10**14} is too large for memory"),
        (lambda: block_causal_mask(3), ValueError, r"document_ids must have the shape \(..., length\), .* 3"),
    ],
)
def test_bad_arguments_are_named_with_their_value(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_input_is_left_as_it_was():
    documents = [np.array([1, 2, 3]), np.array([4])]
    pad_collate(documents, 0), pack(documents, 3, EOS, "best_fit")
    assert [d.tolist() for d in documents] == [[1, 2, 3], [4]]
