"""Input files, row by row: JSON Lines, Parquet, CSV, fixed width and plain text, compressed or not, in declared encodings."""

from govern.readers.files import Given, Input, input_files
from govern.readers.parquet import try_parquet
from govern.readers.reading import AS_NAMED, Reading, kind_of
from govern.readers.remote import Place
from govern.readers.row import ABSENT, Row, columns_said, outermost, value_at
from govern.readers.rows import place_of, rows

__all__ = [
    "ABSENT",
    "AS_NAMED",
    "Given",
    "Input",
    "Place",
    "Reading",
    "Row",
    "columns_said",
    "input_files",
    "kind_of",
    "outermost",
    "place_of",
    "rows",
    "try_parquet",
    "value_at",
]
