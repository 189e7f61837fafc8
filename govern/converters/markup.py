"""XML and ZIP as the office formats use them, read part by part and nothing more.

A document type declaration, where entities are made, ends the reading: no such format has one, so entities neither grow nor
reach for a file or an address. Nothing is written to disk, and names within a ZIP are looked up and never used as paths.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Protocol
from xml.parsers import expat

from govern.converters.converted import UNPACKED_BYTES, Unread

_CHUNK = 1 << 16
_LOCKED = 0x1
"""The bit of a ZIP entry that says it is encrypted."""

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, LookupError)
"""What reading a damaged ZIP raises."""


class Handler(Protocol):
    """What is told of the elements of an XML part, by their local names."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """It ends."""

    def characters(self, text: str) -> None:
        """Text within it."""


class Package:
    """The parts of a ZIP file.

    Raises:
        Unread: it is damaged or locked, names a part twice, or unpacks to more than `UNPACKED_BYTES`.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN:
            raise Unread("damaged", "its ZIP directory cannot be read") from None
        self._parts: dict[str, zipfile.ZipInfo] = {}
        self._left = UNPACKED_BYTES
        for entry in self._archive.infolist():
            name = entry.filename.lower()
            if name in self._parts:
                raise Unread("damaged", "names a part twice")
            self._parts[name] = entry

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parts in lower case, in which they are looked up, sorted."""
        return tuple(sorted(self._parts))

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name.lower() in self._parts

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, piece by piece."""
        entry = self._parts.get(name.lower())
        if entry is None:
            raise Unread("damaged", "lacks a part that it names")
        if entry.flag_bits & _LOCKED:
            raise Unread("encrypted", "its parts are encrypted")
        try:
            with self._archive.open(entry) as stream:
                while piece := stream.read(_CHUNK):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise Unread("over_limit", f"unpacks to more than {UNPACKED_BYTES:,} bytes")
                    yield piece
        except _BROKEN:
            raise Unread("damaged", "a part of it cannot be unpacked") from None

    def start_of(self, name: str) -> bytes:
        """The first bytes of a part, at most 64 KiB."""
        return next(self.chunks(name), b"")

    def parse(self, name: str, handler: Handler) -> None:
        """Tells `handler` what stands in an XML part."""
        parse(self.chunks(name), handler)


def parse(chunks: Iterator[bytes], handler: Handler) -> None:
    """Tells `handler` what stands in an XML document.

    Raises:
        Unread: it is not well-formed, or declares a document type.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: handler.start(
        _local(name), {_local(key): value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: handler.end(_local(name))
    parser.CharacterDataHandler = handler.characters
    parser.StartDoctypeDeclHandler = _declared
    try:
        for piece in chunks:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise Unread("damaged", "a part of it is no well-formed XML") from None


def _declared(*_: object) -> None:
    raise Unread("unsafe", "its XML declares a document type")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
