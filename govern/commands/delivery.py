"""`govern copy`: a signed corpus to an object store, from one, or into another folder."""

import argparse
from pathlib import Path
from typing import Any

from govern.console import show, trusted_keys
from govern.flags import add_command, add_trust, given, local, now, positive


def add(commands: Any) -> None:
    """Registers `copy`."""
    copy = add_command(commands, "copy", _copy, "verify a signed corpus, and copy it to an object store or from one")
    copy.add_argument("source", type=given, metavar="FROM", help="a signed folder, or an URL such as s3://bucket/corpus")
    copy.add_argument("target", type=given, metavar="TO", help="a new folder or URL; a copy that broke off is continued")
    add_trust(copy)
    copy.add_argument("--signatures", type=positive, metavar="N", help="ask for more signatures than the certificate does")
    copy.add_argument("--revocations", type=local, metavar="FILE", help="a signed revocation list")


def _copy(arguments: argparse.Namespace) -> int:
    from govern.delivery import copy
    from govern.pipeline import resumable

    source, target = (
        place.absolute() if isinstance(place, Path) else place for place in (arguments.source, arguments.target)
    )
    with resumable(target):
        made = copy(
            source, target, trusted_keys(arguments.trust), now=now(), signatures=arguments.signatures,
            revocations=arguments.revocations,
        )  # fmt: skip
    result = {
        "from": str(arguments.source),
        "to": str(arguments.target),
        "certificate": made.certificate,
        "sent": made.sent,
        "kept": made.kept,
        "revocations_checked": arguments.revocations is not None,
    }
    lines = [
        f"{arguments.target}: verified and copied: {made.sent:,} files sent and read back, {made.kept:,} were there",
        f"certificate {made.certificate}",
    ]
    if arguments.revocations is None:
        lines.append("not checked against a revocation list: give one with --revocations")
    show(result, arguments.json, lines)
    return 0
