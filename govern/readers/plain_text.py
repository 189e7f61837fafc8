"""Plain text: a file is one document."""

from collections.abc import Iterator

from govern.errors import InputError
from govern.readers.files import Input
from govern.readers.row import Row
from govern.readers.streams import LINE_BYTES, Lines, TooLong, decoded


def rows(file: Input, first_row: int, start_byte: int) -> Iterator[Row]:  # noqa: ARG001 - there is one
    """The one row of a file, its text in the column `text`."""
    lines = Lines(file.path, file.reading.encoding)
    try:
        data = lines.stream.read(LINE_BYTES + 1)
        if len(data) > LINE_BYTES:
            raise TooLong
        text, problem = decoded(data, lines.encoding, str(file.path), file.path), ""
    except InputError as error:
        text, problem = "", str(error)
    finally:
        lines.stream.close()
    values = {} if problem else {"text": text.replace("\r\n", "\n")}
    yield Row(file.path, file.name, 0, 0, values, str(file.path), problem)
