"""Bootstrap intervals that depend on documents alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocab.coverage.intervals import REPLICATES, interval, keys_of, replicates, weights


def test_weights_are_poisson_of_mean_one() -> None:
    """Mean and variance are 1, and none takes part in a share of e**-1 of the replicates."""
    found = weights(keys_of([str(at) for at in range(2000)]))
    assert found.shape == (2000, REPLICATES)
    assert found.mean() == pytest.approx(1, abs=0.01)
    assert found.var() == pytest.approx(1, abs=0.02)
    assert np.mean(found == 0) == pytest.approx(math.exp(-1), abs=0.005)


def test_documents_and_replicates_are_independent() -> None:
    """Neither the rows nor the columns of the weights go together."""
    found = weights(keys_of([str(at) for at in range(500)]))
    for table in (found, found.T):
        together = np.corrcoef(table[:200])
        assert np.abs(together[~np.eye(200, dtype=bool)]).mean() < 0.05


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(0, 10**9)), max_size=12), st.integers(0, 12))
def test_replicates_add_up_over_any_cut(rows: list[tuple[str, int]], cut: int) -> None:
    """Two parts in the other order give the very same sums."""
    keys, values = (
        keys_of([name for name, _ in rows]),
        np.array([[size, 1] for _, size in rows], np.int64).reshape(-1, 2),
    )
    parts = replicates(keys[cut:], values[cut:]) + replicates(keys[:cut], values[:cut])
    assert np.array_equal(replicates(keys, values), parts)


def test_an_interval_holds_the_ratio_and_narrows() -> None:
    """It is about as wide as the standard error says, and a tenth of it for a hundred times the documents."""
    source = np.random.default_rng(7)
    widths = []
    for count in (100, 10_000):
        below = source.integers(50, 150, count)
        above = below * 2 + source.integers(-20, 21, count)
        sums = replicates(keys_of([f"{count} {at}" for at in range(count)]), np.stack([above, below], axis=1))
        low, high = interval(sums[:, 0], sums[:, 1]) or (0, 0)
        error = np.std(above - above.sum() / below.sum() * below) / below.mean() / math.sqrt(count)
        assert low < above.sum() / below.sum() < high
        assert (high - low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.15)
        widths.append(high - low)
    assert 7 < widths[0] / widths[1] < 14


def test_nothing_below_has_no_interval() -> None:
    """Undefined is None."""
    assert interval(np.ones(REPLICATES), np.zeros(REPLICATES)) is None
