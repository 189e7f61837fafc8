"""The `govern` command: parse, call one function, print, choose the exit code."""

import argparse
from typing import Any

from govern.commands import certify, convert, delivery, known, ledger, policy, profile, quarantine, review, vault
from govern.console import run, show, trusted_keys
from govern.errors import GovernError, InputError
from govern.flags import (
    add_command,
    add_inputs,
    add_key,
    add_trust,
    columns_of,
    end_of_day,
    local,
    named,
    now,
    positive,
    read_passphrase,
)


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
    convert.add(commands)
    profile.add(commands)
    quarantine.add(commands)
    certify.add(commands)
    _signing(commands)
    for group in (delivery, policy, review, known, vault, ledger):
        group.add(commands)
    return top


def _before_signing(commands: Any) -> None:
    """keygen, sample, scan."""
    keygen = add_command(commands, "keygen", _keygen, "make a signing key, its public key and a secret")
    keygen.add_argument(
        "--out", type=local, required=True, metavar="KEYS", help="folder for sign.pem, sign.pub, secret.key"
    )
    keygen.add_argument("--type", choices=("ed25519", "p256"), default="ed25519", help="kind of signing key")
    keygen.add_argument("--passphrase", type=local, metavar="FILE", help="file whose first line locks sign.pem")

    sample = add_command(commands, "sample", _sample, "write a synthetic corpus with planted, labelled personal data")
    sample.add_argument("--documents", type=int, required=True, metavar="N", help="how many documents")
    sample.add_argument("--seed", type=int, required=True, metavar="S", help="the same seed, the same bytes")
    sample.add_argument("--out", type=local, required=True, metavar="DIR", help="a new folder")

    scan = add_command(commands, "scan", _scan, "list what would be masked, by offset; private")
    add_inputs(scan)
    scan.add_argument(
        "--out", type=local, required=True, metavar="FINDINGS", help="a Parquet file; never holds the text found"
    )
    scan.add_argument("--policy", type=named, default="default", metavar="NAME|FILE", help="which entities, and how sure")
    scan.add_argument("--entities", type=_names, metavar="TYPE,...", help="only these entity types")
    scan.add_argument("--language", choices=("en", "ko"), help="leave out what makes sense in the other language alone")
    scan.add_argument("--min-score", type=float, metavar="S", help="leave findings under this, instead of the policy's")

    scan.add_argument("--secret", type=local, metavar="FILE", help="opens lists and known values that the policy names")

def _signing(commands: Any) -> None:
    """sign, approve, verify, report, revoke."""
    sign = add_command(commands, "sign", _sign, "sign a draft")
    sign.add_argument("folder", type=local, metavar="DIR")
    add_key(sign)
    sign.add_argument("--not-after", type=end_of_day, metavar="DATE", help="the signature holds to the end of this day, UTC")

    approve = add_command(commands, "approve", _approve, "add a further signature (dual control)")
    approve.add_argument("folder", type=local, metavar="DIR")
    add_key(approve)

    verify = add_command(commands, "verify", _verify, "check signatures, certificate and every file")
    verify.add_argument("folder", type=local, metavar="DIR")
    add_trust(verify)
    verify.add_argument(
        "--signatures", type=positive, metavar="N", help="ask for more signatures than the certificate does"
    )
    verify.add_argument("--revocations", type=local, metavar="FILE", help="a signed revocation list")
    verify.add_argument("--purpose", choices=("train", "evaluate"), help="refuse a corpus that is not for this")

    report = add_command(commands, "report", _report, "verify, then write the report with its signatures")
    report.add_argument("folder", type=local, metavar="DIR")
    add_trust(report)
    report.add_argument("--out", type=local, required=True, metavar="FILE.html")
    report.add_argument("--lang", choices=("en", "ko"), default="en", help="the language of the report (default: en)")

    revoke = add_command(commands, "revoke", _revoke, "take a certificate back, in a signed revocation list")
    revoke.add_argument("folder", type=local, metavar="DIR")
    add_key(revoke)
    revoke.add_argument("--reason", required=True, help="stands in the list; name no person")
    revoke.add_argument(
        "--revocations", type=local, required=True, metavar="FILE", help="the list; made if it is not there"
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
    if count.unreadable:
        lines.append(f"  {count.unreadable:,} of the documents could not be read: not searched (on_bad_row = quarantine)")
    for kind, number in sorted(count.by_type.items()):
        lines.append(f"  {kind:<22}{number:>10,}")
    result = {
        "file": str(arguments.out),
        "documents": count.documents,
        "unreadable": count.unreadable,
        "findings": count.findings,
        "types": count.by_type,
    }
    show(result, arguments.json, lines)
    return 0


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
    from govern import evidence
    from govern.attestation import verify
    from govern.files import write_whole
    from govern.report import render

    if arguments.out.resolve().is_relative_to(arguments.folder.resolve()):
        raise InputError(f"{arguments.out}: lies inside the signed folder, which it would break; write it elsewhere")
    corpus = verify(arguments.folder, trusted_keys(arguments.trust), now=now())
    html = render(
        corpus.certificate.claim,
        evidence.read(arguments.folder),
        lang=arguments.lang,
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
