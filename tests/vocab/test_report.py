"""The coverage report: versioned JSON, a flat file, a terminal's lines, and a page that hostile text does nothing to."""

import copy
import json
import random
import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from govern.files import canonical
from vocab import report
from vocab.coverage import tables
from vocab.errors import VocabError

Value = dict[str, Any]
VOID = {"meta", "br", "input", "hr", "img", "link"}
FILES = (report.JSON, report.PARQUET, report.HTML)

_spec = spec_from_file_location("coverage_values", Path(__file__).parent / "coverage/conftest.py")
assert _spec is not None
assert _spec.loader is not None
_values = module_from_spec(_spec)
_spec.loader.exec_module(_values)
made: Callable[..., Value] = _values.made
without_terms: Callable[[], Value] = _values.without_terms
hostile_names: Callable[[], Value] = _values.hostile_names
HOSTILE: tuple[str, ...] = _values.HOSTILE


@pytest.fixture(scope="module")
def value() -> Value:
    return made()


@pytest.fixture(scope="module")
def page(value: Value) -> str:
    return report.html(value)


class Tree(HTMLParser):
    """Tags with their attributes, and the text inside each `bdi`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.isolated: list[str] = []
        self.declared: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "bdi":
            self.isolated.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "bdi" in self.open:
            self.isolated[-1] += data

    def handle_decl(self, decl: str) -> None:
        self.declared.append(decl)

    def of(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.mark.parametrize("make", [made, hostile_names, without_terms])
def test_the_page_is_whole_and_loads_nothing(make: Callable[[], Value]) -> None:
    """Every tag is closed; no script, picture, frame, form or address; links stay in the page; a policy forbids the rest."""
    tree = Tree(report.html(make()))
    assert tree.declared == ["doctype html"]
    assert tree.open == []
    assert not tree.of(
        "script", "link", "img", "iframe", "object", "embed", "form", "base", "use", "image", "foreignobject"
    )
    assert len(tree.of("style")) == 1
    for _, attributes in tree.tags:
        assert not [
            name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset", "xlink:href")
        ]
        assert (attributes.get("href") or "#").startswith("#")
    (policy,) = (one["content"] for one in tree.of("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    ids = [one["id"] for _, one in tree.tags if one.get("id")]
    assert len(set(ids)) == len(ids)
    assert {one["href"] for one in tree.of("a")} <= {f"#{name}" for name in ids}


@pytest.mark.parametrize("make", [made, hostile_names])
def test_nothing_that_is_not_seen_gets_into_the_page(make: Callable[[], Value]) -> None:
    """Controls and marks of direction are written as numbers; no hostile text is markup."""
    page = report.html(make())
    assert all(character.isprintable() or character == "\n" for character in page)
    for text in HOSTILE:
        assert text not in page or text.isalpha() or "<" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;202E&gt;" in page
    assert "{{ 7 * 7 }}{% raw %}" in page


def test_tables_and_pictures_tell_what_they_are(page: str) -> None:
    """Every head has a scope and every table a name; every picture is an image with a title."""
    tree = Tree(page)
    assert len(tree.of("table")) > 20
    assert all(one.get("aria-label") for one in tree.of("table"))
    assert {one.get("scope") for one in tree.of("th")} == {"col", "row", "colgroup"}
    assert len(tree.of("svg")) > 40
    assert all(one.get("role") == "img" for one in tree.of("svg"))
    assert len(re.findall(r"<svg [^>]*><title>[^<]+</title>", page)) == len(tree.of("svg"))


def test_pieces_stand_apart_and_in_two_tones(page: str, value: Value) -> None:
    """Each piece is isolated; the tones alternate; several tokens of one character are counted; a space is a sign."""
    row = value["worst_terms"][HOSTILE.index("👩‍💻🏦")]
    assert [count for _, count in row["by"][0]["pieces"]] == [4, 1, 4]
    found = '<bdi class="one">👩<sub>×4</sub></bdi><span class="unseen"> | </span><bdi class="two"><i>&lt;200D&gt;</i>💻</bdi>'
    assert found in page
    isolated = Tree(page).isolated
    for row in value["worst_terms"]:
        for text, count in row["by"][-1]["pieces"]:
            written = "".join(part for part, _ in report.spelled(text))
            assert written + (f"×{count}" if count > 1 else "") in isolated


def test_a_cost_that_differs_in_the_corpus_is_said(page: str, value: Value) -> None:
    """What stands beside the text may cost more tokens than its pieces alone: the mean is written where it differs."""
    rows = [*value["worst_terms"], *value["worst_numbers"]]
    differing = [
        (row, one)
        for row in rows
        for one in row["by"]
        if one["tokens"] != row["occurrences"] * sum(n for _, n in one["pieces"])
    ]
    assert page.count(" each in the corpus</small>") == len(differing) > 0
    row, one = differing[0]
    assert f"<small>{one['tokens'] / row['occurrences']:.3f} each in the corpus</small>" in page


def test_a_dot_is_told_from_a_space() -> None:
    """A sign that stands for what is not seen is marked; the same character in the text is not."""
    assert report.spelled("a·b c") == [("a·b", False), ("·", True), ("c", False)]
    assert report.spelled("\u202e\n") == [("<202E>⏎", True)]
    assert report.spelled("") == []


def test_the_headline_says_what_was_bought(value: Value) -> None:
    """Tokens saved with the interval, cost, pages, terms, longer documents, drift and leak, in words with numbers."""
    first, *_, last = value["tokenizers"]
    text = " ".join("".join(part for part, _ in sentence) for sentence in report.headline(value))
    low, high = last["slices"][0]["intervals"]["saved_ppm"]
    assert text.startswith(
        "tekken+finance writes the same 3,261 documents in 6.8% fewer tokens than tekken (95% interval: "
    )
    assert f"{tables.percent(low)} to {tables.percent(high)})." in text
    assert "none longer" in text
    assert f"reads {tables.percent(last['slices'][0]['against_first']['relative_cost_ppm'])} of the tokens" in text
    assert f"holds {tables.pages(last['slices'][0]['windows'][0]['pages_ppm'])} pages instead of 13.3" in text
    assert f"instead of {tables.percent(first['term_types']['single_ppm'])}" in text
    assert (
        "Cut otherwise than by tekken: 100,166 pieces of text, none of them with no new id (drift), 333 with no term"
        in text
    )
    assert [tile.number for tile in report.tiles(value)] == ["6.8%", "93.2%", "14.2", "56.8%", "0", "0", "333"]
    assert not any(tile.wrong for tile in report.tiles(value))


def test_what_should_be_none_and_is_not_is_marked(value: Value) -> None:
    """Longer documents are wrong of an extension; another tokenizer may make them, and regrouped numbers drift."""
    one = copy.deepcopy(value)
    part = one["tokenizers"][-1]["slices"][0]
    part["against_first"]["documents_longer"] = 3
    part["changed"]["drift"] = 2
    assert [tile.label for tile in report.tiles(one) if tile.wrong] == ["documents became longer"]
    assert report.html(one).count('<li class="wrong">') == 1
    assert ("2", "should be 0 unless numbers are regrouped") in [
        (tile.number, tile.beside) for tile in report.tiles(one)
    ]
    other = made(("base", "extended", "pieces"))
    assert "2,934" in [tile.number for tile in report.tiles(other)]
    assert not any(tile.wrong for tile in report.tiles(other))


def test_a_loss_a_tie_and_no_answer_are_said_as_such(value: Value) -> None:
    """More tokens, exactly as many, under a tenth of a percent, and an interval that holds zero."""

    def said(one: Value) -> str:
        return " ".join("".join(part for part, _ in sentence) for sentence in report.headline(one))

    loss = said(made(("base", "extended", "pieces")))
    assert "33.4% more tokens than tekken (95% interval: 33.2% to 33.6%)" in loss
    assert "exactly as many tokens as tekken" in said(made(("base", "base")))
    one = copy.deepcopy(value)
    part = one["tokenizers"][-1]["slices"][0]
    part["against_first"] |= {"tokens_saved": 9, "saved_ppm": 2}
    part["intervals"]["saved_ppm"] = [-500, 600]
    assert "in less than 0.1% fewer tokens" in said(one)
    assert "The interval holds zero" in said(one)
    part["intervals"]["saved_ppm"] = None
    assert "interval" not in said(one)
    assert said(made(("base",))) == "tekken writes 3,261 documents in 5,879,818 tokens: 3.743 bytes per token."


def test_new_ids_that_never_occur_are_folded_away(page: str, value: Value) -> None:
    """The commonest stand in a table, the others behind a summary; one that only the held-out part has occurs."""
    new = value["tokenizers"][-1]["new_ids"]
    never = [row for row in new["rows"] if not row["count"] + row["held_out"]]
    folded = page[page.index("new ids that never occur</summary>") :].split("</details>", 1)[0]
    assert folded.count("<li>") == len(never) == new["zero"]
    assert f"{len(new['rows']) - len(never)} occur in the corpus" in page
    only = next(row for row in new["rows"] if row["held_out"] and not row["count"])
    assert only not in never


def test_the_page_tells_what_a_reader_needs_to_check_it(page: str, value: Value) -> None:
    """Every measure with its definition, every digest, how each tokenizer was measured and why."""
    for measure in value["measures"]:
        assert f"<code>{measure['id']}</code>" in page
    for one in (*value["tokenizers"], *value["term_lists"], value["aligned"]):
        assert one["sha256"] in page
    assert value["corpus"]["certificate"] in page
    for one in value["tokenizers"]:
        assert f"{one['method']['way']}, {one['method']['engine']}" in page
        assert one["method"]["reason"] in page


def test_a_part_that_has_nothing_to_say_is_left_out() -> None:
    """No headings over nothing: no terms, no extension, one tokenizer."""
    page = report.html(without_terms())
    titles = " ".join(re.findall(r"<h[23][^>]*>(.*?)</h[23]>", page))
    for title in (
        "gained",
        "did nothing",
        "worst",
        "New ids",
        "by context",
        "Korean beside",
        "Numbers",
        "digits",
        "Terms",
    ):
        assert title not in titles
    assert "What it costs" in titles
    assert "Terms" not in "\n".join(report.lines(without_terms()))


def test_colours_have_contrast_in_both_schemes() -> None:
    """4.5 to 1 for text on every ground it stands on (WCAG 2.2, 1.4.3); the two tones differ in grey too."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, two: str) -> float:
        low, high = sorted((luminance(one), luminance(two)))
        return (high + 0.05) / (low + 0.05)

    source = (Path(report.__file__).parent / "templates/coverage.html.j2").read_text("utf-8")
    schemes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", source, re.DOTALL)
    ]
    assert [len(scheme) for scheme in schemes] == [18, 18]
    for scheme in schemes:
        grounds = ["back", "band", "one", "two", *(f"shade-{at}" for at in range(1, tables.SHADES))]
        assert min(contrast(scheme["text"], scheme[ground]) for ground in grounds) >= 4.5
        assert (
            min(contrast(scheme[text], scheme[on]) for text in ("soft", "link", "wrong") for on in ("back", "band"))
            >= 4.5
        )
        assert contrast(scheme["one"], scheme["two"]) >= 1.4
        assert min(contrast(scheme[bar], scheme["back"]) for bar in ("first", "other", "last", "edge")) >= 3


