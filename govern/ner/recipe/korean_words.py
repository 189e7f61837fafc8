"""The words of mecab-ko-dic (Apache-2.0) by class, as the Korean model's lexicon: persons, places, nouns, and all else.

Read from the compiled dictionary of the package `python-mecab-ko-dic`: a double array of the words' bytes, a table of tokens,
and their features as text.
"""

import re
import struct
from array import array
from collections import defaultdict
from importlib import metadata
from pathlib import Path

from govern.ner.syllables import LONGEST, NOUN, OTHER, PERSON, PLACE

HEADER = 72
TOKEN = 16
"""Bytes of the header, and of a token, of which four at the eighth say where its features begin."""

_WORD = re.compile(rf"[가-힣]{{2,{LONGEST}}}")
_KINDS = {"인명": PERSON, "지명": PLACE}


def words() -> dict[str, int]:
    """Each word of two to `LONGEST` syllables with its classes as bits."""
    found: dict[str, int] = {}
    for word, features in _entries(_dictionary().read_bytes()):
        if _WORD.fullmatch(word):
            found[word] = found.get(word, 0) | _class(features)
    return found


def _dictionary() -> Path:
    package = metadata.distribution("python-mecab-ko-dic")
    return Path(str(package.locate_file("mecab_ko_dic/dictionary/sys.dic")))


def _class(features: str) -> int:
    tag, kind = features.split(",")[:2]
    if tag == "NNP":
        return _KINDS.get(kind, NOUN)
    return NOUN if tag == "NNG" else OTHER


def _entries(data: bytes) -> list[tuple[str, str]]:
    """The words and the features of each of their readings."""
    units, tokens, texts = struct.unpack_from("<3I", data, 24)
    bases, checks = array("i"), array("I")
    pairs = memoryview(data)[HEADER : HEADER + units].cast("i")
    bases.extend(pairs[::2].tolist())
    checks.extend(value & 0xFFFFFFFF for value in pairs[1::2].tolist())
    table = HEADER + units
    text = data[table + tokens : table + tokens + texts]
    below: dict[int, list[int]] = defaultdict(list)
    for number, parent in enumerate(checks):
        if number:
            below[parent].append(number)
    found: list[tuple[str, str]] = []
    open_nodes = [(0, b"")]
    while open_nodes:
        node, spelled = open_nodes.pop()
        base = bases[node]
        for child in below.get(base, ()) if base >= 0 else ():
            letter = child - base
            if letter == 0:
                packed = -bases[child] - 1
                for place in range(packed >> 8, (packed >> 8) + (packed & 0xFF)):
                    (start,) = struct.unpack_from("<I", data, table + TOKEN * place + 8)
                    found.append((spelled.decode("utf-8", "replace"), text[start : text.index(b"\0", start)].decode()))
            elif letter <= 256:
                open_nodes.append((child, spelled + bytes([letter - 1])))
    return found
