"""What a worker gathers of one shard, and the columns it is kept in: masked documents, findings, ids and counts."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from govern import signals
from govern.canonical import canonical_value, shape
from govern.corpus import Document
from govern.frames import frame_of
from govern.mask import Masked, Quarantined, Stretch
from govern.reuse import as_stored
from govern.treatment import MARKED, keyed_value

if TYPE_CHECKING:
    import polars as pl

    from govern.detect import Span
    from govern.mask import Replacement
    from govern.vault.segment import Original

MASKED = "masked"
"""The outcome of a document that was not set aside."""

FINDINGS = {
    "id": "str",
    "field": "str",
    "start": "int",
    "end": "int",
    "entity_type": "str",
    "score": "float",
    "recognizer": "str",
}
"""The columns of findings, and their kinds: the contract of `govern scan`."""


PRIVATE_FINDINGS = {**FINDINGS, "action": "str", "value": "str", "shape": "str", "surrogate": "str"}
"""Beside them what was done, the keyed canonical value, its shape, and the keyed name that stands for a name."""


DETECTED = {"document": "bytes", "outcome": "str", "passes": "str", "vetoes": "str"}
"""By the keyed digest of a document what became of it, and what was found: offsets and types."""


class Rows:
    """Gathers one shard: rows of masked documents, findings and ids, and counts by what became of each document."""

    def __init__(self, published: tuple[str, ...] = ()) -> None:
        self.columns = _columns(published)
        self.masked: dict[str, list[Any]] = {column: [] for column in self.columns}
        self.findings: dict[str, list[Any]] = {column: [] for column in PRIVATE_FINDINGS}
        self.ids: dict[str, list[str]] = {"original": [], "certified": []}
        self.detected: dict[str, list[Any]] = {column: [] for column in DETECTED}
        self.arrived: dict[str, Counter[str]] = {}
        self.entities: Counter[tuple[str, str, str, str, str]] = Counter()
        self.vetoes: Counter[tuple[str, str, str]] = Counter()
        self.joins: Counter[str] = Counter()
        self.originals: list[Original] = []
        self.quarantined: list[tuple[str, str]] = []
        self.dropped: list[tuple[str, str]] = []

    def arrive(self, document: Document, keyed: str, source: str, lang: str) -> None:
        """Counts a document that came in."""
        self.ids["original"].append(document.id)
        self.ids["certified"].append(keyed)
        self._count(lang, source, "documents_in")

    def drop(self, lang: str, source: str, keyed: str, reason: str) -> None:
        """Counts a document that is left out."""
        self._count(lang, source, "dropped")
        self.dropped.append((keyed, reason))

    def quarantine(self, lang: str, source: str, keyed: str, reason: str) -> None:
        """Counts a document that is set aside."""
        self._count(lang, source, "quarantined")
        self.quarantined.append((keyed, reason))

    def detect(self, key: bytes, outcome: Masked | Quarantined) -> None:
        """What was found in a document, for a later run over it."""
        row: tuple[Any, ...]
        if isinstance(outcome, Quarantined):
            row = (key, outcome.reason, None, None)
        else:
            row = (key, MASKED, as_stored(outcome.passes), json.dumps(outcome.vetoes) if outcome.vetoes else None)
        for column, value in zip(DETECTED, row, strict=True):
            self.detected[column].append(value)

    def mask(self, document: Document, outcome: Masked, values: dict[str, Any], allow_key: bytes) -> None:
        """Takes a masked document, its row as `values`, and what was found in it."""
        for column, items in self.masked.items():
            items.append(values[column])
        texts, seen = dict(document.fields), set()
        for span, action, value, made, sealed_as in _found(outcome, texts):
            raw = texts[span.field][span.start : span.end]
            keyed = keyed_value(allow_key, span.entity_type, value)
            other = keyed_value(allow_key, span.entity_type, made) if made else None
            where = (document.id, span.field, span.start, span.end, span.entity_type, span.score, span.recognizer)
            for column, item in zip(PRIVATE_FINDINGS, (*where, action, keyed, shape(raw), other), strict=True):
                self.findings[column].append(item)
            self.entities[span.entity_type, values["lang"], values["source"], action, "spans"] += 1
            seen.add((span.entity_type, action))
            if action == "encrypt":
                self.originals.append(_original(span.entity_type, sealed_as, raw))
        for entity_type, kind, count in outcome.vetoes:
            self.vetoes[entity_type, values["lang"], kind] += count
        for entity_type, action in seen:
            self.entities[entity_type, values["lang"], values["source"], action, "documents"] += 1

    def files(self, name: str) -> "dict[str, pl.DataFrame]":
        """The Parquet files of the shard `name`, by path."""
        return {
            f"masked/{name}.parquet": frame_of(self.masked, self.columns).with_columns(signals.measure()),
            f"findings/{name}.parquet": frame_of(self.findings, PRIVATE_FINDINGS),
            f"detected/{name}.parquet": frame_of(self.detected, DETECTED),
            f"ids/{name}.parquet": frame_of(self.ids, {"original": "str", "certified": "str"}),
        }

    def state(self) -> dict[str, Any]:
        """The counts, as they are kept."""
        return {
            "arrived": {name: dict(counts) for name, counts in self.arrived.items()},
            "entities": sorted([*key, count] for key, count in self.entities.items()),
            "vetoes": sorted([*key, count] for key, count in self.vetoes.items()),
            "joins": dict(self.joins),
            "quarantined": self.quarantined,
            "dropped": self.dropped,
        }

    def _count(self, lang: str, source: str, what: str) -> None:
        for name in signals.slices(lang, source):
            self.arrived.setdefault(name, Counter())[what] += 1


def _found(outcome: Masked, texts: dict[str, str]) -> "Iterator[tuple[Replacement | Span, str, str, str, str]]":
    """What was found in a document: where, what was done, the canonical value, the surrogate of a name, what stands there."""
    for item in outcome.replacements:
        name = item.action == "surrogate" and item.entity_type == "PERSON"
        yield item, item.action, item.value, canonical_value("PERSON", item.text) if name else "", item.text
    for span, why in outcome.stayed:
        yield span, why, canonical_value(span.entity_type, texts[span.field][span.start : span.end]), "", ""


def _original(entity_type: str, reference: str, raw: str) -> "Original":
    from govern.vault.segment import Original

    return Original(entity_type, reference.removeprefix(f"<{entity_type}_").removesuffix(">"), raw)


def _columns(keep: tuple[str, ...]) -> dict[str, str]:
    fixed = {"id": "str", "text": "str", "lang": "str", "source": "str"}
    own = {"turns": "str", "duplicate": "bytes", "recorded": "str", "witnessed": "str"}
    counts = {"spans": "int", "masked_characters": "int", "raw_characters": "int"}
    return {**fixed, **dict.fromkeys(keep, "str"), **own, **counts}


def recorded(outcome: Masked) -> str | None:
    """Where the document holds replacements that look like personal data, as JSON; None where it holds none."""
    places = [[each.field, each.start, each.end, each.text] for each, _ in _unmarked(outcome)]
    return json.dumps(places, ensure_ascii=False) if places else None


def witnessed(outcome: Masked, key: bytes) -> str | None:
    """Of each recorded replacement its entity type, its action and the keyed value that it stands for, as JSON."""
    items = [[item.entity_type, item.action, keyed_value(key, item.entity_type, item.value)] for _, item in _unmarked(outcome)]
    return json.dumps(items) if items else None


def _unmarked(outcome: Masked) -> "list[tuple[Stretch, Replacement]]":
    pairs = zip(outcome.stretches, outcome.replacements, strict=True)
    return [(stretch, item) for stretch, item in pairs if item.action not in MARKED]


def stretches(stored: str | None) -> tuple[Stretch, ...]:
    """The stretches that `recorded` stored."""
    return () if stored is None else tuple(Stretch(*place) for place in json.loads(stored))
