"""Documents in files as people save them, and in text shards: each comes back as it was."""

import errno
import gzip
import io
import json
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pyarrow
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from shard_kit import lines_of, stamps, token_files

from helpers.shards import (
    TokenShards,
    read_documents,
    split_corpus,
    tokenize_corpus,
    tokenize_shard,
)

gz = partial(gzip.compress, mtime=0)  # the same bytes, and so the same names of tests, in each process


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30)), st.integers(1, 200))
def test_documents_come_back_as_they_were_whatever_is_in_them(tmp_path_factory, texts, shard_bytes):
    paths = split_corpus(iter(texts), tmp_path_factory.mktemp("split"), shard_bytes)
    assert [text for path in paths for text in read_documents(path)] == texts
    assert all(path.stat().st_size <= shard_bytes or len(lines_of(path)) == 1 for path in paths)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30)), st.integers(1, 200))
def test_parquet_shards_hold_the_same_documents_as_json_lines(tmp_path_factory, texts, shard_bytes):
    lines = split_corpus(texts, tmp_path_factory.mktemp("lines"), shard_bytes)
    paths = split_corpus(iter(texts), tmp_path_factory.mktemp("parquet"), shard_bytes, "parquet")
    assert [path.name for path in paths] == [f"{path.stem}.parquet" for path in lines]
    assert [list(read_documents(path)) for path in paths] == [list(read_documents(path)) for path in lines]


def test_parquet_shards_become_the_same_tokens_as_json_lines(tmp_path, paths, documents, serial, tokenizer):
    parquets = split_corpus(documents, tmp_path / "text", 40_000, format="parquet")
    folder = tokenize_corpus(parquets, tokenizer, tmp_path / "tokens")
    assert token_files(folder) == token_files(serial)
    assert np.array_equal(TokenShards(folder)[:], TokenShards(serial)[:])
    assert split_corpus(documents, tmp_path / "text", 40_000, format="parquet") == parquets
    assert sum(path.stat().st_size for path in parquets) < sum(path.stat().st_size for path in paths)


def test_one_folder_takes_one_format(tmp_path):
    split_corpus(["one", "two"], tmp_path)
    with pytest.raises(FileExistsError, match=r"such as shard-000000\.jsonl"):
        split_corpus(["one", "two"], tmp_path, format="parquet")
    with pytest.raises(ValueError, match="format must be one of 'jsonl', 'parquet', not 'csv'"):
        split_corpus(["one"], tmp_path / "other", format="csv")


def test_a_shard_is_filled_before_the_next_one_begins(tmp_path):
    paths = split_corpus(["x" * 100] * 10, tmp_path, shard_bytes=400)  # a line is 113 bytes long
    assert [len(list(read_documents(path))) for path in paths] == [3, 3, 3, 1]
    assert [path.name for path in paths[:2]] == ["shard-000000.jsonl", "shard-000001.jsonl"]


def test_splitting_again_changes_nothing_and_another_corpus_is_refused(tmp_path):
    texts = ["one", "two", "three"]
    paths = split_corpus(texts, tmp_path, 20)
    before = stamps(tmp_path)
    assert split_corpus(texts, tmp_path, 20) == paths
    for others in (["other"], texts[:2]):
        with pytest.raises(FileExistsError, match=r"shard-00000[02]"):
            split_corpus(others, tmp_path, 20)
    assert stamps(tmp_path) == before


@pytest.mark.parametrize(
    ("documents", "error", "message"),
    [
        (["fine", "bad \ud800"], ValueError, r"documents\[1\] .*surrogate.*position 4"),
        (["fine", None], TypeError, r"documents\[1\] must be a str, not NoneType"),
        ("one text", TypeError, r"give \['one text'\]"),
        (None, TypeError, "documents must be an iterable of str, not None"),
    ],
)
def test_a_document_that_cannot_be_stored_is_named(tmp_path, documents, error, message):
    with pytest.raises(error, match=message):
        split_corpus(documents, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [0, None, "9", 2.5, float("nan"), True])
def test_shard_bytes_below_one_is_refused(tmp_path, size):
    with pytest.raises(ValueError, match=rf"shard_bytes must be an integer of 1 or more, not {size!r}"):
        split_corpus(["a"], tmp_path, size)


@pytest.mark.parametrize("gap", [1, 5, 1_000_000])
def test_shards_of_another_corpus_are_refused_before_anything_is_written(tmp_path, gap):
    (tmp_path / f"shard-{gap:06d}.jsonl").write_text('{"text": "other"}\n', encoding="utf-8")
    before = stamps(tmp_path)
    with pytest.raises(
        FileExistsError, match=rf"1 shard\(s\) of another corpus, such as shard-0*{gap}.jsonl"
    ):
        split_corpus(["one", "two", "three"], tmp_path, 20)
    assert stamps(tmp_path) == before


