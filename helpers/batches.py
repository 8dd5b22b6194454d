"""Sequences of any length as rectangular batches: padding, buckets and packing (notebook 08).

Labels follow the convention of Hugging Face's transformers: `labels` stand in line with `input_ids` and the
model shifts them, so the logits at place i are scored against labels[i + 1]. Places that must not count in
the loss hold IGNORE_INDEX. The targets of `helpers.windows`, which `helpers.model.train` takes, are shifted
already. So give `train` (input_ids[:, :-1], labels[:, 1:]): a model that is fed both as they stand learns
to copy its input, and its loss falls to 0.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import BoolTensor, Tensor
from torch.utils.data import Sampler

from helpers import arguments
from helpers.positions import as_numbers

IGNORE_INDEX = -100  # the label that torch's cross_entropy leaves out by default
Documents = Iterable[Sequence[int]]


def pad_collate(sequences: Documents, pad_id: int, max_length: int | None = None) -> dict[str, Tensor]:
    """Pad `sequences` on the right with `pad_id`: to the longest of them, or to exactly `max_length`.

    Gives three int64 tensors of shape (batch, length): `input_ids`; `attention_mask`, 1 at real tokens and 0
    at padding; `labels`, equal to `input_ids` at real tokens and -100 at padding. The labels come from the
    lengths, never from the ids, so `pad_id` may be an id that the sequences use, such as the end token's.
    They are not shifted: see the top of this module before you give them to `helpers.model.train`.
    Nothing is cut: raises `ValueError` for a sequence longer than `max_length`, an empty one or none at all,
    and for ids that are negative or no integers.

    >>> pad_collate([[5, 6, 7], [8]], pad_id=0)["labels"]
    tensor([[   5,    6,    7],
            [   8, -100, -100]])
    """
    ids, lengths = _joined("sequences", sequences)
    pad_id = arguments.integer("pad_id", pad_id)
    max_length = arguments.integer("max_length", lengths.max() if max_length is None else max_length, 1)
    if (long := np.flatnonzero(lengths > max_length)).size:
        got = f"sequences[{long[0]}] has {lengths[long[0]]} tokens, more than max_length={max_length}"
        way_out = "cut it (sequence[:max_length]), raise max_length, or pack(), which drops nothing"
        raise ValueError(f"{got}: {way_out}")
    input_ids = _rows((len(lengths), max_length), pad_id)
    real = np.arange(max_length) < lengths[:, None]
    input_ids[real] = ids
    labels = np.where(real, input_ids, IGNORE_INDEX)
    tensors = {"input_ids": input_ids, "attention_mask": real.astype(np.int64), "labels": labels}
    return {name: torch.from_numpy(array) for name, array in tensors.items()}


class LengthBucketSampler(Sampler[list[int]]):
    """A batch sampler that puts documents of like length into one batch and keeps the order random.

    `lengths` holds the number of tokens of each document. An epoch shuffles all indices, takes them in pools
    of `pool_batches` batches, sorts each pool by length, cuts it into batches and shuffles the batches (as
    torchtext's BucketIterator, 2018, did). With pool_batches=1 it is a plain shuffle; the larger the pool,
    the less padding, and the more often the same documents meet. Use it as
    `DataLoader(documents, batch_sampler=LengthBucketSampler(lengths, 8), collate_fn=...)`.

    Each index comes once an epoch; only the last batch of the last pool may be smaller. The order depends on
    `seed` and the epoch alone. Each iteration is a new epoch, also one that is broken off; `set_epoch` says
    which comes next. Raises `ValueError` for no lengths, and for a length, size, seed or epoch too low.

    >>> list(LengthBucketSampler([9, 1, 8, 2], batch_size=2, pool_batches=2))
    [[2, 0], [1, 3]]
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, pool_batches: int = 50, seed: int = 0):
        self.lengths = _as_lengths(lengths)
        self.batch_size = arguments.integer("batch_size", batch_size, 1)
        self.pool_batches = arguments.integer("pool_batches", pool_batches, 1)
        self.seed, self.epoch = arguments.integer("seed", seed), 0

    def set_epoch(self, epoch: int) -> None:
        """Make `epoch` the next one, to resume or to repeat it."""
        self.epoch = arguments.integer("epoch", epoch)

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng((self.seed, self.epoch))
        self.epoch += 1
        order = random.permutation(len(self.lengths))
        size = self.batch_size * self.pool_batches
        for pool in np.split(order, range(size, len(order), size)):
            pool[:] = pool[np.argsort(self.lengths[pool], kind="stable")]  # a view: sorts its part of `order`
        batches = np.split(order, range(self.batch_size, len(order), self.batch_size))
        for i in random.permutation(len(batches)):
            yield batches[i].tolist()


