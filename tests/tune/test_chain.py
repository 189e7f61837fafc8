"""`verify`: an altered link fails by name, and a link that was not looked at is never called verified."""

import json
import shutil

import pytest
from tune_world import NOW, write_corpus

from govern.errors import InputError
from govern.files import canonical
from govern.keys import generate, load_private
from govern.revocation import revoke, start
from tune.adapter import FILES, PROVENANCE
from tune.chain import LINKS, verify

pytest.importorskip("torch")
pytestmark = pytest.mark.tune


@pytest.fixture
def mine(trained, copy):
    """A copy of the finished world that a test may spoil."""
    return copy(trained)


def statuses(chain) -> dict[str, str]:
    return {link.name: link.status for link in chain.links}


def sentence(chain, name: str) -> str:
    return next(link.sentence for link in chain.links if link.name == name)


def test_a_whole_chain_holds(trained, tmp_path):
    """With every folder and a list given, every link is verified."""
    listed = tmp_path / "revocations.json"
    start(listed, load_private(trained.root / "keys/sign.pem"))
    chain = verify(trained.adapter, trained.trust, now=NOW, revocations=listed, **trained.folders())
    assert statuses(chain) == dict.fromkeys(LINKS, "verified")
    assert chain.holds
    assert chain.unchecked == ()


def test_links_without_a_folder_are_named_as_not_checked(trained):
    """Only signature and files are known from the adapter alone; each other link names the flag that checks it."""
    chain = verify(trained.adapter, trained.trust, now=NOW)
    assert chain.unchecked == ("tokenizer", "model", "certificate", "shards", "revocation")
    assert chain.holds
    assert all("--" in sentence(chain, name) for name in chain.unchecked)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0, 0.5, 1])
def test_a_flipped_byte_in_any_file_fails_by_name(mine, name, where):
    """The first, a middle and the last byte of every file of the adapter."""
    path = mine.adapter / name
    data = bytearray(path.read_bytes())
    data[min(int(where * len(data)), len(data) - 1)] ^= 1
    path.write_bytes(data)
    chain = verify(mine.adapter, mine.trust, now=NOW)
    assert statuses(chain)["files"] == "failed"
    assert f"{name}: changed" in sentence(chain, "files")
    assert not chain.holds


@pytest.mark.parametrize("where", [0, 0.5, 1])
def test_a_flipped_byte_in_the_provenance_fails_the_signature(mine, where):
    """Nothing that an untrusted provenance says is looked at."""
    path = mine.adapter / PROVENANCE
    data = bytearray(path.read_bytes())
    data[min(int(where * len(data)), len(data) - 1)] ^= 1
    path.write_bytes(data)
    chain = verify(mine.adapter, mine.trust, now=NOW, **mine.folders())
    assert statuses(chain) == {"signature": "failed", **dict.fromkeys(LINKS[1:], "not_checked")}


def test_extra_missing_and_linked_files_fail_by_name(mine):
    """Each is told apart."""
    (mine.adapter / "extra.txt").write_text("x")
    (mine.adapter / "metrics.jsonl").unlink()
    shutil.move(mine.adapter / "recipe.json", mine.root / "recipe.json")
    (mine.adapter / "recipe.json").symlink_to(mine.root / "recipe.json")
    said = sentence(verify(mine.adapter, mine.trust, now=NOW), "files")
    assert "extra.txt: extra" in said
    assert "metrics.jsonl: missing" in said
    assert "recipe.json: linked" in said


def test_an_adapter_signed_by_another_key_fails(trained, tmp_path):
    """Only the caller's keys count."""
    generate(tmp_path / "other")
    chain = verify(trained.adapter, [tmp_path / "other/sign.pub"], now=NOW)
    assert statuses(chain)["signature"] == "failed"
    assert "not trusted" in sentence(chain, "signature")


def test_a_junk_signature_or_an_extra_field_fails(mine):
    """The envelope has one spelling."""
    path = mine.adapter / PROVENANCE
    whole = json.loads(path.read_bytes())
    junk = {"keyid": "sha256:" + "f" * 64, "sig": whole["signatures"][0]["sig"]}
    for spoiled in ({**whole, "signatures": [*whole["signatures"], junk]}, {**whole, "extra": 1}):
        path.write_bytes(canonical(spoiled))
        assert statuses(verify(mine.adapter, mine.trust, now=NOW))["signature"] == "failed"


