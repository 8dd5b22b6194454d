"""What others send: files with odd parts, objects of other kinds, and classes made from ours."""

import base64
import copy
import json
import pickle

import pandas as pd
import pytest
import regex
from referees import NASTY, file_of
from tokenizers import Regex, pre_tokenizers

from helpers.bpe import GPT2_PATTERN, GPT4_PATTERN, O200K_PATTERN, BPETokenizer
from helpers.bpe.patterns import Cut, cut
from helpers.shards.fingerprint import fingerprint

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda tokenizer: pickle.loads(pickle.dumps(tokenizer)),
}


class Lower(BPETokenizer):
    """Made from our class in the usual way, with a setting of its own and a private one."""

    def __init__(self, merges, lower):
        super().__init__(merges)
        self.lower, self._times = lower, 2

    def encode(self, text, **options):
        return super().encode(text.lower() if self.lower else text, **options) * self._times


@pytest.mark.parametrize("made_by", COPIES.values(), ids=COPIES)
def test_a_copy_keeps_what_a_subclass_or_an_object_added(made_by):
    ours = Lower([(b"a", b"b")], lower=True)
    ours.note = ["mine"]
    assert ours.merges  # remembered, and no part of the state
    again = made_by(ours)
    assert type(again) is Lower and again.note == ["mine"] and again.merges == ours.merges
    assert again.encode("AB") == ours.encode("AB") == [256, 256]
    assert fingerprint(again) == fingerprint(ours) != fingerprint(Lower([(b"a", b"b")], lower=False))


def test_what_is_sent_is_the_vocabulary_alone():
    ours = BPETokenizer([(b"a", b"b")])
    ours.encode("some text")
    assert list(ours.__getstate__()) == ["_vocabulary"]


NOT_MERGES = {
    "a file": ("tokenizer.json", "merges .*BPETokenizer.load"),
    "nothing": (None, "merges must be"),
    "a number": (5, "merges must be"),
    "a dict": ({(b"a", b"b"): 0}, "merges must be"),
    "one in a row": ([(b"a", b"b"), (b"a",)], r"merges\[1\].*pair of bytes"),
    "bytes in a row": ([b"ab"], r"merges\[0\].*pair of bytes"),
    "two bytes": ([b"ab", (b"a", b"b")], r"merges\[0\].*pair of bytes"),
    "str": ([("a", "b")], r"merges\[0\].*pair of bytes"),
    "None in a row": ([None], r"merges\[0\].*pair of bytes"),
}


@pytest.mark.parametrize("case", NOT_MERGES)
def test_what_are_no_merges_is_refused_by_name(case):
    merges, message = NOT_MERGES[case]
    with pytest.raises(TypeError, match=message):
        BPETokenizer(merges)


TAKE_TEXTS = {
    "train": ("texts", lambda texts: BPETokenizer.train(texts, 300)),
    "encode_iterable": ("texts", lambda texts: list(BPETokenizer([]).encode_iterable(texts))),
}


@pytest.mark.parametrize("case", TAKE_TEXTS)
@pytest.mark.parametrize("wrong", [float("nan"), None, b"three", "\ud800"], ids=repr)
def test_an_error_numbers_the_text_that_is_wrong(case, wrong):
    name, call = TAKE_TEXTS[case]
    with pytest.raises(ValueError, match=rf"{name}\[2\]"):
        call(iter(["one", "two", wrong, "four"]))


@pytest.mark.parametrize("case", TAKE_TEXTS)
def test_a_dict_or_a_table_is_no_list_of_texts(case):
    name, call = TAKE_TEXTS[case]
    for texts in ({"train": "one"}, pd.DataFrame({"text": ["one"]})):
        with pytest.raises(TypeError, match=f"{name} must be an iterable of str"):
            call(texts)


