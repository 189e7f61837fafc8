"""Embedding: new rows by id from their sub-tokens, every other bit unchanged."""

import json
import shutil
import signal
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


def model(folder: Path, base_folder: Path, *, tied: bool, rows: int = 610, dtype: Any = None, width: int = 8) -> Path:
    from safetensors.torch import save_file

    folder.mkdir()
    generator = torch.Generator().manual_seed(7)
    kind = dtype or torch.bfloat16
    tensors = {
        "model.embed_tokens.weight": torch.randn(rows, width, generator=generator).to(kind),
        "model.norm.weight": torch.randn(width, generator=generator).to(kind),
    }
    if not tied:
        tensors["lm_head.weight"] = torch.randn(rows, width, generator=generator).to(kind)
    save_file(tensors, str(folder / "model.safetensors"), {"format": "pt"})
    config = {
        "model_type": "llama",
        "vocab_size": rows,
        "tie_word_embeddings": tied,
        "hidden_size": width,
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
            mean = before[name][one["base_ids"]].double().mean(dim=0).float().to(torch.bfloat16)
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
    """The file that did not fit is named; nothing half-written stays."""
    folder = model(tmp_path / "model", base_folder, tied=False, width=64)
    limit = (folder / "model.safetensors").stat().st_size - 1
    assert limit > (tokenizer / "tokenizer.json").stat().st_size
    done = in_child(
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))", folder, tokenizer
    )
    assert done.returncode == 2, done.stderr
    assert "model.safetensors: cannot be written" in done.stderr
    assert "the disk may be full" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def in_child(before: str, folder: Path, tokenizer: Path, after: str = "") -> Any:
    """Runs `vocab embed FOLDER` to the folder `out` beside it, in a process of its own."""
    import subprocess
    import sys

    command = ["embed", str(folder), "--tokenizer", str(tokenizer), "--out", str(folder.with_name("out"))]
    code = f"import sys\nimport transformers\nfrom transformers import AutoTokenizer\nfrom vocab.cli import main\n{before}\n"
    code += f"code = main({command!r})\n{after}\nsys.exit(code)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_killed_run_leaves_no_result_and_the_next_one_makes_it(
    tmp_path: Path, base_folder: Path, tokenizer: Path
) -> None:
    """Killed while the weights are written, `out` is absent; the same command then gives the bytes of a run in peace."""
    folder = model(tmp_path / "model", base_folder, tied=False)
    kill = "import os, vocab.embedding_rows as rows\nrows.Resized.blocks = lambda self: os.kill(os.getpid(), 9)"
    assert in_child(kill, folder, tokenizer).returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    embed(folder, tokenizer, tmp_path / "out")
    embed(folder, tokenizer, tmp_path / "peace")
    assert not (tmp_path / "out.partial").exists()
    assert contents(tmp_path / "out") == contents(tmp_path / "peace")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32"])
def test_every_choice_of_rows_keeps_type_and_base_and_sets_every_new_id(
    tmp_path: Path, base_folder: Path, tokenizer: Path, kind: str
) -> None:
    """Input and output rows are chosen apart; scaffolds have rows too, and the same seed gives the same bytes."""
    dtype = getattr(torch, kind)
    folder = model(tmp_path / "m", base_folder, tied=False, dtype=dtype)
    before, extended = tensors_of(folder), read(tokenizer)
    made = embed(folder, tokenizer, tmp_path / "a", input_rows="last", output_rows="mean")
    embed(folder, tokenizer, tmp_path / "b", input_rows="random", output_rows="average", seed=5)
    embed(folder, tokenizer, tmp_path / "c", input_rows="random", output_rows="average", seed=5)
    embed(folder, tokenizer, tmp_path / "d", input_rows="random", output_rows="average", seed=6)
    ends, drawn, other = tensors_of(tmp_path / "a"), tensors_of(tmp_path / "b"), tensors_of(tmp_path / "d")
    assert (made.input, made.output, made.new_rows) == ("last", "mean", len(extended.record["new_ids"]))
    assert contents(tmp_path / "b") == contents(tmp_path / "c")
    used = extended.base.next_id
    embedding, head = "model.embed_tokens.weight", "lm_head.weight"
    average = before[head][:used].double().mean(dim=0).float().to(dtype)
    for one in extended.record["new_ids"]:
        at = one["id"]
        assert torch.equal(ends[embedding][at], before[embedding][one["base_ids"][-1]])
        assert torch.equal(ends[head][at], before[head][one["base_ids"]].double().mean(dim=0).float().to(dtype))
        assert torch.equal(drawn[head][at], average)
        assert not torch.equal(drawn[embedding][at], other[embedding][at])
        assert float(drawn[embedding][at].abs().max()) < 8
    for name, tensor in (*ends.items(), *drawn.items()):
        assert tensor.dtype == dtype
        assert torch.equal(tensor[:used], before[name][:used])


