"""What an adapter says of itself: the card's fields, what is missing, the loss plot, formats other than text."""

import hashlib
import json
from xml.etree import ElementTree as ET

import pytest
from pydantic import ValidationError
from tune_world import NOW, as_messages, as_pairs, write_corpus

from govern.keys import load_private
from tune.adapter import CARD, METRICS, PROVENANCE
from tune.chain import verify
from tune.recipe import Card, Data
from tune.running import run

pytestmark = pytest.mark.tune
LINES = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def test_what_the_recipe_s_card_says_stands_in_the_card_and_the_rest_is_missing(trained, tmp_path):
    """Nobody can take an empty field for an answer; a value cannot break the table."""
    card = Card(owner="Model risk | retail", legal_basis="PIPA art. 28-2\nEFTA art. 21")
    result = run(trained.recipe(out=tmp_path / "adapter", card=card), now=NOW)
    text = (result.adapter / CARD).read_text("utf-8")
    assert "| owner | Model risk \\| retail |" in text
    assert "| legal basis | PIPA art. 28-2 EFTA art. 21 |" in text
    assert text.count("**missing**") == 3
    assert result.predicate["card"]["missing"] == ["intended_use", "forbidden_use", "approval"]
    assert json.loads((result.adapter / "recipe.json").read_bytes())["card"]["owner"] == card.owner


@pytest.mark.parametrize("owner", [" ", ".", "\u200b", "a\x1b[31m", "a\u202e", "a\0"])
def test_a_field_that_says_nothing_or_hides_something_is_refused(owner):
    """A blank owner is no owner."""
    with pytest.raises(ValidationError, match=r"holds no word|holds a hidden character"):
        Card(owner=owner)


def test_a_field_is_a_text_and_no_markup(trained, tmp_path):
    """What Markdown would read as a link, an image, a tag or the end of a cell stays as it was written."""
    card = Card(owner="[a](http://b) ![c](d) <b>e</b> \\| f")
    result = run(trained.recipe(out=tmp_path / "adapter", card=card), now=NOW)
    text = (result.adapter / CARD).read_text("utf-8")
    assert "| owner | \\[a\\](http://b) \\!\\[c\\](d) \\<b\\>e\\</b\\> \\\\\\| f |" in text


def test_a_release_may_ask_for_a_complete_card(trained, tmp_path):
    """What is missing is a link that fails, with the fields; a full card passes; an attested adapter has none."""
    link = verify(trained.adapter, trained.trust, now=NOW, complete=True).links[-1]
    assert (link.name, link.status) == ("card", "failed")
    assert "owner, intended use, forbidden use, legal basis, approval" in link.sentence
    card = Card(owner="a", intended_use="b", forbidden_use="c", legal_basis="d", approval="e")
    result = run(trained.recipe(out=tmp_path / "adapter", card=card), now=NOW)
    assert verify(result.adapter, trained.trust, now=NOW, complete=True).links[-1].status == "verified"
    assert [link.name for link in verify(result.adapter, trained.trust, now=NOW).links][-1] == "revocation"


def test_the_plot_and_the_loss_curve_are_covered_by_the_signature(trained, tmp_path):
    """The digest of the curve is in the provenance, and both pictures are among the signed files."""
    curve = hashlib.sha256((trained.adapter / METRICS).read_bytes()).hexdigest()
    claim = json.loads((trained.adapter / PROVENANCE).read_bytes())
    assert claim["payloadType"] == "application/vnd.in-toto+json"
    links = {link.name: link for link in verify(trained.adapter, trained.trust, now=NOW).links}
    assert links["files"].status == "verified"
    assert run_claim(trained)["metrics"] == "sha256:" + curve
    ET.fromstring((trained.adapter / "loss.svg").read_bytes())
    assert (trained.adapter / "loss.png").read_bytes().startswith(b"\x89PNG")
    copied = tmp_path / "copied"
    copied.mkdir()
    for path in trained.adapter.iterdir():
        (copied / path.name).write_bytes(path.read_bytes() + (b" " if path.name == "loss.svg" else b""))
    links = {link.name: link for link in verify(copied, trained.trust, now=NOW).links}
    assert links["files"].status == "failed"
    assert "loss.svg" in links["files"].sentence


def run_claim(world):
    """The signed predicate of the adapter."""
    import base64

    return json.loads(base64.b64decode(json.loads((world.adapter / PROVENANCE).read_bytes())["payload"]))["predicate"]


@pytest.mark.parametrize(("columns", "form"), [(as_messages, "messages"), (as_pairs, "prompt-completion")])
def test_a_corpus_of_answers_trains_on_the_answers(trained, tmp_path, columns, form):
    """Fewer tokens are learned than read; the template is part of the chain; the chain verifies to the shards."""
    corpus = write_corpus(
        tmp_path / "corpus", load_private(trained.root / "keys/sign.pem"), columns_of=columns, statement=form
    )
    template = tmp_path / "template.jinja"
    template.write_text(LINES, "utf-8")
    data = Data(format=form, template=template if form == "messages" else None)
    result = run(trained.recipe(out=tmp_path / "adapter", corpus=corpus, data=data), now=NOW)
    claim = result.predicate
    assert 0 < claim["dataset"]["loss_tokens"] < 0.9 * claim["dataset"]["tokens"]
    assert claim["training"]["held_out_bits_per_byte_after"] < claim["training"]["held_out_bits_per_byte_before"]
    digest = "sha256:" + hashlib.sha256(LINES.encode()).hexdigest()
    assert claim["tokenizer"]["template"] == (digest if form == "messages" else None)
    assert f"({form})" in (result.adapter / CARD).read_text("utf-8")
    assert verify(result.adapter, trained.trust, now=NOW, **{**trained.folders(), "corpus": corpus}).holds


def test_an_adapter_of_the_first_format_still_verifies(trained, tmp_path):
    """One without plots, `governance`, or counts: what earlier versions wrote."""
    from govern.attestation import PREDICATE_ADAPTER, seal, statement
    from govern.files import sha256_file
    from tune.adapter import NEEDED

    folder = tmp_path / "adapter"
    folder.mkdir()
    for name in NEEDED:
        (folder / name).write_bytes((trained.adapter / name).read_bytes())
    claim = run_claim(trained)
    later = ("governance", "also", "card", "metrics", "hardware")
    old = {name: value for name, value in claim.items() if name not in later}
    subjects = [(name, sha256_file(folder / name)) for name in NEEDED]
    key = load_private(trained.root / "keys/sign.pem")
    (folder / PROVENANCE).write_bytes(seal(statement(subjects, PREDICATE_ADAPTER, old), key))
    chain = verify(folder, trained.trust, now=NOW, **trained.folders())
    assert chain.holds, chain.links
