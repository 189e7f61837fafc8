"""Readings: what hides a number is undone beside the text, and leads back to where it stands."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.normalize import normalize
from govern.readings import plainly, readings

HIDDEN = [
    ("공일공 일이삼사 오육칠팔", "010-1234-5678"),
    ("공일공에 일이삼사에 오육칠팔", "010-1234-5678"),
    ("영일영-일이삼사-오육칠팔", "010-1234-5678"),
    ("〇一〇 一二三四 五六七八", "010-1234-5678"),
    ("공일공 1234 5678", "010-1234-5678"),
    ("공 일 공 일 이 삼 사 오 육 칠 팔", "01012345678"),
    ("사일일일 일일일일 일일일일 일일일일", "4111-1111-1111-1111"),
    ("일구이.일육팔.공.일공", "192.168.0.10"),
    ("four one one one, one one one one", "4111-1111"),
    ("zero one zero double one two three four", "01011234"),
    ("O1O-l234-5678", "010-1234-5678"),
    ("4lll llll llll llll", "4111-1111-1111-1111"),
    ("l92.l68.O.lO", "192.168.0.10"),
    ("21S-B9-9Z99", "215-89-9299"),
    ("4 1 1 1 1 1 1 1", "41111111"),
    ("9 9 0 1 0 1 - 1 2 3 4 5 6 7", "990101-1234567"),
    ("41 11 11 11 11 11 11 11", "4111111111111111"),
    ("1 9 2 . 1 6 8 . 0 . 1 0", "192.168.0.10"),
    ("4111/1111/1111/1111", "4111-1111-1111-1111"),
    ("4111.1111.1111.1111", "4111-1111-1111-1111"),
    ("4111,1111,1111,1111", "4111-1111-1111-1111"),
    ("4111 - 1111 - 1111 - 1111", "4111-1111-1111-1111"),
    ("(4111)(1111)(1111)(1111", "4111-1111-1111-1111"),
    ("990101 · 1234567", "990101-1234567"),
    ("990101-\n1234567", "990101-1234567"),
    ("990101-12\n34567", "990101-1234567"),
    ("4111 1111 11\r\n  11 1111", "4111 1111 1111 1111"),
    ("192.168.\n0.10", "192.168.0.10"),
]


def texts(written):
    """Every reading of `written`, which must lead back to a part of it."""
    found = readings(written)
    if found is None:
        return []
    for start, end, *_ in found.cores:
        first, last = found.shadow.original(start, end)
        assert 0 <= first < last <= len(written)
    return [found.shadow.text[start:end] for start, end, *_ in found.cores]


@pytest.mark.parametrize(("written", "plain"), HIDDEN)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("번호는 ", "입니다"), ("the number ", " is mine"), ("\n", "\n")]
)
def test_a_hidden_number_is_read(written, plain, before, after):
    """Spelled, with letters for digits, apart, with odd marks, over two lines; whatever stands beside it."""
    assert plain in texts(before + written + after)


@pytest.mark.parametrize("ending", ["이에요", "이 제 번호예요", "입니다", "로", "은", "번"])
def test_a_particle_is_no_digit(ending):
    """이 is a digit and a particle: both are tried."""
    assert "010-1234-5678" in texts(f"공일공 일이삼사 오육칠팔{ending}")


@pytest.mark.parametrize(
    "text",
    [
        "10일 20일 30일 40일까지", "이사 두 명은 이 일을 사오일 만에", "4111 1111 1111 1111", "010-1234-5678",
        "2024-03-31 12:30:15", "1,234,567,890원", "Q1 Q2 Q3 and 10 Items", "one or two of the three", "1.5\n2.5\n3.5",
        "12,345\n67,890\n12,345",
        "2015\n2016\n2017", "제1조 제2조 제3조", "3억 1,000만 원", "revenue 12.5 / 13.2", "99.99%/12.34%",
    ],
)  # fmt: skip
def test_what_hides_nothing_has_no_reading(text):
    """Dates, amounts, counted days, years in a column."""
    assert texts(text) == []


def test_a_reading_stands_between_the_words_round_it():
    """Context words are looked for beside the number, in its excerpt alone."""
    found = readings("x" * 500 + " 주민번호 공일공일이삼사오육칠팔 확인 " + "y" * 500)
    start, end, kind, first = found.cores[0]
    assert (kind, first) == ("words", True)
    assert found.shadow.text[:start].endswith("주민번호 ")
    assert found.shadow.text[end:].startswith(" 확인")
    assert found.core(start, end) == found.cores[0]
    assert found.core(0, 10) is None


def test_each_character_leads_to_the_one_it_was_read_from():
    """Four words, four digits; a joined line break stands nowhere."""
    written = "call four one one one one one one one"
    found = readings(written)
    start = found.cores[0].start
    assert written[slice(*found.shadow.original(start, start + 1))] == "four"
    assert written[slice(*found.shadow.original(start + 1, start + 2))] == "one"
    assert written[slice(*found.shadow.original(start, start + 8))] == written.removeprefix("call ")


def test_plainly_is_the_first_reading_in_its_place():
    """What tags of one value are compared by."""
    assert plainly("M1O345678") == "M10345678"
    assert plainly("010-1234-5678") == "010-1234-5678"


@given(st.text(alphabet="0123456789OlIS공일이삼사- ./\n,()|one two four", max_size=120))
def test_any_reading_leads_back_inside_the_text(text):
    """Also where numbers crowd."""
    texts(text)


def test_a_hundred_thousand_digits_and_a_megabyte_line_are_read_in_linear_time():
    """Whatever is repeated."""
    chance = random.Random(3)
    for piece in (
        "1",
        "1 ",
        "1\n",
        "12 ",
        "1234 ",
        "1234/",
        "O1",
        "O1-",
        "일",
        "공일 ",
        "one ",
        "one two ",
        "12-\n",
        "A1\n",
        "1,",
        "(1)",
    ):

        def seconds(count, piece=piece):
            text = normalize(piece * count).text
            best = 1e9
            for _ in range(2):
                begun = time.process_time()
                found = readings(text)
                best = min(best, time.process_time() - begun)
            assert found is None or len(found.shadow.text) < 100 * len(text) + 1000
            return best

        assert seconds(50_000) < max(40 * seconds(5_000), 0.1), piece
    texts("".join(chance.choices("0123456789 -O\n", k=100_000)))
