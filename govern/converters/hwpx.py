"""HWPX: sections in order with tables and text boxes, then headers, footers, notes and master pages; after KS X 6101 (OWPML).

Tracked deletions, hidden comments and memos are counted and left out, as are pictures, equations and embedded objects.
"""

import re
from collections import Counter
from collections.abc import Mapping

from govern.converters.converted import Converted, Text, Unread
from govern.converters.layout import Writer
from govern.converters.markup import Package

SECTION = re.compile(r"contents/section(\d+)\.xml")
_MASTER = re.compile(r"contents/masterpage(\d+)\.xml")
_MANIFEST = "META-INF/manifest.xml"
_ASIDES = frozenset({"header", "footer", "footNote", "endNote"})
_TEXTS = frozenset({"t", "mainText", "subText", "text"})
"""Elements whose characters are shown: of a run, of a word with a gloss, of a form's field."""

_LEFT_OUT = {
    "hiddenComment": "comments", "pic": "pictures", "equation": "equations", "ole": "embedded", "chart": "charts",
    "video": "embedded",
}  # fmt: skip
_SIGNS = {"tab": "\t", "lineBreak": "\n", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}


def read(data: bytes) -> Converted:
    """The text of an HWPX file.

    Raises:
        Unread: it is encrypted, damaged, or over a limit.
    """
    package = Package(data)
    if package.has(_MANIFEST):
        package.parse(_MANIFEST, _Manifest())
    writer, left_out = Writer(), Counter[str]()
    sections = _numbered(package, SECTION)
    if any(not package.has(f"Contents/section{number}.xml") for number in range(len(sections))):
        raise Unread("damaged", "lacks a section")
    for name in sections:
        package.parse(name, _Section(writer, left_out))
    for name in _numbered(package, _MASTER):
        writer.open_aside()
        package.parse(name, _Section(writer, left_out))
        writer.close_aside()
    return Converted((Text(writer.whole()),), left_out=+left_out)


def _numbered(package: Package, pattern: re.Pattern[str]) -> list[str]:
    found = {name: matched for name in package.names if (matched := pattern.fullmatch(name))}
    return sorted(found, key=lambda name: (int(found[name][1]), name))


class _Manifest:
    """Ends the reading where parts are encrypted."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - the shape of a handler
        if name == "encryption-data":
            raise Unread("encrypted", "its parts are encrypted")

    def end(self, name: str) -> None: ...

    def characters(self, text: str) -> None: ...


class _Section:
    """Writes one section: paragraphs, controls and tables as they come."""

    def __init__(self, writer: Writer, left_out: Counter[str]) -> None:
        self.writer, self.left_out = writer, left_out
        self.path: list[str] = []
        self.skipped = 0
        self.in_text = 0
        self.deleted = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self.skipped:
            self.skipped += 1
            return
        kind = "comments" if name == "fieldBegin" and attributes.get("type") == "MEMO" else _LEFT_OUT.get(name)
        if kind:
            self.left_out[kind] += 1
            self.skipped = 1
            return
        around = self.path[-1] if self.path else ""
        self.path.append(name)
        if name in _TEXTS:
            self.in_text += 1
        elif name == "tr":
            self.writer.open_row()
        elif name == "tc":
            self.writer.open_cell()
        elif name in _ASIDES and around == "ctrl":
            self.writer.open_aside()
        elif name == "drawText":
            self.writer.line()
        elif name == "deleteBegin":
            self.left_out["tracked_deletions"] += 1
            self.deleted = True
        elif name == "deleteEnd":
            self.deleted = False
        elif name == "compose":
            self._write(attributes.get("composeText", ""))
        elif self.in_text and name in _SIGNS:
            self._write(_SIGNS[name])

    def end(self, name: str) -> None:
        if self.skipped:
            self.skipped -= 1
            return
        self.path.pop()
        around = self.path[-1] if self.path else ""
        if name in _TEXTS:
            self.in_text -= 1
        elif name in ("p", "drawText"):
            self.writer.line()
        elif name == "tr":
            self.writer.close_row()
        elif name == "tc":
            self.writer.close_cell()
        elif name in _ASIDES and around == "ctrl":
            self.writer.close_aside()

    def characters(self, text: str) -> None:
        if self.in_text and not self.skipped:
            self._write(text)

    def _write(self, text: str) -> None:
        if not self.deleted:
            self.writer.text(text)
