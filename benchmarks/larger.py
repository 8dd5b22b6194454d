"""The questions of lesson 10 at another size: `python -m benchmarks experiments --size small --device cuda`.

`small` trains 33 models, most of 20 million parameters, on 16 MB of text: docstrings of the four libraries of
the lessons, and Python sources of other installed packages. bfloat16 autocast, three seeds, one run after the
other. Together that is 2.4e16 operations: 7 minutes at 60 trillion a second, which one modern GPU should do
in models this small. Texts and tokenizers take the processor about a minute more. `tiny` is for trying it
out: seconds on a processor.

Each run that ends goes into its own file at once, by default data/experiments-SIZE.csv. Started again, the
work goes on with what is missing, so a crash loses one run at most. A file made from other texts, such as
those of other versions of the packages, is refused.
"""

import hashlib
import itertools
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.experiments import WARM_UP, PerToken, byte_count, missing, read, write
from helpers.bpe import BPETokenizer
from helpers.corpus import DOCUMENT_SEPARATOR, library_documents, load_story, split_train_val
from helpers.model import TinyGPT, bits_per_byte, train
from helpers.windows import make_loader
from lessons.experiments import operations
from lessons.superwords import Superwords

DOCUMENTED = "numpy", "scipy", "scikit-learn", "matplotlib"  # their sources hold the docstrings once more
SOURCES = "torch", "sympy", "pandas", "networkx", "dask", "sphinx", "pyarrow", "distributed", "ipython"
POINTS = 4  # at which a run is measured


