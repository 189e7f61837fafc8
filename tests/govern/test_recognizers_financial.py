"""What finance writes: found by its kind, validated only where a check digit says so, and never a personal number."""

import time

import pytest

from govern.recognizers import financial
from govern.recognizers.rule import compile_rule

RULES = tuple(compile_rule(rule) for rule in financial.RULES)


def kinds(text, value):
    """The kinds of finding that cover `value` in `text`."""
    start = text.index(value)
    hits = financial.find(RULES, text, [(start, start + len(value))], 10.0)
    return {hit.entity_type for hit in hits if hit.start <= start and hit.end >= start + len(value)}


def cusip(base):
    """`base` with its CUSIP check digit (modulus 10, double add double)."""
    total = 0
    for place, character in enumerate(base):
        number = int(character, 36) * (2 if place % 2 else 1)
        total += number // 10 + number % 10
    return base + str(-total % 10)


def isin(base):
    """`base` with its ISIN check digit (Luhn over the letters' numbers)."""
    digits = "".join(str(int(character, 36)) for character in base)
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return base + str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def lei(base):
    """`base` with its two check digits of ISO 7064 MOD 97-10."""
    number = int("".join(str(int(character, 36)) for character in base + "00"))
    return base + f"{98 - number % 97:02}"


WORDED_CUSIP, LETTERED_CUSIP, CINS = cusip("12345678"), cusip("123A56Z7"), cusip("G1234567")
XS = isin("XS123456789")
LEI = lei("5299001SAMPLE0TEST")

