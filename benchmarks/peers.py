"""The encoders that ours is held against, each in its fastest form, with one vocabulary.

tiktoken is faster if a special token is declared and if GPT-2's pattern is spelt as in its own source.
gigatoken and `tokenizers` read the tokenizer.json that ours has saved.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tiktoken
from tokenizers import Tokenizer

from benchmarks.child import in_a_child
from benchmarks.setup import installed, named
from helpers.bpe import GPT2_PATTERN, BPETokenizer
from helpers.corpus import cache_folder, load_library_docs

OURS, END = "helpers.bpe", "<|endoftext|>"
TIKTOKEN, TOKENIZERS, GIGATOKEN = map(named, ("tiktoken", "tokenizers", "gigatoken"))
# The same cuts: r50k_pat_str in tiktoken_ext/openai_public.py
SPELLING = {
    GPT2_PATTERN: r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
}


def vocabularies() -> dict[str, BPETokenizer]:
    """GPT-2's and GPT-4o's, where their files are in the cache; else one of 8,192 tokens."""
    files = {"gpt2": "gpt2-vocab.bpe", "o200k_base": "o200k_base.tiktoken"}
    found = [name for name, file in files.items() if (cache_folder() / file).exists()]
    trained = {} if found else {"8,192 tokens": BPETokenizer.train(load_library_docs(), 8192)}
    return trained | {name: BPETokenizer.published(name) for name in found}


def as_tiktoken(ours: BPETokenizer) -> tiktoken.Encoding:
    others = {*ours.special_tokens.values(), *ours.added_tokens.values()}
    return tiktoken.Encoding(
        "ours",
        pat_str=SPELLING.get(ours.pattern, ours.pattern),
        mergeable_ranks={token: i for i, token in ours.vocab.items() if i not in others},
        special_tokens=ours.special_tokens,
    )


def as_tokenizers(vocabulary: str) -> Tokenizer:
    theirs = Tokenizer.from_file(vocabulary)
    theirs.encode_special_tokens = True  # as text
    return theirs


def as_gigatoken(vocabulary: str) -> Any:
    """None where gigatoken is not installed."""
    if not installed("gigatoken"):
        return None
    import gigatoken

    return gigatoken.Tokenizer(vocabulary)


def check_equal(encoders: dict[str, Callable[[], Any]]) -> int:
    """How many ids each of `encoders` gives. Exits if one gives other ids than the first."""

    def said(encode: Callable[[], Any]) -> tuple[int, str]:
        ids = np.asarray(encode(), np.int64)
        return len(ids), hashlib.sha256(ids.tobytes()).hexdigest()

    (first, wanted), *others = [(name, in_a_child(partial(said, f))) for name, f in encoders.items()]
    for name, found in others:
        if found != wanted:
            raise SystemExit(f"{name} gives other ids than {first}, so their times cannot be compared")
    return wanted[0]


def vocabulary_file(folder: str | Path, ours: BPETokenizer) -> str:
    path = Path(folder, "tokenizer.json")
    ours.save(path)
    return str(path)
