"""Measured numbers may differ when a notebook runs again; everything else on their line may not."""

import json
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbval.plugin import IPyNbFile, get_sanitize_patterns

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
RULES = ROOT / "tests" / "nbval_sanitize.cfg"
PATTERNS = get_sanitize_patterns(RULES.read_text(encoding="utf-8"))
MEASURED = r"≈[ ]*([-+]?\d[\d,]*(\.\d+)?|nan)"  # no number where there is none to measure: that is compared


def sanitized(text):
    """As nbval does it: one rule after the other."""
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text


def table(times, ids=(512, 4096)):
    """As a page makes one, but with columns that are as wide as their numbers."""
    return pd.DataFrame(
        {"ids": ids, "time": [f"≈ {t} s" for t in times], "note": ["", "warm"]},
        index=pd.Index(["plain", "finished"], name="way"),
    )


SAME = [
    ("≈ 1.5 s", "≈ 12.25 s"),
    ("read 7 ids in ≈ 1.5 s, twice\n", "read 7 ids in ≈ 120 s, twice\n"),
    ("loss ≈ -0.25, gap ≈ +3", "loss ≈ 0.5, gap ≈ -12.75"),
    ("≈ 980 a second", "≈ 1,234,567 a second"),
    ("off by ≈ 1.2e-07", "off by ≈ 3E+2"),
    ("(≈ 5) ≈ 3% ≈ 2.", "(≈ 15) ≈ 30% ≈ 21."),
    ("≈    1.50 s\n≈   12.25 s", "≈  112.25 s\n≈    0.50 s"),
    (repr(table(["1.5", "0.25"])), repr(table(["12.25", "100"]))),
    (table(["1.5", "0.25"]).to_html(), table(["12.25", "1,000.5"]).to_html()),
]
DIFFERENT = [
    ("7 ids in ≈ 1.5 s", "8 ids in ≈ 1.5 s"),
    ("≈ 1.5 s", "≈ 1.5 ms"),
    ("≈ 1.5 s", "1.5 s"),
    ("≈ 1.5 s for 7", "≈ 1.5 s for 8"),
    ("≈ 1.5 7", "≈ 1.5 8"),
    ("≈ 1,7 ids", "≈ 1,8 ids"),
    ("≈ 1.5, 7 ids", "≈ 1.5, 8 ids"),
    ("≈ 1.5\n7", "≈ 1.5\n8"),
    ("[512] ≈ 1", "[5 12] ≈ 1"),
    ("ids  and  spaces", "ids and spaces"),  # nothing measured: to the last space
    ("≈ nan s", "≈ 1.5 s"),
    (repr(table(["1", "2"])), repr(table(["1", "2"], ids=(512, 4097)))),
    (table(["1", "2"]).to_html(), table(["1", "2"], ids=(513, 4096)).to_html()),
]


@pytest.mark.parametrize(("stored", "new"), SAME)
def test_another_measured_number_is_no_difference(stored, new):
    assert stored != new and sanitized(stored) == sanitized(new)


@pytest.mark.parametrize(("stored", "new"), DIFFERENT)
def test_any_other_change_is_a_difference_though_something_is_measured_beside_it(stored, new):
    assert sanitized(stored) != sanitized(new)


def test_nbval_applies_the_rules_of_its_option_to_streams_and_tables(request, tmp_path, monkeypatch):
    def cell(ids, seconds):
        frame = pd.DataFrame({"n": [ids], "t": [f"≈ {seconds} s"]})
        data = {"text/plain": repr(frame), "text/html": frame._repr_html_()}
        outputs = [
            nbformat.v4.new_output("stream", text=f"{ids} ids in ≈ {seconds} s\n"),
            nbformat.v4.new_output("execute_result", data, execution_count=1),
        ]
        return nbformat.v4.new_code_cell(execution_count=1, outputs=outputs)

    path, ran = tmp_path / "measured.ipynb", cell(7, 12.25).outputs
    nbformat.write(nbformat.v4.new_notebook(cells=[cell(7, 1.5), cell(8, 12.25)]), path)
    monkeypatch.setattr(request.config.option, "nbval_sanitize_with", str(RULES))
    stored = IPyNbFile.from_parent(request.session, path=path)
    stored.setup_sanitize_files()
    assert [c.compare_outputs(ran, c.cell.outputs) for c in stored.collect()] == [True, False]


every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def stored_texts(path):
    outputs = [o for c in json.loads(path.read_text(encoding="utf-8"))["cells"] for o in c.get("outputs", [])]
    texts = ["".join(o.get("text", "")) for o in outputs]
    kinds = ("text/plain", "text/html")
    return texts + ["".join(o["data"][kind]) for o in outputs for kind in kinds if kind in o.get("data", {})]


@every_notebook
def test_in_stored_outputs_the_sign_stands_only_before_a_number(path):
    for text in stored_texts(path):
        assert "≈" not in re.sub(MEASURED, "", text), text
        assert sanitized(text).count("≈") == len(re.findall("≈ *nan", text)), text


@every_notebook
def test_a_stored_time_is_marked_as_measured(path):
    unmarked = [line for text in stored_texts(path) for line in re.sub(MEASURED, "", text).splitlines()]
    unmarked = [line for line in unmarked if re.search(r"\d ?(s|ms|µs|seconds|times as fast)\b", line)]
    assert not unmarked
