"""A check answers in words, whatever it is handed, and comes to an end."""

import functools
import gc
import itertools
import json
import re
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from pathlib import Path

import numpy as np
import pytest
import torch

from lessons import exercises
from lessons.exercises import (
    Words,
    Wrong,
    call,
    check,
    expect,
    expect_error,
    lines_run,
    peak_memory,
    progress,
    rejection,
    same,
    short,
    verdict,
)


@pytest.fixture(autouse=True)
def doubling(monkeypatch):
    """One exercise, "00.double", registered for the length of a test."""
    exercises.all_names()

    def double(answer):
        expect(answer, ([1, 2],), [2, 4])
        expect(answer, ([],), [])
        return "Twice as much."

    monkeypatch.setitem(exercises._checks, "00.double", double)


def stub(numbers): ...


def stub_with_docstring(numbers):
    """Twice each number."""
    ...


def half_done(numbers):
    result = ...
    return result


@pytest.mark.parametrize("answer", [..., stub, stub_with_docstring, half_done])
def test_a_stub_is_not_attempted_yet(answer):
    assert verdict("00.double", answer).startswith("00.double: not attempted yet.")


def test_a_right_answer_is_right_whatever_sequence_it_gives(capsys):
    check("00.double", lambda numbers: [2 * n for n in numbers])
    assert capsys.readouterr().out == "00.double: right. Twice as much.\n"
    assert ": right." in verdict("00.double", lambda numbers: 2 * np.array(numbers))
    assert ": right." in verdict("00.double", lambda numbers: tuple(2 * n for n in numbers))


def test_a_wrong_answer_is_told_the_input_the_expectation_and_what_came():
    sentence = verdict("00.double", lambda numbers: numbers)
    assert sentence == "00.double: not right yet. On [1, 2] expected [2, 4], but got [1, 2]."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda numbers: numbers.sort(), "Does it end with `return`?"),
        (
            lambda numbers: 1 / 0,
            "expected [2, 4], but your function raised ZeroDivisionError: division by zero.",
        ),
        (lambda: [2, 4], "raised TypeError"),
        (lambda numbers: object(), "but got <object"),
        (lambda numbers: True, "but got True"),
        (42, "This should be a function that one can call; it is 42."),
        (None, "it is None"),
        ("[2, 4]", "it is '[2, 4]'"),
    ],
)
def test_nonsense_gets_a_sentence_and_no_traceback(answer, words):
    sentence = verdict("00.double", answer)
    assert "not right yet" in sentence and words in sentence


def test_an_answer_that_breaks_the_check_itself_gets_a_sentence():
    class Evil:
        def __eq__(self, other):
            raise RuntimeError("no comparisons today")

        __hash__ = None

    assert "not right yet" in verdict("00.double", lambda numbers: [Evil(), Evil()])


def test_an_answer_that_changes_its_argument_is_told_so_and_not_right():
    def doubles_in_place(numbers):
        for i, number in enumerate(numbers):
            numbers[i] = 2 * number
        return numbers

    sentence = verdict("00.double", doubles_in_place)
    assert "On [1, 2] your function changed its argument: numbers was [1, 2], and is now [2, 4]." in sentence
    assert ": not right yet." in sentence


def test_a_misspelt_exercise_gets_the_names_that_are_near(capsys):
    check("00.dubble", 1)
    assert capsys.readouterr().out == "There is no exercise '00.dubble'. Did you mean 00.double?\n"


@pytest.mark.parametrize("name", ["", "00", "../x", "zz.spam", "99.letters", 5, None, ["00.double"], len])
def test_any_name_gets_a_sentence(name):
    assert "name" in verdict(name, 1).lower() or "no exercise" in verdict(name, 1)


