"""Answers to the exercises of the deeper page 09_feed_and_resume."""

import collections
import itertools
import random

import numpy as np
import torch

from answers import endless, form, says

# ---- 09.buffer ----


def buffer_popping(stream, size, rng):
    buffer = []
    for item in stream:
        buffer.append(item)
        if len(buffer) == size:
            yield buffer.pop(rng.randrange(size))
    while buffer:
        yield buffer.pop(rng.randrange(len(buffer)))


def buffer_replacing(stream, size, rng):
    stream = iter(stream)
    buffer = list(itertools.islice(stream, size))
    for item in stream:
        at = rng.randrange(len(buffer))
        buffer[at], item = item, buffer[at]
        yield item
    rng.shuffle(buffer)
    yield from buffer


def buffer_one_over(items, size, generator):
    held = []
    for item in items:
        held.append(item)
        if len(held) > size:
            yield held.pop(generator.randrange(len(held)))
    yield from generator.sample(held, len(held))


class BufferIterator:
    def __init__(self, stream, size, rng):
        self.stream, self.rng = iter(stream), rng
        self.held = list(itertools.islice(self.stream, size))

    def __iter__(self):
        return self

    def __next__(self):
        if not self.held:
            raise StopIteration
        at = self.rng.randrange(len(self.held))
        self.held[at], self.held[-1] = self.held[-1], self.held[at]
        item = self.held.pop()
        self.held.extend(itertools.islice(self.stream, 1))
        return item


def page_version(stream, size, rng):
    buffer = []
    for item in stream:
        buffer.append(item)
        if len(buffer) == size:
            yield buffer.pop(rng.randrange(size))


def with_rest(rest):
    """The buffer of the task, and then `rest(buffer, rng)`."""

    def answer(stream, size, rng):
        buffer = []
        for item in stream:
            buffer.append(item)
            if len(buffer) == size:
                yield buffer.pop(rng.randrange(size))
        yield from rest(buffer, rng)

    return answer


def turned(buffer, rng):
    at = rng.randrange(len(buffer)) if buffer else 0
    return buffer[at:] + buffer[:at]


def one_swap(buffer, rng):
    if buffer:
        at = rng.randrange(len(buffer))
        buffer[0], buffer[at] = buffer[at], buffer[0]
    return buffer


def all_at_once(stream, size, rng):
    items = list(stream)
    rng.shuffle(items)
    return items


def in_blocks(stream, size, rng):
    stream = iter(stream)
    while block := list(itertools.islice(stream, size)):
        rng.shuffle(block)
        yield from block


def last_in_first_out(stream, size, rng):
    buffer = []
    for item in stream:
        buffer.append(item)
        if len(buffer) == size:
            yield buffer.pop()
    rng.shuffle(buffer)
    yield from buffer


def never_the_last(stream, size, rng):
    buffer = []
    for item in stream:
        buffer.append(item)
        if len(buffer) == size:
            yield buffer.pop(rng.randrange(max(1, size - 1)))
    while buffer:
        yield buffer.pop(rng.randrange(len(buffer)))


def own_random(stream, size, rng):
    yield from buffer_popping(stream, size, random.Random(0))


def global_random(stream, size, rng):
    yield from buffer_popping(stream, size, random)


def skips_empty_items(stream, size, rng):
    yield from buffer_popping((item for item in stream if item), size, rng)


def stops_at_none(stream, size, rng):
    stream = iter(stream)
    yield from buffer_popping(iter(lambda: next(stream, None), None), size, rng)


def through_a_set(stream, size, rng):
    yield from buffer_popping(sorted(set(map(repr, stream))), size, rng)


def with_rest_as_read(stream, size, rng):
    """The page's own buffer, without the shuffle at its end."""
    buffer = []
    for item in stream:
        if len(buffer) < size:
            buffer.append(item)
        else:
            at = rng.randrange(size)
            yield buffer[at]
            buffer[at] = item
    yield from buffer


def copies_the_drawn(stream, size, rng):
    buffer = []
    for item in stream:
        buffer.append(item)
        if len(buffer) == size:
            yield rng.choice(buffer)
            buffer.pop()
    yield from rng.sample(buffer, len(buffer))


def drains_for_ever(stream, size, rng):
    buffer = list(itertools.islice(stream, size))
    while buffer:
        rng.randrange(len(buffer))


# ---- 09.resume ----


def resume_in_blocks(order, steps, rank, ranks):
    return np.array_split(order[3 * steps :], ranks)[rank]


