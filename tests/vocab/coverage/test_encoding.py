"""The ids of units: those of the library, with every pre-token cut and merged once."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.vocab.conftest import ENGLISH, KOREAN
from vocab.coverage import encoding
from vocab.coverage.encoding import (
    ByPreTokens,
    Encoders,
    PreTokens,
    Way,
    cut_key,
    cuts_by_patterns,
    holding_added,
    looks_no_further,
)
from vocab.coverage.readers import Reader, open_tokenizer
from vocab.errors import VocabError

from .made_tokenizers import GPT2, QWEN, changed, write_all, write_spec

BY_PATTERNS = ("gpt2", "qwen", "nfkc", "across")
OTHERS = (
    "bpe.model",
    "bpe_plain.model",
    "unigram.model",
    "bpe_export",
    "unigram_export",
    "prefix_space",
    "word_pieces",
)
WORDS = (
    " mortgage", " 기준금리를", " 1,234.5", " EBITDA", "Report", " <|im_start|>", " a<|im_end|>b", "  two", " \n x", "\t", "",
    " e\u0301", " ﬁ①½", " 각", " don't", " 🏦", " x\n", " \u3000y", "\n", " \x00", " 3조",
)  # fmt: skip
TEXTS = st.lists(
    st.one_of(st.sampled_from(WORDS), st.text(max_size=6), st.text(max_size=4).map(" {}".format)), max_size=12
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tokenizer of each kind, by name."""
    return write_all([*ENGLISH, *KOREAN], tmp_path_factory.mktemp("tokenizers"))


@pytest.fixture(scope="module")
def readers(paths: dict[str, Path]) -> dict[str, Reader]:
    """The same, opened."""
    return {name: open_tokenizer(path) for name, path in paths.items()}


def rows(found: encoding.Encoded) -> list[list[int]]:
    """The ids of each text."""
    ids, sizes = found
    ends = sizes.cumsum()
    return [ids[end - size : end].tolist() for end, size in zip(ends, sizes, strict=True)]


def encoders(readers: Sequence[Reader], **way: bool) -> Encoders:
    return Encoders(readers, [Way(**way)] * len(readers))


def test_patterns_cut_byte_level_bpe_that_puts_no_space_in_front(readers: dict[str, Reader]) -> None:
    """No other family is cut before its merges, or not in the same way wherever a text stands."""
    assert {name for name, one in readers.items() if cuts_by_patterns(one)} == {*BY_PATTERNS}
    assert readers.keys() == {*BY_PATTERNS, *OTHERS, "bpe_over_spaces.model"}


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(TEXTS, max_size=3), inside=st.booleans())
@example(batches=[[*WORDS], [*WORDS]], inside=True)
@example(batches=[[*WORDS], [*WORDS]], inside=False)
@example(batches=[[" e\u0301", " \u00a8"]], inside=True)  # one loses by its normal form what the other gains
def test_ids_are_those_of_the_library(readers: dict[str, Reader], batches: list[list[str]], inside: bool) -> None:
    """By every family at once, whatever was seen before, with added tokens in the texts or none."""
    listed = list(readers.values())
    made = encoders(listed)
    for texts in batches:
        found = made.encode(texts, inside=inside)
        assert [*found] == [*range(len(listed))]
        for at, one in enumerate(listed):
            assert rows(found[at]) == one.ids(texts, inside=inside), one.name


def test_only_those_that_count_by_units_encode(readers: dict[str, Reader]) -> None:
    """The places of the others stay free; `quick` names those to which the start of a text is like any other place."""
    names = ["unigram.model", "gpt2", "prefix_space", "qwen"]
    listed = [readers[name] for name in names]
    made = Encoders(listed, [Way(units=False), Way(), Way(), Way()])
    assert made.places == (1, 2, 3)
    assert {*made.encode([" a"], inside=True)} == {1, 2, 3}
    quick = made.quick(["mortgage", "", " b"])
    assert {*quick} == {1, 3}
    for at, found in quick.items():
        assert rows(found) == listed[at].ids(["mortgage", "", " b"], inside=False)


