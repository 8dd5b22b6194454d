"""Windows against a brute-force list of them, however the ids are stored and whoever reads them."""

import os
import pickle
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import ConcatDataset, DataLoader, StackDataset, Subset, TensorDataset, random_split

from helpers.windows import WindowBatches, WindowDataset, WindowLoader, make_loader

small = st.integers(min_value=1, max_value=12)


def brute_force(ids, max_length, stride):
    """Every window, by trying each position in turn."""
    ids, found = list(ids), []
    for start in range(len(ids)):
        if start % stride == 0 and start + max_length < len(ids):
            found.append((ids[start : start + max_length], ids[start + 1 : start + max_length + 1]))
    return found


def lists(pairs):
    return [(x.tolist(), y.tolist()) for x, y in pairs]


def stacked(ids, max_length, stride):
    pairs = list(WindowDataset(ids, max_length, stride))
    return torch.stack([x for x, _ in pairs]), torch.stack([y for _, y in pairs])


def rows(loader):
    """The batches of one epoch as lists of inputs."""
    return [inputs.tolist() for inputs, _ in loader]


def on_disk(path, ids, dtype=np.uint16, mode="r"):
    np.asarray(ids).astype(dtype).tofile(path)
    return np.memmap(path, dtype=dtype, mode=mode)


# ---- which windows there are ----


@given(extra=st.integers(0, 40), max_length=small, stride=st.none() | small)
def test_windows_equal_a_brute_force_list(extra, max_length, stride):
    ids = list(range(100, 100 + max_length + 1 + extra))
    data = WindowDataset(ids, max_length, stride)
    expected = brute_force(ids, max_length, stride or max_length)
    assert lists(data) == expected
    assert len(data) == len(expected) == (len(ids) - max_length - 1) // data.stride + 1


@given(extra=st.integers(0, 40), max_length=small, stride=small)
def test_windows_equal_those_of_unfold(extra, max_length, stride):
    ids = torch.arange(max_length + 1 + extra)
    inputs, targets = stacked(ids, max_length, stride)
    assert torch.equal(inputs, ids[:-1].unfold(0, max_length, stride))
    assert torch.equal(targets, ids[1:].unfold(0, max_length, stride))


@given(extra=st.integers(0, 40), max_length=small)
def test_with_stride_max_length_each_token_is_a_target_once_but_for_a_tail(extra, max_length):
    ids = range(max_length + 1 + extra)
    seen = Counter(t for _, targets in lists(WindowDataset(ids, max_length)) for t in targets)
    last = max(seen)
    assert seen == dict.fromkeys(range(1, last + 1), 1)
    assert len(ids) - 1 - last < max_length  # the tail that makes no whole window


def test_with_stride_1_the_middle_of_the_text_is_a_target_max_length_times():
    seen = Counter(t for _, targets in lists(WindowDataset(range(20), 4, 1)) for t in targets)
    assert [seen[t] for t in range(20)] == [0, 1, 2, 3, *[4] * 13, 3, 2, 1]


def test_a_stride_beyond_max_length_leaves_gaps():
    assert lists(WindowDataset(range(10), 3, 5)) == [([0, 1, 2], [1, 2, 3]), ([5, 6, 7], [6, 7, 8])]


def test_the_numbers_of_a_known_text():
    # 5,145 tokens, as of The Verdict under GPT-2: 5,144 possible targets
    ids = np.arange(5145, dtype=np.uint16)
    targets = lambda *args: Counter(stacked(ids, *args)[1].flatten().tolist())
    assert targets(4, 4) == dict.fromkeys(range(1, 5145), 1)
    assert 5144 - len(targets(4, 5)) == 1028
    assert len(WindowDataset(ids, 4, 1)) * 4 == 20564
    assert 5144 - targets(256, 256).total() == 24


# ---- one window, a batch of windows ----


def test_a_window_is_two_int64_tensors():
    inputs, targets = WindowDataset(np.arange(9, dtype=np.uint16), 4)[1]
    assert (inputs.dtype, targets.dtype, inputs.shape, targets.shape) == (torch.int64,) * 2 + ((4,),) * 2


@pytest.mark.parametrize("as_index", [int, np.int64, np.uint8, torch.tensor])
def test_any_kind_of_integer_is_an_index(as_index):
    data = WindowDataset(range(20), 4)
    assert data[as_index(2)][0].tolist() == [8, 9, 10, 11]


