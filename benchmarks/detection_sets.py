"""Labelled texts for `detection.py`: public sets, the synthetic sample, and values planted into real text."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from govern.draw import Draw
from govern.sample import generate
from govern.samples import evasion, identifiers, pages, values

Label = tuple[int, int, str]

PUBLIC = (
    (
        "presidio_synth_en.dev.jsonl",
        ("CREDIT_CARD", "EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "PHONE_NUMBER", "US_SSN"),
    ),
    ("kmou_ner_ko.train.jsonl", ("EMAIL_ADDRESS", "PHONE_NUMBER")),
)
"""Sets and the types that they label; findings of other types are not judged there."""

CASES = "korean_pii_cases_ko.dev.jsonl"
CASE_TYPES = frozenset(
    {"CREDIT_CARD", "EMAIL_ADDRESS", "KR_BANK_ACCOUNT", "KR_DRIVER_LICENSE", "KR_PASSPORT", "KR_RRN", "PHONE_NUMBER"}
)

NAMES = ("finer_ord_en.dev", "wikigold_en.dev", "presidio_synth_en.dev", "klue_ner_ko.dev", "kmou_ner_ko.train")
"""Sets that label people."""

REAL = {
    "en": ("text_en/sec_filings_en", "text_en/fed_speeches_en"),
    "ko": ("text_ko/kr_court_rulings_finance_ko", "text_ko/kr_statutes_finance_ko"),
}
PASSAGE = 900
"""Characters of real text that a value is planted into."""
_BOUNDARY = re.compile(r"(?<=[.!?])\s+(?=\S)|\n+(?=\S)")


class Document(NamedTuple):
    """A text, its language and its labels; `before` is the text before anything was planted, and where that was done."""

    text: str
    lang: str
    labels: list[Label]
    before: str = ""
    at: int = 0


def public(path: Path) -> Iterator[Document]:
    """The documents of a set with spans, labelled with the common types."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["spans"] is not None:
            yield Document(
                row["text"], row["lang"], [(s["start"], s["end"], s["mapped"]) for s in row["spans"] if s["mapped"]]
            )


def cases(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Text and the types expected in it, of which the set gives no places."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield row["text"], row["expected_mapped"]


def sample(documents: int, seed: int) -> Iterator[Document]:
    """The synthetic sample."""
    for document, _ in generate(documents, seed):
        yield Document(
            document.text, document.lang, [(item.start, item.end, item.entity_type) for item in document.labels]
        )


@cache
def _texts(shared: Path, lang: str) -> tuple[list[str], ...]:
    import polars as pl

    return tuple(pl.read_parquet(shared / f"{name}.parquet")["text"].to_list() for name in REAL[lang])


def passages(shared: Path, lang: str, seed: int) -> Iterator[tuple[str, int]]:
    """Endless passages of real text and a place in each, at the end of a sentence."""
    texts = _texts(shared, lang)
    draw = Draw(f"passages/{seed}/{lang}")
    while True:
        text = draw.pick(draw.pick(texts))
        start = draw.between(0, max(0, len(text) - PASSAGE))
        passage = text[start : start + PASSAGE]
        places = [match.end() for match in _BOUNDARY.finditer(passage)]
        if places:
            yield passage, draw.pick(places)


def with_context(entity_type: str, lang: str, draw: Draw) -> tuple[str, list[Label]]:
    """A sentence of the sample's templates for this type."""
    page = pages._Page(draw, lang, "chat", entity_type)  # noqa: SLF001 — one sentence of a page
    page.render(draw.pick(page.language.entities[entity_type]))
    return "".join(page.parts) + " ", [(item.start, item.end, item.entity_type) for item in page.labels]


def _checked(draw: Draw, make: Callable[[Draw], str], *, foreign: bool) -> str:
    """A registration number with a check digit, which those since October 2020 have not."""
    while True:
        value = make(draw)
        digits = "".join(filter(str.isdigit, value))
        if digits[12] == values.registration_check(digits[:12], foreign=foreign):
            return value


CHECKSUM: dict[str, Callable[[Draw], str]] = {
    "CREDIT_CARD": values.card,
    "CRYPTO": values.crypto,
    "IBAN_CODE": values.iban,
    "KR_BRN": lambda draw: re.sub(r"^(\d{3})(\d{2})(\d{5})$", r"\1-\2-\3", values.kr_brn(draw)),
    "KR_CRN": identifiers.kr_crn,
    "KR_FRN": lambda draw: _checked(draw, values.kr_frn, foreign=True),
    "KR_RRN": lambda draw: _checked(draw, values.kr_rrn, foreign=False),
}
"""Identifiers that their check digits and form give away, without a word beside them."""


def without_context(entity_type: str, lang: str, draw: Draw) -> tuple[str, list[Label]]:
    """The value alone, in Korean with a particle glued to it."""
    value = CHECKSUM[entity_type](draw)
    after = pages.particle("으로", value) + " " if lang == "ko" else "; "
    return value + after, [(0, len(value), entity_type)]


def planted(shared: Path, lang: str, entity_type: str, count: int, seed: int, *, context: bool) -> Iterator[Document]:
    """`count` passages of real text with a sentence about a value of this type in each."""
    make = with_context if context else without_context
    draw = Draw(f"planted/{seed}/{lang}/{entity_type}/{context}")
    source = passages(shared, lang, seed + len(entity_type) + draw.between(0, 10**6))
    for _ in range(count):
        passage, at = next(source)
        sentence, labels = make(entity_type, lang, draw)
        moved = [(start + at, end + at, kind) for start, end, kind in labels]
        yield Document(passage[:at] + sentence + passage[at:], lang, moved, passage, at)


def evasions(count: int, seed: int) -> Iterator[tuple[evasion.Cell, list[tuple[str, int, int]]]]:
    """The cells of the evasion matrix that hold anything."""
    for cell in evasion.cells():
        texts = list(evasion.plant(cell, count, seed))
        if texts:
            yield cell, texts
