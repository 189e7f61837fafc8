"""What an earlier run found in documents, so that it is not searched for again.

It counts where all that is found depends on is the same: the values are then replaced anew, by other operators if need be. The
earlier run's private folder is read, never written.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from govern import states
from govern.detect import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

Passes = tuple[tuple[Span, ...], ...]
Vetoes = tuple[tuple[str, str, int], ...]


@lru_cache(1)
def opened(folder: Path, detection: str) -> "Earlier":
    """The documents of an earlier private folder; read once in each process."""
    return Earlier(folder, detection)


class Earlier:
    """The documents of a run in which the same is found, by their keys."""

    def __init__(self, folder: Path, detection: str) -> None:
        import numpy as np

        self.folder = folder
        self.shards: list[Path] = []
        keys: list[bytes] = []
        counts: list[int] = []
        for _, record in states.every(folder):
            files = [name for name in record["files"] if name.startswith("detected/")]
            if record.get("detection") == detection and files and states.whole(record, folder, sealed=False):
                documents = _column(folder / files[0], "document")
                self.shards.append(folder / files[0])
                keys += documents
                counts.append(len(documents))
        halves = np.frombuffer(b"".join(keys), ">u8").reshape(-1, 2).astype(np.uint64)
        shard = np.repeat(np.arange(len(counts)), counts)
        row = np.concatenate([np.arange(count) for count in counts]) if counts else np.zeros(0, np.int64)
        order = np.lexsort((halves[:, 1], halves[:, 0]))
        self.high: NDArray[np.uint64] = halves[order, 0]
        self.low, self.shard, self.row = halves[order, 1], shard[order], row[order]

    def find(self, key: bytes) -> tuple[str, Passes, Vetoes] | None:
        """What became of a document of this key, what was found in each pass and what was vetoed; None of an unknown one."""
        import numpy as np

        high, low = (np.uint64(int.from_bytes(half)) for half in (key[:8], key[8:]))
        at = int(np.searchsorted(self.high, high))
        while at < len(self.high) and self.high[at] == high:
            if self.low[at] == low:
                outcome, passes, vetoes = _rows(self.shards[self.shard[at]])[int(self.row[at])]
                return outcome, stored_passes(passes), tuple(tuple(veto) for veto in json.loads(vetoes or "[]"))
            at += 1
        return None


@lru_cache(4)
def _rows(path: Path) -> list[tuple[str, str | None, str | None]]:
    import polars as pl

    return pl.read_parquet(path).select("outcome", "passes", "vetoes").rows()


def _column(path: Path, name: str) -> list[bytes]:
    import polars as pl

    frame: pl.DataFrame = pl.read_parquet(path, columns=[name])
    return frame[name].to_list()


def as_stored(passes: Passes) -> str | None:
    """The passes as JSON: offsets and types, no text."""
    if not any(passes):
        return None
    return json.dumps(
        [[[s.field, s.start, s.end, s.entity_type, s.score, s.recognizer] for s in spans] for spans in passes],
        separators=(",", ":"),
    )


def stored_passes(stored: str | None) -> Passes:
    """The passes that `as_stored` wrote."""
    return tuple(tuple(Span(*each) for each in spans) for spans in json.loads(stored or "[]"))
