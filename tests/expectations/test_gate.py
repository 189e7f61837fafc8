"""The gate: passed, failed and unknown; beside each way to pass by mistake, Great Expectations alone passing it."""

import json
from math import nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import blocks, decide, great, load_suite

BETWEEN = "expect_column_values_to_be_between"


def suite_of(tmp_path, **changes):
    """A suite of one rule: `a` is at most 3 in the slice."""
    rule = {
        "id": "few", "type": BETWEEN, "kwargs": {"column": "a", "max_value": 3}, "severity": "critical", "why": "since",
    } | changes  # fmt: skip
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"name": "one", "format_version": 1, "description": "one rule", "rules": [rule]}))
    return load_suite(path)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A suite of one rule on the slice `all`."""
    return suite_of(tmp_path_factory.mktemp("few"))


def only(suite, table):
    """The one result."""
    (result,) = decide(suite, table)
    return result


def alone(columns, **kwargs):
    """Whether Great Expectations passes `a <= 3` on these columns as they are."""
    import pandas as pd

    expectation = great.library().expectations.ExpectColumnValuesToBeBetween(column="a", max_value=3, **kwargs)
    batch = great._rows().get_batch({"dataframe": pd.DataFrame(columns)})
    return batch.validate(expectation, result_format=great.RESULT_FORMAT).success


def test_a_rule_passes_and_fails_with_what_was_observed(few):
    """A whole number is observed as it is; a failure gives the rule's reason."""
    passed = only(few, {"slice": ["all", "lang:ko"], "a": [3, 99]})
    assert (passed.status, passed.observed, passed.reason) == ("passed", 3, None)
    assert passed.arguments["slice"] == "all"
    failed = only(few, {"slice": ["all"], "a": [4]})
    assert (failed.status, failed.observed, failed.reason) == ("failed", 4, "since")
    assert blocks(failed)
    assert not blocks(passed)


def test_a_slice_that_no_row_has_is_unknown(tmp_path):
    """Great Expectations passes a row condition that matches nothing."""
    great.library()
    from great_expectations.expectations.row_conditions import Column

    assert alone({"slice": ["all"], "a": [9]}, row_condition=Column("slice") == "lang:fr")
    assert not alone({"slice": ["all"], "a": [9]}, row_condition=Column("slice") == "all")
    result = only(suite_of(tmp_path, slice="lang:fr"), {"slice": ["all"], "a": [9]})
    assert (result.status, result.reason) == ("unknown", "no row of the metrics table is the slice 'lang:fr'")


def test_a_star_takes_every_slice_that_begins_so_and_names_those_that_fail(tmp_path):
    """Failing slices are named with their numbers, five at most."""
    suite = suite_of(tmp_path, slice="source:*")
    slices = ["all", *(f"source:{letter}" for letter in "abcdefg")]
    result = only(suite, {"slice": slices, "a": [99, 1, 5, 6, 7, 8, 9, 10]})
    assert result.status == "failed"
    assert result.observed == "source:b: a 5; source:c: a 6; source:d: a 7; source:e: a 8; source:f: a 9; and 1 more"
    assert only(suite, {"slice": ["all", "source:a", "source:b"], "a": [99, 1, 2]}).observed == "2 slices"
    assert only(suite, {"slice": ["all"], "a": [1]}).status == "unknown"


def test_an_empty_table_is_unknown(few):
    """Great Expectations passes an empty frame."""
    assert alone({"slice": [], "a": []})
    assert only(few, {"slice": [], "a": []}).reason == "the metrics table has no rows"


def test_a_column_of_nulls_is_unknown(few):
    """Great Expectations passes a column without values."""
    assert alone({"slice": ["all"], "a": [None]})
    assert only(few, {"slice": ["all"], "a": [None]}).reason == "'a' was not measured in 1 of 1 rows"


