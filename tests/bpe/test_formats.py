"""Files: what is saved is loaded, by us and by others; what is damaged gets a clear error."""

import base64
import errno
import itertools
import json
import os
import pickle
import subprocess
import sys

import pytest
import tiktoken
from referees import END, NASTY, file_of, official, random_strings
from tokenizers import Tokenizer, decoders, pre_tokenizers

from helpers.bpe import GPT2_PATTERN, GPT4_PATTERN, O200K_PATTERN, BPETokenizer
from helpers.bpe.spelling import from_printable, to_printable
from helpers.bpe.tokenizer import RANK_FILES

# ---- what we trained ----


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN, O200K_PATTERN, r"(\p{L}+)|\s+|[^\p{L}\s]"])
def test_save_and_load_give_the_same_tokenizer(pattern, story, tmp_path):
    ours = BPETokenizer.train(story, 400, pattern=pattern, special_tokens=["<|pad|>", END, "<é \n>"])
    path = file_of(ours, tmp_path)
    loaded, theirs = BPETokenizer.load(path), Tokenizer.from_file(str(path))
    for name in ("vocab", "merges", "special_tokens", "pattern"):
        assert getattr(loaded, name) == getattr(ours, name)
    assert pickle.dumps(loaded) == pickle.dumps(ours)  # which decides whether a corpus fits a tokenizer
    for text in [story, "<|pad|>a<é \n>", *NASTY[1:]]:
        ids = ours.encode(text, allowed_special="all")
        assert loaded.encode(text, allowed_special="all") == theirs.encode(text).ids == ids
        assert theirs.decode(ids, skip_special_tokens=False) == text
    assert os.listdir(tmp_path) == [path.name]


def test_the_pattern_of_gpt2_is_saved_as_its_published_file_has_it(small, tmp_path):
    data = json.loads(file_of(small, tmp_path).read_text(encoding="utf-8"))
    cut = data["pre_tokenizer"]
    assert (cut["type"], cut["add_prefix_space"], cut["use_regex"]) == ("ByteLevel", False, True)
    assert data["model"]["ignore_merges"] is False
    assert data["added_tokens"] == [{"id": 599, "content": END, **ADDED}]


def test_many_times_one_to_three_is_saved_so_that_tokenizers_reads_it_as_tiktoken_does(story, tmp_path):
    pattern = official("cl100k_base")["pat_str"]
    assert "{1,3}+" in pattern
    ours = BPETokenizer.train(story + " 123456 1234" * 9, 500, pattern=pattern)
    path = file_of(ours, tmp_path)
    loaded, theirs = BPETokenizer.load(path), Tokenizer.from_file(str(path))
    for text in ["1234567890", "a1234 12345678", *random_strings(100)]:
        assert ours.encode(text) == loaded.encode(text) == theirs.encode(text).ids
        assert ours.encode(text) == ours.to_tiktoken().encode_ordinary(text)


def test_a_pickle_holds_all_that_decides_the_ids_and_nothing_that_was_encoded(small, story):
    fresh = pickle.dumps(small)
    small.encode(story)
    small.encode_to_numpy(story)
    assert pickle.dumps(small) == fresh == pickle.dumps(pickle.loads(fresh))
    others = [
        BPETokenizer(small.merges, [END], GPT4_PATTERN),
        BPETokenizer(small.merges, ["<|end|>"]),
        BPETokenizer(small.merges[:-1]),
        BPETokenizer([*small.merges[:-2], *small.merges[:-3:-1]]),
    ]
    assert len({pickle.dumps(other) for other in [small, *others]}) == 5


