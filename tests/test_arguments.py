"""What a function may be given: each check takes every kind of the right value, and names what it refuses."""

import pathlib
import types
from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import arguments
from helpers.arguments import LARGEST_ID, WrongKind

META = torch.tensor([1, 2], device="meta")
HUGE = 10**5000  # more digits than Python writes
BOOLS = [True, np.True_, np.array(True), torch.tensor(True), np.array([True])]
NO_IDS = [
    None,
    3,
    "3 4",
    b"34",
    ["3"],
    [3.0],
    [[3]],
    [[3], [1, 2]],
    [None],
    {3, 4},
    {3: 4},
    iter([3]),
    [True],
]
NO_IDS += [
    np.array(3),
    np.zeros((0, 3), int),
    np.array([3], object),
    torch.tensor(3),
    torch.tensor([0.5]),
    META,
]
NO_IDS += [torch.tensor([1.0], dtype=torch.bfloat16), np.array([1j]), [np.uint64(1), 2.0]]


class Three:
    def __index__(self):
        return 3


def test_a_wrong_kind_is_a_type_error_and_a_value_error():
    for kind in (TypeError, ValueError):
        with pytest.raises(kind):
            arguments.integer("n", "3")


# ---- integers ----


@pytest.mark.parametrize(
    "value",
    [3, np.int8(3), np.uint64(3), np.array(3), torch.tensor(3), torch.tensor(3, dtype=torch.uint8), Three()],
)
def test_every_kind_of_integer_becomes_an_int(value):
    found = arguments.integer("n", value, 3, 3)
    assert found == 3 and type(found) is int


@pytest.mark.parametrize(
    "value",
    [
        None,
        "3",
        3.0,
        np.float32(3),
        [3],
        np.array([3]),
        torch.tensor([3]),
        torch.tensor(3.0),
        META[0],
        3j,
        *BOOLS,
    ],
)
def test_what_is_no_integer_is_named(value):
    with pytest.raises(WrongKind, match=r"stride must be an integer of 1 or more, not .*\(\w+\)$"):
        arguments.integer("stride", value, 1)


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9))
def test_both_bounds_of_an_integer_belong_to_its_range(value, low, high):
    if low <= value <= high:
        assert arguments.integer("n", value, low, high) == value
    else:
        with pytest.raises(ValueError, match=f"n must be an integer from {low} to {high}, not {value}$"):
            arguments.integer("n", value, low, high)


def test_an_integer_ends_where_int64_ends():
    assert arguments.integer("n", LARGEST_ID) == 2**63 - 1
    with pytest.raises(ValueError, match=rf"integer from 0 to 2\*\*63 - 1, not {2**63}"):
        arguments.integer("n", np.uint64(2**63))
    with pytest.raises(ValueError, match=r"n must be .* not int too large to write"):
        arguments.integer("n", HUGE)


# ---- numbers ----


@pytest.mark.parametrize(
    "value", [0.5, np.float16(0.5), np.array(0.5), torch.tensor(0.5), Fraction(1, 2), torch.tensor([0.5])[0]]
)
def test_every_kind_of_number_becomes_a_float(value):
    found = arguments.real("share", value, 0, 1)
    assert found == 0.5 and type(found) is float


def test_an_integer_is_a_number():
    assert arguments.real("x", 3) == 3.0 and arguments.real("x", np.int8(3)) == 3.0


@pytest.mark.parametrize(
    "value",
    [None, "0.5", True, np.True_, torch.tensor(True), 1j, np.array([0.5]), torch.tensor([0.5]), META[0]],
)
def test_what_is_no_number_is_named(value):
    with pytest.raises(WrongKind, match=r"share must be a finite number above 0 and below 1, not .*\(\w+\)$"):
        arguments.real("share", value, 0, 1)


