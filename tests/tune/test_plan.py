"""A plan: its counts are a run's, its memory is near a run's, and it says what it measured and what it assumed."""

import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tune_world import NOW

from tune.cli import main
from tune.errors import TuneError, TuneRefused
from tune.folders import base_model
from tune.plan import devices, machine, memory, planning, report, shapes, work
from tune.plan.machine import GIVE_BACK, Machine, measure
from tune.plan.planning import MARGIN, lower, plan, steps_of
from tune.plan.rehearsal import Rehearsal, rehearse
from tune.plan.shapes import Linear, Shape
from tune.recipe import Lora, Numbers, Quantisation, Training

pytestmark = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning",  # PEFT's call
    "ignore:`gradient_checkpointing_enable` is deprecated:FutureWarning",
)
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
GB = 10**9
MACHINE = Machine(8 * GB, 4 * GB, 900_000_000, 1, 1e11, 1e10, 1e10)
ATTENTION = (("q_proj", 64, 64), ("k_proj", 32, 64), ("v_proj", 32, 64), ("o_proj", 64, 64))
MLP = (("gate_proj", 192, 64), ("up_proj", 192, 64), ("down_proj", 64, 192))
LINEAR = tuple(
    Linear(f"model.layers.{layer}.x.{name}", outputs, inputs)
    for layer in range(2)
    for name, outputs, inputs in ATTENTION + MLP
)
SHAPE = Shape(LINEAR, LINEAR[:7], 1000, 64, False, 2, 64, 192, 226_000, 4.0, 256_000)


def numbers(*, lora=None, quantisation=None, **training) -> Numbers:
    return Numbers(
        training=Training(**training), lora=Lora(**(lora or {})), quantisation=Quantisation(**(quantisation or {}))
    )


@pytest.fixture
def planned(world_with_model):
    """The plan of the tests' recipe, on a machine that needs no measuring."""
    return plan(world_with_model.recipe(), now=NOW, machine=MACHINE)


@pytest.mark.tune
def test_counts_are_those_of_the_run(trained):
    """Documents, tokens, rows, steps and trainable parameters are what the run's provenance says."""
    made = plan(trained.recipe(), now=NOW, machine=MACHINE)
    envelope = json.loads((trained.adapter / "provenance.json").read_bytes())
    said = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    assert made.rows.documents == said["dataset"]["documents"]
    assert made.rows.tokens == said["dataset"]["tokens"]
    assert made.rows.loss_tokens == said["dataset"]["loss_tokens"]
    assert made.rows.rows == said["dataset"]["rows"]
    assert made.rows.held_out_rows == said["held_out"]["rows"]
    assert made.steps.steps == said["training"]["steps"]
    assert made.steps.epochs == pytest.approx(said["training"]["epochs"], abs=0.35)  # the library counts part batches
    assert made.trainable_parameters == said["training"]["trainable_parameters"]
    assert made.parameters == said["model"]["parameters"]


def test_every_document_and_token_is_accounted_for(planned):
    """Read is used, dropped and left out; what fills the rows is learned, masked and padding."""
    rows = planned.rows
    assert rows.documents == rows.used + rows.not_chosen + sum(count for _, count in rows.dropped)
    assert rows.tokens == rows.loss_tokens + rows.masked_tokens
    assert rows.rows * rows.max_length == rows.tokens + rows.padding_tokens


@pytest.mark.tune
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(
    ("lora", "new_ids"),
    [
        ({}, 0),
        ({}, 5),
        ({"rank": 3, "targets": ("q_proj", "down_proj")}, 5),
        ({"dora": True}, 0),
        ({"rslora": True}, 2),
    ],
)
def test_parameters_that_learn_are_exact(tmp_path, tied, lora, new_ids):
    """For each shape of adapter, as many as the model has once the adapter is on it."""
    pytest.importorskip("torch")
    from tune.base_model import build
    from tune.loading import with_adapter

    base = base_model(build(tmp_path / "model", vocab_size=128, hidden=64, layers=2, tied=tied))
    model, recipe = shapes.read(base), numbers(lora=lora)
    adapted = with_adapter(recipe, base, tuple(range(100, 100 + new_ids)))
    learning = sum(one.numel() for one in adapted.parameters() if one.requires_grad)
    assert sum(shapes.lora_parameters(model, recipe.lora).values()) + shapes.row_parameters(model, new_ids) == learning


