"""Sequences of any length as rectangular batches: padding, buckets and packing (notebook 08).

Labels follow the convention of Hugging Face's transformers: `labels` stand in line with `input_ids` and the
model shifts them, so the logits at place i are scored against labels[i + 1]. Places that must not count in
the loss hold IGNORE_INDEX. The targets of `helpers.windows`, which `helpers.model.train` takes, are shifted
already. So give `train` (input_ids[:, :-1], labels[:, 1:]): a model that is fed both as they stand learns
to copy its input, and its loss falls to 0.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import BoolTensor, Tensor
from torch.utils.data import Sampler

from helpers import arguments
from helpers.arguments import WrongKind
from helpers.positions import as_numbers
from helpers.windows import row_numbers

IGNORE_INDEX = -100  # the label that torch's cross_entropy leaves out by default


def pad_collate(
    sequences: Iterable[Sequence[int]],
    pad_id: int,
    max_length: int | None = None,
    prompt_lengths: Sequence[int] | None = None,
) -> dict[str, Tensor]:
    """Pad `sequences` on the right with `pad_id`: to the longest of them, or to exactly `max_length`.

    Gives three int64 tensors of shape (batch, length): `input_ids`; `attention_mask`, 1 at real tokens and 0
    at padding; `labels`, equal to `input_ids` at real tokens and -100 at padding. The labels come from the
    lengths, never from the ids, so `pad_id` may be an id that the sequences use, such as the end token's.
    They are not shifted: see the top of this module before you give them to `helpers.model.train`.
    With `prompt_lengths` the first tokens of each sequence, as many as it says, get the label -100 too.

    Nothing is cut: raises `ValueError` for a sequence longer than `max_length`, an empty one or none at all,
    ids that are negative or no integers, and a prompt longer than its sequence.

    >>> pad_collate([[5, 6, 7], [8]], pad_id=0)["labels"]
    tensor([[   5,    6,    7],
            [   8, -100, -100]])
    """
    arrays, lengths = _as_arrays(sequences, "sequences")
    pad_id = arguments.integer("pad_id", pad_id)  # an int: a NumPy scalar would decide the dtype below
    max_length = arguments.integer("max_length", lengths.max() if max_length is None else max_length, 1)
    if (too_long := np.flatnonzero(lengths > max_length)).size:
        raise ValueError(
            f"sequences[{too_long[0]}] has {lengths[too_long[0]]} tokens, more than max_length={max_length}: "
            "cut it yourself (sequence[:max_length]), use pack(), which drops nothing, or raise max_length"
        )
    input_ids = _filled(len(arrays), max_length, pad_id)
    for row, array in zip(input_ids, arrays, strict=True):
        row[: len(array)] = array
    place = np.arange(max_length)
    real = place < lengths[:, None]
    _check_range(input_ids, arrays, "sequences")
    labels = np.where(real, input_ids, IGNORE_INDEX)
    if prompt_lengths is not None:
        labels[place < _checked_prompts(prompt_lengths, lengths)[:, None]] = IGNORE_INDEX
    tensors = {"input_ids": input_ids, "attention_mask": real.astype(np.int64), "labels": labels}
    return {name: torch.from_numpy(array) for name, array in tensors.items()}


class LengthBucketSampler(Sampler[list[int]]):
    """A batch sampler that puts documents of like length into one batch and keeps the order random.

    `lengths` holds the number of tokens of each document. An epoch shuffles all indices, takes them in pools
    of `pool_batches` batches, sorts each pool by length, cuts it into batches and shuffles the batches
    (sorting within a pool is known from torchtext's BucketIterator, 2018). pool_batches=1 is a plain
    shuffle; the larger the pool, the less padding, and the more often the same documents meet.

    Each index comes once an epoch; only the last batch of the last pool may be smaller. The order depends on
    `seed` and the epoch alone. Each iteration is a new epoch, also one that is broken off after a look at
    its first batch; `set_epoch` says which comes next.
    Use it as `DataLoader(documents, batch_sampler=LengthBucketSampler(lengths, 8), collate_fn=...)`.

    Raises `ValueError` if there are no lengths, if one is below 1, if `batch_size` or `pool_batches` is, or
    if `seed` or an epoch is below 0.

    >>> list(LengthBucketSampler([9, 1, 8, 2], batch_size=2, pool_batches=2))
    [[2, 0], [1, 3]]
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, pool_batches: int = 50, seed: int = 0):
        self.lengths = arguments.id_array("lengths", lengths, least=1)
        if self.lengths.min() < 1:
            at = int(self.lengths.argmin())
            raise ValueError(f"lengths[{at}] is {self.lengths[at]}: leave out documents without tokens")
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
        for pool in _split(order, self.batch_size * self.pool_batches):
            pool[:] = pool[np.argsort(self.lengths[pool], kind="stable")]  # a view: sorts its part of `order`
        batches = _split(order, self.batch_size)
        for i in random.permutation(len(batches)):
            yield batches[i].tolist()


