"""Pages of the synthetic sample: templates in a language become a text and the labels of what was planted in it.

In go a `Draw`, a language, a kind of document and the entity type whose turn it is; out comes a `Text` of at least
`SHORTEST` characters. Nothing is drawn from elsewhere, so the same draw gives the same text.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from govern.draw import Draw
from govern.samples import identifiers, places, values

if TYPE_CHECKING:
    from govern.samples.values import Person

SHORTEST, LONGEST = 200, 4000
"""Characters of a document."""

SLOT = re.compile(r"\{(~?[^{}:]+)(?::(\w+))?\}")
PARTICLES = {"은": ("은", "는"), "이": ("이", "가"), "을": ("을", "를"), "과": ("과", "와"), "으로": ("으로", "로")}
DIGIT_ENDS = "013678"
"""Digits whose Korean reading ends in a consonant; of these 1, 7 and 8 end in ㄹ."""

DASHED = frozenset((
    "CREDIT_CARD", "KR_BANK_ACCOUNT", "KR_BRN", "KR_CRN", "KR_DRIVER_LICENSE", "KR_FRN", "KR_HEALTH_INSURANCE", "KR_RRN",
    "PHONE_NUMBER", "US_EIN", "US_SSN",
))  # fmt: skip
FULL_WIDTH = {ord("0") + digit: chr(ord("０") + digit) for digit in range(10)}

Template = tuple[tuple[str, str, str], ...]
"""Parts of a template: (literal before, slot, reference)."""


@dataclass(frozen=True, slots=True)
class Label:
    """A planted value: where it stands in the final text, in code points, half open, and what it is."""

    start: int
    end: int
    entity_type: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text, its labels in order, and the branch that it came from."""

    text: str = field(repr=False)
    labels: tuple[Label, ...]
    branch: str


@dataclass(frozen=True, slots=True)
class Language:
    """The templates of a language, by part and name."""

    lists: dict[str, tuple[Template, ...]]
    entities: dict[str, tuple[Template, ...]]
    fill: dict[str, tuple[Template, ...]]
    frames: dict[str, tuple[Template, ...]]
    names: dict[str, tuple[str, ...]]
    types: tuple[str, ...]


def compose(draw: Draw, lang: str, kind: str, featured: str) -> Text:
    """A text of this kind in this language that holds a value of the entity type `featured`, and others."""
    page = _Page(draw, lang, kind, featured)
    page.render(draw.pick(page.language.frames[kind]))
    while page.length < SHORTEST or page.queue:
        page.add("\n" if page.queue else " ")
        page.render(page.next_entity() if page.queue else page.next_fill())
    return Text("".join(page.parts), tuple(page.labels), draw.pick(page.language.lists["branch"])[0][0])


def entity_types(lang: str) -> tuple[str, ...]:
    """The entity types planted in this language."""
    return language_of(lang).types


class _Page:
    """A document while it is written: its parts, its labels and the people in it."""

    __slots__ = ("draw", "kind", "labels", "lang", "language", "length", "minutes", "parts", "people", "queue", "used")

    def __init__(self, draw: Draw, lang: str, kind: str, featured: str) -> None:
        self.draw, self.lang, self.kind, self.language = draw, lang, kind, language_of(lang)
        self.parts: list[str] = []
        self.length = 0
        self.labels: list[Label] = []
        self.people: dict[str, Person] = {}
        self.queue = [featured]
        self.used: set[int] = set()
        self.minutes = draw.between(8 * 60, 19 * 60)

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def render(self, template: Template) -> None:
        for literal, slot, reference in template:
            if literal:
                self.add(literal)
            if not slot:
                continue
            if slot.isupper():
                self.plant(slot, reference)
            elif slot == "say":
                self.render(self.next_fill())
            elif slot == "entity":
                self.render(self.next_entity())
            elif slot[0] == "~":
                self.add(particle(slot[1:], self.parts[-1]))
            elif slot in self.language.lists:
                self.render(self.draw.pick(self.language.lists[slot]))
            elif slot == "table":
                self.table()
            elif slot == "time":
                self.minutes += self.draw.between(1, 9)
                self.add(f"{self.minutes // 60:02d}:{self.minutes % 60:02d}")
            else:
                self.add(_financial(self.draw, self.lang, slot))

    def plant(self, slot: str, reference: str) -> None:
        if slot in ("PERSON", "SURNAME"):
            name = self.people.get(reference) or values.person(self.draw, self.lang, self.language.names)
            if reference:
                self.people[reference] = name
            entity_type, value = "PERSON", name.short if slot == "SURNAME" else name.full
        else:
            entity_type, value = slot, _personal(self.draw, self.lang, slot, reference)
        start = self.length
        self.add(value)
        self.labels.append(Label(start, self.length, entity_type))

    def next_entity(self) -> Template:
        entity_type = self.queue.pop() if self.queue else self.draw.pick(self.language.types)
        return self.draw.pick(self.language.entities[entity_type])

    def next_fill(self) -> Template:
        """A sentence that this document has not had, two times in three of its kind."""
        own, common = self.language.fill[self.kind], self.language.fill["any"]
        pool, base = (own, 1000) if self.draw.chance(66) else (common, 0)
        place = self.draw.between(0, len(pool) - 1)
        for step in range(len(pool)):
            at = (place + step) % len(pool)
            if base + at not in self.used:
                self.used.add(base + at)
                return pool[at]
        return pool[place]

    def table(self) -> None:
        """Transactions, with columns set by blanks, bars or tabs."""
        draw, korean = self.draw, self.lang == "ko"
        mark = draw.pick(("  ", " | ", "\t"))
        heads = ("거래일", "적요", "금액", "잔액") if korean else ("Date", "Description", "Amount", "Balance")
        lines = [mark.join(heads)]
        year, month, balance = draw.between(2019, 2024), draw.between(1, 12), draw.between(10_000, 900_000_000)
        merchants = self.language.lists["merchant"]
        for day in range(1, draw.between(5, 13)):
            amount = draw.between(-2_000_000, 2_000_000)
            balance += amount
            figures = (f"{amount:,}", f"{balance:,}") if korean else (f"{amount / 100:,.2f}", f"{balance / 100:,.2f}")
            date = f"{year}.{month:02d}.{2 * day:02d}" if korean else f"{year}-{month:02d}-{2 * day:02d}"
            text = draw.pick(merchants)[0][0]
            if mark == "  ":
                lines.append(f"{date}  {text:<16}{figures[0]:>14}{figures[1]:>18}")
            else:
                lines.append(mark.join((date, text, *figures)))
        self.add("\n".join(lines))


