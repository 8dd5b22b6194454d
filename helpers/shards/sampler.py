"""Shuffled indices for many ranks, in an order that survives a crash (notebook 09)."""

from collections.abc import Iterator, Sized

import numpy as np
from torch.utils.data import Sampler

from helpers import arguments


class ResumableSampler(Sampler[int]):
    """Shuffled indices of `data_source` (a data set, or its length), each to one of `world_size` ranks.

    Rank r takes every world_size-th index of an order that `seed` and the epoch fix, and nothing is repeated
    to even out the ranks: some ranks get one index more than others. `iter` goes on where the sampler stands;
    an epoch that has been used up is followed by the next, in another order. One iteration at a time: where
    another has begun, the older one raises `RuntimeError`. As each goes on, a look at one batch,
    `next(iter(loader))`, costs the epoch that batch, and what DataLoader workers drew ahead; `set_epoch`
    begins the epoch again.

    `state_dict()` is the same for all ranks that have done equally many steps. A sampler that loads it gives
    what is left of the epoch, in the same order, also with another number of ranks. One epoch's order is held
    in memory, 8 bytes an index. Raises `ValueError` for a rank outside 0..world_size-1, and for a length or
    seed that is negative or no integer.

    >>> sampler = ResumableSampler(10, seed=1)
    >>> order = iter(sampler)
    >>> seen = [next(order) for _ in range(4)]
    >>> again = ResumableSampler(10, seed=1)
    >>> again.load_state_dict(sampler.state_dict())
    >>> sorted(seen + list(again))
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """

    def __init__(self, data_source: Sized | int, seed: int = 0, rank: int = 0, world_size: int = 1):
        number = getattr(data_source, "ndim", None) == 0 or not isinstance(data_source, Sized)
        length = data_source if number else len(data_source)  # len of an array that is a number raises
        self.length = arguments.integer("data_source, or its length,", length)
        self.seed = arguments.integer("seed", seed)
        self.world_size = arguments.integer("world_size", world_size, 1)
        self.rank = arguments.integer("rank", rank, 0, self.world_size - 1)
        self._pass = 0  # counts what begins a new iteration, so that an older one knows it
        self._loaded = False  # whether nothing was drawn since load_state_dict
        self._stays = True  # whether the next pass stays in this epoch, even if it has nothing for this rank
        self._go_to(0, 0)

    def _go_to(self, epoch: int, start: int) -> None:
        self.epoch = epoch
        self._start = start  # how far all ranks together were when this pass began
        self._drawn = 0  # how many indices this rank has given out in this pass
        self._pass += 1

    def set_epoch(self, epoch: int) -> None:
        """Make `epoch` the next one, from its beginning; or what is left of it, if its state was just loaded.

        A training loop may call it before each epoch, also after a restart.
        """
        epoch = arguments.integer("epoch", epoch)
        if not self._loaded or epoch != self.epoch:
            self._go_to(epoch, 0)
        self._stays = True

    def __len__(self) -> int:
        """How many indices this rank gets in a whole epoch."""
        return len(range(self.rank, self.length, self.world_size))

    def __iter__(self) -> Iterator[int]:
        start = self.state_dict()["position"]
        # Nothing is left of this epoch for this rank. If others have some left after a restart, it sits out.
        ended = start + self.rank >= self.length and not self._stays
        self._go_to(self.epoch + 1, 0) if ended else self._go_to(self.epoch, start)
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.length)
        return self._walk(order[self._start + self.rank :: self.world_size], self._pass)

    def _walk(self, order: np.ndarray, number: int) -> Iterator[int]:
        for index in order if len(order) else [None]:
            if number != self._pass:
                ended = "this iteration of the sampler has ended, as another one began, or set_epoch or"
                raise RuntimeError(f"{ended} load_state_dict was called: make a sampler for each loader")
            self._loaded = self._stays = False
            if index is not None:
                self._drawn += 1
                yield int(index)

    def state_dict(self, consumed: int | None = None) -> dict[str, int]:
        """Where to go on: a dict of plain ints, to be saved beside the model.

        `consumed` counts the indices of this pass (since `iter`) that this rank has *trained* on. DataLoader
        workers draw indices ahead; what was drawn and not trained on would be lost. Without it, all that were
        drawn count as consumed: right for num_workers=0, which draws a batch when it is asked for.
        Raises `ValueError` if more are said to be consumed than were drawn.
        """
        consumed = self._drawn if consumed is None else consumed
        steps = arguments.integer("consumed", consumed, 0, self._drawn)
        position = min(self._start + steps * self.world_size, self.length)
        return {"seed": self.seed, "epoch": self.epoch, "position": position, "length": self.length}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where `state` was taken; its seed and epoch replace this sampler's.

        Raises `ValueError` if `state` was taken over a data set of another length, or by no sampler; then
        nothing has changed.
        """
        if not isinstance(state, dict) or not self.state_dict().keys() <= state.keys():
            raise ValueError(f"state must be what state_dict() gave, not {state!r:.100}")
        checked = lambda name, *ends: arguments.integer(f"state[{name!r}]", state[name], *ends)
        seed, epoch, length = checked("seed"), checked("epoch"), checked("length")
        position = checked("position", 0, length)
        if length != self.length:
            problem = f"state is of a data set of length {length:,}, this one has {self.length:,}"
            raise ValueError(f"{problem}: use the same shards, max_length and stride, or start anew")
        self.seed, self._loaded, self._stays = seed, True, position < length
        self._go_to(epoch, position)
