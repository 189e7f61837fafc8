"""The evasion matrix: forms of writing × numeric entity types × sentences in two languages, a planted value in each.

A sentence names what the number is, as a person would; in the Korean one a particle is glued to the value. `cells` says
which cells there are, `plant` fills one. The same seed gives the same values.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from govern.draw import Draw
from govern.samples import identifiers, values
from govern.samples.forms import CHARACTERS, FORMS
from govern.samples.pages import particle

LANGUAGES = ("en", "ko")


def _date(draw: Draw) -> str:
    return f"{draw.between(1942, 2004)}-{draw.between(1, 12):02d}-{draw.between(1, 28):02d}"


def _address(draw: Draw) -> str:
    return f"{draw.pick(('192.0.2', '198.51.100', '203.0.113'))}.{draw.between(1, 254)}"


def _licence(draw: Draw) -> str:
    letter, d = draw.pick(values.ALPHABET), draw.digits
    return draw.pick(
        (f"{letter}{d(7)}", f"{letter}{d(3)}-{d(3)}-{d(2)}-{d(3)}-{d(1)}", f"{letter}{d(3)}-{d(4)}-{d(4)}")
    )


VALUES: dict[str, Callable[[Draw], str]] = {
    "ABA_ROUTING_NUMBER": identifiers.aba_routing,
    "CARD_SECURITY_CODE": identifiers.security_code,
    "CREDIT_CARD": values.card,
    "CUSTOMER_ID": lambda draw: draw.digits(10),
    "DATE_OF_BIRTH": _date,
    "IBAN_CODE": values.iban,
    "IP_ADDRESS": _address,
    "KR_BANK_ACCOUNT": values.kr_bank_account,
    "KR_BRN": values.kr_brn,
    "KR_CRN": identifiers.kr_crn,
    "KR_DRIVER_LICENSE": values.kr_driver_license,
    "KR_FRN": values.kr_frn,
    "KR_HEALTH_INSURANCE": identifiers.kr_health_insurance,
    "KR_PASSPORT": values.kr_passport,
    "KR_RRN": values.kr_rrn,
    "KR_VEHICLE_PLATE": identifiers.kr_vehicle_plate,
    "PHONE_NUMBER": lambda draw: draw.pick((values.phone_ko, values.phone_en))(draw),
    "PIN": identifiers.pin,
    "UK_NINO": values.uk_nino,
    "US_BANK_NUMBER": values.us_bank_number,
    "US_DRIVER_LICENSE": _licence,
    "US_EIN": identifiers.us_ein,
    "US_ITIN": values.us_itin,
    "US_PASSPORT": values.us_passport,
    "US_SSN": values.us_ssn,
}
"""Types whose values are numbers, some with a few letters, and what draws one."""

SENTENCES = {
    "ABA_ROUTING_NUMBER": ("ABA routing number {} for the wire.", "ABA 라우팅번호 {}{~으로} 송금합니다."),
    "CARD_SECURITY_CODE": ("The CVV is {} on the back.", "카드 CVC 번호 {}{~을} 불러 주셨습니다."),
    "CREDIT_CARD": ("Please block my credit card {} today.", "카드번호 {}{~으로} 결제했습니다."),
    "CUSTOMER_ID": ("Customer number {} called again.", "고객번호 {}{~으로} 조회했습니다."),
    "DATE_OF_BIRTH": ("Date of birth {} as in the passport.", "생년월일 {}{~으로} 확인했습니다."),
    "IBAN_CODE": ("Please credit IBAN {} by Friday.", "해외 수취계좌 IBAN {}{~으로} 송금했습니다."),
    "IP_ADDRESS": ("Login from IP address {} was refused.", "접속 IP {}{~으로} 로그인했습니다."),
    "KR_BANK_ACCOUNT": ("Remit to Shinhan Bank account {} in Seoul.", "신한은행 계좌번호 {}{~으로} 입금했습니다."),
    "KR_BRN": ("Korean business registration number {} given.", "사업자등록번호 {}{~으로} 발행했습니다."),
    "KR_CRN": ("Corporate registration number {} (Korea).", "법인등록번호 {}{~으로} 등기했습니다."),
    "KR_DRIVER_LICENSE": ("Korean driver's license number {} on file.", "운전면허번호 {}{~으로} 확인했습니다."),
    "KR_FRN": ("Korean alien registration number {} on the card.", "외국인등록번호 {}{~으로} 확인했습니다."),
    "KR_HEALTH_INSURANCE": ("Health insurance card number {} (Korea).", "건강보험증번호 {}{~으로} 조회했습니다."),
    "KR_PASSPORT": ("Korean passport number {} was copied.", "여권번호 {}{~으로} 환전했습니다."),
    "KR_RRN": ("Resident registration number {} was given.", "주민등록번호 {}{~으로} 확인했습니다."),
    "KR_VEHICLE_PLATE": ("The car's license plate {} was noted.", "차량번호 {}{~으로} 가입했습니다."),
    "PHONE_NUMBER": ("Please call me at phone {} today.", "휴대폰 번호 {}{~으로} 연락 주세요."),
    "PIN": ("My PIN is {} for the card.", "카드 비밀번호 {}{~으로} 변경했습니다."),
    "UK_NINO": ("National Insurance number {} on the P60.", "영국 국민보험번호(NINO) {}{~으로} 확인했습니다."),
    "US_BANK_NUMBER": ("Checking account number {} at the bank.", "수취인 account number {}{~으로} 송금했습니다."),
    "US_DRIVER_LICENSE": ("Driver's license number {} on file.", "미국 운전면허번호 {}{~으로} 확인했습니다."),
    "US_EIN": ("Employer identification number {} on the W-9.", "미국 고용주 번호(EIN) {}{~으로} 신고했습니다."),
    "US_ITIN": ("Taxpayer ITIN {} on the form.", "미국 납세자번호(ITIN) {}{~으로} 신고했습니다."),
    "US_PASSPORT": ("US passport number {} was copied.", "미국 여권번호 {}{~으로} 확인했습니다."),
    "US_SSN": ("Social security number {} on the W-9.", "미국 사회보장번호(SSN) {}{~으로} 신고했습니다."),
}
"""In English and Korean; `{}` is the value, `{~으로}` a particle glued to it."""

CHARACTERS_ONLY = {
    "CARD_SECURITY_CODE": "three or four digits have no groups, and spelled they are words like any other",
    "IP_ADDRESS": "its dots are part of the number",
    "KR_VEHICLE_PLATE": "a letter and the short groups round it are its layout",
    "PIN": "as the card's security code",
}
"""Types of which only other characters are asked, with the reason; full-width or hidden characters they must survive."""


PASSPORTS = frozenset({"KR_PASSPORT", "PASSPORT", "US_PASSPORT"})


class Cell(NamedTuple):
    """One cell of the matrix."""

    form: str
    entity_type: str
    lang: str

    @property
    def accepted(self) -> frozenset[str]:
        """The types that are right: where letters stand for digits, any passport's, which only its letters tell apart."""
        if self.form == "letters for digits" and self.entity_type in PASSPORTS:
            return PASSPORTS
        return frozenset({self.entity_type})


def cells() -> Iterator[Cell]:
    """Every cell, in the order of the tables."""
    for entity_type in VALUES:
        for form in CHARACTERS if entity_type in CHARACTERS_ONLY else FORMS:
            for lang in LANGUAGES:
                yield Cell(form, entity_type, lang)


def plant(cell: Cell, count: int, seed: int) -> Iterator[tuple[str, int, int]]:
    """`count` texts with the start and end of the value in each; fewer where the form changes no value of the type."""
    draw = Draw(f"evasion/1/{seed}/{cell.entity_type}/{cell.lang}")
    before, _, after = SENTENCES[cell.entity_type][LANGUAGES.index(cell.lang)].partition("{}")
    found = 0
    for _ in range(20 * count):
        value = VALUES[cell.entity_type](draw)
        written = FORMS[cell.form](value)
        if written == value and cell.form != "plain":
            continue
        yield _sentence(before, written, after, value)
        found += 1
        if found == count:
            return


def _sentence(before: str, written: str, after: str, value: str) -> tuple[str, int, int]:
    if after.startswith("{~"):
        name, _, after = after[2:].partition("}")
        after = particle(name, value) + after
    return before + written + after, len(before), len(before) + len(written)
