"""Identity numbers of people outside Korea, and customer numbers: by shape and context (further ones in `presidio`).

A shape that other numbers share (nine digits, a letter and eight digits) counts only where a word says what it is.
"""

import re

from govern.recognizers.labels import EDGE, LINK, NOT_MONEY, START, STOP, digits_of, labelled
from govern.recognizers.rule import Rule

SSN_CONTEXT = r"(?a)social security|\bssns?\b|\bss ?(?:#|no\b|num)|\bsoc\.? ?sec\b|사회 ?보장 ?번호|\bssid\b"
EIN_CONTEXT = (
    r"(?a)(?=[feit고])(?:\b(?:f?eins?\b|employer(?:'s)? ident|identification no|federal tax|tax ?id\b|tin\b)"
    r"|고용주 ?(?:식별|등록)? ?번호|tax identification)"
)
_EIN_WORDS = (
    r"\bf?eins?\b(?: ?(?:numbers?|no\b\.?|#))?"
    r"|\bemployer(?:['’]?s)? (?:tax )?id(?:entification)?\b(?: ?(?:number|num|no\b\.?|code|#))?"
    r"|\bfederal tax(?:payer)? id(?:entification)?\b(?: ?(?:number|num|no\b\.?|code|#))?"
    r"|고용주 ?(?:식별|등록|신고)? ?번호|연방 ?(?:세금|납세자?|세무) ?(?:식별|등록|ID)? ?번호"
)
_EIN_GATE = re.compile(
    r"(?<![A-Za-z])[Ff]?[Ee][Ii][Nn]s?(?![A-Za-z])|[Ee]mployer|EMPLOYER|[Ff]ederal [Tt]ax|FEDERAL TAX|고용주|연방 ?[세납]"
)

_NOT_PART = (
    r"(?<!(?:part|model|order|invoice|item|serial|ticket|batch|lot|sku|catalog|stock|product|docket)"
    r"(?: ?(?:numbers?|no\.?|num|#|id|code))?[ :#.]{1,3})"
)
"""A label right before the number that says it is of a thing."""

_VOID_SSN = frozenset({"078051120", "123456789", "987654320"})
"""Printed on wallet inserts and advertisements, and void since (Social Security Administration)."""


def check_ssn(value: str) -> bool | None:
    """Whether a social security number can have been issued (SSA: no area 000, 666 or 9xx, no group 00, serial 0000)."""
    digits = digits_of(value)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    void = area in ("000", "666") or area[0] == "9" or group == "00" or serial == "0000"
    return False if void or digits in _VOID_SSN or len(set(digits)) == 1 else None


def check_ein(value: str) -> bool | None:
    """Whether the first two digits are of an issuing campus (IRS, How EINs are assigned)."""
    digits = digits_of(value)
    return None if int(digits[:2]) in _CAMPUSES and len(set(digits[2:])) > 1 else False


_CAMPUSES = frozenset({
    *range(1, 7), *range(10, 17), *range(20, 28), *range(30, 49), *range(50, 69), *range(71, 78), *range(80, 89),
    *range(90, 96), 98, 99,
})  # fmt: skip


def check_us_passport(value: str) -> bool | None:
    """As `check_code`, of nine signs (Department of State: nine digits, or a letter and eight since 2021)."""
    return check_code(value) if len(value) == 9 else False


def check_code(value: str) -> bool | None:
    """At least five digits among its characters, that are neither a day nor all the same."""
    digits = digits_of(value)
    if len(digits) < 5 or len(set(digits)) == 1 or _DAY.fullmatch(value):
        return False
    return None


_DAY = re.compile(
    r"(?:19|20)[0-9]{2}([-./]?)(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])|[0-9]{1,2}([-./])[0-9]{1,2}\2(?:19|20)?[0-9]{2}"
    r"|(?:19|20)[0-9]{2}-(?:19|20)?[0-9]{2}"
)
_NINO = (
    r"(?<![0-9A-Za-z])(?!BG|GB|NK|KN|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]([ -]?)[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}"
)
"""HMRC, National Insurance Manual NIM39110: no D, F, I, Q, U, V; no O second; suffix A to D or not known."""

