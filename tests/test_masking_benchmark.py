"""The arithmetic of `benchmarks/masking.py`: replacements in place, the same bytes on every side, what an attacker finds."""

import sys
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("torch")
pytestmark = pytest.mark.tune

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from masking import touching  # noqa: E402
from masking_corpus import (  # noqa: E402
    HEX,
    PSEUDONYM,
    RAW,
    SURROGATE,
    TAG,
    WRITINGS,
    Document,
    Sought,
    Value,
    linked,
    sample,
    written,
)
from masking_model import boundaries, common, paired, totals, widened  # noqa: E402

TEXT = "고객명: 홍가나\n홍 가나는 PIN 4821, Anna Bell 님과 통화."
DOCUMENT = Document(
    TEXT,
    "ko",
    "sample",
    tuple(
        Value(at, at + len(value), kind)
        for value, kind in (("홍가나", "PERSON"), ("홍 가나", "PERSON"), ("4821", "PIN"), ("Anna Bell", "PERSON"))
        for at in [TEXT.index(value)]
    ),
)


def test_tags_are_numbered_by_value_within_the_document() -> None:
    """Two spellings of one name share a tag."""
    assert written(DOCUMENT, TAG).text == "고객명: <PERSON_1>\n<PERSON_1>는 PIN <PIN_1>, <PERSON_2> 님과 통화."


@pytest.mark.parametrize("name", WRITINGS)
def test_every_variant_has_the_same_text_between_the_values(name: str) -> None:
    for document in (DOCUMENT, *sample(40, 5)):
        raw, side = written(document, RAW), written(document, name)
        assert [side.text[slice(*gap)] for gap in side.gaps()] == [raw.text[slice(*gap)] for gap in raw.gaps()]
        assert raw.text == document.text
        assert len(side.replacements()) == len(document.values)


def test_variants_write_what_their_operator_writes() -> None:
    """A secret without a surrogate becomes a tag."""
    one, other = (written(DOCUMENT, name).replacements() for name in (HEX, PSEUDONYM))
    assert one[0] == one[1] != one[3]
    assert [len(text) for text in one] == [41, 41, 38, 41]
    assert other[0] == other[1] != other[3]
    assert len(other[0]) == len("<PERSON_>") + 12
    assert written(DOCUMENT, SURROGATE).replacements()[2] == "<PIN_1>"


def test_tokens_that_touch_a_place_are_counted() -> None:
    assert touching([(0, 2), (2, 5), (5, 6), (5, 6)], [(1, 3), (5, 6)]) == [2, 2]


def test_no_boundary_lies_within_a_token() -> None:
    """Two tokens of one character's bytes have its place both; a token may reach into a character."""
    assert boundaries([(0, 2), (2, 3), (2, 3), (3, 5), (4, 6)], 6) == [0, 2, 3, 6]


def test_common_parts_of_gaps_are_the_same_text_on_every_side() -> None:
    """What one side joins with a value is left out on all."""
    one = ([0, 2, 3, 7, 9], [(0, 3), (5, 9)])
    two = ([0, 1, 2, 8, 9, 12], [(0, 3), (8, 12)])
    assert list(common([one, two])) == [(0, 0, 2)]
    assert list(common([one, one])) == [(0, 0, 3), (1, 2, 4)]


def test_places_grow_to_whole_tokens_and_join() -> None:
    assert widened([0, 2, 4, 8], [(1, 2), (3, 5)]) == [(0, 2), (2, 8)]
    assert widened([0, 4, 8], [(1, 2), (3, 5)]) == [(0, 8)]


def test_a_paired_difference_of_one_bit_per_byte_is_certain() -> None:
    sizes = np.asarray([10.0, 30.0, 20.0])
    assert paired(sizes, 2 * sizes, sizes) == pytest.approx((1.0, 1.0, 1.0))


def test_bits_are_summed_at_places() -> None:
    bits = [np.asarray([1, 2, 4, 8], dtype=np.float32)]
    assert totals(bits, [[(0, 1), (2, 4)]]).tolist() == [13.0]


def test_values_are_found_as_whole_words_with_particles() -> None:
    """Neither inside a longer word nor inside a longer number."""
    sought = Sought(["홍가나", "Anna Bell", "4821-22"])
    assert sought.found("홍가나는 왔다, Anna Bell입니다 (4821-22)") == {"홍가나", "Anna Bell", "4821-22"}
    assert sought.found("홍가나무 Joanna Bell, Anna Bellamy 14821-22 4821-223") == set()


def test_tags_link_nobody_and_pseudonyms_everybody() -> None:
    """Two names that have one tag each in several documents: the tag is of both."""
    texts = ("Anna Bell, 홍가나", "홍가나, Anna Bell")
    documents = [
        Document(
            text,
            "en",
            "sample",
            tuple(
                sorted(
                    Value(text.index(name), text.index(name) + len(name), "PERSON") for name in ("Anna Bell", "홍가나")
                )
            ),
        )
        for text in texts
    ]
    assert linked(documents, [written(one, TAG) for one in documents]) == (2, 0, 0)
    assert linked(documents, [written(one, PSEUDONYM) for one in documents]) == (2, 2, 2)
    assert linked(documents[:1] * 2, [written(one, TAG) for one in documents[:1] * 2]) == (2, 2, 2)
