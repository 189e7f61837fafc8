"""Shared by the signing tests: fixed keys, a small certified folder, and the vectors that verifiers must refuse."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def signing() -> ModuleType:
    """The module `signing_samples`: `claim`, `write_draft`, `Signer`, `SIGNERS`, `NOW`."""
    return _load("signing_samples")


@pytest.fixture(scope="session")
def killing() -> ModuleType:
    """The module `killing`: runs that are killed often."""
    return _load("killing")


@pytest.fixture(scope="session")
def faults() -> ModuleType:
    """The module `faults`: file-system calls that fail on order."""
    return _load("faults")


@pytest.fixture(scope="session")
def keys(signing, tmp_path_factory) -> dict:
    """Signers by name: `alice` and `bob` (Ed25519), `carol` and `dave` (P-256); each has `private` and `public`."""
    folder = tmp_path_factory.mktemp("keys")
    return {name: signing.signer(name, folder) for name in signing.SIGNERS}


@pytest.fixture
def draft(signing, tmp_path) -> Path:
    """An unsigned, schema-valid certified folder with three tiny shards."""
    return signing.write_draft(tmp_path / "draft")


@pytest.fixture
def certified_folder(signing, keys, draft) -> Path:
    """The same folder, signed by alice."""
    from govern.attestation import sign

    sign(draft, keys["alice"].private, issued=signing.ISSUED, not_after=None)
    return draft
