"""How the cost of training, encoding and loading grows with the data, or with the vocabulary.

`python -m benchmarks growth [turns]`. The text is the Python source of the installed packages, file after
file in a mixed order: real text that does not repeat, so its distinct pre-tokens grow with it. Each figure is
taken in a new process with one core: CPU seconds, and the peak of the resident memory beyond what was there
before. To training that includes the text (all but gigatoken read it piece by piece), to encoding the result
only. Loading is one epoch of windows of 256 from a memory map. The *slope* is that of the line that fits best
on two logarithmic axes: 1 says that twice as much takes twice as long. Figures are medians of all turns.
"""

import hashlib
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import progress, runs, table
from benchmarks.bpe import naive_merges, trainers_here
from benchmarks.child import forget_peak, memory, on_one_core
from benchmarks.encode import arrays_and_lists
from benchmarks.loader import read_all, write_ids
from helpers.bpe import BPETokenizer
from helpers.corpus import read_text
from helpers.windows import make_loader

TEXT_MB, VOCAB_SIZES = (1, 4, 16), (512, 4096, 32768)
NAIVE_KB, MILLION_IDS = (8, 16, 32), (4, 16, 64)


def main(args: list[str]) -> None:
    turns = 1 if not args else max(1, int(args[0]) // 3)  # each figure is a process of its own
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sizes = write_texts(folder)
        vocabulary = folder / "tokenizer.json"
        BPETokenizer.train(read_text(folder / "4.txt"), 8192).save(vocabulary)
        trainers = list(trainers_here())
        texts = {f"{mb} MB": (str(folder / f"{mb}.txt"), 8192) for mb in TEXT_MB}
        by_text = costs(train_once, trainers, texts, turns)
        grown("Training, 8,192 tokens", sizes, by_text)
        vocabs = {f"{size:,}": (str(folder / "4.txt"), size) for size in VOCAB_SIZES}
        grown("Training on 4 MB, by vocabulary size", VOCAB_SIZES, costs(train_once, trainers, vocabs, turns))
        texts = {f"{mb} MB": (str(folder / f"{mb}.txt"), str(vocabulary)) for mb in TEXT_MB}
        encoders = [name for name in arrays_and_lists(str(vocabulary), "")[0] if not name.endswith("warm")]
        grown("Encoding, vocabulary of 8,192", sizes, costs(encode_once, encoders, texts, turns))
        ids = {f"{n} M ids": (str(folder / "ids.bin"), n * 10**6) for n in MILLION_IDS}
        write_ids(folder / "ids.bin", MILLION_IDS[-1] * 10**6)
        grown("Loading an epoch of windows", MILLION_IDS, costs(load_once, ["make_loader"], ids, turns))
        texts = {f"{kb} kB": (str(folder / "1.txt"), kb) for kb in NAIVE_KB}
        naive = costs(naive_once, ["naive"], texts, turns)
        grown("Training that counts all pairs for each merge, eight merges for each kB", NAIVE_KB, naive)


def write_texts(folder: Path) -> list[int]:
    """Write 1.txt, 4.txt, ... and return their sizes in bytes; each begins as the smaller ones do."""
    site = Path(sysconfig.get_paths()["purelib"])
    name = lambda path: hashlib.sha256(path.relative_to(site).as_posix().encode()).digest()
    data = bytearray()
    for path in sorted(site.rglob("*.py"), key=name):
        data += path.read_bytes().decode("utf-8", "replace").encode()
        if len(data) >= TEXT_MB[-1] * 10**6:
            break
    sizes = []
    for mb in TEXT_MB:
        text = bytes(data[: mb * 10**6]).decode("utf-8", "ignore")
        sizes.append((folder / f"{mb}.txt").write_bytes(text.encode()))
    return sizes


def costs(function: Callable, names: list[str], cases: dict[str, tuple], turns: int) -> dict:
    """(CPU seconds, MB) in each turn, for each name and case."""
    found: dict[tuple[str, str], list] = {(name, case): [] for case in cases for name in names}
    for turn in range(turns):
        for name, case in found:
            progress(f"turn {turn + 1} of {turns}: {name}, {case}")
            found[name, case].append(on_one_core(function, name, *cases[case]))
    progress("")
    return found


def grown(title: str, sizes: list[int], costs: dict[tuple[str, str], list[tuple[float, float]]]) -> None:
    """Report two tables, time and memory: a row for each name, a column for each case, and the slope."""
    names, cases = (list(dict.fromkeys(column)) for column in zip(*costs, strict=True))
    kinds = ("CPU seconds", "{:.2f}", 0.01), ("peak MB beyond what was there", "{:.0f}", 1)
    for number, (what, form, least) in enumerate(kinds):
        turns = {f"{name}, {case}": [pair[number] for pair in got] for (name, case), got in costs.items()}
        turns = runs.all_turns(f"{title}: {what}", turns)
        values = {name: [median(turns[f"{name}, {case}"]) for case in cases] for name in names}
        rows = [
            (name, *map(form.format, got), f"{slope(sizes, got):.2f}" if min(got) >= least else "")
            for name, got in values.items()
        ]
        table(f"{title}: {what}", ("", *cases, "slope"), rows)


def slope(x: list[float], y: list[float]) -> float:
    """Of the straight line that fits best through log x and log y."""
    return np.polyfit(np.log(x), np.log(y), 1)[0]


def measured(function: Callable[[], object]) -> tuple[float, float]:
    """(CPU seconds, peak MB beyond what is resident now) of a call."""
    forget_peak()
    before, start = memory("VmRSS"), time.process_time()
    function()
    return time.process_time() - start, memory("VmHWM") - before


def train_once(name: str, path: str, vocab_size: int) -> tuple[float, float]:
    train = trainers_here()[name]
    train(Path(__file__), 300)  # what is loaded on first use is not the cost of training
    return measured(lambda: train(Path(path), vocab_size))


def encode_once(name: str, path: str, vocabulary: str) -> tuple[float, float]:
    return measured(arrays_and_lists(vocabulary, read_text(path))[0][name]())


def load_once(_name: str, path: str, n_ids: int) -> tuple[float, float]:
    ids = np.memmap(path, np.uint16, "r", shape=n_ids)
    read_all(lambda: make_loader(ids[:10_000], 256, 256, 32))  # what is loaded on first use
    return measured(lambda: read_all(lambda: make_loader(ids, 256, 256, 32)))


def naive_once(_name: str, path: str, kilobytes: int) -> tuple[float, float]:
    text = read_text(path)[: kilobytes * 1000]
    return measured(lambda: naive_merges(text, kilobytes * 8))
