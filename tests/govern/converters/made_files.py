"""Small files of each format, made by hand: a DOCX, HWPX and PDF of given text, and an HWP in an OLE container of one's own."""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_HP = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section"'
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR = 512


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """A ZIP file of some parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return target.getvalue()


def paragraph(text: str) -> str:
    """A paragraph of WordprocessingML."""
    return f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def table(rows: list[list[str]]) -> str:
    """A table of WordprocessingML; cells hold XML."""
    cells = ("".join(f"<w:tc>{cell}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def docx(body: str, beside: dict[str, str] | None = None, more: dict[str, str | bytes] | None = None, before="") -> bytes:
    """A Word document; `beside` are parts such as `header1`, and `before` stands above its root."""
    parts: dict[str, str | bytes] = {"word/document.xml": f"{before}<w:document {_W}><w:body>{body}</w:body></w:document>"}
    kinds = {"document": "document.main"}
    for name, xml in (beside or {}).items():
        parts[f"word/{name}.xml"] = f"<w:part {_W}>{xml}</w:part>"
        kinds[name] = name.rstrip("0123456789")
    said = "".join(f'<Override PartName="/word/{name}.xml" ContentType="{WORD}{kind}+xml"/>' for name, kind in kinds.items())
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{said}</Types>'
    )
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    main = f'<Relationship Id="r1" Type="{office}" Target="word/document.xml"/>'
    links = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{main}</Relationships>'
    return zipped({"[Content_Types].xml": types, "_rels/.rels": links, **parts, **(more or {})})


def hwpx(*sections: str, more: dict[str, str | bytes] | None = None) -> bytes:
    """An HWPX file of sections of OWPML."""
    parts = {
        f"Contents/section{number}.xml": f"<hs:sec {_HP}>{section}</hs:sec>" for number, section in enumerate(sections)
    }
    return zipped({"mimetype": "application/hwp+zip", **parts, **(more or {})})


def hp(text: str) -> str:
    """A paragraph of OWPML."""
    return f"<hp:p><hp:run><hp:t>{text}</hp:t></hp:run></hp:p>"


def hp_table(rows: list[list[str]]) -> str:
    """A table of OWPML within a paragraph; cells hold XML."""
    cells = ("".join(f"<hp:tc><hp:subList>{cell}</hp:subList></hp:tc>" for cell in row) for row in rows)
    return "<hp:p><hp:run><hp:tbl>" + "".join(f"<hp:tr>{row}</hp:tr>" for row in cells) + "</hp:tbl></hp:run></hp:p>"


def record(tag: int, level: int, data: bytes = b"") -> bytes:
    """A record of HWP 5."""
    if len(data) < 0xFFF:
        return struct.pack("<I", tag | level << 10 | len(data) << 20) + data
    return struct.pack("<II", tag | level << 10 | 0xFFF << 20, len(data)) + data


def extended(character: int, kind: str) -> bytes:
    """The 8 units that stand in a paragraph for a control of some kind."""
    return struct.pack("<H", character) + kind.encode()[::-1] + bytes(8) + struct.pack("<H", character)


def hwp_paragraph(level: int, text: str | bytes, *below: bytes) -> bytes:
    """A paragraph, and the records of its controls."""
    data = text.encode("utf-16-le") if isinstance(text, str) else text
    return record(0x42, level, bytes(22)) + record(0x43, level + 1, data + b"\r\0") + b"".join(below)


def control(level: int, kind: str, *below: bytes, data: bytes = b"") -> bytes:
    """The record of a control."""
    return record(0x47, level, kind.encode()[::-1] + data) + b"".join(below)


def hwp_table(level: int, rows: list[list[str]]) -> bytes:
    """A table's control, each cell one paragraph."""
    made = [record(0x4D, level + 1, bytes(18))]
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            place = struct.pack("<HHIHHHH", 1, 0, 0, column, number, 1, 1)
            made += [record(0x48, level + 1, place), hwp_paragraph(level + 1, text)]
    return control(level, "tbl ", *made)


def hwp(*sections: bytes, properties: int = 1) -> bytes:
    """An HWP 5 file of sections of records."""
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05010000, properties)
    parts = {("BodyText", f"Section{number}"): section for number, section in enumerate(sections)}
    parts["DocInfo",] = record(0x10, 0, struct.pack("<H", len(sections)) + bytes(24))
    packed = {path: deflated(data) if properties & 1 else data for path, data in parts.items()}
    return ole({("FileHeader",): header.ljust(256, b"\0"), **packed})


