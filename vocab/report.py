"""Renders coverage: `coverage.json` (versioned), `coverage.parquet`, a terminal's lines, and a self-contained `report.html`.

In: the value of `coverage.json`, format 2. The page runs no script, loads nothing and escapes every value; its policy says so
to the browser. What is not seen in a name, a term or a piece is written so that it can be seen, and so that it does nothing to
a page or a terminal. Nothing but the value goes in: the same value gives the same bytes, however its keys are ordered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Any

from govern.files import canonical, write_whole
from vocab.coverage import pictures, tables
from vocab.coverage.tables import (
    ABSENT,
    Table,
    Value,
    counted,
    pages,
    percent,
    plain,
    ratio,
    share,
    shortened,
    span,
    whole,
    width,
)
from vocab.folders import building
from vocab.show import BAR, visible

FORMAT_VERSION = 2
JSON, HTML, PARQUET = "coverage.json", "report.html", "coverage.parquet"
COLUMNS = 100
"""Columns of a terminal that a table keeps to where its first column and one more leave room."""
NAME_COLUMNS = 24
"""Columns of a tokenizer's name at a terminal at most."""
BRIEF = {
    "bytes/token": "B/tok",
    "tokens/word": "tok/w",
    "tokens each": "each",
    "boundary F1": "F1",
    "occurrences": "times",
}
"""Heads of columns as a terminal has room for them."""
WORST_AT_TERMINAL, CONTEXTS_AT_TERMINAL = 10, 8
OPEN = 15
"""Rows of terms and of numbers that stand in the page outright; the others unfold."""
NEW_IDS = 50
"""New ids in the page, of those that occur; `coverage.json` has all."""
SMALL = 1000
"""A share below this, in parts per million, is said to be under 0.1%."""

Words = tuple[tuple[str, bool], ...]
"""A sentence in parts; true marks a tokenizer's name, which is kept apart from the direction of the text round it."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number to remember: what it is, the number, and what to hold beside it; `wrong` where it should be another."""

    label: str
    number: str
    beside: str
    wrong: bool = False


def write(value: Value, out: Path) -> None:
    """Writes `coverage.json`, `coverage.parquet` and `report.html` into the new folder `out`."""
    from govern.frames import frame_of, write_frame

    rows = tables.rows(value)
    kinds = {name: "str" if name in tables.TEXTS else "int" for name in rows[0]}
    frame = frame_of({name: [row[name] for row in rows] for name in kinds}, kinds)
    with building(out, JSON) as partial:
        write_whole(partial / JSON, canonical(value))
        write_frame(partial / PARQUET, frame, 0o644)
        write_whole(partial / HTML, html(value).encode())


