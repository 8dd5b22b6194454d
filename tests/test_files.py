"""Files of people, in every way that a text is saved; and files of ours, whole or not at all."""

import codecs
import errno
import gzip
import hashlib
import os
import stat
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from helpers import files

gz = partial(gzip.compress, mtime=0)  # the same bytes, and so the same names of tests, in each process

TEXT = "Zoë said:\r\n“Дa”, 日本 👍\n\ttab\r\ufeffend"
SKIPPABLE = (
    b"\x5a\x2a\x4d\x18\x04\x00\x00\x00abcd"  # a frame without text, as the Zstandard format defines it
)


def zst(data):
    return zstandard.ZstdCompressor().compress(data)


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


# ---- reading ----


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gz, zst])
def test_a_text_is_the_same_however_it_was_saved(tmp_path, data, pack):
    path = tmp_path / "any name"
    path.write_bytes(pack(data))
    assert files.read_text(path) == files.read_text(str(path)) == TEXT
    with files.open_utf8(path) as file:
        assert file.read() == TEXT.encode()
    with files.open_utf8(path) as file:
        assert next(iter(file)) == "Zoë said:\r\n".encode()


@pytest.mark.parametrize("name", ["text.txt", "text.gz", "text.zst", "text.TXT.GZ"])
def test_the_bytes_decide_not_the_name(tmp_path, name):
    for data in (b"plain", gz(b"plain"), zst(b"plain")):
        (tmp_path / name).write_bytes(data)
        assert files.read_text(tmp_path / name) == "plain"


@pytest.mark.parametrize("data", [b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, gz(b""), zst(b"")])
def test_an_empty_file_is_an_empty_text(tmp_path, data):
    (tmp_path / "empty").write_bytes(data)
    assert files.read_text(tmp_path / "empty") == ""


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (zst(b"one ") + zst(b"two"), "one two"),
        (zst(b"one ") + SKIPPABLE + zst(b"two") + SKIPPABLE, "one two"),
        (SKIPPABLE + zst(b"one"), "one"),
        (zst(b"") + zst(b"one"), "one"),
        (gz(b"one ") + gz(b"two"), "one two"),
    ],
)
def test_an_archive_may_have_several_parts(tmp_path, data, text):
    (tmp_path / "parts").write_bytes(data)
    assert files.read_text(tmp_path / "parts") == text


def test_a_frame_with_a_window_of_256_mib_is_read(tmp_path):
    settings = zstandard.ZstdCompressionParameters(window_log=28)
    packer = zstandard.ZstdCompressor(
        compression_params=settings
    ).compressobj()  # its size is not known before
    (tmp_path / "long.zst").write_bytes(packer.compress(b"x" * 99) + packer.flush())
    assert files.read_text(tmp_path / "long.zst") == "x" * 99


@given(st.binary(max_size=200), st.integers(1, 50))
def test_packed_bytes_come_back_in_pieces_of_any_size(tmp_path_factory, data, size):
    path = tmp_path_factory.getbasetemp() / "pieces"
    path.write_bytes(zst(b"begin" + data[:70]) + zst(data[70:]))
    with files.open_utf8(path) as file:
        assert b"".join(iter(lambda: file.read(size), b"")) == b"begin" + data


@pytest.mark.parametrize("pack", [gz, zst])
@pytest.mark.parametrize("keep", [0.2, 0.5, -1, -3])
def test_an_archive_that_was_cut_off_is_named(tmp_path, pack, keep):
    data = pack(os.urandom(3000).hex().encode())
    path = tmp_path / "text.packed"
    path.write_bytes(data[: int(keep * len(data)) if keep > 0 else keep])
    with pytest.raises(ValueError, match=r"text\.packed is damaged, or cut off: .*\. Fetch it again"):
        files.read_text(path)


