"""What terms are added to: the base, or the base with numbers in groups of three (`--digits r2l3`) and masking tags.

A ground is a pure function of the base, the choice of digits and the tags, so `vocab.check` finds it again from the base and
the record. Its ids are the base's, then those of the groups that the base lacked, in a fixed order, then those of the tags.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from vocab.base import Base
from vocab.byte_alphabet import spell
from vocab.errors import VocabError
from vocab.merges import Pair
from vocab.tags import added_token

Digits = Literal["keep", "r2l3"]
DIGITS: tuple[Digits, ...] = get_args(Digits)


@dataclass(frozen=True, slots=True)
class Ground:
    """A base ready for terms.

    Attributes:
        base: its `spec` differs from the origin's in pre-tokenizer, new number tokens and their merges, and tags.
        numbers: (text, id) of each number token that the origin lacked, ascending.
        tags: (text, id) of each masking tag that the origin lacked, ascending.
        merges: how many merges follow the origin's.
        replaced: parts of the origin's `tokenizer.json` that were changed, by name, as they were.
    """

    base: Base
    numbers: tuple[tuple[str, int], ...]
    tags: tuple[tuple[str, int], ...]
    merges: int
    replaced: dict[str, Any] = field(repr=False)

    @property
    def changed(self) -> bool:
        """True where the ground is not the origin itself."""
        return bool(self.numbers or self.tags or self.replaced)


def ground(origin: Base, digits: Digits, tags: Sequence[str] = ()) -> Ground:
    """The ground of `origin`; tags that are tokens of it already are left as they are.

    Raises:
        VocabError: its numbers cannot be cut in another way.
    """
    numbered = _with_numbers(origin) if digits == "r2l3" else Ground(origin, (), (), 0, {})
    base = numbered.base
    lacking = [tag for tag in tags if tag not in base.vocab and tag not in base.added]
    if not lacking:
        return numbered
    new = tuple(zip(lacking, range(base.next_id, base.next_id + len(lacking)), strict=True))
    spec = grown_spec(base, new)
    spec["added_tokens"] = [*spec.get("added_tokens", ()), *(added_token(tag, number) for tag, number in new)]
    return replace(numbered, base=replace(base, spec=spec), tags=new)


def _with_numbers(origin: Base) -> Ground:
    from vocab.digits import grouped

    found = grouped(origin.spec, str(origin.path))
    numbers = tuple(zip(found.missing, range(origin.next_id, origin.next_id + len(found.missing)), strict=True))
    tokens = ((spell(text), number) for text, number in numbers)
    spec = grown_spec(replace(origin, spec=found.spec), tokens, found.merges)
    replaced = {"pre_tokenizer": origin.spec["pre_tokenizer"]}
    return Ground(replace(origin, spec=spec), numbers, (), len(found.merges), replaced)


def grown_spec(
    base: Base, tokens: Iterable[tuple[str, int]], pairs: Sequence[Pair] = (), scores: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """The `tokenizer.json` of `base` with tokens (as its vocabulary spells them, with their ids) and merges at its end.

    Added tokens of the base also get a place in the model's vocabulary: the library gives an added token that is not
    there the next free id, which the new tokens have taken.

    Args:
        base: the base; it is not changed.
        tokens: ids ascending from the base's next.
        pairs: merges; none but for BPE.
        scores: of the tokens of a Unigram model; the lowest of the base where none is given.

    Raises:
        VocabError: a Unigram model whose added tokens do not follow its pieces without a gap.
    """
    model = base.spec["model"]
    new = [*((token, base.added[token]) for token in moved(base)), *tokens]
    vocabulary = model["vocab"]
    if isinstance(vocabulary, list):
        if [number for _, number in new] != list(range(len(vocabulary), len(vocabulary) + len(new))):
            raise VocabError(f"{base.path}: ids with a gap after its pieces, so none can follow; choose another base")
        lowest = min(score for _, score in vocabulary)
        model = {**model, "vocab": [*vocabulary, *([token, (scores or {}).get(token, lowest)] for token, _ in new)]}
    else:
        model = {**model, "vocab": {**vocabulary, **dict(new)}}
    if pairs:
        as_text = bool(model["merges"]) and isinstance(model["merges"][0], str)
        model["merges"] = [*model["merges"], *(" ".join(pair) if as_text else list(pair) for pair in pairs)]
    return {**base.spec, "model": model}


def moved(base: Base) -> tuple[str, ...]:
    """The added tokens that the base's model does not hold, by id."""
    return tuple(
        sorted((token for token in base.added if token not in base.vocab), key=lambda token: base.added[token])
    )