@dataclass(frozen=True, eq=False)
class PackedBatches:
    """Documents packed into rows. Each tensor is int64, of shape (rows, max_length).

    Only `input_ids` is made by `pack`; the other three are worked out from `runs` when first asked for.
    Index it with an integer, a slice or several integers (`packed[3]`, `packed[:8]`, `packed[[2, 0]]`) for a
    dict of all four; with `len` it serves as a data set for a `DataLoader`.
    """

    input_ids: Tensor  # padding is eos_id: tell it by document_ids, never by the id
    runs: np.ndarray  # (n, 2): document and length of each run of places, row by row; document -1 is padding
    split_documents: int  # how many documents lie in more than one piece

    @cached_property
    def document_ids(self) -> Tensor:
        """At each place the index into `documents`; -1 at padding."""
        return torch.from_numpy(np.repeat(*self.runs.T)).view(self.input_ids.shape)

    @cached_property
    def positions(self) -> Tensor:
        """At each place the number of tokens before it in its piece: 0, 1, 2, ...; 0 at padding."""
        length = self.runs[:, 1]
        place = np.arange(self.input_ids.numel()) - np.repeat(np.cumsum(length) - length, length)
        return torch.from_numpy(place).view(self.input_ids.shape) * (self.document_ids >= 0)

    @cached_property
    def labels(self) -> Tensor:
        """`input_ids`, but -100 at padding and at the first token of a piece, which nothing can predict.

        Not shifted: see the top of this module before you give them to `helpers.model.train`.
        """
        return self.input_ids.where(self.positions > 0, IGNORE_INDEX)

    @property
    def waste(self) -> float:
        """The share of all places that is padding, between 0 and 1."""
        document, length = self.runs.T
        if not length.sum():
            raise ValueError(
                "input_ids has no rows, so no share of them is padding: pack at least one document"
            )
        return float(length[document < 0].sum() / length.sum())

    def __len__(self) -> int:
        return len(self.input_ids)

    def __getitem__(self, rows: int | slice | Sequence[int]) -> dict[str, Tensor]:
        if isinstance(rows, slice):
            rows = np.arange(len(self))[rows]  # torch takes no step backwards
        several = np.ndim(rows) > 0
        rows = row_numbers("rows", rows if several else [rows], len(self))
        rows = torch.from_numpy(rows) if several else int(rows[0])
        names = ("input_ids", "labels", "document_ids", "positions")
        return {name: getattr(self, name)[rows] for name in names}


