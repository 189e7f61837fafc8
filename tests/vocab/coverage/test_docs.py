"""The guide to coverage reports says what the program does: its suite loads and decides, and it leaves no measure out."""

import re
from pathlib import Path

import pytest

from vocab.coverage.measures import MEASURES, of
from vocab.coverage.thresholds import OF_SLICE, OF_TOKENIZER, judge, load

GUIDE = (Path(__file__).parents[3] / "docs" / "coverage.md").read_text("utf-8")
NOT_OF_A_SLICE = {
    "new_id_count",
    "new_id_held_out",
    "idle_absent",
    "idle_already_single",
    "idle_still_split",
    "idle_single_now",
}
"""Measures of a single id or of the report as a whole, which no table of thresholds has."""


@pytest.fixture
def suite(tmp_path):
    """The suite of the guide, in a file."""
    (block,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    path = tmp_path / "our-tokenizer.json"
    path.write_text(block, "utf-8")
    return path


def test_the_suite_of_the_guide_loads(suite):
    """A reader who copies it has three rules, of which one only warns."""
    loaded = load(suite)
    assert [rule.id for rule in loaded.rules] == ["no-document-longer", "korean-pages", "terms-in-every-type"]
    assert [rule.severity for rule in loaded.rules] == ["critical", "critical", "warning"]


def test_the_suite_of_the_guide_decides_on_a_report(suite, make_value):
    """Both criticals are decided; the warning is unknown, since one type of the report has a document without text."""
    for one in judge(make_value(), suite):
        known = {result.id: result.status != "unknown" for result in one.results}
        assert known == {"no-document-longer": True, "korean-pages": True, "terms-in-every-type": False}


def test_every_measure_is_in_the_guide():
    """A measure that a report shows is one that the guide tells how to read; parts of a name stand for all of their kind."""
    named = {column for column in re.findall(r"`([a-z0-9_]+)`", GUIDE) if of(column)}
    read = {of(column).id for column in named}
    assert {one.id for one in MEASURES} - read - {"intervals"} == set()


def test_every_column_that_the_guide_names_is_one_of_thresholds():
    """No rule that follows the guide is refused for its column."""
    named = {name for name in re.findall(r"`([a-z0-9_]+)`", GUIDE) if of(name) or name.endswith("_ppm")}
    assert named - OF_SLICE.keys() - OF_TOKENIZER.keys() == NOT_OF_A_SLICE