def test_helpers_bpe_imports_neither_torch_nor_what_only_downloads_need():
    code = "import sys, helpers.bpe; print({'torch', 'requests', 'pooch', 'pandas'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(small, tmp_path, monkeypatch):
    path = file_of(small, tmp_path)
    before = path.read_bytes()

    def full(*args):
        raise OSError(errno.ENOSPC, "the disk is full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"tokenizer\.json could not be written .*the disk is full"):
        BPETokenizer([]).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_a_place_that_cannot_be_saved_to_is_named_as_it_was_given(small, tmp_path):
    for path in (tmp_path / "missing" / "tokenizer.json", tmp_path):
        with pytest.raises(OSError) as error:
            small.save(path)
        assert str(path) in str(error.value) and ".tmp" not in str(error.value)


# ---- what others trained ----


@pytest.mark.parametrize("merges_as", [list, " ".join], ids=["pairs", "strings"])
def test_a_file_in_the_style_of_gpt2_loads(story, small, tmp_path, merges_as):
    theirs = Tokenizer.from_file(str(file_of(small, tmp_path)))
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    theirs.decoder = decoders.ByteLevel()
    data = json.loads(theirs.to_str())
    data["model"]["merges"] = [merges_as(pair) for pair in data["model"]["merges"]]
    del data["model"]["type"], data["truncation"], data["padding"]  # as in the oldest files
    path = tmp_path / "gpt2.json"
    path.write_text(json.dumps(data), encoding="utf-8-sig")
    loaded = BPETokenizer.load(path)
    assert loaded.pattern == GPT2_PATTERN
    assert loaded.encode(story) == theirs.encode(story).ids
    assert loaded.encode_to_numpy(story).tolist() == theirs.encode(story).ids


def rank_file(tokens, folder):
    path = folder / "some.tiktoken"
    lines = [base64.b64encode(token) + b" %d\n" % rank for token, rank in tokens.items()]
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture(scope="module")
def ranks(small):
    """A rank file's content with gaps, bytes that come late, and a token that no merge reaches."""
    tokens = [token for token in small.vocab.values() if token != END.encode()]
    return {token: 7 + 2 * n for n, token in enumerate([*tokens[:600:-1], *tokens])} | {b"qzqzq": 5000}


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, O200K_PATTERN])
def test_a_rank_file_gives_the_ids_of_tiktoken(ranks, story, tmp_path, pattern):
    special = {END: 3000, "<|b|>": 6}
    ours = BPETokenizer.from_tiktoken(rank_file(ranks, tmp_path), pattern=pattern, special_tokens=special)
    theirs = tiktoken.Encoding("test", pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)
    assert ours.special_tokens == special and ours.vocab[7] == b"!" and 8 not in ours.vocab
    path = file_of(ours, tmp_path)
    loaded, hugging_face = BPETokenizer.load(path), Tokenizer.from_file(str(path))
    for text in [story, "qzqzq qzqzq", *NASTY[1:], *random_strings(300, list(special))]:
        for allowed in ("all", {"<|b|>"}, ()):
            ids = ours.encode(text, allowed_special=allowed)
            assert ids == theirs.encode(text, allowed_special=set(allowed) if allowed != "all" else "all",
                                        disallowed_special=())  # fmt: skip
            assert loaded.encode(text, allowed_special=allowed) == ids
            assert ours.encode_to_numpy(text, allowed_special=allowed).tolist() == ids
            assert ours.decode(ids) == text
        assert hugging_face.encode(text).ids == ours.encode(text, allowed_special="all")


def test_special_tokens_of_a_rank_file_without_ids_get_those_after_the_highest(ranks, tmp_path):
    ours = BPETokenizer.from_tiktoken(
        rank_file(ranks, tmp_path), pattern=GPT2_PATTERN, special_tokens=["<b>", "<a>"]
    )
    assert ours.special_tokens == {"<b>": 5001, "<a>": 5002}
    assert BPETokenizer.from_tiktoken(rank_file(ranks, tmp_path), pattern="(?s:.)").special_tokens == {}


@pytest.mark.parametrize("name", RANK_FILES)
def test_the_special_tokens_of_published_rank_files_are_those_in_the_source_of_tiktoken(name):
    assert RANK_FILES[name][1] == official(name)["special_tokens"]


