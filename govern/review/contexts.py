"""Certified text round replacements of each group, for a person to see what was masked where; the value itself is gone.

Documents are taken in the order of their keyed ids, which is as good as at random and the same each time. A duplicate that
was left out of the corpus has no context.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govern.errors import InputError
from govern.review.folder import Published, Reviewed, documents
from govern.review.groups import SHAPE, VALUE, Group, masked
from govern.review.places import places

if TYPE_CHECKING:
    import polars as pl

SHOWN = 3
"""Contexts of a group."""
CANDIDATES = 4 * SHOWN
"""Documents looked for, since some may have been left out as duplicates."""
BESIDE = 60
"""Code points on either side."""


@dataclass(frozen=True, slots=True)
class Context:
    """A replacement in certified text, and what stands before and behind it; whether the text goes on."""

    before: str = field(repr=False)
    replacement: str = field(repr=False)
    after: str = field(repr=False)
    begins: bool
    ends: bool


def contexts(reviewed: Reviewed, groups: Sequence[Group]) -> list[tuple[Context, ...]]:
    """Up to `SHOWN` contexts of each group, each of another document.

    Raises:
        InputError: the findings do not fit the certified text.
    """
    wanted = _wanted(reviewed, groups)
    spans = _spans(reviewed, {identity for chosen in wanted for identity, _, _ in chosen})
    texts: dict[str, dict[tuple[str, int], Context]] = {}
    asked: dict[str, set[tuple[str, int]]] = {}
    for chosen in wanted:
        for identity, name, start in chosen:
            asked.setdefault(identity, set()).add((name, start))
    for document in documents(reviewed, asked):
        texts[document.id] = _cut(reviewed, document, spans[document.id], asked[document.id])
    return [
        tuple(texts[identity][name, start] for identity, name, start in chosen if identity in texts)[:SHOWN]
        for chosen in wanted
    ]


def _wanted(reviewed: Reviewed, groups: Sequence[Group]) -> list[list[tuple[str, str, int]]]:
    """Certified id, field and start of the first finding of each group in each of its first documents."""
    import polars as pl

    parts = [
        part
        for keys in (VALUE, SHAPE)
        for findings, ids in reviewed.shards
        for part in _first(masked(findings), pl.scan_parquet(ids), groups, keys)
    ]
    found: list[list[tuple[str, str, int]]] = [[] for _ in groups]
    for number, *place in pl.concat(parts).sort("group", "certified").iter_rows() if parts else ():
        if len(found[number]) < CANDIDATES:
            found[number].append((place[0], place[1], place[2]))
    return found


def _first(
    findings: "pl.LazyFrame", ids: "pl.LazyFrame", groups: Sequence[Group], keys: tuple[str, ...]
) -> "list[pl.DataFrame]":
    import polars as pl

    rows = [
        (number, each.entity_type, each.value if keys == VALUE else each.shape, each.recognizers[0])
        for number, each in enumerate(groups)
        if (each.value is None) == (keys == SHAPE)
    ]
    if not rows:
        return []
    table = pl.DataFrame(rows, ("group", *SHAPE[:1], keys[1], "recognizer"), orient="row").select("group", *keys)
    return [
        findings.join(table.lazy(), on=keys)
        .join(ids, left_on="id", right_on="original")
        .sort("certified", "field", "start")
        .group_by("group", "certified", maintain_order=True)
        .agg(pl.col("field").first(), pl.col("start").first())
        .group_by("group", maintain_order=True)
        .head(CANDIDATES)
        .select("group", "certified", "field", "start")
        .collect()
    ]


def _spans(reviewed: Reviewed, ids: set[str]) -> dict[str, list[tuple[str, int, int, str]]]:
    """Field, start, end and entity type of everything masked in the documents of these certified ids."""
    import polars as pl

    wanted = pl.Series("certified", sorted(ids), dtype=pl.String).implode()
    found: dict[str, list[tuple[str, int, int, str]]] = {identity: [] for identity in ids}
    for findings, names in reviewed.shards:
        chosen = pl.scan_parquet(names).filter(pl.col("certified").is_in(wanted))
        rows = masked(findings).join(chosen, left_on="id", right_on="original")
        for identity, *span in rows.select("certified", "field", "start", "end", "entity_type").collect().iter_rows():
            found[identity].append((span[0], span[1], span[2], span[3]))
    return found


def _cut(
    reviewed: Reviewed, document: Published, spans: list[tuple[str, int, int, str]], asked: set[tuple[str, int]]
) -> dict[tuple[str, int], Context]:
    cut: dict[tuple[str, int], Context] = {}
    for name, text in document.fields:
        own = sorted((start, end, entity_type) for where, start, end, entity_type in spans if where == name)
        recorded = {each.start: each.end for each in document.recorded if each.field == name}
        found = places(own, text, recorded)
        if found is None:
            raise InputError(
                f"{reviewed.private}: its findings do not fit the text of {reviewed.folder.name}; put the folders of one run "
                "together, or certify again"
            )
        for (start, _, _), (low, high) in zip(own, found, strict=True):
            if (name, start) in asked:
                cut[name, start] = _context(text, low, high)
    return cut


def _context(text: str, start: int, end: int) -> Context:
    first, last = max(0, start - BESIDE), end + BESIDE
    return Context(text[first:start], text[start:end], text[end:last], begins=first == 0, ends=last >= len(text))
