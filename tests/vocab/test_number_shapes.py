"""Each format is found with its exact characters, and what only looks like it is not."""

import pytest

from vocab import numbers

FOUND = {
    "fiscal period": [
        "FY2023", "FY 2024", "FY24", "FY’24", "FY2023 Q3", "fiscal 2024", "Fiscal 2024", "FISCAL 2024",
        "fiscal year 2024", "Fiscal Years 2024", "Q3 2024", "Q3-2024", "Q1'23", "Q3 FY24", "Q3 FY 2024", "H1 2024",
        "3Q24", "3Q’24", "3Q 2024", "4Q FY24", "1H24", "2H 2023", "9M24", "2024Q3", "2024 Q3", "2010:Q4", "Q3", "3Q",
        "2024년 3분기", "2024년 1/4분기", "3분기", "1/4 분기", "2사분기", "2024년 상반기", "2024년도 하반기",
        "2024년도", "2024년 제1기", "2004년 2기분", "2024회계연도", "2024 사업연도", "2024년 사업연도",
    ],
    "date": [
        "2024-03-31", "2024/3/31", "2024.3.31", "2024. 3. 31", "2010.12. 5", "2024년 3월 31일", "2024년3월", "2024년",
        "3월 31일", "3/31/2024", "12/31/99", "March 3, 2024", "March 3,2024", "MAY 31 2024", "Sept. 5, 2024", "Jan 5",
        "June 15th", "May 2nd, 2024", "March 18-19, 2014", "March 18–19", "December 2023", "January, 1996",
        "31 December 2023", "3rd March 2024",
    ],
    "korean units": [
        "3조 5,000억 원", "3조원", "3조5천억", "12만 원", "5천만원", "5만원", "1억", "1억 2,345만 6,789원",
        "1억2천3백만원", "1억 99,000원", "5천원", "100억여 원", "1,100여만 원", "30여 억 원", "9만5,123",
        "1백만 달러", "50만불", "2.5만", "8조 4,600억여 원", "1천5백억원", "1만2천500원", "1천",
    ],
    "currency": [
        "$1,234.56", "$ 1,234", "$.05", "$5", "US$5", "U.S.$5", "HK$1.5 billion", "€3.2 million", "£5m", "$20bn",
        "$3-billion", "₩1,000", "1,234원", "1234 원", "500여원", "5달러", "100유로", "99센트", "300불", "10,000엔",
        "KRW 1,000", "USD100", "EUR 5.5 million", "100 USD", "5 million dollars", "50 cents", "3.5 trillion yen",
        "2 trillion won", "10 dollars", "1,000 KRW",
    ],
    "percentage points": [
        "1.5%p", "2%P", "0.5%포인트", "0.5% 포인트", "3퍼센트포인트", "3 퍼센트 포인트", "0.3 percentage point",
        "2.4 percentage points", "1/4 percentage point", "1-1/2 percentage points", "5 1/4 percentage points",
        "2½ percentage points", "1-percentage-point", "2% points", "0.4 ppt", "3 pp",
    ],
    "basis points": [
        "25bp", "25 bps", "345bps", "25 basis points", "1 basis point", "25-basis-point", "25-basis point",
        "30베이시스포인트", "30 베이시스 포인트",
    ],
    "percent": [
        "3.25%", "5 %", "5％", "3퍼센트", "3 퍼센트", "2 percent", "2-percent", "5-1/4 percent", "3/4 percent",
        "5 3/4%", "4¾ percent", "3.5 per cent", "5 pct", ".5 percent", "1,200%",
    ],
    "thousands": [
        "1,234,567", "12,345.67", "1,234",
    ],
    "decimal": [
        "3.14", "0.125", ".25",
    ],
    "integer": [
        "2024", "0", "007", "1234567",
    ],
}  # fmt: skip