TRUE = [
    ("ISIN", "US0378331005", "ISIN {}"),
    ("ISIN", "KR7005930003", "표준코드 {}를"),
    ("ISIN", XS, "notes ({}) due 2030"),
    ("LEI", LEI, "LEI: {}"),
    ("LEI", LEI, "법인식별기호 {}입니다"),
    ("CUSIP", WORDED_CUSIP, "CUSIP No. {}"),
    ("CUSIP", WORDED_CUSIP, "CUSIP 번호 {}로"),
    ("CUSIP", LETTERED_CUSIP, "the bonds {} mature"),
    ("CUSIP", CINS, "CINS {}"),
    ("SEDOL", "B0YBKJ7", "{} in London"),
    ("SEDOL", "0263494", "SEDOL {}"),
    ("FIGI", "BBG000BLNQ16", "{}"),
    ("TICKER", "005930", "삼성전자({})"),
    ("TICKER", "005930", "종목코드 {}"),
    ("TICKER", "005930", "KRX: {}"),
    ("TICKER", "005930", "코스피({})"),
    ("TICKER", "005930.KS", "{}"),
    ("TICKER", "BF1.B", "(NYSE: {})"),
    ("TICKER", "3ABCDE", "NASDAQ:{}"),
    ("AMOUNT", "$1,234.56", "paid {}"),
    ("AMOUNT", "$ 1234567", "paid {}"),
    ("AMOUNT", "US$12.5 million", "{}"),
    ("AMOUNT", "€1,000", "{} fee"),
    ("AMOUNT", "£250000", "{}"),
    ("AMOUNT", "₩1,200,000", "{}"),
    ("AMOUNT", "KRW 1234567890", "{}"),
    ("AMOUNT", "1234567 USD", "{}"),
    ("AMOUNT", "1,234,567", "of {} in"),
    ("AMOUNT", "1,234", "loss ({})"),
    ("AMOUNT", "12.75%", "rate {}"),
    ("AMOUNT", "25 bps", "up {}"),
    ("AMOUNT", "150bp", "{} 상승"),
    ("AMOUNT", "1,500 shares", "{} of"),
    ("AMOUNT", "106,572,800원", "{}을 지급하라"),
    ("AMOUNT", "3억 1,000만 원", "{} 및"),
    ("AMOUNT", "1억 4천만 원", "합계 {}에"),
    ("AMOUNT", "3조 2,000억원", "{}"),
    ("AMOUNT", "50만원", "벌금 {}에 처한다"),
    ("AMOUNT", "12만 5천원", "{}씩"),
    ("AMOUNT", "5조", "자산 {} 규모"),
    ("AMOUNT", "1234567890원", "{}으로"),
    ("AMOUNT", "1000주", "보통주 {}를"),
    ("AMOUNT", "1,000만 달러", "{}"),
    ("AMOUNT", "12.5퍼센트", "{}"),
    ("DATE", "2024-03-31", "{}"),
    ("DATE", "20240331", "기준일 {}"),
    ("DATE", "20240331123000", "{}"),
    ("DATE", "20240331-153000", "{}"),
    ("DATE", "03/31/2024", "on {}"),
    ("DATE", "31/03/2024", "on {}"),
    ("DATE", "3/31/24", "on {}"),
    ("DATE", "2009. 3. 18.", "{} 선고"),
    ("DATE", "2011.12.31", "개정 {}, 2016"),
    ("DATE", "2011.12.31, 2016.4.1, 2021.1.5", "<개정 {}>"),
    ("DATE", "2012.1.1~2012.12.31", "기간 {}"),
    ("DATE", "2012-01-01 2013-01-01 2014-01-01", "{}"),
    ("DATE", "2019. 3. 23. 700", "계좌로 {}만 원"),
    ("DATE", "2024-03-31 1,234,567", "{}"),
    ("DATE", "2024년 3월 31일", "{}에"),
    ("DATE", "2024년 3월", "{}부터"),
    ("DATE", "3월 31일", "매년 {}"),
    ("DATE", "2024-03-31T12:30:00", "at {}"),
    ("DATE", "2024-03-31 12:30:00.123", "at {}"),
    ("DATE", "12:30:45", "at {}"),
    ("DATE", "March 31, 2024", "ended {}"),
    ("DATE", "31 March 2024", "ended {}"),
    ("DATE", "Dec. 2023", "in {}"),
    ("DATE", "2019-2020", "years {}"),
    ("DATE", "2019 2018 2017", "\t{}\t"),
    ("DATE", "2019, 2018 and 2017", "for {},"),
    ("PERIOD", "Q1", "in {}"),
    ("PERIOD", "1Q24", "{} 실적"),
    ("PERIOD", "H1", "{} results"),
    ("PERIOD", "2H23", "{}"),
    ("PERIOD", "Q3 2024", "{}"),
    ("PERIOD", "FY2024", "{}"),
    ("PERIOD", "FY 2023-24", "{}"),
    ("PERIOD", "2024Q1", "{}"),
    ("PERIOD", "제15기", "{} 사업보고서"),
    ("PERIOD", "제 15(당) 기", "{}"),
    ("PERIOD", "3분기", "2024년 {}에"),
    ("FILING", "0000320193-24-000123", "{}"),
    ("FILING", "000032019324000123", "{}"),
    ("FILING", "0000320193", "CIK {}"),
    ("FILING", "320193", "CENTRAL INDEX KEY:\t{}"),
    ("FILING", "001-36743", "Commission File Number: {}"),
    ("FILING", "333-123456", "({})"),
    ("FILING", "20240331000123", "접수번호 {}"),
    ("FILING", "20240331000123", "rcpNo={}"),
    ("FILING", "2010다12345", "대법원 {} 판결"),
    ("FILING", "2019가합123456", "{}"),
    ("FILING", "98다12345", "선고 {} 판결"),
    ("FILING", "98마1234", "자 {} 결정"),
    ("FILING", "98다12345", "{}(병합) 판결"),
    ("FILING", "R-1234", "Docket No. {}"),
    ("FILING", "1:20-cv-01234", "Case No. {}"),
    ("FILING", "3235-0287", "OMB Number: {}"),
    ("FILING", "제2020-12호", "고시 {}"),
    ("FILING", "978-3-16-148410-0", "ISBN {}"),
    ("FILING", "0306406152", "ISBN-10: {}"),
    ("FILING", "2049-3630", "ISSN {}"),
    ("STATUTE", "제15조제1항제2호", "{}에 따라"),
    ("STATUTE", "제15조의2", "{}를"),
    ("STATUTE", "법률 제12345호", "<{}, 2014>"),
    ("STATUTE", "Section 13(d)", "{} of the Act"),
    ("STATUTE", "Sections 13 and 15(d)", "{}"),
    ("STATUTE", "Rule 12b-2", "{} of"),
    ("STATUTE", "17 CFR 240.12b-2", "{}"),
    ("STATUTE", "§ 229.601", "{}"),
    ("STATUTE", "12 U.S.C. 1841", "{}"),
    ("STATUTE", "75 Fed. Reg. 12,345", "{}"),
    ("STATUTE", "ASC 820-10-35", "{}"),
    ("STATUTE", "Pub. L. 111-203", "{}"),
    ("TABLE", "1,234\t5,678\t910", "Revenue\t{}\n"),
    ("TABLE", "12.5 13.1 (4.2) 5,000", "{}"),
    ("TABLE", "$ 1,234 | $ 910 | 2.5", "| {} |"),
    ("TABLE", "2015201620172018", "{}"),
    ("TABLE", "2721040609492004. 7. 10.", "29.6 {}"),
]

