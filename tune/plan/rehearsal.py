"""Two real steps of a recipe in a process apart: seconds and memory as they are, and nothing left behind.

The process does what `tune run` does from the gate to the last step, on the recipe's own rows, with two steps, in a folder
that is removed then. What it trains is not signed and not kept.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tune.errors import TuneError, TuneRefused
from tune.plan.machine import peak_bytes

STEPS = 2
"""The first step warms up; the second is timed."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What two real steps took: seconds before the first step was done, seconds of the second, and the highest memory."""

    begin_s: float
    step_s: float
    peak_bytes: int


def rehearse(recipe: Path, *, governed: bool = True) -> Rehearsal:
    """Trains two steps of the recipe in that file, elsewhere, and says what they took.

    Raises:
        TuneRefused: the gate or training says no; the sentence is theirs.
        TuneError: the steps could not be made.
    """
    command = [sys.executable, "-m", "tune.plan.rehearsal", str(recipe), *([] if governed else ["--ungoverned"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (ourselves)
    if done.returncode:
        raise TuneError(f"{recipe}: two steps were not made ({_why(done.returncode)})")
    found = json.loads(done.stdout.splitlines()[-1])
    if "sentence" in found:
        raise (TuneRefused if found["exit_code"] == TuneRefused.exit_code else TuneError)(found["sentence"])
    return Rehearsal(**found)


def _why(code: int) -> str:
    if code == -signal.SIGKILL:
        return "killed, as the system does where memory does not suffice; the plan says what to lower"
    return f"exit code {code}; `tune run` says why"


def _two_steps(recipe_file: Path, *, governed: bool) -> Rehearsal:
    from tune import gate, tokens
    from tune.loading import go_offline
    from tune.recipe import load

    go_offline()
    began = time.monotonic()
    recipe = load(recipe_file)
    passed = gate.check(recipe, now=datetime.now(UTC)) if governed else gate.check_ungoverned(recipe)
    few = {"steps": STEPS, "epochs": None, "evaluation_steps": None, "patience": None, "checkpoint_steps": STEPS}
    short = recipe.model_copy(update={"training": recipe.training.model_copy(update=few), "cache": None})
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokens.make(short, passed, folder, None, lambda _: None)
        data, held_out = tokens.read(short, passed, folder, None)
        from tune.train import train

        train(
            short,
            passed.base,
            passed.tokenizer.new_ids,
            data,
            held_out,
            work=folder / "checkpoints",
            out=folder / "adapter",
            report=lambda *_: ends.append(time.monotonic()),
        )
    return Rehearsal(round(ends[0] - began, 3), round(ends[1] - ends[0], 3), peak_bytes())


def _main(recipe: str, *flags: str) -> None:
    from govern.errors import GovernError
    from vocab.errors import VocabError

    try:
        found = asdict(_two_steps(Path(recipe), governed="--ungoverned" not in flags))
    except (TuneError, GovernError, VocabError) as error:
        found = {"sentence": str(error), "exit_code": error.exit_code}
    print(json.dumps(found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
