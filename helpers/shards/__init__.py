"""A corpus larger than memory: written in shards, read back as one array, and fed in an order that survives a
crash (notebook 09).

`documents` reads files and cuts text shards, `write` tokenizes them, `record` says which of them make up a
corpus, `read` maps them as one array, `sampler` says in which order they are read.
"""

from helpers.shards.documents import read_documents, split_corpus
from helpers.shards.read import TokenShards
from helpers.shards.write import tokenize_corpus, tokenize_shard

__all__ = ["ResumableSampler", "TokenShards", "read_documents", "split_corpus", "tokenize_corpus"]
__all__ += ["tokenize_shard"]


def __getattr__(name: str) -> type:
    """`ResumableSampler` when it is asked for: who only writes needs no torch, which takes 200 MB."""
    if name != "ResumableSampler":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from helpers.shards.sampler import ResumableSampler

    return ResumableSampler