@pytest.mark.parametrize(
    ("got", "expected", "equal"),
    [
        (torch.ones(2, 3), np.ones((2, 3)), True),
        (torch.ones(3, 2), np.ones((2, 3)), False),
        ("nonsense", np.ones(2), False),
        (0.1 + 0.2, 0.3, True),
        (np.float32(0.3), 0.3, True),
        (0.30001, 0.3, False),
        (1e-6, 2e-6, False),
        (float("nan"), float("nan"), True),
        (float("inf"), float("inf"), True),
        (torch.tensor(0.3, requires_grad=True), 0.3, True),
        ([torch.tensor(1.0, requires_grad=True), torch.tensor(2.0)], np.array([1.0, 2.0]), True),
        (torch.ones(2, dtype=torch.bfloat16), [1.0, 1.0], True),
        (10_000_001, 10_000_000, False),
        (np.int64(7), 7, True),
        (torch.tensor(7), 7, True),
        (7.0, 7, True),
        (float(10**25), 10**25, False),
        (10**25, 10**25, True),
        (2**53, np.array(2**53 + 1), False),
        (np.str_("a"), "a", True),
        (["a", "b"], "ab", False),
        ("ab", ["a", "b"], False),
        (np.array(["a", "b"]), ["a", "b"], True),
        ((n for n in [1, 2]), [1, 2], True),
        ({1: "a", 2: "b"}.keys(), [1, 2], True),
        (deque([1, 2]), [1, 2], True),
        ([range(2), (n for n in "ab")], ([0, 1], ["a", "b"]), True),
        ({1, 2}, [1, 2], False),
        (frozenset([1, 2]), {1, 2}, True),
        (bytearray(b"ab"), b"ab", True),
        (np.bool_(True), True, True),
        (torch.tensor(True), True, True),
        (1, True, False),
        ({"a": np.int64(1)}, {"a": 1}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        (True, 1, False),
        ("1", 1, False),
        ([1, [2, 3]], (1, (2, 3)), True),
        ([1, 2, 3], [1, 2], False),
        ({"a": 1}, {"a": 1}, True),
        (None, 0, False),
        (float("nan"), 1.0, False),
    ],
)
def test_equality_as_an_exercise_means_it(got, expected, equal):
    assert same(got, expected) is equal


# ---- the words ----


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        (5 / 3, 1.667, "expected 1.66667, but got 1.667."),
        (1.0, 1.00002, "expected 1.0, but got 1.00002."),
        (1.0, 1.0000001, "expected 1.0, but got 1.0000001."),
        (2, "2", "expected 2, but got '2'."),
        (np.array([1, 2]), [1, 2.5], "expected [1, 2], but got [1, 2.5]."),
        (
            torch.eye(2),
            np.zeros((2, 2)),
            "expected [[1.0, 0.0], [0.0, 1.0]], but got [[0.0, 0.0], [0.0, 0.0]].",
        ),
        (np.float32(0.5), None, "expected 0.5, but got None. Does it end with `return`?"),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, "expected {'b': 2}, but got {'b': 3}."),
        ({"a": 1, "b": 2}, {"a": 1}, "expected {'b': 2}, but got {}."),
        (Words("two lists"), 5, "expected two lists, but got 5."),
        (np.array([1]), np.array([1.0]), "expected [1], but got [1.0]."),
        ([1], np.array([1]), "expected [1] (list), but got [1] (ndarray)."),
        (
            list(range(400)),
            [*range(300), 0, *range(301, 400)],
            "[..., 298, 299, 300, 301, 302, 303, 304, ...] around place 300, but",
        ),
        (
            "a" * 300 + "b",
            "a" * 300,
            "(301 long) around place 300, but got ...'aaaaaaaaaaaaaaaaaaaa' (300 long).",
        ),
        (
            [[0] * 99] * 99,
            [[0] * 99] * 98 + [[0] * 98 + [1]],
            "[..., 0, 0, 0] around place 98, 98, but got [..., 0, 0, 1].",
        ),
    ],
)
def test_a_rejection_shows_input_expected_and_came_where_they_differ(expected, got, words):
    sentence = str(rejection(([3],), expected, got, "A hint."))
    assert sentence.startswith("On [3] expected ")
    assert words in sentence and sentence.endswith(" A hint.") and len(sentence) < 400


def test_long_inputs_are_named_by_their_beginning_and_size():
    table = np.random.default_rng(0).normal(size=(30, 3))
    assert short(table).endswith("... (shape (30, 3))") and len(short(table)) < 200
    assert short("a" * 5000).endswith("... (5,000 characters)")
    assert short(list(range(5000))).endswith("... (5,000 items)")
    assert short(np.int64(5)) == "5" and short(np.str_("a")) == "'a'" and short([np.float32(0.1)]) == "[0.1]"
    assert "0x" not in short(object()) and short(float) == "<class 'float'>"


def test_a_value_that_cannot_be_shown_is_named_by_its_type():
    class Shy:
        def __repr__(self):
            raise RuntimeError("not today")

    assert "but got <Shy>" in verdict("00.double", lambda numbers: Shy())


