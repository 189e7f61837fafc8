"""Detection: deterministic, linear, no network, nothing skipped, spans in order and apart."""

import dataclasses
import socket
import time

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from govern import detect, normalize, policy
from govern.detect import DetectionUnknown, Span, find
from govern.recognizers.rule import Rule, Rules, compile_rule

PIECES = st.sampled_from([
    "김민수 고객님", "Mr. John Smith", "010-1234-5678", "4111 1111 1111 1111",
    "a@b.com", "990101-1234567", "\u200b", "입니다 ", " and ", "\n", "1,300원",
    "<PERSON_1>", "<", "-", "계좌번호 110-123-456789", "Dear Jane Doe,", "１２３", "🙂",
])  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60))


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def with_policy(folder, text):
    path = folder / "p.toml"
    path.write_text(text, "utf-8")
    return detect.build(policy.load(path))


@settings(max_examples=150, deadline=None)
@given(text=TEXTS)
def test_spans_are_sorted_apart_and_inside_the_text(detector, text):
    """Whatever the text."""
    spans = find(detector, text)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(span.score >= detector.scores[span.entity_type] for span in spans)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_the_same_text_has_the_same_spans(detector, text):
    """Nothing is remembered between texts."""
    first = find(detector, text)
    find(detector, text[::-1])
    assert find(detector, text) == first


def test_no_socket_is_opened(monkeypatch):
    """Building and finding, mail addresses too, make no connection."""

    def refuse(*arguments, **keywords):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    spans = find(
        detect.build(policy.load("default").by_rule()), "mail kim@example.com, 010-1234-5678, GB82 WEST 1234 5698 7654 32"
    )
    assert [span.entity_type for span in spans] == ["EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE"]


def test_a_time_out_is_unknown_and_never_clean(detector):
    """A pattern that runs too long raises; the message holds no text."""
    slow = compile_rule(Rule("slow", "PERSON", r"(?:0|00|0*)+x", 0.9))
    text = "0" * 60 + "y x secret"
    hasty = dataclasses.replace(detector, rules=Rules([slow]), timeout_s=0.05)
    with pytest.raises(DetectionUnknown) as caught:
        find(hasty, text)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_existing_tags_are_never_part_of_a_span(detector):
    """Nor is anything merged across one."""
    assert find(detector, "예금주: <PERSON_1> 010-<PHONE_NUMBER_2>-5678 <KR_RRN_12>입니다 Mr. <PERSON_3>") == ()


def test_a_number_cannot_hide_in_the_look_of_a_tag(detector):
    """More than six digits are no tag."""
    assert [span.entity_type for span in find(detector, "<PERSON_4111111111111111>")] == ["CREDIT_CARD"]


def test_a_type_that_is_off_is_not_looked_for(tmp_path):
    """What the policy switches off is neither found nor named."""
    others = "".join(f'{name} = "off"\n' for name in policy.ENTITY_TYPES if name != "EMAIL_ADDRESS")
    detector = with_policy(tmp_path, f'name = "x"\n[entities]\n{others}')
    assert [span.entity_type for span in find(detector, "Mr. John Smith a@b.com 010-1234-5678")] == ["EMAIL_ADDRESS"]
    assert {item.rule.entity_type for item in detector.rules.items} == {"EMAIL_ADDRESS"}
    assert detector.name_rules == ()


def test_context_raises_a_score(detector):
    """The same number scores higher beside a word that says what it is."""
    bare = find(detector, "02-777-1234")[0].score
    assert find(detector, "전화 02-777-1234")[0].score > bare


def test_the_digest_names_the_recognizers(detector, tmp_path):
    """The same policy gives the same digest, another choice of types another."""
    other = with_policy(tmp_path, 'name = "x"\n[entities]\nEMAIL_ADDRESS = "off"\n')
    assert detector.digest == detect.build(policy.load("default").by_rule()).digest
    assert detector.digest != other.digest
    assert detector.digest.startswith("sha256:")