OTHER = [
    ("제3조 5억원", [("integer", "3"), ("korean units", "5억원")]),
    ("제12조제2항", [("integer", "12"), ("integer", "2")]),
    ("법 3조에 따라", [("integer", "3")]),
    ("징역 1년 6월에", [("integer", "1"), ("integer", "6")]),
    ("3개월", [("integer", "3")]),
    ("피고 1 원고 2", [("integer", "1"), ("integer", "2")]),
    ("제2원심판결", [("integer", "2")]),
    ("5만큼", [("integer", "5")]),
    ("3 조합", [("integer", "3")]),
    ("2024년 3개월", [("date", "2024년"), ("integer", "3")]),
    ("1.2.3", [("integer", "1"), ("integer", "2"), ("integer", "3")]),
    ("127.0.0.1", [("integer", "127"), ("integer", "0"), ("integer", "0"), ("integer", "1")]),
    ("1,2345", [("integer", "1"), ("integer", "2345")]),
    ("1234,567", [("integer", "1234"), ("integer", "567")]),
    ("2024.13.45", [("integer", "2024"), ("integer", "13"), ("integer", "45")]),
    ("2010. 3. 1,500원", [("integer", "2010"), ("integer", "3"), ("currency", "1,500원")]),
    ("2009. 6.경부터", [("date", "2009. 6")]),
    ("1986.11.경 1987.4.", [("date", "1986.11"), ("decimal", "1987.4")]),
    ("in 2010. 3. The", [("integer", "2010"), ("integer", "3")]),
    ("2024 2023 % change", [("integer", "2024"), ("integer", "2023")]),
    ("10-K, S-1", [("integer", "10"), ("integer", "1")]),
    ("Q5 H1N1", [("integer", "5"), ("integer", "1"), ("integer", "1")]),
    ("5 percentile", [("integer", "5")]),
    ("5 pp. 3", [("integer", "5"), ("integer", "3")]),
    ("5 won the prize", [("integer", "5")]),
    ("3 million shares", [("integer", "3")]),
    ("March 3.5 percent", [("percent", "3.5 percent")]),
    ("march 3", [("integer", "3")]),
    ("remarkMay 3", [("integer", "3")]),
    ("/a%20b 5%E3%81", [("integer", "20"), ("integer", "5"), ("integer", "3"), ("integer", "81")]),
    ("tion.9 The", [("integer", "9")]),
    ("$5\u00a0million", [("currency", "$5")]),
    ("5  percent\n3\npercent", [("integer", "5"), ("integer", "3")]),
    ("100불구속", [("integer", "100")]),
    ("ABUSD 5", [("integer", "5")]),
    ("4,144,208,062원만 인정", [("currency", "4,144,208,062원")]),
    ("$1 to $2 million", [("currency", "$1"), ("currency", "$2 million")]),
    ("Q4 2023에 3%,", [("fiscal period", "Q4 2023"), ("percent", "3%")]),
    ("１２３", []),
]


def found(text: str) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for kind, start, end in numbers.find(text)]


def test_every_format_has_examples() -> None:
    """A new format comes with what it finds."""
    assert list(FOUND) == list(numbers.FORMATS)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in FOUND.items() for text in texts])
def test_a_format_is_found_with_its_exact_characters(name: str, text: str) -> None:
    """Alone, in a sentence, in brackets, before a comma, and at the end of a line."""
    assert found(text) == [(name, text)]
    assert found(f"about {text} of it") == [(name, text)]
    assert found(f"({text}), {text}\n") == [(name, text)] * 2


@pytest.mark.parametrize("name", FOUND)
def test_a_korean_particle_may_follow(name: str) -> None:
    """Digits and units touch letters in Korean text."""
    assert [found(f"{text}을 ") for text in FOUND[name]] == [[(name, text)] for text in FOUND[name]]


@pytest.mark.parametrize(("text", "parts"), OTHER)
def test_what_only_looks_like_a_format_is_not_found(text: str, parts: list[tuple[str, str]]) -> None:
    """What is not certain is an integer, and no digit is lost."""
    assert found(text) == parts