@pytest.mark.tune
def test_lora_on_the_head_is_counted(tmp_path):
    """The head is a layer like another where a recipe names it."""
    pytest.importorskip("torch")
    from tune.base_model import build
    from tune.loading import with_adapter

    base = base_model(build(tmp_path / "model", vocab_size=128, hidden=64, layers=2))
    recipe = numbers(lora={"targets": ("lm_head", "v_proj")})
    adapted = with_adapter(recipe, base, ())
    learning = sum(one.numel() for one in adapted.parameters() if one.requires_grad)
    assert sum(shapes.lora_parameters(shapes.read(base), recipe.lora).values()) == learning


@given(
    rows=st.integers(1, 60),
    micro=st.integers(1, 4),
    times=st.integers(1, 4),
    length=st.one_of(st.none(), st.integers(1, 40), st.floats(0.1, 3)),
)
def test_steps_are_those_of_going_through_the_batches(rows, micro, times, length):
    """As counted by walking: a step after every so many micro-batches, and at the end of an epoch."""
    how = {} if length is None else {"steps": length} if isinstance(length, int) else {"epochs": length}
    training = Training(batch=micro * times, micro_batch=micro, **how)
    found = steps_of(training, rows, 0)
    batches = len(range(0, rows, micro))
    ends = [number for number in range(1, batches + 1) if number % times == 0 or number == batches]
    assert found.steps_per_epoch == len(ends)
    walked = [batches * (step // len(ends)) + ends[step % len(ends)] for step in range(found.steps)]
    assert found.micro_batches == walked[-1]
    assert found.held_out_batches == 0


@pytest.mark.tune
def test_epochs_with_a_part_batch_are_as_many_steps_as_trainer_makes(trained, tmp_path):
    """One and a half epochs of rows that do not fill the last batch, in a real run."""
    from tune.running import run

    recipe = trained.recipe(out=tmp_path / "adapter")
    some = {"steps": None, "epochs": 1.5, "batch": 10, "micro_batch": 2, "evaluation_rows": 0}
    recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update=some)})
    made = plan(recipe, now=NOW, machine=MACHINE)
    assert made.rows.rows % 10
    assert run(recipe, now=NOW).predicate["training"]["steps"] == made.steps.steps


@given(st.integers(8, 2048), st.integers(1, 8), st.integers(1, 256), st.booleans(), st.sampled_from(["nf4", "none"]))
def test_more_never_takes_less_memory(length, micro, rank, checkpointing, quantisation):
    """Longer rows, more of them, a higher rank, new rows, and no checkpointing: each takes at least as much."""
    base = {"max_length": length, "micro_batch": micro, "batch": micro, "activation_checkpointing": checkpointing}
    held = {"quantisation": {"type": quantisation}}

    def total(new_ids=0, lora_rank=rank, **changes):
        recipe = numbers(lora={"rank": lora_rank}, **held, **{**base, **changes})
        return memory.on_processor(SHAPE, recipe, new_ids, 0).total, memory.on_accelerator(SHAPE, recipe, new_ids).total

    least = total()
    for more in (
        total(max_length=length * 2),
        total(micro_batch=micro * 2, batch=micro * 2),
        total(lora_rank=rank * 2),
        total(new_ids=10),
    ):
        assert more >= least


def test_parts_add_up():
    """The peak is the sum of what is shown."""
    parts = memory.on_processor(SHAPE, numbers(max_length=64), 3, 1e9)
    shown = report._device(planning.Estimate("x", 1e9, parts, None, None, None))
    assert shown["peak_bytes"] == pytest.approx(sum(shown["parts_bytes"].values()), abs=8)
    assert parts.new_rows == 16 * 3 * 64 * 2


@given(st.floats(0.7, 20))
def test_what_to_lower_is_enough_or_says_that_it_is_not(size):
    """The proposal is what the prediction says of it."""
    recipe = numbers(max_length=4096, micro_batch=8, activation_checkpointing=False, quantisation={"type": "none"})

    def predict(other):
        return memory.on_accelerator(SHAPE, other, 0)

    said = lower(recipe, size * 1e9, predict)
    stated = float(said.removesuffix(" GB").split()[-1])
    assert ("would still take" in said) == (stated > size + 0.005) or abs(stated - size) < 0.01
    assert said.startswith("training.micro_batch = 1")


