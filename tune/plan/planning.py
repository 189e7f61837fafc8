"""`tune plan`: what a recipe will read, drop, learn, hold in memory and take in time; nothing is trained and nothing is kept.

The gate is that of `tune run`, and the rows are made as a run makes them, so documents, tokens, steps and parameters are exact.
Memory is a prediction (`tune.plan.memory`); time is an estimate from operations and speeds. On this machine the speeds are
timed, on others published and a share of them assumed; `tune.plan.rehearsal` measures both on real steps.
"""

import math
import tempfile
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tune import gate, running, tokens
from tune.plan import machine as machines
from tune.plan import memory, shapes, work
from tune.plan.devices import KNOWN, Device

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tune.dataset import Dataset
    from tune.plan.machine import Machine
    from tune.plan.memory import Parts
    from tune.plan.shapes import Shape
    from tune.recipe import Numbers, Recipe, Training

HERE = "this machine"
MARGIN = 0.2
"""How far a run's peak may lie above the predicted one (`benchmarks/plan_memory.py`)."""
SHORTEST = 128
"""Tokens; rows are not proposed shorter than this."""
HIGHEST_RANK = 1024
"""Of a recipe."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The data: documents read, used and dropped by reason, and tokens by what becomes of them.

    `tokens` are those of all rows, of which `loss_tokens` are learned and `masked_tokens` not; `padding_tokens` fill rows.
    `new_loss_tokens` counts each learned token once, however often its document is seen in an epoch.
    """

    documents: int
    used: int
    not_chosen: int
    dropped: tuple[tuple[str, int], ...]
    windows_without_loss: int
    tokens_cut: int
    tokens: int
    loss_tokens: int
    masked_tokens: int
    padding_tokens: int
    new_loss_tokens: int
    rows: int
    max_length: int
    fill: float
    held_out_rows: int


@dataclass(frozen=True, slots=True)
class Steps:
    """How long training is: steps, steps in an epoch, the epochs they make, micro-batches trained on and those measured."""

    steps: int
    steps_per_epoch: int
    epochs: float
    micro_batches: int
    held_out_batches: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """LoRA's parameters against the learned tokens it sees; `rank` is the least at which they are no fewer, if there is one.

    LoRA Without Regret (2025): a parameter stores about two bits and a token of text brings about one, so LoRA keeps up with
    full fine-tuning while its parameters are not far fewer than the tokens; beyond that it learns more slowly.
    """

    parameters: int
    loss_tokens: int
    rank: int | None

    @property
    def suffices(self) -> bool:
        """Whether parameters are no fewer than tokens."""
        return self.parameters >= self.loss_tokens