def test_an_archive_with_a_changed_byte_is_named(tmp_path):
    data = bytearray(gz(b"one two three" * 50))
    data[len(data) // 2] ^= 255
    (tmp_path / "text.gz").write_bytes(data)
    with pytest.raises(ValueError, match=r"text\.gz is damaged"):
        files.read_text(tmp_path / "text.gz")


@pytest.mark.parametrize("data", [gz(b"one"), zst(b"one")])
def test_what_stands_behind_an_archive_is_not_dropped_in_silence(tmp_path, data):
    (tmp_path / "text").write_bytes(data + b"something else")
    with pytest.raises(ValueError, match="is damaged"):
        files.read_text(tmp_path / "text")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PAR1\x15\x04", "Parquet"),
        (b"PK\x03\x04\x14\x00", "zip"),
        (b"%PDF-1.7", "PDF"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00\x00", "xz"),
        (b"\x93NUMPY\x01", "NumPy"),
        (gz(b"PAR1\x15\x04"), "Parquet"),
    ]
    + [
        (text.encode(encoding), "UTF-16 without a byte order mark")
        for text in ("ab", "A peg.", "Привет, мир", "ελληνικά", "שלום", "مرحبا", "ࠁࠂࠃ")
        for encoding in ("utf-16-le", "utf-16-be")
    ],
)
def test_what_is_surely_no_utf8_is_refused_by_kind(tmp_path, data, kind):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(ValueError, match=rf"file is .*{kind}.*: export its text as UTF-8"):
        files.read_text(tmp_path / "file")


@pytest.mark.parametrize(
    "text", ["a\x00", "a\x00b\x00c d", "\x00\x00", "a\tb\tc\td\te", "\n\n\n\n", "a\nb\nc\n"]
)
def test_control_characters_alone_make_no_other_encoding(tmp_path, text):
    (tmp_path / "file").write_bytes(text.encode())
    assert files.read_text(tmp_path / "file") == text


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_what_is_not_utf8_is_named_with_the_byte_offset(tmp_path, mark):
    (tmp_path / "latin1.txt").write_bytes(mark + b"caf\xe9 au lait")
    with pytest.raises(
        UnicodeDecodeError, match=r"latin1\.txt is not UTF-8 at byte offset 3: save it as UTF-8"
    ):
        files.read_text(tmp_path / "latin1.txt")


def test_half_a_character_of_utf16_is_named(tmp_path):
    (tmp_path / "odd.txt").write_bytes(codecs.BOM_UTF16_LE + "abc".encode("utf-16-le")[:-1])
    with pytest.raises(UnicodeDecodeError, match=r"odd\.txt is not UTF-16 at byte offset"):
        files.read_text(tmp_path / "odd.txt")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.txt"):
        files.read_text(tmp_path / "missing.txt")


def test_the_sha256_is_that_of_the_bytes(tmp_path):
    data = os.urandom(3 * 2**20 + 1)
    (tmp_path / "file").write_bytes(data)
    assert files.file_sha256(tmp_path / "file") == hashlib.sha256(data).hexdigest()


# ---- paths ----


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert files.as_path("folder", "~/texts") == tmp_path / "texts"
    with files.whole_file("~/one.txt") as file:
        file.write(b"one")
    assert files.read_text("~/one.txt") == "one"
    assert files.file_sha256("~/one.txt") == hashlib.sha256(b"one").hexdigest()


def test_a_home_that_nobody_knows_is_said():
    with pytest.raises(
        ValueError, match=r"folder is '~no-such-user/texts', but no home folder is known: give"
    ):
        files.as_path("folder", "~no-such-user/texts")


@pytest.mark.parametrize("value", [None, 5, b"bytes", ["a"]])
def test_what_is_no_path_is_named(value):
    with pytest.raises(TypeError, match="folder must be a path, not"):
        files.as_path("folder", value)


# ---- writing ----


def write(path, data=b"new"):
    with files.whole_file(path) as file:
        file.write(data)


def test_a_file_is_written_whole_and_nothing_else_is_left(tmp_path):
    data = os.urandom(2 * files.CHUNK + 1)
    write(tmp_path / "file.bin", data)
    assert (tmp_path / "file.bin").read_bytes() == data
    write(tmp_path / "file.bin")
    assert (tmp_path / "file.bin").read_bytes() == b"new"
    assert files_in(tmp_path) == ["file.bin"]


