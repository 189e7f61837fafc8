"""Whether a value counts where its letters and digits stand in a text: what is before it, inside it and after it.

A number inside a longer one, a name inside a word, a value put together over two cells of a table: none of these counts.
All looks reach a bounded number of characters, so time is linear in the hits.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from govern.known.projection import HANGUL as SYLLABLE
from govern.known.projection import tables
from govern.known.variants import ADDRESS, BESIDE, CASED, DATE, HANGUL, LATIN, NUMBER, PHONE, REVERSED, WHOLE, WORD
from govern.recognizers.korean_names import BEFORE, LABELS, PARTICLES, TITLES

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
LOOK = 36
"""How far before a value its label is looked for, in characters; `RUN`: how much of a run of Hangul is read."""
RUN = 14

_NUMBER_GAP = re.compile(r"[^\w \-./·()+:]|[^\w]{4}")
_PHONE_BEFORE = re.compile(r"(?<![0-9])(?:(?:\+|00)?82[ \-.]{0,2}\(?0?\)?[ \-.]{0,2}|\(?0|\(?)\Z")
_AMERICAN_BEFORE = re.compile(r"(?<![0-9])(?:\+1[ \-.]{0,2}|1[\-.]?)?\(?\Z")
"""What may stand right before the part of a telephone number that every spelling has."""
_DATE_GAP = re.compile(r"[^\w \-./,]|[^\w]{4}")
_DATE_BESIDE = re.compile(r"[0-9][-./]\Z"), re.compile(r"[-./][0-9]")
_NAME_GAP = re.compile(r"[^\w \-'’.,\"*\n]|[^\w\n]{4}")
_ADDRESS_GAP = re.compile(r"[|\t\x00]|\n\s*\n|[^\w\n]{5}")
_SPACE = re.compile(r"\s")
_WRAP = re.compile(r"[ \-,]?[ ]{0,3}\r?\n[ ]{0,3}")
_SPACED = re.compile(r"[가-힣]{1,2} {1,3}[가-힣]{1,3}|[가-힣](?: {1,3}[가-힣]){1,3}")

_NUMBER_BEFORE = re.compile(r"(?:[0-9][-./,·]|[$€£¥₩]\s?|(?:USD|KRW|EUR)\s?)\Z")
_NUMBER_AFTER = re.compile(
    r"[-./,·]?[0-9]|\s?(?:[%원억건]|만\s?원|천\s?원|백만|달러|주(?![가-힣])|USD|KRW|EUR)|[A-Za-z]"
)
_NUMBER_LABEL = re.compile(
    r"(?:번호|계좌|고객|회원|사번|아이디|증권|등록|(?<![A-Za-z])(?:ID|No|Nr|number|account|acct|customer|client|member|policy))"
    r"[^0-9\n]{0,12}\Z",
    re.IGNORECASE,
)
_STREET_GOES_ON = re.compile(r" ?번?길")

_TAIL = re.compile(rf"(?P<title>(?:(?P<direct>님|씨)|{TITLES})님?)?(?:{PARTICLES}){{0,2}}")
_DIRECT_NEXT = re.compile(r" {0,2}(?:(?:님|씨)(?!앗|름|가격)|고객님|귀하)")
_TITLE_NEXT = re.compile(rf" {{0,2}}(?:(?:님|씨)(?!앗|름|가격)|귀하|(?:{TITLES})(?=님|(?:{PARTICLES})?(?![가-힣])))")
_JOINED = re.compile(rf"(?:{LABELS}|{BEFORE}|{TITLES}){{1,2}}")
_SIGNS, _BLANKS = ":=|*\"']", " \t\r\n"
_QUOTES = "[*\"'\\]|]{0,3}"
_LABEL = re.compile(rf"(?:{LABELS})(?:\([^()\n\x00]{{0,12}}\))?{_QUOTES}[ \t]?[:=|]{_QUOTES}\s{{0,2}}[\"']?\Z")
_ROLE = re.compile(rf"(?<![가-힣])(?:{BEFORE})[ \t]{{1,3}}\Z")
_ENDED = re.compile(r"[^\W\d_]{3}\.\s")
_LATIN_BESIDE = re.compile(
    r"(?:(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor)\.?|(?:name|customer|client|borrower|applicant|holder)\s?[:=|])\s{1,2}\Z",
    re.IGNORECASE,
)


class Marks(NamedTuple):
    """By code point, of a character beside a Korean name: what may stand there."""

    ends_label: "NDArray[np.bool_]"
    """The last syllable of a label or role, which may stand right before it."""
    begins_tail: "NDArray[np.bool_]"
    """The first syllable of a particle or title, which may stand right behind it."""
    begins_title: "NDArray[np.bool_]"
    begins_direct: "NDArray[np.bool_]"
    """The first syllable of a title, and of the few that follow without a blank."""
    sign: "NDArray[np.bool_]"
    blank: "NDArray[np.bool_]"
    between: "NDArray[np.bool_]"
    """A sign, a blank, either: what may stand between a label and the name."""


@cache
def marks() -> Marks:
    """The marks, from the labels, titles and particles of the Korean rules."""
    titles = [re.sub(r"\(\?<!.\)", "", word)[0] for word in f"{TITLES}|님|씨|귀하".split("|")]
    ends: list[str] = []
    for word in f"{LABELS}|{BEFORE}|{TITLES}".split("|"):
        letters = [character for character in word if "가" <= character <= "힣"]
        ends += letters[-2:] if word.endswith("?") else letters[-1:]
    particles = [word[0] for word in PARTICLES.split("|")]
    return Marks(
        _table(ends),
        _table(particles + titles),
        _table(titles),
        _table("님씨귀고"),
        _table(_SIGNS),
        _table(_BLANKS),
        _table(_SIGNS + _BLANKS),
    )


def _table(characters: Iterable[str]) -> "NDArray[np.bool_]":
    import numpy as np

    table = np.zeros(0x110000, bool)
    table[[ord(character) for character in characters]] = True
    return table


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
    counts: NDArray[np.bool_] = begins & ends
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
        return _phone(text, start, end)
    if kind == HANGUL:
        counts = _hangul(text, start, end, how)
    elif kind == LATIN:
        counts = _latin(text, start, end, how, cut)
    elif kind == NUMBER:
        counts = _number(text, start, end, beside=bool(how & BESIDE))
    elif kind == ADDRESS:
        counts = _ADDRESS_GAP.search(text, start, end) is None and _STREET_GOES_ON.match(text, end) is None
    elif kind == DATE:
        before, behind = _DATE_BESIDE
        longer = before.search(text, max(0, start - 2), start) or behind.match(text, end)
        counts = _DATE_GAP.search(text, start, end) is None and longer is None
    else:
        counts = kind == WHOLE and _SPACE.search(text, start, end) is None
    return (_opened(text, start, end), end) if counts else None


def _opened(text: str, start: int, end: int) -> int:
    """The start, with the bracket and the plus sign that belong to the value: `+44 20 …`, `(02) 123-4567`."""
    if text.count(")", start, end) > text.count("(", start, end) and text.startswith("(", start - 1, start):
        start -= 1
    return start - 1 if text[start].isdigit() and text.startswith("+", start - 1, start) else start


def _phone(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span with the zero, the country's code and the bracket before it; a short number counts only with one of these."""
    digits = sum("0" <= character <= "9" for character in text[start:end])
    low = max(0, start - 12)
    before = _PHONE_BEFORE.search(text, low, start)
    if digits == AMERICAN and text[start] not in "01" and (before is None or not before[0].strip("(")):
        before = _AMERICAN_BEFORE.search(text, low, start)
    if before is None or _NUMBER_GAP.search(text, start, end) is not None:
        return None
    if digits < SHORT and not before[0].strip("("):
        return None
    closed = text.count(")", start, end) <= text.count("(", start, end)
    return (start if before[0] == "(" and closed else before.start()), end


