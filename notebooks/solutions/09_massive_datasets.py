"""Solutions to the exercises of notebook 09."""

import os
import signal
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from dask.distributed import Client, LocalCluster

from helpers import corpus
from helpers.bpe import BPETokenizer
from helpers.shards import split_corpus, tokenize_corpus
from lessons.exercises import check


# 09.width: ids run from 0 to vocab_size - 1, so 65,536 tokens are the most that two bytes can number.
def file_bytes(tokens, vocab_size):
    return tokens * (2 if vocab_size <= 65_536 else 4)


# 09.locate: side="right" steps over empty files, and puts the first index of a file into that file.
def locate(lengths, index):
    starts = np.cumsum([0, *lengths])
    if not 0 <= index < starts[-1]:
        raise IndexError(f"index {index} is outside {starts[-1]} tokens")
    file = int(np.searchsorted(starts, index, side="right")) - 1
    return file, int(index - starts[file])


# 09.corpus: with the library docs in the place of your own text; a dict keeps one of each document.
# Near duplicates are left in: the deeper page 09_clean_a_corpus has the code that finds them.
def own_corpus(folder):
    texts = list(dict.fromkeys(corpus.library_documents()[:2000]))
    tokenizer = BPETokenizer.train(texts[:300], 8000)
    paths = split_corpus(texts, folder / "text", shard_bytes=150_000)
    tokens = folder / "tokens"
    with two_workers(folder) as cluster, Client(cluster) as client:
        call = (paths, tokenizer, tokens, client)
        job = threading.Thread(target=tokenize_corpus, args=call)
        job.start()
        while job.is_alive() and len(list(tokens.glob("*.json"))) < len(paths) // 2:
            time.sleep(0.001)
        os.kill(min(client.run(os.getpid).values()), signal.SIGKILL)
        job.join()
    return tokens


def two_workers(folder):
    return LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        local_directory=str(folder),
        silence_logs="CRITICAL",
    )


# A script needs this line, as the workers import it too; a notebook does not.
if __name__ == "__main__":
    check("09.width", file_bytes)
    check("09.locate", locate)
    with tempfile.TemporaryDirectory() as scratch:
        check("09.corpus", own_corpus(Path(scratch)))
