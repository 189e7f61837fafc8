"""Input files in a store that fsspec knows: found by URL, read in blocks as they are needed, none kept on disk.

Whether a file changed while it was read is told by its size and, where its store has one, by a token that changes with every
version (an ETag of S3 or Azure, a generation of Google); where it has none (`file`, `memory`, `hdfs`), by its SHA-256 again.
"""

import errno
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import has_magic
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from govern.errors import InputError
from govern.stores import StoreError, Url, asking, ended_early, opened

FIRST_BYTES, BLOCK_BYTES = 64 * 1024, 4 * 1024 * 1024
"""What is asked for at once: little where a file is looked into, and twice as much whenever it is read on."""

TOKENS = ("ETag", "etag", "generation")
"""What stores call the token of a version."""

_COPIES: dict[tuple[object, ...], int] = {}
_MOST_COPIES = 4


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a store: an URL that leads to the store, its path there, its size in bytes, and the token of its version."""

    store: Url
    path: str
    size: int
    token: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def __str__(self) -> str:
        path = self.path if self.store.scheme in ("file", "hdfs") else self.path.lstrip("/")
        return f"{self.store.scheme}://{path}"

    def open(self, mode: Literal["rb"] = "rb") -> io.BufferedReader:  # noqa: ARG002 - as Path has it
        """The bytes of the file; any position may be sought. Reading raises `StoreError`."""
        return io.BufferedReader(_Blocks(self), FIRST_BYTES)


Place = Path | RemoteFile
"""Where an input file lies."""


class _Blocks(io.RawIOBase):
    """A remote file as a raw stream, with one block in memory."""

    def __init__(self, file: RemoteFile) -> None:
        self._file = file
        self._filesystem, _ = opened(file.store)
        self._place, self._begin, self._block, self._ahead = 0, 0, b"", FIRST_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._file.size}[whence]
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._place >= self._file.size:
            return 0
        end = self._begin + len(self._block)
        if not self._begin <= self._place < end:
            self._ahead = min(2 * self._ahead, BLOCK_BYTES) if self._block and self._place == end else FIRST_BYTES
            self._begin, self._block = self._place, self._asked(min(self._place + self._ahead, self._file.size))
        at = self._place - self._begin
        given = self._block[at : at + len(buffer)]
        buffer[: len(given)] = given
        self._place += len(given)
        return len(given)

    def _asked(self, end: int) -> bytes:
        with asking():
            data = bytes(self._filesystem.cat_file(self._file.path, start=self._place, end=end))
        if len(data) != end - self._place:
            raise ended_early()
        return data


def size_of(place: Place) -> int:
    """The bytes of an input file."""
    return place.size if isinstance(place, RemoteFile) else place.stat().st_size


def identity_of(place: Place) -> tuple[object, ...]:
    """What differs where a file is another, or another version of it."""
    if isinstance(place, RemoteFile):
        return str(place), place.size, place.token
    stat = place.stat()
    return str(place), stat.st_mtime_ns, stat.st_size, stat.st_ino


def sha256_of(place: Place) -> str:
    """The hexadecimal SHA-256 of the bytes of a file."""
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def version_of(place: Place) -> tuple[int, str] | None:
    """Size and token of what a store has now under the path of a file; None of a local one.

    Raises:
        InputError: it is not what was listed.
        StoreError: the store does not answer.
    """
    if isinstance(place, Path):
        return None
    filesystem, _ = opened(place.store)
    with asking():
        filesystem.invalidate_cache()
        now = _file(place.store, filesystem.info(place.path))
    if now.size != place.size:
        raise changed(place)
    return now.size, now.token


def unchanged(place: Place, version: tuple[int, str] | None, sha256: str) -> bool:
    """Whether a file is what it was when `version_of` and `sha256_of` said this: by size and token, else by its bytes."""
    now = version_of(place)
    return now == version and (bool(now and now[1]) or sha256_of(place) == sha256)


def changed(place: Place) -> InputError:
    """The sentence for a file that is written to."""
    return InputError(f"{place}: changed while it was read; wait until nothing writes to it, and run this again")


@contextmanager
def on_disk(place: Place) -> Iterator[Path]:
    """A path under which the bytes of a file can be read: its own, or an anonymous copy's (0600), which no kill leaves."""
    if isinstance(place, Path):
        yield place
        return
    key = identity_of(place)
    copy = _COPIES.pop(key, None) or _copied(place)
    while len(_COPIES) >= _MOST_COPIES:
        os.close(_COPIES.pop(next(iter(_COPIES))))
    _COPIES[key] = copy
    own = os.dup(copy)  # the copy may be closed meanwhile, and its number be that of another file
    try:
        yield Path(f"/proc/self/fd/{own}")
    finally:
        os.close(own)


