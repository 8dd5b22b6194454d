"""The tokenizer: text to ids, and back (notebook 03)."""

import hashlib
import json
import unicodedata
import warnings
from collections.abc import Collection, Iterable, Iterator
from functools import cache, cached_property, lru_cache, partial, reduce
from itertools import chain

import numpy as np
import tiktoken

from helpers import arguments
from helpers.bpe import arrays, formats, merging, starts
from helpers.bpe.formats import Path, Special
from helpers.bpe.patterns import GPT2_PATTERN, GPT4_PATTERN, O200K_PATTERN, Finder, cut_by_all
from helpers.bpe.spelling import BYTE_IDS, BYTES

Pairs = Iterable[tuple[bytes, bytes]]
Names = str | Collection[str]  # "all", or names of special tokens
END = "<|endoftext|>"
CACHE_ENTRIES, CACHE_LENGTH = 2**16, 64  # at most so many pre-tokens, each at most so many characters
PUBLISHED = ["gpt2", "cl100k_base", "o200k_base", "gpt-oss", "qwen3", "deepseek-v4"]
# The pattern and the special tokens of rank files, from tiktoken's source
GPT4_SPECIAL = {END: 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260}
RANK_FILES = {
    "cl100k_base": (GPT4_PATTERN, GPT4_SPECIAL | {"<|endofprompt|>": 100276}),
    "o200k_base": (O200K_PATTERN, {END: 199999, "<|endofprompt|>": 200018}),
}


