"""The playground shows the tokens that the tokenizers make; the messages are what Sphinx says."""

import base64
import gettext
import io
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import sphinx
from PIL import Image
from requests.exceptions import ConnectionError

from helpers import corpus
from helpers.bpe import BPETokenizer
from helpers.bpe.tokenizer import PUBLISHED
from lessons import playground as module
from lessons.languages import LANGUAGES, messages, names
from lessons.playground import MOST_SHOWN, boxes, in_use, piece, playground

SMALL = BPETokenizer.train("the cat sat on the mat, the café too <|endoftext|> " * 3, 280)
BYTES = BPETokenizer([])
FILES = {"gpt2": "gpt2-vocab.bpe", "o200k_base": "o200k_base.tiktoken", "qwen3": "qwen3-tokenizer.json"}
TEXTS = [
    "the cat sat on the mat",
    'a <b>bold</b> claim & "quotes", it\'s',
    "Результаты поиска, खोज परिणाम, 検索結果",
    "👩‍👩‍👧 and 👍🏽",  # five code points, and two
    "\n",
    "a\n\n\tb\r\n  c ",
    "<|endoftext|>",
    "\x00\u200d\ufeff",
    "",
]


class Spans(HTMLParser):
    """The title and the text of each span, as a browser reads them."""

    def __init__(self, html):
        super().__init__()
        self.titles, self.texts, self.inside = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.inside = tag == "span"
        if self.inside:
            self.titles.append(dict(attributes)["title"])
            self.texts.append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.texts[-1] += data


def read_back(html):
    """The ids, and the bytes of all tokens joined, from what one reads on pointing at each."""
    titles = [re.fullmatch(r"id (\d+), bytes ([0-9A-F ]+)", title) for title in Spans(html).titles]
    return [int(t[1]) for t in titles], b"".join(bytes.fromhex(t[2]) for t in titles)


def unmarked(text):
    return text.replace("↵\n", "\n").translate(str.maketrans("␣⇥␍", " \t\r"))


@pytest.mark.parametrize("tokenizer", [SMALL, BYTES], ids=["small", "bytes"])
@pytest.mark.parametrize("text", TEXTS)
def test_the_boxes_hold_the_ids_and_join_to_the_text(tokenizer, text):
    html = boxes(tokenizer, tokenizer.encode(text))
    assert read_back(html) == (tokenizer.encode(text), text.encode())


@pytest.mark.parametrize("text", TEXTS[:2])
def test_what_one_sees_in_the_boxes_joins_to_the_text(text):
    assert unmarked("".join(Spans(boxes(SMALL, SMALL.encode(text))).texts)) == text


@pytest.mark.parametrize("name", FILES)
def test_published_tokenizers_are_shown_with_their_ids(name):
    if not (corpus.cache_folder() / FILES[name]).exists():
        pytest.skip(f"{FILES[name]} is not in the cache")
    (tokenizer,) = in_use(name).values()
    for text in TEXTS:
        assert read_back(boxes(tokenizer, tokenizer.encode(text))) == (tokenizer.encode(text), text.encode())


@pytest.mark.parametrize("token", [b"\xf0\x9f", "\u200d".encode(), b"\x00", "\ufeff\u200b".encode()])
def test_a_token_that_nobody_could_see_is_shown_by_its_bytes(token):
    assert piece(token) == f"‹{token.hex().upper()}›"


def test_of_a_long_text_the_first_tokens_are_drawn_and_all_are_counted():
    text = "x" * 100_000
    shown = playground(text, {"bytes": BYTES}, alt="many")
    assert "bytes: 100,000 tokens, 1.00 bytes a token" in shown.shown.value
    assert len(Spans(shown.shown.value).titles) == MOST_SHOWN
    assert f"{100_000 - MOST_SHOWN:,} more" in shown.shown.value
    assert Image.open(io.BytesIO(shown.first)).height < 1000


def test_typing_and_choosing_change_what_is_shown():
    live = playground("the cat", {"small <1>": SMALL, "bytes": BYTES}, alt="a cat")
    assert f"small &lt;1&gt;: {len(SMALL.encode('the cat'))} tokens" in live.shown.value
    live.box.value = "mat"
    assert read_back(live.shown.value)[0] == SMALL.encode("mat") + BYTES.encode("mat")
    live.choices["small <1>"].value = False
    assert read_back(live.shown.value)[0] == BYTES.encode("mat")
    live.choices["bytes"].value = False
    assert live.shown.value == "Choose a tokenizer."


