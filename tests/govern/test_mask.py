"""Masking: tags numbered by subject, the rest of the text unchanged, masking twice the same as once."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern import detect, policy
from govern.canonical import canonical_value
from govern.corpus import Document
from govern.detect import DetectionUnknown, find
from govern.mask import Masked, Quarantined, mask

PIECES = st.sampled_from([
    "김민수 고객님", "김민수는 ", "Mr. John Smith", "010-1234-5678",
    "+82 10-1234-5678", "4111 1111 1111 1111", "a@b.com", "990101-1234567",
    "\u200b", "입니다 ", " and ", "\n", "1,300원 ", "<PERSON_1>", "<PERSON_7>", "<",
    "-", "계좌번호 110-123-456789", "Dear Jane Doe,", "１２３", "🙂", " 1", "Smith",
])  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=40))


@pytest.fixture(scope="module")
def default():
    return policy.load("default").by_rule()


@pytest.fixture(scope="module")
def detector(default):
    return detect.build(default)


def document(*texts, identity="d"):
    return Document(identity, tuple((f"field{number}", text) for number, text in enumerate(texts)), "s", (("k", 1),))


def masked(detector, default, *texts):
    result = mask(document(*texts), detector, default)
    assert isinstance(result, Masked)
    return [text for _, text in result.document.fields]


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=2))
def test_text_outside_the_replacements_is_unchanged(detector, default, texts):
    """Putting the tags into the original at their offsets gives the masked text."""
    result = mask(document(*texts), detector, default)
    if isinstance(result, Quarantined):
        return
    for (name, original), (_, new) in zip(document(*texts).fields, result.document.fields, strict=True):
        done, built = 0, ""
        for item in result.replacements:
            if item.field == name:
                assert done <= item.start < item.end <= len(original)
                built += original[done : item.start] + item.text
                done = item.end
        assert built + original[done:] == new


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=2))
def test_masking_twice_equals_once(detector, default, texts):
    """A masked document holds nothing to mask."""
    result = mask(document(*texts), detector, default)
    if isinstance(result, Masked):
        again = mask(result.document, detector, default)
        assert again.document == result.document
        assert again.replacements == ()


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(TEXTS, min_size=2, max_size=4), seed=st.randoms())
def test_the_order_of_documents_changes_nothing(detector, default, texts, seed):
    """Each document is masked by itself."""
    documents = [document(text, identity=str(number)) for number, text in enumerate(texts)]
    straight = {each.id: mask(each, detector, default) for each in documents}
    seed.shuffle(documents)
    assert {each.id: mask(each, detector, default) for each in documents} == straight


def test_one_subject_has_one_tag(detector, default):
    """The same value in other spellings has the same number, in order of first appearance."""
    text = "이영희씨 010-1234-5678, 박서준님 02-777-1234, 이영희는 +82 10-1234-5678"
    assert masked(detector, default, text) == [
        "<PERSON_1>씨 <PHONE_NUMBER_1>, <PERSON_2>님 <PHONE_NUMBER_2>, <PERSON_1>는 <PHONE_NUMBER_1>"
    ]


def test_a_name_known_in_one_field_is_masked_in_all(detector, default):
    """A turn of a conversation may name someone whom another turn introduced."""
    assert masked(detector, default, "Did 이서연 sign?", "성명: 이서연") == ["Did <PERSON_1> sign?", "성명: <PERSON_1>"]


def test_numbers_start_above_tags_that_stand_in_the_text(detector, default):
    """A literal tag stays, and no subject shares it."""
    assert masked(detector, default, "<PERSON_4> met Mr. John Smith") == ["<PERSON_4> met Mr. <PERSON_5>"]


def test_offsets_lead_to_the_original_through_hidden_characters(detector, default):
    """A zero-width character inside a value goes with it."""
    text = "a 4111\u200b1111\u200b1111\u200b1111 b"
    result = mask(document(text), detector, default)
    assert [(item.start, item.end) for item in result.replacements] == [(2, len(text) - 2)]
    assert result.document.fields[0][1] == "a <CREDIT_CARD_1> b"


def test_a_kept_type_is_reported_and_left(tmp_path):
    """The text is as it was; the first pass names the span."""
    path = tmp_path / "p.toml"
    path.write_text('name = "x"\n[entities]\nEMAIL_ADDRESS = "keep"\nPERSON = "tag"\n', "utf-8")
    mine = policy.load(path)
    result = mask(document("Mr. John Smith a@b.com"), detect.build(mine), mine)
    assert result.document.fields[0][1] == "Mr. <PERSON_1> a@b.com"
    assert [span.entity_type for span in result.first_pass] == ["PERSON", "EMAIL_ADDRESS"]


def test_everything_else_of_a_document_is_carried(detector, default):
    """Id, source and metadata are the same."""
    result = mask(document("a@b.com"), detector, default)
    assert (result.document.id, result.document.source, result.document.metadata) == ("d", "s", (("k", 1),))


def test_a_document_over_the_limit_is_quarantined(detector, default):
    """Its fields count together."""
    small = default.model_copy(update={"max_document_characters": 5})
    assert mask(document("abc", "abc"), detector, small) == Quarantined("d", "too_long")
    assert isinstance(mask(document("abc", "ab"), detector, small), Masked)


def test_a_document_nothing_is_known_about_is_quarantined(detector, default, monkeypatch):
    """A time-out is not a clean document."""

    def unknown(*arguments, **options):
        raise DetectionUnknown("a pattern ran past its time")

    monkeypatch.setattr("govern.mask.search", unknown)
    assert mask(document("a"), detector, default) == Quarantined("d", "detection_unknown")


def test_a_text_that_never_comes_to_rest_is_quarantined(detector, default, monkeypatch):
    """Where two passes leave something, the document is set aside."""

    def always(detector, text, field, *known, **options):
        return detect.Findings((detect.Span(field, 0, 1, "PERSON", 1.0, "r"),) if text else (), ())

    monkeypatch.setattr("govern.mask.search", always)
    assert mask(document("abcdef"), detector, default) == Quarantined("d", "not_fixed_point")


@pytest.mark.parametrize(
    ("entity_type", "one", "two"),
    [
        ("PHONE_NUMBER", "010-1234-5678", "+82 (0)10 1234 5678"),
        ("CREDIT_CARD", "4111-1111-1111-1111", "４１１１ 1111 1111 1111"),
        ("PERSON", "John  Smith", "JOHN SMITH"),
        ("EMAIL_ADDRESS", "A@B.com", "a@b.com"),
        ("KR_PASSPORT", "m12345678", "M12345678"),
        ("PHONE_NUMBER", "공일공 일이삼사 오육칠팔", "010-1234-5678"),
        ("CREDIT_CARD", "4lll 1111 llll 1111", "4111/1111/1111/1111"),
        ("KR_RRN", "9 9 0 1 0 1 - 1 2 3 4 5 6 7", "990101-\n1234567"),
    ],
)
def test_spellings_of_one_value_are_one(entity_type, one, two):
    """Width, case, separators and country code aside."""
    assert canonical_value(entity_type, one) == canonical_value(entity_type, two)


def test_mail_addresses_that_differ_by_a_dot_are_two():
    """Punctuation counts where it tells values apart."""
    assert canonical_value("EMAIL_ADDRESS", "a.b@c.de") != canonical_value("EMAIL_ADDRESS", "ab@c.de")


def test_no_repr_shows_an_id_or_text(detector, default):
    """A masked document's repr holds offsets and types."""
    result = mask(dataclasses.replace(document("Mr. John Smith"), id="secret-id"), detector, default)
    assert "secret-id" not in repr(result)
    assert "Smith" not in repr(result)
    assert "secret" not in repr(Quarantined("secret", "too_long"))