@pytest.mark.parametrize("value", [0, 1, -1, np.nan, np.inf, -np.inf, torch.tensor(torch.nan)])
def test_neither_bound_of_a_number_belongs_to_its_range(value):
    with pytest.raises(ValueError, match="share must be a finite number above 0 and below 1, not"):
        arguments.real("share", value, 0, 1)


def test_a_number_beyond_every_float_is_refused():
    for value in (HUGE, -HUGE):
        with pytest.raises(ValueError, match="x must be a finite number, not int too large to write"):
            arguments.real("x", value)


@pytest.mark.parametrize(
    ("low", "high", "range_"), [(0, np.inf, " above 0"), (-np.inf, 2.5, " below 2.5"), (-np.inf, np.inf, "")]
)
def test_the_error_says_the_range_of_a_number(low, high, range_):
    with pytest.raises(ValueError, match=f"x must be a finite number{range_}, not nan"):
        arguments.real("x", np.nan, low, high)


# ---- text ----


@given(st.text())
def test_every_text_that_utf8_can_hold_passes(text):
    assert arguments.text("text", text) is text


@pytest.mark.parametrize("at", [0, 1, 2**16 - 1, 2**16, 2**16 + 1, 200_000])
@pytest.mark.parametrize("filler", ["a", "é", "👍"])
def test_a_lone_surrogate_is_named_with_its_position(at, filler):
    with pytest.raises(ValueError, match=rf"text has a lone surrogate, '\\ud83d' at position {at}: UTF-8"):
        arguments.text("text", filler * at + "\ud83d" + filler * 3)


@pytest.mark.parametrize("value", [None, b"bytes", ["text"], 5, np.array("text"), pathlib.Path("text")])
def test_what_is_no_text_is_named(value):
    with pytest.raises(WrongKind, match=r"^text must be a str, not \w+: "):
        arguments.text("text", value)


@pytest.mark.parametrize("value", [["b"], None, np.array(["a", "b"]), 3])
def test_a_choice_of_the_wrong_kind(value):
    with pytest.raises(WrongKind, match="method must be one of 'a', 'b', not"):
        arguments.choice("method", value, ["a", "b"])


def test_a_choice_is_one_of_its_options_which_may_be_a_generator():
    assert arguments.choice("method", np.str_("b"), (option for option in "ab")) == "b"
    with pytest.raises(ValueError, match=r"^method must be one of 'a', 'b', not 'A'$"):
        arguments.choice("method", "A", "ab")


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
def test_a_flag_is_true_or_false_of_python_or_numpy(value):
    assert arguments.flag("shuffle", value) is bool(value)


@pytest.mark.parametrize("value", ["no", "False", "", 0, 1, None, [], np.array([True]), torch.tensor(True)])
def test_what_would_only_count_as_true_or_false_is_no_flag(value):
    with pytest.raises(WrongKind, match="shuffle must be True or False, not "):
        arguments.flag("shuffle", value)


# ---- what an error shows ----


class Unwritable:
    def __repr__(self):
        raise RuntimeError("no repr")


class Counted:
    written = 0

    def __repr__(self):
        Counted.written += 1
        return "x"


def test_a_value_that_cannot_be_written_is_named_by_its_class():
    for call in (arguments.text, arguments.integer, arguments.many, arguments.id_array, arguments.flag):
        with pytest.raises(WrongKind, match=r"^name must be .*Unwritable"):
            call("name", Unwritable())


def test_an_error_does_not_write_down_all_of_a_large_value():
    assert arguments.shown([Counted()] * 100_000) == "[" + "x, " * 19 + "x,"
    assert Counted.written < 1000
    assert arguments.shown("a" * 10**6) == "'" + "a" * 59
    assert arguments.shown({"b": [1, "it's"], "a": 2}) in (
        "{'b': [1, \"it's\"], 'a': 2}",
        "{'a': 2, 'b': [1, \"it's\"]}",
    )


# ---- collections ----


