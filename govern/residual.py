"""Reads back what was published: duplicates that are left, and a regression scan by the masking detector.

The scan shares the detector's blind spots. It shows that what was written is what was masked; it says nothing about
personal data that the detector cannot see, and the certificate never quotes it as residual risk.
"""

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from govern import signals
from govern.canonical import canonical_value
from govern.errors import InputError
from govern.files import canonical, digest, parse_canonical, sha256_file, write_whole
from govern.gathered import stretches
from govern.operators.serving import written_by
from govern.process import detector_for
from govern.publish import PartFile
from govern.repeats import KEY_BYTES, Repeats
from govern.treatment import keyed_value
from govern.turns import COLUMNS, Layout, whole

if TYPE_CHECKING:
    from govern.detect import Detector
    from govern.policy import Policy
    from govern.treatment import Treatment

SAMPLE_DOCUMENTS = 2000
"""Documents scanned again, about; a smaller corpus is scanned whole."""
LEAST_ROWS, TASK_ROWS, TASKS = 16, 512, 64
"""Documents that one task reads again, least and most: by a power of two, as many as leave so many tasks."""


@dataclass(frozen=True, slots=True)
class RescanTask:
    """Rows of one published file, and which documents to scan: those whose id is 0 modulo `every`."""

    path: Path
    first_row: int
    rows: int
    policy: "Policy"
    treatment: "Treatment"
    every: int
    timeout_s: float
    """The time a pattern has."""

    layout: Layout = "text"
    records: Path | None = None
    """Where the rows hold replacements that look like personal data; None where they hold none."""

    of: str = ""
    """Names the rows and all that is found in them."""

    kept: tuple[Path, ...] = ()
    """Where what is found is kept, and where an earlier run keeps it."""


@dataclass(frozen=True, slots=True)
class Rescan:
    """What those rows hold: documents scanned, spans still found by slice, and a digest of each text."""

    scanned: int
    spans_left: Counter[str]
    texts: bytes
    """Digests of 16 bytes, one after the other."""

    places: tuple[tuple[str, str, int], ...]
    """Language, source and number of consecutive documents."""


