"""What a merge says of itself: the signed record, the card, the command."""

import base64
import importlib
import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from merge_world import command, merged, nothing_is_left
from tune_world import NOW

from govern.errors import VerificationError
from govern.files import sha256_file
from govern.keys import generate, load_private
from tune.adapter import PROVENANCE, WEIGHTS
from tune.cli import main
from tune.merge import record as merge_record

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore::FutureWarning"),  # names that PEFT will change
    pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers`"),  # of checkpoints of LoRA on a head
]


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
    with pytest.raises(VerificationError, match=r"merge\.json: unsigned, so nobody vouches for it"):
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
    assert "NOT CHECKED: adapter chain" in printed
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


def test_what_the_guides_import_is_there():
    """Each line of Python that they show."""
    guides = Path(__file__).parents[3] / "docs"
    shown = [
        line.strip()
        for name in ("merge", "compare", "plan", "tune")
        for line in (guides / f"{name}.md").read_text("utf-8").splitlines()
    ]
    imports = [line.split() for line in shown if re.fullmatch(r"from tune[\w.]* import \w+", line)]
    assert ["from", "tune.merge.record", "import", "verify"] in imports
    for _, module, _, name in imports:
        assert callable(getattr(importlib.import_module(module), name))