def test_what_an_answer_prints_is_shown_once_and_a_none_that_was_printed_gets_a_hint(capsys):
    check("00.double", lambda numbers: print([2 * n for n in numbers]))
    first, second = capsys.readouterr().out.splitlines()
    assert first == "[2, 4]"
    assert second.endswith("expected [2, 4], but got None. It printed '[2, 4]'. Does it end with `return`?")
    check("00.double", lambda numbers: print("so far", numbers) or [2 * n for n in numbers])
    assert capsys.readouterr().out == "00.double: right. Twice as much.\n"


def test_a_none_is_not_taken_for_a_missing_return_where_none_may_be_right(monkeypatch):
    monkeypatch.setattr(exercises, "_may_be_none", {"00.double"})
    nothing, cleared = lambda numbers: numbers[5:] or None, lambda numbers: numbers.clear()
    for answer in (nothing, cleared):
        assert "return`?" not in verdict("00.double", answer)
    assert verdict("00.double", nothing).endswith("On [1, 2] expected [2, 4], but got None.")
    assert verdict("00.double", print).endswith("It printed '[1, 2]'. Does it end with `return`?")
    monkeypatch.setattr(exercises, "_may_be_none", set())
    assert all(verdict("00.double", answer).endswith("return`?") for answer in (nothing, cleared))


@pytest.mark.parametrize("name", ["02.first_loss", "02.smallest_vocab", "04.best_cut", "04.next_merge"])
def test_exercises_to_which_none_is_an_answer_do_not_ask_for_a_return(name):
    sentence = verdict(name, lambda *given: given[9:] or None)
    assert "but got None." in sentence and "return`?" not in sentence


def test_the_folder_of_checks_is_listed_once(monkeypatch):
    exercises.all_names()
    monkeypatch.setattr(exercises.pkgutil, "iter_modules", lambda *path: 1 / 0)
    assert "02.pad" in exercises.all_names() and exercises.names("none such") == []


def test_a_warning_becomes_a_sentence_and_is_not_written_to_stderr(capsys):
    sentence = verdict("00.double", lambda numbers: np.log(np.zeros(2)))
    assert "(It gave a warning: RuntimeWarning: divide by zero encountered in log)" in sentence
    assert capsys.readouterr().err == ""


class Parting(BaseException):
    pass


def raises(error):
    def answer(numbers):
        raise error

    return answer


def recursive(numbers):
    return recursive(numbers)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (recursive, "RecursionError: it calls itself without an end."),
        (raises(MemoryError()), "MemoryError: there is not enough memory"),
        (raises(SystemExit(0)), "SystemExit: leave out exit()"),
        (lambda numbers: next(iter([])), "StopIteration: next() found nothing more."),
        (raises(GeneratorExit()), "GeneratorExit."),
        (raises(Parting("adieu")), "Parting: adieu."),
        (lambda numbers: (1 / 0 for _ in numbers), "ZeroDivisionError: division by zero."),
        (raises(Exception(Parting)), "Exception: <class"),
    ],
)
def test_whatever_an_answer_raises_becomes_a_sentence_with_the_input_and_the_right_value(answer, words):
    sentence = verdict("00.double", answer)
    assert f"On [1, 2] expected [2, 4], but your function raised {words}" in sentence


@pytest.mark.parametrize(
    "answer",
    [
        raises(NotImplementedError()),
        lambda numbers: ...,
        lambda numbers: [..., ...],
        lambda numbers: [... * 2 for n in numbers],
        [...],
        {"a": ...},
        (lambda n: 2 * n, stub),
    ],
)
def test_what_still_has_a_piece_of_the_stub_is_not_attempted(answer):
    assert verdict("00.double", answer).startswith("00.double: not attempted yet.")


def test_words_for_the_input_take_the_place_of_its_repr():
    with pytest.raises(Wrong, match=r"^On a file of 9 bytes expected 3, but got 2\. Count\.$"):
        expect(lambda path: 2, ("/some/where",), 3, "Count.", given="a file of 9 bytes")
    with pytest.raises(Wrong, match=r"^On a file expected 3, but your function raised KeyError: 'x'\.$"):
        call(raises(KeyError("x")), 1, expected=3, given="a file")


