"""Files that attack their reader: each is refused by itself, with a reason, within its memory, and nothing else happens."""

import os
import zlib
from itertools import pairwise
from pathlib import Path

import pytest

from govern.converters import apart
from govern.converters.apart import Apart
from govern.converters.converted import REASONS, Unread
from govern.converters.formats import read, sniff

for name in ("olefile", "pypdfium2", "selectolax"):
    pytest.importorskip(name)

TRICKS = """
import os
from govern.converters import apart
real = apart.answer
def answer(path, by_page):
    if "dies" in path.name: os.kill(os.getpid(), 11)
    if "hangs" in path.name:
        while True: pass
    if "grows" in path.name: return {"texts": [[None, "x" * 1_000_000_000]]}
    if "prints" in path.name: os.write(1, b"no answer"); print("none either")
    if "fails" in path.name: raise ValueError("a text of the file")
    return real(path, by_page)
apart.answer = answer
apart.serve()
"""


def outcome(path: Path, seconds: int = 20) -> dict:
    with Apart(seconds, by_page=False) as reader:
        return reader.read(path)


def refusal(data: bytes) -> str:
    with pytest.raises(Unread) as caught:
        read(data, sniff(data))
    return caught.value.reason


@pytest.fixture
def tricks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that does what the name of a file says."""
    begin = "import json, sys; sys.path[:] = json.loads(sys.stdin.readline())\n"
    monkeypatch.setattr(apart, "_CODE", begin + TRICKS)


@pytest.mark.parametrize(("trick", "reason"), [("dies", "reader_failed"), ("hangs", "over_limit"), ("grows", "over_limit")])
def test_what_ends_its_reader_refuses_one_file(tricks, tmp_path, made, trick: str, reason: str) -> None:
    """A crash, an endless loop and memory without end: the next file is read as if nothing had been."""
    data = made.docx(made.paragraph("text"))
    for name in (f"{trick}.docx", "good.docx", "prints.docx"):
        (tmp_path / name).write_bytes(data)
    with Apart(1, by_page=False) as reader:
        assert reader.read(tmp_path / f"{trick}.docx")["refused"] == reason
        assert reader.read(tmp_path / "good.docx")["texts"] == [[None, "text"]]
        assert reader.read(tmp_path / "prints.docx")["texts"] == [[None, "text"]]


@pytest.mark.parametrize("name", ["gone.pdf", "folder", "pipe"])
def test_what_is_no_plain_file_is_unreadable(tmp_path, name: str) -> None:
    """Nothing waits for the writer of a pipe."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert outcome(tmp_path / name)["refused"] == "unreadable"


def test_entities_neither_grow_nor_reach_for_files(made, tmp_path) -> None:
    """A document type is refused before an entity of it is looked at."""
    grow = "".join(f'<!ENTITY {after} "{f"&{before};" * 10}">' for before, after in pairwise("abcdefgh"))
    secret = tmp_path / "secret"
    secret.write_text("canary")
    file, address = f'<!ENTITY h SYSTEM "{secret.as_uri()}">', '<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;'
    for inside in (f'<!ENTITY a "x">{grow}', file, address):
        assert refusal(made.docx(made.paragraph("&h;"), before=f"<!DOCTYPE d [{inside}]>")) == "unsafe"


def test_relationships_and_names_that_lead_out_are_not_followed(made, tmp_path, monkeypatch) -> None:
    """A template from the network and a part named after a path: the text comes, no file does."""
    monkeypatch.chdir(tmp_path)
    target = '<Relationship Id="r1" Type="t" Target="http://127.0.0.1:9/x.dotm" TargetMode="External"/>'
    more = {"word/_rels/document.xml.rels": f"<Relationships>{target}</Relationships>", "../../evil": "x", "/tmp/evil": "x"}
    data = made.docx(made.paragraph("text"), more=more)
    assert read(data, sniff(data)).texts[0].text == "text"
    assert not list(tmp_path.iterdir())


def test_what_unpacks_without_end_is_over_a_limit(made, monkeypatch) -> None:
    """The bytes that come out are counted, whatever the file says of itself."""
    monkeypatch.setattr("govern.converters.markup.UNPACKED_BYTES", 1_000_000)
    monkeypatch.setattr("govern.converters.hwp.UNPACKED_BYTES", 1_000_000)
    assert refusal(made.docx(" " * 2_000_000)) == "over_limit"
    assert refusal(made.hwpx(" " * 2_000_000)) == "over_limit"
    assert refusal(made.hwp(made.hwp_paragraph(0, "x" * 1_000_000))) == "over_limit"


