"""The command: quick help, nothing that is not built, exit codes, JSON."""

import importlib.metadata
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tune
from tune.cli import main

NOT_BUILT = ("audit",)


@pytest.mark.parametrize("arguments", [[], ["run"], ["verify"]])
def test_help_answers_in_half_a_second_and_loads_no_torch(arguments):
    """The best of three tries, as a fresh process each."""
    code = (
        "import sys; from tune.cli import main\n"
        f"try: main({[*arguments, '--help']!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'peft', 'polars', 'tokenizers', 'pydantic', 'spacy'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    took = []
    for _ in range(3):
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        took.append(time.monotonic() - began)
        assert done.returncode == 0, done.stderr
    assert min(took) < 0.5


def test_help_names_what_is_built_and_nothing_else(capsys):
    """Commands that do not exist yet are not promised."""
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out.split("commands:")[1].split()
    assert "init" in listed
    assert "run" in listed
    assert "verify" in listed
    assert not [name for name in NOT_BUILT if name in listed]


def test_the_module_is_the_script():
    """`python -m tune` prints the same help."""
    done = subprocess.run([sys.executable, "-m", "tune", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: tune")


def test_the_script_named_tune_is_ours():
    """Ray ships a script of this name; whichever came last must not have replaced ours."""
    try:
        importlib.metadata.distribution("assay")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the project is not installed here")
    script = Path(sys.executable).with_name("tune")
    done = subprocess.run([script, "--help"], capture_output=True, text=True, check=False)
    assert "from tune.cli import main" in script.read_text(encoding="utf-8")
    assert "certified corpora" in done.stdout


def test_importing_the_package_loads_nothing_heavy_and_every_public_name_is_there():
    """Names are found on first use."""
    code = "import sys, tune; sys.exit(bool({'torch', 'polars', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert tune.__all__ == sorted(tune.__all__)
    assert all(getattr(tune, name) is not None for name in tune.__all__)
    with pytest.raises(AttributeError):
        _ = tune.nothing


def test_an_unreadable_recipe_is_exit_code_2(tmp_path, capsys):
    """A sentence, on standard error, with the path."""
    assert main(["run", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err


@pytest.mark.tune
def test_verify_says_what_it_did_not_check(trained, capsys):
    """Exit code 0 with the unchecked links in the last line, and as JSON."""
    pytest.importorskip("torch")
    command = ["verify", str(trained.adapter), "--trust", str(trained.trust[0])]
    assert main(command) == 0
    assert "NOT CHECKED: tokenizer, model, certificate, shards, revocation" in capsys.readouterr().out
    assert main([*command, "--json", "--corpus", str(trained.root / "corpus")]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["holds"] is True
    assert printed["unchecked"] == ["tokenizer", "model", "revocation"]


@pytest.mark.tune
def test_verify_of_a_broken_chain_is_exit_code_1(trained, copy, capsys):
    """The failed link and the file are printed."""
    pytest.importorskip("torch")
    mine = copy(trained)
    (mine.adapter / "README.md").write_text("# Better\n")
    assert main(["verify", str(mine.adapter), "--trust", str(mine.trust[0])]) == 1
    out = capsys.readouterr().out
    assert "failed       files" in out
    assert "the chain is broken" in out


@pytest.mark.tune
def test_a_refusing_gate_is_exit_code_1(world_with_model, copy, capsys):
    """The sentence names the file; nothing is written."""
    mine = copy(world_with_model)
    (mine.root / "recipe.toml").write_text(mine.recipe_file.read_text().replace('"adapter"', '"other"'))
    path = mine.root / "corpus/documents/part-00000.parquet"
    path.write_bytes(path.read_bytes() + b"\0")
    assert main(["run", str(mine.recipe_file)]) == 1
    assert "part-00000.parquet: changed" in capsys.readouterr().err
    assert not (mine.root / "other.partial").exists()


@pytest.mark.tune
@pytest.mark.parametrize("command", ["compare", "merge", "plan", "verify"])
def test_what_begins_anew_does_not_promise_to_continue(trained, tmp_path, monkeypatch, capsys, command):
    """Ctrl-C at any moment: exit code 3, and what the same command does then."""
    from govern import keys

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(keys, "load_public", stop)
    arguments = [command, str(trained.recipe_file if command == "plan" else trained.adapter)]
    if command != "plan":
        arguments += ["--trust", str(trained.trust[0])]
    if command in ("compare", "merge"):
        arguments += ["--model", str(trained.root / "model"), "--tokenizer", str(trained.root / "tokenizer")]
        arguments += ["--out", str(tmp_path / "out"), *(["--task", "t.jsonl"] if command == "compare" else [])]
    assert main(arguments) == 3
    said = capsys.readouterr().err
    assert "continues" not in said
    assert "nothing was kept" in said


@pytest.mark.tune
def test_a_run_that_is_stopped_early_promises_to_continue(world_with_model, monkeypatch, capsys):
    """With --resume it does."""
    from tune import running

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "run", stop)
    assert main(["run", str(world_with_model.recipe_file), "--resume"]) == 3
    assert "the same command again continues" in capsys.readouterr().err


@pytest.mark.tune
@pytest.mark.parametrize("command", ["merge", "attest"])
def test_a_public_key_as_the_signing_key_is_called_by_its_name(trained, tmp_path, capsys, command):
    """No change of permissions makes it sign."""
    flags = [
        "--corpus",
        str(trained.root / "corpus"),
        "--sign-key",
        str(trained.trust[0]),
        "--out",
        str(tmp_path / "out"),
    ]
    flags += ["--model", str(trained.root / "model"), "--tokenizer", str(trained.root / "tokenizer")]
    assert main([command, str(trained.adapter), "--trust", str(trained.trust[0]), *flags]) == 2
    said = capsys.readouterr().err
    assert "a public key, which signs nothing" in said
    assert "chmod" not in said


def test_an_url_where_a_path_belongs_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    """And makes no folder of that name."""
    with pytest.raises(SystemExit) as ended:
        main(["verify", "s3://bank/adapter", "--trust", "k"])
    assert ended.value.code == 2
    assert "an URL, and this stays on a file system" in capsys.readouterr().err
