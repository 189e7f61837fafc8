"""The printable alphabet that byte-level BPE writes bytes in.

Byte-level BPE (GPT-2, 2019) shows each of the 256 bytes as one printable character: the visible ones of Latin-1 as
themselves, the other 68, in order, as U+0100 and following. A space is `Ġ`. Both ways are exact inverses.
"""

_VISIBLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
_HIDDEN = tuple(byte for byte in range(256) if byte not in _VISIBLE)

CHARACTERS: tuple[str, ...] = tuple(
    chr(byte) if byte in _VISIBLE else chr(0x100 + _HIDDEN.index(byte)) for byte in range(256)
)
"""The character of each byte, by byte value."""

_SPELLED = dict(enumerate(CHARACTERS))
_BYTES = {character: byte for byte, character in enumerate(CHARACTERS)}


def spell(text: str) -> str:
    """The UTF-8 bytes of `text`, one character of the alphabet each; `read(spell(text)) == text.encode()`."""
    return text.encode().decode("latin-1").translate(_SPELLED)


def read(spelled: str) -> bytes:
    """The bytes that `spelled` stands for; `KeyError` where a character is not of the alphabet."""
    return bytes(_BYTES[character] for character in spelled)
