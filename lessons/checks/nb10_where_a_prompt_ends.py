"""The check of the exercise on the page 10_where_a_prompt_ends."""

import random
from collections.abc import Iterator
from typing import Any

from lessons.exercises import exercise, expect


@exercise("10.drop")
def to_drop(answer: Any) -> str:
    shapes = {0: b"of", 1: b" s", 2: b"ha", 3: b" shape", 4: b" ", 5: b" (", 6: b"p"}
    for ids, vocab, hint in [
        ([0, 1, 2], shapes, " shape begins with the text of the last two tokens."),
        ([0, 3, 4], shapes, "Two tokens begin with the space and go on, so it is dropped."),
        ([0, 1, 2, 6], shapes, "The last three tokens together, though neither the last nor the last two."),
        ([0, 3], shapes, "A token does not go on beyond its own text."),
        ([1, 2], shapes, "One token has to stay."),
        ([4], shapes, "One token has to stay."),
        ([7, 8], {7: b"a", 8: b"b", 9: b"xb"}, "The token has to begin with the text, not to hold it."),
        (
            [7, 8],
            {7: b"o", 8: b"\xc3", 9: b"\xc3\xab"},
            "Bytes: the text may end in the middle of a character.",
        ),
        ([0, 0, 0], {0: b"a", 1: b"aab"}, "The largest n."),
        *random_prompts(),
    ]:
        expect(answer, (ids, vocab), dropped(ids, vocab), hint)
    return "Give that number to `heal` as `drop`."


def random_prompts() -> Iterator[tuple[list[int], dict[int, bytes], str]]:
    draw = random.Random(10)
    for _ in range(80):
        tokens = {bytes(draw.choices(b"xy", k=draw.randint(1, 5))) for _ in range(8)} | {b"x", b"y"}
        vocab = dict(zip(draw.sample(range(50), len(tokens)), sorted(tokens), strict=True))
        short = [i for i, token in vocab.items() if len(token) < 3]
        yield draw.choices(short, k=draw.randint(1, 5)), vocab, ""


def dropped(ids: list[int], vocab: dict[int, bytes]) -> int:
    ends = {n: b"".join(vocab[i] for i in ids[-n:]) for n in range(1, len(ids))}
    goes_on = (n for n, end in ends.items() if any(t.startswith(end) and t != end for t in vocab.values()))
    return max(goes_on, default=0)
