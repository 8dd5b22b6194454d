"""The checks of notebook 10's exercises."""

import copy
import math
from collections.abc import Callable, Iterable
from itertools import product
from random import Random
from typing import Any

import torch

from helpers.corpus import load_story, split_train_val
from helpers.model import TinyGPT, bits_per_byte
from lessons.exercises import Words, Wrong, call, exercise, rejection, same, short

LIMIT, BZ2 = 3.0, 2.32  # bits per byte on the last fifth of the story: what is asked, and what bz2 needs


@exercise("10.parameters")
def parameters(answer: Callable) -> str:
    draw = Random(0)
    cases = [(4096, 64, 3, 64, False), (4096, 64, 3, 64, True), (300, 32, 1, 128, True)]
    cases += [(50257, 768, 12, 1024, True), (97, 48, 5, 10, False)]
    cases += [(draw.randrange(2, 9999), 8 * draw.randrange(1, 99), *draw.sample(range(1, 99), 2), learned)
              for learned in (True, False)]  # fmt: skip
    for arguments in cases:
        vocab_size, d, layers, max_length, learned = arguments
        table, places = vocab_size * d, max_length * d
        right = table + learned * places + layers * (12 * d**2 + 2 * d) + d
        near = {
            right + table: "The table serves at both ends, but it is one table: count it once.",
            right - table: "The embedding table has a row for each token of the vocabulary.",
            right - d: "There is one more norm, after the last block.",
            right - layers * 2 * d: "Each block has two norms of dim numbers.",
            right - layers * d: "Each block has two norms of dim numbers.",
            right - layers * 2 * d - d: "Count the norms too: two a block, and one at the end.",
            right + layers * 2 * d + d: "RMSNorm has one number for each dimension, and no bias.",
            right + layers * 9 * d: "The matrices have no biases.",
            right + layers * 9 * d + layers * 2 * d + d: "This model has no biases at all.",
            right + places - 2 * learned * places: "Learned positions have a table, RoPE has none.",
            right - learned * places: "A learned table has a row for each position.",
            right - learned * places + learned * max_length: "Each row of learned positions has dim numbers.",
            right - layers * d**2: "Attention has four matrices: query, key, value, and output.",
            right - layers * 4 * d**2: "The network has two matrices, up to 4 * dim and down again.",
            right - layers * 6 * d**2: "The network goes up to 4 * dim and down again, not from dim to dim.",
        }
        near.pop(right, None)
        got = call(answer, *arguments, expected=right)
        if not same(got, right):
            hint = "Which shapes has a model's `named_parameters()`, and how many times does each come?"
            hint = next((near[value] for value in near if same(got, value)), hint)
            raise rejection(arguments, right, got, hint)
    return "The fourth case was GPT-2 small without its biases."


@exercise("10.bits")
def bits(answer: Callable) -> str:
    draw = Random(0)
    cases = [(4096.0, 300, 1000), (17.5, 1234, 4321), (2.0, 100, 100), (1.0, 12, 50), (5e4, 60, 60)]
    cases += [(draw.uniform(2, 999), draw.randrange(2, 10**6), draw.randrange(2, 10**7)) for _ in range(5)]
    for arguments in cases:
        perplexity, n_tokens, n_bytes = arguments
        nats, share = math.log(perplexity), n_tokens / n_bytes
        right = nats * share / math.log(2)
        near = {
            **dict.fromkeys((round(right, n) for n in (2, 3, 4)), "Do not round it."),
            nats * share: "That is nats per byte: a bit is ln 2 = 0.693 nats, so divide by math.log(2).",
            nats * share * math.log(2): "A nat is more than a bit: divide by math.log(2).",
            perplexity * share: "Perplexity is no loss yet: take its logarithm.",
            perplexity * share / math.log(2): "Perplexity is no loss yet: take its logarithm.",
            math.log10(perplexity) * share: "The logarithm for bits has the base 2, not 10.",
            nats / math.log(2): "That is bits per token: how many tokens and bytes are there?",
            nats: "That is the loss in nats per token: go on to bits, and to bytes.",
            nats * n_tokens / math.log(2): "Those are the bits of the whole text: divide by its bytes.",
            right / share**2: "Multiply by the tokens, divide by the bytes.",
            right * (n_tokens - 1) / n_tokens: "The n_tokens are those predicted: take none away.",
            -right: "A loss is positive where the perplexity is above 1.",
        }
        got = call(answer, *arguments, expected=right)
        if not same(got, right):
            hint = "From perplexity to nats per token, then to nats of the text, to bits, to bits per byte."
            raise rejection(arguments, right, got, next((h for v, h in near.items() if same(got, v)), hint))
    return "Now the tables of two papers can be compared, if they say how many tokens and bytes there were."


