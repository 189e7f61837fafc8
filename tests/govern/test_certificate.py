"""The certificate: canonical, of a known version, and nothing but what the schema allows."""

import json
from pathlib import Path

import pytest

from govern.certificate import FORMAT_VERSION, certify, load, schema
from govern.errors import InputError
from govern.files import canonical


@pytest.fixture
def claim(draft: Path) -> dict:
    """A schema-valid claim."""
    return json.loads((draft / "certificate.json").read_bytes())


def test_a_claim_becomes_canonical_bytes_that_load_to_it(claim: dict) -> None:
    """Certifying and loading are inverse, and the digest is of the bytes."""
    made = certify(claim)
    assert made.claim == claim
    assert load(made.data, "x").digest == made.digest
    assert made.purposes == tuple(claim["purpose"]["allowed"])


@pytest.mark.parametrize("version", [0, 2, "1", None, True])
def test_an_unknown_version_is_refused(claim: dict, version: object) -> None:
    """Nothing is read out of a format that is not ours."""
    with pytest.raises(InputError, match=f"expected {FORMAT_VERSION}; update assay"):
        certify({**claim, "format_version": version})


def test_every_field_is_required_and_no_other_is_allowed(claim: dict) -> None:
    """A claim without one of its fields, or with one more, is no certificate."""
    for name in schema()["required"]:
        if name != "format_version":
            with pytest.raises(InputError, match="does not fit the schema"):
                certify({other: value for other, value in claim.items() if other != name})
    with pytest.raises(InputError, match="does not fit the schema"):
        certify({**claim, "anonymous": True})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("decision", "result"), "refused"),
        (("signatures_required",), 0),
        (("accounting", "in"), -1),
        (("privacy", "recall"), {"status": "not_measured"}),
        (("privacy", "recall"), {"status": "measured"}),
        (("purpose", "allowed"), ["sell"]),
        (("quality", "results"), []),
        (("privacy", "secret_key_id"), "sha256:" + "0" * 64),
    ],
)
def test_a_value_out_of_the_schema_is_refused_by_its_place(claim: dict, path: tuple[str, ...], value: object) -> None:
    """The message names the field, never the value."""
    changed = json.loads(canonical(claim))
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(InputError, match=path[0]):
        certify(changed)


def test_what_is_not_measured_says_why(claim: dict) -> None:
    """No field is silently absent: each unmeasured one carries its reason."""
    for name in ("recall", "residual", "quasi_identifiers", "review"):
        assert claim["privacy"][name]["status"] == "measured" or claim["privacy"][name]["reason"]
