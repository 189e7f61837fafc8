"""What is measured of each document's masked text, and the metrics table that the expectations decide on.

Every signal is a whole number, so sums never depend on an order; a ratio is whole parts per million (`_ppm`), rounded
down. The table has a row per slice: `all`, one per language, one per source.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

CONTROL = r"[\x00-\x08\x0B\x0E-\x1F\x7F-\x9F]"
"""C0 and C1 controls but tab, line feed, form feed and carriage return."""
HIDDEN = r"\p{Cf}"
"""Format characters: zero-width, bidirectional, soft hyphen, tags."""
MOJIBAKE = "\\x{FFFD}|[\\x{C2}-\\x{F4}][\\x{80}-\\x{BF}]|\u00e2\u20ac"
"""A replacement character, or a UTF-8 lead byte and what follows it, read as Latin-1 or CP1252."""
MARKUP = r"</?[A-Za-z][A-Za-z0-9]*(\s[^<>]*)?/?>"
"""An HTML or XML tag; masking tags such as <PERSON_1> hold an underscore and do not match."""
HANGUL = r"[\x{1100}-\x{11FF}\x{3131}-\x{318E}\x{AC00}-\x{D7A3}]"
LATIN = r"\p{Latin}"
KOREAN_SHARE = 5
"""A document is Korean where at least one in so many letters is Hangul."""

PER_DOCUMENT = (
    "text_bytes",
    "characters",
    "words",
    "letters",
    "visible",
    "control",
    "hidden",
    "mojibake",
    "markup",
    "empty",
)
PPM = 1_000_000


def measure(text: str = "text") -> "list[pl.Expr]":
    """The expressions that compute `PER_DOCUMENT`, as Int64 columns, from the column `text`."""
    import polars as pl

    column = pl.col(text)
    count = {
        "text_bytes": column.str.len_bytes(),
        "characters": column.str.len_chars(),
        "words": column.str.count_matches(r"\S+"),
        "letters": column.str.count_matches(r"\p{L}"),
        "visible": column.str.count_matches(r"\S"),
        "control": column.str.contains(CONTROL),
        "hidden": column.str.contains(HIDDEN),
        "mojibake": column.str.contains(MOJIBAKE),
        "markup": column.str.contains(MARKUP),
        "empty": ~column.str.contains(r"\S"),
    }
    return [count[name].cast(pl.Int64).alias(name) for name in PER_DOCUMENT]


def language(text: str = "text") -> "pl.Expr":
    """`ko`, `en` or `und` (no letter of either script), by the share of Hangul among Hangul and Latin letters."""
    import polars as pl

    hangul = pl.col(text).str.count_matches(HANGUL).cast(pl.Int64)
    latin = pl.col(text).str.count_matches(LATIN).cast(pl.Int64)
    named = pl.when(hangul * KOREAN_SHARE >= hangul + latin).then(pl.lit("ko")).otherwise(pl.lit("en"))
    return pl.when(hangul + latin == 0).then(pl.lit("und")).otherwise(named)


def table(
    totals: Mapping[str, Counter[str]], coming_in: Mapping[str, Counter[str]]
) -> dict[str, list[int | str | None]]:
    """The metrics table, a row per slice.

    `totals` sums `PER_DOCUMENT` (and spans …) over certified documents, `coming_in` counts what arrived and what became
    of it, both by slice. A ratio over nothing is null, which no expectation passes.
    """
    rows = [_row(name, totals.get(name, Counter()), coming_in[name]) for name in sorted(coming_in, key=_slice_order)]
    return {column: [row[column] for row in rows] for column in rows[0]}


def slices(lang: str, source: str) -> tuple[str, str, str]:
    """The slices that a document of this language and source belongs to."""
    return ("all", f"lang:{lang}", f"source:{source}")


def _slice_order(name: str) -> tuple[bool, str]:
    return (name != "all", name)


def _row(name: str, total: Counter[str], arrived: Counter[str]) -> dict[str, int | str | None]:
    def ratio(part: int, whole: int, unit: int = PPM) -> int | None:
        return part * unit // whole if whole else None

    return {
        "slice": name,
        "documents_in": arrived["documents_in"],
        "documents": total["documents"],
        "dropped": arrived["dropped"],
        "quarantined": arrived["quarantined"],
        "quarantined_ppm": ratio(arrived["quarantined"], arrived["documents_in"]),
        "text_bytes": total["text_bytes"],
        "characters": total["characters"],
        "words": total["words"],
        "exact_duplicates": arrived["exact_duplicate"],
        "duplicates_left": total["duplicates_left"],
        "residual_spans": total["residual_spans"],
        "spans": total["spans"],
        "masked_characters_ppm": ratio(total["masked_characters"], total["raw_characters"]),
        "empty_documents": total["empty"],
        "control_documents": total["control"],
        "hidden_documents": total["hidden"],
        "mojibake_documents": total["mojibake"],
        "mojibake_ppm": ratio(total["mojibake"], total["documents"]),
        "markup_documents": total["markup"],
        "markup_ppm": ratio(total["markup"], total["documents"]),
        "letters_ppm": ratio(total["letters"], total["visible"]),
        "mean_word_length_milli": ratio(total["visible"], total["words"], 1000),
    }


def add_up(frame: "pl.DataFrame", columns: Iterable[str]) -> dict[str, Counter[str]]:
    """Sums of `columns`, and the number of `documents`, by slice, over a frame with `lang` and `source`."""
    import polars as pl

    names = tuple(columns)
    sums = [pl.col(name).sum() for name in names]
    result: dict[str, Counter[str]] = {}
    grouped = frame.group_by("lang", "source", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("documents"), *sums
    )
    for row in grouped.iter_rows(named=True):
        counts = Counter({name: int(row[name]) for name in ("documents", *names)})
        for part in slices(row["lang"], row["source"]):
            result[part] = result.get(part, Counter()) + counts
    return result
