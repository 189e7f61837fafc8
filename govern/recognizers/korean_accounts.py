"""Korean bank accounts: the layouts of the banks, with a bank's name or a word for account beside them.

No check digit is public, so shape and words decide. A layout needs a bank or a word of dealings (입금, 이체); digits without
separators need a bank or 계좌; groups in no bank's layout need 계좌번호 or the like right before them. What another label
claims (주문번호, 카드, 전화), a telephone number, a day, a card and a registration number are left.

Source: account number layouts published by the banks and the Korea Financial Telecommunications & Clearings Institute.
"""

import re

from govern.recognizers.korean import (
    NOT_MONEY,
    START,
    STOP,
    check_business,
    check_registration_alone,
    corporate_digit_holds,
    digits_of,
    only_years,
)
from govern.recognizers.rule import CONTEXT_AFTER, CONTEXT_BEFORE, Check, Rule

LAYOUTS: dict[str, tuple[str, ...]] = {
    "KB국민": ("6-2-6", "3-2-4-3", "4-2-7", "3-2-6"),
    "신한": ("3-3-6", "3-2-6", "3-3-8", "3-2-5"),
    "우리": ("4-3-6", "3-6-2-3", "3-8-2-3", "3-2-6", "3-7-2-3"),
    "하나": ("3-6-5", "3-6-3", "3-6-2-3", "3-6-2-1", "3-2-5-1"),
    "NH농협": ("3-4-4-2", "3-2-6", "6-2-6", "4-2-6", "4-2-6-1", "3-4-4-1"),
    "IBK기업": ("3-6-2-3", "3-6-2-1", "3-2-6-1", "4-6-2", "3-4-4"),
    "카카오뱅크": ("4-2-7", "4-2-8"),
    "토스뱅크": ("4-4-4", "3-4-4-3"),
    "케이뱅크": ("3-3-6", "3-4-6-1"),
    "우체국": ("6-2-6", "5-2-6"),
    "새마을금고": ("4-4-4-1", "4-2-6-1", "4-2-7", "4-3-6-1"),
    "신협": ("3-3-6", "5-2-6", "5-2-5-1", "3-3-7"),
    "SC제일": ("3-2-6", "3-2-5-1"),
    "한국씨티": ("3-6-3", "3-5-2-1", "3-6-2-1", "1-6-2-1"),
    "부산": ("3-4-4-2", "3-2-6-1"),
    "iM뱅크(대구)": ("3-2-6-1", "3-2-7", "3-2-6"),
    "광주": ("3-3-6", "4-3-6"),
    "전북": ("3-2-7", "4-2-7"),
    "제주": ("2-2-6", "3-3-6"),
    "경남": ("3-2-7", "3-4-4-2"),
    "수협": ("3-2-6-1", "4-4-4", "3-4-4-1"),
    "산업": ("3-4-4-3", "3-8-3"),
    "저축은행": ("3-2-2-7", "3-2-2-6-1", "3-2-6-1"),
    "산림조합": ("3-2-2-6", "4-2-6-1"),
    "증권사": ("3-2-6", "4-4-2", "8-2", "3-2-5-1", "8-2-2", "3-2-6-2", "4-4-2-2"),
}
"""By bank, how many digits stand in each group; older layouts of merged banks included."""

_GROUPS = frozenset(tuple(map(int, layout.split("-"))) for layouts in LAYOUTS.values() for layout in layouts)

BANK = (
    r"(?:은행(?![법업권장감연])|뱅크)|(?:국민|신한|하나|우리|기업) ?(?=[0-9\x00])|카뱅|토뱅|케뱅|농협|수협|신협|축협"
    r"|우체국|새마을|금고|산림조합"
    r"|kookmin|\bKB\b|shinhan|woori|hana ?bank|nonghyup|\bNH\b|\bIBK\b|industrial bank of korea|kakao ?bank|toss ?bank"
    r"|\bK ?bank\b|korea post|saemaul|\bKFCC\b|shinhyup|suhyup|\bKDB\b|SC first|busan bank|daegu bank|\biM ?bank"
    r"|gwangju bank|jeonbuk bank|jeju bank|kyongnam bank|korean won|KRW account"
)  # fmt: skip
_FIRST = "(?=[계구통예입송이출환납수은뱅카토케농신축우금산국하기새abdghijknrstwA-W])"
"""First letters of the words below: most places of a text are refused at once."""

ACCOUNT = r"계좌|구좌|통장|예금주|입금처|\baccounts?\b|\bacct\b|\ba/c\b"
CONTEXT = (
    rf"{_FIRST}(?:{ACCOUNT}|입금|송금|이체|출금|환불|납부|수취|{BANK}|\bremit|\bdeposit|\btransfer|\bwire\b|\brefund)"
)
STRONG = (
    r"(?:(?:계좌|구좌|통장)(?: ?번호)?|예금주|account(?: ?(?:number|no\.?|#))?|acct\.?(?: ?(?:number|no\.?|#))?)"
    r"[^0-9\n]{0,24}\x00"
)
"""A word for account right before the number, on its line."""

_OTHER = (
    r"(?<!(?:주문|접수|문서|관리|송장|승인|일련|사업자|등록|법인|주민|고객|회원|사건|우편|품목|모델|사번|증권|여권|면허|보험증|증서|전표"
    r"|예약|영수증|계약|직원|상품|신고|거래|허가|인증|카드|전화|팩스|휴대폰|핸드폰) ?번호[^0-9\n]{0,4}"
    r"|(?:카드|전화|연락처|휴대폰|핸드폰|팩스|fax|tel|phone|\bcards?|\border|\binvoice|\bcusip|\bisin|번호판)[^0-9\n]{0,3}"
    r"|(?:-at|time|stamp|date)[\"': =]{1,4})"
)  # fmt: skip
"""A label right before a number that claims it for something else."""

