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
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, VerificationError
from govern.readers import (
    ABSENT,
    AS_NAMED,
    Given,
    Input,
    Place,
    Reading,
    Row,
    columns_said,
    input_files,
    kind_of,
    outermost,
    place_of,
    rows,
    try_parquet,
    value_at,
)
from govern.readers.remote import changed, sha256_of, unchanged, version_of
from govern.repeats import KEY_BYTES, Repeats
from govern.stores import unreadable
from govern.turns import COLUMNS, Layout, Turns, beside, joined, layout_of, messages, whole

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
    turns: Turns = ()
    """The turns that the text was joined from."""

    unreadable: bool = False
    """The row could not be read; it has no text, and is known by file and row."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Documents `first_row` (from 0) to `first_row + rows` of one file; `start_byte` is where they begin, but of Parquet."""

    file: Input
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
    """One input file: its name, the SHA-256 of its bytes (private: key it before it ships), documents and columns."""

    name: str
    sha256: str
    documents: int
    columns: tuple[str, ...]
    read: frozenset[str] = frozenset()
    """Those of its columns that something is read from."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A raw corpus, read through once: its shards, its files and the columns that hold text and id."""

    shards: tuple[Shard, ...]
    files: tuple[InputFile, ...]
    text_column: str
    id_column: str | None
    kept: tuple[str, ...] = ()
    layout: Layout = "text"
    lenient: bool = False
    """Rows that cannot be used are documents without text."""

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
    inputs: Iterable[Given],
    *,
    text_column: str = "text",
    id_column: str = DEFAULT_ID,
    kept: tuple[str, ...] = (),
    shard_bytes: int = SHARD_BYTES,
    reading: Callable[[str], Reading] = lambda _: AS_NAMED,
    lenient: bool = False,
) -> Corpus:
    """The corpus in `inputs` (files, folders or patterns), every byte looked at once; `reading` says how a file is read.

    Files are taken in the order of their names, however they were given. Documents without an id column are known by file
    and row. With one, ids must be strings or integers, and unique. `kept` columns are read beside the text. Where the text
    column is `text`, and the first document has `messages`, or `prompt` and `completion`, in its place, those are the text.
    Where that is `lenient`, a row that cannot be used is a document that is `unreadable`, but for the first one.

    Raises:
        InputError: a path, line, row or column that cannot be used; the message says which.
        Interrupted: a store stopped answering.
    """
    if text_column == id_column:
        raise InputError(f"column '{text_column}': named for text and for ids; name another with --id-column")
    inside = input_files(tuple(inputs), reading)
    try_parquet([file.path for file in inside if kind_of(file.name, file.reading) == "parquet"])
    with Repeats() as ids:
        reader = _Reader(inside, text_column, id_column, kept, _Cutter(shard_bytes), ids, lenient)
        files = tuple(reader.file(number) for number in range(len(inside)))
        _check_ids(ids, inside, [file.documents for file in files])
    shards = reader.cutter.finish()
    if not shards:
        raise InputError(f"{', '.join(str(file.path) for file in inside)}: no documents; nothing to certify")
    absent = sorted(set(kept) - reader.held)
    if absent:
        raise InputError(
            f"column '{absent[0]}': named by the policy, but no document has it; correct keep_columns or columns in the policy"
        )
    return Corpus(shards, files, text_column, id_column if reader.has_ids else None, kept, reader.layout or "text", lenient)


def documents(
    shard: Shard,
    text_column: str,
    id_column: str | None,
    kept: tuple[str, ...] = (),
    layout: Layout = "text",
    *,
    lenient: bool = False,
) -> Iterator[Document]:
    """The documents of a shard, in order, read again as `read` read them; fields are `text` and the kept columns.

    Raises:
        InputError: a file no longer holds what `read` saw; raised at the latest after the last document.
    """
    hasher = hashlib.blake2b()
    for segment in shard.segments:
        left = segment.rows
        for row in rows(segment.file, segment.first_row, segment.start_byte, lenient=lenient):
            document = _document(row, text_column, id_column, kept, layout, lenient=lenient)
            add_to(hasher, document)
            yield document
            left -= 1
            if not left:
                break
    if hasher.digest() != shard.digest:
        names = ", ".join(sorted({str(segment.file.path) for segment in shard.segments}))
        raise InputError(f"{names}: changed since this run began; restore the file, or choose another --out")