def test_an_expected_exception():
    expect_error(raises(IndexError()), ([1],), IndexError)
    with pytest.raises(Wrong, match=r"On \[1\] expected an IndexError, but got 5\. Too far\."):
        expect_error(lambda numbers: 5, ([1],), IndexError, "Too far.")
    with pytest.raises(
        Wrong, match=r"On \[1\] expected a ValueError, but your function raised KeyError: 2\."
    ):
        expect_error(raises(KeyError(2)), ([1],), ValueError)
    with pytest.raises(Wrong, match="should be a function"):
        expect_error(5, ([1],), ValueError)


# ---- arguments that change ----


def poke(value):
    if isinstance(value, list):
        value.append(0)
    elif isinstance(value, dict):
        value["new"] = 0
    elif isinstance(value, set):
        value.add(0)
    elif isinstance(value, bytearray):
        value[0] = 0
    else:
        value[0] = 7
    return 1


@pytest.mark.parametrize(
    "value",
    [[1], {"a": 1}, {1}, bytearray(b"a"), np.array([1, 2]), torch.tensor([1.0, np.nan]), np.zeros(3)],
    ids=lambda value: type(value).__name__,
)
def test_a_changed_argument_is_noticed_and_an_allowed_change_is_not(value):
    with pytest.raises(Wrong, match=r"your function changed its argument: value was .+, and is now .+"):
        call(poke, value)
    assert call(poke, value, may_change=True) == 1
    assert call(lambda value: 1, value) == 1


def test_a_change_deep_inside_is_noticed_and_shown_where_it_is():
    def changes(rows, **_):
        rows[80][3] = -1

    words = r"rows was \[.*\] around place 80, 3, and is now \[.*-1.*\]\. .* Does it end with `return`\?"
    with pytest.raises(Wrong, match=words):
        call(changes, [list(range(50)) for _ in range(100)])


@pytest.mark.parametrize("value", [iter([1]), (n for n in [1]), json, len, torch.nn.Linear(2, 2), object()])
def test_what_cannot_be_compared_counts_as_unchanged(value):
    assert call(lambda value: 1, value) == 1


def test_the_answer_gets_copies():
    mine = [1, 2]
    call(poke, mine, may_change=True)
    assert mine == [1, 2]


# ---- an end to what does not end ----


def spin(numbers):
    while True:
        pass


def doze(numbers):
    time.sleep(10**6)


def hoard(numbers):
    rows = []
    while True:
        rows.append(numbers)


def swallow(numbers):
    while True:
        try:
            time.sleep(10**6)
        except:  # noqa: E722
            numbers.clear()


def swallow_twice(numbers):
    while True:
        try:
            try:
                spin(numbers)
            except BaseException:
                time.sleep(10**6)
        except BaseException:
            numbers.clear()


def close_for_ever(numbers):
    try:
        spin(numbers)
    finally:
        spin(numbers)


def babble(numbers):
    while True:
        print(numbers)


def endless_generator(numbers):
    yield from itertools.count()


@pytest.fixture
def hurry(monkeypatch):
    monkeypatch.setattr(exercises, "SECONDS", 0.1)


