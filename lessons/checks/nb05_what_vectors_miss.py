"""The checks of deeper/05_what_vectors_miss."""

from functools import cache, partial
from itertools import combinations
from typing import Any

import numpy as np

from lessons.exercises import call, exercise, rejection, same

SEED = 5


@exercise("05.analogy")
def analogy(answer: Any) -> str:
    questions, answers = _questions(), []
    for vectors, vocab, question in questions:
        answers.append(call(answer, vectors, vocab, *question, expected=_word(vectors, vocab, question)))
        if not isinstance(answers[-1], str):
            break  # None, an id: one is enough
    for n, (vectors, vocab, question) in enumerate(questions[: len(answers)]):
        right = _word(vectors, vocab, question)
        if not same(answers[n], right):
            args = vectors, vocab, *question
            raise rejection(args, right, answers[n], _about_analogy(answers, questions, n))
    return "Count the misses too."


def _word(
    vectors: np.ndarray,
    vocab: dict[str, int],
    question: tuple,
    signs: tuple = (-1, 1, 1),
    left_out: tuple = (0, 1, 2),
    rows: bool = True,  # whether the rows of all words have length 1
    parts: bool = True,  # whether those of the question have
    zero: bool = False,  # whether the cosines of the question are set to 0
) -> str:
    """The answer to a, b, c by the usual rule; by other arguments, the answer that a mistake gives."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    three = (unit if parts else vectors)[[vocab[word] for word in question]]
    products = (unit if rows else vectors) @ (np.array(signs) @ three)
    scores = {word: 0.0 if zero and word in question else products[i] for word, i in vocab.items()}
    skipped = {question[i] for i in left_out}
    return max((word for word in scores if word not in skipped), key=scores.get)


def _by_order(vectors: np.ndarray, vocab: dict[str, int], question: tuple) -> str:
    return list(vocab)[vocab[_word(vectors, vocab, question)]]


MISTAKES = [
    (_by_order, "The ids need not be in the order of the dict: search the vocabulary for the id."),
    *(
        (partial(_word, left_out=n), "Leave out all three.")
        for k in range(3)
        for n in combinations(range(3), k)
    ),
    (partial(_word, zero=True, left_out=()), "A cosine of 0 leaves no word out: the others may be below 0."),
    (partial(_word, rows=False, parts=False), "Scale each vector to length 1 first."),
    (partial(_word, parts=False), "Scale each vector to length 1 before you add and subtract."),
    (partial(_word, rows=False), "Scale the rows of the other words too, else the longest wins."),
    (partial(_word, signs=(0, 0, 1)), "That is the nearest neighbour of c."),
    (partial(_word, signs=(1, -1, 1)), "That is a - b + c."),
    (partial(_word, signs=(1, 1, -1)), "That is a + b - c."),
    (partial(_word, signs=(1, -1, -1)), "That is the farthest."),
]


@cache
def _questions() -> list[tuple[np.ndarray, dict[str, int], tuple[str, ...]]]:
    """Tables and questions in which each of the mistakes shows 6 times, and no rounding decides."""
    draw, found, questions = np.random.default_rng(SEED), [0] * len(MISTAKES), []
    words = ["man", "woman", "king", "queen", "apple", "prince"]
    while min(found) < 6:
        vocab = {word: int(i) for word, i in zip(words, draw.permutation(6), strict=True)}
        vectors = (draw.normal(size=(6, 2)) * draw.uniform(0.3, 5, (6, 1))).round(1) + 0.05
        question = tuple(draw.permutation(words)[:3].tolist())
        right = _word(vectors, vocab, question)
        nearly = (vectors * (1 + draw.normal(0, 0.02, (6, 2))) for _ in range(20))
        shown = [mistake(vectors, vocab, question) != right for mistake, _ in MISTAKES]
        wanted = [seen and n < 6 for seen, n in zip(shown, found, strict=True)]
        if any(wanted) and all(_word(v, vocab, question) == right for v in nearly):
            found = [n + seen for n, seen in zip(found, shown, strict=True)]
            questions.append((vectors, vocab, question))
    return questions


def _about_analogy(answers: list, questions: list, n: int) -> str:
    """What is known of the mistake that gives all these answers, or of the one that shows in number `n`."""
    if answers[-1] is None:
        return ""
    if not isinstance(answers[-1], str):
        return "Give the word alone, not its id: search the vocabulary for the id."
    seen = lambda words: [word in q[2] or word for word, q in zip(words, questions, strict=True)]
    for mistake, hint in MISTAKES:
        if seen(answers) == seen([mistake(*question) for question in questions]):
            return hint
    return "Leave out all three." if answers[n] in questions[n][2] else RULE


RULE = "Scale the three to length 1, take b - a + c, and then the highest cosine."
