"""Solutions of the exercises in 02_regex_tokenization."""

import regex

from helpers.words import MARK, WORD, WordTokenizer
from lessons.exercises import check


# Compare both character by character. If one is longer, the loss is where the shorter one ends.
def first_loss(split, text):
    joined = "".join(split(text))
    for i, (before, after) in enumerate(zip(text, joined, strict=False)):
        if before != after:
            return i
    return None if text == joined else min(len(text), len(joined))


check("02.first_loss", first_loss)

# The rule for addresses stands first, because a regex takes the first alternative that fits. Each side of the
# @ is one or more runs of \w, joined by single points or hyphens.
side = r"\w+(?:[.-]\w+)*"
answer = rf"{side}@{side}|{WORD}|{MARK}"

check("02.email", answer)


# The longest sequence sets the length, unless the caller does. `ids + [...]` makes a new list.
def pad_to(sequences, pad_id, max_length=None):
    length = max(map(len, sequences)) if max_length is None else max_length
    return [ids[:length] + [pad_id] * (length - len(ids)) for ids in sequences]


check("02.pad", pad_to)


# The word with id i is known from max_vocab = i + 1 on, so only these sizes must be tried. A word with
# id 0 is unknown at any size.
def smallest_vocab(train, val, share):
    ids = WordTokenizer.train(train).encode(val)
    by_id = sorted(i for i in ids if i > 0)
    for size in [4, *(i + 1 for i in by_id)]:
        known = sum(i < size for i in by_id)
        if len(ids) - known <= share * len(ids):
            return size
    return None


check("02.smallest_vocab", smallest_vocab)


# Two words never touch, because the regex would have made one word of them. So where two words follow each
# other, there was white space between them. If it was a single space, it can be left out and put back.
def is_word(piece):
    return regex.fullmatch(WORD, piece) is not None


def cut_implied(text):
    pieces = regex.findall(rf"{WORD}|{MARK}|\s", text)
    inner = range(1, len(pieces) - 1)
    implied = {
        i
        for i in inner
        if pieces[i] == " " and is_word(pieces[i - 1]) and is_word(pieces[i + 1])
    }
    return [piece for i, piece in enumerate(pieces) if i not in implied]


def join_implied(pieces):
    text, after_word = "", False
    for piece in pieces:
        word = is_word(piece)
        text += (" " if word and after_word else "") + piece
        after_word = word
    return text


check("02.implied_space", (cut_implied, join_implied))
