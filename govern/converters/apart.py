"""A process of its own that reads files one after the other, held to time and memory: whatever a file does ends there.

The process gets a path and answers with one line of JSON, so that nothing it says is run. A file that ends it, or that it
cannot read, is tried once more in a new one, since files before may have left it little memory, or somebody may have killed it:
so what comes of a file does not depend on others.
"""

import hashlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from govern.converters.converted import Unread
from govern.converters.formats import read, sniff
from govern.inventory import open_plain
from govern.shards import interrupts_held

FILE_BYTES = 200_000_000
"""A larger file is refused."""

MEMORY_BYTES = 440_000_000
"""Memory that reading a file may take beside what the process has at its start."""

WAIT_TIMES = 4
"""Times its processor's time that is waited for a file: a machine may be busy, a disk slow."""

_CODE = "import json, sys; sys.path[:] = json.loads(sys.stdin.readline()); from govern.converters.apart import serve; serve()"
_PIECE = 1 << 16
_AGAIN = frozenset({"damaged", "over_limit", "reader_failed"})
"""What a file may be refused for because of the process that read it."""

_STATM = Path("/proc/self/statm")
"""Where Linux says how much address space a process has; elsewhere memory is not held."""


class Apart:
    """Reads files in another process, at most `seconds` of processor time each; a context that ends the process."""

    def __init__(self, seconds: int, *, by_page: bool) -> None:
        self.seconds, self.by_page = seconds, by_page
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def read(self, path: Path) -> dict[str, Any]:
        """What `answer` says of a file, or that it ended the process that read it, or took too long."""
        said = self._once(path)
        if said.get("refused") in _AGAIN and said["why"] != self._late:
            self.end()
            said = self._once(path)
        return said

    @property
    def _late(self) -> str:
        return f"takes over {self.seconds} s to read"

    def _once(self, path: Path) -> dict[str, Any]:
        said = self._ask(path)
        if said:
            answer: dict[str, Any] = json.loads(said)
            return answer
        if self.end() == -signal.SIGXCPU or said is None:
            return refused("over_limit", self._late)
        return refused("reader_failed", "ended the process that read it, twice: by its memory, or a defect of its reader")

    def _ask(self, path: Path) -> bytes | None:
        """The line that the process answers; empty where it ended instead, None where it was waited for in vain."""
        process = self._process = self._process or _started()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError
        try:
            process.stdin.write(json.dumps([os.fsencode(path).hex(), self.seconds, self.by_page]).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            return b""
        latest = time.monotonic() + WAIT_TIMES * self.seconds
        pieces: list[bytes] = []
        while not (pieces and pieces[-1].endswith(b"\n")):
            if not select.select([process.stdout], [], [], max(0.0, latest - time.monotonic()))[0]:
                return None
            pieces.append(os.read(process.stdout.fileno(), _PIECE))
            if not pieces[-1]:
                process.wait()
                return b""
        return b"".join(pieces)

    def end(self) -> int | None:
        """Ends the process, if there is one; how it ended."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.kill()
        process.communicate()
        return process.returncode


_kept: dict[tuple[int, bool], Apart] = {}


def kept(seconds: int, *, by_page: bool) -> Apart:
    """The reader of this process, which lives on from one part to the next; `end_kept` ends it."""
    return _kept.setdefault((seconds, by_page), Apart(seconds, by_page=by_page))


def end_kept() -> None:
    """Ends the readers of this process; those of other processes end with them."""
    while _kept:
        _kept.popitem()[1].end()


def _started() -> subprocess.Popen[bytes]:
    with interrupts_held():
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and code that stands above
            [sys.executable, "-c", _CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    if process.stdin is not None:
        process.stdin.write(json.dumps(sys.path).encode() + b"\n")
        process.stdin.flush()
    return process


def serve() -> None:
    """In the other process: answers each line that comes, and ends with the last."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    _load()
    if _STATM.exists():
        pages = int(_STATM.read_text("ascii").split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the text
    for line in sys.stdin:
        path, seconds, by_page = json.loads(line)
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        said = _said(Path(os.fsdecode(bytes.fromhex(path))), by_page)
        answers.write(said + b"\n")
        answers.flush()


def _load() -> None:
    """Loads the libraries, so that a file's share of memory is its own."""
    import olefile  # noqa: F401
    import pypdfium2  # noqa: F401
    import selectolax.lexbor  # noqa: F401


def _said(path: Path, by_page: bool) -> bytes:
    """The line that answers for a file; one that takes too much memory is refused, once the memory is free again."""
    try:
        return json.dumps(answer(path, by_page), ensure_ascii=False).encode()
    except MemoryError:
        why = f"takes over {MEMORY_BYTES:,} bytes of memory to read"
    return json.dumps(refused("over_limit", why)).encode()


def answer(path: Path, by_page: bool) -> dict[str, Any]:
    """`sha256` and `format` of a file with its `texts`, `pages` and `left_out`, or with `refused` and `why`."""
    known: dict[str, Any] = {}
    try:
        data = _bytes(path)
        known["sha256"] = hashlib.sha256(data).hexdigest()
        known["format"] = sniff(data, path.name)
        converted = read(data, known["format"], by_page=by_page)
    except Unread as error:
        return known | refused(error.reason, error.why) | {"left_out": dict(sorted(error.left_out.items()))}
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the edge of a process: what nobody foresaw refuses the file
        last = traceback.extract_tb(error.__traceback__)[-1]
        return known | refused("reader_failed", f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}")
    texts = [[text.page, text.text] for text in converted.texts]
    return known | {"texts": texts, "pages": converted.pages, "left_out": dict(sorted(converted.left_out.items()))}


def _bytes(path: Path) -> bytes:
    try:
        with os.fdopen(open_plain(path), "rb") as stream:
            data = stream.read(FILE_BYTES + 1)
    except OSError:
        raise Unread("unreadable", "cannot be opened") from None
    if len(data) > FILE_BYTES:
        raise Unread("over_limit", f"has more than {FILE_BYTES:,} bytes")
    return data


def refused(reason: str, why: str) -> dict[str, Any]:
    """The answer for a file that gives no text."""
    return {"refused": reason, "why": why}
