"""Every known value looked for at once: an Aho–Corasick automaton over projected text, and the edges of each hit.

`Patterns` collects what is looked for, `build` makes the automaton, `search` runs it over a text. The automaton is
daachorse's double array over characters, whose time hardly depends on the number of values; e-mail
addresses have one of their own, since few texts have any. Of hits inside longer hits
the longer stand.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from govern.known.edges import KIND, judge, stands
from govern.known.projection import plain, project
from govern.known.variants import BESIDE, CASED, EMAIL, HANGUL, LATIN, LISTED, NUMBER, WORD, Form
from govern.normalize import normalize
from govern.recognizers.rule import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DENSE = 1000
"""Where more than one in so many numbers of a length is a value, one alone says nothing: it needs its label beside it."""

CONTEXTUAL = 2
"""What a hit says of its context: the table itself says what the value is, so no financial reading outweighs it."""


_ELEMENT = re.compile(r"</?(?P<name>[A-Za-z][\w:-]{0,40})(?:\s[^<>]{0,200})?/?>")
_LINE_END = re.compile(r"\\[nrt]")
"""Markup, and a line end that is written out; each begins with one letter, which is looked for quickly."""
_CODED = re.compile(
    r"<!--[^<>]{0,200}-->|&(?:[A-Za-z]{2,8}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}"
)
"""A comment, and a character in the codes of HTML, URLs or JSON."""
_BLOCKS = frozenset({
    "br", "dd", "div", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "table", "tbody", "td", "th",
    "thead", "tr", "ul",
})  # fmt: skip
"""Elements that part lines or cells."""
_ASIDE = re.compile(r"(?:[\"“'‘(](?:[A-Z][\w.]{0,20}|[가-힣一-鿿]{1,4})[\"”'’)]|(?<=[a-z] )[A-Z]\.?) (?=[A-Z가-힣])")
"""What stands within a listed name: John "Jack" Smith, John Q. Smith."""


class Meaning(NamedTuple):
    """What a pattern stands for; few differ, so many patterns share one."""

    entity_type: str
    how: int
    cut: int


@dataclass(frozen=True, slots=True)
class Automaton:
    """Patterns ready to search; the arrays say for each its entity type's index, how it is judged, and its first break."""

    entity_types: tuple[str, ...]
    engine: Any = field(repr=False)
    mail: Any = field(repr=False)
    """The engine of e-mail addresses, whose patterns are the last; it runs where a text has an `@`."""
    types: "NDArray[np.uint8]" = field(repr=False)
    hows: "NDArray[np.uint8]" = field(repr=False)
    cuts: "NDArray[np.uint8]" = field(repr=False)
    others: int
    """How many patterns are no e-mail addresses."""
    most: int
    """Every flag that a pattern has."""

    @property
    def listed(self) -> bool:
        """Whether a person wrote down one of the values to be found."""
        return self.most & LISTED > 0

    def raw(self, projected: str, *, mail: bool) -> list[tuple[int, int, int]]:
        """Where patterns stand in a projection: start, end, number of the pattern."""
        found: list[tuple[int, int, int]] = self.engine.find_overlapping(projected)
        if mail and self.others < len(self.hows):
            found += [
                (start, end, number + self.others) for start, end, number in self.mail.find_overlapping(projected)
            ]
        return found

    def meanings(self) -> bytes:
        """The three arrays one after another, as `restore` takes them."""
        return self.types.tobytes() + self.hows.tobytes() + self.cuts.tobytes()

    def forms(self) -> dict[str, tuple[int, int]]:
        """How many patterns each entity type has, and how many of them count beside a label or title alone."""
        import numpy as np

        every = np.bincount(self.types, minlength=len(self.entity_types))
        beside = np.bincount(self.types[(self.hows & BESIDE) > 0], minlength=len(self.entity_types))
        return {kind: (int(every[place]), int(beside[place])) for place, kind in enumerate(self.entity_types)}


class Patterns:
    """Collects patterns, each once: where two values have the same, it means the one that counts in more places."""

    def __init__(self) -> None:
        self.meanings: dict[str, Meaning] = {}
        self.shared: dict[Meaning, Meaning] = {}

    def add(self, entity_type: str, forms: Iterable[Form]) -> None:
        """Adds the forms of a value."""
        for pattern, how, cut in forms:
            meaning = Meaning(entity_type, how, cut)
            meaning = self.shared.setdefault(meaning, meaning)
            other = self.meanings.get(pattern)
            if other is None or _rank(meaning) < _rank(other):
                self.meanings[pattern] = meaning

    def settle(self, *, dense: bool) -> tuple[list[str], list[Meaning]]:
        """The patterns, e-mail addresses last, and what each means; nothing is held here afterwards.

        `dense`: numbers of a length at which many are values count beside a label alone.
        """
        meanings, self.meanings = self.meanings, {}
        lengths = Counter(len(pattern) for pattern, meaning in meanings.items() if _number(pattern, meaning))
        crowded = {length for length, count in lengths.items() if dense and count * DENSE > 10**length}
        patterns = sorted(meanings, key=lambda pattern: (meanings[pattern].how & KIND == EMAIL, pattern))
        settled = []
        for pattern in patterns:
            meaning = meanings[pattern]
            if len(pattern) in crowded and _number(pattern, meaning):
                meaning = meaning._replace(how=meaning.how | BESIDE)
            settled.append(self.shared.setdefault(meaning, meaning))
        return patterns, settled


