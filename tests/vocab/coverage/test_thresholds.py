"""Thresholds: the table of a tokenizer, what passes and refuses, and the sentences that say so."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations import load_suite
from vocab.coverage.measures import of
from vocab.coverage.thresholds import (
    OF_SLICE,
    OF_TOKENIZER,
    SUITE,
    Judged,
    _shown,
    judge,
    load,
    refusals,
    table,
    warnings,
)
from vocab.errors import VocabError

BETWEEN = "expect_column_values_to_be_between"


def rule(column="fertility_ppm", **changes):
    """A rule with one limit; what is not a key of a rule is an argument of its expectation."""
    keys = {"id", "type", "slice", "severity", "why", "remedy"}
    made = {
        "id": "limit", "type": BETWEEN, "kwargs": {"column": column}, "slice": "all", "severity": "critical",
        "why": "since", "remedy": "do better",
    }  # fmt: skip
    made |= {key: one for key, one in changes.items() if key in keys}
    made["kwargs"] |= {key: one for key, one in changes.items() if key not in keys}
    return made


@pytest.fixture
def written(tmp_path):
    """The function that writes a suite of rules into a file."""

    def write(*rules, **changes):
        path = tmp_path / "own.json"
        value = {"name": "own", "format_version": 1, "description": "for tests", "rules": list(rules)} | changes
        path.write_text(json.dumps(value), encoding="utf-8")
        return path

    return write


@pytest.fixture
def good(make_value):
    """A report of a base and a sound extension of it, to be changed at will."""
    value = copy.deepcopy(make_value(("base", "extended")))
    for tokenizer in value["tokenizers"]:
        for one in tokenizer["slices"]:
            for numbers in (one["all_numbers"], *one["numbers"].values()):
                numbers["fused"] = numbers["broken"] = 0
    return value


def slice_of(value, name="all", at=-1):
    """A slice of the last tokenizer."""
    return next(one for one in value["tokenizers"][at]["slices"] if one["slice"] == name)


def status(judged, identity):
    """What became of one rule, for the only judged tokenizer."""
    (one,) = judged
    return next(result.status for result in one.results if result.id == identity)


def test_a_sound_extension_passes_the_default_suite_with_every_rule_passed(good):
    """Nothing refuses, nothing warns, and nothing is unknown."""
    (judged,) = judge(good)
    assert (judged.tokenizer, judged.suite) == ("tekken+finance", SUITE)
    assert judged.suite_digest == load_suite(SUITE).digest
    assert judged.passed
    assert (refusals([judged]), warnings([judged])) == ((), ())
    assert {result.status for result in judged.results} == {"passed"}


def test_all_tokenizers_but_the_first_are_judged_and_one_alone_is(make_value):
    """The first is the measure of the others; alone it saves nothing and makes nothing longer."""
    assert [one.tokenizer for one in judge(make_value())] == ["mistral-v1", "tekken+finance"]
    value = copy.deepcopy(make_value(("base",)))
    slice_of(value)["intervals"]["saved_ppm"] = [0, 0]
    alone = judge(value)
    assert alone[0].tokenizer == "tekken"
    assert status(alone, "no-document-longer") == status(alone, "saves-or-equals") == "passed"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"documents": 0}, {"documents-present"}),
        ({"lost_characters": 1}, {"nothing-lost"}),
        ({"unknown_ppm": 1001}, {"little-unknown"}),
        ({"unknown_ppm": None}, {"little-unknown"}),
        ({"all_numbers": {"fused": 1}}, {"digits-apart-from-units"}),
        ({"all_numbers": {"broken": 1}}, {"numbers-intact"}),
        ({"intervals": {"saved_ppm": [-1, 5]}}, {"saves-or-equals"}),
        ({"intervals": {"saved_ppm": None}}, {"saves-or-equals"}),
    ],
)
def test_a_number_past_a_critical_limit_refuses_and_names_its_rule(good, change, expected):
    """One wrong number on the whole corpus is enough, and one that is not there too."""
    one = slice_of(good)
    for key, part in change.items():
        one[key] = {**one[key], **part} if isinstance(part, dict) else part
    judged = judge(good)
    assert not judged[0].passed
    assert {said.split("(rule ")[1].split(")")[0] for said in refusals(judged)} == expected
    assert all(said.startswith("tokenizer tekken+finance, slice all: ") for said in refusals(judged))


@pytest.mark.parametrize(
    ("name", "change", "identity"),
    [
        ("all", {"unknown_tokens": 1}, "nothing-unknown"),
        ("all", {"all_numbers": {"occurrences": 0}}, "numbers-present"),
        ("lang:en", {"fertility_ppm": 3_000_001}, "fertility-english"),
        ("lang:ko", {"fertility_ppm": 4_000_001}, "fertility-korean"),
        ("lang:ko", {"partial_ppm": 300_001}, "whole-korean-characters"),
        ("lang:ko", {"byte_ppm": 100_001}, "little-byte-fallback-korean"),
        ("all", {"terms": {"single_ppm": 499_999}}, "terms-mostly-single"),
        ("all", {"against_first": {"documents_longer": 1}}, "no-document-longer"),
        ("all", {"changed": {"drift": 1}}, "no-drift"),
        ("all", {"changed": {"leak": 10**6}}, "little-leak"),
    ],
)
def test_a_number_past_a_limit_of_a_warning_is_said_and_does_not_refuse(good, name, change, identity):
    """A warning never refuses."""
    one = slice_of(good, name)
    for key, part in change.items():
        one[key] = {**one[key], **part} if isinstance(part, dict) else part
    judged = judge(good)
    assert refusals(judged) == ()
    (said,) = warnings(judged)
    assert f"slice {name}: " in said
    assert f"(rule {identity}, a warning)" in said


def test_what_holds_for_the_tokenizer_as_a_whole_is_judged_too(good):
    """Parity on aligned text, and new ids that nothing uses."""
    good["tokenizers"][-1]["aligned"]["parity_ppm"] = 2_000_001
    new = good["tokenizers"][-1]["new_ids"]
    new["zero_terms"] = new["terms"]
    said = warnings(judge(good))
    assert [one.split("(rule ")[1].split(",")[0] for one in said] == ["parity-korean-english", "new-terms-in-use"]
    assert "parity, Korean to English 2.000001, expected at most 2 (" in said[0]
    assert "share of new terms never used 100%, expected at most 50% (" in said[1]


def test_a_sentence_tells_the_number_the_limit_the_rule_and_the_remedy(good, written):
    """Ratios and shares are written out to the last digit, so that what fails never reads as equal."""
    slice_of(good, "lang:ko")["fertility_ppm"] = 2_413_000
    slice_of(good)["unknown_ppm"] = 1_001
    judged = judge(
        good,
        written(
            rule(id="fertility-korean", slice="lang:ko", max_value=2_200_000, why="too long", remedy="extend it"),
            rule("unknown_ppm", id="unknown", max_value=1_000),
            rule("tokens", id="tokens", min_value=10**12, strict_min=True),
        ),
    )
    assert refusals(judged) == (
        "tokenizer tekken+finance, slice lang:ko: fertility 2.413, expected at most 2.2 (rule fertility-korean): too long; "
        "extend it",
        "tokenizer tekken+finance, slice all: share of unknown tokens 0.1001%, expected at most 0.1% (rule unknown): since; "
        "do better",
        f"tokenizer tekken+finance, slice all: tokens {slice_of(good)['tokens']:,}, expected more than 1,000,000,000,000 "
        "(rule tokens): since; do better",
    )


def test_a_rule_over_several_slices_names_those_that_fail(good, written):
    """A star takes every slice that begins so."""
    slice_of(good, "lang:ko")["fertility_ppm"] = 9_000_000
    slice_of(good, "lang:und")["fertility_ppm"] = 5
    (said,) = refusals(judge(good, written(rule(slice="lang:*", max_value=8_000_000))))
    assert said.startswith("tokenizer tekken+finance, slice lang:*: observed lang:ko: fertility_ppm 9000000, expected ")
    assert "lang:en" not in said


def test_other_expectations_are_said_as_they_are(good, written):
    """Anything that Great Expectations knows may be asked of the table."""
    path = written(
        rule(
            "documents",
            type="expect_column_values_to_be_in_set",
            value_set=[1, 2],
        ),
        {
            **rule(id="sum", type="expect_documents_to_be_accounted_for"),
            "kwargs": {"column_list": ["documents", "words"]},
        },
    )
    first, second = refusals(judge(good, path))
    assert "expected documents one of [1, 2] (rule limit)" in first
    assert "expected documents = words (rule sum)" in second


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_a_slice_that_the_report_has_not_is_unknown_and_said(good, written, severity):
    """Unknown is not passed; it refuses where the rule is critical."""
    judged = judge(good, written(rule(slice="lang:fr", max_value=9_000_000, severity=severity)))
    assert status(judged, "limit") == "unknown"
    said = refusals(judged) or warnings(judged)
    assert judged[0].passed == (severity == "warning")
    assert "unknown, since no row of the metrics table is the slice 'lang:fr'" in said[0]


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ("fertility_ppm", "(there is nothing to divide by)"),
        ("fertility_low_ppm", "(there are fewer than two documents, or nothing to divide by)"),
        ("digits_7_commonest_ppm", "(there is nothing to divide by)"),
        ("pages_32k_ppm", "(there is nothing to divide by)"),
    ],
)
def test_a_ratio_that_is_undefined_is_unknown_and_says_why(good, written, column, why):
    """An empty slice has no ratio, and no limit holds for it."""
    judged = judge(good, written(rule(column, slice="lang:und", min_value=0)))
    assert status(judged, "limit") == "unknown"
    (said,) = refusals(judged)
    assert "was not measured, expected at least 0" in said
    assert why in said


@pytest.mark.parametrize("column", ["drift", "leak_ppm", "new_ids", "zero_terms_ppm", "unreachable_ids"])
def test_what_only_an_extension_has_is_unknown_for_another_tokenizer(make_value, written, column):
    """A base does not pass a limit on drift because it has none."""
    judged = judge(make_value(("base", "pieces")), written(rule(column, max_value=10**9)))
    assert status(judged, "limit") == "unknown"
    assert any(why in refusals(judged)[0] for why in ("no other tokenizer", "no record", "was not tried"))


def test_one_undefined_slice_among_several_leaves_the_rule_unknown(good, written):
    """Nothing is decided about rows of which one was not measured."""
    judged = judge(good, written(rule(slice="*", max_value=9_000_000)))
    assert status(judged, "limit") == "unknown"
    assert "was not measured in 3 of " in refusals(judged)[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"column": "fertilty_ppm"},
            "column 'fertilty_ppm' is in no coverage report, expected one such as fertility_ppm",
        ),
        ({"column": "letters_ppm"}, "column 'letters_ppm' is in no coverage report"),
        ({"column": "zzz"}, "expected one such as fertility_ppm, terms_single_ppm, documents_longer"),
        ({"slice": "korean"}, "slice 'korean' is in no coverage report, expected all, held-out, or"),
        ({"slice": "lang:"}, "slice 'lang:' is in no coverage report"),
        ({"slice": "split:*"}, "slice 'split:*' is in no coverage report"),
        ({"slice": "All"}, "slice 'All' is in no coverage report"),
    ],
)
def test_a_rule_about_what_no_report_has_is_a_mistake_in_the_suite(written, changes, sentence):
    """A misspelled name is bad input, not a tokenizer that fails."""
    with pytest.raises(VocabError) as refused:
        load(written(rule(max_value=1, **changes)))
    assert sentence in str(refused.value)
    assert "own.json: rule 'limit': " in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("name", ["all", "held-out", "held*", "*", "lang:*", "la*", "source:notes", "type:10-*"])
def test_every_slice_that_a_report_can_have_may_be_named(written, name):
    """By its name, or by how names begin."""
    assert load(written(rule(slice=name, max_value=1))).rules[0].slice == name


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "not valid JSON"), ("[]", "not an object"), ("{}", "lacks "), ('{"name": 1, "name": 2}', "stands twice")],
)
def test_a_file_that_is_no_suite_is_refused_with_the_loaders_sentence(tmp_path, text, sentence):
    """What `expectations` says of it, as an error of ours."""
    path = tmp_path / "own.json"
    path.write_text(text)
    with pytest.raises(VocabError, match=sentence) as refused:
        judge({"tokenizers": []}, path)
    assert "own.json" in str(refused.value)


def test_a_missing_suite_is_an_error_that_lists_the_names():
    """The remedy names the suites that come with the package."""
    with pytest.raises(VocabError, match="tokenizer-coverage"):
        load("no-such-suite")


def test_the_suite_for_corpora_judges_no_tokenizer():
    """Its columns are in no coverage report."""
    with pytest.raises(VocabError, match="'documents_in' is in no coverage report"):
        load("corpus-default")


def test_the_table_holds_every_number_of_a_slice_once(make_value):
    """Each count, ratio and end of an interval of the report stands in a column, and no column is made up."""
    value = make_value()
    for tokenizer in value["tokenizers"]:
        rows = table(tokenizer)
        assert list(rows) == ["slice", *OF_SLICE, *OF_TOKENIZER]
        assert len({len(column) for column in rows.values()}) == 1
        assert rows["slice"] == [one["slice"] for one in tokenizer["slices"]]
        for at, one in enumerate(tokenizer["slices"]):
            assert rows["fertility_ppm"][at] == one["fertility_ppm"]
            assert rows["numbers_korean_units_fused"][at] == one["numbers"]["korean units"]["fused"]
            assert rows["numbers_fused"][at] == one["all_numbers"]["fused"]
            assert rows["pages_32k_ppm"][at] == one["windows"][1]["pages_ppm"]
            assert rows["saved_low_ppm"][at] == (one["intervals"]["saved_ppm"] or [None])[0]
            assert rows["terms_single_high_ppm"][at] == (one["intervals"]["term_single_ppm"] or [None])[-1]
            assert rows["vocab_size"][at] == tokenizer["vocab_size"]
            assert all(type(rows[column][at]) in (int, type(None)) for column in rows if column != "slice")


def test_no_number_of_a_slice_is_missing_from_the_table(good):
    """Every number of a slice is given a value of its own, and each comes out in exactly one column."""
    tokenizer = good["tokenizers"][-1]
    next_number = iter(range(1000, 100_000))

    def renumber(part):
        if isinstance(part, dict):
            kept = {key: part[key] for key in ("slice", "length") if key in part}
            if "pages_ppm" in part:
                kept["tokens"] = part["tokens"]
            return {key: renumber(one) for key, one in part.items()} | kept
        return [renumber(one) for one in part] if isinstance(part, list) else next(next_number)

    one = renumber(tokenizer["slices"][0])
    rows = table(tokenizer | {"slices": [one]})
    derived = {"leak_ppm", *OF_TOKENIZER}
    found = sorted(rows[column][0] for column in OF_SLICE if column not in derived and rows[column][0])
    last = next(next_number)
    skipped = set(range(1000, last)) - set(found)
    assert len(found) == len(set(found))
    names_of_rows = 1 + len(one["digit_runs"]) + len(one["windows"])  # slice, length, tokens of a window
    assert len(skipped) == names_of_rows


def test_digits_that_do_not_occur_have_no_runs_and_no_commonest_pattern(good):
    """A length that is not listed was looked for and not found."""
    slice_of(good)["digit_runs"] = []
    rows = table(good["tokenizers"][-1])
    assert (rows["digits_5_runs"][0], rows["digits_5_patterns"][0], rows["digits_5_commonest_ppm"][0]) == (0, 0, None)


def test_shares_that_only_thresholds_ask_for_are_of_the_counts_beside_them(good):
    """Leak by words, idle terms by new terms, contexts by trials."""
    one, tokenizer = slice_of(good), good["tokenizers"][-1]
    one["changed"]["leak"], one["words"] = 1, 3
    tokenizer["new_ids"] |= {"zero_terms": 2, "terms": 3}
    tokenizer["contexts"] = [{"context": "a", "terms": 3, "single": 1}, {"context": "b", "terms": 4, "single": 2}]
    rows = table(tokenizer)
    assert rows["leak_ppm"][0] == 333_333
    assert rows["zero_terms_ppm"][0] == 666_667
    assert (rows["contexts_terms"][0], rows["contexts_single"][0], rows["contexts_single_ppm"][0]) == (7, 3, 428_571)
    tokenizer["contexts"], tokenizer["new_ids"]["terms"], one["words"] = [], 0, 0
    rows = table(tokenizer)
    assert (rows["leak_ppm"][0], rows["zero_terms_ppm"][0], rows["contexts_single_ppm"][0]) == (None, None, None)


def test_hostile_names_do_nothing_to_a_terminal(good, written):
    """A name of a folder or slice may hold anything; what acts on its surroundings is written as a sign."""
    good["tokenizers"][-1]["name"] = "\x1b[31mred\u202e"
    for one in good["tokenizers"][-1]["slices"]:
        one["fertility_ppm"] = 9_000_000
    for said in refusals(judge(good, written(rule(max_value=1), rule(id="two", slice="type:*", max_value=1)))):
        assert said.isprintable()
        assert "red" in said


def test_a_judgement_without_results_has_not_passed():
    """No rule, no pass."""
    assert not Judged("a", "own", "sha256:0", ()).passed


def test_every_rule_of_the_default_suite_names_a_measure_and_a_remedy():
    """What it asks for is explained in the table of measures."""
    suite = load(SUITE)
    for one in suite.rules:
        assert of(dict(one.arguments)["column"]) is not None
        assert one.why
        assert one.remedy
    assert {one.severity for one in suite.rules} == {"critical", "warning"}


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_different_numbers_never_read_the_same(one, other):
    """No digit is rounded away, in any unit."""
    for column in ("fertility_ppm", "saved_ppm", "drift"):
        assert (_shown(column, one) == _shown(column, other)) == (one == other)
