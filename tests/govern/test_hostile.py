"""Hostile text: a finding or none, in linear time, never an exception; a time-out quarantines."""

import time

import pytest

from govern import detect, find
from govern.corpus import Document
from govern.detect import build, search
from govern.mask import Masked, mask
from govern.policy import load

CARD = "4111-1111-1111-1111"


@pytest.mark.parametrize(
    "junk",
    [
        "\ud800", "\udfff\ud800", "\x00", "\x00\x01\x02", "\u202e", "\u200f\u200e", "\u2066\u2069", "\ufeff", "\u0301" * 500,
        "e" + "\u0316\u0301" * 400, "\U000e0041" * 50, "\u115f" * 40, "<PERSON_", "<PERSON_1", "&#x110000;", "&#0;",
        "\ufffe\uffff", "\u1100" * 100, "🙂" * 50, "\r\r\n", "\x85\u2028\u2029", "'\"`{}[]()", "\\" * 60, "\n%00%0a",
        "\x1b[31m",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "frame", ["{junk}", "card {card}{junk}", "{junk}카드 {card}입니다{junk}", "카드 {card} {junk} {card}"]
)
def test_junk_beside_a_number_neither_raises_nor_hides_it(junk, frame):
    """Lone surrogates, NUL, direction marks, towers of marks, half tags, impossible references."""
    text = frame.format(junk=junk, card=CARD)
    spans = find(text, entities=["CREDIT_CARD"])
    assert len(spans) == text.count(CARD)
    for span in spans:
        assert CARD in text[span.start : span.end]


@pytest.mark.parametrize(
    "junk", ["\u200b", "\u202e", "\x00", "\ufeff", "\u00ad", "\u0336", "\U000e0031", "&shy;", "\u2060"]
)
def test_junk_inside_a_number_does_not_hide_it(junk):
    """What shows nothing between two digits."""
    number = junk.join("4111111111111111")
    (span,) = find(f"card {number} ok", entities=["CREDIT_CARD"])
    assert span.start == 5
    assert 5 + len(number) <= span.end <= 5 + len(number) + len(junk)


LONG = {
    "digits": "1", "card": "4111 1111 1111 1111 ", "spaced": "4 ", "mixed": "O1-", "letters": "ab ", "hangul": "가나다 ",
    "signs": "일이", "marks": "1\u0336", "addresses": "서울시 강남구 테헤란로 ", "at": "a@", "dots": "1.1.", "colons": "a1:",
    "brackets": "((1)", "keys": "AKIA", "words": "one two ", "context": "계좌번호 ", "dob": "생년월일 ", "name": "김민수 님 ",
    "English": "Mr. John Smith, ", "urls": "http://a:b@", "lines": "12-\n34", "towers": "e\u0301\u0301\u0301",
    "tags": "<PERSON_1>", "references": "&#49;", "plates": "12가3456 ", "hex": "0a:1b:",
}  # fmt: skip


def seconds(detector, piece, characters):
    text = piece * (characters // len(piece))
    begun = time.process_time()
    detect.find(detector, text)
    return time.process_time() - begun


@pytest.mark.parametrize("piece", LONG.values(), ids=LONG)
def test_time_is_linear_in_hostile_text(piece):
    """Ten times the text takes nowhere near a hundred times the time."""
    rules = build(load("default").by_rule())
    short, long = (min(seconds(rules, piece, size) for _ in range(2)) for size in (10_000, 100_000))
    assert long < max(40 * short, 0.3)


@pytest.mark.parametrize("piece", [LONG[name] for name in ("hangul", "name", "English", "tags", "towers")])
def test_time_is_linear_with_the_name_model(piece):
    """Nor does the model take more for each part of a longer text."""
    whole = build(load("default"))
    short, long = (seconds(whole, piece, size) for size in (5_000, 50_000))
    assert long < max(40 * short, 0.3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("piece", "entity_type"),
    [
        ("1", ""),
        ("4111 1111 1111 1111 ", "CREDIT_CARD"),
        ("가나다 1,234원 ", ""),
        ("the 12-", ""),
        ("a@b.com ", "EMAIL_ADDRESS"),
    ],
)
def test_ten_megabytes_in_one_line_are_read_to_the_end(piece, entity_type):
    """The default policy sets such a document aside; the detector itself takes it, and finds the last as the first."""
    times = 10_000_000 // len(piece)
    patient = build(load("default").model_copy(update={"regex_timeout_s": 600.0}))  # other work may share the machine
    spans = search(patient, piece * times).spans
    assert {span.entity_type for span in spans} == ({entity_type} if entity_type else set())
    if entity_type:
        assert len(spans) == times
        assert (spans[0].start, spans[-1].end) == (0, times * len(piece) - 1)


def test_a_document_of_any_junk_is_masked_or_set_aside():
    """Nothing is raised, and what is masked is masked for good."""
    policy = load("default")
    detector = build(policy)
    junk = (
        "\ud800\x00\u202e" + "\u0301" * 300 + "card " + "\u200b".join(CARD) + " 공일공 일이삼사 오육칠팔 " + "9" * 5_000
    )
    outcome = mask(Document("d", (("text", junk),), "s", {}), detector, policy)
    assert isinstance(outcome, Masked)
    assert {item.entity_type for item in outcome.replacements} >= {"CREDIT_CARD", "PHONE_NUMBER"}
