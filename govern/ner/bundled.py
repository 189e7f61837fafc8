"""The two pipelines of the recipe and their lists as one model: English where a stretch has no Hangul, Korean elsewhere.

English is read by sentence, and only where `gate` sees a word that may be a name. What is found depends on the text alone.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern import files
from govern.errors import InputError
from govern.ner import PIPELINES, gate, likely, models
from govern.ner.models.loading import UNLOADABLE
from govern.ner.models.persons import Found, NameModel, Person
from govern.ner.syllables import Lexicon
from govern.normalize import BLANK, legible

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

RECOGNIZER = "names.model"
SCORE = 0.6
BATCH = 128
_HANGUL = re.compile("[가-힣]")
_APART = re.compile(r"[\t|;\"<>{}]|,(?=\S)")
_TITLE = re.compile(rf"(?:{likely.OF_A_PERSON})\b\.?\s{{1,2}}(?=\S)")
_EDGE = " \t\n.,;:()[]{}\"“”'‘’<>|-–*#@/\\·"


@dataclass(frozen=True, slots=True)
class Bundled(NameModel):
    """Both pipelines, and their lists."""

    english: Any = field(repr=False)
    korean: Any = field(repr=False)
    ordinary: gate.Words = field(repr=False)
    lists: likely.Lists = field(repr=False)
    never: gate.Words = field(repr=False)
    """Korean words that are no names."""
    lexicon: Lexicon = field(repr=False)
    recognizer: str = RECOGNIZER
    languages: tuple[str, ...] = ("en", "ko")
    """Which of the pipelines read."""

    def persons(self, texts: Sequence[str]) -> list[list[Person]]:
        """The persons of each text, in order, no two overlapping, none with blanks at its edges or within a tag."""
        return [persons for persons, _ in self.found(texts)]

    def doubtful(self, word: str) -> bool:
        """As `NameModel` says: a word of a dictionary, a place, or one that running text writes small."""
        return word in self.lists.alone or word in self.lists.never

    def found(self, texts: Sequence[str]) -> list[Found]:
        """The persons of each text, and what the pipelines take for companies and places."""
        found = [Found([], []) for _ in texts]
        for lang, pipeline, read, judge in (
            ("en", self.english, self._english, self._likely),
            ("ko", self.korean, self._korean, self._likely_korean),
        ):
            if lang not in self.languages:
                continue
            places = [
                (number, start, legible(text[start:end])) for number, text in enumerate(texts) for start, end in read(text)
            ]
            docs = _read(pipeline, [piece for *_, piece in places])
            raw: list[list[Person]] = [[] for _ in texts]
            for (number, start, _), doc in zip(places, docs, strict=True):
                for entity in doc.ents:
                    begin, end = start + entity.start_char, start + entity.end_char
                    if entity.label_ == "PERSON":
                        raw[number] += _person(texts[number], begin, end)
                    else:
                        found[number].others.append((begin, end))
            for number, text in enumerate(texts):
                found[number].persons.extend(judge(text, raw[number], found[number].others))
        return [Found(sorted(persons), sorted(others)) for persons, others in found]

    def _likely(self, text: str, persons: list[Person], others: list[tuple[int, int]]) -> list[Person]:
        return likely.standing(text, persons, others, self.lists)

    def _likely_korean(self, text: str, persons: list[Person], _: list[tuple[int, int]]) -> list[Person]:
        return likely.standing_korean(text, persons, self.never, self.lexicon, self.lists)

    def _english(self, text: str) -> Iterator[tuple[int, int]]:
        for start, end in gate.stretches(text):
            piece = text[start:end]
            if _HANGUL.search(piece) is None and gate.passes(piece, self.ordinary):
                yield start, end

    @staticmethod
    def _korean(text: str) -> Iterator[tuple[int, int]]:
        if _HANGUL.search(text) is not None:
            yield from gate.korean_stretches(text)


def _read(pipeline: "Language", pieces: list[str]) -> Iterator["Doc"]:
    """The documents of pieces of text, as `pipe` of the pipeline gives them, without its half a millisecond a call."""
    for start in range(0, len(pieces), BATCH):
        docs = [pipeline.make_doc(piece) for piece in pieces[start : start + BATCH]]
        for _, component in pipeline.pipeline:
            if hasattr(component, "predict"):
                component.set_annotations(docs, component.predict(docs))
            else:
                docs = [component(doc) for doc in docs]
        yield from docs


def _person(text: str, start: int, end: int) -> Iterator[Person]:
    """The name alone, without a title before it and marks round it; none where a tag or the edge of a cell is within."""
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
    if any(map(str.isalpha, text[start:end])) and _APART.search(text, start, end) is None:
        yield Person(start, end, SCORE)


@cache
def digest(where: Path) -> str:
    """What names every byte of both pipelines and their lists."""
    return files.digest({lang: models.digest(where / lang) for lang in ("en", "ko")})


@cache
def load(where: Path) -> Bundled:
    """The model in a folder with `en` and `ko`.

    Raises:
        InputError: it is not there or cannot be loaded.
    """
    import spacy

    remedy = "install the package again" if where == PIPELINES else "name the folder that the recipe wrote"
    if not (where / "en" / "meta.json").is_file() or not (where / "ko" / "meta.json").is_file():
        raise InputError(f"{where}: no name model there, with `en` and `ko`; {remedy}")
    try:
        english, korean = spacy.load(where / "en"), spacy.load(where / "ko")
        lexicon = Lexicon(korean)
    except (*UNLOADABLE, zlib.error) as error:
        raise InputError(f"{where}: the name model does not load ({type(error).__name__}); {remedy}") from None
    lists = likely.read(where / "en")
    ordinary = gate.read(where / "en" / gate.FILE) | lists.never | lists.alone
    never = gate.read(where / "ko" / likely.NEVER)
    return Bundled(english, korean, ordinary, lists, never, lexicon)