def test_tokenizers_share_what_they_cut_alike(readers: dict[str, Reader], tmp_path: Path) -> None:
    """Normalizer and pre-tokenizer decide, merges do not, nor added tokens: a text that holds one is read by the library."""
    one = readers["qwen"]
    fewer = changed(one.path, lambda spec: spec["model"].update(merges=spec["model"]["merges"][:50]))
    plain = changed(one.path, lambda spec: spec.update(normalizer=None))
    bare = changed(one.path, lambda spec: spec.update(added_tokens=[]))
    opened = [open_tokenizer(write_spec(tmp_path / str(at), spec)) for at, spec in enumerate((fewer, plain, bare))]
    keys = [cut_key(other) for other in opened]
    assert cut_key(one) == keys[0] == keys[2]
    assert len({cut_key(one), *keys, cut_key(readers["gpt2"])}) == 3
    made = encoders([one, opened[2]])
    texts = [" rate", " <|im_start|>", " a<|im_end|>b", " rates", "<|im_start|><|im_end|>", ""]
    assert {at: rows(found) for at, found in made.encode(texts, inside=True).items()} == {
        at: other.ids(texts, inside=True) for at, other in enumerate((one, opened[2]))
    }


def test_texts_that_hold_an_added_token_are_found() -> None:
    """In one search where none can go over the line end between two texts, else in each."""
    texts = ["a <x>", "", "<x", ">", "b\n\nc", "\n", "\n", "<x><x>"]
    assert holding_added(re.compile("<x>"), texts) == [0, 7]
    assert holding_added(re.compile("<x>|\n\n"), texts) == [0, 4, 7]
    assert holding_added(re.compile("<x>"), ["", ""]) == []
    assert holding_added(None, texts) == []


