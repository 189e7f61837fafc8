"""Coverage: counts that add up, for every family of tokenizer."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.attestation import CertifiedCorpus
from vocab.coverage import Cost, Coverage, Reader, cover, measure, open_tokenizer, term_pattern
from vocab.errors import VocabError

DATA = Path(__file__).parents[2].parent / "shared/data/tokenizers"


def characters(texts: object) -> list[tuple[list[tuple[int, int]], int]]:
    return [([(at, at + 1) for at in range(len(text))], 0) for text in texts]  # type: ignore[attr-defined]


EACH = Reader("each", "0" * 64, "test", 1, characters)


def test_costs_are_the_tokens_that_hold_a_character() -> None:
    """A token a character: a number costs its length, a term is never single."""
    (one,) = measure(EACH, ["pay $1,234 for 금리를"], term_pattern(["금리"]))
    assert (one.tokens, one.words, one.characters) == (18, 4, 18)
    assert one.terms == Cost(1, 2, 0)
    assert one.all_numbers == Cost(1, 6, 0)
    assert one.fertility == 18 / 4


def test_an_empty_slice_has_no_ratio() -> None:
    """Undefined is None, never zero."""
    assert Coverage().bytes_per_token is None
    assert Coverage().fertility is None
    assert Coverage().terms.single_rate is None


def test_a_term_counts_where_it_begins_a_word() -> None:
    """A Korean term may take a particle; a Latin one must end there; neither begins inside a word."""
    pattern = term_pattern(["금리", "bp", "기준금리"])
    assert pattern is not None
    assert pattern.findall("기준금리를 금리가 (금리) 저금리 bps bp 5 bp subprocess") == [
        "기준금리",
        "금리",
        "금리",
        "bp",
        "bp",
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=12), st.integers(0, 12))
def test_counts_agree_under_any_sharding(base_folder: Path, texts: list[str], cut: int) -> None:
    """The coverage of two parts is the coverage of the whole."""
    reader = _reader(base_folder)
    pattern = term_pattern(["금리", "EBITDA"])
    parts = [*measure(reader, texts[:cut], pattern), *measure(reader, texts[cut:], pattern)]
    assert sum(parts, Coverage()) == sum(measure(reader, texts, pattern), Coverage())


def test_slices_are_the_corpus_its_languages_and_the_held_out_part(base_folder: Path, corpus: CertifiedCorpus) -> None:
    """The languages add up to the whole, which holds the held-out part too."""
    (covered,) = cover([base_folder], corpus, ["금리", "EBITDA"])
    slices = dict(covered.slices)
    assert [name for name, _ in covered.slices] == ["all", "lang:en", "lang:ko", "held-out"]
    assert slices["all"] == slices["lang:en"] + slices["lang:ko"]
    assert slices["all"].documents == 122
    assert slices["held-out"].documents == 2
    assert slices["all"].terms.occurrences > 0


def test_bytes_that_a_vocabulary_lacks_are_counted_as_lost() -> None:
    """A character that no token holds is lost, and said."""
    if not DATA.exists():
        pytest.skip("no shared data")
    (one,) = measure(open_tokenizer(DATA / "torchtune_tiny_bpe"), ["rate 금리 up"], None)
    assert one.lost_characters == 2


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["mistral_v1", "mistral_v3", "torchtune_t5_32k", "sentencepiece_test_ja8k", "whisper_gpt2"]
)
def test_other_families_are_read(name: str) -> None:
    """SentencePiece models and byte-level BPE give offsets that cover the text."""
    if not DATA.exists():
        pytest.skip("no shared data")
    reader = open_tokenizer(DATA / name)
    (one,) = measure(reader, ["The rate of EBITDA was 3.25%, 율 금리를"], term_pattern(["금리", "EBITDA"]))
    assert one.tokens > 8
    assert one.lost_characters == 0
    assert one.terms.occurrences == 2
    assert one.all_numbers.tokens >= 2


def test_a_file_that_is_no_model_is_a_sentence(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "x.model").write_bytes(b"not a model")
    with pytest.raises(VocabError, match=r"x\.model"):
        open_tokenizer(tmp_path / "x.model")


_READERS: dict[Path, Reader] = {}


def _reader(folder: Path) -> Reader:
    return _READERS.setdefault(folder, open_tokenizer(folder))


@pytest.mark.parametrize("data", [b"", b"\x00" * 64, b"model"])
def test_a_file_that_is_no_sentencepiece_model_is_a_sentence(tmp_path: Path, data: bytes) -> None:
    """An empty one too, which the library reads without a word."""
    file = tmp_path / "tokenizer.model"
    file.write_bytes(data)
    with pytest.raises(VocabError, match="not a SentencePiece model"):
        open_tokenizer(file)
