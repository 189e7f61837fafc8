"""Identity numbers outside Korea and customer numbers: shape, ranges, and the word that says what they are."""

import pytest

from govern import detect, policy


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def found(detector, text):
    return [(span.entity_type, text[span.start : span.end]) for span in detect.find(detector, text)]


TRUE = [
    ("US_SSN", "536-90-4399", "{}"), ("US_SSN", "536-90-4399", "{}입니다"), ("US_SSN", "536-90-4399", "row,7,{},x"),
    ("US_SSN", "536 90 4399", "{} on file"), ("US_SSN", "536.90.4399", "see {} here"),
    ("US_SSN", "536904399", "SSN은 {}이고"),
    ("US_SSN", "536904399", "Social Security No. {}"), ("US_SSN", "53690-4399", "ssn {}"),
    ("US_SSN", "536-904399", "SS# {}"),
    ("US_SSN", "536904399", "사회보장번호{}을"), ("US_SSN", "536 90 4399", "사회보장번호: {}"),
    ("US_ITIN", "912-70-1234", "{}"), ("US_ITIN", "912701234", "ITIN은 {}"),
    ("US_ITIN", "988 88 4321", "taxpayer identification {}"),
    ("US_ITIN", "950-65-4321", "SSN or ITIN {}을"), ("US_ITIN", "999-94-4321", "납세자번호 {}"),
    ("US_EIN", "91-1144442", "EIN {}"), ("US_EIN", "91-1144442", "{} (I.R.S. Employer Identification No.)"),
    ("US_EIN", "911144442", "FEIN: {}"), ("US_EIN", "04-2103594", "고용주식별번호 {}를"),
    ("UK_NINO", "AB123456C", "{}"), ("UK_NINO", "AB 12 34 56 C", "NI number {}입니다"),
    ("UK_NINO", "CE-12-34-56-D", "National Insurance {}"),
    ("UK_NINO", "CE123456", "nino {} (suffix unknown)"),
    ("US_PASSPORT", "512345678", "passport number {}"), ("US_PASSPORT", "A12345678", "US passport {}을"),
    ("US_PASSPORT", "512345678", "미국 여권 {}으로"), ("PASSPORT", "AB1234567", "passport no: {}"),
    ("PASSPORT", "123456789", "British passport number {}"), ("PASSPORT", "C01X00T47", "독일 여권번호 {}") ,
    ("PASSPORT", "TK1234567", "일본 여권 {}입니다"), ("PASSPORT", "E12345678", "Chinese passport no. {}"),
    ("US_DRIVER_LICENSE", "D1234567", "driver's license {}"),
    ("US_DRIVER_LICENSE", "S530-1234-5678-0", "driver license number: {}"),
    ("US_DRIVER_LICENSE", "A123-4567-8901", "DL no. {}을"),
    ("US_DRIVER_LICENSE", "12345678", "Driver's Licence # {}"),
    ("CUSTOMER_ID", "100234567", "고객번호: {}"), ("CUSTOMER_ID", "A-12345678", "회원번호는 {}입니다"),
    ("CUSTOMER_ID", "CUST-00123", "customer ID: {}"), ("CUSTOMER_ID", "00987654", "member id is {}"),
    ("CUSTOMER_ID", "PL-2023-0012345", "policy number {}"), ("CUSTOMER_ID", "1234567890", "증권번호 제{}호"),
    ("CUSTOMER_ID", "30299723", "Loan No. {}"), ("CUSTOMER_ID", "2023-12345-678", "대출번호 {}를"),
    ("CUSTOMER_ID", "C0012345", "client number {}"),
    ("US_EIN", "47 3059013", "EIN {}"), ("US_EIN", "473059013", "FEIN {} on file"),
    ("US_EIN", "45-6764294", "Employer ID no. {}"),
    ("US_EIN", "473059013", "federal tax ID: {}"), ("US_EIN", "473059013", "employer identification number is {}"),
    ("US_EIN", "473059013", "고용주 번호(EIN) {}으로"), ("US_EIN", "47 3059013", "미국 고용주 식별번호 {}을"),
    ("US_PASSPORT", "M12345678", "미국 여권번호 {}을"), ("US_PASSPORT", "M12345678", "US passport no. {}"),
    ("US_PASSPORT", "512345678", "American passport {} was shown"), ("KR_PASSPORT", "M12345678", "한국 여권번호 {}을"),
    ("KR_PASSPORT", "M12345678", "Korean passport {}"), ("KR_PASSPORT", "M12345678", "여권번호 {}"),
    ("PASSPORT", "70NT12497", "Passport no. {} (France)"), ("PASSPORT", "27PT54119", "외국인 고객 여권번호 {}을"),
    ("PASSPORT", "JCGL46VR1", "German passport {}, verified"), ("PASSPORT", "GZXZ6HVN4", "여권번호 {}"),
    ("PASSPORT", "C35LJ0JW5", "독일 여권 {}으로"), ("PASSPORT", "CKR592HY6", "Foreign passport number: {}"),
    ("US_DRIVER_LICENSE", "O231-8093-9693", "Driver’s license {}, issued 25 July 2016"),
    ("US_DRIVER_LICENSE", "Z604-5713-0935", "Driver's license number: {} you"), ("PASSPORT", "NR1483553", "일본 여권 {}으로"),
    ("PASSPORT", "SS7751773", "외국인 고객 여권번호 {}을"), ("KR_DRIVER_LICENSE", "26-04-571309-35", "driver's license {}"),
    ("KR_HEALTH_INSURANCE", "13548496805", "예금주 안하늘, 증번호: {}(건강보험)"),
    ("US_DRIVER_LICENSE", "S530.123.45.678.0", "driver's license number {}"),
    ("CUSTOMER_ID", "931908653", "client_id={} in the log"), ("CUSTOMER_ID", "C-8359490", "customer_id: {}"),
    ("CUSTOMER_ID", "10023456", "customerId={}&x=1"), ("CUSTOMER_ID", "10023456", "cust_no {}"),
    ("CUSTOMER_ID", "10023456", "member_no={}"), ("CUSTOMER_ID", "10023456", "memberNo: {}"),
    ("CUSTOMER_ID", "10023456", "계약번호(보험) {}을"), ("CUSTOMER_ID", "10023456", "보험계약번호는 {}입니다"),
]  # fmt: skip


