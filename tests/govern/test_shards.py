"""One function over many shards, in order, in one process or several."""

import os
import signal
import sys
import time
from operator import neg
from pathlib import Path

import pytest

from govern import cli
from govern.engine import Engine
from govern.errors import Interrupted
from govern.keys import generate
from govern.shards import map_shards, progress

NEVER = 3600
"""Seconds that no test waits for."""


def die_on_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def sleep_after_two(number: int) -> int:
    if number >= 2:
        time.sleep(NEVER)
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_shard_order(workers: int) -> None:
    """The number of workers changes nothing but time."""
    assert list(map_shards(neg, list(range(20)), Engine(workers))) == [-n for n in range(20)]


def test_a_worker_that_dies_stops_the_run_as_resumable() -> None:
    """A lost worker is never a skipped shard: the run ends with exit code 3 and a remedy."""
    with pytest.raises(Interrupted, match="run the same command again") as caught:
        list(map_shards(die_on_three, list(range(6)), Engine(2)))
    assert caught.value.exit_code == 3


def test_ray_without_its_extra_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 before anything is read."""
    monkeypatch.setitem(sys.modules, "ray", None)
    generate(tmp_path)
    command = ["certify", "absent.jsonl", "--out", str(tmp_path / "out"), "--secret", str(tmp_path / "secret.key")]
    assert cli.main([*command, "--engine", "ray"]) == 2
    assert "install the extra: pip install 'assay[ray]'" in capsys.readouterr().err
    assert cli.main([*command, "--ray-address", "head:6379"]) == 2
    assert "goes with --engine ray" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["head", ":6379", "head:", "head:0", "head:99999", "ray://head:10001", "head:6379x"])
def test_an_address_of_another_form_is_bad_usage(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """HOST:PORT alone, also no address of Ray's client."""
    with pytest.raises(SystemExit) as caught:
        cli.main(["certify", "a", "--out", "b", "--secret", "c", "--engine", "ray", "--ray-address", address])
    assert caught.value.code == 2
    assert "expected HOST:PORT" in capsys.readouterr().err


def test_what_is_not_wanted_any_more_is_not_waited_for() -> None:
    """A run that ends early ends its workers in the middle of their shards."""
    started = time.monotonic()
    results = map_shards(sleep_after_two, list(range(6)), Engine(2))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert time.monotonic() - started < NEVER / 2


def test_plain_progress_is_one_line_a_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal a long run prints about ten lines."""
    assert list(progress(iter(range(100)), 100, "mask")) == list(range(100))
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "mask: 100 of 100 shards"
    assert len(lines) == 10