_NO_OTHER_SUFFIX = r"(?!\1(?-i:[0-9B-HJ-Z])(?![0-9A-Za-z]))"
"""A further letter or digit that is no suffix makes it another number; A and I begin words."""

_NINO_CONTEXT = r"(?a)national insurance|\bni ?(?:number|no|#)|\bnino\b|국민 ?보험 ?번호"

_EDGE = r"(?![0-9A-Za-z])(?!-[0-9A-Za-z])"
_CODE = r"(?=[0-9A-Z-]{5,24})[A-Z]{0,5}-?[0-9][0-9A-Z]{0,14}(?:-[0-9A-Z]{1,12}){0,4}"
_PASSPORT_WORDS = r"passports?(?: ?(?:number|num|no\.?|nr\.?|#|id)\b)?|여권(?: ?번호)?"
_PASSPORT = (
    r"(?=[0-9A-Z]{6,9}(?![0-9A-Z]))(?![0-9]{9}|[A-Z][0-9]{8})"
    r"(?:[A-Z]{0,3}[0-9]{5,9}[A-Z]{0,2}|[A-Z][0-9][A-Z][0-9]{4,6}[A-Z]?|[0-9]{2}[A-Z]{2}[0-9]{5})"
)
"""Of any country (ICAO Doc 9303: up to nine letters and digits), those of the United States apart."""

_GERMAN = r"(?-i:(?=[A-Z]{0,8}[0-9])[CFGHJK][CFGHJKLMNPRTVWXYZ0-9]{8})"
"""Without vowels, so that no word is one (Bundesministerium des Innern, since November 2007)."""

_FOREIGN = (
    r"\b(?:UK|British|Canadian|German|French|Italian|Spanish|Dutch|Swiss|Irish|Australian|Indian|Chinese|Japanese|Taiwanese"
    r"|Belgian|Austrian|Swedish|Norwegian|Danish|Finnish|Portuguese|Greek|Hungarian|Czech|Romanian|Ukrainian|Israeli|Egyptian"
    r"|Pakistani|Bangladeshi|Nepali|Nepalese|Indonesian|Malaysian|Mongolian|Uzbek|Kazakh|South African|New Zealand"
    r"|Vietnamese|Thai|Philippine|Filipino|Singapore(?:an)?|Russian|Mexican|Brazilian|Turkish|Polish|foreign) "
    r"passports?(?: ?(?:number|num|no\.?|nr\.?|#|id)\b)?"
    r"|(?:영국|캐나다|독일|프랑스|이탈리아|스페인|네덜란드|호주|인도"
    r"|중국|일본|대만|베트남|태국|필리핀|싱가포르|러시아|외국) ?여권(?: ?번호)?"
)
_AMERICAN = (
    r"(?:\bU\.?S\.?A?\.?|\bAmerican|\bUnited States) passports?(?: ?(?:number|num|no\.?|nr\.?|#|id)\b)?"
    r"|(?:미국|미합중국) ?(?:시민권자 ?)?여권(?: ?번호)?"
)
_LICENCE_WORDS = (
    r"\b(?:driver|operator)(?:['’]?s['’]?)? ?licen[cs]es?(?: ?(?:numbers?|nums?\b|nos?\b\.?|nr\.?|#|ids?\b))?"
    r"|\bdriving licen[cs]es?(?: ?(?:numbers?|nos?\b\.?|#))?"
    r"|\bDLN?\b ?(?:number\b|no\b\.?|#|:)|(?:미국|해외|국제) ?운전 ?면허증?(?: ?번호)?"
)
_LICENCE = (
    r"(?!(?:1[1-9]|2[0-8])([-. ])[0-9]{2}\2[0-9]{6}\2[0-9]{2}(?![0-9]))"
    r"(?:[A-Z]{0,3}-?[0-9]{2,14}(?:[-. ][0-9]{1,6}){0,4}[A-Z]{0,2}|[0-9]{2,3}[A-Z]{2,3}[0-9]{4,6})"
)
"""Any state's (AAMVA lists their forms), in groups or not; Korean groups apart."""

