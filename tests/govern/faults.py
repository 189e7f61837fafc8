"""File-system calls that fail on order: the n-th one below a folder raises, or writes a part of what it was given first."""

import builtins
import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from unittest import mock

import polars as pl

CALLS = ("open", "replace", "rename", "link", "mkdir", "rmdir", "unlink", "scandir", "listdir")
"""Functions of `os` that take a path first."""
READS = ("read_parquet", "scan_parquet")
KINDS = {"no space": errno.ENOSPC, "input or output error": errno.EIO, "short write": errno.ENOSPC}


@dataclass
class Faults:
    """Counts calls below `folder`; the one of number `at` fails, and every later one that writes where it is `lasting`."""

    folder: Path
    at: int = -1
    kind: str = "no space"
    lasting: bool = False
    count: int = 0
    names: list[str] = field(default_factory=list)

    def due(self, name: str) -> bool:
        """Counts a call, and says whether it fails."""
        self.count += 1
        self.names.append(name)
        return self.count - 1 == self.at or (self.lasting and self.count - 1 > self.at >= 0 and name != "unlink")

    def fail(self, path: Any = None) -> None:
        """Raises what the kernel would."""
        number = KINDS[self.kind]
        raise OSError(number, os.strerror(number), None if path is None else str(path))

    def below(self, path: Any) -> bool:
        """Whether a path lies below the folder."""
        return isinstance(path, str | os.PathLike) and str(path).startswith(str(self.folder))


class _Stream:
    """A file object whose writes are counted and may fail half way."""

    def __init__(self, stream: Any, faults: Faults) -> None:
        self._stream, self._faults = stream, faults

    def write(self, data: bytes) -> int:
        if self._faults.due("write"):
            if self._faults.kind == "short write":
                self._stream.write(data[: len(data) // 2])
                self._stream.flush()
            self._faults.fail()
        return int(self._stream.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)


@contextmanager
def injected(faults: Faults) -> Iterator[Faults]:
    """Python's calls below the folder go through `faults`, and what Polars reads in its own code as one call each."""
    patches = [mock.patch.object(os, name, _watched(getattr(os, name), name, faults)) for name in CALLS]
    patches.append(mock.patch.object(os, "fsync", _synced(os.fsync, faults)))
    patches.append(mock.patch.object(os, "fdopen", lambda *given, **named: _Stream(fdopen(*given, **named), faults)))
    patches += [mock.patch.object(place, "open", _watched(io.open, "open", faults)) for place in (io, builtins)]
    patches += [mock.patch.object(pl, name, _native(getattr(pl, name), name, faults)) for name in READS]
    fdopen = os.fdopen
    for patch in patches:
        patch.start()
    try:
        yield faults
    finally:
        for patch in reversed(patches):
            patch.stop()


def _watched(call: Any, name: str, faults: Faults) -> Any:
    def watched(path: Any, *given: Any, **named: Any) -> Any:
        if faults.below(path) and faults.due(name):
            faults.fail(path)
        return call(path, *given, **named)

    return watched


def _native(call: Any, name: str, faults: Faults) -> Any:
    def watched(path: Any, *given: Any, **named: Any) -> Any:
        if faults.below(path) and faults.due(name):
            number = KINDS[faults.kind]
            raise OSError(f"{os.strerror(number)} (os error {number}): {path}")  # with no errno, as Polars raises it
        return call(path, *given, **named)

    return watched


def _synced(call: Any, faults: Faults) -> Any:
    def synced(descriptor: int) -> None:
        if faults.due("fsync"):
            faults.fail()
        call(descriptor)

    return synced