BYTE_RANKS = [(bytes([byte]), byte) for byte in range(256)]
DAMAGED = {
    "a token twice": ([(b"ab", 256), (b"ab", 300)], "line 258 must be a new token in base64 and its rank"),
    "a line twice": ([(b"ab", 256), (b"ab", 256)], "line 258 must be a new token in base64 and its rank"),
    "a rank twice": ([(b"ab", 256), (b"cd", 256)], "256 stands there twice"),
    "a rank below 0": ([(b"ab", -1)], "-1 must be an integer from 0"),
    "a rank too large": ([(b"ab", 2**40)], "must be an integer from 0"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_rank_file_that_contradicts_itself_is_refused(case, tmp_path):
    more, message = DAMAGED[case]
    path = tmp_path / "some.tiktoken"
    path.write_text("".join(f"{base64.b64encode(t).decode()} {i}\n" for t, i in BYTE_RANKS + more))
    with pytest.raises(ValueError, match=rf"(?s)some\.tiktoken.*{message}"):
        BPETokenizer.from_tiktoken(path, pattern=GPT4_PATTERN)


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
OTHERWISE = r"""\h [\h]+ \H \N \R \X \K \G. \O \b \B \Z (?m:.)+ (?m). (?i)s+ (?i:i) (?i)\p{Lu} (?-m:^).
    (?x)a (?#a)b \w+ \W+ [^\w\s]+ ^. .+$ \A. .\z [[:alpha:]]+ [a-z&&[^aeiou]]+ [a[bc]]+ (?V1)a
    [[:digit:]] [[:alnum:]] [[:word:]] [[:punct:]] \p{Word} \p{XDigit} \p{Extended_Pictographic}
    [a-z--b] [a||b] [a~~b] [&&] \pL \PL a{2}? a{,} a{ a{2}+ (?:ab){2}+ \n^ (a)\1 (?<n>a)\k<n> (a)\g<1>
    \101 \U00000041 \\\w [\]\b] (?s:.) (?i:'ll|k|ss) \p{N}{1,3}+
    a(?i)b|c \m \L<a> (?>a)(?R) (?P<n>a) (?|a|b) (?e:a)""".split()


def with_split(pattern, folder):
    """A tokenizer.json that cuts by `pattern`."""
    parts = [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        BYTE_LEVEL | {"add_prefix_space": False, "use_regex": False},
    ]
    path = file_of(BPETokenizer([]), folder)
    data = json.loads(path.read_text()) | {"pre_tokenizer": {"type": "Sequence", "pretokenizers": parts}}
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize("pattern", OTHERWISE)
def test_a_file_whose_engine_reads_a_pattern_otherwise_is_refused(pattern, tmp_path):
    with pytest.raises(
        ValueError,
        match=r"(?s)tokenizer\.json cannot be used: pattern .*tokenizers\.Tokenizer\.from_file|compile",
    ):
        BPETokenizer.load(with_split(pattern, tmp_path))


@pytest.mark.parametrize("pattern", OTHERWISE)
def test_a_pattern_of_ones_own_means_what_regex_says_and_is_saved_only_if_it_means_the_same(
    pattern, tmp_path
):
    pattern = rf"{pattern}|\s+|."
    try:
        expected = [match[0] for match in regex.finditer(pattern, "Ab9²  {é")]
    except (regex.error, KeyError):
        with pytest.raises(ValueError, match="pattern does not compile"):
            BPETokenizer([], pattern=pattern)
        return
    ours = BPETokenizer([], pattern=pattern)
    if "" not in expected and "" not in regex.findall(pattern, "Ab9²  {é"):
        assert cut("Ab9²  {é", Cut(pattern)) == expected
    with pytest.raises(ValueError, match=r"pattern has .* in the engine of tokenizer\.json: say it with"):
        ours.save(tmp_path / "tokenizer.json")
    assert not (tmp_path / "tokenizer.json").exists()


ALIKE = r"""\s+ \S+ \d+ . a{2} a{,2} a{1,2} a{2,} a++b (?>a+) (a)(b) (?<=a)b (?<!a)b (?:a|b)+ (?=[A-Z])
    (a|b)+ \p{L}+ \P{L}+ \p{Lu}\p{Ll}* \p{Han}+ \p{M}+ \p{Alpha}+ \p{Emoji}+ \p{P}+ \u0041|\x61 [$^{|}(?]+
    [^\S\n]+ \s+(?!\S) \r\n|\n \a|\v|\f []a]+ [^]\s]+ \\d+|[\\\]]+
    \s??.* (?<!a)|.+? (?<=\s)|.{2} x* '(?i:[sdmt]|ll|ve|re) \s++$|a""".split()
SHOWN = [
    *NASTY,
    "ab²³¹¼½¾_\u200c\u200d É",
    "AbaabEe aaaaa Kk ſS \u212a ß ﬆ",
    "0x1F \x07\x0b\x0c\x85 []{}$^?(|\\d\\]",
    "\na\n\n",
]


@pytest.mark.parametrize("pattern", [*ALIKE, GPT2_PATTERN, O200K_PATTERN])
def test_other_patterns_cut_as_in_tokenizers(pattern, tmp_path):
    (how,) = BPETokenizer.load(with_split(pattern, tmp_path))._cuts
    theirs = pre_tokenizers.Split(Regex(pattern), "isolated")
    for text in SHOWN:
        expected = [piece for piece, _ in theirs.pre_tokenize_str(text)]
        try:
            assert cut(text, how._replace(strict=False)) == expected
        except ValueError as error:
            assert "matches nothing, and then something" in str(error) and pattern in TWICE


TWICE = [r"(?<!a)|.+?", r"(?<=\s)|.{2}", r"\s??.*"]
