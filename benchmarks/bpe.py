"""Training with `helpers.bpe`, beside tokenizers, rustbpe, gigatoken and a naive trainer.

`python -m benchmarks bpe [turns]`. All but the naive one read the same file, in the same pieces of about 256
kB, and must learn the same merges before anything is timed (rustbpe numbers the bytes in another order, which
decides between pairs that are equally frequent). On one core the clock is the CPU time.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from operator import eq
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import regex
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from benchmarks import in_turn, report, speeds
from benchmarks.child import in_a_child, on_one_core, quiet
from benchmarks.peers import END, OURS, TOKENIZERS
from benchmarks.setup import installed, named
from helpers.bpe import GPT2_PATTERN, BPETokenizer
from helpers.bpe.spelling import BYTES
from helpers.corpus import load_library_docs, load_story

VOCAB_SIZE, PIECE = 8192, 2**18
ALIKE = 0.99  # of the tokens must be those of rustbpe, which numbers bytes, and so breaks ties, otherwise
CUT = b"\0cut here\0"  # between two pieces, where all are one bytes object


def main(args: list[str]) -> None:
    repeats, docs = int(args[0]) if args else 3, load_library_docs()
    size = len(docs.encode()) / 1e6
    with TemporaryDirectory() as folder:
        path = Path(folder, "docs.txt")
        path.write_bytes(docs.encode())
        check_merges(path, VOCAB_SIZE)
        runs = {name: lambda t=train: lambda: t(path, VOCAB_SIZE) for name, train in trainers_here().items()}
        title = f"Training on the library docs ({size:.1f} MB, {VOCAB_SIZE:,} tokens)"
        speeds(
            f"{title}, all cores",
            "MB/s",
            size,
            in_turn(runs, repeats),
            TOKENIZERS,
            short="training, all cores",
        )
        seconds = on_one_core(train_in_turn, str(path), VOCAB_SIZE, repeats)
        title, short = f"{title}, one core, CPU time", "training, one core"
        speeds(title, "MB/s", size, seconds, TOKENIZERS, "training", short)
    story = load_story()
    runs = {
        OURS: lambda: lambda: BPETokenizer.train(story, 512),
        "naive: counts all pairs again for each merge": lambda: lambda: naive_merges(story, 512 - 257),
    }
    title = f"Training on the story ({len(story) / 1e3:.0f} kB, 512 tokens)"
    speeds(title, "kB/s", len(story) / 1e3, in_turn(runs, repeats), OURS)


def trainers_here() -> dict[str, Callable[[Path, int], object]]:
    """Functions that train on a file, to a number of tokens; some only where their package is installed."""
    found = {OURS: train_ours, TOKENIZERS: train_tokenizers}
    if installed("rustbpe"):
        found[named("rustbpe")] = train_rustbpe
    if installed("gigatoken"):
        found[named("gigatoken")] = train_gigatoken
    return found


def pieces(path: Path) -> Iterator[str]:
    """The text of a file in pieces of whole lines."""
    with path.open(encoding="utf-8", newline="") as file:
        while lines := file.readlines(PIECE):
            yield "".join(lines)


def train_ours(path: Path, vocab_size: int) -> BPETokenizer:
    return BPETokenizer.train(pieces(path), vocab_size)


def train_tokenizers(path: Path, vocab_size: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    options = {"special_tokens": [END], "initial_alphabet": alphabet, "show_progress": False}
    tokenizer.train_from_iterator(pieces(path), trainers.BpeTrainer(vocab_size=vocab_size, **options))
    return tokenizer


def train_rustbpe(path: Path, vocab_size: int):
    import rustbpe

    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(
        pieces(path), vocab_size - 1, pattern=GPT2_PATTERN
    )  # the end is not its own
    return tokenizer


def train_gigatoken(path: Path, vocab_size: int) -> list[tuple[bytes, bytes]]:
    import gigatoken

    data = CUT.join(piece.encode() for piece in pieces(path))
    with quiet():
        return gigatoken.train_bpe(data, vocab_size, [END], separator=CUT)[1]


def check_merges(path: Path, vocab_size: int) -> None:
    """Exit if a trainer learns other merges than ours; rustbpe may order equally frequent pairs otherwise."""
    ours = in_a_child(lambda: [a + b for a, b in train_ours(path, vocab_size).merges])
    others = {TOKENIZERS: in_a_child(lambda: tokens_of(train_tokenizers(path, vocab_size)))}
    if installed("gigatoken"):
        others[named("gigatoken")] = in_a_child(lambda: [a + b for a, b in train_gigatoken(path, vocab_size)])
    said = f"{len(ours):,} merges, the same of {', '.join([OURS, *others])}."
    alike = {name: made == ours for name, made in others.items()}
    if installed("rustbpe"):
        rust = in_a_child(lambda: tokens_of_rust(train_rustbpe(path, vocab_size)))
        common, placed = len(set(rust).intersection(ours)), sum(map(eq, rust, ours))
        said += f" {named('rustbpe')} makes {common:,} of these tokens, {placed:,} of them as the same merge."
        alike[named("rustbpe")] = common >= ALIKE * len(ours)
    if not all(alike.values()):
        raise SystemExit(f"others learn other merges than {OURS}, so times cannot be compared: {alike}")
    report(said)


def tokens_of(theirs: Tokenizer) -> list[bytes]:
    """What each merge of `tokenizers` makes: the ids after the special token and the 256 bytes."""
    letter = dict(zip(map(theirs.id_to_token, range(1, 257)), BYTES, strict=True))
    spelt = map(theirs.id_to_token, range(257, theirs.get_vocab_size()))
    return [b"".join(map(letter.__getitem__, token)) for token in spelt]


def tokens_of_rust(theirs: Any) -> list[bytes]:
    return [bytes(token) for token, _ in theirs.get_mergeable_ranks()[256:]]


def train_in_turn(path: str, vocab_size: int, repeats: int) -> dict[str, list[float]]:
    runs = {
        name: lambda t=train: lambda: t(Path(path), vocab_size) for name, train in trainers_here().items()
    }
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