BAD_RANKS = {
    "no base64": (lambda lines: [*lines[:3], b"!!! 3", *lines[4:]], {}, "line 4 must be .*'!!! 3'"),
    "no rank": (lambda lines: [*lines[:-1], b"YQ=="], {}, r"line \d+ must be"),
    "rank a word": (lambda lines: [b"YQ== x", *lines], {}, "line 1 must be"),
    "cut short": (lambda lines: [*lines[:-1], lines[-1][:3]], {}, r"line \d+ must be"),
    "empty line": (lambda lines: [b"", *lines], {}, "line 1 must be"),
    "id twice": (lambda lines: [*lines, b"eHl6enk= 7"], {}, "the id 7 stands there twice"),
    "negative": (lambda lines: [*lines, b"eHl6enk= -1"], {}, "the id -1 must be"),
    "huge": (lambda lines: [*lines, b"eHl6enk= 1073741824"], {}, "the id 1073741824 must be"),
    "no byte": (lambda lines: lines[:200], {}, r"56 of the 256 bytes, such as b'.*', are no tokens"),
    "special id taken": (lambda lines: lines, {"<a>": 7}, "the id 7 stands there twice"),
    "special ids alike": (lambda lines: lines, {"<a>": 9000, "<b>": 9000}, "the id 9000 stands there twice"),
    "special id a str": (lambda lines: lines, {"<a>": "7"}, r"special_tokens\['<a>'\] must be an integer"),
    "special negative": (lambda lines: lines, {"<a>": -7}, r"special_tokens\['<a>'\] must be .*not -7"),
    "special an ordinary one": (lambda lines: lines, ["e"], "also an ordinary token"),
}


@pytest.mark.parametrize("case", BAD_RANKS)
def test_a_damaged_rank_file_gets_a_clear_error(case, small, tmp_path):
    edit, special, message = BAD_RANKS[case]
    tokens = [token for token in small.vocab.values() if token != END.encode()]
    lines = rank_file({token: n for n, token in enumerate(tokens)}, tmp_path).read_bytes().splitlines()
    path = tmp_path / "bad.tiktoken"
    path.write_bytes(b"\n".join(edit(lines)))
    with pytest.raises(ValueError, match=message) as error:
        BPETokenizer.from_tiktoken(path, pattern=GPT2_PATTERN, special_tokens=special)
    assert str(path) in str(error.value)


def test_gpt2_files_that_do_not_fit_together_get_a_clear_error(small, tmp_path):
    encoder, merges = tmp_path / "encoder.json", tmp_path / "vocab.bpe"
    lines = [f"{to_printable(left)} {to_printable(right)}" for left, right in small.merges]
    vocab = {to_printable(token): i for i, token in small.vocab.items() if i < 599} | {END: 599}
    encoder.write_text(json.dumps(vocab), encoding="utf-8")
    merges.write_text("\n".join(["#version: 0.2", *lines, ""]), encoding="utf-8")
    assert BPETokenizer.from_gpt2(encoder, merges).vocab == small.vocab
    merges.write_text("\n".join(["#version: 0.2", *lines[:-1], ""]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"encoder\.json cannot be used: its ids do not fit .*vocab\.bpe"):
        BPETokenizer.from_gpt2(encoder, merges)
    merges.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=r"vocab\.bpe is no vocab\.bpe of GPT-2"):
        BPETokenizer.from_gpt2(encoder, merges)


def test_to_tiktoken_refuses_what_tiktoken_cannot_do(small, tmp_path):
    data = json.loads(file_of(small, tmp_path).read_text(encoding="utf-8"))
    edits = [
        {"normalizer": {"type": "NFC"}},
        {"added_tokens": [data["added_tokens"][0] | {"special": False}]},
    ]
    digits = {"type": "Digits", "individual_digits": True}
    edits.append({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, data["pre_tokenizer"]]}})
    model = data["model"]
    edits.append({"model": model | {"merges": [*model["merges"][:-2], *model["merges"][:-3:-1]]}})
    for edit in edits:
        path = tmp_path / "edited.json"
        path.write_text(json.dumps(data | edit), encoding="utf-8")
        with pytest.raises(ValueError, match=r"^tiktoken "):
            BPETokenizer.load(path).to_tiktoken()


def test_spellings_are_those_of_tokenizers_and_others_are_refused():
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    assert sorted(to_printable(bytes([byte])) for byte in range(256)) == sorted(alphabet)
    for first, second in itertools.product(range(0, 256, 7), repeat=2):
        token = bytes([first, second])
        assert from_printable(to_printable(token)) == token
    for spelling in [" ", "a b", "\x7f", "日", "\xad", "▁the"]:
        with pytest.raises(ValueError, match="stands for no byte"):
            from_printable(spelling)


