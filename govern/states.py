"""The state of a finished shard, as it is kept: which documents, what became of them, and the files that hold the rest.

A state is read back only where it is what this very work would write: its own digest, that of the work, that of the documents
and those of its files are checked. It is written last, so a shard is finished or not begun.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.files import canonical, digest, matching, parse_canonical, sha256_file, write_whole

if TYPE_CHECKING:
    from govern.corpus import Shard

KINDS = ("masked", "findings", "ids", "detected")
"""The files of a shard, each in a folder of that name."""


@dataclass(frozen=True, slots=True)
class ShardState:
    """What a finished shard adds to the whole; states add up in shard order."""

    masked: Path
    arrived: dict[str, Counter[str]]
    entities: Counter[tuple[str, str, str, str, str]]
    """By type, language, source and action the `spans` and the `documents`."""

    vetoes: Counter[tuple[str, str, str]]
    joins: Counter[str]
    quarantined: tuple[tuple[str, str], ...]
    dropped: tuple[tuple[str, str], ...]
    segments: tuple[tuple[str, int, int], ...] = field(default=(), repr=False)
    """Which documents: file name, first row and rows."""


def name_of(index: int) -> str:
    """What the files of a shard are called."""
    return f"shard-{index:06d}"


def path_of(folder: Path, index: int) -> Path:
    """Where the state of a shard lies."""
    return folder / "states" / f"{name_of(index)}.json"


def segments_of(shard: "Shard") -> list[list[Any]]:
    """The documents of a shard as its state names them."""
    return [[segment.file.name, segment.first_row, segment.rows] for segment in shard.segments]


def save(path: Path, record: dict[str, Any]) -> None:
    """Writes a state, with a digest over it."""
    path.parent.mkdir(exist_ok=True)
    write_whole(path, canonical({**record, "digest": digest(record)}), 0o600)


def parse(path: Path) -> dict[str, Any] | None:
    """The record in a state file, None where it is not as it was written."""
    try:
        record = parse_canonical(path.read_bytes(), str(path))
    except (OSError, InputError):
        return None
    if not isinstance(record, dict) or record.pop("digest", None) != digest(record):
        return None
    return record


def load(
    path: Path, *, work: str | None = None, documents: str | None = None, sealed: bool = True
) -> ShardState | None:
    """The stored state, if it is of this work and these documents, and it and its files are as they were written.

    What was `sealed` for a vault is gone once it is in it.
    """
    record = parse(path)
    folder = path.parent.parent
    if record is None or not whole(record, folder, sealed=sealed):
        return None
    if (work, documents) not in ((None, None), (record["work"], record["documents"])):
        return None
    return ShardState(
        masked=folder / record["masked"],
        arrived={name: Counter(counts) for name, counts in record["arrived"].items()},
        entities=Counter({tuple(key): count for *key, count in record["entities"]}),
        vetoes=Counter({(kind, lang, by): count for kind, lang, by, count in record["vetoes"]}),
        joins=Counter(record["joins"]),
        quarantined=tuple((keyed, reason) for keyed, reason in record["quarantined"]),
        dropped=tuple((keyed, reason) for keyed, reason in record["dropped"]),
        segments=tuple((name, first, rows) for name, first, rows in record["segments"]),
    )


def whole(record: dict[str, Any], folder: Path, *, sealed: bool = True) -> bool:
    """Whether each file that a record names is as it was written; what was `sealed` for a vault is gone once it is in it."""
    files = {name: sum_ for name, sum_ in record["files"].items() if sealed or name.partition("/")[0] in KINDS}
    return all((folder / name).is_file() and sha256_file(folder / name) == sum_ for name, sum_ in files.items())


def every(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The states in a private folder that are as they were written, in order."""
    for path in _paths(folder):
        record = parse(path)
        if record is not None:
            yield path, record


def whole_run(folder: Path, documents: int | None) -> tuple[tuple[Path, dict[str, Any]], ...]:
    """Each state in a private folder, in order, of `documents` in all (None: of a run that is not finished).

    Raises:
        InputError: a state is missing, or it or a file of it is not as it was written.
    """
    found = []
    for path in _paths(folder):
        record = parse(path)
        if record is None or not whole(record, folder, sealed=False):
            raise InputError(f"{path}: it or its files are no longer as they were written; certify again with --reuse")
        found.append((path, record))
    count = sum(rows for _, record in found for *_, rows in record["segments"])
    if documents not in (None, count):
        raise InputError(
            f"{folder}: holds the work on {count:,} documents, and {documents:,} came in; certify again with --reuse"
        )
    return tuple(found)


def _paths(folder: Path) -> list[Path]:
    return matching(folder / "states", "shard-*.json")


def adopt(record: dict[str, Any], source: Path, folder: Path, index: int, segments: list[list[Any]] | None = None) -> Path:
    """Takes the files of a shard of another run over, as the shard `index` of this one; linked where the disk allows it."""
    name = name_of(index)
    files = {}
    for old, sha256 in record["files"].items():
        kind = old.partition("/")[0]
        if kind not in KINDS:
            continue  # what was sealed for a vault is in it
        new = f"{kind}/{name}.parquet"
        (folder / kind).mkdir(exist_ok=True)
        link(source / old, folder / new)
        files[new] = sha256
    kept = {key: value for key, value in record.items() if key not in ("files", "masked")}
    if segments is not None:
        kept["segments"] = segments
    path = path_of(folder, index)
    save(path, {**kept, "files": files, "masked": f"masked/{name}.parquet"})
    return path


def link(source: Path, target: Path) -> None:
    """The file under a second name, or a copy on another disk; one that is there is replaced."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(0o600)
