"""Renders a comparison: a terminal's lines, and a self-contained `report.html` that runs no script and loads nothing.

In: the value of `compare.json`, format 1, and nothing else: the same value gives the same bytes. Every value is escaped.
"""

from dataclasses import replace
from importlib import resources
from typing import Any

from tune.compare import tables
from tune.compare.contrast import ADAPTER, BASE, ORIGINAL
from tune.compare.picture import Line, forest
from vocab.coverage.tables import Table, plain
from vocab.report import laid_out

Value = tables.Value
COLUMNS = 120
"""Of a terminal that a table keeps to."""
FEW_TEXTS = 30
"""Texts below which an interval is said to be too narrow."""


def html(value: Value) -> str:
    """The comparison as one page."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files("tune").joinpath("templates", "compare.html.j2").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    systems = [one["name"] for one in value["systems"]]
    held = value["held_out"]
    page = environment.from_string(source).render(
        report=value,
        title=title(value),
        sentences=tables.headline(value),
        figures=figures(value),
        summary=tables.summary_table(value) if value["tasks"] else None,
        text_table=None if held is None else tables.text_table(value),
        token_table=None if held is None else tables.token_table(value),
        tasks=[
            {
                "value": task,
                "name": plain(task["name"]),
                "tables": tables.task_tables(value, task),
                "labels": tables.label_table(task, systems),
            }
            for task in value["tasks"]
        ],
        names=tables.NAMES,
        plain=plain,
        remarks=remarks(value),
    )
    return page + "\n"


def lines(value: Value) -> list[str]:
    """The comparison for a terminal."""
    found = list(tables.headline(value))
    if value["held_out"] is not None:
        found += ["", *laid_out(_brief(tables.text_table(value)), COLUMNS)]
    if value["tasks"]:
        found += ["", *laid_out(_brief(tables.summary_table(value)), COLUMNS)]
    said = remarks(value)
    return [*found, "", *said] if said else found


def _brief(table: Table) -> Table:
    """A table whose cells have one line: a number, and what a difference shows."""
    rows = tuple(tuple(" ".join(cell.split("\n")[: cell.count("\n") or 1]) for cell in row) for row in table.rows)
    return replace(table, rows=rows)


def title(value: Value) -> str:
    """What the page is called."""
    held = value["held_out"]
    return "Adapter against base" if held is None else f"Adapter against base on {plain(held['corpus'])}"


def figures(value: Value) -> list[dict[str, Any]]:
    """What the adapter gained over each other system, drawn: held-out text, then each task."""
    found = []
    rivals = [one["name"] for one in value["systems"] if one["name"] != ADAPTER]
    if value["held_out"] is not None:
        rows = _rows(value["held_out"]["slices"], rivals, "bits_per_byte", tables.bits_apart)
        note = "Bits per byte that the adapter needs less (left of zero) or more. The bar is the 95% interval."
        found.append(
            {"title": "Held-out text", "note": note, "svg": forest("Bits per byte", rows, less_is_better=True)}
        )
    for task in value["tasks"]:
        measure = tables.main_measure(task)
        rows = _rows(task["slices"], ["majority", *rivals], measure, tables.points)
        name = tables.MEASURES[measure]
        note = f"{name[:1].upper()}{name[1:]} of the adapter less that of the other, in percentage points."
        found.append({"title": plain(task["name"]), "note": note, "svg": forest(name, rows, less_is_better=False)})
    return found


def remarks(value: Value) -> list[str]:
    """What a reader must know before believing a number."""
    found = []
    held = value["held_out"]
    if value["adapter"]["governance"] == "attested":
        found.append(
            "The adapter was trained elsewhere and is attested: how is not known, so it is measured over the base in "
            f"{value['systems'][0]['quantisation']}, and what it was trained on is its signer's word."
        )
    if held is not None:
        if not held["trained_on"]:
            found.append(
                f"{plain(held['corpus'])} is not the corpus trained on: whether its held-out text stands in one that was "
                "trained on is not known."
            )
        documents = held["documents"]
        if documents["chosen"] < documents["held_out"]:
            found.append(
                f"{documents['chosen']:,} of {documents['held_out']:,} held-out documents were measured (--rows)."
            )
        left = {reason: count for one in documents["dropped"].values() for reason, count in one.items()}
        found += [f"{count:,} held-out documents are left out: {reason}." for reason, count in sorted(left.items())]
        found += _few("held-out text", held["slices"][0]["documents"], "document")
    for task in value["tasks"]:
        name, items = plain(task["name"]), task["items"]
        if items["too_long"]:
            found.append(
                f"{name}: {items['too_long']:,} of {items['asked']:,} items are longer than the window and left out."
            )
        found += _few(name, task["slices"][0]["units"], "text")
        found += _one_answer(name, task)
    new = next(one["new_ids"] for one in value["systems"] if one["name"] == BASE)
    if new and ORIGINAL not in {one["name"] for one in value["systems"]}:
        found.append(
            f"The base reads {new:,} new tokens whose rows nobody trained before this adapter; what was gained over the model "
            "without them --base-model and --base-tokenizer show."
        )
    for one in value["systems"]:
        if one.get("unlike_the_original"):
            found.append(
                f"{ORIGINAL.capitalize()} is the model that was given, and it is not shown to be what the base was made from: "
                f"{one['unlike_the_original']}."
            )
    notes = sorted({one["note"] for one in value["systems"] if one["note"]})
    return [*found, *(f"The base model says of itself: {note}." for note in notes)]


def _few(name: str, units: int, noun: str) -> list[str]:
    if units == 1:
        return [f"{name}: a single {noun}, so there is no interval, and nothing is called better or worse."]
    if units < FEW_TEXTS:
        return [f"{name}: {units} {noun}s only, and the interval of so few is too narrow."]
    return []


def _one_answer(name: str, task: Value) -> list[str]:
    """Where systems give one label to every item."""
    found = []
    for one in task["slices"][0].get("labels", []):
        every = task["slices"][0]["items"]
        alike = [system for system, counts in one["systems"].items() if counts["said"] == every]
        if alike:
            found.append(f"{name}: '{plain(one['label'])}' is said to every item by {_listed(alike)}.")
    return found


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]


def _rows(slices: list[Value], rivals: list[str], measure: str, show: tables.Show) -> list[Line]:
    found = []
    for one in slices:
        for gained in one["differences"]:
            if gained["measure"] != measure or gained["against"] not in rivals:
                continue
            ends = gained["interval"]
            name = f"{tables.slice_title(one['slice'])}, against {tables.NAMES[gained['against']]}"
            pair = None if ends is None else (ends[0], ends[1])
            found.append(Line(name, gained["value"], show(gained["value"]), pair, tables.verdict(gained)))
    return found
