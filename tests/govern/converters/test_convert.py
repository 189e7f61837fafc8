"""`govern convert` as a user runs it: every file accounted for, no name printed, and what it writes certifies."""

import importlib.util
import json
import os
import stat
from pathlib import Path

import polars as pl
import pytest

from govern import cli, convert
from govern.errors import InputError
from govern.files import list_files

for module in ("olefile", "pypdfium2", "selectolax"):
    pytest.importorskip(module)

NAME = "홍길동"
RRN = "900101-1234568"
SOLD = "본 계약은 대한민국 법률에 따라 해석되며 분쟁은 관할 법원에서 해결한다. 이자는 매월 말일에 지급한다."


@pytest.fixture
def raw(made, tmp_path: Path) -> Path:
    """Eight files: five that convert, three that do not."""
    folder = tmp_path / "raw"
    (folder / "2024").mkdir(parents=True)
    files = {
        f"{NAME}_계약서.pdf": made.pdf(f"계약서 {SOLD}\n주민등록번호 {RRN}", "Page two of the contract."),
        "2024/신청서.docx": made.docx(
            made.paragraph(SOLD) + made.table([[made.paragraph("주민등록번호"), made.paragraph(RRN)]])
        ),
        "notice.html": f"<meta charset=euc-kr><h1>공지</h1><p>{SOLD}".encode("cp949"),
        "a.hwp": made.hwp(made.hwp_paragraph(0, f"보고서 {SOLD}")),
        "b.hwpx": made.hwpx(made.hp(f"안내 {SOLD}")),
        f"{NAME}_신분증.pdf": made.pdf(""),
        "locked.hwp": made.hwp(made.hwp_paragraph(0, "x"), properties=3),
        "empty.docx": b"",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / ".DS_Store").write_bytes(b"x")
    return folder


def run(*arguments: object) -> int:
    return cli.main(["convert", *map(str, arguments)])


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in list_files(folder)}


def documents(folder: Path) -> list[dict]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]


def test_every_file_is_accounted_for_and_none_is_named(raw, tmp_path, capsys) -> None:
    """In = converted + refused; names stand in the private summary alone."""
    out = tmp_path / "out"
    assert run(raw, "--out", out, "--workers", 1) == 1
    said = capsys.readouterr()
    assert "files: 8 in = 5 converted + 3 refused" in said.out
    assert NAME not in said.out + said.err
    assert "신청서" not in said.out + said.err
    assert "홍" not in said.out + said.err
    summary = json.loads((out / "summary.json").read_bytes())
    assert summary["accounting"] == {
        "in": 8, "converted": 5, "refused": {"empty": 1, "encrypted": 1, "no_text_layer": 1},
    }  # fmt: skip
    assert {file["file"]: file["refused"] for file in summary["files"] if "refused" in file} == {
        f"{NAME}_신분증.pdf": "no_text_layer", "locked.hwp": "encrypted", "empty.docx": "empty",
    }  # fmt: skip
    found = documents(out)
    assert [one["id"] for one in found] == ["2024/신청서.docx", "a.hwp", "b.hwpx", "notice.html", f"{NAME}_계약서.pdf"]
    assert [one["format"] for one in found] == ["docx", "hwp", "hwpx", "html", "pdf"]
    assert found[0]["text"] == f"{SOLD}\n주민등록번호\t{RRN}"


def test_the_folder_is_its_owners_alone(raw, tmp_path) -> None:
    """0700, and 0600 for every file: it holds raw text."""
    run(raw, "--out", tmp_path / "out", "--workers", 1)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert {stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in list_files(tmp_path / "out")} == {0o600}


def test_refused_files_may_be_accepted_and_a_finished_run_is_found(raw, tmp_path, capsys) -> None:
    """The same command again does nothing; the flag changes the exit code and no byte."""
    out = tmp_path / "out"
    assert run(raw, "--out", out, "--workers", 1) == 1
    before = contents(out)
    capsys.readouterr()
    assert run(raw, "--out", out, "--allow-refused", "--json") == 0
    assert json.loads(capsys.readouterr().out)["found_finished"] is True
    assert contents(out) == before


def test_workers_and_kills_change_no_byte(raw, tmp_path, monkeypatch) -> None:
    """Two workers, and a run that was interrupted after its first part and went on."""
    monkeypatch.setattr(convert, "PART_FILES", 2)
    convert.convert([raw], tmp_path / "one", workers=1)
    convert.convert([raw], tmp_path / "two", workers=2)
    real, done = convert._part, []

    def once(task):
        if done:
            raise KeyboardInterrupt
        done.append(task)
        return real(task)

    monkeypatch.setattr(convert, "_part", once)
    with pytest.raises(KeyboardInterrupt):
        convert.convert([raw], tmp_path / "three")
    assert not (tmp_path / "three").exists()
    again = []
    monkeypatch.setattr(convert, "_part", lambda task: again.append(task.index) or real(task))
    convert.convert([raw], tmp_path / "three")
    assert again == [0, 1, 2, 3]
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(tmp_path / "three")
    assert not (tmp_path / "three.partial").exists()


