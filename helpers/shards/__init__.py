"""A corpus larger than memory: written in shards, read back as one array, and fed in an order that survives a
crash (notebook 09).

`write` splits and tokenizes, `read` maps the token shards, `sampler` says in which order they are read.
"""

from helpers.shards.read import TokenShards
from helpers.shards.write import read_documents, split_corpus, tokenize_corpus, tokenize_shard

__all__ = [
    "ResumableSampler",
    "TokenShards",
    "read_documents",
    "split_corpus",
    "tokenize_corpus",
    "tokenize_shard",
]


def __getattr__(name: str) -> type:
    """`ResumableSampler` when it is asked for: who only writes needs no torch, which takes 200 MB."""
    if name != "ResumableSampler":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from helpers.shards.sampler import ResumableSampler

    return ResumableSampler
