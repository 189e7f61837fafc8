"""A GLiNER model: what is refused without its package, and with it the persons of a tiny model made on the spot."""

import importlib.util
import json
import shutil
import warnings

import pytest

from govern.errors import InputError
from govern.ner import models
from govern.ner.models import Person

CONFIG = {"encoder_config": {"model_type": "bert"}, "max_len": 384}
INSTALLED = all(importlib.util.find_spec(name) is not None for name in ("torch", "transformers", "gliner"))
needs_gliner = pytest.mark.skipif(
    not INSTALLED, reason="the package gliner is in no extra: it asks for an older transformers"
)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "<<ENT>>", "<<SEP>>")
WIDTH = 8


@pytest.fixture
def files(tmp_path):
    """A folder that looks like a GLiNER model."""
    for name in ("tokenizer_config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "gliner_config.json").write_text(json.dumps(CONFIG))
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder_config": None}, "encoder_config is missing, so the encoder would be looked up by name"),
        ({"labels_encoder": "owner/name"}, "labels_encoder asks for a second model"),
        ({"labels_decoder": "owner/name"}, "labels_decoder asks for a second model"),
        ({"relations_layer": "biaffine"}, "relations_layer asks for a second model"),
        ({"words_splitter_type": "stanza"}, "words_splitter_type is not read here"),
    ],
)
def test_a_configuration_that_looks_outside_the_folder_is_refused(files, edit, changes, message):
    """Before anything is loaded, with what to do."""
    edit(files / "gliner_config.json", **changes)
    with pytest.raises(InputError, match=message):
        models.open(files)


def test_a_missing_package_is_named_with_the_reason(files, monkeypatch):
    """`pip install gliner` beside the extra cannot work."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    with pytest.raises(
        InputError, match=r"needs torch, transformers, gliner.*pip install gliner, in an environment without"
    ):
        models.open(files)


@pytest.fixture(scope="module")
def gliner_folder(tmp_path_factory):
    """A GLiNER of one BERT layer, rigged: a span is a person where its first and its last word are."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import gliner
    from transformers import BertConfig, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("gliner")
    words = ("person", "paid", "Zebulon", "김민수", "Zebu", "##lon", "the", ".")
    vocab = {word: number for number, word in enumerate((*SPECIAL, *words))}
    _tokenizer(folder / "tokenizer.json", vocab)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]",
        sep_token="[SEP]", model_max_length=40, additional_special_tokens=list(SPECIAL[4:]),
    )  # fmt: skip
    bert = BertConfig(
        vocab_size=len(vocab), hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=1, intermediate_size=WIDTH,
        max_position_embeddings=64,
    )  # fmt: skip
    config = gliner.GLiNERConfig(
        model_name="none", max_width=4, hidden_size=WIDTH, max_len=20, vocab_size=len(vocab), num_rnn_layers=0,
        class_token_index=vocab["<<ENT>>"], encoder_config=bert.to_dict(),
    )  # fmt: skip
    model = gliner.model.UniEncoderSpanGLiNER(config, tokenizer=tokenizer)
    rows = torch.zeros(len(vocab), WIDTH)
    for word, number in vocab.items():
        rows[number, 0 if word in ("Zebulon", "김민수", "Zebu") else 1] = 1.0
    _rig(model.model, rows)
    model.save_pretrained(folder, safe_serialization=True)
    return folder


def _tokenizer(path, vocab):
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing

    tokenizer = Tokenizer(WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens(list(SPECIAL))
    around = [(name, vocab[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=around)
    tokenizer.save(str(path))


def _rig(model, rows):
    """The encoder passes rows through; a span scores 8 where both its ends have the first value, else -5."""
    import torch

    with torch.no_grad():
        bert = model.token_rep_layer.bert_layer.model
        bert.embeddings.word_embeddings.weight.copy_(rows)
        bert.embeddings.position_embeddings.weight.zero_()
        bert.embeddings.token_type_embeddings.weight.zero_()
        for dense in (bert.encoder.layer[0].attention.output.dense, bert.encoder.layer[0].output.dense):
            dense.weight.zero_()
            dense.bias.zero_()
        marker = model.span_rep_layer.span_rep_layer
        layers = (marker.project_start, marker.project_end, marker.out_project, model.prompt_rep_layer)
        for layer in layers:
            for linear in (layer[0], layer[3]):
                linear.weight.zero_()
                linear.bias.zero_()
        for layer in layers[:2]:
            layer[0].weight[0, 0] = layer[3].weight[0, 0] = 1.0
        marker.out_project[0].weight[0, 0] = marker.out_project[0].weight[0, WIDTH] = 1.0
        marker.out_project[0].bias[0] = -4.0
        marker.out_project[3].weight[0, 0], marker.out_project[3].bias[0] = 10.0, -5.0
        model.prompt_rep_layer[3].bias[0] = 1.0


@pytest.fixture(scope="module")
def model(gliner_folder):
    return models.open(gliner_folder)


@needs_gliner
def test_a_person_is_whole_words_in_code_points(model):
    """Other words are left; Hangul, emoji and empty texts keep positions right."""
    texts = ["😀 the Zebulon paid.", "", "김민수 paid", "the paid", " \n"]
    found = model.persons(texts)
    assert [[text[start:end] for start, end, _ in one] for text, one in zip(texts, found, strict=True)] == [
        ["Zebulon"], [], ["김민수"], [], [],
    ]  # fmt: skip
    assert found[0][0].score > 0.99
    assert model.recognizer == "names.gliner"


@needs_gliner
@pytest.mark.parametrize("place", [0, 1, 13, 14, 15, 16, 19, 20, 21, 500, 998, 999])
def test_a_name_is_found_wherever_it_stands_in_a_long_text(model, place):
    """GLiNER cuts at 20 words, and its tokenizer at 40 tokens; nothing of the text is cut."""
    words = ["paid"] * 1000
    words[place] = "Zebulon"
    assert (model.words, model.room) == (20, 35)
    [[found]] = model.persons([" ".join(words)])
    assert found[:2] == (5 * place, 5 * place + 7)


@needs_gliner
def test_words_of_many_tokens_make_shorter_windows(model):
    """A word longer than a window is a window by itself, and what follows it is seen."""
    for before in ("Zebu" + "lon" * 60 + " ", "paidlonlon " * 30):
        text = before + "the Zebulon"
        assert [text[start:end] for start, end, _ in model.persons([text])[0]][-1] == "Zebulon"


@needs_gliner
def test_no_socket_is_opened_and_texts_do_not_change_each_other(gliner_folder, no_internet, monkeypatch):
    """Loading and finding ask nobody."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    model = models.open(gliner_folder)
    assert model.persons(["Zebulon", "the 김민수", "paid"]) == [
        model.persons([text])[0] for text in ("Zebulon", "the 김민수", "paid")
    ]
    assert model.persons(["Zebulon"]) == [[Person(0, 7, model.persons(["Zebulon"])[0][0].score)]]


@needs_gliner
def test_weights_that_do_not_fit_are_refused(gliner_folder, tmp_path, edit):
    """Missing tensors would be random."""
    copy = shutil.copytree(gliner_folder, tmp_path / "copy")
    edit(copy / "gliner_config.json", num_rnn_layers=1)
    with pytest.raises(InputError, match=r"the model does not load \(RuntimeError\)"):
        models.open(copy)
