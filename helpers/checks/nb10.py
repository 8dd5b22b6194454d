"""The checks of notebook 10's exercises."""

import math
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any

import numpy as np
import torch

from helpers.corpus import load_story, split_train_val
from helpers.exercises import Wrong, call, exercise, expect, said, same, short
from helpers.model import TinyGPT, bits_per_byte


@exercise("10.parameters")
def parameters(answer: Callable) -> str:
    cases = [
        ((4096, 64, 3, 64, False), "Count the table, each of the blocks, and the last norm."),
        ((4096, 64, 3, 64, True), "A learned table has a row for each position."),
        ((300, 32, 1, 128, True), ""),
        ((50257, 768, 12, 1024, True), ""),
        ((97, 48, 5, 10, False), ""),
    ]
    for arguments, hint in cases:
        vocab_size, dim, n_layers, max_length, learned = arguments
        right = vocab_size * dim + n_layers * (12 * dim**2 + 2 * dim) + dim + learned * max_length * dim
        near = {
            right + vocab_size * dim: "The table serves at both ends, but it is one table: count it once.",
            right - dim: "There is one more norm, after the last block.",
            right - n_layers * 2 * dim: "Each block has two norms of dim numbers.",
            right - n_layers * 2 * dim - dim: "Count the norms too: two a block, and one at the end.",
            right + (not learned) * max_length * dim: "Learned positions have a table, RoPE has none.",
            right - n_layers * dim**2: "Attention has four matrices: query, key, value, and output.",
        }
        got = call(answer, *arguments, expected=str(right))
        expect(answer, arguments, right, near.get(got, hint) if isinstance(got, int) else hint)
    return "The fourth case was GPT-2 small without its biases."


@exercise("10.bits")
def bits(answer: Callable) -> str:
    for perplexity, n_tokens, n_bytes in [(2.0, 100, 100), (4096.0, 300, 1000), (17.5, 1234, 4321)]:
        nats = math.log(perplexity) * n_tokens / n_bytes
        right = nats / math.log(2)
        near = {
            right * (n_tokens - 1) / n_tokens: "The n_tokens are those predicted: take none away.",
            nats: "That is nats per byte: a bit is ln 2 = 0.693 nats, so divide by math.log(2).",
            right * n_bytes / n_tokens: "That is bits per token: mind how many tokens and bytes there are.",
            right * (n_bytes / n_tokens) ** 2: "Multiply by the tokens, divide by the bytes.",
            right * perplexity / math.log(perplexity): "Perplexity is no loss yet: take its logarithm.",
        }
        got = call(answer, perplexity, n_tokens, n_bytes, expected=f"{right:.4f}")
        hint = next((h for value, h in near.items() if not same(value, right) and same(got, value)), "")
        expect(answer, (perplexity, n_tokens, n_bytes), right, hint)
    return "Now the tables of two papers can be compared, if they say how many tokens and bytes there were."


class Peeking:
    """A model over 50 ids that looks back three places, and at `places` also so many `ahead`."""

    def __init__(self, ahead: Iterable[int] = (), places: Iterable[int] = range(16)):
        self.ahead, self.places = list(ahead), set(places)
        self.table = torch.randn(50, 50, generator=torch.Generator().manual_seed(0))

    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        vectors, out = self.table[ids], []
        for t in range(ids.shape[1]):
            ahead = [t + n for n in self.ahead if t in self.places and t + n < ids.shape[1]]
            seen = vectors[:, [*range(max(0, t - 3), t + 1), *ahead]]
            out.append((seen * (1 + torch.arange(seen.shape[1]))[:, None]).sum(dim=1))
        return torch.stack(out, dim=1)


