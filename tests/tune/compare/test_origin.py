"""Any model can be given as the original; that it is the one that was extended is shown by its bits, or not said."""

import json
import shutil

import pytest

from tune.compare.origin import unlike
from tune.folders import base_model, tokenizer

pytest.importorskip("torch")
pytestmark = pytest.mark.tune


@pytest.fixture
def embedded(trained, tmp_path):
    """A base with rows for new ids, and the model and tokenizer that it was made from."""
    from tune.base_model import build_for
    from vocab.embed import embed

    words = trained.root / "base-tokenizer"
    model = build_for(words, tmp_path / "m0", hidden=32, layers=1)
    return model, words, embed(model, trained.root / "tokenizer", tmp_path / "m1").folder


def test_the_model_that_was_extended_is_shown_to_be_it(embedded):
    """New rows may lie where the model had padding."""
    model, words, base = embedded
    assert unlike(base_model(model), tokenizer(words), base_model(base)) is None
    assert unlike(base_model(model), tokenizer(words), base_model(model)) is None


@pytest.mark.parametrize("name", ["model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"])
def test_one_other_number_is_another_model(embedded, name):
    """In any tensor; but not in rows that no id of its tokenizer has."""
    from safetensors.numpy import load_file, save_file

    model, words, base = embedded
    weights = load_file(model / "model.safetensors")
    last = len(weights[name]) - 1
    size = tokenizer(words).size
    if last >= size:
        weights[name][size:] += 1
        save_file(weights, model / "model.safetensors", {"format": "pt"})
        assert unlike(base_model(model), tokenizer(words), base_model(base)) is None
    weights[name][min(size - 1, last)] += 1
    save_file(weights, model / "model.safetensors", {"format": "pt"})
    said = unlike(base_model(model), tokenizer(words), base_model(base))
    assert said == f"its {name} holds other numbers than the base's"


def test_another_shape_tokenizer_or_no_record_is_said(trained, embedded, tmp_path):
    """Each in words that stand in the report."""
    from tune.base_model import build_for

    model, words, base = embedded
    wide = build_for(words, tmp_path / "wide", hidden=64, layers=1)
    assert "another type or shape" in unlike(base_model(wide), tokenizer(words), base_model(base))
    deep = build_for(words, tmp_path / "deep", hidden=32, layers=2)
    assert "other tensors" in unlike(base_model(deep), tokenizer(words), base_model(base))
    other = shutil.copytree(words, tmp_path / "t0")
    path = other / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), indent=3))
    assert "names another tokenizer" in unlike(base_model(model), tokenizer(other), base_model(base))
    (base / "embedding.json").unlink()
    assert "no embedding.json" in unlike(base_model(model), tokenizer(words), base_model(base))
