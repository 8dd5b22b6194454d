"""What a function may be given: one check of each kind, for all helpers. Nothing here needs torch.

Every error names the argument, the value that came, and the way out. A value of the wrong kind raises
`WrongKind`, which is a `TypeError` and a `ValueError` at once, so that either `except` catches it.
"""

import math
import operator
import reprlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sized
from itertools import count
from typing import Any

import numpy as np

LARGEST_ID = 2**63 - 1  # ids end in int64: what `nn.Embedding` and `cross_entropy` take
_ENDS = {-(2**63): "-2**63", LARGEST_ID: "2**63 - 1"}  # as an error shows them
_SHORT = reprlib.Repr()  # does not write down the millions of a list, and bears a __repr__ that raises
vars(_SHORT).update({limit: 200 for limit in vars(_SHORT) if limit.startswith("max") and limit != "maxlevel"})


class WrongKind(TypeError, ValueError):
    """An argument of a kind that the function does not take."""


def shown(value: Any, width: int = 60) -> str:
    """`value` as an error shows it: at most `width` characters of its repr, and never an error of its own."""
    try:
        return _SHORT.repr(value)[:width]
    except ValueError:  # Python writes no integer of more than 4,300 digits
        return f"{type(value).__name__} too large to write"


def _wrong(name: str, wanted: str, value: Any) -> WrongKind:
    return WrongKind(f"{name} must be {wanted}, not {shown(value)} ({type(value).__name__})")


def _number(name: str, wanted: str, value: Any, convert: Callable) -> Any:
    """`value` by `convert`, if it is one number: no bool, which would pass for 0 or 1, no str, no array."""
    try:
        number = value.item() if getattr(value, "ndim", None) == 0 else value
        return convert(None if isinstance(number, bool | Sized) else number)
    except (TypeError, RuntimeError, OverflowError):  # a tensor on the meta device; an int beyond every float
        raise _wrong(name, wanted, value) from None


def integer(name: str, value: Any, low: int = 0, high: int = LARGEST_ID) -> int:
    """`value` as an int from `low` to `high`; takes every kind of integer, NumPy's and torch's too, no bool.

    >>> integer("stride", np.int16(3), 1)
    3
    """
    wanted = f"an integer of {low} or more" if high == LARGEST_ID else f"an integer from {low} to {high}"
    number = _number(name, wanted, value, operator.index)
    if not low <= number <= high:
        wanted = wanted if number < low else f"an integer from {low} to {_ENDS.get(high, high)}"
        raise ValueError(f"{name} must be {wanted}, not {shown(number)}")
    return number


