"""A certification run from end to end: read → detect → mask → measure → deduplicate → validate → certify.

A run builds in `OUT.partial` and renames it to `OUT` when it is whole; a refused run leaves `OUT.refused` (report and
evidence, no documents). `OUT.private` (0700) holds what must not ship: findings, the id map and each finished shard, so
that the same command again continues after a kill. The finished folder depends on inputs, policy, suite, secret and code
alone, not on workers or on how often the run was killed.
"""

import errno
import fcntl
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import cards, certificate, claim, report, residual, signals
from govern.corpus import SHARD_BYTES, Corpus, read
from govern.environment import environment
from govern.errors import InputError, Interrupted, Refused, VerificationError
from govern.files import MANIFEST, canonical, digest, manifest, parse_canonical, sync_folder, write_whole
from govern.inventory import SUMS_BYTES, differences, parse_sums, read_plain
from govern.keys import derive, keyed_digest
from govern.process import Keys, ShardState, ShardTask, detector_of, process
from govern.publish import Published, publish
from govern.shards import map_shards, progress

if TYPE_CHECKING:
    from govern.policy import Policy
    from govern.validate import ValidationResult

NAME_CHARACTERS = 200
BEGUN = frozenset({"lock", "run.json", "run.json.tmp"})
"""What stands in a private folder before its record does."""
WORK_BYTES = 2_000_000
"""Text per unit of work: small, so that a kill costs seconds and a small corpus still feeds every worker."""


@dataclass(frozen=True, slots=True)
class Request:
    """What `govern certify` was asked for."""

    inputs: tuple[Path, ...]
    out: Path
    policy: "Policy"
    suite: str
    secret: bytes = field(repr=False)
    name: str = "corpus"
    text_column: str = "text"
    id_column: str = "id"
    split: tuple[str, int] | None = None
    workers: int = 1
    work_bytes: int = WORK_BYTES
    part_bytes: int = SHARD_BYTES


@dataclass(frozen=True, slots=True)
class Outcome:
    """A certified draft: its folder and certificate, and whether this call found it finished already."""

    folder: Path
    certificate: certificate.Certificate
    reused: bool


def certify(request: Request) -> Outcome:
    """The draft in `request.out`, certified and not yet signed.

    Raises:
        InputError: an input that cannot be read, or folders that hold another run.
        Refused: an expectation failed or is unknown; the reasons stand in `OUT.refused`.
        Interrupted: a worker died; the same command continues.
    """
    _check(request)
    corpus = read(
        request.inputs,
        text_column=request.text_column,
        id_column=request.id_column,
        kept=request.policy.keep_columns,
        shard_bytes=request.work_bytes,
    )
    keys = _keys(request.secret)
    identity = _identity(request, corpus, keys)
    try:
        with _private(request.out, identity) as private:
            if request.out.exists():
                return Outcome(request.out, _finished(request.out, private), reused=True)
            states = _process(request, corpus, keys, private, digest(identity))
            return Outcome(request.out, _finish(request, corpus, keys, states), reused=False)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Interrupted(
            f"{error.filename or request.out}: {error.strerror or 'cannot be written'}; free the disk or correct the "
            "permission: the same command again continues"
        ) from None


def _check(request: Request) -> None:
    """What can be refused before anything is read."""
    if not request.name.strip() or not request.name.isprintable() or len(request.name) > NAME_CHARACTERS:
        raise InputError(f"--name: empty, more than one line, or over {NAME_CHARACTERS} characters; give a short name")
    if request.out.name in ("", ".."):
        raise InputError(f"{request.out}: no name for a new folder; give one with --out")
    columns = {request.text_column: "text", request.id_column: "ids"}
    for column in request.policy.keep_columns:
        if column in columns:
            raise InputError(
                f"column '{column}': holds the {columns[column]}, which ship in their own form; take it out of keep_columns"
            )


def _process(request: Request, corpus: Corpus, keys: Keys, private: Path, run: str) -> list[ShardState]:
    names = tuple((path.path.name, _source(request.policy, keys, path.path.name)) for path in corpus.files)
    tasks = [
        ShardTask(shard, corpus.text_column, corpus.id_column, request.policy, keys, names, private, run)
        for shard in corpus.shards
    ]
    return list(progress(map_shards(process, tasks, request.workers), len(tasks), "mask"))


