"""`govern policy` as a user runs it: what a list takes, and what becomes of it."""

import json
from datetime import date
from pathlib import Path

import pytest

from govern import cli, detect, lists
from govern.corpus import Document
from govern.mask import mask
from govern.policy import load
from govern.policy_check import check

SECRET = bytes(range(32))
ENTRY = ("--reason", "incident 12", "--owner", "data office", "--expires", "2999-12-31")


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret.key"
    path.write_bytes(SECRET)
    path.chmod(0o600)
    return str(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("김새봄\r김둘째\r", "holds 2 lines, where one value is expected"),
        ("김새봄\n김둘째\n", "holds 2 lines"),
        ("\n\n", "holds 0 lines"),
        ("\x00김", "a character that cannot be printed"),
        ("...\n", "no letter or digit"),
        ("가" * 1000, "too long to be searched"),
        ("가" * 100_000, "longer than any value"),
    ],
)
def test_what_cannot_be_denied_is_refused_and_nothing_is_written(tmp_path, secret, capsys, data, words) -> None:
    """One value on one line that can be searched; no error shows it."""
    value, target = tmp_path / "value.txt", tmp_path / "lists.toml"
    value.write_bytes(data.encode())
    command = ["policy", "deny", str(target), "--entity-type", "PERSON", "--value-from", str(value), *ENTRY, "--secret", secret]
    assert cli.main(command) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "김" not in error
    assert not target.exists()


def masked(tmp_path: Path, text: str, *entries, policy: str = "") -> str:
    """The text as a policy with these entries masks it."""
    lists.add(tmp_path / "lists.toml", entries)
    (tmp_path / "p.toml").write_text(f'name = "p"\nlists = "lists.toml"\n{policy}', "utf-8")
    checked = check(load(tmp_path / "p.toml"), SECRET, today=date(2026, 1, 1))
    detector = detect.build(checked.policy, secret=SECRET)
    outcome = mask(Document("d", (("text", text),)), detector, checked.policy, checked.treatment)
    return dict(outcome.document.fields)["text"]


def entry(entity_type: str) -> lists.Entry:
    return lists.Entry(entity_type=entity_type, reason="r", owner="o", expires=date(2999, 1, 1))


def test_a_denied_value_is_one_subject_however_it_is_parted(tmp_path) -> None:
    """One tag for all of its spellings."""
    denied = [lists.deny(entry("PERSON"), name, SECRET) for name in ("김새봄", "John Smith")]
    text = "김새봄 그리고 김·새봄 그리고 김\f새봄; John Smith; JohnSmith; Smith, John; John | Smith; John A. Smith"
    tags = "<PERSON_1> 그리고 <PERSON_1> 그리고 <PERSON_1>; " + "; ".join(["<PERSON_2>"] * 5)
    assert masked(tmp_path, text, *denied) == tags


def test_an_allowed_address_does_not_hold_a_denied_name(tmp_path) -> None:
    """The address goes; another allowed one stays."""
    made = [
        lists.deny(entry("PERSON"), "John Smith", SECRET),
        lists.allow(entry("EMAIL_ADDRESS"), "john.smith@example.com", SECRET),
        lists.allow(entry("EMAIL_ADDRESS"), "help@example.com", SECRET),
    ]
    text = "write john.smith@example.com or help@example.com"
    assert masked(tmp_path, text, *made) == "write <EMAIL_ADDRESS_1> or help@example.com"


def test_a_denied_address_is_found_spelled_out_where_its_type_is_kept(tmp_path) -> None:
    """`[at]` and `(at)` are the same address."""
    denied = lists.deny(entry("EMAIL_ADDRESS"), "j.smith@example.com", SECRET)
    text = "j.smith@example.com, j.smith [at] example [dot] com, j.smith(at)example.com, other@example.com"
    policy = '[entities]\nEMAIL_ADDRESS = "keep"\n'
    shown = masked(tmp_path, text, denied, policy=policy)
    assert shown == "<EMAIL_ADDRESS_1>, <EMAIL_ADDRESS_1>, <EMAIL_ADDRESS_1>, other@example.com"


def test_a_scan_asks_of_lists_what_certifying_asks(tmp_path, secret, capsys) -> None:
    """A denied value of a type that is off would not be found."""
    lists.add(tmp_path / "lists.toml", [lists.deny(entry("PERSON"), "김새봄", SECRET)])
    (tmp_path / "p.toml").write_text('name = "p"\nlists = "lists.toml"\n[entities]\nPERSON = "off"\n', "utf-8")
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "a", "text": "x"}) + "\n", "utf-8")
    out = tmp_path / "f.parquet"
    command = ["scan", str(tmp_path / "a.jsonl"), "--policy", str(tmp_path / "p.toml"), "--secret", secret, "--out", str(out)]
    assert cli.main(command) == 2
    assert "which is off and so not looked for" in capsys.readouterr().err
    assert not out.exists()


def test_labels_of_a_column_that_one_policy_lacks_are_counted_apart(tmp_path, capsys) -> None:
    """The default policy publishes no such column."""
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "a", "text": "x", "note": "Mr. John Smith"}) + "\n", "utf-8")
    label = {"id": "a", "field": "note", "start": 4, "end": 14, "entity_type": "PERSON"}
    (tmp_path / "l.jsonl").write_text("\ufeff" + json.dumps(label) + "\n", "utf-8")
    (tmp_path / "p.toml").write_text('name = "p"\nkeep_columns = ["note"]\n', "utf-8")
    command = ["policy", "test", str(tmp_path / "p.toml"), str(tmp_path / "a.jsonl"), "--labels", str(tmp_path / "l.jsonl")]
    assert cli.main([*command, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["all"]["after"]["masked"], said["withheld"]) == (1, {"before": 1, "after": 0})
