"""DOCX: body, tables, text boxes, then headers, footers, footnotes and endnotes; the parts are found by their content type.

Read as a reader of the page sees it: tracked insertions and results of fields are text, and tracked deletions, hidden runs
and comments are counted. Relationships are not read, so nothing outside the file is reached. After ECMA-376, part 1.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from govern.converters.converted import Converted, Text, Unread
from govern.converters.layout import Writer
from govern.converters.markup import Package

_OFF = frozenset({"0", "false", "off"})
_BESIDE = ("header", "footer", "footnotes", "endnotes")
_MAIN = re.compile(r"application/vnd\.(?:openxmlformats-officedocument\.wordprocessingml|ms-word)\..*\.?main\+xml")
_PART = re.compile(r"application/vnd\.openxmlformats-officedocument\.wordprocessingml\.(\w+)\+xml")
_ELSEWHERE = {
    "embedded": re.compile(r"word/embeddings/.+"),
    "charts": re.compile(r"word/charts/chart[^/]*\.xml|word/diagrams/data[^/]*\.xml"),
}
"""Parts that hold text of their own and are not read."""

_PROPERTIES = ("docProps/core.xml", "docProps/custom.xml")
_UNSHOWN = frozenset({"instrText", "delInstrText", "fldData", "Fallback"})
"""What is no text: the code of fields, and the older form of what stands beside it."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The parts of a Word document by what they hold, as its content types say."""

    main: str
    beside: tuple[str, ...]
    comments: tuple[str, ...]


class _Types:
    """The content type of each part."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Override":
            self.types[attributes.get("PartName", "").lstrip("/").lower()] = attributes.get("ContentType", "")

    def end(self, name: str) -> None: ...

    def characters(self, text: str) -> None: ...


def documents_of(package: Package) -> Documents:
    """Which parts are read; `main` is empty where the file is no Word document."""
    types = _Types()
    package.parse("[Content_Types].xml", types)
    main = sorted(name for name, kind in types.types.items() if _MAIN.fullmatch(kind))
    found: dict[str, list[str]] = {}
    for name, kind in sorted(types.types.items()):
        matched = _PART.fullmatch(kind)
        if matched:
            found.setdefault(matched[1], []).append(name)
    beside = tuple(name for kind in _BESIDE for name in found.get(kind, ()))
    return Documents(main[0] if main else "", beside, tuple(found.get("comments", ())))


def read(data: bytes) -> Converted:
    """The text of a DOCX file.

    Raises:
        Unread: it is damaged, or over a limit.
    """
    package = Package(data)
    parts = documents_of(package)
    if not parts.main:
        raise Unread("damaged", "names no main part")
    writer, left_out = Writer(), Counter[str]()
    package.parse(parts.main, _Story(writer, left_out))
    for name in parts.beside:
        writer.open_aside()
        package.parse(name, _Story(writer, left_out))
        writer.close_aside()
    for name in parts.comments:
        package.parse(name, _Counted("comment", "comments", left_out))
    for name in _PROPERTIES:
        if package.has(name):
            package.parse(name, _Counted("", "properties", left_out))
    for kind, pattern in _ELSEWHERE.items():
        left_out[kind] += sum(1 for name in package.names if pattern.fullmatch(name))
    return Converted((Text(writer.whole()),), left_out=+left_out)


class _Counted:
    """Counts elements of one name, or, where it is empty, those that hold text."""

    def __init__(self, name: str, kind: str, left_out: Counter[str]) -> None:
        self.name, self.kind, self.left_out = name, kind, left_out

    def start(self, name: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - the shape of a handler
        if self.name and name == self.name:
            self.left_out[self.kind] += 1

    def end(self, name: str) -> None: ...

    def characters(self, text: str) -> None:
        if not self.name and text.strip():
            self.left_out[self.kind] += 1


class _Story:
    """Writes one part: paragraphs, runs and tables as they come."""

    def __init__(self, writer: Writer, left_out: Counter[str]) -> None:
        self.writer, self.left_out = writer, left_out
        self.skipped, self.skipped_kind, self.skipped_text = 0, "", False
        self.in_properties = 0
        self.hidden_runs: list[bool] = []
        self.in_text = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self.skipped:
            self.skipped += 1
        elif name in _UNSHOWN:
            self._skip("")
        elif name in ("del", "moveFrom", "delText"):
            self._skip("tracked_deletions")
        elif name in ("pPr", "tblPr", "trPr", "tcPr", "sectPr"):
            self.in_properties += 1
        elif self.in_properties:
            if name == "numId" and attributes.get("val") != "0":
                self.left_out["automatic_numbers"] += 1
        else:
            self._content(name, attributes)

    def _content(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "r":
            self.hidden_runs.append(False)
        elif name == "vanish" and self.hidden_runs:
            self.hidden_runs[-1] = attributes.get("val", "1") not in _OFF
        elif name == "t":
            self.in_text = True
            self.left_out["hidden_runs"] += any(self.hidden_runs)
        elif name == "tr":
            self.writer.open_row()
        elif name == "tc":
            self.writer.open_cell()
        elif name == "txbxContent":
            self.writer.line()
        elif name in ("blip", "imagedata"):
            self.left_out["pictures"] += 1
        elif name == "altChunk":
            self.left_out["embedded"] += 1
        elif name == "sym":
            self.left_out["symbols"] += 1
        elif self.hidden_runs:
            self._sign(name)

    def _sign(self, name: str) -> None:
        """What stands in a run for a character."""
        if name in ("tab", "ptab"):
            self._write("\t")
        elif name in ("br", "cr"):
            self._write("\n")
        elif name == "noBreakHyphen":
            self._write("-")

    def end(self, name: str) -> None:
        if self.skipped:
            self.skipped -= 1
            if not self.skipped and self.skipped_kind and self.skipped_text:
                self.left_out[self.skipped_kind] += 1
        elif name in ("pPr", "tblPr", "trPr", "tcPr", "sectPr"):
            self.in_properties -= 1
        elif self.in_properties:
            return
        elif name == "r":
            self.hidden_runs.pop()
        elif name == "t":
            self.in_text = False
        elif name in ("p", "txbxContent"):
            self.writer.line()
        elif name == "tr":
            self.writer.close_row()
        elif name == "tc":
            self.writer.close_cell()

    def characters(self, text: str) -> None:
        if self.skipped:
            self.skipped_text = self.skipped_text or bool(text.strip())
        elif self.in_text and not self.in_properties:
            self._write(text)

    def _write(self, text: str) -> None:
        if not any(self.hidden_runs):
            self.writer.text(text)

    def _skip(self, kind: str) -> None:
        self.skipped, self.skipped_kind, self.skipped_text = 1, kind, False
