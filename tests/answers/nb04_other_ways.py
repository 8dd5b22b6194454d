"""Answers to the exercises of deeper/04_other_ways."""

import functools
import heapq
import itertools
import math

import numpy as np

from answers import endless, says

# ---- 04.glitch ----


def in_loops(encode, tokenizer_texts, model_texts):
    found = []
    seen = [i for text in model_texts for i in encode(text)]
    for text in tokenizer_texts:
        for i in encode(text):
            if i not in seen and i not in found:
                found.append(i)
    found.sort()
    return tuple(found)


def in_numpy(enc, a, b):
    first, second = ([i for text in texts for i in enc(text)] for texts in (a, b))
    return np.setdiff1d(first, second)


def yields_ids(encode, tokenizer_texts, model_texts):
    seen = set().union(*map(encode, model_texts))
    yield from sorted(set().union(*map(encode, tokenizer_texts)) - seen)


def ids_of(encode, texts):
    return {i for text in texts for i in encode(text)}


def joined(encode, a, b, joint=""):
    return sorted(set(encode(joint.join(a))) - set(encode(joint.join(b))))


def with_repeats(encode, a, b):
    return sorted(i for text in a for i in encode(text) if i not in ids_of(encode, b))


def text_by_text(encode, a, b):
    return sorted({i for x, y in zip(a, b, strict=False) for i in set(encode(x)) - set(encode(y))})


def rarer(encode, a, b):
    count = lambda texts, i: sum(encode(text).count(i) for text in texts)
    return sorted(i for i in ids_of(encode, a) if count(a, i) > count(b, i))


def eats_the_texts(encode, a, b):
    seen = set()
    while b:
        seen |= set(encode(b.pop()))
    return sorted(ids_of(encode, a) - seen)


# ---- 04.best_cut ----


def forwards(word, scores):
    best = {0: (0.0, ())}
    for start in range(len(word)):
        if start not in best:
            continue
        total, cut = best[start]
        for end in range(start + 1, len(word) + 1):
            piece = word[start:end]
            if piece in scores and (end not in best or total + scores[piece] > best[end][0]):
                best[end] = total + scores[piece], (*cut, piece)
    return best[len(word)][1] if len(word) in best else None


def with_a_cache(w, pieces):
    @functools.cache
    def best(start):
        if start == len(w):
            return 0.0, []
        found = [
            (pieces[w[start:end]] + best(end)[0], [w[start:end], *best(end)[1]])
            for end in range(start + 1, len(w) + 1)
            if w[start:end] in pieces and best(end)
        ]
        return max(found, key=lambda f: f[0], default=None)

    found = best(0)
    return found and found[1]


def shortest_path(word, scores):
    heap, done = [(0.0, 0, [])], set()
    while heap:
        cost, at, cut = heapq.heappop(heap)
        if at == len(word):
            return np.array(cut)
        if at in done:
            continue
        done.add(at)
        for piece, score in scores.items():
            if word.startswith(piece, at):
                heapq.heappush(heap, (cost - score, at + len(piece), [*cut, piece]))
    return None


def in_numpy_arrays(word, scores):
    total, back = np.full(len(word) + 1, -np.inf), np.zeros(len(word) + 1, int)
    total[0] = 0
    for end in range(1, len(word) + 1):
        options = [total[s] + scores.get(word[s:end], -np.inf) for s in range(end)]
        back[end] = np.argmax(options)
        total[end] = options[back[end]]
    if not np.isfinite(total[-1]):
        return None
    ends = [len(word)]
    while ends[-1]:
        ends.append(int(back[ends[-1]]))
    return (word[a:b] for a, b in itertools.pairwise(ends[::-1]))


def longest_first(word, scores):
    pieces = []
    while word:
        fits = [n for n in range(1, len(word) + 1) if word[:n] in scores]
        if not fits:
            return None
        pieces.append(word[: fits[-1]])
        word = word[fits[-1] :]
    return pieces


def highest_first(word, scores):
    pieces = []
    while word:
        fits = [piece for piece in scores if word.startswith(piece)]
        if not fits:
            return None
        pieces.append(max(fits, key=scores.get))
        word = word[len(pieces[-1]) :]
    return pieces


def all_cuts(word, scores, better=lambda cut, scores: sum(scores[p] for p in cut), none=None):
    """Every cut, by recursion."""
    if not word:
        return []
    cuts = []
    for n in range(1, len(word) + 1):
        if word[:n] in scores:
            rest = all_cuts(word[n:], scores, better)
            if rest is not None:
                cuts.append([word[:n], *rest])
    return max(cuts, key=lambda cut: better(cut, scores), default=none)


def all_cuts_of_a_copy(word, scores):
    return all_cuts(word, dict(scores))


