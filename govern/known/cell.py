"""The values that the cell of a column holds, as its text has them."""

import json
import re
from collections.abc import Iterator

_WHOLE = re.compile(r"-?[0-9]+(\.0+)")


def in_cell(text: str) -> list[str]:
    """The values of a cell: each of a list or an object of JSON; a whole number without the `.0` that an export gave it."""
    if text[:1] in {"[", "{"}:
        try:
            return [_plain(value) for value in _scalars(json.loads(text, parse_float=str)) if value]
        except (ValueError, RecursionError):
            return [text]  # it only looks like JSON
    return [_plain(text)]


def _scalars(value: object) -> Iterator[str]:
    if isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _scalars(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _plain(value: str) -> str:
    found = _WHOLE.fullmatch(value)
    return value if found is None else value[: found.start(1)]
