"""What is tried without a corpus: terms in contexts, every id's own text, aligned sentences, pieces of a term."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vocab.conftest import ENGLISH, KOREAN
from vocab.coverage.covering import _extends
from vocab.coverage.desk import Desk
from vocab.coverage.encoding import Way
from vocab.coverage.partial import Plan
from vocab.coverage.probing import Unreachable, cut_after_space, in_contexts, parity, unreachable
from vocab.coverage.readers import Reader, open_tokenizer, opened, readers_of
from vocab.trials import CONTEXTS, fitting

from .made_tokenizers import changed, write_all, write_spec

NONE = np.zeros(0, np.int64)
TERMS = ("EBITDA", "mortgage", "기준금리", "영업이익", "net interest", "%p", "M&A", "금리", "rose")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tokenizer of each kind, by name."""
    return write_all([*ENGLISH, *KOREAN], tmp_path_factory.mktemp("tokenizers"))


def desk(paths: Sequence[Path], *, units: Sequence[bool] | None = None, terms: Sequence[str] = TERMS) -> Desk:
    """Where these tokenizers count, each by units where `units` does not say otherwise."""
    digests = tuple(reader.sha256 for reader in opened(tuple(paths)))
    ways = tuple(Way(units=one) for one in units or [True] * len(paths))
    return Desk(Plan(tuple(paths), digests, ways, _extends(readers_of(tuple(paths), digests)), tuple(terms), "", 1))


def holds_alone(reader: Reader, head: str, term: str, tail: str) -> bool:
    """Whether one token holds the term and nothing but white space before it, by the library's offsets."""
    text, start, end = head + term + tail, len(head), len(head + term)
    (offsets, _) = reader.offsets([text])[0]
    space = reader.origin.vocab.get("▁", reader.origin.vocab.get("Ġ"))
    if reader.ids([text], inside=False)[0][0] == space and not text[slice(*offsets[0])].isspace():
        offsets = offsets[1:]  # it was put in front, and some libraries place it on the first character
    inside = [(one, other) for one, other in offsets if one < end and other > start]
    return len(inside) == 1 and inside[0][1] == end and not text[min(inside[0][0], start) : start].strip()


def test_terms_are_tried_in_every_context_that_fits(paths: dict[str, Path]) -> None:
    """By every family, counted by units or not, as the library's own offsets say."""
    made = desk(list(paths.values()), units=[at % 3 > 0 for at in range(len(paths))])
    singles = 0
    for reader, contexts in zip(made.readers, in_contexts(made, TERMS), strict=True):
        assert [one.context for one in contexts] == [name for name, _, _ in CONTEXTS]
        for found, (name, head, tail) in zip(contexts, CONTEXTS, strict=True):
            assert [TERMS[at] for at in found.tried] == fitting(name, TERMS)
            expected = [holds_alone(reader, head, TERMS[at], tail) for at in found.tried]
            assert found.single.tolist() == expected, (reader.name, name)
            singles += sum(expected)
    assert singles > 100


def test_english_forms_are_of_terms_that_end_with_a_latin_letter(paths: dict[str, Path]) -> None:
    """A plural of 금리 is nothing, and so are terms that no list names."""
    made = desk([paths["gpt2"]])
    by_name = {one.context: one for one in in_contexts(made, TERMS)[0]}
    assert [TERMS[at] for at in by_name["plural"].tried] == ["EBITDA", "mortgage", "net interest", "%p", "M&A", "rose"]
    (none,) = in_contexts(made, ())
    assert [(len(one.tried), len(one.single)) for one in none] == [(0, 0)] * len(CONTEXTS)


def with_vocab(paths: dict[str, Path], tmp_path: Path, tokens: Sequence[str]) -> Path:
    """The tokenizer `gpt2` with these tokens, which no merge makes."""

    def add(spec: dict[str, Any]) -> None:
        vocab = spec["model"]["vocab"]
        vocab.update({token: len(vocab) + at for at, token in enumerate(tokens)})

    return write_spec(tmp_path / "more", changed(paths["gpt2"], add))


def test_an_id_that_no_text_gives_is_counted(paths: dict[str, Path], tmp_path: Path) -> None:
    """A token without a merge, and one that is half a character; ids of single bytes are no text."""
    before, after = (
        unreachable(desk([path]), [NONE])[0]
        for path in (paths["gpt2"], with_vocab(paths, tmp_path, ["Ġzyxwv", "zyx", "ê°Ģê", "\u4e00"]))
    )
    assert before is not None
    assert after == Unreachable(before.ids + 2, before.not_text + 2)


