"""A Hugging Face token classifier: spans of the text it was given, windows over long ones, what is refused."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern.errors import InputError
from govern.ner import models
from govern.ner.models import Person

pytest.importorskip("torch")
pytest.importorskip("transformers")

pytestmark = pytest.mark.tune

BIO = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG")
WORDS = {
    "Jane": "B-PER", "Doe": "I-PER", "Hanbit": "B-ORG", "Kris": "B-PER", "##ztina": "O", "김민수": "B-PER", "##는": "O",
    "##님이": "O", "이": "B-PER", "##영희": "I-PER", "박": "B-PER", "##서준": "B-PER", "met": "O", ".": "O", "paid": "O",
    "SEP": "B-PER",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(classifier):
    return classifier(WORDS, BIO)


@pytest.fixture(scope="module")
def model(folder):
    return models.open(folder)


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def named(model, text):
    return [text[start:end] for start, end, _ in model.persons([text])[0]]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Jane Doe met Hanbit.", ["Jane Doe"]),
        ("met Jane, Jane Doe", ["Jane", "Jane Doe"]),
        ("Doe paid", ["Doe"]),
        ("김민수는 met 김민수님이.", ["김민수", "김민수"]),
        ("이영희 paid", ["이영희"]),
        ("Jane 김민수는", ["Jane", "김민수"]),
        ("😀😀 e\u0301 김민수는", ["김민수"]),
        ("Hanbit met .", []),
        ("", []),
        (" \n", []),
    ],
)
def test_a_person_is_the_name_alone_in_code_points(model, text, names):
    """Particles, companies, emoji and combining marks are outside the span."""
    assert named(model, text) == names


def test_a_latin_name_is_whole_where_one_piece_of_it_is_a_person(model):
    """Half a name must not stay; and a word of two pieces that both begin is one person."""
    assert named(model, "met Krisztina.") == ["Krisztina"]
    assert named(model, "박서준 paid") == ["박서준"]


def test_the_score_is_the_mean_probability_of_the_tokens(classifier):
    """Sure words score high; where another label is nearly as likely, less; the order of texts is kept."""
    sure, unsure = (models.open(classifier(WORDS, BIO, certain=one)) for one in (4.0, 0.5))
    [[high], [], [low]] = [sure.persons(["Jane"])[0], sure.persons(["met"])[0], unsure.persons(["Jane"])[0]]
    assert high.score > 0.999
    assert 0.4 < low.score < 0.8
    [(start, end, score)] = unsure.persons(["Jane Doe"])[0]
    assert (start, end) == (0, 8)
    assert score == pytest.approx(low.score, abs=1e-4)


@pytest.mark.parametrize("place", [0, 1, 15, 16, 17, 20, 21, 22, 23, 300, 997, 999])
def test_a_name_is_found_wherever_it_stands_in_a_long_text(model, place):
    """Also where a window ends within it; the tokenizer's own truncation cuts nothing."""
    words = ["paid"] * 1000
    words[place : place + 1] = ["Jane", "Doe", "김민수는"]
    text = " ".join(words)
    start = 5 * place
    assert model.room == 22
    assert model.persons([text]) == [[Person(start, start + 8, 1.0), Person(start + 9, start + 12, 1.0)]]


def test_the_first_positions_of_roberta_are_not_counted(tmp_path, write_tokenizer):
    """Its table of 24 begins after the padding's row, so 22 tokens fit, 20 of them of the text."""
    import torch
    from transformers import RobertaConfig, RobertaForTokenClassification

    config = RobertaConfig(
        vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        max_position_embeddings=24, pad_token_id=1, id2label={0: "O", 1: "PER"}, label2id={"O": 0, "PER": 1},
    )  # fmt: skip
    roberta = RobertaForTokenClassification(config)
    roberta.classifier.bias.data = torch.tensor([0.0, 50.0])
    roberta.save_pretrained(tmp_path)
    words = ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "Jane")
    write_tokenizer(tmp_path / "tokenizer.json", {word: number for number, word in enumerate(words)}, word_level=True)
    model = models.open(tmp_path)
    assert (model.room, model.ahead, model.behind, model.padding) == (20, (0,), (2,), 1)
    assert model.persons(["Jane " * 200]) == [[Person(0, 999, 1.0)]]


def test_a_text_longer_than_a_part_is_read_to_its_end(model):
    """Parts end between lines, and positions are those of the whole text."""
    text = "met paid.\n" * 6000 + "Jane Doe"
    assert named(model, text) == ["Jane Doe"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.sampled_from([*"JKris. 이는\n\t\x00😀é", "Jane", " Doe", "김민수", "ztina"]), max_size=90))
