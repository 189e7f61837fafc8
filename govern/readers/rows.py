"""The rows of one input file, whatever its format."""

import gzip
import zlib
from collections.abc import Iterator

from govern.errors import InputError
from govern.readers import delimited, fixed_width, json_lines, parquet, plain_text
from govern.readers.files import Input
from govern.readers.reading import kind_of
from govern.readers.remote import Place
from govern.readers.row import Row
from govern.readers.streams import LINE_BYTES, TooLong
from govern.stores import unreadable

_READERS = {
    "jsonl": json_lines.rows, "csv": delimited.rows, "fixed": fixed_width.rows, "text": plain_text.rows,
    "parquet": parquet.rows,
}  # fmt: skip


def rows(file: Input, first_row: int = 0, start_byte: int = 0, *, lenient: bool = False) -> Iterator[Row]:
    """The rows of a file from `first_row` on, which begins at `start_byte` of its unpacked bytes.

    Raises:
        InputError: the file cannot be read to its end, or, where nothing is `lenient`, a row cannot; the sentence names it,
            and the line or row.
        Interrupted: the store of the file stopped answering.
    """
    try:
        for row in _READERS[str(kind_of(file.name, file.reading))](file, first_row, start_byte):
            if row.problem and not lenient:
                raise InputError(row.problem)
            yield row
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(f"{file.path}: packed, and damaged or truncated; pack it again") from None
    except TooLong:
        raise InputError(
            f"{file.path}: a line, or a record between quotation marks, of more than {LINE_BYTES:,} bytes; split the "
            "document, or correct the line ends"
        ) from None
    except OSError as error:
        raise unreadable(file.path, error) from None


def place_of(file: Input, number: int) -> str:
    """File and line (or row, from 1), for a sentence."""
    return place(file.path, number, "line" if kind_of(file.name, file.reading) == "jsonl" else "row")


def place(path: Place, number: int, unit: str) -> str:
    """As `place_of`, of a unit."""
    return f"{path}, {unit} {number + 1}"
