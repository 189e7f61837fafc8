"""Columns whose heading names an identifier: rows of CSV and TSV, tables drawn with bars, other lines left."""

import time

import pytest

from govern import detect, find, policy
from govern.tables import cells

ROWS = {
    "csv": "name,{head},city\nA,{value},Leeds\nB,{other},York\n",
    "csv, figures beside": "name,{head},branch\nA,{value},042\nB,{other},117\n",
    "csv, quoted": '"name","{head}","city"\r\n"A","{value}","Leeds"\r\n"B","{other}","York"\r\n',
    "semicolons": "name;{head};city\nA;{value};Leeds\nB;{other};York",
    "tsv": "name\t{head}\tcity\nA\t{value}\tLeeds\nB\t{other}\tYork\n",
    "bars": "| name | {head} | city |\n|---|:---|---|\n| A | {value} | Leeds |\n| B | {other} | York |\n",
}
VALUES = [
    ("CVV", "CARD_SECURITY_CODE", "343", "0911"),
    ("카드 비밀번호", "PIN", "8037", "1164"),
    ("customer number", "CUSTOMER_ID", "55863474", "C1123872"),
    ("생년월일", "DATE_OF_BIRTH", "1987.06.16", "870616"),
    ("date of birth", "DATE_OF_BIRTH", "06/16/1987", "1987-06-16"),
    ("여권번호", "KR_PASSPORT", "M12345678", "M123A4567"),
    ("passport number", "PASSPORT", "TA041403", "TQ768333"),
    ("계좌번호", "KR_BANK_ACCOUNT", "110-234-567890", "3333-01-2345678"),
    ("health insurance number", "KR_HEALTH_INSURANCE", "6-3208159976", "28886037106"),
    ("SWIFT code", "SWIFT_CODE", "CZNBKRSE", "HSBCHKHHHKH"),
]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize(("head", "entity_type", "value", "other"), VALUES, ids=[value[0] for value in VALUES])
def test_a_heading_says_what_stands_under_it(row, head, entity_type, value, other):
    """Both rows, each value alone: separators, quotes and bars stay."""
    text = row.format(head=head, value=value, other=other)
    found = [text[span.start : span.end] for span in find(text) if span.entity_type == entity_type]
    assert found == [value, other]


@pytest.mark.parametrize(
    "text",
    [
        "item,code,amount\nbond,123,900\n",
        "Year,Number of shares,Price\n2023,1204,98.5\n2024,1311,101.2\n",
        "분기,코드,금액\nQ1,1234,5678\n",
        "The number, the code, the key\nThree things: 123, 456, 789\n",
        "| Metric | Card spend | Accounts |\n|---|---|---|\n| 2023 | 1,234 | 5,678 |\n",
        "계좌 수,카드 수\n1234,5678\n",
    ],
)
def test_headings_of_figures_name_nobody(text):
    """A word of a heading is not enough: the rules still judge the value."""
    assert find(text) == ()


def test_a_row_of_another_length_ends_the_table():
    """What follows is no row of it."""
    text = "a,CVV\n1,343\nnothing here\n2,344\n"
    assert [text[slice(*cell.value)] for cell in cells(text)] == ["343"]


@pytest.mark.parametrize(
    "piece",
    ["a,CVV\n", "CVV," * 40 + "\n", '"CVV","', "|CVV|\n", "a;b;CVV;" * 3 + "\n1;2;3\n", "CVV\t\t\t", '"CVV":',
     '"CVV":["12",', '\\"', '"a":   '],
)
def test_time_is_linear_in_hostile_tables(piece):
    """Ten times the text takes nowhere near a hundred times the time."""

    def seconds(characters):
        text = piece * (characters // len(piece))
        begun = time.process_time()
        for _ in cells(text):
            pass
        return time.process_time() - begun

    assert min(seconds(200_000), seconds(200_000)) < max(40 * min(seconds(20_000), seconds(20_000)), 0.3)


@pytest.mark.parametrize(
    ("column", "value", "entity_type"),
    [
        ("JUMIN_NO", "9001011234567", "KR_RRN"),
        ("ACCT_NO", "110234567890", "KR_BANK_ACCOUNT"),
        ("loan.acno", "110-234-567890", "KR_BANK_ACCOUNT"),
        ("CUST_NM", "표은결", "PERSON"),
        ("BIZ_NO", "1208147521", "KR_BRN"),
        ("PROD_NM", "표은결", None),
        ("amount", "110234567890", None),
    ],
)
def test_short_names_of_columns_say_what_stands_in_them(column, value, entity_type):
    """As banks and administration write them; other names say nothing."""
    detector = detect.build(policy.load("default").by_rule())
    found = [(span.entity_type, value[span.start : span.end]) for span in detect.find(detector, value, column)]
    assert found == ([(entity_type, value)] if entity_type else [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"JUMIN_NO": "9001012234567", "a": 1}', [("KR_RRN", "9001012234567")]),
        ('[{"jumin_no": 9001012234567}]', [("KR_RRN", "9001012234567")]),
        ('{"who": {"CUST_NM": "표은결", "ACCT_NO": ["110234567890", "110234567891"]}}',
         [("PERSON", "표은결"), ("KR_BANK_ACCOUNT", "110234567890"), ("KR_BANK_ACCOUNT", "110234567891")]),
        (r'{"body": "{\"JUMIN_NO\": \"9001012234567\"}"}', [("KR_RRN", "9001012234567")]),
        ('{"PROD_NM": "표은결", "JUMIN_CNT": 9001012234567, "amount": [110234567890]}', []),
    ],
    ids=["object", "list of objects", "list of values", "in a string", "other keys"],
)  # fmt: skip
def test_keys_of_json_say_what_stands_in_them(text, found):
    """As columns do, in the text and in a column that is kept."""
    detector = detect.build(policy.load("default").by_rule())
    for field in ("text", "payload"):
        spans = detect.find(detector, text, field)
        assert [(span.entity_type, text[span.start : span.end]) for span in spans] == found


def test_a_key_that_is_a_usual_short_name_is_nobody():
    """With the name model, which takes some of them for names; a name as a key is one."""
    detector = detect.build(policy.load("default"))
    text = '{"JUMIN_NO": "9001012234567", "CUST_NM": "Robert Paulson", "Alice Smith": {"balance": 12}}'
    found = [text[span.start : span.end] for span in detect.find(detector, text)]
    assert found == ["9001012234567", "Robert Paulson", "Alice Smith"]
