"""Adapters trained elsewhere: their inputs pass the gate, they fit the base, and they are attested, never governed."""

import json
import os
import shutil

import pytest
from tune_world import NOW, write_corpus

from govern.errors import GovernError
from govern.keys import generate, load_private
from tune.adapter import CARD, CONFIG, PROVENANCE, WEIGHTS
from tune.attesting import attest
from tune.chain import verify
from tune.cli import main
from tune.errors import TuneError, TuneRefused
from tune.running import run

pytestmark = pytest.mark.tune


@pytest.fixture
def theirs(trained, tmp_path):
    """PEFT's two files, as another trainer leaves them: beside others, with a local path in the config."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in (CONFIG, WEIGHTS):
        shutil.copy(trained.adapter / name, folder)
    config = json.loads((folder / CONFIG).read_bytes())
    (folder / CONFIG).write_text(json.dumps({**config, "base_model_name_or_path": "/srv/kim/model"}), "utf-8")
    (folder / "training_args.bin").write_bytes(b"a pickle")
    return folder


@pytest.fixture
def sign(trained, theirs, tmp_path):
    """A function that attests the adapter over the small world's inputs."""

    def make(**changes):
        given = {
            "corpora": (trained.root / "corpus",), "trust": trained.trust, "model": trained.root / "model",
            "tokenizer": trained.root / "tokenizer", "key": load_private(trained.root / "keys/sign.pem"), "now": NOW,
        }  # fmt: skip
        return attest(theirs, tmp_path / "attested", **{**given, **changes})

    return make


def test_an_attested_adapter_verifies_and_never_says_governed(sign, trained, tmp_path):
    """Every link holds, the signature says whose word it is, and nothing of the machine is left."""
    predicate = sign()
    assert predicate["governance"] == "attested"
    folder = tmp_path / "attested"
    assert sorted(path.name for path in folder.iterdir()) == sorted((CARD, CONFIG, WEIGHTS, PROVENANCE))
    assert "/srv/kim" not in (folder / CONFIG).read_text("utf-8")
    chain = verify(folder, trained.trust, now=NOW, **trained.folders())
    assert chain.holds
    assert "ATTESTED, not governed" in chain.links[0].sentence
    card = (folder / CARD).read_text("utf-8")
    assert "is the signer's word: nothing here proves" in card
    assert (folder / WEIGHTS).read_bytes() == (trained.adapter / WEIGHTS).read_bytes()


def test_an_altered_attested_adapter_is_refused(sign, trained, tmp_path):
    """One byte of any file."""
    sign()
    for name in (CARD, CONFIG, WEIGHTS):
        path = tmp_path / "attested" / name
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert not verify(tmp_path / "attested", trained.trust, now=NOW).holds, name
        path.write_bytes(data)
    assert verify(tmp_path / "attested", trained.trust, now=NOW).holds


def test_its_inputs_pass_the_same_gate(sign, trained, tmp_path):
    """A corpus for another purpose, of another key, expired: as before a run."""
    key = load_private(trained.root / "keys/sign.pem")
    other = write_corpus(tmp_path / "other", key, purpose={"allowed": ["evaluate"], "intended_use": "a test"})
    with pytest.raises(GovernError, match="certified for another purpose"):
        sign(corpora=(other,))
    generate(tmp_path / "keys")
    with pytest.raises(GovernError):
        sign(trust=(tmp_path / "keys/sign.pub",))
    assert not (tmp_path / "attested").exists()
    assert not (tmp_path / "attested.partial").exists()


def _weights(folder, change):
    from safetensors.numpy import load_file, save_file

    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def _nan(tensors):
    next(iter(tensors.values()))[...] = float("nan")


def _other_shape(tensors):
    name = next(name for name in tensors if name.endswith("q_proj.lora_A.weight"))
    tensors[name] = tensors[name][:, :-1].copy()


def _unknown(tensors):
    name = next(name for name in tensors if name.endswith("q_proj.lora_A.weight"))
    tensors["base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight"] = tensors[name]


