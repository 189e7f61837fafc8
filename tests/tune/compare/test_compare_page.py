"""The page of a comparison in a browser: it fits a desktop and a phone, runs nothing and asks for nothing."""

import pytest

from tune.compare import report as compare_report

HOSTILE = "<script>alert(1)</script>" + "w" * 60


def gain(measure, against, value, verdict):
    ends = [value - 0.02, value + 0.02]
    return {
        "measure": measure,
        "of": "adapter",
        "against": against,
        "value": value,
        "interval": ends,
        "verdict": verdict,
    }


def value() -> dict:
    """Three systems, two languages, a labelled task with a hostile name, and answers."""

    def number(found):
        return {"value": found, "interval": [found - 0.05, found + 0.05]}

    names = ("original", "base", "adapter")
    digest = "sha256:" + "0" * 64
    text = {"nats": 1.0, "tokens": 10, "bytes": 20, "bits_per_byte": number(1.2), "nats_per_token": number(2.1)}
    gains = [gain("bits_per_byte", one, -0.1, "better") for one in names[:2]]
    slices = [
        {"slice": name, "documents": 90, "systems": dict.fromkeys(names, text), "differences": gains}
        for name in ("all", "lang:en", "lang:ko")
    ]
    measures = ("accuracy", "macro_f1", "accuracy_per_byte", "macro_f1_per_byte")
    said = {
        "slice": "all",
        "items": 80,
        "units": 40,
        "systems": {key: {one: number(0.5) for one in measures} for key in names},
        "differences": [
            *(gain(one, rival, 0.05, "no difference shown") for one in measures for rival in names[:2]),
            *(gain(one, "majority", -0.3, "worse") for one in measures[:2]),
        ],
        "majority": {"label": HOSTILE, "accuracy": number(0.6), "macro_f1": number(0.3)},
        "labels": [{"label": HOSTILE, "items": 80, "systems": {key: {"said": 80, "right": 40} for key in names}}],
    }
    file = {"name": HOSTILE, "sha256": digest}
    items = {"asked": 90, "measured": 80, "too_long": 10}
    task = {
        "name": HOSTILE,
        "kind": "labels",
        "files": [file],
        "items": items,
        "written_tokens": None,
        "slices": [said],
    }
    asked = {
        "slice": "all",
        "items": 8,
        "units": 8,
        "systems": {key: {"exact_match": number(0.25)} for key in names},
        "differences": [gain("exact_match", one, 0.1, None) for one in names[:2]],
    }
    answers = {**task, "name": "asked", "kind": "answers", "written_tokens": 64, "slices": [asked]}
    system = {"model": digest, "tokenizer": digest, "quantisation": "nf4", "text_window": 1024, "task_window": 4096}
    return {
        "adapter": {
            "governance": "attested",
            "weights": digest,
            "provenance": digest,
            "issued": "2026-01-31T09:00:00Z",
            "key_ids": [digest],
            "certificates": [digest],
        },
        "systems": [
            {"name": one, "adapter": one == "adapter", "new_ids": 0, "note": "a note", **system} for one in names
        ],
        "resampling": {"level_percent": 95, "resamples": 2000, "seed": 0, "fewest_units_for_a_verdict": 10},
        "held_out": {
            "corpus": HOSTILE,
            "certificate": digest,
            "manifest": digest,
            "trained_on": False,
            "convention": "Once.",
            "documents": {"held_out": 100, "chosen": 90, "measured": 90, "dropped": {"base": {"one token or none": 2}}},
            "slices": slices,
        },
        "tasks": [task, answers],
        "code": {"assay": "0", "environment_digest": digest, "device": "cpu"},
    }


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_page_and_nothing_else_happens(browser, tmp_path, width, scheme):
    """No request, no script, no sideways scrolling with everything unfolded; hostile names are only text."""
    path = tmp_path / "report.html"
    path.write_text(compare_report.html(value()), encoding="utf-8")
    browser.open(path, width, scheme)
    browser.value("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.scripts.length") == 0
    assert browser.value("document.querySelectorAll('svg').length") == 3
    assert browser.value("document.title") == f"Adapter against base on {HOSTILE}"
    dark = browser.value("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    requests = [
        event["params"]["request"]["url"] for event in browser.events if event["method"] == "Network.requestWillBeSent"
    ]
    assert requests == [path.as_uri()]
    methods = {event["method"] for event in browser.events}
    assert not {"Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Log.entryAdded"} & methods


def test_the_page_of_every_kind_of_result_is_the_same_twice():
    """The renderer reads nothing but the value."""
    assert compare_report.html(value()) == compare_report.html(value())
    assert "WORSE" not in "\n".join(compare_report.lines(value()))
