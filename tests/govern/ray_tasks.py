"""What the tests of the Ray engine give to workers, which import it by this name."""

import os
import signal
import time
from pathlib import Path

from govern.detect import DetectionUnknown
from govern.errors import InputError, VerificationError

CALLS = []
"""Stays in a worker from one shard to the next, as a loaded model does."""


def later_ones_first(number: int) -> int:
    time.sleep(0.3 if number % 4 == 0 else 0)
    return -number


def worker(_: int) -> tuple[int, int]:
    CALLS.append(1)
    return os.getpid(), len(CALLS)


def begin(task: tuple[Path, int]) -> int:
    """Leaves a mark; the first one waits to be let go."""
    folder, number = task
    (folder / str(number)).touch()
    while number == 0 and not (folder / "go").exists():
        time.sleep(0.05)
    return number


def die_once(task: tuple[Path, int]) -> int:
    folder, number = task
    mark = folder / f"{number}.died"
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_beside(task: tuple[Path, int, int]) -> int:
    """Number 1 dies; number 2 works on for a while after it died so often, and leaves a mark at its end."""
    folder, number, often = task
    if number == 1:
        (folder / f"died-{len(list(folder.glob('died-*')))}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 2:
        while len(list(folder.glob("died-*"))) < often:
            time.sleep(0.05)
        time.sleep(5)
        (folder / "done").touch()
    return number


def refuse(kind: str) -> None:
    raise {
        "input": InputError("a.jsonl: line 3: not JSON; repair it"),
        "unknown": DetectionUnknown("ran out of time"),
        "verification": VerificationError(("one", "two")),
        "defect": LookupError("secret"),
    }[kind]