FALSE = [
    ("ISIN", "US0378331006", "ISIN {}"),
    ("ISIN", "QQ0378331005", "ISIN {}"),
    ("ISIN", "us0378331005", "isin {}"),
    ("LEI", LEI[:-1] + str(9 - int(LEI[-1])), "LEI {}"),
    ("LEI", "1" * 20, "{}"),
    ("CUSIP", WORDED_CUSIP, "account {}"),
    ("CUSIP", WORDED_CUSIP[:-1] + str((int(WORDED_CUSIP[-1]) + 1) % 10), "CUSIP {}"),
    ("CUSIP", cusip("M1234567"), "passport {}"),
    ("SEDOL", "0263494", "number {}"),
    ("SEDOL", "B0YBKJ8", "SEDOL {}"),
    ("FIGI", "BBG000BLNQ17", "{}"),
    ("TICKER", "900101", "홍길동({})"),
    ("TICKER", "123456", "code {}"),
    ("AMOUNT", "01012345678", "{} 주소"),
    ("AMOUNT", "010-1234-5678", "{}원"),
    ("AMOUNT", "4111111111111111", "${}"),
    ("AMOUNT", "110123456789", "계좌 {} 원금"),
    ("AMOUNT", "5678", "010-1234-{} 주민"),
    ("AMOUNT", "219-09-9999", "{}%"),
    ("AMOUNT", "212.555.1234", "{}"),
    ("AMOUNT", "+821012345678", "{}원"),
    ("DATE", "20241331", "{}"),
    ("DATE", "20230229", "{}"),
    ("DATE", "990101-1234567", "{}"),
    ("DATE", "990101", "{}"),
    ("DATE", "2024-03-31-12", "{}"),
    ("DATE", "19991231-1234567", "{}"),
    ("DATE", "1588-1234", "{}"),
    ("DATE", "2024-03-31 110123456789", "계좌 {}"),
    ("DATE", "02-2024-0331", "{}"),
    ("PERIOD", "A1", "{}"),
    ("PERIOD", "Q12345678", "{}"),
    ("PERIOD", "15기", "{}가"),
    ("FILING", "12345678901234", "{}"),
    ("FILING", "98다1234", "차량번호 {}"),
    ("FILING", "98다1234", "결정: 담보차량은 전남 {}"),
    ("FILING", "98다1234", "경남 {}호 트럭"),
    ("FILING", "123다1234", "{} 차량"),
    ("FILING", "1588-1234", "전화 {}"),
    ("FILING", "2049-3631", "ISSN {}"),
    ("FILING", "010-1234-5678", "file {}"),
    ("STATUTE", "15", "{}조원"),
    ("TABLE", "010 1234 5678", "{}"),
    ("TABLE", "010-1234-5678 02-777-1234 070-1234-5678", "{}"),
    ("TABLE", "4111 1111 1111 1111", "{}"),
    ("TABLE", "219 09 9999", "{}"),
    ("TABLE", "192.168.10.25", "{}"),
]

CHECKED = [
    ("ISIN {}", "US0378331005", True, True),
    ("{}", "US0378331005", False, False),
    ("{}", LETTERED_CUSIP, False, False),
    ("CUSIP {}", LETTERED_CUSIP, True, True),
    ("{}", "B0YBKJ7", False, False),
    ("SEDOL {}", "B0YBKJ7", True, True),
    ("{}", "20240331", False, False),
    ("{}", "1,234,567원", False, True),
    ("{}", "1,234\t5,678\t910", False, False),
]  # fmt: skip

ADVERSARIAL = [
    "1", "1 ", "20", "2012 ", "2012-03-", "2012. 3. ", "2012.3.1, ", "1,234,567", "1,000 ", "1,0 ", "1억", "3만 ", "제1조",
    "제 1 ", "제1호 ", "A", "A1", "AA1 ", "$", "$ ", "USD 1", "ISBN ", "978-", "may ", "1:", "12/", "(1)", "section 1-",
    "section 1, ",
    "section 1(a)", "docket no. 1-", "Q1", " ", "\t", "- ", "-1", "12 | ", "1.2 ", "a.1", "7 1", "종목코드 ", "2012다",
    "1 U.S.C. ", "9" * 40 + " ", "CIK:", "\n", "가(", "(12345", "12'", "NYSE: ",
]  # fmt: skip
SIZE, LIMIT_S, BUSY = 65_536, 0.05, 4


@pytest.mark.parametrize(("kind", "value", "frame"), TRUE)
def test_each_kind_is_found_whole(kind, value, frame):
    """A value in its frame lies inside a finding of its kind."""
    assert kind in kinds(frame.format(value), value)


