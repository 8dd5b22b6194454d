"""Checks of the exercises in 04_tokenizer_tradeoffs."""

from typing import Any

from lessons.exercises import call, exercise, expect, rejection, same


@exercise("04.bytes_per_token")
def bytes_per_token(answer: Any) -> str:
    halves = lambda text: [text[: len(text) // 2], text[len(text) // 2 :]]
    for text, encode, hint in [
        ("umbrella", list, "In ASCII a character is a byte."),
        ("a peg", halves, "Five bytes in two tokens."),
        ("été", list, "Five bytes, as é has two in UTF-8, in three tokens; do not round."),
        ("傘", list, "Bytes, not characters: this one has three."),
        ("हरा छाता", str.split, "22 bytes, the space among them, in two tokens."),
        ("no no no", str.split, "A token that comes again counts again."),
    ]:
        right, given = len(text.encode()) / len(encode(text)), f"{text!r}, cut into {encode(text)},"
        got = call(answer, text, encode, expected=right, given=given)
        if same(got, 1 / right) and not same(got, right):
            hint = "Those are tokens per byte."
        if not same(got, right):
            raise rejection(given, right, got, hint)
    return "With characters instead of bytes no two languages could be compared."


@exercise("04.right_to_left")
def right_to_left(answer: Any) -> str:
    cases = ["1234567", "123456", "12345", "1000", "999", "42", "7", "0012", "000", "1234567890" * 3, ""]
    for digits in cases:
        right = [digits[max(0, end - 3) : end] for end in range(len(digits), 0, -3)][::-1]
        got = call(answer, digits, expected=right)
        if not same(got, right):
            raise rejection((digits,), right, got, _about_groups(digits, got, right))
    return (
        "A group now has the same meaning in each number: the last are ones, then thousands, then millions."
    )


def _about_groups(digits: str, got: Any, right: list[str]) -> str:
    if not digits:
        return "No digits, no groups."
    if same(got, [digits[i : i + 3] for i in range(0, len(digits), 3)]):
        return "You cut from the left; the last group must be full."
    if same(got, right[::-1]):
        return "The groups are right, in the wrong order."
    if isinstance(got, str):
        return "Give a list of groups."
    groups = list(got) if hasattr(got, "__iter__") else []
    if not all(isinstance(group, str) for group in groups):
        return "The groups should be strings, as 0 may come first."
    if "" in groups:
        return "One group is empty."
    if same(got, [group[::-1] for group in right[::-1]]) or same(got, [group[::-1] for group in right]):
        return "Inside a group the digits stand in the order of the number."
    return "All digits, in groups of three from the right."


@exercise("04.letters")
def letters(answer: Any) -> str:
    pieces = [b"e", b"v", b"ery", b"where", b"E", b"very", b"\xc3", b"\xa9", b"\xc3\xa9t", b" ", b"\xe0\xa4"]
    pieces += [b"\x9b", b"\xe0", b"\xa4\x9b", b"-", b"\xa8", b"\xc5"]
    vocab = {i + 40: piece for i, piece in enumerate(pieces)}  # an id is no place in a list
    for tokens, letter, hint in [
        ([b"e", b"v", b"ery", b"where"], "e", "A token may hold the letter twice: `where` does."),
        ([b"e", b"v", b"ery", b"where"], "w", ""),
        ([b"E", b"very", b"where"], "e", "`E` is another letter."),
        ([b"e", b"e", b"-", b"e"], "e", "A token that comes again counts again."),
        ([b"\xc3\xa9t", b"\xc3", b"\xa9"], "é", "The second é lies in two tokens: join the bytes first."),
        ([b"\xe0\xa4", b"\x9b", b" ", b"\xe0", b"\xa4\x9b"], "छ", "Join the bytes first."),
        ([b"\xc3", b"\xa8", b"\xc3", b"\xa9"], "é", "The first is è, with only one byte of é."),
        ([b"\xc5", b"\xa9", b"\xc3", b"\xa9"], "é", "The first is ũ, with only one byte of é."),
        ([b"e", b"\xc3", b"\xa9"], "e", "An é is no e."),
        ([b"e", b"v", b"\xc3"], "e", "The text may end in the middle of a character."),
        ([b"v", b"ery"], "x", "The letter is not there."),
        ([], "e", "No ids, no letters."),
    ]:
        ids = [40 + pieces.index(piece) for piece in tokens]
        right = b"".join(tokens).count(letter.encode())
        given = f"ids {ids}, whose bytes are {tokens}, and the letter {letter!r},"
        expect(answer, (ids, vocab, letter), right, hint, given)
    return "A model has to learn what you have just looked up."
