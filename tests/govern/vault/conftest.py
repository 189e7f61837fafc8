"""An empty vault, and a full one."""

import importlib.util
import sys
from pathlib import Path

import pytest

if "vault_world" not in sys.modules:
    _spec = importlib.util.spec_from_file_location("vault_world", Path(__file__).with_name("vault_world.py"))
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules["vault_world"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["vault_world"])


from vault_world import KIM, LEE, PHONE, Bank

from govern.vault.store import commit, discard


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """An empty vault."""
    return Bank(tmp_path)


@pytest.fixture
def full(bank: Bank) -> Bank:
    """A vault of two committed segments, whose files are gone."""
    segments = [bank.segment("one", KIM, LEE), bank.segment("two", KIM, PHONE)]
    commit(bank.path, segments)
    discard(segments)
    return bank
