"""The dataset card, and what both cards of a certified corpus say alike."""

import json
from pathlib import Path

import pytest
import yaml
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from govern.cards import Licence, languages, licences, origins, tags, verdicts
from govern.certificate import Certificate, certify, load
from govern.dataset_card import code, prose, render, size, split_name

HOSTILE = (
    "x\n---\n# Audited by the regulator",
    "---",
    "# Audited",
    "`x` | <img src=x onerror=alert(1)> | [click](javascript:alert(1))",
    "*a: &b !!python/object/apply:os.system ['id']",
    "1. one\n2. two",
    "- list",
    "+ list",
    "===",
    "> quote",
    "![x](https://example.com/x.png) www.example.com https://example.com <https://example.com>",
    "```\ncode\n```",
    "    indented",
    "| a | b |\n|---|---|",
    "&lt;b&gt; \\` \\| \\",
    "가\u202e나\u200b다\ufeff\x00\x85\u2028",
    "   ",
    "{{ 7 * 7 }}{% raw %}",
)


def _source(name: str, licence: str | None, certified: int = 4, *, declared: bool = True, **more: object) -> dict:
    return {
        "name": name, "declared": declared, "owner": None, "licence": licence, "legal_basis": None, "period": None,
        "documents_in": certified, "documents_certified": certified, "input_digests": [], **more,
    }  # fmt: skip


@pytest.fixture
def claim(draft: Path) -> dict:
    """A schema-valid claim."""
    return json.loads((draft / "certificate.json").read_bytes())


def _card(claim: dict) -> DatasetCard:
    return DatasetCard(render(certify(claim)))


def _shape(text: str) -> list[tuple[str, str]]:
    """The blocks and spans that a reader of Markdown with tables makes of a text, without the words."""
    reader = MarkdownIt("commonmark").enable("table")
    found = []
    for token in reader.parse(text):
        found.append((token.type, token.tag))
        found.extend((child.type, child.tag) for child in token.children or () if not child.type.startswith("text"))
    return found


def test_the_card_repeats_what_is_not_claimed(certified_folder: Path) -> None:
    """The card carries the counts, the digest and every non-claim of the certificate."""
    certificate = load((certified_folder / "certificate.json").read_bytes(), "certificate.json")
    card = render(certificate)
    for line in certificate.claim["non_claims"]:
        assert f"- {line}" in card
    assert certificate.digest in card
    assert "| certified | 4 |" in card
    assert card.startswith("---\npretty_name: test corpus\nlanguage:\n- en\nlicense: unknown\n")


def test_the_front_matter_is_what_the_hub_reads(claim: dict) -> None:
    """Its own reader takes every key; parts are splits, and the digest keeps two corpora apart in a cache."""
    claim["corpus"]["languages"].append({"lang": "ko", "documents": 2, "text_bytes": 9})
    claim["corpus"]["languages"].append({"lang": "und", "documents": 1, "text_bytes": 9})
    data = _card(claim).data.to_dict()
    assert data["language"] == ["en", "ko"]
    assert data["size_categories"] == ["n<1K"]
    assert data["task_categories"] == ["text-generation"]
    assert data["configs"] == [
        {
            "config_name": "default",
            "description": certify(claim).digest,
            "data_files": [
                {"split": "train", "path": "documents/part-*.parquet"},
                {"split": "held_out", "path": "held-out/part-*.parquet"},
            ],
        }
    ]
    assert [(split["name"], split["num_examples"]) for split in data["dataset_info"]["splits"]] == [
        ("train", 3), ("held_out", 1),
    ]  # fmt: skip


def test_no_language_is_named_where_none_is_known(claim: dict) -> None:
    """Text that is in neither language is no language of the Hub's."""
    claim["corpus"]["languages"] = [{"lang": "und", "documents": 4, "text_bytes": 9}]
    assert languages(claim) == []
    assert "language" not in _card(claim).data.to_dict()


@pytest.mark.parametrize(
    ("documents", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (9999, "1K<n<10K"), (10_000, "10K<n<100K"), (10**9, "1B<n<10B"),
     (10**12, "n>1T"), (10**15, "n>1T")],
)  # fmt: skip
def test_size_categories(documents: int, category: str) -> None:
    """Each category reaches ten times as far as the one before."""
    assert size(documents) == category


@pytest.mark.parametrize(
    ("declared", "url", "hub"),
    [
        ("cc-by-4.0", "https://spdx.org/licenses/CC-BY-4.0", "cc-by-4.0"),
        ("ODbL-1.0", "https://spdx.org/licenses/ODbL-1.0", "odbl"),
        ("GPL-3.0-only", "https://spdx.org/licenses/GPL-3.0-only", "other"),
        ("MIT AND CC0-1.0", None, "other"),
        ("LicenseRef-Bank", None, "other"),
        ("US-PD", None, "other"),
        ("and", None, "other"),
        ("(" * 500, None, "other"),
        ("https://example.com/terms", "https://example.com/terms", "other"),
        ("https://example.com/a b", None, "other"),
        ("사내 이용 허락", None, "other"),
    ],
)
def test_a_licence_is_known_only_where_it_is(declared: str, url: str | None, hub: str) -> None:
    """One licence of the SPDX list has an address; an expression, and a bank's own terms, are only a name."""
    assert Licence(declared).url == url
    assert Licence(declared).hub == hub