@pytest.mark.parametrize(
    "error", [ValueError("no"), KeyboardInterrupt(), UnicodeEncodeError("utf-8", "x", 0, 1, "y")]
)
def test_an_error_in_the_block_leaves_the_old_file_and_passes(tmp_path, error):
    write(tmp_path / "file", b"old")
    with pytest.raises(type(error)) as caught, files.whole_file(tmp_path / "file") as file:
        file.write(b"half")
        raise error
    assert caught.value is error
    assert (tmp_path / "file").read_bytes() == b"old" and files_in(tmp_path) == ["file"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_with_the_file_and_the_way_out(tmp_path, number):
    says = pytest.raises(OSError, match=r"the\.file could not be written \(.*\): make room")
    with says as caught, files.whole_file(tmp_path / "the.file"):
        raise OSError(number, os.strerror(number))
    assert caught.value.errno == number and ".tmp" not in str(caught.value)
    assert files_in(tmp_path) == []


def test_an_error_of_another_file_is_not_taken_for_ours(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, files.whole_file(tmp_path / "target"):
        (tmp_path / "source").read_bytes()
    assert caught.value.filename == str(tmp_path / "source") and "could not be written" not in str(
        caught.value
    )
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("below", ["missing/file", "a-file/file", "", "."])
def test_a_place_where_no_file_can_be_is_named_with_the_way_out(tmp_path, below):
    (tmp_path / "a-file").write_text("kept")
    with pytest.raises(OSError, match=r"could not be written \([^)]*\): (make room|give the name)") as caught:
        write(tmp_path / below)
    assert str(tmp_path / below) in str(caught.value) and ".tmp" not in str(caught.value)
    assert files_in(tmp_path) == ["a-file"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no devices among its files")
def test_a_device_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(
        OSError, match=r"pipe could not be written \(it is no file\): give the name of a file"
    ):
        write(tmp_path / "pipe")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002, 0])
def test_permissions_are_those_of_any_new_file(tmp_path, mask):
    before = os.umask(mask)
    try:
        write(tmp_path / "file")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path):
    (tmp_path / "target").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write(tmp_path / "link")
    assert (tmp_path / "target").read_text() == "kept"
    assert (tmp_path / "link").read_bytes() == b"new" and not (tmp_path / "link").is_symlink()


def test_a_name_of_255_bytes_can_be_written(tmp_path):
    for name in ("a" * 251 + ".txt", "é" * 120):
        write(tmp_path / name)
        assert files_in(tmp_path) == [name]
        (tmp_path / name).unlink()


def test_threads_that_write_and_read_one_file_meet_only_whole_ones(tmp_path):
    path, wrong = tmp_path / "file", []
    write(path, b"0" * 10_000)

    def turns(digit):
        for _ in range(10):
            write(path, digit * 10_000)
            if len(set(path.read_bytes())) != 1 or path.stat().st_size != 10_000:
                wrong.append(digit)

    threads = [threading.Thread(target=turns, args=(b"%d" % n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and files_in(tmp_path) == ["file"]


def killed_while_writing(path):
    """Start a process that is killed in the middle of writing `path`."""
    program = (
        "import os, sys; from helpers.files import whole_file\n"
        "with whole_file(sys.argv[1]) as file: file.write(b'half'); file.flush(); os._exit(9)"
    )
    run = [sys.executable, "-c", program, str(path)]
    assert subprocess.run(run, cwd=Path(__file__).parent.parent).returncode == 9


def test_what_a_killed_run_left_is_removed_once_it_is_old(tmp_path):
    path = tmp_path / "a[1]*.json"  # brackets mean something to glob
    killed_while_writing(path)
    (left,) = tmp_path.iterdir()
    write(path)
    assert left.exists(), "another run may be at work on it"
    os.utime(left, (0, 0))
    others = [tmp_path / ".a1*.json.x.tmp", tmp_path / ".other.tmp", tmp_path / "a[1]*.json.tmp"]
    for other in others:
        other.write_text("kept")
        os.utime(other, (0, 0))
    write(path)
    assert not left.exists() and files_in(tmp_path) == sorted([path.name, *(other.name for other in others)])


def test_leftovers_of_any_age_can_be_removed_by_prefix(tmp_path):
    for name in (".shard-1.x.tmp", ".shard-2.tmp", ".other-1.tmp", "shard-3.tmp"):
        (tmp_path / name).touch()
    files.remove_leftovers(tmp_path, "shard-", age=0)
    assert files_in(tmp_path) == [".other-1.tmp", "shard-3.tmp"]
