"""Labels, parts and windows: what a run of labels is, and that every item counts once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.errors import InputError
from govern.ner.models import Person, labels
from govern.ner.models.persons import CHUNK, parts, tidied, windows
from govern.normalize import legible


def test_halves_of_a_pair_become_legible_in_place():
    """Nothing else changes, and no position moves."""
    assert legible("a\ud800\udc00b🙂") == "a\ufffd\ufffdb🙂"


@given(
    sizes=st.lists(st.integers(0, 30), max_size=120),
    room=st.integers(1, 40),
    most=st.integers(1, 40),
)
def test_every_item_counts_in_one_window_that_holds_it(sizes, room, most):
    """No window is larger than asked, but for one large item alone."""
    cut = list(windows(sizes, room, most))
    assert [number for window in cut for number in range(window.first, window.last)] == list(range(len(sizes)))
    for window in cut:
        assert window.start <= window.first <= window.last <= window.stop
        assert window.stop - window.start <= most
        assert sum(sizes[window.start : window.stop]) <= room or window.stop - window.start == 1


def test_an_item_has_context_on_both_sides():
    """Where windows meet, an eighth of a window stands before and after what counts."""
    cut = list(windows([1] * 1000, 100, 100))
    inner = cut[1:-1]
    assert len(inner) > 5
    assert all(window.first - window.start >= 12 and window.stop - window.last >= 12 for window in inner)


@given(lines=st.lists(st.sampled_from(["x" * 7000, "가 나. " * 900, "word " * 2000, "\n", "y" * 60_000]), max_size=12))
def test_parts_cover_a_text_without_a_gap(lines):
    """In order, none longer than asked."""
    text = "".join(lines)
    cut = list(parts(text))
    assert "".join(text[start:stop] for start, stop in cut) == text
    assert all(0 < stop - start <= CHUNK for start, stop in cut)


@pytest.mark.parametrize("end", ["\n", ". ", "다. ", " "])
def test_a_part_ends_where_a_name_does_not(end):
    """After a line, a sentence or a blank."""
    text = "x" * (CHUNK - 10) + end + "y" * 100
    assert next(iter(parts(text)))[1] == CHUNK - 10 + len(end)


def test_persons_that_touch_are_one_and_tags_are_none():
    """White space goes; a span that a tag stands in is left."""
    text = " Jane\tDoe 김민수 \x00\x00\x00"
    found = [
        Person(10, 13, 0.5),
        Person(0, 6, 0.9),
        Person(6, 9, 0.4),
        Person(9, 10, 1.0),
        Person(11, 15, 0.9),
        Person(14, 17, 1.0),
    ]
    assert tidied(text, found) == [Person(1, 5, 0.9), Person(6, 9, 0.4), Person(10, 13, 0.5)]


@pytest.mark.parametrize(
    ("positions", "runs"),
    [
        ("BI.BI", [(0, 2), (3, 5)]),
        ("BIB", [(0, 2), (2, 3)]),
        (".II.", [(1, 3)]),
        ("BIE.S", [(0, 3), (4, 5)]),
        ("BESB", [(0, 2), (2, 3), (3, 4)]),
        ("BLU", [(0, 2), (2, 3)]),
        ("BME", [(0, 3)]),
        ("E.I", [(0, 1), (2, 3)]),
        ("IEI", [(0, 2), (2, 3)]),
        ("", []),
        ("...", []),
    ],
)
def test_runs_of_labels_are_persons(positions, runs):
    """BIO, BIOES, BILOU, BMES and broken runs: no token that is a person is lost."""
    assert labels.spans(None if one == "." else one for one in positions) == runs


@given(st.lists(st.sampled_from([None, *"BIES"])))
def test_every_person_token_is_in_one_run(positions):
    """And no other token is."""
    inside = [number for start, end in labels.spans(positions) for number in range(start, end)]
    assert inside == [number for number, one in enumerate(positions) if one is not None]


@pytest.mark.parametrize("label", ["PER", "per", "Person", "PS", "PS_NAME", "GIVENNAME1", "last_name", "pers"])
def test_labels_that_mean_a_person(label):
    """Whatever the case, with or without a position on either side."""
    for spelling in (label, f"B-{label}", f"I_{label}", f"{label}-E"):
        assert labels.read({"0": "O", "1": spelling}, "here").persons == (1,)


@pytest.mark.parametrize("label", ["PERCENT", "PRODUCT", "ORG", "B-ORG", "LABEL_1", "PERIOD", "S", "B-", "COMPANYNAME"])
def test_labels_that_mean_something_else(label):
    """A scheme without a person is refused, with the file's name."""
    with pytest.raises(InputError, match="here: none of the 2 labels"):
        labels.read({"0": "O", "1": label}, "here")


def test_a_scheme_numbers_its_types():
    """Positions of one type share a number, and persons have the first."""
    scheme = labels.read({"0": "O", "1": "B-PER", "2": "I-PER", "3": "B-ORG", "4": "I-ORG", "5": "MISC"}, "here")
    assert scheme.persons == (1, 2)
    assert scheme.positions == ("I", "B", "I", "B", "I", "I")
    assert scheme.types[3] == scheme.types[4]
    assert len({scheme.types[number] for number in (0, 1, 3, 5)}) == 4
