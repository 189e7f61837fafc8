"""Runs base, adapter and original over the held-out documents and the tasks, one model in memory at a time.

Out: for each system the nats of each document, and what it said to each item. Base and adapter are one model in memory, the
adapter switched off and on. Documents and items are run in an order that follows from what they hold.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune.compare.answers import matches
from tune.compare.contrast import ADAPTER, BASE, ORIGINAL
from tune.compare.gate import Admitted, Inputs, Side
from tune.compare.held_out import in_order
from tune.compare.likelihood import Reader, choice, option_nats, piece_nats, prompt_ids, reader, written
from tune.errors import TuneError, TuneRefused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tune.compare.task_formats import Item
    from tune.compare.tasks import Task
    from tune.folders import BaseModel
    from tune.recipe import Numbers

WRITTEN_TOKENS = 64
"""Tokens that a model may write in answer to a question."""
Report = Callable[[str, int, int], None]
Said = tuple[int, ...] | None
"""Of an item: the option chosen by each rule, or 1 for a right answer and 0 for a wrong one; None where it is too long."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one system made of everything: the nats of each document of `Run.order`, and of each task's items what was said."""

    nats: "NDArray[np.float64] | None" = field(repr=False)
    said: tuple[tuple[Said, ...], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Run:
    """What every system made; `order` are the numbers of the held-out documents that all of them read."""

    order: tuple[int, ...] = field(repr=False)
    found: dict[str, Found] = field(repr=False)
    device: str


def run(inputs: Inputs, admitted: Admitted, report: Report) -> Run:
    """What base, adapter and original make of it all.

    Raises:
        TuneError: a model does not load, or memory does not suffice.
        TuneRefused: a tensor is missing, or a model computes what is no number.
    """
    from tune.loading import go_offline, trained

    go_offline()
    sides = [side for side in (admitted.side, admitted.original) if side is not None]
    order = _order(sides)
    found: dict[str, Found] = {}
    with _quiet(inputs.model):
        adapted = trained(inputs.adapter, admitted.numbers, admitted.side.base)
        device = str(adapted.device.type)
        found[ADAPTER] = _found(adapted, admitted.side, order, admitted.tasks, _named(report, ADAPTER))
        with adapted.disable_adapter():
            found[BASE] = _found(adapted, admitted.side, order, admitted.tasks, _named(report, BASE))
        del adapted
        if admitted.original is not None:
            plain = _plain(admitted.original.base, admitted.numbers)
            found[ORIGINAL] = _found(plain, admitted.original, order, admitted.tasks, _named(report, ORIGINAL))
    return Run(order, found, device)


def _found(
    model: Any, side: Side, order: Sequence[int], tasks: Sequence["Task"], report: Callable[[str, int, int], None]
) -> Found:
    nats = None if side.held is None else _document_nats(model, side, order, report)
    given = reader(model, side.words, side.task_window)
    said = []
    for task in tasks:
        answers: list[Said] = [None] * len(task.items)
        places = sorted(range(len(task.items)), key=lambda at: _content(task.items[at]))
        for done, at in enumerate(places):
            answers[at] = _said(given, task, task.items[at])
            report(task.name, done + 1, len(places))
        said.append(tuple(answers))
    return Found(nats, tuple(said))


def _document_nats(model: Any, side: Side, order: Sequence[int], report: Callable[[str, int, int], None]) -> Any:
    import numpy as np

    read = {} if side.held is None else side.held.read
    pieces = [piece for number in order for piece in read[number].pieces]
    owners = np.repeat(np.arange(len(order)), [len(read[number].pieces) for number in order])
    found = piece_nats(model, pieces, side.text_window, lambda done, of: report("held-out text", done, of))
    _finite(found)
    return np.bincount(owners, weights=found, minlength=len(order))


def _said(given: Reader, task: "Task", item: "Item") -> Said:
    """What a model says to an item."""
    if task.kind == "answers":
        ids = prompt_ids(given, item.prompt)
        if len(ids) + WRITTEN_TOKENS > given.window:
            return None
        said = written(given, ids, WRITTEN_TOKENS)
        return (int(matches(said, item.accepted, exactly=task.format != "tatqa")),)
    asked = choice(given, item.prompt, item.options)
    if not asked.shared:
        raise TuneRefused(
            f"{task.name}: the prompt of item {item.index + 1} has no token of its own under this tokenizer, so nothing comes "
            "before its options; lengthen it"
        )
    if asked.length > given.window:
        return None
    nats = option_nats(given, asked)
    _finite(nats)
    by_byte = [one / size for one, size in zip(nats, asked.sizes, strict=True)]
    return nats.index(min(nats)), by_byte.index(min(by_byte))


def _finite(nats: Any) -> None:
    import numpy as np

    if not np.isfinite(nats).all():
        raise TuneRefused(
            "a model computes a loss that is no number, so there is nothing to compare; its weights are broken"
        )


def _plain(base: "BaseModel", numbers: "Numbers") -> Any:
    """A model without an adapter, held in memory as a base under an adapter is."""
    from tune.loading import frozen, load

    return frozen(load(base, numbers.quantisation), numbers).eval()


def _order(sides: Sequence[Side]) -> tuple[int, ...]:
    """The documents that every system reads, ordered by what they hold: however a corpus is sorted, results are the same."""
    held = [side.held for side in sides if side.held is not None]
    if not held:
        return ()
    order = tuple(number for number in in_order(held[0]) if all(number in one.read for one in held))
    if not order:
        raise TuneRefused("no held-out document that both tokenizers can read; give a corpus with some")
    return order


def _content(item: "Item") -> tuple[Any, ...]:
    return item.prompt, item.options, item.answer, item.accepted


def _named(report: Report, system: str) -> Callable[[str, int, int], None]:
    return lambda what, done, of: report(f"{system}: {what}", done, of)


@contextmanager
def _quiet(model: Path) -> Iterator[None]:
    """Without the libraries' own lines; memory that does not suffice is a sentence."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # what the libraries will rename is not the user's business
        try:
            yield
        except torch.OutOfMemoryError:
            raise TuneError(f"{model}: the accelerator's memory does not suffice; use one with more") from None
