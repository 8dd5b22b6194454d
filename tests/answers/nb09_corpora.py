"""Answers to the exercises of the deeper page 09_corpora."""

import numpy as np

from answers import form, says

# ---- 09.budget ----


def budget_in_a_loop(sizes, weights, most):
    best = float("inf")
    for name, weight in weights.items():
        if weight > 0:
            best = min(best, most * sizes[name] / (weight / sum(weights.values())))
    return best


def budget_with_numpy(sizes, weights, most):
    names = [name for name in sizes if weights.get(name)]
    share = np.array([weights[name] for name in names]) / sum(weights.values())
    return (most * np.array([sizes[name] for name in names]) / share).min()


class Budget:
    def __call__(self, sizes, weights, most):
        return sorted(most * sizes[n] * sum(weights.values()) / w for n, w in weights.items() if w)[0]


def without_normalizing(sizes, weights, most):
    return min(most * sizes[name] / weight for name, weight in weights.items() if weight)


def with_the_largest(sizes, weights, most):
    whole = sum(weights.values())
    return max(most * sizes[name] * whole / weight for name, weight in weights.items() if weight)


def divides_by_zero(sizes, weights, most):
    return min(most * sizes[name] * sum(weights.values()) / weights[name] for name in weights)


def by_position(sizes, weights, most):
    pairs = zip(sizes.values(), weights.values(), strict=True)
    return min(most * size * sum(weights.values()) / weight for size, weight in pairs if weight)


def times_the_weight(sizes, weights, most):
    return min(most * sizes[name] * weight for name, weight in weights.items() if weight)


def eats_weights(sizes, weights, most):
    answer = budget_in_a_loop(sizes, weights, most)
    weights.clear()
    return answer


# ---- 09.overlap ----


def overlap_with_strings(test, training, n):
    def grams(text):
        words = text.lower().split()
        return {" ".join(words[i : i + n]) for i in range(len(words) - n + 1)}

    own, known = grams(test), set()
    for text in training:
        known |= grams(text)
    return len(own & known) / max(1, len(own))


def overlap_with_zip(test, training, n):
    grams = lambda text: set(zip(*(text.lower().split()[i:] for i in range(n)), strict=False))
    own = grams(test)
    found = {gram for text in training for gram in grams(text) if gram in own}
    return np.float64(len(found) / len(own)) if own else 0


class Overlap:
    def __call__(self, test, training, n):
        padded = [" " + " ".join(text.lower().split()) + " " for text in training]
        words = test.lower().split()
        own = {" ".join(words[i : i + n]) for i in range(len(words) - n + 1)}
        return sum(any(f" {gram} " in text for text in padded) for gram in own) / (len(own) or 1)


def variant(lower=True, join=False, unique=True, letters=False, short=0.0, inverse=False):
    def grams(text, n):
        words = text.lower() if lower else text
        words = list(words) if letters else words.split()
        found = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        return set(found) if unique else found

    def answer(test, training, n):
        own = grams(test, n)
        known = set()
        for text in [" ".join(training)] if join else training:
            known |= set(grams(text, n))
        if not own:
            return short
        hits = sum(gram in known for gram in own)
        return hits / (max(1, len(known)) if inverse else len(own))

    return answer


def any_at_all(test, training, n):
    return overlap_with_strings(test, training, n) > 0


def bag_of_words(test, training, n):
    own = set(test.lower().split())
    known = {word for text in training for word in text.lower().split()}
    return len(own & known) / max(1, len(own))


RIGHT = {
    "09.budget": [budget_in_a_loop, budget_with_numpy, Budget()],
    "09.overlap": [overlap_with_strings, overlap_with_zip, Overlap()],
}

WRONG = {
    "09.budget": [
        says(without_normalizing, "need not add up to 1"),
        says(with_the_largest, "used up first"),
        divides_by_zero,
        by_position,
        times_the_weight,
        says(lambda sizes, weights, most: budget_in_a_loop(sizes, weights, 1), "four times"),
        says(lambda sizes, weights, most: sum(sizes.values()) * most, "used up first"),
        lambda sizes, weights, most: int(budget_in_a_loop(sizes, weights, most)) // 10 * 10,
        says(eats_weights, "changed its argument"),
        says(lambda sizes, weights, most: print(budget_in_a_loop(sizes, weights, most)), "`return`?"),
        form(4000, "should be a function"),
    ],
    "09.overlap": [
        says(variant(lower=False), "Capitals"),
        says(variant(join=True), "crosses from one training document"),
        says(variant(unique=False), "counts once"),
        variant(letters=True),
        says(variant(short=1.0), "no n-gram"),
        variant(inverse=True),
        any_at_all,
        says(bag_of_words, "expected"),
        lambda test, training, n: 1 - overlap_with_strings(test, training, n),
        lambda test, training, n: 100 * overlap_with_strings(test, training, n),
        says(lambda test, training, n: overlap_with_strings(test, training, n) or None, "expected"),
        form(0.5, "should be a function"),
    ],
}
