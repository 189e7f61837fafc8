"""Identity numbers outside Korea and customer numbers: shape, ranges, and the word that says what they are."""

import pytest

from govern import detect, policy


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default"))


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
]  # fmt: skip


@pytest.mark.parametrize(("entity_type", "value", "frame"), TRUE)
def test_a_number_is_found_whole_and_alone(detector, entity_type, value, frame):
    """One span of the right type, exactly the value, whatever is glued to it."""
    assert found(detector, frame.format(value)) == [(entity_type, value)]


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
        "file number 001-36743", "CUSIP 037833100",
    ],
)  # fmt: skip
def test_void_ranges_and_numbers_without_a_word_are_left(detector, text):
    """Numbers never issued, masked ones, dates, counts, and financial identifiers."""
    assert found(detector, text) == []