def test_persons_are_sorted_within_the_text_and_alone(model, pieces):
    """No two overlap, none is blank at an edge, and neither neighbours in a batch nor a second call change them."""
    text = "".join(pieces)
    [found] = model.persons([text])
    edges = [edge for start, end, _ in found for edge in (start, end)]
    assert edges == sorted(set(edges))
    assert all(0 <= start < end <= len(text) for start, end, _ in found)
    assert all(text[start:end] == text[start:end].strip() for start, end, _ in found)
    assert model.persons(["Jane Doe", text, text * 2])[1] == found


def test_the_spelling_of_a_special_token_is_text(model):
    """`[SEP]` in a document ends nothing and hides nothing."""
    assert named(model, "[SEP] Jane [PAD][CLS] Doe") == ["SEP", "Jane", "Doe"]


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        (("O", "B-PS", "I-PS"), "B-PS"),
        (("O", "I-PER"), "I-PER"),
        (("O", "PERSON"), "PERSON"),
        (("O", "PER-B", "PER-I"), "PER-B"),
        (("O", "B-PER", "I-PER", "E-PER", "S-PER"), "S-PER"),
        (("O", "B_FIRSTNAME", "I_FIRSTNAME"), "B_FIRSTNAME"),
    ],
)
def test_schemes_of_labels_are_read_from_the_configuration(classifier, labels, label):
    """BIO, BIOES, no position at all, the position behind: a WordLevel tokenizer and a model with those labels."""
    model = models.open(classifier({"Jane": label, "met": "O"}, labels, word_level=True))
    assert named(model, "met Jane met") == ["Jane"]


def test_torch_uses_one_thread_and_its_setting_is_kept(model):
    """Workers are processes, and sums must not depend on the cores."""
    import torch

    seen = []
    hook = model.model.register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        model.persons(["Jane"])
        assert (seen, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(before)
        hook.remove()


def test_no_socket_is_opened(folder, no_internet, monkeypatch):
    """Loading and finding ask nobody, also where no variable says that there is no network."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    assert named(models.open(folder), "Jane met") == ["Jane"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architectures": ["BertForMaskedLM"]}, "no class that ends in ForTokenClassification"),
        ({"architectures": None}, "no class that ends in ForTokenClassification"),
        ({"architectures": ["NoSuchForTokenClassification"]}, "no class NoSuchForTokenClassification"),
        ({"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}, "none of the 2 labels in id2label means a person"),
        ({"id2label": {"0": "O", "2": "B-PER"}}, "does not name the ids 0, 1, 2"),
        ({"id2label": None}, "does not name the ids 0, 1, 2"),
        ({"id2label": {"0": "O", "1": "B-PER"}}, r"does not load \(RuntimeError\)"),
        ({"auto_map": {"AutoModel": "code.Model"}}, r"names code of its own \(auto_map\)"),
        ({"num_hidden_layers": 2}, "would be random"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(copy, edit, changes, message):
    """Each sentence names the folder and what to do."""
    edit(copy / "config.json", **changes)
    with pytest.raises(InputError, match=message) as caught:
        models.open(copy)
    assert str(caught.value).startswith(str(copy))
    assert ";" in str(caught.value)


def test_files_that_are_damaged_or_of_another_model_are_refused(copy, edit, classifier):
    """Weights, tokenizer and the number of its ids."""
    (copy / "tokenizer.json").write_text('{"version": "1.0"}')
    with pytest.raises(InputError, match="the tokenizers library cannot read it"):
        models.open(copy)
    shutil.copy(classifier({**WORDS, "more": "O"}, BIO) / "tokenizer.json", copy)
    with pytest.raises(InputError, match="gives ids up to 20, and the model has 20 rows"):
        models.open(copy)
    (copy / "model.safetensors").write_bytes(b"\x00" * 40)
    with pytest.raises(InputError, match="the model does not load"):
        models.open(copy)


def test_a_model_of_too_few_positions_is_refused(classifier):
    """Windows that hold nothing would never end."""
    with pytest.raises(InputError, match="reads 1 tokens of a text, expected 4 at least"):
        models.open(classifier(WORDS, BIO, positions=3))


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_a_missing_package_names_the_extra(folder, monkeypatch, package):
    """The base installation has no torch."""
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == package else found(name, *more)
    )
    with pytest.raises(InputError, match=rf"needs {package}, not installed here; .*pip install 'assay\[tune\]'"):
        models.open(folder)
