"""Values that are known beforehand, ready to be searched: of a customer table, of one customer, or of a list.

A `Known` holds no value that can be read back but inside the automaton; it says how many there are, and a keyed digest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from govern.errors import InputError
from govern.known import automaton, customers, sealed
from govern.known.automaton import Automaton, Patterns
from govern.known.sealed import Place, Sealed
from govern.known.variants import Reach, forms
from govern.recognizers.rule import Hit

RECOGNIZER = "known"


class Count(NamedTuple):
    """How much of an entity type is known.

    `values` cells, of which `searched` are looked for in every document and `joined_only` in the customer's own alone;
    `forms` are the spellings looked for, and `beside` those of them that count only beside a label or title.
    """

    entity_type: str
    values: int
    searched: int
    joined_only: int
    forms: int
    beside: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the customers' rows lie in the sealed file, and what opens them."""

    sealed: Sealed = field(repr=False)
    places: tuple[Place, ...] = field(repr=False)
    first_ids: tuple[bytes, ...] = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """Known values; `digest` is keyed and changes with any value searched for or joined (empty for a list in memory)."""

    digest: str
    counts: tuple[Count, ...]
    customers: int = 0
    recognizer: str = RECOGNIZER
    automaton: Automaton = field(repr=False, kw_only=True)
    rows: Rows | None = field(default=None, repr=False)

    @property
    def entity_types(self) -> tuple[str, ...]:
        """The entity types of the values, sorted."""
        return tuple(count.entity_type for count in self.counts)

    @property
    def searched(self) -> int:
        """How many values are looked for in every document."""
        return sum(count.searched for count in self.counts)

    @property
    def joined_only(self) -> int:
        """How many are too short or too common for that."""
        return sum(count.joined_only for count in self.counts)


class Tally:
    """Counts values as their forms are collected."""

    def __init__(self) -> None:
        self.values: dict[str, list[int]] = {}

    @property
    def entity_types(self) -> tuple[str, ...]:
        """The entity types seen, sorted."""
        return tuple(sorted(self.values))

    def add(self, entity_type: str, *, searched: bool) -> None:
        """Counts one value."""
        self.values.setdefault(entity_type, [0, 0])[not searched] += 1

    def counts(self, made: Automaton) -> tuple[Count, ...]:
        """The counts, with the forms of the automaton."""
        of_forms = made.forms()
        return tuple(
            Count(kind, searched + joined, searched, joined, *of_forms.get(kind, (0, 0)))
            for kind, (searched, joined) in sorted(self.values.items())
        )


def from_values(
    pairs: Iterable[tuple[str, str]], recognizer: str = RECOGNIZER, reach: Reach = "listed", digest: str = ""
) -> Known:
    """The values of a list of (entity type, value), such as the entries that a policy denies, kept in memory.

    Raises:
        InputError: a value with no letter or digit; it is named by its place, from 1.
    """
    patterns, tally = Patterns(), Tally()
    for number, (entity_type, value) in enumerate(pairs, 1):
        found = forms(entity_type, value, reach)
        if not found and reach == "listed":
            raise InputError(
                f"value {number} ({entity_type}): no letter or digit in it, or too long to search; correct the entry"
            )
        patterns.add(entity_type, found)
        tally.add(entity_type, searched=bool(found))
    made = automaton.build(*patterns.settle(dense=reach == "everywhere"), tally.entity_types)
    return Known(digest, tally.counts(made), recognizer=recognizer, automaton=made)


def search(known: Known, shadow_text: str) -> list[Hit]:
    """Every known value in the shadow of a text (`govern.normalize`), in the shadow's positions, none inside another."""
    return automaton.search(known.automaton, shadow_text, known.recognizer)


def join(known: Known, key: str) -> Known | None:
    """One customer's values, to search that customer's own documents with; None where the table has no such customer.

    There also short values count, dates of birth, two-syllable names and the parts of a name.

    Raises:
        InputError: the table was built without a key column, or its file was altered since it was opened.
    """
    rows = known.rows
    if rows is None:
        raise InputError("the known values were built without --key, so no document can be joined; build them with it")
    customer = customers.keyed_id(rows.key, key)
    place = customers.place_of(rows.first_ids, customer)
    found = customers.values_in(sealed.chunk(rows.sealed, rows.places[place]), customer) if place is not None else []
    if not found:
        return None
    return from_values(((known.entity_types[index], value) for index, value in found), known.recognizer, "joined")
