"""One byte, anywhere: the command whose business it is refuses, with exit code 1 and a sentence that names the place."""

import json
from pathlib import Path

import pytest

from govern.cli import main as govern
from tune.cli import main as tune_main

pytestmark = pytest.mark.tune

PLACES = {
    "a shard": ("corpus/documents/part-00000.parquet", ("run", "verify", "govern verify")),
    "a held-out shard": ("corpus/held-out/part-00000.parquet", ("run", "verify", "govern verify")),
    "SHA256SUMS": ("corpus/SHA256SUMS", ("run", "verify", "govern verify")),
    "the certificate": ("corpus/certificate.json", ("run", "verify", "govern verify")),
    "the corpus's attestation": ("corpus/attestation.json", ("run", "verify", "govern verify")),
    "the tokenizer": ("tokenizer/tokenizer.json", ("run", "verify")),
    "the tokenizer's record": ("tokenizer/extension.json", ("run", "verify")),
    "the base's weights": ("model/model.safetensors", ("run", "verify")),
    "the base's config": ("model/config.json", ("run", "verify")),
    "the recipe after signing": ("adapter/recipe.json", ("verify",)),
    "the loss curve": ("adapter/metrics.jsonl", ("verify",)),
    "the card": ("adapter/README.md", ("verify",)),
    "the adapter's weights": ("adapter/adapter_model.safetensors", ("verify",)),
    "the adapter's config": ("adapter/adapter_config.json", ("verify",)),
    "the provenance": ("adapter/provenance.json", ("verify",)),
}


@pytest.fixture
def mine(trained, copy):
    """A copy of the small world, whose recipe pins the base."""
    world = copy(trained)
    claim = _claim(world.adapter / "provenance.json")
    lines = f'model_digest = "{claim["model"]["digest"]}"\nout = "again"\n'
    recipe = world.recipe_file.read_text("utf-8").replace('out = "adapter"\n', lines)
    world.recipe_file.write_text(recipe, "utf-8")
    return world


def _claim(path: Path) -> dict:
    import base64

    return json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))["predicate"]


def commands(world) -> dict[str, list[str]]:
    """The commands that read what lies in a world."""
    trust = ["--trust", str(world.root / "keys/sign.pub")]
    folders = [part for name, folder in world.folders().items() for part in (f"--{name}", str(folder))]
    return {
        "run": ["run", str(world.recipe_file)],
        "verify": ["verify", str(world.adapter), *trust, *folders],
        "govern verify": ["verify", str(world.root / "corpus"), *trust],
    }


@pytest.mark.parametrize("what", PLACES)
def test_one_altered_byte_is_refused_by_name(mine, what, capsys, monkeypatch):
    """The middle byte of the file, changed to one that keeps JSON readable where there is such a byte."""

    def never(*_given, **_named):
        raise AssertionError("training began")

    monkeypatch.setattr("tune.running._trained", never)
    name, refusing = PLACES[what]
    path = mine.root / name
    data = bytearray(path.read_bytes())
    middle = next((at for at in range(len(data) // 2, len(data)) if chr(data[at]) in "0123456789"), len(data) // 2)
    data[middle] ^= 1
    path.write_bytes(bytes(data))
    for command in refusing:
        program = govern if command.startswith("govern") else tune_main
        assert program(commands(mine)[command]) == 1, command
        told = capsys.readouterr()
        assert Path(name).name in told.out + told.err or Path(name).parts[0] in told.out + told.err, command
    assert not (mine.root / "again").exists()


def test_what_was_not_altered_passes(mine):
    """The same commands, without a changed byte: they refuse nothing."""
    given = commands(mine)
    assert govern(given["govern verify"]) == 0
    assert tune_main(given["verify"]) == 0


def test_another_base_than_the_recipe_pins_is_refused(mine):
    """Before anything is trained, with both digests."""
    from datetime import UTC, datetime

    from tune.errors import TuneRefused
    from tune.gate import check

    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    check(mine.recipe(), now=now)
    with pytest.raises(TuneRefused, match=r"its digest is sha256:.*model_digest is sha256:0000"):
        check(mine.recipe(model_digest="sha256:" + "0" * 64), now=now)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's call
def test_the_adapter_reloads_to_the_same_logits_in_plain_libraries(trained):
    """`AutoModelForCausalLM` and `PeftModel.from_pretrained` alone, in NF4, give what the trainer's model gives, to 1e-5."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    from tune.folders import base_model
    from tune.loading import keep_trainable
    from tune.loading import trained as as_trained
    from tune.recipe import recorded

    quantised = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
    )
    plain = AutoModelForCausalLM.from_pretrained(
        trained.root / "model", quantization_config=quantised, dtype=torch.float32, device_map={"": "cpu"}
    )
    keep_trainable(plain)  # else a processor with AVX512-BF16 computes in bfloat16
    plain = PeftModel.from_pretrained(plain, trained.adapter).eval()
    ours = as_trained(trained.adapter, recorded(trained.adapter / "recipe.json"), base_model(trained.root / "model"))
    ids = torch.randint(0, 370, (2, 48), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        first, second = (model(input_ids=ids, use_cache=False).logits for model in (plain, ours))
        base = plain.get_base_model()
        with plain.disable_adapter():
            untrained = base(input_ids=ids, use_cache=False).logits
    assert (first - second).abs().max() <= 1e-5
    assert (first - untrained).abs().max() > 1e-3
