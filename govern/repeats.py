"""Which of many keys stand a second time, in memory that does not grow with their number.

Keys of 16 bytes are added in order. Above `HELD` of them they go into files by their first bits, which have no name in the file
system and end with the process; each file is then looked through by itself. So the time is that of a few sorts, and the
memory that of the largest of 64 parts.
"""

import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEY_BYTES = 16
HELD = 1_000_000
PARTS = 64


class Repeats:
    """Keys by the order in which they were added; `held` of them stay in memory."""

    def __init__(self, held: int = HELD) -> None:
        self.held = held
        self.count = 0
        self._waiting = bytearray()
        self._begun = 0
        self._files: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def add(self, keys: bytes) -> None:
        """Adds one key, or several one after the other."""
        self._waiting += keys
        self.count += len(keys) // KEY_BYTES
        if len(self._waiting) >= self.held * KEY_BYTES:
            self._spill()

    def later(self) -> "Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]":
        """Places of keys that stand before, and for each that of the first such key; in parts, sorted within each."""
        import numpy as np

        if not self._files:
            yield _later(_records(self._waiting, self._begun))
            return
        self._spill()
        for file in self._files:
            file.seek(0)
            yield _later(np.frombuffer(file.read(), _RECORD))

    def _spill(self) -> None:
        """Writes what waits to the files, each key to that of its first bits."""
        self._files = self._files or [tempfile.TemporaryFile() for _ in range(PARTS)]  # noqa: SIM115 - closed with the object
        records = _records(self._waiting, self._begun)
        parts = records["high"] >> (64 - PARTS.bit_length() + 1)
        for number, file in enumerate(self._files):
            file.write(records[parts == number].tobytes())
        self._begun += len(records)
        self._waiting = bytearray()


_RECORD = [("high", ">u8"), ("low", ">u8"), ("place", "<i8")]


def _records(keys: bytes | bytearray, begun: int) -> "NDArray[np.void]":
    import numpy as np

    halves = np.frombuffer(bytes(keys), ">u8").reshape(-1, 2)
    records = np.empty(len(halves), _RECORD)
    records["high"], records["low"] = halves[:, 0], halves[:, 1]
    records["place"] = np.arange(begun, begun + len(halves))
    return records


def _later(records: "NDArray[np.void]") -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    import numpy as np

    order = np.lexsort((records["place"], records["low"], records["high"]))
    high, low, place = (records[name][order] for name in ("high", "low", "place"))
    same = np.zeros(len(order), bool)
    same[1:] = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(order)))) if len(order) else np.zeros(0, np.int64)
    later = np.flatnonzero(same)
    by_place = np.argsort(place[later])
    return place[later][by_place].astype(np.int64), place[first[later]][by_place].astype(np.int64)
