"""What is proved of an extension: the numbers that `extend` records and `check` finds again, and what they refute.

A proof holds whole numbers and ids, never text of a corpus. `vocab.measuring` finds the numbers.
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from vocab.parity import Parity


@dataclass(frozen=True, slots=True)
class Position:
    """Terms in one context: how many were tried, how many are one token in the base and in the extension."""

    context: str
    tried: int
    single_base: int
    single_extended: int


@dataclass(frozen=True, slots=True)
class OnText:
    """Counts over a corpus; `+` adds shards. `None` for a proof without a corpus.

    `unread` are documents with text that the base has no token for, and loses; that they become longer or decode to other
    text is no defect, and is not counted.
    """

    documents: int = 0
    documents_longer: int = 0
    documents_shorter: int = 0
    tokens_base: int = 0
    tokens_extended: int = 0
    decoded_otherwise: int = 0
    not_round_trip: int = 0
    unread: int = 0

    def __add__(self, other: "OnText") -> "OnText":
        return OnText(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(OnText)))


@dataclass(frozen=True, slots=True)
class Leak:
    """Pre-tokens that hold no term: how many there are, how many changed, how many became longer, and by which new id."""

    pretokens: int
    occurrences: int
    changed_pretokens: int
    changed_occurrences: int
    longer_pretokens: int
    by_id: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What grouping numbers did to the base, before any term: how the base cut them, what is wrong, counts over the corpus.

    A document may become longer: a base that joins whole numbers cuts 2024 into two groups.
    """

    policy: str
    new_ids: int
    not_single: tuple[str, ...]
    cut_otherwise: int
    corpus: OnText | None


@dataclass(frozen=True, slots=True)
class Drift:
    """Laws of the profile `exact` that documents of a corpus break: how many were tried, and a sentence for each law."""

    documents: int
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tags:
    """Masking tags that became special tokens: how many, and how many of them are not one token in every context."""

    new_ids: int
    not_single: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What an extension did. `problems` is empty where every claim holds."""

    base_ids: int
    base_ids_changed: int
    new_ids: int
    scaffold_ids: tuple[int, ...]
    unreachable_ids: tuple[int, ...]
    merges: int
    merges_out_of_order: int
    missing_bytes: int
    positions: tuple[Position, ...]
    fuzz: OnText
    corpus: OnText | None
    leak: Leak | None
    numbers: Numbers | None = None
    drift: Drift | None = None
    tags: Tags | None = None
    engines: tuple[Parity, ...] = ()

    @property
    def single_rate(self) -> tuple[float, float]:
        """The share of term positions that are one token, in the base and in the extension; 0.0 without a term."""
        tried = sum(one.tried for one in self.positions) or 1
        return (
            sum(one.single_base for one in self.positions) / tried,
            sum(one.single_extended for one in self.positions) / tried,
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """Each claim that does not hold, as a sentence."""
        found = []
        if self.base_ids_changed:
            found.append(
                f"{self.base_ids_changed} of {self.base_ids} ids of the base changed their meaning, expected none"
            )
        if self.unreachable_ids:
            named = ", ".join(map(str, self.unreachable_ids[:5]))
            found.append(f"{len(self.unreachable_ids)} new ids are reached by no term (first: {named}), expected none")
        if self.merges_out_of_order:
            found.append(f"{self.merges_out_of_order} appended merges make a token with a lower id than its parts")
        for name, text in (("fuzzed text", self.fuzz), ("the corpus", self.corpus)):
            if text is None:
                continue
            if text.documents_longer:
                found.append(f"{text.documents_longer} documents of {name} became longer, expected none")
            if text.decoded_otherwise:
                found.append(f"{text.decoded_otherwise} documents of {name} decode to other text than by the base")
        if self.leak is not None and self.leak.longer_pretokens:
            found.append(f"{self.leak.longer_pretokens} pre-tokens of the corpus became longer, expected none")
        if self.numbers is not None and self.numbers.not_single:
            found.append(f"{len(self.numbers.not_single)} groups of digits are not one token, expected none")
        if self.numbers is not None and self.numbers.cut_otherwise:
            found.append(f"{self.numbers.cut_otherwise} texts are cut in another way than in groups of digits")
        if self.numbers is not None and self.numbers.corpus is not None and self.numbers.corpus.decoded_otherwise:
            found.append(f"{self.numbers.corpus.decoded_otherwise} documents decode to other text with grouped numbers")
        if self.drift is not None:
            found.extend(self.drift.broken)
        if self.tags is not None and self.tags.not_single:
            found.append(f"{self.tags.not_single} masking tags are not one token, expected none")
        return tuple(found)

    @property
    def passed(self) -> bool:
        """True where every claim holds."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """The proof as JSON values, without `engines`, which depend on what is installed."""
        value = asdict(replace(self, engines=()))
        del value["engines"]
        return value


@dataclass(frozen=True, slots=True)
class Side:
    """A new id and how it is reached: the spelled token, and the text that encodes to it (None for a scaffold)."""

    id: int
    token: str
    text: str | None
