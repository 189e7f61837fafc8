"""The gate: each thing that does not pass is refused by name, before torch is loaded."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from tune_world import NOW, write_base_tokenizer, write_corpus

from govern.errors import GovernError, InputError, Refused, VerificationError
from govern.files import manifest
from govern.keys import generate, load_private
from govern.revocation import revoke, start
from tune.errors import TuneError, TuneRefused
from tune.gate import check
from vocab.errors import VocabError

pytest.importorskip("torch")
pytestmark = pytest.mark.tune


@pytest.fixture
def mine(world_with_model, copy):
    """A copy of the world that a test may spoil."""
    return copy(world_with_model)


def test_what_holds_passes(world_with_model):
    """Corpus, tokenizer and model of one chain pass, and the digests are those of the files."""
    passed = check(world_with_model.recipe(), now=NOW)
    assert passed.tokenizer.certificate == passed.corpora[0].certificate
    assert passed.tokenizer_signed
    assert passed.base.rows >= passed.tokenizer.size
    assert len(passed.corpora[0].documents) == 2


def test_the_gate_loads_no_torch_for_a_refusal(mine):
    """A refused run costs no minute of imports."""
    shutil.rmtree(mine.adapter, ignore_errors=True)
    (mine.root / "corpus/certificate.json").unlink()
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from tune.cli import main\n"
        f"code = main(['run', {str(mine.recipe_file)!r}])\n"
        "sys.exit(code if 'torch' not in sys.modules else 99)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "certificate.json: missing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["corpus", "model", "tokenizer"])
def test_a_missing_folder_is_named(world_with_model, tmp_path, name):
    """A path that is not there is bad input, never a hub name."""
    with pytest.raises((InputError, TuneError), match="no such folder") as caught:
        check(world_with_model.recipe(**{name: tmp_path / "meta-llama"}), now=NOW)
    assert caught.value.exit_code == 2


def test_an_unsigned_corpus_is_refused(mine):
    """A draft does not train."""
    (mine.root / "corpus/attestation.json").unlink()
    with pytest.raises(VerificationError, match="unsigned draft"):
        check(mine.recipe(), now=NOW)


def test_a_corpus_signed_by_another_key_is_refused(world_with_model, tmp_path):
    """Only the recipe's keys count."""
    generate(tmp_path / "other")
    with pytest.raises(VerificationError, match="not trusted"):
        check(world_with_model.recipe(trust=(tmp_path / "other/sign.pub",)), now=NOW)


@pytest.mark.parametrize(
    "name", ["documents/part-00001.parquet", "held-out/part-00000.parquet", "certificate.json", "SHA256SUMS"]
)
def test_a_changed_byte_in_the_corpus_is_refused_by_name(mine, name):
    """One byte, in a shard or a record."""
    path = mine.root / "corpus" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(GovernError, match=name) as caught:
        check(mine.recipe(), now=NOW)
    assert caught.value.exit_code == 1


def test_a_corpus_for_another_purpose_is_refused(world_with_model, tmp_path):
    """Certified to evaluate is not certified to train."""
    key = load_private(world_with_model.root / "keys/sign.pem")
    purpose = {"allowed": ["evaluate"], "intended_use": "tests"}
    write_corpus(tmp_path / "corpus", key, purpose=purpose)
    with pytest.raises(Refused, match="another purpose"):
        check(world_with_model.recipe(corpus=tmp_path / "corpus"), now=NOW)


def test_an_expired_corpus_is_refused(world_with_model, tmp_path):
    """A certificate ends when it says."""
    key = load_private(world_with_model.root / "keys/sign.pem")
    write_corpus(tmp_path / "corpus", key, not_after=NOW - timedelta(days=1))
    with pytest.raises(VerificationError, match="expired"):
        check(world_with_model.recipe(corpus=tmp_path / "corpus"), now=NOW)


def test_too_few_signatures_are_refused(world_with_model):
    """The recipe can ask for more signatures than the certificate does."""
    with pytest.raises(VerificationError, match="1 of the 2"):
        check(world_with_model.recipe(signatures=2), now=NOW)