def test_an_interrupted_split_goes_on_and_other_files_do_not_matter(tmp_path):
    texts = ["one", "two", "three"]
    paths = split_corpus(texts, tmp_path, 20)
    paths[2].unlink()
    for name in (
        "._shard-000000.jsonl",
        "shard-000001 (1).jsonl",
        "shard-000002.jsonl.bak",
        ".shard-000002.jsonl.x.tmp",
    ):
        (tmp_path / name).write_bytes(b"x")
    os.utime(tmp_path / ".shard-000002.jsonl.x.tmp", (0, 0))
    assert split_corpus(texts, tmp_path, np.int16(20)) == paths
    assert [text for path in paths for text in read_documents(path)] == texts
    assert not (tmp_path / ".shard-000002.jsonl.x.tmp").exists()


def test_a_second_split_leaves_alone_what_the_first_is_writing(tmp_path, monkeypatch):
    def second_first(number, fsync=os.fsync):
        monkeypatch.setattr(os, "fsync", fsync)
        split_corpus(["one", "two"], tmp_path, 20)
        fsync(number)

    monkeypatch.setattr(os, "fsync", second_first)
    paths = split_corpus(["one", "two"], tmp_path, 20)
    assert [text for path in paths for text in read_documents(path)] == ["one", "two"]
    assert sorted(tmp_path.iterdir()) == paths


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch, tokenizer):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    split_corpus(["one"], "~/text")
    assert list(read_documents("~/text/shard-000000.jsonl")) == ["one"]
    folder = tokenize_corpus(["~/text/shard-000000.jsonl"], tokenizer, "~/tokens")
    tokenize_shard("~/text/shard-000000.jsonl", "~/one/a.bin", tokenizer)
    assert folder == tmp_path / "tokens" and len(TokenShards("~/tokens")) == len(TokenShards("~/one"))
    assert sorted(os.listdir(tmp_path)) == ["one", "text", "tokens"]


def test_folders_are_made_with_those_above_them(tmp_path, tokenizer):
    paths = split_corpus(["one"], tmp_path / "a" / "b" / "text")
    tokenize_shard(paths[0], tmp_path / "c" / "d" / "x.bin", tokenizer)
    folder = tokenize_corpus(paths, tokenizer, tmp_path / "e" / "f" / "tokens")
    assert len(TokenShards(folder)) == len(TokenShards(tmp_path / "c" / "d")) > 1


TWO = ["naïve 🙂", "second\u2028line\x00\r\n"]

LINES = "".join(json.dumps({"id": 1, "text": text}) + "\n" for text in TWO)


SAVED = {
    "plain": LINES.encode(),
    "byte order mark": b"\xef\xbb\xbf" + LINES.encode(),
    "CRLF": LINES.replace("\n", "\r\n").encode(),
    "UTF-16": LINES.encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + LINES.encode("utf-16-be"),
    "UTF-32": LINES.encode("utf-32"),
    "letters as they are": "".join(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in TWO).encode(),
    "no end of the last line": LINES.rstrip().encode(),
    "blank lines": b"\n" + LINES.replace("\n", "\n \n\n").encode(),
    "two files joined": b"\xef\xbb\xbf" + LINES.replace("\n", "\n\ufeff", 1).encode(),
    "gzip": gz(LINES.encode()),
    "gzip in two members": gz(LINES[:9].encode()) + gz(LINES[9:].encode()),
    "zstandard": zstandard.compress(LINES.encode()),
    "zstandard of UTF-16": zstandard.compress(LINES.encode("utf-16")),
}


@pytest.mark.parametrize("saved", SAVED)
def test_json_lines_are_read_however_they_were_saved(tmp_path, saved):
    for suffix in (
        ".jsonl",
        ".JSONL",
        ".ndjson",
        ".jsonlines",
        ".json",
        ".jsonl.gz",
        ".Json.ZST",
        ".v2.jsonl",
        ".jsons",
        ".ldjson",
        ".jsonl.gzip",
        ".JSONL.zstd",
        ".jsonl.bak",
        ".json.bak",
        ".jsonl.1",
        ".jsonl~",
        ".jsonl_old",
        ".jsonl.txt",
        ".csv.jsonl",
    ):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(SAVED[saved])
        assert list(read_documents(path)) == TWO


