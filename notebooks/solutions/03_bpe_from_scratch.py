"""Solutions of the exercises in 03_bpe_from_scratch."""

from lessons.exercises import check

# `alphabet` holds characters, not bytes. Beyond chr(255) there is no entry; from chr(128) to chr(255) there
# is one, but UTF-8 writes these characters with two bytes. Only below 128 are the two the same.
answer = ("忘れ物", "Zoë")

check("03.breaks", answer)


# The right ids, in a slow but simple way: apply each merge in the order learned, wherever it fits.
def right_ids(ids, ranks):
    for pair in sorted(ranks, key=ranks.get):
        at = 0
        while at < len(ids) - 1:
            if (ids[at], ids[at + 1]) == pair:
                ids = [*ids[:at], ranks[pair], *ids[at + 2 :]]
            at += 1
    return ids


# Each list catches one kind of error. [2, 3, 1, 2]: merges from left to right. [1, 2, 3]: takes the longest
# match, or the pair that was learned last. The lists with repeated ids: merges a pair only once.
def is_by_rank(encode):
    ranks = {(1, 2): 256, (3, 1): 257, (2, 3): 258, (258, 257): 259}
    tries = [
        [],
        [1],
        [1, 2],
        [1, 2, 3],
        [3, 1, 2],
        [2, 3, 1, 2],
        [1, 2, 1, 2, 1, 2],
        [2, 3, 3, 1],
    ]
    more = {(1, 1): 256, (256, 256): 257}
    cases = [(ids, ranks) for ids in tries] + [([1] * n, more) for n in range(9)]
    return all(
        list(encode(list(ids), dict(r))) == right_ids(ids, r) for ids, r in cases
    )


check("03.is_by_rank", is_by_rank)


# Each token that ends at a place adds the number of spellings of the bytes before it. There is one way to
# spell no bytes: with no tokens.
def spellings(data, vocab):
    tokens = set(vocab.values())
    longest = max(map(len, tokens))
    ways = [1]
    for end in range(1, len(data) + 1):
        starts = range(max(0, end - longest), end)
        ways.append(sum(ways[start] for start in starts if data[start:end] in tokens))
    return ways[-1]


check("03.spellings", spellings)
