"""A disk that is full or broken at any call: what is left is resumable, and the finished folder is that of an unbroken run."""

import contextlib
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from govern.errors import GovernError
from govern.pipeline import Request, certify
from govern.policy import load

CALLS = 6
"""Places that a short test breaks a run at, spread over all of its calls."""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Certifies ten documents in four shards, with a split and surrogates; gives `SHA256SUMS`."""
    raw = tmp_path / "raw"
    raw.mkdir()
    rows = [{"id": f"n{n}", "text": f"Note {n}: call 02-555-12{n:02}, then write to the board of bank {n}."} for n in range(60)]
    (raw / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    policy_file = tmp_path / "p.toml"
    policy_file.write_text('name = "p"\n[names]\nmodel = "none"\n[entities]\nPHONE_NUMBER = "surrogate"\n')
    policy = load(policy_file)

    def certified(out: Path) -> bytes:
        request = Request(
            (raw,), out, policy, policy.suite, b"s" * 32, date(2026, 1, 1), split=("held-out", 200_000), work_bytes=1500
        )
        return (certify(request).folder / "SHA256SUMS").read_bytes()

    return certified


def _broken(run: Any, faults: Any, out: Path, wanted: bytes, at: int, kind: str, *, lasting: bool) -> str:
    """Breaks a run at one call, then lets the same command go on; the name of the call."""
    shutil.rmtree(out.parent, ignore_errors=True)
    out.parent.mkdir()
    fault = faults.Faults(out.parent, at, kind, lasting)
    said = ""
    with faults.injected(fault), contextlib.suppress(GovernError, OSError):
        try:
            assert run(out) == wanted  # what can be done without the call is done
        except (GovernError, OSError) as error:
            said = str(error)
            raise
    assert "555-12" not in said
    if out.exists():
        assert (out / "SHA256SUMS").read_bytes() == wanted
    assert run(out) == wanted
    return str(fault.names[at]) if at < len(fault.names) else ""


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("kind", ["no space", "input or output error", "short write"])
def test_a_run_that_was_broken_anywhere_goes_on(run: Any, faults: Any, tmp_path: Path, kind: str, *, lasting: bool) -> None:
    """At calls spread over the whole run."""
    wanted = run(tmp_path / "unbroken")
    with faults.injected(faults.Faults(tmp_path / "counted")) as counted:
        run(tmp_path / "counted" / "out")
    assert counted.count > 100
    offset = sum(map(ord, kind)) + lasting
    names = {
        _broken(run, faults, tmp_path / "try" / "out", wanted, at, kind, lasting=lasting)
        for at in range(offset % 7, counted.count, counted.count // CALLS + 1)
    }
    assert len(names) > 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["no space", "input or output error", "short write"])
def test_a_run_that_was_broken_at_each_call_goes_on(run: Any, faults: Any, tmp_path: Path, kind: str) -> None:
    """At every call of the run."""
    wanted = run(tmp_path / "unbroken")
    with faults.injected(faults.Faults(tmp_path / "counted")) as counted:
        run(tmp_path / "counted" / "out")
    for at in range(counted.count):
        _broken(run, faults, tmp_path / "try" / "out", wanted, at, kind, lasting=False)
