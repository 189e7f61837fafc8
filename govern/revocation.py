"""The revocation list: certified corpora that must not be used any more, in one signed file that lives outside them.

The file is a DSSE envelope of canonical JSON (RFC 8785) with its own payload type, so no attestation passes for a list
nor a list for an attestation. An entry names the certificate and the list of checksums it revokes, why and when, and the
digest of the entry before it, so of two copies one can tell whether the longer continues the shorter. Every change signs
the whole list again. A list that is missing, altered or signed by an untrusted key is an error, never "nothing revoked".
An old copy of a list still verifies: fetch the newest before a run that matters.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from govern import certificate as certificates
from govern.clock import as_text, parse
from govern.envelope import KEY_ID, SHA256_HEX, failed, open_payload, seal_payload
from govern.errors import InputError, Refused, VerificationError
from govern.files import MANIFEST, canonical, digest, parse_canonical, write_whole
from govern.inventory import read_plain
from govern.keys import PrivateKey, PublicKey
from govern.lock import alone

PAYLOAD_TYPE = "application/vnd.assay.revocations+json"
FORMAT_VERSION = 1
KIND = "assay-revocations"
LIST_BYTES = 16 * 1024 * 1024
REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Revocation:
    """One revoked corpus: its certificate's digest, the SHA-256 of its `SHA256SUMS`, why, and since when."""

    certificate: str
    manifest: str
    reason: str
    revoked_at: datetime


def revoke(
    folder: Path,
    key: PrivateKey,
    reason: str,
    revocations: Path,
    now: datetime,
    trust: Sequence[PublicKey] = (),
) -> Revocation:
    """Appends the corpus in `folder` to the list, which is started where the file is missing.

    The corpus itself is not verified: a damaged one can be revoked, as long as its certificate and list of checksums
    can be read.

    Args:
        folder: the certified corpus.
        key: signs the whole list; an existing list must be signed by it or by one of `trust`.
        reason: one line, without personal data: it ships with the list.
        revocations: the list, outside `folder`.
        now: when it is revoked, UTC.
        trust: further keys whose list this key may continue.

    Raises:
        InputError: `folder` is no certified corpus, the list would lie inside it, or the reason is unusable.
        VerificationError: the existing list does not verify.
        Refused: the corpus is revoked already, or another process is writing the list.
    """
    _check_reason(reason)
    if revocations.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{revocations}: lies inside the corpus it would revoke; keep the list elsewhere")
    made = Revocation(*_identity(folder), reason, now)
    with alone(revocations.absolute().parent):
        entries = _entries(revocations, (key.public, *trust)) if os.path.lexists(revocations) else []
        if _find(entries, made.certificate, made.manifest) is not None:
            raise Refused(f"{folder}: is revoked already in {revocations}; nothing to add")
        entries.append(
            {
                "certificate": made.certificate,
                "manifest": made.manifest,
                "previous": digest(entries[-1]) if entries else None,
                "reason": reason,
                "revoked_at": as_text(now),
            }
        )
        _write(revocations, entries, key)
    return made


def start(revocations: Path, key: PrivateKey) -> None:
    """Writes a list with nothing in it, for those who check against one from the first day.

    Raises:
        InputError: the file is there already.
    """
    with alone(revocations.absolute().parent):
        if os.path.lexists(revocations):
            raise InputError(f"{revocations}: is there already; revoke adds to it")
        _write(revocations, [], key)


def load(revocations: Path, trust: Sequence[PublicKey]) -> tuple[Revocation, ...]:
    """The entries of a list, oldest first, after every check.

    Raises:
        InputError: no trusted key.
        VerificationError: the file is missing, altered, or signed by a key that is not trusted.
    """
    return tuple(
        Revocation(entry["certificate"], entry["manifest"], entry["reason"], parse(entry["revoked_at"]))
        for entry in _entries(revocations, trust)
    )


def is_revoked(entries: Sequence[Revocation], certificate: str, manifest: str) -> Revocation | None:
    """The first entry that names this certificate digest, or this SHA-256 of `SHA256SUMS`; None where none does."""
    return next((entry for entry in entries if entry.certificate == certificate or entry.manifest == manifest), None)


def _identity(folder: Path) -> tuple[str, str]:
    try:
        claim = read_plain(folder / certificates.FILE, LIST_BYTES * 4)
        sums = read_plain(folder / MANIFEST, LIST_BYTES * 4)
    except VerificationError as error:
        raise InputError(f"{error}: without it the corpus cannot be named; give a certified corpus") from None
    return "sha256:" + hashlib.sha256(claim).hexdigest(), hashlib.sha256(sums).hexdigest()


def _check_reason(reason: str) -> None:
    if not reason.strip() or not reason.isprintable():
        raise InputError("--reason: empty, or more than one line; say in one line why, without personal data")
    if len(reason) > REASON_CHARACTERS:
        raise InputError(f"--reason: {len(reason)} characters, at most {REASON_CHARACTERS}; shorten it")


def _entries(revocations: Path, trust: Sequence[PublicKey]) -> list[dict[str, Any]]:
    where = str(revocations)
    payload, _ = open_payload(read_plain(revocations, LIST_BYTES), where, PAYLOAD_TYPE, trust)
    try:
        value = parse_canonical(payload, where)
    except (InputError, ValueError, RecursionError):
        raise failed(where, "the signed list is not canonical JSON; restore the file") from None
    if not isinstance(value, dict) or set(value) != {"entries", "format_version", "kind"}:
        raise failed(where, "the signed list has unknown fields; update assay to read it")
    if value["format_version"] != FORMAT_VERSION or value["kind"] != KIND or not isinstance(value["entries"], list):
        raise failed(where, f"is not a revocation list of version {FORMAT_VERSION}; update assay to read it")
    before: str | None = None
    entries: list[dict[str, Any]] = value["entries"]
    for number, entry in enumerate(entries, 1):
        if not _is_entry(entry) or entry["previous"] != before:
            raise failed(where, f"entry {number} is malformed, or does not continue the one before; restore the file")
        before = digest(entry)
    return entries


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or set(entry) != {"certificate", "manifest", "previous", "reason", "revoked_at"}:
        return False
    texts = (entry["certificate"], entry["manifest"], entry["reason"], entry["revoked_at"])
    if not all(isinstance(text, str) for text in texts) or not entry["reason"].isprintable():
        return False
    if not KEY_ID.fullmatch(entry["certificate"]) or not SHA256_HEX.fullmatch(entry["manifest"]):
        return False
    try:
        parse(entry["revoked_at"])
    except ValueError:
        return False
    return True


def _find(entries: list[dict[str, Any]], certificate: str, manifest: str) -> dict[str, Any] | None:
    return next((one for one in entries if one["certificate"] == certificate and one["manifest"] == manifest), None)


def _write(revocations: Path, entries: list[dict[str, Any]], key: PrivateKey) -> None:
    value = {"entries": entries, "format_version": FORMAT_VERSION, "kind": KIND}
    try:
        write_whole(revocations, seal_payload(canonical(value), PAYLOAD_TYPE, key))
    except OSError as error:
        raise InputError(f"{revocations}: cannot be written ({error.strerror}); the list is as it was") from None
