"""Copies a signed corpus to a store or from one, or between folders: verified before, read back after, signed last.

What is copied is `SHA256SUMS`, the files that it names, and `attestation.json`, in this order: by the list a broken copy is
known, and without the attestation it never verifies. Each file that is sent is read back, and must have its SHA-256; one that
has it already is not sent again. Into a folder the copy is made in `TO.partial`, verified there whole, and renamed.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from io import BufferedReader
from pathlib import Path
from typing import Any

from govern.attestation import ATTESTATION_BYTES, PREDICATE_CORPUS, open_sealed, verify
from govern.envelope import failed
from govern.errors import InputError, Refused, VerificationError
from govern.files import ATTESTATION, MANIFEST, sync_folder
from govern.inventory import SUMS_BYTES, open_plain, parse_sums, scan
from govern.keys import PublicKey, load_trusted
from govern.lock import alone
from govern.readers.remote import RemoteFile
from govern.shards import progress
from govern.stores import Url, answering, asking, opened

COPIED_BYTES = 4 * 1024 * 1024
"""Read and written at a time."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did: how many files were sent, how many were there with the right digest, and of which certificate."""

    sent: int
    kept: int
    certificate: str


@dataclass(frozen=True, slots=True)
class _Signed:
    """A list of checksums that trusted keys signed: every file to copy with its SHA-256, in the order of sending."""

    sums: bytes = field(repr=False)
    files: dict[str, str] = field(repr=False)
    certificate: str


