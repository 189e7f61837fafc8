"""The end of a run: what its shards hold is published, measured, validated and certified, or refused."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import certificate, claim, croissant, dataset_card, evidence, report, residual, signals
from govern.collisions import surrogate_names
from govern.environment import environment
from govern.errors import Refused
from govern.files import MANIFEST, canonical, manifest, sync_folder, write_whole
from govern.identity import secret_id
from govern.identity import work as work_of
from govern.private import folder_of
from govern.process import detector_of, segment_of
from govern.publish import Published, publish
from govern.request import Release, Request
from govern.run_keys import Keys
from govern.shards import map_shards, progress
from govern.sources import declared_sources
from govern.states import ShardState
from govern.treatment import KEYED, Treatment, domain_key_id
from govern.turns import COLUMNS
from govern.vault.store import commit, discard

if TYPE_CHECKING:
    from govern.arrived import Arrived
    from govern.policy_check import Checked
    from govern.validate import ValidationResult


def finish(
    request: Request, arrived: "Arrived", keys: Keys, checked: "Checked", states: list[ShardState], private_folder: Path
) -> certificate.Certificate:
    """Publishes, validates and certifies what the shards hold, then renames the folder into place.

    Raises:
        Refused: an expectation failed or is unknown; the reasons stand in `OUT.refused`.
    """
    from govern.validate import validate

    partial = request.out.with_name(request.out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    columns = _published(request, arrived)
    treatment = checked.treatment
    records = private_folder / "recorded" if treatment.records else None
    published = publish(states, partial, columns, arrived.layout, request.split, keys.splits, request.part_bytes, records)
    table, scanned = _measure(
        request, arrived, states, published, partial, records, treatment,
        work_of(request, checked, (arrived.text_column, arrived.id_column)), private_folder,
    )  # fmt: skip
    validation = validate(request.suite, table, [waiver.id for waiver in request.policy.waivers])
    named = {**checked.counts, **_pseudonyms(request, private_folder)}
    if request.policy.join_column is not None:
        joins: Counter[str] = sum((state.joins for state in states), Counter())
        named["joins"] = {name: joins[name] for name in ("joined", "no_row", "no_key")}
    releases = _released(request, states, published)
    run = _run(request, arrived, keys, states, published, validation, table, scanned, named, releases)
    wanted = claim.claim(run)
    found = evidence.of(states, published, table)
    evidence.write(partial, found, wanted, states, published.duplicates, releases)
    blocking = (*validation.blocking, *_empty_splits(published))
    if blocking:
        raise Refused(_refuse(request.out, partial, wanted, found, blocking))
    made = certificate.certify(wanted)
    write_whole(partial / certificate.FILE, made.data)
    write_whole(partial / "report.html", report.render(wanted, found, certificate_digest=made.digest))
    write_whole(partial / "README.md", dataset_card.render(made).encode())
    write_whole(partial / "croissant.json", canonical(croissant.describe(made, partial)))
    write_whole(partial / MANIFEST, manifest(partial))
    sealed = [path for state in states if (path := private_folder / segment_of(state.masked.stem)).exists()]
    if request.vault is not None:
        commit(request.vault[0], sealed)
    shutil.rmtree(request.out.with_name(request.out.name + ".refused"), ignore_errors=True)
    partial.rename(request.out)
    sync_folder(request.out.parent)
    if request.vault is not None:
        discard(sealed)
    return made


def _published(request: Request, arrived: "Arrived") -> tuple[str, ...]:
    """The columns of a published file."""
    return ("id", *COLUMNS[arrived.layout], "lang", "source", *request.policy.published_columns)


def _measure(
    request: Request,
    arrived: "Arrived",
    states: list[ShardState],
    published: Published,
    partial: Path,
    records: Path | None,
    treatment: Treatment,
    work: str,
    private_folder: Path,
) -> tuple[dict[str, list[int | str | None]], int]:
    """The metrics table, with the duplicates and spans found by reading the published files again."""
    coming: dict[str, Counter[str]] = {}
    for part in (*(state.arrived for state in states), published.duplicates_arrived):
        for name, count in part.items():
            coming[name] = coming.get(name, Counter()) + count
    files = [file for _, split in published.files for file in split]
    tasks = residual.tasks(
        partial, files, arrived.layout, request.policy, treatment, records=records, work=work, kept=private_folder,
        earlier=None if request.reuse is None else folder_of(request.reuse), timeout_s=_timeout(request),
    )  # fmt: skip

    again = tuple(progress(map_shards(residual.rescan, tasks, request.engine), len(tasks), "scan again"))
    left = residual.duplicates_left(again)
    totals = {name: counts.copy() for name, counts in published.totals.items()}
    for name, counts in totals.items():
        counts["duplicates_left"] = left[name]
        counts["residual_spans"] = sum(result.spans_left[name] for result in again)
    return signals.table(totals, coming), sum(result.scanned for result in again)


def _released(request: Request, states: list[ShardState], published: Published) -> tuple[Release, ...]:
    """The releases of a run, each with the documents that it let into the corpus; of several for one the last counts."""
    left_out = [pair for state in states for pair in (*state.quarantined, *state.dropped)]
    seen = {identity for identity, _ in (*left_out, *published.duplicates)}
    found = []
    for release in reversed(request.releases):
        own = tuple(pair for pair in release.documents if pair[0] not in seen)
        seen.update(identity for identity, _ in own)
        found.append(replace(release, documents=own))
    return tuple(release for release in reversed(found) if release.documents)


def _timeout(request: Request) -> float:
    """The time a pattern has: the policy's, or more where a released document was given more."""
    given = (release.regex_timeout_s or 0 for release in request.releases)
    return max(request.policy.regex_timeout_s, *given, 0)


