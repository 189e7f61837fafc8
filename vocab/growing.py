"""Grows a base by the terms of its lists, by the profile that was chosen: `portable` (merges) or `exact` (isolating).

In: the ground, entries, counts of the corpus. Out: the extended `tokenizer.json` as a value, what became of each term, the
new tokens, and the parts of the base that were changed. Pure functions over values.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from vocab.base import Base
from vocab.byte_alphabet import spell
from vocab.errors import VocabError
from vocab.exact import isolated
from vocab.ground import grown_spec
from vocab.grow import OVER, PRESENT, Budget, Term, Variant, casings, grow, variants
from vocab.merges import Pair
from vocab.standing import Standing
from vocab.term_lists import Entry

Profile = Literal["portable", "exact"]
PROFILES: tuple[Profile, ...] = get_args(Profile)


@dataclass(frozen=True, slots=True)
class Grown:
    """A base with terms.

    Attributes:
        terms: each line of the lists, with its variants.
        new_tokens: (token as the vocabulary spells it, id) of each new id of a term or scaffold, ascending.
        scaffolds: new ids that are no variant of a term: they exist so that merges can reach one.
        appended: the merges that follow those of the ground, in order.
        spec: the parsed `tokenizer.json`.
        replaced: parts of the ground that were changed, by name, as they were.
    """

    terms: tuple[Term, ...]
    new_tokens: tuple[tuple[str, int], ...]
    scaffolds: tuple[int, ...] = ()
    appended: tuple[Pair, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict, repr=False)
    replaced: dict[str, Any] = field(default_factory=dict, repr=False)


def grown(
    base: Base, profile: Profile, entries: Sequence[Entry], counts: Counter[str], budget: Budget | None = None
) -> Grown:
    """`base` with the usable `entries`.

    Args:
        base: the ground.
        profile: how.
        entries: the lines of the lists; those with a reason are kept and not used.
        counts: pre-tokens of the corpus to occurrences.
        budget: how many ids the terms may take; None is no limit.

    Raises:
        VocabError: the base cannot be extended in this way; the sentence says why.
    """
    if profile == "exact":
        return _isolated(base, entries, counts, budget)
    made = grow(base, entries, counts, budget)
    pairs = tuple(one.pair for one in made.appended)
    return Grown(made.terms, made.new_tokens, made.scaffolds, pairs, grown_spec(base, made.new_tokens, pairs))


def budget_of(ids: int | None, base: Base, taken: int, found: Mapping[str, Standing]) -> Budget | None:
    """The budget of terms: `ids` less those `taken`, terms ordered by occurrences times tokens saved after a space.

    Raises:
        VocabError: numbers and tags take more than `ids`.
    """
    if ids is None:
        return None
    if taken > ids:
        raise VocabError(
            f"budget of {ids:,} ids, but groups of digits and masking tags take {taken:,}; give more, or --digits keep"
        )
    terms = list(found)
    encoded = base.inner().encode_batch([" " + term for term in terms], add_special_tokens=False)
    saved = {term: found[term].count * (len(one.ids) - 1) for term, one in zip(terms, encoded, strict=True)}
    return Budget(ids - taken, saved)


def _isolated(base: Base, entries: Sequence[Entry], counts: Counter[str], budget: Budget | None) -> Grown:
    spellings = casings(entries, counts)
    texts = {entry: tuple(variants(entry, spellings)) for entry in entries if not entry.reason}
    chosen = dict.fromkeys(texts if budget is None else _affordable(budget, texts, base.vocab))
    made = isolated(base, [text for entry in chosen for text in texts[entry]])
    known = {one.text: one for one in made.variants}
    left = [text for entry, some in texts.items() if entry not in chosen for text in some]
    for text, one in zip(left, base.inner().encode_batch(left, add_special_tokens=False), strict=True):
        single = one.ids[0] if len(one.ids) == 1 else None
        known.setdefault(text, Variant(text, spell(text), OVER if single is None else PRESENT, single))
    terms = tuple(Term(entry, tuple(known[text] for text in texts.get(entry, ()))) for entry in entries)
    replaced: dict[str, Any] = {}
    if made.spec is not base.spec:
        replaced = {
            "pre_tokenizer": base.spec["pre_tokenizer"],
            "ignore_merges": base.spec["model"].get("ignore_merges"),
        }
    return Grown(terms, made.new_tokens, spec=made.spec, replaced=replaced)


def _affordable(budget: Budget, texts: Mapping[Entry, Sequence[str]], known: Mapping[str, int]) -> list[Entry]:
    """The entries that fit, each at the price of its forms that are no token yet, in the order of the lists."""
    room, chosen = budget.ids, set()
    for entry in budget.order(texts):
        price = sum(spell(text) not in known for text in texts[entry])
        if price <= room:
            room -= price
            chosen.add(entry)
    return [entry for entry in texts if entry in chosen]