def tasks(
    folder: Path,
    files: Sequence[PartFile],
    layout: Layout,
    policy: "Policy",
    treatment: "Treatment",
    *,
    records: Path | None,
    work: str,
    kept: Path,
    timeout_s: float,
    earlier: Path | None = None,
) -> tuple[RescanTask, ...]:
    """The tasks that read every published document again, in order.

    What each finds is kept in the private folder `kept`; where `earlier` keeps what was found in the very same rows under
    the same `work`, they are not read again.
    """
    count = sum(file.documents for file in files)
    step = step_of(count)
    rows = 1 << max(LEAST_ROWS, min(TASK_ROWS, count // TASKS)).bit_length() - 1
    made = []
    for file in files:
        record = records / file.path if records else None
        sums = [sha256_file(path) for path in (folder / file.path, record) if path is not None]
        for first in range(0, file.documents, rows):
            of = digest([work, sums, first, rows, step, layout, timeout_s])
            state = f"rescans/{Path(file.path).with_suffix('').as_posix().replace('/', '-')}-{first:08d}.json"
            places = tuple(place / state for place in (kept, earlier) if place is not None)
            made.append(
                RescanTask(folder / file.path, first, rows, policy, treatment, step, timeout_s, layout, record, of, places)
            )
    return tuple(made)


def step_of(count: int) -> int:
    """Of how many published documents, `count` in all, one is scanned again."""
    return max(1, count // SAMPLE_DOCUMENTS)


def rescan(task: RescanTask) -> Rescan:
    """What the rows hold: read back where it is known, else looked for and kept."""
    for place in task.kept:
        found = _kept(place, task.of)
        if found is not None:
            break
    else:
        found = _scanned(task)
    if task.kept and _kept(task.kept[0], task.of) is None:
        task.kept[0].parent.mkdir(exist_ok=True)
        left = sorted([name, count] for name, count in found.spans_left.items())
        record = {"of": task.of, "scanned": found.scanned, "left": left, "texts": found.texts.hex(), "places": found.places}
        write_whole(task.kept[0], canonical({**record, "digest": digest(record)}), 0o600)
    return found


def _kept(path: Path, of: str) -> Rescan | None:
    """What an earlier scan of the same rows found, if it is as it was written."""
    try:
        record = parse_canonical(path.read_bytes(), str(path))
    except (OSError, InputError):
        return None
    if not isinstance(record, dict) or record.pop("digest", None) != digest(record) or record["of"] != of:
        return None
    places = tuple((lang, source, count) for lang, source, count in record["places"])
    return Rescan(record["scanned"], Counter(dict(record["left"])), bytes.fromhex(record["texts"]), places)


def _scanned(task: RescanTask) -> Rescan:
    """Reads published documents again and scans a sample of them, chosen by id."""
    import polars as pl

    detector = replace(detector_for(task.treatment), timeout_s=task.timeout_s)
    fields = ("text", *task.policy.published_columns)
    shipped = (*COLUMNS[task.layout], *task.policy.published_columns)
    rows = pl.scan_parquet(task.path).select("id", "lang", "source", *shipped).slice(task.first_row, task.rows)
    frame = whole(rows.collect()).select("id", "lang", "source", "spelled", *fields)
    records = _records(task, frame["id"].to_list())
    spans: Counter[str] = Counter()
    texts: list[bytes] = []
    scanned = 0
    for identity, lang, source, spelled, *values in frame.iter_rows():
        texts.append(hashlib.blake2b(spelled.encode(), digest_size=KEY_BYTES).digest())
        if int(identity[:8], 16) % task.every:
            continue
        scanned += 1
        held = {name: value for name, value in zip(fields, values, strict=True) if value is not None}
        left = _left(task, detector, source, held, records.get(identity))
        spans.update(dict.fromkeys(signals.slices(lang, source), left))
    runs = (
        (*place, sum(1 for _ in group)) for place, group in itertools.groupby(frame.select("lang", "source").iter_rows())
    )
    return Rescan(scanned, spans, b"".join(texts), tuple(runs))


def _records(task: RescanTask, identities: list[str]) -> dict[str, tuple[str, str]]:
    """By id, what masking recorded of the rows; the private file has the same rows in the same order."""
    import polars as pl

    if task.records is None:
        return {}
    stored = pl.scan_parquet(task.records).slice(task.first_row, task.rows).collect()
    if stored["id"].to_list() != identities:
        raise OSError(f"{task.records}: its rows are not those of the published file")
    return {identity: (places, said) for identity, places, said in stored.iter_rows() if places is not None}


def _left(
    task: RescanTask, detector: "Detector", source: str, texts: dict[str, str], record: tuple[str, str] | None
) -> int:
    """How many findings a published document holds that should not stand there; replacements are not among them.

    A record whose text is not what stands at its place, or cannot be what its operator wrote, counts as a finding.
    """
    from govern.detect import search
    from govern.mask import adapted, left

    detector = adapted(detector, task.treatment, source)
    count = 0
    places: dict[str, list[tuple[int, int]]] = {}
    stored, said = record or (None, "[]")
    for stretch, (entity_type, action, value) in zip(stretches(stored), json.loads(said), strict=True):
        there = texts.get(stretch.field, "")[stretch.start : stretch.end] == stretch.text
        own = keyed_value(task.treatment.allow_key, entity_type, canonical_value(entity_type, stretch.text))
        if there and own != value and written_by(action, entity_type, stretch.text):
            places.setdefault(stretch.field, []).append((stretch.start, stretch.end))
        else:
            count += 1
    for name, text in texts.items():
        found = search(detector, text, name, blanks=tuple(places.get(name, ())))
        count += len(left(task.treatment, source, text, found.spans))
    return count


def duplicates_left(results: tuple[Rescan, ...]) -> Counter[str]:
    """How many published texts stand more than once, by slice of the later one."""
    left: Counter[str] = Counter()
    with Repeats() as texts:
        for result in results:
            texts.add(result.texts)
        again = sorted(place for places, _ in texts.later() for place in places.tolist())
    ends = itertools.accumulate(count for result in results for *_, count in result.places)
    runs = zip(ends, (place[:2] for result in results for place in result.places), strict=True)
    end, where = 0, ("", "")
    for place in again:
        while place >= end:
            end, where = next(runs)
        left.update(signals.slices(*where))
    return left
