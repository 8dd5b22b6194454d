"""What deeper/06_since_2023 builds: YaRN against its paper's formula, RoPE on a part, and two tasks."""

import math

import pytest
import torch

from helpers.positions import frequencies, rope
from lessons.copying import DIM, NoPositions
from lessons.longer import (
    KEYS,
    Finder,
    Reader,
    Turned,
    draw_entries,
    draw_text,
    found,
    read,
    train_finder,
    train_reader,
    yarn,
)


def test_yarn_is_the_formula_of_its_paper_worked_by_hand():
    """Peng et al. 2023, section 3.2: r = L / wavelength, ramp from 1 to 32, h = (1 - ramp) f / s + ramp f.

    A head of 8 dimensions at base 10,000 has the speeds 1, 1/10, 1/100 and 1/1000, so the wavelengths 2 pi,
    20 pi, 200 pi and 2,000 pi. L is 1,280 pi: 640, 64, 6.4 and 0.64 rounds. The third has the ramp
    (6.4 - 1) / 31 = 5.4 / 31, and with s = 4 its speed is 0.01 (25.6 / 31 / 4 + 5.4 / 31) = 0.01 x 11.8 / 31.
    """
    got = yarn(4, 8, trained=1280 * math.pi)
    wanted = torch.tensor([1, 0.1, 0.01 * 11.8 / 31, 0.00025], dtype=torch.float64)
    torch.testing.assert_close(got, wanted)


def test_yarn_lies_between_no_change_and_interpolation_and_stretched_by_one_changes_nothing():
    for dim, trained, scale in [(64, 4096, 4), (128, 8192, 16), (32, 32, 2)]:
        share = yarn(scale, dim, trained) / frequencies(dim)
        assert (share <= 1 + 1e-12).all() and (share >= 1 / scale - 1e-12).all()
        assert (share.diff() <= 1e-12).all()
        torch.testing.assert_close(yarn(1, dim, trained), frequencies(dim))


@pytest.mark.parametrize("base", [10_000.0, 500_000.0])
def test_turned_with_the_plain_frequencies_is_rope(base):
    x = torch.randn(2, 9, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(Turned(frequencies(8, base)).turn(x), rope(x, range(9), base))


def test_turned_with_fewer_frequencies_passes_the_other_dimensions_on():
    x = torch.randn(9, 8, generator=torch.Generator().manual_seed(0))
    got = Turned(frequencies(4)).turn(x)
    assert torch.equal(got[:, 4:], x[:, 4:])
    torch.testing.assert_close(got[:, :4], rope(x[:, :4], range(9)))


def test_no_name_stands_twice_and_the_answer_is_the_value_of_the_name_that_is_asked():
    torch.manual_seed(0)
    (names, values, asked), answers = draw_entries(50, 20, first=0.5)
    for row, other, name, answer in zip(
        *map(torch.Tensor.tolist, (names, values, asked, answers)), strict=True
    ):
        assert len(set(row)) == 20 and row.index(name) < 10 and other[row.index(name)] == answer
    (text, asked), answers = draw_text(5, 20)
    for row, name, answer in zip(text.tolist(), asked[:, 0].tolist(), answers[:, 0].tolist(), strict=True):
        assert row[row.index(name) + 1] == answer + KEYS and max(row[::2]) < KEYS <= min(row[1::2])


def test_the_order_of_the_entries_is_nothing_to_a_finder_without_positions():
    torch.manual_seed(0)
    (names, values, asked), _ = draw_entries(4, 10)
    model, turned = Finder(NoPositions()), Finder(Turned(frequencies(DIM)))
    torch.testing.assert_close(model(names, values, asked), model(names.flip(1), values.flip(1), asked))
    assert not torch.allclose(turned(names, values, asked), turned(names.flip(1), values.flip(1), asked))


def test_a_short_training_finds_more_than_chance():
    model = train_finder(NoPositions(), steps=150)
    assert found(model, 31) > 0.3 > found(Finder(NoPositions()), 31)


def test_a_reader_whose_first_layer_sees_one_token_and_has_no_positions_knows_no_order():
    torch.manual_seed(0)
    (text, asked), _ = draw_text(2, 8)
    order, blind = torch.randperm(16), Reader(NoPositions(), NoPositions(), reach=1)
    torch.testing.assert_close(blind(text, asked), blind(text[:, order], asked), rtol=1e-4, atol=1e-4)
    seeing = Reader(NoPositions(), NoPositions(), reach=2)
    assert not torch.allclose(seeing(text, asked), seeing(text[:, order], asked), atol=1e-2)


def test_readers_learn_a_little_in_a_few_steps():
    torch.manual_seed(0)
    model = train_reader(Reader(Turned(frequencies(DIM)), NoPositions(), reach=8), steps=40)
    assert 0 <= read(model, 16) <= 1