def test_half_a_character_is_said_where_it_is_typed():
    live = playground("the cat", {"small": SMALL, "bytes": BYTES}, alt="a cat")
    live.box.value = "a\ud83d"
    assert live.shown.value.count("surrogate") == 1 and "<span" not in live.shown.value
    live.box.value = "cat"
    assert read_back(live.shown.value)[0] == SMALL.encode("cat") + BYTES.encode("cat")


def test_elsewhere_it_is_a_picture_of_the_first_text_with_alt_text_and_counts():
    live = playground("the café", {"small": SMALL, "bytes": BYTES}, alt="A café")
    live.box.value = "something else"
    data, metadata = live._repr_mimebundle_()
    counts = f"small {len(SMALL.encode('the café'))}, bytes 9"
    assert data["text/plain"] == f"playground, tokens: {counts}"
    assert metadata == {"image/png": {"alt": "A café"}}
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB"))
    assert pixels.std() > 3 and (pixels[0, 0] == 255).all()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == live.comm.comm_id
    assert not plt.get_fignums()


def test_without_a_tokenizer_it_says_what_to_give():
    with pytest.raises(ValueError, match=r"tokenizers is empty: give at least one"):
        playground("text", {}, alt="nothing")


def test_without_files_and_network_one_sentence_names_what_is_left_out(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", str(tmp_path))
    module._published.cache_clear()
    tried = []

    def no_network(url, *_):
        tried.append(url)
        raise ConnectionError("no network")

    monkeypatch.setattr(corpus, "_download", no_network)
    assert in_use("gpt2", "o200k_base", "qwen3") == {}
    assert len(tried) == 1, "one failed download is enough"
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.endswith("could not be fetched: GPT-2, GPT-4o, Qwen3.\n")
    module._published.cache_clear()


def test_every_published_name_has_a_model_and_its_files():
    assert list(module.MODELS) == PUBLISHED
    for name in PUBLISHED:
        assert [file for file in corpus.DOWNLOADS if file.startswith(name)]


# ---- the messages in ten languages ----

SCRIPTS = dict(
    zip(
        LANGUAGES,
        "LATIN LATIN LATIN LATIN CYRILLIC GREEK DEVANAGARI CJK HIRAGANA HANGUL".split(),
        strict=True,
    )
)


def test_each_message_is_the_translation_that_gettext_finds():
    said = messages()
    assert list(said) == list(LANGUAGES) and len(set(map(len, said.values()))) == 1
    assert len(said["English"]) > 60
    for language, code in LANGUAGES.items():
        if code == "en":
            continue
        path = Path(sphinx.__file__).parent / "locale" / code / "LC_MESSAGES" / "sphinx.mo"
        with path.open("rb") as file:
            find = gettext.GNUTranslations(file).gettext
        with path.open("rb") as file:
            keys = [key for key in gettext.GNUTranslations(file)._catalog if isinstance(key, str)]
        by_words = {" ".join(key.split()): key for key in keys}
        for english, other in zip(said["English"], said[language], strict=True):
            assert " ".join(find(by_words[english]).split()) == other != english


def test_no_message_holds_a_placeholder_or_markup():
    assert not [m for texts in messages().values() for m in texts if not m.strip() or "%" in m or "<" in m]


@pytest.mark.parametrize("language", SCRIPTS)
def test_each_language_is_in_its_script(language):
    letters = [c for c in "".join(messages()[language]) if c.isalpha()]
    share = sum(unicodedata.name(c).startswith(SCRIPTS[language]) for c in letters) / len(letters)
    assert share > (0.15 if language == "Japanese" else 0.9)


@pytest.mark.parametrize("language", SCRIPTS)
def test_each_list_of_names_is_in_its_script(language):
    listed = names(language)
    wanted = "KATAKANA" if language == "Japanese" else SCRIPTS[language]
    assert len(listed) > 10_000
    assert sum(unicodedata.name(c, "").startswith(wanted) for c in listed) > 0.4 * len(listed)


def test_names_of_a_country_are_there_and_an_unknown_language_is_refused():
    for language, country in {"English": "Germany", "German": "Deutschland", "Chinese": "德国"}.items():
        assert country in names(language).split("\n")
    with pytest.raises(ValueError, match=r"language must be one of 'English', 'German'.* not 'Welsh'"):
        names("Welsh")
