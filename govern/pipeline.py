"""A certification run from end to end: read → detect → mask → measure → deduplicate → validate → certify.

A run builds in `OUT.partial` and renames it to `OUT` when it is whole; a refused run leaves `OUT.refused` (report and
evidence, no documents). `OUT.private` (0700) holds what must not ship: findings, the id map and each finished shard, so
that the same command again continues after a kill. The finished folder depends on inputs, policy, suite, secret and code
alone, not on workers or on how often the run was killed.
"""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import cards, certificate, claim, private, report, residual, signals
from govern.collisions import surrogate_names
from govern.corpus import SHARD_BYTES, Corpus
from govern.environment import environment
from govern.errors import InputError, Interrupted, Refused
from govern.files import MANIFEST, canonical, digest, manifest, sync_folder, write_whole
from govern.keys import derive, keyed_digest
from govern.policy_check import Checked, check
from govern.process import Keys, ShardState, ShardTask, detector_of, process, segment_of
from govern.publish import Published, publish
from govern.readers import input_files
from govern.shards import map_shards, progress
from govern.sources import Columns, arrive, declared_sources, source_name
from govern.treatment import KEYED, Treatment, domain_key_id
from govern.turns import COLUMNS
from govern.vault.store import commit, discard

if TYPE_CHECKING:
    from govern.policy import Policy
    from govern.validate import ValidationResult
    from govern.vault.segment import WritingKeys

NAME_CHARACTERS = 200
WORK_BYTES = (200_000, 8_000_000)
"""Text per unit of work, least and most: a kill costs seconds, and a small corpus still feeds every worker."""
WORK_UNITS = 64
"""Units that a corpus is cut into, within those bounds."""


@dataclass(frozen=True, slots=True)
class Request:
    """What `govern certify` was asked for."""

    inputs: tuple[Path, ...]
    out: Path
    policy: "Policy"
    suite: str
    secret: bytes = field(repr=False)
    today: date
    name: str = "corpus"
    columns: Columns = field(default_factory=Columns)
    split: tuple[str, int] | None = None
    vault: tuple[Path, "WritingKeys"] | None = None
    """The vault that the originals of encrypted values go into, and what writes it."""
    workers: int = 1
    work_bytes: int | None = None
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
    corpus = arrive(request.inputs, request.policy, request.columns, shard_bytes=_work_bytes(request))
    _check_layout(request.policy, corpus)
    checked = check(request.policy, request.secret, today=request.today)
    keys = _keys(request.secret)
    names = tuple((file.name, source_name(request.policy, keys, file.name)) for file in corpus.files)
    _check_sources(request.policy, names)
    identity = _identity(request, corpus, keys, checked)
    try:
        with private.opened(request.out, identity) as folder:
            if request.out.exists():
                return Outcome(request.out, private.finished(request.out, folder), reused=True)
            states = _process(request, corpus, keys, names, checked.treatment, folder, digest(identity))
            made = _finish(request, corpus, keys, checked, states, folder)
            if request.vault is not None:
                discard(_segments(folder, states))
            return Outcome(request.out, made, reused=False)
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
    _check_vault(request)
    text, identity = request.columns.of(request.policy)
    columns = {text: "text", identity: "ids"}
    for column in request.policy.read_columns:
        if column in columns:
            raise InputError(
                f"column '{column}': holds the {columns[column]}, which ship in their own form; take it out of "
                "keep_columns and columns"
            )


def _check_layout(policy: "Policy", corpus: Corpus) -> None:
    """Returns where no column that the policy keeps has the name of one that the text ships in."""
    for column in policy.published_columns:
        if column in COLUMNS[corpus.layout]:
            raise InputError(f"column '{column}': the text ships under this name; take it out of keep_columns and columns")


def _check_sources(policy: "Policy", names: tuple[tuple[str, str], ...]) -> None:
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


