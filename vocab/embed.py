"""Gives a model rows for the new ids of an extended tokenizer: each the mean of the sub-tokens it replaces.

In: a `transformers` model folder (`config.json`, safetensors) of the base, and the extended tokenizer. Out: a new folder
with the model, its input and output embeddings resized to a multiple of 64, and the tokenizer. New rows are set *by
id*, since a new id may fall into a padding row that resizing by number would skip. Guaranteed: every other tensor and
every row of a base id keeps its bits. The mean of sub-tokens is FVT (Gee et al. 2022).
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.files import parse_strict, sha256_file, write_whole
from vocab.base import CONFIG, EXTENSION, SPECIAL_TOKENS, TOKENIZER
from vocab.check import intact
from vocab.errors import VocabError, VocabRefused
from vocab.extension import Extended, read
from vocab.folders import building

if TYPE_CHECKING:
    import torch

MULTIPLE = 64
"""Rows are a multiple of this, which matrix units like."""
INPUT = ("embed_tokens.weight", "wte.weight", "word_embeddings.weight", "embed_in.weight")
OUTPUT = ("lm_head.weight", "embed_out.weight")
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
TOKENIZER_FILES = (TOKENIZER, CONFIG, SPECIAL_TOKENS, EXTENSION)
STALE = (
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "added_tokens.json",
    "README.md",
    "SHA256SUMS",
    "attestation.json",
)
"""Files of a model folder that describe the base tokenizer or the base model, and would be wrong beside the result."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What was done: rows before and after, rows set, the tensors resized, and whether the tokenizer was matched."""

    folder: Path
    rows_before: int
    rows_after: int
    new_rows: int
    tensors: tuple[str, ...]
    tied: bool
    notes: tuple[str, ...]


