"""Training and encoding with `helpers.bpe`, beside tokenizers, tiktoken, and a naive trainer.

`python -m benchmarks bpe [repeats]`. Encoding is timed in a process with one core, by the CPU time it takes.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from itertools import pairwise
from pathlib import Path

import regex
import tiktoken
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from benchmarks import in_turn, ratios, table
from helpers.bpe import GPT2_PATTERN, BPETokenizer
from helpers.corpus import cache_folder, load_library_docs, load_story, read_text

VOCAB_SIZE = 8192


def main(args: list[str]) -> None:
    repeats = int(args[0]) if args else 5
    docs = load_library_docs()
    with tempfile.TemporaryDirectory() as folder:
        corpus, vocabulary = Path(folder, "docs.txt"), Path(folder, "tokenizer.json")
        corpus.write_bytes(docs.encode())
        training(corpus, repeats)
        memory()
        BPETokenizer.train(docs, VOCAB_SIZE).save(vocabulary)
        one_core(vocabulary, repeats)


def training(corpus: Path, repeats: int) -> None:
    story = load_story()
    seconds = in_turn(
        {
            "helpers.bpe": lambda: BPETokenizer.train(read_text(corpus), VOCAB_SIZE),
            "tokenizers": lambda: train_tokenizers(corpus),
        },
        repeats,
    )
    rows = [
        (name, f"{statistics.median(s):.2f}", ratios(seconds["tokenizers"], s)) for name, s in seconds.items()
    ]
    size = f"{corpus.stat().st_size / 1e6:.1f} MB, {VOCAB_SIZE:,} tokens, {os.cpu_count()} cores"
    table(f"Training on the library docs ({size})", ("trainer", "seconds", "speed, tokenizers = 1"), rows)
    seconds = in_turn(
        {
            "helpers.bpe": lambda: BPETokenizer.train(story, 512),
            "naive: count all pairs for each merge": lambda: naive_merges(story, 512 - 257),
        },
        repeats,
    )
    rows = [
        (name, f"{statistics.median(s):.3f}", ratios(s, seconds["helpers.bpe"]))
        for name, s in seconds.items()
    ]
    size = f"{len(story) / 1e3:.0f} kB, 512 tokens"
    table(f"Training on the story ({size})", ("trainer", "seconds", "time, helpers.bpe = 1"), rows)


def train_tokenizers(corpus: Path) -> None:
    """As `tokenizers` trains from a file: line by line, on all cores."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    options = {"special_tokens": ["<|endoftext|>"], "initial_alphabet": alphabet, "show_progress": False}
    tokenizer.train([str(corpus)], trainers.BpeTrainer(vocab_size=VOCAB_SIZE, **options))


def naive_merges(text: str, n_merges: int) -> list[tuple[bytes, bytes]]:
    words = [[bytes([byte]) for byte in word.encode()] for word in regex.findall(GPT2_PATTERN, text)]
    merges = []
    for _ in range(n_merges):
        counts = Counter(pair for word in words for pair in pairwise(word))
        merges.append(best := max(counts, key=counts.get))
        for word in words:
            for at in range(len(word) - 2, -1, -1):
                if (*word[at : at + 2],) == best:
                    word[at : at + 2] = [best[0] + best[1]]
    return merges


def memory() -> None:
    rows = []
    for megabytes in (4, 64):
        print(f"  memory of training on {megabytes} MB", file=sys.stderr)
        distinct, extra = child("memory_of_training", megabytes)
        rows.append((f"{megabytes} MB", f"{distinct:,}", f"{extra / 1e6:.0f} MB"))
    header = ("text", "distinct pre-tokens", "peak memory beyond the text")
    table("Memory of training (the library docs, cut or repeated)", header, rows)


