"""A merge is whole or absent: what is refused, and what stops half-way."""

import resource
import shutil
from dataclasses import replace

import pytest
from merge_world import alone, command, logits, merged, nothing_is_left, over_dequantised_base, sealed_again
from tune_world import NOW

from govern.errors import InputError
from govern.keys import load_private
from tune.adapter import PROVENANCE, UNGOVERNED, WEIGHTS
from tune.cli import main
from tune.errors import TuneError, TuneInterrupted, TuneRefused
from tune.merge import sources

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # names that PEFT will change
    pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers`"),  # of checkpoints of LoRA on a head
]


def test_a_divergence_above_the_limit_is_refused_and_nothing_is_left(trained, tmp_path):
    """Exit code 1 with the figure and both remedies."""
    with pytest.raises(
        TuneRefused, match=r"nats a token from the trained model, more than 1\.0e-12.*--max-kl"
    ) as caught:
        merged(trained, tmp_path / "out", dtype="bfloat16", max_kl=1e-12)
    assert caught.value.exit_code == 1
    assert nothing_is_left(tmp_path / "out")


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
        (mine.root / "corpus/out", {}, "which is signed and must stay as it is"),
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
