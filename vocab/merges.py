"""Appends merges to byte-level BPE so that a given string becomes one token (profile `portable`).

For a string, `p = bpe(string)` under the current merges. Of all ways to join `p` by pairs, that is of all binary trees over
it, the one is taken that costs least; its merges are appended from the leaves up (and their products, if new, given the next
id), and where a merge did more than it was to, the rest is planned again. A merge costs what it changes: how often its pair
stands in term-free pre-tokens of the corpus, where both sides are tokens of the base (what holds a new token has changed
already). A new product that is no wanted string, a *scaffold*, costs `SCAFFOLD_PER_MILLION`, shared among the wanted strings
that it is a part of. A string is reached after a space first: the pairs inside of it then serve both.

Earlier merges run first, so no token count rises, a term-free pre-token without an appended pair never changes, and a later
string never breaks an earlier one. Each product outranks its parts. Costs are whole numbers, so a plan depends on no order
of sums. Tokens are spelled in the byte alphabet throughout.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

Pair = tuple[str, str]

SCAFFOLD_PER_MILLION = 2
"""A scaffold may be avoided by this many changed pre-tokens in a million of the corpus, and by no more."""
_OCCURRENCE = 1_000_000
"""The cost of one changed pre-token."""
_LEAST = 10_000
"""The least that a scaffold costs, so that it is shared also where no corpus is watched."""
_SPACE = "Ġ"


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
        self._first_new = next_id
        self.ignores_merges = ignores_merges
        self.appended: list[Appended] = []
        self._touched: list[tuple[str, ...]] = []
        self._counts: Mapping[str, int] = {}
        self._splits: dict[str, tuple[str, ...]] = {}
        self._pairs: Counter[Pair] = Counter()
        self._holders: dict[Pair, set[str]] = {}
        self._wanted: Collection[str] = ()
        self._shares: Counter[str] = Counter()
        self._scaffold = _LEAST

    def watch(self, pretokens: Mapping[str, int], splits: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """Counts pairs in these term-free pre-tokens from now on.

        Args:
            pretokens: pre-token to occurrences.
            splits: how each is split now, where that is known already: it must be what `split` gives.
        """
        self._counts = pretokens
        self._scaffold = max(_LEAST, SCAFFOLD_PER_MILLION * sum(pretokens.values()))
        if splits is None:
            for pretoken in pretokens:
                self._split_again(pretoken)
            return
        for pretoken, count in pretokens.items():
            tokens = self._splits[pretoken] = splits[pretoken]
            for pair in itertools.pairwise(tokens):
                self._pairs[pair] += count
                self._holders.setdefault(pair, set()).add(pretoken)

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
        """Appends merges until `text` is one token; where that is impossible, takes them back and returns False.

        Args:
            text: what is to be one token; after a space it becomes one too where that is wanted.
            wanted: every string that is to be one token sooner or later; the same collection in every call.
        """
        if wanted is not self._wanted:
            self._wanted = wanted
            self._shares = self._shared(wanted)
        if _SPACE + text in wanted:
            self._join(_SPACE + text)
        return self._join(text)

    def chain(self, text: str) -> bool:
        """Appends merges from the left until `text` is one token; where that is impossible, takes them back, returns False.

        What is appended depends on the base and the texts alone, not on counts or costs: groups of digits are found again by
        it for ever, whatever else is planned in another way.
        """
        start = len(self.appended)
        while len(tokens := self.split(text)) > 1:
            pairs = [pair for pair in itertools.pairwise(tokens) if self._cost(*pair, pair[0] + pair[1]) is not None]
            if not pairs:
                self.take_back(start)
                return False
            self._append(pairs[0])
        return bool(tokens)

    def _join(self, text: str) -> bool:
        start = len(self.appended)
        while len(tokens := self.split(text)) > 1:
            plan = self._plan(tokens)
            if not plan:
                self.take_back(start)
                return False
            for pair in plan:
                if pair not in itertools.pairwise(tokens):
                    break
                self._append(pair)
                tokens = self.split(text)
        return bool(tokens)

    def _plan(self, tokens: list[str]) -> list[Pair]:
        """The merges that make one token of `tokens` at the least cost, each after those of its parts; empty if none can."""
        size = len(tokens)
        text = {(i, j): "".join(tokens[i:j]) for i in range(size) for j in range(i + 1, size + 1)}
        best: dict[tuple[int, int], tuple[int, int]] = {(i, i + 1): (0, i) for i in range(size)}
        for width in range(2, size + 1):
            for i in range(size - width + 1):
                j = i + width
                ways = [
                    (best[i, cut][0] + best[cut, j][0] + cost, cut)
                    for cut in range(i + 1, j)
                    if (i, cut) in best
                    and (cut, j) in best
                    and (cost := self._cost(text[i, cut], text[cut, j], text[i, j])) is not None
                ]
                if ways:
                    best[i, j] = min(ways)
        plan: list[Pair] = []
        open_spans = [(0, size)] if (0, size) in best else []
        while open_spans:
            i, j = open_spans.pop()
            if j - i > 1:
                cut = best[i, j][1]
                plan.append((text[i, cut], text[cut, j]))
                open_spans += [(i, cut), (cut, j)]
        return plan[::-1]

    def _cost(self, left: str, right: str, product: str) -> int | None:
        """What merging the pair would cost; None where it must not be."""
        if (left, right) in self.ranks:
            return 0
        ids = [self.vocab.get(part, self.next_id) for part in (left, right)]
        known = self.vocab.get(product)
        if product in self.forbidden or (known is not None and known <= max(ids)):
            return None
        leak = self._pairs[left, right] if max(ids) < self._first_new else 0
        scaffold = known is None and product not in self._wanted
        return leak * _OCCURRENCE + (self._scaffold // max(1, self._shares[product]) if scaffold else 0)

    def _shared(self, wanted: Iterable[str]) -> Counter[str]:
        """In how many of `wanted` each row of tokens stands."""
        shares: Counter[str] = Counter()
        for text in wanted:
            tokens = self.split(text)
            spans = itertools.combinations(range(len(tokens) + 1), 2)
            shares.update({"".join(tokens[i:j]) for i, j in spans if j - i > 1})
        return shares

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

    def _split_again(self, pretoken: str, known: Sequence[str] | None = None) -> None:
        whole = self.ignores_merges and pretoken in self.vocab
        now = tuple(known) if known else (pretoken,) if whole else tuple(self.split(pretoken))
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
