"""Records of fixed width: a field is so many bytes of the line in the file's own encoding, blanks at its end left out.

Host systems count bytes, and a Korean letter has two of CP949; so a field is cut before it is decoded, and one that is cut
within a letter is an error and no replacement character. So are bytes that belong to no field, unless they are blank.
"""

from collections.abc import Iterator

from govern.errors import InputError
from govern.readers.files import Input
from govern.readers.reading import Encoding
from govern.readers.row import Row
from govern.readers.streams import Lines, decoded


def rows(file: Input, first_row: int, start_byte: int) -> Iterator[Row]:
    """The records of a file; every value is text."""
    lines = Lines(file.path, file.reading.encoding, start_byte)
    gaps = tuple(_gaps(file))
    try:
        for number, (start, line) in enumerate(lines, first_row):
            place = f"{file.path}, row {number + 1}"
            values, problem = {}, ""
            try:
                values = _values(line.rstrip(b"\r\n"), file, lines.encoding, place, gaps)
            except InputError as error:
                problem = str(error)
            yield Row(file.path, file.name, number, start, values, place, problem)
    finally:
        lines.close()


def _gaps(file: Input) -> Iterator[slice]:
    """The bytes that belong to no field: between them, and behind the last."""
    end = 0
    for field in sorted(file.reading.fields, key=lambda field: field.start):
        if field.start - 1 > end:
            yield slice(end, field.start - 1)
        end = max(end, field.start - 1 + field.length)
    yield slice(end, None)


def _values(record: bytes, file: Input, encoding: Encoding, place: str, gaps: tuple[slice, ...]) -> dict[str, str]:
    """The fields of a record."""
    least = max(field.start for field in file.reading.fields)
    if len(record) < least:
        raise InputError(
            f"{place}: {len(record)} bytes, and a field begins at byte {least}; correct the fields of its source in the "
            "policy, or the line"
        )
    values = {}
    for field in file.reading.fields:
        cut = record[field.start - 1 : field.start - 1 + field.length]
        values[field.name] = decoded(cut, encoding, f"{place}, field '{field.name}'", file.path).rstrip(" ")
    stray = next((gap for gap in gaps if record[gap].strip(b" \0")), None)
    if stray is not None:
        raise InputError(
            f"{place}: bytes {stray.start + 1} to {min(stray.stop or len(record), len(record))} are not blank and belong to no "
            "field; name them as a field of its source in the policy (a column that is not listed is dropped, and counted)"
        )
    return values
