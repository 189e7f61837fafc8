"""Identifiers of securities and firms: ISIN, LEI, CUSIP, SEDOL, FIGI, and tickers by context.

Written in capitals, as their standards have them. One check digit (one in ten) proves a word of twelve, nine or seven
characters only where its name stands near; without it the finding is neither validated nor contextual.

Sources: ISO 6166 (ISIN), ISO 17442 (LEI), ANSI X9.6 (CUSIP, CINS), London Stock Exchange SEDOL Masterfile technical
specification, OMG FIGI 1.0 (X9.145), Korea Exchange short codes (six characters).
"""

import calendar

import regex
from stdnum import cusip, figi, isin, lei
from stdnum.gb import sedol

from govern.recognizers.rule import FLAGS, Rule

CAPITALS = FLAGS & ~regex.IGNORECASE
START, STOP = r"(?<![0-9A-Za-z])(?<![0-9A-Za-z][-.])", r"(?![0-9A-Za-z])(?![-.][0-9A-Za-z])"


def check_isin(value: str) -> bool:
    """Whether the check digit and the country or substitute prefix (XS, EU, ...) hold, where the word ISIN stands near."""
    return bool(isin.is_valid(value))


def check_isin_alone(value: str) -> bool | None:
    """None where check digit and prefix hold: one in twenty-five of all such words pass, a customer number too."""
    return None if isin.is_valid(value) else False


def check_lei(value: str) -> bool:
    """Whether ISO 7064 MOD 97-10 holds; twenty digits alone can be anything, so one character is a letter."""
    return not value.isdigit() and bool(lei.is_valid(value))


def check_cusip(value: str) -> bool:
    """Whether the check digit holds, where the word CUSIP or CINS stands near."""
    return bool(cusip.is_valid(value))


def check_cusip_alone(value: str) -> bool | None:
    """None where the check digit holds: one in ten of all such words pass."""
    return None if cusip.is_valid(value) else False


def check_sedol(value: str) -> bool:
    """Whether the check digit holds, where the word SEDOL stands near."""
    return bool(sedol.is_valid(value))


def check_sedol_alone(value: str) -> bool | None:
    """None where the check digit holds: one in ten of all such words pass."""
    return None if sedol.is_valid(value) else False


def check_figi(value: str) -> bool:
    """Whether the format and the check digit hold."""
    return bool(figi.is_valid(value))


def check_short_code(value: str) -> bool | None:
    """False where the six digits of a bracket are a day, which after a name would be a birth date."""
    month, day = int(value[2:4]), int(value[4:6])
    return False if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(2000, month)[1] else None


_EXCHANGES = (
    "NYSE(?: American| Arca| MKT)?|NASDAQ(?:GS|GM|CM)?|AMEX|CBOE|OTC(?:QX|QB|BB|MKTS)?|LSE|LON|TSXV?|TSE|TYO|HKEX|HKG|SEHK|SGX"
    "|ASX|FWB|XETRA|EURONEXT|SIX|KRX|KOSPI|KOSDAQ|KONEX|코스피|코스닥|코넥스|유가증권시장|나스닥|뉴욕증권거래소"
)
_WORDS = r"종목 ?코드|단축 ?코드|표준 ?코드|종목 ?번호|ticker(?: symbols?)?|trading symbols?|stock code|security code"

RULES = (
    Rule("financial.isin.word", "ISIN", rf"{START}[A-Z]{{2}} ?[0-9A-Z]{{9}} ?[0-9]{STOP}", 1.0, check=check_isin,
         context=r"\bISINs?\b|표준 ?코드", needs_context=True, before=32, flags=CAPITALS),
    Rule("financial.isin", "ISIN", rf"{START}[A-Z]{{2}}[0-9A-Z]{{9}}[0-9]{STOP}", 0.8, check=check_isin_alone, flags=CAPITALS),
    Rule("financial.lei", "LEI", rf"{START}[0-9A-Z]{{18}}[0-9]{{2}}{STOP}", 1.0, check=check_lei,
         context=r"\bLEIs?\b|Legal Entity Identifier|법인식별기호", flags=CAPITALS),
    Rule("financial.cusip.word", "CUSIP", rf"{START}[0-9A-Z]{{3}} ?[0-9A-Z]{{3}} ?[0-9A-Z*@#]{{2}} ?[0-9]{STOP}", 1.0,
         check=check_cusip, context=r"\b(?:CUSIP|CINS)s?\b", needs_context=True, before=32, flags=CAPITALS),
    Rule("financial.cusip", "CUSIP", rf"{START}[0-9]{{3}}(?=[0-9]{{0,4}}[A-Z])[0-9A-Z]{{5}}[0-9]{STOP}", 0.5,
         check=check_cusip_alone, flags=CAPITALS),
    Rule("financial.sedol.word", "SEDOL", rf"{START}[0-9B-DF-HJ-NP-TV-Z]{{6}}[0-9]{STOP}", 1.0,
         check=check_sedol, context=r"\bSEDOLs?\b", needs_context=True, before=32, flags=CAPITALS),
    Rule("financial.sedol", "SEDOL", rf"{START}[B-DF-HJ-NP-TV-Z](?=[0-9]{{0,4}}[A-Z])[0-9B-DF-HJ-NP-TV-Z]{{5}}[0-9]{STOP}", 0.5,
         check=check_sedol_alone, flags=CAPITALS),
    Rule("financial.figi", "FIGI", rf"{START}[B-DF-HJ-NP-TV-Z]{{2}}G[0-9B-DF-HJ-NP-TV-Z]{{8}}[0-9]{STOP}", 1.0,
         check=check_figi, context=r"\bFIGIs?\b|Bloomberg", flags=CAPITALS),
    Rule("financial.ticker", "TICKER", rf"(?:{_EXCHANGES}) ?: ?\"?([A-Z0-9]{{1,6}}(?:[./-][A-Z]{{1,2}})?){STOP}", 1.0,
         group=1, contextual=True, flags=CAPITALS),
    Rule("financial.ticker", "TICKER",
         rf"(?:(?i:{_WORDS})|KRX|KOSPI|KOSDAQ|코스피|코스닥)[ :=(\"은는이가]{{0,4}}"
         rf"(A?[0-9][0-9A-Z]{{4}}[0-9A-Z]|[A-Z]{{1,5}}){STOP}",
         1.0, group=1, contextual=True, flags=CAPITALS),
    Rule("financial.ticker", "TICKER", rf"(?<![0-9A-Za-z])[0-9]{{6}}\.(?:KS|KQ|KN){STOP}", 1.0, contextual=True,
         flags=CAPITALS),
    Rule("financial.ticker", "TICKER", r"(?<=[가-힣A-Za-z] ?\()[0-9]{6}(?=\))", 0.5, check=check_short_code),
)  # fmt: skip
