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
Row = tuple[int, int, int, int]
"""A span before its place is one in bytes: text, what it is, start and end in code points of all texts."""


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
        counted: list[Row] = []
        shapes: list[int] = []
        boundaries: list[tuple[int, int]] = []
        runs: list[Row] = []
        terms: list[Row] = []
        base = 0
        for at, text in enumerate(texts.texts):
            for term, start, end in self.finder.find(text):
                terms.append((at, term, base + start, base + end))
            if not HAS_DIGIT.isdisjoint(text):
                for name, start, end in numbers.find(text):
                    kind, row = _NUMBER[name], len(counted)
                    counted.append((at, kind, base + start, base + end))
                    shapes.append(self._shape(kind, text[start:end]))
                    boundaries += [(row, base + place) for place in numbers.groups(text, start, end)]
                    for one, other in numbers.digit_runs(text, start, end):
                        if 1 < other - one <= LONGEST_RUN:
                            runs.append((at, other - one, base + one, base + other))
            base += len(text)
        byte_at = bytes_at("".join(texts.texts))
        pairs = np.array(boundaries, np.int64).reshape(-1, 2)
        return Found(
            _spans(counted, byte_at),
            np.array(shapes, np.int64),
            byte_at[pairs[:, 1]],
            pairs[:, 0].copy(),
            _spans(runs, byte_at),
            _spans(terms, byte_at),
        )

    def _shape(self, kind: int, number: str) -> int:
        """The number of its shape, -1 where that is too long to be listed."""
        if len(number) > LONGEST_SHAPE:
            return -1
        return self.shapes.setdefault((kind, numbers.shape(number)), len(self.shapes))


_NUMBER = {name: at for at, name in enumerate(FORMATS)}


def bytes_at(text: str) -> Ints:
    """The place in bytes of each place in code points, the end too."""
    points = code_points(text)
    width = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    return np.concatenate(([0], np.cumsum(width)))


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The code points of `text`."""
    return np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.uint32, copy=False)


def _spans(rows: list[Row], byte_at: Ints) -> Spans:
    columns = np.array(rows, np.int64).reshape(-1, 4)
    return Spans(columns[:, 0].copy(), columns[:, 1].copy(), byte_at[columns[:, 2]], byte_at[columns[:, 3]])
