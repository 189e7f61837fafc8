"""The signed form of a certificate: `sign`, `approve` and `verify`, and the same seal for any folder.

`attestation.json` is an in-toto Statement v1 in a DSSE envelope (`govern.envelope`) whose one subject is `SHA256SUMS`,
which lists every other file; so one signature covers the folder. The predicate of a corpus adds when it was issued, until
when it holds, its purpose, how many signatures it needs and the digest of its certificate, and must agree with
`certificate.json`. `verify` reports every file that differs, by name, and is the only way to a `CertifiedCorpus`. Keys
come from the caller, never from the folder. No clock is read: `now` is passed in.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import InitVar, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from govern import certificate as certificates
from govern import revocation
from govern.certificate import Certificate
from govern.clock import as_text, parse, whole_second
from govern.corpus import CertifiedShard
from govern.envelope import Opened, countersign, enough, failed, open_sealed, read_unverified, seal, statement
from govern.errors import InputError, Refused, VerificationError
from govern.files import ATTESTATION, LIMIT, MANIFEST, parse_canonical, sha256_file, write_whole
from govern.inventory import SUMS_BYTES, differences, parse_sums, read_plain, scan
from govern.keys import PrivateKey, PublicKey, load_trusted
from govern.lock import alone

__all__ = [
    "PREDICATE_ADAPTER",
    "PREDICATE_CORPUS",
    "PREDICATE_TOKENIZER",
    "CertifiedCorpus",
    "Opened",
    "approve",
    "countersign",
    "open_sealed",
    "seal",
    "seal_folder",
    "sign",
    "statement",
    "verify",
    "verify_folder",
]

PREDICATE_CORPUS = "urn:assay:certified-corpus:v1"
PREDICATE_TOKENIZER = "urn:assay:extended-tokenizer:v1"
PREDICATE_ADAPTER = "urn:assay:adapter:v1"

SPLITS = ("documents", "held-out")
"""The folders of shards; a split is called as its folder."""
CERTIFICATE_BYTES = 64 * 1024 * 1024
ATTESTATION_BYTES = 16 * 1024 * 1024
LEFT_BY_A_KILL = ATTESTATION + ".tmp"
"""What a killed `sign` or `approve` can leave; the same command again removes it."""

_BY_VERIFY = object()


@dataclass(frozen=True, slots=True)
class CertifiedCorpus:
    """A corpus whose signatures, certificate and every file verified; only `verify` makes one."""

    path: Path
    certificate: Certificate
    documents: tuple[CertifiedShard, ...]
    held_out: tuple[CertifiedShard, ...]
    key_ids: tuple[str, ...]
    issued: datetime
    not_after: datetime | None
    made_by: InitVar[object]

    def __post_init__(self, made_by: object) -> None:
        if made_by is not _BY_VERIFY:
            raise Refused("a CertifiedCorpus comes from govern.attestation.verify alone; verify the folder")


def sign(folder: Path, key: PrivateKey, *, issued: datetime, not_after: datetime | None) -> None:
    """Signs a draft: checks it whole, then writes its `attestation.json`.

    Args:
        folder: a draft of `govern certify`.
        key: the first signer's.
        issued: from when the attestation holds.
        not_after: until when, or None for no end.

    Raises:
        InputError: no draft, or an end before the beginning.
        Refused: it is signed already.
        VerificationError: a file differs from `SHA256SUMS`, or the certificate from the shards.
    """
    if not_after is not None and whole_second(not_after) <= whole_second(issued):
        raise InputError(
            f"--not-after {as_text(not_after)}: not later than the issue, {as_text(issued)}; give a later date"
        )
    _check_limit(folder, not_after)
    with _signing(folder):
        if os.path.lexists(folder / ATTESTATION):
            raise Refused(f"{folder}: is signed already; `govern approve {folder} --sign-key OTHER` adds a signature")
        sums = _draft_sums(folder)
        certificate, _ = _check_draft(folder, sums)
        predicate = {
            "certificate": certificate.digest,
            "issued": as_text(issued),
            "not_after": None if not_after is None else as_text(not_after),
            "purpose": list(certificate.purposes),
            "signatures_required": certificate.signatures_required,
        }
        subjects = [(MANIFEST, hashlib.sha256(sums).hexdigest())]
        _write(folder, seal(statement(subjects, PREDICATE_CORPUS, predicate), key))


def limit(folder: Path) -> datetime | None:
    """Until when a signature on a draft may hold at most: as long as the shortest-lived of what it was made of."""
    where = folder.with_name(f"{folder.name}.private") / LIMIT
    return parse(parse_canonical(where.read_bytes(), str(where))["not_after"]) if where.exists() else None


def _check_limit(folder: Path, not_after: datetime | None) -> None:
    """Returns where no part that the draft was merged from ends before this signature would."""
    end = limit(folder)
    if end is not None and (not_after is None or not_after > end):
        raise InputError(
            f"{folder}: a part of it holds until {end.date()}; sign with --not-after {end.date()} or an earlier day"
        )


def approve(folder: Path, key: PrivateKey) -> None:
    """Adds a signature by another key, after the same checks as `sign`.

    The signatures that are there are checked for form; whether they verify is for `verify`, under trusted keys.

    Raises:
        InputError: no such folder, or a draft that nobody signed.
        Refused: this key has signed it already.
        VerificationError: the folder or the attestation is not what was signed.
    """
    with _signing(folder):
        data = _attestation(folder)
        signed = countersign(data, str(folder / ATTESTATION), key)
        opened = Opened(read_unverified(data, str(folder / ATTESTATION), PREDICATE_CORPUS), ())
        certificate, _ = _check_draft(folder, _signed_sums(folder, opened))
        _check_agreement(folder, opened, certificate)
        _write(folder, signed)


def verify(
    folder: Path,
    trust: Sequence[Path],
    *,
    now: datetime,
    signatures: int | None = None,
    revocations: Path | None = None,
    purpose: str | None = None,
) -> CertifiedCorpus:
    """The certified corpus in `folder`, where everything about it holds.

    Args:
        folder: the certified corpus.
        trust: the public keys its signatures are checked against.
        now: the moment to check the dates for.
        signatures: how many distinct keys must have signed; raises what the certificate asks for, never lowers it.
        revocations: a signed list; where given, it must verify and must not name this corpus.
        purpose: `train` or `evaluate`; where given, the certificate must allow it.

    Raises:
        InputError: no such folder, no trusted key, or an unusable argument.
        VerificationError: unsigned, altered, expired, revoked, or signed by other or too few keys; names each problem.
        Refused: certified for another purpose.
    """
    keys = _trusted(folder, trust, signatures)
    opened = open_sealed(_attestation(folder), str(folder / ATTESTATION), PREDICATE_CORPUS, keys, signatures or 1)
    issued, not_after = _check_predicate(folder, opened, now)
    sums_sha256 = _one_subject(folder, opened)
    if revocations is not None:
        _check_revoked(folder, opened.predicate["certificate"], sums_sha256, revocation.load(revocations, keys))
    if purpose is not None and purpose not in opened.predicate["purpose"]:
        allowed = ", ".join(opened.predicate["purpose"]) or "none"
        raise Refused(
            f"{folder}: certified for another purpose ({allowed}), not for {purpose}; use a corpus certified for it"
        )
    certificate, shards = _check_draft(folder, _signed_sums(folder, opened))
    _check_agreement(folder, opened, certificate)
    enough(str(folder / ATTESTATION), opened.key_ids, certificate.signatures_required)
    documents, held_out = (tuple(shard for shard in shards if shard.path.parent.name == name) for name in SPLITS)
    return CertifiedCorpus(folder, certificate, documents, held_out, opened.key_ids, issued, not_after, _BY_VERIFY)


def seal_folder(folder: Path, key: PrivateKey, predicate_type: str, predicate: Mapping[str, Any]) -> None:
    """Writes `SHA256SUMS` over every file in `folder`, and `attestation.json` over that.

    Raises:
        InputError: no such folder, or an empty one.
        Refused: it is signed already.
        VerificationError: the folder holds a link, an empty folder, or a name that a list of checksums may not hold.
    """
    with _signing(folder):
        if os.path.lexists(folder / ATTESTATION):
            raise Refused(f"{folder}: is signed already; remove {ATTESTATION} to sign it anew")
        tree = scan(folder)
        names = [name for name in tree.files if name != MANIFEST]
        if not names:
            raise InputError(f"{folder}: holds no file, so there is nothing to sign; check the path")
        expected = {name: sha256_file(folder / name) for name in names}
        _raise_any(differences(folder, expected))
        sums = "".join(f"{sha256}  {name}\n" for name, sha256 in expected.items()).encode()
        sealed = seal(statement([(MANIFEST, hashlib.sha256(sums).hexdigest())], predicate_type, predicate), key)
        write_whole(folder / MANIFEST, sums)
        _write(folder, sealed)


def verify_folder(
    folder: Path, trust: Sequence[Path], predicate_type: str, *, now: datetime, signatures: int = 1
) -> Opened:
    """The statement over a sealed folder, where every signature and every file verifies.

    A predicate that has `issued` or `not_after` is checked for them at `now`.

    Raises:
        InputError: no such folder, or no trusted key.
        VerificationError: unsigned, altered, expired, or signed by other or too few keys; names each problem.
    """
    keys = _trusted(folder, trust, signatures)
    opened = open_sealed(_attestation(folder), str(folder / ATTESTATION), predicate_type, keys, signatures)
    _check_times(folder, opened.predicate.get("issued"), opened.predicate.get("not_after"), now)
    sums = _signed_sums(folder, opened)
    _raise_any(differences(folder, parse_sums(sums, str(folder / MANIFEST))))
    return opened


def _trusted(folder: Path, trust: Sequence[Path], signatures: int | None) -> tuple[PublicKey, ...]:
    keys = load_trusted(trust, folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; check the path")
    if signatures is not None and signatures < 1:
        raise InputError(f"--signatures {signatures}: at least 1 signature is always required; give 1 or more")
    return keys


def _attestation(folder: Path) -> bytes:
    path = folder / ATTESTATION
    if not os.path.lexists(path):
        raise failed(
            str(path), f"missing, so this is an unsigned draft; `govern sign {folder} --sign-key KEY` signs it"
        )
    return read_plain(path, ATTESTATION_BYTES)


def _draft_sums(folder: Path) -> bytes:
    for name in (certificates.FILE, MANIFEST):
        if not os.path.lexists(folder / name):
            raise InputError(f"{folder}: has no {name}, so it is no draft; `govern certify` makes one")
    return read_plain(folder / MANIFEST, SUMS_BYTES)


def _one_subject(folder: Path, opened: Opened) -> str:
    if set(opened.subjects) != {MANIFEST}:
        raise failed(str(folder / ATTESTATION), f"is not about {MANIFEST} alone; sign the folder again")
    return opened.subjects[MANIFEST]


def _signed_sums(folder: Path, opened: Opened) -> bytes:
    expected = _one_subject(folder, opened)
    sums = read_plain(folder / MANIFEST, SUMS_BYTES)
    found = hashlib.sha256(sums).hexdigest()
    if found != expected:
        raise failed(
            str(folder / MANIFEST),
            f"changed, sha256 {found[:12]}… does not match the attestation's {expected[:12]}…; restore the file",
        )
    return sums


def _check_draft(folder: Path, sums: bytes) -> tuple[Certificate, tuple[CertifiedShard, ...]]:
    """The certificate and its shards, where every file is what `sums` says and the shards are those it names."""
    expected = parse_sums(sums, str(folder / MANIFEST))
    _raise_any(differences(folder, expected))
    where = str(folder / certificates.FILE)
    if certificates.FILE not in expected:
        raise failed(where, "not in the signed list; certify again")
    data = read_plain(folder / certificates.FILE, CERTIFICATE_BYTES)
    if hashlib.sha256(data).hexdigest() != expected[certificates.FILE]:
        raise failed(where, "changed while it was read; restore the file")
    try:
        certificate = certificates.load(data, where)
    except (InputError, ValueError, RecursionError) as error:
        sentence = str(error) if isinstance(error, InputError) else f"{where}: not canonical JSON; restore the file"
        raise VerificationError((sentence,)) from None
    return certificate, _shards(folder, certificate, expected)


def _shards(folder: Path, certificate: Certificate, expected: Mapping[str, str]) -> tuple[CertifiedShard, ...]:
    where = str(folder / certificates.FILE)
    named: dict[str, int] = {}
    for split in certificate.claim["corpus"]["splits"]:
        for shard in split["shards"]:
            path = shard["path"]
            if path in named or (folder_name := path.partition("/")[0]) not in SPLITS or folder_name != split["name"]:
                raise failed(where, f"names {path} twice, or in the wrong split; certify again")
            named[path] = shard["documents"]
    present = {name for name in expected if name.endswith(".parquet")}
    problems = [f"{folder / name}: in the certificate, but no file; certify again" for name in named.keys() - present]
    problems += [
        f"{folder / name}: a Parquet file the certificate does not name; certify again"
        for name in present - named.keys()
    ]
    _raise_any(tuple(sorted(problems)))
    return tuple(CertifiedShard(folder / name, expected[name], named[name]) for name in sorted(named))


def _check_predicate(folder: Path, opened: Opened, now: datetime) -> tuple[datetime, datetime | None]:
    predicate = opened.predicate
    where = str(folder / ATTESTATION)
    if set(predicate) != {"certificate", "issued", "not_after", "purpose", "signatures_required"}:
        raise failed(where, "the signed predicate has unknown or missing fields; update assay, or sign again")
    if not isinstance(predicate["certificate"], str) or not isinstance(predicate["purpose"], list):
        raise failed(where, "the signed predicate's certificate or purpose is malformed; sign again")
    issued, not_after = _check_times(folder, predicate["issued"], predicate["not_after"], now)
    if issued is None:
        raise failed(where, "the signed predicate has no date of issue; sign again")
    return issued, not_after


def _check_times(folder: Path, issued: Any, not_after: Any, now: datetime) -> tuple[datetime | None, datetime | None]:
    where = str(folder / ATTESTATION)
    moment = whole_second(now)
    try:
        begins, ends = (None if text is None else parse(text) for text in (issued, not_after))
    except (ValueError, TypeError):
        raise failed(where, "a signed date is not RFC 3339 in UTC; sign again") from None
    if begins is not None and begins > moment:
        raise failed(where, f"issued in the future ({issued}, now {as_text(now)}); check the clock, or the signer's")
    if ends is not None and ends < moment:
        raise failed(where, f"expired at {not_after} (now {as_text(now)}); certify and sign again")
    return begins, ends


def _check_agreement(folder: Path, opened: Opened, certificate: Certificate) -> None:
    """The predicate repeats what the certificate says, so that a reader of either is not misled."""
    predicate = opened.predicate
    says = (predicate.get("certificate"), predicate.get("purpose"), predicate.get("signatures_required"))
    if says != (certificate.digest, list(certificate.purposes), certificate.signatures_required):
        raise failed(
            str(folder / ATTESTATION),
            f"digest, purpose or signatures_required differ from {certificates.FILE}; sign the folder again",
        )


def _check_revoked(folder: Path, certificate: str, sums: str, entries: Sequence[revocation.Revocation]) -> None:
    entry = revocation.is_revoked(entries, certificate, sums)
    if entry is not None:
        raise failed(str(folder), f"revoked at {as_text(entry.revoked_at)}: {entry.reason}; use another corpus")


def _raise_any(problems: tuple[str, ...]) -> None:
    if problems:
        raise VerificationError(problems)


def _write(folder: Path, sealed: bytes) -> None:
    try:
        write_whole(folder / ATTESTATION, sealed)
    except OSError as error:
        raise InputError(
            f"{folder / ATTESTATION}: cannot be written ({error.strerror}); check permissions and space"
        ) from None


@contextmanager
def _signing(folder: Path) -> Iterator[None]:
    """Holds the folder, and clears what a killed writer of `attestation.json` left."""
    with alone(folder):
        (folder / LEFT_BY_A_KILL).unlink(missing_ok=True)
        yield
