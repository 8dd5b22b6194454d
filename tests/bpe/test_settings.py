"""What a tokenizer.json may ask for: done as the library `tokenizers` does it, or refused by name.

Each file here is written by that library.
"""

import json
import unicodedata

import pytest
from referees import END, file_of, random_strings
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from helpers.bpe import O200K_PATTERN, BPETokenizer

ByteLevel, Split, Digits = pre_tokenizers.ByteLevel, pre_tokenizers.Split, pre_tokenizers.Digits
TEXTS = random_strings(250, [END, "<think>", "12345", "ﬁ ²"], seed=1)


@pytest.fixture(scope="module")
def theirs(small, tmp_path_factory):
    """A function that gives our tokenizer in their library, new each time."""
    text = file_of(small, tmp_path_factory.mktemp("theirs")).read_text(encoding="utf-8")

    def make(**model):
        data = json.loads(text)
        data["model"] |= model
        return Tokenizer.from_str(json.dumps(data))

    return make


def load(tokenizer, folder):
    path = folder / "theirs.json"
    tokenizer.save(str(path))
    return BPETokenizer.load(path)


def cut_by(*parts, **options):
    last = [ByteLevel(add_prefix_space=False, use_regex=options.get("use_regex", False))]
    return pre_tokenizers.Sequence([*parts, *last])


DONE = {
    "o200k as Hugging Face has GPT-4o's": {
        "pre_tokenizer": cut_by(Split(Regex(O200K_PATTERN), "removed", invert=True))
    },
    "a pattern that leaves much out": {"pre_tokenizer": cut_by(Split(Regex(r"\p{L}+"), "isolated"))},
    "the same, inverted": {"pre_tokenizer": cut_by(Split(Regex(r"\p{L}+"), "isolated", invert=True))},
    "a literal": {"pre_tokenizer": cut_by(Split("a.", "isolated"), Split(" ", "isolated"))},
    "places without width": {"pre_tokenizer": cut_by(Split(Regex(r"(?=[A-Z ])|x*"), "isolated"))},
    "a group": {"pre_tokenizer": cut_by(Split(Regex(r"(\p{L})(\p{N}| )?"), "isolated"))},
    "nothing but bytes": {"pre_tokenizer": cut_by()},
    "digits alone": {"pre_tokenizer": cut_by(Digits(individual_digits=True), use_regex=True)},
    "digits together": {"pre_tokenizer": cut_by(Digits(individual_digits=False), use_regex=True)},
    "sequences in a sequence": {
        "pre_tokenizer": pre_tokenizers.Sequence(
            [pre_tokenizers.Sequence([Digits(True)]), cut_by(use_regex=True)]
        )
    },
    "NFC": {"normalizer": normalizers.NFC()},
    "NFD": {"normalizer": normalizers.NFD()},
    "NFKC": {"normalizer": normalizers.NFKC()},
    "NFKD": {"normalizer": normalizers.NFKD()},
    "two forms": {"normalizer": normalizers.Sequence([normalizers.NFKD(), normalizers.NFC()])},
    "no normalizer in a sequence": {"normalizer": normalizers.Sequence([])},
    "a post-processor of offsets": {"post_processor": processors.ByteLevel(trim_offsets=False)},
    "a decoder in a sequence": {"decoder": decoders.Sequence([decoders.ByteLevel()])},
}


@pytest.mark.parametrize("case", DONE)
def test_ids_are_those_of_tokenizers_also_after_saving(case, theirs, tmp_path):
    theirs = theirs()
    for name, part in DONE[case].items():
        setattr(theirs, name, part)
    theirs.encode_special_tokens = True
    ours = load(theirs, tmp_path)
    ours.save(tmp_path / "ours.json")
    loaded, saved = (
        BPETokenizer.load(tmp_path / "ours.json"),
        Tokenizer.from_file(str(tmp_path / "ours.json")),
    )
    saved.encode_special_tokens = True
    for text in TEXTS:
        ids = theirs.encode(text).ids
        assert ours.encode(text) == ours.encode_to_numpy(text).tolist() == loaded.encode(text) == ids
        assert saved.encode(text).ids == ids
        form = case if case in ("NFC", "NFD", "NFKC", "NFKD") else "NFKC" if case == "two forms" else None
        assert ours.decode(ids) == (unicodedata.normalize(form, text) if form else text)


