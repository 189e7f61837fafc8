"""The page of a coverage report in a browser: it shows, fits, asks for nothing, and hostile text stays text."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vocab import report
from vocab.coverage.tables import plain

BROWSERS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome", "chrome")


class Browser:
    """A page of headless Chromium, spoken to through pipes: no port, no driver, nothing installed for it."""

    def __init__(self, program: str, folder: str) -> None:
        here, self.to = os.pipe()
        self.back, there = os.pipe()
        flags = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--disable-sync",
        )
        flags += (
            "--disable-background-networking",
            "--disable-component-update",
            f"--user-data-dir={folder}",
            "about:blank",
        )
        command = ["bash", "-c", f'exec "$0" "$@" 3<&{here} 4>&{there}', program, *flags]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, pass_fds=(here, there), **quiet)  # type: ignore[call-overload]
        os.close(here)
        os.close(there)
        self.number, self.read, self.events, self.session = 0, b"", [], ""
        (target,) = (one for one in self("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = self("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self(f"{domain}.enable")

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.number += 1
        call = {"id": self.number, "method": method, "params": parameters}
        os.write(self.to, json.dumps(call | ({"sessionId": self.session} if self.session else {})).encode() + b"\0")
        while True:
            answer = self.next()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.events.append(answer)

    def next(self) -> dict[str, Any]:
        while b"\0" not in self.read:
            assert select.select([self.back], [], [], 60)[0], "the browser does not answer"
            data = os.read(self.back, 1 << 20)
            assert data, "the browser ended"
            self.read += data
        one, _, self.read = self.read.partition(b"\0")
        return dict(json.loads(one))

    def open(self, path: Path, width: int, scheme: str) -> None:
        self("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)
        self("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events.clear()
        self("Page.navigate", url=path.as_uri())
        for _ in range(200):
            if self.value("document.readyState + location.protocol") == "completefile:":
                return
            time.sleep(0.05)
        raise AssertionError("the page does not load")

    def value(self, expression: str) -> Any:
        return self("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def close(self) -> None:
        self("Browser.close")
        self.process.wait(30)
        os.close(self.to)
        os.close(self.back)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None or shutil.which("bash") is None:
        pytest.skip("no Chromium is installed")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        one = Browser(program, folder)
        yield one
        one.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_page_and_nothing_else_happens(
    browser: Browser, tmp_path: Path, any_value: dict[str, Any], width: int, scheme: str
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
    methods = [event["method"] for event in browser.events]
    requests = [
        event["params"]["request"]["url"] for event in browser.events if event["method"] == "Network.requestWillBeSent"
    ]
    assert requests == [path.as_uri()]
    assert not {
        "Page.javascriptDialogOpening",
        "Runtime.exceptionThrown",
        "Log.entryAdded",
        "Runtime.consoleAPICalled",
    } & set(methods)


@pytest.mark.slow
def test_pieces_of_text_from_right_to_left_stay_in_their_order(
    browser: Browser, tmp_path: Path, value: dict[str, Any]
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
