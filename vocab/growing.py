"""Grows a base by the terms of its lists: by its family, and by the profile that was chosen.

`portable` appends merges to BPE, pieces to Unigram, words to WordPiece; `exact` isolates terms, in byte-level BPE alone.
In: the ground, entries, counts of the corpus. Out: the extended tokenizer as a value, what became of each term, the new
tokens, and the parts of the base that were changed. Pure functions over values.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from vocab.base import FAMILY, UNIGRAM, WORDS, Base
from vocab.byte_alphabet import spell
from vocab.errors import VocabError
from vocab.exact import isolated, refuse_isolating
from vocab.ground import grown_spec
from vocab.grow import ADDED, OVER, PRESENT, REASONS, Budget, Term, Variant, casings, grow, variants
from vocab.merges import Pair
from vocab.model_base import ModelBase, Origin
from vocab.piece_models import extended_model
from vocab.piece_specs import grow_bpe_spec, grow_unigram_spec
from vocab.pieces import grow_pieces
from vocab.spelling import ids_of, whole
from vocab.standing import Standing
from vocab.term_lists import Entry
from vocab.word_pieces import grow_words, spec_with

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
        spec: the parsed `tokenizer.json`; empty for a SentencePiece model.
        model: the extended model where the base is one.
        replaced: parts of the ground that were changed, by name, as they were.
    """

    terms: tuple[Term, ...]
    new_tokens: tuple[tuple[str, int], ...]
    scaffolds: tuple[int, ...] = ()
    appended: tuple[Pair, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict, repr=False)
    model: ModelBase | None = None
    replaced: dict[str, Any] = field(default_factory=dict, repr=False)


def grown(
    base: Origin,
    profile: Profile,
    entries: Sequence[Entry],
    counts: Counter[str],
    budget: Budget | None = None,
    particles: int = 0,
) -> Grown:
    """`base` with the usable `entries`.

    Args:
        base: the ground.
        profile: how.
        entries: the lines of the lists; those with a reason are kept and not used.
        counts: pre-tokens of the corpus to occurrences.
        budget: how many ids the terms may take; None is no limit.
        particles: how many terms with a particle become tokens too, at most.

    Raises:
        VocabError: the base cannot be extended in this way; the sentence says why.
    """
    _refuse_family(base, profile, particles)
    if isinstance(base, ModelBase) or base.family != FAMILY:
        return _fitting(base, entries, counts, budget)
    if profile == "exact":
        return _isolated(base, entries, counts, budget)
    made = grow(base, entries, counts, budget, particles)
    pairs = tuple(one.pair for one in made.appended)
    return Grown(made.terms, made.new_tokens, made.scaffolds, pairs, grown_spec(base, made.new_tokens, pairs))


def refuse(base: Origin, profile: Profile, particles: int = 0) -> None:
    """Returns where `base` can be extended in this way; asked before a corpus is read.

    Raises:
        VocabError: it cannot; the sentence says why.
    """
    _refuse_family(base, profile, particles)
    if profile == "exact" and isinstance(base, Base):
        refuse_isolating(base)


def _refuse_family(base: Origin, profile: Profile, particles: int) -> None:
    is_bytes = isinstance(base, Base) and base.family == FAMILY
    if particles and (profile == "exact" or not is_bytes):
        raise VocabError(
            f"{base.path}: terms with a particle are for the profile 'portable' of {FAMILY}, where merges cross the edge of a "
            "term; leave --particles out"
        )
    if profile == "exact" and not is_bytes:
        raise VocabError(
            f"{base.path}: {base.family}, and terms are isolated in {FAMILY} only; take --profile portable, or another base"
        )


def budget_of(ids: int | None, base: Origin, taken: int, found: Mapping[str, Standing]) -> Budget | None:
    """The budget of terms: `ids` less those `taken`, terms ordered by occurrences times tokens saved after a space.

    Raises:
        VocabError: numbers and tags take more than `ids`.
    """
    if ids is None:
        return None
    if taken > ids:
        raise VocabError(
            f"budget of {ids:,} ids, but groups of digits and masking tags take {taken:,}; give more (--digits keep needs none "
            "for digits)"
        )
    terms = list(found)
    encoded = base.inner().encode_batch([" " + term for term in terms], add_special_tokens=False)
    saved = {term: found[term].count * (len(one.ids) - 1) for term, one in zip(terms, encoded, strict=True)}
    return Budget(ids - taken, saved)


def _fitting(base: Origin, entries: Sequence[Entry], counts: Counter[str], budget: Budget | None) -> Grown:
    """`base` with as many of the entries as fit, in the order of the budget: tried whole, then with ever fewer."""
    made = _by_family(base, entries, counts)
    if budget is None:
        return made
    chosen = budget.order(entries)
    while len(made.new_tokens) > budget.ids:
        prices = {term.entry: sum(one.status == ADDED for one in term.variants) for term in made.terms}
        share = len(made.new_tokens) / max(1, sum(prices.values()))
        spent, kept = 0.0, []
        for entry in chosen:
            if spent + prices[entry] * share <= budget.ids:
                spent += prices[entry] * share
                kept.append(entry)
        chosen = kept if len(kept) < len(chosen) else chosen[:-1]
        taken = set(chosen)
        made = _by_family(base, [one if one in taken or one.reason else _left(one) for one in entries], counts)
        made = replace(made, terms=_told(base, made.terms, entries, counts))
    return made


def _by_family(base: Origin, entries: Sequence[Entry], counts: Counter[str]) -> Grown:
    if isinstance(base, ModelBase):
        pieces = grow_pieces(base.model, entries, counts, across_spaces=True)
        made = ModelBase(extended_model(base.model, pieces.pieces)) if pieces.pieces else base
        return Grown(pieces.terms, pieces.new_tokens, pieces.scaffolds, model=made)
    if base.family == WORDS:
        words = grow_words(base, entries, counts)
        return Grown(words.terms, words.new_tokens, spec=spec_with(base, words))
    grow_spec = grow_unigram_spec if base.family == UNIGRAM else grow_bpe_spec
    found = grow_spec(base.spec, entries, counts, str(base.path))
    return Grown(found.terms, found.new_tokens, found.scaffolds, found.merges, found.spec)


def _left(entry: Entry) -> Entry:
    return replace(entry, reason=REASONS[OVER])


def _told(base: Origin, terms: Sequence[Term], entries: Sequence[Entry], counts: Counter[str]) -> tuple[Term, ...]:
    """The terms, where an entry that was left out for the budget has its variants again, and they say so."""
    only, spellings = whole(base), casings(entries, counts)
    told = []
    for term, entry in zip(terms, entries, strict=True):
        if term.entry.reason == entry.reason:
            told.append(term)
            continue
        texts = list(variants(entry, spellings))
        spelled = [only(text) for text in texts]
        singles = [one[0] if len(one) == 1 else None for one in ids_of(base, texts, spelled)]
        found = (
            Variant(text, form, OVER if single in (None, base.unknown_id) else PRESENT, single)
            for text, form, single in zip(texts, spelled, singles, strict=True)
        )
        told.append(Term(entry, tuple(replace(one, id=None) if one.status == OVER else one for one in found)))
    return tuple(told)


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
