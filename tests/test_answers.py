"""Every right answer to an exercise passes, every wrong one is rejected in words: see answers/README.md."""

import contextlib
import gc
import importlib
import re
import tempfile

import pytest
from answers import Case

from lessons import exercises

PAGES = exercises.pages()  # "03" is a lesson, "03_train_fast" a deeper page
COMPARISON = re.compile(
    r"On .+? (expected .+?, but|your function changed its argument: .+? was .+?, and) ", re.S
)


def answers_of(page):
    try:
        return importlib.import_module(f"answers.nb{page}")
    except ModuleNotFoundError as error:
        if error.name != f"answers.nb{page}":
            raise
        return None


FILES = {page: module for page in PAGES if (module := answers_of(page))}


def cases(kind):
    return list(each_case(kind))


def each_case(kind):
    for module in FILES.values():
        for name, answers in getattr(module, kind).items():
            for n, answer in enumerate(answers):
                case = answer if isinstance(answer, Case) else Case(answer)
                label = getattr(case.answer, "__name__", type(case.answer).__name__).strip("<>")
                yield pytest.param(name, case, id=f"{name}-{n}-{label}")


@pytest.fixture(scope="module", autouse=True)
def _nothing_old_is_looked_through():
    """A check that was stopped collects garbage: spare it the million objects of what is imported."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def told(monkeypatch):
    """What the learner reads on a case, tried in an empty folder: `tmp_path` takes longer to make."""

    def verdict(name, case):
        monkeypatch.setattr(exercises, "SECONDS", case.seconds)
        return exercises.verdict(name, case.answer() if case.later else case.answer)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, contextlib.chdir(folder):
        yield verdict


@pytest.mark.parametrize(("name", "case"), cases("RIGHT"))
def test_a_right_answer_passes(told, name, case):
    sentence = told(name, case)
    assert sentence.startswith(f"{name}: {exercises.RIGHT}."), sentence
    assert case.words in sentence


@pytest.mark.parametrize(("name", "case"), cases("WRONG"))
def test_a_wrong_answer_is_told_the_input_what_was_expected_and_what_came(told, name, case):
    sentence = told(name, case)
    assert sentence.startswith(f"{name}: {exercises.WRONG}. "), sentence
    assert "Checking your answer raised" not in sentence
    assert case.words in sentence
    assert not case.compares or COMPARISON.match(sentence.partition(f"{exercises.WRONG}. ")[2]), sentence
    assert len(sentence) < 1200


@pytest.mark.parametrize("page", FILES)
def test_each_exercise_has_three_right_answers_and_six_wrong_ones(page):
    for name in exercises.names(page):
        assert len(FILES[page].RIGHT.get(name, [])) >= 3, name
        assert len(FILES[page].WRONG.get(name, [])) >= 6, name
    known = set(exercises.names(page))
    assert known == set(FILES[page].RIGHT) == set(FILES[page].WRONG)


@pytest.mark.parametrize("page", PAGES)
def test_each_notebook_has_its_answers(page):
    if page not in FILES:
        pytest.xfail(f"answers/nb{page}.py is still to be written")