@pytest.mark.parametrize(("entity_type", "value", "frame"), TRUE)
def test_a_number_is_found_whole_and_alone(detector, entity_type, value, frame):
    """One span of the right type, exactly the value, whatever is glued to it."""
    assert found(detector, frame.format(value)) == [(entity_type, value)]


def test_each_licence_of_a_list_is_found(detector):
    """One word may stand before several."""
    text = "driver's licenses D1234567, K7654321 and S530-1234-5678-0 (expired)"
    assert [value for _, value in found(detector, text)] == ["D1234567", "K7654321", "S530-1234-5678-0"]


@pytest.mark.parametrize(
    "text",
    [
        "SSN 000-12-3456", "SSN 666-12-3456", "SSN 536-00-4399", "SSN 536-90-0000", "SSN 078-05-1120",
        "SSN 123-45-6789", "SSN 900-12-3456",
        "536904399", "53690-4399", "zip 53690-4399", "SSN ***-**-4399", "page 536 90 2019", "1 536 90 4399 2",
        "536-90-43991", "A536-90-4399",
        "912-93-1234", "912701234", "91-1144442", "EIN 07-1144442", "invoice 91-1144442", "BG123456C", "AB123456E",
        "DA123456C", "AO123456C",
        "XAB123456C", "AB123456CD", "A12345678", "512345678", "passport holders 2024", "passport photo 12345",
        "D1234567",
        "driver's license class 3 since 2019", "license plate 12345", "a driver of 1234567 sales", "DL 2023",
        "customer numbers 2,345,678",
        "customer number rose 12345678%", "고객번호 20240331", "policy no. 2023-12", "회원 12345678명",
        "loan number one", "member since 2019",
        "고객 번호: 없음", "client no. 12", "CIK 0000320193", "accession number 0000320193-24-000123",
        "file number 001-36743", "CUSIP 037833100", "NI number AB 12 34 56 Z", "nino AB-12-34-56-E",
        "customer inquiry 10023456",
        "EIN 473059013원", "employer contributions of 473059013", "passport HKFGRXLMN", "a customer noted 10023456",
        "paid, 1234567, a driver's license",
    ],
)  # fmt: skip
def test_void_ranges_and_numbers_without_a_word_are_left(detector, text):
    """Numbers never issued, masked ones, dates, counts, and financial identifiers."""
    assert found(detector, text) == []
