"""PDF: the text layer of each page as PDFium reads it, with what forms and stamps show; pictures are never read.

Text that is drawn unseen (as over a scan) is text. A page that shows something and has no text, or a picture and hardly any, is
counted; a file of such pages alone is refused, and so is one whose fonts do not say which letters they draw: its text would be
noise to every detector.
"""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

from govern.converters.converted import TEXT_CHARACTERS, Converted, Text, Unread
from govern.converters.layout import tidy

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

PAGES = 20_000
"""Pages, beyond which a file is refused."""

FEW_LETTERS = 50
"""On a page that a picture fills by half, fewer letters than these are a number or a stamp on a scan."""

UNMAPPED_SHARE = 0.1
"""Of its characters that no font says a letter for, beyond which a file is refused."""

_COMMENTS = frozenset({1, 9, 10, 11, 12, 16})
"""Annotations that say something beside the page: notes, marks on text, pop-ups."""
_DRAWN = frozenset({3, 13, 20})
"""Annotations that show text on the page: free text, stamps, form fields."""
_ATTACHED = 17
_XFA = (2, 3)
_PASSWORD, _SECURITY = 4, 5
_HYPHENS = re.compile("(?<=[a-z])\ufffe(?=[a-z])")


def read(data: bytes, *, by_page: bool = False) -> Converted:
    """The text of a PDF file, in one piece or by page.

    Raises:
        Unread: it is encrypted, damaged, a scan, over a limit, or without a way from its fonts to letters.
    """
    from pypdfium2 import PdfiumError

    document = _opened(data)
    try:
        return _read(document, by_page)
    except PdfiumError:
        raise Unread("damaged", "a page cannot be read") from None
    finally:
        document.close()


def _opened(data: bytes) -> "PdfDocument":
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        return PdfDocument(data)
    except PdfiumError as error:
        if error.err_code in (_PASSWORD, _SECURITY):
            raise Unread("encrypted", "opens with a password") from None
        raise Unread("damaged", "its structure cannot be read") from None


def _read(document: "PdfDocument", by_page: bool) -> Converted:
    pages = len(document)
    if pages > PAGES:
        raise Unread("over_limit", f"has more than {PAGES:,} pages")
    if document.get_formtype() in _XFA:
        raise Unread("unknown_format", "an XFA form, whose pages show no text of their own; print it to PDF")
    document.init_forms()
    left_out = Counter[str](attachments=document.count_attachments())
    texts, characters, unmapped, readable = [], 0, 0, False
    for number in range(pages):
        page = _page(document, number, left_out)
        texts.append(Text(page.text, number + 1))
        characters, unmapped = characters + page.characters, unmapped + page.unmapped
        readable = readable or (bool(page.text) and not page.pictured)
        left_out["pages_without_text"] += page.pictured
        if characters > TEXT_CHARACTERS:
            raise Unread("over_limit", f"holds more than {TEXT_CHARACTERS:,} characters of text")
    if left_out["pages_without_text"] and not readable:
        raise Unread("no_text_layer", "its pages show pictures and hold no text, or hardly any", +left_out)
    if unmapped > UNMAPPED_SHARE * characters:
        raise Unread("no_unicode", "its fonts do not say which letters they show")
    left_out["unmapped_characters"] = unmapped
    found = tuple(text for text in texts if text.text)
    if not by_page:
        found = (Text("\n\n".join(text.text for text in found)),)
    return Converted(found, pages, +left_out)


@dataclass(frozen=True, slots=True)
class _Page:
    """The text of a page, its characters, those of which no font says a letter, and whether it is rather a picture."""

    text: str
    characters: int
    unmapped: int
    pictured: bool


def _page(document: "PdfDocument", number: int, left_out: Counter[str]) -> _Page:
    from pypdfium2 import raw

    page = document[number]
    try:
        if _annotations(page, left_out):
            if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_FAIL:
                raise Unread("damaged", "what stands on a page beside its text cannot be read")
            page.close()
            page = document[number]
        layer = page.get_textpage()
        try:
            text = layer.get_text_range()
            count = layer.count_chars()
            without = _unmapped(layer, count)
        finally:
            layer.close()
        pictured = _pictured(page, len("".join(text.split())))
        return _Page(tidy(_HYPHENS.sub("", text).replace("\ufffe", "-")), count, without, pictured)
    finally:
        page.close()


def _pictured(page: "PdfPage", letters: int) -> bool:
    """Whether a page with so many letters shows what its text does not say."""
    from pypdfium2 import raw

    if letters >= FEW_LETTERS:
        return False
    if not letters:
        return next(page.get_objects(max_depth=1), None) is not None
    bounds = [shown.get_bounds() for shown in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])]
    area = sum((right - left) * (top - bottom) for left, bottom, right, top in bounds)
    width, height = page.get_size()
    return bool(area > width * height / 2)


def _annotations(page: "PdfPage", left_out: Counter[str]) -> bool:
    """Counts what stands beside the page; whether something is shown on it that its text has to take in."""
    from pypdfium2 import raw

    drawn = False
    for place in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, place)
        if not annotation:
            continue
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        raw.FPDFPage_CloseAnnot(annotation)
        left_out["comments"] += kind in _COMMENTS
        left_out["attachments"] += kind == _ATTACHED
        drawn = drawn or kind in _DRAWN
    return drawn


def _unmapped(layer: "PdfTextPage", characters: int) -> int:
    """How many characters of a page no font says a letter for; PDFium says 1 of each."""
    from pypdfium2 import raw

    return sum(map(raw.FPDFText_HasUnicodeMapError, repeat(layer.raw, characters), range(characters)))
