"""Appends pieces to SentencePiece BPE so that a given string becomes one piece (the chain of `vocab.merges`).

SentencePiece has no list of merges: of all neighbours whose joined text is a piece, those with the highest score join
first, the leftmost of equals, whether or not the two are pieces themselves. So a new piece is one product, reached from
every pair that makes it, and its score is its rank. Each new score lies below every score of the model, as float32 too,
so that earlier joins run first: no text gets more pieces, and a later piece never breaks an earlier one.
"""

import itertools
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from vocab.errors import VocabError
from vocab.piece_models import SPACE, as_float32
from vocab.sentence_piece import Piece, SentencePiece

_STEP = 1.0


class Joins:
    """The pieces of a model that text can be joined to, and those appended so far.

    Args:
        model: SentencePiece BPE.
        wanted: the strings that are to become pieces, with spaces as ▁.
    """

    def __init__(self, model: SentencePiece, wanted: Collection[str]) -> None:
        self.scores = {piece.text: piece.score for piece in model.pieces if piece.kind in ("normal", "unused")}
        self.where = str(model.file)
        self.wanted = frozenset(wanted)
        self.new: list[Piece] = []
        self.last = min(self.scores.values(), default=0.0)
        self.products = {
            text[start:end]
            for text in self.wanted
            for start, end in itertools.combinations(range(len(text) + 1), 2)
            if end - start > 1 and text[start:end] not in self.scores
        }
        self._leaks: Counter[str] = Counter()
        self._splits: list[tuple[list[str], int]] = []
        self._holders: dict[str, set[int]] = {}

    def candidates(self, pieces: Sequence[str]) -> bool:
        """Whether two neighbours among `pieces` make a part of a wanted string."""
        return any(left + right in self.products for left, right in itertools.pairwise(pieces))

    def watch(self, words: Iterable[tuple[list[str], int]]) -> None:
        """Counts, from now on, what new pieces would change in these term-free words (pieces, occurrences)."""
        for pieces, count in words:
            self._splits.append(([], count))
            self._set(len(self._splits) - 1, pieces)

    def split(self, pieces: Iterable[str]) -> list[str]:
        """What becomes of `pieces` (characters, or what they were joined to so far) when all joins have run."""
        joined = list(pieces)
        for _ in self._steps(joined):
            pass
        return joined

    def made_of(self, text: str) -> set[str]:
        """Every piece that `text` is joined to on the way, its characters aside."""
        return set(self._steps(list(text)))

    def _steps(self, joined: list[str]) -> Iterator[str]:
        """Joins neighbours in place, one pair after another, and gives what each became."""
        while len(joined) > 1:
            scores = [self.scores.get(left + right, -math.inf) for left, right in itertools.pairwise(joined)]
            best = max(scores)
            if best == -math.inf:
                break
            at = scores.index(best)
            joined[at : at + 2] = [joined[at] + joined[at + 1]]
            yield joined[at]

    def reach(self, text: str) -> None:
        """Appends pieces until `text` is one."""
        pieces = self.split(text)
        while len(pieces) > 1:
            self._append(self._choose(pieces))
            pieces = self.split(pieces)
        if pieces and pieces[0] not in self.scores:  # a character that is no piece
            self._append(pieces[0])

    def _choose(self, pieces: list[str]) -> str:
        """The product that crosses no space if possible, is wanted if possible, leaks least, stands first."""
        pairs = [left + right for left, right in itertools.pairwise(pieces)]
        return min(pairs, key=lambda one: (SPACE in one[1:], one not in self.wanted, self._leaks[one]))

    def _append(self, product: str) -> None:
        self.last = below(self.last, self.where)
        self.scores[product] = self.last
        self.new.append(Piece(product, self.last, "normal"))
        for at in sorted(self._holders.get(product, ())):
            self._set(at, self.split(self._splits[at][0]))

    def _set(self, at: int, now: list[str]) -> None:
        before, count = self._splits[at]
        for product in self._made(before):
            self._leaks[product] -= count
            self._holders[product].discard(at)
        for product in self._made(now):
            self._leaks[product] += count
            self._holders.setdefault(product, set()).add(at)
        self._splits[at] = (now, count)

    def _made(self, pieces: list[str]) -> set[str]:
        return {one for left, right in itertools.pairwise(pieces) if (one := left + right) in self.products}


def below(score: float, where: str) -> float:
    """The next score below `score` that float32 tells from it: one less, or where that is too fine, the next there is.

    Raises:
        VocabError: there is none.
    """
    lower = as_float32(score - _STEP)
    if lower >= score:
        size = max(abs(score), _STEP)
        lower = as_float32(score - size * 2.0**-23)
    if not math.isfinite(lower) or not lower < score:
        raise VocabError(f"{where}: its lowest score is {score}, and none is below it; choose another tokenizer")
    return lower
