"""The pages in a browser: keys decide, answers are downloaded and learned, nothing is asked for, hostile text stays text."""

import json
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from review_home import CANARIES, HOTLINE, MISSED, Home

SHIFT, CONTROL = 8, 2
WINDOWS = [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")]


def opened(browser: Any, home: Home, kind: str, path: Path, width: int, scheme: str, *more: object) -> None:
    """The page of the corpus of operators, shown."""
    done = home.govern("review", kind, home.mixed, "--out", path, *more)
    assert done.returncode == 0, done.stderr
    browser.save_downloads(path.parent)
    browser.open(path, width, scheme)


def quiet(browser: Any, path: Path, width: int) -> None:
    """Nothing was asked for, nothing complained, nothing of the corpus became an element, and the page fits its window."""
    asked = [url for url in browser.requests() if not url.startswith(("data:image/svg+xml;base64,", "blob:"))]
    assert asked == [path.as_uri()]
    assert "url(" not in path.read_text("utf-8")
    assert not browser.complaints()
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.scripts.length") == 2
    assert browser.value("document.querySelectorAll('img, iframe, object, embed, link, base, body style').length") == 0


def filled(browser: Any) -> None:
    """Reason and owner typed, the last day set."""
    browser.value("document.getElementById('reason').focus()")
    browser.type("our own hotline, asked in jest: a, r, d and ?")
    browser.press("Tab")
    browser.type("data office")
    browser.value("document.getElementById('expires').value = '2999-12-31'")
    browser.press("Escape")


def downloaded(folder: Path, name: str) -> tuple[Path, dict[str, Any]]:
    path = folder / name
    last = time.monotonic() + 60
    while time.monotonic() < last:
        if path.exists():
            return path, json.loads(path.read_text("utf-8"))
        time.sleep(0.05)
    raise AssertionError(f"no {name}")


def status(browser: Any) -> str:
    return str(browser.value("document.getElementById('status').textContent"))


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_keys_decide_on_false_positives(browser: Any, home: Home, tmp_path: Path, width: int, scheme: str) -> None:
    """Moving, accepting, rejecting, taking back, downloading, learning; what is downloaded holds no value."""
    opened(browser, home, "false-positives", tmp_path / "page.html", width, scheme)
    assert (browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)") == (
        scheme == "light"
    )
    browser.press("d")
    assert "Fill in" in status(browser)
    assert browser.value("document.activeElement.id") == "reason"
    browser.press("a")
    assert browser.value("decided.size") == 0
    browser.value("document.getElementById('reason').value = ''")
    filled(browser)
    assert browser.value("decided.size") == 0
    groups = browser.value("data.groups")
    place = next(number for number, group in enumerate(groups) if group["value"] == home.hotline()["value"])
    other = 1 if place == 0 else 0
    browser.value(f"go({other})")
    browser.press("r")
    browser.press("ArrowUp")
    browser.press("k")
    for _ in range(place):
        browser.press("j")
    assert browser.value("here") == place
    assert browser.value("document.activeElement === cards[here]")
    browser.press("r")
    browser.press("u")
    assert browser.value("decided.size") == 1
    browser.press("a")
    assert status(browser).startswith("1 accepted, 1 rejected, ")
    assert "accepted" in browser.value(f"cards[{place}].textContent")
    browser.value(f"go({len(groups) - 1})")
    browser.press("a")
    assert "A shape" in status(browser)
    browser.press("?")
    assert browser.value("document.getElementById('help').open")
    browser.press("Escape")
    shown = browser.value("document.body.innerText")
    assert "<img src=x onerror=alert(2)>" in shown
    assert not any(canary in shown for canary in (*CANARIES, HOTLINE))
    browser.press("s", CONTROL)
    path, answers = downloaded(tmp_path, "false-positives-answers.json")
    assert answers["accepted"] == [home.hotline()]
    assert answers["rejected"] == [{name: groups[other][name] for name in ("entity_type", "value")}]
    assert not any(canary in path.read_text("utf-8") for canary in (*CANARIES, HOTLINE))
    quiet(browser, tmp_path / "page.html", width)
    done = home.govern("policy", "learn", tmp_path / "lists.toml", path, "--secret", home.secret, "--json")
    assert json.loads(done.stdout)["new"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_keys_mark_what_was_missed(browser: Any, home: Home, tmp_path: Path, width: int, scheme: str) -> None:
    """Words are selected and marked by keys; offsets are code points behind emoji; the answers hold places and no text."""
    opened(browser, home, "misses", tmp_path / "page.html", width, scheme, "--sample", 14)
    filled(browser)
    while MISSED not in browser.value("document.getElementById('document').textContent"):
        browser.press("j")
    for _ in range(6):
        browser.press("ArrowRight")
    browser.press("w")
    browser.press("ArrowRight", SHIFT)
    browser.press("ArrowLeft", SHIFT)
    browser.press(",")
    browser.press(".")
    assert browser.value("document.getSelection().toString()") == MISSED
    browser.press("2")
    browser.press("u")
    browser.press("t")
    assert browser.value("document.activeElement.id") == "type"
    browser.press("Escape")
    browser.value(f"at = documents[here].fields[0].text.indexOf('{MISSED}'), select(0, at - 1, at + {len(MISSED) + 1})")
    browser.press("m")
    assert status(browser) == "Marked as PERSON. 1 miss in 1 document."
    assert browser.value("document.getElementById('found').textContent") == f"PERSON: {MISSED}Remove"
    browser.value("select(0, 0, documents[here].fields[0].text.length)")
    browser.press("m")
    assert "replaced already" in status(browser)
    browser.press("d")
    path, answers = downloaded(tmp_path, "misses-answers.json")
    (miss,) = answers["misses"]
    assert set(miss) == {"id", "field", "start", "end", "entity_type"}
    frame = pl.read_parquet(home.mixed / "documents" / "*.parquet")
    (text,) = frame.filter(pl.col("id") == miss["id"])["text"]
    assert text[miss["start"] : miss["end"]] == MISSED
    assert "😀👩‍💻" in text[: miss["start"]]
    assert "Vexworth" not in path.read_text("utf-8")
    assert not any(canary in browser.value("document.body.innerText") for canary in (*CANARIES, HOTLINE))
    quiet(browser, tmp_path / "page.html", width)
    more = ("--corpus", home.mixed, "--secret", home.secret, "--json")
    done = home.govern("policy", "learn", tmp_path / "lists.toml", path, *more)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["new"] == 2


@pytest.mark.slow
def test_a_mouse_marks_too(browser: Any, home: Home, tmp_path: Path) -> None:
    """A selection dragged over the text is marked by the button; the button of its line takes it back."""
    opened(browser, home, "misses", tmp_path / "page.html", 1280, "light", "--sample", 14)
    while MISSED not in browser.value("document.getElementById('document').textContent"):
        browser.press("j")
    box = browser.value(
        "(() => { const node = document.querySelector('.text').firstChild; const range = document.createRange();"
        f"const at = node.data.indexOf('{MISSED}'); range.setStart(node, at); range.setEnd(node, at + {len(MISSED)});"
        "const { left, right, top, bottom } = range.getBoundingClientRect(); return [left, right, (top + bottom) / 2]; })()"
    )
    left, right, middle = box
    for kind, x in (("mousePressed", left + 1), ("mouseMoved", right - 1), ("mouseReleased", right - 1)):
        browser("Input.dispatchMouseEvent", type=kind, x=x, y=middle, button="left", buttons=1, clickCount=1)
    assert browser.value("document.getSelection().toString()") == MISSED
    browser.value("document.getElementById('mark').click()")
    assert (status(browser), browser.value("marks.length")) == ("Marked as PERSON. 1 miss in 1 document.", 1)
    browser.value("document.querySelector('#found button').click()")
    assert browser.value("marks.length") == 0
    quiet(browser, tmp_path / "page.html", 1280)


@pytest.mark.slow
def test_a_page_left_with_unsaved_marks_asks_first(browser: Any, home: Home, tmp_path: Path) -> None:
    """And holds nothing up once that is answered."""
    for name in ("page.html", "next.html"):
        opened(browser, home, "false-positives", tmp_path / name, 1280, "light")
        filled(browser)
        browser.press("r")
        assert browser.value("decided.size") == 1
    browser("Page.navigate", url="about:blank")
    assert browser.complaints() == {"Page.javascriptDialogOpening"}


@pytest.mark.slow
def test_keys_act_where_hangul_is_typed(browser: Any, home: Home, tmp_path: Path) -> None:
    """By their place on the keyboard; not at all where single keys are switched off."""
    opened(browser, home, "false-positives", tmp_path / "page.html", 1280, "light")
    key = {"key": "ㅓ", "code": "KeyJ"}
    browser("Input.dispatchKeyEvent", type="keyDown", **key)
    assert browser.value("here") == 1
    browser.value("document.getElementById('single').click()")
    browser("Input.dispatchKeyEvent", type="keyDown", **key)
    browser.press("j")
    assert browser.value("here") == 1
    browser.press("ArrowDown")
    assert browser.value("here") == 2
