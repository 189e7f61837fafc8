"""A plan as lines to read and as JSON; each number says its unit, and whether it is exact, measured, predicted or assumed."""

from dataclasses import asdict
from typing import Any

from tune.plan.machine import GIVE_BACK
from tune.plan.memory import RESERVED
from tune.plan.planning import Capacity, Estimate, Plan, Rows
from tune.plan.rehearsal import Rehearsal
from tune.plan.work import UTILISATION
from tune.progress import duration

FORMAT_VERSION = 1
WORTH_SAYING = 0.1
"""Of the peak: a smaller share is not worth a setting."""
PARTS = {
    "process": "process and libraries",
    "weights": "weights",
    "adapters": "adapters, gradients, moments",
    "new_rows": "new token rows, the same",
    "activations": "activations",
    "logits": "logits",
    "allocator": "held by the allocator",
    "reading": "reading and checking weights",
}


def record(plan: Plan, rehearsal: Rehearsal | None, recipe: str) -> dict[str, Any]:
    """The plan as JSON: counts are exact, names end in their unit."""
    return {
        "format_version": FORMAT_VERSION,
        "recipe": recipe,
        "rows": asdict(plan.rows) | {"dropped": dict(plan.rows.dropped)},
        "steps": asdict(plan.steps),
        "parameters": {
            "model": plan.parameters,
            "trainable": plan.trainable_parameters,
            "lora": dict(plan.trainable),
            "new_rows": plan.new_rows,
        },
        "capacity": asdict(plan.capacity) | {"suffices": plan.capacity.suffices},
        "machine": asdict(plan.machine),
        "devices": [_device(one) for one in plan.devices],
        "assumed": {"accelerator_utilisation": UTILISATION, "accelerator_memory_reserved_share": RESERVED},
        "obstacles": list(plan.obstacles),
        "measured": None if rehearsal is None else asdict(rehearsal) | {"run_s": run_s(plan, rehearsal)},
    }


def lines(plan: Plan, rehearsal: Rehearsal | None) -> list[str]:
    """The plan for a terminal."""
    here, steps = plan.devices[0], plan.steps
    found = [
        *_rows(plan.rows),
        f"steps       {steps.steps:,} of {steps.steps_per_epoch:,} in an epoch: {steps.epochs:.2f} epochs",
        f"trainable   {plan.trainable_parameters:,} parameters beside {plan.parameters:,} that are frozen; {_trainable(plan)}",
        f"capacity    {sentence(plan.capacity)}",
        "",
        "memory here, predicted" + (", and measured on two steps" if rehearsal else "") + ", MB",
    ]
    for name, what in PARTS.items():
        size = getattr(here.memory, name)
        if size >= 5e5:
            found.append(f"  {what:<30} {size / 1e6:>9,.0f}")
    found.append(f"  {'peak':<30} {here.memory.total / 1e6:>9,.0f}")
    if rehearsal:
        found.append(f"  {'peak measured':<30} {rehearsal.peak_bytes / 1e6:>9,.0f}")
    found += ["", f"{'device':<14} {'GB':>7} {'peak GB':>8}  {'':<13} {'a step':>9} {'the run':>10}"]
    found += [_estimate(one) for one in plan.devices]
    if rehearsal:
        step, run = _time(rehearsal.step_s), _time(run_s(plan, rehearsal))
        found.append(f"{'  measured':<14} {'':>7} {rehearsal.peak_bytes / 1e9:>8.2f}  {'':<13} {step:>9} {run:>10}")
    found += [f"{one.device} does not fit: {one.lower}" for one in plan.devices if one.lower]
    found += _notes(plan, rehearsal)
    return [*found, *(f"`tune run` would refuse as things are: {line}" for line in plan.obstacles)]


def sentence(found: Capacity) -> str:
    """Whether LoRA has room, in plain words."""
    numbers = f"{found.parameters:,} LoRA parameters against {found.loss_tokens:,} loss tokens"
    if found.suffices:
        return f"{numbers}: room for them all (LoRA Without Regret)"
    if found.rank is None:
        return f"{numbers}: no rank of these layers has room; expect slower learning than full fine-tuning"
    return f"{numbers}: may be too few; rank {found.rank} has room (LoRA Without Regret)"


def run_s(plan: Plan, rehearsal: Rehearsal) -> float:
    """How long the run takes by the second step of a rehearsal: the time up to the first step counts once."""
    return rehearsal.begin_s + rehearsal.step_s * (plan.steps.steps - 1)


def _rows(rows: Rows) -> list[str]:
    found = [f"documents   {rows.documents:,} read, {rows.used:,} used"]
    found += [f"  dropped   {count:,}: {reason}" for reason, count in rows.dropped]
    if rows.not_chosen:
        found.append(f"  left out  {rows.not_chosen:,} by the weight of their corpus")
    if rows.windows_without_loss or rows.tokens_cut:
        found.append(
            f"  cut       {rows.tokens_cut:,} tokens; {rows.windows_without_loss:,} windows without a learned token"
        )
    filled = f"{100 * rows.fill:.1f}% filled, {rows.padding_tokens:,} padding"
    return [
        *found,
        f"tokens      {rows.tokens:,}: {rows.loss_tokens:,} learned, {rows.masked_tokens:,} masked",
        f"rows        {rows.rows:,} of {rows.max_length:,} tokens, {filled}; {rows.held_out_rows:,} held out",
    ]


def _trainable(plan: Plan) -> str:
    lora = f"LoRA {plan.capacity.parameters:,} on {', '.join(name for name, _ in plan.trainable)}"
    return f"{lora}; new rows {plan.new_rows:,}" if plan.new_rows else lora


def _estimate(one: Estimate) -> str:
    return (
        f"{one.device:<14} {one.memory_bytes / 1e9:>7.1f} {one.memory.total / 1e9:>8.2f}  {one.verdict:<13} "
        f"{_time(one.step_s):>9} {_time(one.run_s):>10}"
    )


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return f"{seconds:.2f} s" if seconds < 10 else duration(seconds)


def _notes(plan: Plan, rehearsal: Rehearsal | None) -> list[str]:
    timed = (
        f"timed on {plan.machine.threads} thread{'' if plan.machine.threads == 1 else 's'}"
        if plan.machine.flops_per_s
        else "not timed"
    )
    notes = [
        "",
        f"Memory here is predicted to a fifth; {plan.machine.available_bytes / 1e9:.1f} GB are free now. "
        f"Time here is an estimate from operations and speeds {timed}"
        + ("." if rehearsal else "; --measure trains two real steps."),
    ]
    held = plan.devices[0].memory.allocator
    if held > WORTH_SAYING * plan.devices[0].memory.total:
        notes.append(
            f"GLIBC_TUNABLES={GIVE_BACK} before `tune run` gives back the {held / 1e6:,.0f} MB held by the allocator."
        )
    if len(plan.devices) > 1:
        notes.append(
            f"Other devices: nothing was measured; published speeds of which {100 * UTILISATION:.0f}% are assumed, "
            "and one device that holds the whole model."
        )
    return notes


def _device(one: Estimate) -> dict[str, Any]:
    return {
        "device": one.device,
        "verdict": one.verdict,
        "memory_bytes": one.memory_bytes,
        "peak_bytes": round(one.memory.total),
        "parts_bytes": {name: round(getattr(one.memory, name)) for name in PARTS},
        "lower": one.lower,
        "step_s": one.step_s,
        "run_s": one.run_s,
    }
