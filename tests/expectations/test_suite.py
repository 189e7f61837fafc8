"""Suites: what loads, what is refused with which sentence, and what the digest covers."""

import json

import pytest

import expectations
from expectations import SuiteError, SuiteNotFoundError, great, load_suite, suite_names

BETWEEN = "expect_column_values_to_be_between"


def rule(**changes):
    """A rule that loads, with changes; None takes a key away."""
    made = {
        "id": "few", "type": BETWEEN, "kwargs": {"column": "a", "max_value": 3}, "severity": "critical", "why": "since",
    } | changes  # fmt: skip
    return {key: value for key, value in made.items() if value is not None}


def written(tmp_path, *rules, **changes):
    """A suite file of these rules."""
    value = {"name": "mine", "format_version": 1, "description": "for tests", "rules": list(rules)} | changes
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({key: item for key, item in value.items() if item is not None}))
    return path


def test_the_suites_of_the_package_are_for_corpora_and_for_tokenizers():
    """Each has the name of its file."""
    assert suite_names() == ("corpus-default", "tokenizer-coverage")


@pytest.mark.parametrize("name", suite_names())
def test_a_suite_of_the_package_loads_with_each_rule_of_its_file_once(name):
    """Loaded ids and types are those of the JSON, in order."""
    from importlib import resources

    listed = json.loads(resources.files("expectations").joinpath(f"{name}.json").read_text("utf-8"))["rules"]
    suite = load_suite(name)
    assert [(item.id, item.expectation) for item in suite.rules] == [(item["id"], item["type"]) for item in listed]
    assert suite.name == name
    assert all(item.remedy and item.why for item in suite.rules)


def test_exports_are_exact():
    """`__all__` is sorted and each name is there; another name is an AttributeError."""
    assert list(expectations.__all__) == sorted(expectations.__all__)
    assert all(getattr(expectations, name) is not None for name in expectations.__all__)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = expectations.nothing_like_it


def test_the_example_in_the_docstring_runs():
    """What the package shows, works."""
    lines = [line[4:] for line in (expectations.__doc__ or "").splitlines() if line.startswith("    ")]
    exec("\n".join(lines), {})


def test_a_file_loads_and_keeps_its_slice_and_default_slice(tmp_path):
    """`slice` is `all` where it is left out, and is recorded."""
    suite = load_suite(written(tmp_path, rule(), rule(id="korean", slice="lang:ko")))
    assert [item.slice for item in suite.rules] == ["all", "lang:ko"]
    assert suite.rules[1].resolved()["slice"] == "lang:ko"


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ((), "no rules, so it would pass anything"),
        ((rule(), rule()), "the id 'few' stands more than once"),
        ((rule(type="expect_a_miracle"),), "no expectation has the type 'expect_a_miracle'"),
        ((rule(severity="info"),), "severity is not one of"),
        ((rule(why=None),), "lacks why"),
        ((rule(why=" "),), "why is not a text"),
        ((rule(note="x"),), "unknown key 'note'"),
        ((rule(id="Few!"),), "the id is not"),
        ((rule(id=7),), "the id is not"),
        ((rule(kwargs=[]),), "kwargs is a JSON list"),
        ((rule(kwargs={"column": "a"}),), "does not take these kwargs|has no bound"),
        (
            (rule(type="expect_column_max_to_be_between", kwargs={"column": "a"}),),
            "does not take these kwargs|has no bound",
        ),
        ((rule(kwargs={"column": "a", "max_value": 3, "mostly": 0}),), "mostly must be 1"),
        ((rule(kwargs={"column": "a", "max_value": 3, "row_condition": "slice=='x'"}),), "use 'slice' to choose rows"),
        ((rule(kwargs={"column": "a", "max_value": 3, "catch_exceptions": False}),), "may not set 'catch_exceptions'"),
        ((rule(kwargs={"column": "a", "max_value": 3, "result_format": "BASIC"}),), "may not set 'result_format'"),
        ((rule(kwargs={"column": "a", "max_value": {"$PARAMETER": "x"}}),), "not a number, a string or a list"),
        ((rule(kwargs={"column": "a", "max_value": 2**60}),), "larger than"),
        ((rule(type="expect_column_values_to_be_in_set", kwargs={"column": "a", "value_set": []}),), "is empty"),
        ((rule(slice=""),), "slice is not a text"),
        (("rule",), "a JSON str, not an object"),
    ],
)
def test_a_rule_that_is_not_fully_understood_is_refused(tmp_path, rules, sentence):
    """The sentence says what is wrong and names the rule or the file."""
    with pytest.raises(SuiteError, match=sentence) as refused:
        load_suite(written(tmp_path, *rules))
    assert "mine.json" in str(refused.value)
    assert not isinstance(refused.value, SuiteNotFoundError)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format_version": 2}, "format_version 2, expected 1"),
        ({"format_version": True}, "format_version True, expected 1"),
        ({"name": None}, "lacks name"),
        ({"rules": None}, "lacks rules"),
        ({"rules": {}}, "no rules"),
        ({"extra": 1}, "unknown key 'extra'"),
    ],
)
def test_a_suite_of_another_shape_is_refused(tmp_path, changes, sentence):
    """Unknown versions and keys decide nothing."""
    with pytest.raises(SuiteError, match=sentence):
        load_suite(written(tmp_path, rule(), **changes))


