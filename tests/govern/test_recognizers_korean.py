"""Korean numbers: registration, documents and accounts are found in both languages; what looks alike or is masked is left."""

import pytest

from govern import detect, policy
from govern.recognizers import korean, korean_accounts


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def found(detector, text):
    return [(span.entity_type, text[span.start : span.end]) for span in detect.find(detector, text)]


CI = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kA=="
DI = "MC0GCCqGSIb3DQIJAyEAq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="

TRUE = [
    ("KR_RRN", "900101-1234568", "{}"),
    ("KR_RRN", "900101 - 1234568", "주민등록번호 {}의"),
    ("KR_RRN", "900101 1234568", "주민번호 {}번"),
    ("KR_RRN", "9001011234568", "확인한 값은 {}입니다"),
    ("KR_RRN", "211105-4123456", "자녀 주민번호는 {}입니다"),
    ("KR_RRN", "2111054123456", "주민등록번호: {}"),
    ("KR_RRN", "9001011234567", "생년월일 {}"),
    ("KR_RRN", "900101-1234567", "Resident registration number {} was copied."),
    ("KR_RRN", "900101-1234568", "주문번호 {}"),
    ("KR_RRN", "900101-1234567", "주민등록번호 또는 법인등록번호 {}"),
    ("KR_FRN", "850505-5123459", "{}으로 실명확인"),
    ("KR_FRN", "850505-6123456", "외국인등록번호 {}에서"),
    ("KR_FRN", "030505-7123456", "Alien registration number: {}."),
    ("KR_BRN", "120-81-47521", "상호 {}입니다"),
    ("KR_BRN", "120 81 47521", "사업자등록번호 {}로"),
    ("KR_BRN", "1208147521", "Business registration number {}."),
    ("KR_CRN", "130111-0006246", "법인등록번호 {}입니다"),
    ("KR_CRN", "130111-0006246", "{}의 대표이사"),
    ("KR_CRN", "1301110006246", "법인번호는 {}이고"),
    ("KR_CRN", "110111-1707178", "법인등록번호: {}"),
    ("KR_CRN", "110111-1707178", "Corporate registration number {} in Seoul."),
    ("KR_PASSPORT", "M12345678", "여권번호는 {}입니다"),
    ("KR_PASSPORT", "S123A4567", "여권 {}으로 확인"),
    ("KR_PASSPORT", "M123A4567", "His Korean passport {} expired."),
    ("KR_DRIVER_LICENSE", "13-98-123456-21", "{}번"),
    ("KR_DRIVER_LICENSE", "28 05 123456 21", "운전면허증 {}은"),
    ("KR_DRIVER_LICENSE", "119812345621", "면허번호 {}입니다"),
    ("KR_DRIVER_LICENSE", "서울 98-123456-21", "면허번호는 {}에서"),
    ("KR_DRIVER_LICENSE", "경기98-123456-21", "운전면허 {}"),
    ("KR_DRIVER_LICENSE", "11-98-123456-21", "Driver's license {} of a Korean customer"),
    ("KR_HEALTH_INSURANCE", "71234567890", "건강보험증 번호는 {}입니다"),
    ("KR_HEALTH_INSURANCE", "1-2345678901", "보험증 번호: {}"),
    ("KR_HEALTH_INSURANCE", "51234567890", "The health insurance number {} is Korean."),
    ("KR_CI_DI", CI, "연계정보(CI) {}"),
    ("KR_CI_DI", CI, "Connecting information: {}"),
    ("KR_CI_DI", DI, "중복가입확인정보(DI) {}를"),
    ("KR_CI_DI", DI, "{}"),
]


@pytest.mark.parametrize(("entity_type", "value", "frame"), TRUE)
def test_korean_numbers_are_found_whole_and_alone(detector, entity_type, value, frame):
    """One span, of the right type, exactly the value, in either language and before any particle."""
    assert found(detector, frame.format(value)) == [(entity_type, value)]


@pytest.mark.parametrize("suffix", ["입니다", "으로", "에서", "의", "은", "번", ".", ",", ")", "\n", ""])
@pytest.mark.parametrize(
    ("entity_type", "label", "value"),
    [
        ("KR_RRN", "주민번호 ", "900101-1234568"),
        ("KR_FRN", "외국인등록번호 ", "850505-5123459"),
        ("KR_BRN", "사업자등록번호 ", "120-81-47521"),
        ("KR_CRN", "법인등록번호 ", "130111-0006246"),
        ("KR_PASSPORT", "여권 ", "M12345678"),
        ("KR_DRIVER_LICENSE", "면허 ", "13-98-123456-21"),
        ("KR_HEALTH_INSURANCE", "건강보험증 ", "71234567890"),
        ("KR_BANK_ACCOUNT", "계좌 ", "110-582-381584"),
        ("KR_BANK_ACCOUNT", "신한은행 ", "110582381584"),
    ],
)
def test_a_particle_never_hides_or_lengthens_a_korean_number(detector, entity_type, label, value, suffix):
    """Hangul right after a value is no part of it."""
    assert found(detector, label + value + suffix) == [(entity_type, value)]


