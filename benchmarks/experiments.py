"""What each choice does to a tiny GPT: the grid of training runs that notebook 10 draws.

    python -m benchmarks experiments [a CSV file, data/experiments.csv by default]

37 settings with three seeds each, in two processes of one thread: under 30 minutes on two cores. Each run
that ends goes into the file at once; started again, the grid goes on with what is missing. For a new grid
delete the file. Each setting changes one thing in a baseline: BPE with 1,024 tokens, RoPE, 16 windows of 64
tokens a step, with a stride of 64, one pass over 700 kB of the library docs. With `--size` some of the
questions go to larger models: see benchmarks/larger.py.

What a run costs is counted: the tokens that the model computed, which notebook 10 turns into operations.
Seconds of the processor, for training alone, stand beside them; the same work took 10.2 to 11.7 of them.
"""

import argparse
import csv
import io
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from helpers.batches import pack, pad_collate
from helpers.bpe import BPETokenizer
from helpers.corpus import DOCUMENT_SEPARATOR, load_library_docs, load_story, split_train_val
from helpers.files import whole_file
from helpers.model import TinyGPT, bits_per_byte, train
from helpers.windows import make_loader
from helpers.words import WordTokenizer, split_words
from lessons.superwords import Superwords

TABLE = Path(__file__).resolve().parent.parent / "data" / "experiments.csv"
SEEDS = 0, 1, 2
TRAIN_SIZE, VAL_SIZE = 700_000, 60_000  # characters of the library docs: the first, and the last
BASE = {
    "text": "docs", "tokenizer": "BPE 1024", "rows": "windows", "positions": "rope", "max_length": 64,
    "stride": None, "batch_size": 16, "rate": 5e-3, "passes": 1, "points": 4,
}  # fmt: skip
WARM_UP = 20  # steps over which the learning rate rises to "rate", where it stays
ROW_LENGTH = 128  # of the rows in the experiment on padding and packing

