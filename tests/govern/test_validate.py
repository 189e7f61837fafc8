"""Validation: what passes, what blocks, and the sentences that say so."""

import json

import pytest

from govern.errors import InputError, Refused
from govern.validate import ValidationResult, load, validate

GOOD = {
    "slice": ["all"], "documents_in": [10], "documents": [8], "dropped": [1], "quarantined": [1], "residual_spans": [0],
    "duplicates_left": [0], "empty_documents": [0], "quarantined_ppm": [10_000], "mojibake_ppm": [0],
    "control_documents": [0], "hidden_documents": [0], "markup_ppm": [0], "letters_ppm": [600_000],
    "mean_word_length_milli": [4_500], "masked_characters_ppm": [30_000],
}  # fmt: skip


def changed(**columns):
    """The good table with other numbers."""
    return GOOD | {name: [value] for name, value in columns.items()}


def test_a_good_corpus_passes_the_default_suite_with_every_rule_passed():
    """Nothing blocks, nothing warns, and the digest is there to sign."""
    result = validate("corpus-default", GOOD)
    assert result.passed
    assert (result.blocking, result.warnings) == ((), ())
    assert {entry.status for entry in result.results} == {"passed"}
    assert result.suite == "corpus-default"
    assert result.suite_digest == load("corpus-default").digest
    assert result.suite_digest.startswith("sha256:")


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("quarantined", 2, "accounting-adds-up"), ("documents_in", 9, "accounting-adds-up"),
        ("residual_spans", 1, "no-residual-spans"), ("duplicates_left", 1, "no-exact-duplicates"),
        ("empty_documents", 1, "no-empty-documents"), ("quarantined_ppm", 50_001, "few-quarantined"),
        ("mojibake_ppm", 200_001, "not-mostly-mojibake"), ("letters_ppm", 249_999, "letters-present"),
        ("mean_word_length_milli", 30_001, "possible-word-length"),
        ("masked_characters_ppm", 600_001, "not-mostly-masked"),
    ],
)  # fmt: skip
def test_a_number_past_a_critical_limit_blocks_and_names_the_rule(column, value, rule):
    """The sentence holds the rule, the observed number, the limit and a remedy."""
    result = validate("corpus-default", changed(**{column: value}))
    assert not result.passed
    (sentence,) = result.blocking
    assert sentence.startswith(f"rule {rule} (critical, slice all): observed ")
    assert str(value) in sentence
    assert ", expected " in sentence
    assert "; " in sentence


def test_an_empty_corpus_blocks_on_presence_and_on_a_scan_of_nothing():
    """No document, no proof."""
    result = validate("corpus-default", changed(documents_in=2, documents=0))
    assert [sentence.split()[1] for sentence in result.blocking] == ["documents-present", "no-residual-spans"]


@pytest.mark.parametrize("column", ["control_documents", "hidden_documents", "markup_ppm", "mojibake_ppm"])
def test_a_failed_warning_is_recorded_and_passes(column):
    """It stands among the results as failed."""
    result = validate("corpus-default", changed(**{column: 150_000}))
    assert result.passed
    assert len(result.warnings) == 1
    assert [entry.status for entry in result.results].count("failed") == 1


@pytest.mark.parametrize("column", [name for name in GOOD if name != "slice"])
def test_a_number_that_was_not_measured_blocks(column):
    """Unknown never passes, whatever the severity, and the sentence says which number is missing."""
    result = validate("corpus-default", changed(**{column: None}))
    assert not result.passed
    assert all("unknown, since" in sentence and column in sentence for sentence in result.blocking)


def test_an_empty_table_blocks_every_rule():
    """The whole suite is unknown."""
    result = validate("corpus-default", {"slice": []})
    assert len(result.blocking) == len(result.results) > 10


def test_a_result_without_rules_has_not_passed():
    """Nothing decided is nothing passed."""
    assert not ValidationResult("none", "sha256:0", ()).passed


def test_results_fit_the_certificate_schema():
    """Each result is an entry of `quality.results` as it stands."""
    from dataclasses import asdict

    from jsonschema import Draft202012Validator

    from govern.certificate import schema
    from govern.files import canonical

    results = validate("corpus-default", changed(mojibake_ppm=None, markup_ppm=500_000)).results
    entries = json.loads(canonical([asdict(entry) for entry in results]))
    Draft202012Validator(schema()["properties"]["quality"]["properties"]["results"]).validate(entries)
    assert {entry["status"] for entry in entries} == {"passed", "failed", "unknown"}


def test_a_suite_that_does_not_load_is_refused(tmp_path):
    """An expectation that does not load is a refusal (exit code 1) that says why."""
    path = tmp_path / "own.json"
    rule = {"id": "x", "type": "expect_a_miracle", "kwargs": {}, "severity": "critical", "why": "since"}
    path.write_text(json.dumps({"name": "own", "format_version": 1, "description": "mine", "rules": [rule]}))
    with pytest.raises(Refused, match="expect_a_miracle") as refused:
        validate(path, GOOD)
    assert refused.value.exit_code == 1


def test_a_suite_that_is_not_there_is_bad_usage():
    """A wrong name lists the right ones (exit code 2)."""
    with pytest.raises(InputError, match="corpus-default") as error:
        validate("no-such", GOOD)
    assert error.value.exit_code == 2


def test_a_rule_of_ones_own_reads_as_a_sentence(tmp_path):
    """Limits of any expectation are told, and a rule without a remedy gets the general one."""
    path = tmp_path / "own.json"
    among = {"column": "dropped", "value_set": [0, 5]}
    rules = [
        {"id": "set", "type": "expect_column_values_to_be_in_set", "kwargs": among, "severity": "critical", "why": "since"},
        {"id": "rows", "type": "expect_table_row_count_to_equal", "kwargs": {"value": 2}, "severity": "critical", "why": "two"},
    ]
    path.write_text(json.dumps({"name": "own", "format_version": 1, "description": "mine", "rules": rules}))
    first, second = validate(path, GOOD).blocking
    assert first.startswith("rule set (critical, slice all): observed 1, expected dropped one of [0, 5]: since; look at")
    assert "expect table row count to equal" in second
