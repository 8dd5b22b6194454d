"""What `python -m benchmarks` promises: equal ids first, machines apart, code and versions apart."""

import doctest
import json
from functools import partial
from itertools import product

import pytest

import benchmarks
from benchmarks import __main__ as command
from benchmarks import encode, figure, peers, runs, setup
from helpers.bpe import BPETokenizer
from helpers.corpus import load_story


@pytest.fixture(autouse=True)
def nothing_measured(monkeypatch, tmp_path):
    for module, name, empty in (
        (runs, "EARLIER", []),
        (runs, "THIS", {}),
        (runs, "AGREEMENT", []),
        (benchmarks, "REPORT", []),
        (benchmarks, "RATIOS", {}),
        (benchmarks, "SHORT", {}),
        (runs, "FILE", tmp_path / "runs.json"),
    ):
        monkeypatch.setattr(module, name, empty)


@pytest.mark.parametrize("module", [benchmarks, setup])
def test_the_examples_are_right(module):
    assert doctest.testmod(module).failed == 0


def test_making_a_function_is_not_timed():
    now = iter(range(100))
    clock = lambda: next(now)
    slow_to_make = lambda: [next(now) for _ in range(10)] and (lambda: None)
    assert benchmarks.in_turn({"a": slow_to_make}, 2, clock) == {"a": [1, 1]}


# ---- equal before timed ----


def test_other_ids_end_the_run():
    assert peers.check_equal({"a": lambda: [1, 2], "b": lambda: [1, 2]}) == 2
    with pytest.raises(SystemExit, match="b gives other ids than a"):
        peers.check_equal({"a": lambda: [1, 2], "b": lambda: [1, 3]})


def test_tiktoken_in_its_faster_spelling_gives_the_same_ids():
    ours = BPETokenizer.train(load_story(), 400)
    theirs = peers.as_tiktoken(ours)
    assert theirs._pat_str != ours.pattern
    for text in map("".join, product("sl1'\n é ", repeat=5)):
        assert theirs.encode_ordinary(text) == ours.encode(text)


def test_every_encoder_of_a_table_gives_the_same_ids(tmp_path):
    vocabulary = peers.vocabulary_file(tmp_path, BPETokenizer.train(load_story(), 400))
    for makers in encode.arrays_and_lists(vocabulary, load_story()):
        assert peers.check_equal({name: partial(encode.call, make) for name, make in makers.items()}) > 1000


# ---- one machine, one code ----


def a_run(number: float) -> dict:
    return {"a table": {"ours": [number], "peer": [1.0]}}


def test_runs_of_another_machine_are_kept_and_not_counted():
    mine = {"versions": "numpy 2", "code": "abc"}
    other = {"setup": mine, "report": ["theirs"], "runs": [a_run(9.0)]}
    runs.FILE.write_text(json.dumps({"AMD": other, "Intel": other | {"runs": [a_run(5.0)]}}))
    runs.load("Intel", mine)
    assert runs.all_turns("a table", {"ours": [4.0], "peer": [1.0]})["ours"] == [5.0, 4.0]
    kept = runs.save("Intel", mine, ["ours"])
    assert kept["AMD"] == runs.read()["AMD"] == other
    assert [run["a table"]["ours"] for run in runs.read()["Intel"]["runs"]] == [[5.0], [4.0]]


@pytest.mark.parametrize("change", [{"code": "def"}, {"versions": "numpy 3"}])
def test_runs_of_other_code_or_versions_are_forgotten(change):
    mine = {"versions": "numpy 2", "code": "abc"}
    runs.FILE.write_text(json.dumps({"Intel": {"setup": mine | change, "report": [], "runs": [a_run(5.0)]}}))
    runs.load("Intel", mine)
    assert runs.all_turns("a table", {"ours": [4.0], "peer": [1.0]})["ours"] == [4.0]


def test_each_machine_has_its_own_section():
    its = lambda report, code: {"setup": {"code": code}, "report": [report], "runs": []}
    text = command.results({"AMD": its("from AMD", "old"), "Intel": its("from Intel", "new")}, "new")
    amd, intel = text.split("## Intel")
    assert "from AMD" in amd and "The code has changed since" in amd.split("## AMD")[1]
    assert "from Intel" in intel and "AMD" not in intel and "changed since" not in intel


def test_comments_docstrings_and_layout_are_not_code(tmp_path):
    file = tmp_path / "helpers" / "some.py"
    file.parent.mkdir()
    hashes = []
    for source in (
        "def f(x):\n    return x",
        'def f(x):\n    "Say x."\n    return (x)  # x',
        "def f(x):\n    return -x",
    ):
        file.write_text(source)
        hashes.append(setup.code(tmp_path))
    assert hashes[0] == hashes[1] != hashes[2]


# ---- tables ----


def test_cold_stands_beside_cold_and_each_row_has_its_version():
    seconds = {
        "helpers.bpe, cold": [4.0, 4.0],
        "helpers.bpe, warm": [2.0, 2.0],
        peers.TIKTOKEN: [8.0, 12.0],
        "gigatoken 1, cold": [1.0, 1.0],
        "gigatoken 1, warm": [0.5, 0.5],
    }
    benchmarks.speeds("A title", "MB/s", 8, seconds, peers.TIKTOKEN, short="array")
    assert benchmarks.SHORT["array, cold"] == {"tiktoken": 2.5, "gigatoken": 0.25}
    assert benchmarks.SHORT["array, warm"] == {"tiktoken": 5.0, "gigatoken": 0.25}
    [table] = benchmarks.REPORT
    assert setup.processor() in table and f"tiktoken {setup.version_of('tiktoken')}" == peers.TIKTOKEN
    assert " 2.50 (2.00 to 3.00) |" in table
    assert "0.25" in command.in_short()


def test_the_figure_has_a_panel_for_what_was_measured(tmp_path):
    ratios = {"training: helpers.bpe": [2.0, 3.0], "training: tokenizers 1": [1.0, 1.0]}
    figure.draw(ratios, tmp_path / "speed.png")
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")
    figure.draw({}, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
