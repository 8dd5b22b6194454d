"""Where a token stands: sinusoidal and learned positions, RoPE, ALiBi and T5's relative bias (notebook 06).

Absolute positions (`sinusoidal`, `LearnedPositions`) are added to the token embeddings. `rope` rotates
queries and keys. `alibi_bias` and `T5RelativeBias` are added to the attention scores, before the softmax.
A position counts from 0; a distance is the position of the query minus the position of the key.
"""

import math
from collections.abc import Sequence
from numbers import Real

import torch
from torch import Tensor, nn

Positions = Tensor | Sequence[int] | Sequence[float]


def sinusoidal(length: int, dim: int) -> Tensor:
    """Sine and cosine position vectors, (length, dim), float32: column 2i is a sine, 2i + 1 its cosine.

    Entry (p, 2i) is sin(p / 10000^(2i / dim)), entry (p, 2i + 1) the cosine of the same angle
    (Vaswani et al., "Attention Is All You Need", 2017, section 3.5).
    Raises ValueError where `dim` is odd or below 2, or `length` is negative.

    >>> sinusoidal(3, 2)
    tensor([[ 0.0000,  1.0000],
            [ 0.8415,  0.5403],
            [ 0.9093, -0.4161]])
    """
    _check_count("length", length, 0)
    angles = _angles(torch.arange(length), frequencies(dim))
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2).float()


def frequencies(dim: int, base: float = 10000.0) -> Tensor:
    """How far each pair of dimensions turns from one position to the next: (dim / 2,), float64, in radians.

    Pair i turns by base^(-2i / dim), so its wavelength is 2 pi base^(2i / dim) positions.
    Raises ValueError where `dim` is odd or below 2, or `base` is not a positive number.

    >>> frequencies(4)
    tensor([1.0000, 0.0100], dtype=torch.float64)
    """
    _check_count("dim", dim, 2)
    if dim % 2:
        raise ValueError(
            f"dim={dim} is odd: sines and cosines come in pairs, so choose {dim - 1} or {dim + 1}"
        )
    if not (isinstance(base, Real) and 0 < base < math.inf):
        raise ValueError(f"base={base} must be a positive number, such as 10000.0")
    return float(base) ** -(torch.arange(0, dim, 2, dtype=torch.float64) / dim)


class LearnedPositions(nn.Module):
    """A table with one trainable vector for each position, as in GPT-2 (Radford et al., 2019).

    `table(positions)` takes positions of any shape and an integer dtype, all from 0 to max_length - 1, and
    gives (*shape, dim) in the dtype of `weight`, which is (max_length, dim) and starts at N(0, 0.02^2).
    Raises TypeError for positions that are not whole numbers, ValueError for those outside the table.
    """

    def __init__(self, max_length: int, dim: int):
        super().__init__()
        _check_count("max_length", max_length, 1)
        _check_count("dim", dim, 1)
        self.weight = nn.Parameter(torch.randn(max_length, dim) * 0.02)

    def forward(self, positions: Positions) -> Tensor:
        positions = _as_positions(positions)
        if positions.is_floating_point():
            raise TypeError(
                f"positions has dtype {positions.dtype}; a table has no row between two positions"
            )
        rows = len(self.weight)
        if positions.numel() and positions.max() >= rows:
            raise ValueError(
                f"positions goes up to {positions.max()}, but the table has max_length={rows} rows, for 0 to "
                f"{rows - 1}: shorten the input, or train a longer table"
            )
        return self.weight[positions.long().to(self.weight.device)]