def test_no_repr_shows_a_text(detector):
    """Not the shadow's, not the detector's."""
    assert "secret" not in repr(normalize.normalize("secret", ("PERSON",)))
    assert "regex" not in repr(detector)
    assert repr(Span("text", 0, 3, "PERSON", 0.5, "r")).count("'") == 6


def test_every_supported_type_has_a_rule(detector):
    """Names apart, which have two modules; every pattern ends before a Korean particle."""
    assert {item.rule.entity_type for item in detector.rules.items} == set(detector.entity_types) - {"PERSON"}
    assert all(item.pattern.flags & regex.ASCII for item in detector.rules.items)


def test_what_finance_writes_vetoes_a_weak_label_and_each_veto_is_counted_once(detector):
    """A CUSIP beside the word is no account; the same digits without it are. Strong labels stand."""
    for text, entity_type in (
        ("account number 037833100 (CUSIP)", "US_BANK_NUMBER"),
        ("SSN 037833100 CUSIP", "US_SSN"),
    ):
        vetoed = detect.search(detector, text)
        assert vetoed.spans == ()
        assert vetoed.vetoes == ((entity_type, "CUSIP", 1),)
    plain = detect.search(detector, "account number 037833100 at the branch")
    assert [span.entity_type for span in plain.spans] == ["US_BANK_NUMBER"]
    assert plain.vetoes == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("연락처는 공일공 일이삼사 오육칠팔입니다", "공일공 일이삼사 오육칠팔"),
        ("my card is four one one one, one one one one, one one one one, one one one one thanks",
         "four one one one, one one one one, one one one one, one one one one"),
        ("카드번호 4lll-llll-llll-llll을", "4lll-llll-llll-llll"),
        ("주민번호 9 9 0 1 0 1 - 1 2 3 4 5 6 7로", "9 9 0 1 0 1 - 1 2 3 4 5 6 7"),
        ("주민번호 990101-\n1234567로", "990101-\n1234567"),
        ("card 4111/1111/1111/1111 ok", "4111/1111/1111/1111"),
        ("call (four one five) five five five - zero one four six", "(four one five) five five five - zero one four six"),
    ],
)  # fmt: skip
def test_a_hidden_number_is_found_where_it_stands(detector, text, found):
    """Offsets are of the original, whatever was rewritten to read it."""
    (span,) = find(detector, text)
    assert text[span.start : span.end] == found


@pytest.mark.parametrize(
    "text",
    [
        "Sales were 12,345\n67,890\n11,223\nin 2015\n2016\n2017", "1.1 2.2 3.3 4.4 5.5 6.6 7.7 8.8 9.9", "제10조 제11조",
        "10일 20일 30일에", "one of two or three to four", "대통령령이 173.140", "0.4111111111111111",
        "1 2 3 4 5 6 7 8 9 10 11 12",
    ],
)  # fmt: skip
def test_columns_and_lists_hide_no_number(detector, text):
    """A number that was not written plainly needs a checksum or a word."""
    assert find(detector, text) == ()


@pytest.mark.parametrize("line", [
    "2024-03-31  010-1234-5678  계좌 110-123-456789  1,234,567원  김민수님  4111 1111 1111 1111\n",
    "03/31/2024 ACH 12345678901 account no. 4432-118-90021 $1,234.56 Mr. John Smith a.b@c.com\n",
    "1" * 90 + "\n", "@" * 90 + "\n", "A1:" * 30 + "\n", "Aa " * 30 + "\n",
    "김이박" * 30 + "\n", "- " * 45 + "\n", "Name: " * 15 + "\n",
])  # fmt: skip
def test_time_is_linear_in_the_text(detector, line):
    """Eight times the text takes nowhere near sixty-four times the time, also where it is dense or hostile."""
    short, long = line * 60, line * 480
    find(detector, short)

    def seconds(text):
        best = 1e9
        for _ in range(2):
            begun = time.process_time()
            find(detector, text)
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(long) < max(24 * seconds(short), 0.05)
