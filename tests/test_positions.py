"""Positions against the papers' formulas, complex numbers, tables worked by hand and brute force."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.positions import (
    LearnedPositions,
    T5RelativeBias,
    alibi_bias,
    alibi_slopes,
    frequencies,
    rope,
    sinusoidal,
    t5_buckets,
)

HALF = [torch.float16, torch.bfloat16]
few = settings(max_examples=40, deadline=None)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def turned_by_complex_numbers(x, positions, base=10000.0):
    """RoPE as the multiplication of dimension pairs, seen as complex numbers, by e^(i angle)."""
    pairs = torch.view_as_complex(x.double().reshape(*x.shape[:-1], -1, 2).contiguous())
    step = torch.tensor(
        [base ** (-2 * i / x.shape[-1]) for i in range(x.shape[-1] // 2)], dtype=torch.float64
    )
    angles = torch.as_tensor(positions, dtype=torch.float64)[..., None] * step
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2)


# Sinusoidal


@pytest.mark.parametrize(("length", "dim"), [(1, 2), (7, 6), (50, 64)])
def test_sinusoidal_is_the_formula_of_the_paper_element_by_element(length, dim):
    table = sinusoidal(length, dim)
    assert table.shape == (length, dim) and table.dtype == torch.float32
    for position in range(length):
        for i in range(dim // 2):
            angle = position / 10000 ** (2 * i / dim)
            assert table[position, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_sinusoidal_stays_exact_at_far_positions():
    assert sinusoidal(100_001, 2)[-1].tolist() == pytest.approx(
        [math.sin(100_000), math.cos(100_000)], abs=1e-6
    )


def test_inner_product_of_two_sinusoidal_vectors_depends_on_the_offset_alone():
    products = sinusoidal(200, 32).double() @ sinusoidal(200, 32).double().T
    for offset in (0, 1, 7, 60):
        along = products.diagonal(offset)
        assert (along - along[0]).abs().max() < 1e-5


def test_sinusoidal_vector_k_steps_on_is_a_rotation_of_this_one():
    table = sinusoidal(60, 16)
    # The table holds (sin, cos); rotating (cos, sin) forward is what rope does.
    swapped = table.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)
    on = rope(swapped[:50], torch.full((50,), 9))
    assert torch.allclose(on, swapped[9:59], atol=1e-5)


def test_a_longer_sinusoidal_table_begins_with_the_shorter_one():
    assert torch.equal(sinusoidal(90, 12)[:30], sinusoidal(30, 12))


def test_frequencies_fall_from_one_and_give_the_wavelengths_of_the_paper():
    wavelengths = 2 * math.pi / frequencies(512)
    assert wavelengths[0].item() == pytest.approx(2 * math.pi)
    assert wavelengths[-1].item() == pytest.approx(2 * math.pi * 10000 ** (510 / 512))
    assert frequencies(64, base=500000.0)[-1].item() == pytest.approx(500000 ** (-62 / 64))


# Learned


def test_learned_positions_are_rows_of_the_table():
    table = LearnedPositions(10, 4)
    positions = torch.tensor([[0, 9, 3], [3, 3, 0]])
    out = table(positions)
    assert out.shape == (2, 3, 4)
    one_hot = torch.nn.functional.one_hot(positions, 10).float() @ table.weight
    assert torch.allclose(out, one_hot)


def test_the_gradient_of_a_learned_table_touches_only_the_positions_used():
    table = LearnedPositions(6, 3)
    table([1, 4, 4]).sum().backward()
    assert table.weight.grad.sum(dim=1).tolist() == [0, 3, 0, 0, 6, 0]


@pytest.mark.parametrize("dtype", HALF)
def test_a_learned_table_in_half_precision_gives_half_precision(dtype):
    assert LearnedPositions(4, 2).to(dtype)(torch.arange(4)).dtype == dtype


def test_learned_positions_start_small_and_differ():
    torch.manual_seed(0)
    weight = LearnedPositions(512, 64).weight
    assert weight.std().item() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize("positions", [[8], [0, 8], torch.tensor([[3], [100]])])
def test_a_position_past_the_table_is_named_with_the_size_of_the_table(positions):
    with pytest.raises(ValueError, match=r"goes up to (8|100).*max_length=8"):
        LearnedPositions(8, 2)(positions)


def test_the_last_row_of_the_table_can_be_used():
    assert LearnedPositions(8, 2)([7]).shape == (1, 2)


def test_no_positions_give_no_vectors():
    assert LearnedPositions(8, 2)(torch.arange(0)).shape == (0, 2)
    assert sinusoidal(0, 4).shape == (0, 4)
    assert rope(torch.zeros(2, 0, 4), torch.arange(0)).shape == (2, 0, 4)
    assert alibi_bias(3, 0).shape == T5RelativeBias(3)(0).shape == (3, 0, 0)


# RoPE


@few
@given(
    shape=st.sampled_from([(1, 2), (5, 8), (2, 4, 6), (2, 3, 4, 16)]),
    start=st.integers(0, 100_000),
    base=st.sampled_from([100.0, 10000.0, 500000.0]),
    seed=st.integers(0, 99),
)
def test_rope_is_multiplication_by_a_complex_number(shape, start, base, seed):
    x = random(*shape, seed=seed)
    positions = torch.arange(start, start + shape[-2])
    expected = turned_by_complex_numbers(x, positions, base)
    assert torch.allclose(rope(x, positions, base).double(), expected, atol=1e-5)


def test_rope_keeps_shape_and_norm_of_every_pair():
    x = random(2, 3, 20, 8)
    out = rope(x, torch.arange(20) * 977)
    assert out.shape == x.shape
    norms = [t.unflatten(-1, (-1, 2)).norm(dim=-1) for t in (x, out)]
    assert torch.allclose(*norms, atol=1e-5)


@few
@given(offset=st.integers(0, 300), seed=st.integers(0, 99))
def test_same_offset_gives_same_score_anywhere(offset, seed):
    query, key = random(1, 32, seed=seed), random(1, 32, seed=seed + 1000)
    scores = [
        (rope(query, [start + offset]) @ rope(key, [start]).T).item() for start in (0, 5, 50, 5000, 1_000_000)
    ]
    assert max(scores) - min(scores) < 1e-4


def test_other_offsets_give_other_scores():
    query, key = random(1, 32), random(1, 32, seed=1)
    scores = [(rope(query, [offset]) @ rope(key, [0]).T).item() for offset in range(20)]
    assert len({round(s, 4) for s in scores}) == 20


def test_position_zero_is_left_as_it_is():
    x = random(1, 8)
    assert torch.equal(rope(x, [0]), x)


def test_halving_positions_halves_the_angles():
    x = random(9, 8)
    assert torch.allclose(
        rope(rope(x, torch.arange(9) / 2), torch.arange(9) / 2), rope(x, range(9)), atol=1e-5
    )


@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_keeps_its_dtype_and_turns_exactly_at_far_positions(dtype):
    x = random(2, 4, 16, dtype=dtype)
    positions = torch.tensor([0, 257, 4097, 100_001])
    out = rope(x, positions)
    assert out.dtype == dtype
    expected = turned_by_complex_numbers(x, positions)
    assert (out.double() - expected).abs().max() <= 4 * torch.finfo(dtype).eps  # one rounding of |x| < 4
    assert torch.equal(out, rope(x.float(), positions).to(dtype))


def test_double_precision_stays_double():
    x = random(6, 4, dtype=torch.float64)
    out = rope(x, torch.arange(6))
    assert out.dtype == torch.float64
    assert torch.allclose(out, turned_by_complex_numbers(x, range(6)), atol=1e-13)


def test_each_sequence_of_a_batch_may_have_its_own_positions():
    x = random(2, 3, 4, 8)
    positions = torch.tensor([[0, 1, 2, 3], [7, 8, 0, 1]])
    out = rope(x, positions[:, None, :])
    for row in range(2):
        for head in range(3):
            assert torch.allclose(out[row, head], rope(x[row, head], positions[row]))


def test_the_gradient_of_rope_is_the_rotation_back():
    x = random(5, 8, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda t: rope(t, torch.arange(5)), x)


def test_every_pair_matters_to_the_gradient():
    x = random(5, 8).requires_grad_()
    rope(x, torch.arange(5)).pow(2).sum().backward()
    assert torch.allclose(x.grad, 2 * x.detach(), atol=1e-5)


def test_the_half_split_convention_is_rope_with_reordered_dimensions():
    x, positions = random(7, 12), torch.arange(7) * 31
    angles = positions[:, None] * frequencies(12).float()
    cos, sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)
    half_split = x * cos + torch.cat([-x[:, 6:], x[:, :6]], dim=1) * sin
    order = torch.arange(12).reshape(2, 6).T.flatten()  # 0, 6, 1, 7, ...
    assert torch.allclose(rope(x[:, order], positions), half_split[:, order], atol=1e-4)


# ALiBi


def test_slopes_for_eight_heads_are_those_of_the_paper():
    assert alibi_slopes(8).tolist() == [1 / 2**i for i in range(1, 9)]


def test_slopes_for_sixteen_heads_are_those_of_the_paper():
    assert alibi_slopes(16).tolist() == pytest.approx([1 / 2 ** (0.5 * i) for i in range(1, 17)])


def test_slopes_for_twelve_heads_take_every_other_slope_of_sixteen():
    extra = [2**-0.5, 2**-1.5, 2**-2.5, 2**-3.5]
    assert alibi_slopes(12).tolist() == pytest.approx([1 / 2**i for i in range(1, 9)] + extra)


@pytest.mark.parametrize("n_heads", [1, 2, 3, 5, 6, 7, 12, 20, 40, 112])
def test_there_is_a_slope_for_each_head_and_no_two_are_equal(n_heads):
    slopes = alibi_slopes(n_heads)
    assert slopes.shape == (n_heads,) and len(set(slopes.tolist())) == n_heads
    assert slopes.min() > 0 and slopes.max() < 1


@pytest.mark.parametrize("n_heads", [8, 12])
def test_alibi_is_minus_slope_times_distance_and_zero_elsewhere(n_heads):
    bias, slopes = alibi_bias(n_heads, 6), alibi_slopes(n_heads)
    assert bias.shape == (n_heads, 6, 6) and bias.dtype == torch.float32
    for head in range(n_heads):
        for query in range(6):
            for key in range(6):
                expected = -slopes[head].item() * (query - key) if key < query else 0.0
                assert bias[head, query, key].item() == pytest.approx(expected)


# T5

# Worked by hand for 32 buckets up to a distance of 128, (first, last) distance of each bucket.
# Causal: 0 to 15 alone, then bucket 16 + floor(16 log(d / 16) / log 8).
CAUSAL = {16: (16, 18), 17: (19, 20), 18: (21, 23), 19: (24, 26), 20: (27, 30), 21: (31, 34), 22: (35, 39)}
CAUSAL |= {23: (40, 45), 24: (46, 51), 25: (52, 58), 26: (59, 66), 27: (67, 76), 28: (77, 86), 29: (87, 98)}
CAUSAL |= {30: (99, 112), 31: (113, 4000)}


def test_causal_buckets_are_those_worked_out_by_hand():
    assert t5_buckets(torch.arange(16)).tolist() == list(range(16))
    for bucket, (first, last) in CAUSAL.items():
        assert set(t5_buckets(torch.arange(first, last + 1)).tolist()) == {bucket}, bucket
    assert t5_buckets(torch.tensor([-1, -50])).tolist() == [0, 0]


@few
@given(half=st.integers(1, 12), factor=st.integers(2, 30), distance=st.integers(0, 2000))
def test_buckets_agree_with_whole_number_arithmetic(half, factor, distance):
    max_distance = half * factor
    expected = distance
    if distance >= half:  # the greatest step with (max_distance / half)^(step / half) <= distance / half
        step = max(s for s in range(half) if max_distance**s * half ** (half - s) <= distance**half)
        expected = half + step
    assert t5_buckets(torch.tensor(distance), 2 * half, max_distance).item() == expected


def test_t5_bias_looks_up_the_bucket_of_each_distance():
    bias = T5RelativeBias(2, num_buckets=8, max_distance=20)
    with torch.no_grad():
        bias.weight.copy_(random(8, 2))
    out = bias(30)
    assert out.shape == (2, 30, 30)
    for query, key in [(0, 0), (3, 1), (29, 0), (20, 9), (1, 20)]:
        bucket = t5_buckets(torch.tensor(query - key), 8, 20)
        assert torch.equal(out[:, query, key], bias.weight[bucket])


def test_the_gradient_of_t5_counts_the_cells_of_each_bucket():
    bias = T5RelativeBias(1, num_buckets=4, max_distance=3)
    bias(5).sum().backward()
    # distances -4..4 in a 5 x 5 square: 15 cells up to the diagonal, then 4 of distance 1; 2 and more
    # are logarithmic: 2 falls into bucket 2 (3 cells), 3 and 4 into bucket 3 (2 + 1 cells)
    assert bias.weight.grad.flatten().tolist() == [15, 4, 3, 3]


@pytest.mark.parametrize("dtype", HALF)
def test_t5_bias_in_half_precision(dtype):
    assert T5RelativeBias(2).to(dtype)(4).dtype == dtype


# Everything on another device: "meta" has shapes and no numbers, and mixing devices fails on it as on a GPU.
# torch.arange(3, device="meta") would import sympy, in each process that collects this test.
THERE = torch.empty(3, dtype=torch.long, device="meta")


@pytest.mark.parametrize("positions", [[0, 1, 2], torch.arange(3), THERE], ids=str)
def test_results_stay_on_the_device_of_their_input(positions):
    assert rope(torch.zeros(3, 4, device="meta"), positions).device.type == "meta"
    assert LearnedPositions(4, 2).to("meta")(positions).device.type == "meta"
    assert T5RelativeBias(2).to("meta")(3).device.type == "meta"
    assert t5_buckets(torch.arange(3, device="meta")).device.type == "meta"


@pytest.fixture
def defaults_elsewhere():
    """Torch makes new tensors on `meta` and in float64, unless told otherwise."""
    torch.set_default_device("meta")
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)


def test_what_is_given_decides_and_not_the_defaults_of_torch():
    x, positions = random(2, 5, 8), torch.arange(5)
    table, bias = LearnedPositions(5, 4), T5RelativeBias(2)
    calls = [
        lambda: rope(x, positions),
        lambda: rope(x, range(5)),
        lambda: rope(x.bfloat16(), [0.5] * 5),
        lambda: table(positions),
        lambda: table([4, 0]),
        lambda: bias(6),
        lambda: t5_buckets(positions - 2),
    ]
    expected = [call() for call in calls]
    torch.set_default_device("meta"), torch.set_default_dtype(torch.float64)
    try:
        got = [call() for call in calls]
        with pytest.raises(ValueError, match="positions holds -1"):
            rope(x, [0, 1, 2, 3, -1])
    finally:
        torch.set_default_device(None), torch.set_default_dtype(torch.float32)
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_what_is_made_from_numbers_alone_stands_on_the_default_device(defaults_elsewhere):
    for made in (sinusoidal(3, 4), frequencies(4), alibi_slopes(3), alibi_bias(2, 3)):
        assert made.device.type == "meta"
    assert LearnedPositions(4, 2).weight.device.type == T5RelativeBias(2)(4).device.type == "meta"


def test_the_default_dtype_is_for_trained_tables_alone(defaults_elsewhere):
    torch.set_default_device(None)
    assert sinusoidal(3, 4).dtype == alibi_slopes(3).dtype == alibi_bias(2, 3).dtype == torch.float32
    assert frequencies(4).dtype == torch.float64
    assert LearnedPositions(4, 2)([1]).dtype == T5RelativeBias(2)(4).dtype == torch.float64


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, torch.tensor])
def test_sizes_may_be_any_kind_of_integer(kind):
    assert torch.equal(sinusoidal(kind(5), kind(4)), sinusoidal(5, 4))
    assert torch.equal(frequencies(kind(6)), frequencies(6))
    assert torch.equal(alibi_bias(kind(3), kind(4)), alibi_bias(3, 4))
    assert LearnedPositions(kind(3), kind(4)).weight.shape == (3, 4)
    bias = T5RelativeBias(kind(2), num_buckets=kind(4), max_distance=kind(9))
    assert bias.weight.shape == (4, 2) and bias(kind(3)).shape == (2, 3, 3)
    buckets = t5_buckets(torch.arange(9), kind(4), kind(9))
    assert torch.equal(buckets, t5_buckets(torch.arange(9), 4, 9))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.int8, torch.int32])
def test_distances_of_any_integer_dtype_are_taken(dtype):
    distances = torch.arange(100)
    assert torch.equal(t5_buckets(distances.to(dtype)), t5_buckets(distances))
    assert t5_buckets([0, 15, 16]).tolist() == [0, 15, 16]


@pytest.mark.parametrize("bad", [torch.ones(3), torch.ones(3, dtype=torch.bool), [0.5], None, "01"], ids=str)
def test_distances_that_are_no_integers_are_named(bad):
    with pytest.raises(TypeError, match=r"distances must be (integers|numbers), not"):
        t5_buckets(bad)


# Bad input


def test_an_empty_list_is_no_positions_and_no_distances():
    assert LearnedPositions(4, 2)([]).shape == (0, 2)
    assert t5_buckets([]).tolist() == []


def test_the_even_numbers_beside_an_odd_one_of_a_narrow_dtype_are_right():
    with pytest.raises(ValueError, match=r"dim=255 is odd.* 254 or 256"):
        sinusoidal(3, np.uint8(255))


@pytest.mark.parametrize("dim", [1, 3, 65])
def test_odd_dimensions_are_refused_with_the_even_ones_beside_them(dim):
    hint = f"dim={dim} is odd|dim must be an integer of 2 or more, not {dim}"
    with pytest.raises(ValueError, match=hint):
        sinusoidal(4, dim)
    with pytest.raises(ValueError, match=hint):
        rope(torch.zeros(4, dim), torch.arange(4))


@pytest.mark.parametrize("place", [lambda p: LearnedPositions(8, 2)(p), lambda p: rope(torch.zeros(2, 4), p)])
def test_negative_positions_are_refused(place):
    with pytest.raises(ValueError, match=r"positions holds -3.*count from 0"):
        place([0, -3])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_positions_that_are_no_numbers_are_refused(bad):
    with pytest.raises(ValueError, match=rf"positions holds {bad}; positions count from 0"):
        rope(torch.zeros(2, 4), [0.0, bad])


def test_fractions_are_for_rope_alone():
    assert rope(torch.ones(2, 4), [0.0, 0.5]).isfinite().all()
    with pytest.raises(TypeError, match=r"positions must be integers, not torch.float32"):
        LearnedPositions(8, 2)([0.0, 0.5])


def test_a_mask_is_not_positions():
    with pytest.raises(TypeError, match=r"positions must be integers, not torch.bool"):
        rope(torch.zeros(2, 4), torch.tensor([True, True]))


@pytest.mark.parametrize("shape", [(), (4,)])
def test_an_x_without_tokens_is_refused(shape):
    for positions in (3, [0], [0, 1, 2, 3]):
        with pytest.raises(ValueError, match="does not fit x of shape"):
            rope(torch.zeros(shape), positions)


@pytest.mark.parametrize("positions", [3, [0, 1], [0, 1, 2, 3], torch.zeros(2, 1), torch.zeros(3, 1, 3)])
def test_positions_that_do_not_fit_x_are_refused_with_both_shapes(positions):
    with pytest.raises(ValueError, match=r"does not fit x of shape \(2, 3, 4\)"):
        rope(torch.zeros(2, 3, 4), positions)


def test_rope_refuses_token_ids():
    with pytest.raises(TypeError, match=r"x must be a tensor of floats, not torch\.int64"):
        rope(torch.zeros(2, 4, dtype=torch.long), [0, 1])


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.int32, torch.uint32])
def test_positions_of_any_integer_dtype_are_taken(dtype):
    x, table = random(3, 4), LearnedPositions(3, 4)
    assert torch.equal(rope(x, torch.arange(3).to(dtype)), rope(x, [0, 1, 2]))
    assert torch.equal(table(torch.arange(3).to(dtype)), table.weight)


@pytest.mark.parametrize("positions", [None, "01", [[0], [0, 1]]])
def test_positions_that_are_no_numbers_are_named(positions):
    for call in (lambda: rope(torch.zeros(2, 4), positions), lambda: LearnedPositions(4, 4)(positions)):
        with pytest.raises(TypeError, match="positions must be numbers, not "):
            call()


def test_rope_refuses_what_is_no_tensor():
    with pytest.raises(TypeError, match="x must be a tensor of floats, not list"):
        rope([[1.0, 0.0]], [0])


@pytest.mark.parametrize("base", [0, -1.0, math.inf, math.nan, None, "10000"])
def test_a_base_that_is_not_positive_is_refused(base):
    with pytest.raises(ValueError, match=f"base must be a finite number above 0, not {base!r}"):
        rope(torch.zeros(2, 4), [0, 1], base=base)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sinusoidal(-1, 4), "length must be .* not -1"),
        (lambda: sinusoidal(10**14, 2), "length must be .* not 100000000000000"),
        (lambda: alibi_bias(1, 10**14), "length must be .* not 100000000000000"),
        (lambda: alibi_bias(0, 4), "n_heads must be .* not 0"),
        (lambda: alibi_bias(4, -1), "length must be .* not -1"),
        (lambda: LearnedPositions(0, 4), "max_length must be .* not 0"),
        (lambda: T5RelativeBias(0), "n_heads must be .* not 0"),
        (lambda: T5RelativeBias(2, num_buckets=7), "num_buckets must be a multiple of 2, not 7"),
        (lambda: T5RelativeBias(2, num_buckets=0), "num_buckets must be .* not 0"),
        (lambda: T5RelativeBias(2, max_distance=16), "max_distance, .* 17 or more, not 16"),
        (lambda: T5RelativeBias(2)(-2), "length must be .* not -2"),
    ],
)
def test_sizes_that_make_no_sense_are_refused_by_name(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize("bad", [2.0, "4", True, math.nan, None])
def test_sizes_are_whole_numbers(bad):
    for make in (
        lambda: sinusoidal(bad, 4),
        lambda: sinusoidal(4, bad),
        lambda: alibi_bias(bad, 4),
        lambda: T5RelativeBias(2, num_buckets=bad),
        lambda: T5RelativeBias(2, max_distance=bad),
    ):
        with pytest.raises(TypeError, match=f"must be an integer .*not {bad!r}"):
            make()
