"""A tiny GPT in plain torch: the model, a training loop, sampling, and bits per byte (notebook 10)."""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.batches import IGNORE_INDEX, block_causal_mask
from helpers.positions import LearnedPositions, alibi_bias, rope, sinusoidal

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

    `model(ids)`: ids (batch, length), int64, with a length of at most `max_length`; gives float32 logits
    (batch, length, vocab_size), those at place t for the token at t + 1. `positions` is one of POSITIONS.
    Packed rows bring `position_ids` and `document_ids`, both (batch, length), so that no token sees another
    document. `seed` fixes the weights, whatever ran before; torch's own generator stays where it was.
    Raises ValueError for an unknown scheme, a dim that does not suit n_heads, and for ids that are not rows,
    too long, or outside the vocabulary; TypeError where they are not int64 or int32.
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
        if positions not in POSITIONS:
            raise ValueError(f"positions={positions!r} must be one of {', '.join(POSITIONS)}")
        if min(dim, n_heads) < 1 or dim % (2 * n_heads):
            raise ValueError(f"dim={dim} must be a multiple of 2 * n_heads, {2 * n_heads}: RoPE turns pairs")
        self.max_length, self.scheme, self.n_heads = max_length, positions, n_heads
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(vocab_size, dim)
            # Torch's N(0, 1) would make wild logits: the same table is the output layer.
            nn.init.normal_(self.embedding.weight, std=EMBEDDING_STD)
            self.blocks = nn.ModuleList(Block(dim, n_heads, positions == "rope") for _ in range(n_layers))
            self.norm = nn.RMSNorm(dim)
            if positions == "learned":
                self.table = LearnedPositions(max_length, dim)

    def forward(
        self, ids: Tensor, position_ids: Tensor | None = None, document_ids: Tensor | None = None
    ) -> Tensor:
        self._check(ids)
        length = ids.shape[1]
        position_ids = torch.arange(length)[None] if position_ids is None else position_ids
        x = self.embedding(ids)
        if self.scheme == "learned":
            x = x + self.table(position_ids)
        elif self.scheme == "sinusoidal":
            # A sine has a root mean square of sqrt(1/2): scaled to that of the embeddings.
            x = x + EMBEDDING_STD * math.sqrt(2) * sinusoidal(self.max_length, x.shape[-1])[position_ids]
        mask = self._mask(length, document_ids)
        for block in self.blocks:
            x = block(x, position_ids, mask)
        return F.linear(self.norm(x), self.embedding.weight)

    def _check(self, ids: Tensor) -> None:
        if ids.dtype not in (torch.int64, torch.int32):
            raise TypeError(
                f"ids has dtype {ids.dtype}; a table is looked up with int64 or int32: ids.long()"
            )
        if ids.ndim != 2:
            raise ValueError(f"ids has the shape {tuple(ids.shape)}; give rows, (batch, length): ids[None]?")
        if ids.shape[1] > self.max_length:
            raise ValueError(f"ids has rows of {ids.shape[1]} tokens, more than max_length={self.max_length}")
        size = self.embedding.num_embeddings
        if ids.numel() and not 0 <= ids.min() <= ids.max() < size:
            raise ValueError(f"ids go from {ids.min()} to {ids.max()}; this model knows 0 to {size - 1}")

    def _mask(self, length: int, document_ids: Tensor | None) -> Tensor | None:
        """What attention may see (bool), or what is added to its scores (float); None: all earlier tokens."""
        allowed = None if document_ids is None else block_causal_mask(document_ids)[:, None]
        if self.scheme != "alibi":
            return allowed
        allowed = block_causal_mask(torch.zeros(length).long()) if allowed is None else allowed
        return alibi_bias(self.n_heads, length).masked_fill(~allowed, -torch.inf)


def train(
    model: TinyGPT, batches: Iterable[tuple[Tensor, ...]], optimizer: torch.optim.Optimizer
) -> Iterator[float]:
    """One step for each batch (inputs, targets, ...); yields the mean loss of each, in nats a token.

    What follows the targets goes to the model as well. Gradients are clipped to a norm of 1.
    """
    for inputs, targets, *rest in batches:
        loss = F.cross_entropy(model(inputs, *rest).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


@torch.no_grad()
def generate(model: TinyGPT, ids: list[int], n: int, temperature: float = 0.8, seed: int = 0) -> list[int]:
    """`ids` and `n` more, each drawn from what the model predicts; a low `temperature` favours the likely.

    Raises ValueError where `ids` is empty or `temperature` not above 0.
    """
    generator, ids = torch.Generator().manual_seed(seed), list(ids)
    if not ids or temperature <= 0:
        raise ValueError(f"{ids=}, {temperature=}: give an id to start from, and a temperature above 0")
    for _ in range(n):
        logits = model(torch.tensor([ids[-model.max_length :]]))[0, -1]
        ids.append(torch.multinomial((logits / temperature).softmax(0), 1, generator=generator).item())
    return ids


def bits_per_byte(
    model: nn.Module, ids: Sequence[int], tokenizer, max_length: int | None = None, batch_size: int = 32
) -> float:
    """The model's loss on a text, in bits, over the UTF-8 bytes of the tokens it predicts; lower is better.

    `ids` is the text under `tokenizer`, which decodes them: a list, array or tensor. It is cut into windows
    of `max_length` (default: the model's own, or 64), so each token but the first is predicted once, from its
    window alone. The model is measured as in use (`eval()`), and left in the mode it was in. Comparable
    across tokenizers that give the text back, as loss per token is not (Gao et al., "The Pile", 2020).
    Raises ValueError where `ids` has fewer than two, or is not a row of whole numbers from 0 on.
    """
    ids = _as_row(ids)
    if max_length is None:
        max_length = getattr(model, "max_length", 64)
    decode = getattr(tokenizer, "decode_bytes", lambda ids: tokenizer.decode(ids).encode())
    n_bytes = len(decode(ids[1:].tolist()))
    if min(max_length, batch_size, n_bytes) < 1:
        raise ValueError(f"{max_length=}, {batch_size=} and the {n_bytes} bytes of ids must be at least 1")
    training = getattr(model, "training", False)
    if training:
        model.eval()
    try:
        return _summed_loss(model, ids, max_length, batch_size) / math.log(2) / n_bytes
    finally:
        if training:
            model.train()


def _as_row(ids: Sequence[int]) -> Tensor:
    array = np.asarray(ids)
    if array.ndim != 1 or len(array) < 2:
        raise ValueError(f"ids has the shape {array.shape}; give a row of at least two: one to predict one")
    if array.dtype.kind not in "iu" or array.min() < 0:
        raise ValueError(f"ids has dtype {array.dtype} and starts {array[:3]}; token ids are 0, 1, 2, ...")
    return torch.from_numpy(array.astype(np.int64))


@torch.no_grad()
def _summed_loss(model: nn.Module, ids: Tensor, max_length: int, batch_size: int) -> float:
    """The loss of all of `ids` but the first, in nats, by windows of `max_length`, `batch_size` at a time."""
    missing = -(len(ids) - 1) % max_length
    inputs = F.pad(ids[:-1], (0, missing)).view(-1, max_length).split(batch_size)
    targets = F.pad(ids[1:], (0, missing), value=IGNORE_INDEX).view(-1, max_length).split(batch_size)
    return sum(
        F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum").item()
        for x, y in zip(inputs, targets, strict=True)
    )
