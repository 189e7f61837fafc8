"""Base against adapter, whole: what is refused, what is measured, and that nothing of a text is in a report."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tune_world
from compare_world import ASKED, NEWS, inputs, lines
from tune_world import NOW, SENTENCES, texts

from govern.files import sha256_file
from tune.cli import main
from tune.compare import report as compare_report
from tune.compare.comparing import HTML, JSON, compare
from tune.errors import TuneError, TuneRefused

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable` is deprecated:FutureWarning"),  # PEFT's calls
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]


def test_training_shows_on_held_out_text(compared):
    """Six steps gain on the corpus's own held-out part, and the interval says so."""
    held = compared[0]["held_out"]
    assert held["trained_on"] is True
    assert held["documents"] == {"held_out": 10, "chosen": 10, "measured": 10, "dropped": {"base": {}, "adapter": {}}}
    (every,) = held["slices"]
    (gained,) = every["differences"]
    base, adapter = (every["systems"][name] for name in ("base", "adapter"))
    assert gained["verdict"] == "better"
    assert gained["interval"][0] <= gained["value"] <= gained["interval"][1] < 0
    difference = adapter["bits_per_byte"]["value"] - base["bits_per_byte"]["value"]
    assert gained["value"] == pytest.approx(difference, abs=1e-8)
    assert base["bytes"] == adapter["bytes"] == sum(len(one.encode()) for one in texts(10, 50))


def test_tasks_have_both_languages_and_what_knows_nothing(compared):
    """A Korean and an English slice; four of twelve rows are right by always saying the same."""
    news, asked = compared[0]["tasks"]
    assert [one["slice"] for one in news["slices"]] == ["all", "lang:en", "lang:ko"]
    assert (news["slices"][0]["items"], news["slices"][0]["units"]) == (24, 12)
    assert news["slices"][2]["majority"]["accuracy"]["value"] == pytest.approx(1 / 3)
    assert set(news["by_item"]["right"]) == {"base", "adapter"}
    assert len(news["by_item"]["index"]) == 24
    assert sum(news["by_item"]["right"]["base"]) == round(
        24 * news["slices"][0]["systems"]["base"]["accuracy"]["value"]
    )
    assert (asked["kind"], asked["slices"][0]["units"]) == ("answers", 2)
    assert asked["files"][0]["sha256"].startswith("sha256:")


def test_a_report_holds_digests_and_nothing_of_a_text(compared, trained, tasks):
    """No sentence, prompt, option or answer, and no path of this machine."""
    value, out = compared
    assert sorted(path.name for path in out.iterdir()) == sorted((JSON, HTML))
    assert not list(out.parent.glob("*.partial"))
    words = {word for text in SENTENCES for word in text.split() if len(word) > 7 and "{" not in word}
    words |= {"Profit", "Staff", "분기", "이익", "긍정", "What rose", "profit"}
    for path in out.iterdir():
        data = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in data], path.name
        assert str(trained.root) not in data
    assert json.loads((out / JSON).read_bytes()) == value
    assert value["adapter"]["weights"] == "sha256:" + sha256_file(trained.adapter / "adapter_model.safetensors")
    assert value["adapter"]["certificates"] == [value["held_out"]["certificate"]]
    assert {one["name"]: one["adapter"] for one in value["systems"]} == {"base": False, "adapter": True}
    assert "new tokens whose rows nobody trained" in "\n".join(compare_report.lines(value))
    digest = "sha256:" + sha256_file(Path(tasks[0]))
    assert value["tasks"][0]["files"] == [{"name": "news.jsonl", "sha256": digest}]


def test_the_same_comparison_has_the_same_bytes_however_things_are_sorted(compared, trained, corpus, tasks, tmp_path):
    """Again, over task rows in another order, and over a corpus in another order."""
    _, out = compared
    moved = (lines(tmp_path / "news.jsonl", NEWS[::-1]), lines(tmp_path / "asked.jsonl", ASKED[::-1]))
    folder = trained.root / "corpus"
    again = compare(inputs(trained, corpus=folder, tasks=tasks), tmp_path / "a", now=NOW)
    assert (tmp_path / "a" / JSON).read_bytes() == (out / JSON).read_bytes()
    assert (tmp_path / "a" / HTML).read_bytes() == (out / HTML).read_bytes()
    other = corpus(texts(10, 50)[::-1])
    turned = compare(inputs(trained, corpus=other, tasks=moved), tmp_path / "b", now=NOW)
    assert turned["held_out"]["slices"] == again["held_out"]["slices"]
    for before, after in zip(again["tasks"], turned["tasks"], strict=True):
        assert before["slices"] == after["slices"]
        assert before["files"] != after["files"]