def test_a_json_file_may_be_one_list(tmp_path):
    path = tmp_path / "a.json"
    for indent in (None, 2):
        path.write_text("\n" + json.dumps([{"text": text} for text in TWO], indent=indent), encoding="utf-8")
        assert list(read_documents(path)) == TWO
    path.write_text('[{"text": "a"}, {"text": 3}]', encoding="utf-8")
    with pytest.raises(ValueError, match=r'a.json, item 2: .*"text" must be a str, not int: 3'):
        list(read_documents(path))
    for text in ("[]", "", "\n"):
        path.write_text(text, encoding="utf-8")
        assert list(read_documents(path)) == []


@pytest.mark.parametrize("name", ["a.txt", "a.jl", "README", "a.log.gz"])
def test_json_lines_under_another_name_are_not_taken_for_one_document(tmp_path, name):
    for saved in ("plain", "byte order mark", "blank lines", "UTF-16", "gzip"):
        (tmp_path / name).write_bytes(SAVED[saved])
        with pytest.raises(ValueError, match=rf"{name} begins with a JSON object .*: name it .jsonl"):
            list(read_documents(tmp_path / name))


NO_LINES = ['{"texts": "x"}', '{\n"text": "x"}', '{"text": 3}', '["text"]', "{", "3", "[" * 100_000]


@pytest.mark.parametrize(
    "name",
    "a.txt README a.md a.py a.rst v1.0 a.TXT.gz .hidden a.jl json a.pdf.txt a.geojson a.jsonld".split(),
)
def test_any_other_text_is_one_document(tmp_path, name):
    for text in (f"\n{start}\r\nnaïve\x00" for start in NO_LINES):
        for data in (
            text.encode(),
            b"\xef\xbb\xbf" + text.encode(),
            text.encode("utf-16"),
            gz(text.encode()),
        ):
            (tmp_path / name).write_bytes(data)
            assert list(read_documents(tmp_path / name)) == [text]


