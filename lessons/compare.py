"""What a tokenizer makes of a text, measured, and tokenizers to hold beside those of helpers (notebook 04).

A tokenizer here is anything with `encode`, `decode` and `vocab`, which has the key "<|unk|>" where there is
a token for what it does not know.
"""

import json
from collections.abc import Iterable
from typing import Any

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from helpers import arguments
from helpers.words import UNK, split_words


def pieces_of(tokenizer: Any, text: str) -> list[str]:
    """The tokens of `text` as strings, each decoded by itself: a part of a character becomes "�".

    >>> pieces_of(CharTokenizer("a peg"), "page")
    ['p', 'a', 'g', 'e']
    """
    return [tokenizer.decode([i]) for i in tokenizer.encode(arguments.text("text", text))]


def measure(tokenizer: Any, text: str) -> dict[str, Any]:
    """What `tokenizer` makes of `text`, as a dict.

    - tokens, bytes_per_token (in UTF-8), and unknown: the share of the tokens, 0 to 1, that are <|unk|>
    - lossless: whether decoding gives exactly `text` back
    - words_per_window: words of `text` (pre-tokens of notebook 02 with a letter) that 1,024 tokens hold
    - attention: pairs of places that attention compares, tokens squared, as a share of bytes squared

    Raises ValueError if the tokenizer makes no token of `text`: no ratio would exist.
    """
    ids = arguments.id_array("encode(text)", tokenizer.encode(arguments.text("text", text))).tolist()
    if not ids:
        raise ValueError(f"text is {text!r:.60}: the tokenizer makes no token of it. Give a longer text")
    n_bytes, words = len(text.encode()), sum(any(map(str.isalpha, word)) for word in split_words(text))
    return {
        "tokens": len(ids),
        "bytes_per_token": n_bytes / len(ids),
        "unknown": ids.count(tokenizer.vocab.get(UNK)) / len(ids),
        "lossless": tokenizer.decode(ids) == text,
        "words_per_window": 1024 * words / len(ids),
        "attention": (len(ids) / n_bytes) ** 2,
    }


class CharTokenizer:
    """Characters (code points) as ids 1, 2, ... in their own order; 0 is <|unk|>.

    >>> tokenizer = CharTokenizer("a peg")
    >>> tokenizer.encode("page!"), tokenizer.decode([5, 2, 4, 3, 0])
    ([5, 2, 4, 3, 0], 'page<|unk|>')
    """

    def __init__(self, text: str):
        self._tokens = [UNK, *sorted(set(arguments.text("text", text)))]
        self.vocab = {token: i for i, token in enumerate(self._tokens)}

    def encode(self, text: str) -> list[int]:
        return [self.vocab.get(character, 0) for character in arguments.text("text", text)]

    def decode(self, ids: Iterable[int]) -> str:
        ids = arguments.id_array("ids", ids)
        arguments.in_range("ids", ids, 0, len(self._tokens) - 1)
        return "".join(self._tokens[i] for i in ids.tolist())


class Wrapped:
    """A model of `tokenizers` with the three names that `measure` asks for, special tokens being text."""

    def __init__(self, model: models.Model, cut: pre_tokenizers.PreTokenizer, join: decoders.Decoder):
        self.tokenizer = tokenizers.Tokenizer(model)  # a new one: none of its tokens is special
        self.tokenizer.pre_tokenizer, self.tokenizer.decoder = cut, join
        self.vocab = self.tokenizer.get_vocab()

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text).ids

    def decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids)


def train_wordpiece(text: str, vocab_size: int) -> Wrapped:
    """WordPiece as in BERT (Devlin et al., 2018), cased: `tokenizers`' trainer on the words of `text`."""
    # By itself the trainer meets the characters with "##" in the order of a hash table, and ties fall by it.
    alphabet = sorted(set(arguments.text("text", text)) - set(" \t\n\r"))
    special, words = [UNK, *(f"##{character}" for character in alphabet)], pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=vocab_size, special_tokens=special, show_progress=False)
    learner = tokenizers.Tokenizer(models.WordPiece(unk_token=UNK))
    learner.pre_tokenizer = words
    learner.train_from_iterator([text], trainer)
    return Wrapped(learner.model, words, decoders.WordPiece())


def train_unigram(text: str, vocab_size: int) -> Wrapped:
    """Unigram (Kudo, 2018, arXiv:1804.10959) as `tokenizers` trains it, a space being written as "▁"."""
    words = pre_tokenizers.Split(tokenizers.Regex(r" ?\S+|\s+(?!\S)|\s+"), "isolated")
    marked = pre_tokenizers.Metaspace(prepend_scheme="never", split=False)
    marks = {"special_tokens": [UNK], "unk_token": UNK, "initial_alphabet": [*UNK]}
    trainer = trainers.UnigramTrainer(vocab_size=vocab_size, show_progress=False, **marks)
    learner = tokenizers.Tokenizer(models.Unigram())
    learner.pre_tokenizer = pre_tokenizers.Sequence([words, marked])
    learner.train_from_iterator([arguments.text("text", text)], trainer)
    _, *scores = map(tuple, json.loads(learner.to_str())["model"]["vocab"])
    model = models.Unigram([(UNK, -100.0), *scores], unk_id=0)  # it had the best score, 0, where spelt out
    return Wrapped(model, learner.pre_tokenizer, decoders.Metaspace(prepend_scheme="never"))
