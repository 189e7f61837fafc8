"""What the three command lines share: errors to sentences and exit codes, results to text or JSON, progress.

Exit codes: 0 passed, 1 a gate refused, 2 bad usage or unreadable input, 3 interrupted and resumable.
"""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

INTERRUPTED = 3
DEFECT_FRAMES = 6


class CommandError(Protocol):
    """What each package's root error carries."""

    exit_code: int


def run(
    program: str,
    parser: argparse.ArgumentParser,
    argv: list[str] | None,
    errors: tuple[type[Exception], ...],
    *,
    resumes: bool = True,
) -> int:
    """Parses, calls the command's `call(arguments) -> int`, and turns an error of `errors` into a sentence and exit code.

    `resumes`: what was interrupted goes on where it stopped, when the same command is given again; else it begins anew.
    """
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
        then = "the same command again continues" if resumes else "nothing was kept: run the same command again"
        print(f"{program}: interrupted; {then}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return INTERRUPTED
    except OSError as error:
        where = ascii(str(error.filename))[1:-1] if error.filename else "output"
        print(
            f"{program}: {where}: {error.strerror or 'cannot be used'}; check path, permissions and space",
            file=sys.stderr,
        )
        return 2
    except Exception as error:  # noqa: BLE001 - the process boundary: a message may quote the value it is about
        show_defect(program, error)
        return 2


def show_defect(program: str, error: Exception) -> None:
    """Where an error that nobody foresaw came from: its kind and the lines of code, never its message."""
    print(
        f"{program}: {type(error).__name__}: a defect of {program}; report these lines, no data is in them",
        file=sys.stderr,
    )
    for frame in traceback.extract_tb(error.__traceback__)[-DEFECT_FRAMES:]:
        print(f"{program}:   {Path(frame.filename).name}:{frame.lineno} {frame.name}", file=sys.stderr)


def show(result: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    """Prints `result` as one JSON object, or the plain `lines`."""
    text = json.dumps(result, sort_keys=True) if as_json else "\n".join(lines)
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def trusted_keys(flags: list[Path] | None) -> tuple[Path, ...]:
    """The public keys a command checks signatures against: `--trust` flags, else the variable `ASSAY_TRUST` (`:` between)."""
    if flags:
        return tuple(flags)
    named = os.environ.get("ASSAY_TRUST", "")
    return tuple(Path(name) for name in named.split(os.pathsep) if name)
