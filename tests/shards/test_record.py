"""What token shards say of themselves, and what becomes of a corpus that is not whole."""

import json
import os
import shutil
import sys

import numpy as np
import pandas
import pytest
from shard_kit import WideTokenizer, change_record, cut, flip, move, remove, stamps, token_files, token_stamps

from helpers import corpus
from helpers.bpe import BPETokenizer
from helpers.files import file_sha256
from helpers.shards import (
    TokenShards,
    read_documents,
    split_corpus,
    tokenize_corpus,
    tokenize_shard,
)
from helpers.shards.record import manifest_path


@pytest.mark.parametrize("wrong", [{"dtype": "foo"}, {"tokens": "many"}, {"tokens": None}])
def test_a_manifest_with_nonsense_in_it_is_named(tmp_path, tokenizer, wrong):
    source, target = split_corpus(["a text"], tmp_path)[0], tmp_path / "tokens.bin"
    manifest = tokenize_shard(source, target, tokenizer)
    manifest_path(target).write_text(json.dumps(manifest | wrong))
    for call in (lambda: TokenShards(tmp_path), lambda: tokenize_shard(source, target, tokenizer)):
        with pytest.raises(ValueError, match=r"tokens.bin.manifest.json is not a manifest"):
            call()


@pytest.mark.parametrize(("harm", "word"), [(flip, "SHA-256"), (cut, "bytes where"), (os.remove, "missing")])
def test_a_damaged_shard_is_found_named_and_made_again(copy, paths, tokenizer, harm, word):
    good, before = token_files(copy), stamps(copy)
    harm(copy / "tokens-000001.bin")
    with pytest.raises(ValueError, match=rf"tokens-000001.bin .*{word}"):
        TokenShards(copy).verify()
    tokenize_corpus(paths[:3], tokenizer, copy)
    assert token_files(copy) == good
    TokenShards(copy).verify()
    made = {name for name, time in stamps(copy).items() if before[name] != time}
    assert made == {"tokens-000001.bin", "tokens-000001.bin.manifest.json", "corpus.json"}


@pytest.mark.parametrize("text", ["not JSON", "[]", '{"tokens": 3}'])
def test_a_manifest_that_is_none_is_named_and_its_shard_kept(copy, paths, tokenizer, text):
    manifest_path(copy / "tokens-000001.bin").write_text(text, encoding="utf-8")
    good = token_files(copy)
    TokenShards(copy).verify()  # its record says all
    with pytest.raises(ExceptionGroup, match=r"tokens-000001.bin.manifest.json"):
        tokenize_corpus(paths[:3], tokenizer, copy)
    assert token_files(copy) == good


def test_the_manifest_of_another_shard_does_not_fit(copy, paths, tokenizer):
    manifest_path(copy / "tokens-000001.bin").write_bytes(
        manifest_path(copy / "tokens-000000.bin").read_bytes()
    )
    before = token_files(copy)
    TokenShards(copy).verify()  # its record says all
    with pytest.raises(ExceptionGroup, match=r"tokens-000001.bin was made with another source"):
        tokenize_corpus(paths[:3], tokenizer, copy)
    assert token_files(copy) == before


def test_a_shard_of_another_tokenizer_or_another_source_is_left_alone(copy, paths, tokenizer):
    before = stamps(copy)
    other = BPETokenizer.train(corpus.load_story(), 300)
    with pytest.raises(ValueError, match=r"tokens-000000.bin was made with another tokenizer"):
        tokenize_shard(paths[0], copy / "tokens-000000.bin", other)
    with pytest.raises(ValueError, match=r"tokens-000000.bin was made with another source"):
        tokenize_shard(paths[1], copy / "tokens-000000.bin", tokenizer)
    with pytest.raises(ExceptionGroup, match=r"3 of 3 shards failed"):
        tokenize_corpus(paths[:3], other, copy)
    with pytest.raises(FileExistsError, match=r"1 shard\(s\) of another corpus, such as tokens-000002.bin"):
        tokenize_corpus(paths[:2], tokenizer, copy)
    assert stamps(copy) == before


def test_shards_of_two_tokenizers_are_not_read_as_one(paths, tokenizer, tmp_path):
    tokenize_shard(paths[0], tmp_path / "a.bin", tokenizer)
    tokenize_shard(paths[0], tmp_path / "b.bin", BPETokenizer.train(corpus.load_story(), 300))
    with pytest.raises(ValueError, match=r"b.bin was made by another tokenizer than a.bin"):
        TokenShards(tmp_path)


def test_a_gap_in_the_middle_is_not_read_over(copy, paths, tokenizer):
    whole = TokenShards(copy)[:]
    for path in copy.glob("tokens-000001.bin*"):
        path.unlink()
    with pytest.raises(ValueError, match=r"tokens-000001.bin is missing, though corpus.json lists it"):
        TokenShards(copy)
    tokenize_corpus(paths[:3], tokenizer, copy)
    assert (TokenShards(copy)[:] == whole).all()


