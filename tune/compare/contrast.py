"""From what each model made of each document and item to measures, differences and verdicts: the numbers of `compare.json`.

In: arrays by document or item, a column a system; systems are `base`, `adapter` and, where one was given, `original`. Out:
plain values. The adapter is compared with each of the others. Less is better for bits per byte, more for accuracy and F1.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tune.compare.resampling import Plan, difference, measured, measured_share, rounded, sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tune.compare.tasks import Task

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

ADAPTER, BASE, ORIGINAL = "adapter", "base", "original"
"""The systems: the adapter, its base alone, and another model under another tokenizer."""
RESOLUTION = 1e-5
"""Bits per byte that two ways of computing the same numbers may lie apart in float32."""
ALL = "all"
RULES = ("", "_per_byte")
"""How an option is chosen: by its whole likelihood, or by its likelihood per byte; the end of a measure's name."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Of each document and system nats, predicted tokens and bytes, `[documents, systems]`; of each document its language."""

    systems: tuple[str, ...]
    nats: "Floats"
    tokens: "Ints"
    sizes: "Ints"
    langs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """Of each item and system the option that was chosen by each rule, `[items, systems, rules]`, or whether it was right.

    Questions to be answered have one rule, and 1 for a right answer. `places` are the items' places in the task.
    """

    systems: tuple[str, ...]
    places: tuple[int, ...]
    chosen: "Ints"


def text_slices(texts: Texts, plan: Plan) -> list[dict[str, Any]]:
    """Bits per byte and nats per token of all documents, and of each language where there are several."""
    import numpy as np

    langs = np.asarray(texts.langs)
    names = sorted({*texts.langs} - {""})
    every = np.ones(len(langs), dtype=bool)
    found = [_text_slice(ALL, texts, every, plan)]
    if len(names) > 1:
        found += [_text_slice(f"lang:{name}", texts, langs == name, plan) for name in names]
    return found


def _text_slice(name: str, texts: Texts, chosen: Any, plan: Plan) -> dict[str, Any]:
    import numpy as np

    nats, tokens, sizes = texts.nats[chosen], texts.tokens[chosen], texts.sizes[chosen]
    units, systems = len(nats), len(texts.systems)
    at = texts.systems.index(ADAPTER)
    table = np.concatenate([nats, tokens, sizes, nats[:, [at]] - nats], axis=1)
    parts = [np.split(one, 4) for one in (table.sum(axis=0), sums(table, plan).T)]

    def bits(part: Any, of: int) -> Any:
        return part[0][of] / part[2][of] / math.log(2)

    def apart(part: Any, other: int) -> Any:
        """The adapter's bits per byte less those of another; of the same bytes exactly none where the nats are the same."""
        if (sizes[:, other] == sizes[:, at]).all():
            return part[3][other] / part[2][at] / math.log(2)
        return bits(part, at) - bits(part, other)

    measures = {
        system: {
            "nats": rounded(parts[0][0][of]),
            "tokens": int(parts[0][1][of]),
            "bytes": int(parts[0][2][of]),
            "bits_per_byte": measured(bits(parts[0], of), bits(parts[1], of), units),
            "nats_per_token": measured(parts[0][0][of] / parts[0][1][of], parts[1][0][of] / parts[1][1][of], units),
        }
        for of, system in enumerate(texts.systems)
    }
    differences = [
        {
            "measure": "bits_per_byte",
            "of": ADAPTER,
            "against": texts.systems[other],
            **difference(
                apart(parts[0], other), apart(parts[1], other), units, less_is_better=True, resolution=RESOLUTION
            ),
        }
        for other in range(systems)
        if other != at
    ]
    return {"slice": name, "documents": units, "systems": measures, "differences": differences}


def task_slices(task: "Task", answers: Answers, plan: Plan) -> list[dict[str, Any]]:
    """The measures of all items, and of each language where there are several."""
    import numpy as np

    langs = np.asarray([task.items[place].lang for place in answers.places])
    names = sorted({*langs.tolist()})
    every = np.ones(len(langs), dtype=bool)
    found = [_task_slice(ALL, task, answers, every, plan)]
    if len(names) > 1:
        found += [_task_slice(f"lang:{name}", task, answers, langs == name, plan) for name in names]
    return found


def by_item(task: "Task", answers: Answers) -> dict[str, Any]:
    """The index of each item that was measured, and for each system 1 where it was right, by its whole likelihood."""
    right = {}
    for at, system in enumerate(answers.systems):
        said = answers.chosen[:, at, 0].tolist()
        if task.kind == "answers":
            right[system] = said
        else:
            gold = [task.items[place].answer for place in answers.places]
            right[system] = [int(one == wanted) for one, wanted in zip(said, gold, strict=True)]
    return {"index": [task.items[place].index for place in answers.places], "right": right}


def _task_slice(name: str, task: "Task", answers: Answers, kept: Any, plan: Plan) -> dict[str, Any]:
    import numpy as np

    items = [task.items[place] for place, keep in zip(answers.places, kept, strict=True) if keep]
    chosen = answers.chosen[kept]
    columns = _columns(task, items, answers.systems, chosen)
    groups = sorted({item.group for item in items})
    numbers = {group: number for number, group in enumerate(_by_content(groups, items))}
    where = [numbers[item.group] for item in items]
    table = np.zeros((len(groups), sum(block.shape[1] for block in columns.values())))
    np.add.at(table, where, np.concatenate(list(columns.values()), axis=1))
    whole, resampled = (_named(one, columns) for one in (table.sum(axis=0), sums(table, plan).T))
    units = len(groups)
    result: dict[str, Any] = {"slice": name, "items": len(items), "units": units, "systems": {}, "differences": []}
    measures = _measures(task)
    for system in answers.systems:
        result["systems"][system] = {
            title: _share(title, float(measure(whole, system)), measure(resampled, system), units)
            for title, measure in measures.items()
        }
    result |= _beside(task, items, whole, resampled, units)
    rivals = [system for system in answers.systems if system != ADAPTER] + [
        one for one in ("majority",) if one in result
    ]
    for title, measure in measures.items():
        for rival in rivals:
            if rival == "majority" and title.endswith(RULES[1]):
                continue
            apart = [measure(part, ADAPTER) - measure(part, rival) for part in (whole, resampled)]
            gained = difference(float(apart[0]), apart[1], units, less_is_better=False)
            result["differences"].append({"measure": title, "of": ADAPTER, "against": rival, **gained})
    if task.kind == "labels":
        result["labels"] = _by_label(task, answers.systems, whole)
    return result


