"""Arbitration: one rule for overlaps, vetoes by what finance writes, nothing of a displaced finding left."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from govern.arbitrate import Finding, choose, veto
from govern.recognizers.rule import Hit


def hit(start, end, entity_type="A", score=0.5, *, validated=False, contextual=False):
    return Hit(start, end, entity_type, score, "r", validated, contextual)


def chosen(*hits, kept=()):
    return [(one.start, one.end, one.entity_type) for one in choose(map(Finding, hits), frozenset(kept))]


def test_validated_goes_before_contextual_before_longer_before_earlier():
    """The documented order."""
    assert chosen(hit(0, 9, "LONG"), hit(0, 9, "WORD", contextual=True)) == [(0, 9, "WORD")]
    assert chosen(hit(0, 9, "WORD", contextual=True), hit(0, 9, "SUM", validated=True)) == [(0, 9, "SUM")]
    assert chosen(hit(0, 5, "EARLY"), hit(3, 9, "LONG")) == [(0, 9, "LONG")]
    assert chosen(hit(0, 5, "EARLY"), hit(3, 8, "LATE")) == [(0, 8, "EARLY")]


def test_nothing_of_a_displaced_finding_is_left():
    """The winner grows over it: one placeholder, no rest of a number beside it."""
    assert chosen(hit(2, 5, "SUM", validated=True), hit(0, 9, "LONG")) == [(0, 9, "SUM")]
    assert chosen(hit(0, 3, "S", validated=True), hit(6, 9, "T", validated=True), hit(1, 12, "LONG")) == [
        (0, 6, "S"),
        (6, 12, "T"),
    ]


def test_a_word_right_beside_the_value_outweighs_one_near_it():
    """`customer number 0162411549, called twice` is no telephone number."""
    assert chosen(hit(0, 9, "NEAR", 1.0, contextual=1), hit(0, 9, "BESIDE", contextual=2)) == [(0, 9, "BESIDE")]


def test_a_reading_never_displaces_a_validated_number_nor_stretches_plain_text():
    """A number joined over two lines may be two numbers; where nothing tells, the longer is masked."""
    plain = Finding(hit(0, 12, "ACCOUNT", validated=True))
    joined = Finding(hit(0, 17, "ACCOUNT", contextual=True), reading=1)
    assert [(one.start, one.end) for one in choose([joined, plain], frozenset())] == [(0, 12)]
    unsure = Finding(hit(0, 12, "ACCOUNT", contextual=True))
    assert [(one.start, one.end) for one in choose([joined, unsure], frozenset())] == [(0, 17)]


def test_kept_types_win_only_where_they_are_certain():
    """A company's number with checksum and its word is no account; else masking goes first."""
    assert chosen(hit(0, 9, "CRN", validated=True), hit(0, 9, "ACCOUNT"), kept=["CRN"]) == [(0, 9, "ACCOUNT")]
    certain = hit(0, 9, "CRN", validated=True, contextual=True)
    assert chosen(certain, hit(0, 9, "ACCOUNT", contextual=True), kept=["CRN"]) == [(0, 9, "CRN")]


def test_a_financial_identifier_vetoes_a_weak_label_and_is_counted():
    """A strong one, with checksum and context, stands; so do names and dates of birth."""
    cusip = [hit(0, 9, "CUSIP", validated=True)]
    standing, fallen = veto(map(Finding, [hit(0, 9, "SSN"), hit(1, 8, "PHONE")]), cusip)
    assert standing == []
    assert fallen == Counter({("SSN", "CUSIP"): 1, ("PHONE", "CUSIP"): 1})
    strong = [hit(0, 9, "CARD", validated=True, contextual=True), hit(0, 5, "PERSON"), hit(0, 9, "DATE_OF_BIRTH")]
    standing, fallen = veto(map(Finding, strong), cusip)
    assert [finding.hit for finding in standing] == strong
    assert not fallen