@given(st.integers(1, 3_000_000), st.booleans(), st.integers(1, 64))
def test_the_proposed_rank_is_the_least_that_has_room(tokens, dora, rank):
    """At that rank LoRA's parameters are no fewer than the tokens, one below they are."""
    recipe = numbers(lora={"rank": rank, "dora": dora})

    def parameters(at):
        return sum(shapes.lora_parameters(SHAPE, recipe.lora.model_copy(update={"rank": at})).values())

    found = planning.capacity(SHAPE, recipe, parameters(rank), tokens)
    assert found.suffices == (parameters(rank) >= tokens)
    if found.rank is None:
        assert parameters(32) < tokens  # the narrowest layer
        return
    assert parameters(found.rank) >= tokens
    assert found.rank == 1 or parameters(found.rank - 1) < tokens


@pytest.mark.parametrize(
    ("parameters", "rank", "words"), [(9, 1, "room for them all"), (1, 8, "rank 8"), (1, None, "no rank")]
)
def test_capacity_is_said_in_a_sentence(parameters, rank, words):
    """Whether there is room, and what would do."""
    assert words in report.sentence(planning.Capacity(parameters, 5, rank))


def test_repeated_epochs_bring_no_new_tokens(world_with_model):
    """Capacity is against what is seen once: half an epoch brings half, three bring one."""
    recipe = world_with_model.recipe()
    seen = []
    for epochs in (0.5, 1.0, 3.0):
        training = recipe.training.model_copy(update={"steps": None, "epochs": epochs})
        made = plan(recipe.model_copy(update={"training": training}), now=NOW, machine=MACHINE)
        seen.append(made.capacity.loss_tokens)
    assert seen[0] < seen[1] == seen[2]


def test_an_allocator_told_to_give_back_is_predicted_so(monkeypatch):
    """The variable is seen, in whatever order, and the part it concerns is gone."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=0:" + ":".join(reversed(GIVE_BACK.split(":"))))
    assert measure(64, 64, 64).gives_back
    monkeypatch.setenv("GLIBC_TUNABLES", GIVE_BACK.split(":")[0])
    assert not measure(64, 64, 64).gives_back
    parts = [memory.on_processor(SHAPE, numbers(), 0, 1e9, gives_back=told) for told in (False, True)]
    assert parts[0].allocator > parts[1].allocator == 0


def test_a_device_is_a_known_name_or_has_its_memory():
    """Known names keep their speeds, whatever their case and memory."""
    assert devices.parse([]) == devices.KNOWN
    small, other = devices.parse(["l40s:24", "mine:12.5"])
    assert (small.name, small.memory_bytes) == ("L40S", 24e9)
    assert small.bf16_flops_per_s == 362e12
    assert (other.memory_bytes, other.bf16_flops_per_s) == (12.5e9, None)


@pytest.mark.parametrize("text", ["mine", "mine:", "mine:none", "mine:-1", "mine:nan", "mine:inf", ":24", ""])
def test_a_device_that_says_nothing_is_refused(text):
    """A sentence with the flag and an example."""
    with pytest.raises(TuneError, match=r"--devices .*(as in|expected)"):
        devices.parse([text])


def test_time_is_unknown_where_no_speed_is():
    """Neither guessed nor zero."""
    cost = work.of_training(SHAPE, numbers())
    assert work.seconds_here(cost, Machine(1, 1, 1, 1)) is None
    assert work.seconds_there(cost, devices.Device("mine", 1e9), bfloat16=True) is None
    fast, slow = (work.seconds_there(cost, devices.KNOWN[0], bfloat16=halved) for halved in (True, False))
    assert 0 < fast < slow
    assert work.seconds_here(cost, MACHINE) > work.seconds_here(work.of_evaluation(SHAPE, numbers()), MACHINE) > 0


def test_a_machine_that_cannot_be_timed_is_said_to_be_so(world_with_model, monkeypatch):
    """Without the libraries of training memory is still predicted, and time is unknown."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    made = plan(world_with_model.recipe(), now=NOW, devices=())
    assert made.devices[0].memory.total > 900_000_000
    assert made.devices[0].run_s is None
    assert "not timed" in "\n".join(report.lines(made, None))


def test_the_plan_says_what_fits_and_what_to_lower(world_with_model):
    """A device too small is named with what would do; the plan is made all the same."""
    few = devices.parse(["small:0.5", "large:80"])
    made = plan(world_with_model.recipe(), now=NOW, machine=replace(MACHINE, memory_bytes=1), devices=few)
    assert [one.verdict for one in made.devices] == ["does not fit", "does not fit", "fits"]
    text = "\n".join(report.lines(made, None))
    assert "this machine does not fit: " in text
    assert "35% are assumed" in text
    assert "does not fit: training.micro_batch = 1" in text