def test_negative_indices_count_from_the_end():
    data = WindowDataset(range(21), 4)
    assert len(data) == 5
    assert data[-1][0].tolist() == data[4][0].tolist() == [16, 17, 18, 19]
    assert data[-5][0].tolist() == data[0][0].tolist()


@pytest.mark.parametrize("index", [5, -6, 10**6])
def test_a_window_that_is_not_there_is_an_index_error(index):
    data = WindowDataset(range(21), 4)
    with pytest.raises(IndexError, match=str(index)):
        data[index]
    with pytest.raises(IndexError, match=str(index)):
        data.batch([0, index])


def test_the_largest_unsigned_index_is_not_the_last_window():
    data, index = WindowDataset(range(21), 4), np.array([2**64 - 1], np.uint64)
    for ask in (lambda: data.batch(index), lambda: data[index], lambda: data.batch(torch.from_numpy(index))):
        with pytest.raises(IndexError, match="out of bounds for axis 0 with size 5"):
            ask()


def test_an_index_that_is_no_integer_is_a_type_error():
    with pytest.raises(TypeError):
        WindowDataset(range(21), 4)[1.0]


@given(st.lists(st.integers(-9, 8), min_size=1), st.sampled_from([list, tuple, np.array, torch.tensor]))
def test_a_batch_gathered_in_one_call_is_its_windows_stacked(indices, container):
    data = WindowDataset(np.arange(30, dtype=np.uint16), 4, 3)
    assert len(data) == 9
    inputs, targets = data.batch(container(indices))
    assert torch.equal(inputs, torch.stack([data[i][0] for i in indices]))
    assert torch.equal(targets, torch.stack([data[i][1] for i in indices]))
    assert inputs.dtype == targets.dtype == torch.int64


def test_a_batch_can_be_changed_and_neither_the_ids_nor_the_other_half_follow():
    ids = torch.arange(20)
    inputs, targets = next(iter(make_loader(ids, 4, batch_size=2, shuffle=False)))
    assert inputs.is_contiguous() and targets.is_contiguous()  # so that targets.view(-1) works
    targets[:] = -100
    assert inputs.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert torch.equal(ids, torch.arange(20))


# ---- how the ids are stored ----


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", ">u2", "int32", "uint32", "int64", "uint64"])
def test_every_integer_dtype_gives_the_same_windows(dtype):
    ids = np.arange(40) * 3
    assert lists(WindowDataset(ids.astype(dtype), 5, 2)) == brute_force(ids, 5, 2)


@pytest.mark.parametrize("container", [list, tuple, np.array, torch.tensor])
def test_every_container_gives_the_same_windows(container):
    assert lists(WindowDataset(container(list(range(40))), 5, 2)) == brute_force(range(40), 5, 2)


def test_a_strided_view_is_windowed_as_it_reads():
    ids = np.arange(40)[::-2]
    assert lists(WindowDataset(ids, 5, 2)) == brute_force(ids, 5, 2)


def test_arrays_tensors_and_memory_maps_are_not_copied(tmp_path):
    array = np.arange(50, dtype=np.uint16)
    mapped = on_disk(tmp_path / "ids.bin", array)
    for ids in (array, torch.from_numpy(array), mapped):
        data = WindowDataset(ids, 4, 1)
        assert np.shares_memory(data.ids, np.asarray(ids))
        assert np.shares_memory(data._rows, np.asarray(ids))


@pytest.mark.parametrize("dtype", [np.uint16, np.int32])
def test_memory_mapped_equals_in_memory(tmp_path, dtype):
    ids = np.random.default_rng(0).integers(0, 30_000, 1000)
    mapped = on_disk(tmp_path / "ids.bin", ids, dtype)
    for args in ((16,), (16, 5), (7, 20)):
        assert lists(WindowDataset(mapped, *args)) == lists(WindowDataset(ids, *args))
        assert rows(make_loader(mapped, *args)) == rows(make_loader(ids, *args))


