"""CSV and its kin: cells between separators, under a heading or names that the policy gives.

A record may run over lines between quotation marks. Each has as many cells as the heading, or the file is refused: a
quotation mark too many would otherwise move the rest of it into other columns.
"""

import csv
from collections.abc import Iterator
from typing import Literal

from govern.errors import InputError
from govern.readers.files import Input
from govern.readers.reading import Reading, unpacked
from govern.readers.row import Row
from govern.readers.streams import LINE_BYTES, Lines, TooLong, decoded

MOST_COLUMNS = 4_096
TRAILING = 100
"""Empty lines that may stand at the end of a file."""

_SEPARATORS = ",\t;|"


class _Records:
    """The records of a file with the position each begins at; the parser is given one line after the other."""

    def __init__(self, file: Input, reading: Reading, delimiter: str, start: int) -> None:
        self.file, self.lines = file, Lines(file.path, reading.encoding, start)
        self.begun = self.lines.place
        self.several = False
        """Whether the record that was read last runs over several lines."""
        self.problem = ""
        """Why the record that was read last is not what stands in the file."""
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if reading.quote else csv.QUOTE_NONE
        csv.field_size_limit(LINE_BYTES)
        self.parser = csv.reader(
            self._texts(), delimiter=delimiter, quotechar=reading.quote or None, quoting=quoting, strict=True
        )

    def _texts(self) -> Iterator[str]:
        for _, line in self.lines:
            if self.lines.place - self.begun > LINE_BYTES:
                raise TooLong
            where = f"{self.file.path}, line {self.parser.line_num + 1} from byte {self.begun + 1}"
            try:
                yield decoded(line, self.lines.encoding, where, self.file.path)
            except InputError as error:
                self.problem = self.problem or str(error)
                yield line.decode(self.lines.encoding, "replace")  # so that the record ends where it does

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            self.begun = start = self.lines.place
            self.problem = ""
            line = self.parser.line_num
            try:
                cells = next(self.parser)
                self.several = self.parser.line_num > line + 1
            except StopIteration:
                return
            except csv.Error as error:
                raise InputError(f"{self.file.path}, from byte {start + 1}: no readable record ({_reason(error)}") from None
            yield start, cells

    def close(self) -> None:
        self.lines.close()


def _reason(error: csv.Error) -> str:
    """What is wrong and what to do, in words that hold no piece of the file."""
    said = str(error)
    if said.startswith("new-line character"):
        return "a carriage return with no line feed after it); end its lines with a line feed, or quote the value"
    wrong = said if said == "unexpected end of data" else "a quotation mark within a value"
    return f"{wrong}); correct the quotation marks, or say delimiter and quote for its source in the policy"


def rows(file: Input, first_row: int, start_byte: int) -> Iterator[Row]:
    """The records of a file; every value is text."""
    reading = file.reading
    delimiter = reading.delimiter or _delimiter(file)
    names, after = (list(reading.header), 0) if reading.header else _heading(file, delimiter)
    records = _Records(file, reading, delimiter, start_byte or after)
    number, blank = first_row, 0
    try:
        for start, cells in records:
            place = f"{file.path}, row {number + 1}"
            if not cells and len(names) > 1:
                blank += 1
                if blank <= TRAILING:
                    continue  # a line of nothing holds no record of several columns
            if blank:
                raise InputError(f"{place}: an empty line before it; remove it, so that rows and documents agree")
            problem = records.problem
            if len(cells) != max(1, len(names)) and not (not cells and len(names) == 1):
                said = (
                    f"{place}: {len(cells)} cells under {len(names)} columns; correct its quotation marks, or say delimiter "
                    "and quote for its source in the policy"
                )
                if records.several:  # a quotation mark too many: whole records may be within it
                    raise InputError(said)
                problem = problem or said
            values = {} if problem else dict(zip(names, cells or [""], strict=True))
            yield Row(file.path, file.name, number, start, values, place, problem)
            number += 1
    finally:
        records.close()


def _heading(file: Input, delimiter: str) -> tuple[list[str], int]:
    """The names of the columns, and where the first record begins."""
    records = _Records(file, file.reading, delimiter, 0)
    try:
        _, names = next(iter(records), (0, []))
        after = records.lines.place
        if records.problem:
            raise InputError(records.problem)
    finally:
        records.lines.stream.close()
    if not any(name.strip() for name in names):
        raise InputError(
            f"{file.path}: its first line is no heading; remove empty lines, or give the names with header in the policy"
        )
    if len(names) > MOST_COLUMNS:
        raise InputError(f"{file.path}: {len(names):,} columns, at most {MOST_COLUMNS:,} are read; correct the delimiter")
    names = [name.strip() for name in names]
    if len(set(names)) < len(names):
        raise InputError(
            f"{file.path}: two columns of its heading have one name; rename one, or give the names with header in the policy"
        )
    return names, after


def _delimiter(file: Input) -> str:
    """A tab for `.tsv`; else a comma, or, where the heading has none, the separator that it has."""
    if unpacked(file.name).lower().endswith(".tsv"):
        return "\t"
    if file.reading.header:
        return ","
    lines = Lines(file.path, file.reading.encoding)
    try:
        _, line = next(iter(lines), (0, b""))
        heading = decoded(line, lines.encoding, f"{file.path}, line 1", file.path)
    finally:
        lines.stream.close()
    return next((mark for mark in _SEPARATORS if mark in heading), ",")
