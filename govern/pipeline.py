"""A certification run from end to end: read → detect → mask → measure → deduplicate → validate → certify.

A run builds in `OUT.partial` and renames it to `OUT` when it is whole; a refused run leaves `OUT.refused` (report and
evidence, no documents). `OUT.private` (0700) holds what must not ship: findings, the id map and each finished shard, so
that the same command again continues after a kill. The finished folder depends on inputs, policy, suite, secret and code
alone, not on workers or on how often the run was killed.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import arrived, failures, identity, private, release, states
from govern.corpus import Corpus, Shard
from govern.errors import InputError, Interrupted
from govern.finish import finish
from govern.policy_check import Checked, check
from govern.process import ShardTask, documents_id
from govern.readers import input_files
from govern.readers.remote import size_of
from govern.request import Outcome, Request
from govern.run_keys import Keys, keys_of
from govern.shards import map_shards, progress
from govern.sources import arrive, source_name
from govern.states import ShardState
from govern.turns import COLUMNS

if TYPE_CHECKING:
    from govern.policy import Policy

__all__ = ["Outcome", "Request", "certify", "check_layout", "check_sources", "resumable", "tasks_of", "work_bytes_of"]

NAME_CHARACTERS = 200
WORK_BYTES = (200_000, 8_000_000)
"""Text per unit of work, least and most: a kill costs seconds, and a small corpus still feeds every worker."""
WORK_UNITS = 64
"""Units that a corpus is cut into, within those bounds."""

PART_UNITS = 4
"""Units that each part has at least, so that parts are of about one size."""


def certify(request: Request) -> Outcome:
    """The draft in `request.out`, certified and not yet signed.

    Raises:
        InputError: an input that cannot be read, or folders that hold another run.
        Refused: an expectation failed or is unknown; the reasons stand in `OUT.refused`.
        Interrupted: a worker died; the same command continues.
    """
    _check(request)
    work_bytes = work_bytes_of(request)
    corpus = arrive(request.inputs, request.policy, request.columns, shard_bytes=work_bytes)
    check_layout(request.policy, corpus)
    checked = check(request.policy, request.secret, today=request.today)
    keys = keys_of(request.secret)
    names = tuple((file.name, source_name(request.policy, keys, file.name)) for file in corpus.files)
    check_sources(request.policy, names)
    shards = _share(corpus, request.part)
    came = arrived.of(corpus, shards, keys.inputs)
    record = identity.run(request, came, checked, (work_bytes, request.part_bytes))
    with resumable(request.out), private.opened(request.out, record) as folder:
        if request.out.exists():
            return Outcome(request.out, private.finished(request.out, folder), reused=True)
        arrived.save(came, folder)
        tasks = release.assigned(request, tasks_of(request, corpus, shards, keys, names, checked, folder))
        made = finish(request, came, keys, checked, _process(request, tasks, corpus.documents), folder)
        return Outcome(request.out, made, reused=False)


@contextmanager
def resumable(out: object) -> Iterator[None]:
    """Turns a disk that is full, or cannot be written, into a run that can go on."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Interrupted(
            f"{error.filename or out}: {error.strerror or 'cannot be written'}; free the disk or correct the permission: the "
            "same command again continues"
        ) from None


