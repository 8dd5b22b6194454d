"""The map at the head of the lessons."""

import pytest

from helpers.bpe import BPETokenizer
from helpers.corpus import cache_folder
from lessons import way


def lit(lesson, monkeypatch):
    shown = []
    monkeypatch.setattr(way, "show", lambda fig, alt: shown.append(alt))
    way.show_way(lesson)
    return shown[0].partition("lit here: ")[2].split(", ")


def test_each_lesson_has_a_station_of_the_way_and_no_station_has_another(monkeypatch):
    numbers = {number for lessons, _, _ in way.STATIONS for number in lessons.split()}
    assert numbers == {f"{n:02}" for n in range(1, 11)}
    assert lit("03", monkeypatch) == ["tokens", "token ids"]
    assert lit("10", monkeypatch) == ["model"]


def test_a_lesson_that_is_on_no_station_is_refused():
    with pytest.raises(ValueError, match="'11' is on no station"):
        way.show_way("11")


@pytest.mark.skipif(
    not all((cache_folder() / name).exists() for name in ("gpt2-vocab.bpe", "gpt2-encoder.json")),
    reason="GPT-2's files are not in the cache",
)
def test_the_ids_in_the_map_are_those_of_gpt2():
    text, tokens, ids = (example for _, _, example in way.STATIONS[:3])
    gpt2 = BPETokenizer.published("gpt2")
    assert gpt2.encode(text) == [int(i) for i in ids.split()]
    assert [gpt2.decode([int(i)]) for i in ids.split()] == tokens.split("|")
