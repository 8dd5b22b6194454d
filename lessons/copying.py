"""Six ways to tell attention where a token stands, and a small model that needs one: built in lesson 06.

Pages that only use them take them from here. A scheme is a module with three places at which a position may
enter: `add` changes the vectors, `turn` the queries and keys, and `bias` is added to the scores.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.positions import LearnedPositions, T5RelativeBias, alibi_bias, rope, sinusoidal

DIM, TRAINED, VOCAB, BACK = 32, 32, 16, 3


class NoPositions(nn.Module):
    def add(self, x: Tensor) -> Tensor:  # x is (..., length, dim)
        return x

    def turn(self, t: Tensor) -> Tensor:  # queries or keys, (..., length, dim)
        return t

    def bias(self, length: int) -> Tensor | float:
        return 0.0


class Learned(NoPositions):
    def __init__(self):
        super().__init__()
        self.table = LearnedPositions(TRAINED, DIM)

    def add(self, x: Tensor) -> Tensor:
        return x + self.table(torch.arange(x.shape[-2]))


class Sinusoidal(NoPositions):
    def add(self, x: Tensor) -> Tensor:
        return x + sinusoidal(x.shape[-2], DIM)


class Rope(NoPositions):
    stretch, base = 1, 10_000.0

    def turn(self, t: Tensor) -> Tensor:
        return rope(t, torch.arange(t.shape[-2]) / self.stretch, self.base)


class Alibi(NoPositions):
    def bias(self, length: int) -> Tensor:
        return alibi_bias(8, length)[0]  # slope 1/2: the first of 8 heads


class T5(NoPositions):
    def __init__(self):
        super().__init__()
        self.t5 = T5RelativeBias(1, num_buckets=16, max_distance=24)

    def bias(self, length: int) -> Tensor:
        return self.t5(length)[0]


SCHEMES = {
    "none": NoPositions,
    "learned": Learned,
    "sinusoidal": Sinusoidal,
    "RoPE": Rope,
    "ALiBi": Alibi,
    "T5": T5,
}


def scores_of(x: Tensor, to_query: Tensor, to_key: Tensor, scheme: NoPositions) -> Tensor:
    """The score of each query (row) for each key (column): (..., length, length)."""
    x = scheme.add(x)
    query, key = scheme.turn(x @ to_query), scheme.turn(x @ to_key)
    return query @ key.mT / DIM**0.5 + scheme.bias(x.shape[-2])


class Copier(nn.Module):
    """An embedding, one layer of causal attention, and a score for each token of the vocabulary.

    With `reach`, keys that many steps back and farther are hidden.
    """

    def __init__(self, scheme: NoPositions):
        super().__init__()
        self.scheme, self.embed = scheme, nn.Embedding(VOCAB, DIM)
        self.matrices = nn.Parameter(torch.randn(3, DIM, DIM) / DIM**0.5)
        self.to_logits = nn.Linear(DIM, VOCAB)

    def weights(self, ids: Tensor, reach: int | None = None) -> Tensor:
        scores = scores_of(self.embed(ids), *self.matrices[:2], self.scheme)
        hidden = torch.ones_like(scores).triu(1)  # the future
        if reach:
            hidden += torch.ones_like(scores).tril(-reach)
        return scores.masked_fill(hidden > 0, -torch.inf).softmax(-1)

    def forward(self, ids: Tensor, reach: int | None = None) -> Tensor:
        values = self.scheme.add(self.embed(ids)) @ self.matrices[2]
        return self.to_logits(self.weights(ids, reach) @ values)


def draw_batch(*shape: int) -> tuple[Tensor, Tensor]:
    """Random token ids, and the answers: what stands at i is the answer for i + BACK."""
    ids = torch.randint(VOCAB, shape)
    return ids, ids[..., :-BACK]


def train_copier(model: Copier, seed: int, steps: int = 200, length: int = TRAINED) -> Copier:
    """Train `model` to name the token that stood BACK steps back, on 16 new texts a step."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        ids, answers = draw_batch(16, length)
        loss = F.cross_entropy(model(ids)[:, BACK:].flatten(0, 1), answers.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@torch.no_grad()
def accuracy(model: Copier, length: int, reach: int | None = None) -> float:
    """The share of right answers in the second half of 64 new texts; NaN where a table has no such row."""
    torch.manual_seed(99)
    ids, answers = draw_batch(64, length)
    try:
        right = model(ids, reach).argmax(-1)[:, BACK:] == answers
    except ValueError:
        return float("nan")
    return right[:, length // 2 - BACK :].float().mean().item()


@torch.no_grad()
def weight_by_distance(model: Copier, length: int) -> list[float]:
    """The mean weight of attention at each distance, over 16 texts and the queries of their second half."""
    torch.manual_seed(98)
    weights, half = model.weights(draw_batch(16, length)[0]).mean(0), length // 2
    return [weights.diagonal(-d)[half - d :].mean().item() for d in range(half)]