@pytest.mark.parametrize(
    ("sources", "keys"),
    [
        ([], {"license": "unknown"}),
        ([_source("a", None)], {"license": "unknown"}),
        ([_source("a", "MIT"), _source("b", "MIT")], {"license": "mit"}),
        ([_source("a", "MIT"), _source("b", "CC-BY-4.0")], {"license": ["cc-by-4.0", "mit"]}),
        ([_source("a", "MIT"), _source("b", None)], {"license": ["mit", "unknown"]}),
        ([_source("a", "MIT"), _source("b", None, 0)], {"license": "mit"}),
        ([_source("a", "US-PD")], {"license": "other", "license_name": "us-pd"}),
        ([_source("a", "Bank: terms, 2"), _source("b", "US-PD")],
         {"license": "other", "license_name": "bank-terms-2-and-us-pd"}),
        ([_source("a", "사내 이용")], {"license": "other", "license_name": "declared-by-source"}),
        ([_source("a", "https://example.com/t")],
         {"license": "other", "license_name": "https-example.com-t", "license_link": "https://example.com/t"}),
    ],
)  # fmt: skip
def test_licences_of_the_front_matter(claim: dict, sources: list[dict], keys: dict) -> None:
    """Each licence of what was certified; `unknown` where one is not declared; a name where the Hub knows none."""
    claim["sources"] = sources
    data = _card(claim).data.to_dict()
    assert {key: value for key, value in data.items() if key.startswith("license")} == keys
    assert (None in licences(claim)) == ("unknown" in data["license"])


def test_sources_that_nobody_declared_are_one_line(claim: dict) -> None:
    """Their keyed names say nothing, and there may be thousands; counts are added."""
    claim["sources"] = [_source(f"source-{n}", None, 2, declared=False) for n in range(1000)]
    claim["sources"].append(_source("filings", "MIT", owner="A bank", period="2024"))
    assert [(each.name, each.sources, each.certified) for each in origins(claim)] == [
        ("filings", 1, 4), (None, 1000, 2000),
    ]  # fmt: skip
    card = render(certify(claim))
    assert "| `filings` | MIT | A bank | not declared | 2024 | 4 | 4 |" in card
    assert "| 1,000 without declaration |" in card
    assert "source-" not in card


def test_tags_say_only_what_is_so(claim: dict) -> None:
    """`finance` is of the declared use; `pii-masked` where something was replaced, not where all was kept."""
    entity = {"entity_type": "KR_CRN", "lang": "ko", "action": "keep", "spans": 3, "documents": 2}
    claim["privacy"]["entities"] = [entity]
    assert tags(claim) == ["certified-corpus"]
    claim["purpose"]["intended_use"] = "금융 문서 학습"
    claim["privacy"]["entities"] = [{**entity, "action": "tag"}]
    assert tags(claim) == ["finance", "pii-masked", "pseudonymised", "certified-corpus"]


def test_what_was_found_is_told_by_type(claim: dict) -> None:
    """With the count and what was done; what a policy keeps is said to be there."""
    claim["privacy"]["entities"] = [
        {"entity_type": "PERSON", "lang": "en", "action": "tag", "spans": 1200, "documents": 30},
        {"entity_type": "KR_CRN", "lang": "ko", "action": "keep", "spans": 3, "documents": 2},
    ]
    card = render(certify(claim))
    assert "| `PERSON` | `en` | 1,200 | 30 | replaced by tags numbered within the document |" in card
    assert "| `KR_CRN` | `ko` | 3 | 2 | left as they are |" in card
    assert "Recall: not measured (a test)" in card


def test_duplicates_waivers_and_what_was_measured(claim: dict) -> None:
    """Each stands in the card in words."""
    claim["accounting"] = {**claim["accounting"], "in": 1007, "dropped": {"exact_duplicate": 1000, "withdrawn": 3}}
    claim["decision"]["waivers"] = [{"id": "mojibake", "who": "A. Officer", "why": "old export", "until": "2026-12-31"}]
    claim["privacy"]["residual"] = {"status": "measured", "method": "audit", "counts": {"missed": 2, "read": 400}}
    claim["issuer"], claim["legal"]["residency"] = "A bank", "KR"
    limits = {"max_document_characters": 90_000, "regex_timeout_s": None}
    claim["decision"]["releases"] = [{"documents": 2, "who": "B. Officer", "why": "long letters", **limits}]
    card = render(certify(claim))
    assert "| 2 | B. Officer | long letters | 90,000 | as the policy |" in card
    assert "the first stays; dropped: 1,000\n- Parts share no document" in card
    assert r"Dropped: 1,000 exact\_duplicate, 3 withdrawn" in card
    assert "| `mojibake` | A. Officer | old export | 2026-12-31 |" in card
    assert "Residual risk: 2 missed, 400 read (audit)" in card
    assert "- Issuer: A bank" in card
    assert "- Residency, as declared: KR" in card


