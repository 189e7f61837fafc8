"""What is measured of a document, and the metrics table."""

from collections import Counter

import polars as pl
import pytest

from govern import signals


def measured(text: str) -> dict[str, int]:
    return pl.DataFrame({"text": [text]}).select(signals.measure()).row(0, named=True)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The rate rose.", "en"),
        ("금리가 올랐다.", "ko"),
        ("KOSPI가 2,300선을 넘었다", "ko"),
        ("The Korean word 금리 means interest rate, said the Bank.", "en"),
        ("1,300 2,300 %", "und"),
    ],
)
def test_language_is_the_share_of_hangul(text: str, lang: str) -> None:
    """A document with a fifth of its letters in Hangul is Korean."""
    assert pl.DataFrame({"text": [text]}).select(signals.language()).item() == lang


def test_a_masking_tag_is_not_markup_but_a_html_tag_is() -> None:
    """Our own tags never count as dirt."""
    assert measured("<PERSON_1> paid <KR_RRN_2>")["markup"] == 0
    assert measured("<p>paid</p>")["markup"] == 1
    assert measured("a < b and c > d")["markup"] == 0


def test_mojibake_is_seen_and_clean_accents_are_not() -> None:
    """UTF-8 read as Latin-1 or CP1252 counts; ordinary accented words do not."""
    assert measured("금리".encode().decode("latin-1"))["mojibake"] == 1
    assert measured("it’s".encode().decode("cp1252"))["mojibake"] == 1
    assert measured("lost \ufffd bytes")["mojibake"] == 1
    assert measured("naïve café, Société Générale, 금리 £3")["mojibake"] == 0


def test_controls_and_hidden_characters_are_told_apart_from_layout() -> None:
    """Tabs and line ends are layout; NUL is a control, a zero-width space is hidden."""
    assert measured("a\tb\r\n\fc")["control"] == 0
    assert measured("a\x00b")["control"] == 1
    assert measured("a\u200bb")["hidden"] == 1
    assert measured("ab")["hidden"] == 0


def test_sums_by_slice_add_up_to_the_whole() -> None:
    """Languages and sources each partition `all`."""
    frame = pl.DataFrame(
        {"text": ["a b", "금리", ""], "lang": ["en", "ko", "und"], "source": ["x", "y", "x"]}
    ).with_columns(signals.measure())
    sums = signals.add_up(frame, signals.PER_DOCUMENT)
    for kind in ("lang:", "source:"):
        parts = sum((counts for name, counts in sums.items() if name.startswith(kind)), Counter())
        assert parts == sums["all"]
    assert sums["all"]["documents"] == 3
    assert sums["all"]["empty"] == 1


def test_a_ratio_over_nothing_is_null() -> None:
    """No documents, no ratio: null is never a pass."""
    table = signals.table({}, {"all": Counter(documents_in=1, quarantined=1)})
    assert table["letters_ppm"] == [None]
    assert table["quarantined_ppm"] == [1_000_000]
    assert table["documents"] == [0]