# ---- damaged files ----


def change(*keys, to):
    """A function that sets data[key][key]... to a value."""

    def edit(data):
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = to

    return edit


ADDED = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
DAMAGED = {
    "no model": (lambda data: data.pop("model"), "'model' is missing"),
    "no merges": (lambda data: data["model"].pop("merges"), "'merges' is missing"),
    "no vocab": (lambda data: data["model"].pop("vocab"), "'vocab' is missing"),
    "no pre_tokenizer": (lambda data: data.pop("pre_tokenizer"), "pre_tokenizer does not end with ByteLevel"),
    "pre_tokenizer null": (change("pre_tokenizer", to=None), "pre_tokenizer does not end with ByteLevel"),
    "pre_tokenizer a list": (change("pre_tokenizer", to=[]), "tokenizer.json"),
    "unknown token": (change("model", "merges", 3, to=["zq", "zq"]), r"merge 3 is \['zq', 'zq'\]: it must"),
    "not joined": (change("model", "merges", 3, to=["z", "q"]), r"merge 3 is \['z', 'q'\]: it must"),
    "no pair": (change("model", "merges", 3, to="abc"), "merge 3 is 'abc': it must join two"),
    "three": (change("model", "merges", 3, to="a b c"), "merge 3 is 'a b c': it must join two"),
    "merge twice": (
        lambda d: d["model"]["merges"].append(d["model"]["merges"][5]),
        "merge 343 is .* into a known one, and stand there once",
    ),
    "no byte": (change("model", "vocab", "日", to=700), "stands for no byte"),
    "merges a number": (change("model", "merges", to=5), "tokenizer.json"),
    "model a list": (change("model", to=[]), "tokenizer.json"),
    "vocab a list": (change("model", "vocab", to=[]), "tokenizer.json"),
    "a missing token": (lambda data: data["model"]["vocab"].pop("Ġt"), "must join two known tokens"),
    "a missing byte": (lambda data: data["model"]["vocab"].pop("~"), "1 of the 256 bytes, such as b'~'"),
    "one id twice": (change("model", "vocab", "a", to=5), "the id 5 stands there twice"),
    "id a float": (change("model", "vocab", "a", to=5.5), "the id 5.5 must be an integer"),
    "id a bool": (change("model", "vocab", '"', to=True), "the id True must be an integer"),
    "id a str": (change("model", "vocab", "a", to="5"), "the id '5' must be an integer"),
    "id negative": (change("model", "vocab", "a", to=-1), "the id -1 must be"),
    "id too large": (change("model", "vocab", "a", to=2**30), "the id 1073741824 must be"),
    "special token moved": (change("added_tokens", 0, "id", to=9999), "has the id 9999, but gets 599"),
    "special token on another": (change("added_tokens", 0, "id", to=70), "has the id 70, but gets 599"),
    "added twice": (
        lambda data: data["added_tokens"].append(data["added_tokens"][0]),
        r"the added token '<\|endoftext\|>' stands there twice",
    ),
    "added has no flag": (lambda data: data["added_tokens"][0].pop("special"), "'special' is missing"),
    "bad pattern": (
        change(
            "pre_tokenizer",
            to={
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated", "invert": False},
                    {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
                ],
            },
        ),
        "pattern does not compile",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_gets_a_clear_error(case, small, tmp_path):
    edit, message = DAMAGED[case]
    path = file_of(small, tmp_path)
    data = json.loads(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as error:
        BPETokenizer.load(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"null", b"3", b"[" * 100_000])
def test_a_file_that_holds_no_json_object_gets_a_clear_error(content, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"tokenizer\.json cannot be used: (it is damaged, or no|its content must be a dict)"
    ):
        BPETokenizer.load(path)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_gets_a_clear_error(keep, small, tmp_path):
    path = file_of(small, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(ValueError, match="it is damaged, or no JSON"):
        BPETokenizer.load(path)
