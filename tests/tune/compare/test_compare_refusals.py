"""What `tune compare` refuses, before anything is loaded where it can: nothing is left of it."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from compare_world import NEWS, inputs, lines
from tune_world import NOW

from govern.errors import GovernError
from tune.compare import gate as compare_gate
from tune.compare import report as compare_report
from tune.compare.comparing import compare
from tune.compare.resampling import Plan
from tune.errors import TuneError, TuneInterrupted, TuneRefused
from tune.folders import tokenizer

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.tune,
    pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable` is deprecated:FutureWarning"),  # PEFT's calls
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]


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


@pytest.mark.parametrize(
    "name", ["model/README.md", "tokenizer/README.md", "adapter/adapter_config.json", "adapter/recipe.json"]
)
@pytest.mark.parametrize("when", ["after the chain was checked", "while it is measured"])
def test_what_changes_meanwhile_is_refused(trained, copy, tasks, tmp_path, monkeypatch, name, when):
    """What was measured must be what was signed: model, tokenizer and each file of the adapter."""
    mine = copy(trained)
    path = mine.root / name

    def alter(*_):
        path.write_bytes(path.read_bytes().replace(b'"lora_alpha":32', b'"lora_alpha":33') + b"\n")

    def read(argument):
        alter()
        return read_task(argument)

    read_task = compare_gate.read_task
    given = inputs(mine, tasks=tasks[:1], rows=3)
    if when == "while it is measured":
        report = alter
    else:
        monkeypatch.setattr(compare_gate, "read_task", read)
        report = None
    with pytest.raises(TuneRefused, match=r"changed while it was (read|measured)"):
        compare(given, tmp_path / "report", now=NOW, report=report)
    assert not (tmp_path / "report").exists()


def test_an_original_whose_tokenizer_changes_meanwhile_is_refused(trained, tasks, tmp_path):
    """As its model."""
    from tune.base_model import build_for

    words = shutil.copytree(trained.root / "base-tokenizer", tmp_path / "t0")
    original = build_for(words, tmp_path / "m0", hidden=32, layers=1)
    given = inputs(trained, tasks=tasks[:1], rows=3, base_model=original, base_tokenizer=words)
    with pytest.raises(TuneRefused, match="t0: changed while it was measured"):
        compare(given, tmp_path / "report", now=NOW, report=lambda *_: (words / "README.md").write_text("# More\n"))


def test_a_report_goes_into_no_input_and_beside_nothing_that_is_not_there(trained, copy, tasks, tmp_path):
    """Exit code 2 before anything is read; no parent is made; nothing that was signed gets a folder more."""
    mine = copy(trained)
    for name in ("adapter", "model", "tokenizer", "corpus"):
        with pytest.raises(TuneError, match="must stay as it is") as caught:
            compare(inputs(mine, corpus=mine.root / "corpus", tasks=tasks), mine.root / name / "report", now=NOW)
        assert caught.value.exit_code == 2
    with pytest.raises(TuneError, match="which is signed and must stay as it is"):
        compare(inputs(mine, tasks=tasks), mine.root / "corpus/documents/report", now=NOW)
    with pytest.raises(TuneError, match="none: no such folder"):
        compare(inputs(mine, tasks=tasks), tmp_path / "none/report", now=NOW)
    assert not (tmp_path / "none").exists()


def test_a_place_that_cannot_be_written_to_is_known_before_anything_is_measured(trained, tasks, tmp_path):
    """Not after an hour."""
    from vocab.errors import VocabError

    (tmp_path / "report.partial").write_text("mine")
    seen = []
    with pytest.raises(VocabError, match=r"report\.partial"):
        compare(inputs(trained, tasks=tasks), tmp_path / "report", now=NOW, report=lambda *at: seen.append(at))
    assert not seen
    assert (tmp_path / "report.partial").read_text() == "mine"


def test_rows_that_leave_one_label_are_refused_before_anything_is_measured(trained, tasks, tmp_path):
    """A flag that makes no sense: exit code 2."""
    seen = []
    with pytest.raises(TuneError, match="--rows 1: the rows of news that are left have one label") as caught:
        compare(
            inputs(trained, tasks=tasks[:1], rows=1), tmp_path / "report", now=NOW, report=lambda *at: seen.append(at)
        )
    assert caught.value.exit_code == 2
    assert not seen


def test_conversations_without_a_template_name_the_flag(trained, tmp_path):
    """The recipe's key is not what a comparison is told."""
    words = tokenizer(trained.root / "tokenizer")
    data = trained.recipe().data.model_copy(update={"format": "messages"})
    with pytest.raises(TuneError, match="name a file with one as --template"):
        compare_gate._template(inputs(trained), words, data, {"tokenizer": {}})
    with pytest.raises(TuneError, match="check --template"):
        compare_gate._template(inputs(trained, template=tmp_path / "none"), words, data, {"tokenizer": {}})


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
        ({"tasks": ("none.jsonl",), "template": Path("t")}, "--template t: tasks are asked without one"),
        (
            {"tasks": ("none.jsonl",), "model": Path("nope")},
            "nope: no such file or directory; check the path of --model",
        ),
        ({"tasks": ("none.jsonl",), "revocations": Path("nope")}, "check the path of --revocations"),
        ({"tasks": ("none.jsonl",)}, "none.jsonl: No such file"),
        ({"tasks": ("news.jsonl", "news.jsonl")}, "two tasks have one name"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(trained, tmp_path, monkeypatch, changes, says):
    """Before anything is loaded."""
    monkeypatch.chdir(tmp_path)
    lines(tmp_path / "news.jsonl", NEWS)
    with pytest.raises((TuneError, GovernError), match=re.escape(says)) as caught:
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
