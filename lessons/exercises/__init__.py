"""The checks behind the exercises, and a table of your progress.

In a notebook, `check("01.letters", answer)` says in words whether `answer` is right. The checks of lesson
01 live in `lessons/checks/nb01.py`, and so on: each is a short function that tries the answer and raises
`Wrong` with the sentence that the learner reads. Such a sentence has the input, what was expected and what
came, in this order. `python -m lessons.exercises [FOLDER]` prints how far your own copies of the notebooks
have come.

Here: which exercises there are, and the verdict on an answer. `trying` calls the answer, `stopping` ends what
does not end, `equality` compares, `words` says what is wrong, `saved` reads notebooks.
"""

import difflib
import gc
import importlib
import pkgutil
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any

from lessons import checks
from lessons.exercises.equality import plain, same  # noqa: F401
from lessons.exercises.saved import NOTEBOOKS, progress, report  # noqa: F401
from lessons.exercises.stopping import Stopped, limited
from lessons.exercises.trying import call, expect, expect_error, is_stub, lines_run, peak_memory  # noqa: F401
from lessons.exercises.words import NotAttempted, Words, Wrong, latest, rejection, said, short  # noqa: F401

NOT_YET, RIGHT, WRONG = "not attempted yet", "right", "not right yet"
SECONDS = 20  # a check is stopped after so many, by the clock on the wall
MEMORY = 2 * 2**30  # and where the memory of Python grows by so many bytes
_checks: dict[str, Callable] = {}
_may_be_none: set[str] = set()


# ---- the verdict ----


def check(name: str, answer: Any) -> None:
    """Print whether `answer` solves exercise `name`: not attempted yet, right, or what is wrong with it.

    Never raises, and ends after `SECONDS`. What the answer prints itself is shown only for the input that
    the sentence is about.
    """
    sentence = verdict(name, answer)
    if latest.printed and f": {WRONG}." in sentence:
        print(latest.printed.removesuffix("\n"))
    print(sentence)


def verdict(name: str, answer: Any) -> str:
    """The sentence that `check` prints."""
    latest.given, latest.printed, latest.warned = str, "", []
    try:
        if name not in (known := _names_of_lesson(str(name).partition(".")[0])):
            return _no_such_exercise(name, known)
        if is_stub(answer):
            raise NotAttempted
        latest.may_be_none = name in _may_be_none
        remark = limited(_checks[name], answer, SECONDS, MEMORY) or ""
    except NotAttempted:
        return f"{name}: {NOT_YET}. Replace the ... with your answer and run the cell again."
    except BaseException as error:  # an answer may do anything, and what it did is still an answer
        traceback.clear_frames(error.__traceback__)  # they hold what the answer has built
        reason = _reason(error)
        full = isinstance(error.__cause__ or error, KeyboardInterrupt | Stopped | MemoryError)
    else:
        return f"{name}: {RIGHT}. {remark}{_warned()}".rstrip()
    finally:
        latest.may_be_none = False
    if full:  # what was built may go in circles
        gc.collect()
    return f"{name}: {WRONG}. {reason}{_warned()}"


def _reason(error: BaseException) -> str:
    if isinstance(error, Wrong):
        return str(error)
    where = f"On {given}: " if (given := latest.given()) else ""
    if isinstance(error, KeyboardInterrupt):
        return f"{where}you stopped it before there was an answer. Does each of its loops end?"
    if isinstance(error, Stopped):
        return f"{where}{error}. Does each of its loops end, on this input too?"
    return f"{where}Checking your answer raised {said(error)}"


def _warned() -> str:
    return f" (It gave a warning: {short(Words(latest.warned[0]))})" if latest.warned else ""


def _no_such_exercise(name: Any, known: list[str]) -> str:
    """A misspelt name, and those that it is near to."""
    if not isinstance(name, str):
        return f"The name of the exercise comes first, as a str, then your answer; this is {short(name)}."
    nearest = lambda options: difflib.get_close_matches(name, options, 3, 0.6)
    if near := nearest(known) or nearest(all_names()) or known:
        return f"There is no exercise {name!r}. Did you mean {' or '.join(near)}?"
    return f"There is no exercise {name!r}. Names begin with the number of a lesson: {all_names()[0]}."


# ---- which exercises there are ----


def exercise(name: str, may_be_none: bool = False) -> Callable:
    """Register the decorated function as the check of exercise `name`, such as "01.letters".

    The function takes the learner's answer; it returns a closing remark or None where the answer is
    right, and raises `Wrong` where it is not. Say `may_be_none` where None is the right value for some
    input: then a None is taken for a missing `return` only if something was printed.
    """

    def register(function: Callable) -> Callable:
        _checks[name] = function
        _may_be_none.update([name] * may_be_none)
        return function

    return register


def pages(number: str = "") -> list[str]:
    """The pages with checks, all or those of a lesson: "03" is a lesson, "03_train_fast" a deeper page."""
    return [page for page in _all_pages() if page.startswith(number)]


@cache
def _all_pages() -> list[str]:
    return sorted(module.name.removeprefix("nb") for module in pkgutil.iter_modules(checks.__path__))


def names(page: str) -> list[str]:
    """The exercises of a page ("03", "03_train_fast") in order; none where it has no checks."""
    if page not in _all_pages():
        return []
    module = importlib.import_module(f"lessons.checks.nb{page}")
    return [name for name, function in _checks.items() if function.__module__ == module.__name__]


def _names_of_lesson(number: str) -> list[str]:
    for page in pages(number) if number else []:
        importlib.import_module(f"lessons.checks.nb{page}")
    return [name for name in _checks if name.startswith(f"{number}.")]


def all_names() -> list[str]:
    """The exercises of all pages, in order."""
    return [name for page in pages() for name in names(page)]
