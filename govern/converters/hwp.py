"""HWP 5: sections in order with tables and text boxes, then headers, footers and notes, from the records of `BodyText`.

A section is a list of records, each with a tag, a level and bytes; levels make a tree. The text of a paragraph holds control
characters, of which those of 8 units stand for a table, a note, a field; what they stand for follows as records below the
paragraph, in their order. After the published description of the format (Hancom, revision 1.3).
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govern.converters.converted import UNPACKED_BYTES, Converted, Text, Unread
from govern.converters.layout import Writer

if TYPE_CHECKING:
    from olefile import OleFileIO

SIGNATURE = b"HWP Document File"
_COMPRESSED = 0x1
_LOCKED = {
    0x2: "opens with a password", 0x4: "a distribution document, which shows its text to Hancom's programs alone",
    0x10: "is held by rights management", 0x100: "is encrypted with a certificate",
    0x400: "is held by rights management with a certificate",
}  # fmt: skip
"""Bits of the header's properties that say a file is not to be read, and what that is."""

_PARA_HEADER, _PARA_TEXT, _CTRL_HEADER, _LIST_HEADER, _TABLE_BODY, _MEMO_LIST = 0x42, 0x43, 0x47, 0x48, 0x4D, 0x5D
_FORM, _PICTURE, _OLE = 0x5B, 0x55, 0x54
_COUNTED = {_FORM: "form_fields", _PICTURE: "pictures", _OLE: "embedded"}
_LONG = 0xFFF
"""A size that says that the true one follows."""

DEPTH = 200
"""Paragraphs within paragraphs, beyond which a file is refused."""

_EXTENDED = frozenset({1, 2, 3, 11, 12, 14, 15, 16, 17, 18, 21, 22, 23})
"""Characters of 8 units that stand for a record below the paragraph."""
_INLINE = frozenset({4, 5, 6, 7, 8, 9, 19, 20})
"""Characters of 8 units that hold all they say."""
_SIGNS = {9: "\t", 10: "\n", 24: "-", 30: " ", 31: " "}

_TABLE, _SHAPE = "tbl ", "gso "
_LEFT_OUT = {"tcmt": "comments", "eqed": "equations"}
_SPELLED = {"tdut": 2, "tcps": 1}
"""Controls that hold their own text: a word with its gloss, letters over one another; and how many strings they have."""

_ROW_AT = 10
"""Where in the header of a cell its row stands."""


@dataclass(slots=True)
class Record:
    """A record and those below it."""

    tag: int
    data: bytes
    below: list["Record"] = field(default_factory=list)


def read(data: bytes) -> Converted:
    """The text of an HWP 5 file.

    Raises:
        Unread: it is locked, damaged, over a limit, or an OLE file of another kind.
    """
    ole = _opened(data)
    packed = _unlocked(ole)
    sections = _sections(ole)
    if not sections:
        raise Unread("damaged", "holds no section")
    story = _Story()
    left = UNPACKED_BYTES
    for name in sections:
        body = _stream(ole, name)
        if packed:
            body = _inflated(body, left)
        left -= len(body)
        story.section(records(body))
    del story.left_out[""]
    return Converted((Text(story.writer.whole()),), left_out=+story.left_out)


def _opened(data: bytes) -> "OleFileIO":
    from olefile import OleFileIO

    try:
        return OleFileIO(data)
    except (OSError, ValueError, TypeError, IndexError, struct.error):
        raise Unread("damaged", "its OLE directory cannot be read") from None


def _stream(ole: "OleFileIO", name: str) -> bytes:
    try:
        with ole.openstream(name) as stream:
            data: bytes = stream.read()
    except (OSError, ValueError, TypeError, IndexError, struct.error):
        raise Unread("damaged", "a stream of it cannot be read") from None
    return data


def _unlocked(ole: "OleFileIO") -> bool:
    """Whether the sections are packed; a file that is not to be read is refused."""
    if ole.exists("EncryptedPackage"):
        raise Unread("encrypted", "an Office file that opens with a password")
    header = _stream(ole, "FileHeader") if ole.exists("FileHeader") else b""
    if not header.startswith(SIGNATURE):
        raise Unread("unknown_format", "an OLE file that is no HWP 5 file (an old Office file: save it as DOCX)")
    if len(header) < 40:
        raise Unread("damaged", "its header ends early")
    (properties,) = struct.unpack_from("<I", header, 36)
    for bit, why in _LOCKED.items():
        if properties & bit:
            raise Unread("encrypted", why)
    return bool(properties & _COMPRESSED)


def _sections(ole: "OleFileIO") -> list[str]:
    found = {
        int(path[1][7:]): "/".join(path)
        for path in ole.listdir()
        if len(path) == 2 and path[0] == "BodyText" and path[1].startswith("Section") and path[1][7:].isdecimal()
    }
    if sorted(found) != list(range(len(found))):
        raise Unread("damaged", "lacks a section")
    return [found[number] for number in sorted(found)]


