"""300,000 made-up strings: every one comes back as the base's normalizer writes it, and none is longer."""

import random
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from govern.attestation import CertifiedCorpus
from vocab.extend import extend
from vocab.extension import read
from vocab.measuring import on_texts
from vocab.term_lists import load

STRINGS, BATCH, LONGEST = 100_000, 2_000, 30
RANGES = ((0x00, 0x7F), (0x80, 0x24F), (0x300, 0x36F), (0x600, 0x6FF), (0x1100, 0x11FF), (0x2000, 0x206F), (0x3000, 0x30FF),
          (0x3130, 0x318F), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xF8FF), (0xFF00, 0xFFEF), (0x1F300, 0x1FAFF),
          (0, sys.maxunicode))  # fmt: skip
"""Blocks that a character is drawn from, each as likely as another; surrogates are no characters."""
PARTS = (
    "1,234.56",
    "3조 5,000억 원",
    "(1,234)",
    "<|endoftext|>",
    "</s>",
    "<PERSON_1>",
    "  ",
    "\r\n",
    "e\u0301",
    "1" * 40,
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "digits", "seed"), [("portable", "keep", 1), ("exact", "keep", 2), ("portable", "r2l3", 3)]
)
def test_a_hundred_thousand_strings_come_back(
    base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path, profile: str, digits: str, seed: int
) -> None:
    """Nothing is lost beyond what the base itself changes, which writes what stands between two special tokens in NFC."""
    lists = [load("finance-en"), load("finance-ko")]
    made = extend(base_folder, corpus, lists, tmp_path / "out", profile=profile, digits=digits, budget=6000)
    extended = read(made.folder)
    before = (extended.ground.base if digits == "r2l3" else extended.base).tokenizer()
    terms = [term.entry.term for term in made.growth.terms if term.status == "added"]
    found = on_texts(before, extended.tokenizer.tokenizer(), batches(random.Random(seed), terms))
    own = on_texts(before, before, batches(random.Random(seed), terms))
    assert found.documents == own.documents == STRINGS
    assert (found.decoded_otherwise, found.documents_longer) == (0, 0)
    assert found.not_round_trip == own.not_round_trip < 10
    assert found.documents_shorter > STRINGS // 10


def batches(source: random.Random, terms: list[str]) -> Iterator[list[str]]:
    for _ in range(STRINGS // BATCH):
        yield [string(source, terms) for _ in range(BATCH)]


def string(source: random.Random, terms: list[str]) -> str:
    """Characters of any block, with a term or an odd part now and then; one in five is taken apart (NFD)."""
    pieces = []
    for _ in range(source.randrange(1, LONGEST)):
        kind = source.random()
        pieces.append(
            source.choice(terms) if kind < 0.1 else source.choice(PARTS) if kind < 0.15 else character(source)
        )
    text = "".join(pieces)
    return unicodedata.normalize("NFD", text) if source.random() < 0.2 else text


def character(source: random.Random) -> str:
    first, last = source.choice(RANGES)
    code = source.randint(first, last)
    return " " if 0xD800 <= code <= 0xDFFF else chr(code)
