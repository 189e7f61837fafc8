"""Tiny models made on the spot: a spaCy pipeline and a BERT that labels tokens, rigged so that each word has one label."""

import json
import socket

import pytest

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WIDTH = 8
"""Hidden size, and the most labels there can be."""


@pytest.fixture
def no_internet(monkeypatch):
    """Looking up a host or connecting is refused, and remembered where a library hides the error."""
    asked = []

    def refuse(*arguments, **_):
        asked.append(arguments[1:])
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    yield
    assert asked == []


@pytest.fixture(scope="session")
def spacy_folder(tmp_path_factory):
    """A spaCy pipeline that knows one person and one company."""
    import spacy

    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": "Zebulon"}, {"label": "ORG", "pattern": "Quibble"}])
    folder = tmp_path_factory.mktemp("spacy") / "names"
    nlp.to_disk(folder)
    return folder


@pytest.fixture(scope="session")
def classifier(tmp_path_factory):
    """A function that writes a BERT whose words carry the labels it is given, and returns the folder."""
    pytest.importorskip("transformers")

    def write(words, labels, **settings):
        return write_classifier(tmp_path_factory.mktemp("classifier"), words, labels, **settings)

    return write


def write_classifier(folder, words, labels, *, positions=24, word_level=False, certain=4.0):
    """A BERT of one layer that passes each word's row through: row `n` is label `n`, unknown words are the first label."""
    import torch
    from transformers import BertConfig, BertForTokenClassification

    vocab = {word: number for number, word in enumerate((*SPECIAL, *words))}
    config = BertConfig(
        vocab_size=len(vocab), hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=1, intermediate_size=WIDTH,
        max_position_embeddings=positions, id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)}, pad_token_id=0,
    )  # fmt: skip
    model = BertForTokenClassification(config)
    rows = torch.zeros(len(vocab), WIDTH)
    for word, number in vocab.items():
        rows[number, labels.index(words.get(word, labels[0]))] = 1.0
    pass_through(model.bert, rows)
    with torch.no_grad():
        model.classifier.bias.zero_()
        model.classifier.weight.copy_(torch.eye(len(labels), WIDTH) * certain)
    model.save_pretrained(folder)
    save_tokenizer(folder / "tokenizer.json", vocab, word_level=word_level)
    return folder


def pass_through(bert, rows):
    """Sets the weights so that a token's output is its row of `rows`, made to mean 0 and variance 1."""
    import torch

    with torch.no_grad():
        bert.embeddings.word_embeddings.weight.copy_(rows)
        bert.embeddings.position_embeddings.weight.zero_()
        bert.embeddings.token_type_embeddings.weight.zero_()
        for layer in bert.encoder.layer:
            for dense in (layer.attention.output.dense, layer.output.dense):
                dense.weight.zero_()
                dense.bias.zero_()


def save_tokenizer(path, vocab, *, word_level=False):
    """WordPiece (`##` goes on with a word) or WordLevel, words and marks apart, [CLS] before and [SEP] after."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel, WordPiece
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing

    tokenizer = Tokenizer((WordLevel if word_level else WordPiece)(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens(list(SPECIAL))
    around = [(name, vocab[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=around)
    tokenizer.enable_truncation(6)  # as many folders have it; a text is cut by nobody but the windows
    tokenizer.save(str(path))


@pytest.fixture(name="write_tokenizer")
def _write_tokenizer():
    """The function `save_tokenizer`."""
    return save_tokenizer


@pytest.fixture
def edit():
    """A function that changes keys of a JSON file; a value of None removes the key."""

    def change(path, **values):
        document = {**json.loads(path.read_text("utf-8")), **values}
        path.write_text(json.dumps({key: one for key, one in document.items() if one is not None}), "utf-8")

    return change
