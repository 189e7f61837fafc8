"""The README says what the programs say, and its commands run."""

import argparse
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BAR = "\\|"
TABLE = re.compile(r"(<!-- commands: .*?-->\n\| command .*?\n\|---\|---\|\n)(.*?)(<!-- /commands -->)", re.DOTALL)


def commands() -> str:
    """A table row per command of the three programs, as their parsers describe it."""
    rows = []
    for program in ("govern", "vocab", "tune"):
        top = importlib.import_module(f"{program}.cli").parser()
        (subparsers,) = (action for action in top._actions if isinstance(action, argparse._SubParsersAction))
        for choice in subparsers._choices_actions:
            usage = subparsers.choices[choice.dest].format_usage().removeprefix("usage: ")
            plain = re.sub(r"\s+", " ", usage).replace("[-h] ", "").replace(" [--json]", "").strip()
            rows.append(f"| `{plain.replace('|', BAR)}` | {choice.help} |")
    return "\n".join(rows) + "\n"


def test_the_command_table_is_what_help_says(update_gold: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command, flag or sentence that changes in a parser changes in the README."""
    monkeypatch.setenv("COLUMNS", "1000")
    text = README.read_text("utf-8")
    if update_gold:
        README.write_text(TABLE.sub(lambda found: found[1] + commands() + found[3], text), "utf-8")
        return
    found = TABLE.search(text)
    assert found is not None
    assert found[2] == commands()


def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
    """Certifying your own data works as written, on a corpus and a tokenizer of one's own."""
    text = README.read_text("utf-8")
    (block,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    (sample,) = re.findall(r"`(govern sample --documents [0-9][^`]*)`", text)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    (tmp_path / "train.py").write_text(
        "from datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from govern import verify\nfrom vocab.train_base import write_base\n"
        "corpus = verify(Path('corpus'), [Path('keys/sign.pub')], now=datetime.now(UTC))\n"
        "write_base(corpus, 400, Path('TOKENIZER'))\n"
    )
    lines = [sample, *block.replace("vocab coverage", "python train.py\nvocab coverage").splitlines()]
    done = subprocess.run(
        ["sh", "-ec", "\n".join(lines)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "corpus: verified" in done.stdout
    assert (tmp_path / "coverage" / "report.html").exists()


def test_links_of_the_readme_point_at_files() -> None:
    """No link leads nowhere."""
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text("utf-8")):
        assert (ROOT / target).exists(), target


def test_the_recipe_of_the_readme_is_a_recipe(tmp_path: Path) -> None:
    """Every key and value of the example is one that `tune run` takes."""
    from tune.recipe import load

    (block,) = re.findall(r"```toml\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    (tmp_path / "recipe.toml").write_text(block, "utf-8")
    assert load(tmp_path / "recipe.toml").corpus == tmp_path / "corpus"
