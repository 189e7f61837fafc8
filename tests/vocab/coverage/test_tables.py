"""The tables of a coverage report: every number by its name, in one order, and nothing that acts on a page or a terminal."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.files import canonical
from vocab.coverage import tables, thresholds
from vocab.coverage.tables import (
    ABSENT,
    SHADES,
    TEXTS,
    Table,
    change,
    percent,
    plain,
    points,
    rows,
    shortened,
    width,
)

Value = dict[str, Any]


def every_table(value: Value) -> list[Table]:
    columns = tables.columns(value)
    slices = range(len(columns[0]["slice"]))
    return [
        *(tables.comparison(value, columns, at, intervals=intervals) for at in slices for intervals in (False, True)),
        *tables.slice_tables(value, columns),
        *tables.number_counts(value, columns),
        tables.number_formats(value, columns),
        tables.digit_runs(value, columns),
        tables.windows(value, columns),
        tables.contexts(value),
        tables.parity(value, columns),
        tables.methods(value),
    ]


@pytest.mark.parametrize(
    ("ppm", "written"),
    [
        (0, "0.0%"), (1, "0.1%"), (999_999, "99.9%"), (1_000_000, "100.0%"), (None, ABSENT), (-1, "-0.1%"), (-54_321, "-5.4%"),
        (1_000_001, "100.1%"), (12_340_000, "1,234.0%"),
    ],
)  # fmt: skip
def test_a_share_never_rounds_to_none_or_all(ppm: int | None, written: str) -> None:
    """Only nothing is 0.0% and only everything is 100.0%."""
    assert percent(ppm) == written


@pytest.mark.parametrize(
    ("first", "value", "written"),
    [(100_000, 99_999, " (> -0.1%)"), (10, 11, " (+10.0%)"), (10, 10, ""), (0, 5, ""), (None, 5, ""), (5, None, "")],
)
def test_a_difference_never_rounds_to_none(first: int | None, value: int | None, written: str) -> None:
    """A small change is said to be small, not absent."""
    assert change(first, value) == written


@given(st.integers(-3_000_000, 3_000_000), st.integers(-3_000_000, 3_000_000))
def test_what_differs_never_reads_the_same(one: int, two: int) -> None:
    """No share but none reads as none, none but all as all; a difference in points is said wherever there is one."""
    assert (percent(one).lstrip("-") == "0.0%") == (one == 0)
    assert (percent(one).lstrip("-") == "100.0%") == (abs(one) == 1_000_000)
    assert bool(points(one, two)) == (one != two)
    assert points(one, two) not in (" (+0.0 pp)", " (-0.0 pp)")


@given(st.text())
def test_plain_text_can_be_seen_and_stays_so(text: str) -> None:
    """No control, no mark of direction, no line end is left; what was plain is itself."""
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)
    assert (plain(text) == text) == text.isprintable()


@given(st.text(), st.integers(4, 30))
def test_a_shortened_name_fits_and_keeps_its_ends(text: str, columns: int) -> None:
    """Of a longer one the middle is left out, in columns of a terminal and not in characters."""
    found = shortened(text, columns)
    assert width(found) <= columns
    if width(plain(text)) > columns:
        head, _, tail = found.partition("…")
        assert plain(text).startswith(head)
        assert plain(text).endswith(tail)
    else:
        assert found == plain(text)


def test_wide_characters_and_marks_have_their_columns() -> None:
    """Hangul takes two, a combining mark none."""
    assert width("금리 a") == 6
    assert width("e\u0301") == 1


def test_no_cell_holds_what_is_not_seen(value: Value) -> None:
    """Names and slices are hostile; a line end only stands before an interval or a remark."""
    found = every_table(value)
    cells = [cell for table in found for row in (table.head, *table.rows) for cell in row]
    cells += [text for table in found for text in (table.title, *(name for name, _ in table.groups))]
    assert len(cells) > 1000
    assert all(part.isprintable() for cell in cells for part in cell.split("\n", 1))


def test_every_row_is_as_long_as_its_head(value: Value) -> None:
    """Groups span all columns; shades stand for all cells but the first."""
    for table in every_table(value):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.head)}
        assert not table.groups or sum(length for _, length in table.groups) == len(table.head)
        assert {len(row) for row in table.shades} <= {len(table.head) - 1}
        assert all(0 <= shade < SHADES for row in table.shades for shade in row)


def test_the_first_tokenizer_is_the_measure(value: Value) -> None:
    """Others have their difference; what is a difference itself is absent of the first and stands alone of the others."""
    found = {row[0]: row[1:] for row in tables.comparison(value, tables.columns(value), 0, intervals=True).rows}
    first, last = value["tokenizers"][0]["slices"][0], value["tokenizers"][-1]["slices"][0]
    less = 100 * (last["tokens"] - first["tokens"]) / first["tokens"]
    assert found["tokens"] == (f"{first['tokens']:,}", found["tokens"][1], f"{last['tokens']:,} ({less:+.1f}%)")
    low, high = (percent(end) for end in last["intervals"]["saved_ppm"])
    saved = next(cells for label, cells in found.items() if "saved" in label)
    assert saved[0] == ABSENT
    assert saved[-1] == f"{percent(last['against_first']['saved_ppm'])}\n{low} to {high}"


def test_a_measure_that_no_tokenizer_has_is_left_out(make_value: Callable[..., Value]) -> None:
    """A single base has no extension and nothing to compare with; a slice without text has no ratio."""
    alone = make_value(("base",))
    labels = {row[0] for row in tables.comparison(alone, tables.columns(alone), 0, intervals=False).rows}
    assert not any("saved" in label or "drift" in label or "new ids" in label for label in labels)
    empty = next(at for at, one in enumerate(alone["tokenizers"][0]["slices"]) if not one["text_bytes"])
    labels = {row[0] for row in tables.comparison(alone, tables.columns(alone), empty, intervals=True).rows}
    assert "tokens" in labels
    assert "bytes per token" not in labels


def test_each_slice_stands_in_one_table_of_its_kind(value: Value) -> None:
    """The corpus, languages, sources and types; the first column says which."""
    found = {table.title: [row[0] for row in table.rows] for table in tables.slice_tables(value, tables.columns(value))}
    assert list(found) == ["The corpus", "By language", "By source", "By document type"]
    assert found["The corpus"] == ["the whole corpus", "the held-out part"]
    assert found["By language"][:2] == ["English", "Korean"]
    assert sum(map(len, found.values())) == len(value["tokenizers"][0]["slices"])


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("all", "the whole corpus"), ("held-out", "the held-out part"), ("lang:ko", "Korean"),
        ("lang:\u202e", "language <202E>"), ("source:notes", "source notes"), ("source:source-7", "source-7"),
        ("type:10-K", "type 10-K"), ("a\nb", "a⏎b"),
    ],
)  # fmt: skip
def test_a_slice_is_called_what_it_is(name: str, written: str) -> None:
    """Its kind is said once, and what is not seen in a name is written."""
    assert tables.slice_title(name) == written


def test_a_kind_of_slice_that_is_not_known_has_a_table_of_its_own(value: Value) -> None:
    """Nothing that was measured is left out."""
    more = copy.deepcopy(value)
    for one in more["tokenizers"]:
        one["slices"].append({**one["slices"][1], "slice": "year:2031"})
    last = tables.slice_tables(more, tables.columns(more))[-1]
    assert (last.title, last.rows[0][0]) == ("year", "2031")


def test_a_context_is_shaded_by_its_share(value: Value) -> None:
    """None has no shade, all has the last; a context without terms has none."""
    one = copy.deepcopy(value)
    one["tokenizers"] = one["tokenizers"][:1]
    one["tokenizers"][0]["contexts"] = [
        {"context": "a", "terms": 10, "single": single} for single in (0, 1, 5, 9, 10)
    ] + [{"context": "b", "terms": 0, "single": 0}]
    found = tables.contexts(one)
    assert [row[1] for row in found.shades] == [0, 0, 2, 4, 5, 0]
    assert found.rows[-1][2] == f"0 ({ABSENT})"


def test_a_flat_row_for_each_tokenizer_and_slice(value: Value) -> None:
    """Texts first, then every column that thresholds know, whole numbers or none."""
    found = rows(value)
    slices = value["tokenizers"][0]["slices"]
    assert len(found) == len(value["tokenizers"]) * len(slices)
    names = (*TEXTS, *thresholds.OF_SLICE, *thresholds.OF_TOKENIZER)
    assert all(tuple(row) == names for row in found)
    assert all(row[name] is None or type(row[name]) is int for row in found for name in names[len(TEXTS) :])
    last = found[-len(slices)]
    number = value["tokenizers"][-1]["slices"][0]["numbers"]["korean units"]
    assert (last["slice"], last["tokenizer"]) == ("all", "tekken+finance")
    assert last["numbers_korean_units_tokens"] == number["tokens"]
    assert [last["saved_low_ppm"], last["saved_high_ppm"]] == value["tokenizers"][-1]["slices"][0]["intervals"][
        "saved_ppm"
    ]
    assert last["drift"] == 0
    assert found[0]["drift"] is None


def test_the_order_of_keys_changes_nothing(value: Value) -> None:
    """A value that was read from its file gives the same tables and rows."""
    read = json.loads(canonical(value))
    assert list(read) != list(value)
    assert every_table(read) == every_table(value)
    assert [list(row.items()) for row in rows(read)] == [list(row.items()) for row in rows(value)]
