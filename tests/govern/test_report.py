"""The report: decision first, self-contained, escaped."""

import json
import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest

from govern.distributions import COUNTS, MEASURES, SHARES, Distributions
from govern.evidence import Evidence
from govern.policy import ENTITY_TYPES
from govern.report import SOURCES, render, written
from govern.wording import LANGUAGES, Words

TEMPLATE = Path(__file__).parents[2] / "govern" / "templates" / "report.html.j2"
TABLE = {
    "slice": ["all", "lang:en"],
    **{
        name: [3, 3]
        for name in ("documents_in", "documents", "text_bytes", "spans", "mojibake_documents", "markup_documents")
    },
    "hidden_documents": [0, 0],
}
ROW = {"entity_type": "PERSON", "lang": "en", "source": "letters", "action": "tag", "spans": 4, "documents": 3}
FOUND = Evidence(
    TABLE,
    (ROW,),
    (
        {"measure": "letters_ppm", "from": list(SHARES), "documents": {"all": [0] * 19 + [3], "lang:en": [0] * 19 + [3]}},
        {"measure": "characters", "from": list(COUNTS[:5]), "documents": {"all": [0, 0, 0, 1, 2], "lang:en": [0, 0, 0, 1, 2]}},
    ),
    ({"measure": "spans", "highest": True, "documents": [{"id": "0a" * 16, "value": 12, "lang": "en", "source": "letters"}]},),
)


@pytest.fixture
def claim(draft: Path) -> dict:
    """A schema-valid claim that found something."""
    claim = json.loads((draft / "certificate.json").read_bytes())
    claim["privacy"]["entities"] = [{name: ROW[name] for name in ("entity_type", "lang", "action", "spans", "documents")}]
    return claim


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
    page.feed(render(claim, FOUND, certificate_digest="sha256:0").decode())
    assert "table" in page.tags
    assert not page.tags & {"script", "img", "link", "iframe", "object"}
    assert page.loads == []


def test_hostile_names_are_escaped(claim: dict) -> None:
    """A name, source or reason that looks like markup is shown, not obeyed."""
    claim["corpus"]["name"] = "<script>alert(1)</script>"
    html = render(claim, FOUND, blocking=("<img src=x onerror=alert(1)>",)).decode()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_a_refusal_says_so_and_why_and_claims_nothing(claim: dict) -> None:
    """The first box of a refused run holds the reasons, and the page names no certificate."""
    html = render(claim, FOUND, blocking=("rule x: observed 3, expected at most 0",)).decode()
    box = re.search(r'<div class="decision refused">.*?</div>', html, re.DOTALL)
    assert box is not None
    assert "rule x: observed 3" in box[0]
    assert claim["statement"] not in html
    assert "none: refused" in html


def test_the_same_claim_renders_to_the_same_bytes(claim: dict) -> None:
    """The renderer reads no clock."""
    assert render(claim, FOUND) == render(json.loads(json.dumps(claim)), FOUND)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_of_the_page_stands_in_each_language(claim: dict, lang: str) -> None:
    """Passed and refused, with waivers and releases; no sentence of the template is left out of the list."""
    sentences = set(re.findall(r"""_\("([^"]+)"\)""", TEMPLATE.read_text("utf-8")))
    assert len(sentences) > 60
    words = Words(lang)
    assert all(words.of(sentence) for sentence in sentences)
    claim["decision"]["waivers"] = [{"id": "little-markup", "who": "model risk", "why": "forms", "until": "2027-01-01"}]
    claim["decision"]["releases"] = [{"documents": 2, "who": "data office", "why": "long letters"}]
    html = render(claim, FOUND, lang=lang).decode()
    assert f'<html lang="{lang}">' in html
    assert "model risk" in html
    assert "long letters" in html
    assert render(claim, FOUND, lang=lang, blocking=("rule x",))


def test_the_korean_page_says_what_is_claimed_and_what_is_not_in_korean(claim: dict) -> None:
    """The fixed sentences of a claim, entity types, reasons; a sentence that a policy brings stays as it is."""
    from govern.claim import NON_CLAIMS, STATEMENT

    words = Words("ko")
    names = [*(f"type: {kind}" for kind in ENTITY_TYPES), *(f"measure: {measure.name}" for measure in MEASURES)]
    suite = json.loads(resources.files("expectations").joinpath("corpus-default.json").read_text("utf-8"))
    for text in (STATEMENT, *NON_CLAIMS, *names, *(rule["why"] for rule in suite["rules"])):
        assert re.search("[가-힣]", words.said(text)), text
    claim["non_claims"] = [*NON_CLAIMS, "Not replaced, as the policy says: KR_BRN."]
    html = render(claim, FOUND, lang="ko").decode()
    assert "Not replaced, as the policy says: KR_BRN." in html
    assert NON_CLAIMS[0] not in html


