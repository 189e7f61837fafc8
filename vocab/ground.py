"""What terms are added to: the base as it is, or the base with numbers in groups of three (`--digits r2l3`).

A ground is a pure function of the base and the choice, so `vocab.check` finds it again from the base alone. Its ids are the
base's, then those of the groups that the base lacked, in a fixed order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from vocab.base import Base
from vocab.byte_alphabet import spell
from vocab.merges import Pair

Digits = Literal["keep", "r2l3"]
DIGITS: tuple[Digits, ...] = get_args(Digits)


@dataclass(frozen=True, slots=True)
class Ground:
    """A base ready for terms.

    Attributes:
        base: its `spec` differs from the origin's in pre-tokenizer, new number tokens and their merges.
        numbers: (text, id) of each number token that the origin lacked, ascending.
        merges: how many merges follow the origin's.
        replaced: parts of the origin's `tokenizer.json` that were changed, by name, as they were.
    """

    base: Base
    numbers: tuple[tuple[str, int], ...]
    merges: int
    replaced: dict[str, Any] = field(repr=False)


def ground(origin: Base, digits: Digits) -> Ground:
    """The ground of `origin`.

    Raises:
        VocabError: its numbers cannot be cut in another way.
    """
    if digits == "keep":
        return Ground(origin, (), 0, {})
    from vocab.digits import grouped

    found = grouped(origin.spec, str(origin.path))
    numbers = tuple(zip(found.missing, range(origin.next_id, origin.next_id + len(found.missing)), strict=True))
    tokens = ((spell(text), number) for text, number in numbers)
    spec = grown_spec(replace(origin, spec=found.spec), tokens, found.merges)
    replaced = {"pre_tokenizer": origin.spec["pre_tokenizer"]}
    return Ground(replace(origin, spec=spec), numbers, len(found.merges), replaced)


def grown_spec(base: Base, tokens: Iterable[tuple[str, int]], pairs: Sequence[Pair]) -> dict[str, Any]:
    """The `tokenizer.json` of `base` with tokens (in the byte alphabet, with their ids) and merges at its end.

    Added tokens of the base also get a place in the model's vocabulary: the library gives an added token that is not
    there the next free id, which the new tokens have taken.
    """
    model = base.spec["model"]
    as_text = bool(model["merges"]) and isinstance(model["merges"][0], str)
    merges = [*model["merges"], *(" ".join(pair) if as_text else list(pair) for pair in pairs)]
    vocab = {**base.vocab, **{token: base.added[token] for token in moved(base)}, **dict(tokens)}
    return {**base.spec, "model": {**model, "vocab": vocab, "merges": merges}}


def moved(base: Base) -> tuple[str, ...]:
    """The added tokens that the base's model does not hold, by id."""
    return tuple(
        sorted((token for token in base.added if token not in base.vocab), key=lambda token: base.added[token])
    )
