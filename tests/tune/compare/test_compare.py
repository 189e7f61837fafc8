"""Base against adapter, whole: what is refused, what is measured, and that nothing of a text is in a report."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import tune_world
from tune_world import ISSUED, NOW, SENTENCES, claim, texts

from govern.errors import GovernError
from govern.files import sha256_file
from tune.cli import main
from tune.compare import gate as compare_gate
from tune.compare import report as compare_report
from tune.compare.comparing import HTML, JSON, compare
from tune.compare.gate import Inputs
from tune.compare.resampling import Plan
from tune.errors import TuneError, TuneInterrupted, TuneRefused
from tune.folders import tokenizer

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable` is deprecated:FutureWarning"),  # PEFT's calls
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]
NEWS = [
    {
        "text": f"{word} of the quarter rose to {at} million.",
        "text_ko": f"분기 {korean} {at}억원으로 늘었다.",
        "label": label,
    }
    for at, (word, korean, label) in enumerate(
        [("Profit", "이익이", "positive"), ("Loss", "손실이", "negative"), ("Staff", "직원이", "neutral")] * 4
    )
]
ASKED = [
    {"question": f"What rose in year {at}?", "context": "Profit rose.", "answers": ["profit"], "group": at % 2}
    for at in range(3)
]


def lines(path: Path, rows: list) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def inputs(world, **changes) -> Inputs:
    """Everything that verifies, and few resamples."""
    given = Inputs(world.adapter, world.trust, world.root / "model", world.root / "tokenizer", plan=Plan(200, 0))
    return replace(given, **changes)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory) -> tuple[str, ...]:
    """A labelled set in both languages, and questions."""
    folder = tmp_path_factory.mktemp("tasks")
    return (lines(folder / "news.jsonl", NEWS), lines(folder / "asked.jsonl", ASKED))


@pytest.fixture(scope="module")
def compared(trained, tasks, tmp_path_factory):
    """A comparison on held-out text and two tasks: its value and its folder."""
    out = tmp_path_factory.mktemp("compared") / "report"
    return compare(inputs(trained, corpus=trained.root / "corpus", tasks=tasks), out, now=NOW), out


@pytest.fixture
def corpus(trained, tmp_path):
    """A function that writes another signed corpus."""

    def make(held_out: list[str], langs: list[str] | None = None, **changes) -> Path:
        from govern.attestation import sign
        from govern.certificate import certify
        from govern.files import manifest
        from govern.keys import load_private

        folder, parts = tmp_path / "other", {"documents/part-00000.parquet": texts(5, 90)}
        parts |= {"held-out/part-00000.parquet": held_out} if held_out else {}
        for path, documents in parts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            said = langs if langs and path.startswith("held") else ["en"] * len(documents)
            columns = {"id": [f"{path}{at}" for at in range(len(documents))], "text": documents, "lang": said}
            pl.DataFrame({**columns, "source": ["a"] * len(documents)}).write_parquet(folder / path)
        made = certify({**claim({path: len(documents) for path, documents in parts.items()}), **changes})
        (folder / "certificate.json").write_bytes(made.data)
        (folder / "SHA256SUMS").write_bytes(manifest(folder))
        sign(folder, load_private(trained.root / "keys/sign.pem"), issued=ISSUED, not_after=None)
        return folder

    return make


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
    langs = ["en", "ko"] * 5 + ["no language <b>", "ko"]
    other = corpus(texts(12, 200), langs, purpose={"allowed": ["evaluate"], "intended_use": "tests"})
    value = compare(inputs(trained, corpus=other), tmp_path / "report", now=NOW)
    held = value["held_out"]
    assert held["trained_on"] is False
    assert [one["slice"] for one in held["slices"]] == ["all", "lang:en", "lang:ko", "lang:other"]
    assert [one["documents"] for one in held["slices"]] == [12, 5, 6, 1]
    assert held["slices"][3]["differences"][0]["interval"] is None
    page = (tmp_path / "report" / HTML).read_text("utf-8")
    assert "not the corpus trained on" in page
    assert "no language" not in page
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
    assert "nobody trained" not in "\n".join(compare_report.lines(value))


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


def test_a_broken_chain_is_refused_and_nothing_is_measured(trained, copy, tmp_path):
    """An altered adapter, another tokenizer, another model: exit code 1, with the link's own sentence."""
    mine = copy(trained)
    weights = mine.adapter / "adapter_model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(TuneRefused, match=r"(?s)chain is broken.*adapter_model.safetensors") as caught:
        compare(inputs(mine, corpus=mine.root / "corpus"), tmp_path / "report", now=NOW)
    assert caught.value.exit_code == 1
    for name in ("tokenizer", "model"):
        other = {name: trained.root / "base-tokenizer" if name == "tokenizer" else mine.root / "model"}
        (mine.root / "model/README.md").write_text("# Better\n")
        with pytest.raises(TuneRefused, match="chain is broken"):
            compare(inputs(trained, corpus=trained.root / "corpus", **other), tmp_path / "report", now=NOW)
    assert not (tmp_path / "report").exists()