@pytest.mark.parametrize(
    "view", [lambda m: m, lambda m: m[333:777], lambda m: np.asarray(m)[10:], lambda m: m[5:][7:600]]
)
def test_a_memory_map_travels_to_a_worker_as_the_name_of_its_file(tmp_path, view):
    np.arange(50_000, dtype=np.uint16).tofile(tmp_path / "ids.bin")
    mapped = np.memmap(
        tmp_path / "ids.bin", np.uint16, "r", offset=46
    )  # a file with a header, not page-aligned
    data = WindowDataset(view(mapped), 16, 8)
    message = pickle.dumps(data)
    copy = pickle.loads(message)
    assert len(message) < 1000
    assert isinstance(copy.ids.base, np.memmap)
    assert lists(copy) == lists(data)


def test_a_file_that_became_shorter_is_named_where_a_worker_opens_it(tmp_path):
    sent = pickle.dumps(WindowDataset(on_disk(tmp_path / "ids.bin", range(5000)), 8))
    on_disk(tmp_path / "shorter", range(10))
    (tmp_path / "shorter").replace(tmp_path / "ids.bin")
    with pytest.raises(ValueError, match=r"ids\.bin has become shorter: it had 5000 ids"):
        pickle.loads(sent)


def test_what_is_not_in_the_file_as_it_stands_travels_whole(tmp_path):
    mapped = on_disk(tmp_path / "ids.bin", range(100), mode="c")  # changes stay in memory
    mapped[:] = np.arange(100, 200)
    for ids in (mapped, on_disk(tmp_path / "other.bin", range(100))[::3], np.arange(30), list(range(30))):
        data = WindowDataset(ids, 4)
        assert lists(pickle.loads(pickle.dumps(data))) == lists(data)


# ---- order: seeds, epochs, workers ----


def test_without_shuffling_the_windows_come_in_order():
    loader = make_loader(range(50), 4, batch_size=3, shuffle=False, drop_last=False)
    assert [row for batch in rows(loader) for row in batch] == [x for x, _ in brute_force(range(50), 4, 4)]
    assert [len(batch) for batch in rows(loader)] == [3, 3, 3, 3]
    assert rows(loader) == rows(loader)


@given(
    n=st.integers(9, 60),
    stride=small,
    batch_size=st.integers(1, 5),
    seed=st.integers(0, 99),
    shuffle=st.booleans(),
)
def test_an_epoch_holds_each_window_once(n, stride, batch_size, seed, shuffle):
    loader = make_loader(range(n), 3, stride, batch_size, shuffle, drop_last=False, seed=seed)
    batches = list(loader)
    pairs = [
        pair for inputs, targets in batches for pair in zip(inputs.tolist(), targets.tolist(), strict=True)
    ]
    assert sorted(pairs) == brute_force(range(n), 3, stride)
    assert len(loader) == len(batches)


