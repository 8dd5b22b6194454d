"""What a tokenizer costs: any tokenizer on any text, measured in one table (notebook 04).

A tokenizer here is anything with `encode`, `decode` and `vocab`: the ones of this series, those below, or one
of your own; `Wrapped` makes one of a `tokenizers.Tokenizer`. Where it has a token for what it does not know,
`vocab` has the key "<|unk|>".
"""

import io
import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from numbers import Integral
from typing import Any, Protocol

import babel
import pandas as pd
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from helpers import arguments
from helpers.corpus import read_data
from helpers.words import UNK, split_words

_LANGUAGES = "English German Russian Greek Hebrew Arabic Hindi Chinese Japanese Korean".split()
LANGUAGES = dict(zip(_LANGUAGES, "en de ru el he ar hi zh ja ko".split(), strict=True))  # name: code in CLDR


class Tokenizer(Protocol):
    """What `measure` needs of a tokenizer; `vocab` may have its ids as keys or as values."""

    vocab: Mapping

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: list[int]) -> str: ...


def pieces_of(tokenizer: Tokenizer, text: str) -> list[str]:
    """The tokens of `text` as strings, each decoded by itself: a part of a character becomes "�".

    >>> pieces_of(CharTokenizer("a peg"), "page")
    ['p', 'a', 'g', 'e']
    """
    return [tokenizer.decode([i]) for i in _encoded(tokenizer, text)]


# ---- measures ----


def used_ids(tokenizer: Tokenizer, texts: Iterable[str]) -> set[int]:
    """The ids that occur in `texts`, each encoded by itself. Give a list of texts, not a str."""
    return set(chain.from_iterable(_encoded(tokenizer, text) for text in arguments.texts("texts", texts)))


def measure(tokenizer: Tokenizer, text: str, used: Iterable[int]) -> dict[str, Any]:
    """What `tokenizer` makes of `text`, as a dict. `used` holds the ids that its training text has.

    - vocabulary: entries of `tokenizer.vocab`; unused: those that are not in `used`
    - bytes: of `text` in UTF-8; tokens: their number; bytes_per_token: the one by the other
    - unknown: the share of the tokens, 0 to 1, that are <|unk|>
    - unseen: the share of the tokens, 0 to 1, whose id is not in `used`
    - lossless: whether decoding gives exactly `text` back
    - attention: pairs of places that attention compares, tokens squared, as a share of bytes squared
    - words_per_window: words of `text` (see `count_words`) that 1,024 tokens hold; 0.0 if it has none

    Raises `ValueError` if `text` is empty, or if the tokenizer makes no token of it: no ratio would exist.
    """
    ids, entries = _encoded(tokenizer, arguments.text("text", text), "vocab"), _entries(tokenizer.vocab)
    used = _used(used)
    if not ids:
        raise ValueError(f"text is {text!r:.60}: the tokenizer makes no token of it. Give a longer text")
    n_bytes, unknown = len(text.encode()), {i for token, i in entries if token in (UNK, UNK.encode())}
    return {
        "vocabulary": len(entries),
        "unused": len({i for _, i in entries} - used),
        "bytes": n_bytes,
        "tokens": len(ids),
        "bytes_per_token": n_bytes / len(ids),
        "unknown": sum(i in unknown for i in ids) / len(ids),
        "unseen": sum(i not in used for i in ids) / len(ids),
        "lossless": tokenizer.decode(ids) == text,
        "attention": (len(ids) / n_bytes) ** 2,
        "words_per_window": 1024 * count_words(text) / len(ids),
    }


def _encoded(tokenizer: Tokenizer, text: str, *also: str) -> list[int]:
    """The ids of `text`, if `tokenizer` has `encode`, `decode` and the names in `also`."""
    lacks = [name for name in ("encode", "decode", *also) if not hasattr(tokenizer, name)]
    if lacks or isinstance(tokenizer, type | tokenizers.Tokenizer):  # whose encode gives no list
        found = f"{arguments.shown(tokenizer)}" + f", which has no {', '.join(lacks)}" * bool(lacks)
        raise arguments.WrongKind(
            f"tokenizer must be an object with encode, decode and vocab, not {found}: give an instance "
            "of a class with all three, such as Wrapped(tokenizer) for a tokenizers.Tokenizer"
        )
    return arguments.id_array("encode of the tokenizer", tokenizer.encode(text)).tolist()


