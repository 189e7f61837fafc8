"""Where tokens stand, and what they cost: against the plain way, offset by offset."""

from bisect import bisect_left, bisect_right
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocab import numbers
from vocab.coverage.finder import Finder
from vocab.coverage.placing import Costs, Placed, costs, encoded_flat, place
from vocab.coverage.readers import Offsets, Reader, open_tokenizer
from vocab.coverage.spans import Found, Search, texts_of

DATA = Path(__file__).parents[3].parent / "shared/data/tokenizers"
TERMS = ["금리", "기준금리", "EBITDA", "interest rate"]
TEXT = st.lists(
    st.one_of(
        st.sampled_from(
            ["금리를", "EBITDA", "1,234.5", "3조 5,000억 원", "interest rate", "율", "\n\n", "  ", "é", "🏦"]
        ),
        st.text(max_size=5),
    ),
    max_size=8,
).map(" ".join)


def measured(reader: Reader, texts: list[str]) -> tuple[Placed, Found, Costs]:
    """What the texts cost."""
    listed = texts_of(texts)
    found = Search(Finder(TERMS)).find(listed)
    ids, sizes = encoded_flat(reader.ids(texts, inside=False))
    placed = place(reader, listed, ids, sizes, inside=False)
    return placed, found, costs(reader, listed, placed, found)


def plain(text: str, offsets: Offsets, start: int, end: int) -> tuple[int, bool, set[int]]:
    """Tokens that hold a character of `text[start:end]`, whether one holds it alone, and where it is cut inside."""
    starts, ends = [one for one, _ in offsets], [one for _, one in offsets]
    begins = {two[0] for one, two in pairwise(offsets) if two[0] >= one[1]}
    first, last = bisect_right(ends, start), bisect_left(starts, end)
    single = last - first == 1 and ends[first] == end and not text[starts[first] : start].strip()
    return last - first, single, {one for one in begins if start < one < end}


def agree(reader: Reader, texts: list[str]) -> None:
    """Every number of the quick way is that of the plain one."""
    placed, _, cost = measured(reader, texts)
    number, term = 0, 0
    space = reader.ids([" "], inside=True)[0]
    for at, (text, (offsets, _)) in enumerate(zip(texts, reader.offsets(texts), strict=True)):
        assert placed.sizes[at] == len(offsets)
        ids = reader.ids([text], inside=False)[0]
        # Where bytes are missing, the library lets a space stand where the token after it does: it divides nothing.
        pairs = [two for two, token in zip(pairwise(offsets), ids, strict=False) if [token] != space]
        assert placed.divided[at] == len({two[0] for one, two in pairs if two[0] < one[1]})
        for _, start, end in numbers.find(text):
            tokens, single, cuts = plain(text, offsets, start, end)
            wanted = set(numbers.groups(text, start, end))
            got = (cost.number_tokens[number], cost.number_single[number], cost.cuts[number], cost.hits[number])
            assert got == (tokens, single, len(cuts), len(cuts & wanted)), text[start:end]
            number += 1
        for _, start, end in Finder(TERMS).find(text):
            tokens, single, _ = plain(text, offsets, start, end)
            assert (cost.term_tokens[term], cost.term_single[term]) == (tokens, single), text[start:end]
            term += 1
    assert (number, term) == (len(cost.number_tokens), len(cost.term_tokens))


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(TEXT, max_size=4))
def test_byte_level_costs_are_those_of_the_offsets(base_folder: Path, texts: list[str]) -> None:
    """Lengths of tokens say what the library's offsets say."""
    agree(_open(base_folder), texts)


@pytest.mark.shared
@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(
        ["mistral_v1", "torchtune_t5_32k", "sentencepiece_test_ja8k", "whisper_gpt2", "torchtune_tiny_bpe"]
    ),
    texts=st.lists(TEXT, max_size=4),
)
def test_costs_of_every_family_are_those_of_the_offsets(name: str, texts: list[str]) -> None:
    """Whatever the normalizer does, and where bytes are missing."""
    if not DATA.exists():
        pytest.skip("no shared data")
    agree(_open(DATA / name), texts)


@pytest.mark.shared
def test_a_missing_byte_is_a_lost_character() -> None:
    """A character that no token holds is lost, and the number after it stands where it stood."""
    if not DATA.exists():
        pytest.skip("no shared data")
    placed, _, cost = measured(_open(DATA / "torchtune_tiny_bpe"), ["rate 금리 12"])
    assert placed.lost.tolist() == [2]
    assert placed.otherwise.tolist() == [True]
    assert cost.number_tokens.tolist() == [2]


def test_runs_of_digits_say_where_they_are_cut(base_folder: Path) -> None:
    """A bit for each cut: the pieces between them are the tokens."""
    reader = _open(base_folder)
    text = "x 123456 y"
    _, found, cost = measured(reader, [text])
    cuts = [start - 2 for start, _ in reader.offsets([text])[0][0] if 2 < start < 8]
    assert found.runs.what.tolist() == [6]
    assert cost.run_cuts.tolist() == [sum(1 << cut for cut in cuts)]
    assert np.all(cost.run_cuts < 1 << 6)


_READERS: dict[Path, Reader] = {}


def _open(path: Path) -> Reader:
    return _READERS.setdefault(path, open_tokenizer(path))
