"""Which format bytes have, by what they begin with and hold, and their text; the name decides nothing but loose HTML."""

import importlib

from govern.converters import html
from govern.converters.converted import Converted, Unread
from govern.converters.docx import documents_of
from govern.converters.hwpx import SECTION
from govern.converters.markup import Package

HEAD = 1024
"""Bytes within which a PDF must say that it is one."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_OLD_HWP = b"HWP Document File V"


def sniff(data: bytes, name: str = "") -> str:
    """`pdf`, `html`, `docx`, `hwp` or `hwpx`.

    Raises:
        Unread: no bytes, or of no such format.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise Unread("empty", "blanks alone" if data else "no bytes")
    if b"%PDF-" in data[:HEAD]:
        return "pdf"
    if data.startswith(_OLE):
        return "hwp"
    if data.startswith(_ZIP):
        return _packed(Package(data))
    if data.startswith(_OLD_HWP):
        raise Unread("unknown_format", "an HWP 3 file; save it as HWP 5 or HWPX")
    if html.looks_like(data, name):
        return "html"
    raise Unread("unknown_format", "begins like no format that is read")


def _packed(package: Package) -> str:
    if package.has("[Content_Types].xml"):
        if documents_of(package).main:
            return "docx"
        raise Unread("unknown_format", "an Office file that is no Word document")
    if any(SECTION.fullmatch(name) for name in package.names):
        return "hwpx"
    raise Unread("unknown_format", "a ZIP file that is neither DOCX nor HWPX")


def read(data: bytes, kind: str, *, by_page: bool = False) -> Converted:
    """The text of a file's bytes in the format that `sniff` found; `by_page` gives a PDF's pages one by one.

    Raises:
        Unread: it has no text, or none that can be read.
        ModuleNotFoundError: the extra `documents` is not installed.
    """
    reader = importlib.import_module(f"govern.converters.{kind}")
    converted: Converted = reader.read(data, by_page=by_page) if kind == "pdf" else reader.read(data)
    if not any(text.text for text in converted.texts):
        why = "holds no text but what is left out" if converted.left_out else "holds no text"
        raise Unread("empty", why, converted.left_out)
    return converted