def _copied(place: RemoteFile) -> int:
    """A descriptor of an anonymous copy of a file."""
    try:
        with place.open() as stream, tempfile.TemporaryFile(prefix="govern-") as copy:
            shutil.copyfileobj(stream, copy, BLOCK_BYTES)
            copy.flush()
            return os.dup(copy.fileno())
    except StoreError:
        raise
    except OSError:
        raise StoreError(
            errno.ENOSPC, f"no room for a copy of it in {tempfile.gettempdir()}; make room, or name another folder in TMPDIR"
        ) from None


def found(url: Url, known: Callable[[str], bool]) -> list[tuple[RemoteFile, str]]:
    """The files that an URL names, with their names: itself, those directly inside a folder that are `known`, or a pattern's.

    Names and what a pattern matches are those of local files: the path below its fixed part; no hidden file, unless it says so.

    Raises:
        InputError: none is found.
        StoreError: the store does not answer.
    """
    filesystem, path = opened(url)
    with asking():
        info = _info(filesystem, path)
        if info is None and has_magic(path):
            return _matched(filesystem, url, path)
        if info is None:
            raise InputError(f"{url}: no such file or folder; check the path")
        if info["type"] == "file":
            file = _file(url, info)
            return [(file, file.name)]
        if info["type"] != "directory":
            raise InputError(f"{url}: not a file, or a link to none; name the files one by one")
        named = [(entry["name"].rpartition("/")[2], entry) for entry in filesystem.ls(path, detail=True)]
        wanted = [entry for name, entry in named if not name.startswith(".") and known(name)]
        files = [_file(url, entry) for entry in wanted if _is_file(filesystem, url, entry)]
    inside = [(file, file.name) for file in files]
    if not inside:
        raise InputError(f"{url}: no file in this folder has an ending that is read; name the files")
    return inside


def _info(filesystem: Any, path: str) -> dict[str, Any] | None:
    try:
        return dict(filesystem.info(path))
    except FileNotFoundError:
        return None


def _is_file(filesystem: Any, url: Url, entry: dict[str, Any]) -> bool:
    """Whether an entry of a listing is a file; an object whose name ends with a slash only marks a folder.

    Raises:
        InputError: it is neither file nor folder, nor a link to a file.
    """
    if entry["type"] not in ("file", "directory") and _followed(filesystem, entry) != "file":
        raise InputError(f"{_file(url, entry)}: not a file, or a link to none; remove it, or name the files one by one")
    return entry["type"] != "directory" and not entry["name"].endswith("/")


def _file(url: Url, info: dict[str, Any]) -> RemoteFile:
    token = next((str(info[name]) for name in TOKENS if info.get(name) not in (None, "", "null")), "")
    return RemoteFile(url, str(info["name"]), int(info["size"]), token)


def _matched(filesystem: Any, url: Url, path: str) -> list[tuple[RemoteFile, str]]:
    parts = path.split("/")
    fixed = list(takewhile(lambda part: not has_magic(part), parts))
    if not any(fixed) and url.scheme not in ("file", "memory"):
        raise InputError(f"{url}: a pattern where a bucket stands; name the bucket")
    matched = [_file(url, entry) for entry in _below(filesystem, url, "/".join(fixed), parts[len(fixed) :])]
    if not matched:
        raise InputError(f"{url}: no file matches this pattern; check the path")
    return [(file, "/".join(file.path.split("/")[len(fixed) :])) for file in matched]


def _below(filesystem: Any, url: Url, folder: str, pattern: list[str]) -> Iterator[dict[str, Any]]:
    """The files below a folder that a pattern matches, level by level, so that a bucket is not listed for a folder of it."""
    first, *rest = pattern
    if first == "**":
        for entry in filesystem.find(folder, detail=True).values():
            if _fits(entry["name"].split("/")[len(folder.split("/")) :], pattern) and _is_file(filesystem, url, entry):
                yield entry
        return
    for entry in filesystem.ls(folder or "/", detail=True):
        name = entry["name"].rstrip("/").rpartition("/")[2]
        if not _fits([name], [first]):
            continue
        if not rest and _is_file(filesystem, url, entry):
            yield entry
        elif rest and _is_folder(filesystem, entry):
            yield from _below(filesystem, url, entry["name"].rstrip("/"), rest)


def _is_folder(filesystem: Any, entry: dict[str, Any]) -> bool:
    """Whether an entry of a listing, which follows no link, is a folder, or a link to one."""
    return (entry["type"] if entry["type"] in ("file", "directory") else _followed(filesystem, entry)) == "directory"


def _followed(filesystem: Any, entry: dict[str, Any]) -> str:
    """What a link leads to; nothing where it leads nowhere."""
    return str((_info(filesystem, entry["name"]) or {"type": ""})["type"])


def _fits(parts: list[str], pattern: list[str]) -> bool:
    """Whether the parts of a path fit those of a pattern, as `glob` of local files has it."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _fits(parts, pattern[1:]) or (bool(parts) and not parts[0].startswith(".") and _fits(parts[1:], pattern))
    if not parts or (parts[0].startswith(".") and not pattern[0].startswith(".")):
        return False
    return fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])