@pytest.mark.parametrize(
    "values", [[], ["a"], ("a",), iter("ab"), {"a": 1}.values(), (c for c in "ab"), np.array(["a"])]
)
def test_whatever_one_can_walk_through_is_many(values):
    assert arguments.many("texts", values) is values


@pytest.mark.parametrize("value", ["one", b"one", pathlib.Path("one")])
def test_one_text_or_path_is_not_many_and_the_error_shows_the_brackets(value):
    with pytest.raises(WrongKind) as caught:
        arguments.many("texts", value)
    assert f"texts must be an iterable of str, not {value!r}: give [{value!r}] for one" in str(caught.value)


@pytest.mark.parametrize("value", [{"train": "a"}, Counter("a"), pd.DataFrame({"text": ["a"]})])
def test_the_keys_of_a_dict_and_the_columns_of_a_table_are_not_taken_for_its_items(value):
    with pytest.raises(
        WrongKind, match=f"texts must be .*not a {type(value).__name__}, whose keys .*: give "
    ):
        arguments.many("texts", value)


def test_texts_are_checked_one_by_one_and_the_wrong_one_is_named_by_its_number():
    walk = arguments.texts("texts", (text for text in ["one", "two", float("nan")]))
    assert [next(walk), next(walk)] == ["one", "two"]
    with pytest.raises(WrongKind, match=r"texts\[2\] must be a str, not float: nan"):
        next(walk)
    with pytest.raises(WrongKind, match="texts must be an iterable"):
        arguments.texts("texts", "one")


@pytest.mark.parametrize("value", [None, 5, len])
def test_what_cannot_be_walked_through_is_not_many(value):
    with pytest.raises(WrongKind, match=r"paths must be an iterable of paths, not [^:]*$"):
        arguments.many("paths", value, of="paths")


def test_a_mapping_of_any_kind_passes_and_what_is_none_is_named():
    for value in ({}, {"a": 1}, types.MappingProxyType({"a": 1}), Counter("a")):
        assert arguments.mapping("groups", value) is value
    for value in (None, ["a"], "a", {"a"}, [("a", 1)]):
        with pytest.raises(WrongKind, match=r"groups must be a dict, not .*\(\w+\)$"):
            arguments.mapping("groups", value)


def test_special_tokens_keep_their_order():
    assert arguments.special_tokens("special", ("<b>", "<a>")) == ["<b>", "<a>"]
    assert arguments.special_tokens("special", []) == []


@pytest.mark.parametrize(
    "values", ["<a>", b"<a>", {"<a>"}, frozenset(["<a>"]), ["<a>", 3], None, iter(["<a>"])]
)
def test_special_tokens_without_an_order_or_of_another_kind(values):
    with pytest.raises(WrongKind, match="special must be a list or tuple of str"):
        arguments.special_tokens("special", values)


@pytest.mark.parametrize("values", [["<a>", "<a>"], [""], ["<a>", ""]])
def test_special_tokens_without_a_name_or_twice(values):
    with pytest.raises(ValueError, match="each needs a name, and none may stand twice"):
        arguments.special_tokens("special", values)


def test_a_special_token_that_cannot_be_written():
    with pytest.raises(ValueError, match=r"special has a lone surrogate, '\\ud800' at position 1"):
        arguments.special_tokens("special", ["a\ud800"])


# ---- ids ----


@pytest.mark.parametrize(
    "ids",
    [
        [3, 1, 2],
        (3, 1, 2),
        [np.uint64(3), 1, np.int8(2)],  # NumPy by itself makes floats of these
        [torch.tensor(3), torch.tensor(1), torch.tensor(2)],
        np.array([3, 1, 2], np.uint16),
        np.array([3, 0, 1, 0, 2])[::2],
        torch.tensor([3, 1, 2], dtype=torch.int32),
        torch.tensor([3.0, 1, 2], requires_grad=True).long(),
        memoryview(np.array([3, 1, 2])),
    ],
)
def test_ids_may_stand_in_any_sequence_of_integers(ids):
    found = arguments.id_array("ids", ids)
    assert found.tolist() == [3, 1, 2] and found.dtype.kind in "iu"


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_arrays_and_tensors_of_ids_are_not_copied(kind):
    ids = kind([3, 1, 2])
    ids[0] = 5
    assert np.shares_memory(arguments.id_array("ids", ids), np.asarray(ids))


