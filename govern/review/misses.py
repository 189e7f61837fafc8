"""Certified documents drawn for a person to read, who marks what masking missed.

The draw depends on seed and keyed ids alone: the same corpus and seed give the same documents, whatever the files.
"""

import hashlib
import heapq
from collections.abc import Iterator

from govern.review.folder import Published, Reviewed, documents

CHARACTERS = 20_000
"""Code points of a field that a page shows; the rest is said to be left out."""


def draw(reviewed: Reviewed, sample: int, seed: int) -> tuple[Published, ...]:
    """`sample` documents of the corpus, all of them where it holds no more, in the order drawn."""
    chosen = heapq.nsmallest(sample, ((_rank(seed, identity), identity) for identity in _ids(reviewed)))
    order = {identity: number for number, (_, identity) in enumerate(chosen)}
    return tuple(sorted(documents(reviewed, order), key=lambda each: order[each.id]))


def _rank(seed: int, identity: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{identity}".encode()).digest()


def _ids(reviewed: Reviewed) -> Iterator[str]:
    import polars as pl

    for path, _ in reviewed.files:
        yield from pl.read_parquet(path, columns=["id"])["id"]
