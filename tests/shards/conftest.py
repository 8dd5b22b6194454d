"""A corpus, made once for all tests of the shards in a process."""

import pytest
from shard_kit import END

from helpers import corpus
from helpers.bpe import BPETokenizer
from helpers.shards import (
    split_corpus,
    tokenize_corpus,
)

collect_ignore = ["frozen.py"]  # what is frozen is only meant for children


@pytest.fixture(scope="session")
def tokenizer():
    return BPETokenizer.train(corpus.load_story(), 600)


@pytest.fixture(scope="session")
def documents():
    """About 600 kB of documents, some of them hard."""
    some = corpus.library_documents()[:800]
    return [*some, "", f"a stranger wrote {END} here", "two\nlines\r\n\n\nand \u2028 more", "नमस्ते 🙂 \x00"]


@pytest.fixture(scope="session")
def paths(documents, tmp_path_factory):
    return split_corpus(documents, tmp_path_factory.mktemp("text"), shard_bytes=40_000)


@pytest.fixture(scope="session")
def serial(paths, tokenizer, tmp_path_factory):
    """The folder that one process makes."""
    return tokenize_corpus(paths, tokenizer, tmp_path_factory.mktemp("serial"))


@pytest.fixture
def copy(paths, tokenizer, tmp_path):
    return tokenize_corpus(paths[:3], tokenizer, tmp_path / "tokens")
