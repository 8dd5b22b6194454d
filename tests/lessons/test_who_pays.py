"""What the page 04_who_pays builds: the Gini coefficient, and merges for the language that is worst off.

The functions are taken from the page as they stand there.
"""

import random
from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest
import regex
from page_code import run_page

from helpers.bpe import O200K_PATTERN, BPETokenizer
from lessons.figures import nb04_who_pays


@pytest.fixture(scope="module")
def page():
    """The imports, functions and classes of the page, and the alphabet that they use."""
    return run_page("04_who_pays", alphabet=BPETokenizer([], special_tokens=[]))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([7], 0), ([3, 3, 3], 0), ([0, 1], 0.5), ([1, 3], 0.25), ([0, 0, 0, 0, 5], 0.8), ([1, 2, 3], 2 / 9)],
)
def test_gini_of_known_numbers(page, numbers, expected):
    assert page["gini"](numbers) == pytest.approx(expected)
    assert page["gini"](n * 10 for n in numbers) == pytest.approx(expected)


def merge_one_by_one(word, pair, new_id):
    out, at = [], 0
    while at < len(word):
        if tuple(word[at : at + 2]) == pair:
            out.append(new_id)
            at += 2
        else:
            out.append(word[at])
            at += 1
    return out


def test_merged_goes_from_left_to_right_without_overlap(page):
    draw = random.Random(1)
    for _ in range(300):
        word = draw.choices(range(3), k=draw.randint(0, 9))
        pair = draw.randrange(3), draw.randrange(3)
        assert page["merged"](word, pair, 9) == merge_one_by_one(word, pair, 9)


def by_brute_force(learn, dev, size):
    """Parity-aware merges with everything counted anew before each merge."""
    alphabet = BPETokenizer([], special_tokens=[])
    learn, dev = (
        {
            name: [alphabet.encode(word) for word in regex.findall(O200K_PATTERN, text)]
            for name, text in texts.items()
        }
        for texts in (learn, dev)
    )
    merges, chosen = [], Counter()
    for new_id in range(256, size):
        tokens = {name: sum(map(len, words)) for name, words in dev.items()}
        worst = next(name for name in tokens if tokens[name] == max(tokens.values()))
        counts = Counter(pair for word in learn[worst] for pair in pairwise(word))
        pair = sorted(counts, key=lambda pair: (-counts[pair], pair))[0]
        merges.append(pair)
        chosen[worst] += 1
        for texts in (learn, dev):
            for words in texts.values():
                words[:] = [merge_one_by_one(word, pair, new_id) for word in words]
    return merges, chosen


def random_text(draw, letters):
    return " ".join("".join(draw.choices(letters, k=draw.randint(1, 6))) for _ in range(40))


@pytest.mark.parametrize("seed", range(8))
def test_the_greedy_choice_is_that_of_brute_force(page, seed):
    draw = random.Random(seed)
    letters = {"English": "abc", "Greek": "αβγ", "Hindi": "कखि", "German": "abü"}
    learn, dev = ({name: random_text(draw, some) for name, some in letters.items()} for _ in range(2))
    assert page["train_fairly"](learn, dev, 256 + 24) == by_brute_force(learn, dev, 256 + 24)


def test_first_merges_are_made_as_given_and_counted_for_nobody(page):
    learn = {"English": "the cat the hat the mat", "Greek": "και και και"}
    all_merges, _ = page["train_fairly"](learn, learn, 256 + 6)
    merges, chosen = page["train_fairly"](learn, learn, 256 + 6, first=all_merges[:4])
    assert merges == all_merges
    assert chosen.total() == 2


def test_a_vocabulary_of_fair_merges_gives_the_text_back(page):
    learn = {"English": "the cat, the hat", "Greek": "και και και", "Hindi": "हिन्दी हिन्दी"}
    merges, _ = page["train_fairly"](learn, learn, 256 + 10)
    tokenizer = page["as_tokenizer"](merges)
    for text in learn.values():
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.vocab) == 266


def test_with_one_language_the_merges_are_those_of_ordinary_bpe(page):
    text = {"English": random_text(random.Random(3), "abcdefg")}
    fair = page["as_tokenizer"](page["train_fairly"](text, text, 300)[0])
    assert fair.merges == page["ordinary"](text.values(), 300).merges


def test_the_pictures_hold_the_numbers(monkeypatch):
    shown = []
    monkeypatch.setattr(nb04_who_pays, "show", lambda fig, alt: shown.append((fig, alt)))
    tokens = pd.DataFrame({"ordinary": [3, 8], "fair": [5, 6]}, index=["English", "Greek"])
    nb04_who_pays.draw_tokens_needed(tokens)
    nb04_who_pays.draw_merges({"English": 0, "Greek": 6, "Hindi": 2})
    (dots, dots_alt), (bars, bars_alt) = shown
    assert [line.get_xdata().tolist() for line in dots.axes[0].lines] == [[3, 8], [5, 6]]
    assert "ordinary from 3 to 8; fair from 5 to 6" in dots_alt
    assert [bar.get_width() for bar in bars.axes[0].patches] == [6, 2, 0]
    assert bars.axes[0].get_title(loc="left") == "Greek takes 75% of all merges"
    assert "Greek 6, Hindi 2, English 0" in bars_alt
