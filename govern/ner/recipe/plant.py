"""Sentences with planted names: templates of the recipe, and real financial sentences in which nobody is named.

A template's slots name three persons by letter and form (`{a}`, `{a.last}`, `{b}`), and other things (`{org}`). A Korean slot
may be followed by a particle marker (`{a}{은는}`), which takes the form that the name asks for.
"""

import hashlib
import random
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Literal

from govern.ner.recipe import forms
from govern.ner.recipe.corpora import Example, Span
from govern.ner.recipe.fillers import Fillers
from govern.ner.recipe.names import Name, english, korean, roman

SLOT = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
PARTICLES = {
    "은는": ("은", "는"), "이가": ("이", "가"), "을를": ("을", "를"), "와과": ("과", "와"), "으로로": ("으로", "로"),
    "이라라": ("이라", "라"), "이었였": ("이었", "였"), "아야": ("아", "야"),
}  # fmt: skip
"""By marker: what follows a last consonant, and what follows a vowel."""

RIEUL = 8
NAMED = {"org": "ORG", "place": "LOC"}
"""Slots of no person that have a label."""
COMPANIES_EN = (
    "Harbour Trust Bank", "Northfield Capital", "Meridian Life Insurance", "Cedar & Stone Partners", "Blue Ridge Holdings",
    "Whitmore Securities", "Kestrel Asset Management", "Baker Hughes", "Johnson Controls", "Charles Schwab", "Wells Fargo",
    "Morgan Stanley", "JPMorgan Chase", "Goldman Sachs", "Ernst & Young", "Deutsche Bank", "Santander", "Franklin Templeton",
    "Raymond James", "Edward Jones", "Arthur J. Gallagher & Co.", "T. Rowe Price", "Marsh McLennan", "Lloyds", "Prudential",
)  # fmt: skip
COMPANIES_KO = (
    "국민은행", "신한은행", "하나은행", "우리은행", "한국전자", "삼성생명", "미래에셋증권", "카카오뱅크", "대신증권",
    "교보생명", "현대캐피탈", "메리츠화재", "새마을금고", "농협은행", "주식회사 가람", "㈜한빛소재", "동양물산", "정림건설",
    "이수화학", "고려신용정보", "김앤장", "조흥파이낸스", "남양유업", "유한양행",
)  # fmt: skip
PLACES_EN = (
    "New York", "London", "Charlotte", "St. Louis", "San Jose", "Jackson", "Lincoln", "Houston", "Paris", "Madison", "Austin",
    "Jefferson County", "Singapore", "Georgia", "Virginia", "Florence", "Sydney", "Carolina",
)  # fmt: skip
PLACES_KO = (
    "서울", "부산", "강남", "여의도", "이천", "정선", "고양", "성남", "안양", "전주", "진주", "하남", "서초", "마포", "구리",
    "남양주", "이태원", "신촌",
)  # fmt: skip
PRODUCTS_EN = (
    "Income Fund", "Schwab Value Advantage", "Premier Checking", "Young Saver", "Grant Thornton Index", "Term Loan B",
)  # fmt: skip
PRODUCTS_KO = (
    "하나로적금", "우리아이통장", "안심전세대출", "이자플러스예금", "정기예금", "고정금리대출", "채움통장", "신탁상품",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def templates(lang: str) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The texts with slots by kind, and the decoys, of a language."""
    return read(Path(str(resources.files("govern.ner.recipe").joinpath(f"kinds_{lang}.toml"))))


def read(path: Path) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """As `templates`, of a file."""
    data = tomllib.loads(path.read_text("utf-8"))
    kinds: dict[str, tuple[str, ...]] = {}
    for kind in data["kind"]:
        kinds[kind["name"]] = (*kinds.get(kind["name"], ()), *kind["texts"])
    return kinds, tuple(text for decoy in data["decoy"] for text in decoy["texts"])


def fill(
    template: str, lang: str, rng: random.Random, *, held: bool = False, fillers: Fillers | None = None
) -> tuple[Example, tuple[str, ...]]:
    """A template with names in its slots; beside it, for each span, the letter of the person it names, or nothing.

    `held`: the names in Latin letters are of those that training never saw. `fillers` has more companies, places, products and
    words than the few that are written here.
    """
    people: dict[str, Name] = {}
    pieces: list[str] = []
    spans: list[Span] = []
    who: list[str] = []
    done = length = 0

    def put(piece: str) -> None:
        nonlocal length
        pieces.append(piece)
        length += len(piece)

    for match in SLOT.finditer(template):
        put(template[done : match.start()])
        done = match.end()
        slot = match[1]
        if slot is None:
            put(match[0][0])
        elif slot in PARTICLES:
            put(_particle(slot, "".join(pieces[-2:])))
        elif slot.partition(".")[0].lower() in ("a", "b", "c"):
            letter = slot[0].lower()
            if letter not in people:
                people[letter] = korean(rng) if lang == "ko" else english(rng, held=held)
            value = _form(slot, people[letter], rng)
            spans.append((length, length + len(value), "PERSON"))
            who.append(letter)
            put(value)
        else:
            own = fillers is not None and slot in ("org", "place", "product", "word") and rng.random() < 0.85
            value = str(getattr(fillers, slot)(rng)) if own else _other(slot, lang, rng)
            if slot in NAMED:
                spans.append((length, length + len(value), NAMED[slot]))
                who.append("")
            put(value)
    put(template[done:])
    return Example("".join(pieces), tuple(spans), lang), tuple(who)


def _form(slot: str, name: Name, rng: random.Random) -> str:
    letter, _, form = slot.partition(".")
    forms = {
        "": name.full,
        "last": name.last,
        "sur": name.last,
        "first": name.first,
        "given": name.first,
        "initial": f"{name.first[0]}. {name.last}",
        "rev": f"{name.last}, {name.first}",
        "spaced": " ".join(name.full) if rng.random() < 0.6 else f"{name.last} {name.first}",
        "line": f"{name.full[0]}\n{name.full[1:]}" if rng.random() < 0.5 else f"{name.full[:-1]}\n{name.full[-1]}",
        "roman": roman(name, rng).full if name.korean else name.full,
    }
    value = forms[form]
    return value.upper() if letter.isupper() else value


def _particle(marker: str, before: str) -> str:
    closed, opened = PARTICLES[marker]
    last = ord(before[-1]) - 0xAC00 if before else 0
    if not 0 <= last < 11172:
        return opened
    final = last % 28
    return opened if not final or (marker == "으로로" and final == RIEUL) else closed


def _other(slot: str, lang: str, rng: random.Random) -> str:
    """What fills a slot of no person."""
    ko = lang == "ko"
    year, month, day = rng.randrange(1998, 2026), rng.randrange(1, 13), rng.randrange(1, 29)
    if slot == "org":
        return rng.choice(COMPANIES_KO if ko else COMPANIES_EN)
    if slot == "place":
        return rng.choice(PLACES_KO if ko else PLACES_EN)
    if slot in ("product", "word"):
        return rng.choice(PRODUCTS_KO if ko else PRODUCTS_EN)
    if slot == "date":
        return f"{year}년 {month}월 {day}일" if ko and rng.random() < 0.6 else (
            f"{year}. {month}. {day}." if ko else f"{MONTHS[month - 1]} {day}, {year}"
        )
    if slot == "amount":
        return f"{rng.randrange(1, 9999):,}만원" if ko else f"${rng.randrange(100, 9_999_999):,}"
    if slot == "number":
        return str(rng.randrange(10, 99_999_999))
    raise ValueError(f"no such slot: {slot}")


def _part(template: str) -> str:
    return "dev" if hashlib.sha256(template.encode()).digest()[0] % 10 == 0 else "train"


def filled(
    lang: str, count: int, rng: random.Random, *, part: Literal["train", "dev"], fillers: Fillers | None = None
) -> Iterator[Example]:
    """`count` texts, half of templates and decoys, of which a tenth serves for `dev` alone, and half of `forms`."""
    kinds, decoys = templates(lang)
    every = [text for texts in kinds.values() for text in texts if _part(text) == part]
    decoys = tuple(text for text in decoys if _part(text) == part)
    for _ in range(count):
        draw = rng.random()
        template = forms.made(lang, rng) if draw < 0.5 else rng.choice(decoys) if draw < 0.62 else rng.choice(every)
        yield fill(template, lang, rng, fillers=fillers)[0]
