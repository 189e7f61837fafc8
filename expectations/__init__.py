"""Suites of expectations as data, and the gate that decides on them; knows Great Expectations and nothing of the project.

A suite is a JSON file of rules. Each rule is one Great Expectations expectation on columns of a small metrics table with
one row per slice of a corpus (`all`, `lang:ko`, ...). The answer to each rule is passed, failed or unknown, and unknown
never counts as passed.

    from expectations import decide, load_suite
    suite = load_suite("corpus-default")
    results = decide(suite, {"slice": ["all"], "documents": [12]})
    passed = all(result.status == "passed" for result in results)
    assert not passed  # twelve documents, but nothing else was measured
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from expectations.errors import SuiteError, SuiteNotFoundError
    from expectations.gate import RuleResult, blocks, decide
    from expectations.suite import Rule, Suite, load_suite, suite_names

__all__ = [
    "Rule", "RuleResult", "Suite", "SuiteError", "SuiteNotFoundError", "blocks", "decide", "load_suite", "suite_names",
]  # fmt: skip

_HOMES = {
    "Rule": "suite", "RuleResult": "gate", "Suite": "suite", "SuiteError": "errors", "SuiteNotFoundError": "errors",
    "blocks": "gate", "decide": "gate", "load_suite": "suite", "suite_names": "suite",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The exported object, its module imported on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'expectations' has no attribute {name!r}")
    return getattr(import_module(f"expectations.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The exported names."""
    return list(__all__)
