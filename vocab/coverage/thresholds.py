"""Judges the tokenizers of a coverage report by a suite of thresholds: the value of `coverage.json` in, an answer per rule out.

`expectations` decides, on a metrics table for each judged tokenizer: one row per slice, whole numbers, null where a ratio is
undefined. Its columns are the counts and ratios of a slice under the names of `vocab.coverage.measures`, with the format,
window, length or end of the interval in them: `numbers_percent_fused`, `pages_8k_ppm`, `digits_4_patterns`, `saved_low_ppm`.
What is known of a tokenizer as a whole, such as `vocab_size`, `parity_ppm` or `zero_terms`, stands in every row.

All tokenizers but the first are judged, or the first where it is alone. A critical rule that did not pass refuses, one whose
answer is unknown too: a slice or a ratio that the report has not passes nothing. A warning never refuses and is said.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vocab.coverage.measures import of, title
from vocab.errors import VocabError
from vocab.numbers import FORMATS
from vocab.show import visible

if TYPE_CHECKING:
    from expectations import Rule, RuleResult, Suite

SUITE = "tokenizer-coverage"
"""The suite that comes with the package."""
WINDOWS = (8192, 32768)
DIGITS = range(2, 13)
SLICES, KINDS = ("all", "held-out"), ("lang:", "source:", "type:")
"""The slices of a report: two by name, the others by what they begin with."""
COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list", "column_set")
"""Arguments of an expectation that name columns."""
BETWEEN = "expect_column_values_to_be_between"
REMEDY = "look at the report, or give a suite of your own"
REMEDY_UNKNOWN = "give a report that measures it, or correct the suite: what was not decided does not pass"

_COST = ("occurrences", "tokens", "single", "tokens_each_ppm")
_NUMBER = (*_COST, "hits", "cuts", "groups", "boundary_f1_ppm", "fused", "broken")
_INTERVALS = {
    "bytes_per_token_ppm": "bytes_per_token", "characters_per_token_ppm": "characters_per_token",
    "fertility_ppm": "fertility", "term_tokens_each_ppm": "terms_tokens_each", "term_single_ppm": "terms_single",
    "number_tokens_each_ppm": "numbers_tokens_each", "saved_ppm": "saved",
}  # fmt: skip
"""Each interval of a slice by its key, and what its columns begin with."""

Keys = tuple[str | int, ...]
OF_SLICE: dict[str, Keys] = {
    **{
        name: (name,)
        for name in (
            "documents", "text_bytes", "characters", "words", "tokens", "unknown_tokens", "byte_tokens", "partial_tokens",
            "divided_characters", "lost_characters", "bytes_per_token_ppm", "characters_per_token_ppm", "fertility_ppm",
            "unknown_ppm", "byte_ppm", "partial_ppm",
        )
    },
    "ids_used": ("ids", "used"),
    "utilisation_ppm": ("ids", "utilisation_ppm"),
    "renyi_ppm": ("ids", "renyi_ppm"),
    "ids_at_95": ("ids", "at_95"),
    "ids_below_100": ("ids", "below_100"),
    **{f"terms_{key}": ("terms", key) for key in (*_COST, "single_ppm")},
    **{f"numbers_{key}": ("all_numbers", key) for key in _NUMBER},
    **{f"numbers_{name.replace(' ', '_')}_{key}": ("numbers", name, key) for name in FORMATS for key in _NUMBER},
    **{
        f"digits_{length}_{key}": ("digit_runs", length, key)
        for length in DIGITS
        for key in ("runs", "patterns", "commonest_ppm")
    },
    **{f"pages_{size // 1024}k_ppm": ("windows", size, "pages_ppm") for size in WINDOWS},
    **{f"whole_documents_{size // 1024}k": ("windows", size, "whole_documents") for size in WINDOWS},
    **{
        name: ("against_first", name)
        for name in ("tokens_saved", "saved_ppm", "relative_cost_ppm", "documents_shorter", "documents_longer")
    },
    "changed_words": ("changed", "words"),
    "drift": ("changed", "drift"),
    "leak": ("changed", "leak"),
    "leak_ppm": ("changed", "leak_ppm"),
    **{f"{name}_low_ppm": ("intervals", key, 0) for key, name in _INTERVALS.items()},
    **{f"{name}_high_ppm": ("intervals", key, 1) for key, name in _INTERVALS.items()},
}  # fmt: skip
"""Each column that tells of a slice, and where its number stands in the slice."""
OF_TOKENIZER: dict[str, Keys] = {
    "vocab_size": ("vocab_size",),
    "unreachable_ids": ("unreachable", "ids"),
    "unreachable_not_text": ("unreachable", "not_text"),
    "aligned_tokens_en": ("aligned", "tokens_en"),
    "aligned_tokens_ko": ("aligned", "tokens_ko"),
    "parity_ppm": ("aligned", "parity_ppm"),
    "parity_low_ppm": ("aligned", "parity_interval_ppm", 0),
    "parity_high_ppm": ("aligned", "parity_interval_ppm", 1),
    "term_types_terms": ("term_types", "terms"),
    "term_types_single_ppm": ("term_types", "single_ppm"),
    **{f"contexts_{key}": ("contexts", key) for key in ("terms", "single", "single_ppm")},
    "new_ids": ("new_ids", "ids"),
    "new_terms": ("new_ids", "terms"),
    "new_scaffolds": ("new_ids", "scaffolds"),
    "new_numbers": ("new_ids", "numbers"),
    "new_tags": ("new_ids", "tags"),
    "zero_ids": ("new_ids", "zero"),
    "zero_terms": ("new_ids", "zero_terms"),
    "zero_terms_ppm": ("new_ids", "zero_terms_ppm"),
}
"""Each column that tells of a tokenizer as a whole, and where its number stands in the tokenizer."""
WHY_NOT = {
    "intervals": "there are fewer than two documents, or nothing to divide by",
    "changed": "it extends no other tokenizer of the report, or was not read in units",
    "new_ids": "it has no record of an extension",
    "unreachable": "its family was not tried",
}
"""Why a number may be missing, by where it would stand."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One tokenizer's answers to the rules of a suite, in its order."""

    tokenizer: str
    suite: str
    suite_digest: str
    results: "tuple[RuleResult, ...]"
    remedies: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def passed(self) -> bool:
        """Whether no critical rule failed or stayed unknown."""
        return bool(self.results) and not self.refusals

    @property
    def refusals(self) -> tuple[str, ...]:
        """A sentence for each critical rule that did not pass: what was measured, what is expected and the remedy."""
        return self._said(critical=True)

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each warning that failed or stayed unknown; it does not refuse."""
        return self._said(critical=False)

    def _said(self, *, critical: bool) -> tuple[str, ...]:
        remedies = dict(self.remedies)
        return tuple(
            _sentence(self.tokenizer, result, remedies.get(result.id, ""))
            for result in self.results
            if result.status != "passed" and (result.severity != "warning") == critical
        )


def judge(value: Mapping[str, Any], suite: str | Path = SUITE) -> tuple[Judged, ...]:
    """The answers of the suite (a name or a file) for each tokenizer of the report but the first, or for the only one.

    Args:
        value: the value of `coverage.json`.
        suite: what `expectations.load_suite` takes.

    Raises:
        VocabError: there is no such suite, it does not load, or it names what no report has.
    """
    from expectations import decide

    loaded = load(suite)
    remedies = tuple((rule.id, rule.remedy) for rule in loaded.rules)
    tokenizers: Sequence[Mapping[str, Any]] = value["tokenizers"]
    return tuple(
        Judged(one["name"], loaded.name, loaded.digest, decide(loaded, table(one)), remedies)
        for one in tokenizers[1:] or tokenizers
    )


def load(suite: str | Path) -> "Suite":
    """The suite of this name or in this file, whose columns and slices a report can have; a run loads it before the work.

    Raises:
        VocabError: there is no such suite, it does not load, or it names what no report has.
    """
    from expectations import SuiteError, load_suite

    try:
        loaded = load_suite(suite)
    except SuiteError as error:
        raise VocabError(str(error)) from None
    for rule in loaded.rules:
        _check(rule, f"suite {suite}: rule '{rule.id}'")
    return loaded


def refusals(judged: Sequence[Judged]) -> tuple[str, ...]:
    """A sentence for each critical rule that did not pass, of all judged tokenizers; empty where none refuses."""
    return tuple(sentence for one in judged for sentence in one.refusals)


def warnings(judged: Sequence[Judged]) -> tuple[str, ...]:
    """A sentence for each warning that failed or stayed unknown, of all judged tokenizers."""
    return tuple(sentence for one in judged for sentence in one.warnings)


def table(tokenizer: Mapping[str, Any]) -> dict[str, list[int | None] | list[str]]:
    """The metrics table of one tokenizer of a report: `slice` and every column, a number or None for each slice."""
    slices = [_slice(one) for one in tokenizer["slices"]]
    whole = _tokenizer(tokenizer)
    return {
        "slice": [str(one["slice"]) for one in slices],
        **{column: [_number(one, keys) for one in slices] for column, keys in OF_SLICE.items()},
        **{column: [_number(whole, keys)] * len(slices) for column, keys in OF_TOKENIZER.items()},
    }


def _slice(one: Mapping[str, Any]) -> dict[str, Any]:
    """A slice with its lists by what they list, and the share that only thresholds ask for."""
    none = {"runs": 0, "patterns": 0, "commonest_ppm": None}
    changed = one.get("changed")
    return {
        **one,
        "windows": {window["tokens"]: window for window in one["windows"]},
        "digit_runs": dict.fromkeys(DIGITS, none) | {run["length"]: run for run in one["digit_runs"]},
        "changed": changed and {**changed, "leak_ppm": _ppm(changed["leak"], one["words"])},
    }


def _tokenizer(one: Mapping[str, Any]) -> dict[str, Any]:
    """A tokenizer with its contexts summed, and the shares that only thresholds ask for."""
    terms = sum(context["terms"] for context in one["contexts"])
    single = sum(context["single"] for context in one["contexts"])
    new = one.get("new_ids")
    return {
        **one,
        "contexts": {"terms": terms, "single": single, "single_ppm": _ppm(single, terms)},
        "new_ids": new and {**new, "zero_terms_ppm": _ppm(new["zero_terms"], new["terms"])},
    }


def _number(value: Any, keys: Keys) -> int | None:
    """The number that stands there; None where it, or what holds it, is null or missing."""
    for key in keys:
        if value is None:
            return None
        value = value.get(key) if isinstance(value, Mapping) else value[key]
    return None if value is None else int(value)


def _ppm(part: int, whole: int) -> int | None:
    return (2_000_000 * part + whole) // (2 * whole) if whole else None


def _check(rule: "Rule", where: str) -> None:
    """Refuses a rule about a column or a kind of slice that no report has."""
    known = ("slice", *OF_SLICE, *OF_TOKENIZER)
    for column in _named(dict(rule.arguments)):
        if column not in known:
            near = difflib.get_close_matches(column, known, 3) or (
                "fertility_ppm",
                "terms_single_ppm",
                "documents_longer",
            )
            raise VocabError(
                f"{where}: the column '{column}' is in no coverage report, expected one such as {', '.join(near)}; correct it"
            )
    limits = [value for name, value in rule.arguments if name in ("min_value", "max_value")]
    if rule.expectation == BETWEEN and (
        "slice" in _named(dict(rule.arguments)) or any(isinstance(limit, str | bool) for limit in limits)
    ):
        raise VocabError(f"{where}: expected numbers as limits of a column of numbers; correct it")
    start = rule.slice.removesuffix("*")
    if start != rule.slice:
        fits = any(one.startswith(start) for one in SLICES) or any(
            kind.startswith(start) or start.startswith(kind) for kind in KINDS
        )
    else:
        fits = start in SLICES or any(start.startswith(kind) and start != kind for kind in KINDS)
    if not fits:
        raise VocabError(
            f"{where}: the slice '{rule.slice}' is in no coverage report, expected all, held-out, or a name that begins with "
            f"{', '.join(KINDS)}; correct it"
        )


def _named(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that the arguments of an expectation name."""
    values = [arguments.get(key) for key in COLUMN_ARGUMENTS]
    return tuple(
        str(one) for value in values for one in (value if isinstance(value, list) else [value]) if one is not None
    )


