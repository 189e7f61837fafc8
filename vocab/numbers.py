"""Finds numbers in financial text, by format: what a tokenizer must spell often and should spell evenly.

Formats are tried in the order of `FORMATS` at each place, the most specific first, so that no digit is counted twice.
Every pattern is linear in the length of the text: no repeat stands inside a repeat over the same characters.
"""

import re
from collections.abc import Iterator

_INTEGER = r"[0-9]+"
_GROUPED = r"[0-9]{1,3}(?:,[0-9]{3})+"
_AMOUNT = rf"(?:{_GROUPED}|{_INTEGER})(?:\.[0-9]+)?"
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"

FORMATS: dict[str, str] = {
    "date": (
        r"[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}(?![0-9])|[0-9]{4}년(?: ?[0-9]{1,2}월(?: ?[0-9]{1,2}일)?)?"
        rf"|{_MONTH} [0-9]{{1,2}}, [0-9]{{4}}"
    ),
    "korean units": rf"{_AMOUNT} ?(?:조|억|만)(?: ?{_AMOUNT} ?(?:조|억|만|천))*(?: ?원)?",
    "currency": rf"(?:[$€£¥₩]|(?:USD|EUR|GBP|JPY|KRW) ){_AMOUNT}|{_AMOUNT} ?(?:원|달러|엔|유로)",
    "percent": rf"{_AMOUNT} ?(?:%p|%|퍼센트|bps?\b)",
    "thousands": rf"{_GROUPED}(?:\.[0-9]+)?",
    "decimal": rf"{_INTEGER}\.[0-9]+",
    "integer": _INTEGER,
}
"""Format to pattern. A date is Gregorian, Korean units are 조, 억 and 만, percent includes %p and basis points."""

_NAMES = {f"f{at}": name for at, name in enumerate(FORMATS)}
_ANY = re.compile(
    "(?<![0-9])(?:" + "|".join(f"(?P<f{at}>{pattern})" for at, pattern in enumerate(FORMATS.values())) + ")"
)


def find(text: str) -> Iterator[tuple[str, int, int]]:
    """Each number in `text` as (format, start, end), in order, none overlapping another."""
    for match in _ANY.finditer(text):
        yield _NAMES[str(match.lastgroup)], match.start(), match.end()
