"""The check of the exercise on the page 03_across_words."""

import random
from collections.abc import Iterator
from typing import Any

from lessons.exercises import exercise, expect


@exercise("03.go_on")
def go_on(answer: Any) -> str:
    shapes = {0: b"of", 1: b" shape", 2: b" shape (n", 3: b"shape", 4: b"e ", 5: b"e", 6: b"ape", 7: b" (n"}
    for prompt, vocab, hint in [
        (
            b"of shape",
            shapes,
            "` shape (n` begins with the end of the prompt, and so does `e `: return the set of such ids.",
        ),
        (b"of", {0: b"of", 1: b"f", 2: b"o"}, "A token that ends with the prompt does not go on."),
        (b"of", {5: b"of shape", 9: b"off", 2: b"f s"}, "The end may be the whole prompt, or a part of it."),
        (b"a", {0: b"ba", 1: b"bad"}, "The token has to begin inside the prompt, not before it."),
        (
            b"ab",
            {0: b"abc", 1: b"xabc", 2: b"c", 3: b"cab"},
            "A token that begins after the prompt is whole.",
        ),
        (b"aba", {0: b"ab", 1: b"aba", 2: b"abac", 3: b"bad", 4: b"acc"}, "Try every end of the prompt."),
        (b"", shapes, "Where no prompt is, no token can have begun."),
        (b"Zo\xc3", {0: b"\xc3\xab", 1: b"\xc3", 2: b"o\xc3\xab"}, "Bytes, not characters."),
        *random_prompts(),
    ]:
        expect(answer, (prompt, vocab), going_on(prompt, vocab), hint)
    return "Before a model goes on, such a prompt is shortened and the token chosen anew: token healing."


def random_prompts() -> Iterator[tuple[bytes, dict[int, bytes], str]]:
    draw = random.Random(6)
    for _ in range(80):
        tokens = {bytes(draw.choices(b"xyz", k=draw.randint(1, 5))) for _ in range(8)}
        vocab = dict(zip(draw.sample(range(50), len(tokens)), sorted(tokens), strict=True))
        yield bytes(draw.choices(b"xyz", k=draw.randint(0, 6))), vocab, ""


def going_on(prompt: bytes, vocab: dict[int, bytes]) -> set[int]:
    return {i for i, t in vocab.items() if any(prompt.endswith(t[:n]) for n in range(1, len(t)))}
