"""Bank identifiers outside Korea: IBAN, SWIFT/BIC, ABA routing numbers, account numbers.

An IBAN and a routing number carry check digits; a BIC names a bank, not a person, so it counts only beside an account;
an account number has no structure of its own and needs a word that says what it is.
"""

import re

from stdnum import bic
from stdnum import iban as stdnum_iban
from stdnum.us import rtn

from govern.recognizers.korean import only_years
from govern.recognizers.korean_accounts import BANK
from govern.recognizers.labels import NOT_MONEY, START, STOP, digits_of, labelled
from govern.recognizers.rule import Rule

ACCOUNT_CONTEXT = (
    r"(?a)(?=[acsd])(?:\b(?:account|acct|a/c|acc)\b\.?\s{0,3}(?:number|num|no|nr|#|id\b|ending|is\b|:)"
    r"|account#|checking account|savings account|direct deposit|\bdda\b)"
)
ROUTING_CONTEXT = (
    r"(?a)\brouting\b|\baba\b|\babn\b|\brtn\b|transit (?:number|no)|\bfedwire\b|\bach\b|라우팅|송금"
    r"|\bwire (?:to|transfer|instr)"
)
BIC_CONTEXT = (
    r"(?a)\baccounts?\b|\bacct\b|\ba/c\b|\biban\b|beneficiary|\bpayee\b|\bremit|\bwire\b|\bswift\b|\bbic\b"
    r"|계좌|예금주|수취|송금"
)
DAY = re.compile(r"(?:19|20)[0-9]{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12][0-9]|3[01])")

_IBAN_LENGTHS = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST",
    26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA",
    30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
"""Characters of an IBAN by country (SWIFT, IBAN Registry)."""


def _iban(length: int, countries: str) -> str:
    """An IBAN of so many characters, in groups of four or not."""
    groups, rest = divmod(length - 4, 4)
    tail = rf"[ -]?[0-9A-Z]{{{rest}}}" if rest else ""
    return rf"(?:{countries.replace(' ', '|')})[0-9]{{2}}(?:[ -]?[0-9A-Z]{{4}}){{{groups}}}{tail}"


_IBAN = rf"(?<![0-9A-Za-z])(?=({'|'.join(_iban(*item) for item in _IBAN_LENGTHS.items())})(?![0-9A-Za-z]))"
"""Read ahead, so that what only looks like one does not swallow the start of the next."""

_BIC = r"(?-i:[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)"
_DISTINCT_BIC = r"(?-i:[A-Z]{6}(?:[A-Z0-9]{2}XXX|(?=[A-Z]*[0-9])[A-Z0-9]{2}(?:[A-Z0-9]{3})?))"
_BIC_WORDS = (
    r"\b(?:swift|bic)\b(?: ?/ ?(?:bic|swift)| ?\((?:bic|swift)\))?(?: ?(?:code|address|number|no\.?|id)\b| ?(?:코드|번호))?"
    r"|스위프트 ?(?:코드|번호)?|은행 ?식별 ?코드"
)


def check_iban(value: str) -> bool:
    """Whether country, structure and both check digits hold (ISO 13616; the SWIFT IBAN registry)."""
    compact = value.replace(" ", "").replace("-", "").upper()
    if int((compact[4:] + compact[:4]).translate(_LETTERS)) % 97 != 1:
        return False
    return bool(stdnum_iban.is_valid(compact, check_country=False))


def check_bic(value: str) -> bool | None:
    """Whether it can be a business identifier code (ISO 9362): eight or eleven characters with a country's code."""
    return None if bic.is_valid(value) else False


def check_routing(value: str) -> bool:
    """Whether it is an ABA routing number: a Federal Reserve prefix, and the 3-7-1 check digit holds (ABA policy)."""
    digits = digits_of(value)
    area = int(digits[:2])
    known = area <= 12 or 21 <= area <= 32 or 61 <= area <= 72 or area == 80
    return known and any(digits[:8].lstrip("0")) and bool(rtn.is_valid(digits))


def check_groups(value: str) -> bool | None:
    """Eight to seventeen digits, not all the same, that are no day and no list of years."""
    digits = digits_of(value)
    if not 8 <= len(digits) <= 17 or len(set(digits)) == 1 or only_years(value) or DAY.fullmatch(value):
        return False
    return None


