"""`BPETokenizer.encode_to_numpy` beside tiktoken's, and beside tokenizers' `encode_batch_fast`.

`python -m benchmarks encode [repeats]`. All run on one core, in one process, in turn; timed is the CPU time.
*Cold*: each run begins with nothing remembered of any text. *Warm*: the encoder has seen the text before, as
in a long corpus most pre-tokens have been seen. tiktoken remembers nothing, so it has one speed.
"""

import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tokenizers import Tokenizer

from benchmarks import in_turn, ratios, table
from helpers.bpe import BPETokenizer
from helpers.corpus import cache_folder, load_library_docs, read_text

OURS, OPENAI = "helpers.bpe encode_to_numpy", "tiktoken encode_to_numpy"
HEADER = ("encoder", "MB per CPU second", "speed, tiktoken = 1")


def main(args: list[str]) -> None:
    repeats = args[0] if args else "5"
    with tempfile.TemporaryDirectory() as folder:
        for vocabulary, tokenizer in vocabularies().items():
            path = Path(folder, "tokenizer.json")
            tokenizer.save(path)
            for name, text in texts().items():
                source = Path(folder, "text.txt")
                source.write_bytes(text.encode())
                seconds = on_one_core(str(path), str(source), repeats)
                size = source.stat().st_size / 1e6
                rows = [
                    (way, f"{size / statistics.median(s):.1f}", ratios(seconds[OPENAI], s))
                    for way, s in seconds.items()
                ]
                table(f"{name} ({size:.1f} MB), vocabulary {vocabulary}", HEADER, rows)


def vocabularies() -> dict[str, BPETokenizer]:
    found = {"of 8,192, trained on the library docs": BPETokenizer.train(load_library_docs(), 8192)}
    files = [cache_folder() / name for name in ("gpt2-encoder.json", "gpt2-vocab.bpe")]
    if all(file.exists() for file in files):
        found["of GPT-2"] = BPETokenizer.from_gpt2(*files)
    return found


def texts() -> dict[str, str]:
    shakespeare = cache_folder() / "tiny-shakespeare.txt"
    known = {"Tiny Shakespeare": read_text(shakespeare)} if shakespeare.exists() else {}
    return {"Library docs": load_library_docs()} | known


def on_one_core(*arguments: str) -> dict[str, list[float]]:
    """What `measure` returns, in a new process that has one core."""
    limits = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    call = [sys.executable, "-m", "benchmarks.encode", *arguments]
    done = subprocess.run(call, stdout=subprocess.PIPE, check=True, env=os.environ | limits)
    return json.loads(done.stdout)


def measure(vocabulary: str, source: str, repeats: str) -> dict[str, list[float]]:
    text, ours = read_text(source), BPETokenizer.load(vocabulary)
    lines, frozen = text.splitlines(keepends=True), pickle.dumps(ours)
    openai, theirs = ours.to_tiktoken(), Tokenizer.from_file(vocabulary)
    theirs.encode_special_tokens = True
    fresh = [pickle.loads(frozen) for _ in range(int(repeats))]  # a pickle leaves out what was remembered
    expected = openai.encode_to_numpy(text, disallowed_special=())
    assert (ours.encode_to_numpy(text) == expected).all()
    theirs.encode_batch_fast(lines)
    functions = {
        f"{OURS}, cold": lambda: fresh.pop().encode_to_numpy(text),
        f"{OURS}, warm": lambda: ours.encode_to_numpy(text),
        OPENAI: lambda: openai.encode_to_numpy(text, disallowed_special=()),
        "tokenizers encode_batch_fast by line, warm": lambda: theirs.encode_batch_fast(lines),
    }
    return in_turn(functions, int(repeats), time.process_time)


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(measure(*sys.argv[1:])))
