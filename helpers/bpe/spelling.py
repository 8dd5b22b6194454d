"""How files spell tokens: one printable character for each byte (encoder.py of GPT-2, 2019)."""

_PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
_CHARACTER = {byte: chr(byte) for byte in _PRINTABLE} | {byte: chr(256 + n) for n, byte in enumerate(_OTHERS)}
_BYTE = {character: byte for byte, character in _CHARACTER.items()}
BYTES = [bytes([byte]) for byte in _CHARACTER]  # the tokens 0 to 255 of GPT-2, and of what we train
BYTE_IDS = bytes(BYTES.index(bytes([byte])) for byte in range(256))  # a table for bytes.translate


def to_printable(token: bytes) -> str:
    """Spell a token as the files do.

    >>> to_printable(" é".encode())
    'ĠÃ©'
    """
    return token.decode("latin-1").translate(_CHARACTER)


def from_printable(spelling: str) -> bytes:
    """The token that is spelt so. Raises `ValueError` for a character that stands for no byte.

    >>> from_printable("ĠÃ©").decode()
    ' é'
    """
    try:
        return bytes(map(_BYTE.__getitem__, spelling))
    except KeyError as error:
        raise ValueError(f"{spelling!r} is no byte-level token: {error} stands for no byte") from None
