"""Term lists: those of the package, files, and what is refused or reported."""

from pathlib import Path

import pytest

from vocab.errors import VocabError
from vocab.term_lists import OWN, load, parse, terms_of, usable


@pytest.mark.parametrize("name", OWN)
def test_the_lists_of_the_package_are_clean(name: str) -> None:
    """Every line is usable, and no term stands twice."""
    entries = usable([load(name)], {})
    assert len(entries) > 150
    assert [entry.place for entry in entries if entry.reason] == []


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
        (b"category\tterm\textra\nx\ty\tz\n", ("line 1", "'extra'")),
        (b"term\tcategory\nEBITDA\n", ("line 2", "1 columns, expected 2")),
        (b"EBITDA\n\xff\xfe\n", ("line 2", "UTF-8")),
        (b"", ("no terms",)),
    ],
)
def test_a_malformed_list_is_refused_with_its_line(data: bytes, words: tuple[str, ...]) -> None:
    """A wrong column, a short line, another encoding or an empty file: a sentence that says where."""
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
    """A header names the columns."""
    one = parse("category\tterm\nrates\t금리\n".encode(), "list")
    assert terms_of([one]) == ("금리",)
    assert one.entries[0].category == "rates"
