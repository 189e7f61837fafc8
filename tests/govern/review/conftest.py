"""The two corpora that the tests of a review share, made once."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from govern.keys import generate

if "review_home" not in sys.modules:
    _spec = importlib.util.spec_from_file_location("review_home", Path(__file__).with_name("review_home.py"))
    sys.modules["review_home"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["review_home"])

from review_home import MIXED, Home, rows


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Both corpora, never changed."""
    folder = tmp_path_factory.mktemp("review")
    generate(folder / "keys")
    generate(folder / "others")
    (folder / "raw").mkdir()
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows())
    (folder / "raw" / "rows.jsonl").write_text("".join(lines), "utf-8")
    (folder / "mixed.toml").write_text('name = "mixed"\n' + MIXED, "utf-8")
    made = Home(folder, folder / "tagged", folder / "mixed")
    made.certify(made.tagged)
    made.certify(made.mixed, folder / "mixed.toml")
    return made
