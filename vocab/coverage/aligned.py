"""Reads aligned text, sentences of English and of Korean that say the same.

The text that comes with the package, or a file in one of two forms, UTF-8 both: tab-separated with the header `en` and `ko`
(in any order; lines at the top that begin with `#` are comments), or JSON Lines (`.jsonl`), an object with the texts `en` and
`ko` on each line. Every pair has two sides. Errors name the file and the line and never hold a sentence.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vocab.errors import VocabError
from vocab.term_lists import named_file

OWN = ("finance-en-ko",)
SIDES = ("en", "ko")
JSON_LINES = ".jsonl"

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Aligned:
    """Aligned text: its name, the SHA-256 of its bytes in hex, and its pairs (English, Korean) in order."""

    name: str
    sha256: str
    pairs: tuple[Pair, ...] = field(repr=False)


def load(name_or_path: str | Path) -> Aligned:
    """The aligned text of that name, or in that file.

    Raises:
        VocabError: no such file, not UTF-8, no pair, a missing column or key, or a pair with an empty side.
    """
    return parse(*named_file(name_or_path, OWN, "aligned"))


def parse(data: bytes, name: str, where: str = "") -> Aligned:
    """The aligned text in `data`; JSON Lines where `name` ends so. Errors name `where`."""
    where = where or name
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad = data[: error.start].count(b"\n") + 1
        raise VocabError(f"{where}:{bad}: not UTF-8; save the file as UTF-8") from None
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[-1] == "":
        lines.pop()
    read = _json_lines if name.endswith(JSON_LINES) else _table
    pairs = tuple(read(lines, where))
    if not pairs:
        raise VocabError(f"{where}: no pairs, expected one a line; give a file with sentences in English and Korean")
    return Aligned(name, hashlib.sha256(data).hexdigest(), pairs)


def _table(lines: Sequence[str], where: str) -> Iterator[Pair]:
    comments = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if comments == len(lines):
        return
    head = lines[comments].split("\t")
    if sorted(head) != sorted(SIDES):
        raise VocabError(
            f"{where}:{comments + 1}: a header of {len(head)} columns that are not 'en' and 'ko', expected these two, "
            "separated by a tab; write the header as the first line"
        )
    english, korean = head.index("en"), head.index("ko")
    for number, line in enumerate(lines[comments + 1 :], comments + 2):
        cells = line.split("\t")
        if len(cells) != len(SIDES):
            raise VocabError(
                f"{where}:{number}: {len(cells)} column{'s' * (len(cells) != 1)}, expected 2, separated by one tab; correct "
                "the line"
            )
        yield _pair(cells[english], cells[korean], f"{where}:{number}")


def _json_lines(lines: Sequence[str], where: str) -> Iterator[Pair]:
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise VocabError(
                f"{where}:{number}: not JSON, expected an object with 'en' and 'ko'; correct the line"
            ) from None
        if not isinstance(value, dict):
            raise VocabError(
                f"{where}:{number}: a JSON {type(value).__name__}, expected an object with 'en' and 'ko'; correct the line"
            )
        for side in SIDES:
            if not isinstance(value.get(side), str):
                got = f"'{side}' is a JSON {type(value[side]).__name__}" if side in value else f"no '{side}'"
                raise VocabError(
                    f"{where}:{number}: {got}, expected a text under 'en' and under 'ko'; correct the line"
                )
        yield _pair(value["en"], value["ko"], f"{where}:{number}")


def _pair(english: str, korean: str, where: str) -> Pair:
    for side, text in zip(SIDES, (english, korean), strict=True):
        if not text.strip():
            raise VocabError(f"{where}: '{side}' is empty, expected a sentence; fill it or remove the pair")
        if any("\ud800" <= one <= "\udfff" for one in text):
            raise VocabError(
                f"{where}: '{side}' holds half a surrogate pair, expected Unicode text; correct the escape"
            )
    return english, korean
