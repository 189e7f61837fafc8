"""Files flipped, cut, removed, renamed and linked, and what may be added to a folder."""

import os
import shutil
from collections.abc import Iterator

from verify_vectors.case import Case, Spoil, Vector, rewrite

FILES = (
    "README.md",
    "SHA256SUMS",
    "attestation.json",
    "certificate.json",
    "croissant.json",
    "documents/part-00000.parquet",
    "documents/part-00001.parquet",
    "evidence/metrics.json",
    "held-out/part-00000.parquet",
    "report.html",
)
OUTSIDE = "outside"
"""A folder beside the signed one, for what is linked to."""


def vectors() -> Iterator[Vector]:
    """Every vector of this kind."""
    yield from _changed()
    yield from _additions()


def _changed() -> Iterator[Vector]:
    for name in FILES:
        yield Vector(f"{name}: first byte flipped", "alice", _flip(name, 0), name)
        yield Vector(f"{name}: middle byte flipped", "alice", _flip(name, 0.5), name)
        yield Vector(f"{name}: last byte flipped", "alice", _flip(name, -1), name)
        yield Vector(f"{name}: last byte cut off", "alice", rewrite(name, lambda data: data[:-1]), name)
        yield Vector(f"{name}: a line end appended", "alice", rewrite(name, lambda data: data + b"\n"), name)
        yield Vector(f"{name}: emptied", "alice", rewrite(name, lambda _: b""), name)
        yield Vector(f"{name}: removed", "alice", _remove(name), name)
        yield Vector(f"{name}: renamed", "alice", _move(name, f"{name}.old"), name)
        yield Vector(f"{name}: linked to the same bytes outside", "alice", _link(name), name)
        yield Vector(f"{name}: replaced by a folder", "alice", _folder_instead(name), name)
    yield Vector("two shards swapped", "alice", _swap, "documents/part-00000.parquet")
    yield Vector("a folder linked to the same files outside", "alice", _link("documents"), "documents")
    yield Vector("a shard linked to another shard", "alice", _link_inside, "documents/part-00001.parquet")
    yield Vector("a dangling link instead of a shard", "alice", _dangling("documents/part-00000.parquet"), "part-00000")
    yield Vector("a dangling link instead of the attestation", "alice", _dangling("attestation.json"))
    yield Vector("a pipe instead of a shard", "alice", _pipe("documents/part-00000.parquet"), "part-00000")
    yield Vector("a pipe instead of the attestation", "alice", _pipe("attestation.json"))
    yield Vector("a pipe instead of the list", "alice", _pipe("SHA256SUMS"), "SHA256SUMS")
    yield Vector("the held-out folder removed", "alice", _remove_tree("held-out"), "held-out/part-00000.parquet")


def _additions() -> Iterator[Vector]:
    extras = {
        "extra.txt": "extra.txt",
        "documents/part-00002.parquet": "part-00002.parquet",
        ".hidden": ".hidden",
        ".git/config": ".git",
        "documents/.DS_Store": ".DS_Store",
        "attestation.json.tmp": "attestation.json.tmp",
        "SHA256SUMS.sig": "SHA256SUMS.sig",
        "evidence/SHA256SUMS": "evidence/SHA256SUMS",
        "evidence/attestation.json": "evidence/attestation.json",
        "with space": "with space",
        " leading": " leading",
        "line\nend": "line\\nend",
        "README.md\nreport.html": "README.md\\nreport.html",
        "back\\slash": "back",
        "-rf": "-rf",
        "한국어.txt": "extra",
        "star*": "star*",
        "new/deep/file": "new",
        "certificate.json ": "certificate.json ",
        "Certificate.json": "Certificate.json",
    }
    for name, named in extras.items():
        yield Vector(f"added: {name!r}", "alice", _add(name), named)
    yield Vector("added: a name that is no UTF-8", "alice", _add(os.fsdecode(b"caf\xe9")), "caf")
    yield Vector("added: an empty folder", "alice", _make_folder("nothing"), "nothing")
    yield Vector("added: an empty folder inside another", "alice", _make_folder("documents/nothing"), "nothing")
    yield Vector("added: a link to a file inside", "alice", _new_link("also", "README.md"), "also")
    yield Vector("added: a link to a folder inside", "alice", _new_link("also", "documents"), "also")
    yield Vector("added: a link out of the folder", "alice", _new_link("also", "/"), "also")
    yield Vector("added: a link to itself", "alice", _new_link("also", "also"), "also")
    yield Vector("added: a pipe", "alice", _pipe("pipe"), "pipe")
    yield Vector("added: a hard link", "alice", _hard_link, "twin.md")


def _flip(name: str, where: float) -> Spoil:
    def change(data: bytes) -> bytes:
        position = len(data) - 1 if where == -1 else int(len(data) * where)
        return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]

    return rewrite(name, change)


def _remove(name: str) -> Spoil:
    return lambda case: (case.folder / name).unlink()


def _remove_tree(name: str) -> Spoil:
    return lambda case: shutil.rmtree(case.folder / name)


def _move(name: str, other: str) -> Spoil:
    def spoil(case: Case) -> None:
        (case.folder / name).rename(case.folder / other)

    return spoil


def _link(name: str) -> Spoil:
    def spoil(case: Case) -> None:
        outside = case.folder.parent / OUTSIDE
        outside.mkdir()
        (case.folder / name).rename(outside / "moved")
        (case.folder / name).symlink_to(outside / "moved")

    return spoil


def _folder_instead(name: str) -> Spoil:
    def spoil(case: Case) -> None:
        (case.folder / name).unlink()
        (case.folder / name).mkdir()

    return spoil


def _swap(case: Case) -> None:
    one, other = (case.folder / f"documents/part-0000{number}.parquet" for number in (0, 1))
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)


def _link_inside(case: Case) -> None:
    path = case.folder / "documents/part-00001.parquet"
    path.unlink()
    path.symlink_to("part-00000.parquet")


def _dangling(name: str) -> Spoil:
    def spoil(case: Case) -> None:
        (case.folder / name).unlink()
        (case.folder / name).symlink_to("nowhere")

    return spoil


def _pipe(name: str) -> Spoil:
    def spoil(case: Case) -> None:
        (case.folder / name).unlink(missing_ok=True)
        os.mkfifo(case.folder / name)

    return spoil


def _add(name: str) -> Spoil:
    def spoil(case: Case) -> None:
        path = case.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x\n")

    return spoil


def _make_folder(name: str) -> Spoil:
    return lambda case: (case.folder / name).mkdir()


def _new_link(name: str, target: str) -> Spoil:
    return lambda case: (case.folder / name).symlink_to(target)


def _hard_link(case: Case) -> None:
    (case.folder / "twin.md").hardlink_to(case.folder / "README.md")