@dataclass(frozen=True)
class Size:
    """A grid: its texts (in characters), the baseline's model, and its training."""

    train_size: int
    val_size: int
    learn_size: int  # of the part of the training text that tokenizers learn from
    vocab_size: int
    dim: int
    n_layers: int
    n_heads: int
    max_length: int
    batch_size: int  # windows a step
    rate: float

    @property
    def settings(self) -> list[tuple[str, str, dict]]:
        """(experiment, setting, what it changes in the baseline), as `benchmarks.experiments.SETTINGS`."""
        vocab, length, batch = f"BPE {self.vocab_size}", self.max_length, self.batch_size
        names = [f"BPE {self.vocab_size // 4}", "bytes", f"across words {self.vocab_size}"]
        lengths = {n: {"max_length": n, "batch_size": batch * length // n} for n in (length // 4, length * 4)}
        return [
            ("tokenizer", vocab, {}),
            *[("tokenizer", name, {"tokenizer": name}) for name in names],
            ("max_length", str(length), {}),
            *[("max_length", str(n), change) for n, change in lengths.items()],
            ("positions", "rope", {}),
            *[("positions", name, {"positions": name}) for name in ("learned", "alibi", "none")],
            ("batch_size", str(batch), {}),
            *[
                ("batch_size", str(n), {"batch_size": n}) for n in (batch // 4, batch * 2)
            ],  # times 4 may not fit in 24 GB
        ]


SIZES = {
    "small": Size(16_000_000, 300_000, 4_000_000, 16_384, 384, 8, 6, 512, 32, 1e-3),
    "tiny": Size(9_000, 1_500, 9_000, 1_200, 16, 1, 2, 16, 8, 1e-2),
}


# ---- texts ----


def sources() -> Iterator[str]:
    """The Python files of the packages in SOURCES that are installed, in the order of their names."""
    for package in SOURCES:
        try:
            files = metadata.files(package) or []
        except metadata.PackageNotFoundError:
            continue
        for file in sorted(files):
            if file.suffix == ".py" and (path := Path(file.locate())).is_file():
                try:
                    yield path.read_text(encoding="utf-8")
                except UnicodeDecodeError:  # a file that is there to test other encodings
                    continue


def load_texts(name: str) -> tuple[str, str]:
    """The text to train on and the text to validate on, cut between documents that are all different."""
    size = SIZES[name]
    if name == "tiny":
        text, val = split_train_val(load_story(), val_fraction=0.2)
        return text[: size.train_size], val[: size.val_size]
    documents = list(dict.fromkeys(itertools.chain(library_documents(), sources())))
    random.Random(0).shuffle(documents)
    val, rest = take(documents, size.val_size)
    text, _ = take(rest, size.train_size)
    return text, val


def take(documents: list[str], size: int) -> tuple[str, list[str]]:
    """The first documents, joined and cut to `size` characters, and the documents after them."""
    lengths = np.cumsum([len(document) + len(DOCUMENT_SEPARATOR) for document in documents])
    n = int(np.searchsorted(lengths, size)) + 1
    return DOCUMENT_SEPARATOR.join(documents[:n])[:size], documents[n:]


# ---- running ----


class Grid:
    """The texts and tokenizers of a size, each made when it is first needed, and its runs."""

    def __init__(self, name: str, device: str):
        self.size, self.device, self._encoded = SIZES[name], device, {}
        self.text, self.val = load_texts(name)

    @cached_property
    def fingerprint(self) -> str:
        """Of the texts: runs on others cannot be compared."""
        return hashlib.sha256(f"{self.text}\0{self.val}".encode()).hexdigest()[:12]

    def tokenizer(self, name: str) -> BPETokenizer | Superwords:
        learned = self.text[: self.size.learn_size]
        if name == "bytes":
            return BPETokenizer([])
        kind = Superwords if name.startswith("across words") else BPETokenizer
        return kind.train(learned, int(name.split()[-1]))

    def encoded(self, name: str) -> tuple[BPETokenizer | Superwords, np.ndarray, np.ndarray, np.ndarray]:
        """A tokenizer; the ids of the training text, of the validation text, of as much training text."""
        if name not in self._encoded:
            tokenizer, again = self.tokenizer(name), self.text[: len(self.val)]
            ids = (np.array(tokenizer.encode(text)) for text in (self.text, self.val, again))
            self._encoded[name] = (tokenizer, *ids)
        return self._encoded[name]

    def plan(self, change: dict) -> dict:
        """All that a run needs to know: what it changes in the baseline, its steps, its work."""
        size, base = self.size, f"BPE {self.size.vocab_size}"
        run = {"tokenizer": base, "positions": "rope", "max_length": size.max_length} | change
        tokenizer, ids, *_ = self.encoded(run["tokenizer"])
        run.setdefault("batch_size", size.batch_size)
        if run["tokenizer"] != base:  # as many bytes a step as the baseline
            run["batch_size"] = round(size.batch_size * len(ids) / len(self.encoded(base)[1]))
        run["vocab_size"] = len(tokenizer.vocab)
        run["tokens"] = run["max_length"] * run["batch_size"]  # of a step
        run["steps"] = len(ids) // run["tokens"]
        return run

    def model(self, run: dict, seed: int) -> TinyGPT:
        model = TinyGPT(
            run["vocab_size"], run["max_length"], self.size.dim, self.size.n_layers, self.size.n_heads,
            run["positions"], seed,
        ).to(self.device)  # fmt: skip
        model.forward = torch.autocast(self.device, torch.bfloat16)(model.forward)
        return model

    def work(self, run: dict) -> float:
        """The operations of a run, forward and back."""
        parameters = sum(p.numel() for p in self.model(run, 0).parameters())
        count = operations(1, parameters, run["max_length"], self.size.n_layers, self.size.dim)
        return float(run["tokens"] * run["steps"] * count)

    def bits(self, model: TinyGPT, name: str) -> list[float]:
        """Bits per byte, on as much of the training text as there is validation text, and on this."""
        tokenizer, _, val, again = self.encoded(name)
        sizes = [len(part) - 1 for part in (again, val)]
        n_bytes = [len(text.encode()) for text in (self.text[: len(self.val)], self.val)]
        return [
            bits_per_byte(model, part, PerToken) * n / (total - byte_count(tokenizer, part[:1]))
            for part, n, total in zip((again, val), sizes, n_bytes, strict=True)
        ]

    def run(self, change: dict, seed: int) -> list[dict]:
        """Train one model; a row for each point on the way at which it was measured."""
        run, rate = self.plan(change), self.size.rate
        model, ids = self.model(run, seed), self.encoded(run["tokenizer"])[1]
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate / WARM_UP, betas=(0.9, 0.95), fused=True)
        loader = make_loader(ids, run["max_length"], None, run["batch_size"], seed=seed)
        batches = itertools.chain.from_iterable(itertools.repeat(loader))
        points = {max(1, round(run["steps"] * i / POINTS)) for i in range(1, POINTS + 1)}
        bytes_a_step, work = run["tokens"] * len(self.text.encode()) / len(ids), self.work(run)
        rows, start = [], time.perf_counter()
        steps = train(model, itertools.islice(batches, run["steps"]), optimizer)
        for step, _ in enumerate(steps, 1):
            optimizer.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / WARM_UP)
            if step in points:
                seconds = time.perf_counter() - start  # the measurements included
                train_bpb, val_bpb = self.bits(model, run["tokenizer"])
                rows.append(
                    {"seed": seed, "max_length": run["max_length"], "step": step,
                     "tokens_seen": step * run["tokens"], "bytes_seen": round(step * bytes_a_step),
                     "seconds": round(seconds, 2), "parameters": sum(p.numel() for p in model.parameters()),
                     "operations": round(work * step / run["steps"]), "train_bpb": round(train_bpb, 4),
                     "val_bpb": round(val_bpb, 4), "device": self.device, "text": self.fingerprint}
                )  # fmt: skip
        return rows


def run_size(name: str, device: str, path: Path, say: Callable[[str], None] = print) -> None:
    """Make the runs of a size that `path` lacks."""
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("--device cuda: torch sees no CUDA device here. Use a machine with one, or --device cpu")
    rows, settings = read(path), SIZES[name].settings
    todo = missing(rows, settings)
    if not todo:
        return say(f"nothing is missing: {len(rows)} rows in {path}")
    if device == "cpu":
        torch.set_num_threads(1)  # so that the number of cores changes no result
    grid = Grid(name, device)
    if others := {row["text"] for row in rows} - {grid.fingerprint}:
        sys.exit(
            f"{path} has runs on other texts ({', '.join(others)}, not {grid.fingerprint}): name another"
        )
    work = sum(grid.work(grid.plan(change)) for _, change, _ in todo)
    say(f"{len(todo)} runs, {work:.1e} operations, {len(rows)} rows are there")
    for names, change, seed in tqdm(todo, unit="run", file=sys.stderr):
        made = grid.run(change, seed)
        for experiment, setting in names:
            rows += [{"experiment": experiment, "setting": setting} | row for row in made]
        write(path, rows, settings)
    say(f"{len(rows)} rows in {path}")
