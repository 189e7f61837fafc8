"""Term lists: those of the package, files, and what is refused or reported."""

import unicodedata
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from vocab.errors import VocabError
from vocab.term_lists import COLUMNS, OWN, SOURCES, load, parse, terms_of, usable


@pytest.mark.parametrize("name", OWN)
def test_the_lists_of_the_package_are_clean(name: str) -> None:
    """Every term and variant is usable, none stands twice, and more than 1,000 lines hold a term."""
    entries = usable([load(name)], {})
    assert [entry.place for entry in entries if entry.reason] == []
    assert len({entry.place for entry in entries}) > 1000
    assert len({entry.term.casefold().replace(" ", "") for entry in entries}) > 1000


def test_the_lists_of_the_package_share_no_term() -> None:
    """Both together, as `extend` takes them where no list is named, repeat nothing."""
    entries = usable([load(name) for name in OWN], {})
    assert [(entry.place, entry.reason) for entry in entries if entry.reason] == []


@pytest.mark.parametrize("name", OWN)
def test_each_line_of_the_package_names_category_and_source(name: str) -> None:
    """Twelve to twenty categories, each in one piece of the file, and sources that all stand for five terms or more."""
    entries = load(name).entries
    lines = {entry.place: entry for entry in entries}.values()
    categories = list(dict.fromkeys(entry.category for entry in lines))
    assert 12 <= len(categories) <= 20
    assert sorted(lines, key=lambda entry: categories.index(entry.category)) == list(lines)
    assert all(entry.category and entry.source for entry in entries)
    assert set(SOURCES) == {entry.source for entry in entries}
    for counted in (Counter(entry.category for entry in lines), Counter(entry.source for entry in lines)):
        assert min(counted.values()) >= 5


@pytest.mark.parametrize("name", OWN)
def test_the_lists_of_the_package_are_written_as_they_are_read(name: str) -> None:
    """All four columns, NFC, no space too many: what a person reviews is what becomes a term."""
    data = resources.files("vocab").joinpath("terms", f"{name}.tsv").read_text("utf-8")
    assert data.splitlines()[0] == "\t".join(COLUMNS)
    assert unicodedata.is_normalized("NFC", data)
    rows = [line.split("\t") for line in data.splitlines()[1:]]
    spelled = [one for term, _, variants, _ in rows for one in (term, *filter(None, variants.split(" | ")))]
    assert spelled == [entry.term for entry in load(name).entries]
    assert [one for one in spelled if one != " ".join(one.split())] == []


def test_a_plain_file_holds_one_term_a_line(tmp_path: Path) -> None:
    """A file without tabs needs no header; line ends of Windows and a byte order mark are read."""
    file = tmp_path / "terms.txt"
    file.write_bytes("\ufeffEBITDA\r\n금리\r\n".encode())
    assert [entry.term for entry in load(str(file)).entries] == ["EBITDA", "금리"]


def test_terms_are_brought_to_nfc() -> None:
    """A decomposed term becomes the composed one, and repeats it."""
    first, second = usable([parse("금리\n\u1100\u1173\u11b7\u1105\u1175\n".encode(), "list")], {})
    assert first.term == second.term
    assert second.reason == "stands already at list:1"


def test_each_variant_is_a_term_of_its_own() -> None:
    """With the category, place and source of its line, after the term; an empty cell has none."""
    data = "term\tcategory\tvariants\tsource\nyear-over-year\tratios\tyear-on-year | YoY\tmarket\nEBIT\t\t\t\n"
    first, *variants, last = parse(data.encode(), "list").entries
    assert [first.term, *(one.term for one in variants)] == ["year-over-year", "year-on-year", "YoY"]
    assert {(one.category, one.place, one.source, one.reason) for one in (first, *variants)} == {
        ("ratios", "list:2", "market", "")
    }
    assert (last.term, last.category, last.place, last.source) == ("EBIT", "", "list:3", "")


def test_a_variant_is_judged_as_a_term_is() -> None:
    """One that repeats a term or cannot be used stays, with its reason, and leaves the others usable."""
    data = "term\tvariants\n금리\t\n이율\t금리 | Tier1 | \u110b\u1175\u110c\u1161\u110b\u1172\u11af\n금리율\t금리율\n"
    entries = usable([parse(data.encode(), "list")], {})
    assert [(one.term, one.place) for one in entries] == [
        ("금리", "list:2"), ("이율", "list:3"), ("금리", "list:3"), ("Tier1", "list:3"), ("이자율", "list:3"),
        ("금리율", "list:4"), ("금리율", "list:4"),
    ]  # fmt: skip
    reasons = {at: one.reason for at, one in enumerate(entries) if one.reason}
    assert reasons.keys() == {2, 3, 6}
    assert reasons[2] == "stands already at list:2"
    assert "digit" in reasons[3]
    assert reasons[6] == "stands already at list:4"


