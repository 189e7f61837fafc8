"""Parquet, decoded in a process of its own first: a damaged file can end the process that decodes it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.readers.files import Input
from govern.readers.row import Row
from govern.shards import interrupts_held

BATCH_ROWS = 4096


def rows(file: Input, first_row: int, start_byte: int) -> Iterator[Row]:  # noqa: ARG001 - rows are found by number
    """The rows of a file."""
    for number, values in _values(file.path, first_row):
        yield Row(file.path, file.name, number, 0, values, f"{file.path}, row {number + 1}")


def _values(path: Path, first_row: int) -> Iterator[tuple[int, dict[str, Any]]]:
    import polars as pl

    frame = pl.scan_parquet(path, glob=False)
    number = first_row
    try:
        while True:
            batch = frame.slice(number, BATCH_ROWS).collect()
            for values in batch.iter_rows(named=True):
                yield number, values
                number += 1
            if batch.height < BATCH_ROWS:
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
    code = (
        "import json, sys; sys.path[:], *paths = json.load(sys.stdin); from govern.readers.parquet import decode; "
        "decode(paths)"
    )
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
            for _ in _values(Path(path), 0):
                pass
        except (InputError, OSError):
            return
        sys.stdout.write(".")
        sys.stdout.flush()
