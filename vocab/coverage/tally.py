"""Counts one shard of a certified corpus for several tokenizers at once, hashed as it is parsed.

What comes back adds up over shards and does not depend on them. The desk stays with the process, so that the next shard finds
the units that were seen before.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from govern.corpus import read_texts
from vocab.coverage.desk import Desk
from vocab.coverage.partial import Cell, Partial, Plan, Task
from vocab.errors import VocabError

COLUMNS = ("id", "text", "lang", "source")
BLOCK_CHARACTERS = 1_000_000
BLOCK_DOCUMENTS = 2048
"""Text that is counted together, and documents of it."""
MOST_TYPES, LONGEST_TYPE = 200, 100
OTHERS = "(others)"
"""The slice of sources that have none of their own."""


def tally(task: Task) -> Partial:
    """The counts of one shard, hashed as it is parsed."""
    frame = read_texts(task.shard)
    wanted = task.plan.type_column
    columns = [*COLUMNS, *([wanted] if wanted in frame.columns else [])]
    if wanted in frame.columns:
        if frame[wanted].dtype.is_nested():
            raise VocabError(
                f"column '{wanted}': holds lists or objects, expected types of documents; name another column"
            )
        refuse_types(set(frame[wanted].unique().to_list()), wanted)
    desk = desk_of(task.plan)
    try:
        for rows in _blocks(frame.select(columns).iter_rows()):
            cells = [_cell(task, lang, source, *rest) for _, _, lang, source, *rest in rows]
            desk.count([row[0] for row in rows], [row[1] or "" for row in rows], cells)
        return desk.collect()
    except BaseException:
        desk_of.cache_clear()  # what was interrupted holds half a shard, which no later one is to be counted with
        raise


def refuse_types(kinds: AbstractSet[Any], column: str) -> None:
    """Returns where there are no more types of documents than a report can show, and short ones; else `VocabError`."""
    longest = max((len(str(kind)) for kind in kinds), default=0)
    if longest > LONGEST_TYPE:
        raise VocabError(
            f"column '{column}': a value has {longest:,} characters, expected {LONGEST_TYPE} at most, since a type of document "
            "goes into the report; name another by --type-column"
        )
    if len(kinds) > MOST_TYPES:
        raise VocabError(
            f"column '{column}': holds more than {MOST_TYPES} different values, so it says no type of document; name another "
            "by --type-column, or one that the corpus has not"
        )


def _cell(task: Task, lang: str | None, source: str | None, kind: Any = None) -> Cell:
    among = task.plan.sources
    named = source or ""
    return Cell(
        task.part, lang or "", named if not among or named in among else OTHERS, "" if kind is None else str(kind)
    )


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