def _used(ids: Iterable[int]) -> set[int]:
    keys = ids.keys() if isinstance(ids, Mapping) else ids  # a Counter of ids, say
    return set(arguments.id_array("used", list(arguments.many("used", keys, "ids"))).tolist())


def _entries(vocab: Mapping) -> list[tuple[Any, int]]:
    """(token, id) of each entry, whichever way `vocab` maps."""
    vocab = arguments.mapping("vocab of the tokenizer", vocab)
    by_id = all(isinstance(key, Integral) for key in vocab)
    return [(value, key) if by_id else (key, value) for key, value in vocab.items()]


def compare(
    tokenizers: Mapping[str, Tokenizer], texts: Mapping[str, str], used: Mapping[str, Collection[int]]
) -> pd.DataFrame:
    """`measure` for each tokenizer and each text: a row each, with the columns tokenizer and text first.

    `used` has the ids of the training text for each name in `tokenizers`. No cell is ever NaN.
    Raises `ValueError`, with both names, where a text cannot be measured, and where `used` lacks a name.
    """
    arguments.mapping("texts", texts)
    arguments.mapping("used", used)
    missing = [name for name in arguments.mapping("tokenizers", tokenizers) if name not in used]
    if missing:
        raise ValueError(f"used lacks {missing}: give used_ids(tokenizer, [training text]) for each")
    rows = []
    for name, tokenizer in tokenizers.items():
        seen = _used(used[name])
        for text_name, text in texts.items():
            try:
                found = measure(tokenizer, text, seen)
            except ValueError as error:
                raise ValueError(f"tokenizer {name!r} on text {text_name!r}: {error}") from error
            rows.append({"tokenizer": name, "text": text_name} | found)
    return pd.DataFrame(rows)


def count_words(text: str) -> int:
    """The words of `text`: pre-tokens of notebook 02 that hold a letter.

    Chinese and Japanese put no spaces between words: there this counts runs of letters, and means little.

    >>> count_words("I've lost 2 pegs, somewhere.")
    4
    """
    return _count_words(arguments.text("text", text))


@lru_cache(maxsize=64)  # a text is measured once for each tokenizer
def _count_words(text: str) -> int:
    return sum(any(map(str.isalpha, token)) for token in split_words(text))


def table_parameters(vocab_size: int, width: int, tied: bool = False) -> int:
    """Parameters of the embedding table and the output table, each `vocab_size` rows of `width` numbers.

    `tied` tables are one and the same (Press and Wolf, 2017, arXiv:1608.05859).

    >>> table_parameters(50257, 768, tied=True)
    38597376
    """
    vocab_size, width = arguments.integer("vocab_size", vocab_size), arguments.integer("width", width)
    return vocab_size * width * (1 if arguments.flag("tied", tied) else 2)


# ---- tokenizers ----


LARGEST_VOCAB = 2**20  # four times the largest in use; the trainers below set memory aside for all of it


class CharTokenizer:
    """Characters (code points) as ids 1, 2, ... in their own order; 0 is <|unk|>.

    >>> tokenizer = CharTokenizer("a peg")
    >>> tokenizer.encode("page!"), tokenizer.decode([5, 2, 4, 3, 0])
    ([5, 2, 4, 3, 0], 'page<|unk|>')
    """

    def __init__(self, text: str):
        self._tokens = [UNK, *sorted(set(arguments.text("text", text)))]
        self.vocab = {token: i for i, token in enumerate(self._tokens)}

    def encode(self, text: str) -> list[int]:
        return [self.vocab.get(character, 0) for character in arguments.text("text", text)]

    def decode(self, ids: Iterable[int]) -> str:
        ids = arguments.id_array("ids", ids)
        arguments.in_range("ids", ids, 0, len(self._tokens) - 1)
        return "".join(self._tokens[i] for i in ids.tolist())


class Wrapped:
    """A `tokenizers.Tokenizer` with the three names that `measure` asks for, special tokens being text."""

    def __init__(self, tokenizer: tokenizers.Tokenizer):
        self.tokenizer, self.vocab = tokenizer, tokenizer.get_vocab()

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=False)

    def pieces(self, text: str) -> list[str]:
        return self.tokenizer.encode(text, add_special_tokens=False).tokens