@dataclass(frozen=True, eq=False)
class PackedBatches:
    """Documents packed into rows. Each tensor is int64, of shape (rows, max_length).

    Index it as an array of rows, `packed[3]` or `packed[:8]`, for a dict of all four; a `DataLoader` can.
    """

    input_ids: Tensor  # padding is eos_id: tell it by document_ids, never by the id
    document_ids: Tensor  # at each place the index into `documents`; -1 at padding

    @cached_property
    def positions(self) -> Tensor:
        """At each place the number of tokens before it in its piece: 0, 1, 2, ...; 0 at padding."""
        document, place = self.document_ids.numpy(), np.arange(self.document_ids.shape[1])
        starts = np.where(np.diff(document, prepend=-2), place, 0)
        return torch.from_numpy((place - np.maximum.accumulate(starts, axis=1)) * (document >= 0))

    @cached_property
    def labels(self) -> Tensor:
        """`input_ids`, but -100 at padding and at the first token of a piece; not shifted (see the top)."""
        return self.input_ids.where(self.positions > 0, IGNORE_INDEX)

    @property
    def split_documents(self) -> int:
        """How many documents lie in more than one piece."""
        pieces = self.document_ids[(self.positions == 0) & (self.document_ids >= 0)]
        return (pieces.bincount() > 1).sum().item()

    @property
    def waste(self) -> float:
        """The share of all places that is padding, between 0 and 1."""
        return (self.document_ids < 0).double().mean().item()

    def __len__(self) -> int:
        return len(self.input_ids)

    def __getitem__(self, rows: int | slice | Sequence[int]) -> dict[str, Tensor]:
        if np.asarray(rows).dtype == np.uint64 and np.max(rows, initial=0) >= len(self):
            raise IndexError(f"row {np.max(rows)} is not there: there are {len(self)}")  # NumPy sees -1
        rows = torch.as_tensor(np.array(np.arange(len(self))[rows]), device="cpu")
        names = "input_ids", "labels", "document_ids", "positions"
        return {name: getattr(self, name)[rows] for name in names}


def pack(documents: Documents, max_length: int, eos_id: int, method: str = "concat") -> PackedBatches:
    """Pack `documents`, each followed by `eos_id`, into rows of `max_length` tokens. No token is dropped.

    "concat" joins all documents and cuts a row each `max_length` tokens, wherever that falls; only the last
    row is padded. "best_fit" cuts only documents longer than a row (into full rows and a rest), and then puts
    each piece, the longest first, into the row with the least room that still takes it (Ding et al., "Fewer
    Truncations Improve Language Modeling", 2024). Shuffle its rows: the longest pieces come first.

    A document that is cut loses no token as input, but one target for each cut: the first token of a piece.
    A document that ends in `eos_id` already, as one cut from a token corpus does, gets a second one: leave it
    out (`document[:-1]`). Raises `ValueError` for no documents or an empty one, ids that are negative or no
    integers, `max_length` below 1, and an unknown method.

    >>> packed = pack([[1, 2, 3, 4], [5], [6, 7]], max_length=5, eos_id=0, method="best_fit")
    >>> packed.input_ids
    tensor([[1, 2, 3, 4, 0],
            [6, 7, 0, 5, 0]])
    >>> packed.positions[1]
    tensor([0, 1, 2, 0, 1])
    """
    arguments.choice("method", method, ("concat", "best_fit"))
    max_length = arguments.integer("max_length", max_length, 1)
    eos_id = arguments.integer("eos_id", eos_id)
    ids, lengths = _joined("documents", documents)
    ids, lengths = np.insert(ids, np.cumsum(lengths), eos_id), lengths + 1
    places = np.arange(len(ids)) if method == "concat" else _best_fit_places(lengths, max_length)
    shape = places.max() // max_length + 1, max_length
    input_ids, document_ids = _rows(shape, eos_id), _rows(shape, -1)
    input_ids.reshape(-1)[places] = ids
    document_ids.reshape(-1)[places] = np.repeat(np.arange(len(lengths)), lengths)
    return PackedBatches(torch.from_numpy(input_ids), torch.from_numpy(document_ids))


