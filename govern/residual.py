"""Reads back what was published: duplicates that are left, and a regression scan by the masking detector.

The scan shares the detector's blind spots. It shows that what was written is what was masked; it says nothing about
personal data that the detector cannot see, and the certificate never quotes it as residual risk.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from govern import signals
from govern.process import detector_of
from govern.publish import PartFile

if TYPE_CHECKING:
    from govern.policy import Policy

SAMPLE_DOCUMENTS = 2000
"""Documents scanned again, about; a smaller corpus is scanned whole."""
TASK_ROWS = 500
"""Documents of one published file that one task reads again."""


@dataclass(frozen=True, slots=True)
class RescanTask:
    """Rows of one published file, and which documents to scan: those whose id is 0 modulo `every`."""

    path: Path
    first_row: int
    policy: "Policy"
    every: int


@dataclass(frozen=True, slots=True)
class Rescan:
    """What those rows hold: documents scanned, spans still found by slice, and a digest of each text."""

    scanned: int
    spans_left: Counter[str]
    texts: tuple[bytes, ...]
    places: tuple[tuple[str, str], ...]


def tasks(folder: Path, files: Sequence[PartFile], policy: "Policy") -> tuple[RescanTask, ...]:
    """The tasks that read every published document again, in order."""
    step = max(1, sum(file.documents for file in files) // SAMPLE_DOCUMENTS)
    return tuple(
        RescanTask(folder / file.path, first, policy, step)
        for file in files
        for first in range(0, file.documents, TASK_ROWS)
    )


def rescan(task: RescanTask) -> Rescan:
    """Reads published documents again and scans a sample of them, chosen by id."""
    import polars as pl

    from govern.detect import search

    detector = detector_of(task.policy)
    fields = ("text", *task.policy.keep_columns)
    rows = pl.scan_parquet(task.path).select("id", "lang", "source", *fields).slice(task.first_row, TASK_ROWS)
    frame = rows.collect()
    spans: Counter[str] = Counter()
    texts: list[bytes] = []
    scanned = 0
    for identity, lang, source, *values in frame.iter_rows():
        texts.append(hashlib.blake2b(values[0].encode(), digest_size=16).digest())
        if int(identity[:8], 16) % task.every:
            continue
        scanned += 1
        found = [span for value in values if value is not None for span in search(detector, value).spans]
        left = sum(span.entity_type not in detector.kept for span in found)
        spans.update(dict.fromkeys(signals.slices(lang, source), left))
    return Rescan(scanned, spans, tuple(texts), tuple(frame.select("lang", "source").iter_rows()))


def duplicates_left(results: tuple[Rescan, ...]) -> Counter[str]:
    """How many published texts stand more than once, by slice of the later one."""
    seen: set[bytes] = set()
    left: Counter[str] = Counter()
    for result in results:
        for text, (lang, source) in zip(result.texts, result.places, strict=True):
            if text in seen:
                left.update(signals.slices(lang, source))
            seen.add(text)
    return left
