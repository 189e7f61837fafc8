"""The errors of `vocab`: one root, and a leaf where a caller acts differently.

Each message says where, what, expected and got, and the remedy, in this order, and never holds a document's text.
"""


class VocabError(Exception):
    """The tokenizer, term list or model cannot be used, or the command was used wrongly (exit code 2)."""

    exit_code = 2


class VocabRefused(VocabError):
    """A claim about the tokenizer does not hold; each problem names what was checked (exit code 1)."""

    exit_code = 1

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

    def __reduce__(self) -> "tuple[type[VocabRefused], tuple[tuple[str, ...]]]":
        """The problems go from one process to another as they are."""
        return type(self), (self.problems,)
