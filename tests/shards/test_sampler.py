"""The order of training: each index once, also after a restart."""

import itertools
import json
import random
import signal
import time
from collections import Counter
from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from shard_kit import FORK
from torch.utils.data import DataLoader

from helpers.files import whole_file
from helpers.shards import (
    ResumableSampler,
)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 40), st.integers(1, 3), st.integers(0, 40), st.integers(0, 3))
def test_each_index_goes_to_one_rank_once_with_and_without_a_restart(length, ranks, stop, seed):
    whole = [list(ResumableSampler(length, seed, rank, ranks)) for rank in range(ranks)]
    assert sorted(i for part in whole for i in part) == list(range(length))
    stop = min(stop, length // ranks)  # a step that every rank has done
    for rank in range(ranks):
        sampler = ResumableSampler(length, seed, rank, ranks)
        order = iter(sampler)
        seen = [next(order) for _ in range(stop)]
        again = ResumableSampler(range(length), seed + 1, rank, ranks)
        again.load_state_dict(json.loads(json.dumps(sampler.state_dict())))
        if stop < len(whole[rank]):
            assert seen + list(again) == whole[rank]
        assert len(sampler) == len(whole[rank])


@pytest.mark.parametrize(("before", "after"), [(1, 2), (3, 1), (2, 3), (3, 2)])
def test_another_number_of_ranks_can_go_on(before, after):
    samplers = [ResumableSampler(50, 7, rank, before) for rank in range(before)]
    seen = [i for sampler in samplers for i, _ in zip(sampler, range(11), strict=False)]
    states = [sampler.state_dict(consumed=11) for sampler in samplers]
    assert all(state == states[0] for state in states)
    for rank in range(after):
        sampler = ResumableSampler(50, 7, rank, after)
        sampler.load_state_dict(states[0])
        seen += list(sampler)
    assert sorted(seen) == list(range(50))


def test_epochs_follow_each_other_in_different_orders_also_after_a_restart():
    sampler = ResumableSampler(30, seed=5)
    first, second = list(sampler), list(sampler)
    assert first != second and sorted(first) == sorted(second) == list(range(30))
    fresh = ResumableSampler(30, seed=5)
    assert list(fresh) == first
    again = ResumableSampler(30)
    again.load_state_dict(fresh.state_dict())  # taken at the very end of an epoch
    assert list(again) == second
    assert list(ResumableSampler(30, seed=6)) != first


@pytest.mark.parametrize("number", [0, 2])
def test_what_workers_draw_ahead_is_not_lost(number):
    """Two workers with two batches each drawn ahead: only what the loop has had counts as consumed."""
    whole = list(ResumableSampler(100, seed=1))
    sampler = ResumableSampler(100, seed=1)
    loader = DataLoader(torch.arange(100), batch_size=4, sampler=sampler, num_workers=number)
    seen = []
    for batch in loader:
        seen += batch.tolist()
        if len(seen) == 40:
            break
    state = sampler.state_dict(consumed=len(seen))
    assert (sampler.state_dict() == state) == (number == 0)
    again = ResumableSampler(100)
    again.load_state_dict(state)
    rest = DataLoader(torch.arange(100), batch_size=4, sampler=again, num_workers=number)
    assert seen + [i for batch in rest for i in batch.tolist()] == whole
    with pytest.raises(ValueError, match=r"consumed must be an integer from 0 to \d+, not 101"):
        sampler.state_dict(consumed=101)


def train(checkpoint, steps):
    """Training with the model left out: what was seen is saved together with the sampler's state."""
    sampler, seen = ResumableSampler(steps, seed=3), []
    if checkpoint.exists():
        saved = json.loads(checkpoint.read_bytes())
        seen = saved["seen"]
        sampler.load_state_dict(saved["sampler"])
    for index in sampler:
        seen.append(index)
        with whole_file(checkpoint) as file:
            file.write(json.dumps({"seen": seen, "sampler": sampler.state_dict()}).encode())


def test_training_killed_at_random_steps_sees_each_window_once_in_the_same_order(tmp_path):
    checkpoint, rng, kills = tmp_path / "checkpoint", random.Random(1), 0
    for wait_for in [*sorted(rng.sample(range(1, 36), 3)), None]:
        child = FORK.Process(target=train, args=(checkpoint, 40))
        child.start()
        if wait_for:
            while not checkpoint.exists() or len(json.loads(checkpoint.read_bytes())["seen"]) < wait_for:
                time.sleep(0.001)
            child.kill()
        child.join()
        kills += child.exitcode == -signal.SIGKILL
    assert kills == 3
    assert json.loads(checkpoint.read_bytes())["seen"] == list(ResumableSampler(40, seed=3))


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_restart_near_the_end_of_an_epoch_gives_what_is_left_and_no_more(steps, after):
    """With fewer windows left than ranks some ranks sit out: they do not run ahead into the next epoch."""
    before = [ResumableSampler(11, seed=2, rank=rank, world_size=2) for rank in range(2)]
    seen = [index for sampler in before for index in itertools.islice(sampler, steps)]
    ranks = [ResumableSampler(11, rank=rank, world_size=after) for rank in range(after)]
    for sampler in ranks:
        sampler.load_state_dict(before[0].state_dict())
    assert sorted(seen + [index for sampler in ranks for index in sampler]) == list(range(11))
    assert sorted(index for sampler in ranks for index in sampler) == list(range(11))
    assert len({sampler.epoch for sampler in ranks}) == 1


GOOD = {"seed": 0, "epoch": 2, "position": 3, "length": 10}


@pytest.mark.parametrize(
    "bad", [None, {}, [], 3, *({k: v for k, v in GOOD.items() if k != name} for name in GOOD)]
)
def test_a_state_that_no_sampler_gave_is_refused(bad):
    with pytest.raises(ValueError, match=r"state must be what state_dict\(\) gave"):
        ResumableSampler(10).load_state_dict(bad)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [-1, True, 1.0, "1", None, [1]])
