"""The report: decision first, self-contained, escaped."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from govern.report import render

TABLE = {
    "slice": ["all", "lang:en"],
    **{
        name: [3, 3]
        for name in ("documents_in", "documents", "text_bytes", "spans", "mojibake_documents", "markup_documents")
    },
    "hidden_documents": [0, 0],
}


@pytest.fixture
def claim(draft: Path) -> dict:
    """A schema-valid claim."""
    return json.loads((draft / "certificate.json").read_bytes())


class Tags(HTMLParser):
    """The tags of a page, and the addresses they load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads.extend(value or "" for name, value in attrs if name in ("src", "href"))


def test_the_page_loads_nothing_and_runs_nothing(claim: dict) -> None:
    """No script, no image, no link: one file that opens anywhere."""
    page = Tags()
    page.feed(render(claim, TABLE, certificate_digest="sha256:0").decode())
    assert "table" in page.tags
    assert not page.tags & {"script", "img", "link", "iframe", "object"}
    assert page.loads == []


def test_hostile_names_are_escaped(claim: dict) -> None:
    """A name, source or reason that looks like markup is shown, not obeyed."""
    claim["corpus"]["name"] = "<script>alert(1)</script>"
    html = render(claim, TABLE, blocking=("<img src=x onerror=alert(1)>",)).decode()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_a_refusal_says_so_and_why_and_claims_nothing(claim: dict) -> None:
    """The first box of a refused run holds the reasons, and the page names no certificate."""
    html = render(claim, TABLE, blocking=("rule x: observed 3, expected at most 0",)).decode()
    box = re.search(r'<div class="decision refused">.*?</div>', html, re.DOTALL)
    assert box is not None
    assert "rule x: observed 3" in box[0]
    assert claim["statement"] not in html
    assert "none: refused" in html


def test_the_same_claim_renders_to_the_same_bytes(claim: dict) -> None:
    """The renderer reads no clock."""
    assert render(claim, TABLE) == render(json.loads(json.dumps(claim)), TABLE)