def _sentence(tokenizer: str, result: "RuleResult", remedy: str) -> str:
    about = f"tokenizer {tokenizer}, slice {result.arguments['slice']}"
    rule = f"(rule {result.id}{', a warning' if result.severity == 'warning' else ''})"
    measured = _measured(result)
    if result.status == "unknown":
        text = f"{about}: {measured} {rule}: unknown, since {result.reason}{_missing(result)}; {REMEDY_UNKNOWN}"
    else:
        text = f"{about}: {measured} {rule}: {result.reason}; {remedy or REMEDY}"
    return "".join(one if one.isprintable() else visible(one) for one in text)


def _measured(result: "RuleResult") -> str:
    """What was observed and expected: in words and units for the limits of one number, else as Great Expectations has it."""
    from govern.validate import limit

    arguments, observed = result.arguments, result.observed
    if result.expectation != BETWEEN or isinstance(observed, str):
        seen = "nothing was observed" if observed is None else f"observed {observed}"
        return f"{seen}, expected {limit(result.expectation, arguments)}"
    column = str(arguments["column"])
    words = {
        "min_value": "more than" if arguments.get("strict_min") else "at least",
        "max_value": "less than" if arguments.get("strict_max") else "at most",
    }
    expected = [
        f"{said} {_shown(column, arguments[key])}" for key, said in words.items() if arguments.get(key) is not None
    ]
    seen = "was not measured" if observed is None else _shown(column, observed)
    return f"{title(column)} {seen}, expected {' and '.join(expected)}"


def _missing(result: "RuleResult") -> str:
    """Why the number is missing, where that is known."""
    column = str(result.arguments.get("column"))
    keys = OF_SLICE.get(column) or OF_TOKENIZER.get(column)
    if keys is None or "was not measured in" not in str(result.reason):
        return ""
    why = WHY_NOT.get(str(keys[0])) or ("there is nothing to divide by" if column.endswith("_ppm") else "")
    return why and f" ({why})"


def _shown(column: str, number: float) -> str:
    """The number in the unit of its measure, with every digit of it: 2413000 ppm is 2.413, and 41.3% where it is a share."""
    if not column.endswith("_ppm"):
        return f"{number:,}"
    measure = of(column)
    share = measure is not None and measure.unit.startswith("share")
    exact = Decimal(str(number)).scaleb(-4 if share else -6).normalize()
    return f"{exact:,f}" + ("%" if share else "")