def test_a_rule_that_did_not_pass_is_named(claim: dict) -> None:
    """With why it did not stop the corpus; `unknown` is not passed."""
    rule = claim["quality"]["results"][0]
    others = [
        ("mojibake", "critical", "failed", 7),
        ("markup", "warning", "failed", 0),
        ("short", "warning", "unknown", None),
    ]
    claim["quality"]["results"] += [
        {**rule, "id": name, "severity": severity, "status": status, "observed": observed}
        for name, severity, status, observed in others
    ]
    claim["decision"]["waivers"] = [{"id": "mojibake", "who": "A. Officer", "why": "old", "until": "2026-12-31"}]
    assert verdicts(claim) == {"passed": 1, "failed (waived)": 1, "failed (warning)": 1, "unknown (warning)": 1}
    card = render(certify(claim))
    assert "- Suite `default`: 1 failed (waived), 1 failed (warning), 1 passed, 1 unknown (warning)\n" in card
    assert (
        "| `mojibake` | critical | failed | 7 |\n| `markup` | warning | failed | 0 |\n| `short` | warning | unknown | – |"
        in card
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_from_outside_is_obeyed(claim: dict, text: str) -> None:
    """Whatever a name, column, source, purpose or waiver holds: the card has the blocks and front matter of a plain one."""

    def written(value: str, source: str) -> Certificate:
        claim["corpus"]["name"] = value
        claim["corpus"]["columns"] = ["id", "text", "lang", "source", value]
        claim["sources"] = [
            _source(value, source, owner=value, legal_basis=value, period=value, reason=value, entities={})
        ]
        claim["purpose"]["intended_use"] = claim["issuer"] = claim["statement"] = value
        claim["legal"].update(approval=value, residency=value)
        claim["non_claims"] = [value]
        claim["decision"]["waivers"] = [{"id": value, "who": value, "why": value, "until": value}]
        limits = {"max_document_characters": None, "regex_timeout_s": 1.5}
        claim["decision"]["releases"] = [{"documents": 1, "who": value, "why": value, **limits}]
        claim["quality"]["results"][0].update(id=value, status="failed", observed=value)
        claim["pipeline"]["policy"]["name"] = claim["quality"]["suite"]["name"] = value
        claim["privacy"].update(technique=value, entities=[
            {"entity_type": value, "lang": value, "action": value, "spans": 1, "documents": 1}
        ])  # fmt: skip
        return certify(claim)

    plain, hostile = DatasetCard(render(written("plain", "plain"))), DatasetCard(render(written(text, text)))
    if text.strip():
        assert _shape(hostile.text) == _shape(plain.text)
    assert "<img" not in MarkdownIt("commonmark").render(hostile.text)
    shown = yaml.safe_load(render(written(text, text)).split("\n---\n")[0].removeprefix("---\n"))
    assert shown.keys() - {"license_name"} == plain.data.to_dict().keys() - {"license_name"}
    assert str(shown.get("pretty_name", "")).isprintable()
    assert shown["tags"] == plain.data.tags


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("1. one", "1\\. one"),
        ("- x", "\\- x"),
        ("a - b 1.5%", "a - b 1.5%"),
        ("see https://x.y", "see https\\://x.y"),
        ("WWW.x.y", "WWW\\.x.y"),
        ("a\nb", "a\\\\nb"),
        ("<PERSON_1>", "\\<PERSON\\_1\\>"),
        ("대출 금리", "대출 금리"),
    ],
)
def test_prose_is_escaped_no_more_than_it_needs(text: str, escaped: str) -> None:
    """Plain sentences stay as they are."""
    assert prose(text) == escaped


@pytest.mark.parametrize(
    ("text", "escaped"), [("a`b|c", "`a'b\\|c`"), ("x\n# y", "`x\\n# y`"), ("  ", "(blank)"), ("메모", "`메모`")]
)
def test_a_name_as_code(text: str, escaped: str) -> None:
    """Nothing in it ends the code or the cell."""
    assert code(text) == escaped


def test_splits_are_called_as_datasets_may_call_them() -> None:
    """A hyphen is no part of a split's name there."""
    assert split_name("documents") == "train"
    assert split_name("held-out") == "held_out"


def test_the_same_certificate_gives_the_same_card(certified_folder: Path) -> None:
    """Byte for byte."""
    certificate = load((certified_folder / "certificate.json").read_bytes(), "certificate.json")
    assert render(certificate) == render(load(certificate.data, "again"))
