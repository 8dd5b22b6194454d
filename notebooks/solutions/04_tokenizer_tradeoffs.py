"""Solutions of the exercises in 04_tokenizer_tradeoffs."""

from lessons.exercises import check


# Bytes are what all languages have in common; the tokens are whatever encode gives.
def bytes_per_token(text, encode):
    return len(text.encode("utf-8")) / len(encode(text))


check("04.bytes_per_token", bytes_per_token)


# In UTF-8 the bytes of one character never stand inside those of others, so bytes can be counted as they are.
def count_letter(ids, vocab, letter):
    return b"".join(vocab[i] for i in ids).count(letter.encode())


check("04.letters", count_letter)


# The first group takes what three does not divide; all others are full.
def group(digits):
    first = len(digits) % 3
    groups = [digits[i : i + 3] for i in range(first, len(digits), 3)]
    return [digits[:first], *groups] if first else groups


check("04.right_to_left", group)
