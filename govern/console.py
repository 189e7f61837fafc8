"""What the three command lines share: errors to sentences and exit codes, results to text or JSON, progress.

Exit codes: 0 passed, 1 a gate refused, 2 bad usage or unreadable input, 3 interrupted and resumable.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

INTERRUPTED = 3


class CommandError(Protocol):
    """What each package's root error carries."""

    exit_code: int


def run(
    program: str, parser: argparse.ArgumentParser, argv: list[str] | None, errors: tuple[type[Exception], ...]
) -> int:
    """Parses, calls the command's `call(arguments) -> int`, and turns an error of `errors` into a sentence and exit code."""
    arguments = parser.parse_args(argv)
    call: Callable[[argparse.Namespace], int] | None = getattr(arguments, "call", None)
    if call is None:
        parser.print_help()
        return 2
    try:
        return call(arguments)
    except errors as error:
        for line in str(error).splitlines():
            print(f"{program}: {line}", file=sys.stderr)
        return int(getattr(error, "exit_code", 2))
    except KeyboardInterrupt:
        print(f"{program}: interrupted; the same command again continues", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def show(result: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    """Prints `result` as one JSON object, or the plain `lines`."""
    print(json.dumps(result, ensure_ascii=False, sort_keys=True) if as_json else "\n".join(lines))


def trusted_keys(flags: list[Path] | None) -> tuple[Path, ...]:
    """The public keys a command checks signatures against: `--trust` flags, else the variable `ASSAY_TRUST` (`:` between)."""
    if flags:
        return tuple(flags)
    named = os.environ.get("ASSAY_TRUST", "")
    return tuple(Path(name) for name in named.split(os.pathsep) if name)
