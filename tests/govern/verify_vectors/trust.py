"""Keys, numbers of signatures, purposes and revocation lists."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from govern import attestation, envelope, revocation
from govern.files import canonical
from verify_vectors.case import Case, Spoil, Vector


def vectors() -> Iterator[Vector]:
    """Every vector of this kind."""
    yield Vector("another key of the same kind is trusted", "alice", _set(trust=["bob"]))
    yield Vector("another key of another kind is trusted", "alice", _set(trust=["dave"]))
    yield Vector("one of two signers is not trusted", "both", _set(trust=["alice"]))
    yield Vector("the other of two signers is not trusted", "both", _set(trust=["carol"]))
    yield Vector("two signatures asked for, one there", "alice", _set(signatures=2))
    yield Vector("three signatures asked for, two there", "both", _set(signatures=3))
    yield Vector("the certificate asks for two, one is there", "dual-half", _set())
    yield Vector("the certificate asks for two, the flag for one", "dual-half", _set(signatures=1))
    yield Vector("signed anew by a stranger", "alice", _stranger)
    yield Vector("approved by a stranger", "alice", _approved_by_stranger)
    yield Vector("the attestation of another corpus", "alice", _other_attestation, "SHA256SUMS")
    yield Vector("a revocation list as the attestation", "alice", _list_as_attestation)
    yield Vector("for another purpose", "evaluate-only", _set(purpose="train"), "purpose")
    yield Vector("for an unknown purpose", "alice", _set(purpose="sell"), "purpose")
    yield Vector("for part of a purpose", "alice", _set(purpose="rain"), "purpose")
    yield Vector("revoked", "alice", _revoked(lambda _: None), "revoked")
    yield Vector("revoked by another trusted key", "alice", _revoked(lambda _: None, "carol"), "revoked")
    yield Vector("revoked, and signed anew since", "alice", _revoked(_signed_again), "revoked")
    yield Vector("revoked second in the list", "alice", _revoked_second, "revoked")
    yield Vector("the list of revocations is missing", "alice", _list_missing, "revocations.json")
    yield Vector("the list of revocations is empty", "alice", _list_text(b""), "revocations.json")
    yield Vector("the list of revocations is no list", "alice", _list_text(b"[]"), "revocations.json")
    yield Vector("the list of revocations is by a stranger", "alice", _list_by("mallory"), "revocations.json")
    yield Vector("the list of revocations is an attestation", "alice", _attestation_as_list, "revocations.json")
    yield Vector("the list of revocations is linked", "alice", _list_linked, "revocations.json")
    yield Vector(
        "the list of revocations has a line end", "alice", _list_changed(lambda d: d + b"\n"), "revocations.json"
    )
    yield Vector(
        "the list of revocations is flipped", "alice", _list_changed(lambda d: d[:99] + b"x" + d[100:]), "revocations"
    )
    yield Vector(
        "the list of revocations is of a later version", "alice", _list_payload(format_version=2), "revocations"
    )
    yield Vector("the list of revocations is of another kind", "alice", _list_payload(kind="other"), "revocations")
    yield Vector("the list of revocations has a field more", "alice", _list_payload(zzz=1), "revocations")


def _set(**members: Any) -> Spoil:
    def spoil(case: Case) -> None:
        for name, value in members.items():
            setattr(case, name, value)

    return spoil


def _stranger(case: Case) -> None:
    case.reseal(canonical(case.statement()), "mallory")


def _approved_by_stranger(case: Case) -> None:
    attestation.approve(case.folder, case.private("mallory"))


def _other_attestation(case: Case) -> None:
    other = case.signing.write_draft(case.folder.parent / "other", issuer="another")
    attestation.sign(other, case.private("alice"), issued=case.signing.ISSUED, not_after=None)
    shutil.copy(other / "attestation.json", case.attestation)


def _list(case: Case) -> Path:
    case.revocations = case.folder.parent / "revocations.json"
    return case.revocations


def _list_as_attestation(case: Case) -> None:
    case.attestation.unlink()
    revocation.start(case.attestation, case.private("alice"))


def _revoked(after: Spoil, signer: str = "alice") -> Spoil:
    def spoil(case: Case) -> None:
        revocation.revoke(case.folder, case.private(signer), "withdrawn", _list(case), case.signing.ISSUED)
        after(case)

    return spoil


def _signed_again(case: Case) -> None:
    case.attestation.unlink()
    attestation.sign(case.folder, case.private("carol"), issued=case.signing.ISSUED, not_after=None)


def _revoked_second(case: Case) -> None:
    other = case.signing.write_draft(case.folder.parent / "other", issuer="another")
    revocation.revoke(other, case.private("alice"), "first", _list(case), case.signing.ISSUED)
    revocation.revoke(case.folder, case.private("alice"), "second", _list(case), case.signing.ISSUED)


def _list_missing(case: Case) -> None:
    assert not _list(case).exists()


def _list_text(data: bytes) -> Spoil:
    return lambda case: _list(case).write_bytes(data) and None


def _list_by(signer: str) -> Spoil:
    return lambda case: revocation.start(_list(case), case.private(signer))


def _attestation_as_list(case: Case) -> None:
    shutil.copy(case.attestation, _list(case))


def _list_linked(case: Case) -> None:
    path = _list(case)
    revocation.start(path.with_name("real.json"), case.private("alice"))
    path.symlink_to("real.json")


def _list_changed(change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(case: Case) -> None:
        path = _list(case)
        revocation.start(path, case.private("alice"))
        path.write_bytes(change(path.read_bytes()))

    return spoil


def _list_payload(**members: Any) -> Spoil:
    def spoil(case: Case) -> None:
        value = {"entries": [], "format_version": 1, "kind": revocation.KIND, **members}
        sealed = envelope.seal_payload(canonical(value), revocation.PAYLOAD_TYPE, case.private("alice"))
        _list(case).write_bytes(sealed)

    return spoil
