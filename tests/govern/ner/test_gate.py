"""The gate: which stretches of a text the model reads."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.errors import InputError
from govern.ner import gate


@pytest.fixture
def ordinary(tmp_path):
    path = tmp_path / gate.FILE
    gate.write(path, {"the", "company", "section", "december"})
    return gate.read(path)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("The Company filed in December.", False),
        ("all in lower case, 4,000 shares", False),
        ("THE COMPANY", False),
        ("The Company and Zebulon", True),
        ("said Åsa", True),
        ("A B C", False),
    ],
)
def test_a_capitalised_word_that_is_not_ordinary_opens_it(ordinary, text, passes):
    """A letter by itself is no word."""
    assert gate.passes(text, ordinary) is passes


@pytest.mark.usefixtures("ordinary")
def test_the_file_holds_hashes_alone(tmp_path):
    """A few bytes a word, and no word."""
    data = (tmp_path / gate.FILE).read_bytes()
    assert len(data) == 4 * gate.HASH_BYTES
    assert b"company" not in data.lower()


def test_korean_is_read_by_paragraphs():
    """Lines stay together, since names break over them; what has no Hangul is not read."""
    text = "담당 홍\n길동\n\n1,300 won\n\n은행"
    assert [text[start:end].strip() for start, end in gate.korean_stretches(text)] == ["담당 홍\n길동", "은행"]


KOREAN = ["은행은 왔다. ", "\n\n", "\n", "홍\n", "가" * 700, "x" * 90, "  "]


@given(st.lists(st.sampled_from(KOREAN), max_size=12).map("".join))
def test_korean_stretches_cover_all_hangul_once_and_are_short(text):
    """In order, without overlap."""
    places = list(gate.korean_stretches(text))
    assert all(0 <= start < end <= len(text) and end - start <= gate.TOGETHER for start, end in places)
    assert all(one[1] <= two[0] for one, two in pairwise(places))
    covered = {place for start, end in places for place in range(start, end)}
    assert all(place in covered for place, letter in enumerate(text) if "가" <= letter <= "힣")


@pytest.mark.parametrize("data", [b"", b"123"])
def test_a_damaged_file_is_refused(tmp_path, data):
    """Rather than to let everything or nothing through."""
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(InputError, match="not a list of hashes"):
        gate.read(tmp_path / "x")
    with pytest.raises(InputError, match="write the model again"):
        gate.read(tmp_path / "absent")


def test_a_title_ends_no_stretch():
    """A name stays with what says that it is one."""
    text = "It was Mr. Smith. He left. Prof. Kim spoke"
    found = [text[start:end].strip() for start, end in gate.stretches(text)]
    assert found == ["It was Mr. Smith.", "He left.", "Prof. Kim spoke"]


PIECES = ["Mr. Smith said. ", "Then it fell.", "\n", "x" * 300, " ", "word ", "가나다. "]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_stretches_cover_every_word_once_and_are_short(text):
    """In order, without overlap."""
    places = list(gate.stretches(text))
    assert all(0 <= start < end <= len(text) and end - start <= gate.LONGEST for start, end in places)
    assert all(one[1] <= two[0] for one, two in pairwise(places))
    covered = {place for start, end in places for place in range(start, end)}
    assert all(place in covered for place, letter in enumerate(text) if not letter.isspace())