def test_a_part_that_is_done_is_not_read_again(raw, tmp_path, monkeypatch) -> None:
    """What an interrupted run finished is taken as it is."""
    monkeypatch.setattr(convert, "PART_FILES", 4)
    monkeypatch.setattr(convert, "_summary", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        convert.convert([raw], tmp_path / "out")
    monkeypatch.undo()
    monkeypatch.setattr(convert, "PART_FILES", 4)
    monkeypatch.setattr("govern.converters.apart.Apart.read", lambda *_: pytest.fail("read again"))
    assert convert.convert([raw], tmp_path / "out").summary["documents"] == 5


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_part_that_was_damaged_before_the_run_ended_is_made_again(raw, tmp_path, monkeypatch, damage) -> None:
    """Its record alone does not make it done."""
    convert.convert([raw], tmp_path / "whole")
    monkeypatch.setattr(convert, "_summary", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        convert.convert([raw], tmp_path / "out")
    monkeypatch.undo()
    part = next((tmp_path / "out.partial").glob("*.jsonl"))
    part.unlink()
    if damage == "changed":
        part.write_bytes(b"{}\n")
    convert.convert([raw], tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_another_run_and_a_folder_of_nobody_are_left_alone(raw, tmp_path, capsys) -> None:
    """Other files or flags, and a folder that no run made, are refused and not written into."""
    out = tmp_path / "out"
    run(raw, "--out", out, "--workers", 1)
    before = contents(out)
    assert run(raw, "--out", out, "--by", "page") == 2
    (raw / "new.html").write_text("<p>x")
    assert run(raw, "--out", out) == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("x")
    assert run(raw, "--out", tmp_path / "mine") == 2
    assert "no run of this command made it" in capsys.readouterr().err
    assert contents(out) == before
    assert list_files(tmp_path / "mine") == ("letter",)


def test_a_part_that_was_changed_is_not_taken_for_whole(raw, tmp_path) -> None:
    """A finished folder is checked before it is said to be finished."""
    run(raw, "--out", tmp_path / "out", "--workers", 1)
    part = next((tmp_path / "out").glob("*.jsonl"))
    part.write_bytes(part.read_bytes().replace(b"page", b"pagf"))
    assert run(raw, "--out", tmp_path / "out") == 2


def test_by_page_of_pdf(raw, tmp_path) -> None:
    """A page of a PDF is a document; other files stay whole."""
    run(raw, "--out", tmp_path / "out", "--by", "page", "--workers", 1)
    found = {one["id"]: one for one in documents(tmp_path / "out")}
    assert found[f"{NAME}_계약서.pdf#page=2"]["text"] == "Page two of the contract."
    assert found[f"{NAME}_계약서.pdf#page=2"]["page"] == 2
    assert "a.hwp" in found


def test_without_the_extra_the_sentence_names_it(raw, tmp_path, monkeypatch, capsys) -> None:
    """A base install converts nothing and says what to install."""
    real = importlib.util.find_spec
    monkeypatch.setattr(convert, "find_spec", lambda name: None if name == "pypdfium2" else real(name))
    assert run(raw, "--out", tmp_path / "out") == 2
    assert "assay[documents]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("given", ["gone", "nothing", "raw/*.doc"])
def test_inputs_that_are_not_there_are_bad_usage(raw, tmp_path, given: str) -> None:
    """A slip in a path is no empty run."""
    (tmp_path / "nothing").mkdir()
    assert run(tmp_path / given, "--out", tmp_path / "out") == 2
    assert not (tmp_path / "out").exists()


def test_odd_names_and_what_is_no_file_are_accounted_for(tmp_path) -> None:
    """A name that is no UTF-8 is known by its bytes; a pipe and a link to nothing are refused and waited for by nobody."""
    folder = tmp_path / "odd"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xb0\xe8.html")).write_text("<p>x")
    (folder / "gone.pdf").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe.pdf")
    made = convert.convert([folder], tmp_path / "out")
    assert made.summary["accounting"] == {"in": 3, "converted": 1, "refused": {"unreadable": 2}}
    assert [one["id"] for one in documents(tmp_path / "out")] == ["\\udcb0\\udce8.html"]


def test_two_files_of_one_name_and_links_to_folders_are_refused(raw, tmp_path) -> None:
    """A document is known by its name, and no file is left out because a folder was a link."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.hwp").write_bytes(b"x")
    with pytest.raises(InputError, match="two inputs have this name"):
        convert.found([raw, tmp_path / "other"])
    (raw / "link").symlink_to(tmp_path / "other")
    with pytest.raises(InputError, match="a link to a folder"):
        convert.found([raw])


def test_a_pattern_names_files(raw) -> None:
    """Names are below the fixed part of the pattern, as `certify` has them."""
    assert [source.name for source in convert.found([raw / "**" / "*.docx"])] == ["2024/신청서.docx", "empty.docx"]


def test_a_mixed_folder_is_converted_and_certified(raw, tmp_path, capsys) -> None:
    """As many documents go in as came out, and numbers from a cell and a page are masked."""
    assert run(raw, "--out", tmp_path / "text", "--allow-refused", "--workers", 1) == 0
    secret = tmp_path / "secret.key"
    secret.write_bytes(bytes(range(32)))
    secret.chmod(0o600)
    flags = ["--out", str(tmp_path / "corpus"), "--secret", str(secret), "--workers", "1"]
    code = cli.main(["certify", str(tmp_path / "text"), *flags])
    assert code == 0, capsys.readouterr().err
    counts = json.loads((tmp_path / "corpus" / "certificate.json").read_bytes())["accounting"]
    assert counts["in"] == 5
    assert counts["certified"] + sum(counts["dropped"].values()) + sum(counts["quarantined"].values()) == 5
    texts = "\n".join(pl.read_parquet(tmp_path / "corpus" / "documents")["text"].to_list())
    assert texts.count("<KR_RRN_1>") == 2
    shipped = b"".join(contents(tmp_path / "corpus").values())
    assert RRN.encode() not in shipped
    assert NAME.encode() not in shipped