def embed(model: Path, tokenizer: Path, out: Path) -> Embedded:
    """Writes `model` with rows for the new ids of `tokenizer` to the new folder `out`.

    Raises:
        VocabError: the extra `tune` is missing, or a folder cannot be used.
        VocabRefused: the model belongs to another base, or the result would give other ids.
    """
    _need_torch()
    intact(tokenizer)
    extended = read(tokenizer)
    config = _config(model)
    files = _weights(model)
    notes = _same_base(model, extended)
    with building(out, "config.json") as partial:
        _copy(model, partial, files)
        done: dict[str, tuple[int, int]] = {}
        for name in files:
            done.update(_resize_file(model / name, partial / name, extended))
        if not any(name.endswith(INPUT) for name in done):
            raise VocabError(
                f"{model}: no input embedding among its tensors (one of {', '.join(INPUT)}); use another model"
            )
        tied = not any(name.endswith(OUTPUT) for name in done)
        if tied and not _section(config).get("tie_word_embeddings", config.get("tie_word_embeddings", False)):
            raise VocabError(
                f"{model}: no output embedding among its tensors, though config.json does not tie it; restore it"
            )
        rows_before, rows_after = next(iter(done.values()))
        _section(config)["vocab_size"] = rows_after
        if "vocab_size" in config:
            config["vocab_size"] = rows_after
        write_whole(partial / "config.json", (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode())
        _fix_index(model, partial, done)
        for name in TOKENIZER_FILES:
            shutil.copyfile(tokenizer / name, partial / name)
        _same_ids(partial, extended)
    return Embedded(out, rows_before, rows_after, len(extended.new), tuple(sorted(done)), tied, notes)


def _need_torch() -> None:
    import importlib.util

    missing = [name for name in ("torch", "safetensors", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        raise VocabError(
            f"vocab embed: {', '.join(missing)} is not installed; install the extra: pip install 'assay[tune]'"
        )


def _config(model: Path) -> dict[str, Any]:
    file = model / "config.json"
    if not file.is_file():
        raise VocabError(f"{model}: no config.json; give the folder of a transformers model")
    try:
        config = parse_strict(file.read_bytes(), str(file))
    except InputError as error:
        raise VocabError(str(error)) from None
    if not isinstance(config, dict) or "vocab_size" not in _section(config):
        raise VocabError(f"{file}: no vocab_size in it; give the folder of a transformers language model")
    if type(_section(config)["vocab_size"]) is not int or not isinstance(config.get("model_type"), str):
        raise VocabError(f"{file}: vocab_size is no whole number, or model_type no name; restore the file")
    if "auto_map" in config:
        raise VocabError(
            f"{file}: has 'auto_map', code of the model's own, which is never run; give a model without it"
        )
    if "quantization_config" in config:
        raise VocabError(f"{file}: the weights are quantised, so no row can be a mean; embed the unquantised model")
    return config


def _section(config: dict[str, Any]) -> dict[str, Any]:
    """The part of config.json that describes the language model."""
    text = config.get("text_config")
    return text if isinstance(text, dict) and "vocab_size" in text else config


def _weights(model: Path) -> tuple[str, ...]:
    """The names of the safetensors files of the model."""
    if (model / INDEX).is_file():
        index = parse_strict((model / INDEX).read_bytes(), str(model / INDEX))
        named = index.get("weight_map") if isinstance(index, dict) else None
        if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
            raise VocabError(
                f"{model / INDEX}: no 'weight_map' of tensors to files; save the model with save_pretrained"
            )
        names = tuple(sorted(set(named.values())))
    else:
        names = (WEIGHTS,)
    for name in names:
        if not (model / name).is_file() or Path(name).name != name:
            raise VocabError(f"{model}: no {name}; only safetensors are read, save the model with save_pretrained")
    return names


def _same_base(model: Path, extended: Extended) -> tuple[str, ...]:
    """Refuses a model that comes with another tokenizer than the extension's base; notes where that cannot be told."""
    file = model / TOKENIZER
    if not file.is_file():
        return ("not checked: the model folder has no tokenizer.json to compare with the base",)
    if sha256_file(file) != extended.base.sha256:
        raise VocabRefused(
            (f"{file}: not the base that {extended.folder / EXTENSION} names; extend the model's tokenizer",)
        )
    return ()


def _copy(model: Path, partial: Path, weights: Sequence[str]) -> None:
    """Copies the plain files that stay true; weights and configuration are written anew."""
    skipped = {*weights, *TOKENIZER_FILES, *STALE, "config.json", INDEX}
    for path in sorted(model.iterdir()):
        if (
            path.is_file()
            and path.name not in skipped
            and path.suffix not in (".bin", ".pt", ".pth", ".py", ".safetensors")
        ):
            shutil.copyfile(path, partial / path.name)


def _resize_file(source: Path, target: Path, extended: Extended) -> dict[str, tuple[int, int]]:
    """Writes the tensors of one file, embeddings resized; returns the rows before and after of those."""
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save_file

    resized = {}
    try:
        with safe_open(str(source), framework="pt") as stored:
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
            metadata = stored.metadata() or {"format": "pt"}
    except SafetensorError:
        raise VocabError(f"{source}: not a readable safetensors file; restore it") from None
    for name in sorted(tensors):
        if name.endswith((*INPUT, *OUTPUT)):
            before = tensors[name]
            tensors[name] = grown(before, extended, f"{source}: {name}")
            resized[name] = (before.shape[0], tensors[name].shape[0])
    try:
        save_file(tensors, str(target), metadata)
    except SafetensorError:
        raise VocabError(
            f"{target}: cannot be written, the disk may be full; make room, or choose another --out"
        ) from None
    return resized


def grown(rows: "torch.Tensor", extended: Extended, where: str) -> "torch.Tensor":
    """The embedding `rows` `[vocabulary, width]` with a row for each new id, by id; rows of base ids keep their bits.

    Raises:
        VocabError: not floating point, or fewer rows than the base has ids.
    """
    import torch

    if rows.ndim != 2 or not rows.is_floating_point() or rows.element_size() < 2:
        raise VocabError(
            f"{where}: {rows.dtype} of {rows.ndim} axes, expected a matrix of 16 or 32 bit floats; dequantise it"
        )
    used = extended.base.next_id
    if rows.shape[0] < used:
        raise VocabError(
            f"{where}: {rows.shape[0]} rows, the base has ids up to {used - 1}; this model has another tokenizer"
        )
    needed = max(rows.shape[0], extended.tokenizer.next_id)
    count = -(-needed // MULTIPLE) * MULTIPLE
    exact = torch.float64 if rows.dtype == torch.float64 else torch.float32
    result = rows.new_empty((count, rows.shape[1]))
    result[: rows.shape[0]] = rows
    result[rows.shape[0] :] = rows[:used].to(exact).mean(dim=0).to(rows.dtype)
    for one in extended.record["new_ids"]:
        result[one["id"]] = rows[one["base_ids"]].to(exact).mean(dim=0).to(rows.dtype)
    return result.contiguous()


def _fix_index(model: Path, partial: Path, done: dict[str, tuple[int, int]]) -> None:
    if not done or not (model / INDEX).is_file():
        return
    index = parse_strict((model / INDEX).read_bytes(), str(model / INDEX))
    from safetensors import safe_open

    total = 0
    for name in sorted(set(index["weight_map"].values())):
        with safe_open(str(partial / name), framework="pt") as stored:
            for key in stored.keys():  # noqa: SIM118 (not a mapping)
                tensor = stored.get_tensor(key)
                total += tensor.numel() * tensor.element_size()
    index["metadata"] = {**index.get("metadata", {}), "total_size": total}
    write_whole(partial / INDEX, (json.dumps(index, indent=2) + "\n").encode())


def _same_ids(folder: Path, extended: Extended) -> None:
    """Reads the tokenizer as a user will, beside the real config.json, and compares ids; fails closed."""
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoTokenizer

    texts = [one.text for one in extended.new if one.text is not None]
    try:
        loaded = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (StrictDataclassError, ValueError, KeyError, OSError):
        raise VocabError(f"{folder}: transformers cannot read this config.json; give a model that it loads") from None
    theirs = loaded(texts, add_special_tokens=False)["input_ids"] if texts else []
    ours = [one.ids for one in extended.tokenizer.tokenizer().encode_batch(texts, add_special_tokens=False)]
    different = sum(list(one) != two for one, two in zip(theirs, ours, strict=True))
    if different:
        raise VocabRefused(
            (
                f"{folder}: AutoTokenizer gives other ids for {different} of {len(texts)} terms beside this config.json, "
                "whose model_type replaces the pre-tokenizer; nothing was written",
            )
        )
