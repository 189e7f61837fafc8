"""The bytes and lines of an input file: unpacked, from a position on, each line with where it begins.

A position in a packed file is one of its unpacked bytes. Each process keeps a few packed files open, so that parts of one
that are asked for in order are unpacked once and not each from the start. A line has a limit, and nothing is unpacked
beyond what is read, so that neither a file without line ends nor one that unpacks to a thousand times its size fills the
memory.
"""

import codecs
import gzip
import io
from collections.abc import Iterator
from typing import IO, cast

from govern.errors import InputError
from govern.readers.reading import Encoding, packing, proposed, wide
from govern.readers.remote import Place, RemoteFile, identity_of, size_of

LINE_BYTES = 64_000_000
"""Bytes of a line, or of a record over several, beyond which a file is refused."""

_CHUNK = 1024
"""Packed bytes of zstd that are unpacked at a time: a byte of it can unpack to 32,000."""

_SAMPLE = 64_000
_OPEN: dict[tuple[object, ...], IO[bytes]] = {}
_MOST_OPEN = 4

BOMS: dict[bytes, Encoding] = {
    codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be",
}  # fmt: skip
"""Marks at the start of a file that say its encoding; they are no part of the first line."""

UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class _Zstd(io.RawIOBase):
    """A zstd file unpacked as it is read; one that ends within a frame is an error and not an end."""

    def __init__(self, path: Place) -> None:
        import zstandard

        self._error = zstandard.ZstdError
        self._decompressor = zstandard.ZstdDecompressor()
        self._stream = path.open("rb")
        self._frame = self._decompressor.decompressobj()
        self._begun, self._left, self._ready, self._place = False, b"", b"", 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        while not self._ready:
            packed = self._left or self._stream.read(_CHUNK)
            self._left = b""
            if not packed:
                if self._begun:
                    raise EOFError
                return 0
            try:
                self._ready = self._frame.decompress(packed)
            except self._error:
                raise EOFError from None
            self._begun = True
            if self._frame.eof:
                self._left = self._frame.unused_data
                self._frame = self._decompressor.decompressobj()
                self._begun = False
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        self._place += count
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


def opened(path: Place, start: int = 0) -> IO[bytes]:
    """The bytes of a file from a position on; the caller hands it back with `put_back`."""
    kind = packing(path.name)
    if kind is None:
        plain = path.open("rb")
        plain.seek(start)
        return plain
    if not size_of(path):
        raise EOFError  # nothing packed has no bytes
    key = identity_of(path)
    waiting = _OPEN.pop(key, None)
    if waiting is not None and waiting.tell() > start:
        waiting.close()
        waiting = None
    stream = waiting or cast("IO[bytes]", _gzip(path) if kind == "gzip" else io.BufferedReader(_Zstd(path), 1 << 16))
    left = start - stream.tell()
    while left:
        read = len(stream.read(min(left, 1 << 20)))
        if not read:
            raise EOFError
        left -= read
    return stream


def put_back(path: Place, stream: IO[bytes]) -> None:
    """Keeps a packed file open for a later part of it, and closes any other."""
    if packing(path.name) is None or stream.closed:
        stream.close()
        return
    while len(_OPEN) >= _MOST_OPEN:
        _OPEN.pop(next(iter(_OPEN))).close()
    _OPEN[identity_of(path)] = stream


def _gzip(path: Place) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=path.open("rb")) if isinstance(path, RemoteFile) else gzip.GzipFile(path)


class Lines:
    """The lines of a text file from a position on, decoded, each with the position it begins at; `place` is the next one."""

    def __init__(self, path: Place, encoding: Encoding, start: int = 0) -> None:
        self.path = path
        self.encoding, mark = _encoding(path, encoding)
        self.place = max(start, mark)
        self.stream = opened(path, self.place)
        self._buffer = b""

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        wide = self.encoding.startswith("utf-16")
        while line := self._wide() if wide else self.stream.readline(LINE_BYTES + 1):
            if len(line) > LINE_BYTES:
                raise TooLong
            start, self.place = self.place, self.place + len(line)
            yield start, line

    def _wide(self) -> bytes:
        """As `readline`, where a line ends with two bytes."""
        end = b"\n\0" if self.encoding == "utf-16-le" else b"\0\n"
        searched = 0
        while True:
            at = self._buffer.find(end, searched)
            while at >= 0 and at % 2:
                at = self._buffer.find(end, at + 1)
            if at >= 0 or len(self._buffer) > LINE_BYTES:
                cut = at + 2 if at >= 0 else LINE_BYTES + 1
            else:
                searched = max(0, len(self._buffer) - 2) // 2 * 2
                more = self.stream.read(1 << 16)
                self._buffer += more
                if more:
                    continue
                cut = len(self._buffer)
            line, self._buffer = self._buffer[:cut], self._buffer[cut:]
            return line

    def close(self) -> None:
        """Hands the file back; a later part begins where these lines ended."""
        if self._buffer:
            self.stream.close()
        put_back(self.path, self.stream)


class TooLong(Exception):
    """A line has more than `LINE_BYTES`."""


def _encoding(path: Place, declared: Encoding) -> tuple[Encoding, int]:
    """The encoding of a file and how many bytes of it say so; a mark at the start counts for more than a default."""
    stream = opened(path)
    try:
        head = stream.read(4)
    finally:
        stream.close()
    if head in UTF_32:
        raise InputError(f"{path}: begins with the mark of UTF-32, which is not read; export it as UTF-8")
    for mark, encoding in BOMS.items():
        if head.startswith(mark):
            if declared not in ("utf-8", "utf-16", encoding):
                raise InputError(
                    f"{path}: begins with the mark of {encoding.upper()}, and is declared {declared.upper()}; correct "
                    "the encoding"
                )
            return encoding, len(mark)
    if declared == "utf-16":
        raise InputError(
            f"{path}: UTF-16 with no mark of its byte order at the start; say utf-16-le (as Windows writes) or utf-16-be"
        )
    return declared, 0


def decoded(line: bytes, encoding: Encoding, place: str, path: Place) -> str:
    """The text of a line.

    Raises:
        InputError: the line is not in that encoding; the sentence names one that fits, where one does.
    """
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError as error:
        found = proposed(_sample(path))
        remedy = "and no other known encoding fits; correct it, or export the file again"
        if found not in (None, encoding):
            say = f'say --encoding {found}, or encoding = "{found}" for its source in the policy'
            remedy = f"and the file reads as {str(found).upper()}; {say}"
        raise InputError(f"{place}: byte {error.start + 1} is not {encoding.upper()}, {remedy}") from None
    if "\0" in text and not encoding.startswith("utf-16") and (read := wide(_sample(path))) is not None:
        raise InputError(
            f"{place}: every second byte is zero, and the file reads as UTF-16 with no mark of its byte order; say --encoding "
            f"{read}, or export it as UTF-8"
        )
    return text


def _sample(path: Place) -> bytes:
    stream = opened(path)
    try:
        return stream.read(_SAMPLE)
    finally:
        stream.close()
