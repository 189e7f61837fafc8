"""The table of measures, and the arithmetic of how often ids are used."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocab.coverage.measures import MEASURES, at_95, below, of, renyi, title
from vocab.coverage.thresholds import OF_SLICE, OF_TOKENIZER
from vocab.numbers import FORMATS

COUNTS = st.lists(st.integers(0, 10**9), max_size=60)
LISTS = {"all_numbers": "numbers", "numbers": "numbers", "terms": "terms", "digit_runs": "digits", "contexts": "contexts",
         "term_types": "term_types", "idle_terms": "idle", "rows": "new_id"}  # fmt: skip
NAMED = {
    ("ids", "used"): "ids_used", ("ids", "at_95"): "ids_at_95", ("ids", "below_100"): "ids_below_100",
    ("changed", "words"): "changed_words", ("unreachable", "ids"): "unreachable_ids",
    ("unreachable", "not_text"): "unreachable_not_text", ("aligned", "tokens_en"): "aligned_tokens_en",
    ("aligned", "tokens_ko"): "aligned_tokens_ko", ("aligned", "parity_interval_ppm"): "intervals",
    ("new_ids", "ids"): "new_ids", ("new_ids", "terms"): "new_terms", ("new_ids", "scaffolds"): "new_scaffolds",
    ("new_ids", "numbers"): "new_numbers", ("new_ids", "tags"): "new_tags", ("new_ids", "zero"): "zero_ids",
}  # fmt: skip
"""Keys that say what they are only where they stand, and the measure of each."""
NO_MEASURE = {("windows", "tokens"), ("digit_runs", "length"), ("rows", "id"), ("rows", "token"), ("rows", "kind")}
"""What names a row."""


def counted(*values):
    return np.array(values, np.int64)


def leaves(value, path=()):
    """(keys, value) of everything in `value` that holds nothing; rows of a list share the keys of the list."""
    if isinstance(value, dict) and path[-1:] != ("intervals",):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for one in value:
            yield from leaves(one, path)
    else:
        yield path, value


def named(path):
    """The id of the measure that explains the value at these keys."""
    where, key = (path[-2] if len(path) > 1 else ""), path[-1]
    if len(path) > 2 and path[-3] == "numbers":
        where = "numbers"
    if (where, key) in NAMED:
        return NAMED[where, key]
    return f"{LISTS[where]}_{key}" if where in LISTS else key


def test_every_count_and_ratio_of_a_report_has_a_measure(value):
    """Nothing stands in a slice or a tokenizer that the table does not explain."""
    looked_at = set()
    for tokenizer in value["tokenizers"]:
        kept = {
            key: tokenizer[key] for key in ("vocab_size", "unreachable", "aligned", "contexts", "term_types", "new_ids")
        }
        found = [*leaves(kept), *leaves({"idle_terms": value["idle_terms"]})]
        for one in tokenizer["slices"]:
            found += leaves({key: part for key, part in one.items() if key != "slice"})
        for path, part in found:
            if path[-2:] in NO_MEASURE or path[-1] == "context" or (part in (None, []) and len(path) == 1):
                continue
            assert of(named(path)) is not None, path
            looked_at.add(named(path))
    derived = {"leak_ppm", "zero_terms_ppm", "contexts_single_ppm"}
    assert {one.id for one in MEASURES} - looked_at == derived


def test_every_column_of_a_threshold_has_a_measure_and_a_title():
    """A rule can name nothing that the table does not explain, and no two columns read the same."""
    columns = [*OF_SLICE, *OF_TOKENIZER]
    assert [column for column in columns if of(column) is None] == []
    titles = [title(column) for column in columns]
    assert len(set(titles)) == len(titles)


def test_the_table_is_whole():
    """Ids are unique, everything is said, and a definition is a sentence."""
    assert len({one.id for one in MEASURES}) == len(MEASURES)
    assert len({one.title for one in MEASURES}) == len(MEASURES)
    for one in MEASURES:
        assert all((one.id, one.title, one.unit, one.source)), one.id
        assert one.definition[0].isupper() or one.definition[0].isdigit(), one.id
        assert one.definition.endswith("."), one.id
        assert one.better in ("higher", "lower", ""), one.id
        if one.id.endswith("_ppm"):
            assert " / " in one.definition or "percentile" in one.definition, one.id


@pytest.mark.parametrize(
    ("column", "measure", "words"),
    [
        ("fertility_ppm", "fertility_ppm", "fertility"),
        ("fertility_low_ppm", "fertility_ppm", "fertility (lower end of the interval)"),
        ("saved_high_ppm", "saved_ppm", "share of tokens saved (upper end of the interval)"),
        ("pages_8k_ppm", "pages_ppm", "pages in a context window (8k tokens)"),
        ("whole_documents_32k", "whole_documents", "documents that fit whole (32k tokens)"),
        ("digits_12_patterns", "digits_patterns", "patterns of cuts (12 digits)"),
        ("numbers_fused", "numbers_fused", "digits fused with a unit"),
        ("numbers_korean_units_fused", "numbers_fused", "digits fused with a unit (korean units)"),
        ("numbers_tokens_each_low_ppm", "numbers_tokens_each_ppm", "tokens per number (lower end of the interval)"),
    ],
)
def test_a_column_is_read_by_its_parts(column, measure, words):
    """Format, window, length and end of an interval are taken off the name, and said in the title."""
    assert of(column).id == measure
    assert title(column) == words


@pytest.mark.parametrize("column", ["", "fertility", "numbers_words_fused", "pages_k_ppm", "drift_8k", "digits__runs"])
def test_what_is_no_column_has_no_measure(column):
    """Nothing is guessed."""
    assert of(column) is None
    assert title(column) == column


def test_a_format_never_reads_as_a_measure_of_all_numbers():
    """The names of formats and of counts do not meet."""
    for name in FORMATS:
        assert of(f"numbers_{name.replace(' ', '_')}") is None


def test_renyi_of_equally_frequent_ids_is_one_and_of_a_single_id_zero():
    """Four ids with 7 uses each of a vocabulary of four; one id alone."""
    assert renyi(counted(7, 7, 7, 7), 4) == pytest.approx(1.0, abs=1e-12)
    assert renyi(counted(0, 41, 0), 3) == 0.0


def test_renyi_by_hand():
    """Shares 3/4 and 1/4: the sum of the powers is (9 * sqrt(3) + 1) / 32; four equal ids of sixteen are half the entropy."""
    expected = math.log((9 * math.sqrt(3) + 1) / 32) / -1.5 / math.log(2)
    assert renyi(counted(3, 1), 2) == pytest.approx(expected, rel=1e-12)
    assert renyi(counted(5, 5, 5, 5), 16) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(("counts", "size"), [((), 5), ((0, 0), 5), ((1,), 1), ((1,), 0)])
def test_renyi_of_nothing_is_undefined(counts, size):
    """No token, or a vocabulary whose entropy can only be zero."""
    assert renyi(counted(*counts), size) is None


@given(COUNTS, st.randoms())
def test_renyi_is_a_share_and_does_not_depend_on_the_order(counts, source):
    """Shuffled counts give the same float, bit for bit."""
    shuffled = list(counts)
    source.shuffle(shuffled)
    one = renyi(counted(*counts), len(counts))
    assert one == renyi(counted(*shuffled), len(counts))
    assert one is None or 0.0 <= one <= 1.0


def test_at_95_by_hand():
    """Of 20 used ids the 19th in rank: 19 of 20 are 95%; of 100 the 95th; unused ids have no rank."""
    assert at_95(counted(*range(1, 21))) == 2
    assert at_95(counted(*range(1, 101), 0, 0, 0)) == 6
    assert at_95(counted(9)) == 9
    assert at_95(counted(5, 4, 3)) == 3
    assert at_95(counted(0, 0)) == at_95(counted()) == 0


@given(COUNTS)
def test_at_95_is_the_largest_count_that_95_percent_reach(counts):
    """95% of the used ids occur so often, and a larger number would leave more than 5% out."""
    used = [one for one in counts if one]
    found = at_95(counted(*counts))
    if not used:
        assert found == 0
        return
    assert 100 * sum(one >= found for one in used) >= 95 * len(used)
    assert 100 * sum(one > found for one in used) < 95 * len(used)


def test_below_by_hand():
    """Used ids under 100 uses; an unused id is not rare but unused."""
    assert below(counted(0, 1, 99, 100, 101)) == 2
    assert below(counted(0, 1, 99, 100, 101), 1000) == 4
    assert below(counted(), 100) == 0