def _inflated(data: bytes, most: int) -> bytes:
    """Raw deflate, undone."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = unpacker.decompress(data, most + 1)
    except zlib.error:
        raise Unread("damaged", "a section cannot be unpacked") from None
    if len(body) > most:
        raise Unread("over_limit", f"unpacks to more than {UNPACKED_BYTES:,} bytes")
    if not unpacker.eof:
        raise Unread("damaged", "a section ends early")
    return body


def records(data: bytes) -> list[Record]:
    """The records of a section as trees."""
    roots: list[Record] = []
    open_records: list[Record] = []
    place = 0
    while place < len(data):
        if place + 4 > len(data):
            raise Unread("damaged", "a record ends early")
        (head,) = struct.unpack_from("<I", data, place)
        tag, level, size = head & 0x3FF, head >> 10 & 0x3FF, head >> 20
        place += 4
        if size == _LONG:
            if place + 4 > len(data):
                raise Unread("damaged", "a record ends early")
            (size,) = struct.unpack_from("<I", data, place)
            place += 4
        if place + size > len(data) or level > len(open_records):
            raise Unread("damaged", "a record ends early, or has no place")
        record = Record(tag, data[place : place + size])
        place += size
        del open_records[level:]
        (open_records[-1].below if open_records else roots).append(record)
        open_records.append(record)
    return roots


class _Story:
    """Writes paragraphs with the tables, boxes and notes that stand in them."""

    def __init__(self) -> None:
        self.writer, self.left_out = Writer(), Counter[str]()
        self.depth = 0

    def section(self, roots: list[Record]) -> None:
        """The paragraphs of a section."""
        self._list(roots)

    def _list(self, siblings: list[Record]) -> None:
        """The paragraphs among some records, and those of shapes further below."""
        self.depth += 1
        if self.depth > DEPTH:
            raise Unread("over_limit", f"more than {DEPTH} paragraphs within each other")
        for record in siblings:
            self.left_out[_COUNTED.get(record.tag, "")] += 1
            if record.tag == _CTRL_HEADER:
                raise Unread("damaged", "a control stands outside a paragraph")
            if record.tag == _PARA_HEADER:
                self._paragraph(record)
            else:
                self._list(record.below)
        self.depth -= 1

    def _paragraph(self, paragraph: Record) -> None:
        controls = iter([record for record in paragraph.below if record.tag == _CTRL_HEADER])
        for record in paragraph.below:
            if record.tag == _PARA_TEXT:
                for piece in _pieces(record.data):
                    if piece is None:
                        self._control(next(controls, None))
                    else:
                        self.writer.text(piece)
        for control in controls:
            self._control(control)
        self.writer.line()
        rest = [record for record in paragraph.below if record.tag not in (_PARA_TEXT, _CTRL_HEADER)]
        memos = [place for place, record in enumerate(rest) if record.tag == _MEMO_LIST]
        self.left_out["comments"] += len(memos)
        self._list(rest[: memos[0]] if memos else rest)

    def _control(self, control: Record | None) -> None:
        """What an extended control character stands for."""
        if control is None:
            raise Unread("damaged", "a control character stands for nothing")
        kind = control.data[3::-1].decode("latin-1")
        if kind in _LEFT_OUT:
            self.left_out[_LEFT_OUT[kind]] += 1
        elif kind in _SPELLED:
            self.writer.text(" ".join(_strings(control.data[4:], _SPELLED[kind])))
        elif kind == _TABLE:
            self._table(control)
        elif kind == _SHAPE:
            self.writer.line()
            self._list(control.below)
            self.writer.line()
        else:
            self.writer.open_aside()
            self._list(control.below)
            self.writer.close_aside()

    def _table(self, table: Record) -> None:
        """A caption on a line above, then rows of cells."""
        body = next((place for place, record in enumerate(table.below) if record.tag == _TABLE_BODY), len(table.below))
        self.writer.line()
        self._list(table.below[:body])
        rows: dict[int, list[list[Record]]] = {}
        cell: list[Record] = []
        for record in table.below[body + 1 :]:
            if record.tag == _LIST_HEADER:
                cell = []
                row = int.from_bytes(record.data[_ROW_AT : _ROW_AT + 2], "little")
                rows.setdefault(row, []).append(cell)
            else:
                cell.append(record)
        for _, cells in sorted(rows.items()):
            self.writer.open_row()
            for paragraphs in cells:
                self.writer.open_cell()
                self._list(paragraphs)
                self.writer.close_cell()
            self.writer.close_row()


def _pieces(data: bytes) -> Iterator[str | None]:
    """The text of a paragraph; None where an extended control stands."""
    units = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])
    begun = place = 0
    while place < len(units):
        unit = units[place]
        if unit >= 32:
            place += 1
            continue
        if place > begun:
            yield data[2 * begun : 2 * place].decode("utf-16-le", "replace")
        if unit in _EXTENDED:
            yield None
        elif unit in _SIGNS:
            yield _SIGNS[unit]
        place += 8 if unit in _EXTENDED or unit in _INLINE else 1
        begun = place
    if begun < len(units):
        yield data[2 * begun :].decode("utf-16-le", "replace")


def _strings(data: bytes, count: int) -> list[str]:
    """Strings that follow each other, each after its length."""
    found = []
    for _ in range(count):
        length = 2 * int.from_bytes(data[:2], "little")
        found.append(data[2 : 2 + length].decode("utf-16-le", "replace"))
        data = data[2 + length :]
    return found
