"""A merge, and adapters trained in each way that a merge must know."""

import importlib.util
import sys
from pathlib import Path

import pytest
from tune_world import NOW

from tune.merge import divergence

if "merge_world" not in sys.modules:
    _spec = importlib.util.spec_from_file_location("merge_world", Path(__file__).with_name("merge_world.py"))
    sys.modules["merge_world"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["merge_world"])

from merge_world import merged


@pytest.fixture(autouse=True)
def fewer_tokens(monkeypatch):
    """Measures on an eighth of the text, for speed."""
    monkeypatch.setattr(divergence, "TOKENS", 1024)


@pytest.fixture(scope="module")
def done(trained, tmp_path_factory):
    """An unsigned merge with the defaults, made once and never changed."""
    return merged(trained, tmp_path_factory.mktemp("done") / "out")


@pytest.fixture(scope="module")
def train(trained, tmp_path_factory):
    """A function that gives an adapter trained one of `WAYS`, made once, and the folders it belongs to."""
    from tune.base_model import build_for
    from tune.running import run

    made = {"nf4": (trained.adapter, trained.root / "model", trained.root / "tokenizer")}

    def adapter(way: str) -> tuple[Path, Path, Path]:
        if way in made:
            return made[way]
        root = tmp_path_factory.mktemp("adapters") / "a"
        root.mkdir()
        words = trained.root / ("base-tokenizer" if way in ("no new ids", "head") else "tokenizer")
        model = trained.root / "model"
        if way in ("tied", "no new ids", "head"):
            model = build_for(words, root / "model", hidden=64, layers=1, tied=way == "tied")
        recipe = trained.recipe(model=model, tokenizer=words, out=root / "adapter")
        lora = {"targets": ("q_proj", "lm_head")} if way == "head" else {}
        lora |= {name: True for name in ("dora", "rslora") if name == way}
        held = {"type": "none"} if "unquantised" in way else {}
        if "bfloat16" in way:
            held["compute"] = "bfloat16"
        run(
            recipe.model_copy(
                update={
                    "lora": recipe.lora.model_copy(update=lora),
                    "quantisation": recipe.quantisation.model_copy(update=held),
                    "training": recipe.training.model_copy(update={"steps": 2, "evaluation_rows": 0}),
                }
            ),
            now=NOW,
        )
        made[way] = (root / "adapter", model, words)
        return made[way]

    return adapter