def test_a_prediction_near_the_memory_is_close():
    """What would not fit were the prediction a fifth too low does not simply fit."""
    parts = memory.on_processor(SHAPE, numbers(), 0, 1e9)
    sizes = (parts.total * (1 + MARGIN) * 1.001, parts.total * 1.01, parts.total * 0.99)
    found = [planning.Estimate("x", size, parts, None, None, None).verdict for size in sizes]
    assert found == ["fits", "close", "does not fit"]


def test_a_rehearsal_is_shown_beside_the_prediction(planned):
    """Measured peak and time stand in their own lines; the time before the first step counts once."""
    measured = Rehearsal(begin_s=10.0, step_s=2.0, peak_bytes=2_000_000_000)
    assert report.run_s(planned, measured) == 10 + 2 * (planned.steps.steps - 1)
    text = "\n".join(report.lines(planned, measured))
    assert "peak measured                      2,000" in text
    assert report.record(planned, measured, "sha256:0")["measured"]["run_s"] == report.run_s(planned, measured)


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tune", *map(str, arguments)],
        env=ENVIRONMENT, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.tune
@pytest.mark.parametrize(("vocabulary", "length", "checkpointing"), [(512, 64, True), (16_000, 512, False)])
def test_the_predicted_peak_is_within_a_fifth_of_the_run_s(world_with_model, copy, vocabulary, length, checkpointing):
    """`tune plan` before, `tune run` after, each a process of its own."""
    mine = copy(world_with_model)
    build = "import sys; from pathlib import Path; from tune.base_model import build; build(Path(sys.argv[1]), "
    build += f"vocab_size={vocabulary}, hidden=256, layers=4)"
    subprocess.run([sys.executable, "-c", build, mine.root / "other"], env=ENVIRONMENT, check=True, cwd=ROOT)
    text = (
        mine.recipe_file.read_text()
        .replace('"model"', '"other"')
        .replace('"adapter"', '"new"')
        .replace("max_length = 64", f"max_length = {length}")
    )
    mine.recipe_file.write_text(f"{text}activation_checkpointing = {str(checkpointing).lower()}\n")
    planned = command("plan", mine.recipe_file, "--json", "--devices", "T4")
    ran = command("run", mine.recipe_file, "--json")
    assert planned.returncode == ran.returncode == 0, planned.stderr + ran.stderr
    here, run = json.loads(planned.stdout)["devices"][0], json.loads(ran.stdout)
    assert here["peak_bytes"] == pytest.approx(run["peak_memory_bytes"], rel=MARGIN)


@pytest.mark.tune
@pytest.mark.slow
def test_peaks_of_varied_shapes_are_within_a_fifth():
    """Held-out configurations of the benchmark: new rows, a high rank, no checkpointing, a large vocabulary."""
    done = subprocess.run(
        [sys.executable, "benchmarks/plan_memory.py", "--only", "5", "6", "7", "8", "10"],
        env=ENVIRONMENT, capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    off = [float(line.split("|")[4].strip(" %")) for line in done.stdout.splitlines()[2:]]
    assert len(off) == 5
    assert all(abs(one) <= 100 * MARGIN for one in off), done.stdout


@pytest.mark.tune
def test_two_real_steps_are_measured_and_leave_nothing(world_with_model, copy):
    """Seconds and memory of the recipe itself; its folder is as before."""
    mine = copy(world_with_model)
    before = sorted(mine.root.rglob("*"))
    found = rehearse(mine.recipe_file)
    assert 0 < found.step_s < found.begin_s
    assert found.peak_bytes > 500_000_000
    assert sorted(mine.root.rglob("*")) == before
    (mine.root / "corpus/SHA256SUMS").write_text("")
    with pytest.raises(TuneRefused, match="SHA256SUMS"):
        rehearse(mine.recipe_file)


def test_a_rehearsal_that_was_killed_says_so(tmp_path, monkeypatch):
    """As the system does where memory is short."""
    killed = tmp_path / "python"
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(killed))
    with pytest.raises(TuneError, match="killed, as the system does"):
        rehearse(tmp_path / "recipe.toml")


