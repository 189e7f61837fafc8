"""The model and the adapter that a merge writes: weights in safetensors, a config that names no path, the tokenizer's files.

`write_model` makes a folder that `AutoModelForCausalLM` and `AutoTokenizer` load alone. `write_lora` makes an adapter of LoRA
and nothing else: the token rows are in the base. Same inputs, same bytes.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.files import write_whole
from tune.adapter import CONFIG, WEIGHTS, canonicalise
from tune.errors import TuneRefused
from tune.folders import read_json
from tune.rows import DELTA
from vocab.base import CONFIG as TOKENIZER_CONFIG
from vocab.base import EXTENSION, SPECIAL_TOKENS, TOKENIZER
from vocab.embed import KEPT, LICENCES

if TYPE_CHECKING:
    import torch

MODEL_CONFIG = "config.json"
TOKENIZER_FILES = (TOKENIZER, TOKENIZER_CONFIG, SPECIAL_TOKENS, EXTENSION, "tokenizer.model", *KEPT)
SHARD = "5GB"
"""A file of weights at most: what one reads, hashes and sends at a time."""
UNTRUE = ("_name_or_path", "torch_dtype", "assay_note")
"""Of the base's config: a place, an older name of `dtype`, and what was said of the base."""
LORA = (".lora_A.", ".lora_B.", ".lora_embedding_A", ".lora_embedding_B")


def write_model(model: Any, dtype: str, base: Path, words: Path, folder: Path) -> None:
    """Writes `model` to `folder` in `dtype`, with what a reader needs of its base's folder and the tokenizer's.

    Args:
        model: the weights, in float32.
        dtype: `float32` or `bfloat16`.
        base: the folder it was made of: its config, settings for generation and licence are kept.
        words: the tokenizer's folder.
        folder: where it goes.
    """
    import torch

    kind: torch.dtype = getattr(torch, dtype)
    model.to(kind).save_pretrained(folder, max_shard_size=SHARD)
    (folder / "generation_config.json").unlink(missing_ok=True)  # made up by the library; the base's own is copied
    config = {name: value for name, value in read_json(base / MODEL_CONFIG).items() if name not in UNTRUE}
    # Not canonical JSON: there 8.0 is written as 8, and readers of a rope's factor expect a float.
    tied = {"tie_word_embeddings": bool(model.config.tie_word_embeddings)}
    text = json.dumps({**config, **tied, "dtype": dtype}, indent=2, sort_keys=True, ensure_ascii=False)
    write_whole(folder / MODEL_CONFIG, (text + "\n").encode())
    for source, names in ((base, KEPT), (words, TOKENIZER_FILES)):
        for name in names:
            if (source / name).is_file():
                write_whole(folder / name, (source / name).read_bytes())
    for path in sorted(base.iterdir()):
        if path.name.startswith(LICENCES):
            write_whole(folder / path.name, path.read_bytes())
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors writes for the owner alone; the model is to be handed on


def write_lora(adapter: Path, folder: Path) -> None:
    """Writes what is LoRA of the adapter in `adapter` to the new folder `folder`, bit for bit.

    Raises:
        TuneRefused: it holds tensors that are neither LoRA nor token rows.
    """
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(adapter / WEIGHTS, "pt") as weights:
        names = sorted(weights.keys())
        odd = [name for name in names if DELTA not in name and not any(part in name for part in LORA)]
        if odd:
            raise TuneRefused(
                f"{adapter / WEIGHTS}: {odd[0]} is neither LoRA nor a token row, so no pure LoRA adapter is left; "
                "give --form merged"
            )
        kept: dict[str, torch.Tensor] = {name: weights.get_tensor(name) for name in names if DELTA not in name}
    folder.mkdir()
    save_file(kept, folder / WEIGHTS, {"format": "pt"})
    (folder / WEIGHTS).chmod(0o644)
    config = read_json(adapter / CONFIG)
    write_whole(folder / CONFIG, json.dumps({**config, "trainable_token_indices": None}).encode())
    canonicalise(folder / CONFIG)