SETTINGS = [  # experiment, setting, what it changes in BASE
    ("tokenizer", "BPE 1024", {}),
    *[("tokenizer", name, {"tokenizer": name}) for name in ("characters", "bytes", "BPE 512", "BPE 2048")],
    *[("tokenizer", name, {"tokenizer": name}) for name in ("BPE 4096", "words or bytes", "words or unk")],
    *[("tokenizer", name, {"tokenizer": name}) for name in ("across words 1024", "across words 4096")],
    ("tokenizer", "characters, 256 a window", {"tokenizer": "characters", "max_length": 256}),
    ("max_length", "64", {}),
    *[("max_length", str(n), {"max_length": n, "batch_size": 1024 // n}) for n in (16, 32)],
    *[("max_length", str(n), {"max_length": n, "batch_size": 1024 // n}) for n in (128, 256)],
    ("stride", "64", {}),
    *[("stride", str(n), {"stride": n}) for n in (16, 1)],
    *[
        ("stride, small text", str(n), {"text": "story", "tokenizer": "BPE 512", "stride": n} | LONG)
        for LONG in [{"passes": 50, "points": 10}]
        for n in (64, 16, 4, 1)
    ],
    ("positions", "rope", {}),
    *[("positions", name, {"positions": name}) for name in ("learned", "sinusoidal", "alibi", "none")],
    *[
        ("rows", name, {"rows": name, "max_length": ROW_LENGTH - 1, "batch_size": 1024 // ROW_LENGTH})
        for name in ("padded", "packed", "packed, masked", "best fit, masked")
    ],
    ("batch_size", "16", {}),
    *[("batch_size", str(n), {"batch_size": n}) for n in (4, 8, 32, 64)],
    *[
        ("batch_size, rate scaled", str(n), {"batch_size": n, "rate": BASE["rate"] * (n / 16) ** 0.5})
        for n in (4, 8, 32, 64)
    ],
    ("batch_size, rate scaled", "16", {}),
]


# ---- texts and tokenizers ----


class PieceTokenizer:
    """Every piece of the training text as an id, up to `size` of them; any other piece spelt in bytes.

    Ids 0 to 255 are the bytes. `split` cuts a text into pieces: `list` into characters.
    """

    def __init__(self, text: str, split: Callable[[str], list[str]], size: int):
        self.split = split
        pieces = [piece.encode() for piece, _ in Counter(split(text)).most_common()]
        self.vocab = [bytes([i]) for i in range(256)] + [p for p in pieces if len(p) > 1 or p[0] > 127]
        self.vocab = self.vocab[:size]
        self._ids = {piece: i for i, piece in enumerate(self.vocab)}

    def encode(self, text: str) -> list[int]:
        ids = []
        for piece in map(str.encode, self.split(text)):
            ids += [self._ids[piece]] if piece in self._ids else list(piece)
        return ids

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        return b"".join(map(self.vocab.__getitem__, ids))


def words_with_spaces(text: str) -> list[str]:
    return split_words(text, keep_spaces=True)


@cache
def texts(name: str) -> tuple[str, str]:
    """The text to train on, and the text to validate on."""
    if name == "story":
        return split_train_val(load_story(), val_fraction=0.2)
    docs = load_library_docs()
    return docs[:TRAIN_SIZE], docs[-VAL_SIZE:]


@cache
def tokenizer_of(name: str, text_name: str):
    """The tokenizer called `name`, trained on the training text."""
    text, _ = texts(text_name)
    if name.startswith("BPE"):
        return BPETokenizer.train(text, int(name.split()[1]))
    if name.startswith("across words"):
        return Superwords.train(text, int(name.split()[2]))
    if name == "bytes":
        return BPETokenizer([])
    if name == "words or unk":
        return WordTokenizer.train(text, max_vocab=4096, keep_spaces=True)
    return PieceTokenizer(text, list if name == "characters" else words_with_spaces, 4096)


@cache
def encoded(name: str, text_name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Token ids: the training text, the text to validate on, and as much of the training text."""
    tokenizer, (text, val) = tokenizer_of(name, text_name), texts(text_name)
    return tuple(np.array(tokenizer.encode(part)) for part in (text, val, text[: len(val)]))


class PerToken:
    """In place of a tokenizer: each token is one byte, so that bits per byte are bits per token."""

    @staticmethod
    def decode_bytes(ids: Iterable[int]) -> bytes:
        return bytes(len(list(ids)))


def byte_count(tokenizer, ids: Iterable[int]) -> int:
    decode = getattr(tokenizer, "decode_bytes", lambda ids: tokenizer.decode(ids).encode())
    return len(decode(list(ids)))


# ---- batches and measures ----


def window_run(run: dict, seed: int) -> tuple[Iterator, Callable[[TinyGPT], list[float]], int, int, int]:
    """Batches without end, a function that measures, the steps to do, and the tokens and bytes of a step."""
    tokenizer = tokenizer_of(run["tokenizer"], run["text"])
    ids, val, again = encoded(run["tokenizer"], run["text"])
    text, val_text = texts(run["text"])
    batch_size = run["batch_size"]
    if (
        run["tokenizer"] != BASE["tokenizer"] and run["text"] == "docs"
    ):  # as many bytes a step as the baseline
        base = encoded(BASE["tokenizer"], "docs")[0]
        batch_size = round(16 * 64 * len(ids) / len(base) / run["max_length"])
    loader = make_loader(ids, run["max_length"], run["stride"], batch_size, seed=seed)
    batches = (batch for _ in iter(int, 1) for batch in loader)

    def measure(model: TinyGPT) -> list[float]:
        # With <|unk|> the ids do not give the text back: the bytes to divide by are those of the text.
        parts = (again, text[: len(val_text)]), (val, val_text)
        return [
            bits_per_byte(model, part, PerToken)
            * (len(part) - 1)
            / (len(source.encode()) - byte_count(tokenizer, part[:1]))
            for part, source in parts
        ]

    tokens = run["max_length"] * batch_size  # of a step
    steps = run["passes"] * len(ids) // tokens
    return batches, measure, steps, tokens, round(tokens * len(text.encode()) / len(ids))


def row_run(run: dict, seed: int) -> tuple[Iterator, Callable[[TinyGPT], list[float]], int, int, int]:
    """As `window_run`, for documents in rows: padded, or packed in one of three ways."""
    tokenizer = tokenizer_of(run["tokenizer"], "docs")
    train_docs, val_docs = (
        [tokenizer.encode(document) for document in text.split(DOCUMENT_SEPARATOR) if document]
        for text in texts("docs")
    )
    end = tokenizer.special_tokens["<|endoftext|>"]
    if run["rows"] == "padded":
        rows = padded(train_docs, end)
    else:
        rows = pack(train_docs, ROW_LENGTH, end, "best_fit" if "best fit" in run["rows"] else "concat")[:]
    names = ["input_ids", "labels", "positions", "document_ids"][: 4 if "masked" in run["rows"] else 2]
    ids, labels, *rest = (rows[name] for name in names)
    tensors = ids[:, :-1], labels[:, 1:], *(tensor[:, :-1] for tensor in rest)
    sizes = torch.tensor([0 if i == end else len(token) for i, token in sorted(tokenizer.vocab.items())])
    bytes_a_row = sizes[ids[rows["labels"] != -100]].sum().item() / len(ids)
    measure = lambda model: [
        document_bpb(model, padded(documents, end), sizes) for documents in (train_docs[:60], val_docs)
    ]
    steps = len(encoded(run["tokenizer"], "docs")[0]) // 1024
    return (
        shuffled_rows(tensors, run["batch_size"], seed), measure, steps,
        run["max_length"] * run["batch_size"], round(bytes_a_row * run["batch_size"]),
    )  # fmt: skip


def padded(documents: list[list[int]], end: int) -> dict[str, Tensor]:
    """Each document with its end, cut into pieces of a row at most, each piece padded to a row."""
    whole = [[*document, end] for document in documents]
    pieces = [d[i : i + ROW_LENGTH] for d in whole for i in range(0, len(d), ROW_LENGTH)]
    return pad_collate(pieces, pad_id=end, max_length=ROW_LENGTH)


def shuffled_rows(tensors: tuple[Tensor, ...], batch_size: int, seed: int) -> Iterator[tuple[Tensor, ...]]:
    """Batches of rows in a random order, pass after pass."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(tensors[0]), generator=generator)
        for rows in order[: len(order) // batch_size * batch_size].view(-1, batch_size):
            yield tuple(tensor[rows] for tensor in tensors)


@torch.no_grad()
def document_bpb(model: TinyGPT, rows: dict[str, Tensor], sizes: Tensor) -> float:
    """Bits per byte of documents, each piece predicted by itself; `sizes` has the bytes of each token."""
    nats = 0.0
    for ids, labels in zip(rows["input_ids"].split(32), rows["labels"][:, 1:].split(32), strict=True):
        nats += F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), labels.flatten(), reduction="sum").item()
    labels = rows["labels"][:, 1:]
    return nats / np.log(2) / sizes[labels[labels >= 0]].sum().item()


# ---- running ----


def run_setting(change: dict, seed: int) -> list[dict]:
    """Train one model; a row for each point on the way at which it was measured."""
    torch.set_num_threads(1)
    run = BASE | change
    prepare = window_run if run["rows"] == "windows" else row_run
    batches, measure, steps, tokens, n_bytes = prepare(run, seed)
    tokenizer = tokenizer_of(run["tokenizer"], run["text"])
    model = TinyGPT(len(tokenizer.vocab), run["max_length"], positions=run["positions"], seed=seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=run["rate"] / WARM_UP, betas=(0.9, 0.95), fused=True)
    points = {round(steps * (i + 1) / run["points"]) for i in range(run["points"])}
    rows, seconds, start = [], 0.0, time.process_time()
    for step, _ in enumerate(train(model, islice(batches, steps), optimizer), 1):
        optimizer.param_groups[0]["lr"] = run["rate"] * min(1.0, (step + 1) / WARM_UP)
        if step in points:
            seconds += time.process_time() - start
            train_bpb, val_bpb = measure(model)
            rows.append(
                {"seed": seed, "max_length": run["max_length"], "step": step, "tokens_seen": step * tokens,
                 "bytes_seen": step * n_bytes, "cpu_seconds": round(seconds, 2),
                 "parameters": sum(p.numel() for p in model.parameters()),
                 "train_bpb": round(float(train_bpb), 4), "val_bpb": round(float(val_bpb), 4)}
            )  # fmt: skip
            start = time.process_time()
    return rows


def read(path: Path) -> list[dict]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict], settings: list[tuple[str, str, dict]] = SETTINGS) -> None:
    """Write the whole table at once: the file is never half a table."""
    order = {(experiment, setting): i for i, (experiment, setting, _) in enumerate(settings)}
    rows = sorted(rows, key=lambda r: (order[r["experiment"], r["setting"]], int(r["seed"]), int(r["step"])))
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with whole_file(path) as file:
        file.write(table.getvalue().encode())


def missing(
    rows: list[dict], settings: list[tuple[str, str, dict]] = SETTINGS
) -> list[tuple[list[tuple[str, str]], dict, int]]:
    """What is still to run: (names, change, seed). The baseline runs once and stands under several names."""
    done = {(row["experiment"], row["setting"], int(row["seed"])) for row in rows}
    changes = [({}, [(e, s) for e, s, change in settings if not change])]
    changes += [(change, [(e, s)]) for e, s, change in settings if change]
    return [
        (names, change, seed)
        for seed in SEEDS
        for change, names in changes
        if not all((*name, seed) in done for name in names)
    ]


def main(arguments: list[str]) -> None:
    from benchmarks import larger  # which needs what stands above

    parser = argparse.ArgumentParser("python -m benchmarks experiments", description=larger.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", nargs="?", type=Path, help="the CSV file that is added to")
    parser.add_argument("--size", choices=larger.SIZES, help="without it: the grid of lesson 10")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="only with --size")
    given = parser.parse_args(arguments)
    if given.size:
        path = given.file or TABLE.with_name(f"experiments-{given.size}.csv")
        larger.run_size(given.size, given.device, path)
    elif given.device == "cuda":
        parser.error("the grid of lesson 10 runs on the CPU: give --size small with --device cuda")
    else:
        run_grid(given.file or TABLE)


def run_grid(path: Path) -> None:
    """Make the runs of the grid of lesson 10 that `path` lacks."""
    rows = read(path)
    todo = missing(rows)
    load_library_docs()  # in the cache before two processes ask for it
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        futures = {pool.submit(run_setting, change, seed): names for names, change, seed in todo}
        for future in tqdm(as_completed(futures), total=len(futures), unit="run", file=sys.stderr):
            for experiment, setting in futures[future]:
                rows += [{"experiment": experiment, "setting": setting} | row for row in future.result()]
            write(path, rows)
    print(f"{len(rows)} rows in {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