@pytest.mark.parametrize("ignore_merges", [True, False])
def test_whole_pretokens_are_looked_up_first_where_the_file_says_so(ignore_merges, theirs, tmp_path, story):
    vocab = json.loads(theirs().to_str())["model"]["vocab"]
    vocab = {f"Ġ{word}": len(vocab) + n for n, word in enumerate(["umbrella", "zzz"])} | vocab
    theirs = theirs(vocab=vocab, ignore_merges=ignore_merges, unk_token="a", fuse_unk=True)
    ours = load(theirs, tmp_path)
    whole = [vocab["Ġumbrella"], vocab["Ġzzz"]]
    assert (ours.encode(" umbrella zzz") == whole) == ignore_merges
    for text in [story, f"{story} zzz umbrella", *TEXTS]:
        expected = theirs.encode(text).ids
        assert ours.encode(text, allowed_special="all") == expected
        assert ours.encode_to_numpy(text, allowed_special="all").tolist() == expected
    assert ours.decode(whole) == " umbrella zzz"


def test_tokens_around_a_text_are_added_on_request_only(theirs, tmp_path):
    theirs = theirs()
    theirs.add_special_tokens(["<s>", "</s>"])
    ids = [("<s>", theirs.token_to_id("<s>")), ("</s>", theirs.token_to_id("</s>"))]
    template = processors.TemplateProcessing(single="<s> $A </s> </s>", special_tokens=ids)
    theirs.post_processor = processors.Sequence([processors.ByteLevel(), template])
    ours = load(theirs, tmp_path)
    ours.save(tmp_path / "ours.json")
    for tokenizer in (ours, BPETokenizer.load(tmp_path / "ours.json")):
        for text in TEXTS[:20]:
            around = [*tokenizer.begin, *tokenizer.encode(text, allowed_special="all"), *tokenizer.end]
            assert around == theirs.encode(text).ids
            bare = theirs.encode(text, add_special_tokens=False).ids
            assert tokenizer.encode(text, allowed_special="all") == bare
    saved = Tokenizer.from_file(str(tmp_path / "ours.json"))
    assert saved.encode("a").ids == theirs.encode("a").ids
    assert BPETokenizer([]).begin == BPETokenizer([]).end == []


def spaces_and_names():
    """Added tokens as models for code have them, special or not, and to be found before or after NFC."""
    return [
        *(AddedToken(" " * n, normalized=False) for n in (8, 4, 2)),
        AddedToken("<think>", normalized=False),
        AddedToken("é<", normalized=True),
        AddedToken("x <", normalized=True),
        AddedToken("<|end|>", special=True, normalized=False),
        AddedToken("<|endo", special=True, normalized=True),
        AddedToken("the", normalized=True),
        AddedToken("|end", normalized=False),
    ]


@pytest.mark.parametrize("normalizer", [None, normalizers.NFC(), normalizers.NFKD()])
def test_added_tokens_are_found_as_in_tokenizers(normalizer, theirs, tmp_path):
    theirs = theirs()
    if normalizer:
        theirs.normalizer = normalizer
    theirs.add_tokens(spaces_and_names())
    ours = load(theirs, tmp_path)
    ours.save(tmp_path / "ours.json")
    loaded, saved = (
        BPETokenizer.load(tmp_path / "ours.json"),
        Tokenizer.from_file(str(tmp_path / "ours.json")),
    )
    assert set(ours.special_tokens) == {END, "<|end|>", "<|endo"}
    assert len(ours.added_tokens) == 8 and ours.added_tokens["the"] == ours.special_tokens[END] + 9
    names = [*ours.special_tokens, *ours.added_tokens, "e\u0301<", "\u0301", "<", "|>", " ", "<thi", "nk>"]
    texts = random_strings(400, names, seed=2) + random_strings(100, seed=3)
    texts += ["".join(names[n % 18] for n in range(k, k * k, k)) for k in range(2, 60)]
    for ordinary in (True, False):
        theirs.encode_special_tokens = saved.encode_special_tokens = ordinary
        for text in texts:
            ids = theirs.encode(text).ids
            for mine in (ours, loaded):
                assert mine.encode(text, allowed_special=[] if ordinary else "all") == ids
            assert saved.encode(text).ids == ids
            if not normalizer:
                assert ours.decode(ids) == text


