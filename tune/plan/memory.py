"""What training a recipe holds in memory, counted from the shapes of its model; nothing is loaded.

In: the shapes of a model (`tune.plan.shapes`) and the recipe's numbers. Out: bytes by part at the highest moment. Counted are
tensors that must be alive at once and, on a processor, what the C library's allocator keeps of those that were freed. Two
constants were fitted on measured runs and tested on others (`benchmarks/plan_memory.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from tune.plan.shapes import Shape, lora_parameters, row_parameters, targeted
from tune.weights import CHUNK_BYTES

if TYPE_CHECKING:
    from tune.folders import TokenizerFolder
    from tune.recipe import Numbers

Kind = Literal["processor", "accelerator"]

FLOAT_BYTES = 4
"""Of a number in the loss and in the sums of squares that a norm is made of, whatever products are computed in."""
NF4_BYTES = {True: 0.5 + 1 / 64 + 4 / (64 * 256), False: 0.5 + 4 / 64}
"""Of a 4-bit weight with the constant of its block of 64; doubly quantised, those in blocks of 256 (QLoRA, section 3)."""
TRAINED_BYTES = 16
"""Of a parameter that learns: itself, its gradient and AdamW's two moments, each float32."""
LOGIT_COPIES = 3
"""Logits at once, while the loss goes backward: log-probabilities and two gradients."""
HALVED_COPIES = 0.5
"""Of logits that come in bfloat16, beside those of `LOGIT_COPIES`."""
LAYER_AT_WORK = 1.9
"""Of what one layer keeps, how much is alive while it is recomputed and goes backward; fitted."""
KEPT_FREE = 0.65
"""Of what each layer makes, how much the allocator of a processor's process holds without use; fitted with glibc 2.36."""
NEVER_KEPT_BYTES = 32 * 2**20
"""A block of this size goes back to the system when it is freed (glibc's DEFAULT_MMAP_THRESHOLD_MAX)."""
CHECK_COPIES = 3.25
"""Of a chunk of weights, while the model's digest is checked once more after training (`tune.weights`)."""
BESIDE_BYTES = 95_000_000
"""Of a run's process beside its libraries, whatever the model: gate, rows and `Trainer`; measured."""
PROOF_BYTES = 45_000_000
"""Where the proof of an extended tokenizer is run again; measured."""
TOKENIZER_COPIES = 30
"""Of a `tokenizer.json` in memory, its tables included; measured at 69,000 and 130,000 tokens."""
CONTEXT_BYTES = 600_000_000
"""Of an accelerator, held by its driver and libraries; assumed."""
RESERVED = 0.1
"""Of what tensors take on an accelerator, what the caching allocator reserves beside; assumed."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Bytes at the highest moment, by what holds them.

    `process` is the program and its libraries, `weights` the frozen model, `adapters` and `new_rows` what learns with its
    gradients and moments, `activations` what layers keep for the way back, `logits` those of a micro-batch, `allocator` what
    was freed and not given back, `reading` what checking the model takes, where that is the highest moment.
    """

    process: float
    weights: float
    adapters: float
    new_rows: float
    activations: float
    logits: float
    allocator: float
    reading: float = 0.0

    @property
    def total(self) -> float:
        """The peak."""
        return float(sum(getattr(self, one.name) for one in fields(self)))


def process(libraries: float, tokenizer: "TokenizerFolder") -> float:
    """The process of `tune run` before the model, of which `libraries` bytes are imports."""
    proof = 0 if tokenizer.certificate is None else PROOF_BYTES
    return libraries + BESIDE_BYTES + proof + TOKENIZER_COPIES * len(tokenizer.data)


def on_processor(model: Shape, numbers: "Numbers", new_ids: int, before: float, *, gives_back: bool = False) -> Parts:
    """The peak of the process of `tune run` on a processor.

    Args:
        model: its shape.
        numbers: of the recipe.
        new_ids: how many tokens' rows learn.
        before: bytes of the process before the model.
        gives_back: whether the allocator was told to keep nothing of what is freed (`tune.plan.machine.GIVE_BACK`).
    """
    made = list(layer_tensors(model, numbers, compute_bytes(numbers, "processor")))
    kept = 0.0 if gives_back else KEPT_FREE
    freed = kept * model.layers * sum(size for size in made if size < NEVER_KEPT_BYTES)
    logits = _logits(model, numbers, "processor")
    learning = _learning(model, numbers, new_ids)
    weights = _on_processor(model, numbers)
    parts = Parts(before, weights, *learning, _activations(model, numbers, "processor", sum(made)), logits, freed)
    check = CHECK_COPIES * min(CHUNK_BYTES, model.largest_bytes)
    if logits >= check:
        return parts
    return Parts(before, weights, *learning, parts.activations, 0, freed, check)


