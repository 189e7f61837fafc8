"""The door to every kind of name model."""

from pathlib import Path

from govern.ner.models import folder, gliner_model, spacy_pipeline, token_classifier
from govern.ner.models.persons import NameModel


def open(path: Path | str, score: float = 0.6) -> NameModel:  # noqa: A001 - govern.ner.models.open, as of a file
    """The model in the folder `path`, whichever kind it is; `score` is that of a spaCy pipeline's persons, which has none.

    Raises:
        InputError: there is no model, it would run code or fetch something, or a file or package is missing.
    """
    match folder.kind(path):
        case "spacy":
            return spacy_pipeline.load(Path(path), score)
        case "tokens":
            return token_classifier.load(Path(path))
        case "gliner":
            return gliner_model.load(Path(path))
