"""What comes of one file: its text and what was left out of it, or a reason why there is none."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

TEXT_CHARACTERS = 15_000_000
"""Characters of text in a file, beyond which it is refused: a line of JSON Lines holds 64 MB."""

UNPACKED_BYTES = 256_000_000
"""Bytes that the packed parts of a file may unpack to."""

SECONDS = 60
"""Processor time that a file may take, where nobody says otherwise."""

REASONS: Mapping[str, str] = {
    "encrypted": "opens with a password alone, or by rights management",
    "no_text_layer": "pages are pictures (scanned), and nothing here reads pictures",
    "no_unicode": "its fonts do not say which letters they show",
    "damaged": "ends early, or is not what its format asks for",
    "unsafe": "declares what no such file needs, and attacks use",
    "unknown_format": "is no PDF, HTML, DOCX, HWP 5 or HWPX file",
    "over_limit": "is larger, takes longer or unpacks to more than is read",
    "reader_failed": "ended the process that read it, or met a defect of its reader",
    "unreadable": "cannot be opened",
    "empty": "holds no text",
}
"""Why a file is refused, and what that says of it."""


class Unread(Exception):
    """A file that gives no text: `reason` is a key of `REASONS`, `why` a few words that quote nothing of the file."""

    def __init__(self, reason: str, why: str, left_out: Mapping[str, int] | None = None) -> None:
        super().__init__(f"{reason}: {why}")
        self.reason, self.why, self.left_out = reason, why, left_out or {}


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a file, or of one page of it (from 1)."""

    text: str = field(repr=False)
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """The text of a file in one piece or by page, how many pages it has where it has any, and what was left out, counted."""

    texts: tuple[Text, ...]
    pages: int | None = None
    left_out: Mapping[str, int] = field(default_factory=Counter)