def test_a_state_with_a_value_that_is_none_is_refused_and_changes_nothing(name, value):
    sampler = ResumableSampler(10, seed=4)
    with pytest.raises(ValueError, match=rf"state\['{name}'\] must be an integer"):
        sampler.load_state_dict(GOOD | {name: value})
    assert sampler.state_dict() == ResumableSampler(10, seed=4).state_dict()


def test_a_position_lies_within_the_length():
    sampler = ResumableSampler(10)
    with pytest.raises(ValueError, match=r"state\['position'\] must be an integer from 0 to 10, not 11"):
        sampler.load_state_dict(GOOD | {"position": 11})
    sampler.load_state_dict(GOOD | {"position": 10})
    assert sorted(sampler) == list(range(10)) and sampler.epoch == 3


@pytest.mark.parametrize("number", [int, np.int64, np.uint8, torch.tensor])
def test_a_state_is_of_plain_ints_whatever_the_sampler_was_given(number, tmp_path):
    sampler = ResumableSampler(np.int64(10), number(3), number(1), number(2))
    sampler.set_epoch(number(4))
    assert isinstance(next(iter(sampler)), int)
    state = sampler.state_dict(consumed=number(1))
    assert state == {"seed": 3, "epoch": 4, "position": 2, "length": 10}
    assert {type(value) for value in state.values()} == {int}
    torch.save(state, tmp_path / "state.pt")
    assert torch.load(tmp_path / "state.pt", weights_only=True) == json.loads(json.dumps(state)) == state
    again = ResumableSampler(10)
    again.load_state_dict({name: number(value) for name, value in state.items()})
    assert {type(value) for value in again.state_dict().values()} == {int}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), max_size=12))
def test_no_index_comes_twice_in_an_epoch_whichever_iterators_live(steps):
    sampler = ResumableSampler(30, seed=1)
    alive, seen = [iter(sampler) for _ in range(4)], Counter()
    for which, number in steps:
        with suppress(RuntimeError):
            for _, index in zip(range(number), alive[which], strict=False):
                seen[sampler.epoch, index] += 1
        alive[which] = iter(sampler)
    assert set(seen.values()) <= {1}
    assert sampler.state_dict()["position"] == seen.total()