@dataclass(frozen=True, slots=True)
class Estimate:
    """A device: whether the run fits and what to lower if not, memory by part, and seconds of a step and of the whole run."""

    device: str
    memory_bytes: float
    memory: "Parts"
    lower: str | None
    step_s: float | None
    run_s: float | None

    @property
    def verdict(self) -> str:
        """`fits`, also were the prediction a fifth too low; `close`, fits by the prediction; or `does not fit`."""
        if self.memory.total * (1 + MARGIN) <= self.memory_bytes:
            return "fits"
        return "close" if self.memory.total <= self.memory_bytes else "does not fit"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that `tune plan` prints. `trainable` is by kind of layer, `new_rows` the parameters of new tokens.

    `obstacles` are sentences of `tune run` about what keeps it from beginning, as things are now.
    """

    rows: Rows
    steps: Steps
    parameters: int
    trainable: tuple[tuple[str, int], ...]
    new_rows: int
    capacity: Capacity
    machine: "Machine"
    devices: tuple[Estimate, ...]
    obstacles: tuple[str, ...] = ()

    @property
    def trainable_parameters(self) -> int:
        """LoRA and new rows."""
        return sum(count for _, count in self.trainable) + self.new_rows


def plan(
    recipe: "Recipe",
    *,
    now: datetime,
    governed: bool = True,
    devices: "Sequence[Device]" = KNOWN,
    machine: "Machine | None" = None,
) -> Plan:
    """What a run of the recipe would be.

    Args:
        recipe: what would be trained.
        now: the moment to check dates for.
        governed: False for a recipe over text that nobody certified.
        devices: accelerators to estimate for, beside this machine's processor.
        machine: this machine, where it was measured before; measured if absent.

    Raises:
        GovernError: the corpus or a signature does not pass.
        TuneError: the recipe's folders cannot be used; `TuneRefused` where a gate says no.
        VocabError: the tokenizer cannot be used.
    """
    passed = gate.check(recipe, now=now) if governed else gate.check_ungoverned(recipe)
    rows = _rows(recipe, passed)
    model, new_ids = shapes.read(passed.base), len(passed.tokenizer.new_ids)
    steps = steps_of(recipe.training, rows.rows, rows.held_out_rows)
    learned = shapes.lora_parameters(model, recipe.lora)
    seen = round(rows.new_loss_tokens * min(1.0, steps.epochs))
    if machine is None:
        machine = machines.measure(
            recipe.training.micro_batch * recipe.training.max_length, model.width, model.intermediate
        )
    before = memory.process(machine.libraries_bytes, passed.tokenizer)
    here = _estimate(
        recipe,
        model,
        steps,
        (HERE, machine.memory_bytes),
        lambda numbers: memory.on_processor(model, numbers, new_ids, before, gives_back=machine.gives_back),
        lambda of: work.seconds_here(of, machine),
    )
    halved = memory.compute_bytes(recipe, "accelerator") < memory.FLOAT_BYTES
    others = [
        _estimate(
            recipe,
            model,
            steps,
            (device.name, device.memory_bytes),
            lambda numbers: memory.on_accelerator(model, numbers, new_ids),
            partial(work.seconds_there, device=device, bfloat16=halved),
        )
        for device in devices
    ]
    return Plan(
        rows,
        steps,
        model.parameters,
        tuple(sorted(learned.items())),
        shapes.row_parameters(model, new_ids),
        capacity(model, recipe, sum(learned.values()), seen),
        machine,
        (here, *others),
        running.obstacles(recipe, governed=governed),
    )


def _rows(recipe: "Recipe", passed: gate.Passed) -> Rows:
    """The counts of the data, made as a run makes it."""
    with tempfile.TemporaryDirectory() as folder:
        bare = recipe.model_copy(update={"cache": None})
        tokens.make(bare, passed, Path(folder), None, lambda _: None)
        data, held_out = tokens.read(bare, passed, Path(folder), None)
        return _counted(data, 0 if held_out is None else len(held_out))


def _counted(data: "Dataset", held_out_rows: int) -> Rows:
    counts, total, learned = data.counts, data.tokens, data.loss_tokens
    return Rows(
        counts.documents,
        counts.used,
        counts.not_chosen,
        counts.dropped,
        counts.windows_without_loss,
        counts.tokens_cut,
        total,
        learned,
        total - learned,
        len(data) * data.max_length - total,
        int(data.learned.sum()),
        len(data),
        data.max_length,
        data.fill,
        held_out_rows,
    )


def steps_of(training: "Training", rows: int, held_out_rows: int) -> Steps:
    """The steps that `transformers.Trainer` makes of so many rows: the last batch of an epoch may be a part of one."""
    batches, micro = -(-rows // training.micro_batch), training.batch // training.micro_batch
    per_epoch = max(1, -(-batches // micro))
    steps = training.steps or math.ceil((training.epochs or 1.0) * per_epoch)
    whole, rest = divmod(steps, per_epoch)
    times = 2 + (steps // training.evaluation_steps if training.evaluation_steps else 0)
    measured = times * -(-held_out_rows // training.micro_batch)
    return Steps(steps, per_epoch, steps / per_epoch, whole * batches + min(rest * micro, batches), measured)


def capacity(model: "Shape", recipe: "Numbers", parameters: int, loss_tokens: int) -> Capacity:
    """LoRA's room for what it is to learn; rows of new tokens are not counted, since they serve those tokens alone."""
    layers = shapes.targeted(model, recipe.lora)
    a_rank = sum(one.outputs + one.inputs for one in layers)
    fixed = parameters - recipe.lora.rank * a_rank
    rank = max(1, -(-(loss_tokens - fixed) // a_rank))
    highest = min(HIGHEST_RANK, *(min(one.outputs, one.inputs) for one in layers))
    return Capacity(parameters, loss_tokens, rank if rank <= highest else None)


def _estimate(
    recipe: "Recipe",
    model: "Shape",
    steps: Steps,
    where: tuple[str, float],
    predict: "Callable[[Numbers], Parts]",
    seconds: "Callable[[work.Work], float | None]",
) -> Estimate:
    """A device, by its name and memory, what predicts memory there, and how long work takes."""
    name, size = where
    parts = predict(recipe)
    one, held_out = (seconds(of(model, recipe)) for of in (work.of_training, work.of_evaluation))
    step = run = None
    if one is not None and held_out is not None:
        step = one * recipe.training.batch / recipe.training.micro_batch
        run = one * steps.micro_batches + held_out * steps.held_out_batches
    return Estimate(name, size, parts, None if parts.total <= size else lower(recipe, size, predict), step, run)


def lower(recipe: "Numbers", memory_bytes: float, predict: "Callable[[Numbers], Parts]") -> str:
    """What to change in a recipe, one key after another, until it fits into `memory_bytes`, and what it takes then."""
    said: list[str] = []
    for table, key, value in _changes(recipe):
        part = getattr(recipe, table)
        recipe = recipe.model_copy(update={table: part.model_copy(update={key: value})})
        said = [line for line in said if not line.startswith(f"{table}.{key} ")]
        said.append(f"{table}.{key} = {_toml(value)}")
        size = predict(recipe).total
        if size <= memory_bytes:
            return f"{', '.join(said)}: {size / 1e9:.2f} GB"
    return f"{', '.join(said)} would still take {predict(recipe).total / 1e9:.2f} GB" if said else "a smaller model"


def _changes(recipe: "Numbers") -> "Iterator[tuple[str, str, int | bool | str]]":
    """What costs no quality first, a shorter window last."""
    training = recipe.training
    if training.micro_batch > 1:
        yield "training", "micro_batch", 1
    if not training.activation_checkpointing:
        yield "training", "activation_checkpointing", True
    if recipe.quantisation.type == "none":
        yield "quantisation", "type", "nf4"
    length = training.max_length // 2
    while length >= SHORTEST:
        yield "training", "max_length", length
        length //= 2


def _toml(value: "int | bool | str") -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
