"""The stored training runs, and how settings are compared (lesson 10 and its deeper page)."""

import numpy as np
import pandas as pd

from helpers.corpus import STORY

LAYERS, DIM = 3, 64  # of every model in the runs
LOSES_TEXT = "words or unk"  # its ids do not give the text back, so its figures do not compare
BASELINES = {  # the question, the setting that all others are held against
    "tokenizer": "BPE 1024",
    "max_length": "64",
    "batch_size": "16",
    "positions": "rope",
    "rows": "padded",
    "stride": "64",
    "stride, small text": "64",
}


def operations(tokens, parameters, max_length, layers=LAYERS, dim=DIM):
    """Multiplications and additions of a training on so many `tokens`, forward and back.

    Six for each token and parameter, and 12 for each block, dimension and place of the window (Chowdhery et
    al., 2022, appendix B).
    """
    return tokens * (6 * parameters + 12 * layers * dim * max_length)


def load_runs() -> pd.DataFrame:
    """data/experiments.csv: a row for each point at which a run was measured, with its operations."""
    runs = pd.read_csv(STORY.with_name("experiments.csv"))
    return runs.assign(operations=operations(runs.tokens_seen, runs.parameters, runs.max_length))


def at_equal(runs: pd.DataFrame, experiment: str, column: str) -> pd.DataFrame:
    """Each run's bits per byte (`bpb`) where all of an experiment have used equally much of `column`.

    Between two measurements of a run it takes the straight line.
    """
    chosen = runs[runs.experiment == experiment]
    by_run = chosen.groupby(["setting", "seed"], sort=False)[[column, "val_bpb"]]
    limit = by_run.max()[column].min()
    figures = by_run.apply(lambda run: np.interp(limit, run[column], run.val_bpb))
    return figures.rename("bpb").reset_index()


def at_best(runs: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """The best bits per byte that each run has on its way."""
    chosen = runs[runs.experiment == experiment]
    return chosen.groupby(["setting", "seed"], sort=False).val_bpb.min().rename("bpb").reset_index()


def compare(figures: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Mean and range of the seeds of each setting, and whether that range is apart from the baseline's."""
    table = figures.groupby("setting", sort=False).bpb.agg(["mean", "min", "max"])
    least, most = table["min"][baseline], table["max"][baseline]
    apart = [table["max"] < least, table["min"] > most]
    table["verdict"] = np.select(apart, ["better", "worse"], "no difference")
    table.loc[baseline, "verdict"] = "(baseline)"
    table.loc[table.index == LOSES_TEXT, "verdict"] = "(loses text)"
    return table


def verdicts(runs: pd.DataFrame, experiment: str, **columns: str) -> pd.DataFrame:
    """Bits per byte, with the range of the seeds, and verdicts, at equal amounts of each of `columns`."""
    tables = {}
    for name, column in columns.items():
        table = compare(at_equal(runs, experiment, column), BASELINES[experiment])
        bits = ["{:.2f} ({:.2f}–{:.2f})".format(*row) for row in table[["mean", "min", "max"]].to_numpy()]
        tables[f"equal {name}"] = pd.DataFrame({"bits per byte": bits, "verdict": table.verdict})
    return pd.concat(tables, axis=1)


def findings(runs: pd.DataFrame) -> pd.DataFrame:
    """One row for each question and setting: `compare` after equal text, less the setting that loses text.

    The small text is compared at the best moment of each run. `difference` is the mean less the baseline's.
    """
    parts = {}
    for question, baseline in BASELINES.items():
        small = question == "stride, small text"
        figures = at_best(runs, question) if small else at_equal(runs, question, "bytes_seen")
        table = compare(figures[figures.setting != LOSES_TEXT], baseline)
        parts[question] = table.assign(difference=table["mean"] - table["mean"][baseline])
    return pd.concat(parts, names=["question", "setting"])


def print_findings(table: pd.DataFrame) -> None:
    """Print what `findings` holds, a few lines for each question."""
    for question, part in table.groupby("question", sort=False):
        part = part.droplevel("question").sort_values("mean")
        (name,) = part.index[part.verdict == "(baseline)"]
        print(f"{question}, baseline {name}: {part['mean'][name]:.2f} bits per byte")
        for verdict in ("better", "no difference", "worse"):
            chosen = part[part.verdict == verdict]
            if len(chosen):
                print(f"  {verdict:14}", ";  ".join(f"{n}: {m:.2f}" for n, m in chosen["mean"].items()))
