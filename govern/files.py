"""Canonical JSON, digests, and files that are either whole or absent.

`write_whole` writes under a temporary name, syncs and renames, so a reader never sees half a file, also after a kill.
Canonical JSON follows RFC 8785; `parse_canonical` refuses any other spelling of the same value, and duplicate keys.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import rfc8785

from govern.errors import InputError

MANIFEST = "SHA256SUMS"
ATTESTATION = "attestation.json"
LIMIT = "not_after.json"
"""In the private folder of a merged draft: until when the shortest-lived of its parts holds."""



def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value: the key order of `value` never changes them."""
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """`sha256:` and the hexadecimal SHA-256 of the canonical JSON of `value`."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def sha256_file(path: Path) -> str:
    """The hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def parse_strict(data: bytes, where: str, remedy: str = "restore the file") -> Any:
    """The JSON value in `data`; duplicate keys, NaN and invalid UTF-8 are refused.

    Raises:
        InputError: naming `where`, never with a piece of `data`.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise InputError(f"{where}: not valid JSON (a key stands twice in one object); {remedy}")
        return result

    def constant(name: str) -> None:
        raise InputError(f"{where}: not valid JSON ({name} is no number there); {remedy}")

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=constant)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1} is not UTF-8"
    except json.JSONDecodeError as error:
        reason = f"{error.msg.partition(':')[0]}, character {error.pos + 1}"
    except RecursionError:
        reason = "nested too deeply"
    except ValueError:
        reason = "a number with too many digits"
    raise InputError(f"{where}: not valid JSON ({reason}); {remedy}")


def parse_canonical(data: bytes, where: str) -> Any:
    """As `parse_strict`, and the bytes must equal their own canonical form.

    Raises:
        InputError: naming `where`.
    """
    value = parse_strict(data, where)
    try:
        same = canonical(value) == data
    except (rfc8785.CanonicalizationError, RecursionError):
        same = False
    if not same:
        raise InputError(
            f"{where}: not in canonical form (RFC 8785), so it was altered after writing; restore the file"
        )
    return value


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Writes `data` to `path` so that a kill leaves the old file, the new one or none, never a part."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from None
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Makes renames inside `path` durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Makes the bytes of every file below `folder` durable, and its own entries."""
    for name in list_files(folder):
        descriptor = os.open(folder / name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    sync_folder(folder)


def list_files(folder: Path) -> tuple[str, ...]:
    """The sorted POSIX paths, relative to `folder`, of every entry below it that is not a plain folder.

    Raises:
        OSError: a folder cannot be listed; what lies in it is not left out.
    """

    def failed(error: OSError) -> None:
        raise error

    found: list[str] = []
    for directory, names, files in os.walk(folder, onerror=failed):
        here = Path(directory)
        links = [name for name in names if (here / name).is_symlink()]
        found.extend((here / name).relative_to(folder).as_posix() for name in [*files, *links])
    return tuple(sorted(found))


def matching(folder: Path, pattern: str) -> list[Path]:
    """The entries of `folder` whose names fit `pattern`, sorted; none where there is no such folder.

    `Path.glob` leaves out what it cannot read.

    Raises:
        OSError: the folder cannot be listed.
    """
    try:
        return sorted(path for path in folder.iterdir() if fnmatchcase(path.name, pattern))
    except FileNotFoundError:
        return []


def manifest(folder: Path, exclude: Iterable[str] = (MANIFEST, ATTESTATION)) -> bytes:
    """The bytes of `SHA256SUMS` for `folder`: each file but those excluded, sorted by path, as `sha256sum -c` reads it."""
    left_out = frozenset(exclude)
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in list_files(folder) if name not in left_out]
    return "".join(lines).encode()