def test_a_fresh_adapter_does_not_differ_from_its_base(trained, copy, tasks, tmp_path):
    """One step that moves nothing: the difference is rounding, and no verdict is given for it."""
    from tune.running import run

    mine = copy(trained)
    shutil.rmtree(mine.adapter)
    recipe = mine.recipe()
    still = recipe.training.model_copy(update={"learning_rate": 1e-30, "steps": 1, "evaluation_rows": 0})
    run(recipe.model_copy(update={"training": still}), now=NOW)
    value = compare(inputs(mine, corpus=mine.root / "corpus", tasks=tasks[:1]), tmp_path / "report", now=NOW)
    (gained,) = value["held_out"]["slices"][0]["differences"]
    assert abs(gained["value"]) < 1e-6
    assert gained["verdict"] == "no difference shown"
    for task in value["tasks"]:
        compared = [one for one in task["slices"][0]["differences"] if one["against"] == "base"]
        assert {one["value"] for one in compared} == {0}
        assert {one["verdict"] for one in compared} <= {"no difference shown", None}
    assert "no difference shown between adapter and base" in "\n".join(compare_report.lines(value))


def test_another_corpus_is_measured_on_and_said_to_be_another(trained, corpus, tmp_path):
    """Certified for evaluation alone; by language where there are several; what is no language's name is not shown."""
    langs = ["en", "ko"] * 5 + ["no language <b>", "Kim-Minsu"]
    other = corpus(texts(12, 200), langs, purpose={"allowed": ["evaluate"], "intended_use": "tests"})
    value = compare(inputs(trained, corpus=other), tmp_path / "report", now=NOW)
    held = value["held_out"]
    assert held["trained_on"] is False
    assert [one["slice"] for one in held["slices"]] == ["all", "lang:en", "lang:ko", "lang:und"]
    assert [one["documents"] for one in held["slices"]] == [12, 5, 5, 2]
    page = (tmp_path / "report" / HTML).read_text("utf-8")
    assert "not the corpus trained on" in page
    assert "no language" not in page
    assert "Minsu" not in page
    assert "is not the corpus trained on" in "\n".join(compare_report.lines(value))


def test_a_single_held_out_document_has_no_interval_and_that_is_said(trained, corpus, tmp_path):
    """Nothing is called better on one document."""
    value = compare(inputs(trained, corpus=corpus(texts(1, 300))), tmp_path / "report", now=NOW)
    (gained,) = value["held_out"]["slices"][0]["differences"]
    assert (gained["interval"], gained["verdict"]) == (None, None)
    assert "a single document, so there is no interval" in "\n".join(compare_report.lines(value))
    assert "no interval" in (tmp_path / "report" / HTML).read_text("utf-8")


def test_rows_bounds_documents_and_task_rows_evenly(trained, tasks, tmp_path):
    """And the report says that not all were measured."""
    given = inputs(trained, corpus=trained.root / "corpus", tasks=tasks[:1], rows=3)
    value = compare(given, tmp_path / "report", now=NOW)
    assert value["held_out"]["documents"]["measured"] == 3
    assert value["tasks"][0]["items"]["measured"] == 6
    assert "3 of 10 held-out documents were measured" in "\n".join(compare_report.lines(value))


def test_the_original_base_under_its_own_tokenizer_is_compared_by_the_byte(trained, tasks, tmp_path):
    """A third system, on the same documents and bytes, under other tokens."""
    from tune.base_model import build_for

    original = build_for(trained.root / "base-tokenizer", tmp_path / "m0", hidden=32, layers=1)
    given = inputs(trained, corpus=trained.root / "corpus", tasks=tasks[:1], rows=5)
    value = compare(
        replace(given, base_model=original, base_tokenizer=trained.root / "base-tokenizer"),
        tmp_path / "report",
        now=NOW,
    )
    assert [one["name"] for one in value["systems"]] == ["original", "base", "adapter"]
    systems = value["held_out"]["slices"][0]["systems"]
    assert systems["original"]["bytes"] == systems["adapter"]["bytes"]
    assert systems["original"]["tokens"] > systems["adapter"]["tokens"]
    assert {one["against"] for one in value["held_out"]["slices"][0]["differences"]} == {"original", "base"}
    assert "original" in value["tasks"][0]["slices"][0]["systems"]
    said = "\n".join(compare_report.lines(value))
    assert "nobody trained" not in said
    assert "not shown to be what the base was made from: no embedding.json lies beside the base" in said