@pytest.mark.parametrize(
    "text",
    [
        "960101 | 1234567",
        "960101\t1234567",
        "홍길동,960101,1234567",
        '"960101","1234567"',
        '{"rrn_front": "960101", "rrn_back": "1234567"}',
        '{"주민번호_앞":"960101","주민번호_뒤":"1234567"}',
        "주민등록번호 (960101) - (1234567)",
        '주민등록번호 <input value="960101"> - <input value="1234567">',
    ],
)
def test_halves_in_columns_lines_or_fields_are_both_found_and_what_parts_them_stays(detector, text):
    """A row keeps its separator when its halves are masked."""
    assert [item for item in found(detector, text) if item[0] == "KR_RRN"] == [("KR_RRN", "960101"), ("KR_RRN", "1234567")]


@pytest.mark.parametrize("value", ["960101\n1234567", "960101    1234567"])
def test_a_number_broken_after_its_date_is_one(detector, value):
    """A line break or blanks after a label part no cells."""
    assert ("KR_RRN", value) in found(detector, f"주민번호: {value} ")


@pytest.mark.parametrize(
    "text",
    [
        "앞자리 960101 뒷자리 1234567",
        "주민번호 앞자리는 960101이고, 뒷자리는 1234567입니다",
        "앞번호: 960101 / 뒷번호: 1234567",
        "주민등록번호 앞 6자리(960101)와 뒤 7자리(1234567)",
        "RRN first six digits 960101, last seven digits 1234567",
    ],
)
def test_halves_in_words_are_two_findings(detector, text):
    """The words between them stay."""
    assert found(detector, text) == [("KR_RRN", "960101"), ("KR_RRN", "1234567")]


@pytest.mark.parametrize(
    "text",
    [
        "주민번호 960101-1******",
        "960101-1●●●●●●",
        "주민등록번호 960101-*******",
        "생년월일 960101-1******",
        "960101-1XXXXXX",
        "****-1234",
        "카드 ****-****-****-1234",
        "010-****-5678",
        "연락처는 010-****-5678입니다",
        "계좌 110-***-381584",
        "신한은행 110582******",
        "농협은행(3022284999****)",
        "계좌번호 110-582-38****",
        "면허 11-98-******-21",
        "여권 M1234****",
        "M****5678 여권",
        "주민번호 ******-*******",
        "차량 12가****",
        "12가 **56 차량",
    ],
)
def test_masked_numbers_are_left(detector, text):
    """What is masked already is no finding, not even in part."""
    assert found(detector, text) == []


FALSE = [
    "번호 900101-9234567 확인",
    "주민번호 901301-1234567",
    "주민번호 900230-1234567",
    "주문번호 900101-1234567",
    "240105 | 1500000",
    "240105 | 3456789",
    "900101 | 1234000",
    "사업자등록번호 120-81-47522",
    "사업자번호 120-00-47528",
    "법인등록번호 110111-0845589",
    "법인등록번호 130111-0006247",
    "모델 M12345678",
    "M123A4567 부품",
    "일련번호 119812345621",
    "운송장 139812345621",
    "접수번호 29-98-123456-21",
    "면허 11-11-111111-11",
    "제품 71234567890",
    "sha512 " + CI,
    "카드번호 5310-1234-5678-9012 계좌",
    "고객번호 확인 후 계좌 개설, 주문번호 110-582-381584",
    "전화 02-777-12345 번",
    "20240331-01 이체",
    "2024-03-31 14:20 이체",
    "관리번호 110-582-381584 출금",
    "이체한도 1,000,000,000원",
    "계좌 12-34",
    "계좌번호 1588-1234",
    "사업자등록번호 확인: 입금 2024-0101-1234",
    '"number_of_accounts": 12, "expired_at": 1634324016',
    "은행법 제15조제1항 제2호 110 120 130000",
    "송금 000000-00-000000",
]


@pytest.mark.parametrize("text", FALSE)
def test_what_only_looks_like_a_korean_number_is_left(detector, text):
    """Impossible days, wrong check digits, other labels, amounts and times."""
    kinds = {
        "KR_RRN",
        "KR_FRN",
        "KR_BRN",
        "KR_CRN",
        "KR_PASSPORT",
        "KR_DRIVER_LICENSE",
        "KR_HEALTH_INSURANCE",
        "KR_CI_DI",
        "KR_BANK_ACCOUNT",
    }
    assert [item for item in found(detector, text) if item[0] in kinds] == []


