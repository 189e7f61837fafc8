"""Reads back what was published: duplicates that are left, and a regression scan by the masking detector.

The scan shares the detector's blind spots. It shows that what was written is what was masked; it says nothing about
personal data that the detector cannot see, and the certificate never quotes it as residual risk.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from govern import signals
from govern.process import detector_of

if TYPE_CHECKING:
    from govern.policy import Policy

SAMPLE_DOCUMENTS = 2000
"""Documents scanned again, about; a smaller corpus is scanned whole."""


@dataclass(frozen=True, slots=True)
class RescanTask:
    """One published file, and which documents to scan: those whose id is 0 modulo `every`."""

    path: Path
    policy: "Policy"
    every: int


@dataclass(frozen=True, slots=True)
class Rescan:
    """What one published file holds: documents scanned, spans still found by slice, and a digest of each text."""

    scanned: int
    spans_left: Counter[str]
    texts: tuple[bytes, ...]
    places: tuple[tuple[str, str], ...]


def every(documents: int) -> int:
    """The sampling step for a corpus of so many documents."""
    return max(1, documents // SAMPLE_DOCUMENTS)


def rescan(task: RescanTask) -> Rescan:
    """Reads one published file again and scans a sample, chosen by id, of its documents."""
    import polars as pl

    from govern.detect import find

    detector = detector_of(task.policy)
    frame = pl.read_parquet(task.path, columns=["id", "text", "lang", "source"])
    spans: Counter[str] = Counter()
    texts: list[bytes] = []
    scanned = 0
    for identity, text, lang, source in frame.iter_rows():
        texts.append(hashlib.blake2b(text.encode(), digest_size=16).digest())
        if int(identity[:8], 16) % task.every:
            continue
        scanned += 1
        left = len(find(detector, text))
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
