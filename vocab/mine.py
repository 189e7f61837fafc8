"""Candidate terms of a certified corpus: counted exactly, screened for personal data, scored, for a person to edit.

In: a `CertifiedCorpus` and, if you like, a base tokenizer. Out: the terms with their counts, best first, and how many
candidates each gate refused. A candidate is an English word or a sequence of two to four, a Korean noun without its
particle, or one of both scripts. Guaranteed: it stands in a minimum of distinct documents and sources, holds no digit and
no masking tag, and the screen of `vocab.screen` finds nothing in it; no text of the corpus but such terms is written. The
same corpus gives the same bytes whatever the order of its shards.

The score is occurrences × tokens saved × termhood. Occurrences inside the most frequent longer candidate are taken off
(after the C-value of Frantzi, Ananiadou and Mima, 2000, which takes off their mean). Termhood needs no list of general
words: it is one and the residual inverse document frequency (Church and Gale, 1995: a term comes in clusters, where
boilerplate is spread evenly), times the square root of the symmetric conditional probability of the words of a sequence
(Ferreira da Silva and Lopes, 1999). What is general in the language at large, the base tokenizer has as one token: it
saves nothing and is left out.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vocab.errors import VocabError
from vocab.grams import Grams, Words
from vocab.model_base import Origin
from vocab.screen import personal
from vocab.term_lists import COLUMNS, COUNTS
from vocab.words import korean

if TYPE_CHECKING:
    from govern.attestation import CertifiedCorpus

MIN_DOCUMENTS = 5
LIMIT = 2000
"""Terms written at most, unless said otherwise: more than a person edits, and than `exact` takes without loss of speed."""
BESIDE_SHARE = 2
"""A candidate of which one in so many occurrences stands right beside a masking tag may be the rest of a name."""
INSIDE_SHARE = 0.9
"""A candidate of which so much stands inside one longer term is a part of that, and no term."""
LETTERS_A_TOKEN = 12
"""Without a base: English words of up to so many letters count as one token (twelve letters are 1.27 in GPT-2, eight 1.06),
and a Korean syllable as one (1.06 in the multilingual vocabulary of Whisper); both on speeches and rulings."""

STOPPED, RARE, FEW_SOURCES = "stop words", "too few documents", "too few sources"
NOTHING_SAVED, BESIDE, PERSONAL = "nothing saved", "beside masking tags", "personal data"
INSIDE_OTHERS, OVER = "inside a longer term", "over the limit"
GATES = (STOPPED, RARE, FEW_SOURCES, NOTHING_SAVED, BESIDE, PERSONAL, INSIDE_OTHERS, OVER)
"""Why a candidate is not written, in the order in which it is asked."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A term as it is most often written, and what was counted: occurrences, documents, sources, tokens saved each time."""

    term: str
    category: str
    count: int
    documents: int
    sources: int
    tokens_saved: int
    score: float


@dataclass(frozen=True, slots=True)
class Mined:
    """The terms to write, best first, and how many candidates each gate refused; with them every candidate is told."""

    candidates: tuple[Candidate, ...]
    refused: dict[str, int]
    documents: int
    sources: int

    @property
    def considered(self) -> int:
        """All candidates."""
        return len(self.candidates) + sum(self.refused.values())

    def to_tsv(self) -> bytes:
        """The list as `vocab extend --terms` reads it: empty cells for variants and source, then the counts."""
        rows = ["\t".join((*COLUMNS, *COUNTS))]
        rows += [
            f"{one.term}\t{one.category}\t\t\t{one.count}\t{one.documents}\t{one.sources}\t{one.tokens_saved}\t{one.score:.1f}"
            for one in self.candidates
        ]
        return ("\n".join(rows) + "\n").encode()