def _share(corpus: Corpus, part: tuple[int, int] | None) -> tuple[Shard, ...]:
    """The shards of a part: consecutive ones, as many in each part as in any other, or one more."""
    if part is None:
        return corpus.shards
    number, parts = part
    if parts > len(corpus.shards):
        raise InputError(
            f"--part {number}/{parts}: the corpus has {len(corpus.shards)} units of work; use as many parts at most"
        )
    count = len(corpus.shards)
    return corpus.shards[(number - 1) * count // parts : number * count // parts]


def _check(request: Request) -> None:
    """What can be refused before anything is read."""
    if not request.name.strip() or not request.name.isprintable() or len(request.name) > NAME_CHARACTERS:
        raise InputError(f"--name: empty, more than one line, or over {NAME_CHARACTERS} characters; give a short name")
    if request.out.name in ("", ".."):
        raise InputError(f"{request.out}: no name for a new folder; give one with --out")
    _check_vault(request)
    if request.reuse is not None and not private.folder_of(request.reuse).is_dir():
        raise InputError(
            f"--reuse {request.reuse}: no {private.folder_of(request.reuse).name} beside it; name the folder of an earlier run"
        )
    text, identity = request.columns.of(request.policy)
    columns = {text: "text", identity: "ids"}
    for column in request.policy.read_columns:
        if column in columns:
            raise InputError(
                f"column '{column}': holds the {columns[column]}, which ship in their own form; take it out of "
                "keep_columns and columns"
            )


def check_layout(policy: "Policy", corpus: Corpus) -> None:
    """Returns where no column that the policy keeps has the name of one that the text ships in."""
    for column in policy.published_columns:
        if column in COLUMNS[corpus.layout]:
            raise InputError(f"column '{column}': the text ships under this name; take it out of keep_columns and columns")


def check_sources(policy: "Policy", names: tuple[tuple[str, str], ...]) -> None:
    """Returns where every source with actions of its own has a file: a pattern with a slip would turn them off."""
    found = {name for _, name in names}
    for source in policy.sources:
        if source.entities and source.name not in found:
            raise InputError(
                f"policy '{policy.name}': source '{source.name}' has entities of its own, and no input file matches "
                f"'{source.match}'; correct the pattern (capitals count), or leave the source out"
            )


def _check_vault(request: Request) -> None:
    encrypted = sorted({kind for kind, action in request.policy.every_action() if action == "encrypt"})
    if encrypted and request.vault is None:
        raise InputError(
            f"policy '{request.policy.name}': encrypts {encrypted[0]}, and no vault came; give --vault and --vault-key"
        )
    if request.vault is None:
        return
    if not encrypted:
        raise InputError(f"--vault: policy '{request.policy.name}' encrypts nothing; leave it out, or name the right policy")
    place = request.vault[0].resolve()
    for ending in ("", ".partial", ".private", ".refused"):
        if place.is_relative_to(request.out.with_name(request.out.name + ending).resolve()):
            raise InputError(f"{request.vault[0]}: lies inside a folder of this run; keep the vault apart from the corpus")


def work_bytes_of(request: Request) -> int:
    """How much text a unit of work holds: by the size of the inputs, so that the same command cuts the same way."""
    least, most = WORK_BYTES
    size = sum(size_of(file.path) for file in input_files(request.inputs, request.policy.reading_of))
    units = WORK_UNITS if request.part is None else max(WORK_UNITS, PART_UNITS * request.part[1])
    least = least if request.part is None else 1
    return request.work_bytes or min(most, max(least, size // units))


def tasks_of(
    request: Request,
    corpus: Corpus,
    shards: tuple[Shard, ...],
    keys: Keys,
    names: tuple[tuple[str, str], ...],
    checked: Checked,
    folder: Path,
) -> list[ShardTask]:
    """What the workers of a run are given, shard by shard."""
    columns = corpus.text_column, corpus.id_column
    common: dict[str, Any] = {
        "text_column": corpus.text_column, "id_column": corpus.id_column, "layout": corpus.layout, "policy": request.policy,
        "keys": keys, "source_names": names, "treatment": checked.treatment, "folder": folder,
        "vault": request.vault[1] if request.vault else None, "work": identity.work(request, checked, columns),
        "detection": identity.detection(request, checked, columns),
        "earlier": None if request.reuse is None else private.folder_of(request.reuse),
    }  # fmt: skip
    own = dict(names)
    return [ShardTask(shard, documents=documents_id(keys.inputs, shard, own), **common) for shard in shards]


def _process(request: Request, tasks: list[ShardTask], documents: int) -> list[ShardState]:
    """The states of the tasks; `documents` are those of the whole corpus, of which a share may be set aside."""
    if request.reuse is not None:
        taken = _adopted(tasks, private.folder_of(request.reuse))
        print(f"reuse: {taken} of {len(tasks)} shards as they are", file=sys.stderr)
    function, lost = failures.ways(request.policy)
    made = progress(map_shards(function, tasks, request.engine, lost), len(tasks), "mask")
    return list(failures.within(made, documents, request.policy.failures.max_quarantined))


def _adopted(tasks: list[ShardTask], earlier: Path) -> int:
    """Takes the shards of an earlier private folder over that are those of the tasks; how many."""
    there = {(record["work"], record["documents"]): record for _, record in states.every(earlier)}
    taken = 0
    for task in tasks:
        record = there.get((task.work, task.documents))
        path = states.path_of(task.folder, task.shard.index)
        if record is None or task.vault is not None or states.load(path, work=task.work, documents=task.documents) is not None:
            continue
        if states.whole(record, earlier, sealed=False):
            states.adopt(record, earlier, task.folder, task.shard.index, states.segments_of(task.shard))
            taken += 1
    return taken
