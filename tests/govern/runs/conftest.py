"""Keys, holders of a vault, calls and filings that every run here begins with."""

import importlib.util
import sys
from pathlib import Path

import pytest

if "runs_world" not in sys.modules:
    _spec = importlib.util.spec_from_file_location("runs_world", Path(__file__).with_name("runs_world.py"))
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules["runs_world"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["runs_world"])


from runs_world import TEXT, write

from govern.keys import generate
from govern.vault.keys import generate as generate_vault_keys


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys, holders of a vault, and calls of one customer beside public filings."""
    folder = tmp_path_factory.mktemp("home")
    generate(folder / "keys")
    generate_vault_keys(folder / "holders")
    raw = folder / "raw"
    raw.mkdir()
    write(
        raw / "calls.jsonl",
        [{"id": f"c{number}", "text": TEXT.format(number), "customer": "C-77120"} for number in range(12)],
    )
    write(
        raw / "filings.jsonl",
        [{"id": f"f{number}", "text": f"Filing {number}. Signed: Mr. John Smith, Director."} for number in range(6)],
    )
    return folder
