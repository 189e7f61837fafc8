"""One function over many shards, in order, in one process or several."""

import os
import signal
import time
from operator import neg

import pytest

from govern.errors import Interrupted
from govern.shards import Engine, map_shards, progress

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