def html(value: Value) -> str:
    """The report as one page."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files("vocab").joinpath("templates", "coverage.html.j2").read_text("utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_seen
    )
    columns, names = tables.columns(value), tables.names(value)
    slices = range(len(columns[0]["slice"]))
    page = environment.from_string(source).render(
        report=value,
        names=names,
        sentences=headline(value),
        tiles=tiles(value),
        figures=pictures.figures(value, columns),
        idle=pictures.idle(value),
        gained=_splits(value["gained_terms"], names),
        worst_terms=_splits(value["worst_terms"], names),
        worst_numbers=_splits(value["worst_numbers"], names),
        new_ids=[
            _new(name, one["new_ids"]) for name, one in zip(names, value["tokenizers"], strict=True) if one["new_ids"]
        ],
        contexts=tables.contexts(value),
        number_formats=tables.number_formats(value, columns),
        number_counts=tables.number_counts(value, columns),
        digit_runs=tables.digit_runs(value, columns),
        windows=tables.windows(value, columns),
        parity=tables.parity(value, columns),
        slices=tables.slice_tables(value, columns),
        comparisons=[tables.comparison(value, columns, at, intervals=True) for at in slices],
        methods=tables.methods(value),
        level=_level(value),
        open=OPEN,
    )
    return page + "\n"


def lines(value: Value) -> list[str]:
    """The report for a terminal."""
    corpus, columns = value["corpus"], tables.columns(value)
    result = [
        f"{plain(corpus['name'])}: {counted(corpus['documents'], 'document')} and {corpus['held_out']:,} held out"
    ]
    result += wrap(
        " ".join("".join(part for part, _ in sentence) for sentence in headline(value)), COLUMNS, break_on_hyphens=False
    )
    shown = [tables.comparison(value, columns, 0, intervals=False), *tables.slice_tables(value, columns)]
    shown += [tables.number_formats(value, columns), _poorest(tables.contexts(value), value)]
    for table in shown:
        if table.rows:
            result += ["", *laid_out(table)]
    if value["worst_terms"]:
        result += ["", "Terms that cost most", *_worst(value)]
    return [*result, "", "; ".join(f"{brief}: {name}" for name, brief in BRIEF.items())]


def laid_out(table: Table, limit: int = COLUMNS) -> list[str]:
    """A table for a terminal; columns that do not fit stand below it, beside the first column again."""
    head = [BRIEF.get(cell, shortened(cell, NAME_COLUMNS)) for cell in table.head]
    rows = [[plain(cell.partition("\n")[0]) for cell in row] for row in table.rows]
    widths = [max(width(row[at]) for row in (head, *rows)) for at in range(len(head))]
    result, start = [table.title], 0
    for name, length in table.groups:
        start += length
        taken = sum(widths[start - length : start]) + 2 * (length - 1)
        widths[start - 1] += max(0, width(shortened(name, NAME_COLUMNS)) - taken)
    for runs in _fitting(table.groups or tuple(("", 1) for _ in head), widths, limit):
        if any(name for name, _ in runs):
            spans = [sum(widths[at] for at in run) + 2 * (len(run) - 1) for _, run in runs]
            over = [shortened(name, span) for (name, _), span in zip(runs, spans, strict=True)]
            result.append(_line(over, spans))
        places = [at for _, run in runs for at in run]
        result += [_line([row[at] for at in places], [widths[at] for at in places]) for row in (head, *rows)]
    return result


def headline(value: Value) -> tuple[Words, ...]:
    """What the last tokenizer buys against the first, in sentences; of a single one, what it costs."""
    first, last = value["tokenizers"][0], value["tokenizers"][-1]
    slices = last["slices"][0]
    documents = counted(slices["documents"], "document")
    if first is last:
        cost = f" writes {documents} in {slices['tokens']:,} tokens: {ratio(slices['bytes_per_token_ppm'])} bytes per token."
        return (((plain(last["name"]), True), (cost, False)),)
    against, interval = slices["against_first"], slices["intervals"]["saved_ppm"]
    name, other = (plain(last["name"]), True), (plain(first["name"]), True)
    saved = against["saved_ppm"]
    if not against["tokens_saved"] or saved is None:
        return ((name, (f" writes {documents} in exactly as many tokens as ", False), other, (".", False)),)
    sign, word = (1, "fewer") if against["tokens_saved"] > 0 else (-1, "more")
    found: list[Words] = [
        (
            *(name, (f" writes the same {documents} in {_about(sign * saved)} {word} tokens than ", False), other),
            (_within(interval, sign, _level(value)), False),
        )
    ]
    if interval and interval[0] <= 0 <= interval[1]:
        found.append((("The interval holds zero: these documents do not tell the two apart.", False),))
    shorter, longer = counted(against["documents_shorter"], "document"), _or_none(against["documents_longer"])
    found.append(((f"{shorter} became shorter, {longer} longer.", False),))
    found.append(((_bought(first, last), False),))
    if slices["changed"]:
        found.append(_changed(last, slices["changed"]))
    return tuple(found)


def tiles(value: Value) -> list[Tile]:
    """The numbers of the last tokenizer on the whole corpus, beside those of the first where there are two."""
    first, last = value["tokenizers"][0], value["tokenizers"][-1]
    one, other, alone = last["slices"][0], first["slices"][0], first is last
    against = one["against_first"]
    window, before = one["windows"][0], other["windows"][0]
    kinds, single = last["term_types"], first["term_types"]["single_ppm"]
    found = [
        Tile(
            "bytes per token",
            ratio(one["bytes_per_token_ppm"]),
            "" if alone else f"{ratio(other['bytes_per_token_ppm'])} before",
        ),
        Tile(
            f"pages in a window of {window['tokens']:,} tokens",
            pages(window["pages_ppm"]),
            "" if alone else f"{pages(before['pages_ppm'])} before",
        ),
        Tile(
            f"of {kinds['terms']:,} terms are one token after a space",
            percent(kinds["single_ppm"]),
            "" if alone else f"{percent(single)} before",
        ),
    ]
    if alone:
        lost = one["lost_characters"]
        return [*found, Tile("characters lost", whole(lost), "should be 0", wrong=lost > 0)]
    interval = one["intervals"]["saved_ppm"]
    between = (
        f"{_level(value)} interval {span(interval[0], interval[1], percent)}"
        if interval
        else f"{against['tokens_saved']:,} tokens"
    )
    found[:1] = [
        Tile("tokens saved", percent(against["saved_ppm"]), between),
        Tile("relative training cost", percent(against["relative_cost_ppm"]), "tokens of one pass; 100% before"),
    ]
    longer, extension = against["documents_longer"], last["extends"] == first["name"]
    beside = "should be 0" if extension else f"of {one['documents']:,}"
    found.append(Tile("documents became longer", whole(longer), beside, wrong=longer > 0 and extension))
    if one["changed"]:
        drift, leak = one["changed"]["drift"], one["changed"]["leak"]
        found.append(
            Tile("drift: cut otherwise with no new id", whole(drift), "should be 0 unless numbers are regrouped")
        )
        part = percent(share(leak, one["words"]))
        found.append(Tile("leak: cut otherwise with no term", whole(leak), f"{part} of the words"))
    return found


def _bought(first: Value, last: Value) -> str:
    now, before = last["slices"][0], first["slices"][0]
    cost, window = percent(now["against_first"]["relative_cost_ppm"]), now["windows"][0]
    single = [percent(one["term_types"]["single_ppm"]) for one in (last, first)]
    terms = (
        f"; {single[0]} of the terms are one token after a space instead of {single[1]}" if ABSENT not in single else ""
    )
    held = f"{pages(window['pages_ppm'])} pages instead of {pages(before['windows'][0]['pages_ppm'])}"
    return f"Training on this text reads {cost} of the tokens; a window of {window['tokens']:,} holds {held}{terms}."


def _changed(last: Value, changed: dict[str, int]) -> Words:
    rest = f", {_or_none(changed['drift'])} of them with no new id (drift), {_or_none(changed['leak'])} with no term (leak)."
    counts = f": {counted(changed['words'], 'piece')} of text{rest}"
    return (("Cut otherwise than by ", False), (plain(last["extends"]), True), (counts, False))


def _within(interval: list[int] | None, sign: int, level: str) -> str:
    if not interval:
        return "."
    low, high = sorted(sign * end for end in interval)
    return f" ({level} interval: {span(low, high, percent)})."


def _or_none(count: int) -> str:
    return whole(count) if count else "none"


def _about(part: int) -> str:
    return "less than 0.1%" if part < SMALL else percent(part)


def _level(value: Value) -> str:
    return f"{value['bootstrap']['level_ppm'] / 10_000:g}%"


def _seen(value: Any) -> Any:
    """What the page prints of a value: of text that is no markup of the page itself, only what can be seen."""
    return plain(value) if type(value) is str else value


def _splits(rows: Sequence[Value], names: Sequence[str]) -> list[dict[str, Any]]:
    """Terms or shapes of numbers with their pieces by each tokenizer, as the page lays them out."""
    found = []
    for row in rows:
        cells = []
        for name, one in zip(names, row["by"], strict=True):
            tokens = sum(count for _, count in one["pieces"])
            each = share(one["tokens"], row["occurrences"])
            in_text = "" if one["tokens"] == tokens * row["occurrences"] else f"{ratio(each)} each in the corpus"
            pieces = [(spelled(text), count) for text, count in one["pieces"]]
            cells.append({"name": name, "tokens": tokens, "in_text": in_text, "pieces": pieces})
        label, about = (row["term"], "") if "term" in row else (row["shape"], row["format"])
        found.append({"label": label, "about": about, "occurrences": row["occurrences"], "cells": cells})
    return found


def spelled(text: str) -> list[tuple[str, bool]]:
    """`text` in runs: as it is, and (true) signs and numbers that stand for what is not seen."""
    written = [(visible(one), visible(one) != one) for one in text]
    return [
        ("".join(one for one, _ in run), stands_in) for stands_in, run in groupby(written, key=lambda each: each[1])
    ]


def _new(name: str, new: Value) -> dict[str, Any]:
    """The new ids of a tokenizer: those that occur, the commonest first, and by kind those that never do."""
    ordered = sorted(new["rows"], key=lambda row: (-row["count"] - row["held_out"], row["id"]))
    used = [{**row, "token": spelled(row["token"])} for row in ordered if row["count"] + row["held_out"]]
    zero = [{**row, "token": spelled(row["token"])} for row in ordered[len(used) :]]
    kinds = {kind: [row for row in zero if row["kind"] == kind] for kind in sorted({row["kind"] for row in zero})}
    return {**new, "name": name, "top": used[:NEW_IDS], "used": len(used), "never": kinds}


def _poorest(table: Table, value: Value) -> Table:
    """The contexts in which the fewest terms are one token by the last tokenizer."""
    last = value["tokenizers"][-1]["contexts"] if table.rows else []
    order = sorted(range(len(last)), key=lambda at: (share(last[at]["single"], last[at]["terms"]) or 0, at))
    chosen = tuple(table.rows[at] for at in sorted(order[:CONTEXTS_AT_TERMINAL]))
    return Table(f"{table.title}: the {len(chosen)} poorest of {len(last)}", table.head, chosen)


def _worst(value: Value) -> Iterator[str]:
    """The worst terms, each with its pieces by each tokenizer one below the other."""
    names = [shortened(name, NAME_COLUMNS) for name in tables.names(value)]
    wide = max(map(width, names))
    for row in value["worst_terms"][:WORST_AT_TERMINAL]:
        yield f"  {plain(row['term'])}: {counted(row['occurrences'], 'time')}"
        for name, one in zip(names, row["by"], strict=True):
            pieces = ["".join(map(visible, text)) + (f"×{count}" if count > 1 else "") for text, count in one["pieces"]]
            yield f"    {name}{' ' * (wide - width(name))}  {one['each_tokens']:>3}  {BAR.join(pieces)}"


def _fitting(groups: Sequence[tuple[str, int]], widths: Sequence[int], limit: int) -> Iterator[list[tuple[str, range]]]:
    """Runs of columns that stand side by side: the first run, and as many others as fit, or one that does not."""
    runs, start = [], 0
    for name, length in groups:
        runs.append((name, range(start, start + length)))
        start += length
    first, *others = runs
    taken = [first]
    for run in others:
        if len(taken) > 1 and sum(2 + widths[at] for _, places in (*taken, run) for at in places) > limit:
            yield taken
            taken = [first]
        taken.append(run)
    yield taken


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for at, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (wide - width(cell))
        padded.append(cell + space if at == 0 else space + cell)
    return "  " + "  ".join(padded).rstrip()
