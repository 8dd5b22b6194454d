"""One number for all that decides a tokenizer's ids: the same in each process, another for other ids."""

import collections
import functools
import os
import pickle
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
import regex
import tiktoken
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

from helpers import corpus
from helpers.bpe import GPT4_PATTERN, BPETokenizer
from helpers.shards.fingerprint import fingerprint
from helpers.words import WordTokenizer

BYTES = {bytes([i]): i for i in range(256)}


def made_by(**state):
    """A tokenizer of a class that can be imported, with such a state."""
    tokenizer = Holder()
    tokenizer.__dict__.update(state)
    return tokenizer


class Holder:
    def encode(self, text):
        return []

    @functools.cached_property
    def table(self):
        return [1, 2, 3]


def encoding(ranks=BYTES, pattern=r"\w+|\W", special=("<|endoftext|>",)):
    ids = {name: 256 + i for i, name in enumerate(special)}
    return tiktoken.Encoding("mine", pat_str=pattern, mergeable_ranks=ranks, special_tokens=ids)


def published(change=lambda tokenizer: None):
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    change(tokenizer)
    return tokenizer


def times(number):
    return lambda text: text * number


STORY = BPETokenizer.train(corpus.load_story(), 300)
DIFFERENT = {
    "vocabulary": (STORY, BPETokenizer.train(corpus.load_story(), 301)),
    "pattern": (STORY, BPETokenizer(STORY.merges, pattern=GPT4_PATTERN)),
    "special tokens": (STORY, BPETokenizer(STORY.merges, ["<|endoftext|>", "<|pad|>"])),
    "order of merges": (
        BPETokenizer([(b"a", b"b"), (b"b", b"c")]),
        BPETokenizer([(b"b", b"c"), (b"a", b"b")]),
    ),
    "keep_spaces": tuple(WordTokenizer.train("a b", keep_spaces=k) for k in (False, True)),
    "lowercase": tuple(WordTokenizer.train("a b", lowercase=k) for k in (False, True)),
    "class": (made_by(), type("Holder", (), {"encode": lambda self, text: []})()),
    "tiktoken's pattern": (encoding(), encoding(pattern=r"\w|\W")),
    "tiktoken's ranks": (encoding(), encoding(BYTES | {b"ab": 300})),
    "tokenizers' normalizer": (published(), published(lambda t: setattr(t, "normalizer", normalizers.NFC()))),
    "tokenizers' added token": (published(), published(lambda t: t.add_tokens([AddedToken("x")]))),
    "one among its parts": (made_by(inner=encoding()), made_by(inner=encoding(pattern="."))),
    "a lambda": (made_by(f=lambda text: text.lower()), made_by(f=lambda text: text.upper())),
    "what a lambda closes over": (made_by(f=times(1)), made_by(f=times(2))),
    "a default": (made_by(f=lambda text, k=1: k), made_by(f=lambda text, k=2: k)),
    "a constant": (made_by(f=lambda text: [text, "a"]), made_by(f=lambda text: [text, "b"])),
    "a regex": (made_by(f=regex.compile("a")), made_by(f=regex.compile("b"))),
    "a regex's flags": (made_by(f=re.compile("a")), made_by(f=re.compile("a", re.I))),
    "an array": (made_by(f=np.arange(3)), made_by(f=np.arange(4))),
    "an array's dtype": (made_by(f=np.arange(3, dtype="u2")), made_by(f=np.arange(3, dtype="u4"))),
    "a tensor": (made_by(f=torch.arange(3)), made_by(f=torch.tensor([0, 1, 3]))),
    "a set": (made_by(f={"a", "b"}), made_by(f={"a", "c"})),
    "order of replacements": (made_by(f={"a": "b", "b": "c"}), made_by(f={"b": "c", "a": "b"})),
    "True for 1": (made_by(f=True), made_by(f=1)),
    "a str for a number": (made_by(f="1"), made_by(f=1)),
    "a tuple for a list": (made_by(f=(1,)), made_by(f=[1])),
    "one list cut otherwise": (made_by(f=[["a, b"]]), made_by(f=[["a", "b"]])),
    "a partial": (made_by(f=functools.partial(int, base=2)), made_by(f=functools.partial(int, base=3))),
    "a bound method": (made_by(f="a".join), made_by(f="b".join)),
    "a deque": (made_by(f=collections.deque([1])), made_by(f=collections.deque([2]))),
    "a defaultdict": tuple(made_by(f=collections.defaultdict(int, a=k)) for k in (1, 2)),
    "a property": tuple(type("T", (), {"p": property(lambda self, k=k: k)})() for k in (1, 2)),
    "an attribute of the class": tuple(type("T", (), {"vocab": {"a": k}})() for k in (1, 2)),
    "a method of the class": tuple(type("T", (), {"f": lambda self, k=k: k})() for k in (1, 2)),
    "a static method": tuple(type("T", (), {"f": staticmethod(lambda k=k: k)})() for k in (1, 2)),
    "a base class": tuple(type("T", (type("B", (), {"k": k}),), {})() for k in (1, 2)),
    "a lone surrogate": (made_by(f="\ud800"), made_by(f="\ud801")),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_decides_ids_is_told_apart(name):
    one, other = DIFFERENT[name]
    assert fingerprint(one) != fingerprint(other)


ALIKE = {
    "order of a vocabulary": (made_by(vocab={"a": 0, "b": 1}), made_by(vocab={"b": 1, "a": 0})),
    "the other way round": (made_by(vocab={0: b"a", 1: b"b"}), made_by(vocab={1: b"b", 0: b"a"})),
    "order of attributes": (made_by(a=1, b=2), made_by(b=2, a=1)),
    "the same object twice": (made_by(a=["x"] * 2), made_by(a=["x", "".join("x")])),
    "a cache that has filled": (made_by(cache={}, _cached={}), made_by(cache={"a": [1]}, _cached={1: 2})),
    "the same code": tuple(made_by(f=lambda text: text[1:]) for _ in range(2)),
}


@pytest.mark.parametrize("name", ALIKE)
def test_what_does_not_decide_ids_makes_no_difference(name):
    one, other = ALIKE[name]
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    "tokenizer", [STORY, WordTokenizer.train("a b"), encoding(), published(), made_by(f=torch.arange(3))]
)
def test_pickling_and_work_done_change_nothing(tokenizer):
    before = fingerprint(tokenizer)
    assert fingerprint(pickle.loads(pickle.dumps(tokenizer))) == before
    tokenizer.encode("abc abc " * 500)
    assert fingerprint(tokenizer) == before


