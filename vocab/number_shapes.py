"""What the patterns of `vocab.numbers` are made of: words and signs beside digits, and how amounts and dates are written.

All are patterns for `re` without groups, and linear: what takes the digits of an amount never gives them back. They cross
no white space but a single U+0020.
"""

YEAR = r"(?:1[5-9]|2[01])[0-9]{2}"
_SHORT_YEAR = rf"(?:{YEAR}|[0-9]{{2}})"
MONTH_NUMBER = r"(?:1[0-2]|0?[1-9])"
DAY = r"(?:3[01]|[12][0-9]|0?[1-9])"
ORDINAL = "(?:st|nd|rd|th)"
_FULL = "January February March April May June July August September October November December"
_SHORT = "Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec"
MONTHS = (*_FULL.split(), *_FULL.upper().split(), *_SHORT.split())
MONTH = f"(?:{'|'.join(MONTHS)})"

SIGNS = "$€£¥₩￦￡￥"
_CURRENCIES = "USD EUR GBP JPY KRW CNY RMB CHF HKD SGD AUD CAD NZD TWD INR SEK NOK DKK BRL MXN ZAR NLG DEM"
CODES = tuple(_CURRENCIES.split())
"""Of ISO 4217, but for RMB."""
_CODE = f"(?:{'|'.join(CODES)})"
_WHOSE = r"(?:(?<![A-Za-z])(?:US|U\.S\.|CA|Cdn|C|AU|A|NZ|HK|NT|S|R))"
SCALES = ("thousand", "million", "billion", "trillion")
COINS = ("dollars", "dollar", "euros", "euro", "yen", "cents", "cent", "renminbi", "yuan")
WON = (
    r"(?:원(?!고|심|본|칙|금|천|래|소)|(?:미국|미)?달러|불(?!구|확|복|법|이|공|능|가|특|소|량)|유로(?!존|파|폴|스)"
    r"|엔(?!진|터|지|딩|트|드)|위안|파운드|센트)"
)
"""Names of currencies in Korean, where they do not begin another word (원고, a plaintiff)."""
UNIT = r"(?:[십백천]?(?:억|만(?!큼|들|기|료|약))|[십백천]조|[백천])"
"""A Korean unit of number. 조 alone is none: more often it counts articles of law."""

AMOUNT = r"(?>[0-9]{1,3}(?:,[0-9]{3}(?![0-9]))++|[0-9]++)(?>\.[0-9]++)?+"
POINTED = r"(?<![^\s(−-])\.[0-9]++"
"""A decimal with no digit before its point."""
PARTS = "½¼¾⅛⅜⅝⅞"
SHARE = rf"(?:(?<![0-9])(?:(?:[0-9]{{1,2}}[-‑ ])?[0-9]{{1,2}}/[0-9]{{1,3}}(?![0-9])|{AMOUNT}[{PARTS}]?+)|{POINTED})"
"""What is said in percent: 5, 1.25, .5, 1/4, 5-1/4, 5½."""

_LINK = rf"{AMOUNT}(?:여 ?)?{UNIT}"
_CHAIN = rf"{_LINK}(?: ?{_LINK})*+(?:(?: ?{AMOUNT})?+여? ?{WON}|{AMOUNT})?"
KOREAN = rf"(?<![0-9])(?:{_CHAIN}|(?<!제){AMOUNT}(?:여 ?)?조(?:여? ?{WON}| ?{_CHAIN}))"

_SCALE = rf"[ -]?(?:{'|'.join(SCALES)})(?![A-Za-z])"
_SHORT_SCALE = r" ?(?:bn|mn|mm|tn)(?![A-Za-z0-9])|[KMBTkmbt](?![A-Za-z0-9])"
MONEY = (
    rf"(?:{_WHOSE}?[{SIGNS}] ?|(?<![A-Za-z]){_CODE} ?)(?:{AMOUNT}|\.[0-9]++)(?:{_SCALE}|{_SHORT_SCALE})?"
    rf"|(?<![0-9]){AMOUNT}(?:여? ?{WON}|(?:{_SCALE})?(?:[ -]?(?:{'|'.join(COINS)})| ?{_CODE})(?![A-Za-z])"
    rf"|{_SCALE} won(?![A-Za-z]))"
)

QUARTER = r"(?:[1-4](?:/4)? ?분기|[1-4]사분기)"
TERM = rf"(?:{QUARTER}|[상하전후]반기|제[1-4]기분?|[1-4]기분)"
BUSINESS_YEAR = "(?:회계|사업|과세)연도"
_ALONE = (r"(?<![^\s(/–-])", r"(?![^\s,.;)/…–가-힣-])")
"""Around a quarter that stands alone: spaces, brackets and the like."""
PERIOD = (
    rf"(?<![A-Za-z])(?:FY ?['’]?{_SHORT_YEAR}(?![0-9]|[.,][0-9])(?:[ -]?[QH][1-4](?![0-9A-Za-z]))?"
    rf"|(?:[Ff]iscal(?: [Yy]ears?)?|FISCAL(?: YEARS?)?) {YEAR}(?![0-9]))"
    rf"|(?<![A-Za-z0-9])[QH][1-4](?:[ -]?FY ?['’]?{_SHORT_YEAR}|[ -]{YEAR}|['’][0-9]{{2}})(?![0-9A-Za-z])"
    rf"|(?<![0-9A-Za-z.,])(?:(?:[1-4]Q|[12]H|[69]M)['’]?{_SHORT_YEAR}|[1-4]Q FY ?['’]?{_SHORT_YEAR}"
    rf"|(?:[1-4]Q|[12]H) {YEAR})(?![0-9A-Za-z])"
    rf"|{_ALONE[0]}(?:Q[1-4]|[1-4]Q){_ALONE[1]}"
    rf"|(?<![0-9]){YEAR}(?:[ :-]?[QH][1-4](?![0-9A-Za-z])|년도?(?: ?{TERM})|년도|년? ?{BUSINESS_YEAR})"
    rf"|(?<![0-9/]){QUARTER}"
)

