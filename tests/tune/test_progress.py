"""The line that says how far a run is."""

import io

import pytest

from tune.progress import Progress, duration


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self):
        return True


def told(stream, steps, seconds=2.0, first=1):
    """The text after `steps` steps of 100 tokens, each `seconds` long."""
    times = iter(range(1000))
    progress = Progress(stream, lambda: next(times) * seconds)
    for number, step in enumerate(range(first, steps + 1), 1):
        progress(step, steps, 2.5 / step, 100 * number)
    return stream.getvalue()


def test_a_log_has_ten_lines_with_speed_and_time_left():
    """The first step's speed is not known; the last has no time left."""
    lines = told(io.StringIO(), 100).splitlines()
    assert len(lines) == 10
    assert lines[0] == "tune: step 10 of 100, loss 0.2500, 50 tokens/s, 3:00 left"
    assert lines[-1] == "tune: step 100 of 100, loss 0.0250, 50 tokens/s"


def test_a_terminal_has_one_line_that_renews_itself():
    """And ends with a line of its own."""
    text = told(Terminal(), 3)
    assert text.count("\n") == 1
    assert text.count("\r") == 3
    assert text.endswith("\n")


def test_a_resumed_run_counts_from_where_it_resumed():
    """Steps that an earlier process took are no speed of this one."""
    assert "step 95 of 100, loss 0.0263, 50 tokens/s, 0:10 left" in told(Terminal(), 100, first=91).split("\r")[5]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (42.4, "0:42"), (60, "1:00"), (7509, "2:05:09")])
def test_durations_read_as_clocks_do(seconds, text):
    """Hours only where there are some."""
    assert duration(seconds) == text