def test_a_pretoken_is_cut_once_for_all_and_merged_once_by_each(
    readers: dict[str, Reader], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tokenizers that cut alike: texts are cut once, and what was seen before is not merged again."""
    one = readers["qwen"]
    spec = changed(one.path, lambda spec: spec["model"].update(merges=spec["model"]["merges"][:50]))
    other = open_tokenizer(write_spec(tmp_path / "fewer", spec))
    cut: list[str] = []
    merged: list[str] = []
    by_pretokens, by_merges = PreTokens.cut, ByPreTokens._merge
    monkeypatch.setattr(PreTokens, "cut", lambda self, texts: [cut.extend(texts), by_pretokens(self, texts)][1])
    monkeypatch.setattr(ByPreTokens, "_merge", lambda self, at, new: [merged.extend(new), by_merges(self, at, new)][1])
    made = encoders([one, other])
    texts = [" rate", " rates", " rate,", " rate"]
    for _ in range(2):
        found = made.encode(texts, inside=True)
    assert cut == texts * 2
    assert sorted(merged) == sorted([*(["Ġrate", "Ġrates", ","] * 2)])
    assert made.pretokens == 3
    assert [rows(found[at]) for at in (0, 1)] == [reader.ids(texts, inside=True) for reader in (one, other)]


def test_words_that_a_pattern_joins_are_cut_one_by_one(readers: dict[str, Reader]) -> None:
    """Where a piece would go on over the end of a word, each word is cut alone: what a unit is does not depend on others."""
    one = readers["across"]
    texts = [" its", " mortgage", " its", " rate", " (the)"]
    (joined,), alone = one.ids(["".join(texts)], inside=True), one.ids(texts, inside=True)
    assert joined != [number for word in alone for number in word]
    assert rows(encoders([one]).encode(texts, inside=True)[0]) == one.ids(texts, inside=True)


def test_what_a_unit_is_does_not_depend_on_those_beside_it(readers: dict[str, Reader], tmp_path: Path) -> None:
    """Where a pattern looks at the next word, each is cut alone, as it will be counted wherever it stands."""
    spec = changed(readers["qwen"].path, look_ahead)
    one = open_tokenizer(write_spec(tmp_path / "ahead", spec))
    texts = [" mortgage", " rate", " mortgage"]
    assert one.ids(["".join(texts)], inside=True)[0] != [
        number for row in one.ids(texts, inside=True) for number in row
    ]
    assert rows(encoders([one]).encode(texts, inside=True)[0]) == one.ids(texts, inside=True)


def look_ahead(spec: dict[str, Any]) -> None:
    pattern = spec["pre_tokenizer"]["pretokenizers"][0]["pattern"]
    pattern["Regex"] = " mort(?=gage rate)|" + pattern["Regex"]


@pytest.mark.parametrize("pattern", [GPT2, QWEN, r"[^a]\$\^|\p{N}{1,3}|.+?", r"[!$^_`{|}~]+| ?[[a-z]&&[^b]]+"])
def test_a_pattern_that_takes_what_it_looks_at(pattern: str) -> None:
    """Those of common tokenizers: white space before a word is all that they look beyond."""
    assert looks_no_further([pattern])


@pytest.mark.parametrize(
    "pattern",
    ["a(?= b)", "a(?! b)", "(?<=a) b", "(?<!a) b", r"a\b", r"a\B", "a$", "^a", "(?>a *)b", "a++", "a?+", "a{1,3}+"],
)
def test_a_pattern_that_looks_further(pattern: str) -> None:
    """What stands after the end of a match decides, or it takes more and gives nothing back."""
    assert not looks_no_further([pattern])
    assert not looks_no_further([r"\p{N}", GPT2 + "|" + pattern])


def test_several_patterns_are_one_that_cuts_words_and_digits_before_it() -> None:
    """A pattern may hide what one before it took over the end of a word."""
    assert looks_no_further([r"\p{N}", GPT2])
    assert not looks_no_further([".{3}", GPT2])


def test_gigatoken_gives_the_same_ids(readers: dict[str, Reader]) -> None:
    """On words, and through the library on texts with an added token."""
    pytest.importorskip("gigatoken")
    listed = [readers[name] for name in ("gpt2", "qwen")]
    texts = [*WORDS[:5], " <|im_start|>", " rate", *(f" {word}" for word in (ENGLISH[0] + KOREAN[0]).split())]
    made = encoders(listed, gigatoken=True)
    for found in (made.encode(texts, inside=True), made.quick(texts)):
        assert [rows(found[at]) for at in (0, 1)] == [one.ids(texts, inside=True) for one in listed]
    assert made.pretokens == 0


def test_gigatoken_encodes_nothing_that_patterns_do_not_cut(
    readers: dict[str, Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of another family goes to its own library, and needs no other."""
    monkeypatch.setitem(sys.modules, "gigatoken", None)
    one = readers["bpe_plain.model"]
    assert rows(encoders([one], gigatoken=True).encode([" a"], inside=True)[0]) == one.ids([" a"], inside=True)


def test_without_gigatoken_a_sentence_says_how_to_get_it(
    readers: dict[str, Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "gigatoken", None)
    with pytest.raises(VocabError, match=r"gigatoken is not installed; install assay\[fast\]"):
        encoders([readers["gpt2"]], gigatoken=True)


def test_an_added_token_is_found_in_text_that_is_normalised_to_it(readers: dict[str, Reader], tmp_path: Path) -> None:
    """No pattern of the raw text would find it, so the library encodes every unit."""
    token = {"content": "금리", "single_word": False, "lstrip": False, "rstrip": False, "normalized": True}
    number = readers["qwen"].vocab_size
    spec = changed(
        readers["qwen"].path, lambda spec: spec["added_tokens"].append({"id": number, "special": False, **token})
    )
    one = open_tokenizer(write_spec(tmp_path / "one", spec))
    texts = [normalize(form, " 기준금리를") for form in ("NFC", "NFD")]
    assert all(number in ids for ids in one.ids(texts, inside=True))
    assert rows(encoders([one]).encode(texts, inside=True)[0]) == one.ids(texts, inside=True)