_BEGIN = rf"(?<![A-Za-z]-){START}(?=[0-9](?:[- ]{{0,3}}[0-9]){{9}})"
_END = rf"{STOP}(?!-?[*●○■#])"
"""A number whose end is masked is none."""

_PHONE = re.compile(
    r"(?:01[016789]|0(?:2|[3-6][1-5]|70|80|50[0-9])|82[- ]?1[016789])[- ]?[0-9]{3,4}[- ]?[0-9]{4}|1[5-9][0-9]{2}[- ][0-9]{4}"
)
_DAY = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[- ]?(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?)?"
    r"|(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])-[0-9]{2,6}"
)
_CARD = re.compile(r"[0-9]{4}([- ])[0-9]{4}\1[0-9]{4}\1[0-9]{4}")


def check_account(value: str) -> bool | None:
    """Ten to sixteen digits that are nothing else: no telephone number, day, card or registration number."""
    number = digits_of(value)
    if not 10 <= len(number) <= 16 or number.count(number[0]) >= len(number) - 2:
        return False
    if value[:2] in ("19", "20") and (only_years(value) or _DAY.fullmatch(value)):
        return False
    if _PHONE.fullmatch(value) or _CARD.fullmatch(value):
        return False
    if len(number) not in (10, 13):
        return None
    groups = tuple(map(len, re.split("[- ]+", value)))
    if groups == (3, 2, 5) and check_business(value):
        return False
    if len(number) == 13 and groups in ((6, 7), (13,)):
        possible = check_registration_alone(number)
        return False if possible or (possible is None and groups == (6, 7)) or _corporate(number, groups) else None
    return None


def check_layout(value: str) -> bool | None:
    """As `check_account`, for digits in the groups of some bank."""
    groups = tuple(len(group.strip()) for group in re.split("[- ]+", value))
    return check_account(value) if groups in _GROUPS else False


def check_layout_or_bare(value: str) -> bool | None:
    """As `check_layout`, or `check_account` of digits without separators."""
    return check_account(value) if value.isdigit() else check_layout(value)


def check_groups(value: str) -> bool | None:
    """As `check_account`; groups that no bank uses must not be a list of small numbers."""
    groups = re.split("[- ]+", value)
    return check_account(value) if max(map(len, groups)) >= 4 else False


def _corporate(number: str, groups: tuple[int, ...]) -> bool:
    return groups == (6, 7) and corporate_digit_holds(number)


def _account(
    pattern: str,
    check: Check,
    context: str,
    *,
    money: bool = False,
    before: int = CONTEXT_BEFORE,
    after: int = CONTEXT_AFTER,
) -> Rule:
    whole = rf"(?>{pattern}){_END}{NOT_MONEY if money else ''}"
    return Rule("korean.kr_bank_account", "KR_BANK_ACCOUNT", rf"{_BEGIN}(?={whole}){_OTHER}{whole}", 0.2, check=check,
                context=context, needs_context=True, before=before, after=after)  # fmt: skip


_NEAR = rf"{_FIRST}(?:{ACCOUNT}|{BANK})"
_SHAPE = (
    rf"(?:[0-9]{{2,8}}(?:-[0-9]{{1,8}}){{1,4}}|[0-9]{{10,16}}{NOT_MONEY}"
    r"|[0-9]{2,8}(?: [0-9]{1,8}){2,4})"
)  # fmt: skip
_BESIDE = rf"(?:{BANK}|계좌|통장|예금주|구좌)[^0-9\n\x00]{{0,24}}+"
_AFTER = (
    r"[ ,(/]{0,3}(?:at )?(?:(?:KB ?|NH ?|IBK ?|SC ?)?[가-힣]{2,6}(?:은행(?![법업권장감연])|뱅크|신협|금고|농협|수협)"
    r"|카뱅|토뱅|케뱅|농협|수협|신협|우체국|새마을"
    r"|(?:신한|KB ?국민|IBK ?기업)(?![가-힣])|(?:국민|하나|우리|기업)(?= ?[),.\n]|\Z)"
    r"|(?:kookmin|shinhan|woori|hana|nonghyup|kakao|toss|busan|daegu|gwangju|jeonbuk|jeju|kyongnam|suhyup) ?bank\b"
    r"|shinhan\b|nonghyup\b|industrial bank of korea|korea post)"
)
"""A bank named right after the number; what is also a common word (하나, 우리) only at the end of a phrase."""

RULES = (
    _account(r"[0-9]{1,8}(?: ?- ?[0-9]{1,8}){1,4}", check_layout, CONTEXT),
    _account(r"[0-9]{2,8}(?: [0-9]{1,8}){2,4}(?! [0-9]{3})", check_layout, _NEAR, money=True),
    _account(r"[0-9]{10,16}(?! [0-9]{3})", check_account, rf"{_NEAR}|입금|송금|이체|출금|환불", money=True),
    _account(r"[0-9]{2,8}(?:-[0-9]{1,8}){1,4}", check_groups, STRONG, before=40, after=0),
    Rule("korean.kr_bank_account", "KR_BANK_ACCOUNT", rf"{_BESIDE}({_BEGIN}{_OTHER}{_SHAPE}){_END}(?! [0-9]{{3}})", 0.85,
         check=check_layout_or_bare, group=1, contextual=True),
    Rule("korean.kr_bank_account", "KR_BANK_ACCOUNT",
         rf"{_BEGIN}(?=(?>{_SHAPE}){_END}{_AFTER}){_OTHER}((?>{_SHAPE}))", 0.85,
         check=check_layout_or_bare, group=1, contextual=True),
)  # fmt: skip
