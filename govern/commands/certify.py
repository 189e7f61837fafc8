"""`govern certify`, `merge` and `reissue`, whose drafts are signed at once where a key is given; `plan`, their rehearsal."""

import argparse
import os
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.console import show
from govern.errors import InputError, Refused, VerificationError
from govern.files import ATTESTATION
from govern.flags import (
    add_command,
    add_engine,
    add_inputs,
    add_trust,
    add_workers,
    columns_of,
    end_of_day,
    local,
    named,
    now,
    part_of,
    read_ids,
    read_passphrase,
    request_of,
    split_share,
)

if TYPE_CHECKING:
    from govern.certificate import Certificate
    from govern.keys import PrivateKey
    from govern.request import Outcome
    from govern.vault.segment import WritingKeys


def add(commands: Any) -> None:
    """Registers `certify`, `plan`, `merge` and `reissue`."""
    certify = add_command(commands, "certify", _certify, "mask, measure, validate and certify a corpus")
    add_inputs(certify)
    _add_run(certify)
    certify.add_argument("--vault", type=local, metavar="VAULT", help="where a policy that encrypts puts the originals")
    certify.add_argument("--vault-key", type=local, metavar="FILE", help="writes into the vault, and reads nothing there")
    certify.add_argument("--split", type=split_share, metavar="NAME=SHARE", help="keep a part apart, such as held-out=0.02")
    certify.add_argument("--name", default="corpus", help="the name in the certificate")
    certify.add_argument("--part", type=part_of, metavar="I/N", help="certify one of N parts, on a machine of its own")
    certify.add_argument("--reuse", type=local, metavar="DIR", help="an earlier run's folder: what is the same stays done")

    plan = add_command(commands, "plan", _plan, "rehearse a long run on a share: time, disk, memory, decision to expect")
    add_inputs(plan)
    plan.add_argument("--share", type=float, default=0.01, metavar="S", help="of the units of work (default: 0.01, at least 4)")
    plan.add_argument("--secret", type=local, required=True, metavar="FILE", help="as the run will have it")
    plan.add_argument("--policy", type=named, default="default", metavar="NAME|FILE", help="a named policy or a TOML file")
    plan.add_argument("--suite", type=named, metavar="NAME|FILE", help="the expectations that decide; default: the policy's")
    add_workers(plan)

    merge = add_command(commands, "merge", _merge, "make one corpus of several certified parts")
    merge.add_argument("folders", type=local, nargs="+", metavar="DIR", help="certified folders, DIR.private beside each")
    _add_run(merge)
    reissue = add_command(commands, "reissue", _reissue, "certify a corpus again without some of its documents")
    reissue.add_argument("folder", type=local, metavar="DIR", help="a certified folder, DIR.private beside it")
    reissue.add_argument("--drop", type=local, required=True, metavar="FILE", help="ids of documents to leave out, one a line")
    _add_run(reissue)
    for command in (merge, reissue):
        add_trust(command)
        command.add_argument("--revocations", type=local, metavar="FILE", help="a signed list; what it revokes is refused")


def _add_run(command: argparse.ArgumentParser) -> None:
    """What a run needs, whatever its documents come from."""
    command.add_argument(
        "--out", type=local, required=True, metavar="DIR", help="the certified corpus; DIR.private stays here"
    )
    command.add_argument(
        "--secret", type=local, required=True, metavar="FILE", help="32-byte secret that keys every digest"
    )
    command.add_argument("--sign-key", type=local, metavar="KEY", help="sign at once; without it the result is a draft")
    command.add_argument("--passphrase", type=local, metavar="FILE", help="file whose first line opens the signing key")
    command.add_argument(
        "--not-after", type=end_of_day, metavar="DATE", help="the signature holds to the end of this day, UTC"
    )
    command.add_argument("--policy", type=named, default="default", metavar="NAME|FILE", help="a named policy or a TOML file")
    command.add_argument("--suite", type=named, metavar="NAME|FILE", help="the expectations that decide; default: the policy's")
    add_engine(command)


def _certify(arguments: argparse.Namespace) -> int:
    from govern import pipeline

    key = _key_to_sign(arguments)
    request = request_of(
        arguments, inputs=tuple(arguments.inputs), name=arguments.name, columns=columns_of(arguments), split=arguments.split,
        part=arguments.part, reuse=arguments.reuse.absolute() if arguments.reuse else None,
    )  # fmt: skip
    outcome = pipeline.certify(replace(request, vault=_writing(arguments, request.policy.pseudonyms.domain)))
    return _ended(arguments, outcome, key, arguments.not_after)


def _plan(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from govern import keys
    from govern.engine import Engine
    from govern.plan import plan, said
    from govern.policy import load
    from govern.request import Request

    chosen = load(arguments.policy)
    request = Request(
        inputs=tuple(arguments.inputs),
        out=Path("plan"),
        policy=chosen,
        suite=arguments.suite or chosen.suite,
        secret=keys.load_secret(arguments.secret),
        today=now().date(),
        columns=columns_of(arguments),
        engine=Engine(arguments.workers),
    )
    made = plan(request, arguments.share)
    show({**asdict(made), "total_s": made.total_s, "total_s_interval": made.total_s_interval}, arguments.json, said(made))
    return 0


def _ended(arguments: argparse.Namespace, outcome: "Outcome", key: "PrivateKey | None", not_after: datetime | None) -> int:
    """Signs the draft, if it is to be, and says what came of it."""
    from govern import attestation

    signed = os.path.lexists(outcome.folder / ATTESTATION)
    if key is not None and signed:
        _check_signer(outcome.folder, key)
    elif key is not None:
        attestation.sign(outcome.folder, key, issued=now(), not_after=not_after)
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


def _merge(arguments: argparse.Namespace) -> int:
    from govern import merge

    key = _key_to_sign(arguments)
    folders = [folder.absolute() for folder in arguments.folders]
    expiry = _checked(arguments, folders, arguments.not_after)
    outcome = merge.merge(request_of(arguments), folders, expiry)
    return _ended(arguments, outcome, key, expiry)


def _reissue(arguments: argparse.Namespace) -> int:
    from govern import merge

    key = _key_to_sign(arguments)
    folder = arguments.folder.absolute()
    expiry = _checked(arguments, [folder], arguments.not_after)
    outcome = merge.reissue(request_of(arguments), folder, read_ids(arguments.drop), expiry)
    back = merge.came_back(outcome.folder, folder) if folder.is_dir() else []
    if back:
        ids = ", ".join(back[:3]) + (", …" if len(back) > 3 else "")
        print(
            f"dropped as duplicates until now, and in the place of withdrawn ones: {len(back):,} ({ids}); if their text must "
            "go, drop these ids, too",
            file=sys.stderr,
        )
    return _ended(arguments, outcome, key, expiry)


def _checked(arguments: argparse.Namespace, folders: list[Path], not_after: datetime | None) -> datetime | None:
    """Verifies the signed ones of some folders; the earliest of their ends, of their parts' ends and of the one asked for."""
    from govern.attestation import limit, verify
    from govern.console import trusted_keys

    ends = [end for end in (not_after, *map(limit, folders)) if end is not None]
    for folder in folders:
        if not os.path.lexists(folder / ATTESTATION):
            continue
        if not arguments.trust and not os.environ.get("ASSAY_TRUST"):
            raise InputError(f"{folder}: is signed; say with --trust whose signatures count")
        corpus = verify(folder, trusted_keys(arguments.trust), now=now(), revocations=arguments.revocations)
        ends += [corpus.not_after] if corpus.not_after is not None else []
    return min(ends, default=None)


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
