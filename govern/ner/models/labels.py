"""What the labels of a token classifier mean: which are persons, and where one begins and ends.

Read are BIO, BIOES (also BILOU and BMES) and labels without a position, the position before the type or after it
(`B-PER`, `PER-B`), joined by `-` or `_`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from govern.errors import InputError

PERSONS = frozenset({
    "PER", "PERS", "PERSON", "PS", "PSNAME", "NAME", "FIRSTNAME", "GIVENNAME", "MIDDLENAME", "LASTNAME", "SURNAME",
})  # fmt: skip
"""Types that mean a person or a part of a name, in capitals, without marks and a number at the end."""

_POSITION = re.compile(
    r"(?:(?P<before>[BIMESLU])[-_](?P<type>.+)|(?P<type_first>.+)[-_](?P<after>[BIMESLU]))", re.DOTALL
)
_BEGINS, _ENDS = frozenset("BSU"), frozenset("ESLU")


@dataclass(frozen=True, slots=True)
class Scheme:
    """What each label id means: the number of its type, 0 that of persons, and a letter of its position, `I` if none."""

    types: tuple[int, ...]
    positions: tuple[str, ...]

    @property
    def persons(self) -> tuple[int, ...]:
        """The ids that mean a person, in order."""
        return tuple(number for number, one in enumerate(self.types) if one == 0)


def means_person(label: str) -> bool:
    """Whether a type, without a position, is that of persons."""
    return re.sub(r"[^A-Z0-9]", "", label.upper()).rstrip("0123456789") in PERSONS


def read(id2label: Mapping[str, str], where: str) -> Scheme:
    """The scheme of a configuration's `id2label`.

    Raises:
        InputError: the ids are not 0, 1, 2 …, or no label means a person.
    """
    try:
        labels = [id2label[str(number)] for number in range(len(id2label))]
    except (KeyError, TypeError):
        labels = []
    if not labels or not all(isinstance(label, str) for label in labels):
        raise InputError(f"{where}: id2label does not name the ids 0, 1, 2 …; write the labels of the training into it")
    split = [_split(label) for label in labels]
    if not any(means_person(kind) for kind, _ in split):
        raise InputError(
            f"{where}: none of the {len(labels)} labels in id2label means a person (PER, PERSON, PS …); choose a model that "
            "finds persons, or write the labels of its training into id2label"
        )
    others = sorted({kind for kind, _ in split if not means_person(kind)})
    numbers = {kind: number for number, kind in enumerate(others, start=1)}
    return Scheme(tuple(numbers.get(kind, 0) for kind, _ in split), tuple(position for _, position in split))


def spans(positions: Iterable[str | None]) -> list[tuple[int, int]]:
    """The runs of tokens (half open) that are one person each; None is a token that is no person.

    A run also begins without its `B`, and goes on over a missing end: what the model calls a person is never lost.
    """
    found: list[tuple[int, int]] = []
    begin = None
    number = -1
    for number, position in enumerate(positions):
        if begin is not None and (position is None or position in _BEGINS):
            found.append((begin, number))
            begin = None
        if position is None:
            continue
        begin = number if begin is None else begin
        if position in _ENDS:
            found.append((begin, number + 1))
            begin = None
    if begin is not None:
        found.append((begin, number + 1))
    return found


def mean(values: Sequence[float]) -> float:
    """The mean of probabilities to four places, so that the last bits of a processor's sums do not show."""
    return round(min(1.0, sum(values) / len(values)), 4)


def _split(label: str) -> tuple[str, str]:
    """The type of a label and its position."""
    match = _POSITION.fullmatch(label)
    if match is None:
        return label, "I"
    return match["type"] or match["type_first"], match["before"] or match["after"]
