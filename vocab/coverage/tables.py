"""The value of `coverage.json` as tables, for the page and for a terminal, and as the rows of `coverage.parquet`.

In: the value, format 2. Out: `Table`s whose cells hold no control character and no mark of direction. The first tokenizer is
the measure of the others; a share that is neither none nor all never reads 0.0% or 100.0%, and a difference never reads as
none. Numbers go by the names of `vocab.coverage.measures`. The same value gives the same tables and rows in the same order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from unicodedata import category, east_asian_width

from vocab.coverage import thresholds
from vocab.coverage.measures import of, title
from vocab.numbers import FORMATS
from vocab.show import visible

ABSENT = "–"
SHADES = 6
"""Steps of a heat table."""
LANGUAGES = {"en": "English", "ko": "Korean", "und": "language not known"}
KINDS = {"": "The corpus", "lang": "By language", "source": "By source", "type": "By document type"}
COMPARED = (
    *("tokens", "bytes_per_token_ppm", "characters_per_token_ppm", "fertility_ppm", "saved_ppm", "relative_cost_ppm"),
    *("documents_shorter", "documents_longer", "changed_words", "drift", "leak"),
    *("pages_8k_ppm", "whole_documents_8k", "pages_32k_ppm", "whole_documents_32k"),
    *("terms_occurrences", "terms_tokens_each_ppm", "terms_single_ppm"),
    *("numbers_occurrences", "numbers_tokens_each_ppm", "numbers_boundary_f1_ppm", "numbers_fused", "numbers_broken"),
    *("unknown_ppm", "byte_ppm", "partial_ppm", "divided_characters", "lost_characters"),
    *("ids_used", "utilisation_ppm", "renyi_ppm", "ids_at_95", "ids_below_100"),
)
"""The columns of a slice that its comparison shows, in this order."""
COMPARED_WHOLE = ("vocab_size", "term_types_single_ppm", "contexts_single_ppm", "parity_ppm", "new_ids", "zero_ids")
"""The columns of a tokenizer as a whole that the comparison of the first slice shows before them."""
DIFFERENCES = frozenset(("saved_ppm", "relative_cost_ppm", "documents_shorter", "documents_longer"))
"""Columns that compare with the first tokenizer already."""
SHARES = frozenset(("relative_cost_ppm", "numbers_boundary_f1_ppm"))
"""Columns in percent, beside those whose unit is a share."""
PRICES = ("occurrences", "tokens", "single", "hits", "cuts", "groups", "fused", "broken")
"""What is counted of the numbers of one format."""

TEXTS = ("corpus", "certificate", "tokenizer", "sha256", "family", "way", "engine", "slice")
"""Columns of a flat row that hold text; the others hold whole numbers."""

Value = dict[str, Any]
Columns = Sequence[dict[str, list[Any]]]
"""For each tokenizer its columns, a number a slice (`vocab.coverage.thresholds.table`)."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a head; the first column names its row. The second line of a cell is its interval, or a remark.

    `groups` names what stands over runs of columns, with the length of each run; `shades` has a step below `SHADES` for each
    cell but the first of each row; the first `words` columns hold words and not numbers.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    groups: tuple[tuple[str, int], ...] = ()
    shades: tuple[tuple[int, ...], ...] = ()
    words: int = 1


def plain(text: str) -> str:
    """`text` in one line with everything visible: only a space is itself and not seen."""
    return text if text.isprintable() else "".join(one if one == " " else visible(one) for one in text)


def shortened(text: str, columns: int) -> str:
    """`text` with everything visible in so many columns at most: of a longer one the middle is left out."""
    text = plain(text)
    if width(text) <= columns:
        return text
    head, tail = text[:columns], text[-columns:]
    while width(head) > (columns - 1) - (columns - 1) // 3:
        head = head[:-1]
    while width(tail) > (columns - 1) // 3:
        tail = tail[1:]
    return f"{head}…{tail}"


