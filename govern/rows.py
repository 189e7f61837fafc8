"""The rows of input files: which files there are, what stands in each line or row, and where it stands.

JSON Lines and Parquet in, one `Row` a document out, in order. A file that cannot be read is an `InputError` that names it
and the line or row. A Parquet file is decoded in a process of its own first (`try_parquet`): a damaged one can end the
process that decodes it.
"""

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.files import parse_strict
from govern.inventory import plain
from govern.shards import interrupts_held

SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
PARQUET_BATCH_ROWS = 4096
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some exports put before the first line; it is no part of it."""
COLUMN_NAME = re.compile(r"(?!.*\d{5})[\w .:/-]{1,40}")
"""What a column is called; an address, a number or a sentence is no name."""
NAMES_SAID = 20
"""Columns that an error lists at most."""


@dataclass(frozen=True, slots=True)
class Row:
    """One document as it stands in its file: where, and its values by column."""

    path: Path
    number: int
    start_byte: int
    values: dict[str, Any] = field(repr=False)

    @property
    def place(self) -> str:
        """File and line (or row, from 1), for a sentence."""
        return place_of(self.path, self.number)


def input_files(inputs: tuple[Path, ...]) -> tuple[Path, ...]:
    """The input files, sorted by name, so that the order in which they were given changes nothing."""
    found: list[Path] = []
    for given in inputs:
        try:
            found.extend(_inside(given) if given.is_dir() else (given,))
        except OSError as error:
            raise InputError(f"{plain(given)}: {error.strerror}; check the path and its permissions") from None
    names: dict[str, Path] = {}
    for path in found:
        where = plain(path)
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in path.name):
            raise InputError(f"{where}: a file name with control characters, or not UTF-8; rename the file")
        if not os.path.lexists(path):
            raise InputError(f"{where}: no such file or folder; check the path")
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(f"{where}: not a .jsonl or .parquet file; convert it to one of these")
        if not path.is_file():
            raise InputError(f"{where}: not a file, or a link to none; remove it, or name the files one by one")
        if path.name in names:
            same = path.resolve() == names[path.name].resolve()
            remedy = "give it once" if same else "rename one, since documents are known by it"
            raise InputError(f"{where}: {'given twice' if same else 'two inputs have this file name'}; {remedy}")
        names[path.name] = path
    return tuple(names[name] for name in sorted(names))


def _inside(folder: Path) -> list[Path]:
    inside = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    if not inside:
        raise InputError(f"{plain(folder)}: no .jsonl or .parquet file in this folder; name the files, or convert them")
    return inside


def kind_of(path: Path) -> str:
    """`jsonl` or `parquet`, by the suffix."""
    return SUFFIXES[path.suffix.lower()]


def rows(path: Path, first_row: int = 0, start_byte: int = 0) -> Iterator[Row]:
    """The rows of a file from `first_row` on."""
    try:
        yield from (
            _json_rows(path, first_row, start_byte) if kind_of(path) == "jsonl" else _parquet_rows(path, first_row)
        )
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; check the file and its permissions") from None


def _json_rows(path: Path, first_row: int, start_byte: int) -> Iterator[Row]:
    with path.open("rb") as stream:
        stream.seek(start_byte)
        for number, line in enumerate(stream, first_row):
            place = place_of(path, number)
            content = line if start_byte else line.removeprefix(BYTE_ORDER_MARK)
            if not content.strip():
                raise InputError(f"{place}: empty line; remove it, so that line numbers and documents agree")
            values = parse_strict(content, place, "correct the line")
            if not isinstance(values, dict):
                raise InputError(f"{place}: a JSON {type(values).__name__}, not an object; write one object a line")
            yield Row(path, number, start_byte, values)
            start_byte += len(line)


def _parquet_rows(path: Path, first_row: int) -> Iterator[Row]:
    import polars as pl

    frame = pl.scan_parquet(path, glob=False)
    number = first_row
    try:
        while True:
            batch = frame.slice(number, PARQUET_BATCH_ROWS).collect()
            for values in batch.iter_rows(named=True):
                yield Row(path, number, 0, values)
                number += 1
            if batch.height < PARQUET_BATCH_ROWS:
                return
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise _damaged(path) from None


def _damaged(path: Path) -> InputError:
    return InputError(f"{path}: not a readable Parquet file (truncated, or damaged); export it again")


def try_parquet(paths: list[Path]) -> None:
    """Decodes each file in another process, whose end by a signal is then a sentence and not ours.

    Raises:
        InputError: naming the file that could not be decoded.
    """
    if not paths:
        return
    code = "import json, sys; sys.path[:], *paths = json.load(sys.stdin); from govern.rows import decode; decode(paths)"
    asked = json.dumps([sys.path, *map(str, paths)]).encode()
    with interrupts_held():
        child = subprocess.Popen(  # noqa: S603 - this interpreter, and code that stands above
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    with child:
        try:
            decoded = child.communicate(asked)[0].count(b".")
        finally:
            child.kill()
    if decoded < len(paths):
        raise _damaged(paths[decoded])


def decode(paths: list[str]) -> None:
    """In the other process: writes a dot for each file that decodes to its end, and stops at one that does not."""
    for path in paths:
        try:
            for _ in _parquet_rows(Path(path), 0):
                pass
        except (InputError, OSError):
            return
        sys.stdout.write(".")
        sys.stdout.flush()


def place_of(path: Path, number: int) -> str:
    """File and line (or row, from 1), for a sentence."""
    return f"{path}, {'line' if kind_of(path) == 'jsonl' else 'row'} {number + 1}"


def columns_said(values: dict[str, Any]) -> str:
    """Column names for a sentence; a name that looks like a value, not like a name, is counted and not shown."""
    shown = [name for name in sorted(values) if COLUMN_NAME.fullmatch(name)][:NAMES_SAID]
    hidden = len(values) - len(shown)
    return ", ".join((*shown, *((f"{hidden} more",) if hidden else ()))) or "none"
