"""The byte alphabet is a bijection, and it is the library's."""

from hypothesis import given
from hypothesis import strategies as st
from tokenizers import pre_tokenizers

from vocab.byte_alphabet import CHARACTERS, read, spell


@given(st.text())
def test_spelling_round_trips(text: str) -> None:
    """`read(spell(text))` is the UTF-8 of the text."""
    assert read(spell(text)) == text.encode()


def test_the_alphabet_is_that_of_the_library() -> None:
    """Every byte has its character, none twice, and a space is Ġ."""
    assert sorted(CHARACTERS) == sorted(pre_tokenizers.ByteLevel.alphabet())
    assert CHARACTERS[0x20] == "Ġ"


@given(st.text(max_size=30))
def test_spelling_agrees_with_the_library(text: str) -> None:
    """The library's byte-level step spells text the same way."""
    step = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    assert "".join(piece for piece, _ in step.pre_tokenize_str(text)) == spell(text)
