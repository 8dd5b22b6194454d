"""Solutions to the exercises of the deeper page 09_clean_a_corpus."""

from lessons.exercises import check


# 09.groups: each document points towards a smaller one of its group; the first of a group points at itself.
def keep(n, pairs):
    towards = list(range(n))

    def first(i):
        while towards[i] != i:
            i = towards[i]
        return i

    for a, b in pairs:
        low, high = sorted((first(a), first(b)))
        towards[high] = low
    return [i for i in range(n) if towards[i] == i]


# 09.bands: fewer bands have more numbers each, so agreement in one of them is rarer.
def fewest_bands(n, s, wanted):
    for bands in range(1, n + 1):
        if n % bands == 0 and 1 - (1 - s ** (n // bands)) ** bands >= wanted:
            return bands


check("09.groups", keep)
check("09.bands", fewest_bands)
