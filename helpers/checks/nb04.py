"""Checks of the exercises in 04_tokenizer_tradeoffs."""

import random
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from helpers.exercises import Wrong, call, exercise, expect, same, short


@exercise("04.bytes_per_token")
def bytes_per_token(answer: Any) -> str:
    halves = lambda text: [text[: len(text) // 2], text[len(text) // 2 :]]
    for text, encode, right, hint in [
        ("umbrella", list, 1.0, "In ASCII a character is a byte."),
        ("a peg", halves, 2.5, "Five bytes in two tokens."),
        ("été", list, 5 / 3, "Five bytes, as é has two in UTF-8, in three tokens; and nothing rounded."),
        ("傘", list, 3.0, "Bytes, not characters: this one has three."),
        ("हरा छाता", lambda text: text.split(), 11.0, "22 bytes, the space among them, in two tokens."),
    ]:
        got = call(answer if not callable(answer) else lambda t, e=encode: answer(t, e), text)
        if not same(got, right):
            if got is None:
                hint = "Does it end with `return`?"
            elif same(got, 1 / right):
                hint = "Those are tokens per byte."
            raise Wrong(f"On {text!r} in {len(encode(text))} tokens: {short(got)}, not {right:.4g}. {hint}")
    return "With characters instead of bytes no two languages could be compared."


@exercise("04.right_to_left")
def right_to_left(answer: Any) -> str:
    for digits in ["1234567", "123456", "12345", "1000", "999", "42", "7", "1" * 10, "0012"]:
        right = f"{int('1' + digits):,}".replace(",", "")[1:]  # the digits as they are
        right = [right[max(0, end - 3) : end] for end in range(len(digits), 0, -3)][::-1]
        got = listed(call(answer, digits))
        if same(got, [digits[i : i + 3] for i in range(0, len(digits), 3)]) and not same(got, right):
            raise Wrong(f"On {digits!r} you cut from the left: {short(got)}. The last group must be full.")
        if same(got, right[::-1]) and not same(got, right):
            raise Wrong(f"On {digits!r} the groups are right, and in the wrong order: {short(got)}.")
        if isinstance(got, list | tuple) and got and not all(isinstance(group, str) for group in got):
            raise Wrong(
                f"On {digits!r} you gave {short(got)}: the groups should be strings, as 0 may come first."
            )
        if isinstance(got, list | tuple) and "" in got:
            raise Wrong(f"On {digits!r} you gave {short(got)}, in which one group is empty.")
        expect(lambda _, got=got: got, (digits,), right, "All digits, in groups of three from the right.")
    expect(lambda digits: listed(call(answer, digits)), ("",), [], "No digits, no groups.")
    return (
        "A group now has the same meaning in every number: the last are ones, then thousands, then millions."
    )


def listed(got: Any) -> Any:
    """An array as a list, anything else as it is."""
    return got.tolist() if isinstance(got, np.ndarray) else got


@exercise("04.glitch")
def glitch(answer: Any) -> str:
    # "ng" is one token, so joining two texts may make a token that neither of them has
    encode = lambda text: [ord(character) - ord("a") for character in text.replace("ng", "{")]
    for first, second in [
        (["abc", "cd"], ["ab", "bbe"]),
        (["a"], ["abcde"]),
        (["dcba"], ["a", "b"]),
        (["ab", "c"], []),
        (["sun", "gas"], ["sun"]),
        (["the quick".replace(" ", "z"), "brown"], ["quiet", "town"]),
    ]:
        tokenizer_ids, model_ids = ({i for text in texts for i in encode(text)} for texts in (first, second))
        right = sorted(tokenizer_ids - model_ids)
        got = call(answer if not callable(answer) else lambda a, b: answer(encode, a, b), first, second)
        shown = f"With tokenizer texts {first} and model texts {second}"
        if same(got, right):
            continue
        got_ids = set(got) if isinstance(got, list | tuple | set) else None
        if got_ids == tokenizer_ids - model_ids:
            raise Wrong(f"{shown} the ids are right; give them as a sorted list, without repeats.")
        if got_ids == model_ids - tokenizer_ids:
            raise Wrong(f"{shown} you gave {short(got)}: what the model saw and the tokenizer did not.")
        if got_ids and got_ids - tokenizer_ids - model_ids:
            raise Wrong(f"{shown} {short(got)} has what no single text uses. Encode each text by itself.")
        if got_ids and got_ids == tokenizer_ids:
            raise Wrong(f"{shown} you gave {short(got)}: now take away what the model's texts use.")
        raise Wrong(f"{shown} expected {right}, but got {short(got)}.")
    return "Whoever filters a text after training the tokenizer should run this."


@exercise("04.best_cut")
def best_cut(answer: Any) -> str:
    by_hand = {"u": -5.0, "n": -5.0, "un": -3.0, "unb": -6.0, "b": -5.0, "e": -4.0, "bel": -3.0, "l": -4.0}
    cases = [("un", by_hand), ("unbel", by_hand), ("bell", by_hand), ("uxn", by_hand), ("x", by_hand)]
    draw = random.Random(4)
    for _ in range(12):
        pieces = {"".join(draw.choices("ab", k=draw.randint(1, 4))) for _ in range(12)} | {"a", "b"}
        scores = {piece: -draw.uniform(1, 9) for piece in sorted(pieces)}
        cases.append(("".join(draw.choices("ab", k=draw.randint(5, 9))), scores))
    for word, scores in cases:
        right, got = brute_force(word, scores), call(answer, word, scores)
        if same(got, right):
            continue
        shown = f"On {word!r} with scores {short(scores, 260)}"
        if right is None:
            raise Wrong(f"{shown} no cut exists: give None, not {short(got)}.")
        if same(got, longest_match(word, scores)):
            raise Wrong(f"{shown} you took the longest match, {short(got)}; {right} has the higher sum.")
        raise Wrong(f"{shown} expected {right}, but got {short(got)}.")
    # 171 parts of 18 letters can be looked up, a few times each; 2**17 cuts take far more than the limit
    pieces = Counted({"a" * n: -1.0 - n * n / 100 for n in range(1, 9)})
    long = call(answer, "a" * 18, pieces)
    if not same(long, ["a" * 6] * 3):
        raise Wrong(f"On 18 times 'a' three pieces of six have the highest sum; you gave {short(long)}.")
    return "That is Unigram's encoder, and Viterbi's algorithm of 1967."


class Counted(dict):
    """Scores that lose patience with whoever looks them up too often."""

    looked_up = 0

    def count(self) -> None:
        self.looked_up += 1
        if self.looked_up > 20_000:
            raise RuntimeError("18 letters, and over 20,000 look-ups: keep the best cut of each beginning")

    def __contains__(self, piece: object) -> bool:
        self.count()
        return super().__contains__(piece)

    def __getitem__(self, piece: str) -> float:
        self.count()
        return super().__getitem__(piece)

    def get(self, piece: str, default: Any = None) -> Any:
        self.count()
        return super().get(piece, default)


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


def longest_match(word: str, scores: dict[str, float]) -> list[str] | None:
    pieces = []
    while word:
        piece = next((word[:n] for n in range(len(word), 0, -1) if word[:n] in scores), None)
        if piece is None:
            return None
        pieces.append(piece)
        word = word[len(piece) :]
    return pieces
