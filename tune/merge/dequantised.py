"""Models in memory for a merge: the trained one, its base as training saw it, and the base with what was trained in it.

A base in 4 bits is dequantised to float32, each weight the value that training computed with; the trained model computes in
float32 too, whatever it was trained in. So what two of them differ by is the merge, and no arithmetic.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune import loading
from tune.errors import TuneError

if TYPE_CHECKING:
    from tune.folders import BaseModel
    from tune.recipe import Numbers, Quantisation


def load(base: "BaseModel", quantisation: "Quantisation") -> Any:
    """The base in float32, each weight the value that training computed with."""
    import torch

    model = loading.load(base, quantisation)
    if quantisation.type != "none":
        model = model.dequantize(torch.float32)
    return model.float()


def trained(adapter: Path, numbers: "Numbers", base: "BaseModel") -> Any:
    """The trained model, its base in 4 bits as it was, computing in float32."""
    import torch
    from bitsandbytes.nn import Linear4bit

    plain = numbers.model_copy(
        update={"training": numbers.training.model_copy(update={"activation_checkpointing": False})}
    )
    model = loading.trained(adapter, plain, base)
    if numbers.quantisation.type == "none":
        return model.float()
    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.compute_dtype = torch.float32
    return model


def with_lora(model: Any, adapter: Path) -> Any:
    """`model` with the adapter over it, set to evaluate.

    Raises:
        TuneError: the adapter does not load.
    """
    from peft import PeftModel
    from safetensors import SafetensorError

    try:
        return PeftModel.from_pretrained(model, str(adapter), local_files_only=True).eval()
    except (*loading.UNLOADABLE, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise TuneError(f"{adapter}: it does not load ({reason}); restore the adapter") from None


def merged(adapted: Any) -> Any:
    """The base of `adapted`, LoRA and new token rows merged into it."""
    return adapted.merge_and_unload()


def with_rows(adapted: Any) -> Any:
    """The base of `adapted` with the new token rows merged into it, and no LoRA."""
    from peft.tuners.trainable_tokens.layer import TrainableTokensLayer

    for layer in adapted.modules():
        if isinstance(layer, TrainableTokensLayer):
            layer.merge()
    return adapted.unload()
