"""The ledger: who looked at what is hidden, when and why. One file of lines, each holding the digest of the line before.

The first line is a header with an id of its own; every further line is an entry in canonical JSON (RFC 8785). `verify`
finds an edited, reordered or removed line from the chain alone. A chain cannot know how long it was: an end that was cut
off, or a ledger rewritten from the start, is found where the caller gives a head (the digest that `append` returned) that
he noted elsewhere. Lines are appended under a lock and synced, so that writers at the same time lose nothing. A process
killed while it writes leaves a last line without a line end: `torn_bytes`, told apart from tampering; the next append
completes it, or takes it away and says so in an entry of its own. No clock is read here: the caller passes the time.
"""

import contextlib
import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from govern.clock import as_text, parse
from govern.errors import InputError, VerificationError
from govern.files import canonical, parse_canonical, sync_folder
from govern.inventory import open_plain, plain

FORMAT_VERSION = 1
KIND = "assay-ledger"
HEADER_START = b'{"format_version":1,"kind":"assay-ledger","ledger":"'
"""How a header begins, so that a file of another kind is never taken for a torn ledger."""
HEADER = re.compile(re.escape(HEADER_START) + rb'[0-9a-f]{32}"}')
HEAD = re.compile(r"sha256:[0-9a-f]{64}")
LINE_BYTES = 4 * 1024 * 1024
REASON_CHARACTERS = 500
REPAIRED = "ledger.repaired"
MEMBERS = {"about", "previous", "reason", "sequence", "time", "what", "who"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: its place from 1 on, when, what was done, by whom, why, about what, and the line's digest (the head)."""

    sequence: int
    time: datetime
    what: str
    who: str
    reason: str
    about: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A ledger whose chain holds: its entries, its head (the digest of the last line), and a half-written rest."""

    entries: tuple[Entry, ...]
    head: str
    torn: bytes = field(default=b"", repr=False)
    """What a killed writer left after the last line end; it is no entry."""

    @property
    def torn_bytes(self) -> int:
        """How long the half-written rest is; 0 where there is none."""
        return len(self.torn)


def append(
    path: Path, what: str, *, who: str, reason: str, now: datetime, about: Mapping[str, Any] | None = None
) -> Entry:
    """The entry that was added and synced to the disk; where this raises, nothing was added.

    Args:
        path: the ledger; started where it is missing, for its owner alone.
        what: the action, such as `vault.reveal`.
        who: who acts, as the caller knows him.
        reason: why, in one line.
        now: when, UTC.
        about: further members, of printable text, numbers, lists and objects; never a value that is hidden.

    Raises:
        InputError: a text is empty or not printable, or the file cannot be written.
        VerificationError: the chain of the ledger does not hold, so nothing is added to it.
    """
    check_reason(reason)
    members = {"about": dict(about or {}), "reason": reason, "time": as_text(now), "what": what, "who": who}
    if not what or not who or not _is_printable(members):
        raise InputError(
            f"{plain(path)}: an entry with an empty or unprintable text; what, who and why are one line each"
        )
    with _locked(path) as (descriptor, size):
        chain = _read(_lines(descriptor), plain(path)) if size else Chain((), "")
        keep, data, last = _due(chain, size, members)
        if len(last) > LINE_BYTES:
            raise InputError(f"{plain(path)}: an entry of more than {LINE_BYTES} bytes; name fewer things at a time")
        _write(path, descriptor, keep, data)
        if not size:
            sync_folder(path.absolute().parent)
    return _entry(last, plain(path))


def verify(path: Path, head: str | None = None) -> Chain:
    """The ledger after every check; entries may have followed the one whose digest is `head`.

    Raises:
        InputError: no file, or `head` is no digest.
        VerificationError: a line was edited, removed or put elsewhere, or no line has the digest `head`.
    """
    if head is not None and not HEAD.fullmatch(head):
        raise InputError("the noted head: not `sha256:` and 64 hexadecimal digits; copy what the last append printed")
    try:
        descriptor = open_plain(path)
    except OSError as error:
        raise InputError(f"{plain(path)}: {error.strerror or 'not a plain file'}; give the ledger") from None
    try:
        chain = _read(_lines(descriptor), plain(path))
    finally:
        os.close(descriptor)
    if not chain.head and not chain.torn:
        raise _broken(plain(path), "is empty, and a ledger has a header at least")
    if head is not None and head not in {entry.digest for entry in chain.entries}:
        raise _broken(
            plain(path), f"no entry has the noted digest {head}: the end was cut off, or lines were rewritten"
        )
    return chain


def check_reason(reason: str) -> None:
    """Nothing, where `reason` is one printable line.

    Raises:
        InputError: it is empty, longer than 500 characters, or holds what cannot be printed.
    """
    if not reason.strip() or not reason.isprintable():
        raise InputError("--reason: empty, or more than one printable line; say in one line why")
    if len(reason) > REASON_CHARACTERS:
        raise InputError(f"--reason: {len(reason)} characters, at most {REASON_CHARACTERS}; shorten it")


@contextmanager
def _locked(path: Path) -> Iterator[tuple[int, int]]:
    """A descriptor of the ledger and its size, held against every other writer, who waits."""
    try:
        descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise InputError(
            f"{plain(path)}: {error.strerror or 'not a plain file'}; name a ledger you may write"
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            same = os.path.samestat(os.fstat(descriptor), path.lstat())
        except OSError as error:
            raise InputError(f"{plain(path)}: cannot be locked ({error.strerror}); use a local file system") from None
        if not same:
            raise InputError(f"{plain(path)}: was moved while it was opened; run this again")
        yield descriptor, os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _lines(descriptor: int) -> Iterator[bytes]:
    with os.fdopen(os.dup(descriptor), "rb") as stream:
        stream.seek(0)
        while line := stream.readline(LINE_BYTES + 1):
            yield line


def _read(lines: Iterator[bytes], where: str) -> Chain:
    """The chain of these lines; each but the last ends with a line end."""
    first = next(lines, b"")
    if not first.endswith(b"\n") and (HEADER_START.startswith(first) or first.startswith(HEADER_START)):
        return Chain((), "", first)
    if not HEADER.fullmatch(first.removesuffix(b"\n")):
        raise _broken(f"{where}, line 1", "is no header of a ledger of this format; give another file, or restore it")
    entries: list[Entry] = []
    head = _digest(first[:-1])
    for line in lines:
        place = f"{where}, line {len(entries) + 2}"
        if not line.endswith(b"\n"):
            if len(line) > LINE_BYTES:
                raise _broken(place, f"is longer than {LINE_BYTES} bytes, so this program did not write it")
            return Chain(tuple(entries), head, line)
        entries.append(_entry(line[:-1], place, head, len(entries) + 1))
        head = entries[-1].digest
    return Chain(tuple(entries), head)


def _entry(line: bytes, where: str, previous: str | None = None, sequence: int | None = None) -> Entry:
    """The entry in a line; where they are given, it must continue the line of the digest `previous`."""
    try:
        value = parse_canonical(line, where)
        time = parse(value["time"])
        texts = (value["what"], value["who"], value["reason"])
        good = (
            set(value) == MEMBERS and isinstance(value["about"], dict) and all(isinstance(text, str) for text in texts)
        )
    except (InputError, ValueError, TypeError, KeyError):
        raise _broken(where, "is no entry: it was edited") from None
    if not good or not _is_printable(value) or type(value["sequence"]) is not int:
        raise _broken(where, "is no entry: it was edited")
    if previous is not None and (value["previous"] != previous or value["sequence"] != sequence):
        raise _broken(where, "does not continue the line before: one of them was edited, moved or removed")
    return Entry(value["sequence"], time, *texts, value["about"], _digest(line))


def _due(chain: Chain, size: int, members: dict[str, Any]) -> tuple[int, bytes, bytes]:
    """How many bytes of the file stay, what is written after them, and the last line of it."""
    keep, head, sequence = size - chain.torn_bytes, chain.head, len(chain.entries)
    lines: list[bytes] = []
    due = [members]
    if not head:
        lines.append(canonical({"format_version": FORMAT_VERSION, "kind": KIND, "ledger": secrets.token_hex(16)}))
        head = _digest(lines[-1])
    elif chain.torn:
        try:
            sequence, head = sequence + 1, _entry(chain.torn, "", head, sequence + 1).digest
            keep, lines = size, [b""]
        except VerificationError:
            torn = {"bytes": chain.torn_bytes, "sha256": sha256(chain.torn).hexdigest()}
            due.insert(0, {**members, "about": torn, "reason": "a half-written line was taken away", "what": REPAIRED})
    for item in due:
        sequence += 1
        lines.append(canonical({**item, "previous": head, "sequence": sequence}))
        head = _digest(lines[-1])
    return keep, b"\n".join(lines) + b"\n", lines[-1]


def _write(path: Path, descriptor: int, keep: int, data: bytes) -> None:
    """Puts `data` after the first `keep` bytes and syncs; where that fails, nothing of it stays."""
    try:
        os.ftruncate(descriptor, keep)
        done = 0
        while done < len(data):
            done += os.pwrite(descriptor, data[done:], keep + done)
        os.fsync(descriptor)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, keep)
        raise InputError(f"{plain(path)}: cannot be written ({error.strerror}); nothing was added") from None


def _digest(line: bytes) -> str:
    return "sha256:" + sha256(line).hexdigest()


def _is_printable(value: object) -> bool:
    """Whether every text in a JSON value can be shown on one line of a terminal, and nothing else is in it."""
    if isinstance(value, dict):
        return all(_is_printable(item) for pair in value.items() for item in pair)
    if isinstance(value, list | tuple):
        return all(_is_printable(item) for item in value)
    return value.isprintable() if isinstance(value, str) else type(value) is int


def _broken(where: str, what: str) -> VerificationError:
    return VerificationError((f"{where}: {what}; restore the ledger, and find out who changed it",))
