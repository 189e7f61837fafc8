"""Gathers the wheels that assay needs on this machine, and checks every one of them against a lock before it is used.

What is needed follows from the wheels themselves: from assay's own requirements, by the markers of this machine, to those of
what it needs, and so on. Each package is fetched at the one version that the lock pins, and only with a digest it allows.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from govern.errors import InputError
from govern.files import sha256_file

from . import wheels
from .locks import Pin
from .wheels import Wheel

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq")  # errors alone
OWN = "assay"


def gather(own: Path, extras: tuple[str, ...], pins: Mapping[str, Pin], folder: Path) -> tuple[Wheel, ...]:
    """Every wheel that `own` needs with `extras`, fetched into `folder` and checked; `own` comes first.

    Raises:
        InputError: a package is in no lock, cannot be fetched, or does not hold what the lock says.
    """
    found = {OWN: wheels.read(own)}
    sdists: dict[str, str] = {}
    while missing := sorted(reach(found, extras).keys() - found.keys()):
        unpinned = [name for name in missing if name not in pins]
        if unpinned:
            raise InputError(f"{', '.join(unpinned)}: needed and in no lock; make the locks anew with `make lock`")
        fetched, built = _fetch([pins[name] for name in missing], folder)
        sdists |= built
        for path in fetched:
            wheel = wheels.read(path, sdists.get(path.name, ""))
            found[wheel.name] = wheel
        if absent := [name for name in missing if name not in found]:
            raise InputError(f"{', '.join(absent)}: not fetched; run `make bundle` again")
    return check(own, extras, pins, folder, sdists)


def check(
    own: Path, extras: tuple[str, ...], pins: Mapping[str, Pin], folder: Path, sdists: Mapping[str, str] | None = None
) -> tuple[Wheel, ...]:
    """The wheels of a whole wheelhouse: `own`, and in `folder` exactly what it needs, each as a lock pins it.

    Args:
        own: assay's own wheel; the one that no lock knows.
        extras: the extras of assay that are to be served.
        pins: the lock, as `locks.read` gives it.
        folder: the wheels. It may hold `own` too.
        sdists: name of each wheel that was built from a source archive, to `NAME sha256:DIGEST` of that; a lock must know it.

    Raises:
        InputError: a file is no wheel, its digest is in no lock, or a package is missing, superfluous or of another version.
    """
    built = dict(sdists or {})
    found = {OWN: wheels.read(own)}
    for path in sorted(folder.iterdir()):
        if path.name == own.name:
            continue
        wheel = wheels.read(path, built.get(path.name, ""))
        pin = pins.get(wheel.name)
        if pin is None:
            raise InputError(f"{path.name}: in no lock, so nobody vouches for it; take it out of the wheelhouse")
        digest = wheel.sdist.rpartition(":")[2] or wheel.sha256
        if digest not in pin.digests:
            raise InputError(f"{path.name}: sha256 {digest} is in no lock, so it was changed; fetch it again")
        if wheel.name in found:
            raise InputError(f"{path.name}: a second wheel of {wheel.name}; leave the one that fits this machine")
        found[wheel.name] = wheel
    needed = reach(found, extras).keys()
    if missing := sorted(needed - found.keys()):
        raise InputError(f"{', '.join(missing)}: needed and not in the wheelhouse; run `make bundle` again")
    if surplus := sorted(found.keys() - needed):
        raise InputError(f"{', '.join(surplus)}: in the wheelhouse and needed by nothing; take it out")
    return (found.pop(OWN), *(found[name] for name in sorted(found)))


def needs(wheel: Wheel, extras: frozenset[str]) -> tuple[Requirement, ...]:
    """The requirements of a wheel that hold on this machine, with these of its extras."""
    return tuple(
        one for one in wheel.requires
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *sorted(extras)))
    )  # fmt: skip


def reach(found: Mapping[str, Wheel], extras: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Every name that assay needs, itself first, and the extras asked of each; a wheel that is not there is a leaf.

    Raises:
        InputError: a wheel has another version than one that needs it can use.
    """
    wanted: dict[str, frozenset[str]] = {}
    waiting = [(OWN, frozenset(extras))]
    while waiting:
        name, chosen = waiting.pop()
        if name in wanted and chosen <= wanted[name]:
            continue
        wanted[name] = wanted.get(name, frozenset()) | chosen
        for one in needs(found[name], wanted[name]) if name in found else ():
            target = canonicalize_name(one.name)
            if target in found and not one.specifier.contains(found[target].version, prereleases=True):
                raise InputError(f"{name} needs {one}, and the lock has {found[target].version}; make the locks anew")
            waiting.append((target, frozenset(one.extras)))
    return wanted


def _fetch(pins: list[Pin], folder: Path) -> tuple[list[Path], dict[str, str]]:
    """Fetches each pin into `folder`, by its digests; a source archive is built into a wheel, and named in the second value."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        there = Path(name)
        (there / "lock.txt").write_text("".join(pin.line + "\n" for pin in pins), "utf-8")
        arrived = there / "arrived"
        _pip("download", "--no-deps", "--require-hashes", "--dest", str(arrived), "-r", str(there / "lock.txt"))
        paths, built = [], {}
        for path in sorted(arrived.iterdir()):
            if path.suffix == ".whl":
                paths.append(path.rename(folder / path.name))
                continue
            before = set(folder.iterdir())
            _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(path))
            (wheel,) = set(folder.iterdir()) - before
            built[wheel.name] = f"{path.name} sha256:{sha256_file(path)}"
            paths.append(wheel)
    return paths, built


def _pip(*arguments: str) -> None:
    done = subprocess.run([*PIP, *arguments], stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise InputError(
            f"pip {arguments[0]}: failed, and says above why; once that is mended, run `make bundle` again"
        )
