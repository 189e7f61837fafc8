"""Wheels for tests of the bundle: made up, or packed again of what is installed here, since tests fetch nothing."""

import zipfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from itertools import product
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from govern.keys import PrivateKey
from requirements.bundle import folder, locks, wheelhouse, wheels

PURE = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
MIT = "License-Expression: MIT"
LICENCE = "Permission is granted."
PROGRAM = """
import sys
from pathlib import Path

def main():
    if "--out" in sys.argv:
        Path(sys.argv[sys.argv.index("--out") + 1]).mkdir()
    print("made up", *sys.argv[1:])
"""
"""Stands for govern, vocab and tune in a made-up assay."""


def made_up(
    there: Path, name: str, version: str, about: Iterable[str] = (MIT,), files: Mapping[str, str] | None = None
) -> Path:
    """A small wheel with these lines in its METADATA; files named in `dist-info/…` go to that folder."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    content = {
        f"{info}/METADATA": "\n".join(
            ("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *about, "", "")
        ),
        f"{info}/WHEEL": PURE,
        f"{name.replace('-', '_')}/__init__.py": "",
    } | {path.replace("dist-info/", f"{info}/"): text for path, text in (files or {}).items()}
    record = "".join(f"{path},,\n" for path in (*content, f"{info}/RECORD"))
    wheel = there / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in sorted((content | {f"{info}/RECORD": record}).items()):
            archive.writestr(zipfile.ZipInfo(path), text)
    return wheel


def house(parent: Path, program: str = PROGRAM) -> Path:
    """A wheelhouse: assay needs `left` (licence in a classifier) and `right[more]`, which needs `deep`."""
    there = parent / "wheelhouse"
    there.mkdir(parents=True)
    needs = (MIT, "Requires-Dist: left>=1", "Requires-Dist: right[more]", "Requires-Dist: no; extra == 'x'")
    scripts = "[console_scripts]\n" + "".join(f"{one} = assay:main\n" for one in ("govern", "vocab", "tune"))
    made_up(there, "assay", "0.9", needs, {"assay/__init__.py": program, "dist-info/entry_points.txt": scripts})
    made_up(there, "left", "1.5", ("Classifier: License :: OSI Approved :: Apache Software License",))
    made_up(there, "right", "2.0", ("License: BSD", "Provides-Extra: more", "Requires-Dist: deep; extra == 'more'"))
    made_up(there, "deep", "3", files={"dist-info/licenses/LICENSE": LICENCE})
    return there


def lock(there: Path) -> Path:
    """A lock of the wheels as they are, beside the wheelhouse's folder."""
    path = there.parent.with_name("made.txt")
    found = [wheels.read(one) for one in sorted(there.glob("*.whl")) if not one.name.startswith("assay-")]
    path.write_text("".join(f"{one.name}=={one.version} \\\n    --hash=sha256:{one.sha256}\n" for one in found))
    return path


def bundle(there: Path, key: PrivateKey | None = None) -> Path:
    """The bundle written about the wheels, as `make bundle` writes it; returns its folder."""
    (own,) = there.glob("assay-*.whl")
    made = lock(there)
    folder.write(there.parent, wheelhouse.check(own, (), locks.read(made), there), (), made, key)
    return there.parent


def repacked(there: Path, requirements: Iterable[Requirement]) -> None:
    """Writes a wheel into `there` for every installed distribution that these need, with what they need in turn.

    A wheel is the files of its RECORD: what pip made on installing (byte code, scripts, its own notes) stays behind.
    """
    waiting, done = [(one, "") for one in requirements], set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        for asked in ("", *requirement.extras):
            one = (canonicalize_name(requirement.name), asked)
            if one not in done:
                done.add(one)
                waiting += [(Requirement(line), asked) for line in metadata.distribution(one[0]).requires or ()]
    for name in sorted({name for name, _ in done}):
        _repack(metadata.distribution(name), there)


def _repack(distribution: metadata.Distribution, there: Path) -> None:
    lines = (distribution.read_text("WHEEL") or "").splitlines()
    tags = [line.removeprefix("Tag: ") for line in lines if line.startswith("Tag: ")]
    parts = [".".join(sorted(set(part))) for part in zip(*(tag.split("-") for tag in tags), strict=True)]
    assert len(tags) == len([*product(*(part.split(".") for part in parts))])
    stem = f"{canonicalize_name(distribution.metadata['Name']).replace('-', '_')}-{distribution.version}"
    files = [
        file
        for file in distribution.files or ()
        if file.suffix != ".pyc" and file.name not in {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}
    ]
    info = next(file.parent.as_posix() for file in files if file.name == "METADATA")
    scripts = {entry.name for entry in distribution.entry_points if entry.group == "console_scripts"}
    record = []
    with zipfile.ZipFile(there / f"{stem}-{'-'.join(parts)}.whl", "w") as archive:
        for file in files:
            path = file.as_posix()
            if path.startswith("../../../"):
                if file.name in scripts:
                    continue
                path = f"{stem}.data/data/" + path.removeprefix("../../../")
            archive.write(file.locate(), path)
            record.append(f"{path},,\n")
        archive.writestr(f"{info}/RECORD", "".join(record) + f"{info}/RECORD,,\n")
