"""Loads a suite: a JSON file of rules becomes a `Suite` whose digest covers every resolved argument.

The format, version 1: `name`, `format_version`, `description`, and `rules`, each with `id`, `type` (an expectation of
Great Expectations' core or of this package), `kwargs`, `severity` (`critical` or `warning`), `why`, and optionally
`slice` (the rows it is about; `all` where it is left out; a trailing `*` takes every row that begins so) and `remedy`.
Unknown keys, a rule without effect and a repeated id are refused: a suite that is not understood decides nothing.
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from expectations import great
from expectations.errors import SuiteError, SuiteNotFoundError

FORMAT_VERSION = 1
SEVERITIES = ("critical", "warning")
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
LARGEST = 2**53 - 1
"""The largest whole number that JSON and a float hold exactly (RFC 8785)."""

SUITE_KEYS = {"name", "format_version", "description", "rules"}
RULE_KEYS = {"id", "type", "kwargs", "severity", "why"}
OPTIONAL_KEYS = {"slice", "remedy"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: an expectation, all of its arguments, and the rows of the metrics table it is about."""

    id: str
    expectation: str
    arguments: tuple[tuple[str, Any], ...]
    slice: str
    severity: str
    why: str
    remedy: str = ""

    def resolved(self) -> dict[str, Any]:
        """What is recorded of the arguments: `slice` and each argument, defaults included."""
        return {"slice": self.slice, **json.loads(json.dumps(dict(self.arguments)))}


@dataclass(frozen=True, slots=True)
class Suite:
    """A loaded suite; `digest` is over its rules with resolved arguments, so a changed default changes it."""

    name: str
    digest: str
    rules: tuple[Rule, ...]
    description: str = field(default="", compare=False)


def suite_names() -> tuple[str, ...]:
    """The names of the suites that come with the package, sorted."""
    folder = resources.files("expectations")
    return tuple(sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json")))


def load_suite(name_or_path: str | Path) -> Suite:
    """The suite of this name in the package, or in this file.

    Raises:
        SuiteNotFoundError: there is no such suite, or its file cannot be read.
        SuiteError: anything in it that is not fully understood; the message names the rule and the remedy.
    """
    where, data = _read(name_or_path)
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise SuiteError(f"{where}: not valid JSON ({reason}); correct the file") from None
    _keys(value, SUITE_KEYS, set(), where)
    if value["format_version"] != FORMAT_VERSION or isinstance(value["format_version"], bool):
        raise SuiteError(
            f"{where}: format_version {value['format_version']!r}, expected {FORMAT_VERSION}; update assay to read it"
        )
    name = _text(value["name"], where, "name")
    description = _text(value["description"], where, "description")
    listed = value["rules"]
    if not isinstance(listed, list) or not listed:
        raise SuiteError(f"{where}: no rules, so it would pass anything; add rules, or name another suite")
    rules = tuple(_rule(item, f"{where}: rule {number}") for number, item in enumerate(listed, 1))
    _check_loaded(rules, listed, where)
    return Suite(name, _digest(name, rules), rules, description)


def _read(name_or_path: str | Path) -> tuple[str, bytes]:
    text = os.fspath(name_or_path)
    names = suite_names()
    if text in names and not isinstance(name_or_path, Path):
        return f"suite {text}", resources.files("expectations").joinpath(f"{text}.json").read_bytes()
    path = Path(text)
    try:
        return f"suite {path}", path.read_bytes()
    except OSError as error:
        raise SuiteNotFoundError(
            f"suite {text}: {error.strerror or 'cannot be read'}; name a suite file, or one of: {', '.join(names)}"
        ) from None
    except ValueError:
        raise SuiteNotFoundError(f"suite {text!r}: not a path; name a suite file, or one of: {', '.join(names)}") from None


def _rule(item: Any, where: str) -> Rule:
    _keys(item, RULE_KEYS, OPTIONAL_KEYS, where)
    identity = item["id"]
    if not isinstance(identity, str) or not ID.fullmatch(identity):
        raise SuiteError(f"{where}: the id is not lower-case letters, digits and hyphens (64 at most); rename it")
    where = f"{where} '{identity}'"
    severity = item["severity"]
    if severity not in SEVERITIES:
        raise SuiteError(f"{where}: severity is not one of {', '.join(SEVERITIES)}; choose one")
    kwargs = item["kwargs"]
    if not isinstance(kwargs, dict):
        raise SuiteError(f"{where}: kwargs is a JSON {type(kwargs).__name__}, not an object; write one, if need be empty")
    _check_kwargs(kwargs, where)
    kind = _text(item["type"], where, "type")
    arguments = great.resolve(kind, kwargs, where)
    _check_effect(arguments, where)
    return Rule(
        identity, kind, tuple(arguments.items()), _text(item.get("slice", "all"), where, "slice"), severity,
        _text(item["why"], where, "why"), _text(item["remedy"], where, "remedy") if "remedy" in item else "",
    )  # fmt: skip


def _check_kwargs(kwargs: dict[str, Any], where: str) -> None:
    for name, value in kwargs.items():
        if name in great.NOT_ARGUMENTS:
            remedy = "use 'slice' to choose rows" if name in ("row_condition", "condition_parser") else "leave it out"
            raise SuiteError(f"{where}: kwargs may not set '{name}'; {remedy}")
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, str | int | float | None):
                raise SuiteError(f"{where}: kwargs '{name}' is not a number, a string or a list of them; write it out")
            if isinstance(part, int | float) and abs(part) > LARGEST:
                raise SuiteError(f"{where}: kwargs '{name}' is larger than {LARGEST}; choose a smaller limit")