def test_padding_rows_hold_the_average_and_the_record_names_them(
    tmp_path: Path, base_folder: Path, tokenizer: Path
) -> None:
    """The model's own padding rows keep their bits where no new id takes them; those added hold the average."""
    folder = model(tmp_path / "m", base_folder, tied=True)
    embed(folder, tokenizer, tmp_path / "m2")
    before, after, extended = tensors_of(folder), tensors_of(tmp_path / "m2"), read(tokenizer)
    name, used, after_all = "model.embed_tokens.weight", extended.base.next_id, extended.tokenizer.next_id
    record = json.loads((tmp_path / "m2/embedding.json").read_text())
    padding = record["padding"]
    assert padding["from"] == max(610, after_all)
    assert padding["to"] == record["rows_after"] == len(after[name])
    average = before[name][:used].double().mean(dim=0).float().to(torch.bfloat16)
    assert all(torch.equal(row, average) for row in after[name][padding["from"] :])
    assert torch.equal(after[name][after_all:610], before[name][after_all:])
    assert record["tokenizer"] == extended.record["tokenizer"]["sha256"]


@pytest.fixture(scope="module")
def qwen_tokenizer(tmp_path_factory: pytest.TempPathFactory, base_folder: Path, corpus: CertifiedCorpus) -> Path:
    """An extension of a base with the pre-tokenizer that transformers puts into every tokenizer beside a Qwen2."""
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    folder = shutil.copytree(base_folder, tmp_path_factory.mktemp("qwen") / "base")
    spec = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    spec["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {"Regex": PRETOKENIZE_REGEX}
    (folder / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False), "utf-8")
    return extend(folder, corpus, [parse("EBITDA\n기준금리\n".encode(), "list")], folder.with_name("tokenizer")).folder


def test_a_model_type_that_replaces_the_pre_tokenizer_is_refused(
    tmp_path: Path, base_folder: Path, tokenizer: Path
) -> None:
    """Ids are compared as transformers gives them beside the result's config.json, on made-up text and not on terms alone."""
    folder = model(tmp_path / "m", base_folder, tied=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "qwen2"}))
    with pytest.raises(VocabRefused, match="replaces the pre-tokenizer; nothing was written"):
        embed(folder, tokenizer, tmp_path / "m2")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