_LETTERED = (
    r"(?![0-9A-Z]{2}([-. /]?)[0-9A-Z]{2}\2[0-9A-Z]{6}\2[0-9A-Z]{2}(?![0-9A-Z]))"
    r"[A-Z]{1,3}-?[0-9]{2,14}(?:[-. ][0-9]{1,6}){0,4}"
)
"""With letters first, and not in the groups of a Korean one: no digits misread as letters."""

_NEXT_LICENCE = (
    r"\G(?:, ?| ?[/&] ?|,? and |,? or |와 |과 |및 )(?<=(?:[Ll]icen[cs]es?|LICEN[CS]ES?|면허)[^\n]{2,78})"
)
"""A further one of a list: the search goes on where the last value ended."""

_CUSTOMER_WORDS = (
    r"\b(?:cust(?:omer)?|client|member(?:ship)?|subscriber|cardholder|cif)(?:['’]s)?[ -]?"
    r"(?:(?:reference|ref\.?|account)[ -])?(?:number|num\b|no\b\.?|nbr\b|ids?\b|#|identifier|code)"
    r"|\b(?:insurance |life )?policy[ -]?(?:holder)?(?:['’]s)?[ -]?(?:number|no\b\.?|id\b|#)"
    r"|\b(?:loan|mortgage|insurance claim|claim)[ -]?(?:account[ -])?(?:number|no\b\.?|id\b|#)"
    r"|(?:고객|회원|가입자|조합원|멤버십) ?(?:식별 ?|관리 ?|고유 ?)?(?:번호|아이디|ID|코드)"
    r"|(?:보험 ?)?증권 ?번호|(?:보험|여신) ?계약 ?번호|계약 ?번호 ?\(보험\)|대출 ?(?:계좌 ?|계약 ?|관리 ?)?번호|CIF ?번호"
)
_CUSTOMER_GATE = re.compile(
    r"[Cc]ust(?:omer|[ _-]?[NnIi])|CUST"
    r"|[Cc]lient|[Mm]ember|[Ss]ubscriber|[Cc]ardholder|\b[Cc][Ii][Ff]\b|[Pp]olicy|[Ll]oan|[Mm]ortgage|[Cc]laim"
    r"|CUSTOMER|CLIENT|MEMBER|POLICY|LOAN|고객|회원|가입자|조합원|멤버십|증권 ?번호|(?:보험|여신) ?계약|계약 ?번호 ?\(보험|대출"
)
_NINO_GATE = re.compile(r"[0-9](?:(?<=[A-Za-z]{2}[0-9])|(?<=[A-Za-z]{2}[ -][0-9]))[0-9][ -]?[0-9]{2}")
_PASSPORT_GATE = re.compile(r"[Pp]assport|PASSPORT|여권")
_LICENCE_GATE = re.compile(r"[Ll]icen[cs]e|LICEN[CS]E|(?<![A-Za-z])[Dd][Ll][Nn]?(?![A-Za-z])|운전 ?면허")
_LABEL_REACH = (8, 96)