@pytest.mark.parametrize("columns", ["as_pairs", "as_messages"])
def test_corpora_of_other_formats_are_measured_where_they_are_learned(trained, tmp_path, columns):
    """Completions of prompts; and what the assistant says, with the chat template that is given."""
    from govern.keys import load_private

    made = getattr(tune_world, columns)
    key = load_private(trained.root / "keys/sign.pem")
    folder = tune_world.write_corpus(tmp_path / "c", key, columns_of=made, statement="Made for another test.")
    template = tmp_path / "t.jinja"
    template.write_text(
        "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}"
        "{% if add_generation_prompt %}[assistant] {% endif %}"
    )
    if columns == "as_pairs":
        with pytest.raises(TuneError, match="the corpus holds no conversations"):
            compare(inputs(trained, corpus=folder, template=template), tmp_path / "none", now=NOW)
    chosen = None if columns == "as_pairs" else template
    value = compare(inputs(trained, corpus=folder, template=chosen), tmp_path / "report", now=NOW)
    whole = sum(len(one.encode()) for one in texts(10, 50))
    size = value["held_out"]["slices"][0]["systems"]["base"]["bytes"]
    if columns == "as_pairs":
        assert whole * 0.6 < size < whole
        assert (value["held_out"]["format"], value["held_out"]["template"]) == ("prompt-completion", None)
    else:
        assert size == whole + 10  # the line's end belongs to the turn
        assert value["held_out"]["template"].startswith("sha256:")


def test_items_that_do_not_fit_are_counted(trained, tmp_path):
    """One long item of thirteen is left out; of a file of long ones alone nothing is left."""
    long = {**NEWS[0], "text": "profit " * 600, "text_ko": None}
    value = compare(
        inputs(trained, tasks=(lines(tmp_path / "news.jsonl", [*NEWS, long]),)), tmp_path / "report", now=NOW
    )
    assert value["held_out"] is None
    assert value["tasks"][0]["items"] == {"asked": 25, "measured": 24, "too_long": 1}
    assert "1 of 25 items are longer than the window" in "\n".join(compare_report.lines(value))
    only = lines(tmp_path / "long.jsonl", [long, {**long, "label": "negative"}])
    with pytest.raises(TuneRefused, match=r"long: every item is longer than the model's window"):
        compare(inputs(trained, tasks=(only,)), tmp_path / "none", now=NOW)
    assert not (tmp_path / "none").exists()


def test_the_command_prints_a_table_or_json(trained, compared, tasks, tmp_path, capsys):
    """With the report's place last, and the exit code 0 whatever was found."""
    command = ["compare", str(trained.adapter), "--trust", str(trained.trust[0]), "--resamples", "200"]
    for name in ("model", "tokenizer", "corpus"):
        command += [f"--{name}", str(trained.root / name)]
    command += ["--task", tasks[0], "--task", f"answers:{tasks[1]}"]
    assert main([*command, "--out", str(tmp_path / "report")]) == 0
    printed = capsys.readouterr().out
    assert "Bits per byte of held-out text" in printed
    assert "the adapter is better than its base" in printed
    assert printed.rstrip().endswith("report.html: written")
    assert main([*command, "--out", str(tmp_path / "again"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.pop("report").endswith("report.html")
    assert found["held_out"] == compared[0]["held_out"]
    assert main([*command, "--out", str(tmp_path / "again")]) == 2
    assert "exists already" in capsys.readouterr().err


def test_the_page_runs_nothing_and_shows_hostile_names_as_text(compared):
    """No script, a policy that allows none, nothing fetched; names are escaped and what is not seen in them is written."""
    value = json.loads(json.dumps(compared[0]))
    hostile = "<script>alert(1)</script>\u202e"
    value["held_out"]["corpus"] = hostile
    value["tasks"][0]["name"] = hostile
    value["tasks"][0]["files"][0]["name"] = hostile
    for one in value["tasks"][0]["slices"]:
        one["majority"]["label"] = hostile
    for one in value["tasks"][0]["slices"][0]["labels"]:
        one["label"] = hostile
    page = compare_report.html(value)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:src|href)=|url\(|@import|<(?:link|img|iframe|form)\b", page)
    assert compare_report.html(value) == page
    assert "\u202e" not in "\n".join(compare_report.lines(value))
