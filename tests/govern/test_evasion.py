"""Numbers written to evade: every form, every numeric type, both languages, a Korean particle glued to the value."""

import unicodedata
from collections import Counter

import pytest

from govern.detect import build, find
from govern.policy import load
from govern.samples import evasion
from govern.samples.evasion import Cell
from govern.samples.forms import CHARACTERS, FORMS, LAYOUT, WORDS

SHOWN_AS_NOTHING = {"Cf", "Me", "Mn"}

FEW, MANY = 3, 100
SEED, SLOW_SEED = 1, 2


@pytest.fixture(scope="module")
def detector():
    """The default policy's."""
    return build(load("default").by_rule())


def found(detector, cell, count, seed):
    """How many of the cell's values are covered by findings of their type, and how many there are."""
    hits = planted = 0
    for text, start, end in evasion.plant(cell, count, seed):
        spans = [span for span in find(detector, text) if span.entity_type in cell.accepted]
        covered = {place for span in spans for place in range(span.start, span.end)}
        shown = {place for place in range(start, end) if unicodedata.category(text[place]) not in SHOWN_AS_NOTHING}
        hits += shown <= covered
        planted += 1
    return hits, planted


def cells_of(entity_type):
    """The cells of a type."""
    return [cell for cell in evasion.cells() if cell.entity_type == entity_type]


@pytest.mark.parametrize("entity_type", evasion.VALUES)
def test_a_value_is_found_in_every_form_and_language(detector, entity_type):
    """A few values in each cell, all of them; the message names cells and no value."""
    missed = {}
    for cell in cells_of(entity_type):
        hits, planted = found(detector, cell, FEW, SEED)
        if hits < planted:
            missed[f"{cell.form}, {cell.lang}"] = f"{hits} of {planted}"
    assert not missed


@pytest.mark.slow
@pytest.mark.parametrize("entity_type", evasion.VALUES)
def test_recall_is_99_percent_in_every_cell(detector, entity_type):
    """A hundred values in each cell, at most one missed."""
    missed = {}
    for cell in cells_of(entity_type):
        hits, planted = found(detector, cell, MANY, SLOW_SEED)
        if planted and hits / planted < 0.99:
            missed[f"{cell.form}, {cell.lang}"] = f"{hits} of {planted}"
    assert not missed


def test_there_are_more_than_fifteen_forms_for_every_numeric_type():
    """Two dozen for numbers in groups; only other characters for a code of three digits and the like."""
    assert len(FORMS) == len(CHARACTERS) + len(LAYOUT) + len(WORDS) > 30
    filled = Counter(
        (cell.entity_type, cell.lang)
        for cell in evasion.cells()
        if next(evasion.plant(cell, 1, SEED), None) is not None
    )
    assert set(filled) == {(entity_type, lang) for entity_type in evasion.VALUES for lang in evasion.LANGUAGES}
    assert min(filled.values()) >= 15
    assert set(evasion.SENTENCES) == set(evasion.VALUES) >= set(evasion.CHARACTERS_ONLY)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_keeps_the_letters_of_a_value_and_changes_its_digits_or_their_layout(form):
    """`GB76 WEST 1234-5610`: its capital letters stand in the same order, and the same value is written the same way."""
    value = "GB76 WEST 1234-5610"
    written = FORMS[form](value)
    assert (written == value) == (form == "plain")
    assert FORMS[form](value) == written
    letters = [character for character in written if character in "GBWEST"]
    assert "".join(letters) == "GBWEST"
    digits = [
        str(unicodedata.digit(character)) for character in written if unicodedata.digit(character, None) is not None
    ]
    assert form in WORDS or "".join(digits) == "7612345610"


def test_the_same_seed_plants_the_same_values():
    """Another seed plants others."""
    cell = Cell("spaced", "KR_RRN", "ko")
    assert list(evasion.plant(cell, 5, 1)) == list(evasion.plant(cell, 5, 1))
    assert list(evasion.plant(cell, 5, 1)) != list(evasion.plant(cell, 5, 2))
    for text, start, end in evasion.plant(cell, 5, 1):
        assert text.startswith("주민등록번호 ")
        assert text[start:end].replace(" ", "").replace("-", "").isdigit()
        assert text[end:].startswith(("로 ", "으로 "))
