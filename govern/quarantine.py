"""What a run set aside, where it came from, and its release: a search to the end under wider limits, never a way past it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from govern import arrived, identity, states
from govern.errors import InputError, Refused
from govern.failures import SHARD_FAILED
from govern.merge import as_before, check_command, opened
from govern.pipeline import certify
from govern.policy_check import check
from govern.private import folder_of, refused
from govern.process import UNREADABLE
from govern.request import Outcome, Release, Request
from govern.sources import Columns


@dataclass(frozen=True, slots=True)
class SetAside:
    """One document: its id as it ships, why it was set aside, its file and its row in it (from 1); none where taken back."""

    id: str
    reason: str
    file: str
    row: int


def listed(out: Path) -> Iterator[SetAside]:
    """What the run that made `out`, or that stopped before it did, set aside; in the order of the documents.

    Raises:
        InputError: no run made it, or what is kept beside it is not whole.
    """
    import polars as pl

    folder = folder_of(out)
    if not (folder / "states").is_dir():
        raise InputError(f"{folder}: not there, or holds no work of a run; name the --out of a `govern certify`")
    finished = out.is_dir() or refused(out).is_dir()
    for path, record in states.whole_run(folder, arrived.load(folder).documents if finished else None):
        reasons = dict(record["quarantined"])
        if not reasons:
            continue
        file = next(name for name in record["files"] if name.startswith("ids/"))
        places = ((name, first + row + 1) for name, first, rows in record["segments"] for row in range(rows))
        ids = pl.read_parquet(folder / file, columns=["certified"])["certified"].to_list()
        for certified, (name, row) in zip(ids, places, strict=True):
            reason = reasons.pop(certified, None)
            if reason is not None:
                yield SetAside(certified, reason, name, row)
        if len(reasons) > ids.count(None):
            raise InputError(f"{path}: sets {len(reasons):,} documents aside that it does not hold; certify again with --reuse")
        for certified, reason in sorted(reasons.items()):  # taken back since: nothing says any more which rows they were
            yield SetAside(certified, reason, "", 0)


def release(
    request: Request, folder: Path, ids: list[str], *, who: str, why: str, characters: int | None, timeout_s: float | None
) -> Outcome:
    """A new draft of a certified folder in which documents that it set aside are searched again, in `request.out`.

    What is released and cannot be searched to the end is set aside again. Other documents stay as they are. `characters` and
    `timeout_s` stand for the policy's `max_document_characters` and `regex_timeout_s`.

    Raises:
        InputError: an id that was not set aside, or that cannot be released; other inputs; a folder that is no certified one.
        Refused: an expectation failed or is unknown with them; or none of them could be searched to the end.
    """
    part = opened(folder)
    record = part.record
    if not record["cut"][0]:
        raise InputError(
            f"{folder}: made by merge or reissue; release in the folder that set the document aside, and make it again"
        )
    if record["vault"] is not None:
        raise InputError(f"{folder}: its values are in a vault, which a release does not write; certify it again instead")
    reasons = {name: reason for shard in part.shards for name, reason in shard["quarantined"]}
    released = Release(tuple(_checked(ids, reasons, folder)), who, why, characters, timeout_s)
    before = as_before(request, [part])
    checked = check(request.policy, request.secret, today=request.today)
    check_command(part, identity.run(before, part.arrived, checked, tuple(record["cut"])))
    text, ids_in, _, encoding = record["columns"]
    outcome = certify(
        replace(
            before,
            columns=Columns(text, ids_in, encoding),
            part=tuple(record["part"]) or None,
            work_bytes=record["cut"][0],
            part_bytes=record["cut"][1],
            releases=(*before.releases, released),
            reuse=folder,
        )
    )
    still = {each.id for each in listed(outcome.folder)} & {name for name, _ in released.documents}
    if len(still) == len(released.documents):
        raise Refused(
            f"{outcome.folder}: none of the {len(still):,} released documents could be searched to the end, so it holds what "
            f"{folder.name} holds; give wider limits and another --out"
        )
    return outcome


def _checked(ids: list[str], reasons: dict[str, str], folder: Path) -> Iterator[tuple[str, str]]:
    """Each id, sorted, with why it was set aside."""
    strange = [name for name in ids if name not in reasons]
    if strange:
        raise InputError(
            f"--ids: {len(strange):,} of {len(ids):,} were not set aside in {folder}; take ids from `govern quarantine list`"
        )
    for name in sorted(set(ids)):
        if reasons[name] == UNREADABLE:
            raise InputError(
                f"--ids: {name} was a row that cannot be read, so there is no text to search; correct the row in its file, "
                "and certify with --reuse"
            )
        if reasons[name] == SHARD_FAILED:
            raise InputError(
                f"--ids: {name} is of a unit of work that failed as a whole; `govern certify` with --reuse does it again"
            )
        yield name, reasons[name]
