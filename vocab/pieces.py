"""Decides what is added to a SentencePiece model: the pieces of each term, their scores and ids, and what could not be added.

In: a model, terms, and the words of a corpus (`words`). Variants of a term are those of `vocab.grow`, and what counts is
their text as the model's normalizer writes it, with ▁ for a space. Every new piece is a normal one at the end.

- BPE: pieces are chained until a variant is one (`vocab.piece_chain`). Their scores lie below all others, so no text gets
  more pieces; a piece that exists only for the chain may also join in text without a term, where the chain leaks least.
- Unigram: each variant is one piece, and there are no others. Its score is the lowest of the model, or just above that of the
  best path through the text where that is higher. Never less than the lowest, since the library takes the penalty for unknown
  characters from it. Text that does not hold the characters of a variant keeps its ids. A variant that would make a word of
  the corpus longer is taken back.

A term with a character that the model has no piece for becomes one piece too, and its text, unknown or bytes before, is read;
such pieces are counted. Where a run of unknown characters was one `<unk>`, reading a part of it can take more pieces.
The library itself encodes every variant in the end; one that is not one piece there is taken back.
"""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vocab.byte_alphabet import spell
from vocab.errors import VocabError
from vocab.grow import ADDED, CUT, NO_BYTES, NOT_SINGLE, PRESENT, Term, Variant, casings, variants
from vocab.piece_chain import Joins
from vocab.piece_models import SPACE, as_float32, encoded, extended_bytes, normalizing_processor, plain_processor
from vocab.pretokens import WORD, holding
from vocab.sentence_piece import BPE, Piece, SentencePiece
from vocab.term_lists import Entry

MARGIN = 1 / 16
"""How far above the best path of the base a piece of Unigram scores.

The library adds scores up in float32 from the start of a text: after 100,000 characters a step is about 1/32, and a margin of
1e-3 was lost in one of ten places.
"""
UNKNOWN_PENALTY = 10.0
"""By how much the library scores an unknown character below the lowest piece."""
_WORDS = re.compile(f"(?:{SPACE}*[^{SPACE}]+){{1,8}}|{SPACE}+")
CROSSING = re.compile(f"[^{SPACE}]{SPACE}")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_BATCH = 256


@dataclass(frozen=True, slots=True)
class PieceGrowth:
    """What is added to a model: terms with their variants, and new pieces in the order of their ids.

    Attributes:
        terms: a `Term` for each entry; the `spelled` of a variant is the piece.
        pieces: the new pieces.
        first_id: the id of the first of them, which is the number of pieces of the base.
        unknown: ids of new pieces with a character that the base has no piece for.
    """

    terms: tuple[Term, ...]
    pieces: tuple[Piece, ...]
    first_id: int
    unknown: tuple[int, ...]

    @property
    def new_tokens(self) -> tuple[tuple[str, int], ...]:
        """(piece, id) of each new id, ascending."""
        return tuple((piece.text, at) for at, piece in enumerate(self.pieces, self.first_id))

    @property
    def scaffolds(self) -> tuple[int, ...]:
        """New ids that are no variant of a term: they exist so that a variant can be reached."""
        targets = {variant.spelled for term in self.terms for variant in term.variants if variant.status == ADDED}
        return tuple(number for piece, number in self.new_tokens if piece not in targets)


def words(model: SentencePiece, texts: Iterable[str]) -> Counter[str]:
    """How often each word stands in `texts`, as the model sees it: normalised, each with the ▁ before it.

    No piece joins two of them, unless the model has pieces across spaces: there up to eight words stand together.
    """
    processor = model.processor()
    cut = _WORDS if crosses_spaces(model) else WORD
    counts: Counter[str] = Counter()
    rest = iter(texts)
    while batch := list(itertools.islice(rest, _BATCH)):
        counts.update(word for plain in processor.normalize(batch) for word in cut.findall(plain))
    return counts


def crosses_spaces(model: SentencePiece) -> bool:
    """Whether the model has pieces across spaces, as training with `split_by_whitespace` off makes them."""
    return any(CROSSING.search(piece.text) for piece in model.pieces if piece.kind in ("normal", "unused"))


