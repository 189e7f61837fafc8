"""The whole fine-tune on a tiny model: what it writes, that it repeats, and that a kill costs nothing."""

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.tune


def test_a_run_leaves_an_adapter(trained):
    """A run leaves the adapter's files and nothing else."""
    from tune.adapter import FILES, PROVENANCE

    assert sorted(path.name for path in trained.adapter.iterdir()) == sorted((*FILES, PROVENANCE))
