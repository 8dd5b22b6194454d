"""What the tests hold our tokenizer against: the libraries of production, and plain versions written out."""

import itertools
import json
import random
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
import regex
import tiktoken
import tiktoken_ext.openai_public as openai
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from helpers.bpe import spelling

END = "<|endoftext|>"
# Three sentences in ten languages and nine scripts, written for this series (CC0 1.0).
LANGUAGES = json.loads(Path(__file__).with_name("languages.json").read_text(encoding="utf-8"))
NASTY = [
    "",
    " ",
    "   ",
    "\n",
    "a\n\n\nb",
    "a\n  ",
    "a \n \n  b\t\tc\r\n\r\n",
    "x = 1\n    y = 22\n\tz = 333333333\n",
    "don't we'll I'VE he'D 's''s 'ſ ' s'",
    "\x00\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000\ufeff",
    "é e\u0301 e\u0301\u0301\u0301 ñ ß İ ı",
    "日本語 한국어 русский हिन्दी العربية עברית",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 \U0001f1e9\U0001f1ea",
    "١٢٣٤ ⅷ ½ ² ⑳ 1234567890",
    "a" * 300 + " " * 300 + "1" * 300 + "!" * 300,
    f"text {END} more",
    "\U000e0001\U000f0000\U0010ffff",
]
# Engines know newer letters than one another: what Python 3.11 knows, all of them know
# (beyond 0x40000 there are only tags, selectors of variants, and private ones).
CODES = [*range(0x40000), *range(0xE0000, 0xE1000)]
KNOWN = [c for c in map(chr, CODES) if unicodedata.category(c) not in ("Cn", "Cs", "Co")]


def random_strings(n, names=(), seed=0):
    """Strings that mix any characters, awkward ones, languages, code, long runs, and the given names."""
    source = Path(__file__).read_text(encoding="utf-8")
    choice = random.Random(seed)

    def some_of(text):
        start = choice.randrange(len(text))
        return text[start : start + choice.randint(1, 30)]

    kinds = [
        lambda: "".join(choice.choices(KNOWN, k=choice.randint(1, 6))),
        lambda: "".join(choice.choices("aZéßжあ漢 1٣½'\n\r\t/_AaS\u0301ſ", k=choice.randint(1, 8))),
        lambda: "".join(choice.choices(" \n\r\t\u3000\x1c", k=choice.randint(1, 8))),
        lambda: some_of(choice.choice(list(LANGUAGES.values()))),
        lambda: some_of(source),
        lambda: choice.choice("=-#a*.0aé漢 ") * choice.randint(1, 70),
        lambda: choice.choice(names) if names else "",
    ]
    return ["".join(choice.choice(kinds)() for _ in range(choice.randint(1, 10))) for _ in range(n)]


SPACES = [c for c in KNOWN if c.isspace()]
AWKWARD = [
    *SPACES,
    "\r\n",
    "\u180e",
    "\u200b",
    "\u200d",
    "\ufeff",
    "e\u0301",
    "\u0903",
    "ⅷ",
    "½",
    "²",
    "\0",
    "_",
]
CONTRACTIONS = "'s 't 're 've 'm 'll 'd 'S 'LL 'Ve 'rE 'ſ 'l 'v ' '' ’s 's's a's'll".split()
awkward_texts = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=8),
        st.text("aAéÉǅʰжあ漢 1٣½!'/\n\u0301", max_size=8),
        st.text(st.sampled_from([c for c in AWKWARD if len(c) == 1]), max_size=6),
        st.text(" \n\r\t'/", max_size=6),
        st.sampled_from(AWKWARD + CONTRACTIONS + [" the", "arrayLike", ".shape", "    ", "\n\n", ":\n", END]),
        st.builds(lambda c, n: c * n, st.characters(exclude_categories=("Cs", "Cn")), st.integers(1, 40)),
    ),
    max_size=10,
).map("".join)


def official(name):
    """What tiktoken's own source says, without the vocabulary, which it would download."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai, "load_tiktoken_bpe", lambda *args, **kwargs: {})
        patch.setattr(openai, "data_gym_to_mergeable_bpe_ranks", lambda *args, **kwargs: {})
        return getattr(openai, name)()


def tiktoken_with(tokenizer, pattern):
    ranks = {token: i for i, token in tokenizer.vocab.items() if i < 256 + len(tokenizer.merges)}
    return tiktoken.Encoding(
        "test", pat_str=pattern, mergeable_ranks=ranks, special_tokens=tokenizer.special_tokens
    )


def hugging_face_merges(texts, vocab_size, pattern=None, special_tokens=(END,)):
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    split = [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*split, byte_level])
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(special_tokens),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(spelling.from_printable(left), spelling.from_printable(right)) for left, right in merges]


def plain_merges(texts, n_merges, pattern):
    """Count all pairs anew for each merge. Slow, and easy to believe."""
    order = {byte: i for i, byte in enumerate(spelling.BYTES)}
    words = [[bytes([b]) for b in word.encode()] for text in texts for word in pattern.findall(text)]
    merges = []
    while len(merges) < n_merges:
        counts = Counter(pair for word in words for pair in itertools.pairwise(word))
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], order[pair[0]], order[pair[1]]))
        order[best[0] + best[1]] = len(order)
        merges.append(best)
        words = [plain_merge(word, best) for word in words]
    return merges


def plain_merge(word, pair):
    merged = []
    for token in word:
        if merged and (merged[-1], token) == pair and merged[-1] is not None:
            merged[-1] = token = merged[-1] + token
            merged.append(None)  # so that what was just made is not merged again
        else:
            merged.append(token)
    return [token for token in merged if token is not None]


def plain_encode(text, tokenizer):
    """Go through the merges in order, and apply each wherever it fits: for each pre-token of `text`."""
    ids = {token: i for i, token in tokenizer.vocab.items()}
    tokens = []
    for word in regex.findall(tokenizer.pattern, text):
        word = [bytes([b]) for b in word.encode()]
        for pair in tokenizer.merges:
            word = plain_merge(word, pair)
        tokens += word
    return [ids[token] for token in tokens]


def file_of(tokenizer, folder):
    path = folder / "tokenizer.json"
    tokenizer.save(path)
    return path
