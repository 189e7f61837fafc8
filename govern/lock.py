"""One writer at a time in a folder; readers need nothing, since files are replaced whole."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govern.errors import InputError, Refused

PAUSES_S = (0.01, 0.04, 0.1)
"""Tried again after each: a program that another thread starts holds the lock of the last writer until it begins."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds `folder` against a second writer of this host until the block ends, also where the process is killed.

    Raises:
        InputError: the folder cannot be opened or locked.
        Refused: another process holds it.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}; check the path") from None
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    for pause_s in (*PAUSES_S, None):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if pause_s is None:
                raise Refused(f"{folder}: another process is writing there; wait for it, then run this again") from None
            time.sleep(pause_s)
        except OSError as error:
            raise InputError(f"{folder}: cannot be locked ({error.strerror}); use a local file system") from None
        else:
            return
