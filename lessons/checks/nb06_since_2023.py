"""The check of deeper/06_since_2023."""

from typing import Any

import torch
from torch import Tensor

from helpers.positions import frequencies, rope
from lessons.exercises import call, exercise, rejection, same


@exercise("06.part")
def part(answer: Any) -> str:
    generator = torch.Generator().manual_seed(6)
    for shape, turned in [((5, 8), 4), ((2, 3, 6), 2), ((4, 8), 8), ((1, 7, 16), 4), ((3, 12), 6)]:
        x = torch.randn(shape, generator=generator)
        right = _part(x, turned)
        got = call(answer, x.clone(), turned, expected=right)
        if not same(got, right):
            raise rejection((x, turned), right, got, _about(x, turned, got))
    return "What does not turn has no position: there a query can ask for a content, however far away."


def _part(x: Tensor, turned: int) -> Tensor:
    positions = torch.arange(x.shape[-2])
    return torch.cat([rope(x[..., :turned], positions), x[..., turned:]], dim=-1)


def _about(x: Tensor, turned: int, got: Any) -> str:
    dim, positions = x.shape[-1], torch.arange(x.shape[-2])
    angles = positions[:, None] * frequencies(dim)[: turned // 2]
    real = torch.view_as_complex(x[..., :turned].unflatten(-1, (-1, 2)).contiguous())
    real = torch.view_as_real(real * torch.polar(torch.ones_like(angles), angles).to(real.dtype))
    last = torch.cat([x[..., : dim - turned], rope(x[..., dim - turned :], positions)], dim=-1)
    mistakes = [
        (
            torch.cat([real.flatten(-2), x[..., turned:]], -1),
            "Give `rope` the part alone, not all dimensions.",
        ),
        (rope(x, positions), "All dimensions turned: pass on those from `turned` as they are."),
        (last, "The last dimensions turned, not the first."),
        (rope(x[..., :turned], positions), "The dimensions that do not turn are lost: put them behind."),
        (x, "Nothing turned."),
        (torch.cat([x[..., turned:], rope(x[..., :turned], positions)], -1), "The order is not that of x."),
        (_part(x.flip(-2), turned).flip(-2), "Positions count from 0 at the first row."),
    ]
    return next((hint for value, hint in mistakes if same(got, value)), "Positions are 0, 1, 2, ... by row.")
