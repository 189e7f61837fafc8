"""The page of a coverage report in a browser: it shows, fits, asks for nothing, and hostile text stays text."""

from pathlib import Path
from typing import Any

import pytest

from vocab import report
from vocab.coverage.tables import plain


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_page_and_nothing_else_happens(
    browser: Any, tmp_path: Path, any_value: dict[str, Any], width: int, scheme: str
) -> None:
    """No request, no script, no complaint; no sideways scrolling, folded parts open too; hostile text is only text."""
    path = tmp_path / "report.html"
    path.write_text(report.html(any_value), encoding="utf-8")
    browser.open(path, width, scheme)
    browser.value("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.scripts.length") == 0
    assert (
        browser.value("document.querySelectorAll('img, iframe, object, embed, link, form, base, body style').length")
        == 0
    )
    assert browser.value("getComputedStyle(document.querySelector('main')).display") == "block"
    assert browser.value("document.title") == "Tokenizer coverage: " + plain(any_value["corpus"]["name"])
    dark = browser.value("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    assert browser.requests() == [path.as_uri()]
    assert not browser.complaints()


@pytest.mark.slow
def test_pieces_of_text_from_right_to_left_stay_in_their_order(
    browser: Any, tmp_path: Path, value: dict[str, Any]
) -> None:
    """Each piece is apart from the direction of its neighbours: the first token stands at the left."""
    path = tmp_path / "report.html"
    path.write_text(report.html(value), encoding="utf-8")
    browser.open(path, 1280, "light")
    edges = browser.value(
        "[...document.querySelectorAll('.splits .pieces')].map(row => [...row.querySelectorAll('bdi')].map("
        "one => one.getBoundingClientRect()).map(one => [Math.round(one.top), one.left]))"
    )
    assert len(edges) > 100
    for row in edges:
        assert row == sorted(row)
