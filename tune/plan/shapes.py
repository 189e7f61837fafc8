"""The matrices of a model on disk, and the parameters that a recipe trains on them; exact, and nothing is loaded."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tune.folders import read_json
from tune.gate import EMBEDDING, HEAD
from tune.weights import WEIGHTS, header

if TYPE_CHECKING:
    from tune.folders import BaseModel
    from tune.recipe import Lora

SAME_INPUT = {"q_proj": "attention", "k_proj": "attention", "v_proj": "attention", "gate_proj": "mlp", "up_proj": "mlp"}
"""Layers that read the same hidden state."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear layer by its name in the model; its weights are `[outputs, inputs]`."""

    name: str
    outputs: int
    inputs: int

    @property
    def kind(self) -> str:
        """What layers of its sort are called."""
        return self.name.rpartition(".")[2]

    @property
    def source(self) -> str:
        """What it reads; the same for layers that read the same."""
        return SAME_INPUT.get(self.kind, self.kind)

    @property
    def size(self) -> int:
        """Its weights."""
        return self.outputs * self.inputs


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's matrices, and what else its memory depends on.

    `linear` are those of the layers, `first` those of the first. `query` is the width of attention, `intermediate` that of the
    feed-forward part. `on_disk_bytes` is of a parameter, mixed types averaged; `largest_bytes` of a tensor on disk.
    """

    linear: tuple[Linear, ...]
    first: tuple[Linear, ...]
    rows: int
    width: int
    tied: bool
    layers: int
    query: int
    intermediate: int
    parameters: int
    on_disk_bytes: float
    largest_bytes: int

    @property
    def weights(self) -> int:
        """Of all linear layers but the head."""
        return sum(one.size for one in self.linear)


def read(base: "BaseModel") -> Shape:
    """The shape of a model that `tune.folders.base_model` accepted.

    Raises:
        TuneError: a file is not whole.
    """
    files = [base.path / name for name, _ in base.files if name.endswith(WEIGHTS)]
    entries = {name: entry for file in files for name, entry in header(file).items()}
    bytes_of = [end - start for start, end in (entry["data_offsets"] for entry in entries.values())]
    matrices = {
        name.removesuffix(".weight"): entry["shape"] for name, entry in entries.items() if len(entry["shape"]) == 2
    }
    linear = tuple(
        Linear(name, *size)
        for name, size in sorted(matrices.items())
        if name.rpartition(".")[2] not in (EMBEDDING, HEAD)
    )
    first = tuple(one for one in linear if ".layers.0." in one.name)
    outputs = {one.kind: one.outputs for one in first}
    rows, width = matrices[f"model.{EMBEDDING}"]
    return Shape(
        linear,
        first,
        rows,
        width,
        base.tied,
        int(read_json(base.path / "config.json")["num_hidden_layers"]),
        outputs.get("q_proj", width),
        outputs.get("up_proj", 0),
        base.parameters,
        sum(bytes_of) / base.parameters,
        max(bytes_of),
    )


def targeted(model: Shape, lora: "Lora") -> tuple[Linear, ...]:
    """The layers that LoRA stands on; every linear one but the head where the recipe names none."""
    if lora.targets is None:
        return model.linear
    head = (Linear(HEAD, model.rows, model.width),) if HEAD in lora.targets else ()
    return (*(one for one in model.linear if one.kind in lora.targets), *head)


def lora_parameters(model: Shape, lora: "Lora") -> dict[str, int]:
    """How many parameters LoRA trains, by kind of layer: two matrices each and, with DoRA, a magnitude for each output."""
    found: Counter[str] = Counter()
    for one in targeted(model, lora):
        found[one.kind] += lora.rank * (one.outputs + one.inputs) + (one.outputs if lora.dora else 0)
    return dict(found)


def row_parameters(model: Shape, new_ids: int) -> int:
    """How many parameters the rows of new tokens have: in the embedding and, where it is not tied, in the head."""
    return new_ids * model.width * (1 if model.tied else 2)