@pytest.mark.tune
def test_the_command_prints_units_and_leaves_nothing(world_with_model, copy, capsys):
    """JSON whose names end in units, exit code 0 though a device is too small; no file is written beside the recipe."""
    mine = copy(world_with_model)
    before = sorted(mine.root.rglob("*"))
    assert main(["plan", str(mine.recipe_file), "--json", "--devices", "small:0.5"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["devices"][1]["verdict"] == "does not fit"
    assert found["machine"]["flops_per_s"] > 1e8
    assert found["devices"][0]["step_s"] > 0
    assert sorted(mine.root.rglob("*")) == before


def test_a_gate_that_refuses_a_run_refuses_its_plan(world_with_model, copy, capsys):
    """The same sentence and exit code; a window longer than the model takes is one of them."""
    mine = copy(world_with_model)
    text = mine.recipe_file.read_text()
    mine.recipe_file.write_text(text.replace("max_length = 64", "max_length = 5000"))
    assert main(["plan", str(mine.recipe_file)]) == 1
    assert "lower max_length" in capsys.readouterr().err
    mine.recipe_file.write_text(text)
    path = mine.root / "corpus/documents/part-00000.parquet"
    path.write_bytes(path.read_bytes() + b"\0")
    assert main(["plan", str(mine.recipe_file)]) == 1
    assert "part-00000.parquet: changed" in capsys.readouterr().err


def changed(world, **keys) -> str:
    """The world's recipe file with other values of keys."""
    text = world.recipe_file.read_text()
    for key, value in keys.items():
        old = [line for line in text.splitlines() if line.startswith(f"{key} =")]
        text = text.replace(old[0], f"{key} = {value}") if old else f"{key} = {value}\n{text}"
    world.recipe_file.write_text(text)
    return str(world.recipe_file)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"out": '"corpus"'}, "exists already"),
        ({"out": '"none/adapter"'}, "none: no such folder"),
        ({"out": '"corpus/adapter"'}, "lies inside the corpus"),
        ({"sign_key": '"none.pem"'}, "none.pem: No such file"),
        ({"sign_key": '"keys/sign.pub"'}, "a public key, which signs nothing"),
        ({"tracking": '"runs"'}, "'tracking' needs MLflow"),
        ({"out": '"fresh"'}, None),
    ],
)
def test_what_keeps_a_run_from_beginning_is_said_in_its_plan(world_with_model, copy, monkeypatch, keys, says):
    """Beside the gate, which refuses: place, key and tracking are sentences of the plan, since they may be mended meanwhile."""
    from tune import tracking
    from tune.recipe import load

    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda name: None)
    mine = copy(world_with_model)
    recipe = load(Path(changed(mine, **{"out": '"fresh"', **keys})))
    made = plan(recipe, now=NOW, machine=MACHINE)
    text = "\n".join(report.lines(made, None))
    if says is None:
        assert made.obstacles == ()
        assert "would refuse" not in text
        return
    (said,) = made.obstacles
    assert says in said
    assert f"`tune run` would refuse as things are: {said}" in text
    assert report.record(made, None, "sha256:0")["obstacles"] == [said]


def test_an_unfinished_run_and_an_ungoverned_one_are_planned_for_what_they_are(world_with_model, copy):
    """What is unfinished needs --resume; who signs nothing needs no key."""
    from tune import running
    from tune.recipe import load

    mine = copy(world_with_model)
    recipe = load(Path(changed(mine, out='"fresh"', sign_key='"none.pem"')))
    assert running.obstacles(recipe, governed=False) == ()
    (mine.root / "fresh.partial").mkdir()
    first, second = running.obstacles(recipe)
    assert "continue it with --resume" in first
    assert "none.pem" in second


def test_however_long_the_rows_are_a_bounded_product_is_timed(monkeypatch):
    """The speed is what is wanted; eight million tokens would take minutes and gigabytes."""
    asked = []

    def run(command, **_):
        asked.append([int(one) for one in command[3:]])
        raise subprocess.SubprocessError

    monkeypatch.setattr(machine.subprocess, "run", run)
    machine.measure(8_000_000, 64, 128)
    machine.measure(32, 64, 128)
    assert asked == [[machine.TIMED_TOKENS, 64, 128], [32, 64, 128]]
    assert machine.TIMED_TOKENS <= 4096


def test_a_corpus_without_its_column_is_refused(world_with_model, copy, capsys):
    """What a run would say, before it is started."""
    mine = copy(world_with_model)
    mine.recipe_file.write_text(mine.recipe_file.read_text() + '[data]\nformat = "prompt-completion"\n')
    assert main(["plan", str(mine.recipe_file)]) == 1
    assert "no column 'prompt'" in capsys.readouterr().err


def test_bad_devices_and_recipes_are_exit_code_2(world_with_model, tmp_path, capsys):
    """A sentence on standard error."""
    assert main(["plan", str(tmp_path / "none.toml")]) == 2
    assert main(["plan", str(world_with_model.recipe_file), "--devices", "mine"]) == 2
    assert "add its memory" in capsys.readouterr().err
