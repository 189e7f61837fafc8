"""Certification of real bilingual financial text: filings, speeches, rulings, statutes."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from govern import cli
from govern.attestation import verify
from govern.corpus import read_certified
from govern.keys import generate

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
FILES = (
    "text_en/fed_speeches_en.parquet",
    "text_en/sec_filings_en.parquet",
    "text_ko/kr_court_rulings_finance_ko.parquet",
    "text_ko/kr_statutes_finance_ko.parquet",
)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared development data is not here"),
]


def test_filings_speeches_rulings_and_statutes_are_certified_and_verify(tmp_path: Path) -> None:
    """All 2,469 documents are accounted for under the default policy and suite, and the signed folder verifies."""
    raw = tmp_path / "raw"
    raw.mkdir()
    for name in FILES:
        shutil.copy(SHARED / name, raw)
    generate(tmp_path / "keys")
    out = tmp_path / "corpus"
    secret, key = str(tmp_path / "keys" / "secret.key"), str(tmp_path / "keys" / "sign.pem")
    more = ["--secret", secret, "--sign-key", key, "--split", "held-out=0.02", "--workers", "2"]
    assert cli.main(["certify", str(raw), "--out", str(out), *more]) == 0
    corpus = verify(out, [tmp_path / "keys" / "sign.pub"], now=datetime.now(UTC), purpose="train")
    rows = sum(read_certified(shard).height for shard in (*corpus.documents, *corpus.held_out))
    counts = json.loads((out / "certificate.json").read_bytes())["accounting"]
    assert counts["in"] == 2469
    assert rows == counts["certified"] == 2469 - sum(counts["dropped"].values()) - sum(counts["quarantined"].values())
