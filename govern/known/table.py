"""Reads a customer master, CSV or Parquet, in batches: the columns that hold values, and the one that names the customer.

Every value comes as text, stripped, None where the cell is empty. Errors name file and column, never a cell: a table
without a header line would name customers.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from govern.errors import InputError
from govern.inventory import plain
from govern.policy import ENTITY_TYPES
from govern.readers import try_parquet

if TYPE_CHECKING:
    import polars as pl

BATCH_ROWS = 50_000


class Batch(NamedTuple):
    """Rows of a table: the customer of each, where a key column was named, and the values of each by column."""

    keys: tuple[str | None, ...] | None
    columns: tuple[tuple[str | None, ...], ...]

    def __repr__(self) -> str:
        """How much it holds; a value never shows."""
        return f"Batch({len(self.columns)} columns of {len(self.columns[0]) if self.columns else 0} rows)"


def check_columns(columns: Mapping[str, str], key: str | None = None) -> None:
    """Returns where each column stands for an entity type that there is.

    Raises:
        InputError: no column, or no such type.
    """
    if not columns:
        raise InputError("--columns: names no column; say which hold what, such as name=PERSON,phone=PHONE_NUMBER")
    for column, entity_type in columns.items():
        if entity_type not in ENTITY_TYPES:
            raise InputError(
                f"--columns: '{column}' stands for '{entity_type}', which is no entity type; "
                f"use one of {', '.join(ENTITY_TYPES)}"
            )
    if key in columns:
        raise InputError(f"--key: column '{key}' holds values too; name the column that tells customers apart")


def read(paths: Sequence[Path], columns: Sequence[str], key: str | None = None) -> Iterator[Batch]:
    """The rows of all files, in order.

    Raises:
        InputError: a file that cannot be read, a column that is not there or holds no text, a table without rows, a
            column without a value.
    """
    for path in paths:
        if path.suffix.lower() not in {".csv", ".parquet"}:
            raise InputError(f"{plain(path)}: not a .csv or .parquet file; convert it to one of these")
        if not path.is_file():
            raise InputError(f"{plain(path)}: no such file; check the path")
    try_parquet([path for path in paths if path.suffix.lower() == ".parquet"])
    empty = dict.fromkeys(columns, True)
    rows = 0
    for path in paths:
        for batch in _batches(path, columns, key):
            rows += len(batch.columns[0])
            for column, values in zip(columns, batch.columns, strict=True):
                empty[column] = empty[column] and not any(values)
            yield batch
    names = ", ".join(plain(path) for path in paths)
    if not rows:
        raise InputError(f"{names}: no rows; give a table with one customer a row")
    blank = [column for column, none in empty.items() if none]
    if blank:
        raise InputError(
            f"{names}: column '{blank[0]}' is empty in every row; leave it out of --columns, or correct the table"
        )


def _batches(path: Path, columns: Sequence[str], key: str | None) -> Iterator[Batch]:
    import polars as pl

    wanted = [*columns, *([key] if key is not None else [])]
    try:
        frame = _frame(path, wanted)
        for batch in frame.collect_batches(chunk_size=BATCH_ROWS):
            keys = _texts(batch[key]) if key is not None else None
            yield Batch(keys, tuple(_texts(batch[column]) for column in columns))
    except pl.exceptions.NoDataError:
        raise InputError(f"{plain(path)}: no rows; give a table with one customer a row") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if "utf-8" in str(error).lower():
            raise InputError(f"{plain(path)}: not UTF-8; save the table as UTF-8") from None
        raise InputError(
            f"{plain(path)}: not a readable table: a quote that is not closed, or rows of different lengths; export it again"
        ) from None


def _frame(path: Path, wanted: Sequence[str]) -> "pl.LazyFrame":
    """The wanted columns as text."""
    import polars as pl

    csv = path.suffix.lower() == ".csv"
    frame = pl.scan_csv(path, infer_schema=False, glob=False) if csv else pl.scan_parquet(path, glob=False)
    schema = frame.collect_schema()
    for column in wanted:
        if column not in schema:
            raise InputError(
                f"{plain(path)}: no column '{column}' among its {len(schema)}; the first line of the table must name them"
            )
        kind = schema[column]
        if not (kind == pl.String or kind.is_integer() or kind in (pl.Date, pl.Categorical)):
            raise InputError(
                f"{plain(path)}: column '{column}' is of type {kind.base_type()}, which does not say how its values are "
                "written; write it as text"
            )
    return frame.select(pl.col(column).cast(pl.String).str.strip_chars() for column in wanted)


def _texts(column: "pl.Series") -> tuple[str | None, ...]:
    return tuple(value or None for value in column)