class Peeking:
    """A model over `size` ids that looks back three places, and at `places` also so many `ahead`.

    What it sees ahead counts `weight`, what it sees of the past 1 to 4.
    """

    def __init__(
        self, ahead: Iterable[int] = (), places: Iterable[int] = range(16), size: int = 50, weight: float = 1
    ):
        self.table = torch.randn(size, size, generator=torch.Generator().manual_seed(0))
        self.mix = torch.zeros(16, 16)  # row t: how much place t sees of each place
        for t in range(16):
            self.mix[t, max(0, t - 3) : t + 1] = torch.arange(min(4, t + 1)) + 1.0
        for t, n in product(places, ahead):
            if t + n < 16:
                self.mix[t, t + n] = weight

    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        if ids.ndim != 2 or ids.shape[1] > 16:
            raise ValueError(f"ids has the shape {tuple(ids.shape)}; give rows of 16 at most, (1, length)")
        length = ids.shape[1]
        return self.mix[:length, :length] @ self.table[ids]


def models() -> list[tuple[Any, bool, str, str]]:
    """(a model, whether it leaks, what it is, a hint)"""
    honest = TinyGPT(50, 16, dim=16, n_layers=2, n_heads=2)
    torch.nn.init.normal_(honest.embedding.weight, generator=torch.Generator().manual_seed(0))
    past = "Only *later* tokens are forbidden: compare the places before the change."
    alone = "a model that leaks at place {} of 16 alone"
    return [
        (Peeking(), False, "a model that looks back three places", past),
        (honest, False, "an honest TinyGPT", "Rounding may differ a little: compare with torch.allclose."),
        (Peeking(size=7), False, "an honest model with 7 ids", "Take vocab_size from the logits."),
        (Peeking(range(1, 16)), True, "a model that sees all that follows", "Change tokens, and compare."),
        (Peeking([1]), True, "a model that sees one token ahead", "Test the place just before the change."),
        (Peeking([1], [14]), True, alone.format(14), "Try each place."),
        (Peeking([1], [0]), True, alone.format(0), "Try each place."),
        (Peeking([1], [7]), True, alone.format(7), "Try each place."),
        (Peeking([2], [5]), True, "a model that sees place 7 from place 5", "Change *all* later tokens."),
        (Peeking([15], [0]), True, "a model that sees place 15 from place 0", "Change *all* later tokens."),
        (Peeking([1], size=7), True, "a model with 7 ids that sees one ahead", "Any model may be given."),
        (
            Peeking([1], weight=0.002),
            True,
            "a model that leaks faintly",
            "Take a small `atol`, such as 1e-4.",
        ),
    ]


@exercise("10.leak")
def leak(answer: Callable) -> str:
    for n, (model, right, what, hint) in enumerate(models()):
        for ids in rows_for(n, len(model.table) if isinstance(model, Peeking) else 50):
            given = f"{what}, and ids {short(ids, 80)}"
            with torch.no_grad():
                got = call(answer, model, ids, expected=right, given=given)
                if same(got, right):
                    continue
                if got is None:
                    hint = ""
                elif isinstance(got, int | float | str) and not isinstance(got, bool):
                    hint = "Return a bool, True or False."
                elif n == 0 and got is True and call(answer, Peeking([1]), ids, expected=True) is False:
                    hint = "It is the other way round: True means that the model leaks."
                elif right and len(set(ids.flatten().tolist())) == 1:
                    hint = "Change each id to *another* one, such as (id + 1) % vocab_size."
            raise rejection(given, right, got, hint)
    return "Run it on every model that you write, before you train it."