def pack(
    documents: Iterable[Sequence[int]], max_length: int, eos_id: int, method: str = "concat"
) -> PackedBatches:
    """Pack `documents`, each followed by `eos_id`, into rows of `max_length` tokens. No token is dropped.

    "concat" joins all documents and cuts a row each `max_length` tokens, wherever that falls; only the last
    row is padded. "best_fit" cuts only documents longer than a row (into full rows and a rest), and then puts
    each piece, the longest first, into the row with the least room that still takes it: best-fit decreasing,
    used for language models by Ding et al., "Fewer Truncations Improve Language Modeling" (2024). Its rows
    come with the longest pieces first: shuffle them before you train.

    A document that is cut loses no token as input, but one target for each cut: the first token of a piece.
    A document that ends in `eos_id` already, as one cut from a token corpus does, gets a second one: leave it
    out (`document[:-1]`).

    Raises `ValueError` for no documents or an empty one, ids that are negative or no integers, `max_length`
    below 1, and an unknown method.

    >>> packed = pack([[1, 2, 3, 4], [5], [6, 7]], max_length=5, eos_id=0, method="best_fit")
    >>> packed.input_ids
    tensor([[1, 2, 3, 4, 0],
            [6, 7, 0, 5, 0]])
    >>> packed.positions[1]
    tensor([0, 1, 2, 0, 1])
    """
    arguments.choice("method", method, ("concat", "best_fit"))
    max_length = arguments.integer("max_length", max_length, 1)
    eos_id = arguments.integer("eos_id", eos_id)  # an int: a NumPy scalar would decide the dtype below
    arrays, lengths = _as_arrays(documents, "documents")
    pieces = (_pieces_concat if method == "concat" else _pieces_best_fit)(lengths + 1, max_length)
    n_rows = -(-int(pieces[-1, 2:].sum()) // max_length)  # the last piece ends in the last row
    # Filled with eos_id from the start: what no document overwrites is the end of a document, or padding.
    input_ids = _filled(n_rows, max_length, eos_id).reshape(-1)
    for document, start, length, place in zip(*pieces.T.tolist(), strict=True):
        text = arrays[document][start : start + length]
        input_ids[place : place + len(text)] = text
    _check_range(input_ids, arrays, "documents")
    split = len(np.unique(pieces[pieces[:, 1] > 0, 0]))
    rows = torch.from_numpy(input_ids).view(n_rows, max_length)
    return PackedBatches(rows, _runs(pieces, len(input_ids)), split)


def best_fit(lengths: Sequence[int], max_length: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column where each piece starts, longest first, each into the tightest row.

    `lengths` are between 1 and `max_length` (`ValueError` if not); both results are int64, one entry a piece.
    Rows are kept by the room left in them, so no search looks at rows one by one
    (Krell et al., 2021, pack a histogram of lengths for the same reason).

    >>> best_fit([2, 6, 3, 4], max_length=8)
    (array([0, 0, 1, 1]), array([6, 0, 4, 0]))
    """
    max_length = arguments.integer("max_length", max_length, 1)
    lengths = arguments.id_array("lengths", lengths, least=1)
    for extreme in (lengths.min(), lengths.max()):
        if not 1 <= extreme <= max_length:
            raise ValueError(f"lengths must be between 1 and max_length={max_length}; got {extreme}")
    lengths = lengths.astype(np.int64)
    rows_with, rooms = {}, []  # the rows with just this room left; the rooms that some row has, in order
    rows, columns, n_rows = [0] * len(lengths), [0] * len(lengths), 0
    order = np.argsort(-lengths, kind="stable")
    for piece, length in zip(order.tolist(), lengths[order].tolist(), strict=True):
        if (at := bisect_left(rooms, length)) < len(rooms):
            room = rooms[at]  # the tightest that is enough
            row = rows_with[room].pop()
            if not rows_with[room]:
                del rows_with[room], rooms[at]
        else:
            room, row, n_rows = max_length, n_rows, n_rows + 1
        rows[piece], columns[piece] = row, max_length - room
        if left := room - length:
            if left not in rows_with:
                rows_with[left] = []
                insort(rooms, left)
            rows_with[left].append(row)
    return np.array(rows), np.array(columns)


def block_causal_mask(document_ids: Tensor | Sequence[int]) -> BoolTensor:
    """Which places may attend to which: those of the same document, and not to later ones.

    `document_ids`: (..., length) integers; the mask: (..., length, length) bool, True = attend, as
    `scaled_dot_product_attention` wants it (for (batch, heads, length, dim) insert an axis for the heads:
    `mask[:, None]`). Padding (-1) counts as a document of its own, so no row of the mask is empty: an empty
    row would make softmax give NaN. The way of Krell et al., "Efficient Sequence Packing without
    Cross-contamination" (2021).

    >>> block_causal_mask([0, 0, 1]).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    document_ids = as_numbers("document_ids", document_ids, device=None)
    if document_ids.ndim == 0 or document_ids.is_floating_point():
        raise WrongKind(
            "document_ids must be integers of shape (..., length), such as PackedBatches.document_ids; got "
            f"{document_ids.dtype} of shape {tuple(document_ids.shape)}"
        )
    return (document_ids[..., :, None] == document_ids[..., None, :]).tril()


# ---- the parts of pack: pieces in the order of their place in the rows ----
# One row of numbers a piece: document, start in the document, length, place (row * max_length + column).


def _pieces_concat(lengths: np.ndarray, max_length: int) -> np.ndarray:
    """One stream, cut at the end of each row and of each document."""
    ends = np.cumsum(lengths)
    place = np.union1d(ends - lengths, np.arange(0, ends[-1], max_length))
    document = np.searchsorted(ends, place, side="right")
    start = place - (ends - lengths)[document]
    return np.stack([document, start, np.diff(place, append=ends[-1]), place], axis=1)


def _pieces_best_fit(lengths: np.ndarray, max_length: int) -> np.ndarray:
    """Each document as full rows and a rest, placed by `best_fit`."""
    n_pieces = -(-lengths // max_length)
    document = np.repeat(np.arange(len(lengths)), n_pieces)
    nth = np.arange(len(document)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
    start = nth * max_length
    length = np.minimum(lengths[document] - start, max_length)
    row, column = best_fit(length, max_length)
    pieces = np.stack([document, start, length, row * max_length + column], axis=1)
    return pieces[np.argsort(pieces[:, 3])]


def _runs(pieces: np.ndarray, end: int) -> np.ndarray:
    """(document, length) of all runs of places up to `end`: a piece, then its padding, mostly of length 0."""
    document, _, length, place = pieces.T
    padding = np.diff(place, append=end) - length
    return np.stack([document, length, np.full_like(document, -1), padding], axis=1).reshape(-1, 2)


# ---- input, checked ----


def _as_arrays(documents: Iterable[Sequence[int]], name: str) -> tuple[list[np.ndarray], np.ndarray]:
    """Each document as an array of integers that is not empty, and the length of each."""
    documents = arguments.many(name, documents, "sequences of token ids")
    arrays = [arguments.id_array(f"{name}[{i}]", document, 1) for i, document in enumerate(documents)]
    if not arrays:
        raise ValueError(f"{name} is empty: give at least one sequence of token ids")
    return arrays, np.fromiter(map(len, arrays), np.int64, len(arrays))


def _filled(n_rows: int, max_length: int, value: int) -> np.ndarray:
    try:
        return np.full((n_rows, max_length), value, dtype=np.int64)
    except (MemoryError, ValueError) as error:  # ValueError: more than an array can count
        raise ValueError(f"max_length={max_length} is too large for memory, rows={n_rows}: {error}") from None


def _check_range(input_ids: np.ndarray, arrays: list[np.ndarray], name: str) -> None:
    """Name the id that cannot be one: as int64, ids below 0 and ids of uint64 beyond int64 are negative."""
    if input_ids.min() < 0:
        for i, array in enumerate(arrays):
            arguments.in_range(f"{name}[{i}]", array)


def _checked_prompts(prompt_lengths: Sequence[int], lengths: np.ndarray) -> np.ndarray:
    prompts = arguments.id_array("prompt_lengths", prompt_lengths)
    if len(prompts) != len(lengths):
        raise ValueError(
            f"prompt_lengths has {len(prompts)} entries for {len(lengths)} sequences: give one each"
        )
    if (wrong := np.flatnonzero((prompts < 0) | (prompts > lengths))).size:
        i = wrong[0]
        raise ValueError(
            f"prompt_lengths[{i}] is {prompts[i]}, not between 0 and the {lengths[i]} tokens it has"
        )
    return prompts


def _split(array: np.ndarray, size: int) -> list[np.ndarray]:
    """Views on parts of `array`: `size` numbers each, the last with what is left."""
    return [array[i : i + size] for i in range(0, len(array), size)]