@pytest.mark.parametrize(
    "end",
    [iter, lambda s: s.set_epoch(0), lambda s: s.load_state_dict(ResumableSampler(10).state_dict())],
)
def test_an_iteration_that_was_left_behind_says_so(end):
    sampler = ResumableSampler(10)
    old = iter(sampler)
    next(old)
    end(sampler)
    state = sampler.state_dict()
    with pytest.raises(RuntimeError, match="this iteration of the sampler has ended"):
        next(old)
    assert sampler.state_dict() == state


def test_looking_at_one_batch_costs_the_epoch_that_batch_until_the_epoch_is_set():
    sampler = ResumableSampler(100, seed=1)
    loader = DataLoader(torch.arange(100), batch_size=8, sampler=sampler)
    look = next(iter(loader)).tolist()
    rest = [i for batch in loader for i in batch.tolist()]
    assert len(rest) == 92 and not set(look) & set(rest)
    sampler.set_epoch(0)
    assert [i for batch in loader for i in batch.tolist()] == look + rest


def test_set_epoch_begins_that_epoch():
    orders = [list(sampler) for sampler in [ResumableSampler(20, seed=3)] for _ in range(4)]
    sampler = ResumableSampler(20, seed=3)
    for epoch in (2, 0, 3, 3, 1):
        sampler.set_epoch(epoch)
        assert list(sampler) == orders[epoch]
    assert list(sampler) == orders[2]  # the one after
    next(iter(sampler))
    sampler.set_epoch(2)
    assert list(sampler) == orders[2]


@pytest.mark.parametrize("stop", range(23))
def test_a_loop_that_sets_each_epoch_goes_on_after_a_restart(stop):
    """The usual loop, stopped after any number of steps: what is left of the epoch comes, then the next."""

    def loop(sampler, first):
        for epoch in range(first, 2):
            sampler.set_epoch(epoch)
            for index in sampler:
                yield epoch, index

    unbroken = list(loop(ResumableSampler(11, seed=5), 0))
    sampler = ResumableSampler(11, seed=5)
    seen = list(itertools.islice(loop(sampler, 0), stop))
    again = ResumableSampler(11)
    again.load_state_dict(sampler.state_dict())
    assert seen + list(loop(again, again.epoch)) == unbroken


def test_a_rank_without_an_index_stays_in_step_with_the_others():
    ranks = [ResumableSampler(1, rank=rank, world_size=3) for rank in range(3)]
    for epoch in range(4):
        assert [list(sampler) for sampler in ranks] == [[0], [], []]
        assert [sampler.epoch for sampler in ranks] == [epoch] * 3


@pytest.mark.parametrize("epoch", [-1, 1.5, None, True, "1"])
def test_an_epoch_that_is_none_is_refused(epoch):
    with pytest.raises(ValueError, match="epoch must be an integer of 0 or more, not"):
        ResumableSampler(10).set_epoch(epoch)


def test_a_length_or_a_seed_that_is_none_is_refused():
    for number in (np.int64(3), np.array(3), torch.tensor(3), range(3)):  # two have a __len__ that raises
        assert list(ResumableSampler(number)) == list(ResumableSampler(3))
    for wrong in (7.5, torch.tensor(7.5), torch.tensor(True), np.array(7.5)):
        with pytest.raises(TypeError, match="data_source, or its length, must be an integer of 0 or more"):
            ResumableSampler(wrong)
    for arguments in ((-1,), (2.5,), (None,), (10, -1), (10, None), (10, "1"), (10, 1.5)):
        with pytest.raises(ValueError, match="must be an integer of 0 or more, not"):
            ResumableSampler(*arguments)


def test_a_state_of_other_data_and_a_rank_that_is_none_are_refused():
    sampler = ResumableSampler(10)
    with pytest.raises(ValueError, match=r"length 20, this one has 10"):
        sampler.load_state_dict(ResumableSampler(20).state_dict())
    for rank in (-1, 2):
        with pytest.raises(ValueError, match=rf"rank must be an integer from 0 to 1, not {rank}"):
            ResumableSampler(10, rank=rank, world_size=2)
    with pytest.raises(ValueError, match="world_size must be an integer of 1 or more, not 0"):
        ResumableSampler(10, world_size=0)
