"""Parquet of many rows is foretold by that of some, and by that of half of them."""

import random
from pathlib import Path

import polars as pl
import pytest

from govern.frames import write_frame
from govern.growth import Growth, growth_of, outlay

WORDS = [
    f"{first}{second}{third}"
    for first in "가나다라마바사"
    for second in "아자차카타파하"
    for third in "고노도로모보소오조"
]


def _letters(count: int) -> pl.DataFrame:
    rng = random.Random(7)
    texts = [
        f"{n}번 상담: " + " ".join(rng.choices(WORDS, weights=range(1, len(WORDS) + 1), k=60)) for n in range(count)
    ]
    return pl.DataFrame({"text": texts})


def _written(folder: Path, frame: pl.DataFrame, files: int) -> list[Path]:
    each = -(-frame.height // files)
    paths = [folder / f"{number}.parquet" for number in range(files)]
    for number, path in enumerate(paths):
        write_frame(path, frame.slice(number * each, each))
    return paths


def test_many_small_files_foretell_one_large(tmp_path):
    """20 files of 10 rows each, for a file of 4,000: in proportion they come to half as much again."""
    frame = _letters(4_000)
    (whole,) = _written(tmp_path / "whole", frame, 1)
    small = _written(tmp_path / "small", frame.head(200), 20)
    true, proportion = whole.stat().st_size, 20 * sum(path.stat().st_size for path in small)
    foretold, least = outlay(small, 20, 1)
    assert proportion > 1.5 * true
    assert least <= true
    assert foretold == pytest.approx(true, rel=0.05)


def test_files_of_the_same_size_are_as_large(tmp_path):
    """Where the run cuts as the rehearsal did, what was measured is what comes."""
    small = _written(tmp_path, _letters(200), 4)
    size = sum(path.stat().st_size for path in small)
    for foretold in outlay(small, 1, 4):
        assert foretold == pytest.approx(size, rel=0.1)
    assert outlay(small[:1], 1, 1) == pytest.approx((small[0].stat().st_size,) * 2)


def test_a_row_or_none_grows_in_proportion(tmp_path):
    """There is no half of it to measure."""
    (one,) = _written(tmp_path / "one", _letters(1), 1)
    assert outlay([one], 10, 1) == pytest.approx((10 * one.stat().st_size,) * 2)
    (none,) = _written(tmp_path / "none", _letters(0), 1)
    assert outlay([none], 10, 1) == (0, 0)
    assert outlay([], 10, 1) == (0, 0)


def test_what_is_measured_has_a_limit(tmp_path, monkeypatch):
    """The first files up to it, and one at the least."""
    small = _written(tmp_path, _letters(40), 4)
    monkeypatch.setattr("govern.growth.LARGEST", small[0].stat().st_size + 1)
    assert growth_of(small).rows == 10
    assert growth_of(small) == growth_of(small[:1])


def test_each_further_row_adds_what_the_second_half_did():
    """Bytes by hand: 100 rows of 1,000 bytes, of which the first half took 600."""
    growth = Growth(100, 1_000, 50, 600)
    assert growth.at(300) == 1_000 + 200 * 8
    assert growth.at(100) == growth.least(100) == 1_000
    assert growth.at(50) == pytest.approx(600)
    assert growth.least(200) == pytest.approx(1_000 * 1_000 / 600)
