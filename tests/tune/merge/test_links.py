"""What `tune verify` finds of a merged model: its record, its adapter's provenance, and each thing that is given."""

import shutil
from datetime import UTC, datetime

import pytest
from merge_world import merged, recorded_again
from tune_world import NOW

from govern.errors import InputError
from govern.keys import generate, load_private
from govern.revocation import revoke, start
from tune.cli import main
from tune.merge import record as merge_record
from tune.merge.record import ADAPTER_PROVENANCE, links

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # names that PEFT will change
    pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers`"),  # of checkpoints of LoRA on a head
]


@pytest.fixture(scope="module")
def sealed(trained, tmp_path_factory):
    """The folder of a signed merge, made once and never changed."""
    key = load_private(trained.root / "keys/sign.pem")
    return merged(trained, tmp_path_factory.mktemp("sealed") / "out", key=key).folder


@pytest.fixture
def mine(sealed, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(sealed, tmp_path / "merged")


def statuses(chain) -> dict[str, str]:
    return {link.name: link.status for link in chain.links}


def sentence(chain, name: str) -> str:
    return next(link.sentence for link in chain.links if link.name == name)


def test_what_is_given_is_checked_against_the_adapter_s_own_provenance(trained, sealed, tmp_path):
    """Corpus, tokenizer, model and a list that revokes nothing: nothing is left unchecked."""
    listed = tmp_path / "list.json"
    start(listed, load_private(trained.root / "keys/sign.pem"))
    chain = links(sealed, trained.trust, now=NOW, revocations=listed, **trained.folders())
    assert set(statuses(chain).values()) == {"verified"}
    assert {"tokenizer", "model", "certificate", "shards", "revocation"} < set(statuses(chain))
    bare = links(sealed, trained.trust, now=NOW)
    assert bare.unchecked == ("adapter chain",)
    assert "certificate, shards, revocation" in sentence(bare, "adapter chain")
    assert "its provenance is signed by" in sentence(bare, "adapter")


def test_a_revoked_corpus_an_unfinished_card_and_other_folders_break_it(trained, copy, sealed, tmp_path, capsys):
    """Exit code 1 for each flag that does not hold, 2 for a path that is not there."""
    listed = tmp_path / "list.json"
    key = load_private(trained.root / "keys/sign.pem")
    revoke(trained.root / "corpus", key, "consent withdrawn", listed, NOW)
    other = copy(trained)
    for name in ("model/README.md", "tokenizer/README.md", "corpus/documents/part-00000.parquet"):
        path = other.root / name
        path.write_bytes(path.read_bytes() + b" ")
    command = ["verify", str(sealed), "--trust", str(trained.trust[0])]
    for flags, says in (
        (("--revocations", str(listed)), "failed       revocation"),
        (("--complete",), "failed       card"),
        (("--model", str(other.root / "model")), "failed       model"),
        (("--tokenizer", str(other.root / "tokenizer")), "failed       tokenizer"),
        (("--corpus", str(other.root / "corpus")), "failed       shards"),
    ):
        assert main([*command, *flags]) == 1, flags
        assert says in capsys.readouterr().out
    assert main([*command, "--model", str(tmp_path / "nope")]) == 2
    assert "nope: no such file" in capsys.readouterr().err
    with pytest.raises(InputError, match="check the path of --revocations"):
        links(sealed, trained.trust, now=NOW, revocations=tmp_path / "nope")


def test_a_merger_who_is_trusted_alone_leaves_the_adapter_unchecked_and_no_flag_is_dropped(trained, tmp_path, capsys):
    """Its provenance is by another key: said, and refused where something is to be checked by it."""
    generate(tmp_path / "other")
    folder = merged(trained, tmp_path / "out", key=load_private(tmp_path / "other/sign.pem")).folder
    chain = links(folder, [tmp_path / "other/sign.pub"], now=NOW)
    assert chain.holds
    assert statuses(chain)["adapter"] == "not_checked"
    assert "which is not trusted; give that key too" in sentence(chain, "adapter")
    command = ["verify", str(folder), "--trust", str(tmp_path / "other/sign.pub")]
    for flags in (("--complete",), ("--model", str(trained.root / "model"))):
        assert main([*command, *flags]) == 2
        assert "give that key too" in capsys.readouterr().err
    both = [*trained.trust, tmp_path / "other/sign.pub"]
    assert statuses(links(folder, both, now=NOW, model=trained.root / "model"))["model"] == "verified"


def test_another_adapter_s_provenance_is_refused_though_its_key_is_trusted(trained, train, mine):
    """It must be the one that the record names, and say what the record says."""
    other = train("unquantised")[0] / "provenance.json"
    shutil.copy(other, mine / ADAPTER_PROVENANCE)
    recorded_again(trained, mine, lambda claim: None)
    chain = links(mine, trained.trust, now=NOW)
    assert (statuses(chain)["adapter"], chain.holds) == ("failed", False)
    assert "not the provenance that merge.json names" in sentence(chain, "adapter")

    def rename(claim) -> None:
        from govern.files import sha256_file

        claim["adapter"]["provenance"] = "sha256:" + sha256_file(other)

    recorded_again(trained, mine, rename)
    assert "says another adapter's weights than it" in sentence(links(mine, trained.trust, now=NOW), "adapter")


def test_a_record_of_an_earlier_version_still_verifies(trained, mine):
    """It names neither corpora nor whose word it is how the base was held."""

    def older(claim) -> None:
        del claim["adapter"]["corpora"], claim["model"]["held_in_stated"]

    recorded_again(trained, mine, older)
    chain = links(mine, trained.trust, now=NOW, **trained.folders())
    assert chain.holds
    assert statuses(chain)["divergence"] == "verified"
    assert merge_record.verify(mine, trained.trust, now=NOW).predicate["format_version"] == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda claim: claim.pop("adapter"), "lacks what a merge says"),
        (lambda claim: claim.pop("divergence"), "lacks what a merge says"),
        (lambda claim: claim["divergence"].update(mean_nats="0"), "lacks what a merge says"),
        (lambda claim: claim["adapter"].update(links_verified=None), "lacks what a merge says"),
        (lambda claim: claim["adapter"].update(links_not_checked=[1]), "lacks what a merge says"),
        (lambda claim: claim["adapter"].update(governance="ungoverned"), "lacks what a merge says"),
        (lambda claim: claim["model"].pop("held_in"), "lacks what a merge says"),
        (lambda claim: claim.update(tokenizer=3), "lacks what a merge says"),
        (lambda claim: claim.update(issued=3), "not RFC 3339"),
        (lambda claim: claim.update(format_version=2), "format_version is not 1; update assay"),
        (lambda claim: claim.pop("format_version"), "format_version is not 1; update assay"),
    ],
)
def test_a_signed_record_of_other_values_is_refused_in_a_sentence(trained, mine, change, says):
    """Whoever signed it."""
    recorded_again(trained, mine, change)
    chain = links(mine, trained.trust, now=NOW)
    assert (statuses(chain), chain.holds) == ({"signature": "failed"}, False)
    assert says in sentence(chain, "signature")


def test_the_record_names_the_corpora_that_the_adapter_was_trained_on(trained, sealed):
    """By certificate and list of checksums, as the adapter's provenance does."""
    from govern.files import MANIFEST, sha256_file

    (corpus,) = merge_record.verify(sealed, trained.trust, now=NOW).predicate["adapter"]["corpora"]
    assert corpus["manifest"] == "sha256:" + sha256_file(trained.root / "corpus" / MANIFEST)


def test_a_divergence_that_rests_on_the_merger_s_word_is_not_called_verified(trained, train, tmp_path, capsys):
    """How the base of an attested adapter was held: stated in record, card, command and verify."""
    from tune.attesting import attest

    adapter, model, words = train("unquantised")
    key = load_private(trained.root / "keys/sign.pem")
    theirs, folders = tmp_path / "theirs", {"model": model, "tokenizer": words}
    attest(adapter, theirs, corpora=[trained.root / "corpus"], trust=trained.trust, key=key, now=NOW, **folders)
    command = ["merge", str(theirs), "--trust", str(trained.trust[0]), "--model", str(model), "--tokenizer", str(words)]
    command += ["--held-in", "none", "--sign-key", str(trained.root / "keys/sign.pem"), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    assert "your word" in capsys.readouterr().out
    later = datetime.now(UTC)  # the command's own clock
    claim = merge_record.verify(tmp_path / "out", trained.trust, now=later).predicate
    assert claim["model"]["held_in_stated"] is True
    assert "which nothing shows" in (tmp_path / "out/README.md").read_text("utf-8")
    chain = links(tmp_path / "out", trained.trust, now=later)
    assert chain.holds
    assert "divergence" in chain.unchecked
    assert "the merger's word (--held-in)" in sentence(chain, "divergence")
    recorded_again(trained, tmp_path / "out", lambda older: older["model"].pop("held_in_stated"))
    assert "divergence" in links(tmp_path / "out", trained.trust, now=later).unchecked


def test_an_unsigned_merge_is_said_to_be_unsigned(done, trained, capsys):
    """Exit code 1, and the flag that signs."""
    assert main(["verify", str(done.folder), "--trust", str(trained.trust[0])]) == 1
    assert "unsigned, so nobody vouches for it; merge again with --sign-key" in capsys.readouterr().out
