"""Counts the words and word sequences of a certified corpus that stand in enough distinct documents.

Sequences grow by one word a pass, and one is counted only where both its parts of one word less stand in enough documents
(the apriori rule of Agrawal and Srikant, 1994): exact, since no sequence stands in more documents than its parts. Memory
holds the corpus's vocabulary and the sequences so pruned, never its text. Nothing depends on the order of documents.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vocab.screen import COMMON_SHARE, Casing
from vocab.stop_words import INSIDE, KOREAN, at_an_edge
from vocab.words import BREAK, TAG, Nouns, korean, pieces

if TYPE_CHECKING:
    from govern.attestation import CertifiedCorpus

MAX_WORDS = 4


def texts_of(corpus: "CertifiedCorpus") -> Iterator[tuple[list[str], str]]:
    """The pieces and the source of each document."""
    from govern.corpus import read_texts

    for shard in corpus.documents:
        frame = read_texts(shard)
        for text, source in zip(frame["text"], frame["source"], strict=True):
            yield pieces(text), source


class Words:
    """The words that stand in enough documents, numbered by name; English in lower case, Korean without particles."""

    def __init__(self, corpus: "CertifiedCorpus", min_documents: int) -> None:
        seen: Counter[str] = Counter()
        sources: set[str] = set()
        self.documents = 0
        for found, source in texts_of(corpus):
            seen.update(word for word in found if word and word != TAG and korean(word))
            sources.add(source)
            self.documents += 1
        self.sources = {source: number for number, source in enumerate(sorted(sources))}
        nouns = Nouns(seen)
        self._nouns = {word: noun for word in seen if len(noun := nouns.stem(word)) > 1}
        del seen, nouns
        holders: Counter[str] = Counter()
        for found, _ in texts_of(corpus):
            holders.update({key for word in found if (key := self.key(word))})
        edges = {key for key in holders if _stops(key)}
        self.stopped = len(edges)
        self.rare = sum(holders[key] < min_documents for key in holders.keys() - edges)
        self.names = sorted(key for key, held in holders.items() if held >= min_documents)
        self.ids = {name: number for number, name in enumerate(self.names)}
        self.edges = frozenset(self.ids[name] for name in edges & self.ids.keys())
        self.stops = frozenset(number for number in self.edges if self.names[number] not in INSIDE)
        self.korean = frozenset(number for name, number in self.ids.items() if korean(name))
        self.numbers = _Once(lambda word: self.ids.get(self.key(word), -1))
        self.numbers_english = _Once(lambda word: -1 if korean(word) else self.numbers[word])

    def key(self, word: str) -> str:
        """What `word` is counted as; '' for a break, a tag, or a Korean word that is no noun."""
        if not word or word == TAG:
            return ""
        if not korean(word):
            return word.lower()
        noun = self._nouns.get(word, "")
        return noun if korean(noun) else noun.lower()

    def surface(self, word: str) -> str:
        """The same as it is written there."""
        return self._nouns[word] if korean(word) else word


class _Once(dict[str, int]):
    """The number of each word, found out once."""

    def __init__(self, find: Callable[[str], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, word: str) -> int:
        number = self[word] = self._find(word)
        return number


class Grams:
    """The words and sequences that stand in enough documents: number, parts, and what was counted of each."""

    def __init__(self, corpus: "CertifiedCorpus", words: Words, min_documents: int) -> None:
        self.words = words
        self.parts: list[tuple[int, ...]] = [(number,) for number in range(len(words.names))]
        self.levels: list[dict[int, int]] = []
        self.stopped = self.rare = 0
        for _ in range(MAX_WORDS - 1):
            self._grow(corpus, min_documents)
        self._numbers = {parts: gram for gram, parts in enumerate(self.parts)}
        number = len(self.parts)
        self.counts = [0] * number
        self.documents = [0] * number
        self.source_sets = [0] * number
        self.beside = [0] * number
        self._spellings: list[Counter[str]] = [Counter() for _ in range(number)]
        self._casings = [Casing() for _ in words.names]
        for found, source in texts_of(corpus):
            self._count(found, 1 << words.sources[source])

    def candidates(self) -> Iterator[int]:
        """Those that neither begin nor end with a stop word, nor hold another inside than may stand there."""
        return (gram for gram, parts in enumerate(self.parts) if not self._stopped(parts))

    def spelling(self, gram: int) -> str:
        """How it is most often written; in lower case where that is no exception, since titles and headings raise letters."""
        spellings = self._spellings[gram]
        plain = " ".join(self.words.names[part] for part in self.parts[gram])
        if self.parts[gram][0] not in self.words.korean and spellings[plain] * COMMON_SHARE >= self.counts[gram]:
            return plain
        return min(spellings.items(), key=lambda item: (-item[1], item[0]))[0]

    def casings(self, gram: int) -> tuple[Casing, ...]:
        """The casing of each word; none for a Korean one."""
        parts = self.parts[gram]
        return () if parts[0] in self.words.korean else tuple(self._casings[part] for part in parts)

    def inner(self, gram: int) -> Iterator[int]:
        """Every shorter one inside a sequence."""
        parts = self.parts[gram]
        for size in range(1, len(parts)):
            for start in range(len(parts) - size + 1):
                yield self._numbers[parts[start : start + size]]

    def cuts(self, gram: int) -> Iterator[tuple[int, int]]:
        """The two sides of each cut through a sequence; none for a word."""
        parts = self.parts[gram]
        return ((self._numbers[parts[:at]], self._numbers[parts[at:]]) for at in range(1, len(parts)))

    def _grow(self, corpus: "CertifiedCorpus", min_documents: int) -> None:
        """One level more: the sequences of one word more than the last that stand in enough documents."""
        size = len(self.words.names)
        holders: Counter[int] = Counter()
        for found, _ in texts_of(corpus):
            ids = self._ids(found)
            last = self._starts(ids)[-1]
            width = len(self.levels) + 1
            holders.update(
                {
                    last[at] * size + ids[at + width]
                    for at in range(len(ids) - width)
                    if last[at] >= 0 and last[at + 1] >= 0
                }
            )
        stopped = rare = 0
        for key, held in holders.items():
            if self._stopped((*self.parts[key // size], key % size)):
                stopped += 1
            elif held < min_documents:
                rare += 1
        self.stopped += stopped
        self.rare += rare
        level = {}
        for key in sorted(key for key, held in holders.items() if held >= min_documents):
            level[key] = len(self.parts)
            self.parts.append((*self.parts[key // size], key % size))
        self.levels.append(level)

    def _stopped(self, parts: tuple[int, ...]) -> bool:
        edges, stops = self.words.edges, self.words.stops
        return parts[0] in edges or parts[-1] in edges or any(part in stops for part in parts[1:-1])

    def _ids(self, found: list[str]) -> list[int]:
        """The number of each word; -1 for a break, a rare word or a Korean one, over which no sequence reaches."""
        return [self.words.numbers_english[word] for word in found]

    def _starts(self, ids: list[int]) -> list[list[int]]:
        """For each width, which sequence starts at each place, or -1."""
        size = len(self.words.names)
        starts = [ids]
        for width, level in enumerate(self.levels, 1):
            last = starts[-1]
            starts.append(
                [
                    level.get(last[at] * size + ids[at + width], -1) if last[at] >= 0 and last[at + 1] >= 0 else -1
                    for at in range(len(ids) - width)
                ]
            )
        return starts

    def _count(self, found: list[str], source: int) -> None:
        """Adds one document to all counts."""
        words = self.words
        ids = self._ids(found)
        starts = self._starts(ids)
        starts[0] = [words.numbers[word] for word in found]
        tags = {at for at, word in enumerate(found) if word == TAG}
        held: set[int] = set()
        for width, row in enumerate(starts, 1):
            for at, gram in enumerate(row):
                if gram < 0:
                    continue
                held.add(gram)
                self.counts[gram] += 1
                surface = words.surface(found[at]) if width == 1 else " ".join(found[at : at + width])
                self._spellings[gram][surface] += 1
                if width == 1:
                    self._casings[gram].add(surface)
                if tags and _beside(found, tags, at, at + width):
                    self.beside[gram] += 1
        for gram in held:
            self.documents[gram] += 1
            self.source_sets[gram] |= source


def _beside(found: list[str], tags: set[int], start: int, end: int) -> bool:
    """Whether a tag stands right before or after, a break between them or not."""
    before = start - 2 if start > 0 and found[start - 1] == BREAK else start - 1
    after = end + 1 if end < len(found) and found[end] == BREAK else end
    return before in tags or after in tags


def _stops(key: str) -> bool:
    return key in KOREAN if korean(key) else at_an_edge(key)
