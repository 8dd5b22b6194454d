"""Solutions to the exercises of deeper/06_longer_texts. Try them yourself first."""

import math

from lessons.exercises import check


# A pair turns by base^(-2i / dim) radians at each step; a full turn is 2 pi radians.
# Of the 64 pairs of the question, 50 to 63 do not come round within 8,192 tokens at base 10,000. At base
# 500,000 these are pairs 35 to 63.
def wavelength(pair, dim, base=10_000.0):
    return 2 * math.pi * base ** (2 * pair / dim)


check("06.wavelength", wavelength)


# A geometric sequence whose first term is its ratio, and whose last term is 2^-8.
def slopes(n_heads):
    return [2 ** (-8 * i / n_heads) for i in range(1, n_heads + 1)]


check("06.alibi_slopes", slopes)
