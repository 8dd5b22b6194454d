"""The playground of the site, in a real browser and from its files: ids, merges, keyboard, no request.

Skipped where there is no chromium, unless BROWSER_TESTS=required.
"""

import doctest
import importlib.util
import io
import json
import random
import shutil
from itertools import pairwise
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from helpers import corpus
from helpers.bpe import BPETokenizer
from lessons.playground import piece
from lessons.plots import png

ROOT = Path(__file__).resolve().parents[2]
SPACES = [*" \n\r\t\v\f\x1c\x1d\x1e\x1f\x85\xa0", "\u1680", "\u180e", "\u200b", "\u2028", "\u3000", "\ufeff"]
AWKWARD = [
    "'s",
    "'S",
    "'\u017f",
    "'LL",
    "'Ve",
    "’s",
    "\u017f",
    "\u212a",
    "ǅ",
    "ʰ",
    "İ",
    "ß",
    "e\u0301",
    "\u0301",
    "각",
]
AWKWARD += [
    "👩\u200d👩\u200d👧",
    "🇮🇹",
    "नमस्ते",
    "½",
    "٣",
    "Ⅷ",
    "龥",
    "龦",
    "ー",
    "゠",
    "\r\n",
    "\0",
    "//",
    "\u0344",
]
AWKWARD += [
    "<think>",
    "</tool_call>",
    "<|endoftext|>",
    "<|im_start|>",
    "<｜User｜>",
    "<｜begin▁of▁sentence｜>",
    "<|im_<think>",
]
KINDS = [
    SPACES,
    AWKWARD,
    "abcdeXYZ",
    "aA'sSdDmMtTlLvVrReE ",
    "0123456789",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    " \n\r\t/",
]


