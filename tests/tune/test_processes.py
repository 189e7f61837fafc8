"""One run in two processes: the same adapter as in one, whether each holds the whole model or a part of it."""

import os
import subprocess
import sys

import pytest
from tune_world import NOW, RECIPE

from govern.files import sha256_file
from tune import processes
from tune.adapter import WEIGHTS
from tune.errors import TuneError
from tune.recipe import Training

pytestmark = pytest.mark.tune

RUN = f"""
import os, signal, sys
from datetime import datetime
from pathlib import Path
from tune.recipe import load
from tune.running import run
def die(step, *_):
    if step == 5 and "die" in sys.argv:
        os.kill(os.getpid(), signal.SIGKILL)
now = datetime.fromisoformat({NOW.isoformat()!r})
result = run(load(Path(sys.argv[1])), now=now, resume="resume" in sys.argv, report=die)
print(result.weights)
"""
SHARD_ON_A_PROCESSOR = """
# accelerate shards over accelerators alone; the code that shards is the same
import os
os.environ["ACCELERATE_USE_FSDP"] = "true"
import accelerate.state
from accelerate.utils import DistributedType
whole = accelerate.state.AcceleratorState.__init__
def sharding(self, *given, **named):
    whole(self, *given, **named)
    plugin = named.get("fsdp_plugin") or self.__dict__.get("fsdp_plugin")
    if plugin is not None:
        self.distributed_type, self.fsdp_plugin = DistributedType.FSDP, plugin
accelerate.state.AcceleratorState.__init__ = sharding
import tune.train
fit = tune.train._fit
def watched(trainer, *given):
    found = fit(trainer, *given)
    kinds = {type(parameter).__name__ for parameter in trainer.model.parameters()}
    if kinds != {"DTensor"}:
        raise SystemExit(f"not sharded: {kinds}")
    return found
tune.train._fit = watched
"""


@pytest.fixture
def start(world_with_model, copy, tmp_path):
    """A function that starts a recipe's run in processes of its own."""
    mine = copy(world_with_model)

    def make(out, *arguments, count=2, code=RUN, **training):
        lines = "".join(f"{name} = {value!r}\n".replace("'", '"') for name, value in training.items())
        recipe = mine.root / f"{out}.toml"
        recipe.write_text(RECIPE.replace('"adapter"', f'"{out}"') + lines + "[lora]\ndropout = 0.0\n", "utf-8")
        script = tmp_path / "script.py"
        script.write_text(code, "utf-8")
        launcher = ["-m", "torch.distributed.run", "--nproc-per-node", str(count)] if count > 1 else []
        command = [sys.executable, *launcher, str(script), str(recipe), *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_PORT": "0"}
        return mine.root / out, subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )

    return make


def ended(started):
    """The folder of a run that ended well."""
    out, process = started
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return out


def test_two_processes_make_the_adapter_of_one(start):
    """Byte for byte, without dropout: each step sees the same rows, whoever computes them."""
    one, two = ended(start("one", count=1)), ended(start("two"))
    assert sha256_file(one / WEIGHTS) == sha256_file(two / WEIGHTS)
    assert not two.with_name("two.partial").exists()


@pytest.mark.slow
@pytest.mark.parametrize("code", [RUN, SHARD_ON_A_PROCESSOR + RUN], ids=["whole", "sharded"])
def test_two_processes_that_were_killed_are_resumed_to_the_same_adapter(start, code):
    """Every process's part of a checkpoint counts, or none."""
    sharding = "full" if code != RUN else "none"
    one = ended(start("one", count=1))
    out, process = start("two", "die", code=code, sharding=sharding)
    process.communicate()
    assert process.returncode != 0
    assert not out.exists()
    assert (out.with_name("two.partial") / "checkpoints/checkpoint-4/SHA256SUMS").exists()
    two = ended(start("two", "resume", code=code, sharding=sharding))
    assert sha256_file(one / WEIGHTS) == sha256_file(two / WEIGHTS)


@pytest.mark.slow
def test_processes_that_hold_a_part_each_make_the_same_adapter(start):
    """Every parameter is shared out, 4-bit ones too."""
    one = ended(start("one", count=1))
    two = ended(start("two", code=SHARD_ON_A_PROCESSOR + RUN, sharding="full"))
    assert sha256_file(one / WEIGHTS) == sha256_file(two / WEIGHTS)


def test_a_refusal_of_the_first_process_ends_all(start):
    """With its sentence, once, and nothing is left."""
    out, process = start("two")
    corpus = out.with_name("corpus") / "documents/part-00000.parquet"
    corpus.write_bytes(corpus.read_bytes() + b"\0")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert errors.count("does not match") == 1
    assert not out.with_name("two.partial").exists()


def test_what_several_processes_cannot_share_is_a_sentence(monkeypatch):
    """A batch that does not divide; and one process where there are several accelerators."""
    import torch

    from tune.train import _share_evenly

    monkeypatch.setenv("WORLD_SIZE", "3")
    assert processes.count() == 3
    with pytest.raises(TuneError, match="batch 16 is not a multiple of micro_batch 2 times 3 processes"):
        _share_evenly(Training(micro_batch=2))
    monkeypatch.setenv("WORLD_SIZE", "1")
    _share_evenly(Training(micro_batch=2))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    with pytest.raises(TuneError, match="torchrun --nproc-per-node 4 -m tune run RECIPE"):
        _share_evenly(Training())


def test_processors_are_not_sharded_over(start):
    """It is said, and not quietly left out."""
    _, process = start("two", sharding="full")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "processors are not sharded over" in errors
