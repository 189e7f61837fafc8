"""Reads raw inputs into shards of documents, and certified shards into frames.

`read` looks at every byte once before anything is written: it parses, checks and cuts consecutive documents into shards
of at most `SHARD_BYTES` of text, whatever the files' sizes. A `Shard` holds positions in files, never text, so a worker
receives paths and `documents` reads its part again. Anything that cannot be read is an `InputError` that names the file
and line; nothing is skipped.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, VerificationError
from govern.files import parse_strict

if TYPE_CHECKING:
    import polars as pl

SHARD_BYTES = 64_000_000
"""Text in a shard at most, UTF-8 bytes; a single larger document is a shard of its own."""

SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
PARQUET_BATCH_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Document:
    """One document: an id, its text fields as (name, text) and what the input said about it."""

    id: str = field(repr=False)
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    source: str = ""
    metadata: tuple[tuple[str, Any], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """Documents `first_row` (from 0) to `first_row + rows` of one file; `start_byte` is where a JSON Lines part begins."""

    path: Path
    kind: str
    first_row: int
    rows: int
    start_byte: int = 0


@dataclass(frozen=True, slots=True)
class Shard:
    """Consecutive documents of a raw corpus: where they lie, how many, and how many UTF-8 bytes of text."""

    index: int
    segments: tuple[Segment, ...]
    documents: int
    text_bytes: int


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input file: its path, the SHA-256 of its bytes (private: key it before it ships), documents and columns."""

    path: Path
    sha256: str
    documents: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A raw corpus, read through once: its shards, its files and the columns that hold text and id."""

    shards: tuple[Shard, ...]
    files: tuple[InputFile, ...]
    text_column: str
    id_column: str | None

    @property
    def documents(self) -> int:
        """How many documents came in."""
        return sum(shard.documents for shard in self.shards)


@dataclass(frozen=True, slots=True)
class CertifiedShard:
    """One Parquet file of a certified corpus: path, SHA-256 of its bytes and rows, as `SHA256SUMS` and certificate say."""

    path: Path
    sha256: str
    documents: int


def read(
    inputs: Iterable[Path], *, text_column: str = "text", id_column: str = "id", shard_bytes: int = SHARD_BYTES
) -> Corpus:
    """The corpus in `inputs` (files, or folders of `.jsonl` and `.parquet`), every byte looked at once.

    Documents without an id column are known by file and row. With one, ids must be strings or integers, and unique.

    Raises:
        InputError: a path, line, row or column that cannot be used; the message says which.
    """
    paths = _files(tuple(inputs))
    names = [path.name for path in paths]
    if len(set(names)) != len(names):
        repeated = next(path for path in paths if names.count(path.name) > 1)
        raise InputError(f"{repeated}: two inputs have this file name; rename one, since documents are known by it")
    seen: dict[bytes, tuple[int, int]] = {}
    files: list[InputFile] = []
    cutter = _Cutter(shard_bytes)
    has_ids: bool | None = None
    for number, path in enumerate(paths):
        rows = 0
        columns: dict[str, None] = {}
        kind = SUFFIXES[path.suffix]
        for row, start_byte, values in _rows(path, kind):
            columns.update(dict.fromkeys(values))
            text = _text(values, text_column, _place(path, kind, row))
            if has_ids is None:
                has_ids = id_column in values
            if has_ids:
                _check_id(values, id_column, (number, row), seen, paths)
            elif id_column in values:
                raise InputError(
                    f"{_place(path, kind, row)}: has a column '{id_column}', which earlier documents lack; "
                    "give every document one, or name another with --id-column"
                )
            cutter.add(path, kind, row, start_byte, len(text.encode()))
            rows += 1
        files.append(InputFile(path, _sha256(path), rows, tuple(columns)))
    shards = cutter.finish()
    if not shards:
        raise InputError(f"{', '.join(str(path) for path in paths)}: no documents; nothing to certify")
    return Corpus(shards, tuple(files), text_column, id_column if has_ids else None)


def documents(shard: Shard, text_column: str, id_column: str | None) -> Iterator[Document]:
    """The documents of a shard, in order, read again from their files."""
    for segment in shard.segments:
        stop = segment.first_row + segment.rows
        for row, _, values in _rows(segment.path, segment.kind, segment.first_row, segment.start_byte):
            if row >= stop:
                break
            identity = f"{segment.path.name}:{row}" if id_column is None else str(values[id_column])
            text = _text(values, text_column, _place(segment.path, segment.kind, row))
            rest = tuple((name, value) for name, value in values.items() if name not in (text_column, id_column))
            yield Document(identity, (("text", text),), segment.path.name, rest)


def read_certified(shard: CertifiedShard) -> "pl.DataFrame":
    """The frame in a certified shard, parsed from the very bytes whose SHA-256 was checked.

    Raises:
        VerificationError: the file is missing, or its bytes or its number of rows are not what was certified.
    """
    import polars as pl

    try:
        data = shard.path.read_bytes()
    except OSError as error:
        raise VerificationError((f"{shard.path}: {error.strerror}; restore the file",)) from None
    found = hashlib.sha256(data).hexdigest()
    if found != shard.sha256:
        raise VerificationError(
            (
                f"{shard.path}: sha256 {found[:12]}… does not match the manifest's {shard.sha256[:12]}…; "
                "restore the file or certify again",
            )
        )
    frame = pl.read_parquet(io.BytesIO(data))
    if frame.height != shard.documents:
        raise VerificationError(
            (f"{shard.path}: holds {frame.height} documents, the certificate says {shard.documents}; certify again",)
        )
    return frame


class _Cutter:
    """Cuts a stream of documents into shards of at most `limit` bytes of text; the cut depends on nothing else."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.shards: list[Shard] = []
        self.segments: list[Segment] = []
        self.size = 0

    def add(self, path: Path, kind: str, row: int, start_byte: int, size: int) -> None:
        if self.segments and self.size + size > self.limit:
            self._close()
        last = self.segments[-1] if self.segments else None
        if last is not None and last.path == path:
            self.segments[-1] = Segment(path, kind, last.first_row, last.rows + 1, last.start_byte)
        else:
            self.segments.append(Segment(path, kind, row, 1, start_byte))
        self.size += size

    def finish(self) -> tuple[Shard, ...]:
        if self.segments:
            self._close()
        return tuple(self.shards)

    def _close(self) -> None:
        rows = sum(segment.rows for segment in self.segments)
        self.shards.append(Shard(len(self.shards), tuple(self.segments), rows, self.size))
        self.segments, self.size = [], 0


