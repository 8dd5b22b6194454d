"""Whether two values are the same, as an exercise means it, in whatever container they come."""

import math
from collections import deque
from collections.abc import ItemsView, Iterator, KeysView, Mapping, Set, ValuesView
from typing import Any

import numpy as np


def same(got: Any, expected: Any) -> bool:
    """Whether `got` is `expected`, whatever container or number type it comes in.

    Arrays and tensors: by shape and value. Floats: to a relative 1e-5; integers and text: exactly. Where a
    sequence is expected, any list, tuple, array or tensor will do; a set, a str or a single number will not.
    """
    got = plain(got)
    if is_array(expected):
        return _same_array(got, as_array(expected))
    if isinstance(expected, list | tuple):
        got = as_array(got).tolist() if is_array(got) else got
        if not isinstance(got, list | tuple) or len(got) != len(expected):
            return False
        if {*map(type, got), *map(type, expected)} == {int}:  # many are: compared at once
            return list(got) == list(expected)
        return all(map(same, got, expected))
    if isinstance(expected, dict):
        keys = isinstance(got, Mapping) and set(got) == set(expected)
        return keys and all(same(got[key], expected[key]) for key in expected)
    if (is_array(got) or isinstance(got, np.generic)) and np.ndim(as_array(got)) == 0:
        got = as_array(got).item()
    if isinstance(expected, bool | str | Set) or expected is None:
        kind = Set if isinstance(expected, Set) else type(expected)
        return isinstance(got, kind) and got == expected
    if isinstance(expected, bytes):
        return isinstance(got, bytes | bytearray) and bytes(got) == expected
    if isinstance(expected, int | float):
        return _same_number(got, expected)
    return bool(got == expected)


def plain(value: Any) -> Any:
    """`value` with each iterator, view, range or deque in it as a list."""
    once = isinstance(value, Iterator | KeysView | ValuesView | ItemsView | range | deque)
    if once or (type(value) is list and not {*map(type, value)} <= {int, str, float, bool}):
        return [plain(v) for v in value]  # a loop of Python, which can be stopped; list(value) cannot
    return tuple(map(plain, value)) if type(value) is tuple else value


def is_array(value: Any) -> bool:
    """Whether `value` is an array or a tensor; torch is not imported for it."""
    return isinstance(value, np.ndarray) or hasattr(value, "detach")


def as_array(value: Any) -> np.ndarray:
    """`value` as an array, tensors of every kind included, on their own or in lists."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
        return value.numpy()
    if isinstance(value, list | tuple):
        return np.asarray([as_array(v) if hasattr(v, "detach") or isinstance(v, list) else v for v in value])
    return np.asarray(value)


def unchanged(before: Any, after: Any) -> bool:
    """Whether the values in both are the same; what cannot be compared, such as a model, counts as such."""
    if before is after:
        return True
    if is_array(before):
        a, b = as_array(before), as_array(after)
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(before, list | tuple | deque):
        return len(before) == len(after) and all(map(unchanged, before, after))
    if isinstance(before, dict):
        keys_stay = list(before) == list(after)
        return keys_stay and all(map(unchanged, dict.values(before), dict.values(after)))
    if isinstance(before, set | bytearray | str | bytes | int | float | type(None)):
        return type(before) is type(after) and (before == after or before != before)  # NaN is not itself
    return True


def _same_array(got: Any, expected: np.ndarray) -> bool:
    try:
        got = as_array(got)
        if got.shape != expected.shape:
            return False
        if got.dtype.kind in "iub" and expected.dtype.kind in "iub":
            return bool((got == expected).all())
        got, expected = got.astype(float), expected.astype(float)
        return np.allclose(got, expected, rtol=1e-5, atol=1e-7, equal_nan=True)
    except (TypeError, ValueError):
        return False


def _same_number(got: Any, expected: float) -> bool:
    if isinstance(got, str | bytes | bool) or np.ndim(got) != 0:
        return False
    try:
        if isinstance(expected, int):
            exact = isinstance(got, int) or abs(expected) < 2**53  # above, a float has no units any more
            return exact and bool(got == expected)
        both_nan = math.isnan(expected) and math.isnan(got)
        return both_nan or math.isclose(float(got), expected, rel_tol=1e-5, abs_tol=1e-9)
    except (TypeError, ValueError, OverflowError):
        return False