@given(n=st.integers(30, 90), batch_size=st.integers(1, 6))
def test_drop_last_drops_the_batch_that_is_not_full_and_no_other(n, batch_size):
    loader = make_loader(range(n), 3, batch_size=batch_size)
    sizes = [len(batch) for batch in rows(loader)]
    assert sizes == [batch_size] * (((n - 1) // 3) // batch_size)
    assert len(loader) == len(sizes)


def test_each_epoch_has_another_order_and_the_seed_repeats_them_all():
    first, again, other = (make_loader(range(400), 4, seed=seed) for seed in (1, 1, 2))
    epochs = [rows(first) for _ in range(3)]
    assert epochs == [rows(again) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    assert rows(other) != epochs[0]
    assert epochs[0] != sorted(epochs[0])


@pytest.mark.parametrize("shuffle", [True, False])
def test_any_epoch_can_be_made_the_next(shuffle):
    loader, again = (make_loader(range(400), 4, shuffle=shuffle, seed=1) for _ in range(2))
    epochs = [rows(loader) for _ in range(4)]
    for epoch, then in ((2, 3), (0, 1), (1, 2)):
        again.sampler.set_epoch(epoch)
        assert [rows(again), rows(again)] == [epochs[epoch], epochs[then]]
    with pytest.raises(ValueError, match="epoch must be an integer of 0 or more, not -1"):
        again.sampler.set_epoch(-1)


def test_the_order_does_not_depend_on_the_number_of_workers(tmp_path):
    mapped = on_disk(tmp_path / "ids.bin", range(400))
    epochs = []
    for num_workers in (0, 1, 2):
        loader = make_loader(mapped, 4, num_workers=num_workers, seed=3)
        assert loader.num_workers == num_workers
        epochs.append([[(x.tolist(), y.tolist()) for x, y in loader] for _ in range(2)])
    assert epochs[0] == epochs[1] == epochs[2]


class WhoReads(WindowDataset):
    """Gives the number of the process in place of windows."""

    def batch(self, indices):
        return torch.tensor([os.getpid()]), torch.tensor([os.getpid()])


@pytest.mark.parametrize("num_workers", [0, 1])
def test_windows_are_read_by_the_workers_if_there_are_any(num_workers):
    order = WindowBatches(5, 2, shuffle=False, drop_last=False, seed=0)
    loader = WindowLoader(WhoReads(range(21), 4), sampler=order, batch_size=None, num_workers=num_workers)
    readers = {inputs.item() for inputs, _ in loader}
    assert len(readers) == 1 and (readers == {os.getpid()}) == (num_workers == 0)


def test_a_shuffled_order_holds_four_bytes_for_each_window():
    assert {batch.dtype for batch in make_loader(range(400), 4).sampler} == {np.dtype(np.int32)}


@pytest.mark.parametrize(("n_windows", "dtype"), [(2**31 - 1, torch.int32), (2**31, torch.int64)])
def test_an_order_is_as_narrow_as_its_largest_number_allows(monkeypatch, n_windows, dtype):
    asked = []
    monkeypatch.setattr(
        torch, "randperm", lambda n, **options: asked.append(options["dtype"]) or torch.ones(1)
    )
    next(iter(WindowBatches(n_windows, 1, shuffle=True, drop_last=True, seed=0)))
    assert asked == [dtype]


def test_an_epoch_broken_off_does_not_change_the_next():
    broken, whole = make_loader(range(400), 4, seed=5), make_loader(range(400), 4, seed=5)
    next(iter(broken)), rows(whole)
    assert rows(broken) == rows(whole)


def test_loading_draws_nothing_from_the_global_generator():
    before = torch.get_rng_state()
    rows(make_loader(range(100), 4, seed=1))
    assert torch.equal(before, torch.get_rng_state())


def test_a_plain_data_loader_reads_the_same_batches():
    data = WindowDataset(range(100), 4)
    plain = [inputs.tolist() for inputs, _ in DataLoader(data, batch_size=5, drop_last=True)]
    assert plain == rows(make_loader(range(100), 4, batch_size=5, shuffle=False))
    (inputs, _), *_ = DataLoader(Subset(data, [3, 1]), batch_size=2)
    assert inputs.tolist() == [[12, 13, 14, 15], [4, 5, 6, 7]]


# ---- PyTorch's own tools: with windows as with a TensorDataset that holds the same ----


def windows_and_referee():
    data = WindowDataset(np.arange(100, dtype=np.uint16), 4)
    return data, TensorDataset(*stacked(range(100), 4, 4))


def flat(value):
    """All tensors in `value`, as lists, with the containers they came in."""
    if isinstance(value, torch.Tensor):
        return value.dtype, value.tolist()
    if isinstance(value, dict):
        return {key: flat(item) for key, item in value.items()}
    return type(value), [flat(item) for item in value]


@pytest.mark.parametrize("collate", [None, list, tuple, lambda samples: [x + y for x, y in samples]])
@pytest.mark.parametrize("size", [1, 2, 3, 24, 50])
def test_any_collate_function_gets_a_list_of_samples(collate, size):
    data, referee = windows_and_referee()
    mine, theirs = (list(DataLoader(d, size, collate_fn=collate)) for d in (data, referee))
    assert flat(mine) == flat(theirs)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda d: Subset(d, [7, 0, 7, -1]),
        lambda d: Subset(Subset(d, torch.arange(20)), np.array([3, 1])),
        lambda d: ConcatDataset([d, Subset(d, range(3))]),
        lambda d: StackDataset(d, d),
        lambda d: StackDataset(one=d, two=Subset(d, range(24))),
        lambda d: random_split(d, [0.5, 0.5], torch.Generator().manual_seed(0))[1],
    ],
)
def test_data_sets_made_of_it_give_what_they_give_of_a_tensor_data_set(wrap):
    mine, theirs = map(wrap, windows_and_referee())
    assert len(mine) == len(theirs)
    assert flat(mine[i] for i in range(len(mine))) == flat(theirs[i] for i in range(len(theirs)))
    for size in (1, 2, 5):
        assert flat(list(DataLoader(mine, size))) == flat(list(DataLoader(theirs, size)))


@pytest.mark.parametrize(
    "options",
    [
        {"sampler": torch.tensor([5, 0, 3])},
        {"sampler": np.array([5, 0, 3], dtype=np.uint8)},
        {"batch_sampler": [[1, 2], (3,), torch.tensor([4, 0]), np.array([9])]},
        {"batch_sampler": [range(3), range(5, 7)], "collate_fn": list},
        {"batch_size": None},
        {"batch_size": 5, "drop_last": True, "num_workers": 2},
    ],
    ids=str,
)
def test_any_way_to_ask_for_samples_is_answered_as_by_a_tensor_data_set(options):
    mine, theirs = (list(DataLoader(data, **options)) for data in windows_and_referee())
    assert flat(mine) == flat(theirs)


@pytest.mark.parametrize(
    "index",
    [
        *(slice(3), slice(2, None, 5), slice(-3, None), slice(9, 2)),
        *([4, -2], [0], range(2, 5), np.array([1, 2], np.uint8), torch.tensor([3, 3])),
        *(torch.tensor(-1), np.uint16(4)),
    ],
    ids=str,
)
def test_an_index_a_slice_or_several_indices_give_what_they_give_of_a_tensor_data_set(index):
    data, referee = windows_and_referee()
    as_torch = torch.from_numpy(index.astype(np.int64)) if isinstance(index, np.ndarray) else index
    assert flat(data[index]) == flat(referee[list(as_torch) if isinstance(index, range) else as_torch])


def test_no_indices_give_no_samples_and_an_empty_batch():
    data, _ = windows_and_referee()
    assert data.__getitems__([]) == []
    assert [x.shape for x in data.batch([])] == [(0, 4), (0, 4)]


def test_a_sample_changed_in_place_changes_no_other():
    data, _ = windows_and_referee()
    (x, y), (again, _) = data.__getitems__([2, 2])
    x[:] = -1
    assert y.tolist() == [9, 10, 11, 12] and again.tolist() == [8, 9, 10, 11]
    assert data[2][0].tolist() == [8, 9, 10, 11]


@pytest.mark.parametrize("indices", [[0.0, 1.0], "01", [True, False], [[0, 1]], None, 3, np.array([[0, 1]])])
def test_indices_that_are_none_are_named(indices):
    with pytest.raises(TypeError, match="indices must be integers in one dimension"):
        WindowDataset(range(21), 4).batch(indices)


@pytest.mark.parametrize("index", [None, 1.0, "1", True, np.float64(1)])
def test_an_index_that_is_none_is_named(index):
    with pytest.raises(TypeError, match="index must be an integer"):
        WindowDataset(range(21), 4)[index]


# ---- torch's defaults, and where the ids are ----


@pytest.fixture
def defaults_elsewhere():
    """Torch makes new tensors on `meta`, which stands for a GPU, and in float64."""
    torch.set_default_device("meta")
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("options", [{}, {"shuffle": False}, {"num_workers": 2}], ids=str)
def test_a_loader_reads_the_same_whatever_torch_has_as_defaults(defaults_elsewhere, options):
    batches = list(make_loader(np.arange(100, dtype=np.uint16), 4, **options))
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)
    assert flat(batches) == flat(list(make_loader(range(100), 4, **options)))


