"""A vault on the disk: a header in canonical JSON, its SHA-256, and the segments that it lists, one behind the other.

The header's line names the format, the domain, the ids of the keys, and of each segment its size, its SHA-256, its counts
by entity type and the data key as sealed; the second line is the SHA-256 of the first. A segment is sorted lines of
`REFERENCE BASE64`. Every byte of the file is under a digest, so damage anywhere is found without a key; whoever can write
the file can compute the digests again, and is found by the seals when something is opened. A segment file has the same
form with one segment. A tombstone stands where a vault was shredded.

A file is replaced whole: written beside its place, synced and renamed, so a kill leaves the old one or the new one. What
must not be read again is then overwritten and removed under another name; `tidy` finishes that where it was cut short.
Overwriting promises nothing on solid-state disks, on file systems that copy on write or keep snapshots, or for backups:
there, destroying either of the two keys is the sure way.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from govern.errors import InputError, Refused
from govern.files import canonical, sync_folder
from govern.inventory import open_plain, plain
from govern.vault.keys import Sealed

VAULT, SEGMENT, TOMBSTONE = "assay-vault", "assay-vault-segment", "assay-vault-shredded"
HEADER_BYTES = 256 * 1024 * 1024
"""A longer header is not read; it would list half a million segments."""
CHUNK_BYTES = 16 * 1024 * 1024

REFERENCE = re.compile(r"([A-Z][A-Z0-9_]{0,63})_([a-z]{12})")
"""What stands in a text, between `<` and `>`: entity type and twelve letters."""
LINE = re.compile(rb"([A-Z][A-Z0-9_]{0,63})_[a-z]{12} [A-Za-z0-9+/]{80,}={0,2}")

_Hex16 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
_Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=1)]
_Type = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]


def _printable(domain: str) -> str:
    if not domain.strip() or not domain.isprintable():
        raise ValueError("a domain is one printable line")
    return domain


_Domain = Annotated[str, Field(max_length=100), AfterValidator(_printable)]
_Reference = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}_[a-z]{12}$")]
_Time = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Segment(_Strict):
    """What the header says of a segment: its size and digest, its entries by type, its data key as sealed."""

    id: _Hex16
    size_bytes: Annotated[int, Field(ge=0)]
    sha256: _Hex32
    entries: dict[_Type, _Count]
    ephemeral: _Hex32
    wrapped: Annotated[str, Field(pattern=r"^[0-9a-f]{96}$")]

    @property
    def sealed(self) -> Sealed:
        """The data key as sealed."""
        return Sealed(bytes.fromhex(self.ephemeral), bytes.fromhex(self.wrapped))

    def holding(self, body: bytes) -> "Segment":
        """This segment with other lines."""
        size, sha256, entries = described(body)
        return self.model_copy(update={"size_bytes": size, "sha256": sha256, "entries": entries})


class Header(_Strict):
    """The header of a vault or of a segment file; `shredded` are references that are never taken in again."""

    kind: Literal["assay-vault", "assay-vault-segment"]
    format_version: Literal[1] = 1
    vault: _Hex16
    domain: _Domain
    vault_key_id: Annotated[str, Field(pattern=r"^hkdf-sha256:[0-9a-f]{64}$")]
    second_key_id: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    second_public: _Hex32
    tag: _Hex32
    segments: tuple[Segment, ...] = ()
    shredded: tuple[_Reference, ...] = ()

    @property
    def key_ids(self) -> tuple[str, str]:
        """The ids of the vault key and of the second key."""
        return self.vault_key_id, self.second_key_id


class Tombstone(_Strict):
    """What is left of a shredded vault."""

    kind: Literal["assay-vault-shredded"] = "assay-vault-shredded"
    format_version: Literal[1] = 1
    vault: _Hex16
    domain: _Domain
    shredded_at: _Time


_ANY: TypeAdapter[Header | Tombstone] = TypeAdapter(Annotated[Header | Tombstone, Field(discriminator="kind")])


class Reader:
    """An open vault, segment file or tombstone: the header is checked, the segments when they are read."""

    def __init__(self, stream: BinaryIO, where: str) -> None:
        self._stream, self.where = stream, where
        line = stream.readline(HEADER_BYTES)
        if stream.readline(66) != hashlib.sha256(line).hexdigest().encode() + b"\n" or not line.endswith(b"\n"):
            raise self.damaged("is no vault, or its header was altered")
        try:
            self.header = _ANY.validate_json(line, strict=True)
        except ValidationError:
            raise self.damaged("is of a format that this program does not know") from None
        if canonical(self.header.model_dump(mode="json")) + b"\n" != line:
            raise self.damaged("its header is not in canonical form")
        self._start = stream.tell()

    def vault(self, kind: str = VAULT) -> Header:
        """The header.

        Raises:
            InputError: the file is of another kind.
            Refused: the vault was shredded.
        """
        if isinstance(self.header, Tombstone):
            raise Refused(
                f"{self.where}: was shredded at {self.header.shredded_at}; nothing goes in or comes out again"
            )
        if self.header.kind != kind:
            raise InputError(f"{self.where}: is a {self.header.kind}, expected {kind}; give the right file")
        return self.header

    def bodies(self) -> Iterator[tuple[Segment, bytes]]:
        """Each segment with its lines, every digest checked; to the end of the file.

        Raises:
            Refused: a byte is not as it was written, is missing, or stands too much.
        """
        segments = self.header.segments if isinstance(self.header, Header) else ()
        size = os.fstat(self._stream.fileno()).st_size
        if size != self._start + sum(segment.size_bytes for segment in segments):
            raise self.damaged("is longer or shorter than its header says")
        self._stream.seek(self._start)
        for number, segment in enumerate(segments, 1):
            body = self._stream.read(segment.size_bytes)
            if hashlib.sha256(body).hexdigest() != segment.sha256:
                raise self.damaged(f"segment {number} was altered")
            yield segment, body

    def damaged(self, what: str) -> Refused:
        """The refusal of a file that is not as it was written."""
        return Refused(f"{self.where}: {what}; run this again if it was being rewritten, else restore the file")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """The file, open; what replaces it meanwhile does not change what is read.

    Raises:
        InputError: no plain file there.
        Refused: no vault, or an altered header.
    """
    try:
        descriptor = open_plain(path)
    except OSError as error:
        raise InputError(f"{plain(path)}: {error.strerror or 'not a plain file'}; give a vault") from None
    with os.fdopen(descriptor, "rb") as stream:
        yield Reader(stream, plain(path))


def described(body: bytes) -> tuple[int, str, dict[str, int]]:
    """Size, SHA-256 and counts by entity type of a segment's lines; no counts where one is no line, or not in order."""
    size, sha256 = len(body), hashlib.sha256(body).hexdigest()
    counts: dict[str, int] = {}
    last = b""
    for line in body.split(b"\n")[:-1]:
        match = LINE.fullmatch(line)
        if match is None or line <= last:
            return size, sha256, {}
        last, name = line, match[1].decode()
        counts[name] = counts.get(name, 0) + 1
    return size, sha256, dict(sorted(counts.items())) if body.endswith(b"\n") else {}


