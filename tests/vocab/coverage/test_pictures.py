"""The pictures of a coverage report: bars on one scale from zero, every number in words, hostile names as text."""

import copy
import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocab.coverage import pictures, tables
from vocab.coverage.pictures import PANELS, WIDTH, Bar, figure, figures, idle, panel

Value = dict[str, Any]


def drawn(value: Value) -> dict[str, list[Element]]:
    return {one.title: [fromstring(svg) for svg in one.panels] for one in figures(value, tables.columns(value))}


def of(svg: Element, tag: str, kind: str) -> list[Element]:
    return [one for one in svg.iter(tag) if kind in one.get("class", "").split()]


def ends(path: Element) -> list[float]:
    return [float(number) for number in re.findall(r"[MH]([\d.]+)", path.get("d", ""))]


def bar(value: int | None, low: int | None = None, high: int | None = None) -> Bar:
    return Bar("name", value, str(value), "last", low, high, f"{low} to {high}" if low is not None else "")


def test_there_is_a_figure_for_each_measure(value: Value) -> None:
    """Each has the slices with the most text, not one without any, and says how many are left out."""
    found = {one.title: one for one in figures(value, tables.columns(value))}
    assert list(found) == [
        *("Tokens saved", "Bytes per token", "Tokens per word", "Terms in one token", "Tokens per number"),
        *("Pages in an 8k context window", "Korean beside English"),
    ]
    slices = len(value["tokenizers"][0]["slices"])
    assert len(found["Bytes per token"].panels) == PANELS
    assert found["Bytes per token"].left_out == slices - PANELS
    said = "".join(found["Bytes per token"].panels)
    for title in ("the whole corpus", "the held-out part", "English", "Korean", "type 10-K"):
        assert f">{title}<" in said
    assert "language not known" not in said


def test_every_panel_says_its_numbers_to_who_does_not_see_it(value: Value) -> None:
    """An image with a title: measure, slice, and each tokenizer with its number and interval."""
    svg = drawn(value)["Bytes per token"][0]
    assert svg.get("role") == "img"
    assert svg[0].tag == "title"
    title = svg[0].text or ""
    assert title.startswith("Bytes per token, the whole corpus: tekken 3.743 (")
    for one in value["tokenizers"]:
        slices = one["slices"][0]
        low, high = (tables.ratio(end) for end in slices["intervals"]["bytes_per_token_ppm"])
        assert f"{one['name']} {tables.ratio(slices['bytes_per_token_ppm'])} ({low} to {high})" in title


def test_bars_and_whiskers_stay_in_the_panel(value: Value) -> None:
    """A bar for each number, from zero; its interval holds its end."""
    for title, panels in drawn(value).items():
        for svg in panels:
            bars, zero = of(svg, "rect", "bar"), {one.get("x1") for one in of(svg, "line", "zero")}
            assert bars, title
            assert len(zero) == 1
            for one in bars:
                left, right = (float(one.get("x", "")), float(one.get("x", "")) + float(one.get("width", "")))
                assert 0 <= left <= right <= WIDTH
                assert min(abs(left - float(*zero)), abs(right - float(*zero))) < 0.6
            for one in of(svg, "path", "whisker"):
                assert 0 <= min(ends(one)) <= max(ends(one)) <= WIDTH
            assert len(of(svg, "path", "halo")) == len(of(svg, "path", "whisker")) <= len(bars)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_a_longer_bar_is_a_larger_number(values: list[int]) -> None:
    """All panels of a figure are on one scale that begins at zero: lengths are as the numbers."""
    found = figure("m", "", [("a", [bar(value) for value in values]), ("b", [bar(10**9)])])
    shapes = [float(one.get("width", "")) for one in of(fromstring(found.panels[0]), "rect", "bar")]
    (longest,) = (float(one.get("width", "")) for one in of(fromstring(found.panels[1]), "rect", "bar"))
    for value, length in zip(values, shapes, strict=True):
        assert length == pytest.approx(max(longest * value / 10**9, 0.5), abs=0.11)


def test_a_loss_goes_to_the_left_of_zero() -> None:
    """What is below zero ends where what is above begins."""
    svg = fromstring(panel("saved", "all", [bar(-500, -600, -400), bar(250)], -600, 250))
    loss, gain = of(svg, "rect", "bar")
    assert float(loss.get("x", "")) + float(loss.get("width", "")) == pytest.approx(float(gain.get("x", "")), abs=0.11)
    low, high = ends(of(svg, "path", "whisker")[0])[:2]
    assert low < float(loss.get("x", "")) < high


def test_what_is_absent_has_no_bar(value: Value) -> None:
    """Its name stays with a dash; a panel without a number is not drawn, nor a figure without a panel."""
    found = figure("m", "", [("a", [bar(None), bar(3)]), ("b", [bar(None)])])
    assert len(found.panels) == 1
    assert len(of(fromstring(found.panels[0]), "rect", "bar")) == 1
    assert len(of(fromstring(found.panels[0]), "text", "name")) == 2
    none = copy.deepcopy(value)
    none["aligned"]["pairs"] = 0
    for one in none["tokenizers"]:
        for part in one["slices"]:
            part["terms"] |= {"single_ppm": None}
    titles = [one.title for one in figures(none, tables.columns(none))]
    assert "Korean beside English" not in titles
    assert "Terms in one token" not in titles


def test_hostile_names_are_text(value: Value) -> None:
    """No name makes an element, closes one, or hides what it holds."""
    one = copy.deepcopy(value)
    names = ("</title><script>alert(1)</script>", "\u202e\x1b[31m]]>\x00", "🏦" * 60)
    for tokenizer, name in zip(one["tokenizers"], names, strict=True):
        tokenizer["name"] = name
        tokenizer["slices"][1]["slice"] = "lang:" + names[0]
    svgs = [svg for found in figures(one, tables.columns(one)) for svg in found.panels] + idle(one)
    for svg in svgs:
        assert svg.isprintable()
        assert "<script" not in svg
        assert {each.tag for each in fromstring(svg).iter()} <= {"svg", "title", "text", "rect", "line", "path"}
    assert any("&lt;/title&gt;&lt;script&gt;" in svg for svg in svgs)


def test_a_long_name_leaves_room_for_its_number(value: Value) -> None:
    """Of a name and of a title only so many columns are drawn; the title for readers has all of it."""
    one = copy.deepcopy(value)
    one["tokenizers"][0]["name"] = "n" * 300
    svg = drawn(one)["Bytes per token"][0]
    assert (svg[0].text or "").count("n" * 300) == 1
    assert all(tables.width(each.text or "") <= pictures.NAME_COLUMNS for each in of(svg, "text", "name"))


def test_what_did_nothing_needs_two_tokenizers(make_value: Callable[..., Value], value: Value) -> None:
    """Terms are sorted by what became of them between two; new ids by whether they occur."""
    terms, new = (fromstring(svg) for svg in idle(value))
    assert "767 (63.9%)" in (terms[0].text or "")
    assert "never occur, of terms 8 (6.0%)" in (new[0].text or "")
    assert idle(make_value(("base",))) == []


def test_one_tokenizer_is_drawn_without_a_comparison(make_value: Callable[..., Value]) -> None:
    """There is nothing to save against."""
    alone = make_value(("base",))
    assert "Tokens saved" not in drawn(alone)
    assert len(of(drawn(alone)["Bytes per token"][0], "rect", "last")) == 1
