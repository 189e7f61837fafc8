"""Counts how often, and in how many documents, each listed term stands in a corpus.

A term stands where a pre-token of the base begins with it, a space or a sign before it aside: with a particle or a plural,
but not inside a word. A term that the pre-tokenizer cuts stands where its characters do, in a text that has its first
piece. Counts alone come back. They order terms under `--budget`, and a mined term that is rare here is refused.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from vocab.base import Base
from vocab.byte_alphabet import read
from vocab.pretokens import pieces_of
from vocab.term_lists import Entry

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MIN_COUNT = 5
MIN_DOCUMENTS = 5
"""A mined term that stands in fewer documents may be the secret of one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How often a term stands in a corpus, and in how many documents."""

    count: int = 0
    documents: int = 0

    @property
    def rare(self) -> bool:
        """True below the minimum of occurrences or of documents."""
        return self.count < MIN_COUNT or self.documents < MIN_DOCUMENTS


def standings(base: Base, terms: Iterable[str], counts: Mapping[str, int], texts: Iterable[str]) -> dict[str, Standing]:
    """How each of `terms` stands in `texts`.

    Args:
        base: cuts the texts.
        terms: as the lists have them.
        counts: the pre-tokens of the same texts, spelled in the byte alphabet, to occurrences.
        texts: one for each document.
    """
    inner = base.inner()
    whole: dict[str, str] = {}
    spread: dict[str, list[str]] = {}
    for term in terms:
        first = _first(inner, term)
        if first == term:
            whole[term] = term
        elif first:
            spread.setdefault(first, []).append(term)
    found = Counter[str]()
    documents = Counter[str]()
    names = _names(counts, whole)
    for pretoken, held in names.items():
        for term in held:
            found[term] += counts[pretoken]
    by_piece = {read(pretoken).decode(): held for pretoken, held in names.items()}
    keys = {read(pretoken).decode(): held[0] for pretoken, held in _names(counts, spread).items()}
    for text, pieces in pieces_of(base, texts):
        here = {term for piece in by_piece.keys() & pieces for term in by_piece[piece]}
        for term in {term for piece in keys.keys() & pieces for term in spread[keys[piece]]}:
            count = text.count(term)
            if count:
                found[term] += count
                here.add(term)
        documents.update(here)
    return {term: Standing(found[term], documents[term]) for term in (*whole, *chain.from_iterable(spread.values()))}


def judged(entries: Sequence[Entry], found: Mapping[str, Standing]) -> tuple[Entry, ...]:
    """`entries`, where a mined one that is rare in the corpus says so and is not to be used."""
    return tuple(
        replace(
            entry,
            reason=f"mined, and stands {stands.count} times in {stands.documents} documents of this corpus; expected at least "
            f"{MIN_COUNT} in {MIN_DOCUMENTS}",
        )
        if entry.mined and not entry.reason and (stands := found.get(entry.term, Standing())).rare
        else entry
        for entry in entries
    )


def _first(inner: "Tokenizer", term: str) -> str:
    """The first piece of a term, in the normal form that a text has when it is cut; '' where none is left."""
    plain = inner.normalizer.normalize_str(term) if inner.normalizer else term
    pieces = [piece for piece, _ in inner.pre_tokenizer.pre_tokenize_str(plain)]
    return read(pieces[0]).decode() if pieces else ""


def _names(counts: Iterable[str], terms: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The pre-tokens that begin with one of `terms`, with those that they begin with."""
    by_head: dict[str, list[str]] = {}
    for term in terms:
        by_head.setdefault(term[0], []).append(term)
    found = {}
    for pretoken in counts:
        text = read(pretoken).decode()
        starts = [at for at in (0, 1) if text[at : at + 1] in by_head]
        held = [term for at in starts for term in by_head[text[at]] if text.startswith(term, at)]
        held = [term for term in held if text.startswith(term) or not text[0].isalnum()]
        if held:
            found[pretoken] = tuple(dict.fromkeys(held))
    return found
