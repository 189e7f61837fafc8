"""Whether a model is the one that a base was made from, when `vocab embed` gave that base rows for new ids.

Shown where `embedding.json` beside the base names the model's tokenizer, and the base has the model's weights bit for bit: each
tensor, and of the embeddings the row of every id that the model's tokenizer has. All of it is read again, in blocks.
"""

import hashlib
from typing import Any

from tune.folders import BaseModel, TokenizerFolder, read_json
from tune.weights import WEIGHTS, blocks, header, span

RECORD = "embedding.json"
EMBEDDINGS = ("model.embed_tokens.weight", "lm_head.weight")


def unlike(model: BaseModel, words: TokenizerFolder, base: BaseModel) -> str | None:
    """What keeps `model`, with its tokenizer, from being shown to be what `base` was made from; None where it is, or is `base`.

    Raises:
        TuneError: a file cannot be read.
    """
    if model.digest == base.digest:
        return None  # the base itself
    if RECORD not in dict(base.files):
        return f"no {RECORD} lies beside the base"
    named = read_json(base.path / RECORD).get("base")
    if named != "sha256:" + hashlib.sha256(words.data).hexdigest():
        return f"the base's {RECORD} names another tokenizer than its own"
    ours, theirs = _tensors(model), _tensors(base)
    if ours.keys() != theirs.keys():
        return "it has other tensors than the base"
    for name, (path, entry) in ours.items():
        other, there = theirs[name]
        shapes, size = (entry["shape"], there["shape"]), None
        if name in EMBEDDINGS and min(shape[0] for shape in shapes) >= words.size:
            start, end = span(path, entry)
            size = words.size * ((end - start) // shapes[0][0])
            shapes = shapes[0][1:], shapes[1][1:]
        if entry["dtype"] != there["dtype"] or shapes[0] != shapes[1]:
            return f"its {name} has another type or shape than the base's"
        if any(one != two for one, two in zip(blocks(path, entry, size), blocks(other, there, size), strict=True)):
            return f"its {name} holds other numbers than the base's"
    return None


def _tensors(model: BaseModel) -> dict[str, tuple[Any, Any]]:
    paths = [model.path / name for name, _ in model.files if name.endswith(WEIGHTS)]
    return {name: (path, entry) for path in paths for name, entry in header(path).items()}