def test_a_terminal_gets_tables_that_fit(value: Value) -> None:
    """Every slice, format and measure, the ten worst terms; nothing that acts on the terminal, 100 columns at most."""
    found = report.lines(value)
    assert all(line.isprintable() for line in found)
    worst = found.index("Terms that cost most")
    assert max(map(tables.width, found[:worst])) <= report.COLUMNS
    for title in (
        "The whole corpus",
        "By language",
        "By source",
        "By document type",
        "Numbers by format",
        "poorest of 36",
    ):
        assert any(title in line for line in found)
    for slices in ("English", "Korean", "the held-out part", "10-K", "statutes", "<b>ruling</b><202E>"):
        assert any(line.startswith(f"  {slices} ") for line in found)
    assert sum(line.endswith(" times") for line in found[worst:]) == report.WORST_AT_TERMINAL
    assert "    tekken            3  <001B>[31│mred│<001B>[0m" in found
    assert "    mistral-v1        9  👩×4│<200D>💻│🏦×4" in found


def test_columns_that_do_not_fit_stand_below() -> None:
    """A table of many tokenizers is cut between them, never inside one; the first column stands in each part."""
    many = made(("base", *("pieces",) * 5, "extended"))
    for at, one in enumerate(many["tokenizers"]):
        one["name"] = f"tokenizer number {at}"
    table = tables.slice_tables(many, tables.columns(many))[1]
    found = report.laid_out(table)
    assert max(map(tables.width, found)) <= report.COLUMNS
    assert sum(line.startswith("  Korean ") for line in found) == sum("tokenizer number" in line for line in found) > 1
    assert sum(line.count("tokenizer number") for line in found) == len(many["tokenizers"])
    assert "tok…" not in "".join(found)


