"""One shard through read, detect, mask and measure, into files that are whole or absent.

A finished shard is a Parquet of its masked documents, a Parquet of its findings and id map (private), and a state file
that carries their digests; the state is written last. What a document becomes depends on it, the policy and the secret.
"""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import signals, states
from govern.canonical import canonical_value, shape
from govern.clean import clean
from govern.corpus import Document, Shard, add_to, documents
from govern.deduplicate import duplicate_key
from govern.errors import InputError
from govern.files import canonical, sha256_file, write_whole
from govern.keys import derive, keyed_digest
from govern.mask import Masked, Quarantined, Stretch, mask
from govern.reuse import as_stored, opened
from govern.states import ShardState
from govern.treatment import MARKED, Treatment, keyed_value
from govern.turns import Layout, joined, parted, spelled

if TYPE_CHECKING:
    import polars as pl

    from govern.detect import Detector, Finder, Span
    from govern.mask import Replacement
    from govern.policy import Policy
    from govern.reuse import Passes, Vetoes
    from govern.vault.segment import Original, WritingKeys

ROW_GROUP_ROWS = 65_536
COMPRESSION_LEVEL = 3
MASKED = "masked"
"""The outcome of a document that was not set aside."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the secret derives to, each for one use."""

    ids: bytes = field(repr=False)
    duplicates: bytes = field(repr=False)
    splits: bytes = field(repr=False)
    inputs: bytes = field(repr=False)


def keys_of(secret: bytes) -> Keys:
    """The keys of a run."""
    return Keys(
        ids=derive(secret, "document id"),
        duplicates=derive(secret, "duplicate"),
        splits=derive(secret, "split"),
        inputs=derive(secret, "input digest"),
    )


@dataclass(frozen=True, slots=True)
class ShardTask:
    """What a worker needs for one shard: paths, columns, policy, keys and source names; no text."""

    shard: Shard
    text_column: str
    id_column: str | None
    layout: Layout
    policy: "Policy"
    keys: Keys
    source_names: tuple[tuple[str, str], ...]
    treatment: Treatment
    folder: Path
    work: str = ""
    """Names all that the result depends on beside the documents, which `documents` names."""

    documents: str = ""
    detection: str = ""
    """Names all that what is found depends on."""

    earlier: Path | None = None
    """The private folder of a run whose findings count where they are of the same detection."""

    vault: "WritingKeys | None" = None
    """What writes the originals of encrypted values; None where the policy encrypts none."""


def process(task: ShardTask) -> ShardState:
    """The state of a shard: read back when it was finished before, else computed and stored."""
    name = states.name_of(task.shard.index)
    path = states.path_of(task.folder, task.shard.index)
    found = states.load(path, work=task.work, documents=task.documents)
    if found is not None:
        return found
    detector = detector_for(task.treatment)
    before = opened(task.earlier, task.detection) if task.earlier is not None else None
    rows = _Rows(_columns(task.policy.published_columns))
    for arrived, keyed, source, lang in _arrivals(task):
        rows.arrive(arrived, keyed, source, lang)
        document, finders, join = prepared(arrived, task.policy, detector)
        if join is not None:
            rows.joins[join] += 1
        if not document.fields[0][1].strip():
            rows.drop(lang, source, keyed, "empty")
            continue
        key = document_key(task.keys.inputs, arrived, source)
        known = before.find(key) if before is not None else None
        outcome = _masked(document, detector, task, source, finders, known)
        if isinstance(outcome, Quarantined):
            rows.quarantine(lang, source, keyed, outcome.reason)
        else:
            rows.mask(document, outcome, _values(document, outcome, keyed, lang, source, task), task)
        rows.detect(key, outcome)
    digests = {file: write_frame(task.folder / file, frame) for file, frame in rows.files(name).items()}
    if task.vault is not None:
        digests[segment_of(name)] = _write_segment(task.folder / segment_of(name), rows.originals, task.vault)
    made = {
        "work": task.work,
        "detection": task.detection,
        "documents": task.documents,
        "segments": states.segments_of(task.shard),
        "files": digests,
        "masked": f"masked/{name}.parquet",
        **rows.state(),
    }
    states.save(path, made)
    stored = states.load(path, work=task.work, documents=task.documents)
    if stored is None:
        raise OSError(f"{path}: the shard was written but does not read back")
    return stored


def _masked(
    document: Document,
    detector: "Detector",
    task: ShardTask,
    source: str,
    finders: "tuple[Finder, ...]",
    known: "tuple[str, Passes, Vetoes] | None",
) -> Masked | Quarantined:
    """What becomes of a document; one that an earlier run searched is not searched again."""
    if known is None:
        return mask(document, detector, task.policy, task.treatment, source=source, finders=finders)
    outcome, passes, vetoes = known
    if outcome != MASKED:
        return Quarantined(document.id, outcome)
    return mask(document, detector, task.policy, task.treatment, source=source, passes=passes, vetoes=vetoes)


