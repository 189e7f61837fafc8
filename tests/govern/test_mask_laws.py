"""Laws of masking under every operator: what stays, what comes back, what spellings share and what other keys do not."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern import detect, policy
from govern.corpus import Document
from govern.mask import Masked, mask
from govern.treatment import Treatment, prepare

SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
POLICY = """
name = "laws"
[entities]
PERSON = "surrogate"
EMAIL_ADDRESS = "surrogate"
KR_RRN = "surrogate"
PHONE_NUMBER = "pseudonym"
CREDIT_CARD = "partial"
DATE_OF_BIRTH = "generalise"
KR_ADDRESS = "generalise"
IP_ADDRESS = "redact"
KR_BANK_ACCOUNT = "encrypt"
US_SSN = "tag"
"""
PIECES = st.sampled_from(
    [
        "김민수 고객님",
        "성명: 이영희, ",
        "홍길동 대리는 ",
        "Mr. John Smith",
        "Dear Jane Doe,",
        "010-1234-5678",
        "０１０ 1234 5678",
        "공일공 일이삼사 오육칠팔",
        "+82 10-1234-5678",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111입니다",
        "a@b.com",
        "kim.ms@corp.co.kr으로",
        "990101-1234567",
        "생년월일: 1985년 3월 2일",
        "DOB 1985-03-02",
        "서울특별시 강남구 테헤란로 123",
        "계좌번호 110-123-456789",
        "192.168.0.10에서",
        "SSN 219-09-9999",
        "\u200b",
        "입니다 ",
        " and ",
        "\n",
        " ",
        "1,300원 ",
        "<PERSON_1>",
        "<PHONE_NUMBER_abcdefghijkl>",
        "<",
        "-",
        "의 ",
        "ISIN US0378331005 ",
        "2024년 1분기 ",
        "🙂",
        " 1",
        "Smith",
    ]
)
TEXTS = st.lists(PIECES, max_size=7).map("".join)
SPELLINGS = {
    "PHONE_NUMBER": (
        "010-1234-5678",
        "０１０ 1234 5678",
        "공일공 일이삼사 오육칠팔",
        "+82 10-1234-5678",
        "010.1234.5678",
    ),
    "CREDIT_CARD": ("4111 1111 1111 1111", "4111-1111-1111-1111", "4111\u200b1111\u200b1111\u200b1111"),
    "DATE_OF_BIRTH": ("1985년 3월 2일", "1985-03-02", "1985. 3. 2."),
}
LABELS = {"PHONE_NUMBER": "전화 {0} 입니다", "CREDIT_CARD": "카드 {0} 입니다", "DATE_OF_BIRTH": "생년월일: {0} 입니다"}


def many(slow: int):
    """As many examples as are asked for where the slow tests run, else a few."""
    return settings(
        max_examples=slow, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
    )


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    path = tmp_path_factory.mktemp("policy") / "laws.toml"
    path.write_text(POLICY, "utf-8")
    wanted = [line.split(" = ")[0] for line in POLICY.splitlines() if " = " in line and line[0].isupper()]
    return policy.load(path).narrowed(wanted, None).by_rule()


@pytest.fixture(scope="module")
def detector(mine):
    return detect.build(mine)


@pytest.fixture(scope="module")
def treatment(mine) -> Treatment:
    return prepare(mine, SECRET)


def check(detector, mine, treatment, texts: list[str]) -> bool:
    """Asserts the laws on one document; whether it was masked."""
    document = Document("d", tuple((f"f{number}", text) for number, text in enumerate(texts)), "s")
    done = mask(document, detector, mine, treatment)
    if not isinstance(done, Masked):
        assert done.reason == "not_fixed_point"
        return False
    for (name, original), (_, new) in zip(document.fields, done.document.fields, strict=True):
        place, built = 0, ""
        for item in done.replacements:
            if item.field == name:
                assert place <= item.start < item.end <= len(original)
                built += original[place : item.start] + item.text
                place = item.end
        assert built + original[place:] == new
        for stretch in done.stretches:
            if stretch.field == name:
                assert new[stretch.start : stretch.end] == stretch.text
    again = mask(done.document, detector, mine, treatment, recorded=done.stretches)
    assert isinstance(again, Masked)
    assert again.document == done.document
    assert again.replacements == ()
    for item in done.replacements:
        if item.action != "tag":
            assert item.text == treatment.replacement(item.action, item.entity_type, item.value)
    return True


@many(150)
@given(texts=st.lists(TEXTS, min_size=1, max_size=2))
def test_the_laws_hold(detector, mine, treatment, texts):
    """Text outside is unchanged, twice is once, and a replacement is of its value alone."""
    check(detector, mine, treatment, texts)


@pytest.mark.slow
@many(int(os.environ.get("ASSAY_CASES", "300000")))
@given(texts=st.lists(TEXTS, min_size=1, max_size=2))
def test_the_laws_hold_in_300_000_cases(detector, mine, treatment, texts):
    """The same, as often as the figure says."""
    check(detector, mine, treatment, texts)


def test_most_documents_come_to_rest(detector, mine, treatment):
    """The laws speak of masked documents; a set of ordinary ones is masked whole."""
    ordinary = [
        "김민수 고객님 010-1234-5678로 연락",
        "Dear Jane Doe, card 4111 1111 1111 1111",
        "생년월일: 1985년 3월 2일, 계좌번호 110-123-456789",
        "성명: 이영희, 서울특별시 강남구 테헤란로 123 990101-1234567",
    ]
    assert all(check(detector, mine, treatment, [text]) for text in ordinary)


@pytest.mark.parametrize("entity_type", sorted(SPELLINGS))
def test_spellings_share_a_replacement(detector, mine, treatment, entity_type):
    """Under every operator that is no tag."""
    made = set()
    for spelling in SPELLINGS[entity_type]:
        done = mask(Document("d", (("t", LABELS[entity_type].format(spelling)),)), detector, mine, treatment)
        made.update((item.entity_type, item.text) for item in done.replacements)
    assert [kind for kind, _ in made] == [entity_type]


def test_another_domain_or_secret_shares_none(mine, treatment):
    """Of 500 numbers and names no keyed replacement is that of another secret or domain."""
    elsewhere = mine.model_copy(update={"pseudonyms": mine.pseudonyms.model_copy(update={"domain": "elsewhere"})})
    others = (prepare(mine, OTHER), prepare(elsewhere, SECRET))
    for entity_type, action, values in (
        ("PHONE_NUMBER", "pseudonym", [f"0101234{number:04d}" for number in range(500)]),
        ("KR_BANK_ACCOUNT", "encrypt", [f"11012345{number:04d}" for number in range(500)]),
        ("EMAIL_ADDRESS", "surrogate", [f"a{number}@b.com" for number in range(500)]),
    ):
        ours = {treatment.replacement(action, entity_type, value) for value in values}
        for other in others:
            assert not ours & {other.replacement(action, entity_type, value) for value in values}


def test_the_order_of_documents_and_of_findings_changes_nothing(detector, mine, treatment):
    """A document masked after others is masked as if alone, and a value has one replacement wherever it stands."""
    texts = [
        "김민수 고객님 010-1234-5678",
        "010-1234-5678, 성명: 이영희",
        "Mr. John Smith, 010-1234-5678, 김민수 고객님",
    ]
    alone = [mask(Document("d", (("t", text),)), detector, mine, prepare(mine, SECRET)) for text in texts]
    after = [mask(Document("d", (("t", text),)), detector, mine, treatment) for text in reversed(texts)]
    assert [each.document for each in alone] == [each.document for each in reversed(after)]
    numbers = {item.text for each in alone for item in each.replacements if item.entity_type == "PHONE_NUMBER"}
    assert len(numbers) == 1


def test_no_repr_shows_a_value_or_a_key(detector, mine, treatment):
    """Of the treatment and of what was masked."""
    done = mask(Document("d", (("t", "성명: 이영희 010-1234-5678"),)), detector, mine, treatment)
    shown = repr(done) + repr(treatment)
    assert "이영희" not in shown
    assert "01012345678" not in shown
    assert repr(treatment.keys["PHONE_NUMBER"]) not in shown
