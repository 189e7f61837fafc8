"""The errors of `tune`: one root, and a leaf only where a caller acts differently.

Each message says where, what, expected and got, and the remedy, and never holds a document's text.
"""


class TuneError(Exception):
    """Input that cannot be read, or a command used wrongly (exit code 2)."""

    exit_code = 2


class TuneRefused(TuneError):
    """A gate said no, or training did not give a usable adapter (exit code 1)."""

    exit_code = 1


class TuneInterrupted(TuneError):
    """Stopped before the end; `tune run RECIPE --resume` continues (exit code 3)."""

    exit_code = 3