def lines_of(body: bytes, reference: str) -> Iterator[bytes]:
    """The lines of a reference in a segment, without their ends, found by halving."""
    start = reference.encode() + b" "
    low, high = 0, len(body)
    while low < high:
        middle = (low + high) // 2
        here = max(low, body.rfind(b"\n", low, middle) + 1)
        end = body.find(b"\n", here) + 1 or len(body)
        low, high = (end, high) if body[here:end] < start else (low, here)
    while body.startswith(start, low):
        end = body.find(b"\n", low) + 1 or len(body)
        yield body[low:end].removesuffix(b"\n")
        low = end


def without(body: bytes, references: Iterable[str]) -> bytes:
    """The lines of a segment but those of these references."""
    unwanted = {reference.encode() for reference in references}
    if not unwanted:
        return body
    return b"".join(line for line in body.splitlines(keepends=True) if line.partition(b" ")[0] not in unwanted)


def encoded(header: Header | Tombstone) -> bytes:
    """The two lines that a file begins with."""
    line = canonical(header.model_dump(mode="json")) + b"\n"
    return line + hashlib.sha256(line).hexdigest().encode() + b"\n"


def replace(path: Path, header: Header | Tombstone, bodies: Callable[[], Iterable[bytes]], *, wipe_old: bool) -> None:
    """Puts a new file in the place of the old, whole or not at all; then overwrites and removes the old where asked.

    The caller holds the folder against other writers.
    """
    new, old = _beside(path)
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(encoded(header))
            for body in bodies():
                stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        if wipe_old:
            os.link(path, old)
            sync_folder(path.absolute().parent)
        new.replace(path)
    except (OSError, Refused):
        tidy(path)
        raise
    sync_folder(path.absolute().parent)
    if wipe_old:
        wipe(old)


def tidy(path: Path) -> None:
    """Finishes what a killed replacement left beside `path`: never the file itself."""
    for left in _beside(path):
        if not os.path.lexists(left):
            continue
        if path.exists() and path.samefile(left):
            left.unlink()
            sync_folder(path.absolute().parent)
        else:
            wipe(left)


def wipe(path: Path) -> None:
    """Overwrites every byte of the file with zeros, from its beginning (the sealed keys) on, syncs, and removes it."""
    with os.fdopen(open_plain(path, os.O_WRONLY), "wb") as stream:
        left = os.fstat(stream.fileno()).st_size
        while left > 0:
            left -= stream.write(bytes(min(left, CHUNK_BYTES)))
            stream.flush()
            os.fsync(stream.fileno())
    path.unlink()
    sync_folder(path.absolute().parent)


def _beside(path: Path) -> tuple[Path, Path]:
    """The names under which the new file grows and the old one goes."""
    return path.with_name(f".{path.name}.assay-new"), path.with_name(f".{path.name}.assay-old")