def _check_effect(arguments: dict[str, Any], where: str) -> None:
    """Refuses arguments under which the expectation passes whatever the table holds."""
    if arguments.get("mostly", 1) != 1:
        raise SuiteError(f"{where}: mostly must be 1, since a row is a whole slice; set the limit in the metric itself")
    bounds = [name for name in ("min_value", "max_value") if name in arguments]
    if bounds and all(arguments[name] is None for name in bounds):
        raise SuiteError(f"{where}: has no bound ({' or '.join(bounds)}), so it would pass anything; give one")
    hollow = sorted(name for name, value in arguments.items() if value == [] or (name == "value_set" and not value))
    if hollow:
        raise SuiteError(f"{where}: {', '.join(hollow)} is empty, so the rule says nothing; fill it")


def _check_loaded(rules: tuple[Rule, ...], listed: list[Any], where: str) -> None:
    """What was loaded is what the file lists: each id once, the same number, the same types in the same order."""
    ids = [rule.id for rule in rules]
    repeated = sorted({identity for identity in ids if ids.count(identity) > 1})
    if repeated:
        raise SuiteError(f"{where}: the id '{repeated[0]}' stands more than once; give each rule its own")
    if [(rule.id, rule.expectation) for rule in rules] != [(item["id"], item["type"]) for item in listed]:
        raise SuiteError(f"{where}: the loaded rules are not those of the file; restore it, and install assay again")


def _digest(name: str, rules: tuple[Rule, ...]) -> str:
    value = {
        "format_version": FORMAT_VERSION,
        "name": name,
        "rules": [
            {"id": rule.id, "type": rule.expectation, "arguments": rule.resolved(), "severity": rule.severity}
            for rule in rules
        ],
    }
    data = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _keys(value: Any, required: set[str], optional: set[str], where: str) -> None:
    if not isinstance(value, dict):
        raise SuiteError(f"{where}: a JSON {type(value).__name__}, not an object; write one")
    missing = sorted(required - value.keys())
    extra = sorted(value.keys() - required - optional)
    if missing:
        raise SuiteError(f"{where}: lacks {', '.join(missing)}; add it")
    if extra:
        raise SuiteError(f"{where}: has the unknown key '{extra[0]}'; remove it, or correct its spelling")


def _text(value: Any, where: str, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SuiteError(f"{where}: {name} is not a text, or is empty; write one")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
