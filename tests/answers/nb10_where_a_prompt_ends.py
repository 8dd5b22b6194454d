"""Answers to the exercise of the page 10_where_a_prompt_ends."""

from itertools import accumulate

import numpy as np

from answers import endless, form, says


def from_above(ids, vocab, most=None):
    for n in range(len(ids) - 1 if most is None else most, 0, -1):
        text = b"".join(vocab[i] for i in ids[-n:])
        if any(token.startswith(text) and len(token) > len(text) for token in vocab.values()):
            return n
    return 0


def with_a_set_of_beginnings(prompt, tokens):
    beginnings = {token[:end] for token in tokens.values() for end in range(1, len(token))}
    ends = accumulate((tokens[i] for i in reversed(prompt[1:])), lambda end, token: token + end)
    return max((n for n, end in enumerate(ends, 1) if end in beginnings), default=0)


class Remembers:
    def __call__(self, ids, vocab):
        best, text = np.int64(0), b""
        for n, i in enumerate(ids[:0:-1], 1):
            text = vocab[i] + text
            if [t for t in vocab.values() if t[: len(text)] == text and t[len(text) :]]:
                best = np.int64(n)
        return best


def last_only(ids, vocab):
    return min(1, from_above(ids[-2:], vocab))


def stops_at_the_first_that_fails(ids, vocab):
    n = 0
    while n + 1 < len(ids):
        text = b"".join(vocab[i] for i in ids[-n - 1 :])
        if not any(token.startswith(text) and token != text for token in vocab.values()):
            break
        n += 1
    return n


def smallest(ids, vocab):
    for n in range(1, len(ids)):
        text = b"".join(vocab[i] for i in ids[-n:])
        if any(token.startswith(text) and token != text for token in vocab.values()):
            return n
    return 0


def itself_too(ids, vocab):
    for n in range(len(ids) - 1, 0, -1):
        text = b"".join(vocab[i] for i in ids[-n:])
        if any(token.startswith(text) for token in vocab.values()):
            return n
    return 0


def anywhere(ids, vocab):
    for n in range(len(ids) - 1, 0, -1):
        text = b"".join(vocab[i] for i in ids[-n:])
        if any(text in token and token != text for token in vocab.values()):
            return n
    return 0


def drops_all(ids, vocab):
    return from_above(ids, vocab, most=len(ids))


def keeps_two(ids, vocab):
    return from_above(ids, vocab, most=len(ids) - 2)


def number_of_bytes(ids, vocab):
    n = from_above(ids, vocab)
    return len(b"".join(vocab[i] for i in ids[len(ids) - n :]))


def the_ids(ids, vocab):
    return ids[len(ids) - from_above(ids, vocab) :]


def none_for_zero(ids, vocab):
    return from_above(ids, vocab) or None


def as_text(ids, vocab):
    return from_above(ids, {i: token.decode() for i, token in vocab.items()})


def pops(ids, vocab):
    n = from_above(ids, vocab)
    for _ in range(n):
        ids.pop()
    return n


def for_ever(ids, vocab):
    while True:
        from_above(ids, vocab)


RIGHT = {
    "10.drop": [from_above, with_a_set_of_beginnings, Remembers()],
}
WRONG = {
    "10.drop": [
        says(last_only, "last two tokens"),
        stops_at_the_first_that_fails,
        smallest,
        itself_too,
        anywhere,
        says(drops_all, "has to stay"),
        keeps_two,
        number_of_bytes,
        the_ids,
        none_for_zero,
        as_text,
        says(pops, "changed its argument"),
        says(lambda ids, vocab: print(from_above(ids, vocab)), "`return`"),
        endless(for_ever),
        form(2, "should be a function"),
    ],
}