@pytest.mark.parametrize("text", ["", "{", '{"name": "a", "name": "b"}', '{"name": NaN}', "[]", "\udcff"])
def test_a_file_that_is_not_strict_json_is_refused(tmp_path, text):
    """Duplicate keys and NaN are no JSON here."""
    path = tmp_path / "mine.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SuiteError, match=r"mine\.json"):
        load_suite(path)


@pytest.mark.parametrize("name", ["no-such-suite", "no/such/file.json", "", "a\0b"])
def test_a_missing_suite_is_a_usage_error_that_lists_the_names(name):
    """The remedy names the suites that come with the package."""
    with pytest.raises(SuiteNotFoundError, match="corpus-default"):
        load_suite(name)


def test_great_expectations_alone_passes_an_empty_suite():
    """Without the check above, a suite of no expectations is a success."""
    library = great.library()
    batch = great._batch({"a": [1]})
    assert batch.validate(library.ExpectationSuite(name="empty"), result_format=great.RESULT_FORMAT).success


def test_the_digest_covers_what_decides_and_not_how_the_file_is_written(tmp_path):
    """A limit, severity, slice, order or spelled-out default; not the order of keys or the words of the reason."""
    plain = load_suite(written(tmp_path, rule())).digest
    assert load_suite(written(tmp_path, dict(reversed(rule(why="other words").items())))).digest == plain
    assert load_suite(written(tmp_path, rule(kwargs={"column": "a", "max_value": 3.0, "mostly": 1}))).digest == plain
    changed = [
        rule(kwargs={"column": "a", "max_value": 4}), rule(severity="warning"), rule(slice="lang:en"),
        rule(kwargs={"column": "a", "max_value": 3, "strict_max": True}), rule(id="other"),
    ]  # fmt: skip
    digests = {load_suite(written(tmp_path, item)).digest for item in changed}
    assert len(digests | {plain}) == len(changed) + 1


def test_a_changed_default_of_great_expectations_changes_the_digest(tmp_path, monkeypatch):
    """The digest is over resolved arguments, so a new version with another default is another suite."""
    path = written(tmp_path, rule())
    before = load_suite(path).digest
    resolve = great.resolve
    monkeypatch.setattr(great, "resolve", lambda *given: resolve(*given) | {"strict_max": True})
    assert load_suite(path).digest != before


def test_resolved_arguments_are_a_copy(tmp_path):
    """Changing what was recorded does not change the rule."""
    kwargs = {"column": "a", "value_set": [1]}
    loaded = load_suite(written(tmp_path, rule(type="expect_column_values_to_be_in_set", kwargs=kwargs)))
    loaded.rules[0].resolved()["value_set"].append(2)
    assert loaded.rules[0].resolved()["value_set"] == [1]
