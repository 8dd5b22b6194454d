"""Answers to the exercises, right and wrong, as learners give them: nb01.py holds those to notebook 01."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Case(NamedTuple):
    """An answer, and what the harness must know of it. `README.md` tells how to use it."""

    answer: Any
    words: str = ""  # a part of the sentence that the learner must read
    compares: bool = True  # whether that sentence has input, expected and came
    later: bool = False  # whether `answer` is a function without arguments that makes the answer
    seconds: float = 100  # the limit on time; a small one where the answer never ends


def says(answer: Any, words: str) -> Case:
    """A wrong answer, told `words` beside input, expected and came."""
    return Case(answer, words)


def form(answer: Any, words: str) -> Case:
    """A wrong answer with no value to compare: it is no function, no pair, does not end, ..."""
    return Case(answer, words, compares=False)


def later(make: Callable[[], Any], words: str = "", compares: bool = True) -> Case:
    """An answer that `make()` builds when its test runs, in an empty folder of its own."""
    return Case(make, words, compares, later=True)


def endless(answer: Any) -> Case:
    """A wrong answer that never ends."""
    return Case(answer, "so it was stopped", compares=False, seconds=0.1)