def rows_for(n: int, size: int) -> list[torch.Tensor]:
    """The ids to try on model `n`, all below `size`."""
    draw = torch.Generator().manual_seed(n % 3)  # honest ones and others get the same rows
    rows = [torch.randint(size, (1, 16), generator=draw) for _ in range(2)]
    if n == 0:
        rows += [torch.tensor([[3]]), torch.tensor([[3, 5]])]
    if n == 11:  # whatever single id the later tokens are changed to, one of these rows has it already
        rows += [torch.full((1, 2), i) for i in range(size)]
    return rows


@exercise("10.beat")
def beat(answer: Any) -> str:
    model, tokenizer = _pair(answer)
    rest, text = split_train_val(load_story(), 0.2)
    ids = call(tokenizer.encode, text, given="the last fifth of the story")
    ids = list(getattr(ids, "ids", ids))  # Hugging Face's
    decode = getattr(tokenizer, "decode_bytes", lambda ids: tokenizer.decode(ids).encode())
    back = call(decode, ids, given="the ids of the last fifth")
    if back != text.encode():
        hint = "A tokenizer that does not give the text back spares its model some of the bits."
        raise rejection("the last fifth, encoded and decoded", text.encode(), back, hint)
    if len(ids) < len(text) / 20:
        many = Words(f"at least {len(text) // 20} tokens")
        raise rejection("the last fifth", many, len(ids), "Such long tokens hold what is to be predicted.")
    _demand_blind(model, ids[: getattr(model, "max_length", 64)])
    other = tokenizer.encode(rest)
    on_rest = bits_per_byte(model, list(getattr(other, "ids", other)), tokenizer)
    bpb = bits_per_byte(model, ids, tokenizer)
    if not bpb < LIMIT:
        wanted = Words(f"less than {LIMIT} bits per byte")
        raise rejection("the last fifth of the story", wanted, round(bpb, 2), "Did you train the model long?")
    least = max(1.7, on_rest * (0.94 if on_rest > 2.3 else 0.985))
    if bpb < least:
        wanted = Words(f"at least {least:.2f} bits per byte, as the rest of the story takes {on_rest:.2f}")
        hint = "So few tell that it was trained on the last fifth too: leave that out, and train anew."
        raise rejection("the last fifth of the story", wanted, round(bpb, 2), hint)
    behind = f"ahead of bz2's {BZ2}" if bpb < BZ2 else f"bz2 is still ahead, with {BZ2}"
    return f"{bpb:.2f} bits per byte, {behind}."


def _pair(answer: Any) -> tuple[torch.nn.Module, Any]:
    """A copy of the model that stands ready to be measured, and the tokenizer."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Wrong(f"Give a pair, (model, tokenizer); this is {short(answer, 80)}.")
    model, tokenizer = answer
    if hasattr(model, "encode") and isinstance(tokenizer, torch.nn.Module):
        raise Wrong("The other way round: the first of the pair is the model, the second its tokenizer.")
    if not isinstance(model, torch.nn.Module):
        raise Wrong(f"The first of the pair should be a model, a torch.nn.Module; it is {short(model, 80)}.")
    if not hasattr(tokenizer, "encode") or not hasattr(tokenizer, "decode"):
        raise Wrong(f"The second should be a tokenizer with encode and decode; it is {short(tokenizer, 80)}.")
    return copy.deepcopy(model).eval(), tokenizer


def _demand_blind(model: torch.nn.Module, ids: list[int]) -> None:
    """Raise `Wrong` where the model fails, or where its logits depend on later tokens."""
    given = f"the first {len(ids)} tokens of the last fifth"
    probe, other = torch.tensor([ids]), torch.tensor([ids])
    with torch.no_grad():
        logits = call(model, probe, expected="logits", given=given)
        if getattr(logits, "ndim", 0) != 3 or logits.shape[:2] != probe.shape or logits.shape[2] <= max(ids):
            wanted = Words(f"logits of shape (1, {len(ids)}, vocab_size)")
            raise rejection(given, wanted, getattr(logits, "shape", logits), "Does its tokenizer fit?")
        for half in range(1, len(ids), max(1, len(ids) // 8)):
            other[0, half:] = probe[0, half:].roll(1).flip(0)
            gap = (logits - model(other))[0, :half].abs().max().item()
            other[0] = probe[0]
            if not gap <= 1e-3:
                wanted = Words(f"the same logits at the first {half} places whatever follows them")
                hint = "It sees what it is to predict."
                raise rejection(given, wanted, Words(f"logits that move by {gap:.3g}"), hint)
