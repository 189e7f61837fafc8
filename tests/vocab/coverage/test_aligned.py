"""Aligned text: what loads, what is refused at which line."""

import hashlib
import json
import unicodedata
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocab.coverage.aligned import OWN, load, parse
from vocab.errors import VocabError

SECRET = "Alpha and beta"


def bytes_of(*lines):
    return ("\n".join(lines) + "\n").encode()


def test_the_text_of_the_package_holds_eighty_pairs_of_sentences():
    """Each English side is ASCII, each Korean one has Hangul, both are NFC sentences, and none comes twice."""
    found = load("finance-en-ko")
    assert OWN == ("finance-en-ko",)
    assert (found.name, len(found.pairs)) == ("finance-en-ko", 80)
    for english, korean in found.pairs:
        assert english.isascii()
        assert english.endswith(".")
        assert korean.endswith(".")
        assert any("가" <= one <= "힣" for one in korean)
        assert unicodedata.is_normalized("NFC", korean)
        assert (english.strip(), korean.strip()) == (english, korean)
    assert len({side for pair in found.pairs for side in pair}) == 160
    assert sum(any(one.isdigit() for one in korean) for _, korean in found.pairs) >= 40


def test_the_text_of_the_package_says_its_licence_and_its_digest_is_of_its_bytes():
    """The first line is a comment; the digest covers it too."""
    data = resources.files("vocab").joinpath("aligned", "finance-en-ko.tsv").read_bytes()
    assert data.decode().split("\n")[0].startswith("# 80 sentences")
    assert "Apache-2.0" in data.decode().split("\n")[0]
    assert load("finance-en-ko").sha256 == hashlib.sha256(data).hexdigest()


def test_both_forms_hold_the_same_pairs(tmp_path):
    """Columns and keys may come in any order, with a byte order mark and Windows line ends."""
    pairs = (("Rates rose.", "금리가 올랐다."), ("# Rates fell.", "금리가 내렸다."))
    table, lines = tmp_path / "own.tsv", tmp_path / "own.jsonl"
    table.write_bytes(b"\xef\xbb\xbf" + b"# mine\r\nko\ten\r\n" + "".join(f"{k}\t{e}\r\n" for e, k in pairs).encode())
    lines.write_bytes(bytes_of(*(json.dumps({"id": at, "ko": k, "en": e}) for at, (e, k) in enumerate(pairs))))
    assert load(table).pairs == load(str(lines)).pairs == pairs
    assert load(lines).name == "own.jsonl"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no pairs, expected one a line"),
        (b"# only this\n", "no pairs"),
        (b"en\tko\n", "no pairs"),
        (bytes_of(SECRET), ":1: a header of 1 columns that are not 'en' and 'ko'"),
        (bytes_of(f"{SECRET}\t가"), ":1: a header of 2 columns that are not"),
        (bytes_of("# mine", "en\ten"), ":2: a header of 2 columns"),
        (bytes_of("en\tko", f"{SECRET}\t가", SECRET), ":3: 1 column, expected 2"),
        (bytes_of("en\tko", f"{SECRET}\t가\t나"), ":2: 3 columns, expected 2"),
        (bytes_of("en\tko", "", f"{SECRET}\t가"), ":2: 1 column, expected 2"),
        (bytes_of("en\tko", f"{SECRET}\t "), ":2: 'ko' is empty"),
        (bytes_of("en\tko", "\t가"), ":2: 'en' is empty"),
        (b"en\tko\nAlpha and beta\t\xb0\xa1\n", ":2: not UTF-8"),
    ],
)
def test_a_table_that_is_not_aligned_text_is_refused_at_its_line(data, sentence):
    """The error names file and line, and holds no sentence."""
    with pytest.raises(VocabError) as refused:
        parse(data, "own.tsv", "folder/own.tsv")
    assert str(refused.value).startswith("folder/own.tsv:")
    assert sentence in str(refused.value)
    assert "; " in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no pairs"),
        (bytes_of("", '{"en": "a", "ko": "b"}'), ":1: not JSON"),
        (bytes_of('{"en": "a", "ko": "b"}', SECRET), ":2: not JSON"),
        (bytes_of("[" * 100_000), ":1: not JSON"),
        (bytes_of('["a", "b"]'), ":1: a JSON list"),
        (bytes_of(f'{{"en": "{SECRET}"}}'), ":1: no 'ko'"),
        (bytes_of(f'{{"en": "{SECRET}", "ko": null}}'), ":1: 'ko' is a JSON NoneType"),
        (bytes_of('{"en": 5, "ko": "b"}'), ":1: 'en' is a JSON int"),
        (bytes_of(f'{{"en": "{SECRET}", "ko": ""}}'), ":1: 'ko' is empty"),
        (bytes_of(f'{{"en": "{SECRET}", "ko": "\\ud800"}}'), ":1: 'ko' holds half a surrogate pair"),
        (b'{"en": "\xff"}\n', ":1: not UTF-8"),
    ],
)
def test_lines_that_are_not_aligned_text_are_refused_at_their_line(data, sentence):
    """JSON Lines need both keys with text on every line."""
    with pytest.raises(VocabError) as refused:
        parse(data, "own.jsonl")
    assert str(refused.value).startswith("own.jsonl:")
    assert sentence in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", ["nothing-here", "", ".", "a\0b", "finance-en-ko.tsv"])
def test_a_missing_file_is_an_error_that_names_the_text_of_the_package(name):
    """A folder, a zero byte and a near miss are no file."""
    with pytest.raises(VocabError, match="give a file, or finance-en-ko"):
        load(name)


def test_a_name_that_would_harm_a_report_is_refused(tmp_path):
    """The name of a file goes into reports."""
    path = tmp_path / "<b>\u202e.tsv"
    path.write_bytes(bytes_of("en\tko", "a\tb"))
    with pytest.raises(VocabError, match="rename the file") as refused:
        load(path)
    assert "\u202e" not in str(refused.value)


@given(st.binary(max_size=200), st.sampled_from(["own.tsv", "own.jsonl"]))
def test_any_bytes_are_aligned_text_or_an_error_of_ours(data, name):
    """Nothing else comes out, and every side of every pair holds text."""
    try:
        found = parse(data, name)
    except VocabError:
        return
    assert all(side.strip() for pair in found.pairs for side in pair)
