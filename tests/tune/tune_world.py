"""What the tests of `tune` are made from: a signed bilingual corpus, a base tokenizer, a recipe. Loaded by `conftest.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
ISSUED = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
RECIPE = """
corpus = "corpus"
trust = ["keys/sign.pub"]
model = "model"
tokenizer = "tokenizer"
out = "adapter"
sign_key = "keys/sign.pem"

[training]
seed = 7
steps = 6
batch = 4
micro_batch = 2
max_length = 64
learning_rate = 2e-3
checkpoint_steps = 2
evaluation_rows = 4
"""
SENTENCES = (
    "The EBITDA of the borrower rose by {n} bps against the covenant.",
    "<PERSON_1> asked for a statement of the revolving credit facility of {n} million.",
    "대출 금리가 {n}bp 올라 순이자마진이 개선되었다.",
    "<PERSON_1> 고객은 주택담보대출 {n}억원의 만기 연장을 신청하였다.",
)


@dataclass(frozen=True)
class World:
    """A folder with everything that a run needs."""

    root: Path

    @property
    def recipe_file(self) -> Path:
        return self.root / "recipe.toml"

    @property
    def trust(self) -> tuple[Path, ...]:
        return (self.root / "keys/sign.pub",)

    @property
    def adapter(self) -> Path:
        return self.root / "adapter"

    def recipe(self, **changes: Any):
        from tune.recipe import load

        return load(self.recipe_file).model_copy(update=changes)

    def folders(self) -> dict[str, Path]:
        return {name: self.root / name for name in ("corpus", "tokenizer", "model")}


def texts(count: int, first: int = 0) -> list[str]:
    """Short synthetic documents, no two alike."""
    return [
        " ".join(
            SENTENCES[(number + part) % len(SENTENCES)].format(n=number * 3 + part) for part in range(1 + number % 3)
        )
        for number in range(first, first + count)
    ]


def as_text(documents: list[str]) -> dict[str, list[Any]]:
    """Documents in the column `text`."""
    return {"text": documents}


def as_messages(documents: list[str]) -> dict[str, list[Any]]:
    """Each document as an answer to a question."""
    return {
        "messages": [
            [{"role": "user", "content": "금리는?"}, {"role": "assistant", "content": document}]
            for document in documents
        ]
    }


def as_pairs(documents: list[str]) -> dict[str, list[Any]]:
    """Each document cut into a prompt and its completion."""
    return {
        "prompt": [one[: len(one) // 3] for one in documents],
        "completion": [one[len(one) // 3 :] for one in documents],
    }


def write_corpus(
    folder: Path,
    key: Any,
    *,
    not_after: datetime | None = None,
    columns_of: Callable[[list[str]], dict[str, list[Any]]] = as_text,
    **changes: Any,
) -> Path:
    """A signed corpus of two shards and a held-out part; `changes` replace top-level members of the claim."""
    import polars as pl

    from govern.attestation import sign
    from govern.certificate import certify
    from govern.files import manifest

    parts = {
        "documents/part-00000.parquet": texts(30),
        "documents/part-00001.parquet": texts(20, 30),
        "held-out/part-00000.parquet": texts(10, 50),
    }
    for path, documents in parts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        size = len(documents)
        columns = {
            "id": [f"{path}{row}" for row in range(size)],
            **columns_of(documents),
            "lang": ["en"] * size,
            "source": ["a"] * size,
        }
        pl.DataFrame(columns).write_parquet(folder / path)
    claimed = {**claim({p: len(t) for p, t in parts.items()}), **changes}
    claimed["corpus"]["columns"] = list(columns)
    (folder / "certificate.json").write_bytes(certify(claimed).data)
    (folder / "SHA256SUMS").write_bytes(manifest(folder))
    sign(folder, key, issued=ISSUED, not_after=not_after)
    return folder


def claim(parts: dict[str, int]) -> dict[str, Any]:
    """A claim that fits the schema and these shards."""
    missing = {"status": "not_measured", "reason": "a test"}
    digest = "sha256:" + "0" * 64
    total = sum(parts.values())

    def split(name: str, share: int | None) -> dict[str, Any]:
        shards = [
            {"path": path, "documents": size, "text_bytes": 1} for path, size in parts.items() if path.startswith(name)
        ]
        documents = sum(shard["documents"] for shard in shards)
        return {"name": name, "documents": documents, "share_ppm": share, "disjoint_by": ["document"], "shards": shards}

    result = {
        "id": "a",
        "expectation": "b",
        "arguments": {},
        "severity": "critical",
        "status": "passed",
        "observed": 1,
        "reason": None,
    }
    return {
        "format_version": 1,
        "kind": "assay-corpus-certificate",
        "corpus": {
            "name": "test", "documents": total, "text_bytes": 1, "characters": 1, "words": 1, "tokens": missing,
            "languages": [], "splits": [split("documents", None), split("held-out", 1000)],
            "columns": ["id", "text", "lang", "source"],
        },
        "sources": [],
        "accounting": {"in": total, "certified": total, "dropped": {}, "quarantined": {}, "columns_dropped": 0},
        "privacy": {
            "technique": "pseudonymisation", "secret_key_id": "hmac-sha256:" + "0" * 32, "entities": [], "recall": missing,
            "residual": missing, "quasi_identifiers": missing, "review": missing,
            "regression_scan": {"status": "measured", "documents": total, "spans_left": 0, "note": "a test"},
        },
        "safety": {"exact_duplicates": 0, "near_duplicates": missing, "hidden_characters": 0, "poisoning": missing},
        "pipeline": {
            "assay": "0", "packages": {}, "environment_digest": digest,
            "policy": {"name": "a", "digest": digest, "resolved": {}},
            "recognizers": {"digest": digest, "names": []}, "models": [], "seed": 0, "shard_bytes": 1,
        },
        "quality": {"suite": {"name": "a", "digest": digest}, "results": [result], "metrics": {}},
        "legal": {"status": "not_assessed", "clauses": [], "residency": None, "approval": None},
        "decision": {"result": "passed", "waivers": []},
        "purpose": {"allowed": ["train"], "intended_use": "tests"},
        "signatures_required": 1,
        "issuer": None,
        "previous_certificate": None,
        "statement": "Made for a test.",
        "non_claims": ["It claims nothing."],
    }  # fmt: skip


def write_base_tokenizer(folder: Path) -> Path:
    """A byte-level BPE of 400 tokens, trained on other text than the terms it will be extended with."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(
        ["the borrower asked for a statement of the credit", "고객은 만기 연장을 신청하였다"] * 4, trainer
    )
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"bos_token": "<s>", "eos_token": "</s>"}', encoding="utf-8")
    return folder
