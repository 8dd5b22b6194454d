"""Encoding with `helpers.bpe`, beside tiktoken and tokenizers: `python -m benchmarks encode [turns]`.

All run on one core, in one process, in turn; timed is the CPU time. *Cold*: each run begins with nothing
remembered of any text. *Warm*: the encoder has seen the text before, as in a long corpus most pre-tokens have
been seen. tiktoken remembers nothing, so it has one speed.
"""

import pickle
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import tiktoken
from tokenizers import Tokenizer

from benchmarks import in_turn, speeds, table
from benchmarks.child import on_one_core
from helpers.bpe import BPETokenizer
from helpers.corpus import cache_folder, load_library_docs, read_text

ARRAYS, LISTS = "tiktoken encode_to_numpy", "tiktoken encode_ordinary"


def main(args: list[str]) -> None:
    repeats = int(args[0]) if args else 3
    with TemporaryDirectory() as folder:
        vocabulary, source = Path(folder, "tokenizer.json"), Path(folder, "text.txt")
        for title, tokenizer in vocabularies().items():
            tokenizer.save(vocabulary)
            for name, text in texts().items():
                source.write_bytes(text.encode())
                size = source.stat().st_size / 1e6
                arrays, lists = on_one_core(encode_in_turn, str(vocabulary), str(source), repeats)
                heading = f"{name} ({size:.1f} MB), vocabulary {title}"
                bars = f"encoding, {name}" if "GPT-2" in title else ""
                unit = "MB per CPU second"
                speeds(f"Encoding into an array: {heading}", unit, size, arrays, ARRAYS, bars)
                speeds(f"Encoding into a list: {heading}", unit, size, lists, LISTS)
        rows = on_one_core(worst_cases, str(vocabulary))
    header = ("text", "helpers.bpe", "tokenizers", "tiktoken")
    table("Very long pre-tokens: CPU seconds of encoding", header, rows)


def vocabularies() -> dict[str, BPETokenizer]:
    found = {"of 8,192, trained on the library docs": BPETokenizer.train(load_library_docs(), 8192)}
    files = [cache_folder() / name for name in ("gpt2-encoder.json", "gpt2-vocab.bpe")]
    if all(file.exists() for file in files):
        found["of GPT-2"] = BPETokenizer.from_gpt2(*files)
    return found


def texts() -> dict[str, str]:
    shakespeare = cache_folder() / "tiny-shakespeare.txt"
    known = {"Tiny Shakespeare": read_text(shakespeare)} if shakespeare.exists() else {}
    return {"library docs": load_library_docs()} | known


def peers(vocabulary: str) -> tuple[BPETokenizer, Tokenizer, tiktoken.Encoding]:
    ours, theirs = BPETokenizer.load(vocabulary), Tokenizer.from_file(vocabulary)
    theirs.encode_special_tokens = True
    return ours, theirs, ours.to_tiktoken()


def encode_in_turn(vocabulary: str, source: str, repeats: int) -> list[dict[str, list[float]]]:
    """The seconds of what gives an array, and of what gives lists."""
    text, (ours, theirs, openai) = read_text(source), peers(vocabulary)
    lines, frozen = text.splitlines(keepends=True), pickle.dumps(ours)
    fresh = [pickle.loads(frozen) for _ in range(2 * repeats)]  # a pickle leaves out what was remembered
    tiktoken_array = partial(openai.encode_to_numpy, text, disallowed_special=())
    assert (ours.encode_to_numpy(text) == tiktoken_array()).all()
    assert ours.encode(text) == openai.encode_ordinary(text)
    theirs.encode_batch_fast(lines)
    arrays = {
        "helpers.bpe encode_to_numpy, cold": lambda: fresh.pop().encode_to_numpy(text),
        "helpers.bpe encode_to_numpy, warm": lambda: ours.encode_to_numpy(text),
        ARRAYS: tiktoken_array,
    }
    lists = {
        "helpers.bpe encode, cold": lambda: fresh.pop().encode(text),
        "helpers.bpe encode, warm": lambda: ours.encode(text),
        LISTS: lambda: openai.encode_ordinary(text),
        "tokenizers encode_batch_fast by line, warm": lambda: theirs.encode_batch_fast(lines),
    }
    return [in_turn(functions, repeats, time.process_time) for functions in (arrays, lists)]


def worst_cases(vocabulary: str) -> list[tuple[str, ...]]:
    ours, theirs, openai = peers(vocabulary)
    letters = "".join(filter(str.isalpha, load_library_docs()))
    texts = {"100,000 equal letters": "a" * 10**5, "1 MB of letters, no space": letters[: 10**6]}
    rows = []
    for name, text in texts.items():
        encoders = {"helpers": ours.encode, "tokenizers": theirs.encode, "tiktoken": openai.encode_ordinary}
        runs = {key: partial(encode, text) for key, encode in encoders.items()}
        seconds = in_turn(runs, 1, time.process_time)
        rows.append((name, *(f"{s[0]:.2f}" for s in seconds.values())))
    return rows
