"""Which parts of the model learn: LoRA on every linear layer but the head, and the rows of tokens that the base never saw.

New rows are trained through PEFT's `trainable_token_indices`: the embedding stays frozen and the adapter stores the
replacement rows alone. With tied embeddings one set of rows serves input and output; untied, each has its own. Adapters and
rows stay in float32, since in bfloat16 a step of 1e-4 is lost for more than half of the weights.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from peft import LoraConfig

    from tune.recipe import Lora, Training

DELTA = "trainable_tokens_delta"


def lora_config(lora: "Lora", new_ids: tuple[int, ...], *, tied: bool) -> "LoraConfig":
    """PEFT's configuration: all-linear LoRA, and `new_ids` trained in the embedding (and, untied, in the head)."""
    from peft import LoraConfig

    rows: Any = None
    if new_ids:
        rows = list(new_ids) if tied else {"embed_tokens": list(new_ids), "lm_head": list(new_ids)}
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        trainable_token_indices=rows,
        task_type="CAUSAL_LM",
    )


def parameter_groups(model: Any, training: "Training") -> list[dict[str, Any]]:
    """The trainable parameters in two groups, LoRA and new rows, each with its learning rate and no weight decay."""
    trainable = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    rows = [parameter for name, parameter in trainable if DELTA in name]
    lora = [parameter for name, parameter in trainable if DELTA not in name]
    groups = [{"params": lora, "lr": training.learning_rate, "weight_decay": 0.0}]
    if rows:
        rate = training.row_learning_rate or training.learning_rate
        groups.append({"params": rows, "lr": rate, "weight_decay": 0.0})
    return groups
