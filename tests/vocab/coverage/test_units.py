"""Units: the parts of text that nothing crosses."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vocab import numbers
from vocab.coverage.finder import Finder
from vocab.coverage.spans import Search, texts_of
from vocab.coverage.units import Units

TERMS = ["금리", "기준금리", "net interest margin", "EBITDA", "interest rate", "자기자본 비율", "rate"]
WORDS = (
    "net", "interest", "margin", "rate", "rates", "금리를", "자기자본", "비율은", "(EBITDA)", "3조", "5,000억", "원",
    "USD", "1,234.5", "January", "5,", "2024", "2024년", "3월", "", "\n", "a\n", "\tb", "\u3000", "%", "bp", "Q3", "FY", "12",
    "x\x1cy", "￦",
)  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=4)), max_size=14).map(" ".join)


def cut(units: Units, texts: list[str]) -> tuple[list[list[int]], dict[int, str]]:
    """The units of each text, and what each is that was new."""
    made = units.cut(texts)
    ends = np.cumsum(made.sizes)
    rows = [made.units[end - size : end].tolist() for end, size in zip(ends, made.sizes, strict=True)]
    return rows, {
        unit: text
        for new in (units.new_inside, units.new_first)
        for unit, text in zip(new.units, new.texts, strict=True)
    }


@settings(max_examples=200)
@given(st.lists(TEXT, max_size=6))
def test_units_join_to_the_text(texts: list[str]) -> None:
    """Nothing is lost or said twice, and a unit seen before keeps its number."""
    units = Units(Finder(TERMS))
    first, known = cut(units, texts)
    assert ["".join(known[one] for one in row) for row in first] == texts
    again, new = cut(units, texts)
    assert again == first
    assert not new


@settings(max_examples=300)
@given(TEXT)
@example("the net interest margin of 3조 5,000억 원 in January 5, 2024")
def test_what_stands_in_units_is_what_stands_in_the_text(text: str) -> None:
    """Numbers and terms have the same places whether a text is searched whole or unit by unit."""
    finder = Finder(TERMS)
    rows, known = cut(Units(finder), [text])
    terms, found, at = [], [], 0
    for unit in rows[0]:
        terms += [(term, start + at, end + at) for term, start, end in finder.find(known[unit])]
        found += [(name, start + at, end + at) for name, start, end in numbers.find(known[unit])]
        at += len(known[unit])
    assert terms == list(finder.find(text))
    assert found == list(numbers.find(text))


def test_a_unit_begins_with_its_space_and_the_first_has_none() -> None:
    """The same word is one unit at the start of a text and another inside it."""
    rows, known = cut(Units(Finder([])), ["rate rate"])
    assert [known[one] for one in rows[0]] == ["rate", " rate"]


def test_places_are_bytes() -> None:
    """A number after Korean text stands where its bytes stand, and its inner boundaries too."""
    texts = texts_of(["금리 1,234원", " EBITDA"])
    found = Search(Finder(["EBITDA"])).find(texts)
    start, end = int(found.numbers.start[0]), int(found.numbers.end[0])
    assert texts.blob[start:end].tobytes().decode() == "1,234원"
    assert found.boundary.tolist() == [start + at for at in (1, 2, 5)]
    assert (found.terms.text.tolist(), found.terms.start.tolist()) == ([1], [len("금리 1,234원".encode()) + 1])