def test_an_added_token_may_be_an_ordinary_one(theirs, tmp_path):
    theirs = theirs()
    theirs.add_tokens(["a", "he", AddedToken("in", special=True)])
    ours = load(theirs, tmp_path)
    ours.save(tmp_path / "ours.json")
    for tokenizer in (ours, BPETokenizer.load(tmp_path / "ours.json")):
        for text in ["abhein aa the inn", *TEXTS]:
            assert tokenizer.encode(text, allowed_special="all") == theirs.encode(text).ids


def test_ids_may_stand_in_any_order_and_have_gaps(theirs, tmp_path, story):
    data = json.loads(theirs().to_str())
    new = {i: 3 * (i * 7919 % 1009) + 2 for i in range(600)}
    data["model"]["vocab"] = {token: new[i] for token, i in data["model"]["vocab"].items()} | {END: 70_000}
    data["added_tokens"][0]["id"] = 70_000
    theirs = Tokenizer.from_str(json.dumps(data))
    ours = load(theirs, tmp_path)
    ours.save(tmp_path / "ours.json")
    saved = Tokenizer.from_file(str(tmp_path / "ours.json"))
    for text in [story, *TEXTS]:
        ids = theirs.encode(text).ids
        assert ours.encode(text, allowed_special="all") == saved.encode(text).ids == ids
        array = ours.encode_to_numpy(text, allowed_special="all")
        assert array.tolist() == ids and array.dtype == "uint32"
        assert ours.decode(array) == text
    with pytest.raises(
        ValueError, match="ids has 0, which is not in the vocabulary of 600 ids from 2 to 70000"
    ):
        ours.decode([0])


def with_part(**parts):
    def edit(tokenizer):
        for name, part in parts.items():
            setattr(tokenizer, name, part)
        return tokenizer

    return edit


def with_model(model):
    return lambda tokenizer: setattr(tokenizer, "model", model) or tokenizer


def with_token(**flags):
    return lambda tokenizer: tokenizer.add_tokens([AddedToken("<x>", **flags)]) and tokenizer


def with_call(name, *arguments, **options):
    return lambda tokenizer: getattr(tokenizer, name)(*arguments, **options) or tokenizer


