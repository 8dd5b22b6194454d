"""Where a token stands: sinusoidal and learned positions, RoPE, ALiBi and T5's relative bias (lesson 06).

Absolute positions (`sinusoidal`, `LearnedPositions`) are added to the token embeddings. `rope` rotates
queries and keys. `alibi_bias` and `T5RelativeBias` are added to the attention scores, before the softmax.
A position counts from 0; a distance is the position of the query minus the position of the key.
What is made from numbers alone stands on torch's default device (`with x.device:` puts it beside x); all else
follows the device and dtype of x or its weights.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from helpers import arguments

Positions = Tensor | Sequence[int] | Sequence[float]
LONGEST = 2**31  # more positions than any memory holds vectors for


def sinusoidal(length: int, dim: int) -> Tensor:
    """Sine and cosine position vectors, (length, dim), float32: column 2i is a sine, 2i + 1 its cosine.

    Entry (p, 2i) is sin(p / 10000^(2i / dim)), entry (p, 2i + 1) the cosine of the same angle
    (Vaswani et al., "Attention Is All You Need", 2017, section 3.5).
    Raises ValueError where `dim` is odd or below 2, or `length` is negative or above 2^31.

    >>> sinusoidal(3, 2)
    tensor([[ 0.0000,  1.0000],
            [ 0.8415,  0.5403],
            [ 0.9093, -0.4161]])
    """
    angles = _angles(torch.arange(arguments.integer("length", length, 0, LONGEST)), dim)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2).float()


def frequencies(dim: int, base: float = 10000.0) -> Tensor:
    """How far each pair of dimensions turns from one position to the next: (dim / 2,), float64, in radians.

    Pair i turns by base^(-2i / dim), so its wavelength is 2 pi base^(2i / dim) positions. On Apple's GPUs,
    which have no float64, it is float32.
    Raises ValueError where `dim` is odd or below 2, or `base` is not a positive number.

    >>> frequencies(4)
    tensor([1.0000, 0.0100], dtype=torch.float64)
    """
    dim = arguments.integer("dim", dim, 2)
    if dim % 2:
        raise ValueError(f"dim={dim} is odd: sines and cosines come in pairs; choose {dim - 1} or {dim + 1}")
    steps = torch.arange(0, dim, 2, dtype=torch.float64, device="cpu") / dim
    device = torch.get_default_device()
    dtype = torch.float32 if device.type == "mps" else torch.float64
    return (arguments.real("base", base, 0) ** -steps).to(device, dtype)


class LearnedPositions(nn.Module):
    """A table with one trainable vector for each position, as in GPT-2 (Radford et al., 2019).

    `table(positions)` takes positions of any shape and an integer dtype, all from 0 to max_length - 1, and
    gives (*shape, dim) in the dtype of `weight`, which is (max_length, dim) and starts at N(0, 0.02^2).
    Raises TypeError for positions that are not whole numbers, ValueError for those outside the table.
    """

    def __init__(self, max_length: int, dim: int):
        super().__init__()
        size = arguments.integer("max_length", max_length, 1), arguments.integer("dim", dim, 1)
        self.weight = nn.Parameter(torch.randn(size) * 0.02)

    def forward(self, positions: Positions) -> Tensor:
        return look_up(self.weight, positions)


def look_up(table: Tensor, positions: Positions) -> Tensor:
    """The rows of `table`, (max_length, dim), at `positions`: see `LearnedPositions`, and for its errors."""
    positions, rows = _as_positions(positions), len(table)
    if positions.numel() and not positions.is_meta and positions.max() >= rows:
        there = f"the table ends at {rows - 1}, as max_length={rows}: shorten the input, or make it longer"
        raise ValueError(f"positions goes up to {positions.max()}, but {there}")
    return table[positions.to(table.device)]


def rope(x: Tensor, positions: Positions, base: float = 10000.0) -> Tensor:
    """Rotate queries or keys `x`, (..., length, head_dim), by their positions; same shape and dtype as `x`.

    `positions` is (length,), or any shape (..., length) that broadcasts to `x` without its last dimension:
    (batch, 1, length) for an x of (batch, heads, length, head_dim). Fractions are allowed (position
    interpolation needs them), negative numbers are not. Dimensions 2i and 2i + 1 form pair i, as in the paper
    (Su et al., "RoFormer", 2021), which turns by position * base^(-2i / head_dim) radians. The code of
    GPT-NeoX and of Llama's Hugging Face port pairs i with i + head_dim / 2 instead: the same rotation, with
    the dimensions in another order, so weights fit one convention only.
    Raises TypeError for an `x` of integers, ValueError for an odd head_dim, positions that are negative, not
    finite, or do not fit `x`.

    >>> rope(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), [0, 1])
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])
    """
    if not (isinstance(x, Tensor) and x.is_floating_point()):
        kind = getattr(x, "dtype", type(x).__name__)
        raise arguments.WrongKind(f"x must be a tensor of floats, not {kind}: use torch.as_tensor(x).float()")
    positions = _as_positions(positions, fractions=True)
    given, wanted = tuple(positions.shape), tuple(x.shape[:-1])
    try:  # NumPy's function, as torch's imports sympy, which takes a second
        fits = given[-1:] == wanted[-1:] != () and np.broadcast_shapes(given, wanted) == wanted
    except ValueError:
        fits = False
    if not fits:
        shapes = f"positions of shape {given} does not fit x of shape {tuple(x.shape)}"
        raise ValueError(f"{shapes}: give (length,), or a shape that broadcasts to {wanted}")
    angles = _angles(positions.to(x.device), x.shape[-1], base)
    # Float16 or bfloat16 could not hold the angles of far positions: turn in float32, then round once.
    wide = torch.promote_types(x.dtype, torch.float32)
    cos, sin = angles.cos().to(wide), angles.sin().to(wide)
    first, second = x.to(wide).unflatten(-1, (-1, 2)).unbind(-1)
    turned = torch.stack([first * cos - second * sin, first * sin + second * cos], dim=-1)
    return turned.flatten(-2).to(x.dtype)


def alibi_slopes(n_heads: int) -> Tensor:
    """ALiBi's slope for each head: (n_heads,), float32.

    For n heads, n a power of two: 2^(-8/n), 2^(-16/n), ... down to 2^-8. Otherwise those of the next lower
    power of two, then every other slope of twice as many heads, as in the authors' code
    (Press, Smith and Lewis, "Train Short, Test Long", 2021).
    Raises ValueError where `n_heads` is below 1.

    >>> alibi_slopes(4)
    tensor([0.2500, 0.0625, 0.0156, 0.0039])
    """
    n_heads = arguments.integer("n_heads", n_heads, 1)
    power = 2 ** (n_heads.bit_length() - 1)
    slopes = [2 ** (-8 * i / power) for i in range(1, power + 1)]
    between = [2 ** (-4 * i / power) for i in range(1, 2 * power, 2)]
    return torch.tensor(slopes + between[: n_heads - power], dtype=torch.float32)


def alibi_bias(n_heads: int, length: int) -> Tensor:
    """What ALiBi adds to the attention scores: (n_heads, length, length), float32.

    Row is the query, column the key: 0 on the diagonal, -slope * distance below it. Above it, where keys
    lie in the future, it is 0 too: forbidding those is the causal mask's business.
    Raises ValueError where `n_heads` is below 1 or `length` is negative. For the source see `alibi_slopes`.

    >>> alibi_bias(8, 3)[0]
    tensor([[ 0.0000,  0.0000,  0.0000],
            [-0.5000,  0.0000,  0.0000],
            [-1.0000, -0.5000,  0.0000]])
    """
    return alibi_slopes(n_heads)[:, None, None] * (-_distances(length)).clamp(max=0)


def t5_buckets(distances: Tensor | Sequence[int], num_buckets: int = 32, max_distance: int = 128) -> Tensor:
    """The bucket of each distance (an integer, query position minus key position): same shape, int64.

    Half of the buckets hold one distance each, from 0 up; the others grow logarithmically up to
    `max_distance`, and all that is farther shares the last one (Raffel et al., "T5", 2020, section 2.1).
    Keys after the query share bucket 0, as in T5's decoder: the causal mask forbids them.
    Raises ValueError where `num_buckets` cannot be halved, or `max_distance` is too small.

    >>> t5_buckets(torch.tensor([0, 1, 15, 16, 20, 127, 5000]))
    tensor([ 0,  1, 15, 16, 17, 31, 31])
    """
    distances = as_numbers("distances", distances)
    if arguments.integer("num_buckets", num_buckets, 2) % 2:
        raise ValueError(f"num_buckets must be a multiple of 2, not {num_buckets}")
    exact = int(num_buckets) // 2
    max_distance = arguments.integer(f"max_distance, beyond {exact} single ones,", max_distance, exact + 1)
    growth = (max_distance / exact) ** (1 / exact)
    # The first distance of each far bucket; the factor keeps rounding from lifting a whole number.
    far = [math.ceil(exact * growth**k * (1 - 1e-12)) for k in range(1, exact)]
    firsts = torch.tensor([*range(1, exact + 1), *far], device=distances.device)
    return torch.bucketize(distances, firsts, right=True)


class T5RelativeBias(nn.Module):
    """A trainable bias for each head and each bucket of distances, added to the attention scores, as in T5.

    `bias(length)` gives (n_heads, length, length): row is the query, column the key. It works at any length.
    `weight` is (num_buckets, n_heads) and starts at zero. For buckets, source and errors see `t5_buckets`.
    """

    def __init__(self, n_heads: int, num_buckets: int = 32, max_distance: int = 128):
        super().__init__()
        t5_buckets([0], num_buckets, max_distance)  # raises now, not at the first use
        self.max_distance = max_distance
        self.weight = nn.Parameter(torch.zeros(int(num_buckets), arguments.integer("n_heads", n_heads, 1)))

    def forward(self, length: int) -> Tensor:
        with self.weight.device:
            buckets = t5_buckets(_distances(length), len(self.weight), self.max_distance)
        return self.weight[buckets].permute(2, 0, 1)


def _distances(length: int) -> Tensor:
    """Query position minus key position, (length, length)."""
    steps = torch.arange(arguments.integer("length", length, 0, LONGEST))
    return steps[:, None] - steps


def _angles(positions: Tensor, dim: int, base: float = 10000.0) -> Tensor:
    """Each position times each frequency: (..., length) gives (..., length, dim / 2)."""
    with positions.device:
        per_step = frequencies(dim, base)
    return positions.to(per_step.dtype)[..., None] * per_step


def as_numbers(name: str, values: Positions, fractions: bool = False, device: str | None = "cpu") -> Tensor:
    """`values` as a tensor of int64, or with `fractions` of floats; lists go to `device` (None: torch's)."""
    try:  # `as_tensor` would move a tensor to the default device
        numbers = values if isinstance(values, Tensor) else torch.as_tensor(values, device=device)
    except (RuntimeError, TypeError, ValueError) as error:  # None, a str, rows of different lengths
        raise arguments.WrongKind(f"{name} must be numbers, not {arguments.shown(values)}: {error}") from None
    if numbers is not values and not numbers.numel():
        return numbers.long()  # torch makes floats of an empty list
    if fractions and numbers.is_floating_point():
        return numbers
    if numbers.is_floating_point() or numbers.is_complex() or numbers.dtype == torch.bool:
        raise arguments.WrongKind(f"{name} must be integers, not {numbers.dtype}: use .long()")
    return numbers.long()  # torch compares no uint16


def _as_positions(positions: Positions, fractions: bool = False) -> Tensor:
    """`positions` as a tensor of numbers that are finite and not negative."""
    positions = as_numbers("positions", positions, fractions)
    if positions.is_meta:  # it has a shape and no values
        return positions
    if (wrong := positions[~(positions.isfinite() & (positions >= 0))]).numel():
        raise ValueError(f"positions holds {wrong.min()}; positions count from 0, and are finite")
    return positions