def swap(folder):
    for old, new in (("tokens-000000", "x"), ("tokens-000001", "tokens-000000"), ("x", "tokens-000001")):
        move(old, new)(folder)


HARM = {
    "first missing": (remove(0), "tokens-000000.bin is missing, though corpus.json lists it"),
    "middle missing": (remove(1), "tokens-000001.bin is missing, though corpus.json lists it"),
    "last missing": (remove(2), "tokens-000002.bin is missing, though corpus.json lists it"),
    "ids missing": (lambda f: (f / "tokens-000002.bin").unlink(), "is missing, though its manifest is there"),
    "manifest missing": (lambda f: manifest_path(f / "tokens-000002.bin").unlink(), None),
    "doubled": (
        move("tokens-000001", "tokens-000003", shutil.copy),
        "tokens-000003.bin is no shard of the corpus",
    ),
    "doubled under another name": (move("tokens-000001", "b", shutil.copy), None),
    "renamed": (move("tokens-000002", "tokens-000003"), "tokens-000003.bin is no shard of the corpus"),
    "renamed otherwise": (move("tokens-000002", "b"), "b.bin is no shard of the corpus"),
    "swapped": (swap, "tokens-000000.bin has .* bytes where"),
    "cut": (lambda f: cut(f / "tokens-000002.bin"), "tokens-000002.bin has .* bytes where its manifest says"),
    "a folder in its place": (
        lambda f: ((f / "tokens-000002.bin").unlink(), (f / "tokens-000002.bin").mkdir()),
        "tokens-000002.bin is missing",
    ),
    "no record": (lambda f: (f / "corpus.json").unlink(), "has tokens-000000.bin but no corpus.json"),
    "a record cut off": (lambda f: cut(f / "corpus.json"), "corpus.json is not the record of a corpus"),
    "a record of no shards": (change_record(lambda r: r.update(shards=[])), "holds no token shard"),
    "a record without shards": (change_record(lambda r: r.pop("shards")), "corpus.json is not the record"),
    "a record of another kind": (
        lambda f: (f / "corpus.json").write_text("[1]"),
        "corpus.json is not the record",
    ),
    "a record's order": (change_record(lambda r: r["shards"].reverse()), "corpus.json is not the record"),
    "a path in a record": (
        change_record(lambda r: r["shards"][0].update(file="../tokens-000000.bin")),
        "corpus.json is not the record",
    ),
    "a shard doubled in a record": (
        change_record(lambda r: r["shards"].append(r["shards"][0])),
        "corpus.json is not the record",
    ),
    "a shard dropped from a record": (
        change_record(lambda r: r["shards"].pop()),
        "tokens-000002.bin is no shard",
    ),
    "a state in a record": (change_record(lambda r: r.update(state="done")), "corpus.json is not the record"),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_corpus_that_is_not_whole_is_refused_by_name(copy, harm):
    whole = TokenShards(copy)
    do_harm, words = HARM[harm]
    do_harm(copy)
    if words is None:  # a copy beside the corpus, or what its record says too
        assert np.array_equal(TokenShards(copy)[:], whole[:])
        return
    for look in (lambda: TokenShards(copy), whole.verify):
        with pytest.raises((ValueError, FileNotFoundError), match=words):
            look()


def test_a_shard_of_another_run_is_refused(copy, paths, tmp_path):
    other = tokenize_corpus(paths[:3], BPETokenizer.train(corpus.load_story(), 300), tmp_path / "other")
    whole = TokenShards(copy)
    for name in ("tokens-000001.bin", "tokens-000001.bin.manifest.json"):
        shutil.copy(other / name, copy)
        for look in (lambda: TokenShards(copy), whole.verify):
            with pytest.raises(ValueError, match=r"tokens-000001.bin has .* bytes where its manifest says"):
                look()
    shutil.copy(other / "corpus.json", copy)
    with pytest.raises(ValueError, match=r"tokens-000000.bin has .* bytes where its manifest says"):
        TokenShards(copy)


def test_another_sum_in_a_record_is_found_by_verify(copy):
    change_record(lambda record: record["shards"][1].update(sha256="0" * 64))(copy)
    with pytest.raises(ValueError, match=r"tokens-000001.bin is damaged: its SHA-256"):
        TokenShards(copy).verify()


def test_ids_of_another_file_of_the_same_size_are_found_by_verify(copy):
    whole = TokenShards(copy)
    data = (copy / "tokens-000001.bin").read_bytes()
    (copy / "tokens-000001.bin").write_bytes(data[::-1])
    with pytest.raises(ValueError, match=r"tokens-000001.bin is damaged: its SHA-256"):
        TokenShards(copy).verify()
    (copy / "tokens-000001.bin").write_bytes(data)
    whole.verify()


@pytest.mark.parametrize("size", [0, 8, 9, 10_000])
def test_a_shard_of_another_size_than_when_it_was_opened_is_named(copy, size):
    whole = TokenShards(copy)
    os.truncate(copy / "tokens-000001.bin", size)
    at = int(whole.starts[1])
    for index in (at, slice(at - 2, at + 9)):
        with pytest.raises(ValueError, match=rf"tokens-000001.bin has {size:,} bytes where .*open it again"):
            whole[index]
    assert len(whole[:at]) == at


def test_what_no_program_of_ours_wrote_is_passed_over(copy, paths, tokenizer):
    whole = TokenShards(copy)
    for name in (
        *(".DS_Store", "._tokens-000000.bin", "._tokens-000000.bin.manifest.json", "Thumbs.db", ".nfs00012"),
        *(
            "tokens-000001 (1).bin",
            "tokens-000001.bin.bak",
            "tokens-000001.bin.manifest (1).json",
            "notes.txt",
        ),
        *(
            "tokens-000001 copy.bin",
            "tokens-000001.bin~",
            ".tokens-000004.bin",
            "desktop.ini",
            "Tokens-1.bin",
        ),
    ):
        (copy / name).write_bytes(b"\x00\x01" * 40)
    move("tokens-000001", "tokens-000001 (1)", shutil.copy)(copy)
    for name in ("tokens-000007.bin", "x.manifest.json", "more"):
        (copy / name).mkdir()
    for folder in (copy, tokenize_corpus(paths[:3], tokenizer, copy)):
        again = TokenShards(folder)
        again.verify()
        assert again.files == whole.files and np.array_equal(again[:], whole[:])


def test_shards_made_one_by_one_are_read_in_the_order_of_their_names(paths, tokenizer, tmp_path):
    for name, path in (("b", paths[1]), ("a", paths[0])):
        tokenize_shard(path, tmp_path / f"{name}.bin", tokenizer)
    move("a", "a (1)", shutil.copy)(tmp_path)  # a copy: passed over
    (tmp_path / ".DS_Store").write_bytes(b"x")
    tokens = TokenShards(tmp_path)
    tokens.verify()
    assert [path.name for path in tokens.files] == ["a.bin", "b.bin"]
    move("b", "c")(tmp_path)
    with pytest.raises(ValueError, match=r"c.bin is no shard of the corpus, or was renamed"):
        TokenShards(tmp_path)
    with pytest.raises(FileExistsError, match=r"2 shard\(s\) of another corpus, such as a.bin"):
        tokenize_corpus(paths[:2], tokenizer, tmp_path)


def test_numbered_shards_without_a_record_are_not_taken_for_a_corpus(paths, tokenizer, tmp_path):
    for number in range(2):
        tokenize_shard(paths[number], tmp_path / f"tokens-00000{number}.bin", tokenizer)
    with pytest.raises(
        ValueError, match=r"has tokens-000000.bin but no corpus.json.* run tokenize_corpus again"
    ):
        TokenShards(tmp_path)
    before = token_stamps(tmp_path)
    tokenize_corpus(paths[:2], tokenizer, tmp_path)
    assert token_stamps(tmp_path) == before and len(TokenShards(tmp_path).files) == 2


def test_the_record_lists_the_shards_in_order(paths, serial, tokenizer):
    record = json.loads((serial / "corpus.json").read_bytes())
    tokens = TokenShards(serial)
    assert record["state"] == "finished" and record["shards"] == tokens.manifests
    assert sum(shard["tokens"] for shard in record["shards"]) == len(tokens)
    assert [shard["source_sha256"] for shard in record["shards"]] == [file_sha256(path) for path in paths]
    assert [shard["sha256"] for shard in record["shards"]] == [file_sha256(path) for path in tokens.files]


def test_a_file_of_that_name_that_is_no_record_is_kept(paths, tokenizer, tmp_path):
    (tmp_path / "corpus.json").write_text('{"text": "mine"}', encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"corpus.json is not the record of a corpus .*choose another folder"
    ):
        tokenize_corpus(paths[:1], tokenizer, tmp_path)
    assert os.listdir(tmp_path) == ["corpus.json"]


def test_nothing_is_written_among_shards_of_another_corpus(copy, paths, tokenizer):
    remove(0)(copy)
    before = stamps(copy)
    with pytest.raises(ExceptionGroup, match=r"2 of 3 shards failed, nothing was written: .* another source"):
        tokenize_corpus(paths[3:6], tokenizer, copy)
    assert stamps(copy) == before


def test_a_corpus_can_grow_and_a_mended_source_takes_its_place(copy, paths, serial, tokenizer):
    tokenize_corpus(paths, tokenizer, copy)
    assert token_files(copy) == token_files(serial)
    TokenShards(copy).verify()


def test_a_path_given_twice_is_refused_however_it_is_written(paths, tokenizer, tmp_path):
    (tmp_path / "link.jsonl").symlink_to(paths[0])
    for again in (paths[0], str(paths[0]), paths[0].parent / "." / paths[0].name, tmp_path / "link.jsonl"):
        with pytest.raises(ValueError, match=rf"paths has {paths[0]} twice.*give each file once"):
            tokenize_corpus([*paths, again], tokenizer, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_what_has_no_order_is_refused_and_what_has_one_is_taken(paths, tokenizer, tmp_path):
    for kind in (set, frozenset):
        with pytest.raises(
            TypeError, match=r"documents is a set, .*no fixed order: give sorted\(documents\)"
        ):
            split_corpus(kind(["b", "a"]), tmp_path / "text")
        with pytest.raises(TypeError, match=r"paths is a set, .*no fixed order: give sorted\(paths\)"):
            tokenize_corpus(kind(paths), tokenizer, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    for number, documents in enumerate(
        [("b", "a"), iter("ba"), {"b": 0, "a": 1}.keys(), np.array(["b", "a"])]
    ):
        paths = split_corpus(documents, tmp_path / str(number))
        assert list(read_documents(*paths)) == ["b", "a"]


def test_a_table_or_a_dict_is_not_taken_for_the_names_in_it(tmp_path, tokenizer):
    table = pandas.DataFrame({"text": ["one", "two"]})
    for wrong in ({"train": "one"}, table):
        with pytest.raises(TypeError, match=r"documents must be an iterable of str"):
            split_corpus(wrong, tmp_path / "text")
        with pytest.raises(TypeError, match=r"paths must be an iterable of paths"):
            tokenize_corpus(wrong, tokenizer, tmp_path / "tokens")
    assert list(tmp_path.iterdir()) == []
    assert list(read_documents(*split_corpus(table["text"], tmp_path))) == ["one", "two"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_file_names_that_are_not_utf8_are_taken(tmp_path, tokenizer):
    source, target = (tmp_path / os.fsdecode(name) for name in (b"caf\xe9.txt", b"t\xff.bin"))
    source.write_text("one", encoding="utf-8")
    for _ in range(2):
        shards = TokenShards(tokenize_corpus([source], tokenizer, tmp_path / "tokens"))
        shards.verify()
    (tmp_path / "own").mkdir()
    tokenize_shard(source, tmp_path / "own" / target.name, tokenizer)
    assert TokenShards(tmp_path / "own")[:].tolist() == shards[:].tolist()


def test_each_failure_is_counted(paths, tokenizer, tmp_path):
    missing = [tmp_path / "nowhere.jsonl", tmp_path / "none.jsonl"]
    words = r"2 of 3 shards failed, run this again, it keeps the others: nowhere.jsonl: .*; none"
    with pytest.raises(ExceptionGroup, match=words) as e:
        tokenize_corpus(missing + paths[:1], tokenizer, tmp_path / "b")
    assert len(e.value.exceptions) == 2


@pytest.mark.parametrize("dtype", ["O", "float32", "int16", "uint64", "S2", "uint8", ">u2", "u2", None, 2])
def test_no_manifest_and_no_record_can_make_the_program_read_something_else(
    copy, paths, tokenizer, tmp_path, dtype
):
    change_record(lambda record: record["shards"][1].update(dtype=dtype))(copy)
    with pytest.raises(ValueError, match=r"corpus.json is not the record of a corpus .*dtype must be one of"):
        TokenShards(copy)
    manifest = tokenize_shard(paths[0], tmp_path / "own" / "a.bin", tokenizer) | {"dtype": dtype}
    manifest_path(tmp_path / "own" / "a.bin").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ValueError, match=r"a.bin.manifest.json is not a manifest .*dtype must be one of"):
        TokenShards(tmp_path / "own")


@pytest.mark.parametrize("tokens", [-1, True, 1.0, "3", None, 2**70])
def test_a_number_of_tokens_that_is_none_is_refused(copy, tokens):
    change_record(lambda record: record["shards"][1].update(tokens=tokens))(copy)
    with pytest.raises(
        ValueError, match=r"corpus.json is not the record of a corpus .*tokens must be an integer"
    ):
        TokenShards(copy)


def test_one_corpus_has_one_dtype(tmp_path):
    for name, largest in (("a", 65_535), ("b", 65_536)):
        source = split_corpus(["a"], tmp_path / name)[0]
        tokenizer = WideTokenizer(0, largest)
        tokenizer.fingerprint = lambda: "the same"
        tokenize_shard(source, tmp_path / f"{name}.bin", tokenizer)
    with pytest.raises(ValueError, match=r"b.bin was made by another tokenizer than a.bin"):
        TokenShards(tmp_path)
