"""What the tests of `tune merge` share: merges of the small world, models as anybody loads them. Loaded by `conftest.py`."""

import base64
import json
import os
from pathlib import Path

from tune_world import NOW, World

from govern.attestation import PREDICATE_ADAPTER, seal, statement
from govern.files import list_files, sha256_file
from govern.keys import load_private
from tune.adapter import PROVENANCE
from tune.folders import base_model
from tune.merge import dequantised, record
from tune.merge.merging import merge
from tune.recipe import recorded

WAYS = ("nf4", "tied", "unquantised", "bfloat16", "bfloat16 unquantised", "dora", "rslora", "no new ids", "head")


def merged(world: World, out: Path, sources: tuple[Path, Path, Path] | None = None, **changes):
    """`merge` of a world's adapter, or of `sources`: adapter, model and tokenizer."""
    adapter, model, words = sources or (world.adapter, world.root / "model", world.root / "tokenizer")
    arguments = {"trust": world.trust, "model": model, "words": words, "now": NOW, **changes}
    return merge(adapter, out, **arguments)


def sealed_again(world: World, **claim) -> None:
    """Signs the adapter of `world` as it now lies, its predicate changed by `claim`: by its owner's key."""
    path = world.adapter / PROVENANCE
    predicate = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))["predicate"] | claim
    names = sorted(one.name for one in world.adapter.iterdir() if one.name != PROVENANCE)
    subjects = [(name, sha256_file(world.adapter / name)) for name in names]
    key = load_private(world.root / "keys/sign.pem")
    path.write_bytes(seal(statement(subjects, PREDICATE_ADAPTER, predicate), key))


def recorded_again(world: World, folder: Path, change) -> None:
    """Signs the record of the merge in `folder` again, its predicate changed by `change`: by the owner's key."""
    path = folder / record.RECORD
    predicate = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))["predicate"]
    change(predicate)
    names = [name for name in list_files(folder) if name != record.RECORD]
    subjects = [(name, sha256_file(folder / name)) for name in names]
    key = load_private(world.root / "keys/sign.pem")
    path.write_bytes(seal(statement(subjects, record.PREDICATE_MERGED, predicate), key))


def nothing_is_left(out: Path) -> bool:
    """Neither the output nor an unfinished one."""
    return not os.path.lexists(out) and not os.path.lexists(out.with_name(out.name + ".partial"))


def logits(model, rows: int = 384):
    """What a model gives for ids of every kind, new ones too."""
    import torch

    ids = torch.arange(rows)[torch.randperm(rows, generator=torch.Generator().manual_seed(0))][None, :128]
    with torch.no_grad():
        return model.eval()(ids.clamp(max=model.config.vocab_size - 1), use_cache=False).logits


def alone(folder: Path):
    """The model in a folder, as anybody loads it."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)


def over_dequantised_base(adapter: Path, model: Path):
    """The trained adapter over its dequantised base, by PEFT alone."""
    from peft import PeftModel

    base = dequantised.load(base_model(model), recorded(adapter / "recipe.json").quantisation)
    return PeftModel.from_pretrained(base, adapter)


def command(world: World, out: Path) -> list[str]:
    """The command line of a merge."""
    flags = {
        "--trust": world.trust[0],
        "--model": world.root / "model",
        "--tokenizer": world.root / "tokenizer",
        "--out": out,
    }
    return ["merge", str(world.adapter), *(str(part) for pair in flags.items() for part in pair)]