def deflated(data: bytes) -> bytes:
    """Raw deflate, as sections are packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def ole(streams: dict[tuple[str, ...], bytes]) -> bytes:
    """An OLE file; streams under 4,096 bytes lie in its small sectors, as the format has it."""
    names: list[tuple[str, ...]] = sorted({path[:depth] for path in streams for depth in range(1, len(path) + 1)})
    small, small_table, places = b"", [FREE] * 128, {}
    for path, data in streams.items():
        if len(data) < 4096:
            first = len(small) // 64
            places[path] = (first, len(data))
            small += _filled(data, 64)
            _link(small_table, range(first, len(small) // 64))
    directory_sectors = -(-(len(names) + 1) // 4)
    table = [FAT] + [FREE] * 127
    _link(table, range(1, 1 + directory_sectors))
    _link(table, [1 + directory_sectors])
    body, begun = b"", 2 + directory_sectors
    for path, data in {(): small, **streams}.items():
        if path not in places:
            places[path] = (begun + len(body) // SECTOR, len(data))
            body += _filled(data, SECTOR)
            _link(table, range(places[path][0], begun + len(body) // SECTOR))
    entries = [_entry("Root Entry", 5, FREE, _first(names, ()), *places[()])]
    for path in names:
        start, size = places.get(path, (0, 0))
        siblings = [name for name in names if name[:-1] == path[:-1]]
        after = siblings[siblings.index(path) + 1 :]
        right = names.index(after[0]) + 1 if after else FREE
        entries.append(_entry(path[-1], 2 if path in streams else 1, right, _first(names, path), start, size))
    entries += [bytes(128)] * (directory_sectors * 4 - len(entries))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 1 + directory_sectors, 1, END, 0)
    head += struct.pack("<109I", 0, *[FREE] * 108)
    return head + struct.pack("<128I", *table) + b"".join(entries) + struct.pack("<128I", *small_table) + body


def _filled(data: bytes, unit: int) -> bytes:
    """`data` up to whole units, one at least."""
    return data.ljust(max(1, -(-len(data) // unit)) * unit, b"\0")


def _link(table: list[int], chain: Sequence[int]) -> None:
    """Writes that sectors follow each other; one sector of table holds 128."""
    for here, following in zip(chain, [*chain[1:], END], strict=True):
        table[here] = following


def _first(names: list[tuple[str, ...]], folder: tuple[str, ...]) -> int:
    inside = [place for place, name in enumerate(names, 1) if name[:-1] == folder]
    return inside[0] if inside else FREE


def _entry(name: str, kind: int, right: int = FREE, child: int = FREE, start: int = 0, size: int = 0) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, FREE, right, child)
    return (head + bytes(36) + struct.pack("<IQ", start, size)).ljust(128, b"\0")


def pdf(
    *pages: str | bytes, unicode: bool = True, more: bytes = b"", objects: list[bytes] | None = None,
    encoding: tuple[bytes, bytes, str] = (b"Identity-H", b"Identity", "utf-16-be"),
) -> bytes:  # fmt: skip
    """A PDF file; each page shows lines of text in a font whose numbers are those of UTF-16, and says so if `unicode`.

    A page of bytes is what is drawn there; `Tj` takes UTF-16. `encoding` is the font's encoding, its collection of characters,
    and Python's name of how a string is written then. `more` stands in each page; further `objects` have the numbers after
    those of the pages.
    """
    shown = "".join(page for page in pages if isinstance(page, str)) + "-0123456789"
    codes = sorted({ord(letter) for letter in shown if letter != "\n"})
    maps = "".join(f"<{code:04x}> <{code:04x}>\n" for code in codes)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def "
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{maps}endbfchar\nendcmap end end"
    )
    made = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    made.append(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Made /Encoding /%s /DescendantFonts [4 0 R]" % encoding[0]
        + (b" /ToUnicode 5 0 R" if unicode else b"") + b" >>"
    )
    made.append(
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Made /CIDSystemInfo << /Registry (Adobe) /Ordering (%s) "
        b"/Supplement 0 >> /DW 1000 /FontDescriptor << /Type /FontDescriptor /FontName /Made /Flags 4 >> >>" % encoding[1]
    )
    made.append(stream(cmap.encode()))
    kids = []
    for page in pages:
        kids.append(len(made) + 1)
        made.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {len(made) + 2} 0 R ".encode()
            + b"/Resources << /Font << /F 3 0 R >> >> " + more + b" >>"
        )
        if isinstance(page, bytes):
            made.append(stream(page))
            continue
        lines = page.split("\n")
        drawn = "".join(f"<{line.encode(encoding[2]).hex()}> Tj 0 -16 Td " for line in lines)
        made.append(stream(f"BT /F 10 Tf 40 740 Td {drawn} ET".encode() if page else b"0 0 200 200 re f"))
    made[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode()
    return assembled(made + (objects or []))


def stream(data: bytes, words: bytes = b"") -> bytes:
    """A stream object of PDF."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), words, data)


def assembled(objects: list[bytes]) -> bytes:
    """A PDF file of numbered objects, the first its catalogue."""
    data, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return data + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        count, table, count, len(data)
    )


def locked_pdf() -> bytes:
    """A PDF file that says it is encrypted, by a password that nobody has."""
    data = pdf("x")
    secrets = (b"01" * 32, b"02" * 32)
    locked = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>] /Root" % secrets
    return data.replace(b"/Root", locked)
