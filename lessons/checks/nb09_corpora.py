"""The checks of the deeper page 09_corpora."""

from collections.abc import Callable, Mapping

from lessons.exercises import exercise, expect


@exercise("09.budget")
def budget(answer: Callable) -> str:
    for args, hint in [
        (({"web": 1000}, {"web": 1}, 4), "One source, read four times."),
        (({"web": 1000, "books": 100}, {"web": 0.5, "books": 0.5}, 1), "The books are used up first."),
        (({"web": 1000, "books": 100}, {"web": 0.95, "books": 0.05}, 1), "Here the web is used up first."),
        (({"web": 1000, "books": 100}, {"web": 0.5, "books": 0.5}, 4), "Each source may be read four times."),
        (({"web": 1000, "books": 100}, {"web": 3, "books": 1}, 1), "Weights need not add up to 1."),
        (
            ({"web": 1000, "code": 5, "books": 90}, {"books": 0.25, "web": 0.75, "code": 0}, 2),
            "A weight may be 0.",
        ),
        (({"b": 60, "a": 10}, {"a": 0.2, "b": 0.8}, 1), "The two dicts may have another order."),
        (({"web": 1000, "books": 100}, {"web": 0.9, "books": 0.1}, 2.45), "`most` may be a fraction."),
        (({"a": 7, "b": 0}, {"a": 0.5, "b": 0.5}, 3), "A source without words allows none at all."),
    ]:
        expect(answer, args, _budget(*args), hint)
    return "The smallest source with a large weight decides."


def _budget(sizes: Mapping[str, int], weights: Mapping[str, float], most: float) -> float:
    whole = sum(weights.values())
    return min(most * sizes[name] * whole / weight for name, weight in weights.items() if weight)


@exercise("09.overlap")
def overlap(answer: Callable) -> str:
    for args, hint in [
        (("a b c d", ["a b c d"], 2), "All of its pairs are there."),
        (("a b c d", ["x a b y", "z"], 2), "One of three pairs is there."),
        (("a b c d", ["d c b a"], 2), "The order of the words counts."),
        (("a b c d", ["a b", "c d"], 2), "b c crosses from one training document to the next: no match."),
        (("A b", ["a B"], 2), "Capitals do not count."),
        (("a  b\nc", ["a b c"], 3), "Any white space parts words."),
        (("a b a b c", ["a b"], 2), "A pair that comes twice in the test document counts once: 1 of 3."),
        (("a b", ["a b a b", "a b"], 2), "That it comes three times in training changes nothing."),
        (("a b", ["a b"], 3), "Fewer than n words: there is no n-gram, so the share is 0."),
        (("", ["a"], 1), "An empty document has no n-gram."),
        (("a bc", ["ab c"], 2), "Words, not letters."),
        (("a b c", [], 1), "Without training text nothing is found."),
        (("one two three four five", ["zero one two three", "three four five six"], 3), "Two of three."),
    ]:
        expect(answer, args, _overlap(*args), hint)
    return "Near 1 it is a copy; a little above 0 it is often only a phrase that everybody writes."


def _overlap(test: str, training: list[str], n: int) -> float:
    own = _grams(test, n)
    found = own & set().union(*(_grams(text, n) for text in training))
    return len(found) / len(own) if own else 0.0


def _grams(text: str, n: int) -> set[tuple]:
    words = text.lower().split()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}
