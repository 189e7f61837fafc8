"""The sealed file: built from tables, opened, joined; refused where a byte or the secret differs; no value in clear."""

import argparse
import json
import stat
from pathlib import Path

import polars as pl
import pytest

from govern import known
from govern.commands import known as commands
from govern.console import run
from govern.errors import GovernError, InputError
from govern.normalize import normalize

SECRET = bytes(range(32))
COLUMNS = {"name": "PERSON", "phone": "PHONE_NUMBER", "born": "DATE_OF_BIRTH"}
ROWS = {
    "key": ["C1", "C2", "C3", None],
    "name": ["김새봄", "John Canary", "이산", "박없음"],
    "phone": ["010-0000-1234", "+82 10 0000 5678", None, " "],
    "born": ["1980-03-05", "1990-01-02", None, "1970-12-31"],
}
CANARIES = ("김새봄", "Canary", "canary", "이산", "박없음", "0000", "1234", "5678", "1980", "C1")


@pytest.fixture(scope="module")
def master(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("master") / "customers.csv"
    pl.DataFrame(ROWS).write_csv(path)
    return path


@pytest.fixture(scope="module")
def file(master, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "customers.known"
    known.build([master], COLUMNS, SECRET, path, "key")
    return path


@pytest.fixture(scope="module")
def opened(file):
    return known.open(file, SECRET)


def found(table, text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in known.search(table, normalize(text).text)]


def test_what_was_sealed_is_found(opened) -> None:
    assert found(opened, "박없음은 010 0000 1234, canary john") == ["박없음", "010 0000 1234", "canary john"]
    assert opened.entity_types == ("DATE_OF_BIRTH", "PERSON", "PHONE_NUMBER")
    assert (opened.searched, opened.joined_only, opened.customers) == (6, 3, 3)


GOLDEN = Path(__file__).parents[1] / "golden" / "known" / "customers-v1.known"
"""The same table, sealed under the same secret by format 1: what a bank keeps must open in later versions."""


def test_a_file_of_the_first_format_opens(opened) -> None:
    """Its values are found and joined, and its digest is that of one that is built today."""
    kept = known.open(GOLDEN, SECRET)
    assert (kept.digest, kept.counts) == (opened.digest, opened.counts)
    assert found(kept, "박없음은 010 0000 1234, canary john") == ["박없음", "010 0000 1234", "canary john"]
    assert found(known.join(kept, "C3"), "이산은 온다") == ["이산"]


def test_a_customer_is_joined_by_key_with_all_of_the_row(opened) -> None:
    joined = known.join(opened, " Ｃ1 ")
    assert joined is not None
    assert found(joined, "새봄씨는 1980. 3. 5.생, 김새봄") == ["새봄", "1980. 3. 5", "김새봄"]
    assert found(known.join(opened, "C2"), "Dear John, 900102") == ["John", "900102"]
    assert found(known.join(opened, "C3"), "이산은 온다") == ["이산"]
    assert known.join(opened, "C9") is None


def test_many_customers_are_joined_each_with_its_own(tmp_path) -> None:
    count = 4000
    rows = {"key": [f"K{number}" for number in range(count)], "id": [f"{number:09d}" for number in range(count)]}
    pl.DataFrame(rows).write_parquet(tmp_path / "many.parquet")
    known.build([tmp_path / "many.parquet"], {"id": "CUSTOMER_ID"}, SECRET, tmp_path / "many.known", "key")
    table = known.open(tmp_path / "many.known", SECRET)
    assert len(table.rows.first_ids) > 1
    assert all(found(known.join(table, f"K{number}"), f"{number:09d}") for number in range(0, count, 37))


def test_without_a_key_column_nothing_is_joined(master, tmp_path) -> None:
    known.build([master], COLUMNS, SECRET, tmp_path / "a.known")
    with pytest.raises(InputError, match="without --key"):
        known.join(known.open(tmp_path / "a.known", SECRET), "C1")


def test_the_digest_is_of_the_values_and_the_secret_not_of_their_order(file, tmp_path) -> None:
    reversed_rows = {name: values[::-1] for name, values in ROWS.items()}
    digests = []
    for number, (rows, secret) in enumerate(
        [(reversed_rows, SECRET), (ROWS, bytes(32)), (ROWS | {"born": ["1981-03-05"] * 4}, SECRET)]
    ):
        pl.DataFrame(rows).write_parquet(tmp_path / f"{number}.parquet")
        digests.append(
            known.build([tmp_path / f"{number}.parquet"], COLUMNS, secret, tmp_path / f"{number}.known", "key").digest
        )
    here = known.read_summary(file).digest
    assert here.startswith("hmac-sha256:")
    assert [digest == here for digest in digests] == [True, False, False]


def test_the_file_is_private_and_holds_no_value_in_clear(file) -> None:
    data = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for canary in CANARIES[:-1]:
        for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
            assert canary.encode(encoding) not in data or canary.isdigit()
    header = json.loads(data[16 : data.index(b'"}') + 2])
    assert set(header) == {"format_version", "salt", "engine", "chunks", "counts", "customers", "digest"}
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name]


def test_another_secret_does_not_open_it(file) -> None:
    with pytest.raises(InputError, match="sealed under another secret, or altered"):
        known.open(file, bytes(32))
    with pytest.raises(InputError, match="the secret has 31 bytes"):
        known.open(file, bytes(31))


def test_one_altered_byte_anywhere_does_not_open_it(file, tmp_path) -> None:
    data = file.read_bytes()
    head = data.index(b'"}') + 40
    ends = len(data)
    for place in [*range(0, head, 3), *range(head, ends, ends // 60), *range(ends - 40, ends, 3)]:
        altered = bytearray(data)
        altered[place] ^= 1
        path = tmp_path / "altered.known"
        path.write_bytes(altered)
        with pytest.raises(InputError) as caught:
            known.open(path, SECRET)
        assert not any(canary in str(caught.value) for canary in CANARIES[:-1])


@pytest.mark.parametrize(
    "change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: data[:40], lambda _: b""]
)
def test_a_cut_or_longer_file_does_not_open(file, tmp_path, change) -> None:
    path = tmp_path / "cut.known"
    path.write_bytes(change(file.read_bytes()))
    with pytest.raises(InputError):
        known.open(path, SECRET)


def test_a_file_altered_after_opening_is_noticed_at_the_join(file, tmp_path) -> None:
    path = tmp_path / "later.known"
    path.write_bytes(file.read_bytes())
    table = known.open(path, SECRET)
    altered = bytearray(path.read_bytes())
    altered[table.rows.places[0].offset] ^= 1
    path.write_bytes(altered)
    with pytest.raises(InputError, match="altered"):
        known.join(table, "C1")


def test_a_file_that_is_there_is_never_written_over(master, tmp_path) -> None:
    (tmp_path / "here.known").write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        known.build([master], COLUMNS, SECRET, tmp_path / "here.known")
    assert (tmp_path / "here.known").read_text() == "mine"


def test_addresses_of_mail_are_sealed_and_found_beside_the_rest(tmp_path) -> None:
    pl.DataFrame({"mail": ["a.canary@example.com"], "name": ["김새봄"]}).write_parquet(tmp_path / "a.parquet")
    columns = {"mail": "EMAIL_ADDRESS", "name": "PERSON"}
    known.build([tmp_path / "a.parquet"], columns, SECRET, tmp_path / "a.known")
    table = known.open(tmp_path / "a.known", SECRET)
    assert found(table, "김새봄 A.Canary＠example.com") == ["김새봄", "A.Canary＠example.com"]
    assert found(table, "김새봄") == ["김새봄"]


def test_a_table_of_values_searched_nowhere_still_seals_and_opens(tmp_path) -> None:
    pl.DataFrame({"pin": ["1234"]}).write_parquet(tmp_path / "a.parquet")
    known.build([tmp_path / "a.parquet"], {"pin": "PIN"}, SECRET, tmp_path / "a.known")
    table = known.open(tmp_path / "a.known", SECRET)
    assert (table.searched, table.joined_only) == (0, 1)
    assert known.search(table, "1234") == []


BAD = [
    ("name,phone,born\n김새봄,1,2\n".encode("cp949"), ".csv", {}, "not UTF-8"),
    (b"", ".csv", {}, "no rows"),
    (b"name,phone,born\n", ".csv", {}, "no rows"),
    ('name,phone,born\n"김새봄,1,2\n'.encode(), ".csv", {}, "not a readable table"),
    ("name,phone,born\n김새봄,1,2,3,4\n".encode(), ".csv", {}, "not a readable table"),
    ("김새봄,01000001234,1980-03-05\n김새봄,1,2\n".encode(), ".csv", {}, "no column 'name' among its 3"),
    ("name,phone,born\n김새봄,,1980-03-05\n".encode(), ".csv", {}, "column 'phone' is empty in every row"),
    (b"name,phone,born\n1,2,3\n", ".txt", {}, "not a .csv or .parquet file"),
    (b"PAR1junk", ".parquet", {}, "not a readable Parquet file"),
    (b"name,phone,born\n1,2,3\n", ".csv", {"columns": {"name": "PERSONS"}}, "'PERSONS', which is no entity type"),
    (b"name,phone,born\n1,2,3\n", ".csv", {"columns": {}}, "names no column"),
    (b"name,phone,born\n1,2,3\n", ".csv", {"key": "name"}, "--key: column 'name' holds values too"),
    (b"name,phone,born\n1,2,3\n", ".csv", {"key": "absent"}, "no column 'absent'"),
]


@pytest.mark.parametrize(("data", "suffix", "given", "said"), BAD, ids=[said for *_, said in BAD])
def test_a_table_that_cannot_be_used_is_a_sentence_without_a_value(tmp_path, data, suffix, given, said) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        known.build([path], given.get("columns", COLUMNS), SECRET, tmp_path / "out.known", given.get("key"))
    assert said in str(caught.value)
    assert not any(canary in str(caught.value) for canary in CANARIES)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [path.name]


def test_a_column_of_fractions_is_refused(tmp_path) -> None:
    pl.DataFrame({"name": [1.5]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="is of type Float64"):
        known.build([tmp_path / "a.parquet"], {"name": "PERSON"}, SECRET, tmp_path / "out.known")


def test_a_number_column_that_lost_its_zeros_is_still_found(tmp_path) -> None:
    pl.DataFrame({"phone": [1000001234]}).write_parquet(tmp_path / "a.parquet")
    known.build([tmp_path / "a.parquet"], {"phone": "PHONE_NUMBER"}, SECRET, tmp_path / "a.known")
    assert found(known.open(tmp_path / "a.known", SECRET), "T. 010-0000-1234") == ["010-0000-1234"]


def command(*arguments: object) -> int:
    parser = argparse.ArgumentParser(prog="govern")
    commands.add(parser.add_subparsers())
    return run("govern", parser, [str(argument) for argument in arguments], (GovernError,))


def test_the_command_builds_and_shows_counts_and_no_value(master, tmp_path, capsys) -> None:
    secret, out = tmp_path / "secret.key", tmp_path / "a.known"
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    columns = ",".join(f"{name}={entity_type}" for name, entity_type in COLUMNS.items())
    assert (
        command("known", "build", master, "--columns", columns, "--key", "key", "--secret", secret, "--out", out) == 0
    )
    assert command("known", "show", out) == 0
    assert command("known", "show", out, "--secret", secret, "--json") == 0
    printed = capsys.readouterr().out
    assert "PERSON: 4 values = 4 searched everywhere + 0 by join alone" in printed
    assert "not proved" in printed
    result = json.loads(printed.splitlines()[-1])
    assert result["proved"] is True
    assert result["counts"]["PHONE_NUMBER"]["values"] == 2
    assert not any(canary in printed for canary in ("김새봄", "Canary", "박없음", "0000-", "1980"))
    assert command("known", "build", master, "--columns", columns, "--secret", secret, "--out", out) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize("columns", ["name", "name=", "=PERSON", "a=PERSON,a=PIN", ""])
def test_columns_that_name_nothing_are_bad_usage(columns, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        command("known", "build", "a.csv", "--columns", columns, "--secret", "s", "--out", tmp_path / "o")
    assert stopped.value.code == 2
    assert "expected COLUMN=TYPE" in capsys.readouterr().err
