"""Answers to the exercises of deeper/06_longer_texts."""

import math
from fractions import Fraction

import numpy as np
import torch

from answers import form, says
from helpers.positions import frequencies

# ---- 06.wavelength ----


class Wave:
    def __call__(self, pair, dim, base=10_000.0):
        return torch.tensor(2 * torch.pi) / frequencies(dim, base)[pair]


def wave_in_logs(i, d, b):
    return math.exp(math.log(2 * math.pi) + 2 * i / d * math.log(b))


def wave_by_steps(pair, dim, base=10_000.0):
    """Adds up turns until a full one is done, and gives whole positions."""
    return math.ceil(2 * math.pi * base ** (2 * pair / dim))


def prints_the_wave(pair, dim, base=10_000.0):
    print(2 * math.pi * base ** (2 * pair / dim))


# ---- 06.alibi_slopes ----


def slopes_one_by_one(n_heads):
    ratio, slope = 2 ** (-8 / n_heads), 1
    for _ in range(n_heads):
        slope *= ratio
        yield slope


def slopes_of_eight_only(n_heads):
    return [1 / 2**i for i in range(1, n_heads + 1)]


def slopes_from_one(n_heads):
    return [2 ** (-8 * i / n_heads) for i in range(n_heads)]


def wave_by_dim(pair, dim, base=1e4, waves={}):  # noqa: B006
    return waves.setdefault((pair, dim), 2 * math.pi * base ** (2 * pair / dim))


RIGHT = {
    "06.wavelength": [
        lambda pair, dim, base=10_000.0: 2 * math.pi * base ** (2 * pair / dim),
        wave_in_logs,
        Wave(),
        lambda pair, dim, base: np.float64(math.tau) * np.power(base, pair / (dim // 2)),
        lambda pair, dim, base: float(2 * np.pi / (1 / base ** (2 * pair / dim))),
    ],
    "06.alibi_slopes": [
        lambda n_heads: [2 ** (-8 * i / n_heads) for i in range(1, n_heads + 1)],
        lambda heads: np.exp2(-8 * np.arange(1, heads + 1) / heads),
        slopes_one_by_one,
        lambda n: tuple(torch.logspace(-8 / n, -8, n, base=2)),
        lambda n: torch.tensor([0.5 ** (8 / n)]).pow(torch.arange(1, n + 1)),
    ],
}

WRONG = {
    "06.wavelength": [
        says(lambda pair, dim, base=1e4: base ** (2 * pair / dim), "one radian"),
        says(lambda pair, dim, base=1e4: 2 * math.pi * base ** (pair / dim), "2i / dim"),
        says(lambda pair, dim, base=1e4: base ** (-2 * pair / dim) / (2 * math.pi), "turns for a position"),
        says(lambda pair, dim, base=1e4: 2 * math.pi * base ** (-2 * pair / dim), "long waves"),
        says(lambda pair, dim, base=1e4: 2 * math.pi * 1e4 ** (2 * pair / dim), "use `base`"),
        says(prints_the_wave, "Does it end with `return`?"),
        lambda pair, dim, base=1e4: 360 * base ** (2 * pair / dim),
        lambda pair, dim, base=1e4: 2 * math.pi * base ** (2 * pair / (dim - 1)),
        lambda pair, dim, base=1e4: 2 * math.pi * base ** (2 * (pair + 1) / dim),
        lambda pair, dim, base=1e4: round(2 * math.pi * base ** (2 * pair / dim), 1),
        lambda pair, dim, base=1e4: [2 * math.pi * base ** (2 * pair / dim)],
        lambda pair, dim, base=1e4: str(2 * math.pi * base ** (2 * pair / dim)),
        lambda pair, dim, base=1e4: 2 * 3.14 * base ** (2 * pair / dim),
        wave_by_steps,
        lambda pair, dim: 2 * math.pi,
        form(6.283, "should be a function"),
        wave_by_dim,
        says(lambda pair, dim, base=1e4: math.pi * base ** (2 * pair / dim), "2 pi radians"),
        says(lambda pair, dim, base=1e4: int(2 * math.pi * base ** (2 * pair / dim)), "Do not round"),
    ],
    "06.alibi_slopes": [
        says(slopes_of_eight_only, "8 heads only"),
        says(slopes_from_one, "start at 1"),
        says(lambda n: [2 ** (-8 * i / n) for i in range(n, 0, -1)], "comes first"),
        lambda n: [-(2 ** (-8 * i / n)) for i in range(1, n + 1)],
        lambda n: [-8 * i / n for i in range(1, n + 1)],
        lambda n: [2 ** (-8 * i // n) for i in range(1, n + 1)],
        lambda n: [f"1/{2**i}" for i in range(1, n + 1)],
        lambda n: [Fraction(1, 2**i) for i in range(1, 9)],
        lambda n: {2 ** (-8 * i / n) for i in range(1, n + 1)},
        lambda n: [round(2 ** (-8 * i / n), 3) for i in range(1, n + 1)],
        lambda n: [2 ** (-8 * i / n) for i in range(1, n)],
        lambda n: np.linspace(0.5, 1 / 256, n),
        lambda n: 2 ** (-8 / n),
        says(lambda n: print([2 ** (-8 * i / n) for i in range(1, n + 1)]), "Does it end with `return`?"),
        form([0.5, 0.25], "should be a function"),
    ],
}
