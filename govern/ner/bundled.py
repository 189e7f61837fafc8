"""The two pipelines of the recipe and their lists as one model: English where a stretch has no Hangul, Korean elsewhere.

English is read by sentence, and only where `gate` sees a capitalised word that is not ordinary; Korean by paragraph, since
names break over lines. What it finds depends on the text alone.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.ner import gate, likely
from govern.ner.models.persons import Person
from govern.normalize import BLANK

RECOGNIZER = "names.model"
SCORE = 0.6
BATCH = 128
LONGEST = 600
"""Characters of Korean that are read at once."""

_HANGUL = re.compile("[가-힣]")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_TITLE = re.compile(rf"(?:{likely.OF_A_PERSON})\b\.?\s{{1,2}}(?=\S)")
_EDGE = " \t\n.,;:()[]{}\"“”'‘’<>|-–*#@/\\·"


@dataclass(frozen=True, slots=True)
class Bundled:
    """Both pipelines, and their lists."""

    english: Any = field(repr=False)
    korean: Any = field(repr=False)
    ordinary: gate.Words = field(repr=False)
    lists: likely.Lists = field(repr=False)
    never: gate.Words = field(repr=False)
    """Korean words that are no names."""
    recognizer: str = RECOGNIZER

    def persons(self, texts: Sequence[str]) -> list[list[Person]]:
        """The persons of each text, in order, no two overlapping, none with blanks at its edges or within a tag."""
        found: list[list[Person]] = [[] for _ in texts]
        for pipeline, read, judge in ((self.english, self._english, self._likely), (self.korean, _korean, self._likely_korean)):
            places = [
                (number, start, text[start:end]) for number, text in enumerate(texts) for start, end in read(text)
            ]
            docs = pipeline.pipe((piece for *_, piece in places), batch_size=BATCH)
            raw: list[list[Person]] = [[] for _ in texts]
            for (number, start, _), doc in zip(places, docs, strict=True):
                for entity in doc.ents:
                    if entity.label_ == "PERSON":
                        raw[number] += _person(texts[number], start + entity.start_char, start + entity.end_char)
            for number, text in enumerate(texts):
                found[number] += judge(text, raw[number])
        return [sorted(persons) for persons in found]

    def _likely(self, text: str, persons: list[Person]) -> list[Person]:
        return likely.standing(text, persons, self.lists)

    def _likely_korean(self, text: str, persons: list[Person]) -> list[Person]:
        return likely.standing_korean(text, persons, self.never)

    def _english(self, text: str) -> Iterator[tuple[int, int]]:
        for start, end in gate.stretches(text):
            piece = text[start:end]
            if _HANGUL.search(piece) is None and gate.passes(piece, self.ordinary):
                yield start, end


def _korean(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs with Hangul, the longer ones cut at a line or sentence end, else at a blank."""
    if _HANGUL.search(text) is None:
        return
    start = 0
    for stop in (*(match.start() for match in _PARAGRAPH.finditer(text)), len(text)):
        while start < stop:
            end = stop
            if stop - start > LONGEST:
                part = text[start : start + LONGEST]
                cut = max(part.rfind("\n"), part.rfind(". "), part.rfind(" ", LONGEST * 3 // 4))
                end = start + (cut + 1 if cut > LONGEST // 2 else LONGEST)
            if _HANGUL.search(text, start, end):
                yield start, end
            start = end


def _person(text: str, start: int, end: int) -> Iterator[Person]:
    """The name alone, without a title before it and marks round it; none where a tag is within."""
    value = text[start:end]
    if BLANK in value:
        return
    title = _TITLE.match(value)
    start += title.end() if title else 0
    for ending in ("'s", "’s"):
        end -= len(ending) if text[start:end].endswith(ending) else 0
    while start < end and text[start] in _EDGE:
        start += 1
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    if any(map(str.isalpha, text[start:end])):
        yield Person(start, end, SCORE)


@cache
def load(where: Path) -> Bundled:
    """The model in a folder with `en` and `ko`.

    Raises:
        InputError: it is not there or cannot be loaded.
    """
    import spacy

    if not (where / "en" / "meta.json").is_file() or not (where / "ko" / "meta.json").is_file():
        raise InputError(f"{where}: no name model there; name the folder that the recipe wrote, with `en` and `ko`")
    try:
        english, korean = spacy.load(where / "en"), spacy.load(where / "ko")
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{where}: spaCy cannot load the name model ({type(error).__name__}); write it again with the installed version"
        ) from None
    ordinary, never = gate.read(where / "en" / gate.FILE), gate.read(where / "ko" / likely.NEVER)
    return Bundled(english, korean, ordinary, likely.read(where / "en"), never)
