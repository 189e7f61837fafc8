"""The shadow: what looks like a number is one, and every span of it leads back to the characters it was read from."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.normalize import BLANK, PLACE, normalize

PIECES = (
    "4", "1", "0", "９", "①", "⑩", "❷", "²", "𝟓", "٣", "८", "-", "–", "−", "ㅡ", " ", "\u00a0", "\u3000", "\u200b",
    "\u00ad", "\u202e", "\ufe0f", "\u20e3", "\u0336", "&#52;", "&#x31;", "&nbsp;", "&shy;", "&#9999999;", "&amp;", "&#",
    "_", "a", "é", "e\u0301", "한", "\u1112\u1161\u11ab", "\u1100", "김", "𝐚", "ａ", "\ud800", "\x00", "\x07", "\n",
    "\t", "🙂", "<PERSON_1>", "<", "\u034f",
)  # fmt: skip
"""What a hostile or careless writer may put into a text."""

DISGUISES = (
    lambda digit: chr(ord("０") + digit),
    lambda digit: chr(0x1D7CE + digit),
    lambda digit: chr(0x1D7F6 + digit),
    lambda digit: chr(0x0660 + digit),
    lambda digit: chr(0x0966 + digit),
    lambda digit: f"{digit}\u200b",
    lambda digit: f"{digit}\u0336",
    lambda digit: f"{digit}\ufe0f\u20e3",
    lambda digit: f"&#{48 + digit};",
    lambda digit: f"&#x{48 + digit:x};",
    lambda digit: f"\u202e{digit}\u202c",
    str,
)


def check_the_way_back(text: str) -> None:
    """Each character of the shadow leads to characters of the text, in order; what changed led to something else."""
    shadow = normalize(text, ("PERSON",))
    begun = done = 0
    for position, character in enumerate(shadow.text):
        start, end = shadow.original(position, position + 1)
        assert begun <= start < end <= len(text)
        assert done <= end
        begun, done = start, end
        if character == text[start:end]:
            continue
        assert character == BLANK or text[start:end] not in shadow.text[position], text[start:end]
    if shadow.text:
        first, last = shadow.original(0, len(shadow.text))
        assert shadow.original(0, 1)[0] == first
        assert done == last


def check_a_planted_number(chance: random.Random) -> None:
    """A disguised number between random pieces is read, and leads back to the disguise and nothing beside it."""
    digits = [chance.randrange(10) for _ in range(chance.randrange(7, 17))]
    disguise = chance.choice(DISGUISES)
    planted = "".join(disguise(digit) for digit in digits)
    before = "".join(chance.choices(PIECES, k=chance.randrange(6))) + "x "
    after = " x" + "".join(chance.choices(PIECES, k=chance.randrange(6)))
    text = before + planted + after
    shadow = normalize(text, ("PERSON",))
    number = "".join(map(str, digits))
    places = [place for place in range(len(shadow.text)) if shadow.text.startswith(f"x {number} x", place)]
    assert places, planted.encode("unicode_escape")
    start, end = shadow.original(places[0] + 2, places[0] + 2 + len(number))
    covered = text[start:end]
    assert normalize(covered).text == number
    assert len(before) <= start
    assert end <= len(before) + len(planted)
    rest = text[:start] + text[end:]
    assert len(rest) + len(covered) == len(text)
    hidden_rest = planted.replace(covered, "")
    assert normalize(hidden_rest).text == ""


def run_cases(count: int, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(count):
        if number % 3:
            check_a_planted_number(chance)
        else:
            check_the_way_back("".join(chance.choices(PIECES, k=chance.randrange(24))))


def test_offsets_lead_back_to_what_was_read():
    """Thirty thousand random texts and planted numbers."""
    run_cases(30_000, 7)


@pytest.mark.slow
def test_offsets_lead_back_to_what_was_read_in_300_000_cases():
    """The same law, ten times as many."""
    run_cases(300_000, 11)


@given(st.text(max_size=80))
def test_any_text_has_a_shadow_that_leads_back(text):
    """Whatever Hypothesis thinks of."""
    check_the_way_back(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("９９０１０１－１２３４５６７", "990101-1234567"), ("①②③④⑤⑥⑦", "1234567"), ("⑴⑵⑶⑷", "1234"), ("❶❷❸❹", "1234"),
        ("𝟒𝟏𝟏𝟏", "4111"), ("¹²³⁴", "1234"), ("٤١١١", "4111"), ("४१११", "4111"), ("4\u200b1\u200d1\ufeff1", "4111"),
        ("4\u00ad1", "41"), ("1️⃣2️⃣", "12"), ("1\u03362\u0336", "12"), ("010‐1234‑5678", "010-1234-5678"),
        ("010ㅡ1234−5678", "010-1234-5678"), ("4111\u00a01111\u20091111", "4111 1111 1111"), ("41&#49;1&nbsp;1", "4111 1"),
        ("𝐤𝐢𝐦@𝐞𝐱.com", "kim@ex.com"), ("\u1100\u1175\u11b7\u1106\u1175\u11ab\u1109\u116e", "김민수"), ("Jose\u0301", "José"),
        ("219_09_9999", "219-09-9999"), ("4\x001\x071", "411"), ("\u202e4111\u202c", "4111"),
    ],
)  # fmt: skip
def test_look_alikes_are_made_plain(written, read):
    """Digits of every kind, dashes, spaces, references, decomposed syllables; what shows nothing is gone."""
    assert normalize(written).text == read


@pytest.mark.parametrize("text", ["제15조①", "1 ② 3", "x²", "219-09-9999¹", "½", "A&P;", "&amp;", "ㄱ", "é", "가나다"])
def test_what_is_no_disguise_stays(text):
    """A paragraph's number, a footnote, a power: no digit of an identifier."""
    assert normalize(text).text == text


def test_a_lone_circled_digit_between_digits_is_one():
    """Nobody else writes so."""
    assert normalize("41①1").text == "4111"


def test_existing_tags_are_blank_and_real_controls_are_not():
    """A NUL in the text cannot pass for the blank of a tag."""
    shadow = normalize("a\x00b<PERSON_1>", ("PERSON",))
    assert shadow.text == "ab" + BLANK * PLACE


@pytest.mark.parametrize(
    "piece", ["&#49;", "1\u0336", "\u0336", "①", "e\u0301", "\u1112\u1161\u11ab", "\u200b", "&", "<PERSON_"]
)
def test_time_is_linear(piece):
    """Ten times the text, nowhere near a hundred times the time."""

    def seconds(count):
        text = piece * count
        normalize(text)
        best = 1e9
        for _ in range(3):
            begun = time.process_time()
            normalize(text, ("PERSON",))
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(50_000) < max(40 * seconds(5_000), 0.05)