@pytest.mark.parametrize(
    "changes",
    [
        {"governance": "ungoverned"}, {"governance": "xyz"}, {"governance": None}, {"also": 3}, {"also": None}, {"also": [3]},
        {"corpus": {"certificate": None, "manifest": "a"}}, {"corpus": {"certificate": "a", "manifest": 3}}, {"tokenizer": 3},
        {"tokenizer": {"digest": 3}}, {"model": {"digest": "a", "files": ["b"]}}, {"model": {"digest": "a", "files": {"b": 1}}},
        {"card": {"missing": 3}}, {"card": 3},
    ],
)  # fmt: skip
def test_a_signed_provenance_of_other_values_is_refused_in_a_sentence(mine, changes):
    """Whoever signed it: nothing that it says is looked at."""
    import base64
    import json

    from govern.attestation import PREDICATE_ADAPTER, seal, statement

    path = mine.adapter / PROVENANCE
    signed = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
    subjects = [(one["name"], one["digest"]["sha256"]) for one in signed["subject"]]
    changed = statement(subjects, PREDICATE_ADAPTER, {**signed["predicate"], **changes})
    path.write_bytes(seal(changed, load_private(mine.root / "keys/sign.pem")))
    chain = verify(mine.adapter, mine.trust, now=NOW, complete=True, **mine.folders())
    assert chain.links[0].status == "failed"
    assert not chain.holds


def test_an_attestation_of_a_corpus_is_no_provenance(mine):
    """A statement about another thing does not pass, though the key is trusted."""
    shutil.copy(mine.root / "corpus/attestation.json", mine.adapter / PROVENANCE)
    assert statuses(verify(mine.adapter, mine.trust, now=NOW))["signature"] == "failed"


@pytest.mark.parametrize("name", ["tokenizer.json", "extension.json", "README.md"])
def test_another_tokenizer_fails(mine, name):
    """One byte more in any file of the tokenizer."""
    path = mine.root / "tokenizer" / name
    path.write_bytes(path.read_bytes() + b" ")
    chain = verify(mine.adapter, mine.trust, now=NOW, **mine.folders())
    assert {name for name, status in statuses(chain).items() if status == "failed"} == {"tokenizer"}
    assert "another tokenizer" in sentence(chain, "tokenizer")


def test_a_tokenizer_that_lost_its_signature_fails(mine):
    """The digest is right and the signature is gone."""
    (mine.root / "tokenizer/attestation.json").unlink()
    assert statuses(verify(mine.adapter, mine.trust, now=NOW, **mine.folders()))["tokenizer"] == "failed"


def test_another_base_model_fails_and_names_the_file(mine):
    """Which file differs is said."""
    path = mine.root / "model/model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    chain = verify(mine.adapter, mine.trust, now=NOW, **mine.folders())
    assert {name for name, status in statuses(chain).items() if status == "failed"} == {"model"}
    assert "differs: model.safetensors" in sentence(chain, "model")


def test_an_altered_shard_fails_the_shards(mine):
    """The certificate may hold while a shard does not."""
    path = mine.root / "corpus/documents/part-00001.parquet"
    path.write_bytes(path.read_bytes() + b"\0")
    chain = verify(mine.adapter, mine.trust, now=NOW, **mine.folders())
    assert statuses(chain)["shards"] == "failed"
    assert "part-00001.parquet" in sentence(chain, "shards")
    assert statuses(chain)["certificate"] == "not_checked"


def test_an_altered_certificate_fails_the_certificate(mine):
    """Its shards are then not called verified."""
    path = mine.root / "corpus/certificate.json"
    path.write_bytes(path.read_bytes().replace(b"Made for a test.", b"Made for a tesT."))
    chain = verify(mine.adapter, mine.trust, now=NOW, **mine.folders())
    assert statuses(chain)["certificate"] == "failed"
    assert statuses(chain)["shards"] == "not_checked"


