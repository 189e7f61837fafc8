"""Counts how often, and in how many documents, each listed term stands in a corpus.

A term stands where a pre-token of the base begins with it, a space or a sign before it aside: with a particle or a plural,
but not inside a word. Pre-tokens with their documents give the occurrences, and of the documents a lower and an upper bound;
where a mined term may be rare between the two, and for terms that the pre-tokenizer cuts, the texts are read again. Counts
alone come back. They order terms under `--budget`, and a mined term that is rare here is refused.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vocab.model_base import Origin
from vocab.piece_models import SPACE
from vocab.pretokens import pieces_of
from vocab.spelling import whole
from vocab.term_lists import Entry

MIN_COUNT = 5
MIN_DOCUMENTS = 5
"""A mined term that stands in fewer documents may be the secret of one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How often a term stands in a corpus, and in how many documents: at least in those of its most frequent form."""

    count: int = 0
    documents: int = 0

    @property
    def rare(self) -> bool:
        """True below the minimum of occurrences or of documents."""
        return self.count < MIN_COUNT or self.documents < MIN_DOCUMENTS


def standings(
    base: Origin,
    entries: Iterable[Entry],
    counts: Mapping[str, int],
    documents: Mapping[str, int],
    texts: Iterable[str],
    *,
    cut_too: bool,
) -> dict[str, Standing]:
    """How the terms of the usable `entries` stand in `texts`.

    Args:
        base: cuts the texts.
        entries: lines of lists.
        counts: the pre-tokens of the texts, spelled as the base does, to occurrences.
        documents: the same to documents.
        texts: one for each document; read where bounds do not tell.
        cut_too: also count terms that the pre-tokenizer cuts; else those are left out. Where nothing cuts text, terms of
            several words are counted in any case.
    """
    usable = {entry.term: entry.mined for entry in entries if not entry.reason}
    only = whole(base)
    forms = {term: base.read(form).removeprefix(base.space) for term in usable if (form := only(term))}
    several = {term for term, form in forms.items() if base.space == SPACE and SPACE in form}
    forms = {term: form for term, form in forms.items() if term not in several}
    beginning = _holders(base, counts, set(forms.values()))
    holders = {term: beginning.get(form, []) for term, form in forms.items()}
    found: dict[str, Standing] = {}
    unsure: set[str] = set()
    for term, held in holders.items():
        at_least = max((documents[one] for one in held), default=0)
        found[term] = Standing(sum(counts[one] for one in held), at_least)
        if usable[term] and at_least < MIN_DOCUMENTS <= sum(documents[one] for one in held):
            unsure.add(term)
    wanted = [term for term in usable if term in several or (cut_too and term not in forms)]
    cut = {term: piece for term in wanted if (piece := _first(base, term))}
    if unsure or cut:
        by_piece = _holders(base, counts, set(cut.values()))
        spread = {term: by_piece.get(piece, []) for term, piece in cut.items()}
        found |= dict(_read_again(base, {term: holders[term] for term in unsure}, spread, texts))
    return found


def judged(entries: Sequence[Entry], found: Mapping[str, Standing]) -> tuple[Entry, ...]:
    """`entries`; a mined one that was counted and is rare in the corpus has lost its text, says so and is not to be used."""
    return tuple(
        replace(
            entry,
            term="",
            reason=f"mined, and stands {stands.count:,} times in {stands.documents:,} documents of this corpus; expected "
            f"{MIN_COUNT} in {MIN_DOCUMENTS} or more",
        )
        if entry.mined and not entry.reason and (stands := found.get(entry.term)) and stands.rare
        else entry
        for entry in entries
    )


def _first(base: Origin, term: str) -> str:
    """The first piece of a term that the base cuts; '' where none is left."""
    for _, pieces in pieces_of(base, [term]):
        return pieces[0].strip(f" {SPACE}") if pieces else ""
    return ""


def _holders(base: Origin, pretokens: Iterable[str], terms: Iterable[str]) -> dict[str, list[str]]:
    """For each of `terms`, the pre-tokens that begin with it, a space or a sign aside."""
    by_head: dict[str, list[str]] = {}
    found: dict[str, list[str]] = {}
    for term in sorted(term for term in terms if term):
        by_head.setdefault(term[0], []).append(term)
        found[term] = []
    for pretoken in pretokens:
        text = base.read(pretoken)
        for at in (0,) if text[0].isalnum() else (0, 1):
            for term in by_head.get(text[at : at + 1], ()):
                if text.startswith(term, at):
                    found[term].append(pretoken)
    return found


def _read_again(
    base: Origin, whole: Mapping[str, Sequence[str]], spread: Mapping[str, Sequence[str]], texts: Iterable[str]
) -> Iterator[tuple[str, Standing]]:
    """Each term with the exact number of its documents.

    Args:
        base: cuts the texts.
        whole: terms to the pre-tokens that hold them.
        spread: terms that are cut, to the pre-tokens that hold their first piece.
        texts: one for each document.
    """
    wanted: dict[str, set[str]] = {}
    for term, held in (*whole.items(), *spread.items()):
        for pretoken in held:
            wanted.setdefault(base.read(pretoken), set()).add(term)
    count: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for text, pieces in pieces_of(base, texts):
        here = Counter(piece for piece in pieces if piece in wanted)
        for term in {term for piece in here for term in wanted[piece]}:
            times = text.count(term) if term in spread else sum(here[piece] for piece in here if term in wanted[piece])
            count[term] += times
            documents[term] += bool(times)
    for term in (*whole, *spread):
        yield term, Standing(count[term], documents[term])
