"""The `govern` command: parse, call one function, print, choose the exit code."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.commands import known, ledger, policy, review, vault
from govern.console import run, show, trusted_keys
from govern.errors import GovernError, InputError, Refused, VerificationError
from govern.files import ATTESTATION
from govern.flags import (
    add_command,
    add_inputs,
    add_key,
    add_trust,
    columns_of,
    end_of_day,
    now,
    positive,
    read_passphrase,
    split_share,
)

if TYPE_CHECKING:
    from govern.certificate import Certificate
    from govern.keys import PrivateKey
    from govern.vault.segment import WritingKeys


def main(argv: list[str] | None = None) -> int:
    """Runs `govern`; returns 0 passed, 1 a gate refused, 2 bad usage or unreadable input, 3 interrupted and resumable."""
    return run("govern", parser(), argv, (GovernError,))


def parser() -> argparse.ArgumentParser:
    """The argument parser of `govern`; building it loads nothing heavy."""
    top = argparse.ArgumentParser(
        prog="govern", description="Certify financial text: find and mask personal data, validate, sign, verify."
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    _before_signing(commands)
    _signing(commands)
    for group in (policy, review, known, vault, ledger):
        group.add(commands)
    return top


def _before_signing(commands: Any) -> None:
    """keygen, sample, scan, certify."""
    keygen = add_command(commands, "keygen", _keygen, "make a signing key, its public key and a secret")
    keygen.add_argument(
        "--out", type=Path, required=True, metavar="KEYS", help="folder for sign.pem, sign.pub, secret.key"
    )
    keygen.add_argument("--type", choices=("ed25519", "p256"), default="ed25519", help="kind of signing key")
    keygen.add_argument("--passphrase", type=Path, metavar="FILE", help="file whose first line locks sign.pem")

    sample = add_command(commands, "sample", _sample, "write a synthetic corpus with planted, labelled personal data")
    sample.add_argument("--documents", type=int, required=True, metavar="N", help="how many documents")
    sample.add_argument("--seed", type=int, required=True, metavar="S", help="the same seed, the same bytes")
    sample.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")

    scan = add_command(commands, "scan", _scan, "list what would be masked, by offset; private")
    add_inputs(scan)
    scan.add_argument(
        "--out", type=Path, required=True, metavar="FINDINGS", help="a Parquet file; never holds the text found"
    )
    scan.add_argument("--policy", default="default", metavar="NAME|FILE", help="which entities, and how sure")
    scan.add_argument("--entities", type=_names, metavar="TYPE,...", help="only these entity types")
    scan.add_argument("--language", choices=("en", "ko"), help="leave out what makes sense in the other language alone")
    scan.add_argument("--min-score", type=float, metavar="S", help="leave findings under this, instead of the policy's")

    scan.add_argument("--secret", type=Path, metavar="FILE", help="opens lists and known values that the policy names")

    certify = add_command(commands, "certify", _certify, "mask, measure, validate and certify a corpus")
    add_inputs(certify)
    certify.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the certified corpus; DIR.private stays here"
    )
    certify.add_argument(
        "--secret", type=Path, required=True, metavar="FILE", help="32-byte secret that keys every digest"
    )
    certify.add_argument("--vault", type=Path, metavar="VAULT", help="where a policy that encrypts puts the originals")
    certify.add_argument("--vault-key", type=Path, metavar="FILE", help="writes into the vault, and reads nothing there")
    certify.add_argument("--sign-key", type=Path, metavar="KEY", help="sign at once; without it the result is a draft")
    certify.add_argument("--passphrase", type=Path, metavar="FILE", help="file whose first line opens the signing key")
    certify.add_argument(
        "--not-after", type=end_of_day, metavar="DATE", help="the signature holds to the end of this day, UTC"
    )
    certify.add_argument("--policy", default="default", metavar="NAME|FILE", help="a named policy or a TOML file")
    certify.add_argument("--suite", metavar="NAME|FILE", help="the expectations that decide; default: the policy's")
    certify.add_argument("--split", type=split_share, metavar="NAME=SHARE", help="keep a part apart, such as held-out=0.02")
    certify.add_argument("--name", default="corpus", help="the name in the certificate")
    certify.add_argument(
        "--workers", type=positive, default=os.cpu_count() or 1, metavar="N", help="processes (default: all)"
    )


def _signing(commands: Any) -> None:
    """sign, approve, verify, report, revoke."""
    sign = add_command(commands, "sign", _sign, "sign a draft")
    sign.add_argument("folder", type=Path, metavar="DIR")
    add_key(sign)
    sign.add_argument("--not-after", type=end_of_day, metavar="DATE", help="the signature holds to the end of this day, UTC")

    approve = add_command(commands, "approve", _approve, "add a further signature (dual control)")
    approve.add_argument("folder", type=Path, metavar="DIR")
    add_key(approve)

    verify = add_command(commands, "verify", _verify, "check signatures, certificate and every file")
    verify.add_argument("folder", type=Path, metavar="DIR")
    add_trust(verify)
    verify.add_argument(
        "--signatures", type=positive, metavar="N", help="ask for more signatures than the certificate does"
    )
    verify.add_argument("--revocations", type=Path, metavar="FILE", help="a signed revocation list")
    verify.add_argument("--purpose", choices=("train", "evaluate"), help="refuse a corpus that is not for this")

    report = add_command(commands, "report", _report, "verify, then write the report with its signatures")
    report.add_argument("folder", type=Path, metavar="DIR")
    add_trust(report)
    report.add_argument("--out", type=Path, required=True, metavar="FILE.html")

    revoke = add_command(commands, "revoke", _revoke, "take a certificate back, in a signed revocation list")
    revoke.add_argument("folder", type=Path, metavar="DIR")
    add_key(revoke)
    revoke.add_argument("--reason", required=True, help="stands in the list; name no person")
    revoke.add_argument(
        "--revocations", type=Path, required=True, metavar="FILE", help="the list; made if it is not there"
    )
    add_trust(revoke)


def _keygen(arguments: argparse.Namespace) -> int:
    from govern.keys import generate

    made = generate(arguments.out, arguments.type, read_passphrase(arguments.passphrase))
    lines = [f"{arguments.out}: sign.pem, sign.pub, secret.key ({arguments.type})", f"key id {made.key_id}"]
    show({"folder": str(arguments.out), "key_id": made.key_id, "type": arguments.type}, arguments.json, lines)
    return 0


def _sample(arguments: argparse.Namespace) -> int:
    from govern.sample import write

    summary = write(arguments.documents, arguments.seed, arguments.out)
    labels = dict(summary.labels)
    lines = [f"{arguments.out}: {summary.documents:,} synthetic documents, {sum(labels.values()):,} labelled spans"]
    result = {"folder": str(arguments.out), "documents": summary.documents, "labels": labels}
    show(result, arguments.json, lines)
    return 0


def _names(value: str) -> tuple[str, ...]:
    return tuple(name for name in value.replace(",", " ").split() if name)


def _scan(arguments: argparse.Namespace) -> int:
    from govern.keys import load_secret
    from govern.policy import load
    from govern.scan import scan

    count = scan(
        tuple(arguments.inputs),
        arguments.out,
        load(arguments.policy),
        columns=columns_of(arguments),
        language=arguments.language,
        entities=arguments.entities,
        min_score=arguments.min_score,
        secret=None if arguments.secret is None else load_secret(arguments.secret),
    )
    lines = [f"{arguments.out}: {count.findings:,} findings in {count.documents:,} documents; keep it private"]
    for kind, number in sorted(count.by_type.items()):
        lines.append(f"  {kind:<22}{number:>10,}")
    result = {
        "file": str(arguments.out),
        "documents": count.documents,
        "findings": count.findings,
        "types": count.by_type,
    }
    show(result, arguments.json, lines)
    return 0


def _certify(arguments: argparse.Namespace) -> int:
    from govern import attestation, keys, pipeline
    from govern.policy import load

    key = _key_to_sign(arguments)
    chosen = load(arguments.policy)
    outcome = pipeline.certify(
        pipeline.Request(
            inputs=tuple(arguments.inputs),
            out=arguments.out.absolute(),
            policy=chosen,
            suite=arguments.suite or chosen.suite,
            secret=keys.load_secret(arguments.secret),
            today=now().date(),
            name=arguments.name,
            columns=columns_of(arguments),
            split=arguments.split,
            vault=_writing(arguments, chosen.pseudonyms.domain),
            workers=arguments.workers,
        )
    )
    signed = os.path.lexists(outcome.folder / ATTESTATION)
    if key is not None and signed:
        _check_signer(outcome.folder, key)
    elif key is not None:
        attestation.sign(outcome.folder, key, issued=now(), not_after=arguments.not_after)
        signed = True
    counts = outcome.certificate.claim["accounting"]
    result = {
        "folder": str(arguments.out),
        "certificate": outcome.certificate.digest,
        "signed": signed,
        "found_finished": outcome.reused,
        "accounting": counts,
    }
    show(result, arguments.json, _certified_lines(arguments.out, outcome.certificate, signed))
    return 0


def _writing(arguments: argparse.Namespace, domain: str) -> "tuple[Path, WritingKeys] | None":
    """The vault that `certify` writes into, if one is named."""
    if (arguments.vault is None) != (arguments.vault_key is None):
        raise InputError("--vault and --vault-key: one goes with the other; give both, or neither")
    if arguments.vault is None:
        return None
    from govern.vault.keys import load_vault_key
    from govern.vault.store import writing_keys

    return arguments.vault, writing_keys(arguments.vault, load_vault_key(arguments.vault_key), domain)


def _key_to_sign(arguments: argparse.Namespace) -> "PrivateKey | None":
    """The key that `certify` signs with, and its flags checked before hours of work."""
    from govern.keys import load_private

    if arguments.sign_key is None:
        for flag, value in (("--not-after", arguments.not_after), ("--passphrase", arguments.passphrase)):
            if value is not None:
                raise InputError(
                    f"{flag}: says something of a signature, and no --sign-key came; give it, or leave {flag} out"
                )
        return None
    if arguments.not_after is not None and arguments.not_after <= now():
        raise InputError(f"--not-after {arguments.not_after.date()}: is over already; give a later date")
    return load_private(arguments.sign_key, read_passphrase(arguments.passphrase))


def _check_signer(folder: Path, key: "PrivateKey") -> None:
    """Returns where the folder that an earlier run left names this key among its signers."""
    from govern.attestation import ATTESTATION_BYTES, countersign
    from govern.inventory import read_plain

    where = folder / ATTESTATION
    try:
        countersign(read_plain(where, ATTESTATION_BYTES), str(where), key)
    except VerificationError:
        raise
    except Refused:
        return
    raise Refused(
        f"{folder}: is signed already, by another key; `govern approve {folder} --sign-key KEY` adds a signature"
    )


def _certified_lines(folder: Path, certificate: "Certificate", signed: bool) -> list[str]:
    counts = certificate.claim["accounting"]
    dropped, quarantined = sum(counts["dropped"].values()), sum(counts["quarantined"].values())
    state = "certified and signed" if signed else "certified, a draft"
    needed = certificate.signatures_required
    lines = [
        f"{folder}: {state}",
        f"documents: {counts['in']:,} in = {counts['certified']:,} certified + {dropped:,} dropped "
        f"+ {quarantined:,} quarantined",
        f"certificate {certificate.digest}",
        f"report {folder / 'report.html'}",
    ]
    if not signed:
        lines.append(f"next: `govern sign {folder} --sign-key KEY`")
    if needed > 1:
        lines.append(f"it needs {needed} signatures by different keys: `govern approve {folder} --sign-key OTHER`")
    return lines


def _sign(arguments: argparse.Namespace) -> int:
    from govern import attestation, keys

    key = keys.load_private(arguments.sign_key, read_passphrase(arguments.passphrase))
    attestation.sign(arguments.folder, key, issued=now(), not_after=arguments.not_after)
    show({"folder": str(arguments.folder), "signed": True}, arguments.json, [f"{arguments.folder}: signed"])
    return 0


def _approve(arguments: argparse.Namespace) -> int:
    from govern import attestation, keys

    attestation.approve(arguments.folder, keys.load_private(arguments.sign_key, read_passphrase(arguments.passphrase)))
    show({"folder": str(arguments.folder), "approved": True}, arguments.json, [f"{arguments.folder}: approved"])
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from govern.attestation import verify

    corpus = verify(
        arguments.folder,
        trusted_keys(arguments.trust),
        now=now(),
        signatures=arguments.signatures,
        revocations=arguments.revocations,
        purpose=arguments.purpose,
    )
    claim = corpus.certificate.claim
    result = {
        "folder": str(arguments.folder),
        "verified": True,
        "certificate": corpus.certificate.digest,
        "documents": claim["accounting"]["certified"],
        "purposes": list(corpus.certificate.purposes),
        "key_ids": list(corpus.key_ids),
        "revocations_checked": arguments.revocations is not None,
    }
    lines = [
        f"{arguments.folder}: verified",
        f"certificate {corpus.certificate.digest}",
        f"documents {claim['accounting']['certified']:,}, for: {', '.join(corpus.certificate.purposes) or 'no purpose'}",
        *(f"signed by {key_id}" for key_id in corpus.key_ids),
    ]
    if arguments.revocations is None:
        lines.append("not checked against a revocation list: give one with --revocations")
    show(result, arguments.json, lines)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from govern.attestation import verify
    from govern.files import parse_canonical, write_whole
    from govern.report import render

    if arguments.out.resolve().is_relative_to(arguments.folder.resolve()):
        raise InputError(f"{arguments.out}: lies inside the signed folder, which it would break; write it elsewhere")
    corpus = verify(arguments.folder, trusted_keys(arguments.trust), now=now())
    metrics = arguments.folder / "evidence" / "metrics.json"
    html = render(
        corpus.certificate.claim,
        parse_canonical(metrics.read_bytes(), str(metrics)),
        certificate_digest=corpus.certificate.digest,
        signatures=corpus.key_ids,
        issued=str(corpus.issued),
        not_after=str(corpus.not_after) if corpus.not_after else None,
    )
    write_whole(arguments.out, html)
    show({"file": str(arguments.out)}, arguments.json, [f"{arguments.out}: written"])
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    from govern import keys
    from govern.revocation import revoke

    key = keys.load_private(arguments.sign_key, read_passphrase(arguments.passphrase))
    named = trusted_keys(arguments.trust)
    trust = keys.load_trusted(named) if named else ()
    revoke(arguments.folder, key, arguments.reason, arguments.revocations, now=now(), trust=trust)
    lines = [f"{arguments.folder}: revoked in {arguments.revocations}"]
    show({"folder": str(arguments.folder), "revocations": str(arguments.revocations)}, arguments.json, lines)
    return 0