def test_a_null_beside_values_is_unknown(tmp_path):
    """One slice that was not measured is enough; Great Expectations passes over it."""
    assert alone({"slice": ["x", "y"], "a": [1, None]})
    result = only(suite_of(tmp_path, slice="*"), {"slice": ["x", "y"], "a": [1, None]})
    assert (result.status, result.reason) == ("unknown", "'a' was not measured in 1 of 2 rows")


def test_nan_is_unknown(few):
    """Great Expectations passes NaN as missing."""
    assert alone({"slice": ["all"], "a": [nan]})
    assert only(few, {"slice": ["all"], "a": [nan]}).status == "unknown"


@pytest.mark.parametrize("value", [1.0, True, "1", 2**53, -(2**60)])
def test_what_is_no_whole_number_is_unknown(few, value):
    """Only whole numbers that JSON holds exactly are decided on, and the value is not repeated."""
    result = only(few, {"slice": ["all"], "a": [value]})
    assert result.status == "unknown"
    assert str(value) not in str(result.reason).replace(str(2**53 - 1), "")


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"slice": ["all"]}, "the metrics table has no column 'a'"),
        ({"a": [1]}, "the metrics table has no column 'slice'"),
        ({"slice": ["all"], "a": [1, 2]}, "the columns of the metrics table differ in length"),
        ({"slice": ["all", "all"], "a": [1, 2]}, "a slice stands twice in the metrics table"),
        ({"slice": [None], "a": [1]}, "a row of the metrics table names no slice"),
        ({"slice": [1], "a": [1]}, "a row of the metrics table names no slice"),
        ({}, "the metrics table has no column 'slice'"),
    ],
)
def test_a_table_that_cannot_be_decided_on_is_unknown_with_the_reason(few, table, reason):
    """No exception, no pass."""
    result = only(few, table)
    assert (result.status, result.observed, result.reason) == ("unknown", None, reason)
    assert blocks(result)


def test_an_exception_inside_great_expectations_is_unknown_with_its_class(tmp_path):
    """The class is told, the pattern and the values are not."""
    suite = suite_of(tmp_path, type="expect_column_values_to_match_regex", kwargs={"column": "slice", "regex": "secret("})
    result = only(suite, {"slice": ["all"]})
    assert result.status == "unknown"
    assert str(result.reason).startswith("Great Expectations stopped with ")
    assert "secret" not in str(result.reason)


def test_a_verdict_on_other_rows_than_were_given_is_unknown(few, monkeypatch):
    """Success over zero elements is not success."""
    monkeypatch.setattr(great, "judge", lambda *_: great.Verdict(success=True, rows=0, failing=(), error=None))
    assert only(few, {"slice": ["all"], "a": [1]}).reason == "Great Expectations looked at 0 rows, expected 1"


def test_a_failed_warning_is_recorded_and_an_unknown_warning_blocks(tmp_path):
    """A warning that could not be decided stops the run like a critical rule."""
    suite = suite_of(tmp_path, severity="warning")
    failed, unknown = only(suite, {"slice": ["all"], "a": [4]}), only(suite, {"slice": ["all"], "a": [None]})
    assert (failed.status, blocks(failed)) == ("failed", False)
    assert (unknown.status, blocks(unknown)) == ("unknown", True)


def test_each_rule_of_a_suite_is_answered_once_and_in_order():
    """Results match the rules one to one, whatever the table lacks."""
    suite = load_suite("corpus-default")
    for table in ({}, {"slice": ["all"], "documents": [1]}):
        assert [result.id for result in decide(suite, table)] == [rule.id for rule in suite.rules]


@settings(max_examples=15, deadline=None)
@given(st.one_of(st.none(), st.integers(-(2**53) + 1, 2**53 - 1)))
def test_the_gate_agrees_with_the_plain_comparison(few, value):
    """Passed exactly where the number is at most the limit; null is unknown."""
    expected = "unknown" if value is None else "passed" if value <= 3 else "failed"
    assert only(few, {"slice": ["all"], "a": [value]}).status == expected
