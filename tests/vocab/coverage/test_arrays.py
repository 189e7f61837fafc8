"""Arrays that grow, and rows of different lengths."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vocab.coverage.arrays import Growing, Ragged, places, sums


def test_a_growing_array_keeps_what_it_holds() -> None:
    """Over the end of its first room, too; what is reserved is filled."""
    growing = Growing(np.int32, fill=-1)
    growing.append(range(1000))
    growing.append(range(1000, 5000))
    growing.reserve(5003)
    assert growing.rows.tolist() == [*range(5000), -1, -1, -1]


@given(st.lists(st.lists(st.integers(0, 99), max_size=5), max_size=20), st.data())
def test_ragged_rows_come_back_in_any_order(rows: list[list[int]], data: st.DataObject) -> None:
    """Each row as it was put, whatever the order in which rows are put and taken."""
    ragged = Ragged[np.int32](np.int32)
    order = data.draw(st.permutations(range(len(rows))))
    for at in order:
        ragged.put(np.array([at]), np.array(rows[at], np.int32), np.array([len(rows[at])]))
    wanted = data.draw(st.lists(st.sampled_from(range(len(rows))), max_size=30)) if rows else []
    flat, sizes = ragged.take(np.array(wanted, np.int64)) if rows else (np.zeros(0), np.zeros(0))
    assert sizes.tolist() == [len(rows[at]) for at in wanted]
    assert flat.tolist() == [one for at in wanted for one in rows[at]]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 6)), max_size=20))
def test_places_and_sums_are_those_of_loops(rows: list[tuple[int, int]]) -> None:
    """The same numbers as by lists."""
    starts, sizes = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    found = places(starts, sizes)
    assert found.tolist() == [one for start, size in rows for one in range(start, start + size)]
    parts = iter(found.tolist())
    assert sums(found, sizes).tolist() == [sum(next(parts) for _ in range(size)) for _, size in rows]
