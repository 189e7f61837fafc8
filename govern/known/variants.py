"""What is searched for a value of a customer table: its usual spellings as projected patterns, and where each may count.

`forms(entity_type, value, reach)` gives them. `everywhere` is a master that is searched in every document: what is too
short or too common there gets no form (a date of birth, a PIN, one Latin word), or one that counts only beside a word
that says what it is (two syllables of Hangul, a name that is an ordinary word). `joined` is one customer's row in that
customer's own document: also the short values and the parts of a name. `listed` is a value that a person wrote down to
be found: it counts also where lines, cells or marks part it, and where one of its edges alone is right.
"""

import re
from functools import cache
from typing import Literal, NamedTuple

from govern.known.addresses import addresses
from govern.known.projection import plain
from govern.normalize import normalize
from govern.recognizers.korean_names import plausible
from govern.recognizers.words import lines, words

Reach = Literal["everywhere", "joined", "listed"]

NUMBER, HANGUL, LATIN, ADDRESS, WHOLE, DATE, PHONE, EMAIL = range(8)
"""How a pattern's hits are judged: an identifier, a Korean name, a Latin name, an address, a value without blanks, a date, a
telephone number without its first zero and the code of its country, an e-mail address."""
BESIDE, CASED, REVERSED, WORD = 8, 16, 32, 64
"""Flags: counts beside a label or title alone; with capitals alone; the family name first, so a comma may follow it; an
ordinary word too, so that a title some way off is not enough."""
LISTED = 128
"""Flag: a person wrote it down to be found, so what parts it and one wrong edge do not matter."""

SHORT_NUMBER = 6
"""Identifiers with fewer digits (or letters and digits) stand in every text; they are searched by join alone."""
SHORT_WHOLE = 8
"""So many letters make a value without digits (a user name, a code) searchable."""
SHORT_LATIN = 8
"""Latin names of fewer letters count with capitals alone: `An So`, `Will May`."""
LONGEST = 200
"""Longer values are no values of a customer table; they are searched by join alone."""

_ADDRESSES = frozenset({"STREET_ADDRESS", "KR_ADDRESS"})
_WHOLE = frozenset({"URL_CREDENTIAL", "API_KEY", "CRYPTO", "KR_CI_DI", "IP_ADDRESS", "MAC_ADDRESS"})
_BY_JOIN = frozenset({"DATE_OF_BIRTH", "PIN", "CARD_SECURITY_CODE", "IP_ADDRESS"})
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir)\b\.?", re.IGNORECASE)
_SUFFIX = re.compile(r",?\s+(?:jr|sr|ii|iii|iv|phd|md|esq|cpa|cfa)\.?(?=\s|,|$)", re.IGNORECASE)
_HONORIFIC = re.compile(r"(?<=[가-힣]{2})\s*(?:님|씨|귀하)$")
_ASIDE = re.compile(r"\(([^()]*)\)")
_HANGUL = re.compile(r"[가-힣]+")
_EXTENSION = re.compile(r"\s*(?:ext\.?|extension|x|내선|#)\s*\d{1,6}\s*$", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})\D{0,3}(\d{1,2})\D{1,3}(\d{1,2})\D*|(\d{4})(\d{2})(\d{2})")
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_NOT_LAST = frozenset("을로의만")
_ENDINGS = frozenset("한할된될하함해여인의에도만중적시자은는이가을를과와나라로")


class Form(NamedTuple):
    """A pattern, how its hits are judged, and how many characters stand before its first word break (0: none)."""

    pattern: str
    how: int
    cut: int = 0

    def __repr__(self) -> str:
        """How it is judged; a value never shows."""
        return f"Form(how={self.how}, cut={self.cut})"


def forms(entity_type: str, value: str, reach: Reach = "everywhere") -> tuple[Form, ...]:
    """The forms of a value, without repeats; none where it is not searched at that reach."""
    text = normalize(value.strip()).text
    everywhere = reach == "everywhere"
    if (everywhere and entity_type in _BY_JOIN) or len(text) > LONGEST:
        return ()
    if entity_type == "PERSON":
        found = _person(text, reach)
    elif entity_type in _ADDRESSES:
        found = [Form(pattern, ADDRESS) for pattern in addresses(text, everywhere=everywhere)]
    elif entity_type == "PHONE_NUMBER":
        found = [_phone(text)]
    elif entity_type == "DATE_OF_BIRTH":
        found = [Form(digits, DATE) for digits in _date(text)]
    elif entity_type == "EMAIL_ADDRESS" and "@" in text:
        found = [Form(plain(text), EMAIL)]
        if reach == "listed":
            box, _, host = text.rpartition("@")
            found += [Form(plain(f"{box} at {written}"), WHOLE) for written in (host, host.replace(".", " dot "))]
    else:
        found = [Form(plain(text), WHOLE if entity_type in _WHOLE else NUMBER)]
    least = 1 if reach == "listed" else 2
    found = [form for form in found if len(form.pattern) >= least and (not everywhere or _searchable(form))]
    unique: dict[str, Form] = {}
    for form in found:
        unique.setdefault(form.pattern, _listed(form) if reach == "listed" else form)
    return tuple(unique.values())


def _listed(form: Form) -> Form:
    """The form of a value on a list; two syllables, and a word that is a name too, keep both their edges."""
    hangul = form.how & 7 == HANGUL
    if hangul and (len(form.pattern) < 3 or _ordinary(form.pattern)):
        return form
    return form._replace(how=form.how | LISTED)


