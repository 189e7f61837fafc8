"""`govern profile`: a first look at data that nobody has described."""

import argparse
from typing import Any

from govern.console import show
from govern.flags import add_command, given, named


def add(commands: Any) -> None:
    """Registers `profile`."""
    profile = add_command(commands, "profile", _profile, "look at unknown data: files, encodings, columns; writes nothing")
    profile.add_argument("inputs", type=given, nargs="+", metavar="INPUT", help="files, folders of them, or a pattern")
    profile.add_argument("--encoding", metavar="NAME", help="of text files, where they do not say it (default: as they read)")
    profile.add_argument(
        "--policy", type=named, default="default", metavar="NAME|FILE", help="how sources are read, what is looked for"
    )


def _profile(arguments: argparse.Namespace) -> int:
    from govern.policy import load
    from govern.profile import advice, look, said

    inputs = tuple(arguments.inputs)
    looks = look(inputs, load(arguments.policy), arguments.encoding)
    files = [
        {
            "file": str(one.path),
            "format": one.format,
            "encoding": None if one.format == "parquet" else one.encoding,
            "rows_read": one.rows,
            "whole": one.whole,
            "layout": one.layout,
            "languages": dict(one.languages),
            "problem": one.problem or None,
            "columns": [
                {
                    "name": one.shown[column.name],
                    "kinds": dict(column.kinds),
                    "filled": column.filled,
                    "mean_characters": column.mean,
                    "distinct": len(column.distinct),
                    "searched": column.searched,
                    "types": dict(column.types),
                }
                for column in one.columns
            ],
        }
        for one in looks
    ]
    show({"files": files}, arguments.json, [*said(looks), advice(looks, inputs)])
    return 0