_ACCOUNT = labelled(
    r"\b(?:accounts?(?:\b|(?=(?:number|num|no|id)\b))|acct\b\.?|a/c\b)", r"[0-9]{8,17}|[0-9]{2,8}(?:-[0-9]{2,8}){1,3}"
)
_AMERICAN_ACCOUNT = labelled(
    r"미국 ?(?:[가-힣A-Za-z]{1,10} ?){0,2}계좌(?: ?번호)?|\bU\.?S\.? (?:bank )?account\b(?: ?(?:number|no\b\.?|#))?",
    r"[0-9]{8,17}|[0-9]{2,8}(?:[- ][0-9]{2,8}){1,3}",
)
"""The country is named, so that a Korean word for account does not make it a Korean one."""

_LETTERS = {ord(letter): str(number) for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10)}
_CAPITALS = re.compile(r"[A-Z](?<![0-9A-Za-z][A-Z])[A-Z]{5}[A-Z0-9]{2,5}(?![0-9A-Za-z])")
_ACCOUNT_GATE = re.compile(r"[Aa]cc(?:oun)?t|ACC(?:OUN)?T|[Aa]/[Cc]")
_AMERICAN_GATE = re.compile(r"미국|U\.?S\.? (?:bank |BANK )?(?:[Aa]cc|ACC)")
_IBAN_GATE = re.compile(r"[0-9](?<=[A-Za-z]{2}[0-9])(?<![0-9A-Za-z]{3}[0-9])[0-9][ -]?[0-9A-Za-z]{4}")
"""From its first digit on: letters stand everywhere."""

RULES = (
    Rule("banking.iban", "IBAN_CODE", _IBAN, 0.5, gate=_IBAN_GATE, reach=(3, 44), check=check_iban,
         context=r"(?a)\biban\b|계좌", group=1),
    Rule("banking.bic", "SWIFT_CODE", labelled(_BIC_WORDS, _BIC) + r"(?![0-9A-Za-z])", 0.8, gate=_CAPITALS, check=check_bic,
         group=1, contextual=True),
    Rule("banking.bic", "SWIFT_CODE", rf"(?<![0-9A-Za-z]){_DISTINCT_BIC}(?![0-9A-Za-z])", 0.2, gate=_CAPITALS,
         check=check_bic, context=BIC_CONTEXT, needs_context=True, before=80, after=48),
    Rule("banking.bic", "SWIFT_CODE",
         rf"(?<![0-9A-Za-z])({_BIC})(?![0-9A-Za-z])\)?[ ,]{{0,2}}\(?(?:{_BIC_WORDS})(?![A-Za-z])", 0.8, gate=_CAPITALS,
         check=check_bic, group=1, contextual=True),
    Rule("banking.routing", "ABA_ROUTING_NUMBER",
         rf"{START}(?:[0-9]{{9}}|[0-9]{{4}}-[0-9]{{4}}-[0-9]){STOP}(?!원|달러)", 0.2, check=check_routing,
         context=ROUTING_CONTEXT, needs_context=True, before=64, after=32),
    Rule("banking.account", "US_BANK_NUMBER",
         rf"(?=({_ACCOUNT}{STOP}{NOT_MONEY}))(?<!(?:{BANK})[^\n]{{0,12}})\1",
         0.45, gate=_ACCOUNT_GATE, reach=(8, 72), check=check_groups, group=2, contextual=True),
    Rule("banking.account", "US_BANK_NUMBER", labelled(r"계좌 ?번호", r"[0-9]{8,9}") + STOP + NOT_MONEY, 0.6,
         gate=re.compile("계좌 ?번호"), reach=(2, 80), check=check_groups, group=1, contextual=True),
    Rule("banking.account", "US_BANK_NUMBER", _AMERICAN_ACCOUNT + STOP + NOT_MONEY, 0.9, gate=_AMERICAN_GATE, reach=(8, 80),
         check=check_groups, group=1, contextual=True),
    Rule("banking.account", "US_BANK_NUMBER",
         rf"(?<![A-Za-z]-){START}(?:[0-9]{{8,17}}|[0-9]{{2,8}}(?:[- ][0-9]{{2,8}}){{1,3}}){STOP}{NOT_MONEY}", 0.1,
         check=check_groups, context=ACCOUNT_CONTEXT, needs_context=True),
)  # fmt: skip
