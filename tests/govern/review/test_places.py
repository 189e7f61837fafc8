"""Where replacements stand in a masked text: worked out from the original's spans, as masking itself says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from govern.corpus import Document
from govern.detect import build
from govern.mask import Masked, mask
from govern.policy import Policy
from govern.review.places import places
from govern.treatment import MARKED, prepare

PLAIN = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
FORMS = ("<PERSON_{n}>", "<PERSON>", "<PERSON_abcdefghijkl>")
TEXTS = (
    "고객명: 홍길동\n연락처 010-1234-5678. 홍길동 고객은 1985년 3월 2일생, 메일 hong@example.com, 카드 4111 1111 1111 1111.",
    "Mr. John Smith, born 2 March 1985, and Mr. John Smith again; 😀 call +1 212-555-0143 or 010-1234-5678.",
    "nothing here",
)


@st.composite
def edits(draw):
    """(original, masked, spans, recorded, expected places) of a text whose replacements are known."""
    original, masked, spans, recorded, expected = "", "", [], {}, []
    for number in range(draw(st.integers(0, 6))):
        between, value = draw(PLAIN), draw(PLAIN.filter(bool))
        form = draw(st.sampled_from((*FORMS, None)))
        text = form.format(n=number + 1) if form else draw(PLAIN.filter(bool))
        original, masked = original + between, masked + between
        spans.append((len(original), len(original) + len(value), "PERSON"))
        expected.append((len(masked), len(masked) + len(text)))
        if form is None:
            recorded[len(masked)] = len(masked) + len(text)
        original, masked = original + value, masked + text
    return masked + draw(PLAIN), spans, recorded, tuple(expected)


@settings(max_examples=500)
@given(edits())
def test_each_replacement_is_where_it_was_written(case) -> None:
    """Whatever the lengths of values and replacements, side by side or apart, in characters of any plane."""
    masked, spans, recorded, expected = case
    assert places(spans, masked, recorded) == expected


def test_masking_itself_says_the_same() -> None:
    """Under tags, and under operators whose replacements have no form of their own."""
    mixed = {
        "PERSON": "surrogate",
        "PHONE_NUMBER": "pseudonym",
        "EMAIL_ADDRESS": "redact",
        "CREDIT_CARD": "partial",
        "DATE_OF_BIRTH": "generalise",
    }
    seen = 0
    for entities in ({}, mixed):
        policy = Policy(name="p", entities=entities)
        detector, treatment = build(policy), prepare(policy, bytes(32))
        for text in TEXTS:
            done = mask(Document("d", (("text", text),), "f"), detector, policy, treatment)
            assert isinstance(done, Masked)
            unmarked = {each.text for each in done.replacements if each.action not in MARKED}
            recorded = {each.start: each.end for each in done.stretches if each.text in unmarked}
            spans = [(each.start, each.end, each.entity_type) for each in done.replacements]
            found = places(spans, dict(done.document.fields)["text"], recorded)
            assert found == tuple((each.start, each.end) for each in done.stretches)
            seen += len(spans)
    assert seen > 12


def test_spans_of_another_text_fit_nowhere() -> None:
    """A span whose replacement does not stand there is told, not guessed."""
    assert places([(3, 6, "PERSON")], "ab <PERSON_1>") == ((3, 13),)
    assert places([(2, 6, "PERSON")], "ab <PERSON_1>") is None
    assert places([(3, 6, "KR_RRN")], "ab <PERSON_1>") is None
    assert places([(3, 6, "PERSON")], "ab", {3: 9}) is None
    assert places([(3, 6, "PERSON")], "") is None
