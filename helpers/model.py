"""A tiny GPT in plain torch, how it learns and writes, and its bits per byte (notebook 10)."""

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers import arguments
from helpers.batches import IGNORE_INDEX, block_causal_mask
from helpers.positions import LearnedPositions, alibi_bias, as_numbers, look_up, rope, sinusoidal
from helpers.words import SPECIAL_TOKENS

POSITIONS = ("rope", "learned", "sinusoidal", "alibi", "none")
EMBEDDING_STD = 0.02  # as in GPT-2
SHIFTED = "give input_ids[:, :-1] and labels[:, 1:] of what pad_collate or pack makes"
Rows = Tensor | Sequence[Sequence[int]] | None  # a number for each id


class Block(nn.Module):
    """Attention, which mixes tokens, then a small network for each token; each is added to what came in."""

    def __init__(self, dim: int, n_heads: int, rotary: bool):
        super().__init__()
        self.n_heads, self.rotary = n_heads, rotary
        self.norm1, self.norm2 = nn.RMSNorm(dim), nn.RMSNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim, bias=False), nn.Linear(dim, dim, bias=False)
        self.up, self.down = nn.Linear(dim, 4 * dim, bias=False), nn.Linear(4 * dim, dim, bias=False)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self.attention(self.norm1(x), positions, mask)
        return x + self.down(F.gelu(self.up(self.norm2(x))))

    def attention(self, x: Tensor, positions: Tensor, mask: Tensor | None) -> Tensor:
        heads = self.qkv(x).unflatten(-1, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        queries_keys, values = heads[:2], heads[2]  # values: (batch, n_heads, length, head_dim)
        if self.rotary:
            queries_keys = rope(queries_keys, positions[:, None])
        mixed = F.scaled_dot_product_attention(*queries_keys, values, attn_mask=mask, is_causal=mask is None)
        return self.out(mixed.transpose(1, 2).flatten(2))


class TinyGPT(nn.Module):
    """A decoder-only transformer (Radford et al., 2019) with its embedding table as output layer too.

    `model(ids)`: ids (batch, length) of any integer dtype, on the device of the weights, with a length of at
    most `max_length`; gives logits (batch, length, vocab_size) in the dtype of the weights, those at place t
    for the token at t + 1. `positions` is one of POSITIONS. Packed rows bring `position_ids` and
    `document_ids`, both (batch, length), so that no token sees another document. `seed` fixes the weights,
    whatever ran before and on whatever device; torch's own generators stay where they were.
    Raises ValueError for an unknown scheme, a table too large for memory, a dim that does not suit n_heads,
    for ids that are not rows, too long, or outside the vocabulary, and for position_ids or document_ids of
    another shape; TypeError where they are not integers. Values on `meta`, where there are none, pass.
    """

    def __init__(
        self, vocab_size: int, max_length: int = 64, dim: int = 64, n_layers: int = 3, n_heads: int = 4,
        positions: str = "rope", seed: int = 0,
    ):  # fmt: skip
        super().__init__()
        sizes = {"vocab_size": vocab_size, "max_length": max_length, "dim": dim, "n_heads": n_heads}
        vocab_size, self.max_length, dim, n_heads = (arguments.integer(n, s, 1) for n, s in sizes.items())
        n_layers, seed = arguments.integer("n_layers", n_layers), arguments.integer("seed", seed)
        self.scheme, self.n_heads = arguments.choice("positions", positions, POSITIONS), n_heads
        if dim % (2 * n_heads):
            raise ValueError(f"dim={dim} must be a multiple of 2 * n_heads, {2 * n_heads}: RoPE turns pairs")
        # One seed, one set of weights: drawn by the CPU's generator, then moved to the default device.
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the GPUs' as well
            try:
                self.embedding = nn.Embedding(vocab_size, dim)
            except RuntimeError as error:
                raise ValueError(f"vocab_size={vocab_size}, dim={dim}: too large a table ({error})") from None
            # Torch's N(0, 1) would make wild logits: the same table is the output layer.
            nn.init.normal_(self.embedding.weight, std=EMBEDDING_STD)
            self.blocks = nn.ModuleList(Block(dim, n_heads, positions == "rope") for _ in range(n_layers))
            self.norm = nn.RMSNorm(dim)
            if positions == "learned":
                self.table = LearnedPositions(self.max_length, dim)
            elif positions == "sinusoidal":  # a sine's root mean square, sqrt(1/2), becomes the embeddings'
                self.register_buffer("table", EMBEDDING_STD * math.sqrt(2) * sinusoidal(self.max_length, dim))
        self.to(torch.get_default_device())

    def forward(self, ids: Tensor, position_ids: Rows = None, document_ids: Rows = None) -> Tensor:
        self._check(ids)
        x, places = self.embedding(ids.long()), torch.arange(ids.shape[1], device=ids.device)[None]
        if position_ids is not None:
            places = _beside("position_ids", position_ids, ids)
        if document_ids is not None:
            document_ids = _beside("document_ids", document_ids, ids)
        if self.scheme == "learned":
            x = x + self.table(places)
        elif self.scheme == "sinusoidal":
            x = x + look_up(self.table.to(x.dtype), places)
        mask = self._mask(ids.shape[1], document_ids)
        for block in self.blocks:
            x = block(x, places, mask)
        return F.linear(self.norm(x), self.embedding.weight)

    def _check(self, ids: Tensor) -> None:
        if ids.ndim != 2:
            raise ValueError(f"ids has the shape {tuple(ids.shape)}; give rows, (batch, length): ids[None]?")
        if ids.shape[1] > self.max_length:
            raise ValueError(f"ids has rows of {ids.shape[1]} tokens, more than max_length={self.max_length}")
        _check_ids("ids", ids, self.embedding.num_embeddings)

    def _mask(self, length: int, document_ids: Tensor | None) -> Tensor | None:
        """What attention may see (bool), or what is added to its scores (float); None: all earlier tokens."""
        allowed = None if document_ids is None else block_causal_mask(document_ids)[:, None]
        if self.scheme != "alibi":
            return allowed
        weight = self.embedding.weight
        with weight.device:
            allowed = block_causal_mask([0] * length) if allowed is None else allowed
            return alibi_bias(self.n_heads, length).to(weight.dtype).masked_fill(~allowed, -torch.inf)


def train(
    model: nn.Module, batches: Iterable[tuple[Tensor, ...]], optimizer: torch.optim.Optimizer
) -> Iterator[float]:
    """One step for each batch (inputs, targets, ...); yields the mean loss of each, in nats a token.

    inputs and targets are (batch, length), and targets[:, t] is the token after inputs[:, t], or -100 where
    none counts. What follows the targets goes to the model as well. Each batch is moved to the device of the
    model. Gradients are clipped to a norm of 1.
    The labels of `pad_collate` and `pack` are not shifted: give input_ids[:, :-1] and labels[:, 1:]. Fed as
    they stand they teach the model to copy, so a batch whose targets equal its inputs gives a warning.
    Raises ValueError, before the model learns from it, for a batch without a target that counts, or with
    targets of another shape than its inputs, of no integer dtype, or outside the vocabulary; TypeError for a
    batch that is no tuple or list of tensors.
    """
    device = _device_of(model)
    for number, batch in enumerate(arguments.many("batches", batches, "tuples (inputs, targets, ...)")):
        _check_batch(f"batch {number}", batch)
        inputs, targets, *rest = (tensor.to(device) for tensor in batch)
        loss = _cross_entropy(f"batch {number}: targets", model(inputs, *rest), targets, "mean")
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


def _check_batch(name: str, batch: Any) -> None:
    tensors = isinstance(batch, tuple | list) and all(isinstance(part, Tensor) for part in batch)
    if not tensors or len(batch) < 2:
        got = f"{name} must be (inputs, targets, ...), all tensors, not {arguments.shown(batch)}"
        raise arguments.WrongKind(f"{got}: {SHIFTED}, of arrays torch.from_numpy(array)")
    inputs, targets = batch[:2]
    if targets.shape != inputs.shape:
        shapes = f"targets have the shape {tuple(targets.shape)}, inputs {tuple(inputs.shape)}"
        raise ValueError(f"{name}: {shapes}: give the token after each input, or {IGNORE_INDEX}")
    counts = targets.long() != IGNORE_INDEX
    if not counts.any():
        none = f"all {targets.numel()} targets are {IGNORE_INDEX}, and a mean over none is NaN"
        raise ValueError(f"{name}: {none}: leave the batch out")
    if torch.equal(inputs.long()[counts], targets.long()[counts]):
        warnings.warn(f"{name}: the targets equal the inputs, so it learns to copy: {SHIFTED}", stacklevel=3)


@torch.no_grad()
def generate(
    model: nn.Module, ids: Sequence[int], n: int, temperature: float = 0.8, seed: int = 0
) -> list[int]:
    """`ids` and `n` more, each drawn from what the model predicts; a low `temperature` favours the likely.

    `ids`: a list, array or tensor. A model with a `max_length` is shown the last that many, any other all.
    The draws are made on the CPU, so that a seed gives the same everywhere.
    Raises ValueError where `ids` is empty or holds no ids, `temperature` is not above 0, or the model's
    logits are not numbers.
    """
    ids, n = _as_row(ids, least=1).tolist(), arguments.integer("n", n)
    temperature, seed = arguments.real("temperature", temperature, 0), arguments.integer("seed", seed)
    generator, device = torch.Generator().manual_seed(seed), _device_of(model)
    seen = getattr(model, "max_length", len(ids) + n)
    for _ in range(n):
        logits = model(torch.tensor([ids[-seen:]], device=device))[0, -1].double().cpu()
        chances = (logits / temperature).softmax(0).float()
        if chances.isnan().any():
            raise ValueError("the model gives logits with NaN or inf: train it at a lower learning rate")
        ids.append(torch.multinomial(chances, 1, generator=generator).item())
    return ids


@torch.no_grad()
def bits_per_byte(
    model: nn.Module, ids: Sequence[int], tokenizer, max_length: int | None = None, batch_size: int = 32
) -> float:
    """The model's loss on a text, in bits, over the UTF-8 bytes of the tokens it predicts; lower is better.

    `ids` is the text under `tokenizer`, which decodes them: a list, array or tensor. It is cut into windows
    of `max_length` (default: the model's own, or 64), so each token but the first is predicted once, from its
    window alone. Special tokens, such as the end of a document, count in the loss, since the model has to
    predict them, but not in the bytes (see `text_bytes`). The model is measured as in use (`eval()`), and
    left in the mode it was in. Comparable across tokenizers that give the text back, as loss per token is not
    (Gao et al., "The Pile", 2020). It is NaN where the logits of the model are.
    Raises ValueError where `ids` is no row of two or more ids, or special tokens alone follow the first.
    """
    row = torch.from_numpy(_as_row(ids, least=2))
    max_length = getattr(model, "max_length", 64) if max_length is None else max_length
    max_length = arguments.integer("max_length", max_length, 1)
    batch_size = arguments.integer("batch_size", batch_size, 1)
    if not (n_bytes := text_bytes(row[1:].tolist(), tokenizer)):
        raise ValueError(f"ids holds no byte of text after its first token: {row[:9].tolist()}; give a text")
    missing, device = -(len(row) - 1) % max_length, _device_of(model)
    inputs = F.pad(row[:-1], (0, missing)).view(-1, max_length).to(device).split(batch_size)
    targets = F.pad(row[1:], (0, missing), value=IGNORE_INDEX).view(-1, max_length).split(batch_size)
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        parts = zip(inputs, targets, strict=True)
        nats = sum(_cross_entropy("ids", model(x), y, "sum").item() for x, y in parts)
    finally:
        for part, mode in modes.items():
            part.training = mode
    return nats / math.log(2) / n_bytes


def text_bytes(ids: Iterable[int], tokenizer) -> int:
    """How many UTF-8 bytes of text `ids` stand for; special tokens, which are no text, stand for none.

    `tokenizer` is one of ours, a `tiktoken.Encoding`, a `tokenizers.Tokenizer`, or any with a `decode` (or
    better a `decode_bytes`, which is exact also where a character is cut) and with its special tokens in
    `special_tokens`: a dict from names to ids, or names that its `vocab` maps to ids.

    >>> from helpers.words import WordTokenizer
    >>> tokenizer = WordTokenizer.train("to be or not to be", keep_spaces=True)
    >>> text_bytes([*tokenizer.encode("to be"), tokenizer.vocab["<|endoftext|>"]], tokenizer)
    5
    """
    special, vocab = getattr(tokenizer, "special_tokens", None), getattr(tokenizer, "vocab", None)
    if hasattr(tokenizer, "special_tokens_set"):  # tiktoken's; those of Hugging Face decode to nothing
        special = {name: tokenizer.encode_single_token(name) for name in tokenizer.special_tokens_set}
    elif not isinstance(special, Mapping):
        names = SPECIAL_TOKENS if special is None else special
        special = {name: vocab[name] for name in names if isinstance(vocab, Mapping) and name in vocab}
    decode = getattr(tokenizer, "decode_bytes", lambda ids: tokenizer.decode(ids).encode())
    no_text = {*special.values()}
    return len(decode([i for i in ids if i not in no_text]))


def _beside(name: str, values: Rows, ids: Tensor) -> Tensor:
    """`values` as a tensor on the device of `ids`, if there is one for each of them."""
    numbers = as_numbers(name, values, fractions=True).to(ids.device)
    if numbers.shape != ids.shape:  # torch might spread others over the rows, or over the heads
        got = tuple(numbers.shape)
        raise ValueError(f"{name} has the shape {got}, but ids {tuple(ids.shape)}: give one for each id")
    return numbers


def _cross_entropy(name: str, logits: Tensor, targets: Tensor, reduction: str) -> Tensor:
    """The loss of logits (batch, length, vocab_size), in nats; in float32 at least: bfloat16 has 3 digits."""
    _check_ids(name, targets, logits.shape[-1], besides=IGNORE_INDEX)
    logits = logits.flatten(0, 1).to(torch.promote_types(logits.dtype, torch.float32))
    return F.cross_entropy(logits, targets.long().flatten().to(logits.device), reduction=reduction)


def _check_ids(name: str, ids: Tensor, size: int, besides: int | None = None) -> None:
    """Raise unless `ids` are integers from 0 to size - 1, or `besides`; what is on `meta` has no values."""
    ids = as_numbers(name, ids)
    ids = ids if besides is None else ids[ids != besides]
    if ids.is_meta or not ids.numel():
        return
    low, high = ids.aminmax()
    if not 0 <= low <= high < size:
        raise ValueError(f"{name} go from {low} to {high}; this model knows 0 to {size - 1}")


def _device_of(model: nn.Module) -> torch.device:
    """Where the weights of `model` are; the CPU, if it has none."""
    return next((tensor.device for tensor in chain(model.parameters(), model.buffers())), torch.device("cpu"))


def _as_row(ids: Sequence[int], least: int) -> np.ndarray:
    """`ids` as int64, in one dimension, all from 0 on and at least `least` of them."""
    row = arguments.id_array("ids", ids, least)
    arguments.in_range("ids", row)
    return row.astype(np.int64)
