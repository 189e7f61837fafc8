"""The door: a spaCy pipeline, the kind by its files, digests, and folders that are refused before anything is loaded."""

import json
import shutil
import subprocess
import sys

import pytest

from govern.errors import InputError
from govern.files import digest, sha256_file
from govern.ner import models
from govern.ner.models import Person, folder

SPACY = ("meta.json", "config.cfg")
TOKENS = ("config.json", "tokenizer.json", "model.safetensors")
GLINER = ("gliner_config.json", "tokenizer_config.json", "tokenizer.json", "model.safetensors")


@pytest.fixture
def made(tmp_path):
    """A function that makes a folder of files with an empty JSON object each."""

    def make(*names):
        for name in names:
            path = tmp_path / "model" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        return tmp_path / "model"

    return make


def test_a_spacy_pipeline_gives_its_persons_with_the_policy_s_score(spacy_folder, no_internet):
    """Its other entities are left, and no text changes the persons of another."""
    model = models.open(spacy_folder, score=0.7)
    assert model.recognizer == "names.spacy"
    assert model.persons(["\ud800 Zebulon"]) == [[Person(2, 9, 0.7)]]
    assert model.persons(["then Zebulon of Quibble", "", "Zebulon"]) == [[Person(5, 12, 0.7)], [], [Person(0, 7, 0.7)]]


def test_a_long_text_reaches_the_pipeline_in_parts(spacy_folder):
    """Every part is searched and positions hold."""
    text = "nothing here. " * 9000 + "Zebulon"
    assert models.open(spacy_folder).persons([text]) == [[Person(len(text) - 7, len(text), 0.6)]]


def test_a_pipeline_that_finds_no_person_is_refused(tmp_path):
    """It would find nothing in every document."""
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "Quibble"}])
    nlp.to_disk(tmp_path / "orgs")
    with pytest.raises(InputError, match="no component of this pipeline finds persons"):
        models.open(tmp_path / "orgs")


def test_a_damaged_pipeline_is_refused(spacy_folder, tmp_path):
    """The sentence says what kind of error it was, and no more."""
    shutil.copytree(spacy_folder, tmp_path / "copy")
    (tmp_path / "copy/config.cfg").write_text("[nlp]\nlang = 'xyz'\n")
    with pytest.raises(InputError, match="the model does not load"):
        models.open(tmp_path / "copy")


@pytest.mark.parametrize(
    ("names", "kind"),
    [(SPACY, "spacy"), (TOKENS, "tokens"), (GLINER, "gliner"), ((*GLINER, "config.json"), "gliner")],
)
def test_the_files_tell_the_kind(made, names, kind):
    """A GLiNER folder may hold the configuration of its encoder."""
    assert folder.kind(made(*names)) == kind


@pytest.mark.parametrize(
    "path", ["https://example.com/model", "hf://owner/name", "dslim/bert-base-NER", "no-such-folder"]
)
def test_an_address_or_a_hub_s_name_is_never_looked_up(path, no_internet, monkeypatch, tmp_path):
    """The remedy is to copy the folder here."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="copy the model's folder to this machine"):
        models.open(path)
    with pytest.raises(InputError, match="copy the model's folder to this machine"):
        models.open(tmp_path / path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("readme.md",), "no model there; expected meta.json"),
        ((*SPACY, *TOKENS), r"several models in one folder \(meta.json, config.json\)"),
        (("meta.json",), "config.cfg is missing; save the pipeline with"),
        (("config.json", "model.safetensors"), "tokenizer.json is missing; save the model and its fast tokenizer"),
        (("config.json", "tokenizer.json"), "model.safetensors is missing"),
        (GLINER[:2], "tokenizer.json, model.safetensors is missing; save the model with"),
        ((*TOKENS, "pytorch_model.bin"), "pytorch_model.bin is a pickle, which can run code"),
        ((*TOKENS[:2], "pytorch_model.bin"), "pytorch_model.bin is a pickle, which can run code"),
        ((*TOKENS, "training_args.bin"), "training_args.bin is a pickle"),
        ((*GLINER, "sub/rng.pth"), "sub/rng.pth is a pickle"),
        ((*GLINER, "old.CKPT"), "old.CKPT is a pickle"),
        ((*SPACY, "ner/weights.pkl"), "ner/weights.pkl is a pickle"),
        ((*SPACY, "transformer/pytorch_model.bin"), "transformer/pytorch_model.bin is a pickle"),
        ((*TOKENS, "adapter_config.json"), "an adapter .* merge it and save the whole model"),
    ],
)
def test_a_folder_with_pickles_gaps_or_adapters_is_refused(made, names, message):
    """Each sentence names the folder, the file and the remedy."""
    path = made(*names)
    with pytest.raises(InputError, match=message) as caught:
        models.open(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("name", ["tokenizer_config.json", "config.json", "gliner_config.json"])
def test_code_of_a_model_s_own_is_refused_wherever_it_is_named(made, name):
    """GLiNER hands its encoder's configuration to a loader that would trust it."""
    path = made(*(GLINER if name == "gliner_config.json" else TOKENS), name)
    (path / name).write_text(json.dumps({"encoder_config": [{"auto_map": {"AutoModel": "code.Model"}}]}))
    with pytest.raises(InputError, match=rf"{name} names code of its own \(auto_map\)"):
        models.open(path)


def test_a_configuration_that_is_no_json_is_refused(made):
    """The sentence names the file, a broken link too."""
    path = made(*TOKENS)
    (path / "tokenizer_config.json").symlink_to(path / "nowhere")
    with pytest.raises(InputError, match=r"tokenizer_config.json: it cannot be read"):
        models.open(path)
    (path / "tokenizer_config.json").unlink()
    for text in ("{", "[]"):
        (path / "config.json").write_text(text)
        with pytest.raises(InputError, match=r"config.json: no.* JSON"):
            models.open(path)


def test_the_digest_names_every_byte(spacy_folder, tmp_path):
    """It is of every file by name and SHA-256; one byte or one file more changes it; a broken link is a sentence."""
    files = sorted(path for path in spacy_folder.rglob("*") if path.is_file())
    assert models.digest(spacy_folder) == digest({str(path.relative_to(spacy_folder)): sha256_file(path) for path in files})
    copy = shutil.copytree(spacy_folder, tmp_path / "copy")
    assert models.digest(copy) == models.digest(spacy_folder)
    (copy / "more").write_text("")
    more = models.digest(copy)
    (copy / "more").write_text("x")
    assert len({models.digest(spacy_folder), more, models.digest(copy)}) == 3
    (copy / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="cannot be read"):
        models.digest(copy)
    with pytest.raises(InputError, match="no folder there"):
        models.digest(tmp_path / "nowhere")


def test_importing_the_door_loads_no_model_library():
    """Also where a folder is looked at and refused."""
    code = (
        "import sys; from pathlib import Path; from govern.ner import models\n"
        "try: models.open(Path('no-such-folder'))\nexcept Exception as error: print(type(error).__name__)\n"
        "print([m for m in ('torch', 'transformers', 'tokenizers', 'spacy', 'gliner') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split("\n")[
        :2
    ] == ["InputError", "[]"]


def test_the_exported_names_exist_and_are_sorted():
    """`__all__` is exact, and nothing else is loaded lazily."""
    assert list(models.__all__) == sorted(models.__all__)
    assert all(getattr(models, name) is not None for name in models.__all__)
    with pytest.raises(AttributeError):
        _ = models.nothing
