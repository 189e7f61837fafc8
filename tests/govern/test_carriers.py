"""Where identifiers stand: rows of figures, emphasis, questions and answers, names of fields, markup inside a number."""

import pytest

from govern import find

SURE = [
    ("CREDIT_CARD", "4539148803436467"),
    ("US_SSN", "219-09-9998"),
    ("PHONE_NUMBER", "010-2345-6789"),
    ("KR_RRN", "900101-1234568"),
    ("KR_BRN", "123-45-67891"),
]
"""Identifiers that need no word beside them."""


def found(text):
    return [(span.entity_type, text[span.start : span.end]) for span in find(text) if span.entity_type != "PERSON"]


@pytest.mark.parametrize(("entity_type", "value"), SURE)
@pytest.mark.parametrize(
    "frame",
    ["x,{},042", "7,{},1", "12,345,{},678", "**{}**입니다", "no **{}** here", "{}*", "* {}", "• {}", "# {}",
     "번호는...{}이에요",
     "no.{}", "|{}|", "[{}]", "({})", "{}|next", "{}. 3 items left"],
)  # fmt: skip
def test_what_stands_beside_a_value_neither_hides_nor_lengthens_it(entity_type, value, frame):
    """A cell of three digits is no thousands group, emphasis masks nothing, a bullet is no mask."""
    assert (entity_type, value) in found(frame.format(value))


@pytest.mark.parametrize(
    "text",
    ["4539-****-****-6467", "****-****-****-6467", "010-****-6789", "900101-1******", "219-09-****", "**** **** **** 6467",
     "010-2345-**", "110-234-56****"],
)  # fmt: skip
def test_masked_values_are_left(text):
    """Stars inside a value or at its end have taken digits away."""
    assert found(f"no {text} ok") == []


ANSWERS = [
    ("CARD_SECURITY_CODE", "CVV", "343"),
    ("PIN", "PIN", "4237"),
    ("CUSTOMER_ID", "customer number", "13078329"),
    ("PASSPORT", "passport no.", "TA041403"),
    ("KR_HEALTH_INSURANCE", "health insurance number", "6-3208159976"),
    ("SWIFT_CODE", "SWIFT code", "CZNBKRSE"),
    ("DATE_OF_BIRTH", "date of birth", "06/16/1987"),
]


@pytest.mark.parametrize(("entity_type", "name", "value"), ANSWERS)
@pytest.mark.parametrize(
    "frame",
    ["Agent: could you confirm your {n}? Customer: sure, it's {v}", "Your {n}? It is {v}.",
     "Kindly update the {n} on file to {v}.",
     "recorded the {n} as {v} today", "상담원: {n} 확인 부탁드립니다. 고객: 네 {v}입니다."],
)  # fmt: skip
def test_an_answer_belongs_to_its_question(entity_type, name, value, frame):
    """The end of a question, a speaker and a yes may stand between a name and its value."""
    assert (entity_type, value) in found(frame.format(n=name, v=value))


@pytest.mark.parametrize(
    ("text", "entity_type"),
    [
        ('{"swift_code": "CZNBKRSE"}', "SWIFT_CODE"),
        ('{"health_insurance_no": "5-9836350514"}', "KR_HEALTH_INSURANCE"),
        ("card_security_code=315", "CARD_SECURITY_CODE"),
        ('{"accountNumber": "3462901264"}', "US_BANK_NUMBER"),
        ("<비밀번호>0564</비밀번호>", "PIN"),
        ("계좌번호를 707892139로 변경", "US_BANK_NUMBER"),
        ("wallet ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9", "CRYPTO"),
    ],
)
def test_names_of_fields_are_labels(text, entity_type):
    """Words joined by underscores, capitals or tags."""
    assert [kind for kind, _ in found(text)] == [entity_type]


@pytest.mark.parametrize(
    "written",
    ["4539<b>1488</b>03436467", "4539%2D1488%2D0343%2D6467", "4539\\-1488\\-0343\\-6467",
     "4539\\u002d1488\\u002d0343\\u002d6467", "4539-1488-<br>0343-6467", "45391488=\n03436467", "4539・1488・0343・6467",
     "4539‧1488‧0343‧6467",
     "4\u03365\u03363\u03369\u0336-\u03361\u03364\u03368\u03368\u0336-\u0336"
     "0\u03363\u03364\u03363\u0336-\u03366\u03364\u03366\u03367\u0336",
     "4539\u20281488 0343 6467", "4539-1488-О343-6467"],
)  # fmt: skip
def test_markup_and_codes_inside_a_number_do_not_hide_it(written):
    """Tags, emphasis, escapes, codes of URLs and JSON, soft line ends, strokes, letters of other scripts."""
    (kind, value), *more = found(f"card {written} ok")
    assert (kind, more) == ("CREDIT_CARD", [])
    assert value.strip("*\u0336") == written.strip("*\u0336")


@pytest.mark.parametrize(
    "text",
    ["본 약관 17.17.5.5항에 따른다", "Mobile revenue    321  804  3194", "주문번호 4232785593 상품이 발송되었습니다",
     "Part number 222-47-5736 rev B"],
)  # fmt: skip
def test_numbers_of_things_are_left(text):
    """A clause, a segment's figures, an order, a part."""
    assert found(text) == []
