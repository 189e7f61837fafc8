"""Which parts of the model learn: LoRA on every linear layer but the head, and the rows of tokens that the base never saw.

New rows are PEFT's `trainable_token_indices`: the embedding stays frozen and the adapter stores the replacement rows alone.
With tied embeddings one set of rows serves input and output; untied, each has its own. Adapters and rows stay in float32, since
in bfloat16 a step of 1e-4 is lost for more than half of the weights.

PEFT writes the new rows into a copy of the whole matrix at each step. `split` lets a layer compute with the frozen matrix as it
lies and with the new rows beside it: the same numbers, and no copy. What is saved is PEFT's, under PEFT's names.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from peft import LoraConfig
    from peft.tuners.trainable_tokens.layer import TrainableTokensLayer

    from tune.recipe import Lora, Training

DELTA = "trainable_tokens_delta"


def lora_config(lora: "Lora", new_ids: tuple[int, ...], *, tied: bool) -> "LoraConfig":
    """PEFT's configuration: LoRA on its targets, and `new_ids` trained in the embedding (and, untied, in the head)."""
    from peft import LoraConfig

    rows: Any = None
    if new_ids:
        rows = list(new_ids) if tied else {"embed_tokens": list(new_ids), "lm_head": list(new_ids)}
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear" if lora.targets is None else list(lora.targets),
        use_rslora=lora.rslora,
        use_dora=lora.dora,
        trainable_token_indices=rows,
        task_type="CAUSAL_LM",
    )


def split(model: Any) -> int:
    """Lets each layer of `model` that trains rows compute with those beside the frozen matrix; how many layers that are."""
    from peft.tuners.trainable_tokens.layer import TrainableTokensLayer

    layers = [layer for layer in model.modules() if isinstance(layer, TrainableTokensLayer)]
    for layer in layers:
        layer.forward_adapters = partial(_forward, layer, layer.forward_adapters)
    return len(layers)


def parameter_groups(model: Any, training: "Training") -> list[dict[str, Any]]:
    """The trainable parameters in two groups, LoRA and new rows, each with its learning rate."""
    trainable = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    rows = [parameter for name, parameter in trainable if DELTA in name]
    lora = [parameter for name, parameter in trainable if DELTA not in name]
    groups = [{"params": lora, "lr": training.learning_rate, "weight_decay": training.weight_decay}]
    if rows:
        rate = training.row_learning_rate or training.learning_rate
        groups.append({"params": rows, "lr": rate, "weight_decay": 0.0})
    return groups


def _forward(
    layer: "TrainableTokensLayer",
    whole: "Callable[..., torch.Tensor]",
    x: "torch.Tensor",
    active: Any,
    *rest: Any,
    **named: Any,
) -> "torch.Tensor":
    """What `whole`, PEFT's own way, gives for `x`: an embedding of ids, or logits of hidden states."""
    import torch

    if layer.disable_adapters or layer.merged or len(active) != 1:
        return whole(x, active, *rest, **named)
    (name,) = active
    rows, ids = layer.trainable_tokens_delta[name], layer.token_indices[name]
    if isinstance(layer.base_layer, torch.nn.Embedding):
        return _embedded(layer, x, rows, ids)
    return _logits(layer.base_layer, x, rows, ids)


def _embedded(layer: "TrainableTokensLayer", x: "torch.Tensor", rows: "torch.Tensor", ids: list[int]) -> "torch.Tensor":
    """`[batch, sequence]` ids to `[batch, sequence, width]`."""
    import torch

    known = layer.base_layer(x)
    slots = torch.full((layer.base_layer.num_embeddings,), -1, dtype=torch.long, device=x.device)
    slots[torch.tensor(ids, device=x.device)] = torch.arange(len(ids), device=x.device)
    slot = slots[x]
    new = torch.nn.functional.embedding(slot.clamp(min=0), rows.to(known.dtype))
    scale = layer._get_embed_scale()  # noqa: SLF001 (of models that scale inside their embedding)
    if scale is not None:
        new = new * scale.to(new.dtype)
    return torch.where((slot >= 0).unsqueeze(-1), new, known)


def _logits(head: Any, x: "torch.Tensor", rows: "torch.Tensor", ids: list[int]) -> "torch.Tensor":
    """`[batch, sequence, width]` to `[batch, sequence, vocabulary]`."""
    import torch

    linear = torch.nn.functional.linear
    new = linear(x, rows.to(x.dtype))
    first = ids[0]
    if ids != list(range(first, first + len(ids))):
        return linear(x, head.weight).index_copy(-1, torch.tensor(ids, device=x.device), new)
    # Ids in a row, as an extension has them: no logit is computed twice, and no gradient is copied.
    parts = [linear(x, head.weight[:first]), new, linear(x, head.weight[first + len(ids) :])]
    return torch.cat([part for part in parts if part.shape[-1]], dim=-1)