def test_ids_on_another_device_without_data_are_refused_in_words():
    with pytest.raises(ValueError, match=r"ids must be integers in one dimension, not tensor\(.*meta"):
        WindowDataset(torch.arange(100, device="meta"), 4)


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, torch.tensor])
def test_every_size_may_be_any_kind_of_integer(kind):
    sizes = {"max_length": 4, "stride": 3, "batch_size": 2, "seed": 5, "num_workers": 0}
    loader = make_loader(range(50), **{name: kind(value) for name, value in sizes.items()})
    assert rows(loader) == rows(make_loader(range(50), **sizes))


# ---- bad input ----


@pytest.mark.parametrize("name", ["max_length", "stride", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 2.5, "4", True])
def test_a_size_that_is_not_a_positive_integer_is_named(name, value):
    with pytest.raises(ValueError, match=f"{name} must be an integer of 1 or more, not {value!r}"):
        make_loader(range(100), **{"max_length": 4, name: value})


@pytest.mark.parametrize("name", ["shuffle", "drop_last"])
def test_a_word_for_a_truth_value_is_refused(name):
    with pytest.raises(TypeError, match=f"{name} must be True or False, not 'False'"):
        make_loader(range(20), 4, **{name: "False"})


@pytest.mark.parametrize("seed", [None, -1, 1.5, "0"])
def test_a_seed_that_is_none_is_named(seed):
    with pytest.raises(ValueError, match=f"seed must be an integer of 0 or more, not {seed!r}"):
        make_loader(range(100), 4, seed=seed)
    assert rows(make_loader(range(100), 4, seed=np.int64(7))) == rows(make_loader(range(100), 4, seed=7))


