"""What the stored experiments count, and how they measure, held against torch and a second way."""

import dataclasses
import itertools

import pandas as pd
import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import experiments, larger
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


# ---- the questions at another size ----


def settings_and_seeds(path):
    return [(row["experiment"], row["setting"], row["seed"]) for row in experiments.read(path)]


def test_a_grid_of_another_size_goes_on_with_what_is_missing_and_does_no_run_twice(
    tmp_path, monkeypatch, capsys
):
    path, command = tmp_path / "tiny.csv", ["--size", "tiny", "--device", "cpu"]
    assert experiments.SEEDS == (0, 1, 2)
    monkeypatch.setattr(experiments, "SEEDS", (1,))  # one is enough to see it
    once, made = larger.Grid.run, []

    def crash_in_the_third(grid, change, seed):
        made.append((str(change), seed))
        if len(made) == 3:
            raise KeyboardInterrupt
        return once(grid, change, seed)

    monkeypatch.setattr(larger.Grid, "run", crash_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        experiments.main([*command, str(path)])
    kept = path.read_text()
    assert len(set(settings_and_seeds(path))) == 5  # the baseline stands under four names, then one more
    experiments.main([*command, str(path)])
    assert len(made) == 1 + 11 and len(set(made)) == 11  # the one that was cut off, again
    assert set(kept.splitlines()) <= set(path.read_text().splitlines())
    assert set(settings_and_seeds(path)) == {(e, s, "1") for e, s, _ in larger.SIZES["tiny"].settings}
    before = path.read_bytes()
    experiments.main([*command, str(path)])
    assert "nothing is missing" in capsys.readouterr().out and path.read_bytes() == before

    runs = pd.read_csv(path)
    assert (runs.device == "cpu").all() and (
        runs.groupby(["experiment", "setting", "seed"]).size() == 4
    ).all()
    last = runs[runs.step == runs.groupby(["experiment", "setting", "seed"]).step.transform("max")]
    first = runs[runs.step == runs.groupby(["experiment", "setting", "seed"]).step.transform("min")]
    assert (last.val_bpb.to_numpy() < first.val_bpb.to_numpy()).all()  # each has learned
    by_name = at_equal(runs, "tokenizer", "bytes_seen").groupby("setting").bpb.mean()
    assert by_name.between(2, 8).all() and len(by_name) == 4
    ends = runs.groupby(["experiment", "setting", "seed"]).bytes_seen.max()
    assert ends.max() <= 9_100 and ends.min() > 0.8 * 9_000  # one pass over the text for all

    path.write_text(path.read_text().replace(larger.Grid("tiny", "cpu").fingerprint, "others"), "utf-8")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-8]), "utf-8")
    with pytest.raises(SystemExit, match="has runs on other texts"):
        experiments.main([*command, str(path)])


def test_the_small_grid_has_models_of_20_million_parameters_and_the_work_that_its_help_states():
    size = larger.SIZES["small"]
    model = TinyGPT(size.vocab_size, size.max_length, size.dim, size.n_layers, size.n_heads)
    parameters = sum(weights.numel() for weights in model.parameters())
    assert 20e6 < parameters < 50e6
    each = operations(1, parameters, size.max_length, size.n_layers, size.dim)
    assert "2.4e16" in larger.__doc__ and each == pytest.approx(1.42e8, rel=0.02)


def test_a_gpu_that_is_not_there_is_said_before_anything_is_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(larger, "load_texts", None)
    with pytest.raises(SystemExit, match=r"--device cuda: torch sees no CUDA device here\. Use"):
        experiments.main(["--size", "small", "--device", "cuda", str(tmp_path / "small.csv")])
    assert not list(tmp_path.iterdir())
    with pytest.raises(SystemExit):
        experiments.main(["--device", "cuda"])
    assert "give --size small" in capsys.readouterr().err


def test_the_texts_of_a_size_share_no_document(monkeypatch):
    documents = [f"document number {n} {'x' * (n % 50)}" for n in range(400)]
    monkeypatch.setattr(larger, "library_documents", lambda: documents[:200])
    monkeypatch.setattr(larger, "sources", lambda: iter(documents[150:]))
    small = dataclasses.replace(larger.SIZES["small"], train_size=5000, val_size=1000)
    monkeypatch.setitem(larger.SIZES, "small", small)
    text, val = larger.load_texts("small")
    assert (len(text), len(val)) == (5000, 1000) and (text, val) == larger.load_texts("small")
    parts = [set(part.split(experiments.DOCUMENT_SEPARATOR)[:-1]) for part in (text, val)]
    assert parts[0] and parts[1] and not parts[0] & parts[1] and parts[0] | parts[1] <= set(documents)


def test_sources_are_python_files_of_installed_packages_in_a_fixed_order():
    first, again = (list(itertools.islice(larger.sources(), 20)) for _ in range(2))
    assert first == again and any("import torch" in text for text in first)
