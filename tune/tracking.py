"""A run's numbers in a folder that MLflow reads, with no server: its recipe, the digests of what went in, each step's loss.

Needs the extra `mlflow`. The folder is MLflow's file store (`mlflow migrate-filestore` puts it into a database); nothing is
sent anywhere, and no text, path or key is recorded. What a resumed run measures again is recorded again, as a new MLflow run.
"""

import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune.errors import TuneError

if TYPE_CHECKING:
    from tune.gate import Passed
    from tune.recipe import Recipe

SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_FILE_STORE": "true", "DO_NOT_TRACK": "true"}
EXPERIMENT = "assay"
ABSENT = "'tracking' needs MLflow; install assay[tune,mlflow], or leave the key out"
LOGGED = ("loss", "grad_norm", "learning_rate", "held_out_loss", "held_out_bits_per_byte")


def check() -> None:
    """Returns where MLflow is installed.

    Raises:
        TuneError: it is not.
    """
    if importlib.util.find_spec("mlflow") is None:
        raise TuneError(ABSENT)


def callback(folder: Path, recipe: "Recipe", passed: "Passed") -> Any:
    """A `transformers.TrainerCallback` that writes to the folder as training goes.

    Raises:
        TuneError: MLflow is not installed, or the folder cannot be used.
    """
    os.environ.update(SETTINGS)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError:
        raise TuneError(ABSENT) from None
    from transformers import TrainerCallback

    try:
        client = MlflowClient(tracking_uri=folder.absolute().as_uri(), registry_uri=folder.absolute().as_uri())
        found = client.get_experiment_by_name(EXPERIMENT)
        experiment = client.create_experiment(EXPERIMENT) if found is None else found.experiment_id
        run = client.create_run(experiment, tags=_tags(recipe, passed), run_name=recipe.out.name).info.run_id
    except (OSError, MlflowException):
        raise TuneError(f"{folder}: MLflow cannot write there; name another folder as 'tracking'") from None
    for name, value in _flat(recipe.record()):
        client.log_param(run, name, value)

    class Tracking(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
        """Records each step, and held-out text after its own."""

        seen = 0

        def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ARG002
            self._record(state)

        def on_train_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ARG002
            self._record(state)
            client.set_terminated(run)

        def _record(self, state: Any) -> None:
            for entry in state.log_history[self.seen :]:
                for name in LOGGED:
                    if name in entry:
                        client.log_metric(run, name, float(entry[name]), step=int(entry["step"]))
            self.seen = len(state.log_history)

    return Tracking()


def _tags(recipe: "Recipe", passed: "Passed") -> dict[str, str]:
    """What MLflow shows beside the numbers: the digests that the provenance will name."""
    certificates = ", ".join(one.certificate or "none: ungoverned" for one in passed.corpora)
    return {
        "assay.certificate": certificates,
        "assay.tokenizer": passed.tokenizer.digest,
        "assay.model": passed.base.digest,
        "assay.recipe": recipe.digest,
    }


def _flat(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        elif value is not None:
            yield before + name, str(value)[:500]
