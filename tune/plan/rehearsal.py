"""Two real steps of a recipe in a process apart: seconds and memory as they are, and nothing left behind.

The process does what `tune run` does from the gate to the last step, on the recipe's own rows, with two steps, in a folder
that is removed then. What it trains is not signed and not kept.
"""

import json
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
    if done.returncode == 0:
        return Rehearsal(**json.loads(done.stdout.splitlines()[-1]))
    said = done.stderr.strip().splitlines()
    sentence = said[-1] if said and done.returncode in (1, 2) else _killed(done.returncode)
    raise (TuneRefused if done.returncode == 1 else TuneError)(sentence)


def _killed(code: int) -> str:
    if code == -9:
        return "two steps were killed, as the system does where memory does not suffice; see the plan for what to lower"
    return f"two steps ended with exit code {code}; run the recipe with `tune run` to see why"


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


def _main(recipe: str, *flags: str) -> int:
    from govern.errors import GovernError
    from vocab.errors import VocabError

    try:
        print(json.dumps(asdict(_two_steps(Path(recipe), governed="--ungoverned" not in flags))))
    except (TuneError, GovernError, VocabError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(_main(*sys.argv[1:]))
