"""A page in headless Chromium: opened, measured, typed into, and watched for requests and complaints."""

import base64
import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome", "chrome")
COMPLAINTS = {"Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
NAMED = {"ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "Enter": 13, "Escape": 27, "Tab": 9}
SHIFT, CONTROL = 8, 2


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
        asked = self.ask(method, **parameters)
        while True:
            answer = self.next()
            if answer.get("id") == asked:
                assert "error" not in answer, answer
                return dict(answer["result"])
            if "method" in answer:
                self.events.append(answer)
            if answer.get("method") == "Page.javascriptDialogOpening":  # as a page may when it is left; it holds all else up
                self.ask("Page.handleJavaScriptDialog", accept=True)

    def ask(self, method: str, **parameters: Any) -> int:
        """The number that the answer will bear."""
        self.number += 1
        call = {"id": self.number, "method": method, "params": parameters}
        os.write(self.to, json.dumps(call | ({"sessionId": self.session} if self.session else {})).encode() + b"\0")
        return self.number

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
        self("Page.navigate", url="about:blank")
        self.until("location.protocol === 'about:'")
        self.events.clear()
        self("Page.navigate", url=path.as_uri())
        self.until("document.readyState + location.protocol === 'completefile:'")

    def until(self, expression: str) -> None:
        """Waits, a minute at most, until an expression is true."""
        last = time.monotonic() + 60
        while time.monotonic() < last:
            if self.value(expression) is True:
                return
            time.sleep(0.05)
        raise AssertionError(f"never true: {expression}")

    def value(self, expression: str) -> Any:
        return self("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def press(self, key: str, modifiers: int = 0) -> None:
        """A key as a hand presses it: its name, or the sign it types."""
        named = {"windowsVirtualKeyCode": NAMED[key]} if key in NAMED else {"text": "" if modifiers & CONTROL else key}
        code = f"Key{key.upper()}" if len(key) == 1 and key.isalpha() else key
        self("Input.dispatchKeyEvent", type="keyDown", key=key, code=code, modifiers=modifiers, **named)
        self("Input.dispatchKeyEvent", type="keyUp", key=key, code=code, modifiers=modifiers)

    def type(self, text: str) -> None:
        """Text into whatever has the focus."""
        self("Input.insertText", text=text)

    def save_downloads(self, folder: Path) -> None:
        self("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def picture(self, path: Path) -> None:
        """What the window shows, as PNG."""
        path.write_bytes(base64.b64decode(self("Page.captureScreenshot", format="png")["data"]))

    def requests(self) -> list[str]:
        """The addresses asked for since the page was opened, its own among them."""
        sent = (event for event in self.events if event["method"] == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in sent]

    def complaints(self) -> set[str]:
        """Dialogs, errors and messages since the page was opened."""
        return COMPLAINTS & {event["method"] for event in self.events}

    def close(self) -> None:
        self("Browser.close")
        self.process.wait(30)
        os.close(self.to)
        os.close(self.back)