@pytest.mark.parametrize("cell", ["a || b", "a |  | b", "| a", "a |", "|", "a|b", "a | b|c"])
def test_a_malformed_cell_of_variants_is_refused(cell: str) -> None:
    """A spelling is neither empty nor holds the sign that separates; the sentence says how to write the cell."""
    with pytest.raises(VocabError) as caught:
        parse(f"term\tvariants\ngood\tbetter\nx\t{cell}\n".encode(), "list.tsv")
    for word in ("list.tsv, line 3", "variant", "expected spellings separated by ' | '", "correct the cell"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\u0301", "combining mark"),
        ("\u0301a", "combining mark"),
        ("a\u0007b", "control"),
        ("a\u202eb", "hidden"),
        ("a\u200bb", "hidden"),
        ("a\u2028b", "hidden"),
        ("so\u00adft", "hidden"),
        ("a" * 101, "longer than 100"),
        ("Tier1", "digit"),
        ("<s>", "special or added"),
        ("a<s>b", "special or added"),
    ],
)
def test_a_term_that_cannot_be_used_is_kept_with_its_reason(line: str, word: str) -> None:
    """Nothing is lost in silence: the line stays, and says why it is no term."""
    entries = usable([parse(f"good\n{line}\n".encode(), "list")], {"<s>": 1})
    assert len(entries) == 2
    assert word in entries[1].reason
    assert entries[1].place == "list:2"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"term\tgroup\nEBITDA\tx\n", ("line 1", "'group'", "expected", "'category'")),
        (b"category\tterm\textra\nx\ty\tz\n", ("line 1", "'extra'", "'variants' and 'source'")),
        (b"term\tvariants\tvariants\nx\ty\tz\n", ("line 1", "expected")),
        (b"variants\tsource\nx\tmarket\n", ("line 1", "'term'")),
        (b"term\tsource\nEBIT\tmarket\nEBITDA\tblog\n", ("line 3", "'blog'", "market", "correct the cell")),
        (b"term\tcategory\nEBITDA\n", ("line 2", "1 columns, expected 2")),
        (b"EBITDA\n\xff\xfe\n", ("line 2", "UTF-8")),
        (b"", ("no terms",)),
    ],
)
def test_a_malformed_list_is_refused_with_its_line(data: bytes, words: tuple[str, ...]) -> None:
    """A wrong column or source, a short line, another encoding or an empty file: a sentence that says where."""
    with pytest.raises(VocabError) as caught:
        parse(data, "list.tsv")
    assert caught.value.exit_code == 2
    for word in ("list.tsv", *words):
        assert word in str(caught.value)


def test_a_missing_list_names_those_of_the_package(tmp_path: Path) -> None:
    """The remedy stands in the message."""
    with pytest.raises(VocabError, match="finance-en, finance-ko"):
        load(str(tmp_path / "none.tsv"))


@pytest.mark.parametrize("name", ["<img src=x>.tsv", "a\n# b.tsv", "a\x1b[31m.tsv", "t\udcff.tsv", "a`b.tsv"])
def test_a_file_name_that_would_speak_in_a_card_is_refused(tmp_path: Path, name: str) -> None:
    """Markup, control characters and broken UTF-8 in a name would reach README.md, extension.json and the terminal."""
    (tmp_path / name).write_text("EBITDA\n")
    with pytest.raises(VocabError, match="rename the file") as caught:
        load(str(tmp_path / name))
    assert str(caught.value).isprintable()


def test_the_columns_may_stand_in_any_order() -> None:
    """A header names the columns, and every column but the term may be left out."""
    one = parse("source\tvariants\tcategory\tterm\nstatistics\t이율\trates\t금리\n".encode(), "list")
    assert terms_of([one]) == ("금리", "이율")
    assert (one.entries[0].category, one.entries[0].source) == ("rates", "statistics")
    assert terms_of([parse(b"term\nEBIT\n", "list")]) == ("EBIT",)
