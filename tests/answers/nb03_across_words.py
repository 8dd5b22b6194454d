"""Answers to the exercise of the page 03_across_words."""

import functools
import re

from answers import endless, form, says


def by_ends(prompt, vocab):
    ends = [prompt[start:] for start in range(len(prompt))]
    return {i for i, token in vocab.items() for end in ends if token.startswith(end) and token != end}


def by_beginnings(data, tokens):
    found = []
    for i in tokens:
        for length in range(1, len(tokens[i])):
            if data[-length:] == tokens[i][:length] and length <= len(data):
                found.append(i)
                break
    return frozenset(found)


class ByRegex:
    def __call__(self, prompt, vocab):
        ends = b"|".join(re.escape(prompt[start:]) for start in range(len(prompt)))
        goes_on = re.compile(b"(?:" + ends + b").", re.DOTALL)
        return {i for i, token in vocab.items() if ends and goes_on.match(token)}


def longest_ends_first(prompt, vocab, least=1):
    ids = set()
    for n in range(len(prompt), least - 1, -1):
        ids |= {i for i, token in vocab.items() if len(token) > n and token[:n] == prompt[-n:]}
    return ids


def whole_prompt_only(prompt, vocab):
    return {i for i, token in vocab.items() if token.startswith(prompt) and token != prompt}


def the_end_itself_too(prompt, vocab):
    ends = [prompt[start:] for start in range(len(prompt))]
    return {i for i, token in vocab.items() for end in ends if token.startswith(end)}


def anywhere_in_the_token(prompt, vocab):
    ends = [prompt[start:] for start in range(len(prompt))]
    return {i for i, token in vocab.items() for end in ends if end in token and not token.endswith(end)}


def last_byte_only(prompt, vocab):
    return {i for i, token in vocab.items() if token[:1] == prompt[-1:] and len(token) > 1}


def empty_end_too(prompt, vocab):
    return by_ends(prompt, vocab) | (set(vocab) if not prompt else set())


def beginnings_of_the_prompt(prompt, vocab):
    starts = [prompt[:end] for end in range(1, len(prompt) + 1)]
    return {i for i, token in vocab.items() for start in starts if token.startswith(start) and token != start}


def tokens_themselves(prompt, vocab):
    return {vocab[i] for i in by_ends(prompt, vocab)}


def as_text(prompt, vocab):
    return by_ends(prompt.decode(), {i: token.decode() for i, token in vocab.items()})


def eats_the_vocabulary(prompt, vocab):
    ids = by_ends(prompt, vocab)
    for i in ids:
        del vocab[i]
    return ids


def for_ever(prompt, vocab):
    while True:
        by_ends(prompt, vocab)


RIGHT = {
    "03.go_on": [by_ends, by_beginnings, ByRegex(), functools.partial(longest_ends_first, least=1)],
}
WRONG = {
    "03.go_on": [
        whole_prompt_only,
        says(the_end_itself_too, "begins with the end"),
        anywhere_in_the_token,
        last_byte_only,
        says(empty_end_too, "no token can have begun"),
        beginnings_of_the_prompt,
        tokens_themselves,
        as_text,
        functools.partial(longest_ends_first, least=2),
        says(eats_the_vocabulary, "changed its argument"),
        says(lambda prompt, vocab: print(by_ends(prompt, vocab)), "`return`"),
        lambda prompt, vocab: len(by_ends(prompt, vocab)),
        endless(for_ever),
        form({0}, "should be a function"),
    ],
}
