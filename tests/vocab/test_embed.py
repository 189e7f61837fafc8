"""Embedding: new rows by id from their sub-tokens, every other bit unchanged."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from govern.attestation import CertifiedCorpus
from vocab.embed import embed
from vocab.errors import VocabError, VocabRefused
from vocab.extend import extend
from vocab.extension import read
from vocab.term_lists import parse

pytestmark = pytest.mark.tune
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory, base_folder: Path, corpus: CertifiedCorpus) -> Path:
    out = tmp_path_factory.mktemp("embed") / "tokenizer"
    return extend(base_folder, corpus, [parse("EBITDA\n금리\n기준금리\n".encode(), "list")], out).folder


def model(folder: Path, base_folder: Path, *, tied: bool, rows: int = 610, dtype: Any = None) -> Path:
    from safetensors.torch import save_file

    folder.mkdir()
    generator = torch.Generator().manual_seed(7)
    kind = dtype or torch.bfloat16
    tensors = {
        "model.embed_tokens.weight": torch.randn(rows, 8, generator=generator).to(kind),
        "model.norm.weight": torch.randn(8, generator=generator).to(kind),
    }
    if not tied:
        tensors["lm_head.weight"] = torch.randn(rows, 8, generator=generator).to(kind)
    save_file(tensors, str(folder / "model.safetensors"), {"format": "pt"})
    config = {
        "model_type": "llama",
        "vocab_size": rows,
        "tie_word_embeddings": tied,
        "hidden_size": 8,
        "num_attention_heads": 2,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "generation_config.json").write_text("{}")
    (folder / "vocab.json").write_text("{}")
    shutil.copyfile(base_folder / "tokenizer.json", folder / "tokenizer.json")
    return folder


def tensors_of(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    loaded: dict[str, Any] = load_file(str(folder / "model.safetensors"))
    return loaded


@pytest.mark.parametrize("tied", [False, True])
def test_new_rows_are_means_by_id_and_base_rows_keep_their_bits(
    tmp_path: Path, base_folder: Path, tokenizer: Path, tied: bool
) -> None:
    """Rows of new ids may lie among the model's padding rows; they are set all the same."""
    made = embed(model(tmp_path / "m", base_folder, tied=tied), tokenizer, tmp_path / "m2")
    before, after, extended = tensors_of(tmp_path / "m"), tensors_of(tmp_path / "m2"), read(tokenizer)
    assert made.tied is tied
    assert made.rows_after % 64 == 0
    assert extended.base.next_id < 610
    for name in made.tensors:
        assert torch.equal(after[name][: extended.base.next_id], before[name][: extended.base.next_id])
        for one in extended.record["new_ids"]:
            mean = before[name][one["base_ids"]].float().mean(dim=0).to(torch.bfloat16)
            assert torch.equal(after[name][one["id"]], mean)
    assert torch.equal(after["model.norm.weight"], before["model.norm.weight"])
    config = json.loads((tmp_path / "m2/config.json").read_text())
    assert config["vocab_size"] == made.rows_after
    assert (tmp_path / "m2/generation_config.json").exists()
    assert not (tmp_path / "m2/vocab.json").exists()


def test_sub_tokens_are_what_the_base_makes_of_the_text(base_folder: Path, tokenizer: Path) -> None:
    """The recorded ids are the base's encoding of the term."""
    extended = read(tokenizer)
    base = extended.base.tokenizer()
    recorded = {one["id"]: one["base_ids"] for one in extended.record["new_ids"]}
    for one in extended.new:
        if one.text is not None:
            assert base.encode(one.text, add_special_tokens=False).ids == recorded[one.id]


