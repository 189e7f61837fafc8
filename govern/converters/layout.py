"""Plain text from nested paragraphs and tables: cells of a row between tabs, rows and paragraphs on lines.

A table that holds another, or has one cell a row, is a frame: what it holds stands on lines of its own, so that the inner
table keeps its rows. Headers, footers and notes are gathered after the body, each once.
"""

import re
from dataclasses import dataclass, field

from govern.converters.converted import TEXT_CHARACTERS, Unread

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_BLANKS = re.compile(r"[ \t]+(?=\n|$)")
_GAPS = re.compile(r"\n{3,}")


def tidy(text: str) -> str:
    """`text` with plain line ends, no control characters, no blanks before a line end and one empty line at most."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _GAPS.sub("\n\n", _BLANKS.sub("", text)).strip()


@dataclass(slots=True)
class _Frame:
    """What is being written: a body, an aside, a row or a cell."""

    kind: str
    parts: list[str] = field(default_factory=list)
    cells: list["_Frame"] = field(default_factory=list)
    holds_rows: bool = False

    def text(self) -> str:
        return "".join(self.parts)


class Writer:
    """Takes text, line ends and the edges of tables in reading order; gives the whole text at the end."""

    def __init__(self) -> None:
        self._frames = [_Frame("body")]
        self._asides: dict[str, None] = {}
        self._characters = 0

    @property
    def at_line_start(self) -> bool:
        """Whether nothing stands on the line so far."""
        parts = self._frames[-1].parts
        return not parts or parts[-1].endswith("\n")

    @property
    def after_space(self) -> bool:
        """Whether a further space would show nothing."""
        parts = self._frames[-1].parts
        return not parts or parts[-1][-1] in " \t\n"

    def text(self, text: str) -> None:
        """Adds to the line.

        Raises:
            Unread: more than `TEXT_CHARACTERS` came.
        """
        if not text:
            return
        self._characters += len(text)
        if self._characters > TEXT_CHARACTERS:
            raise Unread("over_limit", f"holds more than {TEXT_CHARACTERS:,} characters of text")
        self._frames[-1].parts.append(text)

    def line(self) -> None:
        """Ends the line, if anything stands on it."""
        if not self.at_line_start:
            self.text("\n")

    def open_row(self) -> None:
        """A row of a table begins, on a line of its own."""
        self.line()
        self._frames.append(_Frame("row"))

    def open_cell(self) -> None:
        """A cell begins."""
        self._frames.append(_Frame("cell"))

    def close_cell(self) -> None:
        """The cell that was opened last ends; one that stands in no row is a paragraph."""
        cell = self._frames.pop()
        around = self._frames[-1]
        if around.kind == "row":
            around.cells.append(cell)
        else:
            around.parts += [cell.text(), "\n"]

    def close_row(self) -> None:
        """The row that was opened last ends; what stood in it beside cells comes after them."""
        row = self._frames.pop()
        around = self._frames[-1]
        if len(row.cells) == 1 or any(cell.holds_rows for cell in row.cells):
            lines = [cell.text().strip("\n") for cell in row.cells]
            text = "\n".join(line for line in lines if line.strip())
        else:
            text = "\t".join(" ".join(cell.text().split()) for cell in row.cells)
        around.holds_rows = True
        for piece in (text, row.text().strip("\n")):
            if piece.strip():
                around.parts += [piece, "\n"]

    def open_aside(self) -> None:
        """A header, footer or note begins, which stands after the body."""
        self._frames.append(_Frame("aside"))

    def close_aside(self) -> None:
        """The aside that was opened last ends."""
        text = tidy(self._frames.pop().text())
        if text:
            self._asides[text] = None

    def whole(self) -> str:
        """The body, then each aside once."""
        return tidy("\n".join([self._frames[0].text().rstrip("\n"), *self._asides]))
