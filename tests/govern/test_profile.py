"""A first look at data that nobody described: it says what a file is, shows no value, and writes nothing."""

import csv
import json
from pathlib import Path

import pytest

from govern import cli, policy
from govern.profile import advice, look, said

TEXT = "{n}번 고객 홍길동님이 만기 연장을 문의하여 필요한 서류와 금리를 안내하고 다음 주에 다시 연락하기로 함. 010-1234-56{n}"


@pytest.fixture
def export(tmp_path):
    """A CSV in CP949 as a bank's system writes it."""
    path = tmp_path / "export.csv"
    with path.open("w", encoding="cp949", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["접수번호", "JUMIN_NO", "상담내용", "금액", "비고"])
        for number in range(30, 80):
            writer.writerow([f"R{number}", f"90010{number % 9 + 1}-1234567", TEXT.format(n=number), number * 1000, ""])
    return path


def test_an_export_is_described(export):
    """Encoding, columns, what stands in them, and the command that would certify it."""
    (one,) = look((export,), policy.load("default"))
    assert (one.format, one.encoding, one.rows, one.whole, one.problem) == ("csv", "cp949", 50, True, "")
    columns = {column.name: column for column in one.columns}
    assert columns["JUMIN_NO"].types == {"KR_RRN": 40}
    assert columns["상담내용"].types.keys() == {"PERSON", "PHONE_NUMBER"}
    assert columns["금액"].kinds == {"number": 50}
    assert columns["비고"].filled == 0
    assert one.languages == {"ko": 50}
    assert one.candidates() == ("상담내용", "접수번호")
    asked = advice((one,), (export,))
    assert asked == (
        f"next: govern certify {export} --encoding cp949 --text-column 상담내용 --id-column 접수번호 --out DIR --secret FILE"
    )


def test_no_value_is_shown_and_nothing_is_written(export, capsys):
    """Neither in lines nor in JSON."""
    before = sorted(export.parent.iterdir())
    for more in ((), ("--json",)):
        assert cli.main(["profile", str(export), *more]) == 0
        shown = capsys.readouterr()
        assert "KR_RRN" in shown.out
        assert not any(value in shown.out + shown.err for value in ("홍길동", "900101", "010-1234", "R30"))
    assert json.loads(shown.out)["files"][0]["columns"][1]["types"] == {"KR_RRN": 40}
    assert sorted(export.parent.iterdir()) == before


def test_what_certify_would_refuse_is_said(tmp_path):
    """A file that breaks off is described up to there."""
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": 1, "text": "a"}\n{"id": 2, "text": \n', "utf-8")
    (one,) = look((path,), policy.load("default"))
    assert one.rows == 1
    assert "line 2: not valid JSON" in one.problem
    assert any("line 2: not valid JSON" in line for line in said((one,)))


def test_conversations_and_files_that_differ(tmp_path, export):
    """The layout is told; a command for all is not claimed where files differ."""
    path = tmp_path / "calls.jsonl"
    path.write_text(json.dumps({"messages": [{"role": "user", "content": "hello"}]}) + "\n", "utf-8")
    calls, table = look((path, export), policy.load("default"))
    assert (calls.layout, table.layout) == ("messages", "text")
    assert advice((calls, table), (Path("x"),)).startswith("next: files differ in encoding and the column of id")


@pytest.mark.parametrize(
    "row",
    ["홍길동,010-2345-6789,hong@example.com,800101-1234566",
     '"Dear 홍길동 (800101-1234566), your loan 010-2345-6789 is in arrears and I would like to have it restructured.",K1',
     '"고객은 홍길동 씨이며 만기 안내를 원한다고 말씀하셨고, 다시 연락드리기로 하고 상담을 마쳤습니다. '
     '그 뒤에 여러 번 전화하였습니다.",k1'],
)  # fmt: skip
def test_a_first_row_that_is_no_heading_is_not_shown(tmp_path, capsys, row):
    """Nor named in the command to begin with, nor in JSON."""
    path = tmp_path / "bare.csv"
    path.write_text(f"{row}\n{row}x\n", "utf-8")
    for more in ((), ("--json",)):
        assert cli.main(["profile", str(path), *more]) == 0
        shown = capsys.readouterr().out
        assert not any(value in shown for value in ("홍길동", "800101", "2345", "hong@"))
        assert more or "columns whose names may be values and are not shown; if it has no heading" in shown


def test_the_command_to_begin_with_can_be_pasted(tmp_path):
    """A blank in a name is quoted."""
    path = tmp_path / "my file.csv"
    path.write_text("key no,body text\n" + "".join(f"{n},{TEXT.format(n=n)}\n" for n in range(9)), "utf-8")
    asked = advice(look((path,), policy.load("default")), (path,))
    assert f"govern certify '{path}' --text-column 'body text' --id-column 'key no'" in asked
