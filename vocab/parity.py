"""What one engine makes of an extended tokenizer: a value, and the sentence that says it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["same", "differs", "refused", "not checked"]


@dataclass(frozen=True, slots=True)
class Parity:
    """What one engine makes of an extended tokenizer.

    Attributes:
        engine: its name, with the model family where that decides what reads the tokenizer.
        version: of the package that ran, `RULE`, or ''.
        status: `same`, `differs`, `refused` or `not checked`.
        texts: how many were compared.
        different: how many of them have other ids in the engine.
        of_base: how many of those the engine encodes otherwise by the base too.
        reason: why it is refused, was not checked, or what else to know.
    """

    engine: str
    version: str
    status: Status
    texts: int = 0
    different: int = 0
    of_base: int = 0
    reason: str = ""

    @property
    def by_extension(self) -> int:
        """Texts that only the extended tokenizer encodes otherwise in the engine; any is a defect."""
        return self.different - self.of_base

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values, with the sentence."""
        return {**asdict(self), "by_extension": self.by_extension, "says": str(self)}

    def __str__(self) -> str:
        if self.status in ("refused", "not checked"):
            return f"{self.status}: {self.reason}"
        note = f" ({self.reason})" if self.reason else ""
        if self.status == "same":
            return f"same ids on {self.texts:,} texts{note}"
        base = f", {self.of_base:,} of them by the base too" if self.of_base else ""
        return f"differs on {self.different:,} of {self.texts:,} texts{base}{note}"
