"""How a model learns and writes: a training loop, and sampling (notebook 10)."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers import arguments
from helpers.batches import IGNORE_INDEX


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
    device = device_of(model)
    for number, batch in enumerate(arguments.many("batches", batches, "tuples (inputs, targets, ...)")):
        _check_batch(f"batch {number}", batch)
        inputs, targets, *rest = (tensor.to(device) for tensor in batch)
        loss = cross_entropy(f"batch {number}: targets", model(inputs, *rest), targets, "mean")
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


def _check_batch(name: str, batch: Any) -> None:
    whole = isinstance(batch, tuple | list) and len(batch) > 1
    if not whole or not all(isinstance(part, Tensor) for part in batch):
        way = (
            "of what pad_collate or pack makes (input_ids[:, :-1], labels[:, 1:]), of arrays torch.from_numpy"
        )
        got = f"{name} must be (inputs, targets, ...), all tensors, not {arguments.shown(batch)}"
        raise arguments.WrongKind(f"{got}: give {way}")
    inputs, targets = batch[:2]
    if targets.shape != inputs.shape:
        shapes = f"the shape {tuple(targets.shape)}, inputs {tuple(inputs.shape)}"
        raise ValueError(f"{name}: targets have {shapes}: give the token after each input, or {IGNORE_INDEX}")
    counts = targets.long() != IGNORE_INDEX
    if not counts.any():
        all_of_them = f"all {targets.numel()} targets are {IGNORE_INDEX}"
        raise ValueError(f"{name}: {all_of_them}, and a mean over none is NaN: leave the batch out")
    if torch.equal(inputs.long()[counts], targets.long()[counts]):
        advice = "Give input_ids[:, :-1] and labels[:, 1:] of what pad_collate or pack makes"
        warnings.warn(f"{name}: the targets equal the inputs, so it learns to copy. {advice}", stacklevel=3)


def cross_entropy(name: str, logits: Tensor, targets: Tensor, reduction: str) -> Tensor:
    """The loss of logits (batch, length, vocab_size), in nats; in float32 at least: bfloat16 has 3 digits."""
    check_ids(name, targets, logits.shape[-1], besides=IGNORE_INDEX)
    logits = logits.flatten(0, 1).to(torch.promote_types(logits.dtype, torch.float32))
    return F.cross_entropy(logits, targets.long().flatten().to(logits.device), reduction=reduction)


def check_ids(name: str, ids: Tensor, size: int, besides: int | None = None) -> None:
    """Raise unless `ids` are integers from 0 to size - 1, or `besides`; what is on `meta` has no values."""
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise arguments.WrongKind(f"{name} must be integers, such as ids.long(), not {ids.dtype}")
    ids = ids.long()  # torch compares no uint16, and has no minimum of it
    ids = ids if besides is None else ids[ids != besides]
    if ids.is_meta or not ids.numel():
        return
    low, high = ids.aminmax()
    if not 0 <= low <= high < size:
        raise ValueError(f"{name} go from {low} to {high}; this model knows 0 to {size - 1}")


def device_of(model: nn.Module) -> torch.device:
    """Where the weights of `model` are; the CPU, if it has none."""
    return next((tensor.device for tensor in chain(model.parameters(), model.buffers())), torch.device("cpu"))


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
    ids, n = as_row(ids, least=1).tolist(), arguments.integer("n", n)
    temperature, seed = arguments.real("temperature", temperature, 0), arguments.integer("seed", seed)
    generator, device = torch.Generator().manual_seed(seed), device_of(model)
    seen = getattr(model, "max_length", len(ids) + n)
    for _ in range(n):
        logits = model(torch.tensor([ids[-seen:]], device=device))[0, -1].double().cpu()
        chances = (logits / temperature).softmax(0).float()
        if chances.isnan().any():
            raise ValueError(
                "the model gives logits with NaN or inf: train it anew, at a lower learning rate"
            )
        ids.append(torch.multinomial(chances, 1, generator=generator).item())
    return ids


def as_row(ids: Sequence[int], least: int) -> np.ndarray:
    """`ids` as int64, in one dimension, all from 0 on and at least `least` of them."""
    row = arguments.id_array("ids", ids, least)
    arguments.in_range("ids", row)
    return row.astype(np.int64)
