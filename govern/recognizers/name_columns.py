"""Names in the columns of a table, or in JSON, within a text: what stands under `Payee`, `last_name` or `예금주` is a person.

A value counts where it has the form of a name and nothing in it is a word of companies; under a heading of a part of
a name, a single word does, too. Rows are those of `govern.tables`. Time is linear in the text.
"""

import re
from collections.abc import Iterator

from govern.recognizers import english_names, korean_names
from govern.recognizers.rule import Hit
from govern.recognizers.words import words
from govern.tables import cells, stands_for

_PARTS = (
    "first", "last", "first name", "last name", "given name", "family name", "surname", "forename", "middle name",
    "maiden name", "fname", "lname", "firstname", "lastname",
)  # fmt: skip
"""Headings of a part of a name, under which a single word stands."""

_HEADING = re.compile(
    r"(?i:\bname|_name|first|last|[fl]name|firstname|holder|customer|client|borrower|guarantor|insured|beneficiar|payee|payer"
    r"|sender|recipient|remitter|agent|advis[eo]r|analyst|officer|employee|manager|trustee|spouse|signatory|director|tenant"
    r"|applicant|complainant|claimant|nominee|executor|witness|\bowner|contact|handler|attorney|teller|cashier)"
    rf"|{korean_names.LABELS}"
)
_DOUBTFUL = english_names.SPEAKERS | english_names.FIRMS
_ENGLISH = (english_names.LABELS | english_names.FIRMS | frozenset(_PARTS)) - {"from", "to", "cc", "by"}
_KOREAN = re.compile(rf"(?:{korean_names.LABELS})(?: ?\([^()]{{0,12}}\))?")
_APART = re.compile(r"[\s_-]+")
_VALUE = re.compile(rf"{english_names.VALUE.pattern}(?:, {english_names.VALUE.pattern})?")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")


def find(text: str, languages: tuple[str, ...]) -> Iterator[Hit]:
    """The names under headings of people, of these languages."""
    for (start, end), (low, high) in cells(text, _HEADING):
        heading = stands_for(text[start:end]) or text[start:end].strip("*\" '")
        value = text[low:high]
        if "ko" in languages and _KOREAN.fullmatch(heading) is not None and _korean(value):
            yield Hit(low, high, "PERSON", 0.7, "names.ko.column")
        label = _APART.sub(" ", heading).casefold()
        if "en" in languages and (label in _ENGLISH or _KOREAN.fullmatch(heading)) and _english(text, low, high, label):
            yield Hit(low, high, "PERSON", 0.7, "names.en.column")


def _korean(value: str) -> bool:
    whole = "".join(value.split())
    return len(whole) > 1 and korean_names.plausible(whole, strong=True)


def _english(text: str, start: int, end: int, label: str) -> bool:
    value = text[start:end]
    if _VALUE.fullmatch(value) is None or english_names.is_company(text, start, end):
        return False
    parts = _WORD.findall(value)
    companies = words("companies_en") - english_names.family_names()
    if any(english_names.stops(part) or companies & {part, part.capitalize()} for part in parts):
        return False
    if label in _PARTS:
        return True
    return english_names.likely(value) if label in _DOUBTFUL or len(parts) < 2 else True
