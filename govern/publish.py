"""Writes what a run leaves: document files cut at 64 MB of text, the held-out part, and evidence.

The cut of output files depends on the certified documents alone, never on how the work was cut or who did it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from govern import signals
from govern.corpus import SHARD_BYTES
from govern.deduplicate import split_position
from govern.distributions import Distributions
from govern.frames import write_frame
from govern.repeats import Repeats
from govern.states import ShardState
from govern.turns import Layout, columns

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

SUMMED = ("spans", "masked_characters", "raw_characters", *signals.PER_DOCUMENT)
TRAIN = "documents"


@dataclass(frozen=True, slots=True)
class PartFile:
    """One published Parquet: its path in the corpus, rows and bytes of text."""

    path: str
    documents: int
    text_bytes: int


@dataclass(frozen=True, slots=True)
class Published:
    """What was written: files by split, sums by slice, and the duplicates that were left out (keyed id, reason)."""

    files: tuple[tuple[str, tuple[PartFile, ...]], ...]
    totals: dict[str, Counter[str]]
    duplicates: tuple[tuple[str, str], ...]
    duplicates_arrived: dict[str, Counter[str]]
    distributions: Distributions


class _Part:
    """Cuts one split's stream of frames into files of at most `limit` bytes of text."""

    def __init__(
        self,
        folder: Path,
        split: str,
        columns: tuple[str, ...],
        layout: Layout,
        limit: int,
        records: Path | None,
        only: str | None,
    ) -> None:
        self.folder, self.split, self.columns, self.layout, self.limit = folder, split, columns, layout, limit
        self.records, self.only = records, only
        self.frames: list[pl.DataFrame] = []
        self.size = 0
        self.files: list[PartFile] = []

    def add(self, frame: "pl.DataFrame") -> None:
        start = 0
        for row, size in enumerate(frame["text_bytes"].to_list()):
            if self.size and self.size + size > self.limit:
                self.frames.append(frame[start:row])
                self.close()
                start = row
            self.size += size
        self.frames.append(frame[start:])

    def close(self) -> None:
        import polars as pl

        whole = pl.concat(self.frames) if self.frames else None
        if whole is not None and whole.height:
            name = f"{self.split}/part-{len(self.files):05d}.parquet"
            if self.only in (None, name):
                write_frame(self.folder / name, _as_published(whole, self.layout).select(self.columns), 0o644)
            if self.records is not None:
                write_frame(self.records / name, whole.select("id", "recorded", "witnessed"))
            self.files.append(PartFile(name, whole.height, int(whole["text_bytes"].sum())))
        self.frames, self.size = [], 0


def publish(
    states: Iterable[ShardState],
    folder: Path,
    columns: tuple[str, ...],
    layout: Layout,
    split: tuple[str, int] | None,
    split_key: bytes,
    limit: int = SHARD_BYTES,
    records: Path | None = None,
    only: str | None = None,
) -> Published:
    """Writes every masked document that is the first of its duplicate group; `split` is (name, share in ppm).

    `records` is the private folder for where each file holds replacements that look like personal data; of the files `only`
    the one of that name is written, where one is given.
    """
    splits = (TRAIN, *((split[0],) if split else ()))
    parts = {name: _Part(folder, name, columns, layout, limit, records, only) for name in splits}
    totals: dict[str, Counter[str]] = {}
    arrived: dict[str, Counter[str]] = {}
    left_out: list[tuple[str, str]] = []
    distributions = Distributions()
    for frame, repeated in _first_of_each(states):
        for row in repeated.select("id", "lang", "source").iter_rows(named=True):
            left_out.append((row["id"], "exact_duplicate"))
            for name in signals.slices(row["lang"], row["source"]):
                arrived.setdefault(name, Counter()).update({"dropped": 1, "exact_duplicate": 1})
        distributions.add(frame)
        for name, counts in signals.add_up(frame, SUMMED).items():
            totals[name] = totals.get(name, Counter()) + counts
        for name, piece in _split(frame, split, split_key).items():
            parts[name].add(piece)
    for part in parts.values():
        part.close()
    files = tuple((name, tuple(part.files)) for name, part in parts.items())
    return Published(files, totals, tuple(left_out), arrived, distributions)


def _as_published(frame: "pl.DataFrame", layout: Layout) -> "pl.DataFrame":
    """The rows with their text as it ships: the turns of a conversation come apart."""
    if layout == "text":
        return frame
    turns = [tuple(map(tuple, json.loads(said))) for said in frame["turns"].to_list()]
    return frame.drop("text").with_columns(**columns(layout, frame["text"].to_list(), turns))


def _first_of_each(states: Iterable[ShardState]) -> "Iterator[tuple[pl.DataFrame, pl.DataFrame]]":
    """Per shard: the documents whose text was not seen before, and those whose text was."""
    import polars as pl

    every = tuple(states)
    repeated = _repeated(every)
    begun = 0
    for state in every:
        frame = pl.read_parquet(state.masked)
        keep = pl.Series(~repeated[begun : begun + frame.height], dtype=pl.Boolean)
        begun += frame.height
        yield frame.filter(keep), frame.filter(~keep)


def _repeated(states: tuple[ShardState, ...]) -> "NDArray[np.bool_]":
    """Of each masked document, in order, whether its text stands in an earlier one."""
    import numpy as np
    import polars as pl

    with Repeats() as duplicates:
        for state in states:
            duplicates.add(b"".join(pl.read_parquet(state.masked, columns=["duplicate"])["duplicate"].to_list()))
        repeated = np.zeros(duplicates.count, bool)
        for places, _ in duplicates.later():
            repeated[places] = True
    return repeated


def _split(frame: "pl.DataFrame", split: tuple[str, int] | None, key: bytes) -> "dict[str, pl.DataFrame]":
    import polars as pl

    if split is None:
        return {TRAIN: frame}
    name, share_ppm = split
    chosen = [split_position(key, duplicate) < share_ppm for duplicate in frame["duplicate"].to_list()]
    inside = pl.Series(chosen, dtype=pl.Boolean)
    return {TRAIN: frame.filter(~inside), name: frame.filter(inside)}
