"""A tiny GPT in plain torch: the model, a training loop, sampling, and bits per byte (notebook 10)."""

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
from helpers.arguments import WrongKind
from helpers.batches import IGNORE_INDEX, block_causal_mask
from helpers.positions import LearnedPositions, Positions, alibi_bias, as_numbers, look_up, rope, sinusoidal
from helpers.words import SPECIAL_TOKENS

POSITIONS = ("rope", "learned", "sinusoidal", "alibi", "none")
EMBEDDING_STD = 0.02  # as in GPT-2


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
    Raises ValueError for an unknown scheme, a dim that does not suit n_heads, for ids that are not rows, too
    long, or outside the vocabulary, and for position_ids or document_ids of another shape than theirs;
    TypeError where they are not integers. What stands on `meta`, which has no values, is not checked.
    """

    def __init__(
        self,
        vocab_size: int,
        max_length: int = 64,
        dim: int = 64,
        n_layers: int = 3,
        n_heads: int = 4,
        positions: str = "rope",
        seed: int = 0,
    ):
        super().__init__()
        sizes = {"vocab_size": vocab_size, "max_length": max_length, "dim": dim, "n_heads": n_heads}
        sizes = {name: arguments.integer(name, size, 1) for name, size in sizes.items()}
        vocab_size, self.max_length, dim, self.n_heads = sizes.values()
        if dim % (2 * self.n_heads):
            raise ValueError(
                f"dim={dim} must be a multiple of 2 * n_heads, {2 * self.n_heads}: RoPE turns pairs"
            )
        self.scheme = arguments.choice("positions", positions, POSITIONS)
        n_layers, seed = arguments.integer("n_layers", n_layers), arguments.integer("seed", seed)
        # One seed, one set of weights: drawn by the CPU's generator, then moved to the default device.
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the GPUs' as well
            self.embedding = nn.Embedding(vocab_size, dim)
            # Torch's N(0, 1) would make wild logits: the same table is the output layer.
            nn.init.normal_(self.embedding.weight, std=EMBEDDING_STD)
            self.blocks = nn.ModuleList(
                Block(dim, self.n_heads, positions == "rope") for _ in range(n_layers)
            )
            self.norm = nn.RMSNorm(dim)
            if positions == "learned":
                self.table = LearnedPositions(self.max_length, dim)
        self.to(torch.get_default_device())

    def forward(
        self, ids: Tensor, position_ids: Tensor | None = None, document_ids: Tensor | None = None
    ) -> Tensor:
        self._check(ids)
        x = self.embedding(ids.long())
        if position_ids is None:
            position_ids = torch.arange(ids.shape[1], device=ids.device)[None]
        else:
            position_ids = _beside("position_ids", position_ids, ids)
        if document_ids is not None:
            document_ids = _beside("document_ids", document_ids, ids)
        if self.scheme == "learned":
            x = x + self.table(position_ids)
        elif self.scheme == "sinusoidal":
            with x.device:
                table = sinusoidal(self.max_length, x.shape[-1])
            # A sine has a root mean square of sqrt(1/2): scaled to that of the embeddings.
            x = x + look_up((EMBEDDING_STD * math.sqrt(2) * table).to(x.dtype), position_ids)
        mask = self._mask(ids.shape[1], document_ids)
        for block in self.blocks:
            x = block(x, position_ids, mask)
        return F.linear(self.norm(x), self.embedding.weight)

    def _check(self, ids: Tensor) -> None:
        if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
            raise WrongKind(f"ids has dtype {ids.dtype}; a table is looked up with integers: use ids.long()")
        if ids.ndim != 2:
            raise ValueError(f"ids has the shape {tuple(ids.shape)}; give rows, (batch, length): ids[None]?")
        if ids.shape[1] > self.max_length:
            raise ValueError(f"ids has rows of {ids.shape[1]} tokens, more than max_length={self.max_length}")
        if ids.is_meta or not ids.numel():
            return
        (low, high), size = ids.long().aminmax(), self.embedding.num_embeddings  # torch has no uint16 minimum
        if not 0 <= low <= high < size:
            raise ValueError(f"ids go from {low} to {high}; this model knows 0 to {size - 1}")

    def _mask(self, length: int, document_ids: Tensor | None) -> Tensor | None:
        """What attention may see (bool), or what is added to its scores (float); None: all earlier tokens."""
        allowed = None if document_ids is None else block_causal_mask(document_ids)[:, None]
        if self.scheme != "alibi":
            return allowed
        weight = self.embedding.weight
        with weight.device:
            allowed = block_causal_mask([0] * length) if allowed is None else allowed
            bias = alibi_bias(self.n_heads, length).to(weight.dtype)
        return bias.masked_fill(~allowed, -torch.inf)


def _beside(name: str, values: Positions, ids: Tensor) -> Tensor:
    """`values` as a tensor on the device of `ids`, if there is one for each of them."""
    numbers = as_numbers(name, values).to(ids.device)
    if numbers.shape != ids.shape:  # torch might spread others over the rows, or over the heads
        raise ValueError(
            f"{name} has the shape {tuple(numbers.shape)}, but ids {tuple(ids.shape)}: give one for each id"
        )
    return numbers


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
    device = _device(model)
    for number, batch in enumerate(arguments.many("batches", batches, "tuples (inputs, targets, ...)")):
        inputs, targets, *rest = (tensor.to(device) for tensor in _tensors(batch, number))
        _check_targets(inputs, targets, number)
        loss = _cross_entropy(model(inputs, *rest), targets, "mean", f"batch {number}: targets")
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


def _tensors(batch: Any, number: int) -> Sequence[Tensor]:
    whole = isinstance(batch, tuple | list) and len(batch) > 1
    if not whole or not all(isinstance(part, Tensor) for part in batch):
        raise WrongKind(
            f"batch {number} must be (inputs, targets, ...), all tensors, not {arguments.shown(batch)}. Of a "
            "dict from pad_collate or PackedBatches give (input_ids[:, :-1], labels[:, 1:]), of a packed one "
            "positions[:, :-1] and document_ids[:, :-1] too; of arrays torch.from_numpy(array)"
        )
    return batch


def _check_targets(inputs: Tensor, targets: Tensor, number: int) -> None:
    targets = as_numbers(f"batch {number}: targets", targets)
    if targets.is_floating_point():
        raise WrongKind(
            f"batch {number}: targets have dtype {targets.dtype}, but must be token ids: integers"
        )
    if targets.shape != inputs.shape:
        raise ValueError(
            f"batch {number}: targets have the shape {tuple(targets.shape)}, inputs {tuple(inputs.shape)}: "
            "give the token after each input, or -100"
        )
    counts = targets != IGNORE_INDEX
    if not counts.any():
        raise ValueError(
            f"batch {number}: all {targets.numel()} targets are {IGNORE_INDEX}, and a mean over no target is "
            "NaN: leave the batch out, or see why nothing in it counts"
        )
    if inputs.shape == targets.shape and torch.equal(inputs.long()[counts], targets[counts]):
        warnings.warn(
            f"batch {number}: the targets equal the inputs, so the model learns to copy. Are they labels as "
            "they come from pad_collate or pack? Give input_ids[:, :-1] and labels[:, 1:]",
            stacklevel=3,
        )


def _cross_entropy(logits: Tensor, targets: Tensor, reduction: str, name: str) -> Tensor:
    """In float32 at least: bfloat16 holds three digits, too few for a sum over many tokens."""
    targets = targets.long()  # torch compares no uint16
    low, high = targets[targets != IGNORE_INDEX].aminmax()
    if low < 0 or high >= logits.shape[-1]:
        raise ValueError(f"{name} go from {low} to {high}; this model knows 0 to {logits.shape[-1] - 1}")
    logits = logits.flatten(0, 1).to(torch.promote_types(logits.dtype, torch.float32))
    return F.cross_entropy(logits, targets.flatten().to(logits.device), reduction=reduction)


def _device(model: Any) -> torch.device:
    """Where the weights of `model` are; the CPU, if it has none."""
    tensors = chain(model.parameters(), model.buffers()) if isinstance(model, nn.Module) else ()
    return next((tensor.device for tensor in tensors), torch.device("cpu"))


@torch.no_grad()
def generate(
    model: TinyGPT, ids: Sequence[int], n: int, temperature: float = 0.8, seed: int = 0
) -> list[int]:
    """`ids` and `n` more, each drawn from what the model predicts; a low `temperature` favours the likely.

    `ids`: a list, array or tensor. A model with a `max_length` is shown the last that many, any other all.
    The draws are made on the CPU, so that a seed gives the same everywhere.
    Raises ValueError where `ids` is empty or holds no ids, `temperature` is not above 0, or the model's
    logits are not numbers.
    """
    ids, n = _as_row(ids, least=1).tolist(), arguments.integer("n", n)
    temperature, seed = arguments.real("temperature", temperature, 0), arguments.integer("seed", seed)
    generator, device = torch.Generator().manual_seed(seed), _device(model)
    seen = getattr(model, "max_length", len(ids) + n)
    for _ in range(n):
        logits = model(torch.tensor([ids[-seen:]], device=device))[0, -1].double().cpu()
        # The highest is 0, so it stays 0 at any temperature, and the others go to -inf at worst.
        chances = ((logits - logits.max()) / temperature).softmax(0).float()
        if chances.isnan().any():
            raise ValueError(
                f"the model gives logits with NaN or inf after {len(ids)} ids: it has learned them from a "
                "training that went wrong; train again, with a lower learning rate"
            )
        ids.append(torch.multinomial(chances, 1, generator=generator).item())
    return ids


def bits_per_byte(
    model: nn.Module, ids: Sequence[int], tokenizer, max_length: int | None = None, batch_size: int = 32
) -> float:
    """The model's loss on a text, in bits, over the UTF-8 bytes of the tokens it predicts; lower is better.

    `ids` is the text under `tokenizer`, which decodes them: a list, array or tensor. It is cut into windows
    of `max_length` (default: the model's own, or 64), so each token but the first is predicted once, from its
    window alone. Special tokens, such as the end of a document, count in the loss, since the model has to
    predict them, but not in the bytes (see `text_bytes`). The model is measured as in use (`eval()`), and
    each part of it left in the mode it was in. Comparable across tokenizers that give the text back, as loss
    per token is not (Gao et al., "The Pile", 2020). It is NaN where the logits of the model are.
    Raises ValueError where `ids` has fewer than two, is not a row of whole numbers from 0 on, or where
    special tokens alone follow the first.
    """
    row = _as_row(ids, least=2)
    max_length = getattr(model, "max_length", 64) if max_length is None else max_length
    max_length = arguments.integer("max_length", max_length, 1)
    batch_size = arguments.integer("batch_size", batch_size, 1)
    if not (n_bytes := text_bytes(row[1:].tolist(), tokenizer)):
        raise ValueError(f"ids holds no byte of text after its first token: {row[:9].tolist()}; give a text")
    parts = list(model.modules()) if isinstance(model, nn.Module) else []
    modes = [part.training for part in parts]
    for part in parts:
        part.training = False
    try:
        return _summed_loss(model, row, max_length, batch_size) / math.log(2) / n_bytes
    finally:
        for part, mode in zip(parts, modes, strict=True):
            part.training = mode


def _as_row(ids: Sequence[int], least: int) -> np.ndarray:
    row = arguments.id_array("ids", ids, least)
    arguments.in_range("ids", row)
    return row.astype(np.int64)


def text_bytes(ids: Iterable[int], tokenizer) -> int:
    """How many UTF-8 bytes of text `ids` stand for; special tokens, which are no text, stand for none.

    `tokenizer` is one of ours, a `tiktoken.Encoding`, a `tokenizers.Tokenizer`, or any with a `decode` (or
    better a `decode_bytes`, which is exact also where a character is cut) and with its special tokens in
    `special_tokens`: a dict from names to ids, or names that its `vocab` has, from names to ids or
    from ids to names.

    >>> from helpers.words import WordTokenizer
    >>> tokenizer = WordTokenizer.train("to be or not to be", keep_spaces=True)
    >>> text_bytes([*tokenizer.encode("to be"), tokenizer.vocab["<|endoftext|>"]], tokenizer)
    5
    """
    special = _special_ids(tokenizer)
    decode = getattr(tokenizer, "decode_bytes", lambda ids: tokenizer.decode(ids).encode())
    return len(decode([i for i in ids if i not in special]))


def _special_ids(tokenizer) -> set[int]:
    if hasattr(tokenizer, "special_tokens_set"):  # tiktoken's
        return {tokenizer.encode_single_token(name) for name in tokenizer.special_tokens_set}
    if hasattr(tokenizer, "get_added_tokens_decoder"):  # Hugging Face's
        return {i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    names = getattr(tokenizer, "special_tokens", None)
    if isinstance(names, Mapping):
        return set(names.values())
    names = SPECIAL_TOKENS if names is None else arguments.special_tokens("special_tokens", list(names))
    known, vocab = {*names, *(name.encode() for name in names)}, getattr(tokenizer, "vocab", {})
    pairs = vocab.items() if isinstance(vocab, Mapping) else enumerate(vocab)
    return {b if a in known else a for a, b in pairs if a in known or b in known}


@torch.no_grad()
def _summed_loss(model: nn.Module, ids: np.ndarray, max_length: int, batch_size: int) -> float:
    """The loss of all of `ids` but the first, in nats, by windows of `max_length`, `batch_size` at a time."""
    ids, missing = torch.from_numpy(ids), -(len(ids) - 1) % max_length
    inputs = F.pad(ids[:-1], (0, missing)).view(-1, max_length).to(_device(model)).split(batch_size)
    targets = F.pad(ids[1:], (0, missing), value=IGNORE_INDEX).view(-1, max_length).split(batch_size)
    parts = zip(inputs, targets, strict=True)
    return sum(_cross_entropy(model(x), y, "sum", "ids").item() for x, y in parts)
