"""Outlives the run that starts it: when that ends, however it ends, what Ray left of its cluster ends, and its folder goes.

Most of a cluster is killed by the kernel with the process that started it. Two agents of Ray are not: they try for a minute
to tell the dead cluster that it died. Run as `python -m govern.ray_guard FOLDER PID...`, with a pipe from the run as
standard input.
"""

import contextlib
import os
import shutil
import signal
import sys


def main(folder: str, *numbers: str) -> None:
    """Waits until the other end of standard input is closed, then kills those processes and removes the folder."""
    held = []
    for number in numbers if hasattr(os, "pidfd_open") else ():
        with contextlib.suppress(ProcessLookupError):
            held.append(os.pidfd_open(int(number)))  # the process itself, whoever has its number later
    sys.stdin.buffer.read()
    for process in held:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