def test_a_revoked_corpus_is_refused_and_a_missing_list_is_not_an_empty_one(world_with_model, tmp_path):
    """Revoked is refused; so is a list that is not there."""
    world, listed = world_with_model, tmp_path / "revocations.json"
    with pytest.raises(GovernError):
        check(world.recipe(revocations=listed), now=NOW)
    key = load_private(world.root / "keys/sign.pem")
    start(listed, key)
    check(world.recipe(revocations=listed), now=NOW)
    revoke(world.root / "corpus", key, "consent withdrawn", listed, NOW)
    with pytest.raises(VerificationError, match="revoked"):
        check(world.recipe(revocations=listed), now=NOW)


def test_a_tokenizer_extended_on_a_revoked_corpus_is_refused(world_with_model, tmp_path):
    """The vocabulary came from text that must not be used."""
    world, listed = world_with_model, tmp_path / "revocations.json"
    key = load_private(world.root / "keys/sign.pem")
    statement = "Another corpus."
    write_corpus(tmp_path / "corpus", key, statement=statement)
    revoke(world.root / "corpus", key, "consent withdrawn", listed, NOW)
    with pytest.raises(TuneRefused, match="extended on a corpus that was revoked"):
        check(world.recipe(corpus=tmp_path / "corpus", revocations=listed), now=NOW)


def test_an_unsigned_extended_tokenizer_is_refused(mine):
    """An extension counts when somebody signed it."""
    (mine.root / "tokenizer/attestation.json").unlink()
    with pytest.raises(TuneRefused, match="nobody signed"):
        check(mine.recipe(), now=NOW)


@pytest.mark.parametrize("name", ["tokenizer.json", "extension.json", "special_tokens_map.json"])
def test_a_changed_tokenizer_is_refused_by_name(mine, name):
    """One byte in any of its files."""
    path = mine.root / "tokenizer" / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(VerificationError, match=name):
        check(mine.recipe(), now=NOW)


def test_a_signed_tokenizer_whose_proof_does_not_hold_is_refused(mine):
    """A signature does not replace the proof: it is run again."""
    from govern.attestation import PREDICATE_TOKENIZER, seal_folder
    from govern.files import canonical, digest

    folder = mine.root / "tokenizer"
    record = json.loads((folder / "extension.json").read_bytes())
    record["proof"]["merges"] += 1
    (folder / "extension.json").write_bytes(canonical(record))
    (folder / "attestation.json").unlink()
    predicate = {"extension": digest(record), "certificate": record["certificate"]}
    seal_folder(folder, load_private(mine.root / "keys/sign.pem"), PREDICATE_TOKENIZER, predicate)
    with pytest.raises(VocabError, match="proof"):
        check(mine.recipe(), now=NOW)


def test_a_base_tokenizer_needs_no_signature(world_with_model):
    """What was not extended is known by its digest, and said to be unsigned."""
    passed = check(world_with_model.recipe(tokenizer=world_with_model.root / "base-tokenizer"), now=NOW)
    assert not passed.tokenizer_signed
    assert passed.tokenizer.new_ids == ()
    assert passed.tokenizer.certificate is None


def test_a_model_without_room_for_the_new_tokens_is_refused(world_with_model, tmp_path):
    """The remedy is the command that makes room."""
    from tune.base_model import build

    small = build(tmp_path / "small", vocab_size=100, hidden=32)
    with pytest.raises(TuneRefused, match="vocab embed"):
        check(world_with_model.recipe(model=small), now=NOW)


def test_a_model_made_for_another_tokenizer_is_refused(mine):
    """The tokenizer beside the weights must be the recipe's: rows belong to ids."""
    shutil.copy(mine.root / "base-tokenizer/tokenizer.json", mine.root / "model/tokenizer.json")
    with pytest.raises(TuneRefused, match="belong to other ids"):
        check(mine.recipe(), now=NOW)
    shutil.copy(mine.root / "tokenizer/tokenizer.json", mine.root / "model/tokenizer.json")
    assert check(mine.recipe(), now=NOW).base.tokenizer is not None