def grow_pieces(
    model: SentencePiece,
    entries: Sequence[Entry],
    counts: Counter[str],
    across_spaces: bool | None = None,
    unknown: bool = True,
) -> PieceGrowth:
    """The growth of `model` by the terms of `entries`.

    Args:
        model: BPE or Unigram.
        entries: the terms.
        counts: word, as `words` gives it, to occurrences.
        across_spaces: whether a term of several words becomes a piece; by default only where the model has such pieces.
        unknown: whether a term with a character that is no piece becomes one; BPE with such pieces has no `tokenizer.json`.

    Raises:
        VocabError: the model writes a space after a word or not as ▁, has no normal pieces, or has no room for a score.
    """
    _refuse_odd(model)
    plain = plain_processor(model.data)
    across = crosses_spaces(model) if across_spaces is None else across_spaces
    names = [piece.text for piece in model.pieces if piece.kind not in ("normal", "unused")]
    entries = [replace(entry, reason=entry.reason or unusable(entry.term, names)) for entry in entries]
    cased = casings(entries, attested(entries, counts))
    texts = {entry: tuple(variants(entry, cased)) for entry in entries if not entry.reason}
    spelled = _spelled(model, [text for some in texts.values() for text in some])
    known = {piece.text for piece in model.pieces if piece.kind == "normal"}
    status = _before(model, plain, spelled, across, None if unknown else known)
    wanted = {piece for text, piece in spelled.items() if text not in status}
    pieces, failed = _grown(model, plain, wanted, counts, [one.lstrip(SPACE) for one in spelled.values()])
    status |= {text: NOT_SINGLE if piece in failed else ADDED for text, piece in spelled.items() if piece in wanted}
    ids = {piece.text: at for at, piece in enumerate((*model.pieces, *pieces))}
    terms = described(entries, texts, spelled, status, ids)
    first = len(model.pieces)
    read = tuple(at for at, piece in enumerate(pieces, first) if not known.issuperset(piece.text))
    return PieceGrowth(terms, pieces, first, read)


def unreached(made: SentencePiece, growth: PieceGrowth) -> tuple[int, ...]:
    """New ids of `made` that the library gives for no variant, and that no variant is joined from; expected none."""
    spelled = [one.spelled for term in growth.terms for one in term.variants if one.status == ADDED]
    given = {ids[0] for ids in encoded(plain_processor(made.data), spelled) if len(ids) == 1}
    if made.family == BPE:
        joins = Joins(made, ())
        held = {piece.text: at for at, piece in enumerate(made.pieces)}
        singles = [text for text in spelled if held[text] in given]
        given |= {held[piece] for text in singles for piece in joins.made_of(text)}
    return tuple(at for at in range(growth.first_id, len(made.pieces)) if at not in given)


def _before(
    model: SentencePiece, plain: Any, spelled: Mapping[str, str], across: bool, known: Collection[str] | None
) -> dict[str, str]:
    """What is said of a variant before anything is added: cut, one piece already, or with a character outside `known`."""
    found = dict(zip(spelled.values(), encoded(plain, spelled.values()), strict=True))
    status: dict[str, str] = {}
    for text, piece in spelled.items():
        ids = found[piece]
        if what := unjoinable(text, piece, across):
            status[text] = what
        elif len(ids) == 1 and model.pieces[ids[0]].kind == "normal":
            status[text] = PRESENT
        elif known is not None and any(one not in known for one in piece):
            status[text] = NO_BYTES
    return status


def described(
    entries: Iterable[Entry],
    texts: Mapping[Entry, Sequence[str]],
    spelled: Mapping[str, str],
    status: Mapping[str, str],
    ids: Mapping[str, int],
) -> tuple[Term, ...]:
    """A term for each entry, with what became of each of its texts."""
    made = {
        text: Variant(text, piece, status[text], ids[piece] if status[text] in (ADDED, PRESENT) else None)
        for text, piece in spelled.items()
    }
    return tuple(Term(entry, tuple(made[text] for text in texts.get(entry, ()))) for entry in entries)


def attested(entries: Sequence[Entry], counts: Mapping[str, int]) -> Counter[str]:
    """How often a term stands as a word of its own in any casing, in the byte alphabet; signs beside it are left off."""
    folded = {entry.term.casefold() for entry in entries if not entry.reason}
    seen: Counter[str] = Counter()
    for word, count in counts.items():
        core = _EDGES.sub("", word)
        if core.casefold() in folded:
            seen[spell(core)] += count
    return seen


def _refuse_odd(model: SentencePiece) -> None:
    where = f"{model.file}: "
    if not any(piece.kind == "normal" for piece in model.pieces):
        raise VocabError(f"{where}no normal pieces, so no score for a new one; choose another tokenizer")
    if model.processor().normalize("a b").lstrip(SPACE) != f"a{SPACE}b":
        raise VocabError(f"{where}it writes a space not as {SPACE} before a word; choose another tokenizer")


def unusable(term: str, names: Collection[str]) -> str:
    """Why a term cannot be used whatever the list says, or ''; `names` are the special pieces of the base."""
    if not term.strip():
        return "empty"
    if unicodedata.category(term[0]).startswith("M"):
        return "begins with a combining mark, which belongs to the character before"
    return "holds a special piece of the base" if any(name in term for name in names) else ""


def _spelled(model: SentencePiece, texts: Sequence[str]) -> dict[str, str]:
    """The piece that each variant would be: normalised, with ▁ in front where a space stands; '' where nothing is left."""
    bare = [text.removeprefix(" ") for text in texts]
    forms = normalizing_processor(model.data).normalize(bare)
    return {
        text: (SPACE if form and text != one else "") + form for text, one, form in zip(texts, bare, forms, strict=True)
    }


