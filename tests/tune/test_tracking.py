"""A run's numbers in MLflow's folder: the same that the adapter keeps, and nothing else."""

import importlib.util
import json

import pytest
from tune_world import NOW, texts

from tune.errors import TuneError
from tune.running import run

pytestmark = pytest.mark.tune
INSTALLED = importlib.util.find_spec("mlflow") is not None


@pytest.mark.mlflow
@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_mlflow_s_folder_holds_what_the_adapter_does(trained, tmp_path, no_internet, monkeypatch):
    """Every step's loss, the recipe's numbers, the digests; no text and no path; the adapter is the same."""
    pytest.importorskip("mlflow")
    for name, value in {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}.items():
        monkeypatch.setenv(name, value)
    numbers = trained.recipe().training.model_copy(update={"evaluation_steps": 3})
    recipe = trained.recipe(out=tmp_path / "adapter", tracking=tmp_path / "runs", training=numbers)
    result = run(recipe, now=NOW)
    from mlflow import MlflowClient

    uri = (tmp_path / "runs").as_uri()
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    experiment = client.get_experiment_by_name("assay")
    (found,) = client.search_runs([experiment.experiment_id])
    log = [json.loads(line) for line in (result.adapter / "metrics.jsonl").read_text("utf-8").splitlines()]
    for name in ("loss", "held_out_loss"):
        kept = {one.step: one.value for one in client.get_metric_history(found.info.run_id, name)}
        assert kept == {int(entry["step"]): entry[name] for entry in log if name in entry}
    assert found.data.params["lora.rank"] == "16"
    assert found.data.tags["assay.certificate"] == result.predicate["corpus"]["certificate"]
    assert found.info.status == "FINISHED"
    kept = b"".join(path.read_bytes() for path in (tmp_path / "runs").rglob("*") if path.is_file())
    assert not [text for text in texts(60) if text.encode() in kept]
    assert str(trained.root).encode() not in kept


@pytest.mark.skipif(INSTALLED, reason="MLflow is installed here")
def test_without_mlflow_the_key_is_a_sentence(trained, tmp_path):
    """Before anything is trained, and nothing is left."""
    with pytest.raises(TuneError, match=r"install assay\[tune,mlflow\]"):
        run(trained.recipe(out=tmp_path / "adapter", tracking=tmp_path / "runs"), now=NOW)
    assert list(tmp_path.iterdir()) == []