def _searchable(form: Form) -> bool:
    """Whether a pattern is long enough to be looked for in every document."""
    kind = form.how & 7
    if kind in (HANGUL, LATIN, ADDRESS):
        return True
    digits = sum(character.isdigit() for character in form.pattern)
    letters = len(form.pattern) - digits
    if kind in (WHOLE, EMAIL) or not digits:
        return len(form.pattern) >= SHORT_WHOLE
    return digits >= SHORT_NUMBER or (len(form.pattern) >= SHORT_NUMBER and digits >= SHORT_NUMBER - 2 and letters > 0)


def _person(text: str, reach: Reach) -> list[Form]:
    """A name, and what stands beside it in brackets as another one (`홍길동(Gil-dong Hong)`)."""
    named = [_ASIDE.sub(" ", text), *_ASIDE.findall(text)]
    found: list[Form] = []
    for name in named:
        trimmed = _HONORIFIC.sub("", _SUFFIX.sub(" ", _TITLE.sub(" ", name)).strip())
        joined = "".join(trimmed.split())
        if _HANGUL.fullmatch(joined):
            found += _korean(joined, reach)
        else:
            found += _latin(trimmed, reach)
    return found


def _korean(name: str, reach: Reach) -> list[Form]:
    if len(name) < 2:
        return [Form(name, HANGUL)] if reach == "listed" else []
    flags = 0
    if reach == "everywhere":
        flags = BESIDE | WORD if _ordinary(name) else BESIDE if len(name) == 2 else 0
    found = [Form(name, HANGUL | flags)]
    if reach == "joined" and len(name) > 2:
        found.append(Form(name[-2:], HANGUL | BESIDE))
    return found


def _ordinary(name: str) -> bool:
    """Whether a name is a word too, or a word with a particle or ending."""
    known = words("not_names_ko")
    inflected = name[-1] in _ENDINGS and (len(name) == 2 or name[:-1] in known)
    return name in known or inflected or (name[-1] in _NOT_LAST and not plausible(name, strong=False))


def _latin(name: str, reach: Reach) -> list[Form]:
    """A name of several Latin words in its usual orders; of one word only where it is listed or joined."""
    family, comma, given = name.partition(",")
    before = [plain(word) for word in family.split() if plain(word)]
    after = [plain(word) for word in given.split() if plain(word)]
    ordered = after + before if comma and after else before
    if not ordered:
        return []
    if len(ordered) == 1:
        return [] if reach == "everywhere" else [Form(ordered[0], LATIN | (CASED if reach == "joined" else 0))]
    size = len(before) if comma and after else 1
    found = [_order(ordered, 0, reach), _order([*ordered[-size:], *ordered[:-size]], REVERSED, reach)]
    if len(ordered) > 2:
        first, middle, last = ordered[0], ordered[1:-1], ordered[-1]
        found.append(_order([*ordered[1:], first], 0, reach))  # the family name stood first
        found += [_order([first, last], 0, reach), _order([last, first], REVERSED, reach)]
        found.append(_order([first, *(word[0] for word in middle), last], 0, reach))
        found.append(_order([last, first, *(word[0] for word in middle)], REVERSED, reach))
    if reach == "joined":
        found += [Form(word, LATIN | CASED) for word in ordered if len(word) > 2]
    return found


def _order(ordered: list[str], flag: int, reach: Reach) -> Form:
    pattern = "".join(ordered)
    common = any(len(word) < 3 or word in _common() for word in ordered[:2])
    beside = BESIDE if reach == "everywhere" and pattern in _not_person() else 0
    cased = CASED if reach != "listed" and (common or len(pattern) < SHORT_LATIN) else 0
    return Form(pattern, LATIN | flag | cased | beside, min(len(ordered[0]), 255))


@cache
def _common() -> frozenset[str]:
    """English words that are names too."""
    return frozenset(word.casefold() for word in words("ambiguous_en") | words("not_names_en"))


@cache
def _not_person() -> frozenset[str]:
    """Companies and things that are called like a person, projected."""
    return frozenset(map(plain, lines("not_person_en")))


def _phone(text: str) -> Form:
    """The part of a Korean or North American number that every spelling has; of others the digits."""
    digits = "".join(character for character in plain(_EXTENSION.sub("", text)) if character.isdigit())
    if digits.startswith("82") and len(digits) > 9:
        return Form(digits[2:].removeprefix("0"), PHONE)
    if digits.startswith("0") and not digits.startswith("00") and 9 <= len(digits) <= 12:
        return Form(digits[1:], PHONE)
    if len(digits) == 11 and digits.startswith("1"):
        return Form(digits[1:], PHONE)
    if len(digits) == 10:  # North American, or a Korean mobile number that lost its zero in a column of numbers
        return Form(digits, PHONE)
    return Form(digits.removeprefix("00"), NUMBER)


def _date(text: str) -> list[str]:
    """A date as it is written in Korean and English."""
    match = _DATE.fullmatch(text.partition(" 00:00")[0].partition("T00:00")[0])
    if match is None:
        return [plain(text)]
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[4], match[5], match[6])
    if not 1 <= int(month) <= 12:
        return [plain(text)]
    m, d, name = month.lstrip("0"), day.lstrip("0"), _MONTHS[int(month) - 1]
    mm, dd = month.zfill(2), day.zfill(2)
    numeric = [year + mm + dd, year[2:] + mm + dd, year + m + d, mm + dd + year, dd + mm + year, m + d + year]
    spelled = [f"{year}년{m}월{d}일", f"{year}년{mm}월{dd}일", f"{year[2:]}년{m}월{d}일"]
    return [*numeric, *spelled, *(form for word in (name, name[:3]) for form in (word + d + year, d + word + year))]