def unjoinable(text: str, piece: str, across: bool) -> str:
    """The status of a variant that no piece is made for, or ''."""
    form = piece.removeprefix(SPACE) if text.startswith(" ") else piece
    if not form:
        return NOT_SINGLE
    at_edge = form[0] == SPACE or form[-1] == SPACE
    return CUT if SPACE in text or at_edge or (SPACE in form and not across) else ""


def _grown(
    model: SentencePiece, plain: Any, wanted: set[str], counts: Mapping[str, int], cores: Sequence[str]
) -> tuple[tuple[Piece, ...], frozenset[str]]:
    """The new pieces, and those of `wanted` that are not one piece with them.

    What the library does not give as one piece, and what makes a word longer, is left out, and the rest is done again.
    """
    left = set(wanted)
    held = {piece.text for piece in model.pieces}
    scores = {piece.text: piece.score for piece in model.pieces if piece.kind == "normal"}
    is_bpe = model.family == BPE
    watched = list(_watched(model, plain, left, counts, cores)) if is_bpe else []
    olds = [] if is_bpe else encoded(plain, counts)
    while True:
        new = _chained(model, left, watched) if is_bpe else scored(scores, left - held)
        after = plain_processor(extended_bytes(model, new))
        every = (*model.pieces, *new)
        ids = {piece.text: at for at, piece in enumerate(every)}
        failed = {text for text, one in zip(left, encoded(after, left), strict=True) if one != [ids.get(text)]}
        if not is_bpe and not failed:
            found = lengthening(olds, encoded(after, counts), len(model.pieces), model.unk_id)
            failed = {every[at].text for at in found}
        if not failed:
            return new, frozenset(wanted - left)
        left -= failed


def _chained(model: SentencePiece, wanted: set[str], watched: Iterable[tuple[list[str], int]]) -> tuple[Piece, ...]:
    joins = Joins(model, wanted)
    joins.watch(watched)
    for text in sorted(wanted, key=lambda text: (len(text), text)):
        joins.reach(text)
    return tuple(joins.new)


def _watched(
    model: SentencePiece, plain: Any, wanted: set[str], counts: Mapping[str, int], cores: Sequence[str]
) -> Iterator[tuple[list[str], int]]:
    """The words without a term in which a new piece could join something: their pieces, and how often they stand."""
    joins = Joins(model, wanted)
    bytes_of = {at for at, piece in enumerate(model.pieces) if piece.kind in ("byte", "unknown")}
    texts = [piece.text for piece in model.pieces]
    found: dict[str, list[str]] = {}
    for word, ids in zip(counts, encoded(plain, counts), strict=True):
        pieces = joins.split(word) if not bytes_of.isdisjoint(ids) else [texts[at] for at in ids]
        if joins.candidates(pieces):
            found[word] = pieces
    with_term = holding(found, cores)
    return ((pieces, counts[word]) for word, pieces in found.items() if word not in with_term)


def scored(scores: Mapping[str, float], wanted: Iterable[str]) -> tuple[Piece, ...]:
    """A piece of Unigram for each of `wanted`, shorter ones first, since they can stand in longer ones.

    `scores` are those of the base: its normal pieces, with their lowest score as that of a new piece at least.
    """
    held = dict(scores)
    lowest = min(held.values())
    longest = max(map(len, held))
    new = []
    for text in sorted(wanted, key=lambda text: (len(text), text)):
        score = as_float32(max(lowest, best_score(text, held, lowest, longest) + MARGIN))
        held[text] = score
        longest = max(longest, len(text))
        new.append(Piece(text, score, "normal"))
    return tuple(new)


def best_score(text: str, scores: Mapping[str, float], lowest: float, longest: int) -> float:
    """The score of the best path of Unigram through `text`; an unknown character costs what the library takes for it."""
    best = [0.0]
    for end in range(1, len(text) + 1):
        paths = [
            best[start] + scores[text[start:end]]
            for start in range(max(0, end - longest), end)
            if text[start:end] in scores
        ]
        if text[end - 1] not in scores:
            paths.append(best[end - 1] + lowest - UNKNOWN_PENALTY)
        best.append(max(paths))
    return best[-1]


def lengthening(olds: Iterable[Sequence[int]], news: Iterable[Sequence[int]], first: int, unknown: int) -> set[int]:
    """The new ids, from `first` on, that stand in a word with more pieces than by the base.

    A word with unknown characters does not count: the base writes a run of them as one id, whatever is lost.
    """
    longer = (new for old, new in zip(olds, news, strict=True) if len(new) > len(old) and unknown not in old)
    return {at for new in longer for at in new if at >= first}
