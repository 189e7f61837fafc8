"""A merged adapter predicts what the trained model did, says how far it lies from it, and is whole or absent."""

import base64
import json
import os
import resource
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tune_world import NOW, World

from govern.attestation import PREDICATE_ADAPTER, seal, statement
from govern.errors import InputError, VerificationError
from govern.files import sha256_file
from govern.keys import generate, load_private
from tune.adapter import CONFIG, PROVENANCE, UNGOVERNED, WEIGHTS
from tune.cli import main
from tune.errors import TuneError, TuneInterrupted, TuneRefused
from tune.folders import base_model
from tune.merge import dequantised, divergence, sources
from tune.merge import record as merge_record
from tune.merge.merging import merge
from tune.recipe import recorded
from tune.weights import header

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # names that PEFT will change
    pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers`"),  # of checkpoints of LoRA on a head
]
WAYS = ("nf4", "tied", "unquantised", "bfloat16", "bfloat16 unquantised", "dora", "rslora", "no new ids", "head")


@pytest.fixture(autouse=True)
def fewer_tokens(monkeypatch):
    """Measures on an eighth of the text, for speed."""
    monkeypatch.setattr(divergence, "TOKENS", 1024)


@pytest.fixture(scope="module")
def done(trained, tmp_path_factory):
    """An unsigned merge with the defaults, made once and never changed."""
    return merged(trained, tmp_path_factory.mktemp("done") / "out")


@pytest.fixture(scope="module")
def train(trained, tmp_path_factory):
    """A function that gives an adapter trained one of `WAYS`, made once, and the folders it belongs to."""
    from tune.base_model import build_for
    from tune.running import run

    made = {"nf4": (trained.adapter, trained.root / "model", trained.root / "tokenizer")}

    def adapter(way: str) -> tuple[Path, Path, Path]:
        if way in made:
            return made[way]
        root = tmp_path_factory.mktemp("adapters") / "a"
        root.mkdir()
        words = trained.root / ("base-tokenizer" if way in ("no new ids", "head") else "tokenizer")
        model = trained.root / "model"
        if way in ("tied", "no new ids", "head"):
            model = build_for(words, root / "model", hidden=64, layers=1, tied=way == "tied")
        recipe = trained.recipe(model=model, tokenizer=words, out=root / "adapter")
        lora = {"targets": ("q_proj", "lm_head")} if way == "head" else {}
        lora |= {name: True for name in ("dora", "rslora") if name == way}
        held = {"type": "none"} if "unquantised" in way else {}
        if "bfloat16" in way:
            held["compute"] = "bfloat16"
        run(
            recipe.model_copy(
                update={
                    "lora": recipe.lora.model_copy(update=lora),
                    "quantisation": recipe.quantisation.model_copy(update=held),
                    "training": recipe.training.model_copy(update={"steps": 2, "evaluation_rows": 0}),
                }
            ),
            now=NOW,
        )
        made[way] = (root / "adapter", model, words)
        return made[way]

    return adapter


def merged(world: World, out: Path, sources: tuple[Path, Path, Path] | None = None, **changes):
    """`merge` of a world's adapter, or of `sources`: adapter, model and tokenizer."""
    adapter, model, words = sources or (world.adapter, world.root / "model", world.root / "tokenizer")
    arguments = {"trust": world.trust, "model": model, "words": words, "now": NOW, **changes}
    return merge(adapter, out, **arguments)


def sealed_again(world: World, **claim) -> None:
    """Signs the adapter of `world` as it now lies, its predicate changed by `claim`: by its owner's key."""
    path = world.adapter / PROVENANCE
    predicate = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))["predicate"] | claim
    names = sorted(one.name for one in world.adapter.iterdir() if one.name != PROVENANCE)
    subjects = [(name, sha256_file(world.adapter / name)) for name in names]
    key = load_private(world.root / "keys/sign.pem")
    path.write_bytes(seal(statement(subjects, PREDICATE_ADAPTER, predicate), key))


def nothing_is_left(out: Path) -> bool:
    """Neither the output nor an unfinished one."""
    return not os.path.lexists(out) and not os.path.lexists(out.with_name(out.name + ".partial"))


def logits(model, rows: int = 384):
    """What a model gives for ids of every kind, new ones too."""
    import torch

    ids = torch.arange(rows)[torch.randperm(rows, generator=torch.Generator().manual_seed(0))][None, :128]
    with torch.no_grad():
        return model.eval()(ids.clamp(max=model.config.vocab_size - 1), use_cache=False).logits


def alone(folder: Path):
    """The model in a folder, as anybody loads it."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)


def over_dequantised_base(adapter: Path, model: Path):
    """The trained adapter over its dequantised base, by PEFT alone."""
    from peft import PeftModel

    base = dequantised.load(base_model(model), recorded(adapter / "recipe.json").quantisation)
    return PeftModel.from_pretrained(base, adapter)


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


def test_a_divergence_above_the_limit_is_refused_and_nothing_is_left(trained, tmp_path):
    """Exit code 1 with the figure and both remedies."""
    with pytest.raises(
        TuneRefused, match=r"nats a token from the trained model, more than 1\.0e-12.*--max-kl"
    ) as caught:
        merged(trained, tmp_path / "out", dtype="bfloat16", max_kl=1e-12)
    assert caught.value.exit_code == 1
    assert nothing_is_left(tmp_path / "out")


def test_the_signed_record_covers_every_file(trained, tmp_path):
    """It verifies under the key that signed it; one byte of any file, an extra file and another key do not."""
    key = load_private(trained.root / "keys/sign.pem")
    made = merged(trained, tmp_path / "out", form="rows", key=key)
    assert made.signed
    opened = merge_record.verify(made.folder, trained.trust, now=NOW)
    assert opened.predicate == made.predicate
    claim = json.loads(base64.b64decode(json.loads((trained.adapter / PROVENANCE).read_bytes())["payload"]))[
        "predicate"
    ]
    assert opened.predicate["adapter"]["provenance"] == "sha256:" + sha256_file(trained.adapter / PROVENANCE)
    assert opened.predicate["adapter"]["weights"] == "sha256:" + sha256_file(trained.adapter / WEIGHTS)
    assert opened.predicate["model"]["digest"] == claim["model"]["digest"]
    assert opened.predicate["tokenizer"]["digest"] == claim["tokenizer"]["digest"]
    for name in (*opened.subjects, merge_record.RECORD):
        path = made.folder / name
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(VerificationError):
            merge_record.verify(made.folder, trained.trust, now=NOW)
        path.write_bytes(data)
    (made.folder / "base/more.json").write_text("{}")
    with pytest.raises(VerificationError, match="extra"):
        merge_record.verify(made.folder, trained.trust, now=NOW)
    (made.folder / "base/more.json").unlink()
    with pytest.raises(VerificationError, match="in the future"):
        merge_record.verify(made.folder, trained.trust, now=NOW - timedelta(days=1))
    generate(tmp_path / "other")
    with pytest.raises(VerificationError, match="not trusted"):
        merge_record.verify(made.folder, [tmp_path / "other/sign.pub"], now=NOW)


def test_an_unsigned_record_says_that_it_is_unsigned(trained, done):
    """Record, card and result; and it does not verify."""
    stated = json.loads((done.folder / merge_record.RECORD).read_bytes())
    assert not done.signed
    assert stated["predicate"]["signature"].startswith("unsigned")
    assert {one["name"] for one in stated["subject"]} == {path.name for path in done.folder.iterdir()} - {"merge.json"}
    assert "not signed" in (done.folder / "README.md").read_text("utf-8")
    with pytest.raises(VerificationError):
        merge_record.verify(done.folder, trained.trust, now=NOW)


def test_the_card_says_which_adapter_was_merged_and_how_far_it_lies(trained, done):
    """Digests, both figures, what was measured on, what was not checked, and the adapter's own card beside it."""
    card = (done.folder / "README.md").read_text("utf-8")
    for needed in (
        "merged into its base",
        "sha256:" + sha256_file(trained.adapter / PROVENANCE),
        f"mean {done.divergence.mean:.1e}",
        f"maximum {done.divergence.maximum:.1e}",
        "8,192 tokens of random ids, no language",
        "not checked then: certificate, shards, revocation",
    ):
        assert needed in " ".join(card.split()), needed
    assert (done.folder / "adapter-card.md").read_bytes() == (trained.adapter / "README.md").read_bytes()


@pytest.mark.parametrize(
    ("extension", "warned"),
    [({"profile": "exact", "digits": "keep"}, True), ({"profile": "portable", "digits": "r2l3"}, True), ({}, False)],
)
def test_the_card_warns_of_gguf_where_llama_cpp_would_give_other_ids(done, tmp_path, extension, warned):
    """Its converter does not notice a tokenizer that cuts by patterns of its own."""
    if extension:
        (tmp_path / "extension.json").write_text(json.dumps(extension))
    words = SimpleNamespace(path=tmp_path, digest="sha256:" + "0" * 64, new_ids=())
    predicate = done.predicate | {"tokenizer": merge_record._tokenizer(words)}
    assert ("Do not convert it to GGUF" in merge_record.card(predicate, None)) is warned


def test_the_folder_names_no_place_and_its_tokenizer_is_the_one_trained_with(trained, tmp_path):
    """No file holds a path of this machine; AutoTokenizer beside the config gives the ids of the extended tokenizer."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    made = merged(trained, tmp_path / "out", key=load_private(trained.root / "keys/sign.pem"))
    for path in made.folder.iterdir():
        data = path.read_bytes()
        if path.name in ("merge.json", "adapter-provenance.json"):
            data += base64.b64decode(json.loads(data)["payload"])
        for place in (trained.root, tmp_path):
            assert str(place).encode() not in data, path.name
    config = json.loads((made.folder / "config.json").read_bytes())
    assert "assay_note" not in config
    assert list(config) == sorted(config)
    text = "EBITDA 순이자마진 <PERSON_1> rose"
    ours = Tokenizer.from_file(str(trained.root / "tokenizer/tokenizer.json"))
    theirs = AutoTokenizer.from_pretrained(made.folder, local_files_only=True)
    assert theirs(text, add_special_tokens=False)["input_ids"] == ours.encode(text, add_special_tokens=False).ids


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


@pytest.mark.parametrize("spoiled", ["adapter", "model", "tokenizer", "corpus", "provenance", "ungoverned"])
def test_a_broken_chain_is_refused_with_the_file_and_nothing_is_written(trained, copy, tmp_path, spoiled):
    """One byte of adapter, base, tokenizer or shard, or a mark of ungoverned training: exit code 1, and no merge."""
    mine = copy(trained)
    name = {
        "adapter": f"adapter/{WEIGHTS}",
        "provenance": f"adapter/{PROVENANCE}",
        "model": "model/model.safetensors",
        "tokenizer": "tokenizer/tokenizer.json",
        "corpus": "corpus/documents/part-00000.parquet",
        "ungoverned": f"adapter/{UNGOVERNED}",
    }[spoiled]
    path = mine.root / name
    data = bytearray(path.read_bytes() if path.exists() else b"{}")
    data[-2] ^= 1
    path.write_bytes(data)
    words = {"tokenizer": "another tokenizer", "ungoverned": "ungoverned, trained on text"}.get(spoiled, path.name)
    with pytest.raises(TuneRefused, match=f"(?s)its chain is broken.*{words}") as caught:
        merged(mine, tmp_path / "out", corpora=[mine.root / "corpus"])
    assert caught.value.exit_code == 1
    assert nothing_is_left(tmp_path / "out")


def test_an_adapter_of_nan_is_refused_though_it_is_signed(trained, copy, tmp_path):
    """Its owner signed it; it is useless all the same."""
    from safetensors.numpy import load_file, save_file

    mine = copy(trained)
    weights = load_file(mine.adapter / WEIGHTS)
    next(iter(weights.values())).flat[3] = float("nan")
    save_file(weights, mine.adapter / WEIGHTS, {"format": "pt"})
    sealed_again(mine)
    for form in ("merged", "rows"):
        with pytest.raises(TuneRefused, match="NaN or infinity"):
            merged(mine, tmp_path / "out", form=form)
    assert nothing_is_left(tmp_path / "out")


def test_a_merge_that_overflows_is_refused(trained, copy, tmp_path):
    """Every number of the adapter is finite, and their product is not."""
    from safetensors.numpy import load_file, save_file

    mine = copy(trained)
    weights = load_file(mine.adapter / WEIGHTS)
    for name, values in weights.items():
        if "layers.0.mlp.up_proj.lora" in name:
            values[:] = 1e30
    save_file(weights, mine.adapter / WEIGHTS, {"format": "pt"})
    sealed_again(mine)
    with pytest.raises(TuneRefused, match=r"NaN or infinity|no number"):
        merged(mine, tmp_path / "out")
    assert nothing_is_left(tmp_path / "out")


def test_a_dora_adapter_has_no_form_of_rows(trained, train, tmp_path):
    """No vLLM serves one over a base; the sentence names the form that it can have."""
    with pytest.raises(TuneRefused, match=r"DoRA.*--form merged"):
        merged(trained, tmp_path / "out", train("dora"), form="rows")


def test_lora_on_a_tied_head_is_refused(trained, train, copy, tmp_path):
    """Merged into the one matrix it would change the input embedding too."""
    from safetensors.numpy import load_file, save_file

    adapter, model, words = train("tied")
    mine = copy(replace(trained, root=adapter.parent))
    weights = load_file(mine.adapter / WEIGHTS)
    for part in ("A", "B"):
        weights[f"base_model.model.lm_head.lora_{part}.weight"] = weights[
            f"base_model.model.model.layers.0.mlp.up_proj.lora_{part}.weight"
        ]
    save_file(weights, mine.adapter / WEIGHTS, {"format": "pt"})
    shutil.copytree(trained.root / "keys", mine.root / "keys")
    sealed_again(mine)
    with pytest.raises(TuneRefused, match="ties to its head"):
        merged(mine, tmp_path / "out", (mine.adapter, model, words))


def test_an_attested_adapter_needs_to_be_told_how_its_base_was_held_and_others_must_not_be(trained, train, tmp_path):
    """Nobody recorded it; what is said goes into record and card."""
    from tune.attesting import attest

    adapter, model, words = train("unquantised")
    key = load_private(trained.root / "keys/sign.pem")
    theirs = tmp_path / "theirs"
    attest(
        adapter, theirs, corpora=[trained.root / "corpus"], trust=trained.trust, model=model, tokenizer=words, key=key, now=NOW
    )  # fmt: skip
    with pytest.raises(TuneError, match="--held-in") as caught:
        merged(trained, tmp_path / "out", (theirs, model, words))
    assert caught.value.exit_code == 2
    with pytest.raises(TuneError, match="leave out --held-in"):
        merged(trained, tmp_path / "out", (adapter, model, words), held_in="none")
    made = merged(trained, tmp_path / "out", (theirs, model, words), held_in="none")
    assert made.predicate["adapter"]["governance"] == "attested"
    assert "ATTESTED" in (made.folder / "README.md").read_text("utf-8")
    assert (logits(alone(made.folder)) - logits(over_dequantised_base(adapter, model))).abs().max() < 1e-5


def test_compute_is_that_of_the_machine_that_trained(trained, copy):
    """`auto` is float32 on a processor and bfloat16 on an accelerator, whichever machine merges."""
    mine = copy(trained)
    for device, expected in (("cpu", "float32"), ("NVIDIA H100", "bfloat16")):
        assert sources._numbers(mine.adapter, {"hardware": {"device": device}}, None).quantisation.compute == expected
    assert sources._numbers(mine.adapter, {}, None).quantisation.compute == "auto"


def test_outputs_that_cannot_be_are_bad_usage(trained, copy, tmp_path):
    """What exists is never touched; no output inside an input; no limit that is no number. Exit code 2 each."""
    (tmp_path / "taken").mkdir()
    mine = copy(trained)
    for out, changes, words in (
        (tmp_path / "taken", {}, "exists already"),
        (tmp_path / "none/out", {}, "no such folder"),
        (mine.adapter / "out", {}, "must stay as it is"),
        (mine.root / "model/out", {}, "must stay as it is"),
        (mine.root / "corpus/out", {"corpora": [mine.root / "corpus"]}, "must stay as it is"),
        (tmp_path / "out", {"max_kl": float("nan")}, "--max-kl nan"),
        (tmp_path / "out", {"max_kl": -1.0}, "--max-kl -1"),
    ):
        with pytest.raises(TuneError, match=words) as caught:
            merged(mine, out, **changes)
        assert caught.value.exit_code == 2
    assert list((tmp_path / "taken").iterdir()) == []
    with pytest.raises(InputError, match="no trusted key"):
        merged(mine, tmp_path / "out", trust=())


def test_a_stop_from_the_keyboard_leaves_nothing_and_the_same_command_works_then(trained, tmp_path):
    """Exit code 3; a folder that a kill left is replaced."""

    def stop(line: str) -> None:
        if line.startswith("written"):
            raise KeyboardInterrupt

    with pytest.raises(TuneInterrupted, match="nothing was kept") as caught:
        merged(trained, tmp_path / "out", say=stop)
    assert caught.value.exit_code == 3
    assert nothing_is_left(tmp_path / "out")
    (tmp_path / "out.partial/making").mkdir(parents=True)
    (tmp_path / "out.partial/making/model.safetensors").write_bytes(b"half")
    assert merged(trained, tmp_path / "out").divergence.mean <= 1e-6
    assert not (tmp_path / "out.partial").exists()


def test_inputs_that_change_meanwhile_are_refused(trained, copy, tmp_path):
    """What was verified is what was merged, or nothing is."""
    mine = copy(trained)
    for name in ("model/README.md", "tokenizer/README.md", f"adapter/{WEIGHTS}"):
        path = mine.root / name
        data = path.read_bytes()

        def change(line: str, path=path, data=data) -> None:
            if line.startswith("written"):
                path.write_bytes(data + b" ")

        with pytest.raises(TuneError, match=r"changed while it was merged|does not load"):
            merged(mine, tmp_path / "out", say=change)
        path.write_bytes(data)
        assert nothing_is_left(tmp_path / "out")


@pytest.mark.parametrize("limit", [5_000, 300_000])
def test_a_disk_that_is_full_leaves_nothing(trained, tmp_path, capsys, limit):
    """A sentence that says what to mend, exit code 2, no half a model; small files and weights alike."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        code = main(command(trained, tmp_path / "out"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 2
    assert "nothing was kept" in capsys.readouterr().err
    assert nothing_is_left(tmp_path / "out")


def command(world: World, out: Path) -> list[str]:
    """The command line of a merge."""
    flags = {
        "--trust": world.trust[0],
        "--model": world.root / "model",
        "--tokenizer": world.root / "tokenizer",
        "--out": out,
    }
    return ["merge", str(world.adapter), *(str(part) for pair in flags.items() for part in pair)]


def test_the_command_prints_what_was_measured_and_refuses_with_exit_code_1(trained, copy, tmp_path, capsys):
    """As lines and as JSON; an altered adapter is exit code 1, an existing output 2."""
    key = str(trained.root / "keys/sign.pem")
    assert main([*command(trained, tmp_path / "one"), "--corpus", str(trained.root / "corpus"), "--sign-key", key]) == 0
    printed = capsys.readouterr().out
    assert "nats a token" in printed
    assert "tokens of certified held-out text" in printed
    assert "record      signed" in printed
    verify = ["verify", str(tmp_path / "one"), "--trust", str(trained.trust[0])]
    assert main(verify) == 0
    printed = capsys.readouterr().out
    assert "governed; of the adapter, signature, files, tokenizer, model, certificate, shards verified" in printed
    assert "NOT CHECKED: rest" in printed
    card = tmp_path / "one/README.md"
    card.write_bytes(card.read_bytes() + b"!")
    assert main(verify) == 1
    assert "README.md: changed" in capsys.readouterr().out
    assert main([*command(trained, tmp_path / "two"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["signed"] is False
    assert told["record"]["divergence"]["mean_nats"] <= 1e-6
    assert main(command(trained, tmp_path / "two")) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*command(trained, tmp_path / "three"), "--passphrase", key]) == 2
    assert "without --sign-key" in capsys.readouterr().err
    mine = copy(trained)
    (mine.adapter / "README.md").write_text("# Better\n")
    assert main(command(mine, tmp_path / "three")) == 1
    assert "README.md: changed" in capsys.readouterr().err
    assert nothing_is_left(tmp_path / "three")
