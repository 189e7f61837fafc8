"""How far a number would move with other documents of the same kind: the percentile bootstrap, paired between models.

In: a table of numbers by unit (a document, or a group of items about one text), of which every measure is a function of column
sums. Out: the sums of each resample, in which each unit stands as often as it was drawn; and from them intervals and verdicts.
Two models are compared within each resample, so what makes a document hard for both cancels. The seed and the order of units
fix everything. After Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVEL = 0.95
FEW = 10
"""Units below which nothing is called better or worse: the interval of so few is far too narrow."""
TOGETHER = 4_000_000
"""Numbers held at once."""
DIGITS = 9
"""Decimals that are written: the last ones of a float64 depend on the machine."""
Verdict = Literal["better", "worse", "no difference shown"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How often is resampled, and from which seed."""

    resamples: int
    seed: int


def sums(table: "NDArray[np.float64]", plan: Plan) -> "NDArray[np.float64]":
    """The column sums of each resample of the rows of `table`: `[resamples, columns]`; exact for whole numbers."""
    import numpy as np

    units = len(table)
    chance = np.random.Generator(np.random.PCG64(plan.seed))
    found = np.empty((plan.resamples, table.shape[1]))
    block = max(1, TOGETHER // max(1, units))
    for start in range(0, plan.resamples, block):
        many = min(block, plan.resamples - start)
        drawn = np.empty((many, units))
        for at in range(many):
            drawn[at] = np.bincount(chance.integers(0, units, units), minlength=units)
        found[start : start + many] = drawn @ table
    return found


def interval(values: "NDArray[np.float64]", units: int) -> list[float] | None:
    """The middle `LEVEL` of the resamples; None for a single unit, or where most resamples have no value."""
    import numpy as np

    known = values[np.isfinite(values)]
    if units < 2 or 2 * len(known) < len(values):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return [rounded(low), rounded(high)]


def measured(value: float, values: "NDArray[np.float64]", units: int) -> dict[str, Any]:
    """A number with its interval."""
    return {"value": rounded(value), "interval": interval(values, units)}


def measured_share(value: float, values: "NDArray[np.float64]", units: int, *, of_units: bool) -> dict[str, Any]:
    """A share with its interval.

    Of none, or of all, every resample is the same, which would claim too much: the other end is then that of the exact binomial
    interval (Clopper and Pearson 1934) where the share is one of units (`of_units`), and of another there is none.
    """
    found = measured(value, values, units)
    ends = found["interval"]
    if ends is None or ends[0] != ends[1] or ends[0] not in (0.0, 1.0):
        return found
    far = 1 - ((1 - LEVEL) / 2) ** (1 / units)
    exact = [0.0, rounded(far)] if ends[0] == 0 else [rounded(1 - far), 1.0]
    return {**found, "interval": exact if of_units else None}


def difference(
    value: float, values: "NDArray[np.float64]", units: int, *, less_is_better: bool, resolution: float = 0.0
) -> dict[str, Any]:
    """A difference with its interval and what it shows.

    Args:
        value: what was measured.
        values: the same of each resample.
        units: how many units were resampled.
        less_is_better: whether a difference below zero is a gain.
        resolution: differences as small come from rounding.
    """
    found = measured(value, values, units)
    return {**found, "verdict": _verdict(found["interval"], units, less_is_better, resolution)}


def rounded(value: float) -> float:
    """To `DIGITS` decimals; never minus zero."""
    return round(float(value), DIGITS) + 0.0


def _verdict(ends: list[float] | None, units: int, less_is_better: bool, resolution: float) -> Verdict | None:
    """None where there are too few units to say."""
    if ends is None or units < FEW:
        return None
    if ends[0] <= resolution and ends[1] >= -resolution:
        return "no difference shown"
    return "better" if (ends[1] < 0) == less_is_better else "worse"