Part = Mapping[str, Any]
"""Sums by the name of their block: `[columns]`, or `[columns, resamples]`."""


def _columns(task: "Task", items: Sequence[Any], systems: Sequence[str], chosen: "Ints") -> dict[str, "Floats"]:
    """The table's blocks, each `[items, columns]`: what is right, and what each system said."""
    import numpy as np

    gold = np.asarray([item.answer for item in items])
    blocks: dict[str, Any] = {"items": np.ones((len(items), 1))}
    if task.kind == "answers":
        for at, system in enumerate(systems):
            blocks[f"right {system}"] = chosen[:, at, :1].astype(float)
        return blocks
    if task.kind == "options":
        blocks["chance"] = np.asarray([[1 / len(item.options)] for item in items])
        for at, system in enumerate(systems):
            for rule, end in enumerate(RULES):
                blocks[f"right {system}{end}"] = (chosen[:, at, rule] == gold)[:, None].astype(float)
        return blocks
    one = np.eye(len(task.labels))
    blocks["gold"] = one[gold]
    commonest = int(np.argmax(np.bincount(gold, minlength=len(task.labels))))
    said = {
        f"{system}{end}": chosen[:, at, rule] for at, system in enumerate(systems) for rule, end in enumerate(RULES)
    }
    said["majority"] = np.full(len(items), commonest)
    for name, labels in said.items():
        blocks[f"said {name}"] = one[labels]
        blocks[f"hit {name}"] = one[labels] * (labels == gold)[:, None]
    return blocks


def _named(row: Any, columns: Mapping[str, "Floats"]) -> Part:
    found, start = {}, 0
    for name, block in columns.items():
        found[name] = row[start : start + block.shape[1]]
        start += block.shape[1]
    return found


def _measures(task: "Task") -> dict[str, Callable[[Part, str], Any]]:
    """What is measured of a system, as a function of sums."""
    if task.kind == "answers":
        return {"exact_match": lambda part, system: part[f"right {system}"][0] / part["items"][0]}
    found: dict[str, Callable[[Part, str], Any]] = {}
    for end in RULES:
        found[f"accuracy{end}"] = _accuracy(end)
        if task.kind == "labels":
            found[f"macro_f1{end}"] = _macro_f1(end)
    return found


def _accuracy(end: str) -> Callable[[Part, str], Any]:
    def accuracy(part: Part, system: str) -> Any:
        name = f"{system}{end}"
        right = part[f"right {name}"][0] if f"right {name}" in part else part[f"hit {name}"].sum(axis=0)
        return right / part["items"][0]

    return accuracy


def _macro_f1(end: str) -> Callable[[Part, str], Any]:
    def macro_f1(part: Part, system: str) -> Any:
        """The mean F1 of the labels that occur, as what is right or as what was said; as scikit-learn has it."""
        import numpy as np

        name = f"{system}{end}"
        both = part["gold"] + part[f"said {name}"]
        some = both > 0
        scores = np.where(some, 2 * part[f"hit {name}"] / np.where(some, both, 1), 0)
        return scores.sum(axis=0) / some.sum(axis=0)

    return macro_f1


def _beside(task: "Task", items: Sequence[Any], whole: Part, resampled: Part, units: int) -> dict[str, Any]:
    """What knows nothing: the commonest label for every item, or a guess among the options."""
    import numpy as np

    if task.kind == "options":
        chance = resampled["chance"][0] / resampled["items"][0]
        return {"chance": {"accuracy": measured(whole["chance"][0] / len(items), chance, units)}}
    if task.kind == "answers":
        return {}
    accuracy, macro_f1 = _accuracy(""), _macro_f1("")
    return {
        "majority": {
            "label": task.labels[int(np.argmax(whole["gold"]))],
            **{
                title: _share(title, float(measure(whole, "majority")), measure(resampled, "majority"), units)
                for title, measure in (("accuracy", accuracy), ("macro_f1", macro_f1))
            },
        }
    }


def _share(title: str, value: float, values: "Floats", units: int) -> dict[str, Any]:
    return measured_share(value, values, units, of_units=not title.startswith("macro_f1"))


def _by_label(task: "Task", systems: Sequence[str], whole: Part) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "items": int(whole["gold"][at]),
            "systems": {
                system: {"said": int(whole[f"said {system}"][at]), "right": int(whole[f"hit {system}"][at])}
                for system in systems
            },
        }
        for at, label in enumerate(task.labels)
    ]


def _by_content(groups: Sequence[str], items: Sequence[Any]) -> list[str]:
    """Groups ordered by what their items hold, so that the order of a file changes no interval."""
    held: dict[str, list[tuple[str, tuple[str, ...], int, Any]]] = {group: [] for group in groups}
    for item in items:
        held[item.group].append((item.prompt, item.options, item.answer, item.accepted))
    return sorted(groups, key=lambda group: sorted(held[group]))
