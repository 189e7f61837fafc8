"""What a run masked most: findings counted by keyed value, and by shape and recognizer; no value is read.

A value is its keyed digest, as the lists take it; a shape says how a value is built (`999-9999-9999`). Documents count each
once, whatever became of duplicates; what the policy left in place does not count. The order is: in most documents, then most
often.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import InputError
from govern.policy import ENTITY_TYPES
from govern.review.folder import Reviewed
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
    """The `top` groups of each kind, of a folder that was opened with its findings.

    Raises:
        InputError: findings of a run before they held values.
    """
    import polars as pl

    parts = [_count(findings) for findings, _ in reviewed.shards]
    values = _largest([part[0] for part in parts], ("key",))
    shapes = _largest([part[1] for part in parts], SHAPE)
    pairs = pl.concat([part[2] for part in parts]).unique()
    counted = pairs.group_by("shape_key").agg(pl.len().alias("values"))
    spans = int(values["spans"].sum())
    return Grouped(
        tuple(_by_value(reviewed, values.head(top), spans)),
        tuple(_by_shape(shapes.head(top), counted, spans)),
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
    """Of one shard: spans and documents by value, and by shape; which values have which shape; all documents.

    Every finding of a document lies in one shard, so that documents add up over shards. A value is the first 64 bits of its
    digest here, which covers its entity type too, so that a corpus of millions of values fits in memory.
    """
    import polars as pl

    frame = masked(findings).select("id", *SHAPE, _key()).collect()
    counts = pl.len().cast(pl.UInt32).alias("spans"), pl.col("id").n_unique().cast(pl.UInt32).alias("documents")
    pairs = frame.select(pl.struct(SHAPE).hash().alias("shape_key"), "key").unique()
    return frame.group_by("key").agg(counts), frame.group_by(SHAPE).agg(counts), pairs, frame["id"].n_unique()


def _key() -> "pl.Expr":
    import polars as pl

    digits = pl.col("value").str.strip_prefix("hmac-sha256:").str.head(16)
    return digits.str.to_integer(base=16, dtype=pl.UInt64).alias("key")


def _largest(parts: "list[pl.DataFrame]", keys: tuple[str, ...]) -> "pl.DataFrame":
    """The counts of all shards, most documents first; equal ones in the order of their keys."""
    import polars as pl

    summed = pl.concat(parts).group_by(keys).agg(pl.col("spans", "documents").sum())
    order = ["documents", "spans", *keys]
    return summed.sort(order, descending=[name not in keys for name in order])


def _by_value(reviewed: Reviewed, values: "pl.DataFrame", spans: int) -> Iterator[Group]:
    """The groups of these values, with the shape that each has most often, and everything that found it."""
    import polars as pl

    told: dict[int, Counter[tuple[str, ...]]] = {}
    for findings, _ in reviewed.shards:
        rows = masked(findings).with_columns(_key()).join(values.lazy().select("key"), on="key", how="semi")
        for key, *what, count in rows.group_by("key", "value", *SHAPE).agg(pl.len()).collect().iter_rows():
            told.setdefault(key, Counter())[tuple(what)] += count
    for row in values.iter_rows(named=True):
        found = told[row["key"]]
        value, entity_type, shape, _ = min(found, key=lambda what: (-found[what], what))
        names = tuple(sorted({what[3] for what in found}))
        share = round(PPM * row["spans"] / spans)
        yield Group(entity_type, shape, names, row["spans"], row["documents"], share, value)


def _by_shape(shapes: "pl.DataFrame", counted: "pl.DataFrame", spans: int) -> Iterator[Group]:
    import polars as pl

    whole = shapes.with_columns(pl.struct(SHAPE).hash().alias("shape_key")).join(
        counted, on="shape_key", how="left", maintain_order="left"
    )
    for row in whole.iter_rows(named=True):
        share = round(PPM * row["spans"] / spans)
        yield Group(
            row["entity_type"],
            row["shape"],
            (row["recognizer"],),
            row["spans"],
            row["documents"],
            share,
            values=row["values"],
        )
