"""Reads an Axolotl configuration as choices of a recipe: what has a key here, and what has none, each with the reason.

In: a YAML file. Out: values by table and key (`tune.init.Choices`), and a sentence for each key that was left. Nothing is
guessed: a key that this module does not know is left and said.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tune.errors import TuneError

PLACES = {
    "sequence_len": ("training", "max_length"),
    "micro_batch_size": ("training", "micro_batch"),
    "num_epochs": ("training", "epochs"),
    "max_steps": ("training", "steps"),
    "learning_rate": ("training", "learning_rate"),
    "warmup_ratio": ("training", "warm_up"),
    "weight_decay": ("training", "weight_decay"),
    "max_grad_norm": ("training", "clip"),
    "seed": ("training", "seed"),
    "gradient_checkpointing": ("training", "activation_checkpointing"),
    "save_steps": ("training", "checkpoint_steps"),
    "eval_steps": ("training", "evaluation_steps"),
    "early_stopping_patience": ("training", "patience"),
    "lora_r": ("lora", "rank"),
    "lora_alpha": ("lora", "alpha"),
    "lora_dropout": ("lora", "dropout"),
    "peft_use_dora": ("lora", "dora"),
    "peft_use_rslora": ("lora", "rslora"),
    "bnb_4bit_use_double_quant": ("quantisation", "double"),
}
"""Keys whose values stand in a recipe as they are."""
FLOATS = ("epochs", "learning_rate", "warm_up", "weight_decay", "clip", "dropout")
SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant", "constant_with_warmup": "constant"}
FORMATS = {"completion": "text", "chat_template": "messages"}
"""What each type of a dataset is called in `data.format`."""
LEFT = {
    "base_model": "name the model's folder by --model",
    "output_dir": "name the adapter's folder by --out",
    "val_set_size": "held-out text is set apart by `govern certify`",
    "lora_modules_to_save": "the rows of new tokens are trained, no whole embedding",
    "tokens": "extend the tokenizer by `vocab extend`",
    "added_tokens_overrides": "extend the tokenizer by `vocab extend`",
    "load_in_8bit": "the base is held in NF4 or as it lies",
    "trust_remote_code": "code from a model's folder never runs",
    "flash_attention": "attention is torch's, for which packing was proved",
    "bf16": "set quantisation.compute",
    "fp16": "set quantisation.compute",
    "tf32": "set quantisation.compute",
    "wandb_project": "no run reports over a network",
}
"""Why a key has none here, where more can be said than that."""


def read(file: Path) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """The choices in `file`, and a line for each key that was left.

    Raises:
        TuneError: the file cannot be read, or is no YAML mapping.
    """
    import yaml

    try:
        values = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise TuneError(f"{file}: {error.strerror or 'cannot be read'}; check the path") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise TuneError(f"{file}: not valid YAML; correct it") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise TuneError(f"{file}: expected a YAML file of keys and values, as Axolotl reads it")
    return translated({key: value for key, value in values.items() if value is not None})


def translated(values: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """The same of the values themselves."""
    chosen: dict[str, dict[str, Any]] = {"data": {}, "training": {}, "lora": {}, "quantisation": {}}
    left: list[str] = []
    for key, value in values.items():
        if key in PLACES:
            table, name = PLACES[key]
            reason = _put(chosen[table], name, value)
        elif key in _OTHERS:
            reason = _OTHERS[key](value, values, chosen)
        else:
            reason = LEFT.get(key, "no key of a recipe stands for it")
        if reason:
            left.append(f"{key}: {reason}")
    training = chosen["training"]
    accumulated = values.get("gradient_accumulation_steps")
    if accumulated is not None and (not isinstance(accumulated, int) or isinstance(accumulated, bool)):
        left.append("gradient_accumulation_steps: not a number")
    elif accumulated is not None or "micro_batch" in training:
        training["batch"] = (1 if accumulated is None else accumulated) * int(training.get("micro_batch", 1))
    if "steps" in training and "epochs" in training:
        left.append("num_epochs: max_steps is given too, and wins")
        del training["epochs"]
    if "patience" in training and "evaluation_steps" not in training:
        left.append("early_stopping_patience: there is no eval_steps; set training.evaluation_steps with it")
        del training["patience"]
    return chosen, tuple(left)


def _put(table: dict[str, Any], name: str, value: Any) -> str:
    """Puts a number or a truth value; why not, where it is neither."""
    if isinstance(value, str) and name in FLOATS:  # YAML reads 2e-4 as text
        try:
            value = float(value)
        except ValueError:
            return "not a number"
    if not isinstance(value, bool | int | float):
        return "not a number"
    if not math.isfinite(value):
        return "not a finite number"
    if name in ("checkpoint_steps", "evaluation_steps") and (isinstance(value, bool) or not value or value % 1):
        return "a share of the steps; say after how many, in the recipe"
    table[name] = float(value) if name in FLOATS else value
    return ""


def _adapter(value: Any, values: Mapping[str, Any], chosen: dict[str, dict[str, Any]]) -> str:
    if value not in ("lora", "qlora"):
        return "an adapter is trained by LoRA alone"
    chosen["quantisation"]["type"] = "nf4" if value == "qlora" or values.get("load_in_4bit") else "none"
    return ""


def _in_4bit(value: Any, values: Mapping[str, Any], chosen: dict[str, dict[str, Any]]) -> str:
    if "adapter" not in values:
        chosen["quantisation"]["type"] = "nf4" if value else "none"
    return ""


def _targets(value: Any, values: Mapping[str, Any], chosen: dict[str, dict[str, Any]]) -> str:
    if values.get("lora_target_linear"):
        return "lora_target_linear is set, and names all linear layers"
    if not isinstance(value, list) or not all(isinstance(one, str) and one.isprintable() for one in value):
        return "a pattern; name the layers in lora.targets"
    chosen["lora"]["targets"] = value
    return ""


def _schedule(value: Any, _: Mapping[str, Any], chosen: dict[str, dict[str, Any]]) -> str:
    if not isinstance(value, str) or value not in SCHEDULES:
        return f"expected one of {', '.join(SCHEDULES)}"
    chosen["training"]["schedule"] = SCHEDULES[value]
    return ""


def _optimiser(value: Any, *_: Any) -> str:
    return "" if str(value) in ("adamw_torch", "adamw_torch_fused") else "AdamW trains, its states in float32"


def _packing(value: Any, *_: Any) -> str:
    return "" if value else "rows are always packed; each document is computed as if it stood alone"


def _datasets(value: Any, _: Mapping[str, Any], chosen: dict[str, dict[str, Any]]) -> str:
    kinds = [one.get("type") if isinstance(one, dict) else None for one in value] if isinstance(value, list) else []
    known = {FORMATS.get(kind) if isinstance(kind, str) else None for kind in kinds}
    if len(known) == 1 and None not in known:
        chosen["data"]["format"] = known.pop()
    return "certify the text by `govern certify`, and name the corpus by --corpus"


def _learned(value: Any, _: Mapping[str, Any], chosen: dict[str, dict[str, Any]]) -> str:
    if not isinstance(value, bool):
        return "expected true or false"
    chosen["data"]["loss"] = "all" if value else "completion"
    return ""


def _template(value: Any, *_: Any) -> str:
    return "" if value == "tokenizer_default" else "name a file with the template as data.template"


def _long(value: Any, _: Mapping[str, Any], chosen: dict[str, dict[str, Any]]) -> str:
    if value not in ("drop", "truncate"):
        return "expected drop or truncate"
    chosen["data"]["long"] = value
    return ""


def _sharded(value: Any, _: Mapping[str, Any], chosen: dict[str, dict[str, Any]]) -> str:
    if value:
        chosen["training"]["sharding"] = "full"
    return ""


def _nothing(*_: Any) -> str:
    return ""


_OTHERS: dict[str, Callable[[Any, Mapping[str, Any], dict[str, dict[str, Any]]], str]] = {
    "adapter": _adapter,
    "load_in_4bit": _in_4bit,
    "lora_target_modules": _targets,
    "lora_target_linear": _nothing,
    "lr_scheduler": _schedule,
    "optimizer": _optimiser,
    "sample_packing": _packing,
    "pad_to_sequence_len": _nothing,
    "gradient_accumulation_steps": _nothing,
    "datasets": _datasets,
    "train_on_inputs": _learned,
    "chat_template": _template,
    "excess_length_strategy": _long,
    "fsdp": _sharded,
    "fsdp_config": _sharded,
}
