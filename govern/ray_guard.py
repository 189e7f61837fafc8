"""Outlives the run that starts it: when that ends, however it ends, what Ray left of its cluster ends, and its folder goes.

Most of a cluster is killed by the kernel with the process that started it. Two agents of Ray are not: they try for a minute
to tell the dead cluster that it died. Run as `python -m govern.ray_guard FOLDER`; standard input is a pipe from the run, with
the number of a process in each line.
"""

import contextlib
import os
import shutil
import signal
import sys


def main(folder: str) -> None:
    """Waits until the other end of standard input is closed, then kills the processes it named and removes the folder."""
    held = []
    for line in sys.stdin.buffer:
        with contextlib.suppress(ProcessLookupError):
            held.append(os.pidfd_open(int(line)))  # the process itself, whoever has its number later
    for process in held:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