LAYERS = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8}
SIZES = {"hidden_size": 16, "intermediate_size": 24, "max_position_embeddings": 64, **LAYERS}


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "gpt2"])
def test_transformers_loads_the_result_and_old_ids_give_the_same_logits(
    tmp_path: Path, tokenizer: Path, qwen_tokenizer: Path, kind: str, tied: bool
) -> None:
    """A real model of each architecture, in shards: no tensor is missing or new, and text without new ids reads as before."""
    from transformers import AutoConfig, AutoModelForCausalLM

    sizes = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 64} if kind == "gpt2" else SIZES
    config = AutoConfig.for_model(kind, vocab_size=601, tie_word_embeddings=tied, dtype="float32", **sizes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        origin = AutoModelForCausalLM.from_config(config).eval()
    origin.save_pretrained(tmp_path / "m", max_shard_size="20KB")
    chosen = qwen_tokenizer if kind == "qwen2" else tokenizer
    made = embed(tmp_path / "m", chosen, tmp_path / "m2")
    result, info = AutoModelForCausalLM.from_pretrained(tmp_path / "m2", output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert made.tied is tied
    assert result.get_input_embeddings().weight.shape[0] == result.config.vocab_size == made.rows_after
    assert (result.get_output_embeddings().weight is result.get_input_embeddings().weight) is tied
    ids = torch.arange(40).reshape(1, -1) + 300
    with torch.no_grad():
        used = read(chosen).base.next_id
        assert torch.equal(result.eval()(ids).logits[..., :used], origin(ids).logits[..., :used])
    index = json.loads((tmp_path / "m2/model.safetensors.index.json").read_text())
    assert index["metadata"]["total_parameters"] == result.num_parameters()
    assert index["metadata"]["total_size"] == 4 * result.num_parameters()


def test_a_head_stored_beside_tied_embeddings_must_equal_them(
    tmp_path: Path, base_folder: Path, tokenizer: Path
) -> None:
    """Both are resized the same; one that differs leaves open which counts."""
    from safetensors.torch import save_file

    folder = model(tmp_path / "m", base_folder, tied=True)
    tensors = tensors_of(folder)
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone()
    save_file(tensors, str(folder / "model.safetensors"), {"format": "pt"})
    made = embed(folder, tokenizer, tmp_path / "m2")
    after = tensors_of(tmp_path / "m2")
    assert made.tied
    assert torch.equal(after["lm_head.weight"], after["model.embed_tokens.weight"])
    tensors["lm_head.weight"][5, 0] += 1
    save_file(tensors, str(folder / "model.safetensors"), {"format": "pt"})
    with pytest.raises(VocabError, match="differs from it"):
        embed(folder, tokenizer, tmp_path / "m3")


def test_output_rows_of_a_tied_model_cannot_be_chosen_apart(tmp_path: Path, base_folder: Path, tokenizer: Path) -> None:
    """One matrix has one row for an id."""
    folder = model(tmp_path / "m", base_folder, tied=True)
    with pytest.raises(VocabError, match="ties its output"):
        embed(folder, tokenizer, tmp_path / "m2", output_rows="average")
    assert embed(folder, tokenizer, tmp_path / "m2", input_rows="last").output == "last"


def sharded(folder: Path) -> Path:
    """The same model with one tensor a file, and an index."""
    from safetensors.torch import save_file

    tensors = tensors_of(folder)
    names = {name: f"model-{at:05}-of-00003.safetensors" for at, name in enumerate(sorted(tensors), 1)}
    for name, file in names.items():
        save_file({name: tensors[name]}, str(folder / file), {"format": "pt"})
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": names}))
    return folder


def test_files_without_an_embedding_are_copied_byte_for_byte(
    tmp_path: Path, base_folder: Path, tokenizer: Path
) -> None:
    """Only the shards of embeddings are written anew, with their metadata."""
    from safetensors import safe_open

    folder = sharded(model(tmp_path / "m", base_folder, tied=False))
    embed(folder, tokenizer, tmp_path / "m2")
    norm = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]["model.norm.weight"]
    for path in folder.glob("*.safetensors"):
        same = path.read_bytes() == (tmp_path / "m2" / path.name).read_bytes()
        assert same is (path.name == norm)
        with safe_open(str(tmp_path / "m2" / path.name), framework="pt") as stored:
            assert stored.metadata() == {"format": "pt"}


def break_shards(folder: Path, how: str) -> None:
    shards, index = sorted(folder.glob("*.safetensors")), folder / "model.safetensors.index.json"
    value = json.loads(index.read_text())
    if how == "missing":
        shards[0].unlink()
    elif how == "unnamed":
        shutil.copyfile(shards[0], folder / "consolidated.safetensors")
    elif how == "both":
        shutil.copyfile(shards[0], folder / "model.safetensors")
    elif how == "short":
        shards[0].write_bytes(shards[0].read_bytes()[:-1])
    elif how == "swapped":
        first, second, *_ = value["weight_map"]
        value["weight_map"] |= {first: value["weight_map"][second], second: value["weight_map"][first]}
        index.write_text(json.dumps(value))
    elif how == "lacking":
        index.write_text(json.dumps({"weight_map": {**value["weight_map"], "model.more.weight": shards[0].name}}))
    elif how == "twice":
        shutil.copyfile(shards[0], shards[1])


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("missing", "no model-00001-of-00003.safetensors; only safetensors are read"),
        ("unnamed", "consolidated.safetensors: a shard that the model does not name; move it away"),
        ("both", "beside the shards"),
        ("short", "model-00001-of-00003.safetensors: not a whole safetensors file"),
        ("swapped", "is not where the index says"),
        ("lacking", "tensor model.more.weight is not where the index says"),
        ("twice", "is not where the index says, or in two files"),
    ],
)
def test_shards_and_index_that_do_not_fit_are_refused(
    tmp_path: Path, base_folder: Path, tokenizer: Path, how: str, sentence: str
) -> None:
    """What transformers would load must be exactly what is in the folder."""
    folder = sharded(model(tmp_path / "m", base_folder, tied=False))
    break_shards(folder, how)
    with pytest.raises(VocabError) as caught:
        embed(folder, tokenizer, tmp_path / "m2")
    assert sentence in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"vocab_size": 640}, r"shape \[610, 8\], config.json says vocab_size 640"),
        ({"hidden_size": 16}, "hidden_size 16"),
        ({"model_type": "whisper"}, "'whisper', whose embeddings are not known here, expected one of llama"),
        ({"compression_config": {}}, "quantised"),
        ({"tie_word_embeddings": True, "model_type": "gpt2"}, "no input embeddings.*transformer.wte.weight"),
    ],
)
def test_a_configuration_that_the_weights_do_not_bear_out_is_refused(
    tmp_path: Path, base_folder: Path, tokenizer: Path, change: dict[str, Any], word: str
) -> None:
    """Sizes, and architectures that no test covers."""
    folder = model(tmp_path / "m", base_folder, tied=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(VocabError, match=word):
        embed(folder, tokenizer, tmp_path / "m2")


def test_rows_that_are_no_numbers_are_refused(tmp_path: Path, base_folder: Path, tokenizer: Path) -> None:
    """A mean over NaN is none."""
    from safetensors.torch import save_file

    folder = model(tmp_path / "m", base_folder, tied=True)
    tensors = tensors_of(folder)
    tensors["model.embed_tokens.weight"][7, 3] = float("nan")
    save_file(tensors, str(folder / "model.safetensors"))
    with pytest.raises(VocabError, match="NaN or infinity"):
        embed(folder, tokenizer, tmp_path / "m2")


def test_more_rows_than_padding_explains_need_the_models_tokenizer(
    tmp_path: Path, base_folder: Path, tokenizer: Path
) -> None:
    """Without a tokenizer.json to compare, a far larger embedding is another vocabulary's; some padding is only noted."""
    folder = model(tmp_path / "m", base_folder, tied=True, rows=4096)
    embed(folder, tokenizer, tmp_path / "known")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(VocabRefused, match=r"4096 rows, the base has \d+ ids"):
        embed(folder, tokenizer, tmp_path / "m2")
    near = model(tmp_path / "near", base_folder, tied=True)
    (near / "tokenizer.json").unlink()
    assert "not checked" in embed(near, tokenizer, tmp_path / "m3").notes[0]


def test_a_base_in_another_spelling_is_the_same_base(tmp_path: Path, base_folder: Path, tokenizer: Path) -> None:
    """Libraries write the same tokenizer with other spaces and line ends."""
    folder = model(tmp_path / "m", base_folder, tied=True)
    spec = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps(spec, indent=1))
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    assert embed(folder, tokenizer, tmp_path / "m2").notes == ("not copied: pytorch_model.bin, vocab.json",)
    assert not (tmp_path / "m2/pytorch_model.bin").exists()