def test_a_veto_covers_the_whole_finding():
    """A date inside an account number says nothing about it."""
    standing, _ = veto([Finding(hit(0, 12))], [hit(0, 8, "DATE")])
    assert len(standing) == 1


def test_a_word_outweighs_what_only_looks_financial():
    """Kinds that are neither validated, nor contextual, nor parsed in full veto nothing that a word explains."""
    word = [Finding(hit(0, 7, "ACCOUNT", contextual=True))]
    assert veto(word, [hit(0, 7, "SEDOL")])[0] == word
    assert veto(word, [hit(0, 7, "AMOUNT")])[0] == []
    assert veto([Finding(hit(0, 7, "ACCOUNT"))], [hit(0, 7, "SEDOL")])[0] == []


@given(
    st.lists(
        st.builds(
            lambda start, length, kind, validated, contextual: hit(
                start, start + length, kind, validated=validated, contextual=contextual
            ),
            st.integers(0, 60), st.integers(1, 12), st.sampled_from("ABC"), st.booleans(), st.booleans(),
        ),
        max_size=14,
    )
)  # fmt: skip
def test_every_character_that_was_found_is_covered_once(hits):
    """Whatever overlaps whatever."""
    result = choose(map(Finding, hits), frozenset())
    places = [place for one in result for place in range(one.start, one.end)]
    assert len(places) == len(set(places))
    assert places == sorted(places)
    assert set(places) >= {place for one in hits for place in range(one.start, one.end)}


def test_a_kept_finding_takes_nothing_from_a_masked_one_that_goes_beyond_it():
    """However certain the kept one is; nor from one that is as certain. What it holds whole and alone is sure of, it wins."""
    sure = {"validated": True, "contextual": True}
    assert chosen(hit(0, 12, "K", **sure), hit(7, 40, "M"), kept=("K",)) == [(7, 40, "M")]
    assert chosen(hit(2, 8, "K", **sure), hit(0, 20, "M"), kept=("K",)) == [(0, 20, "M")]
    assert chosen(hit(0, 12, "K", **sure), hit(0, 12, "M", **sure), kept=("K",)) == [(0, 12, "M")]
    assert chosen(hit(0, 12, "K", **sure), hit(3, 9, "M"), kept=("K",)) == [(0, 12, "K")]


def test_a_name_within_an_address_is_no_finding_of_its_own():
    """A mail address made of a known name stays a mail address."""
    mail, name = hit(0, 30, "EMAIL_ADDRESS"), hit(0, 15, "PERSON", 1.0, validated=True, contextual=2)
    assert chosen(mail, name) == [(0, 30, "EMAIL_ADDRESS")]
    assert chosen(mail, name, hit(40, 50, "PERSON")) == [(0, 30, "EMAIL_ADDRESS"), (40, 50, "PERSON")]
    assert chosen(mail, name, kept=("PERSON",)) == [(0, 30, "EMAIL_ADDRESS")]


@given(
    st.lists(
        st.builds(
            hit,
            st.integers(0, 30),
            st.integers(31, 60),
            st.sampled_from(["K", "L", "M", "N"]),
            validated=st.booleans(),
            contextual=st.booleans(),
        ),
        max_size=8,
    )
)
def test_every_masked_character_is_covered_by_a_masked_finding_or_one_certain_and_kept(hits):
    """No character that a masked finding claims is lost, but to a kept one that is certain and holds all of that finding."""
    done = choose(map(Finding, hits), frozenset({"K", "L"}))
    covered = {place for one in done if one.entity_type in {"M", "N"} for place in range(one.start, one.end)}
    kept = [one for one in done if one.entity_type in {"K", "L"}]
    for one in hits:
        if one.entity_type in {"M", "N"} and not set(range(one.start, one.end)) <= covered:
            assert any(
                each.start <= one.start and one.end <= each.end and each.validated and each.contextual for each in kept
            )
