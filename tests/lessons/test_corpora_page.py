"""The filter of deeper/09_corpora: the same scores each time, and a precision that counting by hand gives."""

import ast
import random

import numpy as np
import pytest
from page_code import definitions, run_page

FILTER = {"count", "model", "of_good", "of_bad"}  # what the cell of the filter assigns


def the_filter(body):
    """The imports of a cell, and what trains the filter and scores texts with it."""
    assigned = [n for n in body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) in FILTER]
    fitted = [n for n in body if isinstance(n, ast.Expr) and ast.unparse(n).startswith("model.fit(")]
    imports = [n for n in body if isinstance(n, ast.ImportFrom) and n.module.startswith("sklearn")]
    return [n for n in body if n in assigned + fitted + imports]


def texts(words, seed):
    return [" ".join(random.Random(seed + i).choices(words, k=20)) for i in range(1100)]


def scores(**changed):
    kinds = {"good": texts("returns the array of each axis".split(), 0)}
    kinds |= {"bad": texts("todo fix the hack of each bug".split(), 5000)}
    found = run_page("09_corpora", the_filter, **(kinds | changed))
    return found["of_good"], found["of_bad"]


def test_the_filter_gives_the_same_scores_each_time_and_tells_the_kinds_apart():
    (good, bad), again = scores(), scores()
    assert np.array_equal(good, again[0]) and np.array_equal(bad, again[1])
    assert len(good) == len(bad) == 100 and good.min() > 0 > bad.max()


def test_the_filter_learns_from_the_first_thousand_of_each_kind_alone():
    kinds = {"good": texts(["returns", "array"], 0), "bad": texts(["todo", "hack"], 5000)}
    before = scores(**kinds)[0][0]
    kinds["good"][1001:] = kinds["bad"][1001:]
    assert scores(**kinds)[0][0] == before


@pytest.mark.parametrize(("bad_per_good", "wanted"), [(1, 0.75 / (0.75 + 0.25)), (20, 0.75 / (0.75 + 5))])
def test_precision_falls_with_the_share_of_good_texts(bad_per_good, wanted):
    given = {"of_good": np.array([2.0, 1, 1, -1]), "of_bad": np.array([-2.0, -1, -1, 3])}
    precision = run_page("09_corpora", definitions, **given)["precision"]
    assert precision(0, bad_per_good) == pytest.approx(wanted)