def real(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """`value` as a finite float strictly between `low` and `high`; takes NumPy's and torch's too, no bool.

    >>> real("temperature", np.float32(0.5), 0)
    0.5
    """
    bounds = [f" above {low:g}"] * (low > -math.inf) + [f" below {high:g}"] * (high < math.inf)
    wanted = f"a finite number{' and'.join(bounds)}"
    number = _number(name, wanted, value, float)
    if not low < number < high:  # never true of NaN and the infinities
        raise ValueError(f"{name} must be {wanted}, not {shown(value)}")
    return number


def flag(name: str, value: Any) -> bool:
    """`value` as a bool, if it is True or False, Python's or NumPy's: a word such as "no" counts as true.

    >>> flag("lowercase", np.bool_(False))
    False
    """
    if not isinstance(value, bool | np.bool_):
        raise _wrong(name, "True or False", value)
    return bool(value)


def choice(name: str, value: Any, options: Iterable[str]) -> str:
    """`value`, if it is one of `options`.

    >>> choice("method", "pca", ["pca", "tsne"])
    'pca'
    """
    known = list(options)
    if not isinstance(value, str) or value not in known:
        kind = ValueError if isinstance(value, str) else WrongKind
        raise kind(f"{name} must be one of {', '.join(map(repr, known))}, not {shown(value)}")
    return value


def text(name: str, value: Any) -> str:
    """`value`, if it is a str that UTF-8 can hold: lone surrogates are refused, with their position."""
    if not isinstance(value, str):
        raise WrongKind(f"{name} must be a str, not {type(value).__name__}: {shown(value)}")
    for start in range(0, 0 if value.isascii() else len(value), 2**16):  # by parts: no copy of a large text
        try:
            value[start : start + 2**16].encode()
        except UnicodeEncodeError as error:
            lone = f"a lone surrogate, {error.object[error.start]!r} at position {start + error.start}"
            way_out = "remove it, or give text.encode('utf-8', 'replace').decode()"
            raise ValueError(f"{name} has {lone}: UTF-8 cannot hold it, so {way_out}") from None
    return value


def many(name: str, values: Any, of: str = "str") -> Iterable:
    """`values`, if one can walk through them and they are not a single str, bytes or path.

    A dict or a table is refused: a walk through it gives its keys, the names of its splits or columns.
    The items are not looked at: `values` may be a generator.
    """
    if isinstance(values, Mapping) or hasattr(values, "columns"):
        found = f"a {type(values).__name__}, whose keys would come: give list(...) of them, or one column"
    elif isinstance(values, str | bytes) or hasattr(values, "__fspath__"):
        found = f"{shown(values)}: give [{shown(values, 40)}] for one"
    elif hasattr(values, "__iter__") or hasattr(values, "__getitem__"):
        return values
    else:
        found = shown(values)
    raise WrongKind(f"{name} must be an iterable of {of}, not {found}")


def texts(name: str, values: Any) -> Iterator[str]:
    """The items of `values`, each checked by `text` when its turn comes; an error names it: texts[2]."""
    check = lambda i, item: text(f"{name}[{i}]", item)
    return map(check, count(), many(name, values))  # map holds no item until the next comes


def mapping(name: str, value: Any) -> Mapping:
    """`value`, if it is a dict or another mapping."""
    if not isinstance(value, Mapping):
        raise _wrong(name, "a dict", value)
    return value


def special_tokens(name: str, values: Any) -> list[str]:
    """`values` as a list of names: in a fixed order, no name empty or twice."""
    ordered = isinstance(values, Collection) and not isinstance(values, str | bytes | set | frozenset)
    if not ordered or not all(isinstance(value, str) for value in values):
        raise WrongKind(f"{name} must be a list or tuple of str, not {shown(values, 80)}")
    if "" in values or len(set(values)) < len(values):
        raise ValueError(f"{name} is {list(values)!r}: each needs a name, and none may stand twice")
    return [text(name, value) for value in values]


def id_array(name: str, ids: Any, least: int = 0) -> np.ndarray:
    """`ids` as an array of integers in one dimension, with at least `least` of them.

    Takes lists, arrays, memory maps, tensors of any device and whatever gives an array; copies lists only
    (and what is not in this process's memory). No value is looked at: `in_range` does that.

    >>> id_array("ids", [3, 1, 2])
    array([3, 1, 2])
    """
    if np.ma.isMaskedArray(ids):  # the mask would be lost without a word
        raise WrongKind(f"{name} is a masked array: give {name}.compressed(), or {name}.filled() with an id")
    wanted = f"{name} must be integers in one dimension"
    try:  # a tensor is known by a method, without an import of torch
        array = np.asarray(ids.detach().cpu().numpy() if hasattr(ids, "detach") else ids)
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:  # rows of different lengths, meta
        raise WrongKind(f"{wanted}, not {shown(ids)}: {error}") from None
    mixed = array.dtype.kind in "fO" and isinstance(ids, list | tuple)  # NumPy's way with [np.uint64(1), 2]
    if mixed and all(isinstance(i, int | np.integer) for i in ids):
        in_range(name, np.array(ids, object), -(2**63))
        array = np.array(ids, np.int64)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and len(array)):
        found = f"{shown(ids)} ({type(ids).__name__} of dtype {array.dtype} and shape {array.shape})"
        way_out = "encode a text first, flatten batches, and convert floats with .astype(np.int64)"
        raise WrongKind(f"{wanted}, such as [3, 4], not {found}: {way_out}")
    if len(array) < least:
        raise ValueError(f"{name} holds {len(array)} token ids; at least {least} must be given")
    return array if array.dtype.kind in "iu" else array.astype(np.int64)  # of no ids at all


def in_range(name: str, ids: np.ndarray, low: int = 0, high: int = LARGEST_ID) -> None:
    """Raise `ValueError` unless all of `ids`, an array of integers, lie from `low` to `high`."""
    if not ids.size or (low <= ids.min() and ids.max() <= high):
        return
    place = np.argwhere((ids < low) | (ids > high))[0].tolist()
    first = f"{name}[{', '.join(map(str, place))}] is {shown(int(ids[*place]))}"
    cause = "read with another dtype than it was written with, padded with -100, or made by another tokenizer"
    ends = f"from {_ENDS.get(low, low)} to {_ENDS.get(high, high)}"
    raise ValueError(f"{first}, but must lie {ends}: was the array {cause}?")
