"""Which shards hold the documents that were released from quarantine; such a shard is another piece of work."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from govern import states
from govern.errors import InputError
from govern.files import digest
from govern.private import folder_of
from govern.process import ShardTask
from govern.request import Release, Request


def stored(records: Iterable[dict[str, Any]]) -> tuple[Release, ...]:
    """The releases that stand in the record of a run."""
    return tuple(
        Release(
            documents=tuple((identity, reason) for identity, reason in record["documents"]),
            who=record["who"],
            why=record["why"],
            max_document_characters=record["max_document_characters"],
            regex_timeout_s=record["regex_timeout_s"],
        )
        for record in records
    )


def assigned(request: Request, tasks: list[ShardTask]) -> list[ShardTask]:
    """The tasks, each with what is released in its shard, as the folder that set the documents aside says.

    Raises:
        InputError: a released document is in no shard: the inputs are not those that it came with.
    """
    if not request.releases or request.reuse is None:
        return tasks
    there = _by_documents(folder_of(request.reuse), request.releases)
    made = [_with(task, there.get(task.documents, ())) for task in tasks]
    wanted = sum(len(release.documents) for release in request.releases)
    found = sum(len(release.documents) for task in made for release in task.released)
    if found < wanted:
        raise InputError(
            f"{wanted - found:,} of {wanted:,} documents to release are not in these inputs, as {request.reuse.name} has them; "
            "give the inputs and the --policy that it was made with"
        )
    return made


def _with(task: ShardTask, releases: tuple[Release, ...]) -> ShardTask:
    if not releases:
        return task
    return replace(task, released=releases, work=digest([task.work, [release.record() for release in releases]]))


def _by_documents(folder: Path, releases: tuple[Release, ...]) -> dict[str, tuple[Release, ...]]:
    """By the digest of its documents, of each shard what is released in it."""
    import polars as pl

    found: dict[str, tuple[Release, ...]] = {}
    for _, record in states.every(folder):
        file = next(name for name in record["files"] if name.startswith("ids/"))
        ids = frozenset(pl.read_parquet(folder / file, columns=["certified"])["certified"].to_list())
        own = (
            replace(release, documents=tuple(pair for pair in release.documents if pair[0] in ids)) for release in releases
        )
        found[record["documents"]] = tuple(release for release in own if release.documents)
    return found
