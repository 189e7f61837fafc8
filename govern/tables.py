"""Columns of a table whose heading names what is looked for: `여권번호` above `M12345678`, far from the value in characters.

`cells(text)` yields the heading and the value of each such cell, in rows of CSV and TSV, and of tables drawn with bars. A
heading counts for the rows under it that have as many cells, until a line that has not. A key of JSON is the heading of its
value, and of each value of its list. Nothing is judged here: `readings` puts the heading before the value, and the rules say
what it is. Time is linear in the text: each line is cut once.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

HEADING = re.compile(
    r"(?i:number|\bno\b|\bnum\b|\bid\b|code|pin\b|cvv|cvc|ssn|itin|ein\b|iban|swift|\bbic\b|phone|mobile|\btel\b|\bfax\b|passport|licen[cs]e"
    r"|account|acct|card|address|birth|\bdob\b|\bip\b|\bmac\b|wallet|routing|\baba\b|registration|insurance|e-?mail|secret|token|key\b)"
    r"|번호|코드|전화|연락처|휴대폰|핸드폰|팩스|여권|면허|계좌|카드|주소|생년월일|생일|지갑|보험증|차량|아이디|이메일|비밀|\b(?:CI|DI)\b"
)
"""Words that a heading of an identifier holds."""

_SHORT = {
    "주민등록번호": "JUMIN|JUMINNO|JUMINBUNHO|RRN|RRNO|IHIDNUM|RESNO|RESIDNO|SSNO",
    "고객명": "NM|CUSTNM|CSTMRNM|CLNM|USERNM|EMPNM|MBRNM|FLNM|KORNM|NAMEKR|ACHDNM|DPSRNM",
    "계좌번호": "ACCTNO|ACNO|ACTNO|ACNUTNO|ACCNO|BANKACNO|ACCT",
    "휴대폰번호": "HP|HPNO|HNDPHN|HPHONE|MBTLNUM|MBLTELNO|CELLNO|MOBILENO|HP1",
    "전화번호": "TEL|TELNO|TLNO|TLPHON|PHON|PHONENO",
    "생년월일": "BRTHDY|BRDT|BIRTHYMD|BIRDAY|BTHDAY|BIRTHDT",
    "주소": "ADDR|ADRES|ADR|ADDR1|ADDR2|ROADADDR|LNMADR|RNADRES",
    "이메일": "EML|EMAILADDR|EMLADDR|EMAILADRES",
    "카드번호": "CARDNO|CRDNO|CDNO|CRCDNO",
    "여권번호": "PASSPORTNO|PASPORTNO|PSPRTNO|PSPNO",
    "운전면허번호": "DRVLICNO|DRIVERLICNO|LCNSNO|LICNO|DLNO",
    "외국인등록번호": "FRNNO|FRGNRNO|ARCNO|FRRNO",
    "사업자등록번호": "BIZNO|BIZRNO|BRNO|BSNNO|SAUPNO|BZNO",
}
"""What columns are called in exports, without separators: of the standard words of Korean administration, and of banks."""

_HEADINGS = {short: heading for heading, every in _SHORT.items() for short in every.split("|")}
_PERSON = {"CUST", "CSTMR", "CLNT", "USER", "EMP", "MBR", "GUEST", "OWNER", "HOLDER", "PAYEE", "SENDER", "RCVR", "KOR"}
"""What before `NM` says that it is a person's name and no company's or product's."""


def heading_of(column: str) -> str:
    """What a column is called, and, where it is one of the usual short names (`JUMIN_NO`), what that stands for."""
    found = stands_for(column)
    return column if found is None else f"{column} {found}"


