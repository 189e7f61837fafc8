"""Reads what a wheel says of itself: name, version, licence, needs, licence texts, size; nothing of it is run or unpacked."""

import re
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from govern.errors import InputError
from govern.files import sha256_file

BLOCK_BYTES = 4096
"""What the smallest file takes on most file systems."""

BYTE_CODE = 1.4
"""Byte code beside its source, with room to spare: 1.28 over all of the base bundle, and 1.30 with `tune`."""

OLD_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
"""The glibc of the names from before PEP 600."""

METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
TEXT = re.compile(
    r"(?!.*\.\./)(?:[^/]+\.dist-info/licen[cs]es/.+|(?:.*/)?(?:licen[cs]e|copying|notice|copyright)[^/]*)",
    re.IGNORECASE,
)
CODE = (".py", ".pyc", ".pyi", ".so", ".h", ".hpp", ".json")
"""Ends of names that look like a licence text and are none."""

CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""SPDX identifiers of classifiers that name one licence; `BSD License` may be any of several, and stays as it is."""

UNSTATED = "not stated"
"""The licence of a wheel that says nothing of it: a person has to find out."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel file.

    `licences` is what the wheel states: one SPDX expression where it has one, else names as they stand. `sdist` is name and
    digest of the source archive, for a wheel that was built for this bundle.
    """

    path: Path
    name: str
    version: str
    sha256: str
    licences: tuple[str, ...]
    requires: tuple[Requirement, ...]
    texts: tuple[str, ...]
    installed_bytes: int
    glibc: tuple[int, int] | None
    sdist: str = ""


def read(path: Path, sdist: str = "") -> Wheel:
    """The wheel in `path`.

    Raises:
        InputError: not a wheel, damaged, or named for another package or version than it holds.
    """
    try:
        named, version, _, tags = parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist() if not entry.is_dir()}
            (inner,) = (name for name in sizes if METADATA.fullmatch(name))
            about = Parser().parsestr(archive.read(inner).decode("utf-8"))
    except InvalidWheelFilename:
        raise InputError(f"{path.name}: not a wheel; a wheelhouse holds wheels alone, so build one of it") from None
    except (OSError, ValueError, zipfile.BadZipFile):
        raise InputError(f"{path.name}: cannot be read as a wheel; fetch it again") from None
    name = canonicalize_name(about["Name"] or "")
    if (name, about["Version"]) != (named, str(version)) and (name, str(version)) != (named, about["Version"]):
        raise InputError(f"{path.name}: holds {name} {about['Version']}, and its name says another; fetch it again")
    return Wheel(
        path=path,
        name=name,
        version=about["Version"],
        sha256=sha256_file(path),
        licences=_licences(about),
        requires=tuple(Requirement(line) for line in about.get_all("Requires-Dist", [])),
        texts=tuple(sorted(entry for entry in sizes if TEXT.fullmatch(entry) and not entry.lower().endswith(CODE))),
        installed_bytes=_installed(sizes),
        glibc=min(filter(None, map(_glibc, {tag.platform for tag in tags})), default=None),
        sdist=sdist,
    )


def _installed(sizes: dict[str, int]) -> int:
    """What these files take once installed: in whole blocks, with their folders and their byte code."""
    code = {one: size for one, size in sizes.items() if one.endswith(".py")}
    folders = {parent for one in sizes for parent in PurePosixPath(one).parents}
    caches = {PurePosixPath(one).parent for one in code}
    blocks = sum(
        -(-size // BLOCK_BYTES) for size in (*sizes.values(), *(int(size * BYTE_CODE) for size in code.values()))
    )
    return (blocks + len(folders) + len(caches)) * BLOCK_BYTES


def _glibc(platform: str) -> tuple[int, int] | None:
    """The C library that a platform tag asks for, as (major, minor)."""
    found = re.match(r"manylinux_(\d+)_(\d+)_", platform)
    return (int(found[1]), int(found[2])) if found else OLD_MANYLINUX.get(platform.partition("_")[0])


def _licences(about: Message) -> tuple[str, ...]:
    """One SPDX expression where the wheel states one, else what its classifiers name, else its own words, else `UNSTATED`."""
    stated = (about["License"] or "").strip()
    for expression in filter(None, (about["License-Expression"], stated)):
        try:
            return (canonicalize_license_expression(expression),)
        except InvalidLicenseExpression:
            continue
    classifiers = {line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License ::")}
    known = tuple(sorted(CLASSIFIED.get(one, one) for one in classifiers - {"OSI Approved"}))
    own_words = about["License-Expression"] or stated.partition("\n")[0]
    return known or ((UNSTATED,) if own_words in {"", "UNKNOWN"} else (own_words,))
