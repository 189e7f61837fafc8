"""What a run masked most: findings counted by keyed value, and by shape and recognizer; no value is read.

A value is its keyed digest, as the lists take it; a shape says how a value is built (`999-9999-9999`). Documents count each
once, whatever became of duplicates; what the policy left in place does not count. The order is: in most documents, then most
often.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.policy import ENTITY_TYPES
from govern.review.folder import Reviewed, shards
from govern.treatment import STAYS

if TYPE_CHECKING:
    import polars as pl

LEFT = sorted({*STAYS, "allowed"})
"""Actions by which a value that was found stays where it is."""

UNSHOWN = "[^ -~가]"
"""Circled digits and the like, which a shape keeps as they are: they would tell the value."""

PPM = 1_000_000
VALUE, SHAPE = ("entity_type", "value"), ("entity_type", "shape", "recognizer")


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one keyed value (`value` set), or of one shape by one recognizer (`values` distinct ones)."""

    entity_type: str
    shape: str
    recognizers: tuple[str, ...]
    spans: int
    documents: int
    share_ppm: int
    value: str | None = None
    values: int = 1

    @property
    def allowable(self) -> bool:
        """Whether the allow list can name it: one value, not a denied one, of a type of Assay's own."""
        return self.value is not None and "denied" not in self.recognizers and self.entity_type in ENTITY_TYPES


@dataclass(frozen=True, slots=True)
class Grouped:
    """The largest groups of either kind, how many there are in all, and what was masked in all."""

    by_value: tuple[Group, ...] = field(repr=False)
    by_shape: tuple[Group, ...] = field(repr=False)
    values: int
    shapes: int
    spans: int
    documents: int


def group(reviewed: Reviewed, top: int) -> Grouped:
    """The `top` groups of each kind.

    Raises:
        InputError: the findings are not the run's, or of a run before they held values.
    """
    import polars as pl

    parts = [_count(findings) for findings, _ in shards(reviewed)]
    found = pl.concat([part[0] for part in parts]).group_by({*VALUE, *SHAPE}).agg(pl.col("spans").sum())
    values = _largest(
        found.sort("spans", "shape", "recognizer", descending=[True, False, False])
        .group_by(VALUE, maintain_order=True)
        .agg(pl.col("spans").sum(), pl.col("shape").first(), pl.col("recognizer").unique().sort()),
        [part[1] for part in parts],
        VALUE,
    )
    shapes = _largest(
        found.group_by(SHAPE).agg(pl.col("spans").sum(), pl.col("value").n_unique().alias("values")),
        [part[2] for part in parts],
        SHAPE,
    )
    spans = int(found["spans"].sum())
    return Grouped(
        tuple(_group(row, spans) for row in values.head(top).iter_rows(named=True)),
        tuple(_group(row, spans) for row in shapes.head(top).iter_rows(named=True)),
        values=values.height,
        shapes=shapes.height,
        spans=spans,
        documents=sum(part[3] for part in parts),
    )


def masked(findings: Path) -> "pl.LazyFrame":
    """The findings of a shard that were replaced; of their shapes only what tells nothing of a value.

    Raises:
        InputError: findings of a run that kept no values.
    """
    import polars as pl

    frame = pl.scan_parquet(findings)
    if not {*VALUE, *SHAPE, "action"} <= set(frame.collect_schema().names()):
        raise InputError(f"{findings}: of an older run, which kept no keyed values; certify again")
    shown = pl.col("shape").str.replace_all(UNSHOWN, "*")
    return frame.filter(~pl.col("action").is_in(LEFT)).with_columns(shown)


def _count(findings: Path) -> "tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, int]":
    """Of one shard: spans by value, shape and recognizer; documents by value; documents by shape; all documents.

    Every finding of a document lies in one shard, so that each of them adds up over shards.
    """
    import polars as pl

    frame = masked(findings).select({*VALUE, *SHAPE} | {"id"}).collect()
    documents = pl.col("id").n_unique().alias("documents")
    return (
        frame.group_by({*VALUE, *SHAPE}).agg(pl.len().cast(pl.Int64).alias("spans")),
        frame.group_by(VALUE).agg(documents),
        frame.group_by(SHAPE).agg(documents),
        frame["id"].n_unique(),
    )


def _largest(counted: "pl.DataFrame", documents: "list[pl.DataFrame]", keys: tuple[str, ...]) -> "pl.DataFrame":
    """The counts with their documents, most first; equal ones in the order of their keys."""
    import polars as pl

    summed = pl.concat(documents).group_by(keys).agg(pl.col("documents").sum())
    order = ["documents", "spans", *keys]
    down = [name in order[:2] for name in order]
    return counted.join(summed, on=keys).sort(order, descending=down)


def _group(row: dict[str, Any], spans: int) -> Group:
    recognizers = row["recognizer"]
    return Group(
        row["entity_type"],
        row["shape"],
        tuple(recognizers) if isinstance(recognizers, list) else (recognizers,),
        row["spans"],
        row["documents"],
        round(PPM * row["spans"] / spans),
        row.get("value"),
        row.get("values", 1),
    )