@pytest.fixture(scope="module", autouse=True)
def _nothing_old_is_looked_through():
    """A check that was stopped collects garbage: spare it the million objects of what is imported."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize(
    "answer",
    [spin, doze, hoard, swallow, swallow_twice, close_for_ever, babble, endless_generator],
    ids=lambda f: f.__name__,
)
def test_what_never_ends_is_stopped_on_the_input_that_it_was_working_on(answer, hurry):
    assert "On [1, 2]: no answer after 0.1 seconds, so it was stopped." in verdict("00.double", answer)
    assert sys.exc_info() == (None, None, None)


def test_without_a_timer_of_the_system_a_second_thread_stops_it(hurry, monkeypatch):
    monkeypatch.delattr(signal, "setitimer")
    for answer in (spin, hoard, endless_generator):
        assert "On [1, 2]: no answer after 0.1 seconds" in verdict("00.double", answer)
    assert ": right." in verdict("00.double", lambda numbers: [2 * n for n in numbers])


def test_outside_the_main_thread_it_is_stopped_too(hurry):
    said = []
    thread = threading.Thread(target=lambda: said.append(verdict("00.double", spin)))
    thread.start()
    thread.join()
    assert "so it was stopped" in said[0]


def test_what_eats_memory_is_stopped(monkeypatch):
    monkeypatch.setattr(exercises, "MEMORY", 10**8)

    def eat(numbers):
        rows = []
        while True:
            rows.append(bytes(10**6))

    assert "GB of memory, so it was stopped" in verdict("00.double", eat)


class Row(list):
    pass


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, MemoryError, ValueError])
def test_the_memory_of_a_stopped_answer_is_given_back(error, hurry):
    seen = []

    def build(numbers):
        row = Row()
        row.append(row)
        seen.append(weakref.ref(row))
        while True:
            if error:
                raise error

    assert ": not right yet." in verdict("00.double", build)
    if error is ValueError:  # nothing urgent: the usual round of the collector will do
        gc.collect()
    assert seen[0]() is None


def test_an_interruption_says_on_which_input():
    def interrupted(numbers):
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # under nohup SIGINT is ignored
    try:
        assert "On [1, 2]: you stopped it before there was an answer." in verdict("00.double", interrupted)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_timer_that_was_there_before_goes_on(hurry):
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        verdict("00.double", spin)
        deadline = time.monotonic() + 20
        while not rung and time.monotonic() < deadline:
            time.sleep(0.01)
        assert rung == [1]
        assert verdict("00.double", lambda numbers: []) and signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        rung_again = signal.getsignal(signal.SIGALRM)
        rung_again(0, None)
        assert rung == [1, 1]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# ---- counting work ----


def test_lines_run_counts_the_work_and_not_the_time():
    assert lines_run(lambda n: [n for _ in range(n)], 5) == lines_run(lambda n: [n for _ in range(n)], 5)
    assert lines_run(functools.partial(sum, range(10**5))) < 5

    def loop(n):
        for _ in range(n):
            pass

    assert lines_run(loop, 1000) - lines_run(loop, 100) == 1800


def test_peak_memory_is_of_the_run_alone():
    assert 10**6 <= peak_memory(lambda: bytes(10**6)) < 1.1 * 10**6


# ---- progress ----

TWICE = "00.double: right. Twice as much.\n"
STUB = "00.double: not attempted yet. Replace the ...\n"
NO = "00.double: not right yet. On 1\n"


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """A function that writes a notebook with these outputs."""
    monkeypatch.setattr(exercises, "all_names", lambda: ["00.double", "00.halve"])

    def save(name, *texts, source="", output=None):
        output = output or {"output_type": "stream", "text": list(texts)}
        cell = {"cell_type": "code", "source": source, "outputs": [output]}
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"cells": [cell]}))
        return path

    return save


def states(folder):
    return {name: state for _, name, state in progress(folder)}


def test_progress_reads_the_last_word_of_each_check(saved, tmp_path):
    saved("00_numbers.ipynb", NO, TWICE, source='check("00.halve", ...)')
    assert progress(tmp_path) == [
        ("00_numbers", "00.double", "right"),
        ("00_numbers", "00.halve", "not attempted yet"),
    ]
    saved("00_numbers.ipynb", TWICE, NO)
    assert progress(tmp_path) == [
        ("00_numbers", "00.double", "not right yet"),
        ("-", "00.halve", "not attempted yet"),
    ]


def test_progress_takes_a_single_notebook_and_the_home_folder(saved, tmp_path, monkeypatch):
    path = saved("00_numbers.ipynb", TWICE)
    saved("other.ipynb", "00.halve: right.\n")
    assert states(path) == {"00.double": "right", "00.halve": "not attempted yet"}
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert states("~") == {"00.double": "right", "00.halve": "right"}


def test_progress_of_no_folder_is_not_nothing_done(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing: give the one"):
        progress(tmp_path / "missing")
    with pytest.raises(TypeError, match="folder must be a path, not None"):
        progress(None)


@pytest.mark.parametrize("name", ["00_numbers.ipynb", "1.ipynb", "mine.ipynb", "sub/00_numbers-Copy1.ipynb"])
def test_the_name_of_the_notebook_does_not_matter(saved, tmp_path, name):
    saved(name, TWICE)
    assert progress(tmp_path)[0] == (name.rpartition("/")[2].removesuffix(".ipynb"), "00.double", "right")


def test_of_copies_the_best_counts_and_each_exercise_once(saved, tmp_path):
    saved("00_numbers.ipynb", STUB)
    saved("00_numbers-Copy1.ipynb", TWICE)
    saved("00_numbers-Copy2.ipynb", NO)
    saved(".ipynb_checkpoints/00_numbers-checkpoint.ipynb", "00.halve: right.\n")
    assert progress(tmp_path) == [
        ("00_numbers-Copy1", "00.double", "right"),
        ("-", "00.halve", "not attempted yet"),
    ]


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "text": ["working ... " + TWICE]},
        {"output_type": "stream", "text": "a\n" + TWICE},
        {"output_type": "execute_result", "data": {"text/plain": ["'00.double: right. Twice as much.'"]}},
        {"output_type": "stream", "text": ["00.double: right.\r\n"]},
    ],
)
def test_a_right_answer_is_found_wherever_it_was_printed(saved, tmp_path, output):
    saved("00_numbers.ipynb", output=output)
    assert states(tmp_path)["00.double"] == "right"


DAMAGE = {
    "empty": (b"", "it is empty"),
    "blank": (b" \n", "it is empty"),
    "half": (b'{"cells": [{"cell_type": "co', "it is no whole notebook"),
    "conflict": (b'{\n<<<<<<< HEAD\n "cells": []\n=======\n}\n>>>>>>> other\n', "merge conflict"),
    "no_cells": (b'{"nbformat": 3, "worksheets": []}', "it has no list of cells"),
    "list": (b"[1, 2]", "it has no list of cells"),
    "number": (b"5", "it has no list of cells"),
    "null_cells": (b'{"cells": null}', "it has no list of cells"),
    "odd_cells": (b'{"cells": [5]}', "it has no list of cells"),
    "odd_outputs": (b'{"cells": [{"outputs": [null]}]}', "it has no list of cells"),
    "latin": (b'{"cells": "\xe9"}', "it is not UTF-8"),
    "deep": (b"[" * 10**5, "nested too deeply"),
    "picture": (b"\x89PNG\r\n", "cannot be read"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_notebook_is_named_and_the_others_are_reported(saved, tmp_path, capsys, kind):
    data, reason = DAMAGE[kind]
    saved("00_numbers.ipynb", TWICE)
    (tmp_path / "broken.ipynb").write_bytes(data)
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "gone.ipynb").symlink_to("nowhere")
    assert states(tmp_path)["00.double"] == "right"
    exercises.report(tmp_path)
    printed = capsys.readouterr().out
    assert "broken.ipynb cannot be read: " in printed and reason in printed
    assert "gone.ipynb cannot be read: No such file" in printed and "folder.ipynb" not in printed
    assert "1 of 2 exercises right." in printed


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_does_no_harm(saved, tmp_path, encoding):
    path = saved("00_numbers.ipynb", TWICE)
    path.write_text(path.read_text(), encoding=encoding)
    assert states(tmp_path)["00.double"] == "right"


def test_the_table_always_counts_all_exercises(tmp_path, capsys):
    none = f"0 of {len(exercises.all_names())} exercises right."
    exercises.report(tmp_path)
    assert none in capsys.readouterr().out
    path = next(exercises.NOTEBOOKS.glob("01*.ipynb"))
    shutil.copy(path, tmp_path / "renamed.ipynb")
    shutil.copy(path, tmp_path / "renamed-Copy1.ipynb")
    exercises.report(tmp_path)
    assert none in capsys.readouterr().out
    assert ("renamed", "01.letters", "not attempted yet") in progress(tmp_path)


def test_a_copy_without_notebooks_asks_for_the_folder(tmp_path):
    for package in ("helpers", "lessons"):
        shutil.copytree(Path(exercises.__file__).parents[2] / package, tmp_path / package)
    command = [sys.executable, "-m", "lessons.exercises"]
    asked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert asked.returncode == 1 and asked.stdout == ""
    assert re.match(
        r"there is no folder .*notebooks: name .* python -m lessons.exercises FOLDER\n", asked.stderr
    )


def test_the_command_takes_one_folder_and_no_more(saved, tmp_path, monkeypatch, capsys):
    run = functools.partial(runpy.run_module, "lessons.exercises", run_name="__main__")
    saved("mine/renamed.ipynb", "00.double: right.\n")
    monkeypatch.setattr(sys, "argv", ["lessons.exercises", str(tmp_path / "mine")])
    run()
    assert "1 of " in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["lessons.exercises", "a", "b"])
    with pytest.raises(SystemExit, match=r"python -m lessons.exercises \[FOLDER\]"):
        run()


def test_an_answer_that_raises_is_told_an_expected_array_too():
    def raises(numbers):
        raise KeyError("nothing")

    with pytest.raises(
        exercises.Wrong, match=r"On \[1, 2\] expected .*2.*4.*, but your function raised KeyError"
    ):
        expect(raises, ([1, 2],), np.array([2, 4]))
