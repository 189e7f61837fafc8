"""One row of an input file, and a value within it."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from govern.readers.remote import Place

COLUMN_NAME = re.compile(r"(?!.*\d{5})[\w .:/-]{1,40}")
"""What a column is called; an address, a number or a sentence is no name."""

_VALUE = re.compile(r"^[0-9]|[0-9]{3}[ .-]?[0-9]{3}|@")
NAMES_SAID = 20
"""Columns that an error lists at most."""

ABSENT = object()
"""What a column that a row does not have holds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One document as it stands in its file: where, and its values by column; `name` is what the file is known by."""

    path: Place
    name: str
    number: int
    start_byte: int
    values: dict[str, Any] = field(repr=False)
    place: str
    """File and line (or row, from 1), for a sentence."""

    problem: str = ""
    """Why there are no values, in a sentence; later rows can be read all the same."""


def value_at(values: dict[str, Any], column: str) -> Any:
    """The value of a column, or of `outer.inner` within an object, also where the object is JSON in a string; else `ABSENT`."""
    if column in values:
        return values[column]
    at: Any = values
    parts = column.split(".")
    for place, part in enumerate(parts):
        if isinstance(at, str):
            at = parsed(at)
        if not isinstance(at, dict):
            return ABSENT
        rest = ".".join(parts[place:])
        if rest in at:
            return at[rest]
        if part not in at:
            return ABSENT
        at = at[part]
    return at


def outermost(values: dict[str, Any], column: str) -> str:
    """The column of the row that `value_at` looks into."""
    return column if column in values else column.partition(".")[0]


def parsed(text: str) -> Any:
    """The JSON in a string; nothing where a key stands twice in it, of which one value would be lost."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None


def named(columns: Iterable[str]) -> frozenset[str]:
    """The names of a file's columns that may be shown; where one looks like a value, none: the heading may be missing."""
    names = tuple(columns)
    return frozenset() if any(map(_looks_like_a_value, names)) else frozenset(filter(COLUMN_NAME.fullmatch, names))


def columns_said(values: dict[str, Any]) -> str:
    """Column names for a sentence."""
    names, showable = sorted(values), named(values)
    if any(map(_looks_like_a_value, names)):
        return f"{len(names)}, of which some look like values and none is shown (is there a heading?)"
    shown = [name for name in names if name in showable][:NAMES_SAID]
    hidden = len(names) - len(shown)
    return ", ".join((*shown, *((f"{hidden} more",) if hidden else ()))) or "none"


def _looks_like_a_value(name: str) -> bool:
    """Whether a column's name is a number, or a person's name, rather than what a column is called."""
    from govern.recognizers.english_names import likely
    from govern.recognizers.korean_names import plausible

    person = plausible(name, strong=False) if "가" <= name[:1] <= "힣" else " " in name and name.istitle() and likely(name)
    return _VALUE.search(name) is not None or person
