"""A merged adapter predicts what the trained model did, and says how far it lies from it."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merge_world import WAYS, alone, logits, merged, over_dequantised_base
from tune_world import NOW

from govern.files import sha256_file
from tune.adapter import CONFIG, WEIGHTS
from tune.folders import base_model
from tune.merge import dequantised, divergence
from tune.recipe import recorded
from tune.weights import header

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # names that PEFT will change
    pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers`"),  # of checkpoints of LoRA on a head
]


@pytest.mark.parametrize("way", WAYS)
def test_the_merged_model_loads_alone_and_gives_the_trained_logits(trained, train, tmp_path, way):
    """Plain transformers reads the folder; logits are those of the adapter over its base to 1e-5, the KL is below 1e-6."""
    adapter, model, words = train(way)
    made = merged(trained, tmp_path / "out", (adapter, model, words))
    expected = logits(over_dequantised_base(adapter, model))
    assert (logits(alone(made.folder)) - expected).abs().max() < 1e-5
    assert (logits(alone(model)) - expected).abs().max() > 1e-2  # the base alone is far from it
    assert made.divergence.mean <= 1e-6
    assert made.divergence.maximum <= 1e-6
    assert made.predicate["divergence"]["tokens"] == made.divergence.tokens == 1024


@pytest.mark.parametrize("way", ["nf4", "tied", "unquantised", "no new ids"])
def test_rows_are_in_the_base_and_the_adapter_beside_it_is_pure_lora(trained, train, tmp_path, way):
    """PEFT over the written base gives the trained logits; no tensor and no setting of the adapter is about token rows."""
    from peft import PeftModel

    adapter, model, words = train(way)
    made = merged(trained, tmp_path / "out", (adapter, model, words), form="rows")
    again = PeftModel.from_pretrained(alone(made.folder / "base"), made.folder / "adapter")
    assert (logits(again) - logits(over_dequantised_base(adapter, model))).abs().max() < 1e-5
    config = json.loads((made.folder / "adapter" / CONFIG).read_bytes())
    assert config["trainable_token_indices"] is None
    assert config["modules_to_save"] is None
    assert config["bias"] == "none"
    names = header(made.folder / "adapter" / WEIGHTS)
    assert names
    assert all(name.endswith((".lora_A.weight", ".lora_B.weight")) for name in names)
    assert made.divergence.mean <= 1e-6


def test_the_new_rows_are_the_trained_ones(trained, done):
    """Every row of a new id, in embedding and head, is the adapter's, bit for bit, and every other is the base's."""
    from safetensors.numpy import load_file

    after, before = (load_file(folder / "model.safetensors") for folder in (done.folder, trained.root / "model"))
    rows = load_file(trained.adapter / WEIGHTS)
    new = json.loads((trained.adapter / CONFIG).read_bytes())["trainable_token_indices"]["lm_head"]
    for name, module in (("model.embed_tokens", "model.embed_tokens"), ("lm_head", "lm_head")):
        trained_rows = rows[f"base_model.model.{module}.token_adapter.trainable_tokens_delta"]
        assert (after[f"{name}.weight"][new] == trained_rows).all()
        old = [number for number in range(len(after[f"{name}.weight"])) if number not in new]
        assert (after[f"{name}.weight"][old] == before[f"{name}.weight"][old]).all()


def test_the_divergence_is_that_of_the_held_out_text_and_tells_a_bad_merge(trained, tmp_path):
    """Held-out text is measured on, every token of it; the adapter over the base as it was before 4 bits is seen at once."""
    from peft import PeftModel

    from govern.attestation import verify
    from tune.folders import tokenizer

    corpus = trained.root / "corpus"
    made = merged(trained, tmp_path / "out", corpora=[corpus])
    found = verify(corpus, trained.trust, now=NOW)
    assert made.text.record["what"] == "certified held-out text"
    assert made.text.record["certificates"] == [found.certificate.digest]
    assert sum(batch["input_ids"].numel() for batch in made.text.batches) == made.divergence.tokens
    base, numbers = base_model(trained.root / "model"), recorded(trained.adapter / "recipe.json")
    model = dequantised.trained(trained.adapter, numbers, base)
    original = PeftModel.from_pretrained(alone(trained.root / "model"), trained.adapter)
    text = divergence.of_corpora([found], tokenizer(trained.root / "tokenizer"), 1024)
    assert text.record == made.text.record
    assert divergence.measure(model, original, text).mean > 1e-5
    assert divergence.measure(model, model, text) == divergence.Divergence(0.0, 0.0, made.divergence.tokens, 0)


def test_text_of_every_format_is_measured_on_and_documents_where_none_is_held_out(trained, tmp_path):
    """Conversations are read without the template that they were trained with."""
    import polars as pl

    from govern.corpus import CertifiedShard
    from tune.folders import tokenizer

    words = tokenizer(trained.root / "tokenizer")
    turns = [
        {"role": "user", "content": "What is EBITDA?"},
        {"role": "assistant", "content": "Earnings before interest."},
    ]
    tables = {
        "messages": {"messages": [turns] * 3},
        "prompt": {"prompt": ["What is EBITDA?"] * 3, "completion": [" Earnings."] * 3},
        "text": {"text": ["EBITDA rose."] * 3, "messages": [turns] * 3},
    }
    for name, columns in tables.items():
        path = tmp_path / f"{name}.parquet"
        pl.DataFrame(columns).write_parquet(path)
        shard = CertifiedShard(path, sha256_file(path), 3)
        certificate = SimpleNamespace(digest="sha256:" + "0" * 64)
        corpus = SimpleNamespace(held_out=(), documents=(shard,), certificate=certificate)
        text = divergence.of_corpora([corpus], words, 64)
        assert text.record["what"] == "certified documents"
        assert text.record["tokens"] > 9


@given(
    st.lists(st.floats(-20, 20), min_size=5, max_size=5),
    st.lists(st.floats(-20, 20), min_size=5, max_size=5),
)
@settings(max_examples=50, deadline=None)
def test_the_divergence_is_never_negative_and_is_the_sum_that_the_definition_says(one, two):
    """KL(P ‖ Q) of two distributions given as logits, at two positions of which the second is P on both sides."""
    import math

    import torch

    def model(first):
        rows = torch.tensor([[first, one]])
        made = SimpleNamespace(device="cpu", __call__=None)
        made.eval = lambda: lambda input_ids, position_ids, use_cache: SimpleNamespace(logits=rows)
        return made

    def fixed(made):
        call = made.eval()
        call.device = "cpu"
        return SimpleNamespace(eval=lambda: call)

    batch = {"input_ids": torch.zeros(1, 2, dtype=torch.long), "position_ids": torch.arange(2)[None]}
    found = divergence.measure(fixed(model(one)), fixed(model(two)), divergence.Text({}, (batch,)))
    p, q = ([math.exp(value - max(row)) for value in torch.tensor(row).tolist()] for row in (one, two))
    expected = sum(a / sum(p) * (math.log(a / sum(p)) - math.log(b / sum(q))) for a, b in zip(p, q, strict=True))
    assert found.mean >= 0
    assert found.maximum == pytest.approx(max(expected, 0), rel=1e-6, abs=1e-9)
    assert found.mean == pytest.approx(found.maximum / 2)


def test_bfloat16_is_half_the_size_and_has_its_own_measured_divergence(trained, tmp_path):
    """The files are bfloat16, the figure is theirs, and it is larger than that of float32."""
    made = merged(trained, tmp_path / "out", dtype="bfloat16")
    assert {entry["dtype"] for entry in header(made.folder / "model.safetensors").values()} == {"BF16"}
    assert json.loads((made.folder / "config.json").read_bytes())["dtype"] == "bfloat16"
    assert 1e-9 < made.divergence.mean <= 1e-4
    assert made.predicate["dtype"] == "bfloat16"


def test_the_same_inputs_give_the_same_bytes_and_a_merged_model_can_be_a_base(trained, tmp_path):
    """Two merges hold the same files; the folder passes the gate's reading of a base."""
    for form in ("merged", "rows"):
        one, two = (merged(trained, tmp_path / f"{form}{number}", form=form) for number in (1, 2))
        names = sorted(path.relative_to(one.folder) for path in one.folder.rglob("*.*"))
        assert names
        assert {name: sha256_file(one.folder / name) for name in names} == {
            name: sha256_file(two.folder / name) for name in names
        }
    whole = base_model(tmp_path / "merged1")
    assert whole.rows == base_model(trained.root / "model").rows
    assert whole.tokenizer == (trained.root / "tokenizer/tokenizer.json").read_bytes()


def test_large_models_are_written_in_shards(trained, tmp_path, monkeypatch):
    """Several files and their index, which load alone like one."""
    monkeypatch.setattr("tune.merge.files.SHARD", "200KB")
    made = merged(trained, tmp_path / "out")
    assert len(list(made.folder.glob("model-*.safetensors"))) > 1
    assert (
        logits(alone(made.folder)) - logits(over_dequantised_base(trained.adapter, trained.root / "model"))
    ).abs().max() < 1e-5
