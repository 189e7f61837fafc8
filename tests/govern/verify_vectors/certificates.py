"""Certificates that a trusted key signed, and that do not fit the folder or the schema."""

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

from govern.files import canonical
from verify_vectors.case import Case, Spoil, Vector, pretty, rewrite


def vectors() -> Iterator[Vector]:
    """Every vector of this kind."""
    for name, edit in _CLAIM_CHANGES.items():
        yield Vector(f"signed certificate: {name}", "alice", _reclaim(edit), "certificate")
    for name, edit in _SCHEMA_CHANGES.items():
        yield Vector(f"signed certificate: {name}", "alice", _reclaim(edit), "certificate.json", shell=False)
    yield Vector("signed certificate: pretty printed", "alice", _reformatted(pretty), "certificate.json")
    yield Vector("signed certificate: no JSON", "alice", _reformatted(lambda _: b"yes"), "certificate.json")
    yield Vector(
        "signed certificate: a line end",
        "alice",
        _reformatted(lambda data: data + b"\n"),
        "certificate.json",
        shell=False,
    )
    yield Vector("signed: a Parquet file that the certificate does not name", "alice", _unnamed_shard, "part-00002")
    yield Vector("signed: a Parquet file beside the shards", "alice", _unnamed_elsewhere, "extra.parquet")


def _reclaim(edit: Callable[[dict[str, Any]], Any]) -> Spoil:
    def change(data: bytes) -> bytes:
        claim = json.loads(data)
        edit(claim)
        return canonical(claim)

    return _reformatted(change)


def _reformatted(change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(case: Case) -> None:
        rewrite("certificate.json", change)(case)
        case.relist()

    return spoil


def _unnamed_shard(case: Case) -> None:
    shutil.copy(case.folder / "documents/part-00000.parquet", case.folder / "documents/part-00002.parquet")
    case.relist()


def _unnamed_elsewhere(case: Case) -> None:
    shutil.copy(case.folder / "documents/part-00000.parquet", case.folder / "evidence/extra.parquet")
    case.relist()


def _first_shard(claim: dict[str, Any]) -> dict[str, Any]:
    shard: dict[str, Any] = claim["corpus"]["splits"][0]["shards"][0]
    return shard


def _same_shard_twice(claim: dict[str, Any]) -> None:
    shards = claim["corpus"]["splits"][0]["shards"]
    shards.append(shards[0])


_CLAIM_CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a shard that is not there": lambda c: _first_shard(c).update(path="documents/part-00009.parquet"),
    "a shard in another folder": lambda c: _first_shard(c).update(path="elsewhere/part-00000.parquet"),
    "a shard twice": _same_shard_twice,
    "a shard out of the folder": lambda c: _first_shard(c).update(path="../documents/part-00000.parquet"),
    "no held-out split": lambda c: c["corpus"]["splits"].pop(),
    "a later version": lambda c: c.update(format_version=2),
    "version as text": lambda c: c.update(format_version="1"),
}

_SCHEMA_CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "an unknown field": lambda c: c.update(extra=1),
    "a refused decision": lambda c: c["decision"].update(result="refused"),
    "a negative count": lambda c: c["accounting"].update({"in": -1}),
    "a missing section": lambda c: c.pop("privacy"),
    "no non-claims": lambda c: c.update(non_claims=[]),
    "a shard in the wrong split": lambda c: c["corpus"]["splits"][0].update(name="train"),
}
