"""`govern review`: pages on which a person judges what was masked most, and marks what was missed."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.console import show
from govern.errors import InputError
from govern.flags import add_command, local, positive

if TYPE_CHECKING:
    from govern.review.folder import Reviewed


def add(commands: Any) -> None:
    """Registers `review false-positives|misses`."""
    top = commands.add_parser("review", help="pages to judge what was masked and what was missed", allow_abbrev=False)
    inner = top.add_subparsers(title="commands", metavar="false-positives|misses", required=True)

    most = add_command(
        inner, "false-positives", _false_positives, "a page of what was masked most, to accept what is wrong"
    )
    most.add_argument("folder", type=local, metavar="DIR", help="a certified folder, DIR.private beside it")
    most.add_argument(
        "--top", type=positive, default=100, metavar="N", help="values, and shapes, that it shows (default: 100)"
    )
    most.add_argument(
        "--out", type=local, metavar="FILE.html", help="private (default: DIR.private/false-positives.html)"
    )

    missed = add_command(inner, "misses", _misses, "a page of certified documents, to mark what was missed")
    missed.add_argument("folder", type=local, metavar="DIR", help="a certified folder, DIR.private beside it")
    missed.add_argument("--sample", type=positive, default=50, metavar="N", help="documents drawn (default: 50)")
    missed.add_argument(
        "--seed", type=int, default=0, metavar="S", help="the same seed draws the same documents (default: 0)"
    )
    missed.add_argument("--out", type=local, required=True, metavar="FILE.html", help="private")


def _false_positives(arguments: argparse.Namespace) -> int:
    from govern.review import page
    from govern.review.contexts import contexts
    from govern.review.folder import open_folder
    from govern.review.groups import group

    reviewed = open_folder(arguments.folder, findings=True)
    out = _out(arguments.out or reviewed.private / "false-positives.html", reviewed)
    grouped = group(reviewed, arguments.top)
    shown = contexts(reviewed, [*grouped.by_value, *grouped.by_shape])
    _write(out, page.false_positives(reviewed, grouped, shown))
    result = {
        "file": str(out),
        "spans": grouped.spans,
        "documents": grouped.documents,
        "values": {"all": grouped.values, "shown": len(grouped.by_value)},
        "shapes": {"all": grouped.shapes, "shown": len(grouped.by_shape)},
    }
    lines = [
        f"{out}: {len(grouped.by_value):,} of {grouped.values:,} values and {len(grouped.by_shape):,} of {grouped.shapes:,} "
        f"shapes, of {grouped.spans:,} masked spans; keep it private",
        "next: open it in a browser, then `govern policy learn LISTS ANSWERS.json --secret FILE`",
    ]
    show(result, arguments.json, lines)
    return 0


def _misses(arguments: argparse.Namespace) -> int:
    from govern.review import misses, page
    from govern.review.folder import open_folder

    reviewed = open_folder(arguments.folder)
    out = _out(arguments.out, reviewed)
    drawn = misses.draw(reviewed, arguments.sample, arguments.seed)
    _write(out, page.misses(reviewed, drawn))
    certified = reviewed.certificate.claim["accounting"]["certified"]
    lines = [
        f"{out}: {len(drawn):,} of {certified:,} documents; keep it private",
        f"next: open it in a browser, then `govern policy learn LISTS ANSWERS.json --corpus {arguments.folder} --secret FILE`",
    ]
    show({"file": str(out), "documents": len(drawn), "certified": certified}, arguments.json, lines)
    return 0


def _out(path: Path, reviewed: "Reviewed") -> Path:
    if path.resolve().is_relative_to(reviewed.folder.resolve()):
        raise InputError(
            f"{path}: lies inside the certified folder, which would no longer verify; choose another --out"
        )
    return path


def _write(path: Path, data: bytes) -> None:
    from govern.files import write_whole

    write_whole(path, data, 0o600)
