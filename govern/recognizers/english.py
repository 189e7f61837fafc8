"""English and international numbers that Presidio lacks: further cards, and account numbers written in groups."""

import re

from govern.recognizers.korean import only_years
from govern.recognizers.rule import Rule

CARD_CONTEXT = r"\bcards?\b|\bvisa\b|mastercard|카드|신용|체크"
ACCOUNT_CONTEXT = (
    r"\b(?:account|acct|a/c|acc)\b\.?\s*(?:number|num|no|nr|#|id\b|ending|is\b|:)"
    r"|account#|checking account|savings account"
)
DAY = re.compile(r"(?:19|20)[0-9]{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12][0-9]|3[01])")
START, STOP = r"(?<![0-9A-Za-z$])(?<![0-9][-.,])", r"(?![0-9A-Za-z])(?![-.,][0-9]|%)"


def luhn(value: str) -> bool:
    """Whether the Luhn check digit holds (ISO/IEC 7812-1) over 12 to 19 digits that are not all the same."""
    digits = [int(character) for character in reversed(value) if character.isdigit()]
    total = sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return 12 <= len(digits) <= 19 and len(set(digits)) > 1 and total % 10 == 0


def check_groups(value: str) -> bool | None:
    """Eight to seventeen digits, not all the same, that are no day and no list of years."""
    digits = [character for character in value if character.isdigit()]
    if not 8 <= len(digits) <= 17 or len(set(digits)) == 1 or only_years(value) or DAY.fullmatch(value):
        return False
    return None


RULES = (
    Rule("english.card", "CREDIT_CARD", rf"{START}2[2-7][0-9]{{2}}([- ]?)[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}{STOP}", 0.5,
         check=luhn, context=CARD_CONTEXT),
    Rule("english.card", "CREDIT_CARD", rf"{START}(?:4[0-9]{{18}}|(?:2131|1800)[0-9]{{11}}){STOP}", 0.5,
         check=luhn, context=CARD_CONTEXT),
    Rule("english.card", "CREDIT_CARD", rf"{START}9[0-9]{{3}}([- ]?)[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}{STOP}", 0.2,
         check=luhn, context=CARD_CONTEXT, needs_context=True),
    Rule("english.card", "CREDIT_CARD", rf"{START}(?:5[06-8]|6[0-9])[0-9]{{10}}{STOP}", 0.2, check=luhn, context=CARD_CONTEXT,
         needs_context=True),
    Rule("english.account", "US_BANK_NUMBER",
         r"\b(?:account|acct|a/c)\b[ \t]*(?:\([^()\n\x00]{0,24}\))?[ \t]*[:#]?[ \t]*"
         r"([0-9]{8,17}|[0-9]{2,8}(?:-[0-9]{2,8}){1,3})"
         + STOP, 0.45, check=check_groups, group=1),
    Rule("english.account", "US_BANK_NUMBER", rf"(?<![A-Za-z]-){START}[0-9]{{2,8}}(?:[- ][0-9]{{2,8}}){{1,3}}{STOP}", 0.1,
         check=check_groups, context=ACCOUNT_CONTEXT, needs_context=True),
)  # fmt: skip
