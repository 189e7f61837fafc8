"""Which files are read: those named, those of folders, and those that a pattern matches."""

import os
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from itertools import takewhile
from pathlib import Path

from govern.errors import InputError
from govern.inventory import plain
from govern.readers.reading import AS_NAMED, PACKED, SUFFIXES, Reading, kind_of
from govern.readers.remote import Place
from govern.readers.remote import found as found_in
from govern.stores import StoreError, Url, unreadable

KNOWN = ", ".join(SUFFIXES)

Given = Path | Url
"""What a command is told to read: a file, a folder or a pattern, here or in a store."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input file: where it lies, what it is known by (its path below the fixed part of a pattern), how it is read."""

    path: Place
    name: str
    reading: Reading = AS_NAMED


def input_files(inputs: tuple[Given, ...], reading: Callable[[str], Reading] = lambda _: AS_NAMED) -> tuple[Input, ...]:
    """The input files, sorted by name, so that the order in which they were given changes nothing.

    `reading` says of a name how the file is read.

    Raises:
        InputError: no such file, one of no known format, or two with one name.
        Interrupted: a store does not answer.
    """
    found: list[tuple[Place, str]] = []
    for given in inputs:
        try:
            found.extend(_given(given, reading))
        except StoreError as error:
            raise unreadable(plain(given), error) from None
        except OSError as error:
            raise InputError(f"{plain(given)}: {error.strerror}; check the path and its permissions") from None
    names: dict[str, Input] = {}
    for path, name in found:
        where = plain(path)
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
            raise InputError(f"{where}: a file name with control characters, or not UTF-8; rename the file")
        if isinstance(path, Path) and not os.path.lexists(path):
            raise InputError(f"{where}: no such file or folder; check the path")
        chosen = reading(name)
        if kind_of(name, chosen) is None:
            raise InputError(
                f"{where}: its ending says no format that is read ({KNOWN}, or one of them with {', '.join(PACKED)}); "
                "rename it, or give its source a format in the policy"
            )
        if isinstance(path, Path) and not path.is_file():
            raise InputError(f"{where}: not a file, or a link to none; remove it, or name the files one by one")
        if name in names:
            same = _resolved(path) == _resolved(names[name].path)
            remedy = "give it once" if same else "rename one, since documents are known by it"
            raise InputError(f"{where}: {'given twice' if same else 'two inputs have this file name'}; {remedy}")
        names[name] = Input(path, name, chosen)
    return tuple(names[name] for name in sorted(names))


def _resolved(place: Place) -> Path | str:
    return place.resolve() if isinstance(place, Path) else str(place)


def _given(given: Given, reading: Callable[[str], Reading]) -> Sequence[tuple[Place, str]]:
    if isinstance(given, Url):
        return found_in(given, lambda name: kind_of(name, reading(name)) is not None)
    if given.is_dir():
        return _inside(given, reading)
    if has_magic(str(given)) and not os.path.lexists(given):
        fixed = Path(*takewhile(lambda part: not has_magic(part), given.parts))
        matched = [Path(path) for path in sorted(glob(str(given), recursive=True))]  # noqa: PTH207 - of absolute patterns, too
        files = [(path, path.relative_to(fixed).as_posix()) for path in matched if not path.is_dir()]
        if not files:
            raise InputError(f"{plain(given)}: no file matches this pattern; check the path")
        return files
    return [(given, given.name)]


def _inside(folder: Path, reading: Callable[[str], Reading]) -> list[tuple[Path, str]]:
    """The files of a folder that have a format; what lies deeper, a pattern names (`raw/**/*.txt`)."""
    inside = [
        (path, path.name)
        for path in folder.iterdir()
        if not path.name.startswith(".") and not path.is_dir() and kind_of(path.name, reading(path.name)) is not None
    ]
    if not inside:
        raise InputError(
            f"{plain(folder)}: no file in this folder has an ending that is read ({KNOWN}); name the files, or make text "
            "of them: `govern convert` reads PDF, HTML, DOCX, HWP and HWPX"
        )
    return inside
