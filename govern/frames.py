"""Frames of fixed types, and Parquet whose bytes depend on the frame alone."""

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.files import write_whole

if TYPE_CHECKING:
    import polars as pl

ROW_GROUP_ROWS = 65_536
COMPRESSION_LEVEL = 3


def frame_of(columns: dict[str, list[Any]], kinds: dict[str, str]) -> "pl.DataFrame":
    """A frame of the columns with fixed types, also when it is empty."""
    import polars as pl

    types = {"str": pl.String, "int": pl.Int64, "float": pl.Float64, "bytes": pl.Binary}
    return pl.DataFrame(columns, schema={name: types[kind] for name, kind in kinds.items()})


def parquet_of(frame: "pl.DataFrame") -> bytes:
    """Parquet bytes that depend on the frame alone."""
    buffer = io.BytesIO()
    frame.rechunk().write_parquet(
        buffer, compression="zstd", compression_level=COMPRESSION_LEVEL, row_group_size=ROW_GROUP_ROWS, statistics=False
    )
    return buffer.getvalue()


def write_frame(path: Path, frame: "pl.DataFrame", mode: int = 0o600) -> str:
    """Writes the Parquet bytes of a frame, whole or not at all; returns their SHA-256."""
    data = parquet_of(frame)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data, mode)
    return hashlib.sha256(data).hexdigest()
