"""`govern known`: the customer table as a sealed file of values to search for, and what such a file says of itself."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.console import show
from govern.flags import add_command, local

if TYPE_CHECKING:
    from govern.known import Summary


def add(commands: Any) -> None:
    """Registers `known build` and `known show`."""
    known = commands.add_parser(
        "known", help="seal a customer table, to find its values in every text", allow_abbrev=False
    )
    inner = known.add_subparsers(title="commands", metavar="COMMAND", required=True)

    build = add_command(inner, "build", _build, "read customer tables and seal what is searched for")
    build.add_argument(
        "masters", type=local, nargs="+", metavar="MASTER", help=".csv or .parquet files, a customer a row"
    )
    build.add_argument(
        "--columns",
        type=_columns,
        required=True,
        metavar="COLUMN=TYPE,...",
        help="what holds what: name=PERSON,phone=PHONE_NUMBER",
    )
    build.add_argument("--key", metavar="COLUMN", help="the customer's key, by which a document names its customer")
    build.add_argument(
        "--secret", type=local, required=True, metavar="FILE", help="the 32-byte secret that seals the file"
    )
    build.add_argument("--out", type=local, required=True, metavar="FILE.known", help="a new file; encrypted")

    look = add_command(inner, "show", _show, "print counts and the keyed digest of a sealed file, no value")
    look.add_argument("file", type=local, metavar="FILE.known")
    look.add_argument("--secret", type=local, metavar="FILE", help="prove every byte of the file with it")


def _columns(text: str) -> dict[str, str]:
    """`name=PERSON,phone=PHONE_NUMBER` as columns and entity types."""
    columns: dict[str, str] = {}
    for part in text.split(","):
        column, sign, entity_type = (piece.strip() for piece in part.rpartition("="))
        if not sign or not column or not entity_type or column in columns:
            raise argparse.ArgumentTypeError(f"'{text}': expected COLUMN=TYPE,..., each column once")
        columns[column] = entity_type
    return columns


def _build(arguments: argparse.Namespace) -> int:
    from govern import known
    from govern.keys import load_secret

    summary = known.build(
        arguments.masters, arguments.columns, load_secret(arguments.secret), arguments.out, arguments.key
    )
    show(_result(arguments.out, summary), arguments.json, [f"{arguments.out}: sealed", *_lines(summary)])
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from govern import known
    from govern.keys import load_secret

    secret = None if arguments.secret is None else load_secret(arguments.secret)
    summary = known.read_summary(arguments.file, secret)
    proved = "every byte proved" if secret is not None else "not proved: give --secret to prove it"
    result = _result(arguments.file, summary) | {"proved": secret is not None}
    show(result, arguments.json, [f"{arguments.file}: {proved}", *_lines(summary)])
    return 0


def _result(file: Path, summary: "Summary") -> dict[str, Any]:
    return {
        "file": str(file),
        "digest": summary.digest,
        "customers": summary.customers,
        "counts": {count.entity_type: count._asdict() for count in summary.counts},
    }


def _lines(summary: "Summary") -> list[str]:
    lines = [f"digest {summary.digest}", f"customers with a key {summary.customers:,}"]
    lines += [
        f"{count.entity_type}: {count.values:,} values = {count.searched:,} searched everywhere "
        f"+ {count.joined_only:,} by join alone; {count.forms:,} spellings, {count.beside:,} of them beside a label alone"
        for count in summary.counts
    ]
    return lines
