"""The checks of the deeper page 09_feed_and_resume."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lessons.exercises import Words, call, exercise, plain, rejection, short


@exercise("09.buffer")
def buffer(answer: Callable) -> str:
    mixed = [0, None, "", False, 0, [], "x"]
    for items, size in [(range(3), 10), (range(10), 3), (range(10), 10), (range(0), 4), (range(5), 1)]:
        _exactly_once(answer, list(items), size)
    for items, size in [(mixed, 3), (mixed, 9), (list(range(200)), 50), (list("abcab"), 2)]:
        _exactly_once(answer, items, size)
    _takes_turns(answer)
    orders = [_shuffled(answer, list(range(200)), 50, seed) for seed in (0, 0, 1)]
    given = "200 items, size 50"
    if orders[0] != orders[1]:
        wanted, came = Words("one order for one seed of rng"), Words("two")
        raise rejection(given, wanted, came, "Take all random places from the rng that is given.")
    if orders[0] == orders[2]:
        wanted, came = Words("other orders for other seeds of rng"), Words("the same")
        raise rejection(given, wanted, came, "Take all random places from the rng that is given.")
    _all_orders(answer)
    return "What stays in a buffer at the end of a stream is lost silently, shard after shard."


def _shuffled(answer: Callable, items: list, size: int, seed: int) -> list:
    given = f"{len(items)} items {short(items, 60)}, size {size}, random.Random({seed})"
    form = Words("an iterator of items")

    def taken(*args: Any) -> Any:
        got = answer(*args)
        return itertools.islice(got, 10_000) if hasattr(got, "__iter__") else got

    function = taken if callable(answer) else answer
    got = call(function, iter(items), size, random.Random(seed), expected=form, given=given)
    if not isinstance(got := plain(got), list | tuple | np.ndarray):
        raise rejection(given, form, got)
    return list(got)


def _exactly_once(answer: Callable, items: list, size: int) -> None:
    got = _shuffled(answer, items, size, 0)
    had, have = Counter(map(repr, items)), Counter(map(repr, got))  # not every item can be hashed
    if had == have:
        return
    lost, more = list((had - have).elements()), list((have - had).elements())
    words = [f"{len(lost)} never, such as {lost[-1]}"] if lost else []
    words += [f"{len(more)} too much, such as {more[0]}"] if more else []
    given = f"the items {short(items, 60)}, size {size}"
    raise rejection(given, Words(f"each of {len(items)} once"), Words("; ".join(words)))


def _takes_turns(answer: Callable) -> None:
    """It reads `size` items, and then one for each that it gives."""
    size, read = 10, 0

    def stream() -> Iterator[int]:
        nonlocal read
        while read < 1000:
            read += 1
            yield read

    out = iter(answer(stream(), size, random.Random(0)))
    for number in range(1, 101):
        next(out)
        if read not in (size + number - 1, size + number):
            wanted = Words(f"item {number} to come after {size + number - 1} items were read")
            hint = "Use `yield`: give one item, read the next into its place."
            raise rejection(f"1,000 items, size {size}", wanted, Words(f"after {read}"), hint)


def _all_orders(answer: Callable) -> None:
    """By chance alone, each order that a buffer can give comes about as often as the others."""
    for n, size, orders, hint in [
        (4, 9, {24}, "The items that are left at the end are shuffled too, by chance."),
        (5, 3, {54, 96}, "Each item of the buffer is as likely as the others to be next."),
    ]:  # 96: with the item just read as one more to choose from
        seeds = 40 * min(orders)
        seen = Counter(tuple(answer(iter(range(n)), size, random.Random(seed))) for seed in range(seeds))
        often, count = seen.most_common(1)[0]
        if len(seen) not in orders or count > 100:
            wanted = Words(f"{min(orders)} orders, each about 40 times")
            came = Words(f"{len(seen)}, of them {list(often)} {count:,} times")
            raise rejection(f"{n} items, size {size}, {seeds:,} seeds", wanted, came, hint)


@exercise("09.resume")
def resume(answer: Callable) -> str:
    cases = [(12, 2, 2), (20, 3, 4), (21, 0, 1), (20, 6, 2), (18, 6, 2), (31, 4, 5), (9, 2, 5), (300, 33, 7)]
    for n, steps, ranks in cases:
        order = random.Random(n).sample(range(1000, 1000 + n), n)
        parts = [_part(answer, order, steps, rank, ranks) for rank in range(ranks)]
        given = f"order {short(order, 60)}, steps {steps}, for each rank of {ranks}"
        left, got = order[3 * steps :], Counter(itertools.chain(*parts))
        wanted = Words(f"the {len(left)} windows {short(left, 60)}, each once")
        problems = [
            (set(got) & set(order[: 3 * steps]), "again", f"Three ranks did {3 * steps} places."),
            (set(got) - set(order), "too", "`order` has no such window; give windows, not their places."),
            ({i for i in got if got[i] > 1}, "more than once", "Do two ranks take the same?"),
        ]
        for windows, how, hint in problems:
            if windows:
                raise rejection(given, wanted, Words(f"{short(sorted(windows), 60)} {how}"), hint)
        if lost := [i for i in left if i not in got]:
            raise rejection(given, wanted, Words(f"{len(got)} of them, without {short(lost, 60)}"))
        if max(map(len, parts)) - min(map(len, parts)) > 1:
            sizes = Words(f"parts of {[len(part) for part in parts]} windows")
            raise rejection(given, Words("parts as equal as can be"), sizes)
    return "A state that counts steps of all ranks together does not care how many ranks come after."


def _part(answer: Callable, order: list[int], steps: int, rank: int, ranks: int) -> list[int]:
    args, form = (order, steps, rank, ranks), Words("a list of windows of order")
    got = call(answer, *args, expected=form)
    try:
        windows = np.asarray(got)
    except (TypeError, ValueError):
        raise rejection(args, form, got) from None
    if isinstance(got, str) or windows.ndim != 1 or (windows.size and windows.dtype.kind not in "iu"):
        raise rejection(args, form, got)
    return windows.tolist()