class _Here:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def where(self, name: str = "") -> str:
        return str(self.folder / name)

    def names(self) -> frozenset[str]:
        """What lies in the folder, all of it plain files."""
        tree = scan(self.folder)
        for name in (*tree.links, *tree.problems):
            raise InputError(f"{self.where()}: holds something that is no plain file ({name}); name another folder")
        return frozenset(tree.files)

    def open(self, name: str) -> BufferedReader:
        return os.fdopen(open_plain(self.folder / name), "rb")

    def put(self, name: str, source: "_Here | _There") -> None:
        """Writes a file whole, or not at all."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".tmp")
        with source.open(name) as stream, temporary.open("wb") as copy, answering(source.where(name)):
            shutil.copyfileobj(stream, copy, COPIED_BYTES)
            copy.flush()
            os.fsync(copy.fileno())
        temporary.replace(path)
        sync_folder(path.parent)


class _There:
    """A folder of a store."""

    def __init__(self, url: Url) -> None:
        self.url = Url(url.text.rstrip("/"))
        if "//" in self.url.text.partition("://")[2]:
            raise InputError(f"{self.url}: an empty name between two slashes, which stores do not list; leave one slash out")

    @cached_property
    def store(self) -> tuple[Any, str]:
        return opened(self.url)

    def where(self, name: str = "") -> str:
        return f"{self.url}/{name}" if name else str(self.url)

    def names(self) -> frozenset[str]:
        """What lies below the URL; an object whose name ends with a slash only marks a folder."""
        filesystem, path = self.store
        with answering(self.url), asking():
            filesystem.invalidate_cache()
            every = filesystem.find(path, detail=True)
        found = [name for name in every if not name.endswith("/")]
        if path in found or any(every[name]["type"] != "file" for name in found):
            raise InputError(f"{self.url}: holds a link or the like, or is a file and no folder; name another place")
        return frozenset(name[len(path.rstrip("/")) + 1 :] for name in found)

    def open(self, name: str) -> BufferedReader:
        filesystem, path = self.store
        with answering(self.where(name)), asking():
            filesystem.invalidate_cache()
            info = filesystem.info(f"{path}/{name}")
        return RemoteFile(self.url, str(info["name"]), int(info["size"])).open()

    def put(self, name: str, source: "_Here | _There") -> None:
        """Sends a file of this machine."""
        filesystem, path = self.store
        with source.open(name) as stream, answering(self.where(name)), asking():
            if self.url.scheme in ("file", "hdfs", "memory"):  # in an object store a folder is a part of a name
                filesystem.makedirs(f"{path}/{name}".rpartition("/")[0], exist_ok=True)
            filesystem.put_file(f"/proc/self/fd/{stream.fileno()}", f"{path}/{name}")


def copy(
    source: Path | Url,
    target: Path | Url,
    trust: Sequence[Path],
    *,
    now: datetime,
    signatures: int | None = None,
    revocations: Path | None = None,
) -> Copied:
    """Copies the certified corpus in `source` to `target`; one of them at least is a folder of this machine.

    `trust`, `now`, `signatures` and `revocations` are those of `attestation.verify`, which a folder of this machine passes
    before it is copied, and what came from a store before it has its name.

    Raises:
        InputError: no such folder, or a `target` that holds something else.
        VerificationError: the corpus does not verify, or a file did not arrive as it was signed.
        Interrupted: a store stopped answering; the same call continues.
    """
    if isinstance(source, Url) and isinstance(target, Url):
        raise InputError(f"{target}: from one store to another nothing is copied; copy to a folder of this machine first")

    def verified(folder: Path) -> None:
        verify(folder, trust, now=now, signatures=signatures, revocations=revocations)

    inner, outer = _folder(target), _folder(source)
    if inner and outer and inner.resolve().is_relative_to(outer.resolve()):
        raise InputError(f"{target}: lies inside the folder that is copied, which it would break; name another")
    if isinstance(source, Path):
        verified(source)
    origin = _There(source) if isinstance(source, Url) else _Here(source)
    signed = _signed(origin, load_trusted(trust), signatures)
    if isinstance(target, Url):
        return _sent(origin, _There(target), signed)
    if os.path.lexists(target):
        made = _sent(origin, _Here(target), signed, finished=True)
        verified(target)
        return made
    partial = _partial(target)
    with alone(partial):
        for name in signed.files:
            partial.joinpath(f"{name}.tmp").unlink(missing_ok=True)
        made = _sent(origin, _Here(partial), signed)
        verified(partial)
        partial.rename(target)
        sync_folder(target.parent)
    return made


def _folder(place: Path | Url) -> Path | None:
    """The folder of this machine that a path or a `file` URL names."""
    if isinstance(place, Path):
        return place
    return Path(place.text.removeprefix("file://")) if place.scheme == "file" else None


def _partial(target: Path) -> Path:
    """The folder that a copy is made in."""
    own = target.with_name(f"{target.name}.private")
    if os.path.lexists(own):
        raise InputError(f"{own}: a run of `govern certify` works there; name another folder")
    partial = target.with_name(f"{target.name}.partial")
    if partial.is_symlink():
        raise InputError(f"{partial}: is a link, and the copy would lie elsewhere; remove it, or name another folder")
    partial.mkdir(parents=True, exist_ok=True)
    return partial


def _signed(origin: _Here | _There, keys: Sequence[PublicKey], signatures: int | None) -> _Signed:
    """What trusted keys signed, before any other file is looked at.

    Raises:
        VerificationError: it is not signed, or not so.
    """
    there = origin.names()
    if not there:
        raise InputError(f"{origin.where()}: no such folder, or an empty one; check the path")
    missing = sorted({MANIFEST, ATTESTATION} - there)
    if missing:
        raise failed(origin.where(missing[0]), "missing, so this is a draft, or a copy that is not whole")
    attestation, sums = _read(origin, ATTESTATION, ATTESTATION_BYTES), _read(origin, MANIFEST, SUMS_BYTES)
    sealed = open_sealed(attestation, origin.where(ATTESTATION), PREDICATE_CORPUS, keys, signatures or 1)
    if sealed.subjects != {MANIFEST: _hex(sums)}:
        raise failed(origin.where(MANIFEST), "not the list that the attestation is about; restore the file")
    files = parse_sums(sums, origin.where(MANIFEST))
    missing = sorted(files.keys() - there)
    if missing:
        raise failed(origin.where(missing[0]), "missing, but in the signed list; restore the file")
    order = {MANIFEST: _hex(sums), **files, ATTESTATION: _hex(attestation)}
    return _Signed(sums, order, str(sealed.predicate.get("certificate")))


def _sent(origin: _Here | _There, target: _Here | _There, signed: _Signed, *, finished: bool = False) -> Copied:
    """Sends what is not there yet; nothing where the copy is `finished`, which then must be whole."""
    there = target.names()
    _check_own(target, there, signed, finished=finished)
    finished = finished or ATTESTATION in there

    def each() -> Iterator[bool]:
        for name, sha256 in signed.files.items():
            if name in there and _sha256(target, name) == sha256:
                yield False
                continue
            if finished:
                raise Refused(f"{target.where(name)}: missing, or not what {MANIFEST} says, in a whole copy; make it anew")
            target.put(name, origin)
            if _sha256(target, name) != sha256:
                raise VerificationError((
                    f"{target.where(name)}: did not arrive as {MANIFEST} says; compare {origin.where(name)}, and run the same "
                    "command again",
                ))
            yield True

    done = list(progress(each(), len(signed.files), "copy", "file"))
    if any(done):  # another copy may have written there meanwhile
        there = target.names()
        _check_own(target, there, signed, finished=True)
        missing = sorted(signed.files.keys() - there)
        if missing:
            raise Refused(f"{target.where(missing[0])}: was sent, and is gone again; see what else writes there")
    return Copied(done.count(True), done.count(False), signed.certificate)


def _check_own(target: _Here | _There, there: frozenset[str], signed: _Signed, *, finished: bool) -> None:
    """Returns where the target holds nothing, or a copy of this very corpus, broken or whole."""
    other = sorted(there - signed.files.keys())
    if other:
        raise InputError(f"{target.where(other[0])}: is there, and no file of this corpus; name another place")
    if MANIFEST in there:
        sums = _read(target, MANIFEST, SUMS_BYTES)
        begun = ATTESTATION not in there and signed.sums.startswith(sums)
        if sums != signed.sums and not begun:
            raise InputError(f"{target.where()}: holds another corpus; name another place")
    elif there or finished:
        raise InputError(f"{target.where()}: is there, and no copy of a corpus; name another place")
    if ATTESTATION in there and _sha256(target, ATTESTATION) != signed.files[ATTESTATION]:
        raise InputError(f"{target.where(ATTESTATION)}: signed otherwise than the corpus to copy; remove it to replace it")


def _read(place: _Here | _There, name: str, limit: int) -> bytes:
    with place.open(name) as stream, answering(place.where(name)):
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise failed(place.where(name), f"larger than {limit} bytes; restore the file")
    return data


def _sha256(place: _Here | _There, name: str) -> str:
    with place.open(name) as stream, answering(place.where(name)):
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
