"""Finds what is measured inside texts: numbers by format, digit runs inside them, terms. Places are bytes of all texts.

In: texts, put one after the other as UTF-8. Out: arrays, one row for each span, half open, with the positions at which the
value of a number has its inner boundaries (`vocab.numbers.groups`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vocab import numbers
from vocab.coverage.arrays import Ints
from vocab.coverage.finder import Finder

FORMATS = tuple(numbers.FORMATS)
LONGEST_RUN = 12
"""Digits of a run whose patterns are counted; a run of one has none."""
LONGEST_SHAPE = 40
"""Characters of a number whose shape is listed."""
HAS_DIGIT = frozenset("0123456789")


@dataclass(frozen=True)
class Texts:
    """Texts as bytes, one after the other; text `at` lies from `bounds[at]` to `bounds[at + 1]`."""

    texts: Sequence[str]
    blob: npt.NDArray[np.uint8]
    bounds: Ints

    @property
    def sizes(self) -> Ints:
        """Bytes of each text."""
        return np.diff(self.bounds)


@dataclass(frozen=True)
class Spans:
    """Spans of one kind: the text each stands in, what it is (a format, term or length), and its place in bytes."""

    text: Ints
    what: Ints
    start: Ints
    end: Ints


@dataclass(frozen=True)
class Found:
    """What stands in texts: `numbers` by format and `shape`, `boundaries` of numbers by row, `runs` by length, `terms`."""

    numbers: Spans
    shape: Ints
    boundary: Ints
    boundary_of: Ints
    runs: Spans
    terms: Spans


def texts_of(texts: Sequence[str]) -> Texts:
    """The texts as bytes."""
    data = [text.encode() for text in texts]
    bounds = np.concatenate(([0], np.cumsum([len(one) for one in data], dtype=np.int64))).astype(np.int64)
    return Texts(texts, np.frombuffer(b"".join(data), np.uint8), bounds)


class Search:
    """Finds spans; `shapes` numbers every shape that was found so far, as (format, shape)."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self.shapes: dict[tuple[int, str], int] = {}

    def find(self, texts: Texts) -> Found:
        """What stands in `texts`."""
        counted: list[tuple[int, int, int, int]] = []
        shapes: list[int] = []
        boundaries: list[tuple[int, int]] = []
        runs: list[tuple[int, int, int, int]] = []
        terms: list[tuple[int, int, int, int]] = []
        bounds = texts.bounds.tolist()
        for at, text in enumerate(texts.texts):
            base = bounds[at]
            for term, start, end in self.finder.find(text):
                first, last = _bytes(text, base, (start, end))
                terms.append((at, term, first, last))
            if HAS_DIGIT.isdisjoint(text):
                continue
            for name, start, end in numbers.find(text):
                kind = _NUMBER[name]
                row = len(counted)
                first, last = _bytes(text, base, (start, end))
                counted.append((at, kind, first, last))
                shapes.append(self._shape(kind, text[start:end]))
                boundaries += [(row, place) for place in _bytes(text, base, numbers.groups(text, start, end))]
                for one, other in numbers.digit_runs(text, start, end):
                    if 1 < other - one <= LONGEST_RUN:
                        first, last = _bytes(text, base, (one, other))
                        runs.append((at, other - one, first, last))
        pairs = np.array(boundaries, np.int64).reshape(-1, 2)
        return Found(
            _spans(counted), np.array(shapes, np.int64), pairs[:, 1].copy(), pairs[:, 0].copy(), _spans(runs), _spans(terms)
        )

    def _shape(self, kind: int, number: str) -> int:
        """The number of its shape, -1 where that is too long to be listed."""
        if len(number) > LONGEST_SHAPE:
            return -1
        return self.shapes.setdefault((kind, numbers.shape(number)), len(self.shapes))


_NUMBER = {name: at for at, name in enumerate(FORMATS)}


def _bytes(text: str, base: int, places: Sequence[int]) -> list[int]:
    """Places in code points as places in bytes, of a text that begins at `base`."""
    return [base + place if text.isascii() else base + len(text[:place].encode()) for place in places]


def _spans(rows: list[tuple[int, int, int, int]]) -> Spans:
    columns = np.array(rows, np.int64).reshape(-1, 4)
    return Spans(*(columns[:, at].copy() for at in range(4)))
