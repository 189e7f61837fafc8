"""`govern convert`: PDF, HTML, DOCX, HWP and HWPX files to JSON Lines that `govern certify` reads."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.console import show
from govern.converters.converted import SECONDS
from govern.flags import add_command, local, positive

if TYPE_CHECKING:
    from govern.convert import Conversion


def add(commands: Any) -> None:
    """Registers `convert`."""
    import os

    convert = add_command(commands, "convert", _convert, "turn PDF, HTML, DOCX, HWP and HWPX files into JSON Lines; private")
    convert.add_argument("inputs", type=local, nargs="+", metavar="INPUT", help="files, or folders with all that lies in them")
    convert.add_argument(
        "--out", type=local, required=True, metavar="DIR", help="a new folder; it holds raw text, for its owner alone"
    )
    convert.add_argument("--by", choices=("file", "page"), default="file", help="what a document is (page: of PDF alone)")
    convert.add_argument("--allow-refused", action="store_true", help="exit with 0 where files were refused, too")
    convert.add_argument(
        "--seconds", type=positive, default=SECONDS, metavar="N", help=f"processor time of a file at most (default: {SECONDS})"
    )
    convert.add_argument("--workers", type=positive, default=os.cpu_count() or 1, metavar="N", help="processes (default: all)")


def _convert(arguments: argparse.Namespace) -> int:
    from govern.convert import convert
    from govern.pipeline import resumable

    out = arguments.out.absolute()
    with resumable(out):
        made = convert(
            arguments.inputs, out, by_page=arguments.by == "page", seconds=arguments.seconds, workers=arguments.workers
        )
    accepted = arguments.allow_refused or not made.refused
    counted = {name: made.summary[name] for name in ("accounting", "characters", "documents", "formats", "left_out")}
    result = {"folder": str(arguments.out), "found_finished": made.reused, **counted}
    show(result, arguments.json, _lines(arguments.out, made, accepted))
    return 0 if accepted else 1


def _lines(out: Path, made: "Conversion", accepted: bool) -> list[str]:
    """Counts, and no name: file names name persons."""
    from govern.converters.converted import REASONS

    counts = made.summary["accounting"]
    lines = [
        f"{out}: {made.summary['documents']:,} documents; holds raw text, keep it private",
        f"files: {counts['in']:,} in = {counts['converted']:,} converted + {sum(made.refused.values()):,} refused",
    ]
    lines += [f"  refused, {reason}: {number:,} ({REASONS[reason]})" for reason, number in sorted(made.refused.items())]
    lines += [f"  left out, {kind}: {number:,}" for kind, number in sorted(made.summary["left_out"].items())]
    if made.refused:
        lines.append(f"which files, and why: {out / 'summary.json'}")
    if not accepted:
        lines.append("exit code 1: files were refused; --allow-refused accepts that")
    elif made.summary["documents"]:
        lines.append(f"next: `govern certify {out} --out CORPUS --secret FILE`")
    return lines