def document_key(key: bytes, document: Document, source: str) -> bytes:
    """16 bytes, keyed: of a document as it arrived, and of the name of its source, which may have actions of its own."""
    hasher = hashlib.blake2b(digest_size=16, key=key)
    add_to(hasher, document)
    hasher.update(source.encode())
    return hasher.digest()


def documents_id(key: bytes, shard: Shard, source_names: dict[str, str]) -> str:
    """A keyed digest of the documents of a shard and of the names of their sources."""
    places = [[source_names[segment.file.name], segment.rows] for segment in shard.segments]
    return keyed_digest(key, shard.digest + canonical(places))


def segment_of(name: str) -> str:
    """Where a shard's part of the vault lies in the private folder."""
    return f"segments/{name}.vault"


def _write_segment(path: Path, originals: "list[Original]", keys: "WritingKeys") -> str:
    """Writes what the vault gets of a shard; returns its SHA-256. Its bytes differ each time; nothing certified has them."""
    from govern.vault.segment import write_segment

    write_segment(path, originals, keys)
    return sha256_file(path)


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


def frame_of(columns: dict[str, list[Any]], kinds: dict[str, str]) -> "pl.DataFrame":
    """A frame of the columns with fixed types, also when it is empty."""
    import polars as pl

    types = {"str": pl.String, "int": pl.Int64, "float": pl.Float64, "bytes": pl.Binary}
    return pl.DataFrame(columns, schema={name: types[kind] for name, kind in kinds.items()})


def write_frame(path: Path, frame: "pl.DataFrame", mode: int = 0o600) -> str:
    """Writes Parquet bytes that depend on the frame alone, whole or not at all; returns their SHA-256."""
    buffer = io.BytesIO()
    frame.rechunk().write_parquet(
        buffer, compression="zstd", compression_level=COMPRESSION_LEVEL, row_group_size=ROW_GROUP_ROWS, statistics=False
    )
    data = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data, mode)
    return hashlib.sha256(data).hexdigest()


_DETECTORS: "dict[tuple[object, ...], Detector]" = {}