def test_more_text_than_a_line_holds_is_over_a_limit(made, monkeypatch) -> None:
    """A document that certify could not read is not written."""
    monkeypatch.setattr("govern.converters.layout.TEXT_CHARACTERS", 100)
    assert refusal(made.docx(made.paragraph("x" * 101))) == "over_limit"


def test_a_page_that_unpacks_to_gigabytes_stays_within_memory(made, tmp_path) -> None:
    """A PDF of a few hundred bytes that unpacks three times."""
    data = bytes(300_000_000)
    for _ in range(3):
        data = zlib.compress(data, 9)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>"
    pages = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    filters = b"/Filter [/FlateDecode /FlateDecode /FlateDecode]"
    bomb = made.assembled([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page, made.stream(data, filters)])
    assert len(bomb) < 10_000
    (tmp_path / "bomb.pdf").write_bytes(bomb)
    assert outcome(tmp_path / "bomb.pdf")["refused"] in ("reader_failed", "over_limit", "empty")


def test_a_file_cut_anywhere_is_read_or_refused_with_a_reason(made, tmp_path) -> None:
    """No cut ends the reader, and none is a defect."""
    whole = {
        "pdf": made.pdf("text " * 20, "more"), "docx": made.docx(made.paragraph("text") * 20),
        "hwpx": made.hwpx(made.hp("text") * 20), "hwp": made.hwp(made.hwp_paragraph(0, "text") * 20),
        "html": "<html><meta charset=utf-8><table><tr><td>글".encode() * 3,
    }  # fmt: skip
    with Apart(20, by_page=False) as reader:
        for kind, data in whole.items():
            for cut in range(1, len(data), max(1, len(data) // 40)):
                path = tmp_path / f"cut.{kind}"
                path.write_bytes(data[:cut])
                said = reader.read(path)
                assert "texts" in said or said["refused"] in REASONS.keys() - {"reader_failed"}, (kind, cut, said)


def test_bytes_turned_anywhere_are_read_or_refused(made, tmp_path) -> None:
    """A byte that is another one is no defect either."""
    whole = {"pdf": made.pdf("text"), "hwp": made.hwp(made.hwp_paragraph(0, "text")), "docx": made.docx("<w:p/>")}
    for kind, data in whole.items():
        with Apart(20, by_page=False) as reader:
            for place in range(0, len(data), max(1, len(data) // 80)):
                path = tmp_path / f"turned.{kind}"
                path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
                said = reader.read(path)
                assert "texts" in said or said["refused"] in REASONS.keys() - {"reader_failed"}, (kind, place, said)


def test_a_defect_is_named_by_its_place_and_never_by_its_words(tricks, tmp_path) -> None:
    """The message of an error may quote the file."""
    (tmp_path / "fails.pdf").write_bytes(b"x")
    said = outcome(tmp_path / "fails.pdf")
    assert said["refused"] == "reader_failed"
    assert "text of the file" not in str(said)


def test_what_comes_of_a_file_does_not_depend_on_those_before(tmp_path, made, monkeypatch) -> None:
    """A reader that a file before left without memory is replaced, and the next file read."""
    begin = "import json, sys; sys.path[:] = json.loads(sys.stdin.readline())\n"
    hoard = (
        "from govern.converters import apart\nreal, held = apart.answer, []\n"
        "def answer(path, by_page):\n    said = real(path, by_page)\n"
        "    if 'hoards' in path.name: held.append(bytearray(apart.MEMORY_BYTES - 20_000_000))\n    return said\n"
        "apart.answer = answer\napart.serve()\n"
    )
    monkeypatch.setattr(apart, "_CODE", begin + hoard)
    (tmp_path / "hoards.html").write_bytes(b"<html><p>x")
    (tmp_path / "next.html").write_bytes(b"<html>" + b"<p>text</p>" * 200_000)
    with Apart(20, by_page=False) as reader:
        assert "texts" in reader.read(tmp_path / "hoards.html")
        assert "texts" in reader.read(tmp_path / "next.html")