def test_a_text_without_a_pair_is_not_told_to_take_a_max_length_below_one():
    for ids in ([], [5]):
        with pytest.raises(ValueError, match=r"give a longer text$"):
            WindowDataset(ids, 4)


def test_a_negative_number_of_workers_is_named():
    with pytest.raises(ValueError, match="num_workers must be an integer of 0 or more, not -1"):
        make_loader(range(100), 4, num_workers=-1)


@pytest.mark.parametrize("n", [0, 1, 7, 8])
def test_a_text_shorter_than_one_window_says_how_short(n):
    with pytest.raises(ValueError, match=f"ids holds {n} token ids, .* take 9"):
        WindowDataset(list(range(n)), 8)
    assert len(WindowDataset(range(9), 8)) == 1


@pytest.mark.parametrize(
    "ids",
    [
        "a text that was never encoded",
        b"bytes, which are not ids",
        [0.0, 1.0, 2.0, 3.0],
        [0, 1, None, 3],
        [0, 1, 2**70, 3],
        [True, False, True, True],
        ["0", "1", "2", "3"],
        np.arange(4.0),
        torch.arange(4.0),
        np.arange(12).reshape(3, 4),
        torch.arange(12).view(3, 4),
        np.int64(5),
        (i for i in range(10)),
        {1: 2},
        None,
    ],
    ids=lambda ids: type(ids).__name__,
)
def test_ids_that_are_not_a_sequence_of_integers_are_refused(ids):
    with pytest.raises(
        ValueError, match=r"ids must be integers in one dimension|ids\[2\] is 1180591620717411303424"
    ):
        WindowDataset(ids, 2)


def test_ragged_lists_are_refused():
    with pytest.raises(ValueError, match="ids must be integers in one dimension"):
        WindowDataset([[1, 2], [3]], 2)


@pytest.mark.parametrize("container", [list, np.array, torch.tensor])
def test_negative_ids_are_refused(container):
    with pytest.raises(ValueError, match=r"ids\[2\] is -100"):
        WindowDataset(container([5, 6, -100, 7]), 2)


def test_ids_beyond_int64_are_refused():
    with pytest.raises(ValueError, match=str(2**63)):
        WindowDataset(np.array([1, 2, 2**63], dtype=np.uint64), 2)


def test_a_memory_map_is_not_read_to_be_checked_but_what_is_read_is_checked(tmp_path):
    mapped = on_disk(tmp_path / "ids.bin", [1, 2, 3, 4, 5, 6, 7, 8, -9], np.int32)
    data = pickle.loads(pickle.dumps(WindowDataset(mapped, 4)))
    assert data[0][0].tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match=r"the ids of these windows\[0, 4\] is -9"):
        data[1]


def test_a_batch_larger_than_the_data_says_how_large_the_data_is():
    with pytest.raises(ValueError, match=r"batch_size=8 is more than the 5 windows .* drop_last=False"):
        make_loader(range(21), 4)
    assert [x.shape for x, _ in make_loader(range(21), 4, drop_last=False)] == [(5, 4)]
    assert [x.shape for x, _ in make_loader(range(21), 4, batch_size=5)] == [(5, 4)]
    with pytest.raises(ValueError, match="give a batch_size of 5 or less"):
        make_loader(range(21), 4, batch_size=6)
