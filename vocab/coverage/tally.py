"""Counts one shard of a certified corpus for several tokenizers at once, hashed as it is parsed.

What comes back adds up over shards and does not depend on them. The desk stays with the process, so that the next shard finds
the units that were seen before.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from govern.corpus import read_certified
from vocab.coverage.desk import Desk
from vocab.coverage.partial import Cell, Partial, Plan, Task

BLOCK_CHARACTERS = 1_000_000
BLOCK_DOCUMENTS = 2048
"""Text that is counted together, and documents of it."""


def tally(task: Task) -> Partial:
    """The counts of one shard, hashed as it is parsed."""
    desk = desk_of(task.plan)
    frame = read_certified(task.shard)
    wanted = task.plan.type_column
    columns = ["id", "text", "lang", "source", *([wanted] if wanted in frame.columns else [])]
    for rows in _blocks(frame.select(columns).iter_rows()):
        cells = [
            Cell(task.part, lang or "", source or "", str(rest[0] or "") if rest else "")
            for _, _, lang, source, *rest in rows
        ]
        desk.count([row[0] for row in rows], [row[1] or "" for row in rows], cells)
    return desk.collect()


@lru_cache(maxsize=1)
def desk_of(plan: Plan) -> Desk:
    """Where this process counts by `plan`; it keeps the units it has seen."""
    return Desk(plan)


def _blocks(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    block: list[tuple[Any, ...]] = []
    characters = 0
    for row in rows:
        block.append(row)
        characters += len(row[1] or "")
        if characters >= BLOCK_CHARACTERS or len(block) == BLOCK_DOCUMENTS:
            yield block
            block, characters = [], 0
    if block:
        yield block