class BPETokenizer:
    """A byte-level BPE tokenizer, made of merges in the order learned, special tokens, and a pattern.

    `vocab` has the bytes of each id: 256 single bytes in GPT-2's order, the merges, the special tokens. What
    others have trained may have its ids in any order, and gaps between them. Then `added_tokens` has those
    that are not special, which are found in every text, allowed or not; `pattern` is a tuple, if several cut
    one after the other; and a normalizer may change a text before it is cut: `decode` gives the changed one.
    `begin` and `end` are the ids that a model wants before and after a text; `encode` adds neither. All of
    these are for reading: to change what a tokenizer does, make another.

    Raises `ValueError` if a merge joins unknown tokens or makes a known one, if a special token is empty,
    repeated, or spelt like an ordinary one, and if the pattern does not compile.

    >>> tokenizer = BPETokenizer.train("low lower lowest", 260)
    >>> tokenizer.merges
    [(b'l', b'o'), (b'lo', b'w'), (b' ', b'low')]
    >>> tokenizer.encode("low low"), tokenizer.decode([257, 258])
    ([257, 258], 'low low')
    """

    def __init__(self, merges: Pairs, special_tokens: Special = (END,), pattern: str = GPT2_PATTERN):
        self._use(formats.from_merges(merges, special_tokens, pattern))

    @classmethod
    def _of(cls, vocabulary: formats.Vocabulary) -> "BPETokenizer":
        tokenizer = cls.__new__(cls)
        tokenizer._use(vocabulary)
        return tokenizer

    def _use(self, vocabulary: formats.Vocabulary) -> None:
        before, tokens, others = set(vars(self)), vocabulary.tokens, vocabulary.added
        settings = formats.read_settings(json.loads(vocabulary.settings))
        self._forms, self._cuts, ignore_merges, self.begin, self.end = settings
        self._normal = lambda text: reduce(lambda t, form: unicodedata.normalize(form, t), self._forms, text)
        patterns = tuple(how.pattern for how in self._cuts)
        self.pattern: str | tuple[str, ...] = patterns[0] if len(patterns) == 1 else patterns
        self.vocab = {i: token for token, i in tokens.items()} | {t.id: t.content.encode() for t in others}
        self.special_tokens = {token.content: token.id for token in others if token.special}
        self.added_tokens = {token.content: token.id for token in others if not token.special}
        early = {token.content: token for token in others if not token.normalized}
        late = {self._normal(token.content): token for token in others if token.normalized}
        self._finders = cache(lambda allowed: [Finder(group, allowed) for group in (early, late)])
        letters = [tokens[bytes([byte])] for byte in range(256)]
        merges = merging.Merges(vocabulary.ranks, vocabulary.made, letters, tokens if ignore_merges else {})
        if not ignore_merges:
            merges.look_up_whole([*tokens])
        _ = merges.arrays  # made here, so that the first text need not wait for them
        self._new = lambda pretoken: merges.encode(pretoken.encode())
        self._known = lru_cache(CACHE_ENTRIES)(self._new)
        self._dtype, cut = np.uint16 if max(self.vocab) < 2**16 else np.uint32, starts.cutter(*patterns)
        self._bulk = arrays.BulkEncoder(merges, cut, self._dtype) if cut else None
        self._made = {*vars(self), "merges", "_made"} - before  # by use of the vocabulary
        self._vocabulary = vocabulary

    def __getstate__(self) -> dict:
        """For pickle and copy: the vocabulary, and what a subclass added; nothing remembered of texts."""
        return {name: value for name, value in vars(self).items() if name not in self._made}

    def __setstate__(self, state: dict) -> None:
        self._use(state["_vocabulary"])
        vars(self).update(state)

    def fingerprint(self) -> str:
        """The same for all tokenizers that give the same ids by the same rules, in every process."""
        return hashlib.sha256(repr(self._vocabulary).encode()).hexdigest()

    @cached_property
    def merges(self) -> list[tuple[bytes, bytes]]:
        """The tokens that each merge joins, in the order of their ranks."""
        return [(self.vocab[left], self.vocab[right]) for left, right in self._vocabulary.ranks]

    @classmethod
    def train(
        cls,
        texts: str | Iterable[str],
        vocab_size: int,
        *,
        pattern: str = GPT2_PATTERN,
        special_tokens: Special = (END,),
        progress: bool = False,
    ) -> "BPETokenizer":
        """Learn a vocabulary of `vocab_size` tokens from a text, or from an iterable of them.

        Each text is a document, cut into pre-tokens by itself; one at a time is held. Special tokens in it
        are ordinary text, as in Hugging Face's trainer, so give documents one by one rather than joined.
        If the pairs run out first, the vocabulary is smaller, and a `UserWarning` says so.
        Raises `ValueError` if there is no text, `vocab_size` is below 256 plus the special tokens, the
        pattern leaves out characters, a surrogate is lone, or the class would raise it.
        """
        blank = BPETokenizer([], special_tokens, pattern)
        least, n_special = len(blank.vocab), len(blank.special_tokens)
        size = f"vocab_size (which counts 256 bytes and {n_special} special tokens)"
        n_merges = arguments.integer(size, vocab_size, least) - least
        documents = arguments.texts("texts", [texts] if isinstance(texts, str) else texts)
        counts = arrays.count_pretokens(documents, blank._cuts)
        if not counts:
            raise ValueError("texts is empty: give at least one character to train on")
        words, tokens, merges = [pretoken.translate(BYTE_IDS) for pretoken in counts], list(BYTES), []
        for left, right in merging.train_merges(words, list(counts.values()), n_merges, progress=progress):
            merges.append((tokens[left], tokens[right]))
            tokens.append(tokens[left] + tokens[right])
        if len(merges) < n_merges:
            got = f"{least + len(merges)} tokens, not {vocab_size}"
            warnings.warn(f"no pair is left after {len(merges)} merges: you get {got}", stacklevel=2)
        return cls(merges, special_tokens, pattern)

    def encode(self, text: str, *, allowed_special: Names = frozenset()) -> list[int]:
        """The ids of `text`.

        Special tokens in it are ordinary text, except those that `allowed_special` names: a set of names, or
        "all". Of several that start at one place the longest counts, as in `tokenizers` (in tiktoken the
        order of a hash table decides). Raises `ValueError` for an unknown name, for a lone surrogate, and
        where the pattern leaves out characters; `TypeError` for what is not a str; `TimeoutError` where the
        pattern takes too long.
        """
        ids: list[int] = []
        for part in self._parts(text, allowed_special):
            ids += part if isinstance(part, list) else part.tolist()
        return ids

    def encode_to_numpy(self, text: str, *, allowed_special: Names = frozenset()) -> np.ndarray:
        """As `encode`, into an array: uint16 if all ids are below 65,536, else uint32.

        Long texts go through `arrays.py`, if the pattern is GPT-2's, GPT-4's, Llama 3's, Qwen's or o200k's.
        """
        return self._joined(self._parts(text, allowed_special))

    def encode_iterable(self, texts: Iterable[str], *, allowed_special: Names = frozenset()) -> Iterator[int]:
        """The ids of one text after another, lazily, holding one text at a time.

        They are those of the joined texts if all begin, or all end, with an allowed special token.
        Otherwise the end of a text and the start of the next might have made one pre-token.
        """
        self._allowed(allowed_special)
        encode = partial(self.encode, allowed_special=allowed_special)
        return chain.from_iterable(map(encode, arguments.texts("texts", texts)))

    def encode_documents(self, documents: Iterable[str], end: int) -> np.ndarray:
        """The ids of each document, and `end` after each: what `encode_to_numpy` gives one by one.

        Much faster for many short ones, if the pattern is one of those that arrays know. Then the documents
        are joined by U+0000, which cuts like the end of a text, and its id is replaced by `end`.
        """
        texts = [arguments.text("documents", text) for text in arguments.many("documents", documents)]
        if arguments.integer("end", end) not in self.vocab:
            raise ValueError(f"end is {end}, which is not in the vocabulary: give the id of a token")
        if not self._bulk or any("\0" in text for text in texts):
            return self._joined(part for text in texts for part in (*self._parts(text, ()), [end]))
        ids = self._joined(self._parts("\0".join([*texts, ""]), (), joined=True))
        ids[ids == self._new("\0")[0]] = end
        return ids

    def _joined(self, parts: Iterable[list[int] | np.ndarray]) -> np.ndarray:
        return np.concatenate([np.zeros(0, self._dtype), *(np.asarray(part, self._dtype) for part in parts)])

    def _parts(self, text: str, allowed: Names, joined: bool = False) -> Iterator[list[int] | np.ndarray]:
        """The ids of each part of `text`: an added token, or what stands between two of them."""
        early, late = self._finders(self._allowed(allowed))
        found = early.split(arguments.text("text", text))
        parts = (late.split(self._normal(part)) if isinstance(part, str) else [part] for part in found)
        for part in chain.from_iterable(parts):
            if isinstance(part, int):
                yield [part]
            elif self._bulk and (joined or (len(part) >= arrays.ARRAYS_PAY and "\0" not in part)):
                yield from self._bulk(part)
            else:
                ids: list[int] = []
                for pretoken in cut_by_all(part, self._cuts):
                    ids += self._known(pretoken) if len(pretoken) <= CACHE_LENGTH else self._new(pretoken)
                yield ids

    def _allowed(self, names: Names) -> frozenset[str]:
        names = self.special_tokens if isinstance(names, str) and names == "all" else names
        several = isinstance(names, Collection) and not isinstance(names, str)
        if several and all(isinstance(name, str) and name in self.special_tokens for name in names):
            return frozenset(names)
        known = f"{len(self.special_tokens)} names: {list(self.special_tokens)[:8]}"
        raise arguments.WrongKind(f'allowed_special is {names!r:.80}: give "all", or a set of these {known}')

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of `ids`: a list, or an array or tensor of one dimension.

        Raises `ValueError` for an id that is not in the vocabulary, `TypeError` for what is not an integer.
        """
        ids = ids if hasattr(ids, "__len__") else list(arguments.many("ids", ids, "int"))
        try:
            return b"".join(map(self.vocab.__getitem__, arguments.id_array("ids", ids).tolist()))
        except KeyError as error:
            known = f"{len(self.vocab):,} ids from {min(self.vocab)} to {max(self.vocab)}"
            raise ValueError(f"ids has {error}, which is not in the vocabulary of {known}") from None

    def decode(self, ids: Iterable[int], errors: str = "replace") -> str:
        """The text of `ids`; `errors` is for bytes that are no UTF-8, as in `bytes.decode`.

        `decode(encode(text)) == text` for every text. Not so the reverse: other ids may give the same text.
        """
        return self.decode_bytes(ids).decode("utf-8", errors)

    def save(self, path: Path) -> None:
        """Write a tokenizer.json, for `load` and for `tokenizers.Tokenizer.from_file`, in one step.

        `tokenizers` allows all special tokens unless told otherwise (`encode_special_tokens = True`), and
        has another regex engine: the published patterns mean the same there; one of your own may not. It
        knows no two merges of one rank, so those of a rank file come one after the other there.
        """
        formats.write_tokenizer_json(path, self._vocabulary)

    @classmethod
    def load(cls, path: Path) -> "BPETokenizer":
        """Read a tokenizer.json of byte-level BPE, such as those of gpt-oss, Llama 3, Qwen and DeepSeek.

        Raises `ValueError` if it is damaged, or asks for what is not done here: the error says what, and what
        to do instead.
        """
        return cls._of(formats.read_tokenizer_json(path))

    @classmethod
    def from_gpt2(cls, encoder_json: Path, vocab_bpe: Path) -> "BPETokenizer":
        """Read GPT-2's published files. Raises `ValueError` if they are damaged or do not fit together."""
        return cls._of(formats.read_gpt2(encoder_json, vocab_bpe))

    @classmethod
    def from_tiktoken(cls, path: Path, *, pattern: str, special_tokens: Special = ()) -> "BPETokenizer":
        """Read a rank file of tiktoken, such as o200k_base.tiktoken (GPT-4o).

        It holds ordinary tokens only. `pattern` and `special_tokens` stand in tiktoken's source: name -> id,
        or names, which get the ids after the highest. Raises `ValueError` if the file is damaged, or if two
        tokens would have one id.
        """
        return cls._of(formats.read_tiktoken(path, pattern, special_tokens))

    @classmethod
    def published(cls, name: str) -> "BPETokenizer":
        """The tokenizer of a model in use, fetched at the first call: see `helpers.corpus.fetch`.

        name: "gpt2", "cl100k_base" (GPT-4), "o200k_base" (GPT-4o, GPT-5), "gpt-oss", "qwen3", "deepseek-v4"
        """
        from helpers.corpus import fetch  # here, as only downloads need what it imports

        if arguments.choice("name", name, PUBLISHED) == "gpt2":
            return cls.from_gpt2(fetch("gpt2-encoder.json"), fetch("gpt2-vocab.bpe"))
        if name in RANK_FILES:
            return cls._of(formats.read_tiktoken(fetch(f"{name}.tiktoken"), *RANK_FILES[name]))
        return cls.load(fetch(f"{name}-tokenizer.json"))

    def to_tiktoken(self) -> tiktoken.Encoding:
        """The same tokenizer as a `tiktoken.Encoding`. Raises `ValueError` for what that cannot do."""
        made = [self._vocabulary.made[rank] for rank in self._vocabulary.ranks.values()]
        if len(self._cuts) > 1 or self._forms or self.added_tokens:
            raise ValueError("tiktoken has one pattern, no normalizer, and no added token but special ones")
        if made != sorted(made):
            raise ValueError("tiktoken merges in the order of the ids, and here the ranks are in another")
        parts = {"mergeable_ranks": self._vocabulary.tokens, "special_tokens": self.special_tokens}
        return tiktoken.Encoding("from-text-to-tensors", pat_str=self.pattern, **parts)