def test_another_certified_corpus_fails(trained, tmp_path):
    """A corpus that verifies is still not the one trained on."""
    write_corpus(tmp_path / "corpus", load_private(trained.root / "keys/sign.pem"), statement="Another.")
    chain = verify(trained.adapter, trained.trust, now=NOW, corpus=tmp_path / "corpus")
    assert statuses(chain)["certificate"] == "failed"
    assert "another certificate" in sentence(chain, "certificate")


def test_a_revoked_corpus_fails_even_without_its_folder(trained, tmp_path):
    """The provenance names the corpus, so the list alone is enough."""
    listed = tmp_path / "revocations.json"
    revoke(trained.root / "corpus", load_private(trained.root / "keys/sign.pem"), "consent withdrawn", listed, NOW)
    chain = verify(trained.adapter, trained.trust, now=NOW, revocations=listed)
    assert statuses(chain)["revocation"] == "failed"
    assert "stop using this adapter" in sentence(chain, "revocation")
    (tmp_path / "empty.json").write_text("")
    chain = verify(trained.adapter, trained.trust, now=NOW, revocations=tmp_path / "empty.json")
    assert statuses(chain)["revocation"] == "failed"


@pytest.mark.parametrize("flag", ["corpus", "tokenizer", "model", "revocations"])
def test_a_mistyped_path_is_bad_input_and_no_broken_chain(trained, tmp_path, capsys, flag):
    """Exit code 2 with the path, also of a file where a folder is meant; never "the chain is broken"."""
    from tune.cli import main

    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "nope", *([] if flag == "revocations" else [tmp_path / "file"])):
        command = ["verify", str(trained.adapter), "--trust", str(trained.trust[0]), f"--{flag}", str(path)]
        assert main(command) == 2
        said = capsys.readouterr()
        assert f"{path}: no" in said.err
        assert f"check the path of --{flag}" in said.err
        assert "broken" not in said.out + said.err


def test_a_corpus_given_twice_is_said_without_the_link_that_holds(trained):
    """What is listed as broken is broken."""
    folder = trained.root / "corpus"
    said = sentence(verify(trained.adapter, trained.trust, now=NOW, corpus=[folder, folder]), "certificate")
    assert "given already" in said
    assert "signed and in force" not in said


def test_a_missing_provenance_fails_and_a_missing_folder_is_bad_input(mine, tmp_path):
    """Exit codes 1 and 2 of the command follow from this."""
    (mine.adapter / PROVENANCE).unlink()
    assert statuses(verify(mine.adapter, mine.trust, now=NOW))["signature"] == "failed"
    with pytest.raises(InputError, match="no such folder"):
        verify(tmp_path / "nowhere", mine.trust, now=NOW)
    with pytest.raises(InputError, match="no trusted key"):
        verify(mine.adapter, [], now=NOW)


def test_a_tokenizer_extended_on_a_revoked_corpus_fails_the_revocation(mine, tmp_path):
    """The vocabulary came from text that must not be used, whatever the adapter itself was trained on."""
    from tune.running import run

    key = load_private(mine.root / "keys/sign.pem")
    listed = tmp_path / "revocations.json"
    other = write_corpus(tmp_path / "corpus", key, statement="Another corpus.")
    result = run(mine.recipe(corpus=other, out=tmp_path / "adapter"), now=NOW)
    revoke(mine.root / "corpus", key, "consent withdrawn", listed, NOW)
    chain = verify(result.adapter, mine.trust, now=NOW, revocations=listed)
    assert statuses(chain)["revocation"] == "failed"
    assert "tokenizer was extended on was revoked" in sentence(chain, "revocation")


def test_a_link_in_a_base_tokenizer_or_a_model_fails_in_a_sentence(mine):
    """A dangling link is named, and verification goes on to the other links."""
    (mine.root / "model/x.json").symlink_to(mine.root / "nowhere")
    (mine.root / "tokenizer/x.json").symlink_to(mine.root / "nowhere")
    chain = verify(mine.adapter, mine.trust, now=NOW, **mine.folders())
    for name in ("tokenizer", "model"):
        assert statuses(chain)[name] == "failed"
        assert "x.json: a link" in sentence(chain, name)
    assert statuses(chain)["shards"] == "verified"
