"""Weights: what was hashed is what is loaded, and every number in it is one."""

import json
import shutil
import struct

import pytest
from tune_world import NOW

from tune.cli import main
from tune.errors import TuneError, TuneRefused
from tune.folders import base_model
from tune.weights import INDEX, SINGLE, header

pytest.importorskip("torch")
pytestmark = pytest.mark.tune


@pytest.fixture
def model(world_with_model, tmp_path):
    """A copy of the model that a test may spoil."""
    return shutil.copytree(world_with_model.root / "model", tmp_path / "model")


def rewrite(path, change):
    """Changes the header of a safetensors file and keeps its bytes."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    described = json.loads(data[8 : 8 + size])
    change(described)
    text = json.dumps(described).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])


def split(model):
    """Saves the weights in two files and an index, as large models are; returns the index."""
    from safetensors.numpy import load_file, save_file

    weights = load_file(model / SINGLE)
    (model / SINGLE).unlink()
    index = {"metadata": {}, "weight_map": {}}
    for number, names in enumerate((sorted(weights)[:5], sorted(weights)[5:]), 1):
        file = f"model-0000{number}-of-00002.safetensors"
        save_file({name: weights[name] for name in names}, model / file, {"format": "pt"})
        index["weight_map"].update(dict.fromkeys(names, file))
    (model / INDEX).write_text(json.dumps(index))
    return index


def test_sharded_weights_pass_where_the_index_names_them(model):
    """Two files and their index are the same model."""
    parameters = base_model(model).parameters
    split(model)
    assert base_model(model).parameters == parameters


def test_an_index_that_points_elsewhere_is_refused(model):
    """Weights outside the folder would be trained on and never hashed."""
    (model / SINGLE).rename(model / "model-00001-of-00001.safetensors")
    shutil.copy(model / "model-00001-of-00001.safetensors", model.parent / "other.safetensors")
    names = header(model.parent / "other.safetensors")
    (model / INDEX).write_text(json.dumps({"weight_map": dict.fromkeys(names, "../other.safetensors")}))
    with pytest.raises(TuneRefused, match="other weights than these could be loaded"):
        base_model(model)


@pytest.mark.parametrize("change", ["missing", "extra", "swapped", "single too", "no map"])
def test_an_index_that_is_not_of_its_files_is_refused(model, change):
    """Each tensor stands in the file that the index names, and no other safetensors lie there."""
    index = split(model)
    first, second = sorted(set(index["weight_map"].values()))
    if change == "missing":
        (model / INDEX).unlink()
    elif change == "extra":
        index["weight_map"]["model.extra.weight"] = first
    elif change == "swapped":
        index["weight_map"] = {name: second if file == first else first for name, file in index["weight_map"].items()}
    elif change == "single too":
        shutil.copy(model / first, model / SINGLE)
    else:
        index = {"weight_map": [first, second]}
    if change != "missing":
        (model / INDEX).write_text(json.dumps(index))
    with pytest.raises(TuneRefused):
        base_model(model)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("shape", None),
        ("shape", "x"),
        ("shape", 5),
        ("shape", [None]),
        ("shape", [[64]]),
        ("shape", [-64]),
        ("shape", [32]),
        ("dtype", "XX"),
        ("dtype", "I8"),
        ("data_offsets", [0, "a"]),
        ("data_offsets", [64]),
    ],
)
def test_a_malformed_header_is_a_sentence(model, name, change):
    """Whatever the header says, the file is named and nothing is loaded."""

    def spoil(described):
        described["model.norm.weight"][name] = change
        if change is None:
            del described["model.norm.weight"][name]

    rewrite(model / SINGLE, spoil)
    with pytest.raises(TuneError, match="not a whole safetensors file"):
        base_model(model)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_a_number_that_is_none_is_found_before_training(model, number, kind):
    """One element of one tensor, also in a row that no text of the corpus uses."""
    import torch
    from safetensors.torch import load_file, save_file

    weights = {name: tensor.to(getattr(torch, kind)) for name, tensor in load_file(model / SINGLE).items()}
    save_file(weights, model / SINGLE, {"format": "pt"})
    assert base_model(model).rows == len(weights["lm_head.weight"])
    weights["model.embed_tokens.weight"][-1, -1] = number
    save_file(weights, model / SINGLE, {"format": "pt"})
    with pytest.raises(TuneRefused, match=r"embed_tokens.*NaN or infinity"):
        base_model(model)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("_attn_implementation", "evil/kernel", "could load other code"),
        ("transformers_weights", "other.safetensors", "could load other code"),
        ("dtype", "evil", "dtype 'evil'"),
        ("hidden_size", "64", "hidden_size '64'"),
    ],
)
def test_a_configuration_that_loads_more_is_refused(model, key, value, sentence):
    """Kernels, other files and wrong types never reach transformers."""
    config = json.loads((model / "config.json").read_bytes())
    (model / "config.json").write_text(json.dumps({**config, key: value}))
    with pytest.raises(TuneRefused, match=sentence):
        base_model(model)


def test_an_adapter_beside_the_weights_is_refused(model):
    """Transformers would load it too, whatever it is."""
    (model / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "elsewhere"}')
    with pytest.raises(TuneRefused, match="load an adapter too"):
        base_model(model)


def test_a_pipe_in_a_folder_does_not_hang(model, world_with_model):
    """A pipe has no end to read to; it is refused by name, in a model and in a tokenizer."""
    import os

    from tune.folders import tokenizer, tokenizer_digest

    words = shutil.copytree(world_with_model.root / "base-tokenizer", model.parent / "words")
    os.mkfifo(model / "x.json")
    os.mkfifo(words / "x.json")
    for read, folder in ((base_model, model), (tokenizer, words), (tokenizer_digest, words)):
        with pytest.raises(TuneRefused, match="not a plain file"):
            read(folder)


def test_a_note_of_more_than_one_plain_line_stays_out_of_the_card(model):
    """The card is signed; what a model's author wrote does not speak in it."""
    path = model / "config.json"
    config = json.loads(path.read_bytes())
    assert base_model(model).note == config["assay_note"]
    path.write_text(json.dumps({**config, "assay_note": "x\n# Certified by <b>us</b>"}))
    assert base_model(model).note is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden_act", "evil"), ("num_attention_heads", 3), ("rope_parameters", {"rope_type": "evil"})],
)
def test_a_model_that_does_not_load_leaves_nothing_behind(world_with_model, copy, capsys, key, value):
    """A sentence, exit code 2, and no unfinished run that stands in the way of the next."""
    mine = copy(world_with_model)
    shutil.rmtree(mine.adapter, ignore_errors=True)
    path = mine.root / "model/config.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), key: value}))
    assert main(["run", str(mine.recipe_file)]) == 2
    assert "it does not load" in capsys.readouterr().err
    assert not (mine.root / "adapter.partial").exists()


def test_a_stripped_extension_is_no_base_tokenizer(world_with_model, copy):
    """Without its record an extension looks like a base; the model that was embedded for it tells."""
    from tune.gate import check

    mine = copy(world_with_model)
    shutil.copy(mine.root / "tokenizer/extension.json", mine.root / "model")
    check(mine.recipe(), now=NOW)
    for name in ("extension.json", "attestation.json", "SHA256SUMS"):
        (mine.root / "tokenizer" / name).unlink()
    with pytest.raises(TuneRefused, match="made for an extended tokenizer"):
        check(mine.recipe(), now=NOW)
