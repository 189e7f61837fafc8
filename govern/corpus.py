"""Reads raw inputs into shards of documents, and certified shards into frames.

`read` looks at every byte once before anything is written: it parses, checks and cuts consecutive documents into shards
of at most `SHARD_BYTES` of text, whatever the files' sizes. A `Shard` holds positions in files, never text, so a worker
receives paths and `documents` reads its part again. Anything that cannot be read is an `InputError` that names the file
and line; nothing is skipped. A shard carries a digest of what `read` saw in it, and `documents` refuses to go on where the
second reading differs.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, VerificationError
from govern.files import sha256_file
from govern.rows import Row, columns_said, input_files, kind_of, place_of, rows, try_parquet

if TYPE_CHECKING:
    import polars as pl

SHARD_BYTES = 64_000_000
"""Text in a shard at most, UTF-8 bytes; a single larger document is a shard of its own."""

DEFAULT_ID = "id"


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
    first_row: int
    rows: int
    start_byte: int = 0


@dataclass(frozen=True, slots=True)
class Shard:
    """Consecutive documents of a raw corpus: where they lie, how many, how many UTF-8 bytes of text, a digest of them."""

    index: int
    segments: tuple[Segment, ...]
    documents: int
    text_bytes: int
    digest: bytes = field(default=b"", repr=False)


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
    kept: tuple[str, ...] = ()

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
    inputs: Iterable[Path],
    *,
    text_column: str = "text",
    id_column: str = DEFAULT_ID,
    kept: tuple[str, ...] = (),
    shard_bytes: int = SHARD_BYTES,
) -> Corpus:
    """The corpus in `inputs` (files, or folders of `.jsonl` and `.parquet`), every byte looked at once.

    Files are taken in the order of their names, however they were given. Documents without an id column are known by file
    and row. With one, ids must be strings or integers, and unique. `kept` columns are read beside the text.

    Raises:
        InputError: a path, line, row or column that cannot be used; the message says which.
    """
    if text_column == id_column:
        raise InputError(f"column '{text_column}': named for text and for ids; name another with --id-column")
    paths = input_files(tuple(inputs))
    try_parquet([path for path in paths if kind_of(path) == "parquet"])
    reader = _Reader(paths, text_column, id_column, kept, _Cutter(shard_bytes))
    files = tuple(reader.file(number) for number in range(len(paths)))
    shards = reader.cutter.finish()
    if not shards:
        raise InputError(f"{', '.join(str(path) for path in paths)}: no documents; nothing to certify")
    absent = sorted(set(kept) - {column for file in files for column in file.columns})
    if absent:
        raise InputError(
            f"column '{absent[0]}': named by the policy, but no document has it; correct keep_columns or columns in the policy"
        )
    return Corpus(shards, files, text_column, id_column if reader.has_ids else None, kept)


def documents(shard: Shard, text_column: str, id_column: str | None, kept: tuple[str, ...] = ()) -> Iterator[Document]:
    """The documents of a shard, in order, read again from their files; fields are `text` and the kept columns.

    Raises:
        InputError: a file no longer holds what `read` saw; raised at the latest after the last document.
    """
    hasher = hashlib.blake2b()
    for segment in shard.segments:
        left = segment.rows
        for row in rows(segment.path, segment.first_row, segment.start_byte):
            document = _document(row, text_column, id_column, kept)
            _add(hasher, document)
            yield document
            left -= 1
            if not left:
                break
    if hasher.digest() != shard.digest:
        names = ", ".join(sorted({str(segment.path) for segment in shard.segments}))
        raise InputError(f"{names}: changed since this run began; restore the file, or choose another --out")


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
        self.hasher = hashlib.blake2b()

    def add(self, row: Row, document: Document) -> None:
        size = len(document.fields[0][1].encode())
        if self.segments and self.size + size > self.limit:
            self._close()
        last = self.segments[-1] if self.segments else None
        if last is not None and last.path == row.path:
            self.segments[-1] = replace(last, rows=last.rows + 1)
        else:
            self.segments.append(Segment(row.path, row.number, 1, row.start_byte))
        self.size += size
        _add(self.hasher, document)

    def finish(self) -> tuple[Shard, ...]:
        if self.segments:
            self._close()
        return tuple(self.shards)

    def _close(self) -> None:
        rows = sum(segment.rows for segment in self.segments)
        self.shards.append(Shard(len(self.shards), tuple(self.segments), rows, self.size, self.hasher.digest()))
        self.segments, self.size, self.hasher = [], 0, hashlib.blake2b()


class _Reader:
    """Reads files one after the other, and remembers which ids it saw and whether documents have them."""

    def __init__(
        self, paths: tuple[Path, ...], text_column: str, id_column: str, kept: tuple[str, ...], cutter: "_Cutter"
    ) -> None:
        self.paths, self.text_column, self.id_column, self.kept, self.cutter = (
            paths,
            text_column,
            id_column,
            kept,
            cutter,
        )
        self.has_ids: bool | None = None
        self.seen: dict[bytes, tuple[int, int]] = {}

    def file(self, number: int) -> InputFile:
        """What the file of this number holds, its rows handed to the cutter."""
        path = self.paths[number]
        before = _sha256(path)
        count = 0
        columns: dict[str, None] = {}
        for row in rows(path):
            columns.update(dict.fromkeys(row.values))
            self._add(row, number)
            count += 1
        if _sha256(path) != before:
            raise InputError(f"{path}: changed while it was read; wait until nothing writes to it, and run this again")
        return InputFile(path, before, count, tuple(columns))

    def _add(self, row: Row, number: int) -> None:
        if self.has_ids is None:
            self.has_ids = _has_ids(row, self.id_column)
        document = _document(row, self.text_column, self.id_column if self.has_ids else None, self.kept)
        if self.has_ids:
            self._check_id(document.id, row, number)
        elif self.id_column in row.values:
            raise InputError(
                f"{row.place}: has a column '{self.id_column}', which earlier documents lack; "
                "give every document one, or name another with --id-column"
            )
        self.cutter.add(row, document)

    def _check_id(self, identity: str, row: Row, number: int) -> None:
        key = hashlib.blake2b(identity.encode(), digest_size=16).digest()
        if key in self.seen:
            other, first = self.seen[key]
            raise InputError(
                f"{row.place}: the same id as {place_of(self.paths[other], first)}; make ids unique, or name another "
                "column with --id-column"
            )
        self.seen[key] = number, row.number


def _document(row: Row, text_column: str, id_column: str | None, kept: tuple[str, ...]) -> Document:
    """The document in a row, every part of it checked."""
    values = row.values
    identity = f"{row.path.name}:{row.number}" if id_column is None else _identity(row, id_column)
    fields = [("text", _text(row, text_column))]
    for column in kept:
        value = values.get(column)
        if value is not None:
            fields.append((column, _kept(value, column, row.place)))
    rest = tuple((name, value) for name, value in values.items() if name not in (text_column, id_column, *kept))
    return Document(identity, tuple(fields), row.path.name, rest)


def _add(hasher: "hashlib.blake2b", document: Document) -> None:
    """Adds id and fields, each with its length before it, so that no two documents spell the same bytes."""
    parts = [document.id, str(len(document.fields)), *(part for pair in document.fields for part in pair)]
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(8))
        hasher.update(data)


def _text(row: Row, column: str) -> str:
    if column not in row.values:
        raise InputError(
            f"{row.place}: no column '{column}'; columns are: {columns_said(row.values)}; name the text with --text-column"
        )
    text = row.values[column]
    if text is None:
        raise InputError(f"{row.place}: column '{column}' is null; fill it or remove the document")
    if not isinstance(text, str):
        raise InputError(f"{row.place}: column '{column}' holds {type(text).__name__}, expected text; convert it")
    return _carried(text, column, row.place)


def _carried(text: str, column: str, place: str) -> str:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(
            f"{place}: column '{column}' holds a lone surrogate, which UTF-8 cannot carry; repair the export"
        )
    return text


def _kept(value: Any, column: str, place: str) -> str:
    """A kept value as text: text as it is, times and decimals as ISO and digits, the rest as JSON."""
    if isinstance(value, str):
        return _carried(value, column, place)
    if isinstance(value, date | time | timedelta | Decimal):
        return str(value)
    try:
        text = json.dumps(value, ensure_ascii=False, default=_inner)
    except (TypeError, ValueError, RecursionError):
        raise InputError(
            f"{place}: column '{column}' holds {type(value).__name__} that has no form as text; convert it, or leave it out "
            "of keep_columns and columns"
        ) from None
    return _carried(text, column, place)


def _inner(value: Any) -> str:
    if isinstance(value, date | time | timedelta | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _has_ids(row: Row, id_column: str) -> bool:
    if id_column not in row.values and id_column != DEFAULT_ID:
        raise InputError(
            f"{row.place}: no column '{id_column}'; columns are: {columns_said(row.values)}; name the ids with --id-column"
        )
    return id_column in row.values


def _identity(row: Row, column: str) -> str:
    identity = row.values.get(column)
    if not isinstance(identity, str | int) or isinstance(identity, bool) or identity == "":
        raise InputError(
            f"{row.place}: column '{column}' holds no id (text or a whole number); fill it or use --id-column"
        )
    return _carried(str(identity), column, row.place)


def _sha256(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; check the file and its permissions") from None


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes one JSON object a line, UTF-8, keys in the order given."""
    with path.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
