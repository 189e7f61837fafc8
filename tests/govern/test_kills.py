"""A run that is killed again and again ends in the bytes of one that was not: any kill, the command and its workers."""

import time
from pathlib import Path
from types import ModuleType

import pytest

KILLS = 200
"""Kills of the short test; the long one has five times as many."""


@pytest.mark.parametrize("kills", [pytest.param(KILLS, id="200"), pytest.param(5 * KILLS, id="1000", marks=pytest.mark.slow)])
def test_many_kills_end_in_the_same_bytes(tmp_path: Path, killing: ModuleType, kills: int) -> None:
    """At random moments, twenty to a folder; the same command then ends in the bytes of an unbroken run."""
    killing.start(tmp_path)
    killing.finish(tmp_path, tmp_path / "unbroken")
    began = time.monotonic()
    killing.finish(tmp_path, tmp_path / "timed")
    seconds = time.monotonic() - began
    wanted = (tmp_path / "unbroken" / "SHA256SUMS").read_bytes()
    for seed in range(kills // 20):
        out = tmp_path / f"killed-{seed}"
        killing.kill(tmp_path, out, seed, 20, seconds)
        killing.finish(tmp_path, out)
        assert (out / "SHA256SUMS").read_bytes() == wanted, seed
