"""Tries a policy on a labelled set: what it would mask and what it would leave, before anybody certifies a corpus again.

A label counts as masked where every character of it lies in findings that the policy replaces, of whatever type; a finding
counts as right where it touches a label. Only entity types that the set labels are judged. Cleaning is left out, since labels
are offsets of the text as it came. No text is kept.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from govern.corpus import documents, read
from govern.errors import InputError
from govern.process import detector_for

if TYPE_CHECKING:
    from govern.policy import Policy
    from govern.treatment import Treatment

Z = 1.959964
"""Of the normal distribution, for intervals of 95 %."""


@dataclass(frozen=True, slots=True)
class Label:
    """Personal data at code points `start` to `end` of a field of a document."""

    id: str
    field: str
    start: int
    end: int
    entity_type: str


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one entity type: labels, those masked whole, findings, those that touch a label."""

    labels: int = 0
    masked: int = 0
    findings: int = 0
    right: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.labels + other.labels,
            self.masked + other.masked,
            self.findings + other.findings,
            self.right + other.right,
        )

    @property
    def recall(self) -> float | None:
        """The share of labels masked whole; None without labels."""
        return self.masked / self.labels if self.labels else None

    @property
    def precision(self) -> float | None:
        """The share of findings that touch a label; None without findings."""
        return self.right / self.findings if self.findings else None


@dataclass(frozen=True, slots=True)
class Trial:
    """The scores of a policy by entity type, and the labels that it leaves or masks in part."""

    scores: dict[str, Score]
    missed: frozenset[Label]

    @property
    def whole(self) -> Score:
        """Of all types together."""
        return sum(self.scores.values(), Score())


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The interval of a share at 95 % (Wilson 1927); (0, 1) of nothing."""
    if not whole:
        return 0.0, 1.0
    share, spread = part / whole, Z * Z / whole
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / whole + spread / (4 * whole)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def read_labels(path: Path) -> tuple[Label, ...]:
    """The labels in a JSON Lines file: id, field, start, end, entity_type.

    Raises:
        InputError: the file cannot be read, or a line does not fit.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; save the labels as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; check the path of the labels") from None
    labels = tuple(_label(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip())
    if not labels:
        raise InputError(f"{path}: no labels; without one, neither precision nor recall is known")
    return labels


def _label(line: str, where: str) -> Label:
    try:
        value = json.loads(line)
        label = Label(value["id"], value.get("field", "text"), value["start"], value["end"], value["entity_type"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{where}: no label; expected an object with id, field, start, end and entity_type") from None
    kinds = (type(label.id), type(label.field), type(label.start), type(label.end), type(label.entity_type))
    if kinds != (str, str, int, int, str) or not 0 <= label.start < label.end:
        raise InputError(f"{where}: no label; id, field and entity_type are text, and 0 <= start < end")
    return label


def run(
    treatment: "Treatment", inputs: tuple[Path, ...], labels: tuple[Label, ...], *, text_column: str, id_column: str
) -> Trial:
    """The trial of a policy over the labelled documents among `inputs`.

    Raises:
        InputError: an input that cannot be read, or a label of a document or place that is not there.
    """
    by_document: dict[str, list[Label]] = {}
    for label in labels:
        by_document.setdefault(label.id, []).append(label)
    types = frozenset(label.entity_type for label in labels)
    scores: Counter[tuple[str, str]] = Counter()
    missed: set[Label] = set()
    seen: set[str] = set()
    for identity, fields, found in _findings(treatment, inputs, text_column, id_column):
        mine = by_document.get(identity, [])
        seen.add(identity)
        _check(mine, fields)
        for name, start, end, kind in found:
            if kind in types:
                scores[kind, "findings"] += 1
                scores[kind, "right"] += any(
                    each.field == name and each.start < end and start < each.end for each in mine
                )
        for label in mine:
            scores[label.entity_type, "labels"] += 1
            if _covered(label, found):
                scores[label.entity_type, "masked"] += 1
            else:
                missed.add(label)
    absent = len(by_document.keys() - seen)
    if absent:
        raise InputError(
            f"labels: {absent} of {len(by_document)} labelled documents are not among the inputs; check the ids"
        )
    names = ("labels", "masked", "findings", "right")
    return Trial({kind: Score(*(scores[kind, name] for name in names)) for kind in sorted(types)}, frozenset(missed))


Found = list[tuple[str, int, int, str]]
"""Field, start, end and entity type of what a policy replaces in a document."""


def _findings(
    treatment: "Treatment", inputs: tuple[Path, ...], text_column: str, id_column: str
) -> Iterator[tuple[str, dict[str, str], Found]]:
    from govern.detect import search
    from govern.mask import adapted, left

    policy: Policy = treatment.policy
    detector = detector_for(treatment)
    corpus = read(inputs, text_column=text_column, id_column=id_column, kept=policy.published_columns)
    for shard in corpus.shards:
        for document in documents(shard, corpus.text_column, corpus.id_column, corpus.kept):
            declared = policy.source(document.source)
            source = declared.name if declared else ""
            found: Found = []
            for name, text in document.fields:
                spans = search(adapted(detector, treatment, source), text, name).spans
                found += [
                    (name, span.start, span.end, span.entity_type) for span in left(treatment, source, text, spans)
                ]
            yield document.id, dict(document.fields), found


def _check(labels: Iterable[Label], fields: dict[str, str]) -> None:
    for label in labels:
        if label.end > len(fields.get(label.field, "")):
            raise InputError(
                f"labels: one of field '{label.field}' ends at {label.end}, where its document has "
                f"{len(fields.get(label.field, ''))} characters; check that labels and documents are of one version"
            )


def _covered(label: Label, found: Found) -> bool:
    """Whether every character of the label lies in a finding."""
    place = label.start
    for name, start, end, _ in sorted(found, key=lambda each: each[1]):
        if name == label.field and start <= place < end:
            place = end
    return place >= label.end