def documents_of(corpus: Corpus, shard: Shard) -> Iterator[Document]:
    """The documents of a shard of `corpus`, as `documents` reads them."""
    return documents(shard, corpus.text_column, corpus.id_column, corpus.kept, corpus.layout, lenient=corpus.lenient)


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


def read_texts(shard: CertifiedShard) -> "pl.DataFrame":
    """As `read_certified`, with the whole text of each document in the column `text`, also of conversations."""
    return whole(read_certified(shard))


class _Cutter:
    """Cuts a stream of documents into shards of at most `limit` bytes of text; the cut depends on nothing else."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.shards: list[Shard] = []
        self.segments: list[Segment] = []
        self.size = 0
        self.hasher = hashlib.blake2b()

    def add(self, file: Input, row: Row, document: Document) -> None:
        size = len(document.fields[0][1].encode())
        if self.segments and self.size + size > self.limit:
            self._close()
        last = self.segments[-1] if self.segments else None
        if last is not None and last.file is file:
            self.segments[-1] = replace(last, rows=last.rows + 1)
        else:
            self.segments.append(Segment(file, row.number, 1, row.start_byte))
        self.size += size
        add_to(self.hasher, document)

    def finish(self) -> tuple[Shard, ...]:
        if self.segments:
            self._close()
        return tuple(self.shards)

    def _close(self) -> None:
        rows = sum(segment.rows for segment in self.segments)
        self.shards.append(Shard(len(self.shards), tuple(self.segments), rows, self.size, self.hasher.digest()))
        self.segments, self.size, self.hasher = [], 0, hashlib.blake2b()


class _Reader:
    """Reads files one after the other, and remembers whether documents have ids, and how they hold their text."""

    def __init__(
        self,
        files: tuple[Input, ...],
        text_column: str,
        id_column: str,
        kept: tuple[str, ...],
        cutter: "_Cutter",
        ids: Repeats,
        lenient: bool,
    ) -> None:
        self.files, self.text_column, self.id_column, self.kept, self.cutter = files, text_column, id_column, kept, cutter
        self.lenient = lenient
        self.ids, self.key = ids, os.urandom(16)
        """Digests of ids under a key that no one else has: they may go into a temporary file."""
        self.has_ids: bool | None = None
        self.layout: Layout | None = None
        self.held: set[str] = set()
        """The kept columns that some document has."""

    def file(self, number: int) -> InputFile:
        """What the file of this number holds, its rows handed to the cutter."""
        file = self.files[number]
        version, before = _known_by(file.path)
        count = 0
        columns: dict[str, None] = {}
        for row in rows(file, lenient=self.lenient):
            self._note(columns, row)
            self._add(row, number)
            count += 1
        if not _unchanged(file.path, version, before):
            raise changed(file.path)
        texts = (self.text_column,) if self.layout == "text" or self.text_column in columns else COLUMNS[self.layout or "text"]
        ids = (self.id_column,) if self.has_ids else ()
        read = frozenset(outermost(columns, column) for column in (*texts, *ids, *self.kept))
        return InputFile(file.name, before, count, tuple(columns), read)

    def _note(self, columns: dict[str, None], row: Row) -> None:
        """Notes the columns of a row, and what its messages hold beside role and content."""
        new = [name for name in row.values if name not in columns]
        for name in new:
            _carried(name, "names of columns", row.place)
            columns[name] = None
        if self.layout == "messages":
            for name in beside(row.values, self.text_column):
                columns[_carried(name, "names of columns", row.place)] = None

    def _add(self, row: Row, number: int) -> None:
        if self.has_ids is None or self.layout is None:
            if row.problem:  # by the first document the others are read
                raise InputError(row.problem)
            self.has_ids = _has_ids(row, self.id_column)
            self.layout = layout_of(row.values, self.text_column, value_at(row.values, self.text_column))
            lenient = False
        else:
            lenient = self.lenient
        id_column = self.id_column if self.has_ids else None
        document = _document(row, self.text_column, id_column, self.kept, self.layout, lenient=lenient)
        if self.has_ids:
            self.ids.add(hashlib.blake2b(document.id.encode(), digest_size=KEY_BYTES, key=self.key).digest())
        elif value_at(row.values, self.id_column) is not ABSENT:
            raise InputError(
                f"{row.place}: has a column '{self.id_column}', which earlier documents lack; "
                "give every document one, or name another with --id-column"
            )
        self.held.update(column for column in self.kept if value_at(row.values, column) is not ABSENT)
        self.cutter.add(self.files[number], row, document)


def _check_ids(ids: Repeats, files: tuple[Input, ...], counts: list[int]) -> None:
    """Returns where no id stands twice; else names the first that does."""
    later = min(((int(places[0]), int(first[0])) for places, first in ids.later() if len(places)), default=None)
    if later is None:
        return
    ends = list(accumulate(counts))

    def said(place: int) -> str:
        number = bisect_right(ends, place)
        return place_of(files[number], place - (ends[number] - counts[number]))

    raise InputError(
        f"{said(later[0])}: the same id as {said(later[1])}; make ids unique, or name another column with --id-column"
    )


def _document(
    row: Row, text_column: str, id_column: str | None, kept: tuple[str, ...], layout: Layout, *, lenient: bool
) -> Document:
    """The document in a row, every part of it checked; where that is lenient, an unreadable one in place of an error."""
    try:
        return _checked(row, text_column, id_column, kept, layout)
    except InputError:
        if not lenient:
            raise
        return Document(f"{row.name}:{row.number}", (("text", ""),), row.name, unreadable=True)


def _checked(row: Row, text_column: str, id_column: str | None, kept: tuple[str, ...], layout: Layout) -> Document:
    """The document in a row, every part of it checked."""
    if row.problem:
        raise InputError(row.problem)
    identity = f"{row.name}:{row.number}" if id_column is None else _identity(row, id_column)
    text, turns = _texts(row, text_column, layout)
    fields = [("text", text)]
    for column in kept:
        value = value_at(row.values, column)
        if value is not None and value is not ABSENT:
            fields.append((column, _kept(value, column, row.place)))
    used = {text_column, id_column, *kept, *(COLUMNS[layout] if turns else ())}
    rest = tuple((name, value) for name, value in row.values.items() if name not in used)
    return Document(identity, tuple(fields), row.name, rest, turns)


def _texts(row: Row, column: str, layout: Layout) -> tuple[str, Turns]:
    """The text of a row, and the turns that it is joined from."""
    if layout == "text":
        return _text(row, column), ()
    if layout == "prompt-completion":
        return joined((name, _text(row, name)) for name in COLUMNS[layout])
    name = column if value_at(row.values, column) is not ABSENT else "messages"
    text, turns = joined(messages(value_at(row.values, name), f"{row.place}, column '{name}'"))
    return _carried(text, name, row.place), turns


def add_to(hasher: "hashlib.blake2b", document: Document) -> None:
    """Adds id and fields, each with its length before it, so that no two documents spell the same bytes."""
    turns = (part for role, length in document.turns for part in (role, str(length)))
    fields = (part for pair in document.fields for part in pair)
    parts = [document.id, str(len(document.fields)), *fields, *turns, *(("unreadable",) if document.unreadable else ())]
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(8))
        hasher.update(data)


def _text(row: Row, column: str) -> str:
    text = value_at(row.values, column)
    if text is ABSENT:
        raise InputError(
            f"{row.place}: no column '{column}'; columns are: {columns_said(row.values)}; name the text with --text-column"
        )
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
    found = value_at(row.values, id_column) is not ABSENT
    if not found and id_column != DEFAULT_ID:
        raise InputError(
            f"{row.place}: no column '{id_column}'; columns are: {columns_said(row.values)}; name the ids with --id-column"
        )
    return found


def _identity(row: Row, column: str) -> str:
    identity = value_at(row.values, column)
    if not isinstance(identity, str | int) or isinstance(identity, bool) or identity == "":
        raise InputError(
            f"{row.place}: column '{column}' holds no id (text or a whole number); fill it or use --id-column"
        )
    return _carried(str(identity), column, row.place)


def _known_by(place: Place) -> tuple[tuple[int, str] | None, str]:
    """The version of a file, and the SHA-256 of its bytes."""
    try:
        return version_of(place), sha256_of(place)
    except OSError as error:
        raise unreadable(place, error) from None


def _unchanged(place: Place, version: tuple[int, str] | None, sha256: str) -> bool:
    try:
        return unchanged(place, version, sha256)
    except OSError as error:
        raise unreadable(place, error) from None


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Writes one JSON object a line, UTF-8, keys in the order given."""
    with path.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
