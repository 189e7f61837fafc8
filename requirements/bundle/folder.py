"""Writes what lies beside the wheelhouse in a bundle, the list of digests over it all, and the archive.

Nothing of it depends on the clock or on who makes it: the same wheels and the same tree give the same bytes.
"""

import platform
import shutil
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

from govern.files import MANIFEST, manifest
from govern.keys import PrivateKey

from . import sbom
from .wheels import UNSTATED, Wheel

ROOT = Path(__file__).parents[2]
WHEELS = "wheelhouse"
SIGNATURE = MANIFEST + ".sig"
EPOCH = 1580601600
"""The time of every file in the archive, and of those in assay's own wheel: 2 February 2020, as hatchling has it."""

VENV_BYTES = 32 * 1024 * 1024
"""A virtual environment with pip and nothing else; 26 MB as measured on Python 3.11."""

COPIED = {
    "LICENSE": "LICENSE",
    "docs/install.md": "INSTALL.md",
    "docs/install.ko.md": "INSTALL.ko.md",
    "requirements/bundle/install.sh": "install.sh",
}


def name(version: str, extras: tuple[str, ...]) -> str:
    """The name of a bundle: version, extras, platform and Python, as in `assay-0.1.0-linux_x86_64-cp311`."""
    machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return "-".join(("assay", version, *extras, machine, f"cp{sys.version_info.major}{sys.version_info.minor}"))


def write(folder: Path, found: tuple[Wheel, ...], extras: tuple[str, ...], lock: Path, key: PrivateKey | None) -> None:
    """Writes everything but the wheels into `folder`; `found` begins with assay's own wheel, and all lie in the wheelhouse."""
    for source, target in COPIED.items():
        shutil.copyfile(ROOT / source, folder / target)
    (folder / "locks").mkdir()
    shutil.copyfile(lock, folder / "locks" / lock.name)
    own, *others = found
    _text(folder / "requirements.txt", "".join(_pinned(one) for one in others))
    _text(folder / "assay.txt", _pinned(own))
    _text(folder / "sbom.cdx.json", sbom.build(found, extras))
    for wheel in others:
        _licences(wheel, folder / "licences")
    _text(folder / "licences" / "README.txt", _table(others))
    _text(folder / "about.txt", about(found, extras))
    sums = manifest(folder, (MANIFEST, SIGNATURE))
    (folder / MANIFEST).write_bytes(sums)
    if key is not None:
        (folder / SIGNATURE).write_bytes(key.sign(sums))


def about(found: tuple[Wheel, ...], extras: tuple[str, ...]) -> str:
    """What the bundle is for, as `key: value` lines, which `install.sh` reads too."""
    built = [wheel for wheel in found if wheel.sdist]
    glibc = max((wheel.glibc for wheel in found if wheel.glibc), default=None)
    if any("-linux_" in wheel.path.name for wheel in built):  # compiled here, so against the library of this machine
        major, minor = platform.libc_ver()[1].split(".")[:2]
        glibc = (int(major), int(minor))
    lines = {
        "assay": found[0].version,
        "extras": " ".join(extras) or "none",
        "python": f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}",
        "platform": sysconfig.get_platform(),
        "glibc": "{}.{}".format(*glibc) if glibc else "any",
        "wheels": str(len(found)),
        "built here from source": " ".join(wheel.name for wheel in built) or "none",
        "licence not stated": " ".join(wheel.name for wheel in found if UNSTATED in wheel.licences) or "none",
        "wheels, in bytes": str(sum(wheel.path.stat().st_size for wheel in found)),
        "installed, in bytes, at most": str(sum(wheel.installed_bytes for wheel in found) + VENV_BYTES),
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def pack(folder: Path, archive: Path) -> None:
    """Writes `folder` as a tar file: sorted, owned by nobody, with fixed times and modes."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                tar.add(path, f"{folder.name}/{path.relative_to(folder).as_posix()}", filter=_plain)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = EPOCH
    entry.mode = 0o755 if entry.name.endswith(".sh") else 0o644
    return entry


def _pinned(wheel: Wheel) -> str:
    return f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n"


def _licences(wheel: Wheel, folder: Path) -> None:
    """Copies the licence texts out of a wheel, under the paths they have in it."""
    with zipfile.ZipFile(wheel.path) as archive:
        for text in wheel.texts:
            target = folder / f"{wheel.name}-{wheel.version}" / text
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(text))


def _table(others: list[Wheel]) -> str:
    """What each package states as its licence, and how many texts its wheel carries."""
    head = "package, licence as its wheel states it, number of licence texts in the wheel (copied beside this file)\n\n"
    return head + "".join(f"{one.name} {one.version}: {', '.join(one.licences)}; {len(one.texts)}\n" for one in others)


def _text(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
