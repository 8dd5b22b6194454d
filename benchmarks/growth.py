"""How the cost of training and encoding grows with the text, and with the vocabulary.

`python -m benchmarks growth [turns]`. The text is the Python source of the installed packages, file after
file in a mixed order: real text that does not repeat, so its distinct pre-tokens grow with it. Each figure is
taken in a new process with one core: CPU seconds, and the peak of the resident memory beyond what was there
before. To training that includes the text (rustbpe and tokenizers read it piece by piece), to encoding the
result only. The *slope* is that of the line that fits best on two logarithmic axes: 1 says that twice as much
takes twice as long. Figures are medians of all turns.
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
from helpers.bpe import BPETokenizer
from helpers.corpus import read_text

TEXT_MB, VOCAB_SIZES = (1, 4, 16, 64), (1024, 2048, 4096, 8192, 16384, 32768)
NAIVE_KB = (8, 16, 32, 64)
ENCODERS = ("helpers.bpe encode_to_numpy, cold", "tiktoken encode_to_numpy")


def main(args: list[str]) -> None:
    turns = int(args[0]) if args else 1
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
        grown("Encoding, vocabulary of 8,192", sizes, costs(encode_once, ENCODERS, texts, turns))
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
    for number, what, form in ((0, "CPU seconds", "{:.2f}"), (1, "peak MB beyond what was there", "{:.0f}")):
        turns = {f"{name}, {case}": [pair[number] for pair in got] for (name, case), got in costs.items()}
        turns = runs.all_turns(f"{title}: {what}", turns)
        values = {name: [median(turns[f"{name}, {case}"]) for case in cases] for name in names}
        rows = [
            (name, *map(form.format, got), f"{slope(sizes, got):.2f}" if min(got) > 0 else "")
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
    ours = BPETokenizer.load(vocabulary)
    openai, text = ours.to_tiktoken(), read_text(path)
    if name == ENCODERS[0]:
        return measured(lambda: ours.encode_to_numpy(text))
    return measured(lambda: openai.encode_to_numpy(text, disallowed_special=()))


def naive_once(_name: str, path: str, kilobytes: int) -> tuple[float, float]:
    text = read_text(path)[: kilobytes * 1000]
    return measured(lambda: naive_merges(text, kilobytes * 8))
