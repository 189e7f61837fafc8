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

COLUMNS = ("id", "text", "lang", "source")
BLOCK_CHARACTERS = 1_000_000
BLOCK_DOCUMENTS = 2048
"""Text that is counted together, and documents of it."""


def tally(task: Task) -> Partial:
    """The counts of one shard, hashed as it is parsed."""
    frame = read_certified(task.shard)
    wanted = task.plan.type_column
    columns = [*COLUMNS, *([wanted] if wanted in frame.columns else [])]
    desk = desk_of(task.plan)
    try:
        for rows in _blocks(frame.select(columns).iter_rows()):
            cells = [_cell(task.part, lang, source, *rest) for _, _, lang, source, *rest in rows]
            desk.count([row[0] for row in rows], [row[1] or "" for row in rows], cells)
        return desk.collect()
    except BaseException:
        desk_of.cache_clear()  # what was interrupted holds half a shard, which no later one is to be counted with
        raise


def _cell(part: str, lang: str | None, source: str | None, kind: Any = None) -> Cell:
    return Cell(part, lang or "", source or "", "" if kind is None else str(kind))


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
