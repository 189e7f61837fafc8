"""Lists what would be masked: of files one finding a row, of a text its spans; offsets in code points, never the text.

Of files it is what masking replaces first in the text as it came: without kept types and allowed values, with what joins
and columns say of a document. Cleaning is left out, since offsets are of the text before it.
The file is private: an offset pair tells a length, and ids may name a person. It is written with mode 0600.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.corpus import documents_of
from govern.errors import InputError
from govern.frames import frame_of, write_frame
from govern.gathered import FINDINGS
from govern.policy import load
from govern.process import prepared
from govern.readers import Given
from govern.sources import Columns, arrive

if TYPE_CHECKING:
    from govern.detect import Detector, Span
    from govern.policy import Policy
    from govern.treatment import Treatment

LANGUAGES = ("en", "ko")


@dataclass(frozen=True, slots=True)
class ScanCount:
    """How many documents were read, how many findings written, and findings by entity type."""

    documents: int
    findings: int
    by_type: dict[str, int]
    unreadable: int = 0
    """Documents whose row could not be read, where the policy quarantines such rows; nothing was looked for in them."""


def find(
    text: str, *, language: str | None = None, entities: Iterable[str] | None = None, min_score: float | None = None
) -> "tuple[Span, ...]":
    """The personal data in `text` by the default policy, sorted, no two spans overlapping.

    `language` is `en`, `ko`, or None for both: what makes sense in the other alone is left out, numbers never are.
    `entities` are the types to look for, None for all. Findings under `min_score` (over 0, up to 1) are left, None is the
    policy's.

    Raises:
        InputError: no such language, entity type or score.
        DetectionUnknown: a pattern ran past its time-out.
    """
    from govern import detect

    chosen = None if entities is None else tuple(sorted(set(entities)))
    return detect.find(_detector(language, chosen, min_score), text)


@cache
def _detector(language: str | None, entities: tuple[str, ...] | None, min_score: float | None) -> "Detector":
    return build(load("default"), language, entities, min_score)


def build(
    policy: "Policy",
    language: str | None,
    entities: Iterable[str] | None,
    min_score: float | None,
    secret: bytes | None = None,
) -> "Detector":
    """The detector of `policy`, narrowed as `find` says."""
    from govern import detect

    if language not in {None, *LANGUAGES}:
        raise InputError(f"language '{language}': not known; use {' or '.join(LANGUAGES)}, or leave it out for both")
    return detect.build(policy.narrowed(entities, min_score), language, secret)


def scan(
    inputs: tuple[Given, ...],
    out: Path,
    policy: "Policy",
    *,
    columns: Columns,
    language: str | None = None,
    entities: Iterable[str] | None = None,
    min_score: float | None = None,
    secret: bytes | None = None,
) -> ScanCount:
    """Writes the findings of every document to `out` (Parquet), narrowed as `find` says.

    Raises:
        InputError: an input that cannot be read, a file that is there already, or no secret for lists and known values.
        DetectionUnknown: a pattern ran out of time, so the list would not be whole.
    """
    from govern.mask import due

    if os.path.lexists(out):
        raise InputError(f"{out}: is there already, and nothing is overwritten; name another file with --out")
    detector = build(policy, language, entities, min_score, secret)
    _check_lists(policy, secret)
    treatment = _treatment(policy.narrowed(entities, None), secret)
    searched = policy.model_copy(update={"cleaning": ()})
    corpus = arrive(inputs, policy, columns)
    rows: dict[str, list[Any]] = {name: [] for name in FINDINGS}
    unreadable = 0
    for shard in corpus.shards:
        for document in documents_of(corpus, shard):
            unreadable += document.unreadable
            published, finders, _ = prepared(document, searched, detector)
            declared = policy.source(document.source)
            source = declared.name if declared else ""
            for span in due(published, detector, treatment, source=source, finders=finders):
                where = (document.id, span.field, span.start, span.end, span.entity_type, span.score, span.recognizer)
                for column, value in zip(FINDINGS, where, strict=True):
                    rows[column].append(value)
    write_frame(out, frame_of(rows, FINDINGS))
    return ScanCount(corpus.documents, len(rows["id"]), dict(Counter(rows["entity_type"])), unreadable)


def _treatment(policy: "Policy", secret: bytes | None) -> "Treatment":
    """What becomes of values, to be asked alone; the detector has refused lists that came without the secret."""
    from govern import lists
    from govern.treatment import prepare

    allowed = lists.load(policy.lists_path, secret).allowed if policy.lists_path is not None else frozenset()
    return prepare(policy, secret, allowed, replaces=False)


def _check_lists(policy: "Policy", secret: bytes | None) -> None:
    """Returns where every type of a denied value is looked for, as certifying asks."""
    from govern import lists
    from govern.policy_check import check_looked_for

    if policy.lists_path is not None:
        check_looked_for(policy, lists.load(policy.lists_path, secret), {})
