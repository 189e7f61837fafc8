"""Tries a policy on a labelled set: what it would mask and what it would leave, before anybody certifies a corpus again.

Each document is masked as `govern certify` masks it: joins, columns, both passes. A label counts as masked where every
character of it lies in what is replaced, of whatever type; a finding counts as right where it touches a label. Only entity
types that the set labels are judged. Of documents that are set aside, and of columns that are not published, nothing ships, so
their labels are counted apart. Cleaning is left out, since labels are offsets of the text as it came. No text is kept.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from govern.corpus import Document, documents_of
from govern.errors import InputError
from govern.process import detector_for, prepared
from govern.readers import Given
from govern.sources import Columns, arrive

if TYPE_CHECKING:
    from govern.treatment import Treatment

Z = 1.959964
"""Of the normal distribution, for intervals of 95 %."""

BOM = b"\xef\xbb\xbf"
LINE_BYTES = 1024 * 1024
"""A line of labels is never longer."""


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
    """The scores of a policy by entity type, the labels that it leaves or masks in part, and how many do not ship at all."""

    scores: dict[str, Score]
    missed: frozenset[Label]
    withheld: int = 0
    unreadable: int = 0
    """Documents whose row could not be read, where the policy quarantines such rows; no label is of them."""

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
    labels: dict[Label, int] = {}
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(LINE_BYTES), b""), 1):
                where = f"{path}:{number}"
                label = _label(line.removeprefix(BOM), where) if line.strip() else None
                if label is not None and labels.setdefault(label, number) != number:
                    raise InputError(f"{where}: the same label stands in line {labels[label]}; remove one of the two")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "cannot be read"
        raise InputError(f"{ascii(str(path))[1:-1]}: {reason}; check the path of the labels") from None
    if not labels:
        raise InputError(f"{path}: no labels; without one, neither precision nor recall is known")
    return tuple(labels)


def _label(line: bytes, where: str) -> Label:
    try:
        value = json.loads(line.decode("utf-8"))
        label = Label(value["id"], value.get("field", "text"), value["start"], value["end"], value["entity_type"])
    except UnicodeDecodeError:
        raise InputError(f"{where}: not UTF-8; save the labels as UTF-8") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{where}: no label; expected an object with id, field, start, end and entity_type") from None
    kinds = (type(label.id), type(label.field), type(label.start), type(label.end), type(label.entity_type))
    if kinds != (str, str, int, int, str) or not 0 <= label.start < label.end:
        raise InputError(f"{where}: no label; id, field and entity_type are text, and 0 <= start < end")
    if re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", label.entity_type) is None:
        raise InputError(f"{where}: no label; an entity type is in capitals, such as PERSON or KR_RRN")
    return label


def run(
    treatment: "Treatment", inputs: tuple[Given, ...], labels: tuple[Label, ...], *, columns: Columns
) -> Trial:
    """The trial of a policy over the labelled documents among `inputs`.

    Raises:
        InputError: an input that cannot be read, a label of a document or place that is not there, or of a type that nothing
            finds.
    """
    unknown = sorted({label.entity_type for label in labels} - treatment.policy.entities.keys())
    if unknown:
        known = ", ".join(sorted(treatment.policy.entities))
        raise InputError(f"labels: nothing finds '{unknown[0]}'; leave its labels out, or use one of {known}")
    by_document: dict[str, list[Label]] = {}
    for label in labels:
        by_document.setdefault(label.id, []).append(label)
    types = frozenset(label.entity_type for label in labels)
    scores: Counter[tuple[str, str]] = Counter()
    missed: set[Label] = set()
    seen: set[str] = set()
    withheld = unreadable = 0
    fields = sorted({label.field for label in labels} - {"text"})
    for document, ships, found in _masked(treatment, inputs, fields, columns):
        every = by_document.get(document.id, [])
        seen.add(document.id)
        unreadable += document.unreadable
        _check(every, dict(document.fields))
        mine = [label for label in every if label.field in ships]
        withheld += len(every) - len(mine)
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
    judged = {kind: Score(*(scores[kind, name] for name in names)) for kind in sorted(types)}
    return Trial(judged, frozenset(missed), withheld, unreadable)


Found = list[tuple[str, int, int, str]]
"""Field, start, end and entity type of what a policy replaces in a document."""


def _masked(
    treatment: "Treatment", inputs: tuple[Given, ...], fields: list[str], columns: Columns
) -> Iterator[tuple[Document, tuple[str, ...], Found]]:
    """Each document, the fields of it that ship (none of one set aside), and what is replaced in them."""
    from govern.mask import Quarantined, mask

    detector = detector_for(treatment)
    policy = treatment.policy.tagged().model_copy(update={"cleaning": ()})
    tagging = replace(treatment, policy=policy)
    kept = tuple(dict.fromkeys([*policy.read_columns, *fields]))
    corpus = arrive(inputs, policy, columns, kept)
    for shard in corpus.shards:
        for document in documents_of(corpus, shard):
            declared = policy.source(document.source)
            published, finders, _ = prepared(document, policy, detector)
            outcome = mask(published, detector, policy, tagging, source=declared.name if declared else "", finders=finders)
            if isinstance(outcome, Quarantined):
                yield document, (), []
                continue
            found = [(item.field, item.start, item.end, item.entity_type) for item in outcome.replacements]
            yield document, tuple(name for name, _ in published.fields), found


def _check(labels: Iterable[Label], fields: dict[str, str]) -> None:
    for label in labels:
        if label.end > len(fields.get(label.field, "")):
            raise InputError(
                f"labels: one of field '{ascii(label.field)[1:-1]}' ends at {label.end}, where its document has "
                f"{len(fields.get(label.field, ''))} characters; check that labels and documents are of one version"
            )


def _covered(label: Label, found: Found) -> bool:
    """Whether every character of the label lies in a finding."""
    place = label.start
    for name, start, end, _ in sorted(found, key=lambda each: each[1]):
        if name == label.field and start <= place < end:
            place = end
    return place >= label.end
