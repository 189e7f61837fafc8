"""JSON Lines: one object a line."""

from collections.abc import Iterator
from typing import Any

from govern.errors import InputError
from govern.files import parse_strict
from govern.readers.files import Input
from govern.readers.row import Row
from govern.readers.streams import Lines, decoded


def rows(file: Input, first_row: int, start_byte: int) -> Iterator[Row]:
    """The objects of a file."""
    lines = Lines(file.path, file.reading.encoding, start_byte)
    try:
        for number, (start, line) in enumerate(lines, first_row):
            place = f"{file.path}, line {number + 1}"
            values, problem = {}, ""
            try:
                values = _values(decoded(line, lines.encoding, place, file.path), place)
            except InputError as error:
                problem = str(error)
            yield Row(file.path, file.name, number, start, values, place, problem)
    finally:
        lines.close()


def _values(text: str, place: str) -> dict[str, Any]:
    """The object of a line."""
    if not text.strip():
        raise InputError(f"{place}: empty line; remove it, so that line numbers and documents agree")
    values = parse_strict(text.encode("utf-8", "surrogatepass"), place, "correct the line")
    if not isinstance(values, dict):
        raise InputError(f"{place}: a JSON {type(values).__name__}, not an object; write one object a line")
    return values
