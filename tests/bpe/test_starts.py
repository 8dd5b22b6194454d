"""Where arrays say that pre-tokens start, against the regex engine, for each published pattern."""

import itertools
import random
from unittest import mock

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from referees import LANGUAGES, NASTY, awkward_texts, random_strings

from helpers.bpe import GPT2_PATTERN, GPT4_PATTERN, O200K_PATTERN, starts
from helpers.bpe.patterns import LLAMA3_PATTERN, QWEN_PATTERN
from helpers.bpe.starts import cut_chunks, cutter, pretoken_bounds

PATTERNS = {
    "gpt2": GPT2_PATTERN,
    "gpt4": GPT4_PATTERN,
    "llama3": LLAMA3_PATTERN,
    "qwen": QWEN_PATTERN,
    "o200k": O200K_PATTERN,
}
each_pattern = pytest.mark.parametrize("name", PATTERNS)


def small_chunks(size):
    return mock.patch.object(starts, "CHUNK", size)


def pieces(text, name):
    """The pre-tokens of all chunks."""
    for data, bounds in cut_chunks(text, cutter(PATTERNS[name])):
        yield from [data[start:end].decode() for start, end in itertools.pairwise(bounds.tolist())]


def by_regex(text, name):
    """Pre-tokens by the regex. U+0000 ends a text, as in `cut_chunks`, and stands alone."""
    parts = regex.split("(\0)", text)
    return [word for part in parts for word in regex.findall("\0|" + PATTERNS[name], part)]


def lengths(text, name):
    """How many characters each of the `pieces` has, of a long text: without a string for each of them."""
    found, cut = [], []
    for data, bounds in cut_chunks(text, cutter(PATTERNS[name])):
        cut.append(data[bounds[0] : bounds[-1]])
        first = np.frombuffer(data, np.uint8)[: bounds[-1]] & 0xC0 != 0x80  # byte of a character
        found += np.add.reduceat(first, bounds[:-1], dtype=int).tolist()
    assert b"".join(cut).decode() == text
    return found


@each_pattern
@pytest.mark.parametrize(
    "alphabet", ["as1' \n\xa0!", "revl't ", "\r\n\t a'd\x1cé", "aA'S漢\u0301 ", "/\n a!(\t1"]
)
def test_pretokens_are_those_of_the_regex_in_all_short_strings(name, alphabet):
    for length in range(1, 4):
        for letters in itertools.product(alphabet, repeat=length):
            text = "".join(letters)
            assert list(pieces(text, name)) == by_regex(text, name), [text]


@each_pattern
@pytest.mark.parametrize("alphabet", ["aS1'\n !", "rEvl't", "aA\u0301漢' ", "/\n a!1"])
def test_pretokens_are_those_of_the_regex_around_all_strings_of_five(name, alphabet):
    text = "".join(map("".join, itertools.product(alphabet, repeat=5)))
    assert lengths(text, name) == [*map(len, by_regex(text, name))]


AROUND = {
    "gpt2": "a{} {}1",
    "gpt4": "\n{} ({}a",
    "llama3": "!{}'s {}",
    "qwen": "1{}\n{}a",
    "o200k": "a{}A {}'{}s",
}


@each_pattern
def test_pretokens_are_those_of_the_regex_around_every_code_point(name):
    planes = (c for c in range(0xE0200) if not (0xD800 <= c < 0xE000 or 0x33480 <= c < 0xE0000))
    text = "".join(
        AROUND[name].replace("{}", chr(c)) for c in planes
    )  # no surrogates, no planes without letters
    assert lengths(text, name) == [*map(len, by_regex(text, name))]


@pytest.mark.parametrize("name", ["gpt4", "o200k"])
@pytest.mark.parametrize("size", starts.TABLES)
def test_a_table_is_used_up_to_its_last_code_point(name, size):
    for last in {size - 2, size - 1, min(size, 0x10FFFF)} - {0xD800}:
        text = f"a {chr(last)}a'{chr(last)} \n"
        assert list(pieces(text, name)) == by_regex(text, name)
    assert np.array_equal(starts.character_classes(size), starts.character_classes()[:size])


@each_pattern
def test_pretokens_are_those_of_the_regex_in_texts(name, story, docs):
    for text in [
        story,
        docs[5_000_000:5_300_000],
        *LANGUAGES.values(),
        *NASTY,
        *random_strings(500, seed=4),
    ]:
        assert list(pieces(text, name)) == by_regex(text, name)


@given(awkward_texts, st.integers(1, 40))
@settings(max_examples=250, deadline=None, derandomize=True, database=None)
def test_chunks_of_any_size_have_the_pretokens_of_the_regex(text, size):
    with small_chunks(size):
        for name in PATTERNS:  # a text takes longer to draw than to cut
            assert list(pieces(text, name)) == by_regex(text, name)


@each_pattern
@pytest.mark.parametrize("size", [1, 2, 3, 5, 16, 101])
def test_chunks_of_awkward_sizes_have_the_pretokens_of_the_regex(name, size, story):
    text = story[:3000] + " we'll They'RE 's it's's iPhone  \n \n x//\n/ 12345 e\u0301T'\u0301s \n "
    with small_chunks(size):
        assert list(pieces(text, name)) == by_regex(text, name)


@each_pattern
def test_ascii_alone_is_cut_as_it_is_among_all_code_points(name):
    text = "".join(
        random.Random(0).choices([chr(c) for c in range(1, 128)] + list("  ''  \nabSt01/"), k=60_000)
    )
    bounds = pretoken_bounds(text, cutter(PATTERNS[name])).tolist()
    assert bounds[:-1] == [match.start() for match in regex.finditer(PATTERNS[name], text)]
    among_others = pretoken_bounds(f"{text}\n漢", cutter(PATTERNS[name])).tolist()
    assert bounds[:-3] == among_others[: len(bounds) - 3]


@each_pattern
def test_a_chunk_stays_small_unless_it_has_no_safe_place(name, docs):
    with small_chunks(1000):
        lengths = [len(data) for data, _ in cut_chunks(docs[:100_000], cutter(PATTERNS[name]))]
        assert max(lengths) <= 1010 and len(lengths) < 110  # a few characters take two bytes or three
        for letter in "aé ":
            text = f"few words and {letter * 50_000}{'x' if letter == ' ' else ' '}and the end"
            assert list(pieces(text, name)) == by_regex(text, name)


@each_pattern
def test_the_regex_is_asked_for_few_places_of_a_text(name, docs):
    text, asked = docs[:1_000_000], []
    cut = cutter(PATTERNS[name])
    with mock.patch.object(starts, "_ask", side_effect=lambda chunk, s, places, *rest: asked.extend(places)):
        list(cut_chunks(text, cut))
    assert len(asked) < {"gpt2": 1}.get(name, 400)


def test_only_published_patterns_have_a_cutter():
    for pattern in (GPT2_PATTERN + "|x", r"\w+|\s+|[^\w\s]+", ""):
        assert cutter(pattern) is None
    assert cutter() is None and cutter(GPT2_PATTERN, GPT4_PATTERN) is None
