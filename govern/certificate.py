"""The certificate: what a run claims about a corpus, as canonical JSON, checked against a published schema.

The claim holds no clock, no host and no text of a document. What was not measured says so, with the reason, instead of
being left out. `certificate.schema.json` beside this file is the contract; an unknown `format_version` is refused.
"""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from govern.errors import InputError
from govern.files import canonical, parse_canonical

FORMAT_VERSION = 1
FILE = "certificate.json"


@dataclass(frozen=True, slots=True)
class Certificate:
    """An unsigned claim: its canonical bytes, and the value they parse to (read it, never change it)."""

    data: bytes = field(repr=False)
    claim: dict[str, Any] = field(repr=False)

    @property
    def digest(self) -> str:
        """`sha256:` and the hexadecimal SHA-256 of the canonical bytes."""
        return "sha256:" + hashlib.sha256(self.data).hexdigest()

    @property
    def purposes(self) -> tuple[str, ...]:
        """What the corpus may be used for, of `train` and `evaluate`."""
        return tuple(self.claim["purpose"]["allowed"])

    @property
    def signatures_required(self) -> int:
        """How many distinct keys must have signed."""
        return int(self.claim["signatures_required"])


def certify(claim: dict[str, Any]) -> Certificate:
    """The certificate of `claim`; raises `InputError` where the claim does not fit the schema."""
    return load(canonical(claim), "certificate")


def load(data: bytes, where: str) -> Certificate:
    """The certificate in canonical bytes.

    Raises:
        InputError: the bytes are not canonical JSON, the version is unknown, or a field does not fit the schema.
    """
    from jsonschema import Draft202012Validator

    claim = parse_canonical(data, where)
    version = claim.get("format_version") if isinstance(claim, dict) else None
    if type(version) is not int or version != FORMAT_VERSION:
        raise InputError(f"{where}: format_version {version!r}, expected {FORMAT_VERSION}; update assay to read it")
    problems = sorted(Draft202012Validator(schema()).iter_errors(claim), key=lambda problem: problem.json_path)
    if problems:
        raise InputError(
            f"{where}: {problems[0].json_path} does not fit the schema ({problems[0].validator}); certify again"
        )
    return Certificate(data, claim)


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of certificate version 1."""
    text = resources.files("govern").joinpath("certificate.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
