"""Answers to the exercise of deeper/06_since_2023."""

import torch

from answers import form, says
from helpers.positions import frequencies, rope
from lessons.longer import Turned

# ---- 06.part ----


def usual(x, turned):
    positions = torch.arange(x.shape[-2])
    return torch.cat([rope(x[..., :turned], positions), x[..., turned:]], dim=-1)


def in_a_copy(x, turned):
    result = x.clone()
    result[..., :turned] = rope(result[..., :turned], range(x.shape[-2]))
    return result


def pair_by_pair(x, turned):
    result = x.clone()
    for i in range(turned // 2):
        angle = torch.arange(x.shape[-2]) * 10_000 ** (-2 * i / turned)
        a, b = x[..., 2 * i], x[..., 2 * i + 1]
        result[..., 2 * i] = a * angle.cos() - b * angle.sin()
        result[..., 2 * i + 1] = a * angle.sin() + b * angle.cos()
    return result


def speeds_of_all(x, turned):
    return Turned(frequencies(x.shape[-1])[: turned // 2]).turn(x)


def the_last(x, turned):
    d = x.shape[-1] - turned
    return torch.cat([x[..., :d], rope(x[..., d:], torch.arange(x.shape[-2]))], -1)


def swapped(x, turned):
    return torch.cat([x[..., turned:], rope(x[..., :turned], torch.arange(x.shape[-2]))], -1)


def from_one(x, turned):
    positions = torch.arange(x.shape[-2]) + 1
    return torch.cat([rope(x[..., :turned], positions), x[..., turned:]], dim=-1)


def in_place(x, turned):
    x[..., :turned] = rope(x[..., :turned], torch.arange(x.shape[-2]))
    return x


def printed(x, turned):
    print(usual(x, turned))


RIGHT = {
    "06.part": [
        usual,
        in_a_copy,
        pair_by_pair,
        lambda vectors, n: Turned(frequencies(n)).turn(vectors),
    ],
}

WRONG = {
    "06.part": [
        says(speeds_of_all, "the part alone"),
        says(lambda x, turned: rope(x, torch.arange(x.shape[-2])), "All dimensions turned"),
        says(the_last, "The last dimensions"),
        says(lambda x, turned: usual(x, turned)[..., :turned], "are lost"),
        says(lambda x, turned: x, "Nothing turned"),
        says(swapped, "not that of x"),
        says(from_one, "0, 1, 2"),
        says(lambda x, turned: usual(x.flip(-2), turned).flip(-2), "from 0 at the first row"),
        says(printed, "Does it end with `return`?"),
        form(in_place, "Leave it as it is"),
        form(0.25, "should be a function"),
    ],
}
