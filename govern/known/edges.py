"""Whether a value counts where its letters and digits stand in a text: what is before it, inside it and after it.

A number inside a longer one, a name inside a word, a value put together over two cells of a table: none of these counts.
All looks reach a bounded number of characters, so time is linear in the hits.
"""

import re
from typing import TYPE_CHECKING, Any

from govern.known import addresses, korean_edges
from govern.known.korean_edges import LOOK, marks
from govern.known.projection import HANGUL as SYLLABLE
from govern.known.projection import tables
from govern.known.variants import (
    ADDRESS,
    BESIDE,
    CASED,
    DATE,
    HANGUL,
    LATIN,
    LISTED,
    NUMBER,
    PHONE,
    REVERSED,
    WHOLE,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KIND = 7
"""The bits of `how` that say which rule judges."""
SHORT = 9
"""Numbers of fewer digits are amounts and parts of longer numbers more often; more is asked of their edges."""
AMERICAN = 10
"""Digits of a North American number."""
WRAPPED = 40
"""A line of so many characters was wrapped: a name may go on in the next one. Shorter ones are lists and cells."""

_NUMBER_GAP = re.compile(r"[^\w \-./·()+:]|[^\w]{4}")
_PHONE_BEFORE = re.compile(r"(?<![0-9])(?:(?:\+|00)?82[ \-.]{0,2}\(?0?\)?[ \-.]{0,2}|\(?0|\(?)\Z")
_AMERICAN_BEFORE = re.compile(r"(?<![0-9])(?:\+1[ \-.]{0,2}|1[\-.]?)?\(?\Z")
"""What may stand right before the part of a telephone number that every spelling has."""
_LISTED_GAP = re.compile(r"(?:[^\w\s|][\s|]*){5}|[\s|]{250}")
"""What may not stand within a listed value: lines, cells and a few marks may."""
_DATE_GAP = re.compile(r"[^\w \-./,]|[^\w]{4}")
_DATE_BESIDE = re.compile(r"[0-9][-./]\Z"), re.compile(r"[-./][0-9]")
_NAME_GAP = re.compile(r"[^\w \-'’.,\"*\r\n]|[^\w\r\n]{4}")
_ADDRESS_GAP = re.compile(r"[|\t\x00]|\n\s*\n|[^\w\n]{5}")
_SPACE = re.compile(r"\s")
_WRAP = re.compile(r"[ \-,]?[ ]{0,3}\r?\n[ ]{0,3}")

_NUMBER_BEFORE = re.compile(r"(?:[0-9][-./,·]|[$€£¥₩]\s?|(?:USD|KRW|EUR)\s?)\Z")
_NUMBER_AFTER = re.compile(
    r"[-./,·]?[0-9]|\s?(?:[%원억건]|만\s?원|천\s?원|백만|달러|주(?![가-힣])|USD|KRW|EUR)|[A-Za-z]"
)
_NUMBER_LABEL = re.compile(
    r"(?:번호|계좌|고객|회원|사번|아이디|증권|등록|(?<![A-Za-z])(?:ID|No|Nr|number|account|acct|customer|client|member|policy))"
    r"[^0-9\n]{0,12}\Z",
    re.IGNORECASE,
)
_COLUMNS = re.compile(r"[0-9][ .]+[0-9]")
"""Two short numbers side by side, or a fraction."""
_STREET_GOES_ON = re.compile(r" ?번?길")

_ENDED = re.compile(r"[^\W\d_]{3}\.\s|['’]s\Z", re.IGNORECASE)
"""A sentence that ends within a name, or a genitive that stands for its last letter."""
_LATIN_BESIDE = re.compile(
    r"(?:(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor)\.?|(?:name|customer|client|borrower|applicant|holder)\s?[:=|])\s{1,2}\Z",
    re.IGNORECASE,
)


def stands(
    codes: "NDArray[Any]", first: "NDArray[Any]", last: "NDArray[Any]", hows: "NDArray[np.uint8]"
) -> "NDArray[np.bool_]":
    """Which hits from `first` to `last` can count, by the two characters before and behind them; `judge` reads the rest.

    None may end within a word or number: the next character is of another class, but for what stands beside Korean names.
    """
    import numpy as np

    mark, classes = marks(), tables().classes

    def at(places: "NDArray[Any]") -> "NDArray[Any]":
        return np.where((places >= 0) & (places < len(codes)), codes[places % len(codes)], 0)

    before, behind = at(first - 1), at(last + 1)
    opening, closing = classes[codes[first]], classes[codes[last]]
    name, syllable = (hows & KIND) == HANGUL, closing == SYLLABLE
    begins = (classes[before] != opening) | (name & mark.ends_label[before]) | ((hows & KIND) == PHONE)
    ends = (classes[behind] != closing) | (syllable & (~name | mark.begins_tail[behind]))
    counts: NDArray[np.bool_] = (begins & ends) | (name & ((hows & LISTED) > 0))
    beside = np.flatnonzero(counts & name & ((hows & BESIDE) > 0))
    if len(beside):
        before, behind = before[beside], behind[beside]
        further, farther = at(first[beside] - 2), at(last[beside] + 2)
        label = mark.sign[before] | (mark.blank[before] & (mark.ends_label[further] | mark.between[further]))
        title = mark.begins_direct[behind] | (mark.blank[behind] & (mark.begins_title[farther] | mark.blank[farther]))
        counts[beside] = label | title
    return counts


def judge(text: str, start: int, end: int, how: int, cut: int) -> tuple[int, int] | None:
    """The span that counts, or None. `cut` is where in `text` the second word of a Latin name begins, -1 where none does.

    `stands` looked at the characters beside it.
    """
    kind = how & KIND
    if kind == PHONE:
        return _phone(text, start, end, how)
    if kind == HANGUL:
        counts = korean_edges.counts(text, start, end, how)
    elif kind == LATIN:
        counts = _latin(text, start, end, how, cut)
    elif kind == NUMBER:
        counts = _number(text, start, end, how)
    elif kind == ADDRESS:
        gap = _LISTED_GAP if how & LISTED else _ADDRESS_GAP
        counts = gap.search(text, start, end) is None and _STREET_GOES_ON.match(text, end) is None
    elif kind == DATE:
        before, behind = _DATE_BESIDE
        longer = before.search(text, max(0, start - 2), start) or behind.match(text, end)
        counts = (_LISTED_GAP if how & LISTED else _DATE_GAP).search(text, start, end) is None and longer is None
    else:
        parted = (_LISTED_GAP if how & LISTED else _SPACE).search(text, start, end) is not None
        counts = not parted and (kind == WHOLE or "@" in text[start:end])
    if not counts:
        return None
    return addresses.whole(text, *_bracketed(text, start, end)) if kind == ADDRESS else _bracketed(text, start, end)


def _bracketed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with the plus sign and the bracket that belong to it: `+44 20 …`, `(02) 123-4567`, `… 202호 (없는동)`."""
    opened, closed = text.count("(", start, end), text.count(")", start, end)
    if closed > opened and text.startswith("(", start - 1, start):
        start -= 1
    if opened > closed and text.startswith(")", end):
        end += 1
    return (start - 1 if text[start].isdigit() and text.startswith("+", start - 1, start) else start), end


def _phone(text: str, start: int, end: int, how: int) -> tuple[int, int] | None:
    """The span with the zero, the country's code and the bracket before it; a short number counts only with one of these."""
    digits = sum("0" <= character <= "9" for character in text[start:end])
    low = max(0, start - 12)
    before = _PHONE_BEFORE.search(text, low, start)
    if digits == AMERICAN and text[start] not in "01" and (before is None or not before[0].strip("(")):
        before = _AMERICAN_BEFORE.search(text, low, start)
    gap = _LISTED_GAP if how & LISTED else _NUMBER_GAP
    if before is None or gap.search(text, start, end) is not None:
        return None
    if digits < SHORT and not before[0].strip("("):
        return None
    low = before.start()
    alone = text.startswith("(", low, end) and text.count("(", low, end) > text.count(")", low, end)
    return low + alone, end


def _number(text: str, start: int, end: int, how: int) -> bool:
    short = sum("0" <= character <= "9" for character in text[start:end]) < SHORT
    gap = _LISTED_GAP if how & LISTED and not short else _NUMBER_GAP
    if gap.search(text, start, end) is not None:
        return False
    if short:
        outside = _NUMBER_BEFORE.search(text, max(0, start - 4), start) or _NUMBER_AFTER.match(text, end)
        if outside is not None or _COLUMNS.search(text, start, end) is not None:
            return False
    return not how & BESIDE or _NUMBER_LABEL.search(text, max(0, start - LOOK), start) is not None


def _latin(text: str, start: int, end: int, how: int, cut: int) -> bool:
    if how & LISTED:
        together = cut >= 0 and text[cut - 1].isalnum() and not (text[start].isupper() and text[cut].isupper())
        parted = _LISTED_GAP.search(text, start, end) or _ENDED.search(text[start:end]) or ";" in text[start:end]
        return not together and not parted
    if _NAME_GAP.search(text, start, end) is not None:
        return False
    if cut >= 0 and text[cut - 1].isalnum():
        return False
    if how & CASED and not (text[start].isupper() and (cut < 0 or text[cut].isupper())):
        return False
    value = text[start:end]
    if ("," in value and not how & REVERSED) or _ENDED.search(value) is not None:
        return False
    if how & BESIDE and _LATIN_BESIDE.search(text, max(0, start - LOOK), start) is None:
        return False
    return "\n" not in value or _wrapped(text, start, end)


def _wrapped(text: str, start: int, end: int) -> bool:
    """Whether the only line break in a name is one where a full line was wrapped."""
    place = text.find("\n", start, end)
    line = text.rfind("\n", max(0, start - WRAPPED * 10), start)
    whole = _WRAP.search(text, max(start, place - 5), end)
    return place - line > WRAPPED and whole is not None and text.count("\n", start, end) == 1
