"""Arrays that grow, and rows of different lengths that lie one after the other in one array."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Kind = TypeVar("Kind", bound=np.generic)


class Column:
    """Whole numbers from 0 on, by place; what was not set is 0. It takes the bytes that its largest number needs."""

    def __init__(self) -> None:
        self._room: npt.NDArray[Any] = np.zeros(1024, np.uint8)
        self._size = 0

    @property
    def rows(self) -> npt.NDArray[Any]:
        """What it holds; a view."""
        return self._room[: self._size]

    def append(self, values: npt.ArrayLike) -> None:
        """Puts `values` at the end."""
        listed = np.asarray(values)
        self.put(np.arange(self._size, self._size + len(listed)), listed)

    def put(self, at: Ints, values: npt.ArrayLike) -> None:
        """Sets the places `at`."""
        if not len(at):
            return
        listed = np.asarray(values)
        if listed.dtype == np.bool_ or listed.dtype.kind == "f":
            listed = listed.astype(np.int64)
        kind = np.promote_types(self._room.dtype, np.min_scalar_type(int(listed.max())))
        size = int(at.max()) + 1
        if kind != self._room.dtype or size > len(self._room):
            room = np.zeros(max(len(self._room), size if size <= len(self._room) else size * 5 // 4), kind)
            room[: self._size] = self.rows
            self._room = room
        self._size = max(self._size, size)
        self._room[at] = listed


class Growing(Generic[Kind]):
    """An array that grows at its end; `rows` is what it holds."""

    def __init__(self, kind: type[Kind], fill: int = 0) -> None:
        self._kind = kind
        self._fill = fill
        self._room = np.full(1024, fill, kind)
        self._size = 0

    @property
    def rows(self) -> npt.NDArray[Kind]:
        """What it holds; a view."""
        return self._room[: self._size]

    def reserve(self, size: int) -> None:
        """Grows to `size` where it is shorter, with the filling."""
        if size > len(self._room):
            room = np.full(max(size, len(self._room) * 5 // 4), self._fill, self._kind)
            room[: self._size] = self.rows
            self._room = room
        self._size = max(self._size, size)

    def append(self, rows: Any) -> None:
        """Puts `rows` at the end."""
        start = self._size
        self.reserve(start + len(rows))
        self._room[start : start + len(rows)] = rows


class Ragged(Generic[Kind]):
    """Rows of different lengths: row `at` is `data.rows[start[at] : start[at] + size[at]]`."""

    def __init__(self, kind: type[Kind]) -> None:
        self.data = Growing(kind)
        self.start = Growing(np.int64)
        self.size = Column()

    def put(self, at: Ints, flat: npt.NDArray[Kind], sizes: Ints) -> None:
        """Sets the rows `at`: they lie one after the other in `flat`, each `sizes` long."""
        if len(at):
            self.start.reserve(int(at.max()) + 1)
            self.start.rows[at] = len(self.data.rows) + np.cumsum(sizes) - sizes
            self.size.put(at, sizes)
        self.data.append(flat)

    def take(self, at: npt.NDArray[Any]) -> tuple[npt.NDArray[Kind], Ints]:
        """The rows `at`, one after the other, and their lengths."""
        sizes = self.size.rows[at].astype(np.int64)
        return self.data.rows[places(self.start.rows[at], sizes)], sizes


class Numbered(dict[str, int]):
    """Gives each new key the next number, when it is looked up."""

    def __missing__(self, key: str) -> int:
        self[key] = number = len(self)
        return number

    def after(self, count: int) -> Sequence[str]:
        """The keys from number `count` on, in order."""
        return list(islice(reversed(self), len(self) - count))[::-1]


def places(starts: Ints, sizes: Ints) -> Ints:
    """The places `start`, `start + 1`, … of each row in turn."""
    before = np.cumsum(sizes) - sizes
    total = int(sizes.sum())
    return np.repeat(starts - before, sizes) + np.arange(total)


def sums(values: npt.NDArray[Any], sizes: Ints) -> Ints:
    """The sum of each of the consecutive parts of `values` that are `sizes` long; 0 for an empty one."""
    total = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
    ends = np.cumsum(sizes)
    result: Ints = total[ends] - total[ends - sizes]
    return result


def alike(one: tuple[npt.NDArray[Any], Ints], other: tuple[npt.NDArray[Any], Ints]) -> npt.NDArray[np.bool_]:
    """Which rows of two lists, each the values of all rows and the size of each, are the same."""
    (first, sizes), (second, other_sizes) = one, other
    same: npt.NDArray[np.bool_] = sizes == other_sizes
    differs = first[np.repeat(same, sizes)] != second[np.repeat(same, other_sizes)]
    same[same] = sums(differs, sizes[same]) == 0
    return same


def rows_of(flat: npt.NDArray[Kind], sizes: Ints, chosen: Ints) -> tuple[npt.NDArray[Kind], Ints]:
    """The `chosen` rows of such a list."""
    return flat[places((np.cumsum(sizes) - sizes)[chosen], sizes[chosen])], sizes[chosen]