def _personal(draw: Draw, lang: str, entity_type: str, variant: str) -> str:
    """A value of the entity type, now and then with other dashes or full-width digits, as people type them."""
    if entity_type == "DATE_OF_BIRTH":
        return values.date_of_birth(draw, lang)
    if entity_type == "PHONE_NUMBER":
        value = values.phone_ko(draw) if lang == "ko" else values.phone_en(draw)
    else:
        value = (VARIANTS.get((entity_type, variant)) or PERSONAL[entity_type])(draw)
    if entity_type in DASHED and draw.chance(3):
        if lang == "ko" and draw.chance(40):
            return value.translate(FULL_WIDTH)
        return value.replace("-", draw.pick(("–", "‑")))  # en dash, non-breaking hyphen
    return value


PERSONAL: dict[str, Callable[[Draw], str]] = {
    "ABA_ROUTING_NUMBER": identifiers.aba_routing, "API_KEY": identifiers.api_key,
    "CARD_SECURITY_CODE": identifiers.security_code, "CREDIT_CARD": values.card, "CRYPTO": values.crypto,
    "CUSTOMER_ID": identifiers.customer_id, "EMAIL_ADDRESS": values.email, "IBAN_CODE": values.iban,
    "IP_ADDRESS": values.ip_address, "KR_ADDRESS": places.kr_address, "KR_BANK_ACCOUNT": values.kr_bank_account,
    "KR_BRN": values.kr_brn, "KR_CI_DI": identifiers.kr_ci, "KR_CRN": identifiers.kr_crn,
    "KR_DRIVER_LICENSE": values.kr_driver_license, "KR_FRN": values.kr_frn,
    "KR_HEALTH_INSURANCE": identifiers.kr_health_insurance, "KR_PASSPORT": values.kr_passport, "KR_RRN": values.kr_rrn,
    "KR_VEHICLE_PLATE": identifiers.kr_vehicle_plate, "MAC_ADDRESS": identifiers.mac_address,
    "PASSPORT": identifiers.passport, "PIN": identifiers.pin, "STREET_ADDRESS": places.street_address,
    "SWIFT_CODE": identifiers.swift, "UK_NINO": values.uk_nino, "URL_CREDENTIAL": identifiers.login,
    "US_BANK_NUMBER": values.us_bank_number, "US_DRIVER_LICENSE": identifiers.us_driver_license,
    "US_EIN": identifiers.us_ein, "US_ITIN": values.us_itin, "US_PASSPORT": values.us_passport, "US_SSN": values.us_ssn,
}  # fmt: skip
"""What draws a value of an entity type; PERSON, PHONE_NUMBER and DATE_OF_BIRTH depend on the language too."""

VARIANTS: dict[tuple[str, str], Callable[[Draw], str]] = {
    ("KR_CI_DI", "di"): identifiers.kr_di, ("PASSPORT", "de"): identifiers.passport_de,
    ("PASSPORT", "fr"): identifiers.passport_fr, ("PASSPORT", "gb"): identifiers.passport_gb,
    ("PASSPORT", "in"): identifiers.passport_in, ("PASSPORT", "jp"): identifiers.passport_jp,
}  # fmt: skip
"""What draws a value where the template says which, as in `{PASSPORT:jp}`."""

