"""One corpus as each operator leaves it, and what an attacker who holds the true values reads in it.

In: documents with labelled values. Out: the same documents with every label replaced, and where the replacements stand. Labels
are replaced, not findings, so that variants differ in what stands for a value and in nothing else.
"""

import hashlib
import hmac
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import polars as pl
from detection_sets import REAL, with_context

from govern.canonical import canonical_value
from govern.draw import Draw
from govern.keys import derive
from govern.operators.surrogate import SERVED
from govern.policy import ENTITY_TYPES, Policy
from govern.sample import generate
from govern.samples.pages import entity_types
from govern.treatment import Treatment, prepare

SECRET = bytes(range(32))
RAW, TAG, SURROGATE, PSEUDONYM, HEX = "raw", "tag", "surrogate", "pseudonym", "hex"
WRITINGS = (RAW, TAG, SURROGATE, PSEUDONYM, HEX)
HEX_DIGITS = 32
PASSAGE, PLANTED = 900, 3
"""Characters of a passage of real text, and how many sentences with values are put into it."""
HELD_OUT_TEXTS = 32
"""Of 256 values of a digest's first byte: real texts whose passages are held out."""
_BOUNDARY = re.compile(r"(?<=[.!?])\s+(?=\S)|\n+(?=\S)")


class Value(NamedTuple):
    """Characters `start` to `end` (half open) of a text hold a value of that type."""

    start: int
    end: int
    entity_type: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its values in order; `kind` is `sample` or `real`."""

    text: str = field(repr=False)
    lang: str
    kind: str
    values: tuple[Value, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of its text."""
        return len(self.text.encode())

    def spelled(self) -> Iterator[tuple[str, str]]:
        """Entity type and text of each value."""
        return ((one.entity_type, self.text[one.start : one.end]) for one in self.values)


def sample(documents: int, seed: int) -> Iterator[Document]:
    """Documents of `govern sample`."""
    for one, _ in generate(documents, seed):
        labels = sorted(Value(each.start, each.end, each.entity_type) for each in one.labels)
        yield Document(one.text, one.lang, "sample", tuple(labels))


def planted(shared: Path, passages: int, seed: int, *, held_out: bool) -> Iterator[Document]:
    """Passages of real text, half of each language, with sentences about values between theirs; texts are held out whole."""
    for lang, names in REAL.items():
        texts = [text for name in names for text in pl.read_parquet(shared / f"{name}.parquet")["text"]]
        texts = [text for text in texts if (hashlib.sha256(text.encode()).digest()[0] < HELD_OUT_TEXTS) == held_out]
        draw, types = Draw(f"masking/{seed}/{lang}/{held_out}"), entity_types(lang)
        made = 0
        while made < passages // len(REAL):
            text = draw.pick(texts)
            start = draw.between(0, max(0, len(text) - PASSAGE))
            passage = text[start : start + PASSAGE]
            places = [match.end() for match in _BOUNDARY.finditer(passage)]
            if len(places) >= PLANTED:
                chosen = sorted({draw.pick(places) for _ in range(PLANTED)})
                yield _with_sentences(passage, lang, chosen, types, draw)
                made += 1


def _with_sentences(passage: str, lang: str, places: list[int], types: Sequence[str], draw: Draw) -> Document:
    """`passage` with a sentence at each place: every second one about a person."""
    text, values, done = "", [], 0
    for place in places:
        sentence, labels = with_context("PERSON" if draw.chance(50) else draw.pick(types), lang, draw)
        text += passage[done:place]
        values += [Value(start + len(text), end + len(text), kind) for start, end, kind in labels]
        text, done = text + sentence, place
    return Document(text + passage[done:], lang, "real", tuple(sorted(values)))


@dataclass(frozen=True, slots=True)
class Written:
    """A document as an operator leaves it: its text, and where its replacements stand, one for each value, in order."""

    text: str = field(repr=False)
    places: tuple[tuple[int, int], ...]

    def replacements(self) -> list[str]:
        """The text of each."""
        return [self.text[start:end] for start, end in self.places]

    def gaps(self) -> list[tuple[int, int]]:
        """The stretches before, between and behind the replacements: the same text in every variant."""
        edges = [0, *(edge for place in self.places for edge in place), len(self.text)]
        return list(zip(edges[::2], edges[1::2], strict=True))


