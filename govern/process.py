"""One shard through read, detect, mask and measure, into files that are whole or absent.

A finished shard is a Parquet of its masked documents, a Parquet of its findings and id map (private), and a state file
that carries their digests; the state is written last. What a document becomes depends on it, the policy and the secret.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import signals, states
from govern.clean import clean
from govern.corpus import Document, Shard, add_to, documents
from govern.deduplicate import duplicate_key
from govern.errors import InputError
from govern.files import canonical, sha256_file
from govern.frames import write_frame
from govern.gathered import MASKED, Rows, recorded, witnessed
from govern.keys import keyed_digest
from govern.known.cell import in_cell
from govern.mask import Masked, Quarantined, mask
from govern.reuse import opened
from govern.run_keys import Keys
from govern.states import ShardState
from govern.treatment import Treatment
from govern.turns import Layout, joined, parted, spelled

if TYPE_CHECKING:
    from govern.detect import Detector, Finder
    from govern.policy import Policy
    from govern.request import Release
    from govern.reuse import Passes, Vetoes
    from govern.vault.segment import Original, WritingKeys

RELEASED_PASSES = 8
"""Times that what is still found in a released document is replaced, at most."""

UNREADABLE = "unreadable"
"""Why a row that could not be read was set aside."""


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

    released: "tuple[Release, ...]" = ()
    """Documents of this shard that are searched under wider limits than the policy's."""

    earlier: Path | None = None
    """The private folder of a run whose findings count where they are of the same detection."""

    vault: "WritingKeys | None" = None
    """What writes the originals of encrypted values; None where the policy encrypts none."""


def process(task: ShardTask) -> ShardState:
    """The state of a shard: read back when it was finished before, else computed and stored."""
    path = states.path_of(task.folder, task.shard.index)
    found = states.load(path, work=task.work, documents=task.documents)
    return found if found is not None else store(task, searched(task))


def searched(task: ShardTask) -> Rows:
    """What becomes of each document of a shard; nothing is written."""
    detector = detector_for(task.treatment)
    before = opened(task.earlier, task.detection) if task.earlier is not None else None
    released = {identity: release for release in task.released for identity, _ in release.documents}
    rows = Rows(task.policy.published_columns)
    for arrived, keyed, source, lang in arrivals(task):
        rows.arrive(arrived, keyed, source, lang)
        if arrived.unreadable:
            rows.quarantine(lang, source, keyed, UNREADABLE)
            continue
        document, finders, join = prepared(arrived, task.policy, detector)
        if join is not None:
            rows.joins[join] += 1
        if not document.fields[0][1].strip():
            rows.drop(lang, source, keyed, "empty")
            continue
        key = document_key(task.keys.inputs, arrived, source)
        if keyed in released:
            outcome = _again(document, detector, task, source, finders, released[keyed])
        else:
            outcome = _masked(document, detector, task, source, finders, before.find(key) if before is not None else None)
            rows.detect(key, outcome)  # of a released document nothing is kept: no other run may take it without its release
        if isinstance(outcome, Quarantined):
            rows.quarantine(lang, source, keyed, outcome.reason)
        else:
            rows.mask(document, outcome, _values(document, outcome, keyed, lang, source, task), task.treatment.allow_key)
    return rows


def store(task: ShardTask, rows: Rows) -> ShardState:
    """Writes what was gathered of a shard, its state last, and reads it back."""
    name = states.name_of(task.shard.index)
    path = states.path_of(task.folder, task.shard.index)
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


def _again(
    document: Document,
    detector: "Detector",
    task: ShardTask,
    source: str,
    finders: "tuple[Finder, ...]",
    release: "Release",
) -> Masked | Quarantined:
    """What becomes of a released document: searched to the end as any other, under its own limits."""
    characters = release.max_document_characters or task.policy.max_document_characters
    policy = task.policy.model_copy(update={"max_document_characters": characters})
    searching = replace(detector, timeout_s=release.regex_timeout_s or detector.timeout_s)
    return mask(document, searching, policy, task.treatment, source=source, finders=finders, most=RELEASED_PASSES)


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
    searched = tuple(
        (entity_type, value)
        for name, entity_type in policy.searched_columns if name in values
        for value in in_cell(values[name])
    )  # fmt: skip
    keys = in_cell(values[policy.join_column]) if policy.join_column in values else []
    finders, join = detector.beside(searched, keys[0] if len(keys) == 1 else None)
    return replace(document, fields=fields, turns=turns), finders, join


def arrivals(task: ShardTask) -> Iterator[tuple[Document, str, str, str]]:
    """(document, keyed id, source name, language) of each document of the shard."""
    import polars as pl

    names = dict(task.source_names)
    batch: list[Document] = []
    rows = documents(
        task.shard, task.text_column, task.id_column, task.policy.read_columns, task.layout,
        lenient=task.policy.failures.on_bad_row == "quarantine",
    )  # fmt: skip

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