def test_thresholds_are_drawn_where_they_lie(claim: dict) -> None:
    """A dashed line for each limit of the suite on the share of letters, a line for the corpus."""
    asked = {"column": "letters_ppm", "min_value": 400_000, "max_value": 950_000, "slice": "all"}
    claim["quality"]["results"] = [{**claim["quality"]["results"][0], "arguments": asked}]
    claim["quality"]["metrics"] = {"letters_ppm": 700_000}
    html = render(claim, FOUND).decode()
    chart = next(part for part in re.findall(r"<figure>.*?</figure>", html, re.DOTALL) if "Share of letters" in part)
    assert chart.count("stroke-dasharray") == 2
    assert "whole corpus: 70\N{NO-BREAK SPACE}%; thresholds: 40\N{NO-BREAK SPACE}%, 95\N{NO-BREAK SPACE}%" in chart
    other = {"expectation": "expect_table_row_count_to_be_between", "arguments": {"min_value": 1, "max_value": 7}}
    claim["quality"]["results"].append({**claim["quality"]["results"][0], **other})
    claim["quality"]["metrics"] = {}
    spans = Evidence(TABLE, (), ({**FOUND.distributions[1], "measure": "spans"},))
    assert "thresholds: 1, 7" not in render(claim, spans).decode()
    assert "whole corpus:" not in render(claim, FOUND).decode()


def test_the_page_stays_small_for_any_number_of_sources(claim: dict) -> None:
    """20,000 undeclared sources, each with its findings: the most frequent are shown, the rest is counted."""
    many = 20_000
    table = {name: [*values, *([1] * many)] for name, values in TABLE.items()}
    table["slice"] = [*TABLE["slice"], *(f"source:source-{number:012x}" for number in range(many))]
    rows = tuple({**ROW, "source": f"source-{number:012x}", "spans": number} for number in range(many))
    html = render(claim, Evidence(table, rows, FOUND.distributions, FOUND.worst))
    assert len(html) < 500_000
    assert f"source-{many - 1:012x}" in html.decode()
    assert f"And {many - SOURCES:,} more sources" in html.decode()


def test_sources_and_ids_are_escaped(claim: dict) -> None:
    """Names that a policy declares."""
    row = {**ROW, "source": "<b onclick=x>"}
    worst = ({**FOUND.worst[0], "documents": [{"id": "0a", "value": 1, "lang": "en", "source": "<i>"}]},)
    html = render(claim, Evidence(TABLE, (row,), FOUND.distributions, worst)).decode()
    assert "<b onclick" not in html
    assert "<i>" not in html
    assert "&lt;b onclick=x&gt;" in html
    assert "&lt;i&gt;" in html


def test_a_folder_of_before_has_a_report_without_charts(claim: dict) -> None:
    """Its evidence is the metrics table alone."""
    html = render(claim, Evidence(TABLE)).decode()
    assert "How documents are distributed" not in html
    assert "Documents to look at" not in html


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("letters_ppm", 626_800, "62.68\N{NO-BREAK SPACE}%"),
        ("letters_ppm", 0, "0\N{NO-BREAK SPACE}%"),
        ("mean_word_length_milli", 5690, "5.69"),
        ("documents", 1_234_567, "1,234,567"),
        ("documents", None, "–"),
        ("", "a 1, b 2", "a 1, b 2"),
    ],
)
def test_values_read_as_a_reader_wants_them(name: str, value: object, said: str) -> None:
    """Parts per million as percent, thousandths as decimals."""
    assert written(name, value) == said


def test_documents_are_counted_once_in_the_bins_of_their_measures() -> None:
    """Whatever the frames they came in; the furthest out are the same ten."""
    import polars as pl

    rows = [
        {"id": f"{n:032x}", "lang": "ko" if n % 3 else "en", "source": "s", "characters": n * n, "letters": n, "visible": 2 * n,
         "masked_characters": n % 7, "raw_characters": n, "spans": n % 5}
        for n in range(200)
    ]  # fmt: skip
    frame = pl.DataFrame(rows)
    whole, parts = Distributions(), Distributions()
    whole.add(frame)
    for start in (150, 0, 60):
        parts.add(frame[start : {150: 200, 0: 60, 60: 150}[start]])
    assert whole.counted() == parts.counted()
    assert whole.furthest() == parts.furthest()
    counted = {entry["measure"]: entry for entry in whole.counted()}
    assert sum(counted["characters"]["documents"]["all"]) == 200
    assert sum(counted["letters_ppm"]["documents"]["all"]) == 199  # a share of nothing is none
    assert counted["letters_ppm"]["documents"]["all"][10] == 199
    assert counted["spans"]["from"] == [0, 1, 2]
    assert counted["spans"]["documents"]["all"][:3] == [40, 40, 120]
    longest = {entry["measure"]: entry for entry in whole.furthest()}["characters"]["documents"]
    assert [row["value"] for row in longest] == [n * n for n in range(199, 189, -1)]
