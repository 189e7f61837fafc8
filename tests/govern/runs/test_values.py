"""Runs with values known beforehand: listed, of a customer table, of columns."""

import polars as pl
from runs_world import NUMBER, certify, privacy, texts, write

from govern import cli


def test_a_kept_value_never_covers_one_that_is_masked(home, tmp_path):
    """A kept registration number beside an address, a kept name inside a mail address and a credential."""
    raw = tmp_path / "raw"
    raw.mkdir()
    lines = [
        "등록번호 124-81-00998 부산광역시 해운대구 우동 1408 101동 202호 로 안내문을 보냈으나 "
        "반송되었습니다. 다시 확인이 필요합니다.",
        "John Testperson wrote from john.testperson@example.com about "
        "https://john.testperson:secretpw1@host and the loan of last year.",
    ]
    write(raw / "a.jsonl", [{"id": str(number), "text": text} for number, text in enumerate(lines)])
    master = tmp_path / "master.csv"
    master.write_text("name\nJohn Testperson\n", "utf-8")
    known = tmp_path / "bank.known"
    secret = ("--secret", str(home / "keys" / "secret.key"))
    assert cli.main(["known", "build", str(master), "--columns", "name=PERSON", *secret, "--out", str(known)]) == 0
    out = tmp_path / "run" / "corpus"
    assert (
        certify(
            home, out, f'[entities]\nKR_BRN = "keep"\nPERSON = "keep"\n[known]\ntable = "{known}"\n', inputs=str(raw)
        )
        == 0
    )
    whole = "\n".join(texts(out))
    for leak in ("우동 1408", "202호", "@example.com", "secretpw1", "john.testperson"):
        assert leak not in whole
    assert "John Testperson wrote" in whole


def test_a_denied_value_passes_in_no_source_that_keeps_its_type(home, tmp_path):
    """It gets a tag where its type is kept; where its type is off, the policy is refused."""
    lists, secret = tmp_path / "lists.toml", str(home / "keys" / "secret.key")
    (tmp_path / "value").write_text("John Smith", "utf-8")
    entry = (
        "--entity-type",
        "PERSON",
        "--value-from",
        str(tmp_path / "value"),
        "--reason",
        "leaked",
        "--owner",
        "office",
    )
    assert cli.main(["policy", "deny", str(lists), *entry, "--expires", "2999-12-31", "--secret", secret]) == 0
    source = '[[sources]]\nmatch = "filings*"\nname = "filings"\nreason = "public"\nentities = { PERSON = "keep" }\n'
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, f'lists = "{lists}"\n{source}') == 0
    assert all("John Smith" not in text for text in texts(out))
    off = tmp_path / "off" / "corpus"
    assert certify(home, off, f'lists = "{lists}"\n[entities]\nPERSON = "off"\n') == 2


def test_an_allowed_value_stays_and_a_denied_one_never_passes(home, tmp_path, capsys):
    """Both are counted in the certificate; the scan leaves the one alone."""
    lists, secret = tmp_path / "lists.toml", str(home / "keys" / "secret.key")
    for command, kind, value in (("allow", "PHONE_NUMBER", "０１０ 9876 1234"), ("deny", "PERSON", "3.5%")):
        (tmp_path / "value").write_text(value, "utf-8")
        entry = (
            "--entity-type",
            kind,
            "--value-from",
            str(tmp_path / "value"),
            "--reason",
            "test",
            "--owner",
            "office",
        )
        assert cli.main(["policy", command, str(lists), *entry, "--expires", "2999-12-31", "--secret", secret]) == 0
    assert NUMBER not in lists.read_text("utf-8")
    assert "3.5" not in lists.read_text("utf-8")
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, f'lists = "{lists}"\n') == 0
    call = next(text for text in texts(out) if "번 상담" in text)
    assert NUMBER in call
    assert "금리는 <PERSON_" in call
    said = privacy(out)
    assert (said["lists"]["allow"], said["lists"]["deny"]) == (1, 1)
    assert {row["action"] for row in said["entities"] if row["entity_type"] == "PHONE_NUMBER"} == {"allowed"}
    assert said["regression_scan"]["spans_left"] == 0


def test_an_entry_that_is_over_stops_a_run(home, tmp_path, capsys):
    """Exit 2, with the owner who can renew it, and nothing is written."""
    from datetime import date

    from govern import lists as made

    lists, secret = tmp_path / "lists.toml", (home / "keys" / "secret.key").read_bytes()
    over = made.Entry(entity_type="PHONE_NUMBER", reason="r", owner="call centre", expires=date(2020, 1, 31))
    made.add(lists, [made.allow(over, "1588-0000", secret)])
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, f'lists = "{lists}"\n') == 2
    assert "allow entry 1 (PHONE_NUMBER, owner call centre) held until 2020-01-31" in capsys.readouterr().err
    assert [path.name for path in out.parent.iterdir()] == ["policy.toml"]


def test_values_of_a_column_are_found_in_the_text_of_their_document(tmp_path, home):
    """A name that no rule finds, written with a particle; the column itself is not published."""
    raw = home / "columns"
    raw.mkdir(exist_ok=True)
    write(
        raw / "a.jsonl",
        [
            {"id": f"{number}", "who": "구름하늘", "text": f"{number}번 메모: 구름하늘은 만기 연장을 원함"}
            for number in range(8)
        ],
    )
    columns = '[columns]\nwho = { role = "known", entity_type = "PERSON" }\n'
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, columns, inputs="columns") == 0
    assert all("메모: <PERSON_1>은 만기" in text for text in texts(out))
    assert pl.read_parquet(out / "documents" / "part-00000.parquet").columns == ["id", "text", "lang", "source"]