def width(text: str) -> int:
    """The columns that `text` takes at a terminal."""
    return sum(0 if category(one) in ("Mn", "Me") else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def whole(value: int | None) -> str:
    """A count."""
    return ABSENT if value is None else f"{value:,}"


def counted(count: int, noun: str) -> str:
    """A count of things."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def ratio(value: int | None) -> str:
    """Parts per million as a number with three decimals."""
    return ABSENT if value is None else f"{value / 1_000_000:,.3f}"


def pages(value: int | None) -> str:
    """Parts per million as a number with one decimal."""
    return ABSENT if value is None else f"{value / 1_000_000:,.1f}"


def percent(value: int | None) -> str:
    """A share in percent; only none is 0.0% and only all is 100.0%."""
    if value is None:
        return ABSENT
    if value < 0:
        return "-" + percent(-value)
    shown = value / 10_000
    if 0 < value < 1_000_000:
        shown = min(max(shown, 0.1), 99.9)
    elif value > 1_000_000:
        shown = max(shown, 100.1)
    return f"{shown:,.1f}%"


def change(first: int | None, value: int | None) -> str:
    """The difference in percent of the first; a difference never rounds to none."""
    if not first or value is None or value == first:
        return ""
    found = 100 * (value - first) / first
    return f" ({found:+,.1f}%)" if abs(found) >= 0.05 else " (< 0.1%)" if found > 0 else " (> -0.1%)"


def points(first: int | None, value: int | None) -> str:
    """The difference of two shares in percentage points; a difference never rounds to none."""
    if first is None or value is None or value == first:
        return ""
    found = (value - first) / 10_000
    return f" ({found:+.1f} pp)" if abs(found) >= 0.05 else " (< 0.1 pp)" if found > 0 else " (> -0.1 pp)"


def share(part: int, all_of: int) -> int | None:
    """A share in parts per million, from whole numbers alone; None of nothing."""
    return (2_000_000 * part + all_of) // (2 * all_of) if all_of else None


def shown(column: str) -> Callable[[int | None], str]:
    """How the numbers of a column are written."""
    measure = of(column)
    if column in SHARES or (measure and measure.unit.startswith("share")):
        return percent
    return pages if column.startswith("pages_") else ratio if column.endswith("_ppm") else whole


def span(low: int | None, high: int | None, show: Callable[[int | None], str]) -> str:
    """An interval in words; empty where there is none."""
    return "" if low is None or high is None else f"{show(low)} to {show(high)}"


def slice_title(name: str) -> str:
    """What a reader calls a slice."""
    kind, _, rest = name.partition(":")
    if not rest:
        return {"all": "the whole corpus", "held-out": "the held-out part"}.get(name, plain(name))
    if kind == "lang":
        return LANGUAGES.get(rest, f"language {plain(rest)}")
    return plain(rest if rest.startswith(kind) else f"{kind} {rest}")


def names(value: Value) -> tuple[str, ...]:
    """The tokenizers' names, visible."""
    return tuple(plain(one["name"]) for one in value["tokenizers"])


def columns(value: Value) -> Columns:
    """The columns of each tokenizer."""
    return [thresholds.table(one) for one in value["tokenizers"]]


def rows(value: Value) -> list[dict[str, Any]]:
    """A flat row for each tokenizer and slice: `TEXTS`, and each column that a suite of thresholds can name."""
    found = []
    for one, table in zip(value["tokenizers"], columns(value), strict=True):
        about = {
            "corpus": value["corpus"]["name"],
            "certificate": value["corpus"]["certificate"],
            "tokenizer": one["name"],
            "sha256": one["sha256"],
            "family": one["family"],
            "way": one["method"]["way"],
            "engine": one["method"]["engine"],
        }
        found += [
            {**about, **{name: of_slice[at] for name, of_slice in table.items()}} for at in range(len(table["slice"]))
        ]
    return found


def comparison(value: Value, tables: Columns, at: int, *, intervals: bool) -> Table:
    """The measures of the slice at that place: a column a tokenizer, the others with their difference from the first."""
    found = []
    for column in (*(COMPARED_WHOLE if at == 0 else ()), *COMPARED):
        numbers = [one[column][at] for one in tables]
        if all(number is None for number in (numbers[1:] if column in DIFFERENCES else numbers)):
            continue
        cells = _compared(column, numbers)
        if intervals:
            cells = _with_intervals(cells, tables, column, at)
        found.append((title(column), *cells))
    first = value["tokenizers"][0]["slices"][at]
    size = f"{counted(first['documents'], 'document')}, {counted(first['text_bytes'], 'byte')}"
    name = f"{slice_title(first['slice'])}: {size}"
    return Table(name[0].upper() + name[1:], ("", *names(value)), tuple(found))


def slice_tables(value: Value, tables: Columns) -> list[Table]:
    """Bytes per token, tokens per word and the share of tokens saved of each slice: a table for each kind of slice."""
    found: dict[str, list[tuple[str, ...]]] = {kind: [] for kind in KINDS}
    for at, name in enumerate(tables[0]["slice"]):
        cells = [whole(tables[0]["documents"][at])]
        for number, table in enumerate(tables):
            cells += [ratio(table["bytes_per_token_ppm"][at]), ratio(table["fertility_ppm"][at])]
            cells += [percent(table["saved_ppm"][at])] if number else []
        kind = name.partition(":")[0] if ":" in name else ""
        found.setdefault(kind, []).append((slice_title(name).removeprefix(f"{kind} "), *cells))
    head, groups = ["", "documents"], [("", 2)]
    for number, name in enumerate(names(value)):
        head += ["bytes/token", "tokens/word", *(["saved"] if number else [])]
        groups.append((name, 3 if number else 2))
    return [
        Table(KINDS.get(kind, plain(kind)), tuple(head), tuple(cells), tuple(groups))
        for kind, cells in found.items()
        if cells
    ]


def number_formats(value: Value, tables: Columns) -> Table:
    """Tokens per number, and how well cuts follow the groups of its value, by format, on the first slice."""
    found = []
    for name in (*FORMATS, ""):
        prefix = f"numbers_{name.replace(' ', '_')}" if name else "numbers"
        occurrences = tables[0][f"{prefix}_occurrences"][0]
        if occurrences:
            each = [
                (ratio(one[f"{prefix}_tokens_each_ppm"][0]), percent(one[f"{prefix}_boundary_f1_ppm"][0]))
                for one in tables
            ]
            found.append((name or "all numbers", whole(occurrences), *chain.from_iterable(each)))
    head = ("", "occurrences", *("tokens each", "boundary F1") * len(tables))
    return Table("Numbers by format", head, tuple(found), _groups(value, 2))


def number_counts(value: Value, tables: Columns) -> list[Table]:
    """The counts of numbers by format on the first slice: a table a tokenizer."""
    prefixes = {**{name: f"numbers_{name.replace(' ', '_')}" for name in FORMATS}, "all numbers": "numbers"}
    return [
        Table(
            name,
            ("", *PRICES),
            tuple(
                (kind, *(whole(one[f"{prefix}_{count}"][0]) for count in PRICES)) for kind, prefix in prefixes.items()
            ),
        )
        for name, one in zip(names(value), tables, strict=True)
    ]


def digit_runs(value: Value, tables: Columns) -> Table:
    """In how many ways runs of digits of each length are cut, and the share of the commonest way, on the first slice."""
    found = []
    for length in thresholds.DIGITS:
        runs = max(one[f"digits_{length}_runs"][0] or 0 for one in tables)
        if runs:
            counts = [whole(one[f"digits_{length}_patterns"][0]) for one in tables]
            shares = [percent(one[f"digits_{length}_commonest_ppm"][0]) for one in tables]
            found.append((f"{length} digits", whole(runs), *chain.from_iterable(zip(counts, shares, strict=True))))
    head = ("", "runs", *("patterns", "commonest") * len(tables))
    return Table("Runs of digits", head, tuple(found), _groups(value, 2))


def windows(value: Value, tables: Columns) -> Table:
    """The pages that fit a context window, and the documents that fit it whole, by slice."""
    sizes = [f"{size // 1024}k" for size in thresholds.WINDOWS]
    found = []
    for at, name in enumerate(tables[0]["slice"]):
        cells = [
            f"{pages(one[f'pages_{size}_ppm'][at])}\n{whole(one[f'whole_documents_{size}'][at])} whole"
            for one in tables
            for size in sizes
        ]
        found.append((slice_title(name), whole(tables[0]["documents"][at]), *cells))
    head = ("", "documents", *(f"in {size}" for size in sizes * len(tables)))
    return Table("Context windows", head, tuple(found), _groups(value, len(sizes)))


def contexts(value: Value) -> Table:
    """The terms that are one token in each context, with a shade by their share; no row where there is no term."""
    found, shades = [], []
    for at, first in enumerate(value["tokenizers"][0]["contexts"] if value["terms"] else ()):
        tried = [one["contexts"][at] for one in value["tokenizers"]]
        shares = [share(one["single"], one["terms"]) for one in tried]
        cells = [f"{one['single']:,} ({percent(part)})" for one, part in zip(tried, shares, strict=True)]
        found.append((plain(first["context"]), whole(first["terms"]), *cells))
        shades.append((0, *((part or 0) * (SHADES - 1) // 1_000_000 for part in shares)))
    return Table("Terms that are one token, by context", ("", "terms", *names(value)), tuple(found), (), tuple(shades))


def parity(value: Value, tables: Columns) -> Table:
    """What aligned Korean costs beside its English; no row where nothing is aligned."""
    aligned = value["aligned"]
    found = []
    for column in ("aligned_tokens_en", "aligned_tokens_ko", "parity_ppm") if aligned["pairs"] else ():
        cells = _compared(column, [one[column][0] for one in tables])
        found.append((title(column), *_with_intervals(cells, tables, column, 0)))
    return Table(f"{plain(aligned['name'])}: {aligned['pairs']:,} pairs", ("", *names(value)), tuple(found))


def methods(value: Value) -> Table:
    """How each tokenizer was measured, and what of its vocabulary never comes out."""
    found = []
    for name, one in zip(names(value), value["tokenizers"], strict=True):
        method, lost = one["method"], one["unreachable"] or {"ids": None, "not_text": None}
        measured = f"{plain(method['way'])}, {plain(method['engine'])}"
        why = "\n" + plain(method["reason"]) if method["reason"] else ""
        checked = (whole(method["proved_texts"]), whole(method["audited_documents"]))
        found.append(
            (name, plain(one["family"]), measured + why, *checked, whole(lost["ids"]), whole(lost["not_text"]))
        )
    head = ("", "family", "measured in", "texts proved", "documents audited", "ids unreachable", "ids no text")
    return Table("How each tokenizer was measured", head, tuple(found), words=3)


def _groups(value: Value, length: int) -> tuple[tuple[str, int], ...]:
    return (("", 2), *((name, length) for name in names(value)))


def _compared(column: str, numbers: Sequence[int | None]) -> list[str]:
    """The first number, and the others with their difference from it, unless the column is a difference."""
    show = shown(column)
    if column in DIFFERENCES:
        return [ABSENT, *map(show, numbers[1:])]
    differs = points if show is percent else change
    return [show(numbers[0]), *(show(number) + differs(numbers[0], number) for number in numbers[1:])]


def _with_intervals(cells: Sequence[str], tables: Columns, column: str, at: int) -> list[str]:
    """Each cell with the interval of its number, where it has one and the cell is not empty."""
    ends = [[one.get(f"{column.removesuffix('_ppm')}_{end}_ppm") for end in ("low", "high")] for one in tables]
    spans = [span(low[at], high[at], shown(column)) if low and high else "" for low, high in ends]
    return [
        f"{cell}\n{between}" if between and cell != ABSENT else cell for cell, between in zip(cells, spans, strict=True)
    ]