@exercise("10.leak")
def leak(answer: Callable) -> str:
    honest = TinyGPT(50, 16, dim=16, n_layers=2, n_heads=2)
    torch.nn.init.normal_(honest.embedding.weight, generator=torch.Generator().manual_seed(0))
    cases = [
        (honest, False, "an honest TinyGPT", "Rounding may differ a little: compare with torch.allclose."),
        (Peeking(), False, "a model that looks back three places", "Only *later* tokens are forbidden."),
        (
            Peeking(range(16)),
            True,
            "a model whose every place sees the rest",
            "Change later tokens, compare.",
        ),
        (Peeking([1]), True, "a model that sees one token ahead", "Test the place just before the change."),
        (Peeking([1], [14]), True, "a model that leaks at place 14 of 16 alone", "Try each place."),
        (Peeking([1], [0]), True, "a model that leaks at place 0 alone", "Try each place."),
        (Peeking([2], [5]), True, "a model that sees place 7 from place 5", "Change *all* later tokens."),
    ]
    for model, right, what, hint in cases:
        for seed in range(3):
            ids = torch.randint(50, (1, 16), generator=torch.Generator().manual_seed(seed))
            ids = torch.full((1, 16), 49) if seed == 2 else ids
            before = ids.clone()
            got = call_model(answer, model, ids, what)
            if not torch.equal(ids, before):
                raise Wrong("Your function changed the ids that it was given: work on ids.clone().")
            if not same(got, right):
                hint = hint if type(got) is bool else "Does it return a bool, True or False?"
                raise Wrong(f"On {what} expected {right}, but got {short(got)}. {hint}")
    return "Run it on every model that you write, before you train it."


def call_model(answer: Callable, model: Any, ids: torch.Tensor, what: str) -> Any:
    if not callable(answer):
        raise Wrong(f"This should be a function that one can call; it is {short(answer)}.")
    try:
        with torch.no_grad():
            return answer(model, ids)
    except Exception as error:
        raise Wrong(f"On {what} your function raised {said(error)}.") from error


@exercise("10.chance")
def chance(answer: Callable) -> str:
    cases = [
        (
            ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]),
            "Count ways that are just as far apart as this one, and in both directions.",
        ),
        (([2.0, 2.0], [2.0, 2.0]), "All ways give a difference of 0, and so does this one."),
        (([2.71, 2.76, 2.80], [2.78, 2.83, 2.84]), ""),
        (([5.0, 6.0, 9.0, 7.0], [1.0, 6.5]), "The lists may have different lengths."),
        (([1.0], [3.0, 4.0, 9.0]), ""),
    ]
    for (a, b), hint in cases:
        pool, apart = np.array(a + b), abs(np.mean(a) - np.mean(b))
        ways = list(combinations(range(len(pool)), len(a)))
        differences = [abs(pool[list(w)].mean() - np.delete(pool, list(w)).mean()) for w in ways]
        expect(answer, (a, b), sum(bool(d >= apart - 1e-9) for d in differences) / len(ways), hint)
    return "Three seeds against three never go below 0.1: for stronger words, run more seeds."


@exercise("10.beat")
def beat(answer: Any) -> str:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Wrong(f"Give a pair, (model, tokenizer); this is {short(answer, 80)}.")
    model, tokenizer = answer
    if not isinstance(model, torch.nn.Module) or not hasattr(tokenizer, "encode"):
        raise Wrong("The first of the pair is the model, the second its tokenizer.")
    text = split_train_val(load_story(), 0.2)[1]
    ids = tokenizer.encode(text)
    decode = getattr(tokenizer, "decode_bytes", lambda ids: tokenizer.decode(ids).encode())
    if decode(ids) != text.encode():
        raise Wrong("Your tokenizer does not give the text back, so its bits per byte would be flattered.")
    length = min(len(ids), getattr(model, "max_length", 64))
    probe, other = torch.tensor([ids[:length]]), torch.tensor([ids[:length]])
    other[0, length // 2 :] = ids[0]
    with torch.no_grad():
        gap = (model(probe) - model(other))[0, : length // 2].abs().max().item()
    if gap > 1e-3:
        raise Wrong("The model's logits depend on later tokens: it sees what it is to predict.")
    bpb = bits_per_byte(model, ids, tokenizer)
    if not bpb < 3.0:
        raise Wrong(f"{bpb:.2f} bits per byte on the last fifth; 3.0 is the limit. Did you train it?")
    behind = "ahead of bz2's 2.32" if bpb < 2.32 else "bz2 is still ahead, with 2.32"
    return f"{bpb:.2f} bits per byte, {behind}."