def _files(inputs: tuple[Path, ...]) -> tuple[Path, ...]:
    found: list[Path] = []
    for given in inputs:
        if given.is_dir():
            inside = sorted(path for path in given.iterdir() if path.suffix in SUFFIXES and path.is_file())
            if not inside:
                raise InputError(f"{given}: no .jsonl or .parquet file in this folder; name the files, or convert them")
            found.extend(inside)
        elif not given.exists():
            raise InputError(f"{given}: no such file or folder; check the path")
        elif given.suffix not in SUFFIXES:
            raise InputError(f"{given}: not a .jsonl or .parquet file; convert it to one of these")
        else:
            found.append(given)
    return tuple(found)


def _rows(path: Path, kind: str, first_row: int = 0, start_byte: int = 0) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """(row, byte where it begins, values) from `first_row` on."""
    try:
        yield from _json_rows(path, first_row, start_byte) if kind == "jsonl" else _parquet_rows(path, first_row)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; check the file and its permissions") from None


def _json_rows(path: Path, first_row: int, start_byte: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    with path.open("rb") as stream:
        stream.seek(start_byte)
        for row, line in enumerate(stream, first_row):
            place = _place(path, "jsonl", row)
            if not line.strip():
                raise InputError(f"{place}: empty line; remove it, so that line numbers and documents agree")
            values = parse_strict(line, place)
            if not isinstance(values, dict):
                raise InputError(f"{place}: a JSON {type(values).__name__}, not an object; write one object a line")
            yield row, start_byte, values
            start_byte += len(line)


def _parquet_rows(path: Path, first_row: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    import polars as pl

    frame = pl.scan_parquet(path, glob=False)
    row = first_row
    try:
        while True:
            batch = frame.slice(row, PARQUET_BATCH_ROWS).collect()
            for values in batch.iter_rows(named=True):
                yield row, 0, values
                row += 1
            if batch.height < PARQUET_BATCH_ROWS:
                return
    except pl.exceptions.PolarsError:
        raise InputError(f"{path}: not a readable Parquet file (truncated, or damaged); export it again") from None


def _place(path: Path, kind: str, row: int) -> str:
    return f"{path}, {'line' if kind == 'jsonl' else 'row'} {row + 1}"


def _text(values: dict[str, Any], column: str, place: str) -> str:
    if column not in values:
        held = ", ".join(sorted(values)) or "none"
        raise InputError(f"{place}: no column '{column}'; columns are: {held}; name the text with --text-column")
    text = values[column]
    if text is None:
        raise InputError(f"{place}: column '{column}' is null; fill it or remove the document")
    if not isinstance(text, str):
        raise InputError(f"{place}: column '{column}' holds {type(text).__name__}, expected text; convert it")
    if any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False:
        raise InputError(
            f"{place}: column '{column}' holds a lone surrogate, which UTF-8 cannot carry; repair the export"
        )
    return text


def _check_id(
    values: dict[str, Any],
    column: str,
    here: tuple[int, int],
    seen: dict[bytes, tuple[int, int]],
    paths: tuple[Path, ...],
) -> None:
    path = paths[here[0]]
    place = _place(path, SUFFIXES[path.suffix], here[1])
    identity = values.get(column)
    if not isinstance(identity, str | int) or isinstance(identity, bool) or identity == "":
        raise InputError(f"{place}: column '{column}' holds no id (text or a whole number); fill it or use --id-column")
    key = hashlib.blake2b(str(identity).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    if key in seen:
        first = paths[seen[key][0]]
        other = _place(first, SUFFIXES[first.suffix], seen[key][1])
        raise InputError(f"{place}: the same id as {other}; make ids unique, or name another column with --id-column")
    seen[key] = here


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes one JSON object a line, UTF-8, keys in the order given."""
    with path.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
