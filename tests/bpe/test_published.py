"""The tokenizers of models in use, against tiktoken and tokenizers; skipped where they are not cached."""

import json
import unicodedata
from functools import cache
from unittest import mock

import pytest
import tiktoken
from referees import END, LANGUAGES, NASTY, official, random_strings
from tiktoken.load import data_gym_to_mergeable_bpe_ranks, load_tiktoken_bpe
from tokenizers import Tokenizer

from helpers import files
from helpers.bpe import BPETokenizer
from helpers.bpe.patterns import AddedToken, Finder
from helpers.corpus import DOWNLOADS, cache_folder

pytestmark = pytest.mark.slow

dumps = json.dumps
FILES = {
    "gpt2": ["gpt2-encoder.json", "gpt2-vocab.bpe"],
    "cl100k_base": ["cl100k_base.tiktoken"],
    "o200k_base": ["o200k_base.tiktoken"],
    "gpt-oss": ["gpt-oss-tokenizer.json"],
    "qwen3": ["qwen3-tokenizer.json"],
    "deepseek-v4": ["deepseek-v4-tokenizer.json"],
}
SIZES = {  # ordinary, special and other added tokens; README and facts of the publishers
    "gpt2": (50_256, 1, 0),
    "cl100k_base": (100_256, 5, 0),
    "o200k_base": (199_998, 2, 0),
    "gpt-oss": (199_998, 21, 0),
    "qwen3": (151_643, 14, 12),
    "deepseek-v4": (127_997, 1_230, 53),
}


def paths(name):
    return [str(cache_folder() / file) for file in FILES[name]]


def tiktoken_of(name, ours):
    """tiktoken's own: with the pattern in its source. gpt-oss has the ranks and the pattern of o200k."""
    if name == "gpt2":
        ranks = data_gym_to_mergeable_bpe_ranks(*paths(name)[::-1])
    else:
        ranks = load_tiktoken_bpe(paths("o200k_base" if name == "gpt-oss" else name)[0])
    pattern = official("o200k_base" if name == "gpt-oss" else name)["pat_str"]
    encoding = tiktoken.Encoding(
        name, pat_str=pattern, mergeable_ranks=ranks, special_tokens=ours.special_tokens
    )

    def encode(text, allowed):
        return encoding.encode(text, allowed_special=set(allowed), disallowed_special=())

    return encode


def tokenizers_of(file, ours):
    """Theirs, from the file. It knows all special tokens or none: some are cut out by hand."""
    theirs = Tokenizer.from_file(str(file))
    theirs.encode_special_tokens = True
    special = {name: AddedToken(name, i) for name, i in ours.special_tokens.items()}
    finder = cache(lambda allowed: Finder(special, allowed))

    def encode(text, allowed):
        parts = finder(tuple(allowed)).split(text)
        ids = (
            [part] if isinstance(part, int) else theirs.encode(part, add_special_tokens=False).ids
            for part in parts
        )
        return [i for part in ids for i in part]

    return encode


def texts_for(ours, story, docs, n):
    names = [*list(ours.special_tokens)[:8], *ours.added_tokens, *ours.special_tokens][:40]
    code = files.read_text(__file__)
    random = random_strings(n, [*names, *(name[:-1] for name in names[:5])], seed=n)
    return names, [story, docs[3_000_000:3_200_000], code, *LANGUAGES.values(), *NASTY, *random]


@pytest.mark.parametrize("name", FILES)
def test_ids_are_those_of_the_referee(name, published, story, docs):
    ours = published(name, *FILES[name], *(["o200k_base.tiktoken"] if name == "gpt-oss" else []))
    if name in ("qwen3", "deepseek-v4"):
        referee = tokenizers_of(paths(name)[0], ours)
    else:
        referee = tiktoken_of(name, ours)
    names, texts = texts_for(ours, story, docs, 3000)
    special = [token for token in names if token in ours.special_tokens]
    for number, text in enumerate(texts):
        ids = ours.encode(text)
        assert ids == referee(text, ())
        plain = unicodedata.normalize("NFC", text) if name == "qwen3" else text
        assert ours.decode(ids) == plain or any(token in text for token in names)
        if number % 2:
            allowed = ours.special_tokens if number % 3 else special[number % 4 :: 2]
            array = ours.encode_to_numpy(text, allowed_special=set(allowed))
            assert array.tolist() == referee(text, allowed)
        else:
            assert ours.encode_to_numpy(text).tolist() == ids
    everything = "".join(f"{token} a" for token in names)
    assert ours.encode(everything, allowed_special="all") == referee(everything, ours.special_tokens)


def save(tokenizer, path):
    """`BPETokenizer.save`, but on one line: to indent millions of lines takes long. Small files show it."""
    with mock.patch.object(json, "dumps", lambda data, indent, **how: dumps(data, **how)):
        tokenizer.save(path)


