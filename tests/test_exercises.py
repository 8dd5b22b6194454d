"""A check answers in words, whatever it is handed."""

import json

import numpy as np
import pytest
import torch

from helpers import exercises
from helpers.exercises import check, expect, progress, same, verdict


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


@pytest.mark.parametrize(
    ("got", "expected", "equal"),
    [
        (torch.ones(2, 3), np.ones((2, 3)), True),
        (torch.ones(3, 2), np.ones((2, 3)), False),
        ("nonsense", np.ones(2), False),
        (0.1 + 0.2, 0.3, True),
        (np.float32(0.3), 0.3, True),
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


def test_progress_reads_the_last_word_of_each_check(tmp_path, monkeypatch):
    monkeypatch.setattr(exercises, "all_names", lambda: ["00.double", "00.halve"])
    text = ["00.double: not right yet. On 1\n", "00.double: right. Twice as much.\n"]
    cell = {"cell_type": "code", "outputs": [{"output_type": "stream", "text": text}]}
    (tmp_path / "00_numbers.ipynb").write_text(json.dumps({"cells": [cell]}))
    assert progress(tmp_path) == [
        ("00_numbers", "00.double", "right"),
        ("-", "00.halve", "not attempted yet"),
    ]
