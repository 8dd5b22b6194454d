"""Answers to the exercises of notebook 04."""

import re

import numpy as np

from answers import form, says

# ---- 04.bytes_per_token ----


def counted_by_hand(string, tokenize):
    n_bytes = 0
    for character in string:
        n_bytes += len(character.encode("utf-8"))
    return np.float64(n_bytes) / sum(1 for _ in tokenize(string))


def mean_of_the_pieces(text, encode):
    return np.mean([len(piece.encode()) for piece in encode(text)])


class Rate:
    def __call__(self, text, encode):
        return len(bytearray(text, "utf8")) / len(encode(text))


# ---- 04.right_to_left ----


def by_recursion(digits):
    return (*by_recursion(digits[:-3]), digits[-3:]) if digits else ()


def by_slices(number):
    groups = []
    while number:
        groups.insert(0, number[-3:])
        number = number[:-3]
    return np.array(groups)


def yielded(s):
    first = len(s) % 3
    if first:
        yield s[:first]
    for start in range(first, len(s), 3):
        yield s[start : start + 3]


def backwards(digits):
    return [group[::-1] for group in re.findall("..?.?", digits[::-1])][::-1]


def empty_group_in_front(digits):
    first = len(digits) % 3
    return [digits[:first], *(digits[i : i + 3] for i in range(first, len(digits), 3))]


def twos(digits):
    first = len(digits) % 2
    return [digits[:first]] * bool(first) + [digits[i : i + 2] for i in range(first, len(digits), 2)]


# ---- 04.letters ----


def in_bytes(ids, vocab, letter):
    text = b""
    for i in ids:
        text += vocab[i]
    return text.count(letter.encode())


def in_text(ids, vocab, letter):
    return np.int64(b"".join(map(vocab.get, ids)).decode(errors="replace").count(letter))


def letter_by_letter(ids, table, letter):
    text = b"".join(table[i] for i in ids).decode("utf-8", errors="ignore")
    return sum(1 for character in text if character == letter)


def token_by_token(ids, vocab, letter):
    return sum(vocab[i].decode(errors="ignore").count(letter) for i in ids)


def first_byte(ids, vocab, letter):
    return b"".join(vocab[i] for i in ids).count(letter.encode()[:1])


def last_byte(ids, vocab, letter):
    return b"".join(vocab[i] for i in ids).count(letter.encode()[-1:])


def strictly(ids, vocab, letter):
    return b"".join(vocab[i] for i in ids).decode().count(letter)


RIGHT = {
    "04.bytes_per_token": [
        lambda text, encode: len(text.encode()) / len(encode(text)),
        counted_by_hand,
        Rate(),
    ],
    "04.right_to_left": [
        lambda digits: [digits[max(0, i - 3) : i] for i in range(len(digits), 0, -3)][::-1],
        lambda d: re.findall(r"\d{1,3}(?=(?:\d{3})*$)", d),
        by_recursion,
        by_slices,
        yielded,
        backwards,
    ],
    "04.letters": [in_bytes, in_text, letter_by_letter],
}

WRONG = {
    "04.bytes_per_token": [
        says(lambda text, encode: len(text) / len(encode(text)), "do not round"),
        says(lambda text, encode: len(encode(text)) / len(text.encode()), "tokens per byte"),
        lambda text, encode: round(len(text.encode()) / len(encode(text)), 3),
        lambda text, encode: len(text.encode()) // len(encode(text)),
        lambda text, encode: len(text.encode("utf-16")) / len(encode(text)),
        lambda text, encode: len(text.encode()) / len(set(encode(text))),
        lambda text, encode: len(text.encode()) / len(text.split()),
        lambda text, encode: f"{len(text.encode()) / len(encode(text))}",
        says(
            lambda text, encode: print(len(text.encode()) / len(encode(text))), "Does it end with `return`?"
        ),
        lambda text, encode: len(text.encode()) / len(encode),
        lambda text, encode: (len(text.encode()) - text.count(" ")) / len(encode(text)),
        says(mean_of_the_pieces, "the space among them"),
        form(2.5, "should be a function"),
    ],
    "04.right_to_left": [
        says(lambda digits: [digits[i : i + 3] for i in range(0, len(digits), 3)], "cut from the left"),
        says(lambda digits: list(by_recursion(digits))[::-1], "in the wrong order"),
        lambda digits: f"{int(digits or 0):,}".split(","),
        says(lambda digits: [int(group) for group in by_recursion(digits)], "should be strings"),
        says(empty_group_in_front, "empty"),
        says(lambda digits: ",".join(by_recursion(digits)), "Give a list"),
        twos,
        lambda digits: list(by_recursion(digits)) or [""],
        says(lambda digits: [g[::-1] for g in by_recursion(digits)], "order of the number"),
        lambda digits: [g for g in by_recursion(digits) if int(g)],
        lambda digits: [digits[:-3], digits[-3:]],
        lambda digits: [digits[-9:-6], digits[-6:-3], digits[-3:]],
        says(lambda digits: print(by_recursion(digits)), "Does it end with `return`?"),
    ],
    "04.letters": [
        says(token_by_token, "join the bytes first"),
        strictly,
        lambda ids, vocab, letter: sum(letter.encode() in vocab[i] for i in ids),
        lambda ids, vocab, letter: sum(vocab[i].count(letter.encode()) for i in ids),
        says(lambda ids, vocab, letter: in_text(set(ids), vocab, letter), "counts again"),
        lambda ids, vocab, letter: in_bytes(ids, vocab, letter) > 0,
        lambda ids, vocab, letter: len([i for i in ids if vocab[i] == letter.encode()]),
        lambda ids, vocab, letter: (
            b"".join(vocab[i] for i in ids).decode(errors="ignore").lower().count(letter)
        ),
        lambda ids, vocab, letter: b"".join(vocab.values()).count(letter.encode()),
        says(first_byte, "The first is è"),
        says(last_byte, "The first is ũ"),
        lambda ids, vocab, letter: b" ".join(vocab[i] for i in ids).count(letter.encode()),
        says(lambda ids, vocab, letter: print(in_bytes(ids, vocab, letter)), "Does it end with `return`?"),
    ],
}