def on_accelerator(model: Shape, numbers: "Numbers", new_ids: int) -> Parts:
    """The peak of an accelerator's memory; not measured on one."""
    made = sum(layer_tensors(model, numbers, compute_bytes(numbers, "accelerator"), mask_bytes=1))
    kept = (_activations(model, numbers, "accelerator", made), _logits(model, numbers, "accelerator"))
    learning = _learning(model, numbers, new_ids)
    weights = _resident(model, numbers, "accelerator")
    reserved = RESERVED * (sum(kept) + sum(learning) + weights)
    return Parts(CONTEXT_BYTES, weights, *learning, *kept, reserved)


def layer_tensors(
    model: Shape, numbers: "Numbers", width: int = FLOAT_BYTES, mask_bytes: int | None = None
) -> Iterator[float]:
    """The bytes of each tensor that a layer keeps for the way back, of one micro-batch; the same for every layer.

    `width` is of a number in a product, `mask_bytes` of one in a dropout mask, where it is not drawn as such numbers.
    """
    training, lora = numbers.training, numbers.lora
    tokens = training.micro_batch * training.max_length
    yield from (tokens * model.width * FLOAT_BYTES,) * 2  # what both norms read
    for columns in (*(model.query,) * 4, *(model.intermediate,) * 3):
        yield tokens * columns * width  # query, key, value and their result; the gated product
    yield training.micro_batch * training.max_length**2 * width  # which token may see which
    read = set()
    for one in targeted(model, lora):
        if one not in model.first:
            continue
        yield tokens * lora.rank * width
        if lora.dropout or one.source not in read:
            yield tokens * one.inputs * width
        if lora.dropout:
            yield tokens * one.inputs * (mask_bytes or width)
        if lora.dora:
            yield from (tokens * one.outputs * width,) * 3
            yield one.size * FLOAT_BYTES
        read.add(one.source)


def _logits(model: Shape, numbers: "Numbers", kind: Kind) -> float:
    copies = LOGIT_COPIES + (HALVED_COPIES if compute_bytes(numbers, kind) < FLOAT_BYTES else 0)
    return copies * numbers.training.micro_batch * numbers.training.max_length * model.rows * FLOAT_BYTES


def _activations(model: Shape, numbers: "Numbers", kind: Kind, layer: float) -> float:
    """What is alive for the way back: all layers, or their inputs and one layer at work."""
    training = numbers.training
    if not training.activation_checkpointing:
        return model.layers * layer
    tokens = training.micro_batch * training.max_length
    return model.layers * tokens * model.width * compute_bytes(numbers, kind) + LAYER_AT_WORK * layer


def _learning(model: Shape, numbers: "Numbers", new_ids: int) -> tuple[float, float]:
    lora = sum(lora_parameters(model, numbers.lora).values())
    return TRAINED_BYTES * lora, TRAINED_BYTES * row_parameters(model, new_ids)


def _resident(model: Shape, numbers: "Numbers", kind: Kind) -> float:
    """Bytes of the frozen model as it is computed with."""
    width = compute_bytes(numbers, kind)
    if numbers.quantisation.type == "none":
        return model.parameters * width
    return model.weights * NF4_BYTES[numbers.quantisation.double] + (model.parameters - model.weights) * width


def _on_processor(model: Shape, numbers: "Numbers") -> float:
    """As `_resident`, and where tensors are used as they lie on disk, the whole file stays mapped beside them."""
    if model.on_disk_bytes != compute_bytes(numbers, "processor"):
        return _resident(model, numbers, "processor")
    file = model.parameters * model.on_disk_bytes
    if numbers.quantisation.type == "none":
        return file
    return file + model.weights * NF4_BYTES[numbers.quantisation.double]


def compute_bytes(numbers: "Numbers", kind: Kind) -> int:
    """Of a number in a product of the frozen model."""
    choice = numbers.quantisation.compute
    return 2 if choice == "bfloat16" or (choice == "auto" and kind == "accelerator") else 4
