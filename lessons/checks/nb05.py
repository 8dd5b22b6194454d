"""The checks of lesson 05."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch

from lessons.exercises import Words, Wrong, call, exercise, rejection, same, short

SEED = 5


@exercise("05.layer")
def layer(answer: Any) -> str:
    for vocab, dim in [
        ({"<|pad|>": 0, "a": 1, "b": 2, "c": 3, "d": 4}, 3),
        ({"a": 0, "b": 1}, 8),
        ({"<|pad|>": 2, "c": 3, "a": 0, "b": 1}, 2),  # the order of a dict says nothing about its ids
        ({"b": 2, "a": 0, "<|pad|>": 1}, 1),
        ({"<|pad|>": 1, "a": 0}, 8),
    ]:
        wanted = Words(f"an nn.Embedding with a table of shape {(len(vocab), dim)}")
        made = call(answer, vocab, dim, expected=wanted)
        if not isinstance(made, torch.nn.Embedding):
            raise rejection((vocab, dim), wanted, made)
        shape = tuple(made.weight.shape)
        if shape != (len(vocab), dim):
            swapped = "The two arguments are swapped." if shape == (dim, len(vocab)) else ""
            raise rejection((vocab, dim), wanted, Words(f"one of shape {shape}"), swapped)
        _demand_padding(vocab, dim, made)
    return "Number of tokens first, dimensions second, and the padding stays out of the way."


def _demand_padding(vocab: dict[str, int], dim: int, made: torch.nn.Embedding) -> None:
    """Reject a table whose rows of zeros, before and after a step on all rows, are not the padding alone."""
    pad = [vocab["<|pad|>"]] if "<|pad|>" in vocab else []
    shown = Words(f"zeros in the rows {pad}") if pad else Words("no row of zeros")
    zeros = lambda: (made.weight == 0).all(dim=1).nonzero().flatten().tolist()
    if (found := zeros()) != pad:
        raise rejection((vocab, dim), shown, Words(f"zeros in the rows {found}"))
    if not made.weight.requires_grad:
        raise rejection((vocab, dim), Words("a table that learns"), Words("one without gradients"))
    made(torch.arange(len(vocab))).sum().backward()
    gradient = made.weight.grad.to_dense()
    with torch.no_grad():
        made.weight -= 0.125 * gradient
    still = gradient.abs().sum(dim=1).eq(0).nonzero().flatten().tolist()
    if still != pad or zeros() != pad:
        wanted = Words(f"gradients for all rows but {pad}" if pad else "a gradient for each row")
        hint = "Zeros alone do not stay: the layer must know which row is padding." if pad else ""
        raise rejection((vocab, dim), wanted, Words(f"none for the rows {still}"), hint)


@exercise("05.gradient")
def gradient(answer: Any) -> str:
    draw = np.random.default_rng(SEED)
    once = np.array([2, 0]), np.array([[1.0, 2.0], [3.0, 4.0]]), 4
    twice = np.array([1, 1]), np.array([[1.0, 2.0], [10.0, 20.0]]), 2
    cases = [once, twice, (np.array([1, 3, 1, 1, 0]), draw.normal(size=(5, 3)).round(1), 6)]
    cases += [(draw.integers(9, size=40), draw.normal(size=(40, 2)).round(1), 11), once]
    for ids, upstream, n_tokens in cases:
        right = np.zeros((n_tokens, upstream.shape[1]))
        for i, row in zip(ids, upstream, strict=True):
            right[i] += row
        got = call(answer, ids, upstream, n_tokens, expected=short(right))
        if not same(got, right):
            raise rejection((ids, upstream, n_tokens), right, got, _about_gradient(got, ids, upstream, right))
    return "That is what autograd does in the backward pass of a lookup."


def _about_gradient(got: Any, ids: np.ndarray, upstream: np.ndarray, right: np.ndarray) -> str:
    if got is None:
        return ""
    last = np.zeros_like(right)
    last[ids] = upstream
    if np.shape(got) != right.shape:
        return f"It should have the shape of the table, {right.shape}."
    if same(got, last):
        return "Only the last gradient of a repeated token arrived: they must add up."
    times = np.maximum(np.bincount(ids, minlength=len(right)), 1)[:, None]
    if same(got, right / times):
        return "Repeated tokens add up; this is their average."
    if same(got, -right):
        return "The sign: give the gradient itself, not the step against it."
    return "Row t is the sum of all upstream[i] where ids[i] is t, and zero where there is none."


@exercise("05.precision")
def precision(answer: Any) -> str:
    for n, (vectors, labels, k) in enumerate(_cases()):
        given = f"vectors {short(vectors)}, labels {labels}, k={k}"
        if len(vectors) > 7:
            given = f"{len(vectors)} random vectors of {vectors.shape[1]} numbers, labels {labels}, k={k}"
        right = _right(n)
        got = call(answer, vectors, labels, k, expected=right, given=given)
        if not same(got, right):
            raise rejection(given, right, got, _about_precision(answer, got))
    return "Now put a score beside every picture."


@cache
def _cases() -> list[tuple[np.ndarray, list, int]]:
    draw = np.random.default_rng(SEED)
    # Long vectors along one axis: distances and dot products rank otherwise than cosines.
    direction = np.array([[1, 0.1], [1, 0], [0.9, 0.2], [0, 1], [0.1, 1], [0.2, 0.9]])
    vectors = direction * np.array([[1], [50], [1], [1], [50], [1]])
    cases = [(vectors, ["a", "a", "a", "b", "b", "b"], k) for k in (2, 1)]
    for n, dim, k in [(7, 2, 1), (7, 2, 3), (30, 3, 4), (12, 3, 11), (40, 5, 1)]:
        lengths = draw.uniform(0.1, 9, (n, 1))
        vectors = (draw.normal(size=(n, dim)) * lengths).round(1) + 0.05  # so that none is all zeros
        cases.append((vectors, draw.choice([0, 0, 0, 1, 2], n).tolist(), k))
    return cases


@cache
def _right(n: int) -> float:
    return float(_shares(*_cases()[n]).mean())


def _cosines(a: np.ndarray, b: np.ndarray) -> float:
    return a @ b / math.sqrt(a @ a) / math.sqrt(b @ b)


def _shares(
    vectors: np.ndarray, labels: list, k: int, closeness: Callable = _cosines, itself: bool = False
) -> np.ndarray:
    """The share of its own label among the k nearest of each vector, by brute force."""
    shares = []
    for i, vector in enumerate(vectors):
        others = [j for j in range(len(vectors)) if itself or j != i]
        nearest = sorted(others, key=lambda j: -closeness(vector, vectors[j]))[:k]
        shares.append(sum(labels[j] == labels[i] for j in nearest) / k)
    return np.array(shares)


def _about_precision(answer: Any, got: Any) -> str:
    """What is known of the mistake that explains the answers to all cases."""
    if got is None:
        return ""
    fitting, hints = set(range(99)), []
    for n, (vectors, labels, k) in enumerate(_cases()):
        values, hints = zip(*_mistakes(n), strict=True)
        try:
            found = call(answer, vectors, labels, k)
        except Wrong:
            return ""
        fitting &= {n for n, value in enumerate(values) if same(found, float(value))}
    return (
        hints[min(fitting)] if fitting else "Average over all vectors and all k neighbours, itself left out."
    )


@cache
def _mistakes(n: int) -> list[tuple[float, str]]:
    """(the value that a mistake gives in case number `n`, a hint)"""
    vectors, labels, k = _cases()[n]
    distance = lambda a, b: -math.dist(a, b)
    shares = _shares(vectors, labels, k)
    per_label = np.mean([shares[np.array(labels) == label].mean() for label in set(labels)])
    return [
        (_shares(vectors, labels, k, itself=True).mean(), "Each vector counts itself."),
        (_shares(vectors, labels, k, distance).mean(), "These are the nearest by distance, not by cosine."),
        (_shares(vectors, labels, k, np.dot).mean(), "That is the dot product: lengths must not count."),
        (_shares(vectors, labels, k, lambda a, b: -_cosines(a, b)).mean(), "Those are the farthest."),
        (_shares(vectors, labels, 1).mean(), "Look at all k neighbours, not at the first alone."),
        ((shares > 0).mean(), "Count the share of the k, not whether there is one."),
        (shares.sum(), "Average over all vectors."),
        (shares.mean() * k, "Divide by k too."),
        (100 * shares.mean(), "Give a share from 0 to 1."),
        (per_label, "Average over all vectors, not label by label."),
        *((round(shares.mean(), digits), "Do not round it.") for digits in (2, 3, 4)),
    ]