@pytest.mark.parametrize("name", ["gpt2", "cl100k_base", "o200k_base"])
def test_a_rank_file_and_gpt2_saved_have_the_same_ids_in_tokenizers(name, published, story, docs, tmp_path):
    ours = published(name, *FILES[name])
    path = tmp_path / "tokenizer.json"
    save(ours, path)
    loaded, theirs = BPETokenizer.load(path), tokenizers_of(path, ours)
    assert (loaded.vocab, loaded.special_tokens) == (ours.vocab, ours.special_tokens)
    for text in texts_for(ours, story, docs, 300)[1]:
        for allowed in ({}, ours.special_tokens):
            ids = ours.encode(text, allowed_special=set(allowed))
            assert loaded.encode(text, allowed_special=set(allowed)) == theirs(text, allowed) == ids


@pytest.mark.parametrize("name", ["gpt-oss", "qwen3", "deepseek-v4"])
def test_a_tokenizer_json_loaded_and_saved_says_the_same(name, published, tmp_path):
    ours = published(name, *FILES[name])
    save(ours, tmp_path / "tokenizer.json")
    saved, original = (
        json.loads(files.read_text(path)) for path in (tmp_path / "tokenizer.json", paths(name)[0])
    )
    for data in (saved, original):
        data["model"]["merges"] = [
            " ".join(pair) if isinstance(pair, list) else pair for pair in data["model"]["merges"]
        ]
    # some or none of the added tokens stand in the vocabulary there, here all of them
    original["model"]["vocab"] |= {token["content"]: token["id"] for token in original["added_tokens"]}
    assert saved == original


def test_gpt_oss_has_the_merges_that_follow_from_the_ranks_of_o200k(published):
    ranks, merges = published("o200k_base", *FILES["o200k_base"]), published("gpt-oss", *FILES["gpt-oss"])
    assert ranks.merges == merges.merges and len(merges.merges) == 446_189


@pytest.mark.parametrize("name", FILES)
def test_vocabularies_have_their_published_sizes_and_decode_every_id(name, published):
    ours = published(name, *FILES[name])
    ordinary, special, added = SIZES[name]
    assert (len(ours.special_tokens), len(ours.added_tokens)) == (special, added)
    assert len(ours.vocab) == ordinary + special + added
    if name in ("gpt2", "cl100k_base", "o200k_base"):
        assert ours.special_tokens == official(name)["special_tokens"]
    assert ours.decode_bytes(list(ours.vocab)) == b"".join(ours.vocab.values())
    gaps = set(range(max(ours.vocab) + 1)) - set(ours.vocab)
    assert len(gaps) == {"cl100k_base": 16, "o200k_base": 19}.get(name, 0)
    if gaps:
        with pytest.raises(ValueError, match=rf"ids has {min(gaps)}, which is not in the vocabulary"):
            ours.decode([min(gaps)])


def test_known_ids(published):
    known = {  # printed in tiktoken's README and tests, and in the model cards
        "gpt2": ("hello world", [31373, 995]),
        "cl100k_base": ("hello world", [15339, 1917]),
        "o200k_base": ("hello world", [24912, 2375]),
    }
    for name, (text, ids) in known.items():
        ours = published(name, *FILES[name])
        assert ours.encode(text) == ids
        assert ours.encode(f"{text}{END}", allowed_special="all") == [*ids, ours.special_tokens[END]]
    tokens = published("gpt2", *FILES["gpt2"]).vocab.values()
    assert sum(not is_utf8(token) for token in tokens) == 344


def is_utf8(token):
    try:
        return bool(token.decode())
    except UnicodeDecodeError:
        return False


def test_added_tokens_that_are_not_special_always_count(published):
    ours = published("qwen3", *FILES["qwen3"])
    ids = ours.encode("<think> <|im_start|>")
    assert ids[0] == ours.added_tokens["<think>"] and ours.special_tokens["<|im_start|>"] not in ids
    with pytest.raises(
        ValueError, match=r"allowed_special is .*<think>.*: give .*, or a set of these 14 names"
    ):
        ours.encode("", allowed_special={"<think>"})


def test_what_is_published_is_fetched_and_another_name_is_refused(monkeypatch):
    asked = []
    monkeypatch.setattr("helpers.corpus.fetch", lambda name: asked.append(name) or f"/nowhere/{name}")
    for name in FILES:
        with pytest.raises(OSError, match=r"/nowhere"):
            BPETokenizer.published(name)
    assert set(asked) <= set(DOWNLOADS) and set(asked) >= {files[0] for files in FILES.values()}
    with pytest.raises(ValueError, match=r"name must be one of 'gpt2', .*'deepseek-v4', not 'gpt5'"):
        BPETokenizer.published("gpt5")
