"""Random choices that a seed alone decides, on every machine and in every version of Python."""

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Random choices from `random.Random.random` alone, whose sequence Python promises to keep between versions."""

    __slots__ = ("unit",)

    def __init__(self, seed: str) -> None:
        self.unit: Callable[[], float] = random.Random(seed).random  # noqa: S311

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.unit() * (high - low + 1))

    def pick(self, values: Sequence[T]) -> T:
        """One of `values`."""
        return values[int(self.unit() * len(values))]

    def chance(self, percent: float) -> bool:
        """True in `percent` of a hundred calls."""
        return self.unit() * 100 < percent

    def digits(self, count: int) -> str:
        """`count` decimal digits."""
        return f"{int(self.unit() * 10**count):0{count}d}"
