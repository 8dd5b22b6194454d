"""Texts in ten languages: the messages that come with Sphinx, translated by people, and names from babel."""

from functools import cache
from itertools import chain
from pathlib import Path

import babel
import sphinx
from babel.messages.mofile import read_mo

from helpers import arguments

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


def names(language: str) -> str:
    """Names of languages, countries, scripts, currencies and cities in `language`, one a line.

    From Unicode's Common Locale Data Repository, which comes with babel. `language` is a key of `LANGUAGES`.
    """
    locale = babel.Locale.parse(LANGUAGES[arguments.choice("language", language, LANGUAGES)])
    cities = (zone["city"] for zone in locale.time_zones.values() if "city" in zone)
    tables = (locale.languages, locale.territories, locale.scripts, locale.currencies)
    return "\n".join(chain(*(table.values() for table in tables), cities))
