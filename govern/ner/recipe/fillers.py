"""Companies, places, products and words to put beside planted persons: many of them are called like people.

Of listed companies (S&P 500, PDDL; eKoNLPy, MIT), places of the time zone database and of the Korean lexicon, and made of
surnames and words.
"""

import json
import random
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from govern.ner.recipe import korean_words, names, ordinary
from govern.ner.syllables import NOUN, PLACE

Draw = random.Random
SUFFIXES_EN = (
    "Bank", "Capital", "Partners", "Holdings", "Group", "Insurance", "Securities", "Trust", "Brothers", "Inc.", "Ltd", "plc",
    "& Co.", "Advisors", "Asset Management", "Foods", "Motors", "Stores", "Realty", "Energy", "LLP", "LLC", "Financial",
    "Consulting", "Logistics", "Mutual", "Savings", "Pharma", "Technologies", "Industries", "Foundation", "University",
)  # fmt: skip
PRODUCTS_EN = (
    "Fund", "Bond", "Account", "Card", "Index", "Saver", "Mortgage", "Plan", "Policy", "Note", "Certificate", "Loan", "ETF",
)  # fmt: skip
PLACES_EN = ("{} Street", "{} Road", "{} Avenue", "Port {}", "{} County", "St. {}", "{}ville", "{} Park", "Lake {}")
SUFFIXES_KO = (
    "은행", "증권", "생명", "화재", "캐피탈", "건설", "전자", "산업", "물산", "화학", "제약", "홀딩스", "저축은행", "자산운용",
    "상사", "개발", "식품", "테크", "법무법인", "회계법인", "신탁", "대부", "병원", "대학교",
)  # fmt: skip
PRODUCTS_KO = ("적금", "예금", "통장", "대출", "펀드", "보험", "카드", "연금", "신탁", "채권")


KOREAN_COMPANIES = ("listed_entity", "institution")
"""Categories of eKoNLPy's terms."""


@dataclass(frozen=True, slots=True)
class Fillers:
    """What fills the slots of no person."""

    companies: tuple[str, ...] = field(repr=False)
    places: tuple[str, ...] = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    lang: str

    def org(self, rng: Draw) -> str:
        """A company, bank or firm."""
        draw = rng.random()
        if draw < 0.4:
            return rng.choice(self.companies)
        if self.lang == "ko":
            return self._org_ko(rng)
        first, last, other = (rng.choice(each) for each in (names.common()[0], names.common()[1], names.latin()[1]))
        word, suffix = rng.choice(self.words).capitalize(), rng.choice(SUFFIXES_EN)
        patterns: tuple[Callable[[], str], ...] = (
            lambda: f"{last} & {other}",
            lambda: f"{last}, {other} & {rng.choice(names.common()[1])}",
            lambda: f"{last} {suffix}",
            lambda: f"{other} {suffix}",
            lambda: f"{first} {last} {suffix}",
            lambda: f"{word} {suffix}",
            lambda: f"{word} {rng.choice(self.words).capitalize()} {suffix}",
            lambda: f"Bank of {rng.choice(self.places)}",
            lambda: f"{rng.choice(self.places)} {suffix}",
            lambda: f"{first}'s {word}",
        )
        return rng.choice(patterns)()

    def _org_ko(self, rng: Draw) -> str:
        word = names.korean(rng).full if rng.random() < 0.25 else rng.choice(self.words)
        made = word + rng.choice(SUFFIXES_KO)
        return made if rng.random() < 0.7 else rng.choice(("㈜", "(주)", "주식회사 ")) + made

    def place(self, rng: Draw) -> str:
        """A town, country, street or county."""
        if rng.random() < 0.7 or self.lang == "ko":
            return rng.choice(self.places)
        return rng.choice(PLACES_EN).format(rng.choice(names.common()[1]))

    def product(self, rng: Draw) -> str:
        """What a bank sells."""
        if self.lang == "ko":
            return rng.choice(self.words) + rng.choice(PRODUCTS_KO)
        first = rng.choice(names.common()[1]) if rng.random() < 0.4 else rng.choice(self.words).capitalize()
        second = f" {rng.choice(self.words).capitalize()}" if rng.random() < 0.5 else ""
        return f"{first}{second} {rng.choice(PRODUCTS_EN)}"

    def word(self, rng: Draw) -> str:
        """Any noun; in English one or two words, capitalised."""
        if self.lang == "ko":
            return rng.choice(self.words)
        return " ".join(rng.choice(self.words).capitalize() for _ in range(rng.randrange(1, 3)))


def fillers(lang: str, shared: Path, dictionary: Path) -> Fillers:
    """Those of a language."""
    glossary = shared / "glossary"
    if lang == "ko":
        rows = [json.loads(line) for line in (glossary / "ekonlpy_terms_ko.jsonl").read_text("utf-8").splitlines()]
        companies = tuple(sorted({row["term"] for row in rows if row["category"] in KOREAN_COMPANIES}))
        known = korean_words.words()
        return Fillers(
            companies,
            tuple(sorted(word for word, kinds in known.items() if kinds == PLACE and len(word) <= 4)),
            tuple(sorted(word for word, kinds in known.items() if kinds == NOUN and len(word) <= 4)),
            lang,
        )
    listed = ordinary.listed()
    zones = (zone.split("/")[-1] for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc"))
    cities = {zone.replace("_", " ") for zone in zones}
    return Fillers(
        tuple(sorted(ordinary.terms(glossary / "sp500_companies_en.jsonl", "term"))),
        tuple(sorted(cities | set(ordinary.STATES.split()))),
        tuple(sorted(word for word in ordinary.dictionary(dictionary) - listed if len(word) > 3)),
        lang,
    )
