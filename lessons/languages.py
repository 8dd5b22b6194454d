"""One text in ten languages, translated by people: the messages that come with Sphinx."""

from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import sphinx
from babel.messages.mofile import read_mo
from matplotlib.figure import Figure

_NAMES = "English German Spanish French Russian Greek Hindi Chinese Japanese Korean".split()
_CODES = "en de es fr ru el hi zh_CN ja ko".split()
LANGUAGES = dict(zip(_NAMES, _CODES, strict=True))  # name: folder in sphinx/locale


@cache
def messages() -> dict[str, list[str]]:
    """What Sphinx says to its users, in ten languages: the n-th message of each list means the same.

    Sphinx makes documentation out of text files; volunteers translate what it says. Left out are messages
    that one of the languages lacks or has in English, and those with placeholders or HTML. White space is a
    single space. They come in the order of the English ones, so with one version of Sphinx they are the same
    everywhere: 84 with 9.0.4.

    >>> n = messages()["English"].index("Footnotes")
    >>> [messages()[language][n] for language in ("German", "Greek", "Japanese")]
    ['Fußnoten', 'Σημειώσεις υποσέλιδου', '注記']
    """
    translated = {name: _catalog(code) for name, code in LANGUAGES.items() if code != "en"}
    shared = set.intersection(*map(set, translated.values()))
    wanted = [
        english
        for english in sorted(shared)
        if not {"%", "<"} & set(english) and all(found[english] != english for found in translated.values())
    ]
    found = {"English": wanted} | {
        name: [catalog[english] for english in wanted] for name, catalog in translated.items()
    }
    return {name: [" ".join(message.split()) for message in texts] for name, texts in found.items()}


def _catalog(code: str) -> dict[str, str]:
    path = Path(sphinx.__file__).parent / "locale" / code / "LC_MESSAGES" / "sphinx.mo"
    with path.open("rb") as file:
        catalog = read_mo(file)
    return {m.id: m.string for m in catalog if isinstance(m.id, str) and m.id and m.string}


def draw_prices(prices: pd.DataFrame, colours: list[str]) -> Figure:
    """A row of dots for each language: what it costs under each tokenizer, English being 1.

    `prices` has a row for each language and a column for each tokenizer, drawn in `colours`.
    """
    fig, ax = plt.subplots(figsize=(9, 4.2))
    ax.hlines(prices.index, prices.min(axis=1), prices.max(axis=1), color="#DDDDDD", lw=3, zorder=0)
    for name, colour in zip(prices, colours, strict=False):
        ax.plot(prices[name], prices.index, "o", color=colour, ms=8, label=name)
    ax.invert_yaxis()
    ax.set(xlabel="tokens for the same messages (English = 1)", xlim=(0, None))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return fig
