"""Findings of a scan: the columns of the contract, offsets of the original, never the text."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import govern
from govern import cli as govern_cli
from govern import detect
from govern.errors import InputError
from govern.policy import load
from govern.scan import build, scan
from govern.sources import Columns

TEXT = "고객명: 남궁가온, 카드 4111 1111 1111 1111입니다. mail canary@example.com"


def test_findings_hold_offsets_and_never_the_text(tmp_path: Path) -> None:
    """Each offset pair cuts the value out of the input; the file holds no value and is closed to others."""
    raw = tmp_path / "a.jsonl"
    raw.write_text(json.dumps({"id": "one", "text": TEXT}, ensure_ascii=False) + "\n", "utf-8")
    out = tmp_path / "findings.parquet"
    count = scan((raw,), out, load("default"), columns=Columns())
    frame = pl.read_parquet(out)
    assert frame.columns == ["id", "field", "start", "end", "entity_type", "score", "recognizer"]
    cut = {TEXT[row["start"] : row["end"]]: row["entity_type"] for row in frame.iter_rows(named=True)}
    assert cut == {"남궁가온": "PERSON", "4111 1111 1111 1111": "CREDIT_CARD", "canary@example.com": "EMAIL_ADDRESS"}
    assert (count.documents, count.findings) == (1, 3)
    assert out.stat().st_mode & 0o077 == 0
    assert b"canary" not in out.read_bytes() + frame.write_ndjson().encode()


def test_a_scan_is_narrowed_by_type_language_and_score(tmp_path: Path) -> None:
    """Only the types asked for, only findings sure enough; names of the other language are left out."""
    raw = tmp_path / "a.jsonl"
    text = TEXT + " Dear Jane Doe, SSN 219-09-9999"
    raw.write_text(json.dumps({"id": "one", "text": text}, ensure_ascii=False) + "\n", "utf-8")

    def types(name: str, **narrowed: object) -> dict[str, int]:
        out = tmp_path / f"{name}.parquet"
        return scan((raw,), out, load("default"), columns=Columns(), **narrowed).by_type

    assert types("all") == {"PERSON": 2, "CREDIT_CARD": 1, "EMAIL_ADDRESS": 1, "US_SSN": 1}
    assert types("some", entities=("CREDIT_CARD", "US_SSN")) == {"CREDIT_CARD": 1, "US_SSN": 1}
    assert types("english", language="en", entities=("PERSON",)) == {"PERSON": 1}
    assert types("korean", language="ko", entities=("PERSON", "US_SSN")) == {"PERSON": 1, "US_SSN": 1}
    assert set(types("sure", min_score=1.0)) <= {"CREDIT_CARD", "EMAIL_ADDRESS", "US_SSN"}


def test_find_is_the_door_for_a_text() -> None:
    """Spans of the default policy, in order; narrowed as a scan is."""
    spans = govern.find(TEXT)
    assert [TEXT[span.start : span.end] for span in spans] == ["남궁가온", "4111 1111 1111 1111", "canary@example.com"]
    (span,) = govern.find(TEXT, entities=["EMAIL_ADDRESS"], language="ko", min_score=0.3)
    assert (span.field, span.entity_type) == ("text", "EMAIL_ADDRESS")
    assert govern.find("") == ()


@pytest.mark.parametrize(
    ("narrowed", "message"),
    [
        ({"entities": ["EMAIL"]}, "entity type 'EMAIL'"),
        ({"language": "fr"}, "language 'fr'"),
        ({"min_score": 0.0}, "score 0.0"),
        ({"min_score": 1.5}, "score 1.5"),
    ],
)
def test_what_find_does_not_know_is_refused(narrowed: dict[str, Any], message: str) -> None:
    """In a sentence, before anything is searched."""
    with pytest.raises(InputError, match=message):
        govern.find(TEXT, **narrowed)


def test_a_recognizer_of_presidio_is_switched_on_by_its_name(tmp_path: Path) -> None:
    """Also one that is off there by default; a wrong name is refused with the near ones."""
    chosen = tmp_path / "p.toml"
    chosen.write_text('name = "x"\npresidio = ["InPanRecognizer"]\n', "utf-8")
    detector = build(load(chosen), None, ["IN_PAN"], None)
    assert [span.entity_type for span in detect.find(detector, "PAN ABCPD1234E on file")] == ["IN_PAN"]
    chosen.write_text('name = "x"\npresidio = ["InPanRecogniser"]\n', "utf-8")
    with pytest.raises(InputError, match="InPanRecognizer"):
        load(chosen)


def test_a_scan_lists_what_certifying_replaces(tmp_path: Path) -> None:
    """No kept type, no allowed value, what a source keeps stays there; values of a column are found in the text."""
    from datetime import date

    from govern import lists

    secret = bytes(range(32))
    entry = lists.Entry(entity_type="EMAIL_ADDRESS", reason="our own", owner="office", expires=date(2999, 1, 1))
    lists.add(tmp_path / "lists.toml", [lists.allow(entry, "help@example.com", secret)])
    (tmp_path / "p.toml").write_text(
        'name = "p"\nlists = "lists.toml"\n[entities]\nPHONE_NUMBER = "keep"\n'
        '[columns]\nwho = { role = "known", entity_type = "PERSON" }\n'
        '[[sources]]\nmatch = "filing*"\nname = "filings"\nreason = "public"\n[sources.entities]\nEMAIL_ADDRESS = "keep"\n',
        "utf-8",
    )
    text = "구름하늘 a@b.com help@example.com 010-1234-5678"
    for name in ("notes.jsonl", "filing.jsonl"):
        row = {"id": name, "text": text, "who": "구름하늘"}
        (tmp_path / name).write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    out = tmp_path / "f.parquet"
    inputs = (tmp_path / "notes.jsonl", tmp_path / "filing.jsonl")
    scan(inputs, out, load(tmp_path / "p.toml"), columns=Columns(), secret=secret)
    found = [(row["id"], text[row["start"] : row["end"]]) for row in pl.read_parquet(out).iter_rows(named=True)]
    assert sorted(found) == [("filing.jsonl", "구름하늘"), ("notes.jsonl", "a@b.com"), ("notes.jsonl", "구름하늘")]


def test_a_row_that_cannot_be_read_is_counted_where_the_policy_sets_such_rows_aside(tmp_path: Path, capsys: Any) -> None:
    """Else it ends the scan, as it ends a run."""
    raw = tmp_path / "a.jsonl"
    good = json.dumps({"id": "one", "text": TEXT}, ensure_ascii=False)
    raw.write_text(good + "\n{broken\n" + good.replace("one", "two") + "\n", "utf-8")
    policy = tmp_path / "p.toml"
    policy.write_text('name = "p"\n[failures]\non_bad_row = "quarantine"\n', "utf-8")
    with pytest.raises(InputError, match="line 2"):
        scan((raw,), tmp_path / "no.parquet", load("default"), columns=Columns())
    command = ["scan", str(raw), "--out", str(tmp_path / "f.parquet"), "--policy", str(policy), "--json"]
    assert govern_cli.main(command) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["documents"], said["unreadable"], said["findings"]) == (3, 1, 6)
    assert set(pl.read_parquet(tmp_path / "f.parquet")["id"]) == {"one", "two"}
