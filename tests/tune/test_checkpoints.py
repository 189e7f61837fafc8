"""Checkpoints: a half-written one is never continued from."""

import pytest

from tune.checkpoints import complete, latest


@pytest.fixture
def work(tmp_path):
    """Three checkpoints, 2, 4 and 10; all complete."""
    for step in (2, 4, 10):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "adapter_model.safetensors").write_bytes(b"w" * step)
        (folder / "optimizer.pt").write_bytes(b"o" * step)
        complete(folder)
    return tmp_path


def test_the_newest_whole_checkpoint_is_taken_by_number(work):
    """Ten comes after four; older ones are removed."""
    assert latest(work) == work / "checkpoint-10"
    assert [path.name for path in work.iterdir()] == ["checkpoint-10"]


@pytest.mark.parametrize("spoil", ["missing", "changed", "unfinished", "extra"])
def test_a_checkpoint_that_is_not_whole_does_not_count(work, spoil):
    """A file missing, changed or too many, or no list of checksums: the one before is taken."""
    newest = work / "checkpoint-10"
    if spoil == "missing":
        (newest / "optimizer.pt").unlink()
    elif spoil == "changed":
        (newest / "optimizer.pt").write_bytes(b"x")
    elif spoil == "extra":
        (newest / "later.pt").write_bytes(b"x")
    else:
        (newest / "SHA256SUMS").unlink()
    assert latest(work) == work / "checkpoint-4"
    assert not newest.exists()


def test_without_a_whole_checkpoint_a_run_begins_again(tmp_path):
    """Half a checkpoint is removed."""
    (tmp_path / "checkpoint-2").mkdir()
    (tmp_path / "checkpoint-2/optimizer.pt").write_bytes(b"x")
    assert latest(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
