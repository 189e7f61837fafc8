"""Validates: the suite's answer to a run's metrics table, and the sentences that say what stands in the way.

`govern` measures; `expectations` decides. In goes a table with one row per slice (`all`, `lang:ko`, ...) and whole numbers;
out comes a `ValidationResult`. A critical rule that did not pass blocks, and so does any rule whose answer is unknown; a
failed warning is recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, Refused

if TYPE_CHECKING:
    from expectations import RuleResult, Suite

BOUNDS = {"min_value": "at least", "max_value": "at most", "value_set": "one of", "sum_total": "a sum of"}
"""How a limit reads in a sentence, by the argument that holds it."""

NEVER_WAIVED = frozenset({"expect_no_residual_spans", "expect_documents_to_be_accounted_for"})
"""Expectations about the run, not about the text."""

REMEDY = "look at the documents behind it, or choose another suite with --suite and record why"
REMEDY_UNKNOWN = "measure it, or correct the suite: what was not decided does not pass"


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """A suite's name and digest, and what became of each of its rules, in its order."""

    suite: str
    suite_digest: str
    results: "tuple[RuleResult, ...]"
    remedies: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    waived: frozenset[str] = frozenset()
    """Rules whose failure was waived; an unknown answer never is."""

    @property
    def passed(self) -> bool:
        """Whether there are results, and none of them blocks."""
        return bool(self.results) and not self.blocking

    @property
    def blocking(self) -> tuple[str, ...]:
        """A sentence for each result that blocks: the rule, what was observed, the limit and the remedy."""
        from expectations import blocks

        remedies = dict(self.remedies)
        return tuple(
            _sentence(result, remedies.get(result.id, ""))
            for result in self.results
            if blocks(result) and result.id not in self.waived_failures
        )

    @property
    def waived_failures(self) -> tuple[str, ...]:
        """The rules that failed and do not block since they were waived, in order."""
        from expectations import blocks

        failed = (result for result in self.results if result.status == "failed" and blocks(result))
        return tuple(result.id for result in failed if result.id in self.waived)

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each failed warning, which is recorded and does not block."""
        from expectations import blocks

        remedies = dict(self.remedies)
        recorded = (result for result in self.results if result.status != "passed" and not blocks(result))
        return tuple(_sentence(result, remedies.get(result.id, "")) for result in recorded)


def validate(
    suite: str | Path, table: Mapping[str, Sequence[int | str | None]], waived: Iterable[str] = ()
) -> ValidationResult:
    """The result of the suite (a name or a file) on a metrics table; failures of the rules `waived` do not block.

    Raises:
        InputError: there is no such suite, its file cannot be read, or a waived rule is none of its or cannot be waived.
        Refused: the suite does not load, so it decides nothing.
    """
    from expectations import decide

    loaded = load(suite)
    check_waivers(loaded, waived)
    remedies = tuple((rule.id, rule.remedy) for rule in loaded.rules)
    return ValidationResult(loaded.name, loaded.digest, decide(loaded, table), remedies, frozenset(waived))


def check_waivers(suite: "Suite", waived: Iterable[str]) -> None:
    """Returns where every rule may be waived.

    Raises:
        InputError: a rule that the suite has not, or one that says whether the run itself is sound.
    """
    rules = {rule.id: rule for rule in suite.rules}
    for name in waived:
        if name not in rules:
            raise InputError(
                f"waiver of '{name}': suite {suite.name} has no such rule; its rules are {', '.join(sorted(rules))}"
            )
        if rules[name].expectation in NEVER_WAIVED:
            raise InputError(
                f"waiver of '{name}': says whether the run itself is sound, and cannot be waived; remove the waiver"
            )


def load(suite: str | Path) -> "Suite":
    """The suite of this name or in this file; a run loads it first, so that a broken one stops it before the work.

    Raises:
        InputError: there is no such suite, or its file cannot be read.
        Refused: the suite does not load, so it decides nothing.
    """
    from expectations import SuiteError, SuiteNotFoundError, load_suite

    try:
        return load_suite(suite)
    except SuiteNotFoundError as error:
        raise InputError(str(error)) from None
    except SuiteError as error:
        raise Refused(str(error)) from None


def _sentence(result: "RuleResult", remedy: str) -> str:
    subject = f"rule {result.id} ({result.severity}, slice {result.arguments.get('slice', 'all')})"
    observed = "nothing was observed" if result.observed is None else f"observed {result.observed}"
    expected = f"expected {limit(result.expectation, result.arguments)}"
    if result.status == "unknown":
        return f"{subject}: unknown, since {result.reason}; {observed}, {expected}; {REMEDY_UNKNOWN}"
    return f"{subject}: {observed}, {expected}: {result.reason}; {remedy or REMEDY}"


def limit(expectation: str, arguments: Mapping[str, Any]) -> str:
    """What an expectation asks for, in words: `documents at least 1`."""
    name = arguments.get("column", "")
    if expectation == "expect_no_residual_spans":
        return f"{arguments['column_A']} 0 and {arguments['column_B']} at least 1"
    if expectation == "expect_documents_to_be_accounted_for":
        first, *rest = arguments["column_list"]
        return f"{first} = {' + '.join(rest)}"
    bounds = [f"{words} {arguments[key]}" for key, words in BOUNDS.items() if arguments.get(key) is not None]
    return f"{name} {' and '.join(bounds)}".strip() if bounds else expectation.replace("_", " ")
