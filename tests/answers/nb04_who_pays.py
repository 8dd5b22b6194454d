"""Answers to the exercise of the page 04_who_pays."""

from answers import endless, form, says


def by_lists(pairs, tokens):
    able = [language for language in tokens if max(pairs[language].values(), default=0) >= 2]
    if able:
        worst = max(able, key=lambda language: tokens[language])
        most = max(pairs[worst].values())
        return worst, min(pair for pair, count in pairs[worst].items() if count == most)
    return None


def by_sorting(counts, needs):
    for language in sorted(needs, key=needs.get, reverse=True):  # stable, also when reversed
        ordered = sorted(counts[language].items(), key=lambda item: (-item[1], item[0]))
        if ordered and ordered[0][1] > 1:
            return [language, ordered[0][0]]


class ByCandidates:
    def __call__(self, pairs, tokens):
        order = list(tokens)
        found = [
            (-tokens[language], order.index(language), -count, pair)
            for language in tokens
            for pair, count in pairs[language].items()
            if count >= 2
        ]
        if not found:
            return None
        _, place, _, pair = min(found)
        return order[place], pair


def the_worst_only(pairs, tokens):
    worst = max(tokens, key=tokens.get)
    counts = pairs[worst]
    if max(counts.values(), default=0) < 2:
        return None
    return worst, min(counts, key=lambda pair: (-counts[pair], pair))


def once_is_enough(pairs, tokens, least=1):
    able = [language for language in tokens if max(pairs[language].values(), default=0) >= least]
    if not able:
        return None
    worst = max(able, key=tokens.get)
    counts = pairs[worst]
    return worst, min(counts, key=lambda pair: (-counts[pair], pair))


def thrice(pairs, tokens):
    return once_is_enough(pairs, tokens, least=3)


def no_default(pairs, tokens):
    able = [language for language in tokens if max(pairs[language].values()) >= 2]
    return by_lists({language: pairs[language] for language in able}, {n: tokens[n] for n in able})


def first_of_equal_pairs(pairs, tokens):
    found = by_lists(pairs, tokens)
    return found and (found[0], max(pairs[found[0]], key=pairs[found[0]].get))


def largest_of_equal_pairs(pairs, tokens):
    found = by_lists(pairs, tokens)
    return found and (found[0], max(pairs[found[0]], key=lambda pair: (pairs[found[0]][pair], pair)))


def order_of_pairs(pairs, tokens):
    return by_lists(pairs, {language: tokens[language] for language in pairs})


def last_of_equal_languages(pairs, tokens):
    return by_lists(pairs, {language: tokens[language] for language in reversed(tokens)})


def best_off(pairs, tokens):
    return by_lists(pairs, {language: -n for language, n in tokens.items()})


def most_frequent_of_all(pairs, tokens):
    found = [(-count, pair, name) for name in tokens for pair, count in pairs[name].items() if count >= 2]
    return (min(found)[2], min(found)[1]) if found else None


def with_the_count(pairs, tokens):
    found = by_lists(pairs, tokens)
    return found and (*found, pairs[found[0]][found[1]])


def only_the_pair(pairs, tokens):
    found = by_lists(pairs, tokens)
    return found and found[1]


def removes_those_that_cannot(pairs, tokens):
    for language in list(tokens):
        if max(pairs[language].values(), default=0) < 2:
            del tokens[language]
    return by_lists(pairs, tokens)


def raises_at_the_end(pairs, tokens):
    found = by_lists(pairs, tokens)
    if found is None:
        raise ValueError("no pair is left")
    return found


def waits_for_the_worst(pairs, tokens):
    while True:
        if found := by_lists(pairs, {}):
            return found


RIGHT = {
    "04.next_merge": [by_lists, by_sorting, ByCandidates()],
}
WRONG = {
    "04.next_merge": [
        says(the_worst_only, "gains nothing"),
        says(once_is_enough, "gains nothing"),
        thrice,
        no_default,
        first_of_equal_pairs,
        says(largest_of_equal_pairs, "smallest pair"),
        says(order_of_pairs, "not in pairs"),
        last_of_equal_languages,
        best_off,
        most_frequent_of_all,
        with_the_count,
        only_the_pair,
        raises_at_the_end,
        says(removes_those_that_cannot, "changed its argument"),
        says(lambda pairs, tokens: print(by_lists(pairs, tokens)), "`return`"),
        endless(waits_for_the_worst),
        form(("el", (1, 2)), "should be a function"),
    ],
}
