"""The check of the exercise on the page 04_who_pays."""

import random
from collections.abc import Iterator
from typing import Any

from lessons.exercises import exercise, expect

Pair = tuple[int, int]
Counts = dict[str, dict[Pair, int]]


@exercise("04.next_merge", may_be_none=True)
def next_merge(answer: Any) -> str:
    for pairs, tokens, hint in [
        (
            {"el": {(1, 2): 3, (3, 4): 5}, "en": {(5, 6): 9}},
            {"el": 8, "en": 5},
            "The language with most tokens.",
        ),
        (
            {"el": {(1, 2): 1}, "en": {(3, 4): 2}},
            {"el": 9, "en": 5},
            "A pair that occurs once gains nothing.",
        ),
        ({"el": {}, "en": {(3, 4): 2}}, {"el": 9, "en": 5}, "A language may have no pair at all."),
        ({"el": {(3, 4): 2, (1, 9): 2}}, {"el": 9}, "Among equals, the smallest pair."),
        (
            {"en": {(5, 6): 4}, "el": {(1, 2): 4}},
            {"en": 9, "el": 9},
            "Among equals, the language that comes first in tokens.",
        ),
        (
            {"el": {(5, 6): 4}, "en": {(1, 2): 4}},
            {"en": 9, "el": 9},
            "Among equals, the language that comes first in tokens, not in pairs.",
        ),
        ({"el": {(1, 2): 1}, "en": {}}, {"el": 9, "en": 5}, "No language has a pair that occurs twice."),
        ({"el": {(1, 2): 0, (2, 3): 2}}, {"el": 4}, "A pair may have been used up: its count is 0."),
        *random_counts(),
    ]:
        expect(answer, (pairs, tokens), next_of(pairs, tokens), hint)
    return "So no language holds up the others."


def random_counts() -> Iterator[tuple[Counts, dict[str, int], str]]:
    draw = random.Random(4)
    for _ in range(60):
        languages = draw.sample(["de", "el", "en", "hi", "ja"], draw.randint(1, 5))
        tokens = {language: draw.randint(5, 8) for language in languages}
        every = [(a, b) for a in range(3) for b in range(3)]
        pairs = {
            language: {pair: draw.randint(0, 3) for pair in draw.sample(every, draw.randint(0, 3))}
            for language in draw.sample(languages, len(languages))
        }
        yield pairs, tokens, ""


def next_of(pairs: Counts, tokens: dict[str, int]) -> tuple[str, Pair] | None:
    can_gain = [language for language in tokens if max(pairs[language].values(), default=0) >= 2]
    if not can_gain:
        return None
    worst = max(can_gain, key=tokens.get)
    counts = pairs[worst]
    return worst, min(counts, key=lambda pair: (-counts[pair], pair))
