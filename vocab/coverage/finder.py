r"""Finds terms of term lists in text: tens of thousands of terms in one pass, and which pieces of text they join.

In go terms and text, out come (index of the term, start, end) in code points. A term begins where no word character
(`\w`) stands before it. A term of ASCII characters alone is not followed by an ASCII letter or digit; any other may be
followed by anything, as Korean particles follow a noun. At each place the longest term that is allowed there is found,
and no two overlap: what `re.finditer` finds with the terms as alternatives, longest first, each with its own condition.

How: the terms lie sorted, each with a link to the longest other term that begins it. Of all terms that begin `text`, the
longest is then the last one that sorts at or before `text`, or stands on the links from there, since whatever sorts between a
term and a text that begins with it begins with it too. Most places need no search: a term that begins with ASCII letters or
digits can stand only where the text has the same whole run of these, and the first two characters tell of any other.

A caller that works on text cut at spaces asks `opens`, `follows`, `crosses` and `reach` where a term goes on after a space.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from vocab.errors import VocabError

_LEAD = r"[A-Za-z0-9]+|\w{1,2}"
_LEADING = re.compile(rf"{_LEAD}|.", re.DOTALL)
_ALNUM = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_Range = tuple[int, int, int]
"""Where the terms with one beginning stand among the sorted terms, [start, stop), and the length of the longest."""


class Finder:
    """Finds `terms` in text, and tells which neighbours among the pieces of `text.split(" ")` a term may join.

    A *unit* is one or more pieces with the spaces between them and, but for the first of a text, the space before them.
    Where the boundary before piece i is taken away whenever some j < i has `opens(pieces[j])`, `follows(pieces[j + 1])`,
    `crosses(pieces[j], pieces[j + 1])` and `j + reach(pieces, j) >= i`, no term that is allowed anywhere in the text
    crosses the boundary of a unit, and so `find` finds in the units, one by one, what it finds in the whole text. Taking
    away more boundaries changes nothing.

    Attributes:
        terms: the terms in the order given, each once.
        most_pieces: the most pieces that a term takes part of; `reach` looks at no more.

    Raises:
        VocabError: a term is empty, or begins or ends with a space, which no unit could hold with what stands before it.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        self.terms = tuple(dict.fromkeys(terms))
        for number, term in enumerate(self.terms, 1):
            if not term or term != term.strip(" "):
                raise VocabError(
                    f"term {number} of the distinct ones: empty, or a space at an end; expected a term that begins and ends "
                    "with another character; strip it"
                )
        self._order = sorted(range(len(self.terms)), key=self.terms.__getitem__)
        self._sorted = [self.terms[at] for at in self._order]
        self._shorter = _links(self._sorted)
        self._ranges = {lead: _range(self._sorted, lead) for lead in map(_lead, self.terms)}
        # A term of one character, as 원 is, also stands where the two characters that text is looked up by begin no term.
        self._single = {lead: where for lead, where in self._ranges.items() if len(lead) == 1 and lead not in _ALNUM}
        marks = _marks(self.terms)
        self._starts = re.compile(rf"({_LEAD})\w*" + (rf"|(?<!\w)[{marks}]" if marks else ""))
        self._learn_words([term.split(" ") for term in self.terms if " " in term])

    def _learn_words(self, words: Sequence[Sequence[str]]) -> None:
        """Keeps what can stand before and after the first space of a term; `words` are those of each term of several."""
        self._depths: dict[str, int] = {}  # first word: the most words after it
        self._inner = frozenset(second for _, second, *others in words if others)
        self._leads: set[str] = set()  # of second words that end a term, where a piece has the same lead for certain
        self._firsts: set[str] = set()  # of the others, their first characters
        for first, *others in words:
            self._depths[first] = max(self._depths.get(first, 0), len(others))
            if len(others) == 1 and (first + others[0]).isascii() and others[0][0] in _ALNUM:
                self._leads.add(_lead(others[0]))
            elif len(others) == 1:
                self._firsts.add(others[0][0])
        self.most_pieces = 1 + max(self._depths.values(), default=0)
        self._ends = frozenset(first[-1] for first in self._depths)
        self._head = max(map(len, self._depths), default=0)
        self._heads = re.compile(rf"(?<!\w)[\w{_marks(self._depths)}]")

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Each term in `text` as (index in `terms`, start, end), in order, none overlapping another."""
        ranges, single, done = self._ranges, self._single, 0
        for match in self._starts.finditer(text):
            lead = match[1] or match[0]
            where = ranges.get(lead) or single.get(lead[0])
            if where is None:
                continue
            start = match.start()
            if start >= done and (at := self._longest(text, start, where)) >= 0:
                done = start + len(self._sorted[at])
                yield self._order[at], start, done

    def opens(self, piece: str) -> bool:
        """Whether a term of several words could begin in `piece` and go on after a space that follows it."""
        if piece in self._depths:
            return True
        if piece[-1:] not in self._ends or piece.isalnum():  # one word, in which nothing begins but at its start
            return False
        return next(self._openings(piece), None) is not None

    def follows(self, piece: str) -> bool:
        """Whether `piece` could stand after the first space in a term: false for none that does, true for some others."""
        if piece in self._inner:
            return True
        return bool(piece) and (piece[0] in self._firsts or _lead(piece) in self._leads)

    def crosses(self, piece: str, following: str) -> bool:
        """Whether a term could begin in `piece` and go on in `following`, to end there or in a piece after it."""
        for first in self._openings(piece):
            text = f"{first} {following}"
            if self._end(text) > len(first) or self._begun(f"{text} "):
                return True
        return False

    def reach(self, pieces: Sequence[str], at: int) -> int:
        """The most pieces after `pieces[at]` that a term which is allowed to begin in it takes; 0 where none takes any."""
        most = 0
        for first in self._openings(pieces[at]):
            text = " ".join((first, *pieces[at + 1 : at + 1 + self._depths[first]]))
            most = max(most, text.count(" ", 0, self._end(text)))
        return most

    def _longest(self, text: str, start: int, where: _Range) -> int:
        """The longest term allowed at `start`, as its place among the sorted terms; -1 where there is none."""
        low, high, length = where
        ordered = self._sorted
        at = low if high - low == 1 else bisect_right(ordered, text[start : start + length], low, high) - 1
        while at >= 0:
            term = ordered[at]
            if text.startswith(term, start):
                end = start + len(term)
                if not term.isascii() or text[end : end + 1] not in _ALNUM:
                    return at
            at = self._shorter[at]
        return -1

    def _end(self, text: str) -> int:
        """Where the longest term that is allowed at the start of `text` ends; 0 where there is none."""
        lead = _lead(text)
        where = self._ranges.get(lead) or self._single.get(lead[0])
        at = self._longest(text, 0, where) if where else -1
        return len(self._sorted[at]) if at >= 0 else 0

    def _begun(self, text: str) -> bool:
        """Whether a term begins with `text`."""
        at = bisect_left(self._sorted, text)
        return at < len(self._sorted) and self._sorted[at].startswith(text)

    def _openings(self, piece: str) -> Iterator[str]:
        """The ends of `piece` that are the first word of a term of several and stand where a term is allowed to begin."""
        for match in self._heads.finditer(piece, max(0, len(piece) - self._head)):
            first = piece[match.start() :]
            if first in self._depths:
                yield first


def _links(ordered: Sequence[str]) -> list[int]:
    """For each of the sorted terms, where the longest other term that begins it stands; -1 for none."""
    links, above = [], [-1]
    for at, term in enumerate(ordered):
        while above[-1] >= 0 and not term.startswith(ordered[above[-1]]):
            above.pop()
        links.append(above[-1])
        above.append(at)
    return links


def _lead(text: str) -> str:
    """What `text` is looked up by: its leading run of ASCII letters and digits, else two word characters at most."""
    match = _LEADING.match(text)
    return match[0] if match else ""


def _range(ordered: Sequence[str], beginning: str) -> _Range:
    size = len(beginning)
    low = bisect_left(ordered, beginning)
    high = bisect_right(ordered, beginning, low, key=lambda term: term[:size])
    return low, high, max(map(len, ordered[low:high]))


def _marks(texts: Iterable[str]) -> str:
    """The characters that `texts` begin with, word characters aside, as they stand in a set of a pattern."""
    return "".join(re.escape(mark) for mark in sorted({text[0] for text in texts if not re.match(r"\w", text)}))
