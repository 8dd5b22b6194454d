"""A number for all that decides which ids a tokenizer gives: equal for equal tokenizers, in every process.

The whole state counts, so no attribute can be forgotten: what `pickle` would send, without its traces of
addresses, of hash seeds, and of the order in which a vocabulary was filled. A class or function that is
imported counts by its name; one that was defined in a notebook, or inside a function, by its code.
"""

import copyreg
import dis
import functools
import hashlib
import operator
import sys
import types
from typing import Any

import regex

PLAIN = {str, bytes, int, float, complex, bool, range, types.NoneType, types.EllipsisType}
INSIDE = {  # what decides how these behave, where pickle does not say it, or not always in one way
    types.CodeType: lambda code: (code.co_code, code.co_exceptiontable, code.co_consts, code.co_names),
    regex.Pattern: lambda pattern: (pattern.pattern, pattern.flags, pattern.named_lists),
    property: lambda made: (made.fget, made.fset),
    functools.cached_property: lambda made: made.func,
}


def fingerprint(tokenizer: Any) -> str:
    """The SHA-256, in hexadecimal, of all that decides the ids of `tokenizer`.

    A class may say it itself, by a method `fingerprint()` of its own that returns a str; an inherited one
    knows nothing of what was added. Otherwise its class and state count, without what it only remembers:
    `cached_property`, `lru_cache`, and attributes with "cache" in their name. Raises `TypeError` if the state
    holds what cannot be described, such as an open file.
    """
    kind, own = type(tokenizer), getattr(tokenizer, "__dict__", {})
    replaced = any(callable(value) and hasattr(kind, name) for name, value in own.items())
    try:
        asks = "fingerprint" in vars(kind) and not replaced
        thing = (kind.__module__, kind.__qualname__, tokenizer.fingerprint()) if asks else tokenizer
        said = _describe(thing).encode("utf-8", "surrogatepass")
    except (TypeError, AttributeError, ValueError, RecursionError) as error:
        problem = f"tokenizer {tokenizer!r:.60} has no fingerprint ({error})"
        way_out = "give its class a method fingerprint() that returns a str with all that decides its ids"
        raise TypeError(f"{problem}: {way_out}") from error
    return hashlib.sha256(said).hexdigest()


def _describe(thing: Any, around: tuple[int, ...] = ()) -> str:
    """`thing` in letters. `around` has the identities of what it lies in, as an object may hold itself."""
    kind = type(thing)
    if kind in PLAIN:
        return repr(thing)
    if id(thing) in around:
        return f"<level {around.index(id(thing))}>"
    around = (*around, id(thing))
    if kind is dict:
        parts = [f"{_describe(key, around)}: {_describe(value, around)}" for key, value in thing.items()]
        in_order = not any(all(type(i) is int for i in ids) for ids in (thing, thing.values()))
    elif kind in (list, tuple, set, frozenset):
        parts, in_order = [_describe(part, around) for part in thing], kind in (list, tuple)
    else:
        return _describe(_parts(thing), around)
    # A vocabulary says the order by its numbers, and a set has none
    return f"{kind.__name__}({', '.join(parts if in_order else sorted(parts))})"


def _parts(thing: Any) -> tuple:
    """What decides how `thing` behaves, made of simpler things."""
    kind = type(thing)
    if kind is types.ModuleType or _is_imported(thing):
        return "imported", getattr(thing, "__module__", ""), getattr(thing, "__qualname__", thing.__name__)
    if isinstance(thing, type):
        members = {k: v for k, v in vars(thing).items() if callable(v) or not k.startswith(("__", "_abc_"))}
        return "class", thing.__name__, thing.__bases__, _kept(members)
    if kind is types.FunctionType:
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        used = {name: thing.__globals__[name] for name in _names(thing.__code__) & thing.__globals__.keys()}
        defaults = thing.__defaults__, thing.__kwdefaults__
        return "function", thing.__code__, defaults, cells, sorted(used.items())
    if kind in INSIDE:
        return kind.__name__, INSIDE[kind](thing)
    if hasattr(thing, "__wrapped__"):  # staticmethod, classmethod, lru_cache without what it remembers
        return kind.__name__, thing.__wrapped__
    if hasattr(thing, "detach"):  # PyTorch pickles tensors with their addresses
        return "tensor", thing.detach().cpu().numpy()
    sent = copyreg.dispatch_table.get(kind, lambda thing: thing.__reduce_ex__(4))(thing)
    if isinstance(sent, str):
        return "named", sent
    function, arguments, state, items, pairs = (*sent, None, None, None)[:5]
    state = _kept(state, kind) if isinstance(state, dict) else state
    return "object", function, arguments, state, list(items or ()), dict(pairs or ())


def _is_imported(thing: Any) -> bool:
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    try:
        return module != "__main__" and operator.attrgetter(name)(sys.modules[module]) is thing
    except (KeyError, TypeError, AttributeError):
        return False


def _kept(members: dict, kind: type = object) -> dict:
    """`members` by name, without what was only remembered."""
    remembers = lambda name: isinstance(getattr(kind, name, None), functools.cached_property)
    names = sorted(name for name in members if "cache" not in name.lower() and not remembers(name))
    return {name: members[name] for name in names}


def _names(code: types.CodeType) -> set[str]:
    """The global names that `code` reads, and the functions inside it."""
    own = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return own.union(*(_names(const) for const in code.co_consts if isinstance(const, types.CodeType)))