def train_wordpiece(text: str, vocab_size: int) -> Wrapped:
    """WordPiece as in BERT (Devlin et al., 2018), cased: `tokenizers`' trainer on the words of `text`.

    The characters with "##" are given in a fixed order. By itself the trainer meets them in the order of a
    hash table, and a tie between two pairs may fall either way from run to run.
    """
    alphabet = sorted(set(arguments.text("text", text)) - set(" \t\n\r"))
    trainer = trainers.WordPieceTrainer(
        vocab_size=arguments.integer("vocab_size", vocab_size, 1, LARGEST_VOCAB),
        special_tokens=[UNK, *(f"##{character}" for character in alphabet)],
        show_progress=False,
    )
    words = pre_tokenizers.BertPreTokenizer()
    trained = _train(models.WordPiece(unk_token=UNK), trainer, text, words)
    return _wrap(trained.model, words, decoders.WordPiece())


def train_unigram(text: str, vocab_size: int) -> Wrapped:
    """Unigram (Kudo, 2018, arXiv:1804.10959) as `tokenizers` trains it, a space being written as "▁".

    A word is what stands between white space, with one space in front; white space is cut as in GPT-2. The
    scores, and with them the order of the ids, may differ in the last digits, as threads add up floats.
    """
    spaced = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(r" ?\S+|\s+(?!\S)|\s+"), "isolated"),
            pre_tokenizers.Metaspace(prepend_scheme="never", split=False),
        ]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=arguments.integer("vocab_size", vocab_size, 1, LARGEST_VOCAB),
        special_tokens=[UNK],
        unk_token=UNK,
        initial_alphabet=[*UNK],
        show_progress=False,
    )
    trained = _train(models.Unigram(), trainer, text, spaced)
    scores = json.loads(trained.to_str())["model"]["vocab"]
    # <|unk|> comes with the best score, 0, for whoever spells it out in a text: give it one that never wins
    model = models.Unigram([(UNK, -100.0), *map(tuple, scores[1:])], unk_id=0)
    return _wrap(model, spaced, decoders.Metaspace(prepend_scheme="never"))


def _train(model: Any, trainer: Any, text: str, pre_tokenizer: Any) -> tokenizers.Tokenizer:
    tokenizer, size = tokenizers.Tokenizer(model), trainer.vocab_size
    tokenizer.pre_tokenizer = pre_tokenizer
    if not arguments.text("text", text).strip():
        raise ValueError(f"text holds no word to learn, it is {text!r:.60}: give a text with words in it")
    try:
        tokenizer.train_from_iterator([text], trainer)
    except Exception as error:  # of no narrower kind
        raise ValueError(f"vocab_size is {size}: {error}. Give a larger one") from error
    if (least := tokenizer.get_vocab_size()) > size:
        raise ValueError(f"vocab_size is {size}: the characters of text alone need {least} entries")
    return tokenizer


def _wrap(model: Any, pre_tokenizer: Any, decoder: Any) -> Wrapped:
    plain = tokenizers.Tokenizer(model)  # a new one: it has no special tokens, which a text might spell out
    plain.pre_tokenizer, plain.decoder = pre_tokenizer, decoder
    return Wrapped(plain)


# ---- texts, and the stored table ----


def load_paragraphs() -> dict[str, str]:
    """The same three sentences in ten languages and nine scripts, written for this series (CC0)."""
    return json.loads(read_data("languages.json"))


def cldr_names(language: str) -> str:
    """The names of languages, countries, scripts, currencies and cities in `language`, one a line.

    From Unicode's Common Locale Data Repository, which comes with babel. `language` is a key of `LANGUAGES`.
    """
    locale = babel.Locale.parse(LANGUAGES[arguments.choice("language", language, LANGUAGES)])
    cities = (zone["city"] for zone in locale.time_zones.values() if "city" in zone)
    tables = (locale.languages, locale.territories, locale.scripts, locale.currencies)
    return "\n".join(chain(*(table.values() for table in tables), cities))


def load_comparison() -> pd.DataFrame:
    """The stored table of notebook 04, for notebook 10: the columns of `compare`, floats to six decimals."""
    return pd.read_csv(io.StringIO(read_data("tokenizer_comparison.csv")), keep_default_na=False)


def same_table(table: pd.DataFrame, stored: pd.DataFrame) -> bool:
    """Whether two tables have the same rows and columns, numbers equal to 0.00001."""
    with suppress(AssertionError):
        return pd.testing.assert_frame_equal(table, stored, check_dtype=False, rtol=0, atol=1e-5) is None
    return False
