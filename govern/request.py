"""What a run was asked for, and what it gives back."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.corpus import SHARD_BYTES
from govern.engine import HERE, Engine
from govern.readers import Given
from govern.sources import Columns

if TYPE_CHECKING:
    from govern.certificate import Certificate
    from govern.policy import Policy
    from govern.vault.segment import WritingKeys


@dataclass(frozen=True, slots=True)
class Release:
    """Documents that were set aside, and are searched again under wider limits: which and why they were, who answers for it.

    None leaves a limit as the policy has it. What cannot be searched to the end stays set aside.
    """

    documents: tuple[tuple[str, str], ...] = field(repr=False)
    """Keyed id, and why it was set aside."""

    who: str
    why: str
    max_document_characters: int | None = None
    regex_timeout_s: float | None = None

    def record(self) -> dict[str, Any]:
        """The release as JSON."""
        return {
            "documents": [list(pair) for pair in self.documents],
            "who": self.who,
            "why": self.why,
            "max_document_characters": self.max_document_characters,
            "regex_timeout_s": self.regex_timeout_s,
        }


@dataclass(frozen=True, slots=True)
class Request:
    """What `govern certify` was asked for."""

    inputs: tuple[Given, ...]
    out: Path
    policy: "Policy"
    suite: str
    secret: bytes = field(repr=False)
    today: date
    name: str = "corpus"
    columns: Columns = field(default_factory=Columns)
    split: tuple[str, int] | None = None
    vault: tuple[Path, "WritingKeys"] | None = None
    """The vault that the originals of encrypted values go into, and what writes it."""
    part: tuple[int, int] | None = None
    """Which part of how many, from 1: its share of the documents alone is certified."""

    reuse: Path | None = None
    """A folder that an earlier run made: what it did and found is not done again, where it would be the same."""

    releases: tuple[Release, ...] = ()
    """Documents that the folder `reuse` set aside."""

    vault_id: str | None = None
    """The vault that parts wrote into, where nothing is written into one now."""

    engine: Engine = HERE
    work_bytes: int | None = None
    part_bytes: int = SHARD_BYTES


@dataclass(frozen=True, slots=True)
class Outcome:
    """A certified draft: its folder and certificate, and whether this call found it finished already."""

    folder: Path
    certificate: "Certificate"
    reused: bool
