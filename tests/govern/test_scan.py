"""Findings of a scan: the columns of the contract, offsets of the original, never the text."""

import json
from pathlib import Path

import polars as pl

from govern.policy import load
from govern.scan import scan

TEXT = "고객명: 남궁가온, 카드 4111 1111 1111 1111입니다. mail canary@example.com"


def test_findings_hold_offsets_and_never_the_text(tmp_path: Path) -> None:
    """Each offset pair cuts the value out of the input; the file holds no value and is closed to others."""
    raw = tmp_path / "a.jsonl"
    raw.write_text(json.dumps({"id": "one", "text": TEXT}, ensure_ascii=False) + "\n", "utf-8")
    out = tmp_path / "findings.parquet"
    count = scan((raw,), out, load("default"), text_column="text", id_column="id")
    frame = pl.read_parquet(out)
    assert frame.columns == ["id", "field", "start", "end", "entity_type", "score", "recognizer"]
    cut = {TEXT[row["start"] : row["end"]]: row["entity_type"] for row in frame.iter_rows(named=True)}
    assert cut == {"남궁가온": "PERSON", "4111 1111 1111 1111": "CREDIT_CARD", "canary@example.com": "EMAIL_ADDRESS"}
    assert (count.documents, count.findings) == (1, 3)
    assert out.stat().st_mode & 0o077 == 0
    assert b"canary" not in out.read_bytes() + frame.write_ndjson().encode()
