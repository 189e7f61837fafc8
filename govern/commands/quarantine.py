"""`govern quarantine list` and `release`, and `govern repair`: what was set aside, and what was damaged."""

import argparse
from collections import Counter
from dataclasses import asdict
from typing import Any

from govern.console import show
from govern.errors import InputError
from govern.flags import add_command, add_engine, given, local, named, positive, read_ids, request_of, seconds

SAID = 300
"""Characters of a name or a reason, at most."""


def add(commands: Any) -> None:
    """Registers the commands."""
    group = commands.add_parser(
        "quarantine", help="list documents that were set aside, or release them to a new search", allow_abbrev=False
    )
    inner = group.add_subparsers(title="commands", metavar="list|release", required=True)
    listing = add_command(inner, "list", _list, "what a run set aside: id, reason, file and row")
    listing.add_argument("folder", type=local, metavar="DIR", help="the --out of a run, finished or not")
    listing.add_argument("--reason", help="those of one reason alone")
    listing.add_argument("--ids", action="store_true", help="ids alone, one a line, as `release --ids` reads them")

    release = add_command(inner, "release", _release, "search documents again under wider limits, into a new draft")
    release.add_argument("folder", type=local, metavar="DIR", help="the certified folder that set them aside")
    release.add_argument("inputs", type=given, nargs="+", metavar="INPUT", help="what DIR was certified from")
    release.add_argument("--ids", type=local, required=True, metavar="FILE", help="ids as `list` prints them, one a line")
    release.add_argument("--who", required=True, help="who answers for it; stands in the certificate")
    release.add_argument("--why", required=True, help="the reason; stands in the certificate")
    release.add_argument("--max-characters", type=positive, metavar="N", help="in place of max_document_characters")
    release.add_argument("--timeout", type=seconds, metavar="S", help="in place of regex_timeout_s")
    release.add_argument("--out", type=local, required=True, metavar="DIR", help="the new draft")
    release.add_argument("--secret", type=local, required=True, metavar="FILE", help="that of DIR")
    release.add_argument("--policy", type=named, default="default", metavar="NAME|FILE", help="that of DIR")
    release.add_argument("--suite", type=named, metavar="NAME|FILE", help="the expectations that decide; default: the policy's")
    add_engine(release)

    repair = add_command(commands, "repair", _repair, "make damaged files of a certified folder again, by their digests")
    repair.add_argument("folder", type=local, metavar="DIR", help="a certified folder, DIR.private beside it")
    repair.add_argument(
        "--shard", action="append", required=True, metavar="NAME", help="documents/part-00000.parquet (repeatable)"
    )
    repair.add_argument("--secret", type=local, required=True, metavar="FILE", help="that of DIR")


def _list(arguments: argparse.Namespace) -> int:
    from govern.quarantine import listed

    found = [each for each in listed(arguments.folder.absolute()) if arguments.reason in (None, each.reason)]
    reasons = Counter(each.reason for each in found)
    if arguments.ids:
        lines = [each.id for each in found]
    else:
        said = ", ".join(f"{count:,} {reason}" for reason, count in sorted(reasons.items())) or "none"
        lines = [f"{arguments.folder}: quarantined: {said}"]
        places = {each.id: f"{each.file}, row {each.row:,}" if each.row else "taken back" for each in found}
        lines += [f"{each.id}  {each.reason}  {places[each.id]}" for each in found]
    result = {"reasons": dict(reasons), "documents": [asdict(each) for each in found]}
    show(result, arguments.json, lines)
    return 0


def _release(arguments: argparse.Namespace) -> int:
    from govern.quarantine import listed, release

    for flag, text in (("--who", arguments.who), ("--why", arguments.why)):
        if not text.strip() or not text.isprintable() or len(text) > SAID:
            raise InputError(f"{flag}: empty, more than one line or over {SAID} characters; it stands in the certificate")
    ids = read_ids(arguments.ids)
    request = request_of(arguments, inputs=tuple(arguments.inputs))
    outcome = release(
        request, arguments.folder.absolute(), ids, who=arguments.who, why=arguments.why,
        characters=arguments.max_characters, timeout_s=arguments.timeout,
    )  # fmt: skip
    still = {each.id for each in listed(outcome.folder)} & set(ids)
    counts = outcome.certificate.claim["accounting"]
    searched = len(set(ids)) - len(still)
    lines = [
        f"{arguments.out}: certified, a draft: {searched:,} searched to the end, {len(still):,} set aside again",
        f"certificate {outcome.certificate.digest}",
        f"next: `govern sign {arguments.out} --sign-key KEY`",
    ]
    result = {
        "folder": str(arguments.out),
        "certificate": outcome.certificate.digest,
        "searched": searched,
        "set_aside_again": len(still),
        "accounting": counts,
    }
    show(result, arguments.json, lines)
    return 0


def _repair(arguments: argparse.Namespace) -> int:
    from govern import keys
    from govern.repair import repair

    secret = keys.load_secret(arguments.secret)
    done = {name: repair(arguments.folder.absolute(), name, secret) for name in arguments.shard}
    lines = [
        f"{arguments.folder / name}: {'put back, with the digest of SHA256SUMS' if made else 'is as SHA256SUMS says'}"
        for name, made in done.items()
    ]
    show({"folder": str(arguments.folder), "repaired": done}, arguments.json, lines)
    return 0
