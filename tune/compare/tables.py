"""The numbers of `compare.json` as words and tables, for a terminal and for a page.

In: the value of `compare.json`, format 1. Out: sentences and `Table`s of text. A cell has its interval in a second line; of a
difference the second says what it shows, and the third is the interval. Names that came from elsewhere are written so that
what is not seen in them can be seen.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tune.compare.contrast import ADAPTER, BASE, ORIGINAL
from vocab.coverage.tables import Table, counted, percent, plain

Value = Mapping[str, Any]
Show = Callable[[float], str]
ABSENT = "–"
TOO_FEW = "too few to say"
MEASURES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "accuracy_per_byte": "accuracy by byte",
    "macro_f1_per_byte": "macro-F1 by byte",
    "exact_match": "exact match",
}
LANGUAGES = {
    "lang:en": "English",
    "lang:ko": "Korean",
    "lang:und": "language not known",
    "lang:other": "other languages",  # in reports of earlier versions
}
NAMES = {BASE: "base", ADAPTER: "adapter", ORIGINAL: "original", "majority": "commonest label", "chance": "a guess"}


def headline(value: Value) -> list[str]:
    """What was found, a sentence for held-out text and one for each task."""
    found = []
    held = value["held_out"]
    if held is not None:
        (gained,) = _against(held["slices"][0], BASE, "bits_per_byte")
        what = f"On certified held-out text: {_said(gained)}: {bits_apart(gained['value'])} bits per byte"
        found.append(f"{what}{_between(gained, bits_apart)}.")
    for task in value["tasks"]:
        first = task["slices"][0]
        measure = main_measure(task)
        (gained,) = _against(first, BASE, measure)
        sides = " against ".join(share(first["systems"][name][measure]["value"]) for name in (ADAPTER, BASE))
        sentence = f"On {plain(task['name'])}: {_said(gained)}: {MEASURES[measure]} {sides}{_between(gained, points)}."
        found.append(sentence + _no_skill(first, measure))
    return found


def main_measure(task: Value) -> str:
    """The measure that a task is judged by."""
    return "exact_match" if task["kind"] == "answers" else "accuracy"


def text_table(value: Value) -> Table:
    """Bits per byte by slice and system, and what the adapter gained."""
    held = value["held_out"]
    systems = [one["name"] for one in value["systems"]]
    rivals = [name for name in systems if name != ADAPTER]
    rows = []
    for one in held["slices"]:
        cells = [_cell(one["systems"][name]["bits_per_byte"], bits) for name in systems]
        gained = [_against(one, rival, "bits_per_byte")[0] for rival in rivals]
        rows.append(
            (slice_title(one["slice"]), f"{one['documents']:,}", *cells, *(_gain(each, bits_apart) for each in gained))
        )
    heads = [f"adapter − {NAMES[rival]}" for rival in rivals]
    return Table("Bits per byte of held-out text", ("", "documents", *systems, *heads), tuple(rows))


def token_table(value: Value) -> Table:
    """Nats per token, and what they are made of."""
    systems = [one["name"] for one in value["systems"]]
    rows = [
        (
            slice_title(one["slice"]),
            name,
            _cell(one["systems"][name]["nats_per_token"], bits),
            *(f"{one['systems'][name][key]:,}" for key in ("tokens", "bytes")),
        )
        for one in value["held_out"]["slices"]
        for name in systems
    ]
    return Table("Nats per token", ("", "model", "nats per token", "tokens", "bytes"), tuple(rows), words=2)


def summary_table(value: Value) -> Table:
    """A row for each task and slice: what knows nothing, each system, and what the adapter gained over its base."""
    systems = [one["name"] for one in value["systems"]]
    rows = []
    for task in value["tasks"]:
        measure = main_measure(task)
        for one in task["slices"]:
            beside = next((one[name][measure] for name in ("majority", "chance") if name in one), None)
            name = plain(task["name"]) + ("" if one["slice"] == "all" else f", {slice_title(one['slice'])}")
            sides = [share(one["systems"][each][measure]["value"]) for each in systems]
            (gained,) = _against(one, BASE, measure)
            knows_nothing = ABSENT if beside is None else share(beside["value"])
            rows.append((name, f"{one['items']:,}", knows_nothing, *sides, _gain(gained, points)))
    head = ("", "items", "no skill", *systems, "adapter − base")
    return Table("Accuracy, or exact match of answers", head, tuple(rows))


def task_tables(value: Value, task: Value) -> list[Table]:
    """A table for each slice of a task: its systems, what knows nothing, and what the adapter gained."""
    systems = [one["name"] for one in value["systems"]]
    return [_task_table(task, one, systems) for one in task["slices"]]


def _task_table(task: Value, one: Value, systems: Sequence[str]) -> Table:
    first = one["systems"][ADAPTER]
    measures = [name for name in MEASURES if name in first]
    rows = []
    for beside in ("majority", "chance"):
        if beside in one:
            cells = [_cell(one[beside][name], share) if name in one[beside] else "" for name in measures]
            label = f" ({plain(one[beside]['label'])})" if "label" in one[beside] else ""
            rows.append((f"{NAMES[beside]}{label}", *cells))
    rows += [(NAMES[name], *(_cell(one["systems"][name][of], share) for of in measures)) for name in systems]
    for rival in ("majority", *(name for name in systems if name != ADAPTER)):
        gains = [_against(one, rival, name) for name in measures]
        if any(gains):
            cells = [_gain(each[0], points) if each else "" for each in gains]
            rows.append((f"adapter − {NAMES[rival]}", *cells))
    size = counted(one["items"], "item")
    units = "" if one["units"] == one["items"] else f" about {counted(one['units'], 'text')}"
    title = slice_title(one["slice"])
    return Table(
        f"{plain(task['name'])}, {title}: {size}{units}", ("", *(MEASURES[name] for name in measures)), tuple(rows)
    )


def label_table(task: Value, systems: Sequence[str]) -> Table | None:
    """How often each label is right and how often each system said it; None of a task without labels."""
    labels = task["slices"][0].get("labels")
    if labels is None:
        return None
    rows = [
        (
            plain(one["label"]),
            f"{one['items']:,}",
            *(f"{one['systems'][name]['said']:,} ({one['systems'][name]['right']:,} right)" for name in systems),
        )
        for one in labels
    ]
    return Table("By label", ("", "items", *(f"{NAMES[name]} said" for name in systems)), tuple(rows))


def slice_title(name: str) -> str:
    """What a reader calls a slice."""
    return LANGUAGES.get(name, {"all": "all"}.get(name, plain(name.removeprefix("lang:"))))


def bits(value: float) -> str:
    """Bits or nats, with four decimals."""
    return f"{value:.4f}"


def bits_apart(value: float) -> str:
    """A difference in bits; a small one never reads as none."""
    return f"{value:+.1e}" if 0 < abs(value) < 5e-5 else f"{value:+.4f}"


def share(value: float) -> str:
    """A share in percent."""
    return percent(round(value * 1_000_000))


def points(value: float) -> str:
    """A difference of shares in percentage points; a small one never reads as none."""
    small = 0 < abs(value) < 0.0005
    return f"{'+' if value > 0 else '-'}<0.1 pp" if small else f"{100 * value:+.1f} pp"


def verdict(gained: Value) -> str:
    """What a difference shows, in words."""
    if gained["interval"] is None:
        return "no interval"
    return str(gained["verdict"] or TOO_FEW)


def _against(one: Value, rival: str, measure: str) -> list[Value]:
    return [each for each in one["differences"] if each["against"] == rival and each["measure"] == measure]


def _cell(found: Value, show: Show) -> str:
    ends = found["interval"]
    return show(found["value"]) + ("" if ends is None else f"\n{show(ends[0])} to {show(ends[1])}")


def _gain(found: Value, show: Show) -> str:
    ends = found["interval"]
    between = "" if ends is None else f"\n{show(ends[0])} to {show(ends[1])}"
    return f"{show(found['value'])}\n{verdict(found)}{between}"


def _said(gained: Value) -> str:
    return {
        "better": "the adapter is better than its base",
        "worse": "the adapter is WORSE than its base",
        "no difference shown": "no difference shown between adapter and base",
    }.get(str(gained["verdict"]), "too few texts to tell adapter and base apart")


def _between(gained: Value, show: Show) -> str:
    ends = gained["interval"]
    if ends is None:
        return " (a single text has no interval)"
    return f" (95% interval of the difference {show(ends[0])} to {show(ends[1])})"


def _no_skill(one: Value, measure: str) -> str:
    """A sentence where the adapter is not shown to be better than the commonest label for every item."""
    beside = _against(one, "majority", measure)
    if not beside or beside[0]["verdict"] == "better":
        return ""
    always = share(one["majority"][measure]["value"])
    return f" It is not shown to be better than the commonest label for every item ({always})."