def mine(
    corpus: "CertifiedCorpus",
    base: Origin | None = None,
    *,
    min_documents: int = MIN_DOCUMENTS,
    min_sources: int | None = None,
    limit: int = LIMIT,
) -> Mined:
    """The candidate terms of `corpus`, its held-out part aside.

    Args:
        corpus: what `govern.attestation.verify` returned.
        base: the tokenizer whose tokens are saved; None estimates them by the number of letters.
        min_documents: distinct documents that a term must stand in, 2 or more.
        min_sources: distinct sources; None is one where the corpus has one, else two.
        limit: terms at most, 1 or more.

    Raises:
        VocabError: a minimum or the limit is out of range.
        VerificationError: a shard is not what was certified.
    """
    if min_documents < 2:
        raise VocabError(
            f"minimum of {min_documents} documents; expected at least 2, since what stands in one document alone may be its "
            "secret"
        )
    if (min_sources is not None and min_sources < 1) or limit < 1:
        what = f"limit of {limit} terms" if limit < 1 else f"minimum of {min_sources} sources"
        raise VocabError(f"{what}; expected 1 or more")
    words = Words(corpus, min_documents)
    grams = Grams(corpus, words, min_documents)
    needed = min(2, len(words.sources)) if min_sources is None else min_sources
    saved = _saving(base)
    refused = dict.fromkeys(GATES, 0)
    refused[STOPPED] = words.stopped + grams.stopped
    refused[RARE] = words.rare + grams.rare
    terms: dict[int, str] = {}
    for gram in grams.candidates():
        term = grams.spelling(gram)
        gate = _gate(grams, gram, term, needed, saved(term))
        if gate:
            refused[gate] += 1
        else:
            terms[gram] = term
    alone = _alone(grams, terms)
    refused[INSIDE_OTHERS] = len(terms) - len(alone)
    found = [
        Candidate(
            terms[gram],
            _category(terms[gram]),
            grams.counts[gram],
            grams.documents[gram],
            grams.source_sets[gram].bit_count(),
            saved(terms[gram]),
            round(occurrences * saved(terms[gram]) * _termhood(grams, gram, words.documents), 1),
        )
        for gram, occurrences in alone.items()
    ]
    found.sort(key=lambda one: (-one.score, one.term))
    refused[OVER] = max(0, len(found) - limit)
    return Mined(tuple(found[:limit]), refused, words.documents, len(words.sources))


def write(mined: Mined, out: Path) -> None:
    """Writes the list to `out`, whole or not at all.

    Raises:
        VocabError: `out` holds something else: a list that a person may have edited is not written over.
    """
    from govern.files import write_whole

    data = mined.to_tsv()
    refuse_other(out, data)
    write_whole(out, data)


def refuse_other(out: Path, data: bytes | None = None) -> None:
    """Returns where nothing stands at `out`, or the file that holds `data`, or any file while that is not known yet.

    Raises:
        VocabError: something else is there, or there is no such folder.
    """
    if not out.parent.is_dir():
        raise VocabError(f"{out}: no such folder; make it first")
    if out.is_symlink() or (out.exists() and (not out.is_file() or (data is not None and out.read_bytes() != data))):
        raise VocabError(f"{out}: is there already and holds something else, edited perhaps; choose another --out")


def _category(term: str) -> str:
    if not korean(term):
        return "mined-en"
    return "mined-mixed" if any(character.isascii() for character in term) else "mined-ko"


def _saving(base: Origin | None) -> Callable[[str], int]:
    """How many tokens one occurrence of a term, after a space, saves where it becomes a single token."""
    if base is None:
        return lambda term: (
            sum(len(word) if korean(word) else -(-len(word) // LETTERS_A_TOKEN) for word in term.split(" ")) - 1
        )
    tokenizer = base.inner()
    return lambda term: len(tokenizer.encode(" " + term, add_special_tokens=False).ids) - 1


def _gate(grams: Grams, gram: int, term: str, min_sources: int, tokens_saved: int) -> str:
    """The first gate that refuses a candidate which stands in enough documents, or ''."""
    if grams.source_sets[gram].bit_count() < min_sources:
        return FEW_SOURCES
    if tokens_saved < 1:
        return NOTHING_SAVED
    if grams.beside[gram] * BESIDE_SHARE >= grams.counts[gram]:
        return BESIDE
    return PERSONAL if personal(term, grams.casings(gram), grams.words.ids) else ""


def _alone(grams: Grams, kept: Iterable[int]) -> dict[int, int]:
    """Occurrences of each that are not inside its most frequent longer one; what hardly stands alone is left out."""
    inside: Counter[int] = Counter()
    for gram in kept:
        for part in grams.inner(gram):
            inside[part] = max(inside[part], grams.counts[gram])
    return {
        gram: grams.counts[gram] - inside[gram] for gram in kept if inside[gram] < grams.counts[gram] * INSIDE_SHARE
    }


def _termhood(grams: Grams, gram: int, documents: int) -> float:
    """How much in clusters it stands, from 1 on, times how firmly its words belong together, up to 1."""
    count, held = grams.counts[gram], grams.documents[gram]
    clustered = math.log2(documents / held) + math.log2(1 - math.exp(-count / documents))
    cuts = [grams.counts[left] * grams.counts[right] for left, right in grams.cuts(gram)]
    cohesion = count**2 * len(cuts) / sum(cuts) if cuts else 1.0
    return (1 + max(0.0, clustered)) * math.sqrt(cohesion)
