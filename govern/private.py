"""`OUT.private`: whose run the folders beside `OUT` belong to, and that one process at a time works in them.

The record says what makes two runs the same run. Another run's folder, or one that no run made, is never written into
nor removed.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from govern import certificate
from govern.errors import InputError, VerificationError
from govern.files import MANIFEST, canonical, digest, manifest, parse_canonical, write_whole
from govern.inventory import SUMS_BYTES, differences, parse_sums, read_plain
from govern.lock import alone

BEGUN = frozenset({"run.json", "run.json.tmp"})
"""What stands in a private folder before its record does."""


def folder_of(out: Path) -> Path:
    """The private folder beside a folder that a run made."""
    return out.parent / f"{out.name}.private"


def refused(out: Path) -> Path:
    """Where a refused run leaves its report and evidence."""
    return out.with_name(out.name + ".refused")


@contextmanager
def opened(out: Path, identity: dict[str, Any]) -> Iterator[Path]:
    """The private folder of this very run, held against a second writer.

    Raises:
        InputError: a folder there is another run's, nobody's, or cannot be written.
        Refused: another process is in this run.
    """
    private = folder_of(out)
    record = private / "run.json"
    try:
        _make_private(out, private)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            f"{error.filename or private}: {error.strerror}; choose an --out in a folder that can be written"
        ) from None
    with alone(private):
        _check_record(out, record, identity)
        yield private


def _make_private(out: Path, private: Path) -> None:
    """Makes `private` where it is missing; a folder that no run made is never written into nor removed."""
    partial, refused = (out.with_name(out.name + ending) for ending in (".partial", ".refused"))
    if not (private / "run.json").exists():
        begun = {path.name for path in private.iterdir()} if private.is_dir() else set()
        foreign = [private] if os.path.lexists(private) and (not private.is_dir() or begun - BEGUN) else []
        foreign += [path for path in (out, partial, refused) if os.path.lexists(path)]
        if foreign:
            raise InputError(
                f"{foreign[0]}: exists, and no run of this command made it; choose another --out, or move it away"
            )
    out.parent.mkdir(parents=True, exist_ok=True)
    private.mkdir(mode=0o700, exist_ok=True)
    private.chmod(0o700)


def _check_record(out: Path, record: Path, identity: dict[str, Any]) -> None:
    """Writes what this run is, or compares it with what the record says; a damaged record of unfinished work is renewed."""
    wanted = canonical(identity)
    found = None
    if record.exists():
        try:
            found = parse_canonical(record.read_bytes(), str(record))
        except InputError:
            found = None
    if not isinstance(found, dict):
        if out.exists():
            raise InputError(f"{record}: damaged, so nobody can say which run made {out.name}; choose another --out")
        write_whole(record, wanted, 0o600)
        return
    differing = _differences(found, identity)
    if differing:
        raise InputError(
            f"{out}: holds another run, which differs in {', '.join(differing)}; choose another --out, or remove "
            f"{out.name}, {record.parent.name}, {out.name}.partial and {out.name}.refused"
        )


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return [name for name in names if name != "work"] or names


def finished(out: Path, private: Path) -> certificate.Certificate:
    """The certificate of a folder that this very run finished earlier, its files checked again."""
    try:
        sums = parse_sums(read_plain(out / MANIFEST, SUMS_BYTES), str(out / MANIFEST))
        problems = differences(out, sums)
    except VerificationError as error:
        problems = error.problems
    if problems:
        raise InputError(
            f"{problems[0]}\n{out}: its files are no longer those that this run wrote; move it away and run the same "
            f"command again ({private.name} keeps the work)"
        )
    return certificate.load((out / certificate.FILE).read_bytes(), str(out / certificate.FILE))


def code_digest() -> str:
    """A digest over the project's own Python files and data, so that an edited checkout is another run."""
    import expectations
    import govern

    found = {}
    for package in (govern, expectations):
        root = Path(package.__path__[0])
        found[package.__name__] = manifest(root, exclude=_compiled(root)).decode()
    return digest(found)


def _compiled(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in root.rglob("*.pyc")]