def test_what_is_only_remembered_does_not_count():
    tokenizer = made_by()
    tokenizer.fast = functools.lru_cache(tokenizer.encode)  # holds the tokenizer itself, too
    before = fingerprint(tokenizer)
    tokenizer.fast("a")
    assert tokenizer.table == [1, 2, 3]
    assert fingerprint(tokenizer) == before


@given(
    st.recursive(
        st.text() | st.integers() | st.binary(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=20,
    )
)
def test_any_state_has_one_fingerprint_and_another_with_something_added(state):
    one = fingerprint(made_by(state=state))
    assert one == fingerprint(made_by(state=pickle.loads(pickle.dumps(state))))
    assert one != fingerprint(made_by(state=[state])) != fingerprint(made_by(state=state, more=None))


NOTEBOOK = """
import functools, regex
from helpers.shards.fingerprint import fingerprint
WORDS = {"the", "a", "of", "and"}
def cut(text): return text.split()
class Mine:
    vocab = {name: 7 for name in WORDS}
    stop = frozenset(WORDS)
    pattern = regex.compile(r"[abcxyz]+|(?:the|a|of)")
    def __init__(self): self.seen, self.me, self.f = set(WORDS), self, lambda text: cut(text)
    def encode(self, text): return [1 for word in self.f(text) if word in {"the", "a", "of"}]
print(fingerprint(Mine()))
"""


def of_a_notebook(code, seed="1"):
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)


def test_a_tokenizer_defined_in_a_notebook_keeps_its_fingerprint_until_its_code_changes():
    before = of_a_notebook(NOTEBOOK)
    assert before == of_a_notebook("\n\n" + NOTEBOOK, seed="2")  # other lines, other order of sets
    assert before != of_a_notebook(NOTEBOOK.replace("[1 for", "[2 for"))
    assert before != of_a_notebook(NOTEBOOK.replace("text.split()", "text.split(',')"))  # what it calls
    assert before != of_a_notebook(NOTEBOOK.replace("[abcxyz]+", "[abcxy]+"))


def test_a_tokenizer_may_say_its_fingerprint_itself():
    class Mine:
        def __init__(self, name):
            self.name, self.lock = name, threading.Lock()

        def fingerprint(self):
            return self.name

    assert fingerprint(Mine("a")) == fingerprint(Mine("a")) != fingerprint(Mine("b"))


class Lower(BPETokenizer):
    def __init__(self, lower):
        super().__init__([])
        self.lower = lower

    def __reduce__(self):
        return type(self), (self.lower,)


class Around:
    def __init__(self, inner, lower):
        self.inner, self.lower = inner, lower

    def __getattr__(self, name):
        return getattr(self.inner, name)


ADDED = {
    "a subclass": (BPETokenizer([]), type("Mine", (BPETokenizer,), {})([])),
    "its setting": (Lower(False), Lower(True)),
    "an object around it": tuple(Around(STORY, lower) for lower in (False, True)),
    "its code": tuple(type("Mine", (BPETokenizer,), {"f": lambda self, k=k: k})([]) for k in (1, 2)),
    "a method of the object": (BPETokenizer([]), BPETokenizer([])),
}
ADDED["a method of the object"][1].encode = lambda text: [1]


@pytest.mark.parametrize("name", ADDED)
def test_what_a_class_says_of_itself_does_not_hide_what_was_added(name):
    one, other = ADDED[name]
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize("what", [threading.Lock(), open(os.devnull), (i for i in "ab")])  # noqa: SIM115
def test_what_cannot_be_described_is_named_with_the_way_out(what):
    with pytest.raises(
        TypeError, match=r"Holder.* has no fingerprint .*: give its class a method fingerprint"
    ):
        fingerprint(made_by(f=what))


def test_a_state_that_is_too_deep_is_refused_in_words():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(TypeError, match="recursion"):
        fingerprint(made_by(f=deep))