DATE = (
    rf"(?<![0-9]){YEAR}(?:-{MONTH_NUMBER}-{DAY}|/{MONTH_NUMBER}/{DAY}|\. ?{MONTH_NUMBER}\. ?{DAY})(?![0-9]|,[0-9])"
    rf"|(?<![0-9]){YEAR}\. ?{MONTH_NUMBER}(?=\.[가-힣])"
    rf"|(?<![0-9]){YEAR}년(?: ?{MONTH_NUMBER}월(?: ?{DAY}일)?)?"
    rf"|(?<![0-9]){MONTH_NUMBER}월 ?{DAY}일"
    rf"|(?<![0-9/]){MONTH_NUMBER}/{DAY}/{_SHORT_YEAR}(?![0-9/])"
    rf"|(?<![A-Za-z]){MONTH}(?:\.? {DAY}{ORDINAL}?(?:[-–]{DAY})?(?:(?:,|,? ){YEAR}(?![0-9])|(?![0-9A-Za-z]|[.,][0-9]))"
    rf"|\.?,? {YEAR}(?![0-9]))"
    rf"|(?<![0-9.,]){DAY}{ORDINAL}? {MONTH}\.?,? {YEAR}(?![0-9])"
)

_POINT = "points?(?![A-Za-z])"
POINTS = (
    rf"{SHARE}(?:[ -]?percent(?:age)?[ -]{_POINT}| ?[%％](?:[pP](?![A-Za-z])|[ -]?(?:포인트|{_POINT}))"
    r"| ?퍼센트(?: ?포인트|[pP](?![A-Za-z]))| ?(?:ppts?|p\.p\.|pp(?!\.))(?![A-Za-z]))"
)
BASIS = rf"{SHARE}(?:[ -]?basis[ -]{_POINT}|[ -]?(?:bps?|BPS)(?![A-Za-z])| ?베이시스 ?포인트)"
_LATE = r"(?:(?<![12][0-9]{3}) )?"
"""A space, but not after a year: "2023 % change" is the head of a column."""
PERCENT = rf"{SHARE}(?:[ -]?(?:percent|per cent|pct)(?![A-Za-z])|{_LATE}[%％](?![0-9A-Za-z]{{2}})| ?퍼센트)"

LEAD = (
    rf"(?:(?<![A-Za-z])(?:{MONTH}\.?,? |FY ?['’]?|(?:[Ff]iscal(?: [Yy]ears?)?|FISCAL(?: YEARS?)?) |{_CODE} ?\.?)"
    rf"|(?<![A-Za-z0-9])[QH]|{_WHOSE}?[{SIGNS}] ?\.?|\.)\Z"
)
"""All that may stand in a number before its first digit; at most `LONGEST_LEAD` characters."""
LONGEST_LEAD = 13

_GROUPED = r"(?<![0-9])[0-9]{1,3}(?:,[0-9]{3}(?![0-9]))++(?:\.[0-9]++)?+"
_DECIMAL = r"(?<![0-9])(?<![0-9]\.)[0-9]++\.[0-9]++(?!\.[0-9])"
FORMATS: dict[str, str] = {
    "fiscal period": PERIOD,
    "date": DATE,
    "korean units": KOREAN,
    "currency": MONEY,
    "percentage points": POINTS,
    "basis points": BASIS,
    "percent": PERCENT,
    "thousands": _GROUPED,
    "decimal": rf"{_DECIMAL}|{POINTED}(?!\.[0-9])",
    "integer": "(?<![0-9])[0-9]++",
}
"""Format to pattern, in the order in which they are tried."""

_ON = (
    rf"[-%％{PARTS}‑억만천백십여원미달불유엔위파센년월분사회과퍼베A-Zbcdekmnprsty]|조 ?[0-9여원미달불유엔위파센]"
    r"|\. ?[0-9]|\.[가-힣]|[,/][0-9]|:[QH]"
)
_ON_AFTER_SPACE = "[0-9%％원미달불유엔위파센퍼베분사회과A-Zbcdemprty]"
PLAIN = rf"(?:(?P<thousands>{_GROUPED})|(?P<decimal>{_DECIMAL})|(?P<integer>[0-9]++))(?!{_ON}| {_ON_AFTER_SPACE})"
"""A number that begins with its first digit and that no other format could take: nothing that is after it goes on."""