ACCOUNTS = [
    ("123456-04-123456", "KB국민은행 {}으로 입금 바랍니다"),
    ("110-582-381584", "신한은행 {}입니다"),
    ("1002-345-678901", "우리은행 계좌 {}에서 출금"),
    ("123-910123-12345", "하나은행 {} 예금주 확인"),
    ("301-1234-5678-91", "농협 {}번"),
    ("352-12-123456", "농협은행 계좌번호 {}"),
    ("123-123456-01-012", "IBK기업은행 {}은"),
    ("3333-01-1234567", "카카오뱅크 {}로"),
    ("1000-1234-5678", "토스뱅크 {}의"),
    ("100-123-456789", "케이뱅크 {}"),
    ("123456-02-123456", "우체국 {}에 이체"),
    ("9002-1234-5678-9", "새마을금고 {}으로 송금"),
    ("131-012-345678", "신협 계좌 {}"),
    ("123-20-123456", "SC제일은행 {}"),
    ("123-123456-123", "씨티은행 {}로"),
    ("101-1234-5678-90", "부산은행 {}입니다"),
    ("508-12-345678-9", "대구은행 {}"),
    ("123-107-123456", "광주은행 {}을"),
    ("1013-01-1234567", "전북은행 {}"),
    ("12-34-567890", "제주은행 계좌 {}"),
    ("207-1234-5678-90", "경남은행 {}에서"),
    ("1010-1234-5678", "수협 {}"),
    ("013-1234-5678-901", "산업은행 {}"),
    ("12345678-01", "증권계좌 {}"),
    ("110-582-381584", "{} 신한"),
    ("110-582-381584", "보낼 곳 {} (국민은행)"),
    ("1002-345-678901", "settles over account no. {}, Hana Bank."),
    ("110582381584", "account no. {}, Shinhan Bank"),
    ("110582381584", "신한은행 {}으로"),
    ("110 582 381584", "신한 계좌 {}"),
    ("12-3456-789012", "계좌번호는 {}입니다"),
    ("110-582-381584", "환불: {}(신한은행)"),
    ("110-582-381584", "급여계좌 {} 주식회사 한서조선"),
    ("123456-04-123456", "Please remit to Kookmin Bank {} by Friday."),
    ("110-582-381584", "Transfer to Shinhan Bank account {} in Seoul."),
    ("3333-01-1234567", "KakaoBank {} is in her name."),
]


@pytest.mark.parametrize(("value", "frame"), ACCOUNTS)
def test_accounts_are_found_by_the_layouts_of_the_banks(detector, value, frame):
    """Beside a bank's name or a word for account, in either language."""
    assert found(detector, frame.format(value)) == [("KR_BANK_ACCOUNT", value)]


def test_every_layout_is_an_account_beside_its_word(detector):
    """Each bank's, with dashes and (ten to fourteen digits) without."""
    digits = "13579246801357924"
    for layout in {layout for layouts in korean_accounts.LAYOUTS.values() for layout in layouts}:
        parts, at = [], 0
        for size in map(int, layout.split("-")):
            parts.append(digits[at : at + size])
            at += size
        if at > 9:
            assert found(detector, f"계좌번호 {'-'.join(parts)}입니다") == [("KR_BANK_ACCOUNT", "-".join(parts))], (
                layout
            )


def test_a_card_called_a_card_stays_one(detector):
    """Also where an account is spoken of."""
    assert found(detector, "카드 4111-1111-1111-1111 결제계좌") == [("CREDIT_CARD", "4111-1111-1111-1111")]


def test_a_telephone_number_beside_a_bank_is_none_of_its_accounts(detector):
    """Mobile, land line and service numbers."""
    assert found(detector, "신한은행 02-777-1234, 010-1234-5678로 이체 문의") == [
        ("PHONE_NUMBER", "02-777-1234"),
        ("PHONE_NUMBER", "010-1234-5678"),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("홍길동 치과", "홍길동"),
        ("김철수법률사무소에서 발행", "김철수"),
        ("상호: 이영희세무회계", "이영희"),
        ("대표 박민수", "박민수"),
        ("대표자 박민수", "박민수"),
        ("박민수치과의원으로", "박민수"),
        ("상호명 최영희식당", "최영희"),
        ("김순자한복의 매출", "김순자"),
        ("이영희 세무회계사무소", "이영희"),
        ("점주 김영수", "김영수"),
    ],
)
def test_the_owner_in_the_name_of_a_business_is_a_person(detector, text, name):
    """A sole trader named after its owner is no organisation that stays."""
    assert ("PERSON", name) in found(detector, text)


@pytest.mark.parametrize(
    "text",
    [
        "강남구치과",
        "정자동약국",
        "소화기내과",
        "서울 치과",
        "이태원 한의원",
        "고려정형외과",
        "하나로약국",
        "유명한 치과",
        "합동법률사무소",
        "인사동 식당",
        "강동구 약국",
        "연세사랑치과",
    ],
)
def test_a_business_named_otherwise_has_no_owner_in_it(detector, text):
    """Places, fields and adjectives before a practice are nobody."""
    assert found(detector, text) == []


def test_a_valid_checksum_is_certain_and_its_absence_is_not_disproof():
    """True before October 2020, None for what may be later, False for a day that never was."""
    assert korean.check_registration("900101-1234568") is True
    assert korean.check_registration("211105-4123456") is None
    assert korean.check_registration("901301-1234567") is False
    assert korean.check_corporate("130111-0006246") is True
    assert korean.check_corporate("130111-0006247") is False