@pytest.mark.parametrize(
    "name",
    [
        "a.csv",
        "a.TSV",
        "a.csv.gz",
        "a.csv.gzip",
        "a.csv.bak",
        "a.jsonl.csv",
        "a.arrow",
        "a.xlsx",
    ],
)
def test_a_table_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_text("text\none\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{name} is a table: read it with pandas"):
        list(read_documents(tmp_path / name))


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.ZIP", "a.tar", "a.tar.gz", "a.tgz", "a.bin", "a.7z"])
def test_what_is_no_text_is_refused_by_name(tmp_path, tokenizer, name):
    (tmp_path / name).write_text("looks like text", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{name} is no text file: save its text as UTF-8"):
        tokenize_shard(tmp_path / name, tmp_path / "tokens" / "a.bin", tokenizer)
    assert list((tmp_path / "tokens").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "a.jsonl",
            b'{"text": "a"}\n{"text": "\xff"}\n',
            "a.jsonl, line 2: UnicodeDecodeError.* 0xff in position 10",
        ),
        (
            "a.jsonl",
            b'{"text": "a"}\n\n{"text": "a\\ud83d"}',
            r"line 3: .*lone surrogate, '.ud83d' at position 1",
        ),
        ("a.jsonl", b'{"text": "a"}\n[{"text": "b"}]', r'line 2: .*no object with a "text", but \[\{'),
        ("a.jsonl", b'{"content": "a"}', r'line 1: .*no object with a "text", but .*content'),
        ("a.jsonl", b'{"text": null}', 'line 1: .*"text" must be a str, not NoneType'),
        ("a.jsonl", b'{"text": "a"} {"text": "b"}', "line 1: .*Extra data"),
        ("a.jsonl", b'{"text": "a"}\n' + b"\x00" * 40, "line 2: JSONDecodeError"),
        ("a.jsonl", b"[" * 200_000, "line 1: RecursionError"),
        ("a.json", b'{\n "text": "a"\n}', "line 1: JSONDecodeError.*Each line must be"),
        ("a.json", b'[{"text": "a"},\n', "line 1: JSONDecodeError"),
        ("a.txt", b"fine \xe9t\xe9", r"a.txt is not UTF-8 at byte offset 5"),
        ("a.jsonl.gz", gz(LINES.encode())[:-9], "a.jsonl.gz is damaged, or cut off"),
        ("a.jsonl.zst", zstandard.compress(LINES.encode())[:-3], "a.jsonl.zst is damaged, or cut off"),
        ("a.jsonl", LINES.encode("utf-16-le"), "UTF-16 without a byte order mark"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(tmp_path, tokenizer, name, data, words):
    (tmp_path / name).write_bytes(data)
    for read in (
        lambda: list(read_documents(tmp_path / name)),
        lambda: tokenize_shard(tmp_path / name, tmp_path / "tokens" / "a.bin", tokenizer),
    ):
        with pytest.raises(ValueError, match=words):
            read()


def table_of(**columns):
    """A Parquet file, three rows to a row group."""
    file = io.BytesIO()
    parquet.write_table(
        pyarrow.table(columns), file, row_group_size=3, compression="none", write_page_checksum=True
    )
    return file.getvalue()


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    "name", ["a.parquet", "a.PARQUET", "a.v2.parquet", "a.parquet.bak", "a.jsonl.parquet"]
)
@pytest.mark.parametrize("kind", ["string", "large_string", "dictionary"])
def test_the_column_of_texts_is_read_from_parquet_whatever_its_type(tmp_path, name, kind):
    of = pyarrow.dictionary("int32", "string") if kind == "dictionary" else getattr(pyarrow, kind)()
    texts = pyarrow.array([*TWO * 4, ""], of)
    (tmp_path / name).write_bytes(table_of(url=[str(i) for i in range(9)], text=texts))
    assert list(read_documents(tmp_path / name)) == [*TWO * 4, ""]


def test_parquet_without_rows_has_no_documents(tmp_path):
    (tmp_path / "a.parquet").write_bytes(table_of(text=pyarrow.array([], "string")))
    assert list(read_documents(tmp_path / "a.parquet")) == []


GOOD = table_of(text=[f"number {i}" for i in range(8)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            table_of(content=["a"], url=["b"]),
            r"""row 0: .*columns \['content', 'url'\]: rename .* to "text\"""",
        ),
        (table_of(text=["a", None]), 'row 2: .*"text" must be a str, not NoneType'),
        (table_of(text=[1, 2]), 'row 1: .*"text" must be a str, not int'),
        (table_of(text=[b"a", b"\xff"]), 'row 1: .*"text" must be a str, not bytes'),
        (b"text\none\n", "row 0: ArrowInvalid: .*fetch it again"),
        (b"", "row 0: ArrowInvalid"),
        (GOOD[:-9], "row 0: ArrowInvalid"),
        (GOOD[9:], "row 0: "),
        (flipped(GOOD, GOOD.index(b"number 1")), "row 0: .*CRC.*fetch it again"),
        (flipped(GOOD, GOOD.index(b"number 5")), "row [036]: .*CRC.*fetch it again"),
    ],
)
def test_a_parquet_file_that_cannot_be_read_is_named(tmp_path, tokenizer, data, words):
    (tmp_path / "a.parquet").write_bytes(data)
    for read in (
        lambda: list(read_documents(tmp_path / "a.parquet")),
        lambda: tokenize_shard(tmp_path / "a.parquet", tmp_path / "tokens" / "a.bin", tokenizer),
    ):
        with pytest.raises(ValueError, match=rf"a.parquet, {words}"):
            read()


def test_a_missing_parquet_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a.parquet"):
        next(read_documents(tmp_path / "a.parquet"))


def test_a_large_row_group_is_not_held_whole(tmp_path):
    texts = [f"{i} " + "word " * 200 for i in range(30_000)]  # 30 MB in one row group
    parquet.write_table(pyarrow.table({"text": texts}), tmp_path / "a.parquet")
    pool, before = pyarrow.default_memory_pool(), pyarrow.total_allocated_bytes()
    most = max(pool.bytes_allocated() for _ in read_documents(tmp_path / "a.parquet")) - before
    assert parquet.ParquetFile(tmp_path / "a.parquet").num_row_groups == 1
    assert most < 10e6


def test_pyarrow_is_imported_only_for_parquet(tmp_path):
    split_corpus(["one"], tmp_path)
    program = "import sys; from helpers.shards import read_documents as r, tokenize_corpus;"
    program += "print(*r(sys.argv[1]), {'pyarrow', 'torch'}.intersection(sys.modules))"
    command = [sys.executable, "-c", program, tmp_path / "shard-000000.jsonl"]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "one set()\n"


@pytest.mark.parametrize("name", ["a.jsonl", "a.txt"])
def test_a_disk_that_fails_in_the_middle_is_blamed_on_the_source(tmp_path, tokenizer, monkeypatch, name):
    class Failing(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            raise OSError(errno.EIO, "Input/output error")

    (tmp_path / name).write_bytes(b'{"text": "one"}\n')
    monkeypatch.setattr("helpers.files._unpacked", lambda file: io.BufferedReader(Failing()))
    with pytest.raises(OSError, match=rf"Input/output error: '.*{name}'"):
        tokenize_shard(tmp_path / name, tmp_path / "a.bin", tokenizer)