@pytest.mark.parametrize(("kind", "value", "frame"), FALSE)
def test_what_only_looks_alike_is_not(kind, value, frame):
    """Wrong check digits, days that are none, telephone and card numbers are no finding of that kind."""
    assert kind not in kinds(frame.format(value), value)


@pytest.mark.parametrize(
    "text",
    [
        "990101-1234567", "010-1234-5678", "02-777-1234", "219-09-9999", "4111 1111 1111 1111", "4111111111111111",
        "110-123-456789", "110123456789", "120-81-47521", "M12345678", "M123A4567", "11-22-123456-78", "12가3456",
        "DE89370400440532013000", "192.168.0.10", "kim@example.com", "+82 10-1234-5678", "(212) 555-0134", "123-4567-8901-23",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "frame",
    [
        "{}",
        "{}입니다",
        "번호 {}, 성명",
        "number {} is",
        "1,000 {} 2,000",
        "case no. {}",
        "order {}",
        "item {}",
        "section {}",
        "Section 12, {}",
        "registration number {}",
        "file {}",
        "Docket: {}",
        "account {} USD 500",
        "{} x 12",
        "운전면허 제{}호",
        "CIK - {}",
        "접수번호는 {}",
        "발급 2024-03-31 {}",
        "{} 2024. 3. 31.",
        "3억 {}",
        "제{}호",
    ],
)
def test_a_personal_number_is_none_of_it(text, frame):
    """Registration, telephone, card, account, passport and plate numbers are covered by no finding."""
    assert kinds(frame.format(text), text) == set()


@pytest.mark.parametrize(("frame", "value", "validated", "contextual"), CHECKED)
def test_a_finding_says_how_sure_it_is(frame, value, validated, contextual):
    """Check digits that one in ten words pass prove nothing without the word; a unit is context; a day is neither."""
    text = frame.format(value)
    start = text.index(value)
    hits = financial.find(RULES, text, [(start, start + len(value))], 10.0)
    best = max(
        (hit.validated, bool(hit.contextual)) for hit in hits if (hit.start, hit.end) == (start, start + len(value))
    )
    assert best == (validated, contextual)


def test_only_what_touches_a_span_is_given():
    """Findings elsewhere are left, and those that share one character are kept; positions are those of the text."""
    text = "2024-03-31 " + "x " * 200 + "1,234원 2,345원 " + "y " * 200 + "제15조"
    place = text.index("1,234원")
    (hit, *rest) = [hit for hit in financial.find(RULES, text, [(place, place + 1)], 10.0) if hit.contextual]
    assert (text[hit.start : hit.end], rest) == ("1,234원", [])
    assert financial.find(RULES, text, [], 10.0) == []
    assert financial.find(RULES, text, [(12, 13)], 10.0) == []


def test_spans_may_overlap_and_nest():
    """A long span before a short one inside it changes nothing."""
    text = "a 1,234원 b 2024년 3월 c"
    whole = financial.find(RULES, text, [(0, len(text))], 10.0)
    assert financial.find(RULES, text, [(0, len(text)), (2, 4), (2, 9), (12, 13)], 10.0) == whole
    assert {hit.entity_type for hit in whole} == {"AMOUNT", "DATE"}


@pytest.mark.parametrize("item", RULES, ids=lambda item: f"{item.rule.name}-{item.rule.pattern[:24]}")
def test_every_pattern_is_linear(item):
    """64 KiB of any repeated near-match take little time or, where the machine is busy, about four times a quarter of them."""
    for piece in ADVERSARIAL:
        text = (piece * (SIZE // len(piece) + 1))[:SIZE]
        whole = _seconds(item.pattern, text)
        if whole > LIMIT_S:
            assert whole < min(BUSY * LIMIT_S, 8 * _seconds(item.pattern, text[: SIZE // 4])), repr(piece)


def _seconds(pattern, text):
    """Seconds of the processor to search a text: the least of three, since the machine may be busy."""
    taken = []
    for _ in range(3):
        begin = time.process_time()
        for _ in pattern.finditer(text):
            pass
        taken.append(time.process_time() - begin)
        if taken[-1] <= LIMIT_S:
            break
    return min(taken)


def test_find_is_linear_in_text_and_spans():
    """Four times the text and spans take about four times as long."""

    def taken(count):
        text = "계좌 110-123-456789 및 1,234원 2024. 3. 31. " * count
        size = len(text) // count
        spans = [(at * size + 3, at * size + 17) for at in range(count)]
        begin = time.process_time()
        financial.find(RULES, text, spans, 10.0)
        return time.process_time() - begin

    taken(50)
    assert min(taken(1600) for _ in range(2)) < 10 * max(min(taken(400) for _ in range(2)), 0.01)