def _rank(meaning: Meaning) -> tuple[int, str, int, int]:
    return meaning.how & (BESIDE | CASED), meaning.entity_type, meaning.how, meaning.cut


def _number(pattern: str, meaning: Meaning) -> bool:
    return meaning.how & KIND == NUMBER and pattern.isdigit()


def build(patterns: list[str], meanings: list[Meaning], entity_types: tuple[str, ...] | None = None) -> Automaton:
    """The automaton of what `Patterns.settle` gave; `entity_types` may name more than have patterns."""
    import daachorse
    import numpy as np

    others = sum(meaning.how & KIND != EMAIL for meaning in meanings)
    engine = daachorse.CharwiseDoubleArrayAhoCorasick(patterns[:others], daachorse.MATCH_KIND_STANDARD)
    mail = daachorse.CharwiseDoubleArrayAhoCorasick(patterns[others:], daachorse.MATCH_KIND_STANDARD)
    kinds = entity_types or tuple(sorted({meaning.entity_type for meaning in meanings}))
    index = {kind: number for number, kind in enumerate(kinds)}
    count = len(meanings)
    types = np.fromiter((index[meaning.entity_type] for meaning in meanings), np.uint8, count)
    hows = np.fromiter((meaning.how for meaning in meanings), np.uint8, count)
    cuts = np.fromiter((meaning.cut for meaning in meanings), np.uint8, count)
    return Automaton(kinds, engine, mail, types, hows, cuts, others, _flags(hows))


def restore(serialized: Iterable[bytes], meanings: bytes, entity_types: tuple[str, ...]) -> Automaton:
    """The automaton whose engines and arrays were sealed; only bytes that a key has proved come here."""
    import daachorse
    import numpy as np

    engine, mail = map(daachorse.CharwiseDoubleArrayAhoCorasick.deserialize, serialized)
    types, hows, cuts = np.frombuffer(meanings, np.uint8).reshape(3, -1)
    return Automaton(entity_types, engine, mail, types, hows, cuts, int(((hows & KIND) != EMAIL).sum()), _flags(hows))


def _flags(hows: "NDArray[np.uint8]") -> int:
    import numpy as np

    return int(np.bitwise_or.reduce(hows)) if len(hows) else 0


def search(automaton: Automaton, text: str, recognizer: str = "known") -> list[Hit]:
    """Every value in `text` (a shadow of `govern.normalize`) whose edges are right, sorted, none inside another."""
    hits = _hits(automaton, text, recognizer)
    bare = _without_markup(text, listed=automaton.listed)
    return _outermost(hits if bare == text else [*hits, *_hits(automaton, bare, recognizer)])


def plain_form(text: str) -> str:
    """A value as it is looked for: without what stands between its letters and digits where it is listed."""
    return plain(_without_markup(normalize(text).text, listed=True))


def _without_markup(text: str, *, listed: bool) -> str:
    """The text with blanks for what stands within a line, and ends of lines or cells for what parts them, as long as it was.

    What is `listed` is found over more: codes of characters, comments, and what stands within a name.
    """
    if "<" in text:
        text = _ELEMENT.sub(_blank if listed else _gap, text)
    if "\\" in text:
        text = _LINE_END.sub("\n ", text)
    return _ASIDE.sub(_blank, _CODED.sub(_blank, text)) if listed else text


def _gap(match: re.Match[str]) -> str:
    return ("|" if match["name"].lower() in _BLOCKS else " ").ljust(len(match[0]))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _hits(automaton: Automaton, text: str, recognizer: str) -> list[Hit]:
    import numpy as np

    projection = project(text)
    raw = automaton.raw(projection.text, mail="@" in text)
    if not raw:
        return []
    found = np.array(raw, np.int64)
    positions = projection.positions()
    first, last, pattern = positions[found[:, 0]], positions[found[:, 1] - 1], found[:, 2]
    hows = automaton.hows[pattern]
    apart = ((hows & KIND) == HANGUL) & ((hows & LISTED) == 0) & (last - first >= found[:, 1] - found[:, 0])
    hows[apart] |= BESIDE | WORD
    hits: list[Hit] = []
    for place in np.flatnonzero(stands(projection.codes, first, last, hows)).tolist():
        number, how = int(pattern[place]), int(hows[place])
        cut = int(automaton.cuts[number])
        second = int(positions[found[place, 0] + cut]) if cut and how & KIND == LATIN else -1
        span = judge(text, int(first[place]), int(last[place]) + 1, how, second)
        if span is not None:
            kind = automaton.entity_types[automaton.types[number]]
            hits.append(Hit(*span, kind, 1.0, recognizer, validated=True, contextual=CONTEXTUAL))
    return hits


def _outermost(hits: list[Hit]) -> list[Hit]:
    """The hits that lie in no other; of two on the same characters the first by entity type."""
    standing: list[Hit] = []
    for hit in sorted(set(hits), key=lambda hit: (hit.start, -hit.end, hit.entity_type)):
        if not standing or hit.end > standing[-1].end:
            standing.append(hit)
    return standing
