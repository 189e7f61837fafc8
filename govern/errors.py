"""The errors of `govern`: one root, and a leaf only where a caller acts differently.

Each message says where, what, expected and got, and the remedy, in this order, and never holds a document's text, an
identifier taken from one, or a matched value. The exit code of the command contract is a property of the class.
"""


class GovernError(Exception):
    """Anything `govern` refuses to go on with."""

    exit_code = 2


class InputError(GovernError):
    """The input cannot be read, or the command was used wrongly (exit code 2)."""


class Refused(GovernError):
    """A gate said no: the corpus, key or signature does not pass (exit code 1)."""

    exit_code = 1


class VerificationError(Refused):
    """A signed folder is not what was signed; each problem names the file or signature it is about (exit code 1)."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

    def __reduce__(self) -> "tuple[type[VerificationError], tuple[tuple[str, ...]]]":
        """The problems go from one process to another as they are."""
        return type(self), (self.problems,)


class Interrupted(GovernError):
    """Stopped before the end; the same command again continues (exit code 3)."""

    exit_code = 3