def test_an_id_that_was_used_is_reached(paths: dict[str, Path], tmp_path: Path) -> None:
    """It is not tried again; whether it is a text stays as it is."""
    path = with_vocab(paths, tmp_path, ["Ġzyxwv", "zyx", "ê°Ģê"])
    made = desk([path])
    vocab = made.readers[0].origin.vocab
    before, after, every = (
        unreachable(made, [np.array(used, np.int64)])[0] for used in ([], [vocab["zyx"]], sorted(vocab.values()))
    )
    assert before is not None
    assert after == Unreachable(before.ids - 1, before.not_text)
    assert every == Unreachable(0, before.not_text)


def test_an_id_that_is_said_twice_is_reached_once(paths: dict[str, Path]) -> None:
    """`<0x61>` stands for a, which is a piece of its own: the byte piece is never given."""
    reader = open_tokenizer(paths["bpe_plain.model"])
    both = [byte for byte in range(128) if chr(byte).replace(" ", "▁") in reader.origin.vocab]
    (found,) = unreachable(desk([reader.path]), [NONE])
    assert len(both) > 40
    assert found == Unreachable(len(both), 128)


@pytest.mark.parametrize("name", ["bpe.model", "unigram.model", "bpe_export", "unigram_export", "prefix_space"])
def test_a_word_at_the_start_of_a_text_reaches_its_id(paths: dict[str, Path], name: str) -> None:
    """Where the space before a text is stripped and put there again, a piece with a space is found at the start alone."""
    reader = open_tokenizer(paths[name])
    (found,) = unreachable(desk([reader.path]), [NONE])
    assert found is not None
    alone = {
        number
        for token, number in reader.origin.vocab.items()
        if token[0] in "▁Ġ" and reader.ids([token[1:]], inside=False)[0] != [number]
    }
    bytes_ = (
        sum(chr(byte).replace(" ", "▁") in reader.origin.vocab for byte in range(128)) if name.startswith("bpe") else 0
    )
    assert found.ids <= len(alone) + bytes_ < 60


def test_tokens_that_do_not_say_their_text_are_not_tried(paths: dict[str, Path]) -> None:
    """What `##age` stands for depends on its place in a word."""
    made = desk([paths["word_pieces"], paths["gpt2"]])
    first, second = unreachable(made, [NONE, NONE])
    assert first is None
    assert second is not None


@given(
    pairs=st.lists(
        st.tuples(st.sampled_from(ENGLISH[:20]), st.sampled_from(KOREAN[:20])), min_size=2, max_size=12, unique=True
    )
)
def test_parity_is_the_sum_of_both_sides(base_folder: Path, pairs: list[tuple[str, str]]) -> None:
    """Each sentence alone; the interval holds the ratio, and one pair alone has none."""
    reader = open_tokenizer(base_folder)
    found = parity(reader, pairs)
    english, korean = ([len(one) for one in reader.ids(list(side), inside=False)] for side in zip(*pairs, strict=True))
    assert (found.tokens_en, found.tokens_ko) == (sum(english), sum(korean))
    assert found.interval is not None
    assert found.interval[0] <= sum(korean) / sum(english) <= found.interval[1]
    assert parity(reader, pairs[:1]).interval is None


def test_no_pair_has_no_parity(base_folder: Path) -> None:
    """Nothing is divided by nothing."""
    found = parity(open_tokenizer(base_folder), [])
    assert (found.tokens_en, found.tokens_ko, found.interval) == (0, 0, None)


@pytest.mark.parametrize("term", [*TERMS, "1,234억원", "🏦", "율", "a"])
def test_pieces_after_a_space_join_to_the_term(paths: dict[str, Path], term: str) -> None:
    """With the space before it, where that is no token of its own; all tokens that hold a character of it are counted."""
    for path in paths.values():
        reader = open_tokenizer(path)
        cut = cut_after_space(reader, term)
        joined = "".join(piece for piece, _ in cut)
        (offsets, _) = reader.offsets([f"a {term}"])[0]
        assert joined.replace(" ", "") == term.replace(" ", ""), reader.name
        assert sum(tokens for _, tokens in cut) == sum(end > 2 for _, end in offsets), reader.name
