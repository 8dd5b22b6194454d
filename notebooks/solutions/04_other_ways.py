"""Solutions of the exercises in deeper/04_other_ways."""

from lessons.exercises import check


# Two sets of ids, and what is in the one and not in the other.
def glitch_tokens(encode, tokenizer_texts, model_texts):
    by_tokenizer = {i for text in tokenizer_texts for i in encode(text)}
    by_model = {i for text in model_texts for i in encode(text)}
    return sorted(by_tokenizer - by_model)


check("04.glitch", glitch_tokens)


# The best cut of the first n letters ends in some piece; before it stands the best cut of the letters before.
# So go from left to right and keep, for each n, the best sum and the piece that it ends in.
def best_cut(word, scores):
    best = [(0.0, None)] + [(float("-inf"), None)] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end):
            piece = word[start:end]
            if piece in scores:
                best[end] = max(
                    best[end],
                    (best[start][0] + scores[piece], piece),
                    key=lambda pair: pair[0],
                )
    pieces, end = [], len(word)
    while end:
        piece = best[end][1]
        if piece is None:
            return None
        pieces.append(piece)
        end -= len(piece)
    return pieces[::-1]


check("04.best_cut", best_cut)
