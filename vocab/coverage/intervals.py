"""Bootstrap intervals by document that do not depend on how a corpus is cut into shards.

Each document takes part in each replicate as often as a Poisson variable of mean 1 says (Chamandy et al., *Estimating
uncertainty for massive data streams*, 2012), and that number follows from a digest of its id alone. So replicates are sums over
documents, which shards add up in any order, and the same corpus always has the same intervals.
"""

from collections.abc import Sequence
from hashlib import blake2b
from math import exp, factorial

import numpy as np
import numpy.typing as npt

from vocab.coverage.arrays import Ints

REPLICATES = 1000
LEVEL = 0.95
TOGETHER = 2000
"""Documents whose weights are held at once."""
_LANES = 4
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
Floats = npt.NDArray[np.float64]


def keys_of(names: Sequence[str]) -> npt.NDArray[np.uint64]:
    """64 bits of a digest of each id."""
    data = b"".join(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest() for name in names)
    return np.frombuffer(data, "<u8").astype(np.uint64)


def weights(keys: npt.NDArray[np.uint64]) -> Floats:
    """How often each document stands in each replicate: `[documents, REPLICATES]`."""
    steps = np.arange(1, REPLICATES // _LANES + 1, dtype=np.uint64) * _GOLDEN
    mixed = keys[:, None] + steps[None, :]
    # The finalizer of SplitMix64 (Steele et al., 2014): every bit of the key and the step reaches every bit of the result.
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    found: Floats = _POISSON[mixed.astype("<u8").view("<u2")]
    return found


def replicates(keys: npt.NDArray[np.uint64], values: Ints) -> Floats:
    """The sum of `values` (`[documents, columns]`) in each replicate: `[REPLICATES, columns]`; whole numbers below 2**53."""
    total = np.zeros((REPLICATES, values.shape[1]))
    for start in range(0, len(keys), TOGETHER):
        part = slice(start, start + TOGETHER)
        total += weights(keys[part]).T @ values[part].astype(np.float64)
    return total


def interval(above: Floats, below: Floats) -> tuple[float, float] | None:
    """The percentile interval of the ratio of two columns of replicates; None where most of them have nothing below.

    Replicates of a small slice in which no document takes part are left out.
    """
    some = below > 0
    if 2 * np.count_nonzero(some) < len(below):
        return None
    low, high = np.quantile(above[some] / below[some], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="inverted_cdf")
    return float(low), float(high)


def _poisson() -> Floats:
    """The Poisson variable of mean 1 for each of 65,536 equal parts of probability."""
    bounds = np.cumsum([exp(-1) / factorial(count) for count in range(9)])
    return np.searchsorted(bounds, (np.arange(65_536) + 0.5) / 65_536, "right").astype(np.float64)


_POISSON = _poisson()
