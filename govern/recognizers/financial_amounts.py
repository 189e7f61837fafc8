r"""Amounts with their unit or thousands separators, counts of shares, rates, and rows of tables.

An amount has no leading zero, no dash inside, and at most twelve digits in a row without separators, so that neither a
telephone number nor a card becomes one. A unit of one Hangul syllable ends a word or has a particle behind it: `원` is no
amount before `금` or `고`. A row of a table is three or more cells of which two show a decimal or thousands separator.
"""

import regex

from govern.recognizers.rule import Rule

START, STOP = r"(?<![0-9A-Za-z+]|[0-9][-.,/])", r"(?![0-9]|[-.,][0-9])"
NAMED = r"(?=[0-9])(?<!(?:account|acct|a/c|numbers?|no\.?|계좌|번호)[ :.#]{0,3})"
"""A number that a word has just named is no amount, though a currency stands behind it (Account 12345678 USD 500)."""
GROUPED = r"[1-9][0-9]{0,2}(?:,[0-9]{3}){1,6}"
NUMBER = rf"(?>(?:{GROUPED}|[1-9][0-9]{{0,11}}|0)(?:\.[0-9]{{1,8}})?)"

CURRENCIES = (
    "USD|KRW|EUR|GBP|JPY|CNY|CNH|RMB|CHF|CAD|AUD|NZD|HKD|SGD|TWD|INR|BRL|MXN|SEK|NOK|DKK|ZAR|THB|IDR|VND|MYR|PHP"
)
"""ISO 4217."""

PARTICLE = (
    r"(?:(?![가-힣])|(?=을|를|이|은|는|의|에|으로|로|과|와|도|만|씩|정|권|대|미만|이상|이하|초과|가량|중|당|및|짜리|부터|까지|인|임|할|한|가"
    r"|상당|상환))"
)
"""What may follow a unit of one syllable."""

_SCALE = r"(?: ?(?:thousand|million|billion|trillion|mn|bn)|mm|[kmb])"
"""Single letters only right behind the figure."""
_SIGNS = r"(?:(?:US|CA|AU|HK|NZ|NT|[ACS])?\$|[€£¥₩￦￡￥])"
_WORDS = (
    r"(?:(?:U\.?S\.? )?dollars?|cents?|won|euros?|pounds?|yen|yuan|basis points?|bps?|percent(?:age points?)?|pct|shares?|units"
    rf"|times|{CURRENCIES})"
)
_KOREAN_SCALE = r"(?:[십백천]?[만억조경]|[백천])"
_NO_WON = r"(?!금|고|리금|화|본|장|천|칙|심|래|자)"
_WON = rf"(?:여 ?|미국 ?|미화 ?)?(?:원{_NO_WON}{PARTICLE}|달러|불(?![가-힣])|엔{PARTICLE}|유로|위안|파운드)"
_SHARES = rf"주(?!소|민|식회사|차|택|문|요|간|말|관|체|최|거){PARTICLE}"
_KOREAN_UNIT = rf"(?:{_WON}|{_SHARES}|퍼센트|프로(?![가-힣])|포인트|베이시스|[좌건명개톤평배]{PARTICLE})"
_KOREAN_NUMBER = rf"(?<![0-9A-Za-z+]|[0-9][-.,/]|[십백천만억조제] ?){NUMBER} ?(?=[가-힣])"
_FURTHER = rf"(?:{NUMBER} ?{_KOREAN_SCALE} ?){{0,4}}+"

_CELLS, _SHOWN = 3, 2
_SEPARATED = regex.compile(r"[0-9],[0-9]{3}|[0-9]\.[0-9]")
_FIGURE = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,3})(?:\.[0-9]{1,3})?"
_CELL = rf"(?>\(?-?[$€£₩]? ?-?{_FIGURE}(?: ?%)?\)?|(?:19|20)[0-9]{{2}}|-)"
_BETWEEN = r"(?> ?[|\t][ \t|]{0,6}| {1,8})"
_YEAR = r"(?:19|20)[0-9]{2}"


def check_row(value: str) -> bool | None:
    """None where two cells show what numbers of a table show, False otherwise: digits alone can be anything."""
    return None if len(_SEPARATED.findall(value)) >= _SHOWN else False


def _amount(pattern: str, language: str | None = None) -> Rule:
    return Rule("financial.amount", "AMOUNT", pattern, 1.0, contextual=True, language=language)


RULES = (
    _amount(
        rf"(?<![0-9A-Za-z$])(?:{_SIGNS}|(?:{CURRENCIES})(?![A-Za-z])) ?\(?-?{NUMBER}{_SCALE}?(?![0-9A-Za-z]|[-.,][0-9])"
    ),
    _amount(rf"{START}{NUMBER} ?%"),
    _amount(rf"{NAMED}{START}{NUMBER}(?=[ -]?[a-z])(?:{_SCALE}(?:[ -]{_WORDS})?|[ -]?{_WORDS})(?![0-9A-Za-z]| ?[0-9])"),
    _amount(rf"{_KOREAN_NUMBER}(?:{_KOREAN_SCALE} ?{_FURTHER}(?:{NUMBER} ?)?+)?+{_KOREAN_UNIT}", "ko"),
    _amount(rf"{_KOREAN_NUMBER}{_KOREAN_SCALE}(?: ?{NUMBER} ?{_KOREAN_SCALE}){{0,4}}+{PARTICLE}", "ko"),
    Rule("financial.amount", "AMOUNT", rf"{START}(?:{GROUPED}(?:\.[0-9]{{1,8}})?|[1-9][0-9]{{0,11}}\.[0-9]{{1,3}}){STOP}", 0.8),
    Rule(
        "financial.table", "TABLE", rf"{START}{_CELL}(?:{_BETWEEN}{_CELL}){{{_CELLS - 1},15}}+(?![0-9A-Za-z]|[-.,/][0-9])", 0.5,
        check=check_row,
    ),
    # Cells that a conversion ran together: years, or digits up to a date.
    Rule("financial.table", "TABLE", rf"(?<![0-9A-Za-z])(?:{_YEAR}){{3,15}}(?![0-9A-Za-z]|-[0-9])", 0.5),
    Rule(
        "financial.table", "TABLE",
        rf"(?<![0-9A-Za-z])[0-9]{{1,40}}?{_YEAR}\. ?(?:0?[1-9]|1[0-2])\. ?(?:0?[1-9]|[12][0-9]|3[01])\.", 0.5,
    ),
)  # fmt: skip
