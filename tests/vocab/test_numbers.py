"""Numbers are found once each, in linear time; their values' boundaries; and where a text may be cut before finding them."""

import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vocab import numbers
from vocab.number_shapes import LEAD, LONGEST_LEAD

DATA = Path(__file__).parents[3] / "shared/data"
NAMES = {f"f{at}": name for at, name in enumerate(numbers.FORMATS)}
REFERENCE = re.compile("|".join(f"(?P<f{at}>{one})" for at, one in enumerate(numbers.FORMATS.values())))

_DIGITS = "0 1 2 3 4 5 6 7 8 9 00 12 31 34 999 1999 2024 1,234 12,345,678 0.5 3.14 .05 1/4 5-1/4 2½"
DIGITS = tuple(_DIGITS.split())
YEARS = ["2024", "1999", "2010", "24", "3024"]
DAYS = ["1", "3", "4", "05", "12", "31", "32"]
# "#" stands for digits, "@" for a year, "&" for a day, month or quarter, "_" for a space or none, "~" for a space
_WRITTEN = """
    @-&-& @/&/& &/&/@ @._&._& @.~&.~& @._&.경 @년_&월_&일 @년 &월_&일 March_&, MAY~&,_@ Sept.~&,~@ Oct~&–&,~@
    June~&th,~@ Jan.~@ &~December~@ &th~July~@ FY_@ FY_’@_Q& fiscal_@ fiscal_year_@ FISCAL~YEARS~@ Q&_@ H&’@
    Q&_FY_@ &Q_@ &H_@ &Q_FY_@ @_Q& @:Q& Q3 4Q @년_&분기 @년_&~분기 @년도_상반기 @년도 @년_제&기분 @년_&/4_분기
    &사분기 @_회계연도 @년_사업연도 #조_#억_원 #조_원 #조_# #억_#만_#원 #만_# #천#백만_원 #여_만_원 #억여_원
    #억_달러 제#조_#억 $_# US$_#_million $#_bn U.S.$_.# €#M USD_# XUSD_# #_USD #_million_dollars #_thousand_KRW
    #_trillion_won #_원 #_원고 #여_원 #_센트 #_cents #_% #%_포인트 #_%p #%_points #_퍼센트_포인트 #_percent
    #-percent #_per_cent #_per_#_cent #_pct #_percentage_points #-percentage-point #_#_percent &~1/4_%
    #_#_basis_points #-basis-points #_bps #-bp #_ppt #_p.p. #_베이시스_포인트 %# #%3F @_%_change
"""
WRITTEN = tuple(_WRITTEN.split())
WILD = {"#": DIGITS, "@": YEARS, "&": DAYS, "_": ["", " ", " "], "~": [" ", " ", " ", "", "  "]}
_OTHERS = "a the 원고 제 조 만 million percent point year of ( ) , . - % $ 의"
OTHERS = (*_OTHERS.split(), "", "\n", "\u00a0")
GAPS = [" ", " ", " ", "", "  ", "\n", " \n", "\t"]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Numbers of every format, with and without their spaces, whole and in parts, among other words."""
    result = ""
    for _ in range(draw(st.integers(1, 5))):
        part = draw(st.sampled_from([*WRITTEN, *WRITTEN, *OTHERS, *DIGITS]))
        result += re.sub("[#@&_~]", lambda wild: draw(st.sampled_from(WILD[wild[0]])), part) + draw(
            st.sampled_from(GAPS)
        )
    if draw(st.booleans()):
        at = draw(st.integers(0, len(result)))
        result = (
            result[:at] + draw(st.sampled_from(["", " ", "x", "원", ".", "1"])) + result[at + draw(st.integers(0, 2)) :]
        )
    return result


def reference(text: str) -> list[tuple[str, int, int]]:
    """What the patterns say, tried in order at every place."""
    return [(NAMES[match.lastgroup], match.start(), match.end()) for match in REFERENCE.finditer(text)]


def units(text: str, tail: Callable[[str], int], head: Callable[[str], int]) -> Iterator[tuple[int, str]]:
    """`text` cut where `tail` and `head` allow it, as (offset, part); each space stays with what follows."""
    start = at = 0
    for piece, following in itertools.pairwise(text.split(" ")):
        at += len(piece)
        if piece and not piece[-1].isspace() and not tail(piece) & head(following):
            yield start, text[start:at]
            start = at
        at += 1
    yield start, text[start:]


@given(texts() | st.text("0123456789,.%$원조억만 -년월일pbUQFYMarch", max_size=60) | st.text(max_size=30))
@example("years 2024 September., 2024 FISCAL YEARS 2024 U.S.$ .5 Dec., 2024")
def test_what_is_found_is_what_the_patterns_say(text: str) -> None:
    """Looking only around digits, and looking at few formats where nothing goes on, changes nothing."""
    assert list(numbers.find(text)) == reference(text)


@given(texts() | st.text("0123456789,.%$원조억만 -년월일pbU", max_size=60) | st.text(max_size=30))
def test_every_digit_is_in_exactly_one_number(text: str) -> None:
    """Numbers do not overlap, are in order, hold a digit each, and no digit stands outside."""
    spans = [(start, end) for _, start, end in numbers.find(text)]
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
    assert all(re.search("[0-9]", text[start:end]) for start, end in spans)
    inside = {at for start, end in spans for at in range(start, end)}
    assert all(at in inside for at, character in enumerate(text) if character in "0123456789")


@given(texts())
def test_a_number_holds_no_white_space_but_single_spaces(text: str) -> None:
    """And none at its ends."""
    held = [text[start:end] for _, start, end in numbers.find(text)]
    assert [" ".join(one.split()) for one in held] == held


@given(texts())
@settings(max_examples=400)
@example("2010년 3 분기 5 1/4 percentage points")
@example("99여 만 원 1억 2,345 원")
@example("January 28-29, 2003  3\n percent")
def test_a_text_cut_where_no_number_goes_on_holds_the_same_numbers(text: str) -> None:
    """The same formats at the same places."""
    parts = list(units(text, numbers.tail, numbers.head))
    assert "".join(part for _, part in parts) == text
    assert [(name, at + start, at + end) for at, part in parts for name, start, end in numbers.find(part)] == list(
        numbers.find(text)
    )


@given(texts())
def test_the_pieces_that_a_number_joins_share_a_bit(text: str) -> None:
    """Whatever else the pieces hold."""
    pieces = text.split(" ")
    ends = list(itertools.accumulate(len(piece) + 1 for piece in pieces))
    for _, start, end in numbers.find(text):
        joined = [at for at, place in enumerate(ends) if start < place <= end]
        assert all(numbers.tail(pieces[at]) & numbers.head(pieces[at + 1]) for at in joined)


@pytest.mark.parametrize(
    "piece", ["", "the", "금리를", "word.", "(word", "1)", "\n", "March\n", "3%\n", "제", "다만", "xpercent"]
)
def test_most_pieces_end_with_nothing_that_goes_on(piece: str) -> None:
    """Also where they end in other white space."""
    assert numbers.tail(piece) == 0


@pytest.mark.parametrize(
    "piece", ["", "the", "금리를", "원고", "percents", "-5", "(3", "\n3", "제3조", "Quarter", "Hence", "포함"]
)
def test_most_pieces_begin_with_nothing_that_goes_on(piece: str) -> None:
    """A bracket, a sign, white space or another word is in the way."""
    assert numbers.head(piece) == 0


def test_what_may_stand_before_the_first_digit_is_short() -> None:
    """`find` looks no further back."""
    leads = [
        text[:-1]
        for text in ("September., 2", "fiscal years 2", "FISCAL YEARS 2", "U.S.$ .5", "USD .5", "FY ’2", "Q2", ".5")
    ]
    assert all(re.fullmatch(LEAD, lead) for lead in leads)
    assert max(map(len, leads)) == LONGEST_LEAD


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        ("1234567", "1|234|567"),
        ("123", "123"),
        ("2024", "2|024"),
        ("1,234,567", "1|,|234|,|567"),
        ("0.12345", "0|.|123|45"),
        ("1234.5678", "1|234|.|567|8"),
        (".0625", ".|062|5"),
        ("$.0625", "$|.|062|5"),
        ("$1,234.56", "$|1|,|234|.|56"),
        ("US$ 1500", "US$| 1|500"),
        ("USD 1500", "USD| 1|500"),
        ("$1.5 billion", "$|1|.|5| billion"),
        ("3조 5,000억 원", "3|조| 5|,|000|억| 원"),
        ("1억2천345만원", "1|억|2|천|345|만원"),
        ("1,100여만 원", "1|,|100|여만| 원"),
        ("12345원", "12|345|원"),
        ("1.25%p", "1|.|25|%p"),
        ("3% 포인트", "3|%| 포인트"),
        ("1000bps", "1|000|bps"),
        ("25-basis-point", "25|-|basis|-|point"),
        ("5-1/4 percent", "5|-|1|/|4| percent"),
        ("2½ percent", "2|½| percent"),
        ("3.5 per cent", "3|.|5| per| cent"),
        ("2024-03-31", "2024|-|03|-|31"),
        ("2024. 3. 31", "2024|.| 3|.| 31"),
        ("2024년 3월 31일", "2024|년| 3|월| 31|일"),
        ("March 3, 2024", "March| 3|,| 2024"),
        ("FY2024", "FY|2024"),
        ("Q3 2024", "Q|3| 2024"),
        ("3Q24", "3|Q|24"),
        ("Q1'24", "Q|1|'|24"),
        ("2024년도 상반기", "2024|년도| 상반기"),
    ],
)
def test_the_value_has_boundaries_every_three_digits_and_beside_each_mark(number: str, parts: str) -> None:
    """From the right, but from the left after a decimal point; a year in a date is whole; wherever the number stands."""
    for before, after in (("", ""), ("of ", " in"), ("\n", "을")):
        text = before + number + after
        ((_, start, end),) = numbers.find(text)
        assert text[start:end] == number
        edges = (start, *numbers.groups(text, start, end), end)
        assert "|".join(text[one:two] for one, two in itertools.pairwise(edges)) == parts


@given(texts())
def test_boundaries_are_inside_and_leave_at_most_three_digits_together(text: str) -> None:
    """Except in dates and fiscal periods."""
    for name, start, end in numbers.find(text):
        edges = (start, *numbers.groups(text, start, end), end)
        assert all(one < two for one, two in itertools.pairwise(edges))
        parts = [text[one:two] for one, two in itertools.pairwise(edges)]
        assert all(not re.search("[0-9]", part) or re.fullmatch(" ?[0-9]+", part) for part in parts)
        most = 4 if name in ("date", "fiscal period") else 3
        assert all(len(part.strip()) <= most for part in parts if re.search("[0-9]", part))


@given(texts())
def test_digit_runs_are_all_the_digits(text: str) -> None:
    """None touches another."""
    for _, start, end in numbers.find(text):
        runs = numbers.digit_runs(text, start, end)
        assert all(one[1] < two[0] for one, two in itertools.pairwise(runs))
        assert [text[one:two] for one, two in runs] == re.findall("[0-9]+", text[start:end])


@pytest.mark.parametrize("piece", ["5%", "3원", "Q3", "$5", "1억", " 2024년", "1e", "25bp", "₩1", "5％", "1st"])
def test_a_token_of_digits_and_a_unit_fuses_them(piece: str) -> None:
    """Letters of any script, percent and signs of currency are units."""
    assert numbers.fuses(piece)


@pytest.mark.parametrize(
    "piece", ["5", " 5", "1,234", "0.5", "2024-03-31", "(5)", "1/4", "원", "%", "", "3 ", "5½", "#1", "３억"]
)
def test_a_token_of_digits_and_marks_fuses_nothing(piece: str) -> None:
    """Nor does one without a digit."""
    assert not numbers.fuses(piece)


def test_a_shape_has_nines_for_digits_and_an_example_counts_up() -> None:
    """The example begins no run of digits with 0 among its first nine."""
    assert numbers.shape("3조 5,000억 원") == "9조 9,999억 원"
    assert numbers.example("9조 9,999억 원") == "1조 2,345억 원"
    assert numbers.example("999,999,999,999") == "123,456,789,012"
    assert numbers.example("FY9999") == "FY1234"


@given(texts())
def test_an_example_has_its_shape(text: str) -> None:
    """Whatever the shape."""
    shape = numbers.shape(text)
    assert numbers.shape(numbers.example(shape)) == shape
    assert len(shape) == len(text)


@pytest.mark.parametrize(
    "part",
    [
        *(
            "1",
            "1,",
            "1,000",
            "1,000,",
            "1.1",
            "1.",
            ".5",
            "1조",
            "1억",
            "12-",
            "1/4",
            "2024.",
            "$",
            "3Q",
            "Q3",
            "1%",
            "1여",
        ),
        "1조 ",
        "1억 ",
        "1 1/4 ",
        "2024. 3. ",
        "March 3, ",
        "USD ",
    ],
)
def test_text_made_to_be_slow_takes_linear_time(part: str) -> None:
    """For finding, for the boundaries, and for pieces that are one long word."""
    text = part * (100_000 // len(part))
    start = time.process_time()
    for _, begin, end in numbers.find(text):
        assert len(numbers.groups(text, begin, end)) < end - begin
    assert numbers.tail(text) | numbers.head(text) >= 0
    assert time.process_time() - start < 4


def shared_texts(name: str) -> list[str]:
    if not DATA.exists():
        pytest.skip("no shared data")
    if name.endswith(".parquet"):
        return pl.read_parquet(DATA / name)["text"].to_list()
    return [json.loads(line)["text"] for line in (DATA / name).read_text("utf-8").splitlines()]


def agree(name: str) -> None:
    """The laws on a file, and that few more spaces are joined than numbers need."""
    pieces: dict[str, tuple[int, int]] = {}
    known: dict[str, list[tuple[str, int, int]]] = {}
    spaces = joined = needed = 0
    for text in shared_texts(name):
        for piece in text.split(" "):
            if piece not in pieces:
                pieces[piece] = numbers.tail(piece), numbers.head(piece)
        found = list(numbers.find(text))
        assert found == reference(text)
        apart = []
        for at, part in units(text, lambda piece: pieces[piece][0], lambda piece: pieces[piece][1]):
            if part not in known:
                known[part] = list(numbers.find(part))
            apart += [(kind, at + start, at + end) for kind, start, end in known[part]]
        assert apart == found
        pairs = list(itertools.pairwise(text.split(" ")))
        spaces += len(pairs)
        joined += sum(pieces[one][0] & pieces[two][1] != 0 for one, two in pairs)
        needed += sum(text.count(" ", start, end) for _, start, end in found)
    assert needed <= joined < needed + 0.02 * spaces


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "text_en/tatqa_contexts_en.dev.jsonl",
        "text_ko/news_park_ko_en.dev.jsonl",
        "text_ko/portone_payment_docs_ko.parquet",
    ],
)
def test_the_laws_hold_on_shared_text(name: str) -> None:
    """The small files."""
    agree(name)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        *(
            f"text_en/{name}_en.parquet"
            for name in ("fed_speeches", "fomc_minutes", "fomc_press_conference", "sec_filings")
        ),
        *(f"text_en/{name}_html_raw_en.parquet" for name in ("fed_speeches", "sec_filings")),
        *(f"text_ko/{name}_finance_ko.parquet" for name in ("kr_court_rulings", "kr_statutes")),
        "text_ko/nsmc_reviews_raw_ko.parquet",
    ],
)
def test_the_laws_hold_on_all_shared_text(name: str) -> None:
    """About 80 million characters."""
    agree(name)
