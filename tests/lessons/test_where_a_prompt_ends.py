"""What the page 10_where_a_prompt_ends builds: token healing, held to trying everything.

The functions are taken from the page as they stand there; tables of chances take the place of its model.
"""

import random

import pytest
from page_code import definitions, run_page

from lessons.figures import nb10_where_a_prompt_ends


class Tokenizer:
    """Byte tokens, and some longer ones that are found from the left, the longest first."""

    def __init__(self, longer):
        self.vocab = dict(enumerate([b"a", b"b", b" ", *longer]))

    def encode(self, text):
        ids, data = [], text.encode()
        while data:
            i, token = max(
                ((i, t) for i, t in self.vocab.items() if data.startswith(t)), key=lambda it: len(it[1])
            )
            ids.append(i)
            data = data[len(token) :]
        return ids

    def decode_bytes(self, ids):
        return b"".join(self.vocab[i] for i in ids)


def healing(tokenizer, next_chances):
    given = {"tokenizer": tokenizer, "vocab": tokenizer.vocab, "next_chances": next_chances}
    chosen = lambda body: [n for n in definitions(body) if getattr(n, "name", "") in {"heal", "go_on"}]
    return run_page("10_where_a_prompt_ends", chosen, **given)


def by_trying(tokenizer, next_chances, kept, rest):
    """The likeliest token that fits at each step, where every token is compared byte for byte."""
    while rest:
        fits = [
            (chance, i)
            for i, chance in enumerate(next_chances(kept))
            if all(a == b for a, b in zip(tokenizer.vocab[i], rest, strict=False))
        ]
        best = max(fits)[1]
        kept, rest = [*kept, best], rest[len(tokenizer.vocab[best]) :]
    return kept


@pytest.mark.parametrize("seed", range(20))
def test_a_healed_prompt_keeps_the_typed_text_and_takes_the_likeliest_that_fits(seed):
    draw = random.Random(seed)
    longer = {bytes(draw.choices(b"ab ", k=draw.randint(2, 4))) for _ in range(6)}
    tokenizer = Tokenizer(sorted(longer))

    def next_chances(ids):
        dice = random.Random(repr((seed, ids)))
        return [dice.random() for _ in tokenizer.vocab]

    heal = healing(tokenizer, next_chances)["heal"]
    for _ in range(20):
        prompt = "".join(draw.choices("ab ", k=draw.randint(4, 9)))
        ids = tokenizer.encode(prompt)
        for drop in range(1, len(ids)):
            healed = heal(prompt, drop)
            assert tokenizer.decode_bytes(healed).startswith(prompt.encode())
            rest = tokenizer.decode_bytes(ids[-drop:])
            assert healed == by_trying(tokenizer, next_chances, ids[:-drop], rest)


def test_a_space_at_the_end_makes_no_difference_where_the_likeliest_token_begins_with_one():
    tokenizer = Tokenizer([b" a", b" b"])

    def next_chances(ids):
        return [0.1, 0.1, 0.0, 0.2 + 0.1 * (len(ids) % 2), 0.25]

    page = healing(tokenizer, next_chances)
    healed, plain = page["go_on"](page["heal"]("ab "), 3), page["go_on"](tokenizer.encode("ab"), 4)
    assert healed == plain
    assert tokenizer.decode_bytes(plain) == b"ab b a b a"


def test_the_pictures_hold_the_tokens(monkeypatch):
    shown = []
    monkeypatch.setattr(nb10_where_a_prompt_ends, "show", lambda fig, alt: shown.append((fig, alt)))
    nb10_where_a_prompt_ends.draw_lines({"without": [b"of", b" a"], "with": [b"of", b" a", b" "]})
    nb10_where_a_prompt_ends.draw_next({"of": {b" (": 0.5, b"$": 0.25}, "of ": {b"x": 0.125}})
    (lines, alt), (bars, _) = shown
    assert [len(ax.patches) for ax in lines.axes] == [2, 3]
    assert "without 2, with 3" in alt
    assert [[bar.get_width() for bar in ax.patches] for ax in bars.axes] == [[50, 25], [12.5]]