def tool(name: str):
    """A file of the folder tools, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data():
    return tool("playground_data")


@pytest.fixture(scope="module")
def tokenizers(browser, data, load_published):
    """The vocabularies at hand; `browser` comes first, as without one none is needed."""
    with mock.patch.object(BPETokenizer, "published", load_published):
        return data.at_hand()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, data, tokenizers):
    """A copy of the playground, with its data."""
    folder = tmp_path_factory.mktemp("site") / "play ground"
    shutil.copytree(ROOT / "docs" / "playground", folder, ignore=shutil.ignore_patterns("data"))
    data.write(folder / "data", tokenizers)
    return folder


@pytest.fixture
def page(browser, folder):
    """The page, open from its file. At the end: nothing was asked of a network, and the console is empty."""
    page, said = browser.new_page(viewport={"width": 1200, "height": 900}), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.set_default_timeout(20_000)
    page.goto((folder / "index.html").as_uri())
    page.wait_for_selector("[role=option]")
    yield page
    page.close()
    assert [what for what in said if not what.startswith(("file:", "data:"))] == []


def random_strings(n: int, seed: int = 0) -> list[str]:
    """Strings of many kinds: of any script, of one block, words, spaces, and what patterns treat apart."""
    draw, words = random.Random(seed), corpus.load_story().split(" ")
    planes = [(0x20, 0x3000), (0x3000, 0xD800), (0xE000, 0x20000), (0x20000, 0x110000)]
    character = lambda: chr(draw.randrange(*draw.choice(planes)))

    def block() -> str:
        start = draw.choice([draw.randrange(0x80, 0xD7E0), draw.randrange(0x10000, 0x1F800)])
        return "".join(chr(start + draw.randrange(32)) for _ in range(draw.randint(1, 6)))

    kinds = [
        lambda: " ".join(draw.choices(words, k=draw.randint(1, 4))),
        block,
        lambda: "".join(character() for _ in range(draw.randint(1, 3))),
        lambda: draw.choice(draw.choice([*KINDS, [character()]])) * draw.randint(1, 9),
        lambda: "".join(draw.choices(draw.choice(KINDS), k=draw.randint(1, 5))),
    ]
    return ["".join(draw.choice(kinds)() for _ in range(draw.randint(1, 7))) for _ in range(n)]


IDS = """async ([name, texts]) => {
    const tokenizer = await textToTensors.tokenizer(name);
    return JSON.stringify(JSON.parse(texts).map((text) => tokenizer.encode(text).map((token) => token.id)));
}"""


def ids_in_the_browser(page, name: str, texts: list[str]) -> list[list[int]]:
    return json.loads(page.evaluate(IDS, [name, json.dumps(texts)]))  # as JSON it goes over in one piece


def test_ids_are_those_of_helpers_on_2000_random_strings(page, tokenizers):
    texts = random_strings(2000)
    for name, tokenizer in tokenizers.items():
        for text, ids in zip(texts, ids_in_the_browser(page, name, texts), strict=True):
            assert ids == tokenizer.encode(text), (name, text)


def test_ids_are_those_of_helpers_on_long_runs_and_pages(page, tokenizers):
    """Runs without a cut take n log n steps; were it n squared, this would not end in its time."""
    texts = [
        "a" * 10_000,
        " " * 10_000 + "x",
        "漢" * 3000,
        "\n" * 5000,
        "ab!" * 3000,
        corpus.load_story()[:10_000],
    ]
    for name, tokenizer in tokenizers.items():
        for text, ids in zip(texts, ids_in_the_browser(page, name, texts), strict=True):
            assert ids == tokenizer.encode(text), (name, text[:20])


def merge_steps(tokenizer, word: str) -> list[list[bytes]]:
    """The pieces of `word` after each merge, by a plain loop over the ranks of the tokenizer."""
    vocabulary, vocab = tokenizer._vocabulary, tokenizer.vocab
    ids = [vocabulary.tokens[bytes([byte])] for byte in word.encode()]
    states = [ids]
    while ranked := [
        (vocabulary.ranks[pair], at) for at, pair in enumerate(pairwise(ids)) if pair in vocabulary.ranks
    ]:
        rank, at = min(ranked)
        ids = [*ids[:at], vocabulary.made[rank], *ids[at + 2 :]]
        states.append(ids)
    assert ids == tokenizer.encode(word)
    return [[vocab[i] for i in state] for state in states]


STEPS = """async ([name, words]) => {
    const tokenizer = await textToTensors.tokenizer(name);
    return words.map((word) => tokenizer.steps(word).map((state) => state.tokens));
}"""


def test_the_steps_of_a_word_are_the_merges_of_helpers(page, tokenizers):
    words = [" unbelievable", "lowest", "banana", "aaaaaaa", " tokenization", "नमस्ते", "naïve", "🙂", "x"]
    for name, tokenizer in tokenizers.items():
        for word, states in zip(words, page.evaluate(STEPS, [name, words]), strict=True):
            found = [[piece.encode("latin-1") for piece in state] for state in states]
            assert found == merge_steps(tokenizer, word), (name, word)


def pieces(page) -> list[str]:
    return page.locator("#pg-pieces .pg-token").all_text_contents()


def test_one_steps_through_the_merges_by_buttons_slider_and_keys(page, tokenizers):
    ours, word = tokenizers["ours"], " lowest"
    states = [[piece.decode().replace(" ", "␣") for piece in state] for state in merge_steps(ours, word)]
    page.locator("#pg-word").fill(word)
    page.wait_for_function("document.querySelectorAll('#pg-pieces li').length === 7")
    forward, back = (page.get_by_role("button", name=name) for name in ("Next merge", "Back"))
    slider = page.get_by_role("slider", name="Step")
    said = page.locator("#pg-state")
    for at, state in enumerate(states):
        assert pieces(page) == state
        assert said.inner_text().startswith(f"Step {at} of {len(states) - 1}: {len(state)} piece")
        if at:
            rank, made = made_by(ours, states, at)
            assert f"became “{made}”, id {256 + rank}, by the merge of rank {rank:,}." in said.inner_text()
        forward.press("Enter") if at % 2 else forward.click()
    assert pieces(page) == states[-1] and forward.get_attribute("aria-disabled") == "true"
    assert said.get_attribute("aria-live") == "polite"
    back.press("Space")
    assert pieces(page) == states[-2]
    slider.press("Home")
    assert pieces(page) == states[0]
    slider.press("ArrowRight")
    assert pieces(page) == states[1] and slider.get_attribute("aria-valuetext") == f"1 of {len(states) - 1}"


def made_by(tokenizer, states: list[list[str]], at: int) -> tuple[int, str]:
    """The rank of merge number `at` of a word, and what it made."""
    left = next(n for n, piece in enumerate(states[at]) if piece != states[at - 1][n])
    pair = tuple(piece.replace("␣", " ").encode() for piece in states[at - 1][left : left + 2])
    return tokenizer.merges.index(pair), states[at][left]


def counts(page) -> dict[str, str]:
    return dict(zip(page.locator("dt").all_inner_texts(), page.locator("dd").all_inner_texts(), strict=True))


def test_tokens_counts_and_ids_follow_what_one_types_without_a_mouse(page, tokenizers):
    ours, text = tokenizers["ours"], "the naïve café\n 🙂"
    ids = ours.encode(text)
    area = page.get_by_label("Type or paste a text")
    area.press("ControlOrMeta+A")
    page.keyboard.press("Delete")
    page.wait_for_function("document.querySelectorAll('[role=option]').length === 0")
    assert counts(page) == {"tokens": "0", "characters": "0", "bytes": "0", "bytes a token": "–"}
    page.keyboard.insert_text(text)
    page.wait_for_function("n => document.querySelectorAll('[role=option]').length === n", arg=len(ids))
    size = len(text.encode())
    wanted = {
        "tokens": len(ids),
        "characters": len(text),
        "bytes": size,
        "bytes a token": f"{size / len(ids):.2f}",
    }
    assert counts(page) == {name: str(value) for name, value in wanted.items()}
    assert page.locator("#pg-ids").text_content() == " ".join(map(str, ids))
    drawn = "".join(page.locator("[role=option]").all_text_contents())
    assert drawn.startswith("the␣na") and "↵" in drawn and "‹F0›" in drawn

    while (
        page.evaluate("document.activeElement.role || document.activeElement.getAttribute('role')")
        != "listbox"
    ):
        page.keyboard.press("Tab")
    for n, i in enumerate(ids):
        token = ours.vocab[i]
        said = page.locator("#pg-detail").inner_text()
        assert said.startswith(f"Token {n + 1} of {len(ids)}: ") and f"id {i}, " in said
        assert f": {token.hex(' ').upper()}." in said
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")  # takes the word apart that holds the second token
    assert page.locator("#pg-word").input_value() == " naïve"


def test_another_vocabulary_is_loaded_when_it_is_chosen(page, tokenizers):
    loaded = "[...document.scripts].map((script) => script.src.split('/').at(-1))"
    assert page.evaluate(loaded)[:2] == ["bpe.js", "playground.js"]
    assert sorted(page.evaluate(loaded)[2:]) == ["list.js", "ours.js"]
    text = page.get_by_label("Type or paste a text").input_value()
    radios = page.locator("input[type=radio]")
    assert [radio.get_attribute("value") for radio in radios.all()] == list(tokenizers)
    radios.first.focus()
    for name in [*tokenizers][1:]:
        page.keyboard.press("ArrowRight")
        ids = " ".join(map(str, tokenizers[name].encode(text)))
        page.wait_for_function("ids => document.querySelector('#pg-ids').textContent === ids", arg=ids)
        assert f"{name}.js" in page.evaluate(loaded)
    wanted = [f"{len(tokenizer.encode(text))} tokens" for tokenizer in tokenizers.values()]
    said = "[...document.querySelectorAll('#pg-vocabularies small')].map((small) => small.textContent)"
    page.wait_for_function(f"wanted => JSON.stringify({said}) === JSON.stringify(wanted)", arg=wanted)


def test_half_a_character_is_replaced_and_said(page, tokenizers):
    area = page.get_by_label("Type or paste a text")
    area.evaluate("area => { area.value = '\\ud83d x'; area.dispatchEvent(new Event('input')); }")
    page.wait_for_function("document.querySelector('#pg-note').textContent.includes('lone surrogate')")
    ids = tokenizers["ours"].encode("\ufffd x")
    assert page.locator("#pg-ids").text_content() == " ".join(map(str, ids))


def test_of_a_long_text_the_first_tokens_are_drawn_and_all_are_counted(page, tokenizers):
    text = corpus.load_story()
    page.get_by_label("Type or paste a text").fill(text)
    n = len(tokenizers["ours"].encode(text))
    page.wait_for_function("n => document.querySelector('dd').textContent === n", arg=f"{n:,}")
    assert page.locator("[role=option]").count() == 1000
    assert (
        f"The first 1,000 tokens are drawn; all {n:,} are counted." in page.locator("#pg-note").inner_text()
    )


@pytest.mark.parametrize("dark", ["light", "dark"])
def test_it_fits_a_phone_and_every_control_has_a_name(browser, folder, dark):
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=dark)
    page.goto((folder / "index.html").as_uri())
    page.wait_for_selector("[role=option]")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for control in page.locator("textarea, input, button, [role=listbox]").all():
        assert control.evaluate("c => c.labels?.length || c.textContent.trim() || c.ariaLabel"), control
    back = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert (back == "rgb(255, 255, 255)") == (dark == "light")
    page.close()


# ---- the data ----


def test_nothing_is_fetched_and_a_damaged_file_is_not_offered(data, monkeypatch, tmp_path):
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", str(tmp_path))
    monkeypatch.setattr(corpus, "library_documents", lambda: ["a short text"])
    monkeypatch.setattr(corpus, "fetch", lambda name: pytest.fail(f"fetched {name}"))
    monkeypatch.setattr(data, "OURS", 400)
    (tmp_path / "cl100k_base.tiktoken").write_bytes(b"damaged")
    assert list(data.at_hand()) == ["ours"]


def test_the_examples_of_the_data_hold(data):
    assert doctest.testmod(data).failed == 0


@pytest.mark.parametrize("pattern", ["(?<=a)b", "a.b", "(ab)++", r"(?P<name>a)"])
def test_a_pattern_that_cannot_be_said_in_javascript_is_refused(data, pattern):
    with pytest.raises(ValueError, match="playground"):
        data.to_javascript(pattern)


def test_a_vocabulary_with_another_rule_is_refused(data):
    """The second token has a merge that its own bytes never come to: ab goes first."""
    merges = [(b"a", b"b"), (b"b", b"c"), (b"a", b"bc")]
    with pytest.raises(ValueError, match="1 tokens are not what"):
        data.as_data(BPETokenizer(merges))


# ---- the picture of the README, from the same vocabularies ----


def test_the_picture_of_the_readme_shows_today_s_tokens(tokenizers):
    readme = tool("readme_picture")
    if missing := set(readme.SHOWN) - set(tokenizers):
        pytest.skip(f"no files of {missing}")
    today = {label: tokenizers[name] for name, label in readme.SHOWN.items()}
    fig = readme.draw_today(readme.TEXT, today)
    for ax, (label, tokenizer) in zip(fig.axes, today.items(), strict=True):
        tokens = [tokenizer.decode_bytes([i]) for i in tokenizer.encode(readme.TEXT)]
        assert ax.get_title(loc="left") == f"{label}: {len(tokens)} tokens"
        assert [text.get_text() for text in ax.texts] == [piece(token).replace(" ", "␣") for token in tokens]
    drawn, stored = (
        Image.open(file).convert("RGB") for file in (io.BytesIO(png(fig, dpi=200)), readme.PICTURE)
    )
    assert drawn.size == stored.size
    assert np.abs(np.asarray(drawn, float) - np.asarray(stored)).mean() < 2, "run tools/readme_picture.py"