def test_a_dense_statement_is_masked_in_seconds(detector, default):
    """150 KB of lines that hold several findings each."""
    line = "2024-03-31 010-{0:04d}-5678 계좌 110-123-45{0:04d} 1,234,567원 김민수님 4111 1111 1111 1111 a{0}@b.com\n"
    text = "".join(line.format(number) for number in range(1500))
    result = mask(document(text), detector, default)
    assert len(result.replacements) == 5 * 1500
    assert find(detector, result.document.fields[0][1]) == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Mr. John Smith called. Mr. Smith was told. Dear J. Smith,",
            "Mr. <PERSON_1> called. Mr. <PERSON_1> was told. Dear <PERSON_1>,",
        ),
        (
            "Mr. Smith met Mr. John Smith and Mrs. Jane Smith",
            "Mr. <PERSON_1> met Mr. <PERSON_2> and Mrs. <PERSON_3>",
        ),
        ("홍길동 고객님, 홍 과장에게 길동 씨가", "<PERSON_1> 고객님, <PERSON_1> 과장에게 <PERSON_1> 씨가"),
    ],
)
def test_a_person_has_one_tag_by_whatever_part_of_the_name(detector, default, text, shown):
    """Where one person alone can be meant; else the part is a subject of its own."""
    assert masked(detector, default, text) == [shown]