def test_a_list_and_a_whole_number_in_a_column_are_their_values(tmp_path, home):
    """Each value of a list or an object, and a number that an export made a fraction."""
    raw = tmp_path / "raw"
    raw.mkdir()
    cells = ["48213977", 48213977.0, ["11111111", "48213977"], {"old": None, "new": 48213977}]
    text = "{}번 메모: 관리번호(48213977)로 금리를 설명함"
    write(raw / "a.jsonl", [{"id": f"{n}", "text": text.format(n), "ref": cell} for n, cell in enumerate(cells)])
    out = tmp_path / "run" / "corpus"
    columns = '[columns]\nref = { role = "known", entity_type = "CUSTOMER_ID" }\n'
    assert certify(home, out, columns, inputs=str(raw)) == 0
    assert all("(<CUSTOMER_ID_1>)로" in text for text in texts(out))


def test_known_values_are_found_everywhere_or_by_join(home, tmp_path):
    """A customer's name in his own documents; counted by what became of the join."""
    master = tmp_path / "master.csv"
    master.write_text("id,name\nC-77120,구름하늘\nC-2,바람노을\n", "utf-8")
    known = tmp_path / "bank.known"
    secret = ("--secret", str(home / "keys" / "secret.key"))
    assert (
        cli.main(
            ["known", "build", str(master), "--columns", "name=PERSON", "--key", "id", *secret, "--out", str(known)]
        )
        == 0
    )
    raw = tmp_path / "raw"
    raw.mkdir()
    rows = [
        {"id": "1", "customer": "C-77120"},
        {"id": "2", "customer": "C-2"},
        {"id": "3", "customer": "C-9"},
        {"id": "4"},
    ]
    write(raw / "a.jsonl", [{**row, "text": f"{row['id']}번 메모: 구름하늘은 만기 연장을 원함"} for row in rows])
    table = f'[known]\ntable = "{known}"\nsearch = "{{0}}"\n'
    join = '[columns]\ncustomer = { role = "join-key" }\n'
    everywhere, joined = tmp_path / "a" / "corpus", tmp_path / "b" / "corpus"
    assert certify(home, everywhere, table.format("everywhere"), inputs=str(raw)) == 0
    assert sum("<PERSON_1>은" in text for text in texts(everywhere)) == 4
    assert certify(home, joined, table.format("join") + join, inputs=str(raw)) == 0
    assert [("<PERSON_1>은" in text) for text in sorted(texts(joined))] == [True, False, False, False]
    assert privacy(joined)["joins"] == {"joined": 2, "no_row": 1, "no_key": 1}
    assert (privacy(joined)["known"]["customers"], privacy(joined)["known"]["search"]) == (2, "join")


def test_a_known_number_is_found_where_it_is_spelled(home, tmp_path):
    """No rule knows the form of a branch's own numbers; the table does."""
    master = tmp_path / "master.csv"
    master.write_text("number\n771204418\n", "utf-8")
    known = tmp_path / "bank.known"
    secret = ("--secret", str(home / "keys" / "secret.key"))
    assert (
        cli.main(["known", "build", str(master), "--columns", "number=CUSTOMER_ID", *secret, "--out", str(known)]) == 0
    )
    raw = tmp_path / "raw"
    raw.mkdir()
    write(
        raw / "a.jsonl",
        [
            {
                "id": "1",
                "text": "만기 연장을 원하는 고객의 메모 칠칠일이공사사일팔 그리고 771-204-418 그리고 ７７１２０４４１８",
            }
        ],
    )
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, f'[known]\ntable = "{known}"\n', inputs=str(raw)) == 0
    assert texts(out) == [
        "만기 연장을 원하는 고객의 메모 <CUSTOMER_ID_1> 그리고 <CUSTOMER_ID_1> 그리고 <CUSTOMER_ID_1>"
    ]


def test_a_kept_column_is_read_under_its_name(home, tmp_path):
    """What a column holds is said by its heading: halves of a resident number, an account, a PIN, a passport."""
    raw = tmp_path / "raw"
    raw.mkdir()
    row = {
        "성명": "홍길동",
        "주민등록번호": "9601011234567",
        "계좌번호": "110-123-456789",
        "PIN": "4711",
        "date_of_birth": "1985-03-04",
        "cvv": "123",
        "passport number": "M12345678",
        "branch": "Busan Main",
    }
    long = "A long note about the loan of the branch in general, with nothing personal in it at all, number"
    write(raw / "a.jsonl", [{"id": str(number), "text": f"{long} {number}", **row} for number in range(5)])
    out = tmp_path / "run" / "corpus"
    names = ", ".join(f'"{name}"' for name in row)
    assert certify(home, out, f"keep_columns = [{names}]\n", inputs=str(raw)) == 0
    frame = pl.read_parquet(out / "documents" / "part-00000.parquet")
    assert {name: frame[name][0] for name in row} == {
        "성명": "<PERSON_1>",
        "주민등록번호": "<KR_RRN_1>",
        "계좌번호": "<KR_BANK_ACCOUNT_1>",
        "PIN": "<PIN_1>",
        "date_of_birth": "<DATE_OF_BIRTH_1>",
        "cvv": "<CARD_SECURITY_CODE_1>",
        "passport number": "<KR_PASSPORT_1>",
        "branch": "Busan Main",
    }