def _no_partner(tensors):
    del tensors[next(name for name in tensors if name.endswith("q_proj.lora_B.weight"))]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_nan, "NaN or infinity"),
        (_other_shape, r"q_proj\.lora_A\.weight is \[16, 63\], expected \[16, 64\]"),
        (_unknown, "no tensor of this base has that name"),
        (_no_partner, "no tensor of this base has that name"),
        (dict.clear, "holds no LoRA"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(sign, theirs, tmp_path, change, sentence):
    """With the tensor and what was expected; nothing is written."""
    _weights(theirs, change)
    with pytest.raises(TuneRefused, match=sentence):
        sign()
    assert not (tmp_path / "attested").exists()


def test_an_ungoverned_adapter_cannot_be_attested(sign, trained, theirs, tmp_path):
    """Nor where its marker file was left behind: the weights say it."""
    out = tmp_path / "ungoverned"
    run(trained.recipe(out=out), now=NOW, governed=False)
    shutil.copy(out / WEIGHTS, theirs)
    with pytest.raises(TuneRefused, match="ungoverned"):
        sign()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"r": 999}, r"r is 999, the tensors have \[16\]"),
        ({"trainable_token_indices": [10**9]}, "not the rows that the tensors hold"),
        ({"trainable_token_indices": None}, "not the rows that the tensors hold"),
        ({"auto_mapping": {"a": "b"}}, "'auto_mapping' is set"),
        ({"layer_replication": [[0, 1]]}, "'layer_replication' is set"),
        ({"revision": "/srv/kim"}, "'revision' is set"),
        ({"evil\n": 1}, r"'evil\?' is set"),
        ({"target_modules": ["/srv/kim"]}, "no list of names of layers"),
        ({"target_modules": [1, "a"]}, "no list of names of layers"),
        ({"lora_alpha": 10**30}, "no JSON carries"),
        ({"lora_alpha": "\ud800"}, "no JSON carries"),
    ],
)
def test_a_configuration_that_says_other_things_is_refused(sign, theirs, tmp_path, changes, sentence):
    """It would load, or do, other things than the tensors that were checked."""
    config = json.loads((theirs / CONFIG).read_bytes())
    (theirs / CONFIG).write_text(json.dumps({**config, **changes}), "utf-8")
    with pytest.raises(TuneError, match=sentence):
        sign()
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_odd_files_and_outputs_are_sentences(sign, trained, theirs, tmp_path):
    """A pipe, a link, overlapping tensors, metadata that is no text, no key, no corpus, an output inside an input."""
    weights = (theirs / WEIGHTS).read_bytes()
    for change, sentence in (
        (os.mkfifo, "not a plain file"),
        (lambda path: path.symlink_to(trained.adapter / WEIGHTS), "not a plain file"),
        (lambda path: path.write_bytes(_overlapping()), "not a whole safetensors file"),
    ):
        (theirs / WEIGHTS).unlink()
        change(theirs / WEIGHTS)
        with pytest.raises(TuneError, match=sentence):
            sign()
    (theirs / WEIGHTS).unlink()
    (theirs / WEIGHTS).write_bytes(weights)
    with pytest.raises(GovernError, match="trust"):
        sign(trust=())
    with pytest.raises(TuneError, match="no corpus was given"):
        sign(corpora=())
    with pytest.raises(TuneError, match="signatures 0"):
        sign(signatures=0)


def _overlapping() -> bytes:
    """Two tensors over the same bytes, and as many bytes as both would take."""
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    header = json.dumps({"a": entry, "b": entry}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(16)


def test_an_output_inside_an_input_is_refused(trained, theirs):
    """It would break the corpus."""
    key = load_private(trained.root / "keys/sign.pem")
    given = {"trust": trained.trust, "model": trained.root / "model", "tokenizer": trained.root / "tokenizer"}
    with pytest.raises(TuneError, match="lies inside"):
        attest(theirs, trained.root / "corpus/a", corpora=(trained.root / "corpus",), key=key, now=NOW, **given)
    assert not (trained.root / "corpus/a").exists()


def test_other_kinds_of_adapters_are_a_sentence(sign, theirs):
    """Only LoRA's shapes are known."""
    (theirs / CONFIG).write_text('{"peft_type": "IA3"}', "utf-8")
    with pytest.raises(TuneRefused, match="peft_type 'IA3', expected LORA"):
        sign()
    (theirs / CONFIG).unlink()
    with pytest.raises(TuneError, match="No such file"):
        sign()


def test_the_command_attests(trained, theirs, tmp_path, capsys):
    """Exit 0 and the sentence; again it is refused, since the folder is there."""
    root = trained.root
    command = [
        "attest",
        theirs,
        "--corpus",
        root / "corpus",
        "--model",
        root / "model",
        "--tokenizer",
        root / "tokenizer",
    ]
    command += ["--trust", root / "keys/sign.pub", "--sign-key", root / "keys/sign.pem", "--out", tmp_path / "out"]
    assert main(list(map(str, command))) == 0
    assert "attested, not governed" in capsys.readouterr().out
    assert main(list(map(str, command))) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.fixture
def trainer(trained, tmp_path):
    """A function that builds another trainer with the callback, over a copy of the model."""
    import torch
    from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

    from tune import gate_callback

    def make(**changes):
        given = {"trust": trained.trust, "model": trained.root / "model", "tokenizer": trained.root / "tokenizer"}
        corpora = changes.pop("corpora", (trained.root / "corpus",))
        callback = gate_callback(*corpora, **{**given, "now": lambda: NOW, **changes})
        model = AutoModelForCausalLM.from_pretrained(trained.root / "model", local_files_only=True)
        arguments = TrainingArguments(
            str(tmp_path / "runs"), max_steps=1, report_to="none", disable_tqdm=True, use_cpu=True, save_strategy="no"
        )
        ids = torch.tensor([5, 6, 7])
        rows = [{"input_ids": ids, "labels": ids}] * 2
        return Trainer(model, arguments, train_dataset=rows, callbacks=[callback])

    return make


def test_another_trainer_trains_where_the_gate_lets_it(trainer):
    """And only then."""
    assert trainer().train().global_step == 1


def test_another_trainer_does_not_begin_where_the_gate_refuses(trainer, trained, tmp_path):
    """No step is taken."""
    generate(tmp_path / "keys")
    made = trainer(trust=(tmp_path / "keys/sign.pub",))
    with pytest.raises(GovernError):
        made.train()
    assert made.state.global_step == 0


def test_another_trainer_ends_with_an_error_where_an_input_changed(trainer, trained, tmp_path):
    """What was trained on is no longer what was checked."""
    from transformers import TrainerCallback

    model = tmp_path / "model"
    shutil.copytree(trained.root / "model", model)
    made = trainer(model=model)

    class Change(TrainerCallback):
        def on_step_end(self, *_args, **_named):
            (model / "README.md").write_text("changed", "utf-8")

    made.add_callback(Change())
    with pytest.raises(TuneRefused, match="changed while it was trained on"):
        made.train()
