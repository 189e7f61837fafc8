"""The demonstration base: byte-level, complete, the same whatever the order, and blind to rare words."""

import random
from pathlib import Path

import pytest

from vocab.base import load
from vocab.errors import VocabError
from vocab.train_base import END, PAD, train_base


def test_the_order_of_documents_changes_nothing(documents: list[tuple[str, str]]) -> None:
    """The same documents give the same bytes."""
    texts = [text for text, _ in documents]
    shuffled = texts.copy()
    random.Random(1).shuffle(shuffled)
    assert train_base(texts, 500).to_str() == train_base(shuffled, 500).to_str()


def test_text_round_trips(base_folder: Path) -> None:
    """All 256 bytes are there."""
    tokenizer = load(base_folder).tokenizer()
    text = "금리 🏦 \x00\x7f\n\t EBITDA <PERSON_1>"
    assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


def test_a_word_of_two_documents_is_not_learned(documents: list[tuple[str, str]]) -> None:
    """A rare name does not become a token, however often one document says it."""
    texts = [text for text, _ in documents]
    texts[0] += " Zyxquorl" * 500
    texts[1] += " Zyxquorl" * 500
    assert not [token for token in train_base(texts, 2000).get_vocab() if "quor" in token or "Zy" in token]


def test_no_token_holds_two_digits(base_folder: Path) -> None:
    """An account number cannot be a token."""
    assert not [token for token in load(base_folder).vocab if sum(character in "0123456789" for character in token) > 1]


def test_special_tokens_and_size(base_folder: Path) -> None:
    """The size holds the special tokens."""
    base = load(base_folder)
    assert base.next_id <= 600
    assert {END, PAD} <= base.added.keys()
    with pytest.raises(VocabError, match="expected more than 258"):
        train_base(["a"], 100)
