"""The text of each format, what is left out of it, and what is refused by name."""

import struct

import pytest

from govern.converters.converted import Converted, Unread
from govern.converters.formats import read, sniff

for name in ("olefile", "pypdfium2", "selectolax"):
    pytest.importorskip(name)

RRN = "900101-1234568"


def text_of(data: bytes, name: str = "") -> str:
    (text,) = converted(data, name).texts
    return text.text


def converted(data: bytes, name: str = "") -> Converted:
    return read(data, sniff(data, name))


def refusal(data: bytes, name: str = "") -> str:
    with pytest.raises(Unread) as caught:
        converted(data, name)
    assert caught.value.why
    return caught.value.reason


class TestPdf:
    """The text layer, page by page."""

    def test_korean_in_a_font_that_is_known_by_its_map_alone(self, made) -> None:
        """A CID font with a ToUnicode map gives Hangul; lines and pages are lines."""
        found = converted(made.pdf(f"계약서 홍길동\n주민등록번호 {RRN}", "둘째 쪽"))
        assert found.texts[0].text == f"계약서 홍길동\n주민등록번호 {RRN}\n\n둘째 쪽"
        assert found.pages == 2
        assert not found.left_out

    @pytest.mark.parametrize(
        ("encoding", "codec"), [(b"UniKS-UCS2-H", "utf-16-be"), (b"KSCms-UHC-H", "cp949"), (b"KSC-EUC-H", "euc-kr")]
    )
    def test_korean_in_an_encoding_of_adobe(self, made, encoding: bytes, codec: str) -> None:
        """Fonts that say no letters, but that they are Korean and how they are encoded, are read by that."""
        data = made.pdf("계약서 홍길동 담보 대출", unicode=False, encoding=(encoding, b"Korea1", codec))
        assert text_of(data) == "계약서 홍길동 담보 대출"

    def test_by_page_each_page_with_text_is_a_document(self, made) -> None:
        """A page that shows a picture is counted and is no document."""
        data = made.pdf("first", "", "third")
        found = read(data, "pdf", by_page=True)
        assert [(text.page, text.text) for text in found.texts] == [(1, "first"), (3, "third")]
        assert found.left_out == {"pages_without_text": 1}

    def test_pages_of_pictures_alone_are_a_scan(self, made) -> None:
        """No text layer is a reason of its own."""
        assert refusal(made.pdf("", "")) == "no_text_layer"

    def test_a_number_on_a_scan_makes_no_text_layer(self, made) -> None:
        """A picture that fills the page, and a few letters on it, is a scan; beside pages of text it is counted."""
        picture = b"q 600 0 0 800 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q "
        scan = picture + b"BT /F 10 Tf 300 20 Td <002d0031002d> Tj ET"
        assert refusal(made.pdf(scan, scan)) == "no_text_layer"
        found = converted(made.pdf("a contract on a page of its own", scan))
        assert found.left_out["pages_without_text"] == 1

    def test_a_font_that_says_no_letters_is_refused(self, made) -> None:
        """What would be noise to a detector is no text."""
        assert refusal(made.pdf("계약서 홍길동", unicode=False)) == "no_unicode"

    def test_what_a_form_was_filled_with_is_text_and_a_note_is_counted(self, made) -> None:
        """Form fields show their value; a note beside the page is left out."""
        more = (
            b"/Annots [<< /Type /Annot /Subtype /Widget /FT /Tx /T (n) /V (Hong) /Rect [40 600 300 640] /AP << /N 8 0 R >> >>"
            b"<< /Type /Annot /Subtype /Text /Contents (a note) /Rect [0 0 9 9] >>]"
        )
        form = b"BT /F 10 Tf 2 2 Td <0048006f006e0067> Tj ET"
        words = b"/Type /XObject /Subtype /Form /BBox [0 0 260 40] /Resources << /Font << /F 3 0 R >> >>"
        found = converted(made.pdf("Name: Hong", more=more, objects=[made.stream(form, words)]))
        assert found.texts[0].text.split() == ["Name:", "Hong", "Hong"]
        assert found.left_out == {"comments": 1}

    def test_a_password_is_named(self, made) -> None:
        """A file that asks for a password is refused as such."""
        assert refusal(made.locked_pdf()) == "encrypted"

    @pytest.mark.parametrize("kids", [b"[2 0 R 2 0 R]", b"[9 0 R]"])
    def test_a_page_tree_that_leads_nowhere_is_refused(self, made, kids: bytes) -> None:
        """Circles end, and say a reason."""
        data = made.assembled([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 3 /Kids %s >>" % kids])
        assert refusal(data) in ("damaged", "empty")


class TestHtml:
    """Text that is shown."""

    def test_blocks_entities_and_tables(self) -> None:
        """Blocks are lines, cells stand between tabs, and blanks are one."""
        data = (
            b"<!doctype html><title>t</title><h1>A&amp;B</h1><p>one\n  <b>two</b><br>three</p><table><tr><th>x<th>y"
            b"<tr><td>1<td> 2\n3 </table><ul><li>p<li>q</ul><pre>k\n  l</pre>"
        )
        assert text_of(data) == "A&B\none two\nthree\nx\ty\n1\t2 3\np\nq\nk\n  l"

    def test_a_table_that_holds_another_is_a_frame(self) -> None:
        """Pages that are laid out by tables keep the rows of the tables within."""
        inner = "<table><tr><td>a<td>b<tr><td>c<td>d</table>"
        assert text_of(f"<table><tr><td>menu<td><p>text</p>{inner}</table>".encode()) == "menu\ntext\na\tb\nc\td"

    def test_what_is_not_shown_is_left_out_and_counted(self) -> None:
        """Scripts and comments, and what attributes hide; pictures have their text, form fields what they hold."""
        found = converted(
            b"<html><script>var no=1</script><style>no{}</style><template>no</template><!-- no --><div hidden>no</div>"
            b"<p style='display: none'>no</p><input type=hidden value=no><input value='Hong'><img alt='notice'>"
            b"<textarea>kept</textarea><iframe src='http://127.0.0.1:9/no'></iframe>"
        )
        assert found.texts[0].text.split() == ["Hong", "notice", "kept"]
        assert found.left_out == {"embedded": 1, "hidden_elements": 4, "markup_comments": 1, "pictures": 1}

    @pytest.mark.parametrize(
        ("head", "encoding"),
        [("<meta charset='euc-kr'>", "cp949"), ("<meta http-equiv=x content='text/html; charset=ks_c_5601-1987'>", "cp949"),
         ("<meta charset=utf-8>", "utf-8"), ("", "utf-8"), ("", "cp949"), ("", "utf-8-sig"), ("", "utf-16")],
    )  # fmt: skip
    def test_encodings(self, head: str, encoding: str) -> None:
        """By mark, by `meta`, else by what fits."""
        assert text_of(f"<html>{head}<p>똠방각하 홍길동</p>".encode(encoding)) == "똠방각하 홍길동"

    @pytest.mark.parametrize(
        "data", ["<html><meta charset=utf-8>홍길동".encode("cp949"), b"<html><meta charset=utf-7>x", b"<html>\xff\xfa"]
    )
    def test_bytes_that_are_not_in_their_encoding_are_refused(self, data: bytes) -> None:
        """No letter is guessed."""
        assert refusal(data) == "damaged"

    def test_ten_thousand_elements_within_each_other(self) -> None:
        """Depth costs no recursion."""
        assert text_of(b"<html>" + b"<div>" * 10_000 + b"deep") == "deep"


class TestDocx:
    """Body, tables, headers and notes."""

    def test_paragraphs_and_tables(self, made) -> None:
        """Cells stand between tabs, paragraphs within them are joined."""
        rows = [
            [made.paragraph("성명"), made.paragraph("번호")],
            [made.paragraph("홍") + made.paragraph("길동"), made.paragraph(RRN)],
        ]
        assert text_of(made.docx(made.paragraph("머리") + made.table(rows))) == f"머리\n성명\t번호\n홍 길동\t{RRN}"

    def test_headers_footers_and_notes_follow_once(self, made) -> None:
        """They may name persons, and are read."""
        beside = {"header1": "<w:p/>" + made.paragraph("H"), "header2": made.paragraph("H"), "footer1": made.paragraph("F")}
        notes = {"footnotes": made.paragraph("N"), "endnotes": made.paragraph("E")}
        assert text_of(made.docx(made.paragraph("body"), {**beside, **notes})) == "body\nH\nF\nN\nE"

    def test_tracked_changes_hidden_runs_and_comments(self, made) -> None:
        """Insertions are read; deletions, hidden runs and comments are counted and left out."""
        body = (
            "<w:p><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr><w:tabs><w:tab/></w:tabs><w:rPr><w:vanish/></w:rPr></w:pPr>"
            "<w:ins><w:r><w:t>in</w:t></w:r></w:ins><w:del><w:r><w:delText>out</w:delText></w:r></w:del>"
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>serted</w:t>"
            "<w:tab/><w:t>x</w:t><w:noBreakHyphen/><w:br/></w:r><w:r><w:instrText>PAGE</w:instrText><w:t>7</w:t></w:r></w:p>"
        )
        found = converted(made.docx(body, {"comments": f"<w:comment>{made.paragraph('who')}</w:comment>"}))
        assert found.texts[0].text == "inserted\tx-\n7"
        assert found.left_out == {"automatic_numbers": 1, "comments": 1, "hidden_runs": 1, "tracked_deletions": 1}

    def test_a_text_box_is_read_once(self, made) -> None:
        """The older form beside it is no second text."""
        box = f"<w:txbxContent>{made.paragraph('box')}</w:txbxContent>"
        mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        body = f"<w:p><w:r><w:t>a</w:t><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        assert text_of(made.docx(body + "</mc:AlternateContent><w:t>b</w:t></w:r></w:p>")) == "a\nbox\nb"

    def test_the_main_part_is_found_by_its_type(self, made) -> None:
        """Some programs call it otherwise, and its name may differ in case."""
        kind = f"{made.WORD}document.main+xml"
        types = f'<Types><Override PartName="/Word/Document2.xml" ContentType="{kind}"/></Types>'
        space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        body = f'<w:document xmlns:w="{space}"><w:body>{made.paragraph("x")}</w:body></w:document>'
        assert text_of(made.zipped({"[Content_Types].xml": types, "word/document2.xml": body})) == "x"

    def test_text_in_odd_places_of_a_table_is_kept(self, made) -> None:
        """A paragraph in a row beside its cells, and a cell in no row: no text is lost because a file is odd."""
        row = f"<w:tr><w:tc>{made.paragraph('')}</w:tc><w:tc>{made.paragraph('')}</w:tc>{made.paragraph('beside')}</w:tr>"
        assert text_of(made.docx(f"<w:tbl>{row}<w:tc>{made.paragraph('alone')}</w:tc></w:tbl>")) == "beside\nalone"

    def test_an_office_file_with_a_password_is_named(self, made) -> None:
        """Office keeps it in an OLE file; an old Office file is one too, and is no format that is read."""
        assert refusal(made.ole({("EncryptedPackage",): b"x"})) == "encrypted"
        assert refusal(made.ole({("WordDocument",): b"x"})) == "unknown_format"


class TestHwpx:
    """Sections in order."""

    def test_sections_tables_notes_and_boxes(self, made) -> None:
        """Ten sections are in the order of their numbers; a note follows the body."""
        note = "<hp:ctrl><hp:footNote><hp:subList>" + made.hp("각주") + "</hp:subList></hp:footNote></hp:ctrl>"
        first = f"<hp:p><hp:run><hp:t>앞<hp:tab/>뒤</hp:t>{note}<hp:t>끝</hp:t></hp:run></hp:p>" + made.hp_table(
            [[made.hp("가"), made.hp("나")], [made.hp("다"), made.hp("라")]]
        )
        sections = [first, *(made.hp(str(number)) for number in range(1, 11))]
        lines = ["앞\t뒤끝", "가\t나", "다\t라", *map(str, range(1, 11)), "각주"]
        assert text_of(made.hwpx(*sections)) == "\n".join(lines)

    def test_what_is_left_out_is_counted(self, made) -> None:
        """Memos, hidden comments, tracked deletions, pictures."""
        memo = f"<hp:ctrl><hp:fieldBegin type='MEMO'><hp:subList>{made.hp('no')}</hp:subList></hp:fieldBegin></hp:ctrl>"
        hidden = f"<hp:ctrl><hp:hiddenComment><hp:subList>{made.hp('no')}</hp:subList></hp:hiddenComment></hp:ctrl>"
        text = "<hp:t>a<hp:deleteBegin/>no<hp:deleteEnd/>b</hp:t>"
        found = converted(made.hwpx(f"<hp:p><hp:run>{memo}{hidden}{text}<hp:pic/></hp:run></hp:p>"))
        assert found.texts[0].text == "ab"
        assert found.left_out == {"comments": 2, "pictures": 1, "tracked_deletions": 1}

    def test_an_encrypted_file_is_named(self, made) -> None:
        """Its manifest says so."""
        manifest = "<m><file-entry><encryption-data/></file-entry></m>"
        assert refusal(made.hwpx(made.hp("x"), more={"META-INF/manifest.xml": manifest})) == "encrypted"


class TestHwp:
    """Records of HWP 5."""

    def test_paragraphs_tables_and_notes(self, made) -> None:
        """A table stands where its character does, a note after the body; long records have their size apart."""
        note = made.control(1, "fn  ", made.record(0x48, 2, bytes(8)), made.hwp_paragraph(2, "각주"))
        table = made.hwp_table(1, [["성명", "번호"], ["홍길동", RRN]])
        marked = "앞".encode("utf-16-le") + made.extended(17, "fn  ") + made.extended(11, "tbl ") + "뒤".encode("utf-16-le")
        tab = "a".encode("utf-16-le") + struct.pack("<8H", 9, 0, 0, 0, 0, 0, 0, 9) + "b".encode("utf-16-le")
        data = made.hwp(
            made.hwp_paragraph(0, marked, note, table) + made.hwp_paragraph(0, tab), made.hwp_paragraph(0, "다" * 3000)
        )
        assert text_of(data) == f"앞\n성명\t번호\n홍길동\t{RRN}\n뒤\na\tb\n{'다' * 3000}\n각주"

    def test_a_text_box_and_a_hidden_comment(self, made) -> None:
        """The text of a shape lies further below; a hidden comment is counted."""
        shape = made.control(1, "gso ", made.record(0x4C, 2), made.record(0x48, 3, bytes(8)), made.hwp_paragraph(3, "상자"))
        comment = made.control(1, "tcmt", made.record(0x48, 2, bytes(8)), made.hwp_paragraph(2, "no"))
        marks = made.extended(11, "gso ") + made.extended(15, "tcmt")
        found = converted(made.hwp(made.hwp_paragraph(0, marks, shape, comment)))
        assert found.texts[0].text == "상자"
        assert found.left_out == {"comments": 1}

    def test_memos_and_master_pages_of_the_last_paragraph(self, made) -> None:
        """What follows a paragraph below it is a page's frame, which is text, then memos, which are counted."""
        frame = made.record(0x48, 1, bytes(8)) + made.hwp_paragraph(1, "바탕")
        memo = made.record(0x5D, 1, bytes(4)) + made.record(0x48, 1, bytes(8)) + made.hwp_paragraph(1, "no")
        found = converted(made.hwp(made.hwp_paragraph(0, "첫") + made.hwp_paragraph(0, "끝", frame, memo, memo)))
        assert found.texts[0].text == "첫\n끝\n바탕"
        assert found.left_out == {"comments": 2}

    @pytest.mark.parametrize("bit", [0x2, 0x4, 0x10, 0x100, 0x400])
    def test_a_locked_file_is_named(self, made, bit: int) -> None:
        """Password, distribution document, rights management, certificates."""
        assert refusal(made.hwp(made.hwp_paragraph(0, "x"), properties=1 | bit)) == "encrypted"

    @pytest.mark.parametrize(
        "section",
        [struct.pack("<I", 0x43 | 100 << 20), b"\x43\0", struct.pack("<I", 0x43 | 5 << 10),
         struct.pack("<II", 0x43 | 0xFFF << 20, 1 << 31)],
    )  # fmt: skip
    def test_records_that_do_not_fit_are_damaged(self, made, section: bytes) -> None:
        """A size beyond the end, a head cut off, a level with nothing above it."""
        assert refusal(made.hwp(section)) == "damaged"

    def test_paragraphs_within_each_other_end(self, made) -> None:
        """A depth that no document has is over a limit, and no recursion error."""
        assert refusal(made.hwp(b"".join(made.record(0x4C, level) for level in range(1000)))) == "over_limit"


def test_content_says_the_format_and_not_the_name(made) -> None:
    """A PDF that is called .docx is a PDF; loose HTML needs its name."""
    assert sniff(made.pdf("x"), "a.docx") == "pdf"
    assert sniff(made.docx(made.paragraph("x")), "a.hwp") == "docx"
    assert sniff(b"loose <b>text</b>", "a.HTM") == "html"
    assert refusal(b"loose <b>text</b>", "a.pdf") == "unknown_format"
    assert refusal(made.zipped({"a": "b"}), "a.docx") == "unknown_format"
    assert refusal(b"HWP Document File V3.00 \x1a") == "unknown_format"


@pytest.mark.parametrize("data", [b"", b" \n\t\0"])
def test_nothing_is_empty(data: bytes) -> None:
    """No bytes, or blanks alone."""
    assert refusal(data, "a.html") == "empty"
