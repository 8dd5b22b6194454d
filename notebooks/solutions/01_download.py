"""Solutions of the exercises in 01_download."""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import regex

from lessons.exercises import check


# \X matches one grapheme cluster: what a reader sees as one letter.
def count_letters(text):
    return len(regex.findall(r"\X", text))


check("01.letters", count_letters)


# NFC on both sides. NFD takes the accent off, and would find "cafe" in "café"; NFKC would find "z2" in "z²".
def count_word(text, word):
    return unicodedata.normalize("NFC", text).count(unicodedata.normalize("NFC", word))


check("01.find_word", count_word)


# By position: neighbours stay together, every run gives the same, and slicing leaves the caller's list alone.
# Copies are then taken out of the validation part, and the training part stays whole.
def split_documents(documents, val_fraction=0.1):
    cut = round(len(documents) * (1 - val_fraction))
    train = documents[:cut]
    seen = set(train)
    return train, [document for document in documents[cut:] if document not in seen]


check("01.split", split_documents)


# Bytes first, then the text. Words are counted after NFC, as \w+ stops before an accent that stands alone.
def report(path):
    data = Path(path).read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return {"bytes": len(data), "bad_byte": error.start}
    words = Counter(re.findall(r"\w+", unicodedata.normalize("NFC", text).lower()))
    return {
        "bytes": len(data),
        "bad_byte": None,
        "code_points": len(text),
        "letters": len(regex.findall(r"\X", text)),
        "in_nfc": unicodedata.is_normalized("NFC", text),
        "words": words.total(),
        "different_words": len(words),
        "once": sum(count == 1 for count in words.values()),
    }


check("01.report", report)
