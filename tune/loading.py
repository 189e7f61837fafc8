"""Models in memory: the base as a recipe holds it, with an adapter to be trained or one that was.

Only local folders that `tune.folders.base_model` accepted are loaded, from safetensors alone, with no code of theirs and no
network. A base in 4 bits computes the same whether it trains or is measured, so a loss before and after compare.
"""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune import processes
from tune.errors import TuneError, TuneRefused
from tune.rows import lora_config, split

if TYPE_CHECKING:
    from tune.folders import BaseModel
    from tune.recipe import Numbers, Quantisation

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
UNLOADABLE = (OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, ImportError, ArithmeticError)
"""What transformers raises where config.json and weights do not make a model."""


def go_offline() -> None:
    """Tells the libraries to open no socket; must run before they are first imported."""
    os.environ.update(OFFLINE)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it advises a package that fetches code


def with_adapter(numbers: "Numbers", base: "BaseModel", new_ids: tuple[int, ...]) -> Any:
    """The base with a fresh adapter: float32, its last LoRA factors zero, so it computes what the base does.

    Raises:
        TuneError: the folder does not load.
        TuneRefused: a tensor is missing or unknown.
    """
    from peft import get_peft_model

    model = frozen(load(base, numbers.quantisation, sharded=processes.shard(numbers.training)), numbers)
    adapted = get_peft_model(model, lora_config(numbers.lora, new_ids, tied=base.tied), autocast_adapter_dtype=True)
    split(adapted)
    return adapted


def trained(adapter: Path, numbers: "Numbers", base: "BaseModel") -> Any:
    """The base with the adapter in the folder `adapter`, as it was when training ended, set to evaluate.

    `adapter.disable_adapter()` of PEFT gives the base alone. The caller has verified both folders.

    Raises:
        TuneError: a folder does not load.
        TuneRefused: a tensor of the base is missing or unknown.
    """
    from peft import PeftModel
    from safetensors import SafetensorError

    model = frozen(load(base, numbers.quantisation), numbers)
    try:
        adapted = PeftModel.from_pretrained(model, str(adapter), local_files_only=True)
    except (*UNLOADABLE, SafetensorError) as error:
        raise TuneError(f"{adapter}: it does not load ({_reason(error)}); restore the adapter") from None
    split(adapted)
    return adapted.eval()


def halved(quantisation: "Quantisation") -> bool:
    """Whether products are computed in bfloat16, and what is not held in 4 bits is held in it."""
    import torch

    choice = quantisation.compute
    return choice == "bfloat16" or (choice == "auto" and torch.cuda.is_available())


def load(base: "BaseModel", quantisation: "Quantisation", *, sharded: bool = False) -> Any:
    """The base as transformers loads it, its linear layers as `quantisation` says, on the accelerator if there is one.

    Where the processes are to hold a part each (`sharded`), 4-bit weights are stored as floats, to the same bits.

    Raises:
        TuneError: the folder does not load.
        TuneRefused: a tensor is missing or unknown.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    accelerated = torch.cuda.is_available()
    compute = torch.bfloat16 if halved(quantisation) else torch.float32
    four_bit = None
    if quantisation.type != "none":
        four_bit = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type=quantisation.type,
            bnb_4bit_use_double_quant=quantisation.double,
            bnb_4bit_compute_dtype=compute,
            bnb_4bit_quant_storage=compute if sharded else torch.uint8,  # only floats are shared out
        )
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            base.path,
            quantization_config=four_bit,
            dtype=compute,
            device_map={"": processes.local() if accelerated else "cpu"},
            attn_implementation="sdpa",  # the implementation for which packing without a mask is proven
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except (*UNLOADABLE, StrictDataclassError, SafetensorError) as error:
        raise TuneError(f"{base.path}: it does not load ({_reason(error)}); restore the folder") from None
    if info["missing_keys"] or info["unexpected_keys"]:
        odd = sorted({*info["missing_keys"], *info["unexpected_keys"]})
        raise TuneRefused(
            f"{base.path}: {len(odd)} tensors are missing or unknown ({odd[0]}), and missing ones would be random; "
            "restore the folder"
        )
    model.config.use_cache = False
    return model


def frozen(model: Any, numbers: "Numbers") -> Any:
    """`model` with no parameter that learns, each of the type it was loaded in, and activations recomputed where asked for."""
    if numbers.quantisation.type != "none":
        keep_trainable(model)
    model.requires_grad_(False)
    if numbers.training.activation_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    return model


def keep_trainable(model: Any) -> None:
    """Keeps evaluation from repacking 4-bit weights for inference.

    On a processor with AVX512-BF16, bitsandbytes packs a layer the first time that it runs outside training; the packed
    product has no gradient, so training after a measured loss would pass none through the base model, and it computes in
    bfloat16, some 4e-5 away.
    """
    from bitsandbytes.nn import Linear4bit

    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
