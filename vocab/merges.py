"""Appends merges to byte-level BPE so that a given string becomes one token (profile `portable`).

For a string, `p = bpe(string)` under the current merges; while `p` has more than one token, an adjacent pair is chosen,
its merge appended (and its product, if new, given the next id), and `p` computed again. Chosen is the pair that
minimises (its product is neither present nor wanted, how often the pair stands in term-free pre-tokens of the corpus,
its position). Earlier merges run first, so no token count rises, a term-free pre-token without an appended pair never
changes, and a later string never breaks an earlier one. Tokens are spelled in the byte alphabet throughout.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Appended:
    """A merge that was appended: its pair, and the id of the product where that is new, else None."""

    pair: Pair
    new_id: int | None

    @property
    def product(self) -> str:
        """The token that the merge makes."""
        return self.pair[0] + self.pair[1]


class Merges:
    """The merges of a base and those appended so far, over the pre-tokens by which a leak is counted.

    Args:
        vocab: token to id, of the base.
        merges: the base's merges, in order.
        forbidden: tokens that no merge may make (added tokens of the base).
        next_id: the id of the first new token.
        ignores_merges: a pre-token that is a token takes its id at once (`ignore_merges` of the base).
    """

    def __init__(
        self,
        vocab: Mapping[str, int],
        merges: Iterable[Pair],
        *,
        forbidden: Collection[str] = (),
        next_id: int,
        ignores_merges: bool = False,
    ) -> None:
        self.vocab = dict(vocab)
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.forbidden = frozenset(forbidden)
        self.next_id = next_id
        self.ignores_merges = ignores_merges
        self.appended: list[Appended] = []
        self._touched: list[tuple[str, ...]] = []
        self._counts: Mapping[str, int] = {}
        self._splits: dict[str, tuple[str, ...]] = {}
        self._pairs: Counter[Pair] = Counter()
        self._holders: dict[Pair, set[str]] = {}

    def watch(self, pretokens: Mapping[str, int]) -> None:
        """Counts pairs in these term-free pre-tokens (pre-token to occurrences) from now on."""
        self._counts = pretokens
        for pretoken in pretokens:
            self._split_again(pretoken)

    def split(self, text: str) -> list[str]:
        """The tokens of `text` by merges alone; a character that is no token is lost, as the library loses it."""
        tokens = [character for character in text if character in self.vocab]
        last = len(self.ranks)
        while len(tokens) > 1:
            ranks = [self.ranks.get(pair, last) for pair in itertools.pairwise(tokens)]
            best = min(ranks)
            if best == last:
                break
            at = ranks.index(best)
            tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
        return tokens

    def reach(self, text: str, wanted: Collection[str]) -> bool:
        """Appends merges until `text` is one token; where that is impossible, takes them back and returns False."""
        start = len(self.appended)
        while len(tokens := self.split(text)) > 1:
            pair = self._choose(tokens, wanted)
            if pair is None:
                self.take_back(start)
                return False
            self._append(pair)
        return bool(tokens)

    def _choose(self, tokens: list[str], wanted: Collection[str]) -> Pair | None:
        best: tuple[bool, int, int] | None = None
        for at, pair in enumerate(itertools.pairwise(tokens)):
            product = pair[0] + pair[1]
            present = product in self.vocab
            outranked = present and self.vocab[product] <= max(self.vocab[pair[0]], self.vocab[pair[1]])
            if outranked or product in self.forbidden:
                continue
            score = (not present and product not in wanted, self._pairs[pair], at)
            if best is None or score < best:
                best = score
        return None if best is None else (tokens[best[2]], tokens[best[2] + 1])

    def _append(self, pair: Pair) -> None:
        product = pair[0] + pair[1]
        new_id = None
        if product not in self.vocab:
            new_id = self.vocab[product] = self.next_id
            self.next_id += 1
        self.ranks[pair] = len(self.ranks)
        self.appended.append(Appended(pair, new_id))
        touched = set(self._holders.get(pair, ()))
        if self.ignores_merges and product in self._splits:
            touched.add(product)
        self._touched.append(tuple(sorted(touched)))
        for pretoken in self._touched[-1]:
            self._split_again(pretoken)

    def take_back(self, start: int) -> None:
        """Undoes every merge but the first `start` that were appended."""
        touched = {pretoken for some in self._touched[start:] for pretoken in some}
        for appended in reversed(self.appended[start:]):
            del self.ranks[appended.pair]
            if appended.new_id is not None:
                del self.vocab[appended.product]
                self.next_id -= 1
        del self.appended[start:], self._touched[start:]
        for pretoken in sorted(touched):
            self._split_again(pretoken)

    def _split_again(self, pretoken: str) -> None:
        whole = self.ignores_merges and pretoken in self.vocab
        now = (pretoken,) if whole else tuple(self.split(pretoken))
        before = self._splits.get(pretoken, ())
        if now == before:
            return
        count = self._counts[pretoken]
        for pair in itertools.pairwise(before):
            self._pairs[pair] -= count
            self._holders[pair].discard(pretoken)
        for pair in itertools.pairwise(now):
            self._pairs[pair] += count
            self._holders.setdefault(pair, set()).add(pretoken)
        self._splits[pretoken] = now
