"""One shard through read, detect, mask and measure, into files that are whole or absent.

A finished shard is a Parquet of its masked documents, a Parquet of its findings and id map (private), and a state file
that carries their digests; the state is written last. What a document becomes depends on it, the policy and the secret.
"""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import signals
from govern.corpus import Document, Shard, documents
from govern.deduplicate import duplicate_key
from govern.files import canonical, sha256_file, write_whole
from govern.keys import keyed_digest
from govern.mask import Masked, Quarantined, mask

if TYPE_CHECKING:
    import polars as pl

    from govern.detect import Detector
    from govern.policy import Policy

ROW_GROUP_ROWS = 65_536
COMPRESSION_LEVEL = 3
FIELD = "text"


@dataclass(frozen=True, slots=True)
class Keys:
    """What the secret derives to, each for one use."""

    ids: bytes = field(repr=False)
    duplicates: bytes = field(repr=False)
    splits: bytes = field(repr=False)
    inputs: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShardTask:
    """What a worker needs for one shard: paths, columns, policy, keys and source names; no text."""

    shard: Shard
    text_column: str
    id_column: str | None
    policy: "Policy"
    keys: Keys
    source_names: tuple[tuple[str, str], ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class ShardState:
    """What a finished shard adds to the whole; states add up in shard order."""

    masked: Path
    arrived: dict[str, Counter[str]]
    entities: Counter[tuple[str, str, str]]
    quarantined: tuple[tuple[str, str], ...]
    dropped: tuple[tuple[str, str], ...]


def process(task: ShardTask) -> ShardState:
    """The state of a shard: read back when it was finished before, else computed and stored."""
    name = f"shard-{task.shard.index:06d}"
    state = task.folder / "states" / f"{name}.json"
    found = _finished(state, task.folder)
    if found is not None:
        return found
    columns = _columns(task.policy.keep_columns)
    masked: dict[str, list[Any]] = {column: [] for column in columns}
    findings: dict[str, list[Any]] = {column: [] for column in FINDINGS}
    ids: dict[str, list[str]] = {"original": [], "certified": []}
    tally = _Tally()
    detector = detector_of(task.policy)
    for document, keyed, source, lang in _arrivals(task):
        ids["original"].append(document.id)
        ids["certified"].append(keyed)
        tally.arrive(lang, source)
        text = document.fields[0][1]
        if not text.strip():
            tally.drop(lang, source, keyed, "empty")
            continue
        outcome = mask(document, detector, task.policy)
        if isinstance(outcome, Quarantined):
            tally.quarantine(lang, source, keyed, outcome.reason)
            continue
        left = [span for span in outcome.first_pass if span.entity_type in detector.kept]
        tally.mask(lang, [span.entity_type for span in (*outcome.replacements, *left)])
        _append(masked, document, outcome, keyed, lang, source, task)
        for found_span in (*outcome.replacements, *left):
            values = (document.id, found_span.field, found_span.start, found_span.end)
            rest = (found_span.entity_type, found_span.score, found_span.recognizer)
            for column, value in zip(FINDINGS, (*values, *rest), strict=True):
                findings[column].append(value)
    files = {
        f"masked/{name}.parquet": _masked_frame(masked, columns),
        f"findings/{name}.parquet": frame_of(findings, FINDINGS),
        f"ids/{name}.parquet": frame_of(ids, {"original": "str", "certified": "str"}),
    }
    state.parent.mkdir(exist_ok=True)
    digests = {path: write_frame(task.folder / path, frame) for path, frame in files.items()}
    write_whole(state, canonical({"files": digests, "masked": f"masked/{name}.parquet", **tally.state()}), 0o600)
    stored = _finished(state, task.folder)
    if stored is None:
        raise OSError(f"{state}: the shard was written but does not read back")
    return stored


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


_DETECTORS: "dict[tuple[str, Path | None], Detector]" = {}


def detector_of(policy: "Policy") -> "Detector":
    """The detector of a policy, built once per process: it depends on nothing but the policy."""
    from govern.detect import build

    key = (policy.digest, policy.pipeline_path)
    if key not in _DETECTORS:
        _DETECTORS[key] = build(policy)
    return _DETECTORS[key]


def _arrivals(task: ShardTask) -> Iterator[tuple[Document, str, str, str]]:
    """(document, keyed id, source name, language) of each document of the shard."""
    import polars as pl

    names = dict(task.source_names)
    batch: list[Document] = []
    rows = documents(task.shard, task.text_column, task.id_column)

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
    return {**fixed, **dict.fromkeys(keep, "str"), "duplicate": "bytes", "spans": "int", "masked_characters": "int",
            "raw_characters": "int"}  # fmt: skip


def _append(
    into: dict[str, list[Any]], document: Document, outcome: Masked, keyed: str, lang: str, source: str, task: ShardTask
) -> None:
    text = outcome.document.fields[0][1]
    kept = dict(document.metadata)
    values = {
        "id": keyed,
        "text": text,
        "lang": lang,
        "source": source,
        "duplicate": duplicate_key(task.keys.duplicates, text),
        "spans": len(outcome.replacements),
        "masked_characters": sum(item.end - item.start for item in outcome.replacements),
        "raw_characters": len(document.fields[0][1]),
    }
    for name in task.policy.keep_columns:
        value = kept.get(name)
        values[name] = value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    for name, items in into.items():
        items.append(values[name])


def _masked_frame(masked: dict[str, list[Any]], columns: dict[str, str]) -> "pl.DataFrame":
    return frame_of(masked, columns).with_columns(signals.measure())


class _Tally:
    """Counts one shard's documents by what became of them."""

    def __init__(self) -> None:
        self.arrived: dict[str, Counter[str]] = {}
        self.entities: Counter[tuple[str, str, str]] = Counter()
        self.quarantined: list[tuple[str, str]] = []
        self.dropped: list[tuple[str, str]] = []

    def arrive(self, lang: str, source: str) -> None:
        self._count(lang, source, "documents_in")

    def drop(self, lang: str, source: str, keyed: str, reason: str) -> None:
        self._count(lang, source, "dropped")
        self.dropped.append((keyed, reason))

    def quarantine(self, lang: str, source: str, keyed: str, reason: str) -> None:
        self._count(lang, source, "quarantined")
        self.quarantined.append((keyed, reason))

    def mask(self, lang: str, types: list[str]) -> None:
        for entity_type in types:
            self.entities[entity_type, lang, "spans"] += 1
        for entity_type in set(types):
            self.entities[entity_type, lang, "documents"] += 1

    def _count(self, lang: str, source: str, what: str) -> None:
        for name in signals.slices(lang, source):
            self.arrived.setdefault(name, Counter())[what] += 1

    def state(self) -> dict[str, Any]:
        return {
            "arrived": {name: dict(counts) for name, counts in self.arrived.items()},
            "entities": sorted([*key, count] for key, count in self.entities.items()),
            "quarantined": self.quarantined,
            "dropped": self.dropped,
        }


def _finished(state: Path, folder: Path) -> ShardState | None:
    """The stored state, if it and every file that it names are as they were written."""
    try:
        stored = json.loads(state.read_bytes())
    except FileNotFoundError:
        return None
    for name, digest in stored["files"].items():
        path = folder / name
        if not path.is_file() or sha256_file(path) != digest:
            return None
    return ShardState(
        masked=folder / stored["masked"],
        arrived={name: Counter(counts) for name, counts in stored["arrived"].items()},
        entities=Counter({(kind, lang, what): count for kind, lang, what, count in stored["entities"]}),
        quarantined=tuple((keyed, reason) for keyed, reason in stored["quarantined"]),
        dropped=tuple((keyed, reason) for keyed, reason in stored["dropped"]),
    )