def all_cuts_by_items(word, scores):
    best, total = None, -math.inf
    for piece, score in scores.items():
        if word == piece:
            rest, value = [], score
        elif word.startswith(piece):
            rest = all_cuts_by_items(word[len(piece) :], scores)
            if rest is None:
                continue
            value = score + sum(dict(scores.items())[p] for p in rest)
        else:
            continue
        if value > total:
            best, total = [piece, *rest], value
    return best


def all_cuts_by_masks(word, scores):
    cuts = []
    for mask in itertools.product((0, 1), repeat=len(word) - 1):
        ends = [0, *(i + 1 for i, cut in enumerate(mask) if cut), len(word)]
        cuts.append([word[a:b] for a, b in itertools.pairwise(ends)])
    known = [cut for cut in cuts if all(piece in scores for piece in cut)]
    return max(known, key=lambda cut: sum(map(scores.get, cut)), default=None)


def all_cuts_as_a_generator(word, scores):
    cut = all_cuts(word, scores)
    return None if cut is None else iter(cut)


def only_short_pieces(word, scores):
    return forwards(word, {p: s for p, s in scores.items() if len(p) <= 4})


def whole_word_first(word, scores):
    return [word] if word in scores else forwards(word, scores)


def starts_at_minus_100(word, scores):
    best = [(0.0, [])] + [(-100.0, None)] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end):
            piece = word[start:end]
            if piece in scores and best[start][1] is not None:
                best[end] = max(best[end], (best[start][0] + scores[piece], [*best[start][1], piece]))
    return best[-1][1]


def with_the_sum(word, scores):
    cut = forwards(word, scores)
    return cut and (list(cut), sum(scores[p] for p in cut))


def prints(word, scores):
    print(forwards(word, scores))


def loops(word, scores):
    while True:
        pass


RIGHT = {
    "04.glitch": [
        lambda encode, a, b: sorted(ids_of(encode, a) - ids_of(encode, b)),
        in_loops,
        in_numpy,
        yields_ids,
    ],
    "04.best_cut": [forwards, with_a_cache, shortest_path, in_numpy_arrays],
}

WRONG = {
    "04.glitch": [
        says(lambda encode, a, b: ids_of(encode, a) - ids_of(encode, b), "sorted"),
        says(lambda encode, a, b: sorted(ids_of(encode, a) - ids_of(encode, b))[::-1], "sorted"),
        says(lambda encode, a, b: sorted(ids_of(encode, a) - ids_of(encode, b), key=str), "by number"),
        says(with_repeats, "without repeats"),
        says(lambda encode, a, b: sorted(ids_of(encode, b) - ids_of(encode, a)), "the tokenizer did not"),
        says(lambda encode, a, b: sorted(ids_of(encode, b) ^ ids_of(encode, a)), "only the model's"),
        says(lambda encode, a, b: sorted(ids_of(encode, a)), "take away"),
        says(lambda encode, a, b: sorted(ids_of(encode, a) & ids_of(encode, b)), "both use"),
        joined,
        lambda encode, a, b: joined(encode, a, b, " "),
        text_by_text,
        rarer,
        lambda encode, a, b: sorted(set(encode(a[0])) - set(encode(b[0]))),
        lambda encode, a, b: len(ids_of(encode, a) - ids_of(encode, b)),
        lambda encode, a, b: [chr(i + 97) for i in sorted(ids_of(encode, a) - ids_of(encode, b))],
        eats_the_texts,
    ],
    "04.best_cut": [
        says(longest_first, "which is more"),
        highest_first,
        says(all_cuts, "times as many"),
        says(all_cuts_of_a_copy, "times as many"),
        says(all_cuts_by_items, "times as many"),
        says(all_cuts_by_masks, "times as many"),
        says(all_cuts_as_a_generator, "times as many"),
        lambda word, scores: all_cuts(word, scores, lambda cut, _: -len(cut)),
        lambda word, scores: all_cuts(word, scores, lambda cut, s: sum(s[p] for p in cut) / len(cut)),
        lambda word, scores: all_cuts(word, scores, lambda cut, s: math.prod(s[p] for p in cut)),
        lambda word, scores: all_cuts(word, scores, lambda cut, s: -sum(s[p] for p in cut)),
        says(lambda word, scores: list(forwards(word, scores) or []), "give None"),
        lambda word, scores: list(forwards(word, scores) or [word]),
        only_short_pieces,
        whole_word_first,
        starts_at_minus_100,
        with_the_sum,
        says(lambda word, scores: "".join(f"{p} " for p in forwards(word, scores) or []), "pieces alone"),
        lambda word, scores: [p for p in scores if p in word],
        says(prints, "Does it end with `return`?"),
        endless(loops),
    ],
}
