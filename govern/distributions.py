"""How documents are distributed over what is measured of each, and which lie furthest out, by their ids.

Counts are whole numbers over fixed bins, so they add up in any order. No text is in them: an id is the keyed one that ships.
"""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from govern.signals import PPM

if TYPE_CHECKING:
    import polars as pl

COUNTS = (0, 1, *(step * 10**power for power in range(8) for step in (2, 5, 10)))
"""Lower ends of bins for numbers without a limit: 0, 1, 2, 5, 10, 20, …"""
SHARES = tuple(range(0, PPM, PPM // 20))
"""Lower ends of bins for shares, in parts per million; a share of everything is in the last one."""
WORST = 10
"""Documents that are named of each measure, at most."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured of a document, the lower ends of its bins, and whether the highest values are worth a look."""

    name: str
    ends: tuple[int, ...]
    highest: bool


MEASURES = (
    Measure("characters", COUNTS, highest=True),
    Measure("letters_ppm", SHARES, highest=False),
    Measure("masked_characters_ppm", SHARES, highest=True),
    Measure("spans", COUNTS, highest=True),
)


@dataclass(slots=True)
class Distributions:
    """Documents by bin, measure and slice (`all`, one per language), and those furthest out; filled frame by frame."""

    bins: dict[str, dict[str, Counter[int]]] = field(default_factory=dict)
    worst: dict[str, list[tuple[int, str, str, str]]] = field(default_factory=dict)
    """Of each measure the value (negative where the highest count), id, language and source."""

    def add(self, frame: "pl.DataFrame") -> None:
        """Counts the documents of a frame that has the columns of `govern.signals.measure` and what masking counted."""
        import polars as pl

        for measure in MEASURES:
            values = frame.select("id", "lang", "source", value=_value(measure.name)).drop_nulls("value")
            for lang, value, count in values.group_by("lang", "value").len().iter_rows():
                place = bisect_right(measure.ends, value) - 1
                for name in ("all", f"lang:{lang}"):
                    self.bins.setdefault(measure.name, {}).setdefault(name, Counter())[place] += count
            key = -pl.col("value") if measure.highest else pl.col("value")
            rows = values.select(key, "id", "lang", "source").sort("value", "id").head(WORST)
            self.worst[measure.name] = nsmallest(WORST, [*self.worst.get(measure.name, []), *rows.iter_rows()])

    def counted(self) -> list[dict[str, Any]]:
        """Each measure with the lower ends of its bins up to the last that holds a document, and the documents by slice."""
        found = []
        for measure in MEASURES:
            slices = self.bins.get(measure.name, {})
            last = max((place for counts in slices.values() for place in counts), default=0)
            ends = measure.ends if measure.ends is SHARES else measure.ends[: last + 1]
            counts = {name: [slices[name][place] for place in range(len(ends))] for name in sorted(slices)}
            found.append({"measure": measure.name, "from": list(ends), "documents": counts})
        return found

    def furthest(self) -> list[dict[str, Any]]:
        """Each measure with the documents furthest out: id, value, language and source."""
        return [
            {
                "measure": measure.name,
                "highest": measure.highest,
                "documents": [
                    {"id": identity, "value": abs(value), "lang": lang, "source": source}
                    for value, identity, lang, source in self.worst.get(measure.name, [])
                ],
            }
            for measure in MEASURES
        ]


def _value(name: str) -> "pl.Expr":
    """The value of a measure; null for a share of nothing."""
    import polars as pl

    shares = {"letters_ppm": ("letters", "visible"), "masked_characters_ppm": ("masked_characters", "raw_characters")}
    if name not in shares:
        return pl.col(name)
    part, whole = map(pl.col, shares[name])
    return pl.when(whole > 0).then(part * PPM // whole)
