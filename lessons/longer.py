"""What models since 2023 do to read long texts: YaRN, RoPE on a part of the dimensions, a second task.

All of it is built in view in deeper/06_since_2023; pages and tests that only use it take it from here.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.positions import frequencies
from lessons.copying import DIM, VOCAB, NoPositions, scores_of

KEYS, ENTRIES = 256, 31  # names to draw from, and how many entries a text has in training


def yarn(
    scale: float, dim: int, trained: int, base: float = 10_000.0, slow: float = 1.0, fast: float = 32.0
) -> Tensor:
    """YaRN's frequencies for a model of `trained` positions that reads `scale` times as many: (dim / 2,).

    A pair that went round more than `fast` times in training keeps its frequency, one that went round less
    than `slow` times turns 1 / scale as fast, and between the two the share grows evenly with the rounds
    (Peng et al., "YaRN", 2023, section 3.2; 1 and 32 are its values for Llama).

    >>> yarn(2, 4, trained=32, fast=4)
    tensor([1.0000, 0.0050], dtype=torch.float64)
    """
    plain = frequencies(dim, base)
    rounds = trained * plain / (2 * math.pi)
    kept = ((rounds - slow) / (fast - slow)).clamp(0, 1)
    return kept * plain + (1 - kept) * plain / scale


class Turned(NoPositions):
    """RoPE with one's own frequencies: the first 2 * len(per_step) dimensions turn, the others do not."""

    def __init__(self, per_step: Tensor):
        super().__init__()
        self.per_step = per_step

    def turn(self, t: Tensor) -> Tensor:
        angles = torch.arange(t.shape[-2])[:, None] * self.per_step
        turned = 2 * len(self.per_step)
        pairs = torch.view_as_complex(t[..., :turned].unflatten(-1, (-1, 2)).contiguous())
        pairs = pairs * torch.polar(torch.ones_like(angles), angles).to(pairs.dtype)
        return torch.cat([torch.view_as_real(pairs).flatten(-2), t[..., turned:]], dim=-1)


class Finder(nn.Module):
    """One layer of attention that looks up a name in a list of entries, each a name and a value."""

    def __init__(self, scheme: NoPositions):
        super().__init__()
        self.scheme = scheme
        self.names, self.values = nn.Embedding(KEYS, DIM), nn.Embedding(VOCAB, DIM)
        self.matrices = nn.Parameter(torch.randn(3, DIM, DIM) / DIM**0.5)
        self.to_logits = nn.Linear(DIM, VOCAB)

    def forward(self, names: Tensor, values: Tensor, asked: Tensor) -> Tensor:
        entries = self.names(names) + self.values(values)
        x = torch.cat([entries, self.names(asked)[:, None]], dim=1)  # the question stands at the end
        weights = scores_of(x, *self.matrices[:2], self.scheme)[:, -1, :-1].softmax(-1)
        return self.to_logits(weights[:, None] @ entries @ self.matrices[2])[:, 0]


def draw_entries(texts: int, entries: int, first: float = 1.0) -> tuple[tuple[Tensor, ...], Tensor]:
    """Lists of entries with a question each, and the answers; asked is about the `first` share of a list."""
    names = torch.rand(texts, KEYS).argsort(dim=1)[:, :entries]  # no name twice
    values = torch.randint(VOCAB, (texts, entries))
    asked = torch.arange(texts), torch.randint(max(1, int(first * entries)), (texts,))
    return (names, values, names[asked]), values[asked]


def train_finder(scheme: NoPositions, seed: int = 0, steps: int = 400) -> Finder:
    """A `Finder` trained on lists of ENTRIES entries, 32 new ones a step."""
    torch.manual_seed(seed)
    model = Finder(scheme)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        question, answers = draw_entries(32, ENTRIES)
        loss = F.cross_entropy(model(*question), answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@torch.no_grad()
def found(model: Finder, entries: int) -> float:
    """The share of right answers to 256 questions about the first half of lists of `entries` entries."""
    torch.manual_seed(99)
    question, answers = draw_entries(256, entries, first=0.5)
    return (model(*question).argmax(-1) == answers).float().mean().item()


class Reader(nn.Module):
    """Two layers that look up a name in a text of names and values in turn.

    The first tells each value which name stands before it, and sees `reach` tokens back, or all; the second
    looks for the name that is asked.
    """

    def __init__(self, first: NoPositions, second: NoPositions, reach: int | None = None):
        super().__init__()
        self.first, self.second, self.reach = first, second, reach
        self.embed = nn.Embedding(KEYS + VOCAB, DIM)
        self.near = nn.Parameter(torch.randn(3, DIM, DIM) / DIM**0.5)
        self.far = nn.Parameter(torch.randn(3, DIM, DIM) / DIM**0.5)
        self.to_logits = nn.Linear(DIM, VOCAB)

    def forward(self, text: Tensor, asked: Tensor) -> Tensor:
        x = self.embed(text)
        scores = scores_of(x, *self.near[:2], self.first)
        hidden = torch.ones_like(scores).triu(1)
        if self.reach:
            hidden += torch.ones_like(scores).tril(-self.reach)
        x = x + scores.masked_fill(hidden > 0, -torch.inf).softmax(-1) @ x @ self.near[2]
        x = x.flip(1)  # positions count back from the questions at the end: RoPE sees distances only
        scores = self.embed(asked) @ self.far[0] @ self.second.turn(x @ self.far[1]).mT / DIM**0.5
        return self.to_logits(scores.softmax(-1) @ x @ self.far[2])


def draw_text(texts: int, entries: int, first: float = 1.0) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """Texts of 2 * entries tokens, name and value in turn, with 32 questions each, and the answers."""
    names = torch.rand(texts, KEYS).argsort(dim=1)[:, :entries]
    values = torch.randint(VOCAB, (texts, entries))
    asked = torch.randint(max(1, int(first * entries)), (texts, 32))
    text = torch.stack([names, KEYS + values], dim=2).flatten(1)
    return (text, names.gather(1, asked)), values.gather(1, asked)


def train_reader(model: Reader, steps: int = 600) -> Reader:
    """Train `model` on texts of 32 tokens, 32 new ones a step, with a rate that falls to zero."""
    optimizer = torch.optim.Adam(model.parameters())
    for step in range(steps):
        question, answers = draw_text(32, 16)
        loss = F.cross_entropy(model(*question).flatten(0, 1), answers.flatten())
        optimizer.param_groups[0]["lr"] = 0.015 * (1 - step / steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@torch.no_grad()
def read(model: Reader, entries: int) -> float:
    """The share of right answers about the first half of 64 texts of `entries` entries."""
    torch.manual_seed(99)
    question, answers = draw_text(64, entries, first=0.5)
    return (model(*question).argmax(-1) == answers).float().mean().item()