def stands_for(column: str) -> str | None:
    """What a usual short name of a column stands for, None for any other."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", column.upper()) if part]
    found = _HEADINGS.get("".join(parts)) or next(
        (_HEADINGS[tail] for size in (2, 1) if (tail := "".join(parts[-size:])) in _HEADINGS and len(parts) > size), None
    )
    if found == "고객명" and len(parts) > 1 and parts[-1] == "NM" and not _PERSON & set(parts):
        found = None
    return found


MOST_HEADING, MOST_CELL, MOST_CELLS = 48, 96, 256
"""Characters of a heading and of a value, and cells of a row, beyond which it is no table of identifiers."""

_BARS = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}[-:| \t]*")
_CELL = {
    mark: re.compile(rf'[ ]*+(?:"((?:[^"\n]|"")*+)"[ ]*+|([^{re.escape(mark)}"\n]*+))(?:{re.escape(mark)}|\Z)')
    for mark in ",;|\t"
}


_BLANK = r"[ \t\r\n]{0,8}"
_QUOTE = r'\\{0,3}"'
"""Also as it stands where JSON is written in a string of JSON."""

_KEY = re.compile(rf'{_QUOTE}([^"\\\n]{{1,{MOST_HEADING}}}){_QUOTE}{_BLANK}:{_BLANK}(\[{_BLANK})?')
_SCALAR = re.compile(rf'{_QUOTE}([^"\\\n]{{2,{MOST_CELL}}}){_QUOTE}|([0-9][0-9.]{{1,39}}(?![0-9.eE]))')
_NEXT = re.compile(f"{_BLANK},{_BLANK}")


class Cell(NamedTuple):
    """A heading and a value, by where they stand in the text."""

    heading: tuple[int, int]
    value: tuple[int, int]


def cells(text: str, heading: re.Pattern[str] = HEADING) -> Iterator[Cell]:
    """The cells under headings in which `heading` is found; of `HEADING`, those that name an identifier."""
    yield from _members(text, heading)
    if heading.search(text) is None:
        return
    mark, count = "", 0
    named: dict[int, tuple[int, int]] = {}
    place = 0
    while place < len(text):
        end = _end(text, place)
        line = text[place:end].rstrip("\r")
        row = _cut(line, mark, place) if named else []
        if named and len(row) == count:
            yield from (Cell(named[at], row[at]) for at in named if _value(text, row[at]))
        elif not (named and _BARS.fullmatch(line)):
            mark, head = _heading(line, place, text[end + 1 : _end(text, end + 1)], heading)
            count = len(head)
            named = {at: span for at, span in enumerate(head) if _names(text, span, heading)}
        place = end + 1


def short_keys(text: str) -> list[tuple[int, int]]:
    """Where keys of JSON stand that are usual short names, in order; they are no names of people."""
    return [match.span(1) for match in _KEY.finditer(text) if stands_for(match[1]) is not None]


def _members(text: str, heading: re.Pattern[str]) -> Iterator[Cell]:
    """The members of JSON objects whose key names what is looked for."""
    for match in _KEY.finditer(text):
        if heading.search(stands_for(match[1]) or match[1]) is None:
            continue
        value = _SCALAR.match(text, match.end())
        for _ in range(MOST_CELLS):
            if value is None:
                break
            span = value.span(1 if value[1] is not None else 2)
            if _value(text, span):
                yield Cell(match.span(1), span)
            after = _NEXT.match(text, value.end()) if match[2] else None
            value = _SCALAR.match(text, after.end()) if after is not None else None


def _end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _heading(line: str, start: int, below: str, heading: re.Pattern[str]) -> tuple[str, list[tuple[int, int]]]:
    """The separator of a line that may be a heading, and its cells; none where the line below it cannot be a row of it."""
    for mark in "|\t;,":
        count = line.count(mark)
        if count and below.count(mark) >= count - 2 * (mark == "|") and heading.search(line) is not None:
            row = _cut(line, mark, start)
            if len(row) > 1:
                return mark, row
    return "", []


def _cut(line: str, mark: str, start: int) -> list[tuple[int, int]]:
    """Where the values of a row stand; the bars at the edges of a drawn table hold none."""
    if mark not in line:
        return []
    row: list[tuple[int, int]] = []
    at = len(line) - len(line.lstrip(" \t|")) if mark == "|" else 0
    line = line.rstrip(" \t|") if mark == "|" else line
    while at < len(line) and len(row) <= MOST_CELLS:
        match = _CELL[mark].match(line, at)
        if match is None:
            return []
        group = 1 if match[1] is not None else 2
        low, high = match.span(group)
        bare = line[low:high]
        row.append((start + low + len(bare) - len(bare.lstrip()), start + low + len(bare.rstrip())))
        at = match.end()
    return row


def _names(text: str, span: tuple[int, int], heading: re.Pattern[str]) -> bool:
    name = text[slice(*span)]
    return 0 < len(name) <= MOST_HEADING and not name[0].isdigit() and heading.search(name) is not None


def _value(text: str, span: tuple[int, int]) -> bool:
    value = text[slice(*span)]
    return 2 <= len(value) <= MOST_CELL and any(character.isalnum() for character in value)
