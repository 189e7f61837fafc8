"""Names of people to plant: of Faker's lists of every locale and of the United States census of 1990, and Korean ones.

Those are made of surnames and given syllables.

A `Name` knows its forms; which of them a text asks for, the text says.
"""

import hashlib
import importlib
import pkgutil
import random
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from govern.operators.surrogate_roman import romanised
from govern.recognizers.words import words

FREQUENT = {
    "김": 215, "이": 147, "박": 84, "최": 47, "정": 45, "강": 23, "조": 22, "윤": 20, "장": 19, "임": 17, "한": 15, "오": 15,
    "서": 15, "신": 15, "권": 14, "황": 14, "안": 13, "송": 13, "류": 6, "전": 12, "홍": 11, "고": 9, "문": 9, "양": 9,
    "손": 9, "배": 8, "백": 8, "허": 6, "유": 6, "남": 5, "심": 5, "노": 5, "하": 4, "곽": 4, "성": 4, "차": 4, "주": 4,
    "우": 4, "구": 4, "민": 3, "진": 3, "나": 3, "지": 3, "엄": 3, "채": 3, "원": 3, "천": 2, "방": 2, "공": 2, "현": 2,
    "함": 2, "변": 2, "염": 2, "여": 1, "추": 1, "도": 1, "소": 1, "석": 1, "선": 1, "설": 1, "마": 1, "길": 1, "연": 1,
    "위": 1, "표": 1, "명": 1, "기": 1, "반": 1, "왕": 1, "금": 1, "옥": 1, "육": 1, "인": 1, "맹": 1, "제": 1, "모": 1,
    "탁": 1, "국": 1, "어": 1, "은": 1, "편": 1, "용": 1, "남궁": 1, "황보": 1, "제갈": 1, "선우": 1, "독고": 1,
}  # fmt: skip
"""Persons per 1,000 or so by surname, of the Population and Housing Census 2015 (Statistics Korea), rounded."""

OPENING = "민지서현은예수영정재성준동상승진경미혜유나하도시우태기종병창용광명인선연소윤채다가주희원규세보"
CLOSING = "준서현우진민수영희호훈석철환식규태욱혁원빈연은지나미아린경선숙자순정화라솔율찬범근섭동일복덕재성인주"
"""Syllables that given names often begin and end with."""

PARTICLES = frozenset({"van", "von", "de", "del", "der", "da", "di", "la", "le", "al", "bin"})


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name by its parts, in one script."""

    first: str
    last: str
    middle: str = ""
    korean: bool = False

    @property
    def full(self) -> str:
        """As it is usually written."""
        if self.korean:
            return self.last + self.first
        return " ".join(part for part in (self.first, self.middle, self.last) if part)


def held_back(name: str) -> bool:
    """Whether a name is one of the twentieth that training never sees, nor the lists of the lexicon."""
    return hashlib.sha256(name.casefold().encode()).digest()[0] % 20 == 0


def unlisted(name: str) -> bool:
    """Whether training is not told that lists have a name, as of a third: real text has names of no list."""
    return hashlib.sha256(name.casefold().encode()).digest()[1] % 3 == 0


@cache
def latin(*, held: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Given and family names in Latin letters of every locale of Faker's, sorted, but for those held back; or those alone."""
    firsts, lasts = _every()
    return tuple(n for n in firsts if held_back(n) == held), tuple(n for n in lasts if held_back(n) == held)


@cache
def _every() -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(tuple(sorted(faker | set(counted))) for faker, counted in zip(_faker(), census(), strict=True))  # type: ignore[return-value]


@cache
def _faker() -> tuple[set[str], set[str]]:
    from faker.providers import person

    first: set[str] = set()
    last: set[str] = set()
    for module in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for attribute, names in ((("first_names", "first_names_male", "first_names_female", "first_romanized_names"), first),
                                 (("last_names", "last_romanized_names"), last)):  # fmt: skip
            for key in attribute:
                found = getattr(provider, key, ())
                if isinstance(found, (list, tuple, set, dict, frozenset)):
                    names.update(item for item in found if isinstance(item, str) and _latin(item))
    return first, last


LISTED_SURNAMES = 5_000