def test_one_block_at_a_time_gives_the_same_bytes(
    tmp_path: Path, base_folder: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of less than a row, of three rows, and of everything."""
    folder = model(tmp_path / "m", base_folder, tied=False)
    embed(folder, tokenizer, tmp_path / "whole")
    for size in (5, 50):
        monkeypatch.setattr("vocab.tensor_files.BLOCK_BYTES", size)
        embed(folder, tokenizer, tmp_path / f"by-{size}")
        assert contents(tmp_path / f"by-{size}") == contents(tmp_path / "whole")


def test_memory_is_that_of_a_block_not_of_the_model(tmp_path: Path, base_folder: Path, tokenizer: Path) -> None:
    """1.5 GB in five shards with embeddings of 100 MB each: the peak is that of a model of 20 kB and less than 100 MB more."""
    folder = model(tmp_path / "model", base_folder, tied=False)
    small = peak_kilobytes(folder, tokenizer)
    (folder / "model.safetensors").unlink()
    width, names = 83_200, {}
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_size": width}))
    for at in range(5):
        tensors = {f"model.layers.{at}.{part}.weight": (100_000, 500) for part in "abc"}
        if at in (0, 4):
            del tensors[f"model.layers.{at}.c.weight"]
            tensors["lm_head.weight" if at else "model.embed_tokens.weight"] = (610, width)
        file = f"model-{at}.safetensors"
        names |= dict.fromkeys(tensors, file)
        sparse(folder / file, tensors)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    assert peak_kilobytes(folder, tokenizer) - small < 100_000
    total = sum(path.stat().st_size for path in (tmp_path / "out").glob("*.safetensors"))
    assert total > 1_490_000_000
    shutil.rmtree(tmp_path / "out")


def peak_kilobytes(folder: Path, tokenizer: Path) -> int:
    """The most memory that a run held; not `ru_maxrss`, which a child inherits from this process."""
    shutil.rmtree(folder.with_name("out"), ignore_errors=True)
    report = "print(*(line for line in open('/proc/self/status') if 'VmHWM' in line))"
    done = in_child("", folder, tokenizer, report)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


def sparse(path: Path, tensors: dict[str, tuple[int, int]]) -> None:
    """A safetensors file of zeros that takes no room on the disk."""
    header, end = {}, 0
    for name, shape in tensors.items():
        begin, end = end, end + 2 * shape[0] * shape[1]
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        stream.truncate(8 + len(text) + end)
