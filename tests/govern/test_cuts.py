"""Where a long input is cut into units of work changes no byte of what comes out."""

import hashlib
import json
from datetime import date

import pytest

from govern import pipeline, policy
from govern.engine import Engine

CUTS = 1_000_000, 7_000_000, 64_000_000
"""Text in a unit of work, bytes."""
TEXT_BYTES = 150_000_000
SUITE = {
    "name": "any-share-quarantined", "format_version": 1, "description": "All may be set aside.",
    "rules": [{
        "id": "accounting-adds-up", "type": "expect_documents_to_be_accounted_for", "slice": "all", "severity": "critical",
        "kwargs": {"column_list": ["documents_in", "documents", "dropped", "quarantined"]},
        "why": "none is lost", "remedy": "run it again",
    }],
}  # fmt: skip


def _write(folder):
    """Letters to be masked between documents too long to be searched, which make up nearly all of the text."""
    folder.mkdir()
    long = "The tables of the annual report follow. " * 10_000
    documents = TEXT_BYTES // len(long)
    for part in range(3):
        with (folder / f"{part}.jsonl").open("w", encoding="utf-8") as stream:
            for number in range(part, documents, 3):
                last = 1000 + number
                letter = f"Order {number}: call 02-555-{last}, letter {number}. 고객명: 홍길동, 연락처 010-2234-{last}."
                for name, text in (("letter", letter), ("tables", f"{number}. {long}")):
                    stream.write(json.dumps({"id": f"{number}-{name}", "text": text}, ensure_ascii=False) + "\n")
    return documents


@pytest.mark.slow
def test_units_of_1_7_and_64_megabytes_give_the_same_files(tmp_path):
    """On one worker and on two; every letter is certified and every long document set aside."""
    documents = _write(tmp_path / "raw")
    suite = tmp_path / "suite.json"
    suite.write_text(json.dumps(SUITE), "utf-8")
    path = tmp_path / "p.toml"
    path.write_text('name = "p"\nmax_document_characters = 100000\n[names]\nmodel = "none"\n', "utf-8")
    sums, units = set(), []
    for size, workers in zip(CUTS, (2, 1, 1), strict=True):
        out = tmp_path / str(size)
        request = pipeline.Request(
            (tmp_path / "raw",), out, policy.load(path), str(suite), bytes(range(32)), date(2026, 1, 1), work_bytes=size,
            engine=Engine(workers),
        )  # fmt: skip
        made = pipeline.certify(request)
        counts = made.certificate.claim["accounting"]
        assert (counts["in"], counts["certified"]) == (2 * documents, documents)
        assert sum(counts["quarantined"].values()) == documents
        sums.add(hashlib.sha256((made.folder / "SHA256SUMS").read_bytes()).hexdigest())
        units.append(len(list((out.with_name(out.name + ".private") / "states").glob("shard-*.json"))))
    assert units[0] > units[1] > units[2] == 3
    assert len(sums) == 1