def _finish(request: Request, corpus: Corpus, keys: Keys, states: list[ShardState]) -> certificate.Certificate:
    """Publishes, validates and certifies what the shards hold, then renames the folder into place."""
    from govern.validate import validate

    partial = request.out.with_name(request.out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    columns = ("id", "text", "lang", "source", *request.policy.keep_columns)
    published = publish(states, partial, columns, request.split, keys.splits, request.part_bytes)
    table, scanned = _measure(request, states, published, partial)
    validation = validate(request.suite, table)
    run = _run(request, corpus, keys, states, published, validation, table, scanned)
    wanted = claim.claim(run)
    _evidence(partial, states, published, wanted, table)
    blocking = (*validation.blocking, *_empty_splits(published))
    if blocking:
        raise Refused(_refuse(request.out, partial, wanted, table, blocking))
    made = certificate.certify(wanted)
    write_whole(partial / certificate.FILE, made.data)
    write_whole(partial / "report.html", report.render(wanted, table, certificate_digest=made.digest))
    write_whole(partial / "README.md", cards.readme(made).encode())
    write_whole(partial / "croissant.json", canonical(cards.croissant(made, partial)))
    write_whole(partial / MANIFEST, manifest(partial))
    shutil.rmtree(request.out.with_name(request.out.name + ".refused"), ignore_errors=True)
    partial.rename(request.out)
    sync_folder(request.out.parent)
    return made


def _measure(
    request: Request, states: list[ShardState], published: Published, partial: Path
) -> tuple[dict[str, list[int | str | None]], int]:
    """The metrics table, with the duplicates and spans found by reading the published files again."""
    arrived: dict[str, Counter[str]] = {}
    for part in (*(state.arrived for state in states), published.duplicates_arrived):
        for name, count in part.items():
            arrived[name] = arrived.get(name, Counter()) + count
    files = [file for _, split in published.files for file in split]
    tasks = residual.tasks(partial, files, request.policy)
    again = tuple(progress(map_shards(residual.rescan, tasks, request.workers), len(tasks), "scan again"))
    left = residual.duplicates_left(again)
    totals = {name: counts.copy() for name, counts in published.totals.items()}
    for name, counts in totals.items():
        counts["duplicates_left"] = left[name]
        counts["residual_spans"] = sum(result.spans_left[name] for result in again)
    return signals.table(totals, arrived), sum(result.scanned for result in again)


def _run(
    request: Request,
    corpus: Corpus,
    keys: Keys,
    states: list[ShardState],
    published: Published,
    validation: "ValidationResult",
    table: dict[str, list[int | str | None]],
    scanned: int,
) -> claim.Run:
    dropped = Counter(reason for state in states for _, reason in state.dropped)
    dropped.update(reason for _, reason in published.duplicates)
    known = {corpus.text_column, corpus.id_column, *request.policy.keep_columns}
    return claim.Run(
        name=request.name,
        policy=request.policy,
        detector=detector_of(request.policy),
        validation=validation,
        published=published,
        split=request.split,
        columns=("id", "text", "lang", "source", *request.policy.keep_columns),
        columns_dropped=len({column for file in corpus.files for column in file.columns} - known),
        sources=_sources(request.policy, keys, corpus, table),
        table=table,
        dropped=dropped,
        quarantined=Counter(reason for state in states for _, reason in state.quarantined),
        entities=sum((state.entities for state in states), Counter()),
        scanned=scanned,
        secret_key_id=keyed_digest(derive(request.secret, "key id"), b"secret"),
        environment=environment(),
    )


def _evidence(
    folder: Path,
    states: list[ShardState],
    published: Published,
    wanted: dict[str, Any],
    table: dict[str, list[int | str | None]],
) -> None:
    evidence = folder / "evidence"
    evidence.mkdir()
    write_whole(evidence / "metrics.json", canonical(table))
    write_whole(evidence / "validation.json", canonical(wanted["quality"]))
    write_whole(evidence / "residual.json", canonical(wanted["privacy"]))
    quarantined = sorted(pair for state in states for pair in state.quarantined)
    dropped = sorted([*(pair for state in states for pair in state.dropped), *published.duplicates])
    for name, pairs in (("quarantine", quarantined), ("dropped", dropped)):
        lines = [canonical({"id": identity, "reason": reason}) + b"\n" for identity, reason in pairs]
        write_whole(evidence / f"{name}.jsonl", b"".join(lines))


def _empty_splits(published: Published) -> tuple[str, ...]:
    return tuple(
        f"split '{name}': no document fell into it; ask for a larger share, or certify more documents"
        for name, files in published.files
        if not files
    )


def _refuse(
    out: Path,
    partial: Path,
    wanted: dict[str, Any],
    table: dict[str, list[int | str | None]],
    blocking: tuple[str, ...],
) -> str:
    """Leaves `OUT.refused` with report and evidence and no documents; returns the sentences that say why."""
    refused = out.with_name(out.name + ".refused")
    for split in wanted["corpus"]["splits"]:
        shutil.rmtree(partial / split["name"], ignore_errors=True)
    write_whole(partial / "report.html", report.render(wanted, table, blocking=blocking))
    shutil.rmtree(refused, ignore_errors=True)
    partial.rename(refused)
    return "\n".join((*blocking, f"{refused}: the report and the evidence of this refusal; nothing was certified"))


def _keys(secret: bytes) -> Keys:
    return Keys(
        ids=derive(secret, "document id"),
        duplicates=derive(secret, "duplicate"),
        splits=derive(secret, "split"),
        inputs=derive(secret, "input digest"),
    )


def _source(policy: "Policy", keys: Keys, file_name: str) -> str:
    """The declared name of the source a file belongs to, else a keyed one: a file name may name a person."""
    declared = policy.source(file_name)
    if declared is not None:
        return declared.name
    return "source-" + keyed_digest(keys.inputs, file_name.encode()).removeprefix("hmac-sha256:")[:12]


def _sources(
    policy: "Policy", keys: Keys, corpus: Corpus, table: dict[str, list[int | str | None]]
) -> tuple[dict[str, Any], ...]:
    declared = {source.name: source for source in policy.sources}
    digests: dict[str, list[str]] = {}
    for file in corpus.files:
        name = _source(policy, keys, file.path.name)
        digests.setdefault(name, []).append(keyed_digest(keys.inputs, bytes.fromhex(file.sha256)))
    row = {name: index for index, name in enumerate(table["slice"])}
    result = []
    for name in sorted(digests):
        source = declared.get(name)
        index = row.get(f"source:{name}")
        result.append(
            {
                "name": name,
                "declared": source is not None,
                "owner": source.owner if source else None,
                "licence": source.licence if source else None,
                "legal_basis": source.legal_basis if source else None,
                "period": source.period if source else None,
                "documents_in": 0 if index is None else table["documents_in"][index],
                "documents_certified": 0 if index is None else table["documents"][index],
                "input_digests": sorted(digests[name]),
            }
        )
    return tuple(result)


def _identity(request: Request, corpus: Corpus, keys: Keys) -> dict[str, Any]:
    """What makes two runs the same run; private, since it digests raw input."""
    from govern.validate import load

    detector = detector_of(request.policy)
    return {
        "inputs": [[file.path.name, keyed_digest(keys.inputs, bytes.fromhex(file.sha256))] for file in corpus.files],
        "columns": [corpus.text_column, corpus.id_column],
        "policy": request.policy.digest,
        "suite": load(request.suite).digest,
        "secret": keyed_digest(derive(request.secret, "key id"), b"secret"),
        "name": request.name,
        "split": list(request.split or ()),
        "cut": [request.work_bytes, request.part_bytes],
        "detector": [detector.digest, [list(model) for model in detector.models]],
        "environment": environment(),
        "code": _code_digest(),
    }


def _code_digest() -> str:
    """A digest over the project's own Python files and data, so that an edited checkout is another run."""
    import expectations
    import govern

    found = {}
    for package in (govern, expectations):
        root = Path(package.__path__[0])
        found[package.__name__] = manifest(root, exclude=_compiled(root)).decode()
    return digest(found)


def _compiled(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in root.rglob("*.pyc")]


@contextmanager
def _private(out: Path, identity: dict[str, Any]) -> Iterator[Path]:
    """The private folder of this very run, locked; another run's folder, or a run under way, is an `InputError`."""
    private = out.with_name(out.name + ".private")
    record = private / "run.json"
    try:
        _make_private(out, private)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            f"{error.filename or private}: {error.strerror}; choose an --out in a folder that can be written"
        ) from None
    with (private / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{out}: another run is writing here; wait for it, or choose another --out") from None
        _check_record(out, record, identity)
        yield private


def _make_private(out: Path, private: Path) -> None:
    """Makes `private` where it is missing; a folder that no run made is never written into nor removed."""
    partial, refused = (out.with_name(out.name + ending) for ending in (".partial", ".refused"))
    if not (private / "run.json").exists():
        begun = {path.name for path in private.iterdir()} if private.is_dir() else set()
        foreign = [private] if os.path.lexists(private) and (not private.is_dir() or begun - BEGUN) else []
        foreign += [path for path in (out, partial, refused) if os.path.lexists(path)]
        if foreign:
            raise InputError(
                f"{foreign[0]}: exists, and no run of this command made it; choose another --out, or move it away"
            )
    out.parent.mkdir(parents=True, exist_ok=True)
    private.mkdir(mode=0o700, exist_ok=True)
    private.chmod(0o700)


def _check_record(out: Path, record: Path, identity: dict[str, Any]) -> None:
    """Writes what this run is, or compares it with what the record says; a damaged record of unfinished work is renewed."""
    wanted = canonical(identity)
    found = None
    if record.exists():
        try:
            found = parse_canonical(record.read_bytes(), str(record))
        except InputError:
            found = None
    if not isinstance(found, dict):
        if out.exists():
            raise InputError(f"{record}: damaged, so nobody can say which run made {out.name}; choose another --out")
        write_whole(record, wanted, 0o600)
        return
    differing = _differences(found, identity)
    if differing:
        raise InputError(
            f"{out}: holds another run, which differs in {', '.join(differing)}; choose another --out, or remove "
            f"{out.name}, {record.parent.name}, {out.name}.partial and {out.name}.refused"
        )


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _finished(out: Path, private: Path) -> certificate.Certificate:
    """The certificate of a folder that this very run finished earlier, its files checked again."""
    try:
        sums = parse_sums(read_plain(out / MANIFEST, SUMS_BYTES), str(out / MANIFEST))
        problems = differences(out, sums)
    except VerificationError as error:
        problems = error.problems
    if problems:
        raise InputError(
            f"{problems[0]}\n{out}: its files are no longer those that this run wrote; move it away and run the same "
            f"command again ({private.name} keeps the work)"
        )
    return certificate.load((out / certificate.FILE).read_bytes(), str(out / certificate.FILE))