def rope(x: Tensor, positions: Positions, base: float = 10000.0) -> Tensor:
    """Rotate queries or keys `x`, (..., length, head_dim), by their positions; same shape and dtype as `x`.

    `positions` is (length,), or any shape (..., length) that broadcasts to `x` without its last dimension:
    (batch, 1, length) for an x of (batch, heads, length, head_dim). Fractions are allowed (position
    interpolation needs them), negative numbers are not. Dimensions 2i and 2i + 1 form pair i, as in the paper
    (Su et al., "RoFormer", 2021), which turns by position * base^(-2i / head_dim) radians. The code of
    GPT-NeoX and of Llama's Hugging Face port pairs i with i + head_dim / 2 instead: the same rotation, with
    the dimensions in another order, so weights fit one convention only.
    Raises TypeError where `x` is not floating point, ValueError where head_dim is odd, a position is negative
    or not finite, or the shapes do not fit.

    >>> rope(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), [0, 1])
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"x must be a tensor, not {type(x).__name__}: use torch.as_tensor")
    if not x.is_floating_point():
        raise TypeError(f"x has dtype {x.dtype}; queries and keys are floating point")
    positions = _fit(_as_positions(positions), x)
    angles = _angles(positions.to(x.device), frequencies(x.shape[-1], base).to(_exact(x.device)))
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
    _check_count("n_heads", n_heads, 1)
    power = 2 ** (n_heads.bit_length() - 1)
    slopes = [2 ** (-8 * i / power) for i in range(1, power + 1)]
    between = [2 ** (-4 * i / power) for i in range(1, 2 * power, 2)]
    return torch.tensor(slopes + between[: n_heads - power])


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


def t5_buckets(
    distances: Tensor, num_buckets: int = 32, max_distance: int = 128, bidirectional: bool = False
) -> Tensor:
    """The bucket of each distance (query position minus key position): same shape, int64.

    Half of the buckets hold one distance each, from 0 up; the others grow logarithmically up to
    `max_distance`, and all that is farther shares the last one (Raffel et al., "T5", 2020, section 2.1).
    Bidirectional, as in T5's encoder: the second half of the buckets is for keys after the query. Otherwise,
    as in its decoder, such keys share bucket 0, and the causal mask forbids them.
    Raises ValueError where `num_buckets` cannot be halved, or `max_distance` is too small.

    >>> t5_buckets(torch.tensor([0, 1, 15, 16, 20, 127, 5000]))
    tensor([ 0,  1, 15, 16, 17, 31, 31])
    """
    _check_count("num_buckets", num_buckets, 1)
    _check_count("max_distance", max_distance, 1)
    buckets = num_buckets // 2 if bidirectional else num_buckets
    exact = buckets // 2
    if num_buckets < 2 or num_buckets % (4 if bidirectional else 2):
        raise ValueError(f"num_buckets={num_buckets} must be a multiple of {4 if bidirectional else 2}")
    if max_distance <= exact:
        raise ValueError(f"max_distance={max_distance} must exceed {exact}, the buckets of one distance each")
    offset = (distances < 0) * buckets if bidirectional else torch.zeros_like(distances)
    away = distances.abs() if bidirectional else distances.clamp(min=0)
    octaves = torch.log2(away.clamp(min=exact).double() / exact) / math.log2(max_distance / exact)
    # The tiny addend keeps a distance that stands exactly on a limit from falling below it by rounding.
    far = exact + (octaves * (buckets - exact) + 1e-9).long().clamp(max=buckets - exact - 1)
    return offset + torch.where(away < exact, away, far)


class T5RelativeBias(nn.Module):
    """A trainable bias for each head and each bucket of distances, added to the attention scores, as in T5.

    `bias(length)` gives (n_heads, length, length): row is the query, column the key. It works at any length.
    `weight` is (num_buckets, n_heads) and starts at zero. For the buckets, their source and the
    ValueErrors, see `t5_buckets`.
    """

    def __init__(
        self, n_heads: int, num_buckets: int = 32, max_distance: int = 128, bidirectional: bool = False
    ):
        super().__init__()
        _check_count("n_heads", n_heads, 1)
        self.options = {
            "num_buckets": num_buckets,
            "max_distance": max_distance,
            "bidirectional": bidirectional,
        }
        t5_buckets(torch.zeros(1, dtype=torch.long), **self.options)  # raises now, not at the first use
        self.weight = nn.Parameter(torch.zeros(num_buckets, n_heads))

    def forward(self, length: int) -> Tensor:
        buckets = t5_buckets(_distances(length).to(self.weight.device), **self.options)
        return self.weight[buckets].permute(2, 0, 1)


def _distances(length: int) -> Tensor:
    """Query position minus key position, (length, length)."""
    _check_count("length", length, 0)
    steps = torch.arange(length)
    return steps[:, None] - steps


def _angles(positions: Tensor, per_step: Tensor) -> Tensor:
    """Each position times each frequency: (..., length) and (pairs,) give (..., length, pairs)."""
    return positions.to(per_step.dtype)[..., None] * per_step.to(positions.device)


def _exact(device: torch.device) -> torch.dtype:
    """Float64 for the angles, which are large; Apple's GPUs have no more than float32."""
    return torch.float32 if device.type == "mps" else torch.float64


def _check_count(name: str, value: int, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name}={value!r} must be a whole number (int), not {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name}={value} must be at least {least}")


def _as_positions(positions: Positions) -> Tensor:
    """`positions` as a tensor of numbers that are finite and not negative."""
    try:
        positions = torch.as_tensor(positions)
    except (RuntimeError, TypeError, ValueError) as error:  # None, a str, rows of different lengths
        raise TypeError(f"positions must be numbers, not {positions!r:.60}: {error}") from None
    if positions.dtype == torch.bool or positions.is_complex():
        raise TypeError(f"positions has dtype {positions.dtype}; give whole numbers, such as torch.arange(n)")
    if not positions.is_floating_point():
        positions = positions.long()  # torch compares no uint16, the dtype of token files
    if not positions.isfinite().all():
        raise ValueError("positions holds a NaN or an infinity; give finite numbers")
    if (positions < 0).any():
        raise ValueError(f"positions holds {positions.min()}; positions count from 0, none is negative")
    return positions


def _fit(positions: Tensor, x: Tensor) -> Tensor:
    """`positions`, where it broadcasts to x.shape[:-1] and has one entry for each token."""
    wanted, given = tuple(x.shape[:-1]), tuple(positions.shape)
    fits = len(wanted) >= len(given) >= 1 and all(
        g in (1, w) for g, w in zip(given[::-1], wanted[::-1], strict=False)
    )
    if not fits or given[-1] != wanted[-1]:
        raise ValueError(
            f"positions of shape {given} does not fit x of shape {tuple(x.shape)}, which is (..., length, "
            "head_dim): give (length,), or a shape that broadcasts to (..., length)"
        )
    return positions
