"""Parquet, decoded in a process of its own first: a damaged file can end the process that decodes it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.readers.files import Input
from govern.readers.remote import Place, RemoteFile, on_disk, size_of
from govern.readers.row import Row
from govern.shards import interrupts_held
from govern.stores import StoreError, Url, unreadable

if TYPE_CHECKING:
    import polars as pl

BATCH_ROWS, FIRST_ROWS = 4096, 64
BATCH_BYTES = 16_000_000
BOMB_TIMES, BOMB_BYTES = 5_000, 64_000_000
"""A file that holds more than so many times its size, and more than so many bytes of text, is refused: no export packs so."""


def rows(file: Input, first_row: int, start_byte: int) -> Iterator[Row]:  # noqa: ARG001 - rows are found by number
    """The rows of a file."""
    try:
        for number, values in _values(file.path, first_row):
            yield Row(file.path, file.name, number, 0, values, f"{file.path}, row {number + 1}")
    except Bomb:
        raise _bomb(file.path) from None
    except (ValueError, OverflowError):
        raise InputError(f"{file.path}: holds a date or time beyond the year 9999; correct or drop that column") from None


def _values(path: Place, first_row: int) -> Iterator[tuple[int, dict[str, Any]]]:
    number = first_row
    for batch in _batches(path, first_row):
        for values in batch.iter_rows(named=True, buffer_size=max(1, min(512, BATCH_BYTES // _size_of_a_row(batch)))):
            yield number, values
            number += 1


def _batches(path: Place, first_row: int) -> Iterator["pl.DataFrame"]:
    """The rows in frames of about `BATCH_BYTES` of text, whatever the row groups of the file hold."""
    import polars as pl

    most = max(BOMB_BYTES, BOMB_TIMES * size_of(path))
    number, rows, unpacked = first_row, FIRST_ROWS, 0
    try:
        with on_disk(path) as there:
            frame = pl.scan_parquet(there, glob=False)
            while True:
                batch = frame.slice(number, rows).collect()
                number += batch.height
                unpacked += _size_of_a_row(batch) * batch.height
                if unpacked > most:
                    raise Bomb
                yield batch
                if batch.height < rows:
                    return
                rows = max(1, min(BATCH_ROWS, BATCH_BYTES // _size_of_a_row(batch)))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise _damaged(path) from None


class Bomb(Exception):
    """A file holds far more text than its size lets expect."""


def _size_of_a_row(batch: "pl.DataFrame") -> int:
    """Bytes of text of a row, on the average, also of those in lists; at least 1."""
    import polars as pl

    columns = batch.select(pl.selectors.string())
    sizes = columns.select(pl.all().str.len_bytes().sum()).row(0) if columns.width and batch.height else ()
    nested = batch.select(pl.selectors.nested()).estimated_size()
    return max(1, int(sum(size or 0 for size in sizes) + nested) // max(1, batch.height))


def _damaged(path: Place) -> InputError:
    return InputError(f"{path}: not a readable Parquet file (truncated, or damaged); export it again")


def _bomb(path: Place) -> InputError:
    return InputError(
        f"{path}: holds more than {BOMB_TIMES:,} times its size of text, as no export does; look at where it comes from"
    )


def try_parquet(paths: list[Place]) -> None:
    """Decodes each file in another process, whose end by a signal is then a sentence and not ours.

    Raises:
        InputError: naming the file that could not be decoded.
        Interrupted: the store of a file stopped answering.
    """
    if not paths:
        return
    code = (
        "import json, sys; sys.path[:], *paths = json.load(sys.stdin); from govern.readers.parquet import decode; "
        "decode(paths)"
    )
    asked = json.dumps([sys.path, *map(_sent, paths)]).encode()
    with interrupts_held():
        child = subprocess.Popen(  # noqa: S603 - this interpreter, and code that stands above
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    with child:
        try:
            said = child.communicate(asked)[0]
        finally:
            child.kill()
    dots, store, sentence = said.partition(b"?")
    decoded = dots.count(b".")
    if store:
        raise unreadable(paths[decoded], StoreError(int(sentence[:4]), sentence[4:].decode()))
    if decoded < len(paths):
        raise (_bomb if said.endswith(b"!") else _damaged)(paths[decoded])


def _sent(place: Place) -> str | list[Any]:
    return [place.store.text, place.path, place.size, place.token] if isinstance(place, RemoteFile) else str(place)


def decode(sent: list[str | list[Any]]) -> None:
    """In the other process: writes a dot for each file that decodes to its end, and stops at one that does not.

    Of one whose store does not answer, that is said after a question mark.
    """
    for one in sent:
        try:
            for _ in _batches(Path(one) if isinstance(one, str) else RemoteFile(Url(one[0]), *one[1:]), 0):
                pass
        except Bomb:
            sys.stdout.write("!")
            return
        except StoreError as error:
            sys.stdout.write(f"?{error.errno:4}{error.strerror}")
            return
        except (InputError, OSError):
            return
        sys.stdout.write(".")
        sys.stdout.flush()
