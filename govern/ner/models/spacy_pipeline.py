"""A spaCy pipeline in a folder: its person entities, with the score that the policy gives them.

Only entities are asked of it: tagger, parser, lemmatizer and the like are left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.ner.models.labels import means_person
from govern.ner.models.loading import UNLOADABLE, unloadable
from govern.ner.models.persons import NameModel, Person, parts, tidied
from govern.normalize import legible

LEFT_OUT = ("tagger", "parser", "senter", "lemmatizer", "attribute_ruler", "morphologizer")


@dataclass(frozen=True, slots=True)
class SpacyPipeline(NameModel):
    """A loaded pipeline."""

    pipeline: Any = field(repr=False)
    score: float
    recognizer: str = "names.spacy"

    def persons(self, texts: Sequence[str]) -> list[list[Person]]:
        """The persons of each text, each part of it seen once."""
        return [tidied(text, self._found(legible(text))) for text in texts]

    def _found(self, text: str) -> Iterator[Person]:
        for start, stop in parts(text):
            for entity in self.pipeline(text[start:stop]).ents:
                if means_person(entity.label_):
                    yield Person(start + entity.start_char, start + entity.end_char, self.score)


def load(path: Path, score: float) -> SpacyPipeline:
    """The pipeline in the folder `path`, whose persons all score `score`.

    Raises:
        InputError: it does not load, or nothing in it finds persons.
    """
    import spacy

    try:
        pipeline = spacy.load(path, exclude=list(LEFT_OUT))
    except UNLOADABLE as error:
        raise unloadable(path, error) from None
    if not any(means_person(label) for labels in pipeline.pipe_labels.values() for label in labels):
        raise InputError(
            f"{path}: no component of this pipeline finds persons (PERSON, PER, PS); choose one with a named-entity recognizer"
        )
    return SpacyPipeline(pipeline, score)