def test_the_files_are_the_same_for_the_same_value(value: Value, tmp_path: Path) -> None:
    """Also where the keys come in another order; another result in the folder, or another folder, is not touched."""
    report.write(value, tmp_path / "one")
    report.write(_shuffled(value), tmp_path / "two")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert (tmp_path / "one" / report.JSON).read_bytes() == canonical(value)
    report.write(value, tmp_path / "one")
    with pytest.raises(VocabError, match="other inputs"):
        report.write(made(("base",)), tmp_path / "one")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mine.txt").write_text("mine")
    with pytest.raises(VocabError, match="something else"):
        report.write(value, tmp_path / "other")
    assert (tmp_path / "one" / report.JSON).read_bytes() == canonical(value)


def test_the_flat_file_holds_the_counts(value: Value, tmp_path: Path) -> None:
    """A row a tokenizer and slice, in their order; texts and whole numbers; null where a ratio is undefined."""
    import polars as pl

    report.write(value, tmp_path / "out")
    frame = pl.read_parquet(tmp_path / "out" / report.PARQUET)
    assert frame.to_dicts() == tables.rows(value)
    assert set(frame.dtypes) == {pl.String, pl.Int64}
    assert [name for name, kind in frame.schema.items() if kind == pl.String] == list(tables.TEXTS)
    empty = frame.filter(pl.col("slice") == "lang:und")
    assert empty["fertility_ppm"].null_count() == empty["fertility_low_ppm"].null_count() == 3


def test_a_report_without_terms_is_written(tmp_path: Path) -> None:
    """A base alone makes the same three files."""
    report.write(without_terms(), tmp_path / "out")
    assert json.loads((tmp_path / "out" / report.JSON).read_text("utf-8"))["format_version"] == report.FORMAT_VERSION


def _shuffled(value: Any) -> Any:
    """The same value with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = random.Random(7).sample(list(value), len(value))
        return {key: _shuffled(value[key]) for key in keys}
    return [_shuffled(one) for one in value] if isinstance(value, list) else value
