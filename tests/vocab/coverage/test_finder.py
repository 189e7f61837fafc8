"""Terms are found as a pattern of them finds them, and in units as in the whole text."""

import itertools
import json
import pickle
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vocab.coverage.finder import Finder
from vocab.errors import VocabError

SHARED = Path(__file__).parents[4] / "shared/data"
shared = pytest.mark.skipif(not SHARED.exists(), reason="no shared data")
Found = list[tuple[str, int, int]]

CHARACTERS = "aaBs1_가가나다é.,(-₩\n\u0301\u3000"
WORDS = st.text(CHARACTERS, min_size=1, max_size=3)
TERMS = st.lists(st.lists(WORDS | st.just(""), min_size=1, max_size=4).map(" ".join), max_size=12).map(
    lambda terms: [term for term in terms if term.strip(" ") == term != ""]
)


@st.composite
def terms_and_text(draw: st.DrawFn) -> tuple[list[str], str]:
    """Terms, and a text in which they and their beginnings and ends are frequent."""
    terms = draw(TERMS)
    parts = [*terms, *(term.split(" ")[0] for term in terms), *(term.split(" ")[-1] for term in terms)]
    some = st.sampled_from(parts) if parts else WORDS
    return terms, "".join(draw(st.lists(some | WORDS | st.sampled_from([" ", " ", "가", "s", "\n"]), max_size=14)))


def found(finder: Finder, text: str) -> Found:
    return [(finder.terms[at], start, end) for at, start, end in finder.find(text)]


def referred(terms: Sequence[str], text: str) -> Found:
    """What a pattern of the terms finds: the longest first, each with its own condition of what may follow."""
    ways = [
        re.escape(term) + ("(?![A-Za-z0-9])" if term.isascii() else "")
        for term in sorted(set(terms), key=lambda term: (-len(term), term))
    ]
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(ways)})") if ways else re.compile(r"[^\w\W]")
    return [(match[0], match.start(), match.end()) for match in pattern.finditer(text)]