def rewritten(document: Document, replacements: Iterable[str]) -> Written:
    """`document` with those texts in place of its values."""
    pieces: list[str] = []
    places, done, size = [], 0, 0
    for value, text in zip(document.values, replacements, strict=True):
        size += value.start - done
        pieces += [document.text[done : value.start], text]
        places.append((size, size + len(text)))
        size, done = size + len(text), value.end
    return Written("".join(pieces) + document.text[done:], tuple(places))


def written(document: Document, name: str) -> Written:
    """`document` as the variant `name` has it; surrogates leave a tag where a type has none."""
    return rewritten(document, _replacements(document, name))


def _replacements(document: Document, name: str) -> Iterator[str]:
    tags: dict[tuple[str, str], str] = {}
    last: Counter[str] = Counter()
    for kind, text in document.spelled():
        value = canonical_value(kind, text)
        if name == RAW:
            yield text
        elif name == HEX:
            yield f"<{kind}_{hmac.digest(_HEX_KEYS[kind], value.encode(), 'sha256').hex()[:HEX_DIGITS]}>"
        elif name == PSEUDONYM or (name == SURROGATE and kind in SERVED):
            yield _TREATMENTS[name].replacement(_TREATMENTS[name].policy.entities[kind], kind, value)
        else:
            if (kind, value) not in tags:
                last[kind] += 1
                tags[kind, value] = f"<{kind}_{last[kind]}>"
            yield tags[kind, value]


def _treatment(action: str, types: Iterable[str]) -> Treatment:
    return prepare(Policy(name=action, entities=dict.fromkeys(types, action)), SECRET)


_HEX_KEYS = {kind: derive(SECRET, f"hex/{kind}") for kind in ENTITY_TYPES}
_TREATMENTS = {
    PSEUDONYM: _treatment(PSEUDONYM, ENTITY_TYPES),
    SURROGATE: _treatment(SURROGATE, [kind for kind in ENTITY_TYPES if kind in SERVED]),
}


class Sought:
    """The values that an attacker holds, found in texts as whole words: exactly as spelled, Korean particles behind them."""

    def __init__(self, values: Iterable[str]) -> None:
        self.by_head: dict[str, list[str]] = defaultdict(list)
        for value in sorted(set(values), key=len, reverse=True):
            self.by_head[value[:2]].append(value)

    def found(self, text: str) -> set[str]:
        """Those that stand in `text`; of two that begin at one place the longer."""
        hits = set()
        for match in _START.finditer(text):
            at = match.start()
            for value in self.by_head.get(text[at : at + 2], ()):
                if text.startswith(value, at) and _END.match(text, at + len(value)):
                    hits.add(value)
                    break
        return hits


_START = re.compile(r"(?<![0-9A-Za-z가-힣])\S")
_PARTICLES = "은|는|이|가|을|를|과|와|의|에게|께서|님|씨|으로|로|입니다|인데요"
_END = re.compile(rf"(?![0-9A-Za-z가-힣])|(?<=[0-9A-Za-z])(?=[가-힣])|(?=(?:{_PARTICLES})(?![가-힣]))")


def linked(documents: Sequence[Document], sides: Sequence[Written]) -> tuple[int, int, int]:
    """Persons in two documents or more; of these, whose documents share a replacement; and one that is nobody else's.

    A person is a distinct name: the sample has no other identity.
    """
    at: dict[str, set[int]] = defaultdict(set)
    stands: dict[tuple[str, int], set[str]] = defaultdict(set)
    people: dict[str, set[str]] = defaultdict(set)
    for number, (document, side) in enumerate(zip(documents, sides, strict=True)):
        for (kind, text), replacement in zip(document.spelled(), side.replacements(), strict=True):
            if kind == "PERSON":
                name = canonical_value(kind, text)
                at[name].add(number)
                stands[name, number].add(replacement)
                people[replacement].add(name)
    often = [name for name, numbers in at.items() if len(numbers) > 1]
    shared = alone = 0
    for name in often:
        counts = Counter(one for number in at[name] for one in stands[name, number])
        both = [one for one, count in counts.items() if count > 1]
        shared += bool(both)
        alone += any(len(people[one]) == 1 for one in both)
    return len(often), shared, alone
