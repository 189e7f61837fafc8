"""Reads a causal language model's folder as far as its embeddings: `config.json`, safetensors, which tensors are which.

In: a folder as `save_pretrained` writes it. Out: the parsed configuration, the files and the embeddings in them. Refused, with
the reason: code of the model's own, quantised weights, pickles, an architecture whose embeddings no test here covers, and
files that do not agree with one another. No tensor is loaded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.files import parse_strict
from vocab.errors import VocabError
from vocab.tensor_files import FLOATS, Tensor, TensorFile, checkpoint

CONFIG = "config.json"
HEAD = "lm_head.weight"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where an architecture has its embeddings: names of the input's, the config's key of their width, whether it ties them."""

    inputs: tuple[str, ...] = ("model.embed_tokens.weight",)
    width: str = "hidden_size"
    tied: bool = False


LAYOUTS = {
    "llama": Layout(),
    "mistral": Layout(),
    "qwen2": Layout(),
    "qwen3": Layout(),
    "gemma": Layout(tied=True),
    "gemma2": Layout(tied=True),
    "gemma3_text": Layout(tied=True),
    "gpt2": Layout(("transformer.wte.weight", "wte.weight"), "n_embd", tied=True),
}
"""By `model_type`: those that a test loads and runs. `tied` is what transformers takes where config.json does not say."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder: its configuration, weights, embeddings (`output` None where no file holds one), whether these are one."""

    folder: Path
    config: dict[str, Any] = field(repr=False)
    files: tuple[TensorFile, ...] = field(repr=False)
    input: Tensor
    output: Tensor | None
    tied: bool

    @property
    def rows(self) -> int:
        """Rows of the embeddings."""
        return self.input.shape[0]


def load(folder: Path) -> Model:
    """The model in `folder`.

    Raises:
        VocabError: it cannot be read, or is of a kind that is refused.
    """
    config = _config(folder)
    files = checkpoint(folder)
    tied = bool(config.get("tie_word_embeddings", LAYOUTS[config["model_type"]].tied))
    found = {tensor.name: tensor for file in files for tensor in file.tensors}
    _unquantised(found.values())
    return Model(folder, config, files, *_embeddings(folder, config, found, tied=tied), tied)


def _config(model: Path) -> dict[str, Any]:
    """The parsed config.json of an architecture whose embeddings are known, without code and not quantised."""
    file = model / CONFIG
    if not file.is_file():
        raise VocabError(f"{model}: no {CONFIG}; give the folder of a transformers model")
    try:
        config = parse_strict(file.read_bytes(), str(file))
    except InputError as error:
        raise VocabError(str(error)) from None
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise VocabError(f"{file}: no object with a name as model_type; give the folder of a transformers model")
    if "auto_map" in config:
        raise VocabError(
            f"{file}: has 'auto_map', code of the model's own, which is never run; give a model without it"
        )
    if {"quantization_config", "compression_config"} & config.keys():
        raise VocabError(f"{file}: the weights are quantised, so no row can be a mean; embed the unquantised model")
    if config["model_type"] not in LAYOUTS:
        raise VocabError(
            f"{file}: model_type {config['model_type']!r}, whose embeddings are not known here, expected one of "
            f"{', '.join(LAYOUTS)}; use such a model"
        )
    if type(config.get("vocab_size")) is not int:
        raise VocabError(f"{file}: vocab_size is missing or no whole number; restore the file")
    return config


def _unquantised(tensors: Iterable[Tensor]) -> None:
    for tensor in tensors:
        if "weight" in tensor.name and tensor.dtype not in FLOATS:
            raise VocabError(
                f"{tensor.file}: {tensor.name} is {tensor.dtype}, expected floats of 16 bits or more, so the weights are "
                "quantised; embed the unquantised model"
            )


def _embeddings(
    model: Path, config: dict[str, Any], found: dict[str, Tensor], *, tied: bool
) -> tuple[Tensor, Tensor | None]:
    """The input embedding, and the output's where the files hold one; both have the shape that config.json says."""
    layout = LAYOUTS[config["model_type"]]
    names = [name for name in layout.inputs if name in found]
    if len(names) != 1:
        raise VocabError(
            f"{model}: {len(names) or 'no'} input embeddings among its tensors, expected {' or '.join(layout.inputs)}; "
            "save the model with save_pretrained"
        )
    before, head = found[names[0]], found.get(HEAD)
    if head is None and not tied:
        raise VocabError(
            f"{model}: no output embedding {HEAD} among its tensors, though {CONFIG} does not tie it; restore it"
        )
    shape = (config["vocab_size"], config.get(layout.width))
    for tensor in (before,) if head is None else (before, head):
        if tensor.shape != shape:
            raise VocabError(
                f"{tensor.file}: {tensor.name} has the shape {list(tensor.shape)}, {CONFIG} says vocab_size "
                f"{shape[0]} and {layout.width} {shape[1]}; restore the folder"
            )
    if head is not None and tied and not _same_bytes(before, head):
        raise VocabError(
            f"{model}: {CONFIG} ties the output to the input embedding, but {HEAD} differs from it; set "
            "tie_word_embeddings to false, or remove the tensor"
        )
    return before, head


def _same_bytes(one: Tensor, two: Tensor) -> bool:
    return one.dtype == two.dtype and all(a == b for a, b in zip(one.blocks(), two.blocks(), strict=True))
