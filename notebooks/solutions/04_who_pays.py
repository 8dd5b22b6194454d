"""Solution of the exercise in 04_who_pays."""

from lessons.exercises import check


# First leave out the languages that cannot gain. `max` takes the first of equals, so the languages are
# gone through in the order of `tokens`.
def next_merge(pairs, tokens):
    can_gain = [
        language for language in tokens if max(pairs[language].values(), default=0) >= 2
    ]
    if not can_gain:
        return None
    worst = max(can_gain, key=lambda language: tokens[language])
    most = max(pairs[worst].values())
    return worst, min(pair for pair, count in pairs[worst].items() if count == most)


check("04.next_merge", next_merge)
