"""Payment cards: primary account numbers (ISO/IEC 7812), security codes and PINs (PCI DSS 4.0, 3.3.1).

A number needs the Luhn check digit and either the range and length of a brand or a word such as card or 카드 beside it.
A masked number (`4111-****-****-1111`, `****1234`) is not reported: its digits are gone.
"""

import re

from govern.recognizers.korean import possible_birth
from govern.recognizers.labels import EDGE, NOT_MONEY, STOP, labelled
from govern.recognizers.rule import Check, Rule

CONTEXT = (
    r"(?a)\bcards?\b|\bvisa\b(?! [A-Z]-?[0-9])|mastercard|\bamex\b|american express"
    r"|\bmaestro\b|\bdiners\b|\bjcb\b|union ?pay|\brupay\b"
    r"|\bdebit\b|\bcc ?(?:#|no\b|num)|\bpan\b(?! )|카드|비자|마스터|은련"
)
"""No word such as 신용 or credit alone: these stand in every financial text."""

BRANDS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|5[1-5][0-9]{14}|(?:222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12}(?:[0-9]{3})?"  # Discover
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12}(?:[0-9]{3})?|(?:2131|1800)[0-9]{11}"  # JCB
    r"|(?:30[0-5]|3095?|36[0-9]|3[89][0-9])[0-9]{10,11}|3(?:0[0-5]|[689][0-9])[0-9]{13}"  # Diners Club
    r"|(?:62|81)[0-9]{14,17}"  # UnionPay
    r"|22(?:0[0-4])[0-9]{12}|6(?:0[0-9]{2}|52[12])[0-9]{12}"  # Mir, RuPay
    r"|(?:5018|5020|5038|5893|6304|6390|6759|676[1-3])[0-9]{12}(?:[0-9]{2,3})?"  # Maestro in its longer forms
    r"|5019[0-9]{12}"  # Dankort
)
"""Issuer ranges and lengths as the brands publish them (Visa, Mastercard, Amex, Discover, JCB, Diners, UnionPay …)."""

_GROUPED = r"[1-9][0-9]{3}(-| - | )(?:[0-9]{4}\2[0-9]{4}\2[0-9]{1,4}|[0-9]{6}\2[0-9]{4,5})|62[0-9]{4}[- ][0-9]{13}"
_START = rf"{EDGE}(?<!(?<![A-Za-z가-힣.])\.)"
_STOP = rf"{STOP}(?!원|달러| ?(?:won|usd|krw)\b)"
_NUMBER = rf"{_START}(?=({_GROUPED}|[1-9][0-9]{{11,18}}){_STOP})"
"""Read ahead, so that a number which fails its check does not swallow the start of the next."""

_LONG = rf"{_START}(?=([4-6][0-9]{{3}}(-| - | )(?:[0-9]{{4}}\2){{3}}[0-9]{{1,3}}){_STOP})"
"""17 to 19 digits in groups."""

