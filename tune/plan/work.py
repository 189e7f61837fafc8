"""What a step of a recipe computes, and how long that takes at given speeds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tune.plan.memory import FLOAT_BYTES, layer_tensors
from tune.plan.shapes import Shape, lora_parameters

if TYPE_CHECKING:
    from tune.plan.devices import Device
    from tune.plan.machine import Machine
    from tune.recipe import Numbers

ATTENTION_BACK = 2.5
"""Of attention's forward pass, what its way back costs (Dao 2307.08691, section 4.1)."""
LOGIT_PASSES = 9
"""How often a logit is read or written: products, log-softmax, loss, and back."""
TENSOR_PASSES = 4
"""How often what a layer keeps is read or written, forward and back."""
LAYER_S = 2e-3
"""Of a layer's some hundred calls, each way, however small they are; measured at width 64 on a processor, assumed elsewhere."""
UTILISATION = 0.35
"""Of an accelerator's published speed, what training reaches; assumed."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one micro-batch costs: floating-point operations, weights made of 4 bits, bytes moved, passes through a layer."""

    operations: float
    dequantised: float
    moved_bytes: float
    layer_passes: float


def of_training(model: Shape, numbers: "Numbers") -> Work:
    """A micro-batch of training: forward, again where the recipe recomputes, and backward; frozen weights have no gradient."""
    training = numbers.training
    tokens = training.micro_batch * training.max_length
    forward = 2 if training.activation_checkpointing else 1
    lora = sum(lora_parameters(model, numbers.lora).values())
    attention = 4 * tokens * training.max_length * model.query * model.layers
    head = 2 * tokens * model.rows * model.width
    layer = sum(layer_tensors(model, numbers))
    frozen = 2 * tokens * model.weights * (forward + 1)
    return Work(
        frozen + 2 * tokens * lora * (forward + 2) + attention * (forward + ATTENTION_BACK) + head * 2,
        model.weights * (forward + 1) if numbers.quantisation.type != "none" else 0,
        LOGIT_PASSES * tokens * model.rows * FLOAT_BYTES + TENSOR_PASSES * model.layers * layer * (forward + 1) / 2,
        model.layers * (forward + 1),
    )


def of_evaluation(model: Shape, numbers: "Numbers") -> Work:
    """A micro-batch of measuring held-out text."""
    training = numbers.training
    tokens = training.micro_batch * training.max_length
    lora = sum(lora_parameters(model, numbers.lora).values())
    operations = 2 * tokens * (model.weights + lora + model.rows * model.width)
    operations += 4 * tokens * training.max_length * model.query * model.layers
    layer = sum(layer_tensors(model, numbers))
    return Work(
        operations,
        model.weights if numbers.quantisation.type != "none" else 0,
        3 * tokens * model.rows * FLOAT_BYTES + model.layers * layer,
        model.layers,
    )


def seconds_here(work: Work, machine: "Machine") -> float | None:
    """How long a micro-batch takes on this machine's processor; None where nothing was timed."""
    if machine.flops_per_s is None or machine.dequantised_per_s is None or machine.moved_bytes_per_s is None:
        return None
    return (
        work.operations / machine.flops_per_s
        + work.dequantised / machine.dequantised_per_s
        + work.moved_bytes / machine.moved_bytes_per_s
        + work.layer_passes * LAYER_S
    )


def seconds_there(work: Work, device: "Device", *, bfloat16: bool) -> float | None:
    """How long a micro-batch takes on an accelerator by its published speeds; None where they are not known."""
    speed = device.bf16_flops_per_s if bfloat16 else device.fp32_flops_per_s
    return None if speed is None else work.operations / speed / UTILISATION + work.layer_passes * LAYER_S