def _number(text: str, start: int, end: int, *, beside: bool) -> bool:
    if _NUMBER_GAP.search(text, start, end) is not None:
        return False
    if sum("0" <= character <= "9" for character in text[start:end]) < SHORT:
        outside = _NUMBER_BEFORE.search(text, max(0, start - 4), start) or _NUMBER_AFTER.match(text, end)
        if outside is not None or "." in text[start:end]:
            return False
    return not beside or _NUMBER_LABEL.search(text, max(0, start - LOOK), start) is not None


def _latin(text: str, start: int, end: int, how: int, cut: int) -> bool:
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


def _hangul(text: str, start: int, end: int, how: int) -> bool:
    value = text[start:end]
    if not value.isalnum() and _SPACED.fullmatch(value) is None:
        return False
    run = _run_before(text, start)
    if run and _JOINED.fullmatch(run) is None:
        return False
    tail = _TAIL.fullmatch(text, end, _run_end(text, end))
    if tail is None:
        return False
    if not how & BESIDE:
        return True
    if tail["direct"] or (not tail[0] and _DIRECT_NEXT.match(text, end)):
        return True
    low = max(0, start - LOOK)
    if _LABEL.search(text, low, start) is not None:
        return True
    if how & WORD:
        return False
    titled = not tail[0] and _TITLE_NEXT.match(text, end) is not None
    return titled or _ROLE.search(text, low, start) is not None


def _run_before(text: str, start: int) -> str:
    low = start
    while low > 0 and start - low < RUN and "가" <= text[low - 1] <= "힣":
        low -= 1
    return text[low:start]


def _run_end(text: str, end: int) -> int:
    high = end
    while high < len(text) and high - end < RUN and "가" <= text[high] <= "힣":
        high += 1
    return high
