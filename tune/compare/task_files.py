"""The rows of task files: JSON Lines, CSV and whole JSON documents, each row with the place that an error names.

In: the bytes of a file, read once and hashed. Out: rows in order. What cannot be read is a `TuneError` with the file and row,
and never a piece of the file.
"""

import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.files import parse_strict
from govern.inventory import open_plain, plain
from tune.errors import TuneError

MOST_BYTES = 1 << 30
"""Of a task file; more is no test set."""
TABLE_SUFFIXES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Opened:
    """A file and the bytes that were in it."""

    path: Path
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: where it stands, and its values by key."""

    path: Path
    number: int
    values: dict[str, Any] = field(repr=False)

    @property
    def place(self) -> str:
        """File and row, from 1, for a sentence."""
        return f"{self.path}, row {self.number + 1}"

    def text(self, key: str, *, empty: bool = False) -> str:
        """The text under a key.

        Raises:
            TuneError: there is none, or it is no text.
        """
        if key not in self.values:
            raise TuneError(f"{self.place}: no key '{key}'; add it, or name another file or format")
        value = self.values[key]
        if not isinstance(value, str) or not (empty or value.strip()):
            raise TuneError(f"{self.place}: '{key}' is not text, or empty; correct the row")
        return self.whole(key, value)

    def whole(self, key: str, text: str) -> str:
        """`text`, which stands under a key, where it is whole characters.

        Raises:
            TuneError: it is not, so no file could hold it.
        """
        try:
            text.encode()
        except UnicodeEncodeError:
            raise TuneError(
                f"{self.place}: '{key}' holds half a character (a lone surrogate); correct the row"
            ) from None
        return text

    def name(self, key: str) -> str | None:
        """What a row calls something: a text, or a whole number as its text; None where there is none.

        Raises:
            TuneError: it is of another type, which could be written in several ways.
        """
        value = self.values.get(key, "")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise TuneError(
                f"{self.place}: '{key}' is neither text nor a whole number; correct the row, or leave it out"
            )
        return value or None

    def maybe(self, key: str) -> str | None:
        """The text under a key, or None where there is no such key or nothing in it."""
        return None if self.values.get(key) in (None, "") else self.text(key)


def read_bytes(path: Path) -> tuple[bytes, str]:
    """A file's bytes and their SHA-256.

    Raises:
        TuneError: it cannot be read, or is no plain file: a pipe or a device may have no end.
    """
    where = plain(path)
    try:
        with os.fdopen(open_plain(path.resolve()), "rb") as stream:
            if os.fstat(stream.fileno()).st_size > MOST_BYTES:
                raise TuneError(f"{where}: over {MOST_BYTES >> 30} GiB, which is no task file; give a smaller one")
            data = stream.read()
    except OSError as error:
        raise TuneError(f"{where}: {error.strerror or 'cannot be read'}; check the path of the task") from None
    except ValueError:
        raise TuneError(f"{where}: no name that a file can have; check the path of the task") from None
    return data, "sha256:" + hashlib.sha256(data).hexdigest()


def decoded(path: Path, data: bytes, *, latin: bool = False) -> str:
    """The text of a file in UTF-8; `latin`, in ISO 8859-1 where it is not.

    Raises:
        TuneError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if latin:
            return data.decode("iso-8859-1")
        raise TuneError(f"{path}: byte {error.start + 1} is not UTF-8; save it as UTF-8") from None


def rows(opened: Opened) -> Iterator[Entry]:
    """The rows of a table or of JSON Lines, by the file's suffix."""
    return tables(opened) if opened.path.suffix.lower() in TABLE_SUFFIXES else objects(opened)


def objects(opened: Opened) -> Iterator[Entry]:
    """The objects of JSON Lines; empty lines at the end are left out.

    Raises:
        TuneError: a line is no JSON object.
    """
    if opened.data[:4] == b"PAR1" or opened.data[:2] == b"PK":
        raise TuneError(f"{opened.path}: not text (Parquet, XLSX or the like); save it as JSON Lines or CSV")
    text = decoded(opened.path, opened.data).rstrip()
    for number, line in enumerate(text.split("\n") if text else ()):
        place = f"{opened.path}, row {number + 1}"
        if not line.strip():
            raise TuneError(f"{place}: a blank line; remove it")
        try:
            values = parse_strict(line.encode(), place, "correct the line")
        except InputError as error:
            raise TuneError(str(error)) from None
        if not isinstance(values, dict):
            raise TuneError(f"{place}: not a JSON object; write one object a line")
        yield Entry(opened.path, number, values)


def tables(opened: Opened) -> Iterator[Entry]:
    """The rows of CSV with a header, or of tab-separated values.

    Raises:
        TuneError: it is none.
    """
    text = decoded(opened.path, opened.data)
    tab = opened.path.suffix.lower() == ".tsv"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tab else ",", strict=True)
    before = csv.field_size_limit(MOST_BYTES)  # by default a cell of 128 KiB is an error
    try:
        lines = [line for line in reader if line]
    except csv.Error:
        raise TuneError(
            f"{opened.path}: not a table in CSV (line {reader.line_num}); save it as CSV in UTF-8"
        ) from None
    finally:
        csv.field_size_limit(before)
    head = [name.strip() for name in lines[0]] if lines else []
    twice = [name for name, many in Counter(head).items() if many > 1]
    if twice:
        raise TuneError(f"{opened.path}: two columns have one name (column {head.index(twice[0]) + 1}); rename one")
    for number, line in enumerate(lines[1:]):
        if len(line) != len(head):
            raise TuneError(f"{opened.path}, row {number + 1}: more or fewer cells than the header; correct the row")
        yield Entry(opened.path, number, dict(zip(head, line, strict=True)))


def document(opened: Opened) -> Any:
    """The one JSON value of a file.

    Raises:
        TuneError: it is none.
    """
    text = decoded(opened.path, opened.data)
    if not text.strip():
        raise TuneError(f"{opened.path}: empty; give a file with items")
    try:
        return parse_strict(text.encode(), str(opened.path), "correct the file")
    except InputError as error:
        raise TuneError(str(error)) from None