_CODE_WORDS = (
    r"\b(?:cvv2?|cvc2?|cvn2?|cav2?|csc)\b(?: ?(?:code|number|no|value))?"
    r"|card(?:['’]?s)? (?:security|verification|validation|authentication) (?:code|value|number)"
    r"(?:[;,] (?:he|she|I|they|it) (?:wrote|said|gave|is|was))?"
    r"|\b(?:my|your|his|her|their|the card's|read out the|gave the|entered the) security code"
    r"|(?:cvv|cvc|씨브이씨) ?(?:번호|코드|값)|(?:카드 ?)?보안 ?(?:코드|번호)|카드 ?확인 ?(?:코드|번호)"
    r"|유효성 ?(?:확인|검사|검증) ?(?:번호|코드)"
    r"|뒷면(?:의|에)? ?(?:\([가-힣 ]{1,10}\) ?)?(?:서명란(?:의|에)? ?)?(?:있는 ?)?(?:숫자 ?)?"
    r"(?:마지막 ?|끝 ?)?(?:3|세|4|네) ?자리(?: ?(?:숫자|번호))?"
    r"|\b(?:last )?(?:three|3)[ -]digits? (?:(?:card )?(?:security |verification )?(?:code|number) )?on the back"
    r"(?: of (?:the|my|your) card)?"
)
_PIN_WORDS = (
    r"(?<![A-Za-z])(?:my |your |his |her |the |card |atm |debit |bank |account )?pins?\b(?: ?(?:number|no))?"
    r"|\bpersonal identification number(?: \(pin\))?|핀 ?(?:번호|코드)"
    r"|(?:카드|계좌|통장|결제|간편 ?결제|출금|이체|인증서?|현금카드) ?(?:결제 ?)?(?:비밀 ?번호|비번|암호)"
)
_SPELLED = (
    r"(?:(?:[공영빵일이삼사오육륙칠팔구]|[〇零一二三四五六七八九])[ ,-]{0,2}){3,4}"
    r"(?=(?:으?로|을|를|이|은|는|입니다|예요|이에요|번)?(?![가-힣]))"
    r"|(?:[0-9][ .-]{1,2}){2,3}[0-9](?![0-9]|[ .-][0-9])"
    r"|(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)(?:[ ,-]{1,2}|(?![A-Za-z]))){3,4}"
)
"""Three or four digits in words, as they are read out."""

_SWAPPED = r"(?=[0-9]{0,3}[OolI])(?=[0-9OolI]{3,4}(?![0-9A-Za-z]))[OolI]{0,2}[0-9][0-9OolI]{1,3}"
"""Letters for digits, at most two before the first digit."""

