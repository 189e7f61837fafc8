"""Lists what would be masked: one finding a row, offsets in code points, never the matched text.

The file is private: an offset pair tells a length, and ids may name a person. It is written with mode 0600.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.corpus import documents, read
from govern.errors import InputError
from govern.process import FINDINGS, detector_of, frame_of, write_frame

if TYPE_CHECKING:
    from govern.policy import Policy


@dataclass(frozen=True, slots=True)
class ScanCount:
    """How many documents were read, how many findings written, and findings by entity type."""

    documents: int
    findings: int
    by_type: dict[str, int]


def scan(inputs: tuple[Path, ...], out: Path, policy: "Policy", *, text_column: str, id_column: str) -> ScanCount:
    """Writes the findings of every document to `out` (Parquet).

    Raises:
        InputError: an input that cannot be read, or a file that is there already.
        DetectionUnknown: a pattern ran out of time, so the list would not be whole.
    """
    from govern.detect import find

    if os.path.lexists(out):
        raise InputError(f"{out}: is there already, and nothing is overwritten; name another file with --out")
    corpus = read(inputs, text_column=text_column, id_column=id_column, kept=policy.keep_columns)
    detector = detector_of(policy)
    rows: dict[str, list[Any]] = {name: [] for name in FINDINGS}
    for shard in corpus.shards:
        for document in documents(shard, corpus.text_column, corpus.id_column, corpus.kept):
            for name, text in document.fields:
                for span in find(detector, text, name):
                    values = (
                        document.id,
                        span.field,
                        span.start,
                        span.end,
                        span.entity_type,
                        span.score,
                        span.recognizer,
                    )
                    for column, value in zip(FINDINGS, values, strict=True):
                        rows[column].append(value)
    write_frame(out, frame_of(rows, FINDINGS))
    return ScanCount(corpus.documents, len(rows["id"]), dict(Counter(rows["entity_type"])))