def listed() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that tell a word of a name from another: none of the rarer ones, which are any words (`Street`, `Cash`)."""
    firsts, lasts = latin()
    rare = set(census()[1][LISTED_SURNAMES:]) - _faker()[1]
    return firsts, tuple(last for last in lasts if last not in rare)


CENSUS_SURNAMES = 25_000


@cache
def census() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Given names and the most frequent family names of the census, most frequent first; in the public domain."""
    package = metadata.distribution("names")  # by its files: its name is that of other modules too

    def read(file: str, most: int | None = None) -> list[str]:
        lines = Path(str(package.locate_file(f"names/{file}"))).read_text("utf-8").splitlines()[:most]
        return [_cased(line.split()[0]) for line in lines]

    firsts = dict.fromkeys([*read("dist.male.first"), *read("dist.female.first")])
    return tuple(firsts), tuple(read("dist.all.last", CENSUS_SURNAMES))


def _cased(name: str) -> str:
    """`MCDONALD` as `McDonald`."""
    return "Mc" + name[2:].capitalize() if name.startswith("MC") and len(name) > 4 else name.capitalize()


@cache
def common(*, held: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of them those of the United States, the United Kingdom and India: most English text names such people."""
    first: list[str] = []
    last: list[str] = []
    for locale in ("en_US", "en_GB", "en_IN"):
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        first += [*provider.first_names]
        last += [*provider.last_names]
    firsts, lasts = sorted(set(first)), sorted(set(last))
    return tuple(n for n in firsts if held_back(n) == held), tuple(n for n in lasts if held_back(n) == held)


def _latin(name: str) -> bool:
    return name[:1].isupper() and name[0] < "\u0250" and len(name) > 1 and not any(mark in name for mark in ".(,/")


@cache
def korean_given() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Syllables of given names: usual and rare ones."""
    return tuple(sorted(words("given_ko"))), tuple(sorted(words("given_rare_ko")))


def english(rng: random.Random, *, held: bool = False) -> Name:
    """A name in Latin letters, half of them usual in English; `held`: of two that training never saw."""
    draw = rng.random()
    if draw < 0.08:
        return roman(korean(rng), rng)
    firsts, lasts = common(held=held) if draw < 0.45 else latin(held=held)
    first, last = rng.choice(firsts), rng.choice(lasts)
    if rng.random() < 0.04:
        last = f"{last}-{rng.choice(lasts)}"
    if rng.random() < 0.03:
        last = f"{rng.choice(sorted(PARTICLES))} {last}"
    middle = ""
    if rng.random() < 0.15:
        middle = f"{chr(65 + rng.randrange(26))}." if rng.random() < 0.8 else rng.choice(firsts)
    return Name(first, last, middle)


@cache
def korean_faker() -> tuple[str, ...]:
    """Faker's given names in Korean."""
    provider = importlib.import_module("faker.providers.person.ko_KR").Provider
    return tuple(sorted(set(provider.first_names)))


def korean(rng: random.Random) -> Name:
    """A Korean name: surname by frequency; a given name of two usual syllables, a listed one, or of any syllables, also one."""
    usual, rare = korean_given()
    last = rng.choices(list(FREQUENT), list(FREQUENT.values()))[0] if rng.random() < 0.85 else rng.choice(list(FREQUENT))
    draw = rng.random()
    if draw < 0.5:
        first = rng.choice(OPENING) + rng.choice(CLOSING)
    elif draw < 0.7:
        first = rng.choice(korean_faker())
    elif draw < 0.93:
        first = "".join(rng.choice(usual if rng.random() < 0.9 else rare) for _ in range(2))
    else:
        first = rng.choice(usual)
    return Name(first, last, korean=True)


def roman(name: Name, rng: random.Random) -> Name:
    """A Korean name in Latin letters: `Gil-dong Hong`, `Gildong Hong`, or with the family name first."""
    spelled = romanised(name.first)
    parts = [romanised(letter) for letter in name.first]
    style = rng.random()
    first = "-".join([parts[0].capitalize(), *parts[1:]]) if style < 0.5 else spelled.capitalize()
    last = romanised(name.last).capitalize()
    return Name(first, last) if rng.random() < 0.6 else Name(last, first)
