"""A word tokenizer: a regex cuts a text into words, a vocabulary gives each word an id (lesson 02)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import regex

from helpers import arguments

UNK, END, PAD = SPECIAL_TOKENS = "<|unk|>", "<|endoftext|>", "<|pad|>"

# Letters and digits, and inside a word also apostrophes and hyphens (I'd, stove-pipe), inside a number also
# points, commas and colons (3.50, 1,250, 4:15). `regex` counts combining marks to the letters; `re` does not.
WORD = r"\w+(?:['’-]\w+|(?<=\d)[.,:]\d\w*)*"
MARK = r"[^\w\s]"  # anything else that is not white space, one character at a time
WITHOUT_SPACES = regex.compile(rf"{WORD}|{MARK}")
WITH_SPACES = regex.compile(rf" ?(?:{WORD}|{MARK})|\s")  # every character is in one match: nothing is lost
SUPERFLUOUS_SPACE = regex.compile(r" (?=[,.;:!?)\]}%’”…])|(?<=[(\[{“‘£$]) ")


def split_words(text: str, keep_spaces: bool = False) -> list[str]:
    """The pre-tokens of `text`: words, numbers and single other characters, without the white space.

    With `keep_spaces` a space stays with the word or character after it, and any other white space is a
    pre-token of its own, one for each character: joined, they are `text` again.
    Any str will do. White space is what Unicode calls so (its property White_Space); all else that is no
    word is a mark: control characters, lone surrogates, and U+001C to U+001F, at which `str.split` would cut.
    Raises `WrongKind` if `text` is not a str, or `keep_spaces` not True or False.

    >>> split_words("I've got £3.50 (no, 4).")
    ["I've", 'got', '£', '3.50', '(', 'no', ',', '4', ')', '.']
    >>> split_words("I've got £3.50 (no, 4).", keep_spaces=True)
    ["I've", ' got', ' £', '3.50', ' (', 'no', ',', ' 4', ')', '.']
    """
    if not isinstance(text, str):  # lone surrogates may be among it, unlike with `arguments.text`
        raise arguments.WrongKind(f"text must be a str, not {type(text).__name__}: {arguments.shown(text)}")
    return (WITH_SPACES if arguments.flag("keep_spaces", keep_spaces) else WITHOUT_SPACES).findall(text)


class WordTokenizer:
    """Words as ids 3, 4, 5, ..., the most frequent first; 0 to 2 are <|unk|>, <|endoftext|> and <|pad|>.

    `vocab` maps each token to its id. As its order is that of frequency, a smaller vocabulary of the same
    text is the beginning of a larger one.

    >>> tokenizer = WordTokenizer.train("A peg is a peg, and that is a fact.", max_vocab=8)
    >>> tokenizer.vocab
    {'<|unk|>': 0, '<|endoftext|>': 1, '<|pad|>': 2, 'a': 3, 'is': 4, 'peg': 5, ',': 6, '.': 7}
    >>> tokenizer.decode(tokenizer.encode("is a plimbet a peg."))
    'is a <|unk|> a peg.'
    """

    def __init__(self, vocab: Mapping[str, int], lowercase: bool = False, keep_spaces: bool = False):
        """`vocab` has the ids 0, 1, 2, ... in any order, and the special tokens among its keys; it is copied.

        Raises `ValueError` for any other, and `WrongKind` if one of the other two is not True or False.
        """
        tokens = list(arguments.mapping("vocab", vocab))
        try:
            ids = arguments.id_array("vocab", list(vocab.values())).tolist()  # plain int, whatever they were
        except ValueError:
            ids = []
        numbered = sorted(ids) == list(range(len(tokens))) and all(isinstance(token, str) for token in tokens)
        if not numbered or not set(SPECIAL_TOKENS) <= set(tokens):
            wanted = f"map each token to its id, 0 to {len(vocab) - 1}, with {', '.join(SPECIAL_TOKENS)}"
            raise ValueError(f"vocab must {wanted}, not {arguments.shown(vocab)}")
        self.vocab = dict(zip(tokens, ids, strict=True))
        self.special_tokens = {token: self.vocab[token] for token in SPECIAL_TOKENS}
        self.lowercase = arguments.flag("lowercase", lowercase)
        self.keep_spaces = arguments.flag("keep_spaces", keep_spaces)
        self._tokens = sorted(tokens, key=self.vocab.get)

    @classmethod
    def train(
        cls, text: str, max_vocab: int | None = None, lowercase: bool = False, *, keep_spaces: bool = False
    ) -> "WordTokenizer":
        """Learn the vocabulary of `text`: all its pre-tokens (see `split_words`), or the most frequent.

        `max_vocab` counts everything, the three special tokens included. Of pre-tokens that are equally
        frequent the first in the order of code points wins; Hugging Face's WordLevelTrainer does the same.
        A special token that is spelt out in `text` is ordinary text. With `lowercase`, this and every text
        to encode is put in lower case.
        Raises `WrongKind` if `text` is not a str or `max_vocab` no integer, and `ValueError` if `text` has no
        pre-token (it is empty, or without `keep_spaces` all white space) or `max_vocab` no room for one.
        """
        if max_vocab is not None:
            name = f"max_vocab, which counts the {len(SPECIAL_TOKENS)} special tokens too,"
            max_vocab = arguments.integer(name, max_vocab, len(SPECIAL_TOKENS) + 1)
        counts = Counter(_pretokens(text, arguments.flag("lowercase", lowercase), keep_spaces))
        if not counts:
            raise ValueError(f"text holds no word to learn, it is {text!r:.60}: give a text with words in it")
        by_frequency = sorted(counts, key=lambda token: (-counts[token], token))
        tokens = [*SPECIAL_TOKENS, *by_frequency][:max_vocab]
        return cls({token: i for i, token in enumerate(tokens)}, lowercase, keep_spaces)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; a pre-token that is not in the vocabulary becomes the id of <|unk|>.

        A special token that is spelt out in `text` is ordinary text: put its id between the ids.
        Raises `WrongKind` if `text` is not a str.
        """
        find, unknown = self.vocab.get, self.vocab[UNK]
        return [find(token, unknown) for token in _pretokens(text, self.lowercase, self.keep_spaces)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`: a list, or an array or tensor of one dimension.

        With `keep_spaces` the tokens are joined as they are, and a text without unknown words comes back
        whole. Otherwise a space goes between them, but for the places where English has none, such as before
        a comma: the words are right, the white space is a guess.
        Raises `ValueError` for an id that is not in the vocabulary, `WrongKind` for what is not an integer.
        """
        ids = arguments.id_array("ids", list(ids) if isinstance(ids, Iterator) else ids)
        arguments.in_range("ids", ids, 0, len(self._tokens) - 1)
        tokens = [self._tokens[i] for i in ids.tolist()]
        return "".join(tokens) if self.keep_spaces else SUPERFLUOUS_SPACE.sub("", " ".join(tokens))


def _pretokens(text: str, lowercase: bool, keep_spaces: bool) -> list[str]:
    return split_words(text.lower() if lowercase and isinstance(text, str) else text, keep_spaces)
