"""A small certified folder and fixed signers, for the tests of signing. The keys are public knowledge: never trust them."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from govern.certificate import certify
from govern.files import canonical, manifest
from govern.keys import PrivateKey, load_private

SIGNERS = ("alice", "bob", "carol", "dave", "mallory")
ISSUED = datetime(2026, 1, 31, 9, 0, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)

SHARDS = {
    "documents/part-00000.parquet": ["A loan of <NUMBER_1> was agreed.", "대출 금리가 올랐다."],
    "documents/part-00001.parquet": ["<PERSON_1> asked for a statement."],
    "held-out/part-00000.parquet": ["Rates were left unchanged."],
}


@dataclass(frozen=True)
class Signer:
    """A private key, and where its two halves lie."""

    private: PrivateKey
    private_path: Path
    public: Path


def signer(name: str, folder: Path) -> Signer:
    """The fixed signer of this name; alice, bob and mallory have Ed25519 keys, carol and dave P-256."""
    seed = hashlib.sha256(f"assay test signer {name}".encode()).digest()
    if name in ("carol", "dave"):
        made = derive_private_key(int.from_bytes(seed, "big") >> 1, SECP256R1())
    else:
        made = Ed25519PrivateKey.from_private_bytes(seed)
    private_path, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private_path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private_path.chmod(0o600)
    private = load_private(private_path)
    public.write_bytes(private.public.pem)
    return Signer(private, private_path, public)


def write_draft(folder: Path, **changes: Any) -> Path:
    """A draft of three shards; `changes` replace top-level members of the claim."""
    import polars as pl

    for path, texts in SHARDS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        rows = {
            "id": [f"{path[:4]}{number}" for number in range(len(texts))],
            "text": texts,
            "lang": ["en"] * len(texts),
            "source": ["notes"] * len(texts),
        }
        pl.DataFrame(rows).write_parquet(folder / path, row_group_size=1024)
    (folder / "evidence").mkdir()
    (folder / "evidence/metrics.json").write_bytes(canonical({"documents": 4}))
    (folder / "README.md").write_text("# A certified corpus\n", encoding="utf-8")
    (folder / "report.html").write_text("<!doctype html><title>report</title>\n", encoding="utf-8")
    (folder / "croissant.json").write_bytes(canonical({"@type": "sc:Dataset"}))
    (folder / "certificate.json").write_bytes(certify({**claim(), **changes}).data)
    (folder / "SHA256SUMS").write_bytes(manifest(folder))
    return folder


def claim() -> dict[str, Any]:
    """A claim that fits the schema and the shards of `write_draft`."""
    unmeasured = {"status": "not_measured", "reason": "a test"}
    digest = "sha256:" + "0" * 64
    return {
        "format_version": 1,
        "kind": "assay-corpus-certificate",
        "corpus": {
            "name": "test corpus",
            "documents": 4,
            "text_bytes": 120,
            "characters": 100,
            "words": 20,
            "tokens": unmeasured,
            "languages": [{"lang": "en", "documents": 4, "text_bytes": 120}],
            "splits": [_split("documents", None), _split("held-out", 250_000)],
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
                "documents_in": 4,
                "documents_certified": 4,
                "input_digests": ["hmac-sha256:" + "0" * 32],
            }
        ],
        "accounting": {"in": 4, "certified": 4, "dropped": {}, "quarantined": {}, "columns_dropped": 0},
        "privacy": {
            "technique": "pseudonymisation",
            "secret_key_id": "hmac-sha256:" + "0" * 32,
            "entities": [],
            "recall": unmeasured,
            "residual": unmeasured,
            "regression_scan": {"status": "measured", "documents": 4, "spans_left": 0, "note": "no residual risk"},
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
            "packages": {"polars": "2.1.0"},
            "environment_digest": digest,
            "policy": {"name": "default", "digest": digest, "resolved": {}},
            "recognizers": {"digest": digest, "names": ["person"]},
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
                    "observed": 4,
                    "reason": None,
                }
            ],
            "metrics": {"documents": 4},
        },
        "legal": {"status": "not_assessed", "clauses": [], "residency": None, "approval": None},
        "decision": {"result": "passed", "waivers": []},
        "purpose": {"allowed": ["train", "evaluate"], "intended_use": "tests"},
        "signatures_required": 1,
        "issuer": None,
        "previous_certificate": None,
        "statement": "This corpus was made for a test.",
        "non_claims": ["It claims nothing."],
    }


def _split(name: str, share_ppm: int | None) -> dict[str, Any]:
    shards = [
        {"path": path, "documents": len(texts), "text_bytes": 30}
        for path, texts in SHARDS.items()
        if path.startswith(name)
    ]
    documents = sum(shard["documents"] for shard in shards)
    disjoint = ["document", "duplicate_group"]
    return {"name": name, "documents": documents, "share_ppm": share_ppm, "disjoint_by": disjoint, "shards": shards}


def write_golden(folder: Path) -> None:
    """Writes the golden attestations of this format version: once for each version, and never again after its release."""
    from govern.attestation import approve, sign

    (folder / "keys").mkdir(parents=True)
    made = {name: signer(name, folder / "keys") for name in ("alice", "carol")}
    for name, signers, required in (("ed25519", ["alice"], 1), ("p256", ["carol"], 1), ("two", ["alice", "carol"], 2)):
        write_draft(folder / name, signatures_required=required)
        sign(folder / name, made[signers[0]].private, issued=ISSUED, not_after=None)
        for other in signers[1:]:
            approve(folder / name, made[other].private)
    for each in made.values():
        each.private_path.unlink()