QUARTERS = {
    "en": ("Q{1} {0}", "{1}Q{2:02d}", "fiscal {0}", "H1 {0}"),
    "ko": ("{0}년 {1}분기", "{1}Q{2:02d}", "FY{0} {1}분기"),
}
IDENTIFIERS = {
    "isin": values.isin,
    "cusip": values.cusip,
    "lei": values.lei,
    "sedol": values.sedol,
    "figi": identifiers.figi,
}


def _financial(draw: Draw, lang: str, slot: str) -> str:
    """A value that is not personal data."""
    if slot in IDENTIFIERS:
        return IDENTIFIERS[slot](draw)
    year = draw.between(2015, 2024)
    match slot:
        case "amount":
            return _amount(draw, lang)
        case "rate":
            return f"{draw.between(5, 1850) / 100:.2f}%"
        case "bp":
            return f"{5 * draw.between(1, 40)}bp" if lang == "ko" else f"{5 * draw.between(1, 40)} basis points"
        case "date":
            return values.date_text(draw, lang, year, draw.between(1, 12), draw.between(1, 28))
        case "month":
            month = draw.between(1, 12)
            return f"{month}월" if lang == "ko" else values.MONTHS[month - 1]
        case "quarter":
            quarter = draw.between(1, 4)
            return draw.pick(QUARTERS[lang]).format(year, quarter, year % 100)
        case "year":
            return str(year)
        case "n":
            return str(draw.between(2, 45))
        case "kospi":
            return f"{draw.between(225_000, 239_999) / 100:,.2f}"
        case "fx":
            return f"{draw.between(12_700, 13_499) / 10:,.1f}" + ("원" if lang == "ko" else "")
        case "ref":
            return f"{draw.pick(('TXN', 'REF', 'CS', 'LN', 'INV'))}-{year}-{draw.digits(6)}"
        case "krx":
            return f"{draw.digits(5)}0"
        case "caseno":
            return f"{year}{draw.pick(('가단', '가합', '다', '나', '구합'))}{draw.between(100, 299_999)}"
        case "ticker":
            letters = (draw.pick(values.ALPHABET) for _ in range(draw.between(2, 4)))
            return f"{draw.pick(('NYSE', 'NASDAQ'))}: {''.join(letters)}"
        case "cik":
            return draw.digits(7).rjust(10, "0")
        case "accession":
            return f"000{draw.digits(7)}-{year % 100:02d}-{draw.digits(6)}"
        case "d5":
            return draw.digits(5)
        case "host":
            return identifiers.url_host(draw)
        case "scheme":
            return draw.pick(("https", "https", "ftp", "postgresql", "sftp"))
    raise KeyError(slot)


def _amount(draw: Draw, lang: str) -> str:
    size = draw.between(1, 999_999_999)
    shape = draw.between(1, 5)
    if lang == "ko":
        if shape <= 2:
            return f"{size:,}원"
        if shape == 3:
            return f"{size // 100_000 + 1:,}만원"
        return (
            f"{size // 10_000_000 + 1}억 {draw.between(1, 9)},000만원" if shape == 4 else f"{size // 100_000 + 1:,}억원"
        )
    small = size // 1000
    shapes = ("${0:,.2f}", "${1:,}", "USD {1:,}", "${2:,.1f} million", "£{1:,}", "EUR {0:,.2f}", "KRW {3:,}")
    return draw.pick(shapes).format(small / 100, small, small / 1000, size)


def particle(name: str, before: str) -> str:
    """The form of a Korean particle after what stands before it, by its last sounded character."""
    closed, opened = PARTICLES[name]
    for character in reversed(before):
        if "가" <= character <= "힣":
            final = (ord(character) - ord("가")) % 28
            liquid = final == 8
        elif character.isalnum():
            plain = chr(ord(character) - 0xFEE0) if "０" <= character <= "９" else character
            final = plain in DIGIT_ENDS or plain.lower() in "lmnr"
            liquid = plain in "178" or plain.lower() in "lr"
        else:
            continue
        return closed if final and not (name == "으로" and liquid) else opened
    return opened


@cache
def language_of(lang: str) -> Language:
    """The templates in `LANG.toml`, parsed once."""
    data: dict[str, Any] = tomllib.loads(resources.files("govern").joinpath(f"samples/{lang}.toml").read_text("utf-8"))
    parsed = {
        part: {name: tuple(_template(text) for text in texts) for name, texts in data[part].items()}
        for part in ("lists", "entity", "fill", "frame")
    }
    names = {name: tuple(texts) for name, texts in data["names"].items()}
    return Language(parsed["lists"], parsed["entity"], parsed["fill"], parsed["frame"], names, tuple(parsed["entity"]))


def _template(text: str) -> Template:
    parts: list[tuple[str, str, str]] = []
    at = 0
    for found in SLOT.finditer(text):
        parts.append((text[at : found.start()], found.group(1), found.group(2) or ""))
        at = found.end()
    if at < len(text) or not parts:
        parts.append((text[at:], "", ""))
    return tuple(parts)
