"""Checks of the exercises in deeper/04_other_ways."""

import random
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from lessons.exercises import Words, call, exercise, expect, lines_run, plain, rejection, same


@exercise("04.glitch")
def glitch(answer: Any) -> str:
    # "ng" is one token, so joining two texts may make a token that neither of them has
    encode = lambda text: [ord(character) - ord("a") for character in text.replace("ng", "{")]
    draw = random.Random(4)
    texts = lambda letters: ["".join(draw.choices(letters, k=6)) for _ in range(3)]
    for first, second in [
        (["abc", "cd"], ["ab", "bbe"]),
        (["a"], ["abcde"]),
        (["dcba"], ["a", "b"]),
        (["ab", "c"], []),
        (["kcb"], ["b"]),
        (["sun", "gas"], ["sun"]),
        (["the", "quick", "brown"], ["quiet", "town"]),
        ([], ["fox"]),
        *((texts("abcdnogk"), texts("bdgnklm")) for _ in range(8)),
    ]:
        uses = lambda texts: {i for text in texts for i in encode(text)}
        right = sorted(uses(first) - uses(second))
        given = f"tokenizer texts {first} and model texts {second} (ids: a is 0, b is 1, ..., ng is 26)"
        got = call(answer, encode, first, second, expected=right, given=given)
        if not same(got, right):
            raise rejection(given, right, got, _about_glitches(got, uses(first), uses(second), first, encode))
    return "Whoever filters a text after training the tokenizer should run this."


def _about_glitches(got: Any, tokenizer_ids: set, model_ids: set, texts: list, encode: Callable) -> str:
    try:
        found = set(got)
    except TypeError:
        return "Give a list of ids."
    if found == tokenizer_ids - model_ids:
        return "The ids are right; give them as a list, sorted by number, without repeats."
    if found == model_ids - tokenizer_ids:
        return "That is what the model saw and the tokenizer did not."
    if found == tokenizer_ids ^ model_ids:
        return "Leave out what only the model's texts use."
    if found == tokenizer_ids:
        return "Now take away what the model's texts use."
    if found == tokenizer_ids & model_ids:
        return "That is what both use."
    if any(found == set(encode(joint.join(texts))) - model_ids for joint in ("", " ", "\n")):
        return "No single text uses that. Encode each text by itself."
    return ""


@exercise("04.best_cut", may_be_none=True)
def best_cut(answer: Any) -> str:
    by_hand = {"u": -5.0, "n": -5.0, "un": -3.0, "unb": -6.0, "b": -5.0, "e": -4.0, "bel": -3.0, "l": -4.0}
    cases = [("un", by_hand), ("unbel", by_hand), ("bell", by_hand), ("uxn", by_hand), ("x", by_hand)]
    cases += [("ab", {"a": -1.0, "b": -1.0, "ab": -9.0}), ("aaaa", {"a": -400.0, "aa": -900.0})]
    cases += [("umbrella", {"umbrell": -1.0, "a": -3.0, "umb": -2.0, "rella": -2.5}), ("aab", {"a": -1.0})]
    draw = random.Random(4)
    for _ in range(30):
        pieces = {"".join(draw.choices("ab", k=draw.randint(1, 4))) for _ in range(12)} | {"a", "b"}
        scores = {
            piece: -round(draw.uniform(1, 9), 2) for piece in sorted(pieces, key=lambda _: draw.random())
        }
        cases.append(("".join(draw.choices("ab", k=draw.randint(2, 9))), scores))
    for word, scores in cases:
        right = brute_force(word, scores)
        got = call(answer, word, scores, expected=right)
        if not same(got, right) and not _as_good(word, scores, got, right):
            raise rejection((word, scores), right, got, _about_cut(word, scores, got, right))
    _demand_few_steps(answer)
    return "That is Unigram's encoder, and Viterbi's algorithm of 1967."


def _as_good(word: str, scores: dict[str, float], got: Any, right: list[str] | None) -> bool:
    """Whether `got` is another cut with the highest sum: the order of two pieces may make no difference."""
    if right is None or not isinstance(got, list | tuple | np.ndarray):
        return False
    known = all(isinstance(piece, str) and piece in scores for piece in got)
    return known and "".join(got) == word and same(sum(map(scores.get, got)), sum(map(scores.get, right)))


def _about_cut(word: str, scores: dict[str, float], got: Any, right: list[str] | None) -> str:
    if right is None:
        return "No cut into known pieces exists: give None."
    if got is None:
        return "There is a cut into known pieces."
    if not isinstance(got, list | tuple) or not all(isinstance(piece, str) for piece in got):
        return "Give the list of pieces alone."
    if unknown := [piece for piece in got if piece not in scores]:
        return f"{unknown[0]!r} has no score, so it is no piece."
    if "".join(got) != word:
        return "The pieces must join to the word."
    sums = [sum(map(scores.get, cut)) for cut in (got, right)]
    return f"Yours adds up to {sums[0]:.2f}, the expected one to {sums[1]:.2f}, which is more."


def _demand_few_steps(answer: Any) -> None:
    """Reject an answer that tries all cuts: 6 letters more make 64 times as many of them."""
    scores = {"a" * n: -1.0 - n * n / 100 for n in range(1, 9)}
    short, long = (lines_run(lambda *a: plain(answer(*a)), "a" * n, dict(scores)) for n in (8, 14))
    if long > 12 * short:  # with two loops in each other it is 3 times as many, with three 5 times
        came = Words(f"{long / short:.0f} times as many, {long:,}")
        given = "a word of 14 letters, after one of 8,"
        raise rejection(given, Words("some 3 times as many lines of Python run"), came, KEEP)
    expect(answer, ("a" * 64, scores), ["a" * 8] * 8, "Is every length kept?")


KEEP = "All cuts are too many: keep the best cut of each beginning of the word, and never work it out twice."


def brute_force(word: str, scores: dict[str, float]) -> list[str] | None:
    """The best of all ways to cut `word`."""
    places = range(1, len(word))
    cuts = (
        [word[a:b] for a, b in pairwise((0, *inner, len(word)))]
        for n in range(len(word))
        for inner in combinations(places, n)
    )
    known = [cut for cut in cuts if all(piece in scores for piece in cut)]
    return max(known, key=lambda cut: sum(map(scores.get, cut)), default=None)
