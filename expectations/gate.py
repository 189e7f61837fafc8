"""Decides: each rule of a suite is passed, failed or unknown on a metrics table with one row per slice.

Great Expectations decides, on whole rows only. Before it is asked, this module makes sure that the question has a
subject: the slice is there, its columns are there, every value is a whole number that was measured. After, that it looked
at every row it was given. Anything else is unknown, with the reason; unknown never counts as passed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expectations import great
from expectations.suite import LARGEST, Rule, Suite

COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list", "column_set")
SHOWN = 5
"""Failing slices named in a result, at most."""

Table = Mapping[str, Sequence[int | str | None]]
Row = dict[str, int | str]


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What became of one rule, as `quality.results` of the certificate holds it.

    `observed` is a whole number, a short text or, where nothing was measured, None. `reason` is None where it passed.
    """

    id: str
    expectation: str
    arguments: dict[str, Any]
    severity: str
    status: str
    observed: int | str | None
    reason: str | None


def decide(suite: Suite, table: Table) -> tuple[RuleResult, ...]:
    """The result of each rule on the table, in the suite's order; what a table lacks makes its rules unknown."""
    problem = _malformed(table)
    return tuple(_unknown(rule, problem) if problem else _decide(rule, table) for rule in suite.rules)


def blocks(result: RuleResult) -> bool:
    """Whether the result stands in the way: a critical rule that did not pass, or any rule with an unknown answer."""
    return result.status != "passed" and (result.severity != "warning" or result.status != "failed")


def _decide(rule: Rule, table: Table) -> RuleResult:
    chosen = [number for number, name in enumerate(table["slice"]) if _matches(str(name), rule.slice)]
    if not chosen:
        return _unknown(rule, f"no row of the metrics table is the slice '{rule.slice}'")
    columns = _columns(rule)
    for column in columns:
        problem = _unmeasured(table, column, chosen)
        if problem:
            return _unknown(rule, problem)
    rows = {column: [table[column][number] for number in chosen] for column in ("slice", *columns)}
    verdict = great.judge(rule.expectation, dict(rule.arguments), rows)  # type: ignore[arg-type]
    observed = _observed(rows, columns, verdict.failing if not verdict.success else ())
    if verdict.error:
        return _unknown(rule, f"Great Expectations stopped with {verdict.error}", observed)
    if verdict.rows is not None and verdict.rows != len(chosen):
        return _unknown(rule, f"Great Expectations looked at {verdict.rows} rows, expected {len(chosen)}", observed)
    if not verdict.success:
        return _result(rule, "failed", observed, rule.why)
    return _result(rule, "passed", observed, None)


def _malformed(table: Table) -> str | None:
    """Why no rule can be decided on this table, or None."""
    if "slice" not in table:
        return "the metrics table has no column 'slice'"
    names = table["slice"]
    if any(len(values) != len(names) for values in table.values()):
        return "the columns of the metrics table differ in length"
    if not names:
        return "the metrics table has no rows"
    if not all(isinstance(name, str) and name for name in names):
        return "a row of the metrics table names no slice"
    if len(set(names)) != len(names):
        return "a slice stands twice in the metrics table"
    return None


def _unmeasured(table: Table, column: str, chosen: list[int]) -> str | None:
    if column not in table:
        return f"the metrics table has no column '{column}'"
    if column == "slice":
        return None
    values = [table[column][number] for number in chosen]
    gaps = sum(value is None for value in values)
    if gaps:
        return f"'{column}' was not measured in {gaps} of {len(values)} rows"
    if any(type(value) is not int or abs(value) > LARGEST for value in values):
        return f"'{column}' holds something that is not a whole number up to {LARGEST}"
    return None


def _columns(rule: Rule) -> tuple[str, ...]:
    """The columns that the rule's arguments name, in order, each once."""
    named: dict[str, None] = {}
    arguments = dict(rule.arguments)
    for key in COLUMN_ARGUMENTS:
        value = arguments.get(key)
        for name in value if isinstance(value, list) else [value]:
            if name is not None:
                named[str(name)] = None
    return tuple(named)


def _matches(name: str, wanted: str) -> bool:
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted


def _observed(rows: Mapping[str, Sequence[Any]], columns: tuple[str, ...], failing: tuple[int, ...]) -> int | str | None:
    count = len(rows["slice"])
    if count == 1:
        if len(columns) == 1:
            value: int | str = rows[columns[0]][0]
            return value
        return ", ".join(f"{column} {rows[column][0]}" for column in columns) or None
    if not failing:
        return f"{count} slices"
    named = [
        f"{rows['slice'][number]}: " + ", ".join(f"{column} {rows[column][number]}" for column in columns)
        for number in failing[:SHOWN]
    ]
    more = f"; and {len(failing) - SHOWN} more" if len(failing) > SHOWN else ""
    return "; ".join(named) + more


def _result(rule: Rule, status: str, observed: int | str | None, reason: str | None) -> RuleResult:
    return RuleResult(rule.id, rule.expectation, rule.resolved(), rule.severity, status, observed, reason)


def _unknown(rule: Rule, reason: str, observed: int | str | None = None) -> RuleResult:
    return _result(rule, "unknown", observed, reason)
