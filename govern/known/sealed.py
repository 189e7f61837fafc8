"""The file that known values rest in: a header in clear, and chunks that only the secret opens.

Layout: `MAGIC`, the length of the header (4 bytes, big end first), the header as canonical JSON, then chunks, each its
length (4 bytes) and its AES-256-GCM ciphertext (NIST SP 800-38D). The key is derived from the secret and the file's own random
salt, the nonce is the chunk's number, and every chunk is bound to the header: no byte changes, no chunk moves and none is
missing without `InputError`. The header holds the format's version, counts and a keyed digest, and no value.
"""

import hashlib
import os
import secrets
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from govern.errors import InputError
from govern.files import canonical, parse_canonical, sync_folder
from govern.inventory import plain
from govern.keys import derive

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"ASSAY-KNOWN\n"
FORMAT_VERSION = 1
HEADER_BYTES = 64 * 1024
"""A header is never longer; more is not read."""
CHUNK_BYTES = 64 * 1024 * 1024
"""Nor a chunk."""
_LENGTH = struct.Struct(">I")
_COUNTS = ("values", "searched", "joined_only", "forms", "beside")


class Place(NamedTuple):
    """Where a chunk's ciphertext lies in the file, and its number."""

    offset: int
    length: int
    number: int


class Sealed(NamedTuple):
    """An opened header: what it says, and what its chunks are opened with."""

    path: Path
    header: Mapping[str, Any]
    cipher: "AESGCM"
    bound: bytes
    start: int


def write(path: Path, header: Mapping[str, Any], sections: Mapping[str, Iterable[bytes]], secret: bytes) -> None:
    """Writes a whole new file, readable by its owner alone; `header["chunks"]` says how many chunks each section has.

    Raises:
        InputError: `path` is there already.
    """
    if os.path.lexists(path):
        raise InputError(f"{plain(path)}: is there already; choose another --out, or remove it first")
    salt = secrets.token_hex(16)
    head = canonical({"format_version": FORMAT_VERSION, "salt": salt, **header})
    cipher, bound = _cipher(secret, salt), hashlib.sha256(head).digest()
    temporary = path.with_name(f"{path.name}.{salt[:8]}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(MAGIC + _LENGTH.pack(len(head)) + head)
            for number, chunk in enumerate(chunk for section in sections.values() for chunk in section):
                sealed = cipher.encrypt(_nonce(number), chunk, bound)
                stream.write(_LENGTH.pack(len(sealed)) + sealed)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(temporary, path)  # unlike a rename, never over another file
    except FileExistsError:
        raise InputError(f"{plain(path)}: is there already; choose another --out, or remove it first") from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        with suppress(OSError):
            temporary.unlink()
    sync_folder(path.parent)


def read_header(path: Path) -> Mapping[str, Any]:
    """What the header says; nothing has proved it yet.

    Raises:
        InputError: not such a file, or of another version.
    """
    with _opened(path) as stream:
        return _header(stream, path)[0]


def unseal(path: Path, secret: bytes) -> Sealed:
    """The header and what opens the chunks; `chunks` proves both.

    Raises:
        InputError: not such a file, or of another version.
    """
    with _opened(path) as stream:
        header, head = _header(stream, path)
        start = stream.tell()
    return Sealed(path, header, _cipher(secret, header["salt"]), hashlib.sha256(head).digest(), start)


def chunks(sealed: Sealed) -> Iterator[tuple[str, Place, bytes]]:
    """Every chunk with its section and place; the file ends where the last one does.

    Raises:
        InputError: another secret, or a byte that is not as it was written.
    """
    with _opened(sealed.path) as stream:
        stream.seek(sealed.start)
        number = 0
        for section, count in sealed.header["chunks"].items():
            for _ in range(count):
                size = stream.read(_LENGTH.size)
                length = _LENGTH.unpack(size)[0] if len(size) == _LENGTH.size else CHUNK_BYTES + 1
                if length > CHUNK_BYTES:
                    raise _altered(sealed.path)
                place = Place(stream.tell(), length, number)
                yield section, place, _decrypted(sealed, place, stream.read(length))
                number += 1
        if stream.read(1):
            raise _altered(sealed.path)


def chunk(sealed: Sealed, place: Place) -> bytes:
    """One chunk, read and opened again.

    Raises:
        InputError: it is not as it was written.
    """
    with _opened(sealed.path) as stream:
        stream.seek(place.offset)
        return _decrypted(sealed, place, stream.read(place.length))


def _decrypted(sealed: Sealed, place: Place, data: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        return sealed.cipher.decrypt(_nonce(place.number), data, sealed.bound)
    except (InvalidTag, ValueError):
        raise _altered(sealed.path) from None


def _cipher(secret: bytes, salt: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(derive(secret, f"known/file/{salt}"))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _header(stream: IO[bytes], path: Path) -> tuple[Mapping[str, Any], bytes]:
    size = len(MAGIC) + _LENGTH.size
    first = stream.read(size)
    if len(first) < size or not first.startswith(MAGIC):
        raise InputError(f"{plain(path)}: not a file of known values; give what `govern known build` wrote")
    length = _LENGTH.unpack(first[len(MAGIC) :])[0]
    if length > HEADER_BYTES:
        raise _altered(path)
    head = stream.read(length)
    header = parse_canonical(head, plain(path))
    version = header.get("format_version") if isinstance(header, dict) else None
    if version != FORMAT_VERSION:
        said = version if isinstance(version, int) else "unknown"
        raise InputError(
            f"{plain(path)}: format {said}, expected {FORMAT_VERSION}; build it again with this version of govern"
        )
    if not _well_formed(header):
        raise _altered(path)
    return header, head


def _well_formed(header: Mapping[str, Any]) -> bool:
    """Whether a header has what the reader needs, each of its kind."""
    if set(header) != {"format_version", "salt", "engine", "chunks", "counts", "customers", "digest"}:
        return False
    chunked, counts = header["chunks"], header["counts"]
    if not (isinstance(header["salt"], str) and isinstance(header["digest"], str) and _natural(header["customers"])):
        return False
    if not (isinstance(chunked, dict) and isinstance(counts, dict) and all(map(_natural, chunked.values()))):
        return False
    return all(
        isinstance(count, dict) and set(count) == set(_COUNTS) and all(map(_natural, count.values()))
        for count in counts.values()
    )


def _natural(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "cannot be read"
        raise InputError(f"{plain(path)}: {reason}; check the path of the known values") from None


def _altered(path: Path) -> InputError:
    return InputError(
        f"{plain(path)}: does not open: sealed under another secret, or altered since; "
        "give the secret that it was built with, or build it again"
    )
