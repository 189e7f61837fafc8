"""in-toto Statement v1 in a DSSE envelope: built and opened by the reference libraries, then held to one spelling.

`securesystemslib` gives the envelope, its pre-authentication encoding and signature checks, `in-toto-attestation` the
statement. Both accept more than one byte sequence for the same envelope (a junk signature, an extra field, altered
base64 padding bits), so `open_payload` takes an envelope only where it equals its own canonical form (RFC 8785) byte
for byte, names no unknown field, has its signatures sorted by key id, and *every* one verifies under a trusted key.
The payload is looked at only after that. No algorithm is named in an envelope; the trusted key fixes it.

DSSE: github.com/secure-systems-lab/dsse, protocol v1. Statement: in-toto.io/Statement/v1.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from govern.errors import InputError, Refused, VerificationError
from govern.files import canonical, parse_canonical
from govern.keys import PrivateKey, PublicKey

if TYPE_CHECKING:
    from securesystemslib.dsse import Envelope

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
ENVELOPE_BYTES = 16 * 1024 * 1024
"""A larger envelope is not parsed."""
SIGNATURES = 16
"""More signatures than this are refused."""

KEY_ID = re.compile(r"sha256:[0-9a-f]{64}")
SHA256_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A statement whose every signature verified, and the ids of the keys that made them, sorted."""

    statement: dict[str, Any] = field(repr=False)
    key_ids: tuple[str, ...]

    @property
    def predicate(self) -> dict[str, Any]:
        """What the statement says about its subjects."""
        predicate: dict[str, Any] = self.statement["predicate"]
        return predicate

    @property
    def subjects(self) -> dict[str, str]:
        """Name to hexadecimal SHA-256."""
        return {subject["name"]: subject["digest"]["sha256"] for subject in self.statement["subject"]}


