"""Texts and tokenizers that several files of tests share."""

from functools import cache

import pytest
from referees import file_of, official, tiktoken_with
from tokenizers import Tokenizer

from helpers.bpe import GPT2_PATTERN, GPT4_PATTERN, BPETokenizer
from helpers.corpus import cache_folder, load_library_docs, load_story


@pytest.fixture(scope="session")
def docs():
    return load_library_docs()


@pytest.fixture(scope="session")
def story():
    return load_story()


@pytest.fixture(scope="session")
def trained(docs):
    """Pattern -> our tokenizer: of the library docs with GPT-2's pattern, of 1 MB of them with GPT-4's."""
    return {
        GPT2_PATTERN: BPETokenizer.train(docs, 8192),
        GPT4_PATTERN: BPETokenizer.train(docs[:1_000_000], 8192, pattern=GPT4_PATTERN),
    }


@pytest.fixture(scope="session")
def peers(trained, tmp_path_factory):
    """Pattern -> tiktoken, with the pattern in its source, and tokenizers, from our file."""
    patterns = {GPT2_PATTERN: official("gpt2")["pat_str"], GPT4_PATTERN: official("cl100k_base")["pat_str"]}
    folder = tmp_path_factory.mktemp("peers")
    return {
        pattern: (
            tiktoken_with(tokenizer, patterns[pattern]),
            Tokenizer.from_file(str(file_of(tokenizer, folder))),
        )
        for pattern, tokenizer in trained.items()
    }


@pytest.fixture(scope="session")
def small(story):
    return BPETokenizer.train(story, 600)


@pytest.fixture(scope="session")
def load_published():
    """`BPETokenizer.published`, which loads each vocabulary once for all tests."""
    return cache(BPETokenizer.published)


@pytest.fixture(scope="session")
def published(load_published):
    """A function that loads a published tokenizer, once; where its files are not in the cache, it skips."""

    def get(name, *files):
        for file in files:
            if not (cache_folder() / file).exists():
                pytest.skip(f"{file} is not in the cache: fetch() of helpers.corpus gets it")
        return load_published(name)

    return get
