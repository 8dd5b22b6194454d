"""Encoding with `helpers.bpe`, beside tiktoken, tokenizers and gigatoken.

`python -m benchmarks encode [turns]`. All run on one core, in turn, each time in a new copy of one
process; timed is the CPU time. *Cold*: the encoder has read no text. *Warm*: it has seen this text before, as
in a long corpus most pre-tokens have been seen. tiktoken and tokenizers remember nothing here, so each has
one speed. 10,000 characters, about three pages, are a passage of Tiny Shakespeare. gigatoken's tables cost it
some milliseconds at the first text: in a short one that is most of its time.
"""

import pickle
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import in_turn, speeds, table
from benchmarks.child import on_one_core
from benchmarks.peers import (
    GIGATOKEN,
    OURS,
    TIKTOKEN,
    TOKENIZERS,
    as_gigatoken,
    as_tiktoken,
    as_tokenizers,
    check_equal,
    vocabularies,
    vocabulary_file,
)
from helpers.bpe import BPETokenizer
from helpers.corpus import cache_folder, load_library_docs, read_text

PASSAGE = 10_000  # characters
SHORT_TEXT = 10**5  # bytes; a run of less takes milliseconds, so there are more turns


def main(args: list[str]) -> None:
    repeats = int(args[0]) if args else 3
    with TemporaryDirectory() as folder:
        source = Path(folder, "text.txt")
        for title, tokenizer in vocabularies().items():
            vocabulary = vocabulary_file(folder, tokenizer)
            for name, text in texts().items():
                source.write_bytes(text.encode())
                size = source.stat().st_size / 1e6
                arrays, lists = on_one_core(encode_in_turn, vocabulary, str(source), repeats)
                heading = f"{name} ({size:,.2f} MB), vocabulary {title}"
                bars = f"encoding, {name}" if title == "gpt2" else ""
                unit, short = "MB per CPU second", f"{name}, {title}"
                speeds(
                    f"Encoding into an array: {heading}",
                    unit,
                    size,
                    arrays,
                    TIKTOKEN,
                    bars,
                    f"array, {short}",
                )
                speeds(
                    f"Encoding into a list: {heading}", unit, size, lists, TIKTOKEN, short=f"list, {short}"
                )
        table("Very long pre-tokens: CPU seconds", *on_one_core(worst_cases, vocabulary))


def texts() -> dict[str, str]:
    known, shakespeare = {"library docs": load_library_docs()}, cache_folder() / "tiny-shakespeare.txt"
    if shakespeare.exists():
        play = read_text(shakespeare)
        known |= {"Tiny Shakespeare": play, "10,000 characters": play[len(play) // 2 :][:PASSAGE]}
    return known


def encode_in_turn(vocabulary: str, source: str, repeats: int) -> list[dict[str, list[float]]]:
    """The seconds of what gives an array, and of what gives lists."""
    text = read_text(source)
    if len(text) < SHORT_TEXT:
        repeats *= 3
    both = arrays_and_lists(vocabulary, text)
    for makers in both:
        check_equal({name: partial(call, make) for name, make in makers.items()})
    return [in_turn(makers, repeats, time.process_time, rehearse=True) for makers in both]


def call(make: Callable[[], Callable]) -> object:
    return make()()


def arrays_and_lists(vocabulary: str, text: str) -> list[dict[str, Callable[[], Callable]]]:
    """Each gives, untimed, a function that encodes `text`."""
    ours, openai = BPETokenizer.load(vocabulary), as_tiktoken(BPETokenizer.load(vocabulary))
    face, giga = as_tokenizers(vocabulary), as_gigatoken(vocabulary)
    frozen = pickle.dumps(ours)  # a pickle leaves out what was remembered
    arrays = {
        f"{OURS}, cold": lambda: partial(pickle.loads(frozen).encode_to_numpy, text),
        f"{OURS}, warm": lambda: warmed(ours.encode_to_numpy, text),
        TIKTOKEN: lambda: partial(openai.encode_to_numpy, text, disallowed_special=()),
    }
    lists = {
        f"{OURS}, cold": lambda: partial(pickle.loads(frozen).encode, text),
        f"{OURS}, warm": lambda: warmed(ours.encode, text),
        TIKTOKEN: lambda: partial(openai.encode_ordinary, text),
        TOKENIZERS: lambda: lambda: face.encode_batch_fast([text], add_special_tokens=False)[0].ids,
    }
    if giga:
        as_list = lambda encoder: encoder.encode_batch_list([text], parallel=False)[0]
        arrays[f"{GIGATOKEN}, cold"] = lambda: partial(as_gigatoken(vocabulary).encode, text)
        arrays[f"{GIGATOKEN}, warm"] = lambda: warmed(giga.encode, text)
        lists[f"{GIGATOKEN}, cold"] = lambda: partial(as_list, as_gigatoken(vocabulary))
        lists[f"{GIGATOKEN}, warm"] = lambda: warmed(as_list, giga)
    return [arrays, lists]


def warmed(encode: Callable, *given: object) -> Callable:
    """A call that was made three times before: gigatoken needs two, once another tokenizer has been made."""
    for _ in range(3):
        encode(*given)
    return partial(encode, *given)


def worst_cases(vocabulary: str) -> tuple[list[str], list[list[str]]]:
    """A header, and a row for each text without any place to cut."""
    letters = "".join(filter(str.isalpha, load_library_docs()))
    texts = {"100,000 equal letters": "a" * 10**5, "1 MB of letters, no space": letters[: 10**6]}
    header, rows = ["text"], []
    for name, text in texts.items():
        makers = {
            key: make for key, make in arrays_and_lists(vocabulary, text)[1].items() if "warm" not in key
        }
        seconds = in_turn(makers, 1, time.process_time)
        rows.append([name, *(f"{taken[0]:.2f}" for taken in seconds.values())])
        header[1:] = seconds
    return header, rows