def statement(subjects: Sequence[tuple[str, str]], predicate_type: str, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """An in-toto Statement v1 over `subjects`, each a name and a hexadecimal SHA-256.

    Raises:
        InputError: no subject, a name twice, a digest that is none, or values that JSON cannot carry unchanged.
    """
    made = {
        "_type": STATEMENT_TYPE,
        "predicate": dict(predicate),
        "predicateType": predicate_type,
        "subject": [{"digest": {"sha256": sha256}, "name": name} for name, sha256 in subjects],
    }
    try:
        plain: dict[str, Any] = json.loads(canonical(made))
    except (ValueError, RecursionError):
        raise InputError("the statement to sign holds a value that canonical JSON cannot carry") from None
    problem = _statement_problem(plain)
    if problem:
        raise InputError(f"the statement to sign {problem}")
    return plain


def seal(statement: Mapping[str, Any], key: PrivateKey) -> bytes:
    """The canonical envelope of a statement, signed by `key`."""
    return seal_payload(canonical(dict(statement)), PAYLOAD_TYPE, key)


def seal_payload(payload: bytes, payload_type: str, key: PrivateKey) -> bytes:
    """The canonical envelope of any payload, signed by `key`."""
    from securesystemslib.dsse import Envelope

    return _add_signature(Envelope(payload, payload_type, {}), key)


def countersign(envelope: bytes, where: str, key: PrivateKey) -> bytes:
    """The envelope with a further signature, by a key that has not signed it yet.

    The signatures that are there are checked for form alone: whether they verify is for those who trust their keys.

    Raises:
        VerificationError: the envelope is not in canonical form.
        Refused: this key has signed already.
    """
    parsed = _parse(envelope, where, PAYLOAD_TYPE)
    if key.key_id in parsed.signatures:
        raise Refused(f"{where}: key {short(key.key_id)} has signed already; a further signature takes another key")
    if len(parsed.signatures) >= SIGNATURES:
        raise Refused(f"{where}: has {SIGNATURES} signatures, and takes no more")
    return _add_signature(parsed, key)


def open_sealed(
    data: bytes, where: str, predicate_type: str, trust: Sequence[PublicKey], signatures: int = 1
) -> Opened:
    """The statement in an envelope, after every check that needs no file beside it.

    Args:
        data: the bytes of the envelope.
        where: names it in errors.
        predicate_type: what the statement must be about.
        trust: the keys that may sign; every signature present must be by one of them.
        signatures: how many distinct keys must have signed; `signatures_required` in the predicate can raise it.

    Raises:
        InputError: no trusted key, or fewer than one signature asked for.
        VerificationError: anything else.
    """
    payload, key_ids = open_payload(data, where, PAYLOAD_TYPE, trust)
    parsed = _read_statement(payload, where, predicate_type)
    asked = parsed["predicate"].get("signatures_required", 1)
    if not isinstance(asked, int) or isinstance(asked, bool) or asked < 1:
        raise failed(where, "signatures_required is no whole number from 1 up; certify again")
    enough(where, key_ids, max(signatures, asked))
    return Opened(parsed, key_ids)


def open_payload(
    data: bytes, where: str, payload_type: str, trust: Sequence[PublicKey], signatures: int = 1
) -> tuple[bytes, tuple[str, ...]]:
    """The payload and the signers' ids, where the form is canonical and every signature is by a trusted key.

    Raises:
        InputError: no trusted key, or fewer than one signature asked for.
        VerificationError: anything else.
    """
    if not trust:
        raise InputError("no trusted key: name the signers' public keys with --trust KEY.pub, or in ASSAY_TRUST")
    if signatures < 1:
        raise InputError(f"--signatures {signatures}: at least 1 signature is always required; give 1 or more")
    envelope = _parse(data, where, payload_type)
    known = {key.key_id: key for key in trust}
    problems = []
    for key_id, signature in envelope.signatures.items():
        if key_id not in known:
            problems.append(
                f"{where}: signed by key {short(key_id)}, which is not trusted; refuse it, or give that key"
            )
        elif not known[key_id].accepts_form(bytes.fromhex(signature.signature)):
            problems.append(f"{where}: the signature by key {short(key_id)} is malformed; restore the file")
    if problems:
        raise VerificationError(tuple(problems))
    _check_signatures(envelope, where, known)
    key_ids = tuple(envelope.signatures)
    enough(where, key_ids, signatures)
    return envelope.payload, key_ids


def read_unverified(data: bytes, where: str, predicate_type: str) -> dict[str, Any]:
    """The statement in an envelope of canonical form, whoever signed it: for a signer to check against the folder.

    Raises:
        VerificationError: the form is not canonical, or the statement is not about `predicate_type`.
    """
    return _read_statement(_parse(data, where, PAYLOAD_TYPE).payload, where, predicate_type)


def enough(where: str, key_ids: Sequence[str], required: int) -> None:
    """Returns where `required` distinct keys have signed; raises `VerificationError` where fewer have."""
    if len(key_ids) < required:
        raise failed(where, f"signed by {len(key_ids)} of the {required} keys required; `govern approve` adds one")


def failed(where: str, what: str) -> VerificationError:
    """A refusal with one problem."""
    return VerificationError((f"{where}: {what}",))


def short(digest: str) -> str:
    """The first 12 hexadecimal digits of a digest, for a sentence."""
    return digest[: len("sha256:") + 12] + "…"


def _read_statement(payload: bytes, where: str, predicate_type: str) -> dict[str, Any]:
    parsed = _canonical_object(payload, f"{where}, payload")
    if parsed.get("predicateType") != predicate_type:
        raise failed(where, f"is not about {predicate_type}; give the folder that this command reads")
    problem = _statement_problem(parsed)
    if problem:
        raise failed(where, f"the signed statement {problem}")
    return parsed


def _check_signatures(envelope: "Envelope", where: str, known: Mapping[str, PublicKey]) -> None:
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from securesystemslib import exceptions
    from securesystemslib.signer import SSlibKey

    keys = [SSlibKey.from_crypto(load_der_public_key(known[name].der), name) for name in envelope.signatures]
    for key in keys:
        signature = envelope.signatures[key.keyid]
        try:
            key.verify_signature(signature, envelope.pae())
        except (exceptions.UnverifiedSignatureError, exceptions.VerificationError):
            raise failed(
                where,
                f"the signature by key {short(key.keyid)} does not verify, so payload or signature was altered; "
                "restore the file",
            ) from None
    envelope.verify(keys, len(keys))


def _add_signature(envelope: "Envelope", key: PrivateKey) -> bytes:
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import Signature

    added = Signature(key.key_id, key.sign(envelope.pae()).hex())
    signatures = {**envelope.signatures, key.key_id: added}
    ordered = dict(sorted(signatures.items()))
    return canonical(Envelope(envelope.payload, envelope.payload_type, ordered).to_dict())


def _parse(data: bytes, where: str, payload_type: str) -> "Envelope":
    """The envelope in `data`, in canonical form, with known fields alone; no signature is verified yet."""
    from securesystemslib.dsse import Envelope

    if len(data) > ENVELOPE_BYTES:
        raise failed(where, f"larger than {ENVELOPE_BYTES} bytes, so it is no attestation; restore the file")
    value = _canonical_object(data, where)
    _check_fields(value, where)
    if value["payloadType"] != payload_type:
        raise failed(where, f"payloadType is not {payload_type}; restore the file")
    for text in (value["payload"], *(signature["sig"] for signature in value["signatures"])):
        _check_base64(text, where)
    names = [signature["keyid"] for signature in value["signatures"]]
    if len(set(names)) != len(names):
        raise failed(where, "two signatures name the same key; each must be by another; restore the file")
    if names != sorted(names):
        raise failed(where, "signatures are not sorted by key id, so they were rearranged; restore the file")
    return Envelope.from_dict(value)


def _check_fields(value: dict[str, Any], where: str) -> None:
    if set(value) != {"payload", "payloadType", "signatures"}:
        raise failed(where, "an envelope has payload, payloadType and signatures, this has others; restore the file")
    signatures = value["signatures"]
    if not isinstance(value["payload"], str) or not isinstance(value["payloadType"], str):
        raise failed(where, "payload and payloadType must be text; restore the file")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= SIGNATURES:
        raise failed(where, f"signatures must be a list of 1 to {SIGNATURES}; restore the file")
    for signature in signatures:
        if not isinstance(signature, dict) or set(signature) != {"keyid", "sig"}:
            raise failed(where, "a signature has keyid and sig, one here has others; restore the file")
        if not isinstance(signature["sig"], str) or not _matches(KEY_ID, signature["keyid"]):
            raise failed(where, "a keyid is not sha256: and 64 hexadecimal digits, or a sig not text; restore the file")


def _check_base64(text: str, where: str) -> None:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise failed(where, "payload or signature is not standard base64; restore the file") from None
    if base64.b64encode(decoded) != text.encode("utf-8", "surrogatepass") or not decoded:
        raise failed(where, "base64 with altered padding, so it was changed after signing; restore the file")


def _canonical_object(data: bytes, where: str) -> dict[str, Any]:
    try:
        value = parse_canonical(data, where)
    except InputError as error:
        raise VerificationError((str(error),)) from None
    except (ValueError, RecursionError):
        raise failed(where, "holds a value that canonical JSON cannot carry; restore the file") from None
    if not isinstance(value, dict):
        raise failed(where, "not a JSON object; restore the file")
    return value


def _statement_problem(value: dict[str, Any]) -> str | None:
    """What is wrong with a statement, or None; the library's own reading of it must be the same."""
    if set(value) != {"_type", "predicate", "predicateType", "subject"}:
        return "has fields other than _type, predicate, predicateType and subject"
    if value["_type"] != STATEMENT_TYPE:
        return f"is not an {STATEMENT_TYPE}"
    if not isinstance(value["predicate"], dict) or not value["predicate"]:
        return "has no predicate"
    if not isinstance(value["predicateType"], str) or not isinstance(value["subject"], list):
        return "has a predicateType that is no text, or a subject that is no list"
    names = []
    for subject in value["subject"]:
        if not isinstance(subject, dict) or set(subject) != {"digest", "name"}:
            return "has a subject with fields other than digest and name"
        digest, name = subject["digest"], subject["name"]
        if not isinstance(digest, dict) or set(digest) != {"sha256"} or not _matches(SHA256_HEX, digest["sha256"]):
            return "has a subject whose digest is not one sha256"
        if not isinstance(name, str) or not name:
            return "has a subject without a name"
        names.append(name)
    if not names or len(set(names)) != len(names):
        return "has no subject, or the same one twice"
    return None if _library_agrees(value) else "reads differently in the in-toto library"


def _library_agrees(value: dict[str, Any]) -> bool:
    from google.protobuf import json_format
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
    from in_toto_attestation.v1.statement import Statement

    try:
        subjects = [ResourceDescriptor(name=item["name"], digest=item["digest"]).pb for item in value["subject"]]
        made = Statement(subjects, value["predicateType"], value["predicate"])
        made.validate()
        return bool(json_format.MessageToDict(made.pb) == value)
    except (ValueError, TypeError, RecursionError, json_format.Error):
        return False


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