def memory_of_training(megabytes: int) -> tuple[int, int]:
    docs = load_library_docs()
    text = (docs * (1 + megabytes * 10**6 // len(docs)))[: megabytes * 10**6]
    distinct = len(set(regex.findall(GPT2_PATTERN, text[: len(docs)])))
    del docs
    Path("/proc/self/clear_refs").write_text("5")  # Linux: forget the peak so far
    before = status("VmRSS")
    BPETokenizer.train(text, VOCAB_SIZE)
    return distinct, status("VmHWM") - before


def status(field: str) -> int:
    """A figure of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def one_core(vocabulary: Path, repeats: int) -> None:
    texts = {"library docs": None, "Tiny Shakespeare": cache_folder() / "tiny-shakespeare.txt"}
    for title, path in texts.items():
        if path is None or path.exists():
            size, seconds = child("encoding", str(vocabulary), path and str(path), repeats)
            rows = [
                (name, f"{size / statistics.median(s) / 1e6:.1f}", ratios(seconds["tiktoken"], s))
                for name, s in seconds.items()
            ]
            header = ("encoder", "MB per CPU second", "speed, tiktoken = 1")
            table(f"Encoding {title}, caches cold ({size / 1e6:.1f} MB)", header, rows)
    rows = child("worst_cases", str(vocabulary))
    header = ("text", "helpers.bpe", "tokenizers", "tiktoken")
    table("Very long pre-tokens: CPU time of encoding", header, rows)


def peers(vocabulary: str) -> tuple[BPETokenizer, Tokenizer, tiktoken.Encoding]:
    ours = BPETokenizer.load(vocabulary)
    theirs = Tokenizer.from_file(vocabulary)
    theirs.encode_special_tokens = True
    return ours, theirs, ours.to_tiktoken()


def encoding(vocabulary: str, path: str | None, repeats: int) -> tuple[int, dict[str, list[float]]]:
    text = read_text(path) if path else load_library_docs()
    lines = text.splitlines(keepends=True)
    ours, theirs, openai = peers(vocabulary)
    ids = ours.encode(text)
    assert ids == openai.encode_ordinary(text) == ours.encode_to_numpy(text).tolist()

    def cold(function):
        def run():
            ours._cache.clear()
            ours._bulk.clear()
            theirs.model._clear_cache()
            return function(text)

        return run

    functions = {
        "helpers.bpe encode": ours.encode,
        "helpers.bpe encode_to_numpy": ours.encode_to_numpy,
        "tokenizers encode_batch_fast, by line": lambda text: theirs.encode_batch_fast(lines),
        "tokenizers encode": theirs.encode,
        "tiktoken": openai.encode_ordinary,
        "tiktoken encode_to_numpy": lambda text: openai.encode_to_numpy(text, disallowed_special=()),
    }
    runs = {name: cold(function) for name, function in functions.items()}
    return len(text.encode()), in_turn(runs, repeats, time.process_time)


def worst_cases(vocabulary: str) -> list[tuple[str, ...]]:
    ours, theirs, openai = peers(vocabulary)
    letters = "".join(filter(str.isalpha, load_library_docs()))
    texts = {"100,000 equal letters": "a" * 10**5, "1 MB of letters, no space": letters[: 10**6]}
    rows = []
    for name, text in texts.items():
        encoders = {"helpers": ours.encode, "tokenizers": theirs.encode, "tiktoken": openai.encode_ordinary}
        runs = {key: partial(encode, text) for key, encode in encoders.items()}
        seconds = in_turn(runs, 1, time.process_time)
        rows.append((name, *(f"{s[0]:.2f} s" for s in seconds.values())))
    return rows


def child(function: str, *arguments: object) -> list:
    """What a function of this module returns, called in a new process that has one core."""
    limits = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    call = [sys.executable, "-m", "benchmarks.bpe", function, json.dumps(arguments)]
    done = subprocess.run(call, stdout=subprocess.PIPE, check=True, env=os.environ | limits)
    return json.loads(done.stdout)


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(globals()[sys.argv[1]](*json.loads(sys.argv[2]))))
