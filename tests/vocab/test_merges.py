"""Appended merges: every wanted string becomes one token, and nothing else grows."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from vocab.merges import Merges

LETTERS = "abcdef"
VOCAB = {letter: at for at, letter in enumerate(LETTERS)} | {"ab": 6, "abc": 7, "de": 8}
MERGES = [("a", "b"), ("ab", "c"), ("d", "e")]


def made(**options: object) -> Merges:
    return Merges(VOCAB, MERGES, next_id=9, **options)  # type: ignore[arg-type]


def test_split_runs_earlier_merges_first() -> None:
    """`split` is BPE: the merge of lowest rank, leftmost, until none applies."""
    assert made().split("abcde") == ["abc", "de"]
    assert made().split("aabc") == ["a", "abc"]


def test_a_character_without_a_token_is_left_out() -> None:
    """What the vocabulary cannot spell is lost, as in the library."""
    assert made().split("azb") == ["ab"]


def test_the_pair_that_leaks_least_is_chosen() -> None:
    """Of two ways to a term, the one whose pair is rarer in other text is taken."""
    merges = Merges({letter: at for at, letter in enumerate("xyz")}, [], next_id=3)
    merges.watch(Counter({"xy": 100, "yz": 2}))
    assert merges.reach("xyz", {"xyz"})
    assert merges.appended[0].pair == ("y", "z")
    other = Merges({letter: at for at, letter in enumerate("xyz")}, [], next_id=3)
    other.watch(Counter({"xy": 2, "yz": 100}))
    assert other.reach("xyz", {"xyz"})
    assert other.appended[0].pair == ("x", "y")


def test_of_ways_that_leak_alike_the_one_without_a_scaffold_is_chosen() -> None:
    """A pair that makes another wanted term is preferred, unless it changes more than a scaffold may cost."""
    for leak, first in ((2, "xy"), (3, "xy"), (90, "yz")):
        merges = Merges({letter: at for at, letter in enumerate("xyz")}, [], next_id=3)
        merges.watch(Counter({"xy": leak, "yz": 2, "z": 900_000}))
        assert merges.reach("xyz", {"xyz", "xy"})
        assert merges.appended[0].product == first


def test_a_scaffold_that_serves_several_terms_is_preferred() -> None:
    """`yz` is in both terms, so three new tokens reach them, not four."""
    merges = Merges({letter: at for at, letter in enumerate("vxyz")}, [], next_id=4)
    wanted = ["xyz", "vyz"]
    assert all(merges.reach(one, wanted) for one in wanted)
    assert [one.product for one in merges.appended] == ["yz", "xyz", "vyz"]


def test_a_term_is_reached_after_a_space_first() -> None:
    """The pair `yz` then serves both, though alone `xy` would leak less for the bare term."""
    merges = Merges({letter: at for at, letter in enumerate("Ġxyz")} | {"Ġx": 9}, [("Ġ", "x")], next_id=10)
    merges.watch(Counter({"xy": 3, "yz": 5, "Ġxy": 40}))
    wanted = {"xyz", "Ġxyz"}
    assert merges.reach("xyz", wanted)
    assert merges.reach("Ġxyz", wanted)
    assert [one.product for one in merges.appended] == ["yz", "Ġxyz", "xyz"]


def test_splits_that_are_known_count_the_same() -> None:
    """Given by the library or found again, pairs and their pre-tokens agree."""
    counts = Counter({"abcde": 3, "dede": 2, "f": 1})
    one, two = made(), made()
    one.watch(counts)
    two.watch(counts, {text: tuple(made().split(text)) for text in counts})
    assert +one._pairs == +two._pairs
    assert one._splits == two._splits
    assert one._holders == two._holders


def test_counts_follow_what_was_appended() -> None:
    """After a merge, a later choice sees the pre-tokens as they are split now."""
    merges = Merges({letter: at for at, letter in enumerate("wxyz")}, [], next_id=4)
    merges.watch(Counter({"xy": 5, "yz": 6, "xyw": 1}))
    assert merges.reach("xy", {"xy"})
    assert merges._pairs[("x", "y")] == 0
    assert merges._pairs[("xy", "w")] == 1


def test_an_impossible_term_is_taken_back() -> None:
    """Where the only product is forbidden, merges, ids and counts are as before."""
    merges = made(forbidden={"abcdef", "abcde", "def", "cdef", "bcdef"})
    merges.watch(Counter({"abcde": 3, "ef": 4}))
    pairs = dict(merges._pairs)
    assert not merges.reach("abcdef", {"abcdef"})
    assert merges.appended == []
    assert merges.next_id == 9
    assert {pair: count for pair, count in merges._pairs.items() if count} == {p: c for p, c in pairs.items() if c}


def test_a_product_of_lower_id_than_its_parts_is_not_made() -> None:
    """A token that stands before its parts would be ranked otherwise by engines that go by id."""
    vocab = {"x": 5, "y": 6, "xy": 1}
    assert not Merges(vocab, [], next_id=7).reach("xy", {"xy"})


words = st.lists(st.text(LETTERS, min_size=1, max_size=8), max_size=8)


@settings(max_examples=60, deadline=None)
@given(words, words)
def test_appending_never_lengthens_and_never_breaks_an_earlier_term(wanted: list[str], others: list[str]) -> None:
    """Token counts never rise, every term reached stays one token, and text without an appended pair is unchanged."""
    merges, plain = made(), made()
    merges.watch(Counter(others))
    reached = [word for word in sorted(set(wanted)) if merges.reach(word, set(wanted))]
    assert reached == sorted(set(wanted))
    for word in reached:
        assert merges.split(word) == [word]
    for word in others:
        now, before = merges.split(word), plain.split(word)
        assert len(now) <= len(before)
        assert "".join(now) == "".join(before)
    assert [one.new_id for one in merges.appended if one.new_id is not None] == list(range(9, merges.next_id))
