"""What lies in a signed folder, against its list of checksums: extra, missing, changed and linked files, by name.

`parse_sums` takes `SHA256SUMS` in one spelling only: `sha256sum -c` lines, sorted, each path once, no path that leaves
the folder. `differences` looks at every entry without following a link and hashes the file it opened, so nothing is
skipped: a folder that cannot be listed, an empty folder and a pipe are problems too. File names are held to
`NAME`, since a name with a line end or a backslash has several spellings in a list of checksums.
"""

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from govern.errors import VerificationError
from govern.files import ATTESTATION, MANIFEST

NAME = re.compile(r"[A-Za-z0-9._+@=,][A-Za-z0-9._+@=,-]*")
"""One part of a path in a signed folder; `.` and `..` are refused apart."""
LINE = re.compile(r"([0-9a-f]{64})  (.+)")
SUMS_BYTES = 64 * 1024 * 1024
"""A larger list of checksums is not parsed."""
READ_BYTES = 1024 * 1024
LINKED = "linked, a signed folder holds plain files alone; restore the file"
THREADS = 4
"""Files hashed at a time; the hash releases the interpreter's lock."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What lies below a folder: plain files, folders, links, and problems with the rest. Paths are POSIX, sorted."""

    files: tuple[str, ...]
    folders: tuple[str, ...]
    links: tuple[str, ...]
    problems: tuple[str, ...]


def read_plain(path: Path, limit: int) -> bytes:
    """The bytes of a plain file; a link, a pipe or a file over `limit` bytes is refused, never followed or read.

    Raises:
        VerificationError: naming the file.
    """
    try:
        with os.fdopen(open_plain(path), "rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise VerificationError((f"{path}: {_os_problem(path, error)}",)) from None
    if len(data) > limit:
        raise VerificationError((f"{path}: larger than {limit} bytes; restore the file",))
    return data


def open_plain(path: Path, access: int = os.O_RDONLY) -> int:
    """A descriptor of a plain file, no link followed; never waits for a pipe's writer."""
    descriptor = os.open(path, access | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "not a plain file")
    return descriptor


def parse_sums(data: bytes, where: str) -> dict[str, str]:
    """Path to hexadecimal SHA-256, from the bytes of `SHA256SUMS`.

    Raises:
        VerificationError: naming `where` and the line.
    """
    found: dict[str, str] = {}
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise VerificationError((f"{where}: holds bytes that are not ASCII; restore the file",)) from None
    if lines.pop() != "" or not lines:
        raise VerificationError((f"{where}: empty, or the last line has no end; restore the file",))
    last = ""
    for number, line in enumerate(lines, 1):
        place = f"{where}, line {number}"
        match = LINE.fullmatch(line)
        if match is None:
            raise VerificationError((f"{place}: not 64 hexadecimal digits, two spaces and a path; restore the file",))
        sha256, name = match.groups()
        if not is_safe(name) or name in (MANIFEST, ATTESTATION):
            raise VerificationError((f"{place}: a path that a list of checksums may not hold; restore the file",))
        if name <= last:
            raise VerificationError((f"{place}: paths are not sorted, or one stands twice; restore the file",))
        found[name] = sha256
        last = name
    return found


def is_safe(name: str) -> bool:
    """Whether `name` is a relative path of plain parts, with no way out of the folder."""
    return all(NAME.fullmatch(part) and part not in (".", "..") for part in name.split("/"))


def scan(folder: Path) -> Tree:
    """Everything below `folder`, no link followed."""
    files: list[str] = []
    folders: list[str] = []
    links: list[str] = []
    problems: list[str] = []
    waiting = [PurePosixPath()]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(os.scandir(folder / here), key=lambda entry: entry.name)
        except OSError as error:
            problems.append(f"{plain(folder / here)}: cannot be listed ({error.strerror}); check its permissions")
            continue
        for entry in entries:
            name = here / entry.name
            where = plain(folder / name)
            if entry.is_symlink():
                links.append(str(name))
            elif not is_safe(str(name)):
                problems.append(f"{where}: extra, with a name that no list of checksums may hold; remove it")
            elif entry.is_dir(follow_symlinks=False):
                folders.append(str(name))
                waiting.append(name)
            elif entry.is_file(follow_symlinks=False):
                files.append(str(name))
            else:
                problems.append(f"{where}: extra, neither file nor folder (a pipe, socket or device); remove it")
    return Tree(tuple(sorted(files)), tuple(sorted(folders)), tuple(sorted(links)), tuple(sorted(problems)))


def differences(
    folder: Path, expected: Mapping[str, str], beside: Collection[str] = (MANIFEST, ATTESTATION)
) -> tuple[str, ...]:
    """How `folder` differs from `expected` (path to SHA-256); one sentence for each file, empty where it does not.

    Args:
        folder: what to look at.
        expected: every file that must be there, and its digest.
        beside: files that may be there besides, and are checked elsewhere.
    """
    tree = scan(folder)
    present = set(tree.files)
    problems = [f"{plain(folder / name)}: {LINKED}" for name in tree.links]
    problems += tree.problems
    problems += [
        f"{folder / name}: extra, not in the signed list; remove it" for name in _extra(tree, expected, beside)
    ]
    problems += [
        f"{folder / name}: missing, but in the signed list; restore the file"
        for name in sorted(expected.keys() - present - set(tree.links))
    ]
    problems += _changed(folder, {name: expected[name] for name in sorted(expected.keys() & present)})
    return tuple(problems)


def plain(path: object) -> str:
    """A path or URL on one line, whatever its bytes."""
    text = str(path)
    return text if text.isprintable() and "\\" not in text else ascii(text)[1:-1]


def _extra(tree: Tree, expected: Mapping[str, str], beside: Collection[str]) -> Iterator[str]:
    wanted = {str(parent) for name in expected for parent in PurePosixPath(name).parents}
    yield from (name for name in tree.files if name not in expected and name not in beside)
    yield from (f"{name}/" for name in tree.folders if name not in wanted)


def _changed(folder: Path, expected: Mapping[str, str]) -> list[str]:
    def check(name: str) -> str | None:
        path = folder / name
        try:
            found = _sha256_plain(path)
        except OSError as error:
            return f"{path}: {_os_problem(path, error)}"
        if found == expected[name]:
            return None
        return (
            f"{path}: changed, sha256 {found[:12]}… does not match the signed list's {expected[name][:12]}…; "
            "restore the file or certify again"
        )

    with ThreadPoolExecutor(THREADS) as pool:
        return [problem for problem in pool.map(check, expected) if problem is not None]


def _sha256_plain(path: Path) -> str:
    hasher = hashlib.sha256()
    with os.fdopen(open_plain(path), "rb", buffering=0) as stream:
        while block := stream.read(READ_BYTES):
            hasher.update(block)
    return hasher.hexdigest()


def _os_problem(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return LINKED
    if isinstance(error, FileNotFoundError):
        return "missing; restore the file"
    return f"cannot be read ({error.strerror}); check its permissions, or restore the file"
