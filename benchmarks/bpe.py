"""Training with `helpers.bpe`, beside tokenizers, rustbpe and a naive trainer.

`python -m benchmarks bpe [turns]`. On one core the clock is the CPU time.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import regex
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from benchmarks import in_turn, speeds
from benchmarks.child import on_one_core
from helpers.bpe import GPT2_PATTERN, BPETokenizer
from helpers.corpus import load_library_docs, load_story, read_text

VOCAB_SIZE = 8192
OURS = "helpers.bpe"


def main(args: list[str]) -> None:
    repeats, docs = int(args[0]) if args else 3, load_library_docs()
    size = len(docs.encode()) / 1e6
    with TemporaryDirectory() as folder:
        path = Path(folder, "docs.txt")
        path.write_bytes(docs.encode())
        runs = {name: lambda t=train: t(path, VOCAB_SIZE) for name, train in trainers_here().items()}
        title = f"Training on the library docs ({size:.1f} MB, {VOCAB_SIZE:,} tokens)"
        speeds(f"{title}, all cores", "MB/s", size, in_turn(runs, repeats), "tokenizers", "training")
        seconds = on_one_core(train_in_turn, str(path), VOCAB_SIZE, repeats)
        speeds(f"{title}, one core, CPU time", "MB/s", size, seconds, "tokenizers")
    story = load_story()
    runs = {
        OURS: lambda: BPETokenizer.train(story, 512),
        "naive: counts all pairs again for each merge": lambda: naive_merges(story, 512 - 257),
    }
    title = f"Training on the story ({len(story) / 1e3:.0f} kB, 512 tokens)"
    speeds(title, "kB/s", len(story) / 1e3, in_turn(runs, repeats), OURS)


def trainers_here() -> dict[str, Callable[[Path, int], object]]:
    """Functions that train on a file, to a number of tokens; rustbpe only where it is installed."""
    found = {OURS: train_ours, "tokenizers": train_tokenizers}
    with suppress(ModuleNotFoundError):
        import rustbpe

        found["rustbpe"] = lambda path, size: rustbpe.Tokenizer().train_from_iterator(
            documents(path), size, pattern=GPT2_PATTERN
        )
    return found


def train_ours(path: Path, vocab_size: int) -> None:
    BPETokenizer.train(read_text(path), vocab_size)


def train_tokenizers(path: Path, vocab_size: int) -> None:
    """As `tokenizers` trains from a file: line by line, on all cores."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    options = {"special_tokens": ["<|endoftext|>"], "initial_alphabet": alphabet, "show_progress": False}
    tokenizer.train([str(path)], trainers.BpeTrainer(vocab_size=vocab_size, **options))


def documents(path: Path) -> Iterator[str]:
    """The text of a file in pieces of many lines each, as rustbpe counts them in parallel."""
    with path.open(encoding="utf-8", newline="") as file:
        while lines := file.readlines(2**14):
            yield "".join(lines)


def train_in_turn(path: str, vocab_size: int, repeats: int) -> dict[str, list[float]]:
    runs = {name: lambda t=train: t(Path(path), vocab_size) for name, train in trainers_here().items()}
    return in_turn(runs, repeats, time.process_time)


def naive_merges(text: str, n_merges: int) -> list[tuple[bytes, bytes]]:
    """Byte-pair encoding as one first writes it: all pairs are counted for each merge."""
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
