"""How far a run is: step, loss, tokens a second and the time that is left; one line that renews itself on a terminal.

Speed is that of this process since its first step, padding left out, so a resumed run says what it does now.
"""

import sys
import time
from collections.abc import Callable
from typing import TextIO

LINES = 10
"""How many lines a run prints where no terminal shows one line renewed."""


class Progress:
    """Prints a line when called after a step; `clock` gives seconds."""

    def __init__(self, stream: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._began: tuple[float, int, int] | None = None

    def __call__(self, step: int, steps: int, loss: float, tokens: int) -> None:
        """After step `step` of `steps`: its loss, and the tokens trained on since this process began."""
        terminal, last = self._stream.isatty(), step == steps
        line = f"tune: step {step} of {steps}, loss {loss:.4f}{self._speed(step, steps, tokens)}"
        if terminal:
            print(f"\r{line} \x1b[K", end="\n" if last else "", file=self._stream, flush=True)
        elif last or step % max(1, steps // LINES) == 0:
            print(line, file=self._stream, flush=True)

    def _speed(self, step: int, steps: int, tokens: int) -> str:
        now = self._clock()
        if self._began is None:
            self._began = now, step, tokens
            return ""
        began, first, before = self._began
        seconds = max(now - began, 1e-9)
        left = seconds / (step - first) * (steps - step)
        return f", {(tokens - before) / seconds:,.0f} tokens/s" + (f", {duration(left)} left" if step < steps else "")


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, such as `2:05:09` or `0:42`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