def test_an_ungoverned_adapter_is_refused_and_an_attested_one_said_to_be_one(trained, copy, tmp_path):
    """What was trained elsewhere has no recipe: the defaults of one are measured with, and that is said."""
    from govern.keys import load_private
    from tune.attesting import attest

    mine = copy(trained)
    key = load_private(mine.root / "keys/sign.pem")
    folders = {name: mine.root / name for name in ("model", "tokenizer")}
    attest(
        mine.adapter,
        mine.root / "attested",
        corpora=[mine.root / "corpus"],
        trust=mine.trust,
        key=key,
        now=NOW,
        **folders,
    )
    given = inputs(mine, adapter=mine.root / "attested", corpus=mine.root / "corpus", rows=2)
    value = compare(given, tmp_path / "report", now=NOW)
    assert value["adapter"]["governance"] == "attested"
    assert value["adapter"]["recipe"] is None
    assert value["systems"][0]["text_window"] == 1024
    assert "trained elsewhere and is attested" in "\n".join(compare_report.lines(value))
    (mine.adapter / "UNGOVERNED.json").write_text("{}")
    with pytest.raises(TuneRefused, match="ungoverned"):
        compare(inputs(mine, corpus=mine.root / "corpus"), tmp_path / "none", now=NOW)


def test_a_corpus_that_does_not_verify_is_refused(trained, copy, corpus, tmp_path):
    """An altered shard, a corpus certified for nothing of the kind, one without a held-out part."""
    mine = copy(trained)
    shard = mine.root / "corpus/held-out/part-00000.parquet"
    shard.write_bytes(shard.read_bytes() + b"\0")
    with pytest.raises(GovernError, match=r"part-00000.parquet: changed"):
        compare(inputs(trained, corpus=mine.root / "corpus"), tmp_path / "report", now=NOW)
    with pytest.raises(TuneRefused, match="no held-out part") as caught:
        compare(inputs(trained, corpus=corpus([])), tmp_path / "report", now=NOW)
    assert caught.value.exit_code == 1
    assert not (tmp_path / "report").exists()


def test_a_model_that_changes_meanwhile_is_refused(trained, copy, tmp_path):
    """What was measured must be what was verified."""
    mine = copy(trained)

    def alter(*_):
        (mine.root / "model/README.md").write_text("# Better\n")

    with pytest.raises(TuneRefused, match="changed while it was measured"):
        compare(inputs(mine, corpus=mine.root / "corpus", rows=1), tmp_path / "report", now=NOW, report=alter)
    assert not (tmp_path / "report").exists()


def test_another_chat_template_than_was_trained_with_is_refused(trained, tmp_path):
    """Its digest stands in the provenance."""
    (tmp_path / "t.jinja").write_text("{{ messages }}")
    words = tokenizer(trained.root / "tokenizer")
    data = trained.recipe().data.model_copy(update={"format": "messages"})
    claimed = {"tokenizer": {"template": "sha256:" + "0" * 64}}
    with pytest.raises(TuneRefused, match="another chat template than was trained with"):
        compare_gate._template(inputs(trained, template=tmp_path / "t.jinja"), words, data, claimed)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "nothing to compare on; give --corpus DIR, or --task FILE"),
        ({"tasks": ("none.jsonl",), "rows": 0}, "--rows 0"),
        ({"tasks": ("none.jsonl",), "plan": Plan(10, 0)}, "--resamples 10"),
        ({"tasks": ("none.jsonl",), "plan": Plan(200, -1)}, "--seed -1"),
        ({"tasks": ("none.jsonl",), "base_model": Path("m")}, "belong together"),
        ({"tasks": ("none.jsonl",)}, "none.jsonl: No such file"),
        ({"tasks": ("news.jsonl", "news.jsonl")}, "two tasks have one name"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(trained, tmp_path, monkeypatch, changes, says):
    """Before anything is loaded."""
    monkeypatch.chdir(tmp_path)
    lines(tmp_path / "news.jsonl", NEWS)
    with pytest.raises(TuneError, match=re.escape(says)) as caught:
        compare(inputs(trained, **changes), tmp_path / "report", now=NOW)
    assert caught.value.exit_code == 2


def test_an_existing_folder_is_never_touched(trained, compared, tmp_path):
    """Not even that of the same comparison."""
    (tmp_path / "report").mkdir()
    for out in (tmp_path / "report", compared[1]):
        with pytest.raises(TuneError, match="exists already"):
            compare(inputs(trained, corpus=trained.root / "corpus"), out, now=NOW)
    assert not any((tmp_path / "report").iterdir())


def test_a_comparison_stopped_from_the_keyboard_keeps_nothing(trained, tmp_path):
    """Exit code 3, and a sentence that does not promise to continue."""

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(TuneInterrupted, match="begins again") as caught:
        compare(inputs(trained, corpus=trained.root / "corpus"), tmp_path / "report", now=NOW, report=stop)
    assert caught.value.exit_code == 3
    assert not any(tmp_path.iterdir())


def test_a_model_that_computes_no_number_is_refused(trained, tmp_path):
    """Weights that are numbers, and whose products overflow."""
    from safetensors.numpy import load_file, save_file

    from tune.base_model import build_for

    wild = build_for(trained.root / "base-tokenizer", tmp_path / "m0", hidden=32, layers=1)
    weights = load_file(wild / "model.safetensors")
    weights["model.norm.weight"][:] = 1e38
    weights["lm_head.weight"] *= 1e6
    save_file(weights, wild / "model.safetensors", {"format": "pt"})
    given = inputs(trained, corpus=trained.root / "corpus", rows=2)
    with pytest.raises(TuneRefused, match="a loss that is no number"):
        compare(
            replace(given, base_model=wild, base_tokenizer=trained.root / "base-tokenizer"),
            tmp_path / "report",
            now=NOW,
        )
    assert not (tmp_path / "report").exists()


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
