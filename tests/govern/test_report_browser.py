"""The report in a browser: it shows, fits, asks for nothing, and hostile names stay text."""

import json
from pathlib import Path
from typing import Any

import pytest

from govern.distributions import COUNTS, SHARES
from govern.evidence import Evidence
from govern.report import render

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_browser_shows_the_report_and_nothing_else_happens(
    browser: Any, tmp_path: Path, draft: Path, width: int, lang: str
) -> None:
    """No request, no script, no complaint, no sideways scrolling of the page; every chart is seen."""
    claim = json.loads((draft / "certificate.json").read_bytes())
    claim["corpus"]["name"] = HOSTILE
    row = {"entity_type": "PERSON", "lang": "ko", "action": "tag", "spans": 4_000_000, "documents": 3_000_000}
    claim["privacy"]["entities"] = [row, {**row, "entity_type": "KR_HEALTH_INSURANCE"}, {**row, "lang": "en", "spans": 7}]
    names = ("documents_in", "documents", "text_bytes", "spans", "mojibake_documents", "markup_documents", "hidden_documents")
    table = {"slice": ["all", "lang:ko", f"source:{HOSTILE}"], **{name: [10**9, 10**9, 3] for name in names}}
    measures = (("letters_ppm", SHARES), ("characters", COUNTS), ("spans", COUNTS[:9]), ("masked_characters_ppm", SHARES))
    distributions = tuple(
        {"measure": name, "from": list(ends), "documents": {"lang:ko": [10**6] * len(ends)}} for name, ends in measures
    )
    far = [{"id": "0a" * 16, "value": 10**9, "lang": "ko", "source": HOSTILE}]
    evidence = Evidence(
        table, ({**row, "source": HOSTILE},), distributions, ({"measure": "spans", "highest": True, "documents": far},)
    )
    path = tmp_path / "report.html"
    path.write_bytes(render(claim, evidence, lang=lang))
    browser.open(path, width, "light")
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.scripts.length") == 0
    assert browser.value("document.querySelectorAll('img, iframe, object, embed, link, form, base, body style').length") == 0
    edges = browser.value("[...document.querySelectorAll('svg')].map(one => one.getBoundingClientRect().width)")
    assert len(edges) == 5
    assert all(min(width, 360) * 0.8 <= edge <= width for edge in edges)
    assert browser.value("document.title").startswith(HOSTILE)
    assert browser.requests() == [path.as_uri()]
    assert not browser.complaints()
