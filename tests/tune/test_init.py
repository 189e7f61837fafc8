"""A commented recipe for what is there, and what of an Axolotl file goes into it."""

import json
import tomllib
from dataclasses import replace

import pytest
from tune_world import NOW, as_messages, as_pairs, write_corpus

from govern.keys import load_private
from tune import init
from tune.axolotl import read, translated
from tune.cli import main
from tune.errors import TuneError
from tune.recipe import Lora, Quantisation, Recipe, Source, Training, load

pytestmark = pytest.mark.tune
AXOLOTL = """
base_model: meta-llama/Llama-3-8B
load_in_4bit: true
adapter: qlora
lora_r: 64
lora_alpha: 128
lora_dropout: 0.1
lora_target_modules: [q_proj, v_proj]
peft_use_rslora: true
datasets:
  - path: tatsu-lab/alpaca
sequence_len: 32
micro_batch_size: 2
gradient_accumulation_steps: 4
num_epochs: 3
learning_rate: 1e-4
lr_scheduler: constant_with_warmup
warmup_ratio: 0.1
optimizer: paged_adamw_8bit
sample_packing: true
gradient_checkpointing: true
bf16: auto
save_steps: 0.25
wandb_project:
special: 1
"""


@pytest.fixture
def write(world_with_model, tmp_path):
    """A function that writes a recipe for the small world."""
    root = world_with_model.root

    def make(name="recipe.toml", **changes):
        named = {
            "corpus": root / "corpus", "trust": [root / "keys/sign.pub"], "model": root / "model", "words": root / "tokenizer",
            "out": tmp_path / "adapter", "sign_key": root / "keys/sign.pem", "now": NOW,
        }  # fmt: skip
        return init.write(tmp_path / name, **{**named, **changes})

    return make


def test_the_file_is_a_recipe_of_defaults_that_says_every_key(write, tmp_path, world_with_model):
    """Each key with what it means; only paths are set, and what the small model cannot take."""
    recipe = write()
    text = (tmp_path / "recipe.toml").read_text("utf-8")
    assert recipe == load(tmp_path / "recipe.toml")
    assert recipe.corpus == world_with_model.root / "corpus"
    assert (recipe.lora, recipe.quantisation) == (Lora(), Quantisation())
    assert recipe.training == Training()
    for kind in (Recipe, Source, *init.TABLES.values()):
        for name, field in kind.model_fields.items():
            assert name in (*init.TABLES, init.ALSO) or f"{name} = " in text, name
            assert name in init.TABLES or field.description, name
    assert "# Corpus: 50 documents to train on, 10 held out." in text
    assert max(map(len, text.splitlines())) < 200


def test_every_default_may_be_uncommented(write, tmp_path):
    """The file then says the same: what stands behind `#` is the default, as TOML."""
    recipe = write()
    lines = (tmp_path / "recipe.toml").read_text("utf-8").splitlines()
    known = [name for kind in init.TABLES.values() for name in kind.model_fields]
    freed = [line[2:] if line.startswith("# ") and line[2:].split(" = ")[0] in known else line for line in lines]
    kept = "\n".join(line for line in freed if not line.endswith("…"))
    assert kept != "\n".join(lines)
    (tmp_path / "all.toml").write_text(kept, "utf-8")
    assert load(tmp_path / "all.toml") == recipe


def test_what_model_and_corpus_say_is_filled_in(write, monkeypatch):
    """A short window, no held-out text, and the rate of a large model."""
    found = init.base_model
    monkeypatch.setattr(init, "base_model", lambda path: replace(found(path), parameters=70_000_000_000, positions=512))
    verified = init.verify
    monkeypatch.setattr(init, "verify", lambda *some, **named: replace_held_out(verified(*some, **named)))
    training = write().training
    assert (training.max_length, training.learning_rate, training.evaluation_rows) == (512, 1e-4, 0)


def replace_held_out(corpus):
    object.__setattr__(corpus, "held_out", ())
    return corpus


def test_paths_are_written_relative_to_the_file(write, tmp_path, monkeypatch, world_with_model):
    """A path that was given relative to where the command runs is found from where the file lies."""
    monkeypatch.chdir(world_with_model.root)
    from pathlib import Path

    recipe = write(corpus=Path("corpus"))
    assert not Path(tomllib.loads((tmp_path / "recipe.toml").read_text("utf-8"))["corpus"]).is_absolute()
    assert recipe.corpus.resolve() == (world_with_model.root / "corpus").resolve()


def test_a_recipe_that_is_there_is_not_written_over(write, tmp_path):
    """It may have been changed by hand."""
    write()
    before = (tmp_path / "recipe.toml").read_bytes()
    with pytest.raises(TuneError, match=r"recipe\.toml: exists"):
        write()
    assert (tmp_path / "recipe.toml").read_bytes() == before


def test_a_choice_that_no_recipe_takes_leaves_no_file(write, tmp_path):
    """The sentence names the key."""
    with pytest.raises(TuneError, match=r"lora\.rank"):
        write(choices={"lora": {"rank": 0}})
    with pytest.raises(TuneError, match=r"training\.colour: no key of a recipe"):
        write(choices={"training": {"colour": 1}})
    assert not (tmp_path / "recipe.toml").exists()


