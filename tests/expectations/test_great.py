"""Contract tests of the one module that runs Great Expectations: what its version does, and what is undone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from expectations import SuiteError, great

ROOT = Path(__file__).parents[2]
BETWEEN = "expect_column_values_to_be_between"


def run(code: str, tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in an empty home folder."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )


def test_deciding_needs_no_network_writes_no_file_prints_nothing_and_leaves_warnings_alone(tmp_path):
    """With warnings as errors, a decision is made: no socket, no file, no progress bar, no captured warnings."""
    done = run(
        """
import os, socket, sys, warnings
def watch(event, arguments):
    if event.startswith("socket.") and event != "socket.gethostname":
        os.write(2, f"{event}".encode()), os._exit(9)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        os.write(2, f"{arguments[0]} was written".encode()), os._exit(9)
sys.dont_write_bytecode = True
has_ipv6 = socket.has_ipv6
sys.addaudithook(watch)
shown = warnings.showwarning
from expectations import decide, load_suite
suite = load_suite("corpus-default")
results = decide(suite, {"slice": ["all"], "documents": [3], "duplicates_left": [0]})
assert {result.status for result in results} == {"passed", "unknown"}, results
assert warnings.showwarning is shown and socket.has_ipv6 == has_ipv6
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always"); warnings.warn("shown as ever")
assert len(seen) == 1
""",
        tmp_path,
        "-W",
        "error",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_importing_the_package_loads_no_great_expectations(tmp_path):
    """`import expectations` and its errors stay light."""
    done = run(
        "import expectations, sys; expectations.SuiteError; dir(expectations)\n"
        "print([name for name in ('great_expectations', 'pandas', 'govern') if name in sys.modules])",
        tmp_path,
    )
    assert done.stdout == "[]\n", done.stderr


def test_the_package_knows_nothing_of_the_project(tmp_path):
    """Loading everything in it imports none of govern, vocab, tune."""
    code = "import expectations, sys; [getattr(expectations, name) for name in expectations.__all__]\n"
    code += "import expectations.great as great; great.library()\n"
    done = run(code + "print([name for name in ('govern', 'vocab', 'tune') if name in sys.modules])", tmp_path)
    assert done.stdout == "[]\n", done.stderr


def test_great_expectations_alone_leaves_warnings_captured(tmp_path):
    """The side effect that is undone here does happen without us."""
    code = "import warnings; shown = warnings.showwarning; import great_expectations; "
    done = run(code + "print(warnings.showwarning is shown)", tmp_path)
    assert done.stdout == "False\n", done.stderr


def test_resolved_arguments_hold_every_default():
    """Defaults that Great Expectations does not serialise stand in the resolved arguments, whole numbers as integers."""
    resolved = great.resolve(BETWEEN, {"column": "a", "max_value": 3}, "here")
    assert resolved == {
        "column": "a", "max_value": 3, "min_value": None, "mostly": 1, "strict_max": False, "strict_min": False,
    }  # fmt: skip
    assert type(resolved["max_value"]) is int


def test_great_expectations_alone_does_not_serialise_what_equals_a_default():
    """The signed suite would not say `strict_min`, so a later default would change it in silence."""
    built = great._build(BETWEEN, {"column": "a", "max_value": 3, "strict_min": False}, "here")
    assert "strict_min" not in built.configuration.kwargs


@pytest.mark.parametrize("kind", ["expect_column_values_to_be_lovely", "", "unexpected_rows", "ExpectNoResidualSpans"])
def test_an_unknown_type_is_refused_by_name(kind):
    """The sentence names the type."""
    with pytest.raises(SuiteError, match=f"no expectation has the type '{kind}'"):
        great.resolve(kind, {}, "rule 1")


def test_great_expectations_alone_drops_an_expectation_it_does_not_know(caplog):
    """A suite with one real and one unknown expectation loads as a suite of one, with a log line."""
    library = great.library()
    configurations = [{"type": BETWEEN, "kwargs": {"column": "a", "max_value": 3}}, {"type": "expect_nothing", "kwargs": {}}]
    suite = library.ExpectationSuite(name="holed", expectations=configurations)
    assert len(suite.expectations) == 1
    assert "expect_nothing not found" in caplog.text


def test_a_class_from_elsewhere_may_not_take_the_name_of_an_expectation(monkeypatch):
    """A plug-in that registers itself under a core name is refused, since its verdict is not the one that was signed."""
    great.library()
    from great_expectations.expectations import registry

    class Impostor:
        """Passes anything."""

    monkeypatch.setitem(registry._registered_expectations, BETWEEN, Impostor)
    with pytest.raises(SuiteError, match="defined outside Great Expectations"):
        great.resolve(BETWEEN, {"column": "a", "max_value": 3}, "rule 1")


def test_arguments_that_the_expectation_does_not_take_are_named():
    """A misspelled limit is refused with its name."""
    with pytest.raises(SuiteError, match="max_valeu"):
        great.resolve(BETWEEN, {"column": "a", "max_value": 3, "max_valeu": 2}, "rule 1")


def test_an_exception_inside_tells_its_class_and_nothing_else():
    """A regular expression that does not compile makes the verdict an error; the pattern is not repeated."""
    verdict = great.judge("expect_column_values_to_match_regex", {"column": "slice", "regex": "x("}, {"slice": ["all"]})
    assert not verdict.success
    assert verdict.error is not None
    assert verdict.error.isidentifier()


def test_an_exception_that_leaves_great_expectations_is_caught_by_class(monkeypatch):
    """A failure outside its own net is an error too."""

    class Broken:
        """A batch that cannot be had."""

        def get_batch(self, _):
            raise LookupError("the value 12345")

    monkeypatch.setattr(great, "_rows", Broken)
    verdict = great.judge(BETWEEN, {"column": "a", "max_value": 3}, {"a": [1]})
    assert (verdict.success, verdict.error) == (False, "LookupError")


def test_the_residual_rule_fails_on_spans_and_on_nothing_looked_at():
    """Zero spans in zero documents prove nothing."""
    kwargs = {"column_A": "residual_spans", "column_B": "documents"}
    rows = {"residual_spans": [0, 1, 0], "documents": [5, 5, 0]}
    assert great.judge("expect_no_residual_spans", kwargs, rows).failing == (1, 2)
    assert great.judge("expect_no_residual_spans", kwargs, {"residual_spans": [0], "documents": [1]}).success


def test_the_accounting_rule_names_the_rows_that_do_not_add_up():
    """In = certified + dropped + quarantined, row by row."""
    rows = {"in": [10, 10, 0], "certified": [8, 8, 0], "dropped": [1, 1, 0], "quarantined": [1, 0, 0]}
    verdict = great.judge("expect_documents_to_be_accounted_for", {"column_list": list(rows)}, rows)
    assert (verdict.success, verdict.rows, verdict.failing) == (False, 3, (1,))
