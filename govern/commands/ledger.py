"""`govern ledger`: what a ledger says, and whether its chain holds."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.clock import as_text
from govern.console import show
from govern.errors import Refused
from govern.flags import add_command, local

if TYPE_CHECKING:
    from govern.ledger import Chain, Entry


def add(commands: Any) -> None:
    """Registers `ledger show` and `ledger verify`."""
    group = commands.add_parser("ledger", help="print or verify the record of who looked, and why", allow_abbrev=False)
    inner = group.add_subparsers(title="commands", metavar="show|verify", required=True)
    for name, call, text in (
        ("show", _show, "verify, then print every entry"),
        ("verify", _verify, "find a line that was edited, moved or removed, and an end that was cut off"),
    ):
        command = add_command(inner, name, call, text)
        command.add_argument("ledger", type=local, metavar="LEDGER")
        command.add_argument(
            "--head", metavar="DIGEST", help="the head that an earlier append printed; finds a cut end"
        )


def _show(arguments: argparse.Namespace) -> int:
    from govern.ledger import verify

    chain = verify(arguments.ledger, arguments.head)
    entries = [
        {
            "sequence": entry.sequence,
            "time": as_text(entry.time),
            "who": entry.who,
            "what": entry.what,
            "reason": entry.reason,
            "about": entry.about,
            "digest": entry.digest,
        }
        for entry in chain.entries
    ]
    lines = [*(_line(entry) for entry in chain.entries), *_torn(arguments.ledger, chain), f"head {chain.head}"]
    show({"entries": entries, "head": chain.head, "torn_bytes": chain.torn_bytes}, arguments.json, lines)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from govern.ledger import verify

    chain = verify(arguments.ledger, arguments.head)
    if chain.torn:
        raise Refused("\n".join(_torn(arguments.ledger, chain)))
    lines = [f"{arguments.ledger}: verified, {len(chain.entries):,} entries", f"head {chain.head}"]
    if arguments.head is None:
        lines.append("a cut end shows only against a head noted earlier: give it with --head")
    result = {
        "ledger": str(arguments.ledger),
        "verified": True,
        "entries": len(chain.entries),
        "head": chain.head,
        "head_checked": arguments.head is not None,
    }
    show(result, arguments.json, lines)
    return 0


def _line(entry: "Entry") -> str:
    about = json.dumps(entry.about, ensure_ascii=False, sort_keys=True)
    return f"{entry.sequence}  {as_text(entry.time)}  {entry.who}  {entry.what}  {entry.reason}  {about}"


def _torn(ledger: Path, chain: "Chain") -> list[str]:
    if not chain.torn:
        return []
    return [
        f"{ledger}: {len(chain.entries):,} entries hold, and the last line is half written ({chain.torn_bytes} bytes), as a "
        "killed process leaves it; the next entry completes it, or says that it was taken away"
    ]
