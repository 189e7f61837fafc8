"""The files of `evidence/`: what a certificate's numbers were made of, and what its report draws."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.files import canonical, parse_canonical, write_whole

if TYPE_CHECKING:
    from govern.publish import Published
    from govern.request import Release
    from govern.states import ShardState

FOLDER = "evidence"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the report needs beside the claim; folders of before have a metrics table alone."""

    table: dict[str, list[Any]]
    """The metrics table: a column each, a row a slice."""

    entities: tuple[dict[str, Any], ...] = ()
    """Spans and documents by entity type, language, source and action."""

    distributions: tuple[dict[str, Any], ...] = ()
    """Each measure with the lower ends of its bins and the documents in them, by slice."""

    worst: tuple[dict[str, Any], ...] = ()
    """Each measure with the documents furthest out: id, value, language, source."""


def of(states: "list[ShardState]", published: "Published", table: dict[str, list[Any]]) -> Evidence:
    """What a run found and published."""
    distributions = published.distributions
    return Evidence(table, tuple(_by_source(states)), tuple(distributions.counted()), tuple(distributions.furthest()))


def write(
    out: Path,
    evidence: Evidence,
    claim: dict[str, Any],
    states: "list[ShardState]",
    duplicates: tuple[tuple[str, str], ...],
    releases: "tuple[Release, ...]",
) -> None:
    """Writes `evidence/` of a run into `out`; documents stand there by their keyed ids."""
    folder = out / FOLDER
    folder.mkdir()
    vetoes: Counter[tuple[str, str, str]] = sum((state.vetoes for state in states), Counter())
    files = {
        "metrics": evidence.table,
        "validation": claim["quality"],
        "residual": claim["privacy"],
        "entities": list(evidence.entities),
        "distributions": list(evidence.distributions),
        "worst": list(evidence.worst),
        "vetoes": [
            {"entity_type": kind, "lang": lang, "vetoed_by": by, "findings": count}
            for (kind, lang, by), count in sorted(vetoes.items())
        ],
    }
    for name, value in files.items():
        write_whole(folder / f"{name}.json", canonical(value))
    lists = {
        "quarantine": [pair for state in states for pair in state.quarantined],
        "dropped": [*(pair for state in states for pair in state.dropped), *duplicates],
    }
    if releases:
        lists["released"] = [pair for release in releases for pair in release.documents]
    for name, pairs in lists.items():
        lines = [canonical({"id": identity, "reason": reason}) + b"\n" for identity, reason in sorted(pairs)]
        write_whole(folder / f"{name}.jsonl", b"".join(lines))


def read(out: Path) -> Evidence:
    """What the report needs of a certified folder, whose bytes were checked."""
    names = ("entities", "distributions", "worst")
    paths = [out / FOLDER / f"{name}.json" for name in names]
    found = [tuple(_json(path)) if path.exists() else () for path in paths]
    return Evidence(_json(out / FOLDER / "metrics.json"), *found)


def _json(path: Path) -> Any:
    return parse_canonical(path.read_bytes(), str(path))


def _by_source(states: "list[ShardState]") -> list[dict[str, Any]]:
    found: Counter[tuple[str, str, str, str, str]] = sum((state.entities for state in states), Counter())
    return [
        {
            "entity_type": kind, "lang": lang, "source": source, "action": action,
            "spans": found[kind, lang, source, action, "spans"],
            "documents": found[kind, lang, source, action, "documents"],
        }
        for kind, lang, source, action in sorted({key[:4] for key in found})
    ]  # fmt: skip