_PIN_PARTS = (
    r"(?:비밀 ?번호|비번)(?:의)? ?\(?(?:네|4|여섯|6) ?자리(?: ?숫자)?\)?"
    r"|(?:비밀 ?번호|비번)(?=[^0-9\n\x00가-힣]{0,6}[0-9]{4}| ?(?:은|는|를|을|:|=) ?['\"]?[0-9]{4}|\n[0-9]{4})"
    r"|(?<![가-힣])(?:비밀 ?번호|비번)(?= ?(?:확인|문의|말씀|알려|부탁)[^\n\x00]{0,40}[0-9]{4})"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def luhn(value: str) -> bool:
    """Whether the Luhn check digit holds (ISO/IEC 7812-1, annex B) over 12 to 19 digits that are not all the same."""
    return _luhn(_bare(value))


def branded(value: str) -> bool:
    """Whether a brand issues numbers of this range and length, and the check digit holds."""
    digits = _bare(value)
    return _luhn(digits) and BRANDS.fullmatch(digits) is not None and not _years(value)


def _named(value: str) -> bool | None:
    """Sixteen digits or more of any issuer (9xxx are Korean domestic cards), fewer of Maestro's and UATP's ranges.

    Thirteen that begin with a birth and its century may as well be a registration number, which is printed on a card too.
    """
    digits = _bare(value)
    if len(digits) == 13 and digits[6] in "12345678" and possible_birth(digits):
        return None if _luhn(digits) else False
    return _luhn(digits) and (len(digits) >= 16 or _SHORTER.match(digits) is not None) and not _years(value)


_DOUBLED, _ZERO = bytes.maketrans(b"0123456789", b"0246813579"), ord("0")
_SHORTER = re.compile("50|5[6-9]|6|1[0-9]{14}$")
"""Maestro has numbers of twelve digits and more (50, 56 to 69); UATP, of airlines and travel accounts, fifteen (1)."""


def _bare(value: str) -> str:
    return value.replace("-", "").replace(" ", "")


def _luhn(digits: str) -> bool:
    if not 12 <= len(digits) <= 19:
        return False
    signs = digits.encode()
    total = sum(signs[-1::-2]) + sum(signs[-2::-2].translate(_DOUBLED)) - len(signs) * _ZERO
    return total % 10 == 0 and digits.count(digits[0]) < len(digits)


def _union_pay(value: str) -> bool | None:
    """UnionPay numbers of some issuers carry no Luhn digit (GB/T 17552): the range is all that can be said."""
    digits = _bare(value)
    return None if re.fullmatch(r"62[0-9]{14,17}", digits) and len(set(digits)) > 3 else False


def _years(value: str) -> bool:
    groups = value.split()
    return len(groups) > 2 and all(_YEAR.fullmatch(group) for group in groups)


def _card(name: str, score: float, check: Check, *, pattern: str = _NUMBER, needs_context: bool = False) -> Rule:
    return Rule(f"cards.{name}", "CREDIT_CARD", pattern, score, check=check, context=CONTEXT, needs_context=needs_context,
                group=1)  # fmt: skip


_SECURITY_GATE = re.compile(r"(?<![A-Za-z])(?:CID|cid)(?![A-Za-z])|[Ss]ecurity [Cc]ode")
_GATE = re.compile(
    r"(?<![0-9A-Za-z])(?:[Cc][VvAa][VvCcNn]|CSC|csc|[Pp][Ii][Nn])|[Cc]ard(?:['’]?s)?[ -][svaSVA]|[Ss]ecurity[ -][Cc]ode"
    r"|on the back|뒷면|카드|보안 ?[코번]|유효성"
    r"|비밀 ?번호|비번|암호"
    r"|핀 ?[번코]|[Pp]ersonal [Ii]dent|씨브이씨"
)

RULES = (
    _card("brand", 0.5, branded),
    _card("brand", 0.5, branded, pattern=_LONG),
    _card("context", 0.25, _named, needs_context=True),
    _card("unionpay", 0.2, _union_pay, needs_context=True),
    Rule("cards.code", "CARD_SECURITY_CODE", labelled(_CODE_WORDS, r"[0-9]{3,4}") + STOP, 0.85, gate=_GATE, group=1,
         contextual=True),
    Rule("cards.code", "CARD_SECURITY_CODE",
         labelled(r"\bcid\b|(?<!\w)security codes?", r"[0-9]{3,4}") + STOP, 0.2,
         gate=_SECURITY_GATE, group=1, before=80, context=CONTEXT, needs_context=True),
    Rule("cards.code", "CARD_SECURITY_CODE", labelled(r"(?<!\w)security code", r"[0-9]{3}") + STOP + NOT_MONEY, 0.6,
         gate=_SECURITY_GATE, group=1, contextual=True),
    Rule("cards.pin", "PIN", labelled(_PIN_WORDS, r"[0-9]{4,6}") + STOP + NOT_MONEY, 0.8, gate=_GATE, group=1,
         contextual=True),
    Rule("cards.code", "CARD_SECURITY_CODE", labelled(_CODE_WORDS, rf"{_SPELLED}|{_SWAPPED}") + STOP, 0.8, gate=_GATE, group=1,
         contextual=True),
    Rule("cards.pin", "PIN", labelled(_PIN_WORDS, rf"{_SPELLED}|{_SWAPPED}") + STOP + NOT_MONEY, 0.75, gate=_GATE, group=1,
         contextual=True),
    Rule("cards.pin", "PIN",
         labelled(r"(?<![가-힣])(?:비밀 ?번호|비번)(?=(?:은|는|를|을)? ?[:=]? ?[0-9OolI공영일이삼사오육륙칠팔구〇一-九])",
                  rf"{_SPELLED}|{_SWAPPED}") + STOP + NOT_MONEY, 0.7, gate=_GATE, group=1, contextual=True),
    Rule("cards.pin", "PIN", labelled(r"(?<![A-Za-z])pin ?code", r"[0-9]{4}") + STOP, 0.8, gate=_GATE, group=1,
         contextual=True),
    Rule("cards.pin", "PIN", labelled(_PIN_PARTS, r"[0-9]{4,6}") + STOP + NOT_MONEY + "(?! ?자리)", 0.8, gate=_GATE, group=1,
         contextual=True),
)  # fmt: skip
