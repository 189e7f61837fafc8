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
from vocab.model_base import ModelBase, Origin
from vocab.tags import added_token

Digits = Literal["keep", "r2l3"]
DIGITS: tuple[Digits, ...] = get_args(Digits)
_AROUND = ("{}", "a {}b", "({}) c", "가{}은 나", "\n{}\n", "x{0}{0} y")
"""Where a tag may stand."""


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

    base: Origin
    numbers: tuple[tuple[str, int], ...]
    tags: tuple[tuple[str, int], ...]
    merges: int
    replaced: dict[str, Any] = field(repr=False)

    @property
    def changed(self) -> bool:
        """True where the ground is not the origin itself."""
        return bool(self.numbers or self.tags or self.replaced)


def ground(origin: Origin, digits: Digits, tags: Sequence[str] = ()) -> Ground:
    """The ground of `origin`; tags that are tokens of it already, or that would change the text around them, stay as they are.

    Raises:
        VocabError: its numbers cannot be cut in another way.
    """
    if digits == "r2l3" and isinstance(origin, ModelBase):
        raise VocabError(
            f"{origin.path}: a SentencePiece model has no pre-tokenizer when it runs, so nothing can cut its numbers; keep its "
            "digits (--digits keep), or extend a tokenizer.json"
        )
    numbered = _with_numbers(origin) if digits == "r2l3" and isinstance(origin, Base) else Ground(origin, (), (), 0, {})
    base = numbered.base
    lacking = [tag for tag in tags if tag not in base.vocab and tag not in base.added]
    if not lacking:
        return numbered
    new = tuple(zip(lacking, range(base.next_id, base.next_id + len(lacking)), strict=True))
    with_tags = _with_tags(base, new)
    return replace(numbered, base=with_tags, tags=new) if _is_harmless(base, with_tags, lacking) else numbered


def _with_tags(base: Origin, tags: tuple[tuple[str, int], ...]) -> Origin:
    if isinstance(base, ModelBase):
        return base.with_tags(tags)
    spec = grown_spec(base, tags)
    spec["added_tokens"] = [*spec.get("added_tokens", ()), *(added_token(tag, number) for tag, number in tags)]
    return replace(base, spec=spec)


def _is_harmless(base: Origin, with_tags: Origin, tags: Sequence[str]) -> bool:
    """True where a tag leaves the text around it as it is: some bases put a space behind every special token."""
    readers = (base.tokenizer(), with_tags.tokenizer())
    bare = readers[0].encode_batch([around.format("") for around in _AROUND], add_special_tokens=False)
    readable = [around for around, one in zip(_AROUND, bare, strict=True) if base.unknown_id not in one.ids]
    texts = [around.format(tag) for tag in tags for around in readable]
    before, after = (
        reader.decode_batch(
            [one.ids for one in reader.encode_batch(texts, add_special_tokens=False)], skip_special_tokens=False
        )
        for reader in readers
    )
    return all(new == old or new.split() == text.split() for text, old, new in zip(texts, before, after, strict=True))


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


def moved(base: Origin) -> tuple[str, ...]:
    """The added tokens that the base's model does not hold, by id."""
    return tuple(
        sorted((token for token in base.added if token not in base.vocab), key=lambda token: base.added[token])
    )