def _run(
    request: Request,
    arrived: "Arrived",
    keys: Keys,
    states: list[ShardState],
    published: Published,
    validation: "ValidationResult",
    table: dict[str, list[int | str | None]],
    scanned: int,
    named: dict[str, Any],
    releases: tuple[Release, ...],
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
        columns=_published(request, arrived),
        columns_dropped=arrived.dropped(request.policy.read_columns, request.policy.published_columns),
        sources=declared_sources(request.policy, keys, arrived, table),
        table=table,
        dropped=dropped,
        quarantined=Counter(reason for state in states for _, reason in state.quarantined),
        entities=_in_all_sources(states),
        scanned=scanned,
        named=named,
        releases=releases,
        secret_key_id=secret_id(request.secret),
        environment=environment(),
    )


def _in_all_sources(states: list[ShardState]) -> Counter[tuple[str, str, str, str]]:
    """What was found, by type, language and action."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for state in states:
        for (kind, lang, _, action, what), count in state.entities.items():
            found[kind, lang, action, what] += count
    return found


def _pseudonyms(request: Request, private_folder: Path) -> dict[str, Any]:
    """What the certificate says of keyed replacements, if the policy has some."""
    if not any(action in KEYED for _, action in request.policy.every_action()):
        return {}
    domain = request.policy.pseudonyms.domain
    named = {
        "domain": domain,
        "domain_key_id": domain_key_id(request.secret, domain),
        "surrogate_names": surrogate_names(private_folder / "findings"),
        "vault": request.vault[1].vault if request.vault else request.vault_id,
    }
    return {"pseudonyms": named}


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
    found: evidence.Evidence,
    blocking: tuple[str, ...],
) -> str:
    """Leaves `OUT.refused` with report and evidence and no documents; returns the sentences that say why."""
    refused = out.with_name(out.name + ".refused")
    for split in wanted["corpus"]["splits"]:
        shutil.rmtree(partial / split["name"], ignore_errors=True)
    write_whole(partial / "report.html", report.render(wanted, found, blocking=blocking))
    shutil.rmtree(refused, ignore_errors=True)
    partial.rename(refused)
    return "\n".join((*blocking, f"{refused}: the report and the evidence of this refusal; nothing was certified"))