def detector_of(policy: "Policy", secret: bytes | None = None) -> "Detector":
    """The detector of a policy, built once per process: it depends on nothing but the policy, its files and the secret."""
    from govern.detect import build

    stats = [path.stat() for path in (policy.lists_path, policy.known_path) if path is not None and path.exists()]
    key = (policy.digest, policy.folder, secret, *((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats))
    if key not in _DETECTORS:
        _DETECTORS[key] = build(policy, secret=secret)
    return _DETECTORS[key]


def detector_for(treatment: Treatment) -> "Detector":
    """The detector of a treatment.

    Raises:
        InputError: lists or known values are no longer those that the run began with.
    """
    detector = detector_of(treatment.policy, treatment.secret)
    if detector.values != treatment.values:
        raise InputError(
            f"policy '{treatment.policy.name}': its lists or known values changed since this run began; restore the files, or "
            "choose another --out"
        )
    return detector


def prepared(
    document: Document, policy: "Policy", detector: "Detector"
) -> "tuple[Document, tuple[Finder, ...], str | None]":
    """The document as it is searched, cleaned and without columns that are not published; what finds their values.

    Also what became of its join with the known values.
    """
    published = {"text", *policy.published_columns}
    fields = tuple((name, clean(text, policy.cleaning)) for name, text in document.fields if name in published)
    turns = document.turns
    if turns:
        texts = ((role, clean(text, policy.cleaning)) for role, text in parted(document.fields[0][1], turns))
        text, turns = joined(texts)
        fields = (("text", text), *fields[1:])
    values = dict(document.fields)
    finders, join = detector.beside(
        tuple((entity_type, values[name]) for name, entity_type in policy.searched_columns if name in values),
        values.get(policy.join_column or ""),
    )
    return replace(document, fields=fields, turns=turns), finders, join


def _arrivals(task: ShardTask) -> Iterator[tuple[Document, str, str, str]]:
    """(document, keyed id, source name, language) of each document of the shard."""
    import polars as pl

    names = dict(task.source_names)
    batch: list[Document] = []
    rows = documents(task.shard, task.text_column, task.id_column, task.policy.read_columns, task.layout)

    def drain() -> Iterator[tuple[Document, str, str, str]]:
        texts = pl.DataFrame({"text": [document.fields[0][1] for document in batch]}, schema={"text": pl.String})
        langs = texts.select(signals.language()).to_series().to_list()
        for document, lang in zip(batch, langs, strict=True):
            yield document, keyed_id(task.keys.ids, document.id), names[document.source], lang
        batch.clear()

    for document in rows:
        batch.append(document)
        if len(batch) == 1024:
            yield from drain()
    yield from drain()


def keyed_id(key: bytes, identity: str) -> str:
    """The id that ships: 32 hexadecimal digits, computable under the secret alone."""
    return keyed_digest(key, identity.encode("utf-8", "surrogatepass")).removeprefix("hmac-sha256:")


def _columns(keep: tuple[str, ...]) -> dict[str, str]:
    fixed = {"id": "str", "text": "str", "lang": "str", "source": "str"}
    own = {"turns": "str", "duplicate": "bytes", "recorded": "str", "witnessed": "str"}
    counts = {"spans": "int", "masked_characters": "int", "raw_characters": "int"}
    return {**fixed, **dict.fromkeys(keep, "str"), **own, **counts}


def _values(document: Document, outcome: Masked, keyed: str, lang: str, source: str, task: ShardTask) -> dict[str, Any]:
    """The row of a masked document."""
    fields = dict(outcome.document.fields)
    return {
        "id": keyed,
        "text": fields["text"],
        "lang": lang,
        "source": source,
        "turns": json.dumps(outcome.document.turns) if outcome.document.turns else None,
        "duplicate": duplicate_key(task.keys.duplicates, spelled(fields["text"], outcome.document.turns)),
        "recorded": recorded(outcome),
        "witnessed": witnessed(outcome, task.treatment.allow_key),
        "spans": len(outcome.replacements),
        "masked_characters": sum(item.end - item.start for item in outcome.replacements if item.field == "text"),
        "raw_characters": len(document.fields[0][1]),
        **{name: fields.get(name) for name in task.policy.published_columns},
    }


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


class _Rows:
    """Gathers one shard: rows of masked documents, findings and ids, and counts by what became of each document."""

    def __init__(self, columns: dict[str, str]) -> None:
        self.columns = columns
        self.masked: dict[str, list[Any]] = {column: [] for column in columns}
        self.findings: dict[str, list[Any]] = {column: [] for column in PRIVATE_FINDINGS}
        self.ids: dict[str, list[str]] = {"original": [], "certified": []}
        self.detected: dict[str, list[Any]] = {column: [] for column in DETECTED}
        self.arrived: dict[str, Counter[str]] = {}
        self.entities: Counter[tuple[str, str, str, str]] = Counter()
        self.vetoes: Counter[tuple[str, str, str]] = Counter()
        self.joins: Counter[str] = Counter()
        self.originals: list[Original] = []
        self.quarantined: list[tuple[str, str]] = []
        self.dropped: list[tuple[str, str]] = []

    def arrive(self, document: Document, keyed: str, source: str, lang: str) -> None:
        self.ids["original"].append(document.id)
        self.ids["certified"].append(keyed)
        self._count(lang, source, "documents_in")

    def drop(self, lang: str, source: str, keyed: str, reason: str) -> None:
        self._count(lang, source, "dropped")
        self.dropped.append((keyed, reason))

    def quarantine(self, lang: str, source: str, keyed: str, reason: str) -> None:
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

    def mask(self, document: Document, outcome: Masked, values: dict[str, Any], task: ShardTask) -> None:
        for column, items in self.masked.items():
            items.append(values[column])
        texts, seen = dict(document.fields), set()
        for span, action, value, made, sealed_as in _found(outcome, texts):
            raw = texts[span.field][span.start : span.end]
            keyed = keyed_value(task.treatment.allow_key, span.entity_type, value)
            other = keyed_value(task.treatment.allow_key, span.entity_type, made) if made else None
            where = (document.id, span.field, span.start, span.end, span.entity_type, span.score, span.recognizer)
            for column, item in zip(PRIVATE_FINDINGS, (*where, action, keyed, shape(raw), other), strict=True):
                self.findings[column].append(item)
            self.entities[span.entity_type, values["lang"], action, "spans"] += 1
            seen.add((span.entity_type, action))
            if action == "encrypt":
                self.originals.append(_original(span.entity_type, sealed_as, raw))
        for entity_type, kind, count in outcome.vetoes:
            self.vetoes[entity_type, values["lang"], kind] += count
        for entity_type, action in seen:
            self.entities[entity_type, values["lang"], action, "documents"] += 1

    def files(self, name: str) -> "dict[str, pl.DataFrame]":
        return {
            f"masked/{name}.parquet": frame_of(self.masked, self.columns).with_columns(signals.measure()),
            f"findings/{name}.parquet": frame_of(self.findings, PRIVATE_FINDINGS),
            f"detected/{name}.parquet": frame_of(self.detected, DETECTED),
            f"ids/{name}.parquet": frame_of(self.ids, {"original": "str", "certified": "str"}),
        }

    def state(self) -> dict[str, Any]:
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
