"""Words that a token may lie over: joined in one unit wherever it does, so that its tokenizer counts by units."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from govern.attestation import CertifiedCorpus
from tests.vocab.conftest import ENGLISH, KOREAN
from vocab.coverage import cover
from vocab.coverage.finder import Finder
from vocab.coverage.readers import open_tokenizer
from vocab.coverage.spaced import Spaced, joins_too_much
from vocab.coverage.units import Units
from vocab.extend import extend
from vocab.term_lists import parse

from .made_corpora import Document, Writer, certified, is_exact
from .made_tokenizers import changed, write_all, write_spec

TOKENS = (" fair value", "fair value", " net interest margin", "other  two", "x y z", "금리 인상", "a 금\ufffd")
WORDS = st.sampled_from(
    (
        "fair",
        "value",
        "5fair",
        "values",
        "net",
        "interest",
        "margin",
        "other",
        "two",
        "a",
        "x",
        "y",
        "zy",
        "금리",
        "인상을",
        "",
    )
)
TEXTS = st.lists(st.one_of(WORDS, st.text("afirvlue ", max_size=5)), max_size=12).map(" ".join)


@given(TEXTS)
@example("5fair value, net interest margin(x y z)")
@example("other  two a  b")
def test_no_token_lies_over_a_cut(text: str) -> None:
    """Wherever a text holds one of the tokens, whatever stands on both sides of it."""
    units = Units(Finder([]), Spaced(TOKENS))
    cut = units.cut([text])
    said = dict(zip(units.new_inside.units, units.new_inside.texts, strict=True))
    said |= dict(zip(units.new_first.units, units.new_first.texts, strict=True))
    listed = [said[one] for one in cut.units.tolist()]
    assert "".join(listed) == text
    cuts = {sum(map(len, listed[:at])) for at in range(1, len(listed))}
    for token in TOKENS:
        start = text.find(token)
        while start >= 0:
            assert cuts.isdisjoint(range(start + 1, start + len(token))), (token, listed)
            start = text.find(token, start + 1)


def test_words_that_no_token_joins_stay_apart() -> None:
    """A part of a token is not the token; without any, nothing is joined."""
    made = Spaced(["fair value", "x y z"])
    assert made.crosses("unfair", "values")
    assert not made.crosses("fair", "val")
    assert made.crosses("x", "y")
    assert not made.crosses("x", "yes")  # an inner word is a whole one
    assert not made.crosses("my", "z")
    assert not made.opens("value")
    assert not made.follows("fair")
    assert not Spaced([])


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (
            "©Ġx",
            "its tokens go on over a space whatever stands before or after it",
        ),  # begins with a part of a character
        ("xĠ", "its tokens go on over a space whatever stands before or after it"),
        ("xĠê", "its tokens go on over a space whatever stands before or after it"),
        ("xĠyê", ""),
        ("Ġx", ""),
    ],
)
def test_a_token_that_joins_any_words_has_documents_read_whole(
    base_folder: Path, tmp_path: Path, token: str, reason: str
) -> None:
    """What stands on one side of its space is a part of a character, or nothing."""
    spec = {**changed(base_folder, lambda spec: spec["model"]["vocab"].update({token: 10_000})), "normalizer": None}
    assert joins_too_much(open_tokenizer(write_spec(tmp_path / "more", spec))) == reason


def test_tokens_over_spaces_are_those_with_a_word_before_the_space(base_folder: Path, tmp_path: Path) -> None:
    """A space in front, or between other white space, is no space that words are cut at."""
    spec = changed(base_folder, lambda spec: spec["model"]["vocab"].update({"fairĠvalue": 900, "ĉĠ": 901, "ĠĠĠ": 902}))
    assert open_tokenizer(write_spec(tmp_path / "more", spec)).over_spaces == ("fair value",)


def test_an_extension_by_terms_of_several_words_counts_by_units(
    tmp_path_factory: pytest.TempPathFactory, corpus: CertifiedCorpus, keys: Path, tmp_path: Path, corpus_writer: Writer
) -> None:
    """Its totals are those of whole documents, and no document was read whole but to audit it."""
    base = write_all([*ENGLISH, *KOREAN], tmp_path_factory.mktemp("tokenizers"))["bpe_plain.model"]
    terms = parse("fair value\nrepaid its mortgage\n기준금리\n".encode(), "list")
    extended = extend(base, corpus, [terms], tmp_path_factory.mktemp("extended") / "more").folder
    assert {"fair value", " fair value"} <= {*open_tokenizer(extended).over_spaces}
    texts = [
        "A fair value of 5fair value, repaid its mortgage.",
        "unfair values; repaid its mortgages",
        "기준금리 인상",
    ]
    written = certified(tmp_path / "corpus", keys, corpus_writer, [Document(text) for text in texts])
    covered = cover([base, extended], written, ["fair value"])
    assert [(method.way.units, method.reason) for method in covered.methods] == [(True, "")] * 2
    for at in range(2):
        is_exact(covered, at, texts)


def test_an_exact_extension_reads_whole_documents(
    base_folder: Path, corpus: CertifiedCorpus, keys: Path, tmp_path: Path, corpus_writer: Writer
) -> None:
    """What it makes of terms that touch depends on where the text ends: too rare to be seen, so it is never tried."""
    terms = parse("CD\n환율\n".encode(), "list")
    extended = extend(base_folder, corpus, [terms], tmp_path / "exact", profile="exact").folder
    texts = [*(f"환율 {at}" for at in range(300)), "CD환율 인상", "그 CD환율"]
    written = certified(tmp_path / "corpus", keys, corpus_writer, [Document(text) for text in texts])
    covered = cover([base_folder, extended], written, [])
    assert [method.reason for method in covered.methods] == ["", "its patterns ask where a text begins or ends"]
    is_exact(covered, 1, texts)


def test_what_is_normalised_is_not_looked_for_as_it_stands(
    base_folder: Path, keys: Path, tmp_path: Path, corpus_writer: Writer
) -> None:
    """A token over a space, and a normalizer that makes its text of another: whole documents."""
    written = certified(tmp_path / "corpus", keys, corpus_writer, [Document("a rate"), Document("금리 인상")])
    spec = changed(base_folder, lambda spec: spec["model"]["vocab"].update({"rateĠx": 10_000}))
    assert spec["normalizer"]["type"] == "NFC"
    plain, method = cover([base_folder, write_spec(tmp_path / "over", spec)], written, []).methods
    assert plain.reason == ""
    assert method.reason == "its tokens go on over spaces, and it reads some text as other text"