def best_fit(lengths: Sequence[int], max_length: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column where each piece starts, longest first, each into the tightest row.

    `lengths` are between 1 and `max_length` (`ValueError` if not); both results are int64, one entry a piece.
    Rows are kept by their room, and none is looked at in a search (as the histogram of Krell et al., 2021).

    >>> best_fit([2, 6, 3, 4], max_length=8)
    (array([0, 0, 1, 1]), array([6, 0, 4, 0]))
    """
    max_length = arguments.integer("max_length", max_length, 1)
    lengths = _as_lengths(lengths, max_length)
    rows_with, rooms = defaultdict(list), []  # the rows with just this room left; such rooms, in order
    rows, columns, n_rows = [0] * len(lengths), [0] * len(lengths), 0
    order = np.argsort(-lengths, kind="stable")
    for piece, length in zip(order.tolist(), lengths[order].tolist(), strict=True):
        if (at := bisect_left(rooms, length)) == len(rooms):  # no row has room enough: a new one
            rooms.append(max_length)
            rows_with[max_length], n_rows = [n_rows], n_rows + 1
        room = rooms[at]  # the tightest that is enough
        row = rows_with[room].pop()
        if not rows_with[room]:
            del rooms[at]
        rows[piece], columns[piece] = row, max_length - room
        if not rows_with[room - length]:
            insort(rooms, room - length)
        rows_with[room - length].append(row)
    return np.array(rows), np.array(columns)


def block_causal_mask(document_ids: Tensor | Sequence[int]) -> BoolTensor:
    """Which places may attend to which: those of the same document, and not to later ones.

    `document_ids`: (..., length) integers; the mask: (..., length, length) bool, True = attend, as
    `scaled_dot_product_attention` wants it (for (batch, heads, length, dim) insert an axis for the heads:
    `mask[:, None]`). Padding (-1) counts as a document, so that no row of the mask is empty, which would give
    NaN. The way of Krell et al., "Efficient Sequence Packing without Cross-contamination" (2021).

    >>> block_causal_mask([0, 0, 1]).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    document_ids = as_numbers("document_ids", document_ids, device=None)
    if document_ids.ndim == 0:
        raise ValueError(f"document_ids must have the shape (..., length), not be one number, {document_ids}")
    return (document_ids[..., :, None] == document_ids[..., None, :]).tril()


def _best_fit_places(lengths: np.ndarray, max_length: int) -> np.ndarray:
    """Where each token goes, counted through all rows: each document as full rows and a rest."""
    n_pieces = -(-lengths // max_length)
    pieces = np.full(n_pieces.sum(), max_length)
    pieces[np.cumsum(n_pieces) - 1] = lengths - (n_pieces - 1) * max_length
    row, column = best_fit(pieces, max_length)
    moves = row * max_length + column - (np.cumsum(pieces) - pieces)  # from one document after the other
    return np.arange(lengths.sum()) + np.repeat(moves, pieces)


def _joined(name: str, documents: Documents) -> tuple[np.ndarray, np.ndarray]:
    """The ids of all documents, none of which is empty, as one array, and the length of each; both int64."""
    documents = arguments.many(name, documents, "sequences of token ids")
    arrays = [arguments.id_array(f"{name}[{i}]", document, 1) for i, document in enumerate(documents)]
    if not arrays:
        raise ValueError(f"{name} is empty: give at least one sequence of token ids")
    ids = np.concatenate(arrays, dtype=np.int64, casting="unsafe")
    if ids.min() < 0:  # ids below 0, or of uint64 and beyond int64
        for i, array in enumerate(arrays):
            arguments.in_range(f"{name}[{i}]", array)
    return ids, np.array([len(array) for array in arrays])


def _rows(shape: tuple[int, int], fill: int) -> np.ndarray:
    try:
        return np.full(shape, fill, np.int64)
    except (MemoryError, ValueError) as error:  # ValueError: more than an array can count
        raise ValueError(f"max_length={shape[1]} is too large for memory, rows={shape[0]}: {error}") from None


def _as_lengths(lengths: Sequence[int], most: int = arguments.LARGEST_ID) -> np.ndarray:
    """`lengths` as int64, each from 1 to `most`."""
    lengths = arguments.id_array("lengths", lengths, least=1)
    if (wrong := np.flatnonzero((lengths < 1) | (lengths > most))).size:
        at = f"lengths[{wrong[0]}] is {lengths[wrong[0]]}, but must lie from 1 to {most}"
        raise ValueError(f"{at}: leave out documents without tokens, and split what is longer than a row")
    return lengths.astype(np.int64)
