"""Options and fixtures of the whole test suite."""

import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-gold", action="store_true", help="rewrite golden files and the README's command table")


@pytest.fixture
def update_gold(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-gold"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A `Browser` of tests/browser.py; skips where no Chromium is installed."""
    if "browser" not in sys.modules:
        spec = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules["browser"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["browser"])
    module = sys.modules["browser"]
    program = next(filter(None, map(shutil.which, module.PROGRAMS)), None)
    if program is None or shutil.which("bash") is None:
        pytest.skip("no Chromium is installed")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        one = module.Browser(program, folder)
        yield one
        one.close()