LETTERS = {letter: n for n, letter in enumerate(sorted(ByteLevel.alphabet()))}
REFUSED = {  # what the library writes, and what the error has to name
    "Unigram": (with_model(models.Unigram([("a", 0.0)], None, False)), "Unigram"),
    "WordPiece": (with_model(models.WordPiece({"a": 0}, unk_token="a")), "WordPiece"),
    "WordLevel": (with_model(models.WordLevel({"a": 0}, unk_token="a")), "WordLevel"),
    "byte fallback": (
        with_model(models.BPE(LETTERS, [], byte_fallback=True)),
        "byte_fallback.*SentencePiece",
    ),
    "dropout": (with_model(models.BPE(LETTERS, [], dropout=0.1)), "dropout = 0.1"),
    "prefix": (
        with_model(models.BPE(LETTERS, [], continuing_subword_prefix="##")),
        "continuing_subword_prefix",
    ),
    "suffix": (with_model(models.BPE(LETTERS, [], end_of_word_suffix="</w>")), "end_of_word_suffix"),
    "unknown bytes": (
        with_model(models.BPE({"a": 0, "b": 1}, [], unk_token="b")),
        "254 of the 256 bytes|has the id 599, but gets 2",
    ),
    "Metaspace": (with_part(pre_tokenizer=pre_tokenizers.Metaspace()), "Metaspace.*SentencePiece"),
    "Whitespace": (with_part(pre_tokenizer=pre_tokenizers.Whitespace()), "Whitespace"),
    "Punctuation": (with_part(pre_tokenizer=cut_by(pre_tokenizers.Punctuation())), "Punctuation"),
    "UnicodeScripts": (with_part(pre_tokenizer=cut_by(pre_tokenizers.UnicodeScripts())), "UnicodeScripts"),
    "prefix space": (with_part(pre_tokenizer=ByteLevel(add_prefix_space=True)), "add_prefix_space"),
    "no ByteLevel": (with_part(pre_tokenizer=Digits()), "does not end with ByteLevel"),
    "Digits after it": (
        with_part(pre_tokenizer=pre_tokenizers.Sequence([ByteLevel(add_prefix_space=False), Digits()])),
        "does not end with ByteLevel",
    ),
    "ByteLevel twice": (with_part(pre_tokenizer=cut_by(ByteLevel(add_prefix_space=False))), "ByteLevel"),
    **{
        f"Split {behavior}": (
            with_part(pre_tokenizer=cut_by(Split(" ", behavior))),
            behavior.split("_")[0].title(),
        )
        for behavior in ("removed", "merged_with_previous", "merged_with_next", "contiguous")
    },
    "Split merged, inverted": (
        with_part(pre_tokenizer=cut_by(Split(" ", "merged_with_next", invert=True))),
        "MergedWithNext",
    ),
    "Lowercase": (with_part(normalizer=normalizers.Lowercase()), "Lowercase"),
    "Prepend": (with_part(normalizer=normalizers.Prepend("▁")), "Prepend.*SentencePiece"),
    "Replace": (with_part(normalizer=normalizers.Replace(" ", "▁")), "Replace"),
    "Strip": (with_part(normalizer=normalizers.Sequence([normalizers.NFC(), normalizers.Strip()])), "Strip"),
    "BertNormalizer": (with_part(normalizer=normalizers.BertNormalizer()), "BertNormalizer"),
    "ByteLevel normalizer": (with_part(normalizer=normalizers.ByteLevel()), "normalizer is 'ByteLevel'"),
    "Roberta": (
        with_part(post_processor=processors.RobertaProcessing(("a", 1), ("b", 2))),
        "RobertaProcessing",
    ),
    "Bert": (with_part(post_processor=processors.BertProcessing(("a", 1), ("b", 2))), "BertProcessing"),
    "a token twice around nothing": (
        with_part(post_processor=processors.TemplateProcessing(single="$A $A", special_tokens=[])),
        "template",
    ),
    "an unknown id": (
        with_part(post_processor=processors.TemplateProcessing(single="a $A", special_tokens=[("a", 9999)])),
        "9999",
    ),
    "decoder Metaspace": (with_part(decoder=decoders.Metaspace()), "decoder is 'Metaspace'"),
    "decoder ByteFallback": (with_part(decoder=decoders.Sequence([decoders.ByteFallback()])), "ByteFallback"),
    "lstrip": (with_token(lstrip=True), "'?<x>|added token.*lstrip"),
    "rstrip": (with_token(rstrip=True, special=True), "added token.*rstrip"),
    "single_word": (with_token(single_word=True), "added token.*single_word"),
    "truncation": (with_call("enable_truncation", 5), "truncation = .*max_length"),
    "padding": (with_call("enable_padding", length=30), "padding = .*strategy"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_done_is_refused_by_name_and_with_the_way_out(case, theirs, tmp_path):
    edit, message = REFUSED[case]
    with pytest.raises(ValueError, match=f"(?s)theirs.json cannot be used: .*{message}") as error:
        load(edit(theirs()), tmp_path)
    if "bytes" not in message:
        assert "tokenizers.Tokenizer.from_file" in str(error.value)


def test_text_that_a_removing_split_would_drop_is_refused_when_it_comes(theirs, tmp_path):
    theirs = theirs()
    theirs.pre_tokenizer = cut_by(Split(Regex(r"\p{L}+"), "removed", invert=True))
    ours = load(theirs, tmp_path)
    assert ours.encode("umbrella") == theirs.encode("umbrella").ids
    with pytest.raises(ValueError, match=r"pattern leaves out ' ' at position 3 of 'the umbrella'"):
        ours.encode("the umbrella")


PLACES = [
    [],
    ["model"],
    ["added_tokens", 0],
    ["normalizer"],
    ["normalizer", "normalizers", 0],
    ["pre_tokenizer"],
    ["pre_tokenizer", "pretokenizers", 0],
    ["pre_tokenizer", "pretokenizers", 1],
    ["post_processor"],
    ["decoder"],
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)) or "file")
def test_an_unknown_key_anywhere_is_refused(place, theirs, tmp_path):
    theirs = theirs()
    theirs.normalizer, theirs.pre_tokenizer = normalizers.Sequence([normalizers.NFC()]), cut_by(Digits())
    theirs.post_processor = processors.ByteLevel()
    data = part = json.loads(theirs.to_str())
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    BPETokenizer.load(path)
    for key in place:
        part = part[key]
    part["surprise"] = None
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ValueError, match=r"theirs\.json cannot be used: its .* has 'surprise'"):
        BPETokenizer.load(path)
