"""A certified corpus, signed for a test, and a small base trained on its text."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from govern.attestation import CertifiedCorpus, sign, verify
from govern.certificate import certify
from govern.files import canonical, manifest
from govern.keys import generate, load_private
from vocab.train_base import write_base

ISSUED = datetime(2026, 1, 31, 9, 0, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)

ENGLISH = [
    f"Report {at}: EBITDA rose {at}.{at % 10}% as the borrower repaid its mortgage. Refinancing of collateralized "
    f"tranches and amortization of goodwill were weak; Ebitda margins fell. The bank (EBITDA) said impairments grew."
    for at in range(60)
]
KOREAN = [
    f"제{at}기 영업이익은 {at},{at + 100}억원으로 늘었다. 기준금리를 올리자 대출금리가 올랐고 연체율과 부실채권이 늘었다. "
    f"주택담보대출 잔액 {at}조 {at}억 원, 당기순이익이 줄었다."
    for at in range(60)
]


@pytest.fixture(scope="session")
def documents() -> list[tuple[str, str]]:
    """(text, lang) of the certified documents."""
    return [*((text, "en") for text in ENGLISH), *((text, "ko") for text in KOREAN)]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a signing key pair."""
    folder = tmp_path_factory.mktemp("keys")
    generate(folder)
    return folder


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory, documents: list[tuple[str, str]], keys: Path) -> Path:
    """A signed certified corpus with a held-out part."""
    folder = tmp_path_factory.mktemp("corpora") / "corpus"
    held_out = [("The lender kept EBITDA covenants.", "en"), ("예금금리를 내렸다.", "ko")]
    return write_corpus(folder, {"documents": documents, "held-out": held_out}, keys)


@pytest.fixture(scope="session")
def corpus(corpus_folder: Path, keys: Path) -> CertifiedCorpus:
    """The same corpus, verified."""
    return verify(corpus_folder, [keys / "sign.pub"], now=NOW)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory, corpus: CertifiedCorpus) -> Path:
    """A base of 600 tokens, trained on the corpus."""
    return write_base(corpus, 600, tmp_path_factory.mktemp("bases") / "base")


@pytest.fixture(scope="session")
def corpus_writer() -> Callable[..., Path]:
    """The function that writes a certified corpus."""
    return write_corpus


def write_corpus(
    folder: Path,
    splits: Mapping[str, Sequence[tuple[str, str]]],
    keys: Path,
    *,
    allowed: Sequence[str] = ("train", "evaluate"),
    shard_documents: int = 50,
    entities: Sequence[str] = (),
) -> Path:
    """A certified corpus of these (text, lang) by split, signed with the key in `keys`; `entities` were masked in it."""
    import polars as pl

    described = []
    for split, documents in splits.items():
        shards = []
        (folder / split).mkdir(parents=True)
        for number, start in enumerate(range(0, len(documents), shard_documents)):
            part = documents[start : start + shard_documents]
            path = f"{split}/part-{number:05d}.parquet"
            rows = {
                "id": [f"{split}-{start + at}" for at in range(len(part))],
                "text": [text for text, _ in part],
                "lang": [lang for _, lang in part],
                "source": ["notes"] * len(part),
            }
            pl.DataFrame(rows).write_parquet(folder / path, row_group_size=1024)
            size = sum(len(text.encode()) for text, _ in part)
            shards.append({"path": path, "documents": len(part), "text_bytes": size})
        share = None if split == "documents" else 20_000
        described.append(
            {
                "name": split,
                "documents": len(documents),
                "share_ppm": share,
                "disjoint_by": ["document", "duplicate_group"],
                "shards": shards,
            }
        )
    (folder / "evidence").mkdir()
    (folder / "evidence/metrics.json").write_bytes(canonical({"documents": 1}))
    (folder / "README.md").write_text("# A certified corpus\n", encoding="utf-8")
    (folder / "report.html").write_text("<!doctype html><title>report</title>\n", encoding="utf-8")
    (folder / "croissant.json").write_bytes(canonical({"@type": "sc:Dataset"}))
    total = sum(len(one) for one in splits.values())
    (folder / "certificate.json").write_bytes(certify(_claim(total, described, allowed, entities)).data)
    (folder / "SHA256SUMS").write_bytes(manifest(folder))
    sign(folder, load_private(keys / "sign.pem"), issued=ISSUED, not_after=None)
    return folder


def _claim(total: int, splits: list[dict[str, Any]], allowed: Sequence[str], entities: Sequence[str]) -> dict[str, Any]:
    unmeasured = {"status": "not_measured", "reason": "a test"}
    digest = "sha256:" + "0" * 64
    return {
        "format_version": 1,
        "kind": "assay-corpus-certificate",
        "corpus": {
            "name": "test <corpus>",
            "documents": total,
            "text_bytes": 1000,
            "characters": 1000,
            "words": 100,
            "tokens": unmeasured,
            "languages": [{"lang": "en", "documents": total, "text_bytes": 1000}],
            "splits": splits,
            "columns": ["id", "text", "lang", "source"],
        },
        "sources": [
            {
                "name": "notes",
                "declared": False,
                "owner": None,
                "licence": None,
                "legal_basis": None,
                "period": None,
                "documents_in": total,
                "documents_certified": total,
                "input_digests": ["hmac-sha256:" + "0" * 32],
            }
        ],
        "accounting": {"in": total, "certified": total, "dropped": {}, "quarantined": {}, "columns_dropped": 0},
        "privacy": {
            "technique": "pseudonymisation",
            "secret_key_id": "hmac-sha256:" + "0" * 32,
            "entities": [
                {"entity_type": kind, "lang": "ko", "action": "mask", "spans": total, "documents": total}
                for kind in entities
            ],
            "recall": unmeasured,
            "residual": unmeasured,
            "regression_scan": {"status": "measured", "documents": total, "spans_left": 0, "note": "none"},
            "quasi_identifiers": unmeasured,
            "review": unmeasured,
        },
        "safety": {
            "exact_duplicates": 0,
            "near_duplicates": unmeasured,
            "hidden_characters": 0,
            "poisoning": unmeasured,
        },
        "pipeline": {
            "assay": "0.1.0",
            "packages": {},
            "environment_digest": digest,
            "policy": {"name": "default", "digest": digest, "resolved": {}},
            "recognizers": {"digest": digest, "names": []},
            "models": [],
            "seed": 0,
            "shard_bytes": 64_000_000,
        },
        "quality": {
            "suite": {"name": "default", "digest": digest},
            "results": [
                {
                    "id": "documents",
                    "expectation": "expect_column_values_to_be_between",
                    "arguments": {"min_value": 1},
                    "severity": "critical",
                    "status": "passed",
                    "observed": total,
                    "reason": None,
                }
            ],
            "metrics": {},
        },
        "legal": {"status": "not_assessed", "clauses": [], "residency": None, "approval": None},
        "decision": {"result": "passed", "waivers": []},
        "purpose": {"allowed": list(allowed), "intended_use": "tests"},
        "signatures_required": 1,
        "issuer": None,
        "previous_certificate": None,
        "statement": "This corpus was made for a test.",
        "non_claims": ["It claims nothing."],
    }
