"""The plain way to count what terms and numbers cost: by the library's own offsets, one occurrence after the other."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter

from vocab import numbers
from vocab.coverage.finder import Finder
from vocab.coverage.readers import Reader

Offsets = list[tuple[int, int]]


def places(reader: Reader, text: str) -> Offsets:
    """Where each token of a text stands."""
    return reader.offsets([text])[0][0]


def held(offsets: Offsets, start: int, end: int) -> Offsets:
    """The tokens that hold a character from `start` to `end`."""
    first, last = bisect_right(offsets, start, key=itemgetter(1)), bisect_left(offsets, end, key=itemgetter(0))
    return offsets[first:last]


def tokens_over(offsets: Offsets, text: str, start: int, end: int) -> tuple[int, bool]:
    """Tokens that hold a character of `text[start:end]`, and whether one holds it, with no more than white space before it."""
    found = held(offsets, start, end)
    return len(found), len(found) == 1 and found[0][1] == end and not text[min(found[0][0], start) : start].strip()


def by_term(reader: Reader, terms: Sequence[str], texts: Iterable[str]) -> Mapping[str, Counter[str]]:
    """Occurrences, tokens and single ones of each term that stands in `texts`."""
    finder, found = Finder(terms), defaultdict[str, Counter[str]](Counter)
    for text in texts:
        offsets = places(reader, text)
        for term, start, end in finder.find(text):
            tokens, single = tokens_over(offsets, text, start, end)
            found[terms[term]].update(occurrences=1, tokens=tokens, single=single)
    return found


def by_format(reader: Reader, texts: Iterable[str]) -> Mapping[str, Counter[str]]:
    """What the numbers of each format cost, how they are cut, and what their values have boundaries for."""
    found = defaultdict[str, Counter[str]](Counter)
    for text in texts:
        offsets = places(reader, text)
        begins = {two[0] for one, two in pairwise(offsets) if two[0] >= one[1]}
        for form, start, end in numbers.find(text):
            tokens, single = tokens_over(offsets, text, start, end)
            cuts, groups = {cut for cut in begins if start < cut < end}, set(numbers.groups(text, start, end))
            fused = sum(numbers.fuses(text[one:other]) for one, other in held(offsets, start, end))
            found[form].update(occurrences=1, tokens=tokens, single=single, cuts=len(cuts), groups=len(groups))
            found[form].update(hits=len(cuts & groups), fused=fused, broken=0)
    return found


def by_run(reader: Reader, texts: Iterable[str]) -> Mapping[int, Counter[tuple[int, ...]]]:
    """For each length of a run of digits, how often it is cut in which way."""
    found = defaultdict[int, Counter[tuple[int, ...]]](Counter)
    for text in texts:
        starts = {begin for begin, _ in places(reader, text)}
        for _, start, end in numbers.find(text):
            for first, last in numbers.digit_runs(text, start, end):
                if 2 <= last - first <= 12:
                    found[last - first][tuple(cut - first for cut in range(first + 1, last) if cut in starts)] += 1
    return found
