"""What the stored experiments count, and how they measure, held against torch and a second way."""

import pandas as pd
import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import experiments
from helpers.bpe import BPETokenizer
from helpers.corpus import load_story
from helpers.model import TinyGPT, bits_per_byte
from lessons.experiments import BASELINES, at_equal, compare, findings, load_runs, operations


@pytest.mark.parametrize(("vocab_size", "max_length"), [(1024, 64), (256, 256), (4096, 16)])
def test_the_operations_that_are_counted_are_those_that_torch_counts(vocab_size, max_length):
    model = TinyGPT(vocab_size, max_length, positions="alibi")  # its attention is written in matrix products
    ids = torch.zeros(2, max_length, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(model(ids).flatten(0, 1), ids.flatten()).backward()
    parameters = sum(weights.numel() for weights in model.parameters())
    counted = operations(ids.numel(), parameters, max_length)
    assert counted == pytest.approx(counter.get_total_flops(), rel=0.005)


def runs_of(table):
    """One experiment: bits per byte of each setting's runs, at 100 bytes and 200."""
    rows = [
        {"experiment": "e", "setting": setting, "seed": seed, "bytes_seen": at, "val_bpb": bits * 200 / at}
        for setting, seeds in table.items()
        for seed, bits in enumerate(seeds)
        for at in (100, 200 if setting != "short" else 150)
    ]
    return pd.DataFrame(rows)


def test_runs_are_compared_where_the_shortest_of_them_ends():
    runs = runs_of({"base": [3.0, 3.2], "short": [1.5, 1.8]})
    got = at_equal(runs, "e", "bytes_seen")
    assert list(got.setting) == ["base", "base", "short", "short"]
    assert got.bpb.tolist() == pytest.approx([(6 + 3) / 2, (6.4 + 3.2) / 2, 2.0, 2.4])


def test_ranges_that_touch_make_no_difference():
    bits = {"base": [3.0, 3.2], "touches": [2.8, 3.0], "better": [2.8, 2.99], "worse": [3.3, 3.4]}
    figures = at_equal(runs_of(bits), "e", "bytes_seen")
    verdicts = compare(figures, "base").verdict.to_dict()
    assert verdicts == {
        "base": "(baseline)",
        "touches": "no difference",
        "better": "better",
        "worse": "worse",
    }


def test_each_question_is_measured_against_the_setting_that_changes_nothing():
    table = findings(load_runs())
    assert set(table.index.unique("question")) == set(BASELINES)
    assert (table.loc[list(BASELINES.items())].difference == 0).all()
    assert (table.verdict == "(baseline)").sum() == len(BASELINES)


def test_the_stored_tokens_are_those_of_full_batches():
    runs = pd.read_csv(experiments.TABLE)
    changes = {(experiment, setting): change for experiment, setting, change in experiments.SETTINGS}
    for (experiment, setting), rows in runs.groupby(["experiment", "setting"]):
        run = experiments.BASE | changes[experiment, setting]
        assert set(rows.max_length) == {run["max_length"]}
        tokens_a_step = set(rows.tokens_seen // rows.step)
        assert len(tokens_a_step) == 1 and tokens_a_step.pop() % run["max_length"] == 0
        if "tokenizer" not in changes[experiment, setting]:
            assert set(rows.tokens_seen) == set(rows.step * run["max_length"] * run["batch_size"])


def test_bits_per_token_make_the_bits_per_byte_of_a_tokenizer_that_loses_nothing():
    story = load_story()[:3000]
    tokenizer = BPETokenizer.train(story, 300)
    ids, model = tokenizer.encode(story), TinyGPT(300, 16, dim=16, n_layers=1)
    bits = bits_per_byte(model, ids, experiments.PerToken) * (len(ids) - 1)
    n_bytes = len(story.encode()) - experiments.byte_count(tokenizer, ids[:1])
    assert bits / n_bytes == pytest.approx(bits_per_byte(model, ids, tokenizer))
