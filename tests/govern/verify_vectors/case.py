"""A signed folder to spoil, a vector that spoils it, and the ways of spoiling that several vectors share."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern import envelope
from govern.files import canonical, manifest
from govern.keys import PrivateKey

ZERO = "0" * 64
Spoil = Callable[["Case"], None]


@dataclass
class Case:
    """A signed folder to spoil, and how it will be verified."""

    folder: Path
    keys: dict[str, Any]
    signing: Any
    trust: list[str] = field(default_factory=lambda: ["alice", "carol"])
    trust_paths: list[Path] = field(default_factory=list)
    signatures: int | None = None
    revocations: Path | None = None
    purpose: str | None = None

    def private(self, name: str) -> PrivateKey:
        """The private key of a signer."""
        key: PrivateKey = self.keys[name].private
        return key

    @property
    def paths(self) -> list[Path]:
        """The public keys that are trusted."""
        return [self.keys[name].public for name in self.trust] + self.trust_paths

    @property
    def attestation(self) -> Path:
        """The file with the signatures."""
        return self.folder / "attestation.json"

    def envelope(self) -> dict[str, Any]:
        """The envelope as it stands."""
        parsed: dict[str, Any] = json.loads(self.attestation.read_bytes())
        return parsed

    def statement(self) -> dict[str, Any]:
        """The statement as it stands."""
        parsed: dict[str, Any] = json.loads(base64.b64decode(self.envelope()["payload"]))
        return parsed

    def reseal(self, payload: bytes, signer: str = "alice") -> None:
        """Signs another payload with a trusted key."""
        self.attestation.write_bytes(envelope.seal_payload(payload, envelope.PAYLOAD_TYPE, self.private(signer)))

    def resign(self) -> None:
        """Signs the folder's present SHA256SUMS and certificate with a trusted key, whatever they hold."""
        statement = self.statement()
        sums, claim = ((self.folder / name).read_bytes() for name in ("SHA256SUMS", "certificate.json"))
        statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(sums).hexdigest()
        statement["predicate"]["certificate"] = "sha256:" + hashlib.sha256(claim).hexdigest()
        self.reseal(canonical(statement))

    def relist(self) -> None:
        """Writes SHA256SUMS anew over what is there, and signs it."""
        (self.folder / "SHA256SUMS").write_bytes(manifest(self.folder))
        self.resign()


@dataclass(frozen=True)
class Vector:
    """One way to spoil a folder; `base` is the signed folder it starts from."""

    name: str
    base: str
    spoil: Spoil
    named: str = "attestation.json"
    shell: bool = True


def rewrite(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    """Changes the bytes of one file."""

    def spoil(case: Case) -> None:
        path = case.folder / name
        path.write_bytes(change(path.read_bytes()))

    return spoil


def pretty(data: bytes) -> bytes:
    """The same JSON, one member a line."""
    return json.dumps(json.loads(data), indent=1).encode()


def reversed_keys(data: bytes) -> bytes:
    """The same JSON, its members in the other order."""
    return json.dumps(dict(reversed(json.loads(data).items())), separators=(",", ":")).encode()


def edited(edit: Callable[[dict[str, Any]], Any]) -> Spoil:
    """Changes the envelope and writes it in canonical form, nothing signed again."""

    def spoil(case: Case) -> None:
        value = case.envelope()
        other = edit(value)
        case.attestation.write_bytes(canonical(value if other is None else other))

    return spoil


def first_signature(value: dict[str, Any]) -> dict[str, Any]:
    """The first signature of an envelope."""
    first: dict[str, Any] = value["signatures"][0]
    return first
