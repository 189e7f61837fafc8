"""What becomes of a value: actions by type and source, the secret they need, what lists allow."""

import pytest

from govern import policy
from govern.canonical import canonical_value
from govern.errors import InputError
from govern.treatment import domain_key_id, keyed_value, prepare

SECRET = bytes(range(32))


def load(tmp_path, text):
    path = tmp_path / "p.toml"
    path.write_text('name = "p"\n' + text, "utf-8")
    return policy.load(path)


def test_a_keyed_action_needs_the_secret(tmp_path):
    """And says so, with the type."""
    with pytest.raises(InputError, match="entity type 'PHONE_NUMBER' is replaced by a keyed value, and no secret came"):
        prepare(load(tmp_path, '[entities]\nPHONE_NUMBER = "pseudonym"\n'), None)
    assert prepare(load(tmp_path, '[entities]\nPHONE_NUMBER = "redact"\n'), None).keys == {}


@pytest.mark.parametrize(
    ("action", "entity_type", "written", "text"),
    [
        ("redact", "KR_RRN", "990101-1234567", "<KR_RRN>"),
        ("partial", "PHONE_NUMBER", "+82 10-1234-5678", "010-****-5678"),
        ("generalise", "DATE_OF_BIRTH", "1985년 3월 2일", "1980/1989"),
        ("generalise", "DATE_OF_BIRTH", "03/04/1985", "<DATE_OF_BIRTH>"),
        ("generalise", "KR_ADDRESS", "서울 강남구 테헤란로 12", "서울"),
        ("generalise", "KR_ADDRESS", "테헤란로 12, 4층", "<KR_ADDRESS>"),
    ],
)
def test_a_value_becomes_what_its_action_says(tmp_path, action, entity_type, written, text):
    """From its canonical form."""
    treatment = prepare(load(tmp_path, f'[entities]\n{entity_type} = "{action}"\n'), SECRET)
    assert treatment.replacement(action, entity_type, canonical_value(entity_type, written)) == text


def test_a_pseudonym_shows_its_type(tmp_path):
    """Twelve letters in the form of a tag; a reference to the vault looks the same."""
    treatment = prepare(load(tmp_path, '[entities]\nPERSON = "pseudonym"\nKR_RRN = "encrypt"\n'), SECRET)
    person = treatment.replacement("pseudonym", "PERSON", "홍길동")
    assert person.startswith("<PERSON_")
    assert len(person) == len("<PERSON_>") + 12
    assert treatment.replacement("encrypt", "KR_RRN", "9901011234567").startswith("<KR_RRN_")


def test_the_same_value_of_two_types_has_two_pseudonyms(tmp_path):
    """Each entity type has a key of its own."""
    treatment = prepare(
        load(tmp_path, '[entities]\nCUSTOMER_ID = "pseudonym"\nKR_BANK_ACCOUNT = "pseudonym"\n'), SECRET
    )
    one, two = (
        treatment.replacement("pseudonym", kind, "12345678").split("_")[-1]
        for kind in ("CUSTOMER_ID", "KR_BANK_ACCOUNT")
    )
    assert one != two


def test_a_source_has_actions_of_its_own(tmp_path):
    """Elsewhere the policy's hold."""
    mine = load(
        tmp_path,
        '[[sources]]\nmatch = "sec-*"\nname = "filings"\nreason = "public filings"\nentities = { PERSON = "keep" }\n',
    )
    treatment = prepare(mine, None)
    assert treatment.actions("filings")["PERSON"] == "keep"
    assert treatment.kept("filings") == {"PERSON", "KR_CRN"}
    assert treatment.actions("calls")["PERSON"] == "tag"


def test_an_allowed_value_is_known_by_its_keyed_digest(tmp_path):
    """In any spelling, and in its own type alone."""
    mine = load(tmp_path, "")
    key = prepare(mine, SECRET).allow_key
    treatment = prepare(mine, SECRET, frozenset({keyed_value(key, "PHONE_NUMBER", "15881234")}))
    assert treatment.allows("PHONE_NUMBER", "1588-1234")
    assert not treatment.allows("KR_BANK_ACCOUNT", "15881234")
    assert not prepare(mine, SECRET).allows("PHONE_NUMBER", "15881234")


def test_a_domain_has_a_key_id_and_another_secret_another():
    """Equal where corpora can be joined, and nowhere else."""
    assert domain_key_id(SECRET, "a") == domain_key_id(SECRET, "a")
    assert len({domain_key_id(SECRET, "a"), domain_key_id(SECRET, "b"), domain_key_id(bytes(32), "a")}) == 3
