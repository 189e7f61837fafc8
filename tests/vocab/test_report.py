"""The coverage report: versioned JSON, a terminal table, one page without script."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from govern.attestation import CertifiedCorpus
from vocab import report
from vocab.coverage import cover
from vocab.errors import VocabError
from vocab.term_lists import parse, terms_of


@pytest.fixture(scope="module")
def value(base_folder: Path, corpus: CertifiedCorpus) -> dict[str, Any]:
    lists = [parse("EBITDA\n금리\n".encode(), "<b>list</b>")]
    return report.to_json(corpus, lists, cover([base_folder, base_folder], corpus, terms_of(lists)))


def test_the_json_is_versioned_and_holds_whole_numbers(value: dict[str, Any]) -> None:
    """No float stands in it, so the bytes never depend on a rounding."""
    assert value["format_version"] == 1
    assert not re.search(r"\d\.\d", json.dumps([one["slices"] for one in value["tokenizers"]]))


def test_two_tokenizers_of_one_name_are_told_apart(value: dict[str, Any]) -> None:
    """Both columns say which folder they are."""
    names = [one["name"] for one in value["tokenizers"]]
    assert len(set(names)) == 2


def test_the_page_escapes_and_loads_nothing(value: dict[str, Any]) -> None:
    """Names are text; no script, link, image or address; a policy that forbids them."""
    page = report.html(value)
    assert "test &lt;corpus&gt;" in page
    assert "<b>list</b>" not in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: set[str] = set()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.add(tag)
            assert not {"src", "href", "onclick", "onload"} & {name for name, _ in attrs}

    tags = Tags()
    tags.feed(page)
    assert not tags.found & {"script", "link", "img", "iframe", "object", "form"}


def test_the_folder_is_written_whole_and_twice_the_same(value: dict[str, Any], tmp_path: Path) -> None:
    """The same counts give the same bytes; another folder is not touched."""
    report.write(value, tmp_path / "one")
    report.write(value, tmp_path / "two")
    for name in ("coverage.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mine.txt").write_text("mine")
    with pytest.raises(VocabError, match="something else"):
        report.write(value, tmp_path / "other")


def test_the_terminal_table_names_every_slice(value: dict[str, Any]) -> None:
    """Each slice has its table, columns under their names."""
    text = "\n".join(report.lines(value))
    for title in ("The whole corpus", "English", "Korean", "The held-out part", "by context"):
        assert title in text


@pytest.mark.parametrize(
    ("ppm", "shown"), [(0, "0.0%"), (1, "0.1%"), (999_999, "99.9%"), (1_000_000, "100.0%"), (None, "–")]
)
def test_a_share_never_rounds_to_none_or_all(ppm: int | None, shown: str) -> None:
    """Only nothing is 0.0% and only everything is 100.0%."""
    assert report._percent(ppm) == shown


@pytest.mark.parametrize(
    ("first", "value", "shown"), [(100_000, 99_999, " (> -0.1%)"), (10, 11, " (+10.0%)"), (10, 10, ""), (0, 5, "")]
)
def test_a_difference_never_rounds_to_none(first: int, value: int, shown: str) -> None:
    """A small change is said to be small, not absent."""
    assert report._change(first, value) == shown