def test_an_axolotl_file_becomes_a_recipe_and_what_was_left_is_said(tmp_path, world_with_model, capsys):
    """Numbers go over; model, text, precision and what has no key are named with the reason."""
    root = world_with_model.root
    (tmp_path / "axolotl.yml").write_text(AXOLOTL, "utf-8")
    file = tmp_path / "recipe.toml"
    flags = {
        "--corpus": root / "corpus", "--trust": root / "keys/sign.pub", "--model": root / "model",
        "--tokenizer": root / "tokenizer", "--sign-key": root / "keys/sign.pem", "--out": tmp_path / "adapter",
        "--from": tmp_path / "axolotl.yml",
    }  # fmt: skip
    given = [str(part) for pair in flags.items() for part in pair]
    assert main(["init", str(file), "--json", *given]) == 0
    said = json.loads(capsys.readouterr().out)
    recipe = load(file)
    assert recipe.lora == Lora(rank=64, alpha=128, dropout=0.1, targets=("q_proj", "v_proj"), rslora=True)
    training = recipe.training
    assert (training.batch, training.micro_batch, training.epochs, training.max_length) == (8, 2, 3.0, 32)
    assert (training.learning_rate, training.schedule, training.warm_up) == (1e-4, "constant", 0.1)
    assert recipe.quantisation.type == "nf4"
    assert {line.split(":")[0] for line in said["left"]} == {
        "base_model",
        "datasets",
        "optimizer",
        "bf16",
        "save_steps",
        "special",
    }
    assert "special: no key of a recipe stands for it" in said["left"]


@pytest.mark.parametrize(
    ("values", "table", "chosen", "left"),
    [
        ({"adapter": "lora"}, "quantisation", {"type": "none"}, ()),
        ({"adapter": "lora", "load_in_4bit": True}, "quantisation", {"type": "nf4"}, ()),
        ({"load_in_4bit": False}, "quantisation", {"type": "none"}, ()),
        ({"adapter": "dora"}, "quantisation", {}, ("adapter: an adapter is trained by LoRA alone",)),
        ({"lora_target_linear": True, "lora_target_modules": ["q"]}, "lora", {},
         ("lora_target_modules: lora_target_linear is set, and names all linear layers",)),
        ({"lora_target_modules": ".*proj"}, "lora", {}, ("lora_target_modules: a pattern; name the layers in lora.targets",)),
        ({"num_epochs": 1, "max_steps": 5}, "training", {"steps": 5}, ("num_epochs: max_steps is given too, and wins",)),
        ({"early_stopping_patience": 3}, "training", {},
         ("early_stopping_patience: there is no eval_steps; set training.evaluation_steps with it",)),
        ({"learning_rate": "fast"}, "training", {}, ("learning_rate: not a number",)),
        ({"lr_scheduler": "rex"}, "training", {},
         ("lr_scheduler: expected one of cosine, linear, constant, constant_with_warmup",)),
        ({"sample_packing": False}, "training", {},
         ("sample_packing: rows are always packed; each document is computed as if it stood alone",)),
        ({"save_steps": float("inf")}, "training", {}, ("save_steps: not a finite number",)),
        ({"micro_batch_size": float("nan")}, "training", {}, ("micro_batch_size: not a finite number",)),
        ({"gradient_accumulation_steps": 0, "micro_batch_size": 2}, "training", {"batch": 0, "micro_batch": 2}, ()),
        ({"lr_scheduler": ["cosine"]}, "training", {},
         ("lr_scheduler: expected one of cosine, linear, constant, constant_with_warmup",)),
        ({"lora_target_modules": ["q\ud800"]}, "lora", {},
         ("lora_target_modules: a pattern; name the layers in lora.targets",)),
        ({"datasets": [{"path": "a", "type": "chat_template"}]}, "data", {"format": "messages"},
         ("datasets: certify the text by `govern certify`, and name the corpus by --corpus",)),
        ({"datasets": [{"type": "completion"}, {"type": "chat_template"}, {"type": ["a"]}]}, "data", {},
         ("datasets: certify the text by `govern certify`, and name the corpus by --corpus",)),
        ({"train_on_inputs": False}, "data", {"loss": "completion"}, ()),
        ({"train_on_inputs": True}, "data", {"loss": "all"}, ()),
        ({"chat_template": "tokenizer_default"}, "data", {}, ()),
        ({"chat_template": "chatml"}, "data", {}, ("chat_template: name a file with the template as data.template",)),
        ({"excess_length_strategy": "drop"}, "data", {"long": "drop"}, ()),
        ({"excess_length_strategy": "raise"}, "data", {}, ("excess_length_strategy: expected drop or truncate",)),
        ({"fsdp": ["full_shard", "auto_wrap"]}, "training", {"sharding": "full"}, ()),
        ({"gradient_accumulation_steps": "many"}, "training", {}, ("gradient_accumulation_steps: not a number",)),
    ],
)  # fmt: skip
def test_each_key_goes_over_or_is_left_with_the_reason(values, table, chosen, left):
    """One at a time."""
    found, said = translated(values)
    assert found[table] == chosen
    assert said == left


def test_a_corpus_of_conversations_gets_the_format_it_has(write, tmp_path, world_with_model):
    """The certificate names the columns."""
    key = load_private(world_with_model.root / "keys/sign.pem")
    for columns, form in ((as_messages, "messages"), (as_pairs, "prompt-completion")):
        corpus = write_corpus(tmp_path / form, key, columns_of=columns)
        assert write(f"{form}.toml", corpus=corpus).data.format == form


@pytest.mark.parametrize("data", [b"- a\n- b\n", b"a: [", b"1: 2", b"\xff\xfe\x00", b""])
def test_what_is_no_axolotl_file_is_a_sentence(tmp_path, data):
    """A list, broken YAML, keys that are numbers, nothing."""
    file = tmp_path / "axolotl.yml"
    file.write_bytes(data)
    with pytest.raises(TuneError, match=r"axolotl\.yml: (not valid YAML|expected a YAML file)"):
        read(file)
    with pytest.raises(TuneError, match="nowhere"):
        read(tmp_path / "nowhere.yml")
