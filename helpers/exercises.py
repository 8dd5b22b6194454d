"""The checks behind the exercises, and a table of your progress.

In a notebook, `check("01.letters", answer)` says in words whether `answer` is right. The checks of
notebook 01 live in `helpers/checks/nb01.py`, and so on: each is a short function that tries the
answer and raises `Wrong` with the sentence that the learner reads. `python -m helpers.exercises`
prints how far your own copies of the notebooks have come.
"""

import copy
import dis
import importlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
NOT_YET, RIGHT, WRONG = "not attempted yet", "right", "not right yet"
_checks: dict[str, Callable] = {}


class NotAttempted(Exception):
    """The answer is still the stub."""


class Wrong(Exception):
    """The answer is not right; the message is the sentence that the learner reads."""


def exercise(name: str) -> Callable:
    """Register the decorated function as the check of exercise `name`, such as "01.letters".

    The function takes the learner's answer; it returns a closing remark or None where the answer is
    right, and raises `Wrong` where it is not.
    """

    def register(function: Callable) -> Callable:
        _checks[name] = function
        return function

    return register


def check(name: str, answer: Any) -> None:
    """Print whether `answer` solves exercise `name`: not attempted yet, right, or what is wrong with it."""
    print(verdict(name, answer))


def verdict(name: str, answer: Any) -> str:
    """The sentence that `check` prints. Raises ValueError where no exercise has that name."""
    known = names(name.partition(".")[0])
    if name not in known:
        raise ValueError(f"there is no exercise {name!r}; this notebook has {', '.join(known) or 'none'}")
    try:
        if is_stub(answer):
            raise NotAttempted
        remark = _checks[name](answer)
    except NotAttempted:
        return f"{name}: {NOT_YET}. Replace the ... with your answer and run the cell again."
    except Wrong as error:
        return f"{name}: {WRONG}. {error}"
    except Exception as error:  # an answer may be anything; what the check tripped over is still an answer
        return f"{name}: {WRONG}. Checking your answer raised {said(error)}"
    return f"{name}: {RIGHT}. {remark or ''}".rstrip()


def names(number: str) -> list[str]:
    """The exercises of notebook `number` ("01") in order; none where it has no checks."""
    module = f"helpers.checks.nb{number}"
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
    return [name for name in _checks if name.startswith(f"{number}.")]


def is_stub(answer: Any) -> bool:
    """Whether `answer` is `...`, a container with a `...` in it, or a function or class that does nothing."""
    if isinstance(answer, list | tuple | set):
        return any(item is ... for item in answer)
    if isinstance(answer, dict):
        return any(item is ... for item in answer.values())
    if isinstance(answer, type):
        methods = [m for m in vars(answer).values() if hasattr(m, "__code__")]
        return bool(methods) and any(is_stub(m) for m in methods)
    if hasattr(answer, "__code__"):
        # `...` as a statement compiles to nothing: what is left of a stub is "return None"
        steps = [step for step in dis.get_instructions(answer) if step.opname not in ("RESUME", "NOP")]
        return [step.argval for step in steps] == [None] * len(steps)
    return answer is ...


def said(error: BaseException) -> str:
    """An exception as a learner reads it: its type, and its message where it has one."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def short(value: Any, limit: int = 160) -> str:
    """The repr of `value`, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def call(function: Callable, *args: Any, expected: str = "") -> Any:
    """Call the learner's function on copies of `args`; an exception or a `...` becomes a sentence."""
    shown = ", ".join(short(a) for a in args)
    if not callable(function):
        raise Wrong(f"This should be a function that one can call; it is {short(function)}.")
    try:
        got = function(*copy.deepcopy(args))
    except NotImplementedError:
        raise NotAttempted from None
    except Exception as error:
        wanted = f" It should give {expected}." if expected else ""
        raise Wrong(f"On {shown} your function raised {said(error)}.{wanted}") from error
    if got is ...:
        raise NotAttempted
    return got


def expect(function: Callable, args: tuple, expected: Any, hint: str = "") -> None:
    """Raise `Wrong` with input, expectation and answer unless function(*args) gives `expected`."""
    got = call(function, *args, expected=short(expected))
    if not same(got, expected):
        shown = ", ".join(short(a) for a in args)
        lost = " Does it end with `return`?" if got is None else ""
        raise Wrong(f"On {shown} expected {short(expected)}, but got {short(got)}.{lost} {hint}".rstrip())


def same(got: Any, expected: Any) -> bool:
    """Equality as an exercise means it: arrays by shape and value, floats to a relative 1e-6."""
    if isinstance(expected, torch.Tensor | np.ndarray):
        try:
            got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
        except (TypeError, ValueError):
            return False
        return got.shape == expected.shape and np.allclose(got, expected, rtol=1e-5, atol=1e-7)
    if isinstance(expected, bool | str | bytes) or expected is None:
        return type(got) in (type(expected), np.bool_) and bool(got == expected)
    if isinstance(expected, int | float):
        return not isinstance(got, str | bytes | bool) and np.ndim(got) == 0 and _close(got, expected)
    if isinstance(expected, list | tuple):
        sized = isinstance(got, list | tuple | np.ndarray | torch.Tensor)
        return sized and len(got) == len(expected) and all(map(same, got, expected))
    return bool(got == expected)


def _close(got: Any, expected: float) -> bool:
    try:
        return abs(float(got) - expected) <= 1e-6 * max(1.0, abs(expected))
    except (TypeError, ValueError):
        return False


def progress(folder: Path = NOTEBOOKS) -> list[tuple[str, str, str]]:
    """(notebook, exercise, state) for each exercise, as the outputs stored in `folder` have it."""
    rows = []
    for path in sorted(Path(folder).glob("[0-9]*.ipynb")):
        said_there = _outputs(json.loads(path.read_text(encoding="utf-8")))
        for name in names(path.name[:2]):
            found = re.findall(
                rf"^{re.escape(name)}: ({NOT_YET}|{RIGHT}|{WRONG})\.", said_there, re.MULTILINE
            )
            rows.append((path.stem, name, found[-1] if found else NOT_YET))
    return rows


def _outputs(notebook: dict) -> str:
    outputs: Iterable[dict] = (o for c in notebook["cells"] for o in c.get("outputs", []))
    return "\n".join("".join(o.get("text", "")) for o in outputs)


if __name__ == "__main__":
    # Under `python -m` this file is a second module beside helpers.exercises; the checks register there.
    from helpers import exercises

    table = exercises.progress()
    for row in table:
        print("{:26} {:26} {}".format(*row))
    done = sum(state == RIGHT for _, _, state in table)
    print(f"{done} of {len(table)} exercises right. Save a notebook to bring this table up to date.")