def allowed(terms: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each term that may stand where it does, whatever overlaps."""
    for term in terms:
        after = "(?![A-Za-z0-9])" if term.isascii() else ""
        for match in re.finditer(rf"(?<!\w)(?={re.escape(term)}{after})", text):
            yield match.start(), match.start() + len(term)


def boundaries(finder: Finder, pieces: Sequence[str], crosses: Callable[[str, str], bool]) -> set[int]:
    """The pieces that a unit begins with: all but those that a term, or white space before them, joins to the last."""
    joined: set[int] = set()
    for at, (piece, following) in enumerate(itertools.pairwise(pieces)):
        if not piece or piece[-1].isspace():
            joined.add(at + 1)
        if finder.opens(piece) and finder.follows(following) and crosses(piece, following):
            joined.update(range(at + 1, at + 1 + finder.reach(pieces, at)))
    return set(range(len(pieces))) - joined


def by_unit(finder: Finder, pieces: Sequence[str], begins: set[int]) -> Found:
    """What is found in the units one by one, at its place in the whole text."""
    result, offset = [], 0
    starts = sorted(begins | {0})
    for start, stop in zip(starts, [*starts[1:], len(pieces)], strict=True):
        unit = (" " if start else "") + " ".join(pieces[start:stop])
        result += [(term, first + offset, last + offset) for term, first, last in found(finder, unit)]
        offset += len(unit)
    return result


@given(terms_and_text())
@settings(max_examples=1000, deadline=None)
def test_what_is_found_is_what_a_pattern_of_the_terms_finds(case: tuple[list[str], str]) -> None:
    """Leftmost, at each place the longest allowed, no overlap; any characters, spaces and newlines in terms too."""
    terms, text = case
    assert found(Finder(terms), text) == referred(terms, text)


def test_a_longer_term_is_found_though_an_ascii_term_that_may_stand_there_begins_it() -> None:
    """ETF상품 is one term, and 를 a particle."""
    assert found(Finder(["ETF", "ETF상품"]), "ETF상품을 ETF를") == [("ETF상품", 0, 5), ("ETF", 7, 10)]


@pytest.mark.parametrize(
    ("terms", "text", "expected"),
    [
        (["rate"], "rate rates rate1 rate_ rate를 (rate) prorate", ["rate", "rate", "rate", "rate"]),
        (["interest rate", "interest"], "interest rates, interest rate", ["interest", "interest rate"]),
        (["금리", "금리 인상", "원"], "기준금리 금리를 금리 인상폭 원화 100원 원", ["금리", "금리 인상", "원", "원"]),
        (["₩", "(주)", "(loss)"], "₩100 (주)한 a(주) (loss) (losses", ["₩", "(주)", "(loss)"]),
        (["a b", "b c d"], "a b c d", ["a b"]),
        (["_x", "x\ny", "x  y"], "_x y_x x\ny x  y x y", ["_x", "x\ny", "x  y"]),
        (["가", "a"], "a\u0301가 _가", ["a", "가"]),
        ([], "anything", []),
    ],
)
def test_where_a_term_may_stand(terms: list[str], text: str, expected: list[str]) -> None:
    """It begins a word; an ASCII one ends before whatever is no ASCII letter or digit, another one anywhere."""
    assert [term for term, _, _ in found(Finder(terms), text)] == expected


def test_terms_keep_their_order_and_come_once() -> None:
    """The index that is found is the one in `terms`."""
    finder = Finder(["rate", "bond", "rate", "금리"])
    assert finder.terms == ("rate", "bond", "금리")
    assert list(finder.find("금리 bond")) == [(2, 0, 2), (1, 3, 7)]


@pytest.mark.parametrize("term", ["", " ", " rate", "rate "])
def test_a_term_with_a_space_at_an_end_is_refused(term: str) -> None:
    """A unit begins with a space, so that what stands before it would be lost."""
    with pytest.raises(VocabError, match=r"term 2 of the distinct ones: .*; strip it"):
        Finder(["bond", term])


def test_a_finder_goes_to_another_process() -> None:
    """It finds the same there."""
    finder = pickle.loads(pickle.dumps(Finder(["interest rate", "금리"])))
    assert list(finder.find("금리 interest rate")) == [(1, 0, 2), (0, 3, 16)]
    assert finder.reach(["interest", "rate"], 0) == 1


@given(terms_and_text(), st.sets(st.integers(0, 30)))
@settings(max_examples=1000, deadline=None)
def test_units_hold_the_terms_of_the_whole_text(case: tuple[list[str], str], joined: set[int]) -> None:
    """Whatever other boundaries are taken away besides."""
    terms, text = case
    finder, pieces = Finder(terms), text.split(" ")
    begins = boundaries(finder, pieces, finder.crosses)
    assert by_unit(finder, pieces, begins) == found(finder, text)
    assert by_unit(finder, pieces, begins - joined) == found(finder, text)


@given(terms_and_text())
@example((["가 a"], "가 as"))
@example((["a,a b c", "a b"], "a,a b c"))
@settings(max_examples=600, deadline=None)
def test_reach_is_how_many_pieces_the_furthest_term_takes(case: tuple[list[str], str]) -> None:
    """Of all that begin in the piece; and where it takes any, the piece opens and the next follows."""
    terms, text = case
    finder, pieces = Finder(terms), text.split(" ")
    expected = [0] * len(pieces)
    for start, end in allowed(terms, text):
        at = text.count(" ", 0, start)
        expected[at] = max(expected[at], text.count(" ", start, end))
    assert [finder.reach(pieces, at) for at in range(len(pieces))] == expected
    assert [finder.reach(pieces[at : at + finder.most_pieces], 0) for at in range(len(pieces))] == expected
    assert finder.most_pieces == 1 + max((term.count(" ") for term in terms), default=0)
    for at, reach in enumerate(expected):
        if reach:
            assert finder.opens(pieces[at])
            assert finder.follows(pieces[at + 1])
            assert finder.crosses(pieces[at], pieces[at + 1])


@given(terms_and_text())
@settings(max_examples=300, deadline=None)
def test_two_pieces_cross_where_a_term_goes_on_from_one_to_the_other(case: tuple[list[str], str]) -> None:
    """It may need further pieces that do not come: then it crosses, and reaches none."""
    terms, text = case
    finder, pieces = Finder(terms), text.split(" ")
    for one, two in itertools.pairwise(pieces):
        ways = [f"{one} {two}"] + [
            f"{one} {two} {' '.join(term.split(' ')[2:])}" for term in terms if term.count(" ") > 1
        ]
        assert finder.crosses(one, two) == any(
            start <= len(one) < end for way in ways for start, end in allowed(terms, way)
        )


def test_pieces_are_told_apart() -> None:
    """The share of neighbours that are looked at more closely stays small."""
    finder = Finder(["Fair Value", "Fair Value of Debt", "rate (Loss)", "도미니카 공화국"])
    assert [
        piece for piece in ("Fair", "(Fair", "unFair", "Fair,", "rate", "도미니카", "x") if finder.opens(piece)
    ] == [
        "Fair",
        "(Fair",
        "rate",
        "도미니카",
    ]
    assert [
        piece for piece in ("Value", "Value,", "Values", "(Loss).", "공화국은", "of", "") if finder.follows(piece)
    ] == [
        "Value",
        "Value,",
        "(Loss).",
        "공화국은",
    ]
    assert finder.crosses("(Fair", "Value,")
    assert not finder.crosses("Fair", "(Loss)")
    assert finder.reach(["Fair", "Value", "of", "Debts"], 0) == 1
    assert finder.reach(["Fair", "Value", "of", "Debt."], 0) == 3


@cache
def glossary() -> Finder:
    """42,591 terms: FIBO, XBRL labels, eKoNLPy."""
    files = [SHARED / f"glossary/{name}.jsonl" for name in ("fibo_terms_en", "xbrl_labels_en", "ekonlpy_terms_ko")]
    return Finder(json.loads(line)["term"] for file in files for line in file.read_text(encoding="utf-8").splitlines())


def shared_texts() -> Iterator[list[str]]:
    """The texts of each file of the shared data."""
    for file in sorted(SHARED.glob("text_*/*")):
        frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_ndjson(file)
        yield frame["text"].drop_nulls().to_list()


@pytest.mark.shared
@shared
def test_in_released_lists_the_longest_allowed_term_is_found() -> None:
    """42,591 terms in an excerpt of each file, beside a search by length."""
    finder = glossary()
    terms, lengths = set(finder.terms), sorted({len(term) for term in finder.terms}, reverse=True)
    for texts in shared_texts():
        text = "\n".join(texts[:300])[:40_000]
        expected, done = [], 0
        for match in re.finditer(r"(?<!\w)(?=\w)", text):
            start = match.start()
            for length in lengths if start >= done else ():
                term, after = text[start : start + length], text[start + length : start + length + 1]
                if (
                    term in terms
                    and len(term) == length
                    and not (term.isascii() and after.isascii() and after.isalnum())
                ):
                    done = start + length
                    expected.append((term, start, done))
                    break
        assert expected
        assert found(finder, text) == expected


@pytest.mark.shared
@pytest.mark.slow
@shared
def test_units_of_all_shared_text_hold_its_terms() -> None:
    """42,591 terms in 103 MB."""
    finder = glossary()
    assert len(finder.terms) == 42_591
    crosses = cache(finder.crosses)
    for text in itertools.chain.from_iterable(shared_texts()):
        pieces = text.split(" ")
        assert by_unit(finder, pieces, boundaries(finder, pieces, crosses)) == found(finder, text)


@pytest.mark.shared
@pytest.mark.slow
@shared
def test_finding_takes_little_time_and_memory() -> None:
    """42,591 terms: built within a second, in 60 MB; 3 MB of text a second and more."""
    terms = glossary().terms
    tracemalloc.start()
    try:
        finder = Finder(terms)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
    start = time.process_time()
    Finder(terms)
    assert time.process_time() - start < 1
    for texts in shared_texts():
        start = time.process_time()
        assert sum(1 for text in texts for _ in finder.find(text))
        assert sum(len(text.encode()) for text in texts) / (time.process_time() - start) > 3_000_000