def test_rows_longer_than_the_model_takes_are_refused(world_with_model):
    """Positions the model never had are not invented."""
    recipe = world_with_model.recipe()
    long = recipe.training.model_copy(update={"max_length": 4096})
    with pytest.raises(TuneRefused, match="lower max_length"):
        check(recipe.model_copy(update={"training": long}), now=NOW)


@pytest.mark.parametrize(
    ("targets", "tied", "extended", "sentence"),
    [
        (("q_proj", "lm_head"), False, True, "lm_head is the output head, whose new rows are trained as they are"),
        (("lm_head",), True, False, "lm_head is the embedding too in a tied model"),
        (("embed_tokens",), False, False, "embed_tokens is the embedding"),
        (("c_attn",), False, False, "c_attn is no layer of .*; it has down_proj, gate_proj, k_proj, lm_head, o_proj"),
        (("lm_head", "q_proj"), False, False, None),
    ],
)
def test_layers_that_lora_cannot_be_put_on_are_refused(world, tmp_path, targets, tied, extended, sentence):
    """Before anything is trained, with the layers that there are."""
    from tune.base_model import build_for

    words = world.root / ("tokenizer" if extended else "base-tokenizer")
    model = build_for(words, tmp_path / "model", hidden=32, tied=tied)
    recipe = world.recipe(tokenizer=words, model=model)
    recipe = recipe.model_copy(update={"lora": recipe.lora.model_copy(update={"targets": targets})})
    if sentence is None:
        check(recipe, now=NOW)
    else:
        with pytest.raises(TuneRefused, match=sentence):
            check(recipe, now=NOW)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights.pt", "model.pkl", "modeling_llama.py", "model.ckpt"])
def test_pickles_and_code_beside_the_weights_are_refused(mine, name):
    """Nothing that loading could run lies in a model's folder."""
    (mine.root / "model" / name).write_bytes(b"x")
    with pytest.raises(TuneRefused, match=name):
        check(mine.recipe(), now=NOW)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("auto_map", {"AutoModel": "x.py"}, "loads code"),
        ("trust_remote_code", True, "loads code"),
        ("quantization_config", {}, "already quantised"),
        ("model_type", "mamba", "trains llama only"),
        ("model_type", None, "trains llama only"),
        ("vocab_size", 7, "vocab_size 7"),
    ],
)
def test_a_config_that_cannot_be_trusted_is_refused(mine, key, value, sentence):
    """The message names what in config.json is wrong."""
    path = mine.root / "model/config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(TuneRefused, match=sentence):
        check(mine.recipe(), now=NOW)


def test_links_and_subfolders_in_a_model_are_refused(mine):
    """What a link points to can change between the check and the load."""
    folder = mine.root / "model"
    shutil.copy(folder / "config.json", mine.root / "config.json")
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(mine.root / "config.json")
    with pytest.raises(TuneRefused, match="a link"):
        check(mine.recipe(), now=NOW)


@pytest.mark.parametrize(
    "data", [b"", b"\xff" * 64, b"\x02\x00\x00\x00\x00\x00\x00\x00[]", b'\x08\x00\x00\x00\x00\x00\x00\x00{"a": 1}']
)
def test_weights_that_are_no_safetensors_are_unreadable(mine, data):
    """A truncated or foreign file is bad input, in a sentence."""
    (mine.root / "model/model.safetensors").write_bytes(data)
    with pytest.raises(TuneError, match="not a whole safetensors file"):
        check(mine.recipe(), now=NOW)


def test_a_tokenizer_that_is_none_is_unreadable(world_with_model, tmp_path):
    """A folder without tokenizer.json, and one with another file of that name."""
    folder = write_base_tokenizer(tmp_path / "t")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(VocabError):
        check(world_with_model.recipe(tokenizer=folder), now=NOW)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(TuneError, match=r"tokenizer\.json"):
        check(world_with_model.recipe(tokenizer=folder), now=NOW)


def test_dates_are_checked_for_the_moment_given(world_with_model):
    """A corpus signed later than now is not signed yet."""
    with pytest.raises(VerificationError, match="future"):
        check(world_with_model.recipe(), now=datetime(2025, 1, 1, tzinfo=UTC))
    assert manifest(world_with_model.root / "model")
