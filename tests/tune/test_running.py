"""The whole fine-tune on a tiny model: what it writes, that it repeats, and that a kill costs nothing."""

import base64
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tune_world import NOW, SENTENCES

from govern.files import sha256_file
from tune.adapter import FILES, PROVENANCE, WEIGHTS
from tune.cli import main
from tune.errors import TuneError, TuneInterrupted, TuneRefused
from tune.running import run

pytest.importorskip("torch")
pytestmark = pytest.mark.tune
TUNE = [sys.executable, "-m", "tune"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def predicate(adapter: Path) -> dict:
    """What the provenance says, its signature unread."""
    envelope = json.loads((adapter / PROVENANCE).read_bytes())
    return json.loads(base64.b64decode(envelope["payload"]))["predicate"]


def test_a_run_leaves_an_adapter_and_nothing_else(trained):
    """The folder holds its files; the unfinished folder, with its checkpoints, is gone."""
    assert sorted(path.name for path in trained.adapter.iterdir()) == sorted((*FILES, PROVENANCE))
    assert not (trained.root / "adapter.partial").exists()


def test_training_learns_and_measures_it_on_held_out_text(trained):
    """Loss goes down on the held-out part, which no row was trained on, and the log has one entry a step."""
    training = predicate(trained.adapter)["training"]
    assert training["held_out_loss_after"] < training["held_out_loss_before"]
    log = [json.loads(line) for line in (trained.adapter / "metrics.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [1, 2, 3, 4, 5, 6]
    assert training["final_loss"] == log[-1]["loss"]


def test_the_adapter_holds_no_path_and_no_text(trained):
    """No file names a folder of this machine or holds a sentence of the corpus."""
    words = [part.encode() for text in SENTENCES for part in text.split("{n}")[0].split() if len(part) > 5]
    for path in trained.adapter.iterdir():
        data = path.read_bytes()
        if path.name == PROVENANCE:
            data += base64.b64decode(json.loads(data)["payload"])
        assert str(trained.root).encode() not in data, path.name
        assert os.sep.encode() + b"tmp" not in data, path.name
        if path.suffix != ".md":  # the card is prose and has words of its own
            assert not [word for word in words if word in data], path.name


def test_the_configuration_is_canonical(trained):
    """Target modules are sorted and the base's place is not recorded."""
    config = json.loads((trained.adapter / "adapter_config.json").read_bytes())
    assert config["target_modules"] == sorted(config["target_modules"])
    assert config["base_model_name_or_path"] is None
    assert not any("lm_head" in module for module in config["target_modules"])


def test_adapters_and_new_rows_are_float32_and_the_rest_of_the_embedding_stays_out(trained):
    """The file holds LoRA weights and one row for each new id, in input and output."""
    from safetensors import safe_open

    new = predicate(trained.adapter)["tokenizer"]["new_ids"]
    with safe_open(trained.adapter / WEIGHTS, "np") as weights:
        shapes = {name: tuple(weights.get_slice(name).get_shape()) for name in weights.keys()}  # noqa: SIM118
        assert {weights.get_slice(name).get_dtype() for name in shapes} == {"F32"}
    rows = [shape for name, shape in shapes.items() if "trainable_tokens_delta" in name]
    assert rows == [(new, 64), (new, 64)]
    assert all("lora_" in name or "trainable_tokens_delta" in name for name in shapes)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's call
def test_the_adapter_reloads_to_the_loss_that_was_measured(trained):
    """PEFT reads the folder over the same base and gives the recorded held-out loss."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    from tune import dataset, gate
    from tune.loading import keep_trainable
    from tune.train import evaluated

    recipe = trained.recipe()
    passed = gate.check(recipe, now=NOW)
    held_out = dataset.some_rows(dataset.build(passed.corpora[0].held_out, passed.tokenizer, 64, with_bytes=True), 4)
    quantised = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
    )
    base = AutoModelForCausalLM.from_pretrained(
        recipe.model, quantization_config=quantised, dtype=torch.float32, device_map={"": "cpu"}, local_files_only=True
    )
    keep_trainable(base)  # else a processor with AVX512-BF16 computes in bfloat16, some 4e-5 away
    before = evaluated(base, held_out, 2)
    after = evaluated(PeftModel.from_pretrained(base, trained.adapter), held_out, 2)
    training = predicate(trained.adapter)["training"]
    for when, found in (("before", before), ("after", after)):
        assert found.loss == pytest.approx(training[f"held_out_loss_{when}"], abs=1e-6)
        assert found.bits_per_byte == pytest.approx(training[f"held_out_bits_per_byte_{when}"], abs=1e-6)


@pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable` is deprecated:FutureWarning")  # PEFT's call
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_a_measured_loss_leaves_the_base_model_trainable(trained):
    """Evaluation packs no weight for inference, on whatever processor: a packed product has no gradient."""
    from bitsandbytes.nn import Linear4bit

    from tune import dataset, gate
    from tune.loading import with_adapter
    from tune.train import evaluated

    passed = gate.check(trained.recipe(), now=NOW)
    model = with_adapter(trained.recipe(), passed.base, passed.tokenizer.new_ids)
    layers = [module for module in model.modules() if isinstance(module, Linear4bit)]
    held_out = dataset.build(passed.corpora[0].held_out, passed.tokenizer, 64, with_bytes=True)
    evaluated(model, dataset.some_rows(held_out, 2), 2)
    assert layers
    assert all(layer.support_avx512bf16_for_cpu is False for layer in layers)
    assert not any(getattr(layer.weight.quant_state, "packing_format_for_cpu", False) for layer in layers)


def test_the_same_recipe_gives_the_same_adapter_and_opens_no_socket(trained, tmp_path, no_internet):
    """Every file but the signed time is the same, byte for byte; `issued` is all that differs in the predicate."""
    from datetime import timedelta

    result = run(trained.recipe(out=tmp_path / "again"), now=NOW + timedelta(days=1))
    for name in FILES:
        assert sha256_file(result.adapter / name) == sha256_file(trained.adapter / name), name
    first, second = predicate(trained.adapter), predicate(result.adapter)
    assert first.pop("issued") != second.pop("issued")
    assert first == second


def test_a_killed_run_continues_to_the_same_adapter(trained, copy, capsys):
    """`kill -9` after a checkpoint, a refusal without `--resume`, then `--resume`: the bytes of an unbroken run."""
    mine = copy(trained)
    expected = {name: sha256_file(mine.adapter / name) for name in FILES}
    for path in mine.adapter.iterdir():
        path.unlink()
    mine.adapter.rmdir()
    command = [*TUNE, "run", str(mine.recipe_file)]
    running = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE)
    whole = mine.root / "adapter.partial/checkpoints/checkpoint-2/SHA256SUMS"
    ends = time.monotonic() + 120
    while not whole.exists() and running.poll() is None and time.monotonic() < ends:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert whole.exists()
    assert not mine.adapter.exists()
    again = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "an unfinished run; continue it with --resume" in again.stderr
    assert main(["run", str(mine.recipe_file), "--resume", "--json"]) == 0
    assert {name: sha256_file(mine.adapter / name) for name in FILES} == expected
    assert json.loads(capsys.readouterr().out)["weights"] == "sha256:" + expected[WEIGHTS]
    assert not (mine.root / "adapter.partial").exists()


@pytest.mark.slow
def test_twenty_kills_at_random_steps_cost_nothing(trained, copy):
    """One run of forty steps, killed twenty times: each file is that of the run that nobody disturbed."""
    mine = copy(trained)
    shutil.rmtree(mine.adapter)
    text = mine.recipe_file.read_text("utf-8").replace("steps = 6", "steps = 40")
    mine.recipe_file.write_text(
        text.replace("checkpoint_steps = 2", "checkpoint_steps = 1\nevaluation_steps = 7"), "utf-8"
    )
    whole = run(mine.recipe(out=mine.root / "whole"), now=NOW)
    chance = random.Random(0)
    command = [*TUNE, "run", str(mine.recipe_file)]
    for killed, step in enumerate(sorted(chance.sample(range(1, 40), 20))):
        running = subprocess.Popen(
            [*command, "--resume"] if killed else command, env=ENVIRONMENT, stderr=subprocess.DEVNULL
        )
        written = mine.root / f"adapter.partial/checkpoints/checkpoint-{step}"
        ends = time.monotonic() + 120
        while not written.exists() and running.poll() is None and time.monotonic() < ends:
            time.sleep(0.001)
        time.sleep(chance.random() / 20)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert running.returncode == -signal.SIGKILL
        assert not mine.adapter.exists()
    assert run(mine.recipe(), now=NOW, resume=True).weights == whole.weights
    assert {name: sha256_file(mine.adapter / name) for name in FILES} == {
        name: sha256_file(whole.adapter / name) for name in FILES
    }


def test_a_run_stopped_at_any_step_continues_to_the_same_adapter(trained, tmp_path):
    """Stopped from the keyboard at the third, fifth and last step, one after the other."""

    def stop_at(last):
        def report(step, *_):
            if step == last:
                raise KeyboardInterrupt

        return report

    recipe = trained.recipe(out=tmp_path / "adapter")
    for last in (3, 5, 6):
        with pytest.raises(TuneInterrupted, match="--resume") as caught:
            run(recipe, now=NOW, resume=True, report=stop_at(last))
        assert caught.value.exit_code == 3
    result = run(recipe, now=NOW, resume=True)
    assert sha256_file(result.adapter / WEIGHTS) == sha256_file(trained.adapter / WEIGHTS)
    assert sha256_file(result.adapter / "metrics.jsonl") == sha256_file(trained.adapter / "metrics.jsonl")


def test_a_run_over_other_inputs_does_not_resume(trained, tmp_path):
    """A checkpoint belongs to its recipe; what changed is named."""
    recipe = trained.recipe(out=tmp_path / "adapter")

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(TuneInterrupted):
        run(recipe, now=NOW, report=stop)
    other = recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": 8})})
    with pytest.raises(TuneRefused, match="another recipe"):
        run(other, now=NOW, resume=True)


def test_an_existing_output_is_never_touched(trained):
    """A finished adapter stays, with and without `--resume`."""
    before = sha256_file(trained.adapter / WEIGHTS)
    for resume in (False, True):
        with pytest.raises(TuneError, match="exists already"):
            run(trained.recipe(), now=NOW, resume=resume)
    assert sha256_file(trained.adapter / WEIGHTS) == before


@pytest.mark.parametrize("name", ["corpus", "model", "tokenizer"])
def test_an_output_inside_an_input_is_refused_before_training(trained, name):
    """Writing there would change what was signed or hashed, and be noticed only when training is over."""
    with pytest.raises(TuneError, match=f"lies inside the {name}"):
        run(trained.recipe(out=trained.root / name / "adapter"), now=NOW)
    assert not (trained.root / name / "adapter.partial").exists()


def test_folders_for_tokens_and_numbers_cannot_lie_where_the_adapter_goes(trained, tmp_path):
    """Nor in what must stay as it is; found before anything is trained."""
    out = tmp_path / "adapter"
    for changes, sentence in (
        ({"cache": out}, "where the adapter goes; name another 'cache'"),
        ({"cache": out / "tokens"}, "where the adapter goes"),
        ({"cache": tmp_path / "adapter.partial"}, "where the adapter goes"),
        ({"tracking": out}, "name another 'tracking'"),
        ({"cache": trained.adapter}, "an adapter, which must stay as it is"),
        ({"tracking": trained.root / "corpus/runs"}, "lies inside the corpus"),
    ):
        with pytest.raises(TuneError, match=sentence):
            run(trained.recipe(out=out, **changes), now=NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_unfinished_run_is_never_removed(trained, tmp_path):
    """Whatever it is called."""
    thesis = tmp_path / "adapter.partial/thesis"
    thesis.mkdir(parents=True)
    with pytest.raises(TuneError, match="holds other things than an unfinished run"):
        run(trained.recipe(out=tmp_path / "adapter"), now=NOW, resume=True)
    assert thesis.exists()


def test_tokens_that_change_while_they_are_trained_on_are_not_signed(trained, tmp_path):
    """Even where the file that they lie in is the user's cache, read once and mapped since."""

    def alter(step, *_):
        if step == 2:
            for path in (tmp_path / "cache").glob("*/ids.bin"):
                with path.open("r+b") as stream:
                    stream.seek(400)
                    stream.write(b"\5\0\0\0")

    with pytest.raises(TuneRefused, match="the tokens changed while they were trained on"):
        run(trained.recipe(out=tmp_path / "adapter", cache=tmp_path / "cache"), now=NOW, report=alter)
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]  # no checkpoint that a resumed run would continue


def test_two_runs_may_make_the_same_tokens_at_once(trained, tmp_path, monkeypatch):
    """Whoever is first keeps its place; the other reads what is there."""
    from tune import cache

    place = cache._place

    def second(partial, entry):
        if not entry.exists():
            shutil.copytree(partial, entry)
        place(partial, entry)

    monkeypatch.setattr(cache, "_place", second)
    result = run(trained.recipe(out=tmp_path / "adapter", cache=tmp_path / "cache"), now=NOW)
    assert (result.adapter / "provenance.json").exists()
    assert not list((tmp_path / "cache").glob("*.partial"))


@pytest.mark.parametrize("limit", [50_000, 180_000])
def test_a_disk_that_is_full_is_resumable(trained, copy, limit):
    """Wherever writing fails, the exit code is 3 and a sentence says what to mend; then `--resume` gives the same bytes."""
    mine = copy(trained)
    expected = sha256_file(mine.adapter / WEIGHTS)
    shutil.rmtree(mine.adapter)
    code = (
        "import resource, sys\nimport torch, transformers, peft, bitsandbytes\nfrom tune.cli import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        f"sys.exit(main(['run', {str(mine.recipe_file)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False, cwd=Path.cwd()
    )
    assert done.returncode == 3, done.stderr
    assert "--resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert run(mine.recipe(), now=NOW, resume=True).weights == "sha256:" + expected


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's call
@pytest.mark.parametrize("tied", [False, True])
def test_the_adapter_loads_over_the_plain_model(trained, tmp_path, tied):
    """PEFT alone reads it over the unquantised base: the new rows' logits move, and all are near those over NF4."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    from tune.base_model import build_for

    model = build_for(trained.root / "tokenizer", tmp_path / "model", hidden=64, layers=1, tied=tied)
    result = run(trained.recipe(out=tmp_path / "adapter", model=model), now=NOW)
    ids = torch.arange(320, 352)[None]
    nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)
    logits = {}
    for name, how in (("plain", {}), ("nf4", {"quantization_config": nf4, "device_map": {"": "cpu"}})):
        base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32, local_files_only=True, **how)
        with torch.no_grad():
            before = base(ids).logits
            logits[name] = PeftModel.from_pretrained(base, result.adapter).eval()(ids).logits
        assert (logits[name] - before).abs().max() > 0.02
    assert (logits["plain"] - logits["nf4"]).abs().max() < 0.2 * logits["nf4"].abs().max()


def test_a_loss_that_is_no_number_stops_the_run(trained, tmp_path):
    """A rate that blows up gives a sentence, not an adapter."""
    recipe = trained.recipe(out=tmp_path / "adapter")
    wild = recipe.training.model_copy(update={"learning_rate": 1e38, "steps": 4})
    with pytest.raises(TuneRefused, match=r"is (nan|inf)|no number"):
        run(recipe.model_copy(update={"training": wild}), now=NOW)
    assert not recipe.out.exists()


def test_a_key_that_others_can_read_is_refused_before_training(trained, copy):
    """The signing key is checked first, so no hour of training is lost to it."""
    mine = copy(trained)
    (mine.root / "keys/sign.pem").chmod(0o644)
    with pytest.raises(Exception, match="chmod 600") as caught:
        run(mine.recipe(out=mine.root / "other"), now=NOW)
    assert caught.value.exit_code == 2
    assert not (mine.root / "other.partial").exists()


def test_a_model_that_lacks_a_tensor_is_refused(trained, copy):
    """A missing tensor would be made of random numbers in silence."""
    from safetensors.numpy import load_file, save_file

    mine = copy(trained)
    weights = load_file(mine.root / "model/model.safetensors")
    weights.pop("model.layers.0.mlp.up_proj.weight")
    save_file(weights, mine.root / "model/model.safetensors", {"format": "pt"})
    with pytest.raises(TuneRefused, match=r"up_proj.*would be random"):
        run(mine.recipe(out=mine.root / "other"), now=NOW)


def test_tied_embeddings_train_one_set_of_rows(trained, tmp_path):
    """With tied embeddings the new rows serve input and output, and are stored once."""
    from safetensors import safe_open

    from tune.base_model import build_for

    model = build_for(trained.root / "tokenizer", tmp_path / "tied", hidden=32, layers=1, tied=True)
    recipe = trained.recipe(out=tmp_path / "adapter", model=model)
    short = recipe.training.model_copy(update={"steps": 2, "activation_checkpointing": False})
    result = run(recipe.model_copy(update={"training": short}), now=NOW)
    with safe_open(result.adapter / WEIGHTS, "np") as weights:
        rows = [name for name in weights.keys() if "trainable_tokens_delta" in name]  # noqa: SIM118
    assert len(rows) == 1
    assert result.predicate["training"]["held_out_loss_after"] > 0