def resume_as_generator(order, steps, rank, ranks):
    for number, window in enumerate(order):
        if number >= 3 * steps and number % ranks == rank:
            yield window


def changes_order(order, steps, rank, ranks):
    del order[: 3 * steps]
    return order[rank::ranks]


def last_takes_the_rest(order, steps, rank, ranks):
    left = order[3 * steps :]
    size = len(left) // ranks
    return left[rank * size : (rank + 1) * size] if rank < ranks - 1 else left[rank * size :]


RIGHT = {
    "09.buffer": [
        buffer_popping,
        buffer_replacing,
        buffer_one_over,
        BufferIterator,
        with_rest(lambda buffer, rng: sorted(buffer, key=lambda _: rng.random())),
    ],
    "09.resume": [
        lambda order, steps, rank, ranks: order[3 * steps + rank :: ranks],
        resume_in_blocks,
        resume_as_generator,
        lambda order, done, me, of: tuple(collections.deque(order[3 * done :]))[me::of],
        lambda order, s, r, n: torch.tensor(order)[3 * s :][r::n],
    ],
}

WRONG = {
    "09.buffer": [
        says(page_version, "never"),
        says(with_rest(lambda buffer, rng: buffer), "left at the end"),
        says(with_rest(lambda buffer, rng: buffer[::-1]), "left at the end"),
        says(with_rest(lambda buffer, rng: sorted(buffer, key=repr)), "left at the end"),
        says(with_rest(turned), "left at the end"),
        says(with_rest(one_swap), "left at the end"),
        says(with_rest(lambda buffer, rng: rng.choices(buffer, k=len(buffer))), "too much"),
        says(with_rest(lambda buffer, rng: rng.sample(buffer, max(0, len(buffer) - 1))), "never"),
        says(with_rest(lambda buffer, rng: [buffer] * bool(buffer)), "never"),
        says(all_at_once, "items were read"),
        says(in_blocks, "items were read"),
        says(last_in_first_out, "as likely as the others"),
        says(with_rest_as_read, "left at the end"),
        says(never_the_last, "as likely as the others"),
        says(own_random, "other seeds"),
        says(global_random, "one seed"),
        says(lambda stream, size, rng: iter(stream), "items were read"),
        says(lambda stream, size, rng: [], "never"),
        says(skips_empty_items, "never"),
        says(stops_at_none, "never"),
        through_a_set,
        says(copies_the_drawn, "each of"),
        lambda stream, size, rng: len(list(stream)),
        says(lambda stream, size, rng: print(*stream), "Does it end with `return`?"),
        form([1, 2, 3], "should be a function"),
        endless(drains_for_ever),
    ],
    "09.resume": [
        says(lambda order, steps, rank, ranks: order[steps + rank :: ranks], "again"),
        says(lambda order, steps, rank, ranks: order[ranks * steps + rank :: ranks], "again"),
        says(lambda order, steps, rank, ranks: order[rank::ranks], "again"),
        says(lambda order, steps, rank, ranks: order[3 * steps :], "more than once"),
        lambda order, steps, rank, ranks: order[3 * steps + rank :: 3],
        says(lambda order, steps, rank, ranks: order[3 * steps + rank + 1 :: ranks], "without"),
        says(lambda order, steps, rank, ranks: order[3 * (steps + 1) + rank :: ranks], "without"),
        says(
            lambda order, steps, rank, ranks: range(3 * steps + rank, len(order), ranks), "not their places"
        ),
        says(lambda order, steps, rank, ranks: sorted(order)[3 * steps + rank :: ranks], "again"),
        says(last_takes_the_rest, "as equal as can be"),
        says(lambda order, steps, rank, ranks: order[3 * steps :] if rank == 0 else [], "as equal as can be"),
        says(lambda o, steps, r, n: o[3 * steps :][r * (len(o) // n) : (r + 1) * (len(o) // n)], "as equal"),
        says(
            lambda o, steps, r, n: o[3 * steps :][: (len(o) - 3 * steps) // n * n][r::n],
            "without",
        ),
        lambda order, steps, rank, ranks: order[3 * steps + rank],
        lambda order, steps, rank, ranks: " ".join(map(str, order[3 * steps + rank :: ranks])),
        lambda order, steps, rank, ranks: [order[3 * steps + r :: ranks] for r in range(ranks)],
        lambda order, steps, rank, ranks: [float(i) for i in order[3 * steps + rank :: ranks]],
        says(changes_order, "changed its argument"),
        says(lambda order, s, r, n: print(order[3 * s + r :: n]), "Does it end with `return`?"),
        form([101, 104], "should be a function"),
    ],
}
