"""Held-out text during training: measured without a trace in the adapter, and an end to what no longer learns."""

import json
from pathlib import Path
from typing import Any

import pytest
from tune_world import NOW

from govern.files import sha256_file
from tune.adapter import METRICS, WEIGHTS
from tune.recipe import Lora, Quantisation
from tune.running import Result, run
from tune.train import _is_over

pytest.importorskip("torch")
pytestmark = pytest.mark.tune


def run_with(world: Any, out: Path, *, resume: bool = False, report: Any = None, **changes: Any) -> Result:
    """A run of the world's recipe with other numbers."""
    recipe = world.recipe(out=out)
    numbers = recipe.training.model_copy(update=changes)
    return run(recipe.model_copy(update={"training": numbers}), now=NOW, resume=resume, report=report)


def log_of(result: Result) -> list[dict[str, float]]:
    return [json.loads(line) for line in (result.adapter / METRICS).read_text("utf-8").splitlines()]


def test_evaluating_in_between_changes_nothing_but_the_log(trained, tmp_path):
    """The adapter is the same, byte for byte; the last evaluation is that of the end, and lower than the first."""
    result = run_with(trained, tmp_path / "adapter", evaluation_steps=2)
    assert sha256_file(result.adapter / WEIGHTS) == sha256_file(trained.adapter / WEIGHTS)
    log = log_of(result)
    assert [entry["step"] for entry in log if "held_out_loss" in entry] == [2, 4, 6]
    training = result.predicate["training"]
    assert log[-1]["held_out_loss"] == pytest.approx(training["held_out_loss_after"], abs=1e-9)
    assert log[-1]["held_out_bits_per_byte"] == pytest.approx(training["held_out_bits_per_byte_after"], abs=1e-9)
    assert log[-1]["held_out_loss"] < training["held_out_loss_before"]
    assert training["ended_early"] is False


def test_training_ends_where_it_no_longer_learns(trained, tmp_path):
    """At a rate of next to nothing the second evaluation is no better than the first; the adapter is whole all the same."""
    result = run_with(
        trained, tmp_path / "adapter", evaluation_steps=1, patience=1, learning_rate=1e-30, row_learning_rate=1e-30
    )
    training = result.predicate["training"]
    assert (training["steps"], training["ended_early"]) == (2, True)
    assert [entry["step"] for entry in log_of(result)] == [1, 2]
    assert "ended early" in (result.adapter / "README.md").read_text("utf-8")


def test_a_run_that_ended_early_is_not_trained_on_after_a_kill(trained, tmp_path):
    """Its last checkpoint is the end, with the same adapter."""
    numbers = {"evaluation_steps": 1, "patience": 1, "learning_rate": 1e-30, "row_learning_rate": 1e-30}
    whole = run_with(trained, tmp_path / "whole", **numbers)

    from tune import adapter

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter, "card", fail)
        with pytest.raises(Exception, match="--resume"):
            run_with(trained, tmp_path / "again", **numbers)
    steps: list[int] = []
    again = run_with(trained, tmp_path / "again", resume=True, report=lambda step, *_: steps.append(step), **numbers)
    assert steps == []
    assert again.weights == whole.weights
    assert again.predicate["training"] == whole.predicate["training"]
    assert log_of(again) == log_of(whole)


@pytest.mark.parametrize(
    ("losses", "patience", "over"),
    [
        ([], 1, False),
        ([3.0], 1, False),
        ([3.0, 2.0], 1, False),
        ([3.0, 3.0], 1, True),
        ([3.0, 2.0, 2.5], 2, False),
        ([3.0, 2.0, 2.5, 2.1], 2, True),
        ([3.0, 2.0, 2.5, 1.9], 2, False),
        ([3.0, 3.0, 3.0], None, False),
    ],
)
def test_patience_is_evaluations_without_a_better_one(losses, patience, over):
    """Counted from the best; without patience training never ends early."""
    assert _is_over([{"held_out_loss": loss} for loss in losses], patience) is over


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's call
def test_in_bfloat16_what_learns_is_float32_and_the_rest_is_not(trained):
    """A step of 1e-4 is lost in bfloat16; a frozen embedding in float32 would be twice the memory for nothing."""
    import torch

    from tune.folders import base_model
    from tune.loading import with_adapter

    recipe = trained.recipe(quantisation=Quantisation(compute="bfloat16"))
    model = with_adapter(recipe, base_model(recipe.model), (330, 331))
    kinds = {True: set(), False: set()}
    for parameter in model.parameters():
        kinds[parameter.requires_grad].add(parameter.dtype)
    assert kinds == {True: {torch.float32}, False: {torch.bfloat16, torch.uint8}}


@pytest.mark.parametrize(
    ("lora", "quantisation"),
    [
        (Lora(rank=4, alpha=8, targets=("q_proj", "down_proj")), Quantisation()),
        (Lora(rank=4, alpha=8, rslora=True), Quantisation(type="none")),
        (Lora(rank=4, alpha=8, dora=True, dropout=0.0), Quantisation()),
        (Lora(rank=4, alpha=8), Quantisation(compute="bfloat16")),
    ],
)
@pytest.mark.parametrize("schedule", ["linear", "constant"])
def test_every_option_trains(trained, tmp_path, lora, quantisation, schedule):
    """Named layers, rank-stabilised, DoRA, an unquantised base; the adapter's configuration says which, and loss falls."""
    recipe = trained.recipe(out=tmp_path / "adapter", lora=lora, quantisation=quantisation)
    numbers = recipe.training.model_copy(update={"schedule": schedule, "weight_decay": 0.01, "learning_rate": 1e-2})
    result = run(recipe.model_copy(update={"training": numbers}), now=NOW)
    config = json.loads((result.adapter / "adapter_config.json").read_bytes())
    assert (config["use_rslora"], config["use_dora"]) == (lora.rslora, lora.dora)
    assert lora.targets is None or config["target_modules"] == sorted(lora.targets)
    training = result.predicate["training"]
    assert training["held_out_loss_after"] < training["held_out_loss_before"]
    rates = [entry["learning_rate"] for entry in log_of(result)]
    assert (rates[-1] == rates[1]) is (schedule == "constant")
