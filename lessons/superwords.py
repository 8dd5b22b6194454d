"""A vocabulary with merges across words (deeper/03_across_words), for the experiments of lesson 10."""

from collections import Counter
from collections.abc import Iterable

from helpers import arguments
from helpers.bpe import BPETokenizer
from helpers.bpe.merging import Pair, merge_by_rank, train_merges


class Superwords:
    """Merges inside words first, then of what these made, inside a line (SuperBPE: Liu et al., 2025).

    `inside` has the ids below its size; merge number n of `across`, pairs of ids, makes the n-th id after.

    >>> tokenizer = Superwords(BPETokenizer([(b" ", b"b")], special_tokens=[]), [(64, 256), (257, 256)])
    >>> tokenizer.encode("a b b\\nb"), tokenizer.vocab[258]
    ([258, 198, 65], b'a b b')
    """

    def __init__(self, inside: BPETokenizer, across: Iterable[Pair]):
        self.inside, self.special_tokens, self.vocab = inside, inside.special_tokens, dict(inside.vocab)
        self._ranks: dict[Pair, int] = {}
        for left, right in across:
            self._ranks[left, right] = len(self.vocab)
            self.vocab[len(self.vocab)] = self.vocab[left] + self.vocab[right]

    @classmethod
    def train(cls, text: str, vocab_size: int, first: int | None = None) -> "Superwords":
        """Learn `first` tokens inside words (by default three quarters), then the others across them."""
        first = vocab_size * 3 // 4 if first is None else arguments.integer("first", first, 0, vocab_size)
        inside = BPETokenizer.train(text, first)
        lines = Counter(text.splitlines(keepends=True))
        ids = [inside.encode(line) for line in lines]
        n = len(inside.vocab)  # fewer than `first`, if the pairs inside words ran out
        return cls(inside, train_merges(ids, list(lines.values()), vocab_size - n, first_id=n))

    def encode(self, text: str) -> list[int]:
        """The ids of `text`, whose special tokens are ordinary text."""
        lines = arguments.text("text", text).splitlines(keepends=True)
        return [i for line in lines for i in merge_by_rank(self.inside.encode(line), self._ranks)]

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        return b"".join(self.vocab[i] for i in arguments.id_array("ids", ids).tolist())

    def decode(self, ids: Iterable[int]) -> str:
        return self.decode_bytes(ids).decode(errors="replace")
