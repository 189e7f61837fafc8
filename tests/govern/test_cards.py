"""The cards beside a certified corpus."""

import json
from pathlib import Path

from govern.cards import croissant, readme
from govern.certificate import load
from govern.files import sha256_file


def test_croissant_lists_every_parquet_with_its_digest(certified_folder: Path) -> None:
    """Each file object names a file of the corpus and its true SHA-256; each split has its record set."""
    certificate = load((certified_folder / "certificate.json").read_bytes(), "certificate.json")
    described = croissant(certificate, certified_folder)
    assert json.loads(json.dumps(described)) == described
    objects = {
        entry["contentUrl"]: entry["sha256"] for entry in described["distribution"] if entry["@type"] == "cr:FileObject"
    }
    parquet = {
        path.relative_to(certified_folder).as_posix(): sha256_file(path) for path in certified_folder.rglob("*.parquet")
    }
    assert objects == parquet
    splits = [split["name"] for split in certificate.claim["corpus"]["splits"]]
    assert [entry["name"] for entry in described["recordSet"]] == splits


def test_the_card_repeats_what_is_not_claimed(certified_folder: Path) -> None:
    """The card carries the counts and every non-claim of the certificate."""
    certificate = load((certified_folder / "certificate.json").read_bytes(), "certificate.json")
    card = readme(certificate)
    for line in certificate.claim["non_claims"]:
        assert f"- {line}" in card
    assert certificate.digest in card
    assert card.startswith("---\nlanguage:\n")


def test_a_column_cannot_write_markdown_into_the_card(certified_folder: Path) -> None:
    """Its name stands as code, line ends and code marks escaped."""
    certificate = load((certified_folder / "certificate.json").read_bytes(), "certificate.json")
    certificate.claim["corpus"]["columns"].append("x`\n# Audited by the regulator")
    assert "`x'\\n# Audited by the regulator`" in readme(certificate)
    assert "\n# Audited" not in readme(certificate)
