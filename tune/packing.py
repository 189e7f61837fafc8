"""Pieces of documents into rows of a fixed length: best-fit decreasing (Ding et al. 2404.10830), equal lengths in order."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 1 << 18
"""Pieces that are packed together: bounds what packing holds in memory, and fills rows as well as all at once."""


def pack(lengths: Sequence[int], capacity: int) -> tuple[tuple[int, ...], ...]:
    """Rows of piece numbers, the lengths of each row adding up to at most `capacity`: best-fit decreasing.

    Every piece stands in exactly one row. The rows with a given space left are found through a bit mask over spaces, so
    a piece costs O(capacity / 64) whatever the number of rows.
    """
    rows: list[list[int]] = []
    with_space: list[list[int]] = [[] for _ in range(capacity + 1)]
    spaces = 0
    for piece in sorted(range(len(lengths)), key=lambda number: (-lengths[number], number)):
        length = lengths[piece]
        fitting = spaces >> length
        if fitting:
            space = length + (fitting & -fitting).bit_length() - 1
            row = with_space[space].pop()
            if not with_space[space]:
                spaces &= ~(1 << space)
            rows[row].append(piece)
        else:
            space, row = capacity, len(rows)
            rows.append([piece])
        left = space - length
        if left > 0:
            with_space[left].append(row)
            spaces |= 1 << left
    return tuple(tuple(row) for row in rows)


def packed(
    lengths: Sequence[int], times: Sequence[int], capacity: int
) -> tuple["NDArray[np.int64]", "NDArray[np.int64]"]:
    """The pieces of all rows, one row after another, each piece as often as it is seen; and where each row begins."""
    import numpy as np

    numbers = np.repeat(np.arange(len(lengths), dtype=np.int64), times)
    members, sizes = [], []
    for start in range(0, len(numbers), BLOCK):
        block = numbers[start : start + BLOCK]
        rows = pack([lengths[number] for number in block.tolist()], capacity)
        members.append(block[[place for row in rows for place in row]])
        sizes += [len(row) for row in rows]
    return np.concatenate(members), np.cumsum([0, *sizes], dtype=np.int64)