def test_a_memory_map_stays_on_disk(tmp_path):
    np.arange(9, dtype="<u2").tofile(tmp_path / "ids.bin")
    ids = np.memmap(tmp_path / "ids.bin", "<u2")
    assert np.shares_memory(arguments.id_array("ids", ids), ids)


@pytest.mark.parametrize("ids", [[], (), np.array([]), np.zeros(0, np.uint8), torch.tensor([]), range(0)])
def test_no_ids_are_an_array_of_integers_too(ids):
    found = arguments.id_array("ids", ids)
    assert found.shape == (0,) and found.dtype.kind in "iu"
    with pytest.raises(ValueError, match="ids holds 0 token ids; at least 1 must be given"):
        arguments.id_array("ids", ids, least=1)


def test_as_many_ids_as_are_asked_for_are_enough():
    assert len(arguments.id_array("ids", [1, 2], least=2)) == 2
    with pytest.raises(ValueError, match="ids holds 2 token ids; at least 3"):
        arguments.id_array("ids", [1, 2], least=3)


@pytest.mark.parametrize("ids", NO_IDS)
def test_what_are_no_ids_is_named(ids):
    with pytest.raises(WrongKind, match="ids must be integers in one dimension"):
        arguments.id_array("ids", ids)


@pytest.mark.parametrize("mask", [True, [False, True], False])
def test_a_masked_array_is_refused_with_two_ways_out(mask):
    with pytest.raises(
        WrongKind, match=r"ids is a masked array: give ids\.compressed\(\), or ids\.filled\(\)"
    ):
        arguments.id_array("ids", np.ma.array([3, 4], mask=mask))


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, pytest.param(HUGE, id="huge")])
def test_an_id_that_no_integer_of_64_bits_holds_is_named_with_its_place(value):
    with pytest.raises(ValueError, match=r"ids\[1\] is .*, but must lie from -2\*\*63 to 2\*\*63 - 1"):
        arguments.id_array("ids", [5, value])


def test_ids_at_the_ends_of_int64_are_integers_of_mixed_kinds_too():
    ends = [np.uint64(1), -(2**63), 2**63 - 1]
    assert arguments.id_array("ids", ends).tolist() == ends


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_ids_in_range_pass_with_both_ends(dtype):
    arguments.in_range("ids", np.array([2, 7], dtype), 2, 7)
    arguments.in_range("ids", np.zeros(0, dtype), 2, 7)


@pytest.mark.parametrize(
    ("ids", "place", "wrong"),
    [
        (np.array([5, 1, 8]), "ids[1]", 1),
        (np.array([5, 8, 9, 9]), "ids[1]", 8),
        (np.array([[5, 6], [6, 8]], np.uint8), "ids[1, 1]", 8),
        (np.array([5, 2**64 - 1], np.uint64), "ids[1]", 2**64 - 1),
        (np.array([-1, 9], np.int8), "ids[0]", -1),
    ],
)
def test_an_id_out_of_range_is_named_with_its_place(ids, place, wrong):
    with pytest.raises(ValueError) as caught:
        arguments.in_range("ids", ids, 2, 7)
    assert str(caught.value).startswith(f"{place} is {wrong}, but must lie from 2 to 7: ")


def test_ids_end_where_int64_ends():
    arguments.in_range("ids", np.array([2**63 - 1], np.uint64))
    with pytest.raises(ValueError, match=rf"ids\[0\] is {2**63}, but must lie from 0 to 2\*\*63 - 1"):
        arguments.in_range("ids", np.array([2**63], np.uint64))