RULES = (
    Rule("identity.ssn", "US_SSN", rf"{_NOT_PART}{EDGE}[0-9]{{3}}(-| - |\.)[0-9]{{2}}\1[0-9]{{4}}{STOP}", 0.5, check=check_ssn,
         context=SSN_CONTEXT),
    Rule("identity.ssn", "US_SSN",
         rf"{START}(?:[0-9]{{3}}([- ]?)[0-9]{{2}}\1[0-9]{{4}}|[0-9]{{5}}-[0-9]{{4}}|[0-9]{{3}}-[0-9]{{6}}){STOP}{NOT_MONEY}",
         0.2, check=check_ssn, context=SSN_CONTEXT, needs_context=True),
    Rule("identity.ssn", "US_SSN",
         rf"(?<![0-9] ){START}[0-9]{{3}} [0-9]{{2}} (?!19|20)[0-9]{{4}}{STOP}(?! [0-9]){NOT_MONEY}", 0.4, check=check_ssn,
         context=SSN_CONTEXT),
    Rule("identity.ein", "US_EIN", rf"{START}[0-9]{{2}}-[0-9]{{7}}{STOP}", 0.3, check=check_ein, context=EIN_CONTEXT,
         needs_context=True, before=80, after=160),
    Rule("identity.ein", "US_EIN",
         labelled(_EIN_WORDS, rf"{START}[0-9]{{2}}[- ]?[0-9]{{7}}{STOP}") + NOT_MONEY, 0.6, gate=_EIN_GATE, reach=(32, 72),
         check=check_ein, group=1, contextual=True),
    Rule("identity.nino", "UK_NINO", rf"{_NINO}(?:[ -]?[A-D](?![0-9A-Za-z])|{STOP}{_NO_OTHER_SUFFIX})", 0.2,
         gate=_NINO_GATE, reach=(51, 48), context=_NINO_CONTEXT, needs_context=True),
    Rule("identity.us_passport", "US_PASSPORT", rf"{START}(?:[0-9]{{9}}|[A-Z][0-9]{{8}}){STOP}{NOT_MONEY}", 0.2,
         gate=re.compile(r"[0-9][0-9]{7}"), check=check_code, context=r"passport|여권", needs_context=True),
    Rule("identity.us_passport", "US_PASSPORT", labelled(_AMERICAN, r"[A-Z]?[0-9]{8,9}") + _EDGE + NOT_MONEY, 0.9,
         gate=_PASSPORT_GATE, reach=(24, 64), check=check_us_passport, group=1, contextual=True),
    Rule("identity.passport", "PASSPORT", labelled(_FOREIGN, _GERMAN) + _EDGE, 0.85,
         gate=_PASSPORT_GATE, reach=(24, 64), group=1, contextual=True),
    Rule("identity.passport", "PASSPORT", labelled(_PASSPORT_WORDS, rf"(?![A-Z][0-9]{{8}}){_GERMAN}") + _EDGE, 0.6,
         gate=_PASSPORT_GATE, reach=(24, 64), group=1, contextual=True),
    Rule("identity.passport", "PASSPORT", labelled(_FOREIGN, r"(?=[0-9A-Z]{6,9}(?![0-9A-Z]))[A-Z]{0,3}[0-9][0-9A-Z]{4,8}")
         + _EDGE, 0.85,
         gate=_PASSPORT_GATE, reach=(24, 64), check=check_code, group=1, contextual=True),
    Rule("identity.passport", "PASSPORT",
         labelled(_PASSPORT_WORDS, _PASSPORT) + _EDGE, 0.87, gate=_PASSPORT_GATE, reach=(4, 64),
         check=check_code, group=1, contextual=True),
    Rule("identity.us_licence", "US_DRIVER_LICENSE",
         rf"(?:(?:{_LICENCE_WORDS}){LINK}|{_NEXT_LICENCE})({_LICENCE})" + _EDGE + NOT_MONEY, 0.6,
         gate=_LICENCE_GATE, reach=(24, 64), check=check_code, group=1,
         contextual=True),
    Rule("identity.us_licence", "US_DRIVER_LICENSE",
         rf"(?:(?:{_LICENCE_WORDS}){LINK}|{_NEXT_LICENCE})({_LETTERED})" + _EDGE + NOT_MONEY, 0.9,
         gate=_LICENCE_GATE, reach=(24, 64), check=check_code, group=1, contextual=True),
    Rule("identity.customer", "CUSTOMER_ID", labelled(_CUSTOMER_WORDS, _CODE) + _EDGE + NOT_MONEY, 0.7, gate=_CUSTOMER_GATE,
         reach=_LABEL_REACH, check=check_code, group=1, contextual=True),
)  # fmt: skip
