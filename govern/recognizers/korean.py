"""Korean identifiers: resident and foreigner registration, business registration, passport, licence, account.

Patterns stand between digit look-arounds, so a particle may follow (`…입니다`). A number shape alone is never enough
where the shape is common: accounts and passports need a context word. The date in a number must exist; the checksum
decides where the number is written without its dash. Registration numbers issued since October 2020 have no checksum.
"""

import calendar

from govern.recognizers.rule import Rule

RRN_CONTEXT = (
    r"주민|등록번호|외국인|거소|\brrn\b|\bfrn\b|resident registration|alien registration|foreigner registration"
)
BANKS = (
    "국민|신한|우리|하나|농협|기업|카카오|케이|토스|산업|"
    "수협|신협|우체국|새마을금고|제일|씨티|대구|부산|광주|전북|경남|제주|아이엠"
)
ENGLISH_BANKS = (
    "Kookmin|Shinhan|Woori|KEB Hana|Hana Bank|Nonghyup|NH Bank|IBK|Kakao ?Bank|Toss Bank|K ?bank|Korean won|KRW account"
)
ACCOUNT_CONTEXT = (
    rf"계좌|예금주|입금|송금|이체|자동이체|(?:{BANKS}) ?(?:은행|뱅크)|농협|수협|신협|우체국|새마을금고|{ENGLISH_BANKS}"
)
LICENCE_CONTEXT = r"면허|driver'?s? licen[cs]e"
NOT_MONEY = r"(?! ?(?:원|년|월|분기|만|억|천|달러|주|건|명|개|%|won\b|krw\b))"
START, STOP = r"(?<![0-9A-Za-z])(?<![0-9][-.,])", r"(?![0-9A-Za-z])(?![-.,][0-9])"


def _digits(value: str) -> str:
    return "".join(character for character in value if character.isdigit())


def possible_birth(number: str) -> bool:
    """Whether the six digits and the century digit of a registration number name a day that exists."""
    century = 1900 if number[6] in "1256" else 2000
    year, month, day = century + int(number[:2]), int(number[2:4]), int(number[4:6])
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def _weighted(number: str) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False))


def check_registration(value: str) -> bool | None:
    """True with a valid checksum, None where the date is possible, False where it is not."""
    number = _digits(value)
    if not possible_birth(number):
        return False
    foreign = 2 if number[6] in "5678" else 0
    return True if (11 - _weighted(number) % 11 + foreign) % 10 == int(number[12]) else None


def check_registration_bare(value: str) -> bool | None:
    """As `check_registration`, but only a valid checksum passes: thirteen digits alone can be anything."""
    return bool(check_registration(value))


def check_business(value: str) -> bool:
    """Whether the check digit of a business registration number holds (National Tax Service, ten digits)."""
    number = [int(digit) for digit in _digits(value)]
    weighted = [digit * weight for digit, weight in zip(number, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=False)]
    return (10 - (sum(weighted) + weighted[8] // 10) % 10) % 10 == number[9] and any(number[:9])


def check_account(value: str) -> bool | None:
    """Ten to sixteen digits that are neither a day nor all the same."""
    number = _digits(value)
    return None if 10 <= len(number) <= 16 and len(set(number)) > 1 and not only_years(value) else False


def only_years(value: str) -> bool:
    """Whether every group of digits is a year or a day of one (`2000 1999 1998`, `2023-01-01 12`)."""
    groups = value.replace("-", " ").split()
    first, *rest = [group[:2] in ("19", "20") for group in groups] or [False]
    return first and bool(rest) and all(year or len(group) == 2 for year, group in zip(rest, groups[1:], strict=True))


def _registration(entity_type: str, digits: str) -> tuple[Rule, ...]:
    day = r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    name = f"korean.{entity_type.lower()}"
    return (
        Rule(name, entity_type, rf"(?<![0-9])(?<![0-9]-){day} ?[-~] ?[{digits}][0-9]{{6}}(?![0-9]|-[0-9])", 0.85,
             check=check_registration, context=RRN_CONTEXT),
        Rule(name, entity_type, rf"{START}{day} ?[{digits}][0-9]{{6}}(?![0-9]|[-.,][0-9]){NOT_MONEY}", 0.85,
             check=check_registration_bare, context=RRN_CONTEXT),
        Rule(name, entity_type, rf"{START}{day}[ .]?[{digits}][0-9]{{6}}(?![0-9]|[-.,][0-9]){NOT_MONEY}", 0.3,
             check=check_registration, context=RRN_CONTEXT, needs_context=True),
    )  # fmt: skip


_ACCOUNT = (
    r"(?<![A-Za-z]-)(?<!법인등록번호 )(?<!법인등록번호: )(?<!법인번호 )"
    rf"{START}[0-9]{{2,6}}(?:[- ][0-9]{{1,8}}){{1,4}}{STOP}{NOT_MONEY}"
)
_LICENCE = r"(?:1[1-9]|2[0-8])[- ]?[0-9]{2}[- ]?[0-9]{6}[- ]?[0-9]{2}"
_PLACES = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"

RULES = (
    *_registration("KR_RRN", "1-4"),
    *_registration("KR_FRN", "5-8"),
    Rule("korean.kr_brn", "KR_BRN", rf"{START}[0-9]{{3}} ?- ?[0-9]{{2}} ?- ?[0-9]{{5}}{STOP}", 0.5, check=check_business),
    Rule("korean.kr_brn", "KR_BRN", rf"{START}[0-9]{{10}}{STOP}{NOT_MONEY}", 0.2, check=check_business,
         context=r"사업자 ?(?:등록)? ?번호|business registration|\bbrn\b", needs_context=True),
    Rule("korean.kr_passport", "KR_PASSPORT", r"(?<![A-Za-z0-9])[MSROD](?:[0-9]{8}|[0-9]{3}[A-Z][0-9]{4})(?![A-Za-z0-9])",
         0.2, context=r"여권|korean? passport|korea", needs_context=True),
    Rule("korean.kr_driver_license", "KR_DRIVER_LICENSE",
         rf"{START}(?:{_LICENCE}|(?:{_PLACES}) ?[0-9]{{2}}[- ][0-9]{{6}}[- ][0-9]{{2}}){STOP}", 0.3,
         context=LICENCE_CONTEXT, needs_context=True),
    Rule("korean.kr_driver_license", "KR_DRIVER_LICENSE",
         rf"{START}(?:1[1-9]|2[0-8])-[0-9]{{2}}-[0-9]{{6}}-[0-9]{{2}}{STOP}", 0.6, context=LICENCE_CONTEXT),
    Rule("korean.kr_bank_account", "KR_BANK_ACCOUNT", _ACCOUNT, 0.2, check=check_account, context=ACCOUNT_CONTEXT,
         needs_context=True),
    Rule("korean.kr_bank_account", "KR_BANK_ACCOUNT", rf"{START}[0-9]{{10,16}}{STOP}{NOT_MONEY}", 0.2, check=check_account,
         context=rf"계좌|예금주|입금|송금|(?:{BANKS}) ?(?:은행|뱅크)|농협|수협|신협|우체국|새마을금고|{ENGLISH_BANKS}",
         needs_context=True),
)  # fmt: skip