def test_a_sharded_model_keeps_its_index(tmp_path: Path, base_folder: Path, tokenizer: Path) -> None:
    """Two files, and an index with the new size."""
    from safetensors.torch import save_file

    folder = model(tmp_path / "m", base_folder, tied=False)
    tensors = tensors_of(folder)
    names = {name: f"model-0000{at}-of-00003.safetensors" for at, name in enumerate(sorted(tensors), 1)}
    for name, file in names.items():
        save_file({name: tensors[name]}, str(folder / file), {"format": "pt"})
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": 1}, "weight_map": names})
    )
    made = embed(folder, tokenizer, tmp_path / "m2")
    index = json.loads((tmp_path / "m2/model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 2 * (2 * made.rows_after * 8 + 8)
    assert sorted(made.tensors) == ["lm_head.weight", "model.embed_tokens.weight"]


def test_a_model_of_another_base_is_refused(tmp_path: Path, base_folder: Path, tokenizer: Path) -> None:
    """Its tokenizer.json is compared."""
    folder = model(tmp_path / "m", base_folder, tied=True)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(VocabRefused, match="not the base"):
        embed(folder, tokenizer, tmp_path / "m2")
    assert not (tmp_path / "m2").exists()


def test_too_few_rows_whole_numbers_and_quantised_weights_are_refused(
    tmp_path: Path, base_folder: Path, tokenizer: Path
) -> None:
    """Each in a sentence that names the tensor or the file."""
    with pytest.raises(VocabError, match="another tokenizer"):
        embed(model(tmp_path / "few", base_folder, tied=True, rows=300), tokenizer, tmp_path / "out")
    with pytest.raises(VocabError, match="floats"):
        embed(model(tmp_path / "int", base_folder, tied=True, dtype=torch.int8), tokenizer, tmp_path / "out")
    quantised = model(tmp_path / "quantised", base_folder, tied=True)
    config = json.loads((quantised / "config.json").read_text()) | {"quantization_config": {}}
    (quantised / "config.json").write_text(json.dumps(config))
    with pytest.raises(VocabError, match="quantised"):
        embed(quantised, tokenizer, tmp_path / "out")


def test_a_model_without_safetensors_is_refused(tmp_path: Path, base_folder: Path, tokenizer: Path) -> None:
    """Pickled weights are not read."""
    folder = model(tmp_path / "m", base_folder, tied=True)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(VocabError, match="only safetensors"):
        embed(folder, tokenizer, tmp_path / "m2")


def test_without_torch_the_extra_is_named(tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy stands in the sentence."""
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    with pytest.raises(VocabError, match=r"assay\[tune\]"):
        embed(tmp_path, tokenizer, tmp_path / "m2")


@pytest.mark.parametrize(
    ("name", "change", "word"),
    [
        ("config.json", {"auto_map": {"AutoTokenizer": ["code.T", None]}}, "auto_map"),
        ("config.json", {"vocab_size": "610"}, "vocab_size"),
        ("config.json", {"model_type": 5}, "model_type"),
        ("model.safetensors.index.json", {}, "weight_map"),
        ("model.safetensors.index.json", {"weight_map": {"a": 5}}, "weight_map"),
        ("model.safetensors.index.json", {"weight_map": {"a": "../other.safetensors"}}, "other.safetensors"),
    ],
)
def test_a_model_that_points_elsewhere_is_a_sentence(
    tmp_path: Path, base_folder: Path, tokenizer: Path, name: str, change: dict[str, Any], word: str
) -> None:
    """Code of a model's own, odd types, and an index without or outside its files; nothing is left behind."""
    folder = model(tmp_path / "model", base_folder, tied=False)
    (tmp_path / "other.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    before = json.loads((folder / name).read_text()) if (folder / name).exists() else {}
    (folder / name).write_text(json.dumps({**before, **change}))
    with pytest.raises(VocabError, match=word):
        embed(folder, tokenizer, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "other.safetensors"]


def test_code_beside_a_tokenizer_configuration_is_neither_run_nor_copied(
    tmp_path: Path, base_folder: Path, tokenizer: Path
) -> None:
    """Transformers is told never to run it, so it does not ask the person at the terminal either."""
    folder = model(tmp_path / "model", base_folder, tied=False)
    (folder / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["code.T", null]}}')
    (folder / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    embed(folder, tokenizer, tmp_path / "out")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out/code.py").exists()


def test_a_disk_that_is_full_is_a_sentence(tmp_path: Path, base_folder: Path, tokenizer: Path) -> None:
    """Safetensors has an error of its own for it; nothing half-written stays."""
    import subprocess
    import sys

    folder = model(tmp_path / "model", base_folder, tied=False)
    code = (
        "import resource, sys\nimport torch, transformers\nfrom vocab.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        f"sys.exit(main(['embed', {str(folder)!r}, '--tokenizer', {str(tokenizer)!r}, '--out', {str(tmp_path / 'out')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "the disk may be full" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
