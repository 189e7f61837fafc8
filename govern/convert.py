"""`govern convert`: folders of documents as offices keep them, to JSON Lines that `govern certify` reads.

Files are taken in the order of their names and cut into parts; a part is one file of JSON Lines, whole or absent, so a run
that is killed continues. Every file is accounted for: in = converted + refused, by reason. The folder holds raw text and names
of files, which name persons: it is made for its owner alone (0700, files 0600), and what is printed has counts and no name.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from glob import glob, has_magic
from importlib import metadata
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

from govern.converters.converted import SECONDS
from govern.engine import Engine
from govern.errors import InputError
from govern.files import canonical, digest, parse_canonical, sha256_file, sync_folder, write_whole
from govern.inventory import plain
from govern.lock import alone
from govern.private import code_digest
from govern.shards import map_shards, progress

LIBRARIES = {"olefile": "olefile", "pypdfium2": "pypdfium2", "selectolax": "selectolax"}
"""Modules of the extra `documents`, and the packages that they are of."""

PART_FILES, PART_BYTES = 32, 32_000_000
"""Files and bytes of input that a part holds at most; a larger file is a part of its own."""

SUMMARY = "summary.json"
_RUN = "run.json"
_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be converted: where it lies, and what its documents are known by."""

    path: Path
    name: str = field(repr=False)
    size: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is given: a part's files, and where it goes."""

    index: int
    sources: tuple[Source, ...]
    digests: tuple[str, ...]
    folder: Path
    seconds: int
    by_page: bool

    @property
    def name(self) -> str:
        """What the files of the part are called, but for their ending."""
        return f"part-{self.index:05}"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What came of a run: the folder, its summary, and whether it was there already."""

    folder: Path
    summary: dict[str, Any] = field(repr=False)
    reused: bool = False

    @property
    def refused(self) -> dict[str, int]:
        """How many files were refused, by reason."""
        return dict(self.summary["accounting"]["refused"])


def convert(
    inputs: Iterable[Path], out: Path, *, by_page: bool = False, seconds: int = SECONDS, workers: int = 1
) -> Conversion:
    """Writes the text of every file to `out`; the same inputs give the same bytes, whatever the number of workers.

    `by_page` makes a document of each page of a PDF. `seconds` is the processor time that a file may take.

    Raises:
        InputError: an input that is not there, an `out` of another run, or no extra `documents`.
        Interrupted: a worker died; the same command continues.
    """
    from govern.converters.apart import end_kept

    _check_libraries()
    sources = found(inputs)
    if out.name in ("", ".."):
        raise InputError(f"{out}: no name for a new folder; give one with --out")
    digests = tuple(_sha256(source.path) for source in sources)
    identity = _identity(sources, digests, by_page=by_page, seconds=seconds)
    if os.path.lexists(out):
        return Conversion(out, _finished(out, identity), reused=True)
    partial = out.with_name(out.name + ".partial")
    _make(partial)
    with alone(partial):
        _begin(partial, identity)
        tasks = tuple(_tasks(sources, digests, partial, seconds=seconds, by_page=by_page))
        try:
            states = list(progress(map_shards(_part, tasks, Engine(workers)), len(tasks), "convert"))
        finally:
            end_kept()
        summary = _summary(states)
        write_whole(partial / SUMMARY, canonical(summary), 0o600)
        for task in tasks:
            (partial / f"{task.name}.state").unlink(missing_ok=True)
        partial.rename(out)
        sync_folder(out.parent)
    return Conversion(out, summary)


def _check_libraries() -> None:
    missing = [package for module, package in LIBRARIES.items() if find_spec(module) is None]
    if missing:
        raise InputError(
            f"convert: needs {', '.join(missing)}, which a base install has not; run `pip install 'assay[documents]'`"
        )


def found(inputs: Iterable[Path]) -> tuple[Source, ...]:
    """The files in `inputs` (files, patterns, folders with all that lies in them) by name; one that begins with a dot is none.

    Raises:
        InputError: no such input, a folder without files, or two files with one name.
    """
    named: dict[str, Source] = {}
    for given in inputs:
        for path, name in _given(given):
            if name in named:
                raise InputError(f"{plain(path)}: two inputs have this name below their folders; convert them apart")
            size = path.stat().st_size if path.is_file() else 0
            named[name] = Source(path.resolve(), name, size)
    return tuple(named[name] for name in sorted(named))


def _given(given: Path) -> list[tuple[Path, str]]:
    if given.is_dir():
        inside = list(_inside(given))
        if not inside:
            raise InputError(f"{plain(given)}: holds no file; check the path")
        return [(path, plain(Path(path.relative_to(given).as_posix()))) for path in inside]
    if has_magic(str(given)) and not os.path.lexists(given):
        fixed = Path(*takewhile(lambda part: not has_magic(part), given.parts))
        matched = [Path(path) for path in glob(str(given), recursive=True)]  # noqa: PTH207 - of absolute patterns, too
        files = [(path, plain(Path(path.relative_to(fixed).as_posix()))) for path in matched if not path.is_dir()]
        if not files:
            raise InputError(f"{plain(given)}: no file matches this pattern; check the path")
        return files
    if not os.path.lexists(given):
        raise InputError(f"{plain(given)}: no such file or folder; check the path")
    return [(given, plain(Path(given.name)))]


def _inside(folder: Path) -> Iterator[Path]:
    def failed(error: OSError) -> None:
        raise InputError(f"{plain(Path(error.filename))}: {error.strerror}; check the path and its permissions")

    for directory, folders, names in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if (Path(directory) / name).is_symlink():
                raise InputError(f"{plain(Path(directory) / name)}: a link to a folder, and none is followed; name the folder")
        yield from (Path(directory) / name for name in names if not name.startswith("."))


def _sha256(path: Path) -> str:
    """The digest of a file; empty for what cannot be read, which its part then says."""
    if not path.is_file():
        return ""
    try:
        return sha256_file(path)
    except OSError:
        return ""


def _identity(sources: tuple[Source, ...], digests: tuple[str, ...], *, by_page: bool, seconds: int) -> dict[str, Any]:
    return {
        "format_version": _FORMAT_VERSION,
        "files": digest([[source.name, sha256] for source, sha256 in zip(sources, digests, strict=True)]),
        "by": "page" if by_page else "file",
        "seconds": seconds,
        "code": code_digest(),
        "libraries": {package: metadata.version(package) for package in LIBRARIES.values()},
    }


def _make(partial: Path) -> None:
    """The folder that a run works in; one that no run made is not touched."""
    if os.path.lexists(partial) and not (partial / _RUN).exists() and (not partial.is_dir() or any(partial.iterdir())):
        raise InputError(f"{partial}: exists, and no run of this command made it; choose another --out, or move it away")
    partial.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial.chmod(0o700)


def _begin(partial: Path, identity: dict[str, Any]) -> None:
    """Writes what this run is, or finds that the work that is there is its own."""
    record = partial / _RUN
    if not record.exists():
        write_whole(record, canonical(identity), 0o600)
    elif record.read_bytes() != canonical(identity):
        raise InputError(f"{partial}: holds work on other files, or by other flags or code; choose another --out, or remove it")


def _finished(out: Path, identity: dict[str, Any]) -> dict[str, Any]:
    """The summary of a folder that this very run finished earlier, its parts checked again."""
    try:
        same = (out / _RUN).read_bytes() == canonical(identity)
    except OSError:
        raise InputError(f"{out}: exists, and no run of this command made it; choose another --out, or move it away") from None
    if not same:
        raise InputError(f"{out}: holds what came of other files, flags or code; choose another --out, or remove it")
    summary: dict[str, Any] = parse_canonical((out / SUMMARY).read_bytes(), str(out / SUMMARY))
    for part in summary["parts"]:
        path = out / part["name"]
        if not path.is_file() or sha256_file(path) != part["sha256"]:
            raise InputError(f"{path}: is no longer what this run wrote; remove {out.name} and run the same command again")
    return summary


def _tasks(
    sources: tuple[Source, ...], digests: tuple[str, ...], folder: Path, *, seconds: int, by_page: bool
) -> Iterator[Task]:
    begun, size, index = 0, 0, 0
    for place, source in enumerate(sources):
        if place > begun and (place - begun == PART_FILES or size + source.size > PART_BYTES):
            yield Task(index, sources[begun:place], digests[begun:place], folder, seconds, by_page)
            begun, size, index = place, 0, index + 1
        size += source.size
    yield Task(index, sources[begun:], digests[begun:], folder, seconds, by_page)


def _part(task: Task) -> dict[str, Any]:
    """Converts the files of a part; what was said of each, without its text. A part that is done is read and not done again."""
    from govern.converters.apart import kept

    record = task.folder / f"{task.name}.state"
    part = task.folder / f"{task.name}.jsonl"
    if record.exists():
        done: dict[str, Any] = parse_canonical(record.read_bytes(), str(record))
        if not done["documents"] or (part.is_file() and sha256_file(part) == done["sha256"]):
            return done
    lines: list[bytes] = []
    files: list[dict[str, Any]] = []
    reader = kept(task.seconds, by_page=task.by_page)
    for source, sha256 in zip(task.sources, task.digests, strict=True):
        said = reader.read(source.path)
        if said.get("sha256", sha256) != sha256:
            raise InputError("an input file changed while it was read; run this again when nothing writes there")
        texts = said.pop("texts", [])
        lines += [_line(source.name, said, page, text) for page, text in texts]
        characters = sum(len(text) for _, text in texts)
        files.append({"file": source.name, "documents": len(texts), "characters": characters, **said})
    data = b"".join(lines)
    sha256 = hashlib.sha256(data).hexdigest()
    state = {"files": files, "name": f"{task.name}.jsonl", "sha256": sha256, "documents": len(lines)}
    if lines:
        write_whole(part, data, 0o600)
    write_whole(record, canonical(state), 0o600)
    return state


def _line(name: str, said: dict[str, Any], page: int | None, text: str) -> bytes:
    document = {
        "id": name if page is None else f"{name}#page={page}",
        "text": text,
        "format": said["format"],
        "page": page,
        "pages": said["pages"],
    }
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"


def _summary(states: list[dict[str, Any]]) -> dict[str, Any]:
    """What came of every file; private, since it names them."""
    files = [file for state in states for file in state["files"]]
    left_out: Counter[str] = sum((Counter(file.get("left_out", {})) for file in files), Counter())
    return {
        "format_version": _FORMAT_VERSION,
        "accounting": {
            "in": len(files),
            "converted": sum("refused" not in file for file in files),
            "refused": dict(Counter(file["refused"] for file in files if "refused" in file)),
        },
        "documents": sum(state["documents"] for state in states),
        "characters": sum(file["characters"] for file in files),
        "formats": dict(Counter(file["format"] for file in files if "refused" not in file)),
        "left_out": dict(left_out),
        "files": files,
        "parts": [
            {name: state[name] for name in ("name", "sha256", "documents")} for state in states if state["documents"]
        ],
    }

