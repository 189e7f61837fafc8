"""Coverage as small multiples: inline SVG, a panel a slice or format, a bar a tokenizer, on one scale that begins at zero.

In: the value of `coverage.json` and its columns. Out: `Figure`s whose panels are SVG in text. Names are text nodes of a tree
and never markup; what is not seen in them is written. Each panel says all of its numbers in its title, for who does not see
it. Colours are classes (`first`, `other`, `last`) that the page gives; the name and the number stand beside each bar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from vocab.coverage.tables import (
    Columns,
    Value,
    names,
    percent,
    plain,
    share,
    shortened,
    shown,
    slice_title,
    span,
    whole,
)
from vocab.numbers import FORMATS

PANELS = 8
"""Slices in a figure at most: all, held out, languages, then types and sources with most text; the tables have every slice."""
WIDTH, ROW, TOP = 240, 29, 22
"""Units of a panel: its width, the height of a bar with its name, the height of its title."""
EDGE = 4
"""Room at the right for the end of a whisker; at the left too where a scale goes below zero."""
NAME_COLUMNS, TITLE_COLUMNS = 26, 34
"""Columns of a name and of a title at most: the middle of a longer one is left out."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A number in parts per million or a count, its interval where there is one, both as written, and whose it is."""

    name: str
    value: int | None
    written: str
    role: str
    low: int | None = None
    high: int | None = None
    between: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Panels on one scale: a title, how to read it, and the SVG of each; `left_out` slices have no panel."""

    title: str
    note: str
    panels: tuple[str, ...]
    left_out: int = 0


def figures(value: Value, tables: Columns) -> list[Figure]:
    """What the page draws of every report; a figure whose numbers are all absent is left out."""
    chosen, left_out = _slices(tables)
    found = []
    for title, note, column in _BY_SLICE:
        panels = [(slice_title(tables[0]["slice"][at]), _bars(value, tables, column, at)) for at in chosen]
        found.append((title, note, panels, left_out))
    by_format = [(name, f"numbers_{name.replace(' ', '_')}_tokens_each_ppm") for name in FORMATS]
    formats = [("all numbers", "numbers_tokens_each_ppm"), *by_format]
    panels = [(name, _bars(value, tables, column, 0)) for name, column in formats]
    found.insert(-1, ("Tokens per number", "By format, on the whole corpus. Lower is better.", panels, 0))
    if value["aligned"]["pairs"]:
        note = "Korean tokens for each token of the English that says the same. 1.000 is parity; lower is better."
        found.append(("Korean beside English", note, [("aligned text", _bars(value, tables, "parity_ppm", 0))], 0))
    return [one for one in (figure(*each) for each in found) if one.panels]


def figure(title: str, note: str, panels: Sequence[tuple[str, Sequence[Bar]]], left_out: int = 0) -> Figure:
    """The panels that have a number, drawn on the scale of all of them."""
    drawn = [(name, bars) for name, bars in panels if any(bar.value is not None for bar in bars)]
    ends = [end for _, bars in drawn for bar in bars for end in (bar.value, bar.low, bar.high) if end is not None]
    low, high = min([0, *ends]), max([0, *ends])
    return Figure(title, note, tuple(panel(title, name, bars, low, high) for name, bars in drawn), left_out)


def panel(measure: str, title: str, bars: Sequence[Bar], low: int, high: int) -> str:
    """The SVG of a panel whose scale goes from `low` (zero or less) to `high` (zero or more)."""
    height = TOP + ROW * len(bars)
    svg = Element("svg", {"viewBox": f"0 0 {WIDTH} {height}", "role": "img", "class": "panel"})
    said = "; ".join(map(_said, bars))
    SubElement(svg, "title").text = f"{measure}, {plain(title)}: {said}"
    _text(svg, 0, 13, shortened(title, TITLE_COLUMNS), "head")
    left = EDGE if low < 0 else 1

    def x(number: int) -> float:
        return left + (WIDTH - left - EDGE) * (number - low) / ((high - low) or 1)

    for at, bar in enumerate(bars):
        top = TOP + ROW * at
        _text(svg, 0, top + 10, shortened(bar.name, NAME_COLUMNS), f"name {bar.role}")
        _text(svg, WIDTH, top + 10, bar.written, f"value {bar.role}")
        if bar.value is None:
            continue
        start, end = sorted((x(0), x(bar.value)))
        _shape(svg, "rect", f"bar {bar.role}", x=start, y=top + 14, width=max(end - start, 0.5), height=8)
        if bar.low is not None and bar.high is not None:
            ends, middle = [_number(x(end)) for end in (bar.low, bar.high)], top + 18
            caps = "".join(f"M{end} {middle - 4}v8" for end in ends)
            for kind in ("halo", "whisker"):
                SubElement(svg, "path", {"class": kind, "d": f"M{ends[0]} {middle}H{ends[1]}{caps}"})
        _shape(svg, "line", "zero", x1=x(0), x2=x(0), y1=top + 13, y2=top + 23)
    return tostring(svg, encoding="unicode")


def idle(value: Value) -> list[str]:
    """The SVG of what became of the terms, and of how many new ids never occur; none where there is nothing to say."""
    terms, found = value["idle_terms"], []
    kinds = (
        ("one token now", "single_now", "last"),
        ("one token before", "already_single", "other"),
        ("still split", "still_split", "first"),
        ("not in the corpus", "absent", "first"),
    )
    if value["terms"] and len(value["tokenizers"]) > 1:
        bars = [_part(label, terms[key], value["terms"], role) for label, key, role in kinds]
        found.append(panel("What became of the terms", f"{value['terms']:,} terms", bars, 0, value["terms"]))
    for name, one in zip(names(value), value["tokenizers"], strict=True):
        new = one["new_ids"]
        if new and new["ids"]:
            bars = [
                _part("occur", new["ids"] - new["zero"], new["ids"], "last"),
                _part("never occur, of terms", new["zero_terms"], new["ids"], "first"),
                _part("never occur, others", new["zero"] - new["zero_terms"], new["ids"], "first"),
            ]
            found.append(panel("New ids", f"{new['ids']:,} new ids of {name}", bars, 0, new["ids"]))
    return found


_BY_SLICE = (
    ("Tokens saved", "Share of the first tokenizer's tokens. Higher is better; below zero is a loss.", "saved_ppm"),
    ("Bytes per token", "Higher is better: the same text in fewer tokens.", "bytes_per_token_ppm"),
    ("Tokens per word", "Fertility. Lower is better.", "fertility_ppm"),
    ("Terms in one token", "Share of the places where a term stands. Higher is better.", "terms_single_ppm"),
    ("Pages in an 8k context window", "Standard pages that fit. Higher is better.", "pages_8k_ppm"),
)
_KINDS = ("", "lang", "type", "source")


def _slices(tables: Columns) -> tuple[list[int], int]:
    """The places of the slices that are drawn, in order, and how many are not."""
    names_of, sizes = tables[0]["slice"], tables[0]["text_bytes"]
    order = sorted(range(len(names_of)), key=lambda at: (not sizes[at], _rank(names_of[at]), -sizes[at], at))
    return sorted(order[:PANELS]), max(0, len(order) - PANELS)


def _rank(name: str) -> int:
    kind = name.partition(":")[0] if ":" in name else ""
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


def _bars(value: Value, tables: Columns, column: str, at: int) -> list[Bar]:
    show, last, base = shown(column), len(tables) - 1, column.removesuffix("_ppm")
    bars = []
    for number, (name, table) in enumerate(zip(names(value), tables, strict=True)):
        low, high = (table.get(f"{base}_{end}_ppm", [None] * (at + 1))[at] for end in ("low", "high"))
        role = "last" if number == last else "first" if number == 0 else "other"
        bars.append(Bar(name, table[column][at], show(table[column][at]), role, low, high, span(low, high, show)))
    return bars[1:] if column == "saved_ppm" else bars


def _part(label: str, part: int, all_of: int, role: str) -> Bar:
    return Bar(label, part, f"{whole(part)} ({percent(share(part, all_of))})", role)


def _said(bar: Bar) -> str:
    return f"{plain(bar.name)} {bar.written}" + (f" ({bar.between})" if bar.between else "")


def _text(svg: Element, x: int, y: int, text: str, kind: str) -> None:
    attributes = {"x": str(x), "y": str(y), "class": kind}
    SubElement(svg, "text", attributes).text = text


def _shape(svg: Element, tag: str, kind: str, **numbers: float) -> None:
    SubElement(svg, tag, {"class": kind, **{key: _number(number) for key, number in numbers.items()}})


def _number(number: float) -> str:
    """At most one decimal, so that the same value has the same bytes on every machine."""
    return f"{number:.1f}".removesuffix(".0")