def _work_bytes(request: Request) -> int:
    """How much text a unit of work holds: by the size of the inputs, so that the same command cuts the same way."""
    least, most = WORK_BYTES
    size = sum(file.path.stat().st_size for file in input_files(request.inputs, request.policy.reading_of))
    return request.work_bytes or min(most, max(least, size // WORK_UNITS))


def _process(
    request: Request,
    corpus: Corpus,
    keys: Keys,
    names: tuple[tuple[str, str], ...],
    treatment: Treatment,
    folder: Path,
    run: str,
) -> list[ShardState]:
    writing = request.vault[1] if request.vault else None
    tasks = [
        ShardTask(
            shard, corpus.text_column, corpus.id_column, corpus.layout, request.policy, keys, names, treatment, folder, run,
            writing,
        )
        for shard in corpus.shards
    ]
    return list(progress(map_shards(process, tasks, request.workers), len(tasks), "mask"))


def _segments(folder: Path, states: list[ShardState]) -> list[Path]:
    """What the shards sealed for the vault: added to it once the corpus passed, gone once it stands."""
    return [folder / segment_of(state.masked.stem) for state in states]


def _finish(
    request: Request, corpus: Corpus, keys: Keys, checked: Checked, states: list[ShardState], private_folder: Path
) -> certificate.Certificate:
    """Publishes, validates and certifies what the shards hold, then renames the folder into place."""
    from govern.validate import validate

    partial = request.out.with_name(request.out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    columns = _published(request, corpus)
    treatment = checked.treatment
    records = private_folder / "recorded" if treatment.records else None
    published = publish(states, partial, columns, corpus.layout, request.split, keys.splits, request.part_bytes, records)
    table, scanned = _measure(request, corpus, states, published, partial, records, treatment)
    validation = validate(request.suite, table, [waiver.id for waiver in request.policy.waivers])
    named = {**checked.counts, **_pseudonyms(request, private_folder)}
    if request.policy.join_column is not None:
        joins: Counter[str] = sum((state.joins for state in states), Counter())
        named["joins"] = {name: joins[name] for name in ("joined", "no_row", "no_key")}
    run = _run(request, corpus, keys, states, published, validation, table, scanned, named)
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
    if request.vault is not None:
        commit(request.vault[0], _segments(private_folder, states))
    shutil.rmtree(request.out.with_name(request.out.name + ".refused"), ignore_errors=True)
    partial.rename(request.out)
    sync_folder(request.out.parent)
    return made


def _published(request: Request, corpus: Corpus) -> tuple[str, ...]:
    """The columns of a published file."""
    return ("id", *COLUMNS[corpus.layout], "lang", "source", *request.policy.published_columns)


def _measure(
    request: Request,
    corpus: Corpus,
    states: list[ShardState],
    published: Published,
    partial: Path,
    records: Path | None,
    treatment: Treatment,
) -> tuple[dict[str, list[int | str | None]], int]:
    """The metrics table, with the duplicates and spans found by reading the published files again."""
    arrived: dict[str, Counter[str]] = {}
    for part in (*(state.arrived for state in states), published.duplicates_arrived):
        for name, count in part.items():
            arrived[name] = arrived.get(name, Counter()) + count
    files = [file for _, split in published.files for file in split]
    tasks = residual.tasks(partial, files, corpus.layout, request.policy, treatment, records)
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
    named: dict[str, Any],
) -> claim.Run:
    dropped = Counter(reason for state in states for _, reason in state.dropped)
    dropped.update(reason for _, reason in published.duplicates)
    return claim.Run(
        name=request.name,
        policy=request.policy,
        detector=detector_of(request.policy, request.secret),
        validation=validation,
        published=published,
        split=request.split,
        columns=_published(request, corpus),
        columns_dropped=_dropped(request.policy, corpus),
        sources=declared_sources(request.policy, keys, corpus, table),
        table=table,
        dropped=dropped,
        quarantined=Counter(reason for state in states for _, reason in state.quarantined),
        entities=sum((state.entities for state in states), Counter()),
        scanned=scanned,
        named=named,
        secret_key_id=keyed_digest(derive(request.secret, "key id"), b"secret"),
        environment=environment(),
    )


def _dropped(policy: "Policy", corpus: Corpus) -> int:
    """How many columns of the inputs ship in no column of the corpus."""
    every = {column for file in corpus.files for column in file.columns}
    unseen = [column for column in policy.read_columns if column not in policy.published_columns]
    return len(every - {column for file in corpus.files for column in file.read}) + len(every & set(unseen))


def _pseudonyms(request: Request, private_folder: Path) -> dict[str, Any]:
    """What the certificate says of keyed replacements, if the policy has some."""
    if not any(action in KEYED for _, action in request.policy.every_action()):
        return {}
    domain = request.policy.pseudonyms.domain
    named = {
        "domain": domain,
        "domain_key_id": domain_key_id(request.secret, domain),
        "surrogate_names": surrogate_names(private_folder / "findings"),
        "vault": request.vault[1].vault if request.vault else None,
    }
    return {"pseudonyms": named}


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
    vetoes: Counter[tuple[str, str, str]] = sum((state.vetoes for state in states), Counter())
    vetoed = [
        {"entity_type": kind, "lang": lang, "vetoed_by": by, "findings": count}
        for (kind, lang, by), count in sorted(vetoes.items())
    ]
    write_whole(evidence / "vetoes.json", canonical(vetoed))
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


def _identity(request: Request, corpus: Corpus, keys: Keys, checked: Checked) -> dict[str, Any]:
    """What makes two runs the same run; private, since it digests raw input."""
    from govern.validate import check_waivers, load

    suite = load(request.suite)
    check_waivers(suite, [waiver.id for waiver in request.policy.waivers])
    detector = detector_of(request.policy, request.secret)
    return {
        "inputs": [[file.name, keyed_digest(keys.inputs, bytes.fromhex(file.sha256))] for file in corpus.files],
        "columns": [corpus.text_column, corpus.id_column, corpus.layout, request.columns.encoding],
        "policy": request.policy.digest,
        "values": checked.counts,
        "vault": request.vault[1].vault if request.vault else None,
        "suite": suite.digest,
        "secret": keyed_digest(derive(request.secret, "key id"), b"secret"),
        "name": request.name,
        "split": list(request.split or ()),
        "cut": [_work_bytes(request), request.part_bytes],
        "detector": [detector.digest, [list(model) for model in detector.models]],
        "environment": environment(),
        "code": private.code_digest(),
    }
