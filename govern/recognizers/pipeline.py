"""An optional spaCy pipeline, read from a local path: its person entities, and a digest of its files.

Only names are asked of it: tagger, parser, lemmatizer and the like are left out. Nothing is downloaded.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from govern.errors import InputError
from govern.files import digest, list_files, sha256_file
from govern.recognizers.rule import Hit

LABELS = frozenset({"PERSON", "PS", "PER"})
LEFT_OUT = ("tagger", "parser", "senter", "lemmatizer", "attribute_ruler", "morphologizer")
CHUNK = 50_000
"""Characters given to the pipeline at once; a longer text is cut after a line or sentence end."""


def load(path: Path) -> Any:
    """The pipeline in the folder `path`; raises `InputError` where there is none."""
    if not (path / "meta.json").is_file():
        raise InputError(f"{path}: no spaCy pipeline there (no meta.json); name the folder that `nlp.to_disk` wrote")
    import spacy

    try:
        return spacy.load(path, exclude=list(LEFT_OUT))
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise InputError(
            f"{path}: spaCy cannot load this pipeline ({type(error).__name__}); save it again with the installed version"
        ) from None


def pipeline_digest(path: Path) -> str:
    """`sha256:` of the pipeline: every file of its folder, by name and bytes."""
    return digest({name: sha256_file(path / name) for name in list_files(path)})


def find(pipeline: Any, text: str, score: float) -> Iterator[Hit]:
    """The persons the pipeline finds in `text`, each part of the text seen once."""
    for start, stop in _parts(text):
        for entity in pipeline(text[start:stop]).ents:
            if entity.label_ in LABELS and "\x00" not in entity.text and entity.text.strip():
                yield Hit(start + entity.start_char, start + entity.end_char, "PERSON", score, "names.spacy")


def _parts(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(text) - start > CHUNK:
        window = text[start : start + CHUNK]
        cut = max(window.rfind("\n"), window.rfind(". ") + 1, window.rfind("다. ") + 2)
        stop = start + (cut + 1 if cut > CHUNK // 2 else CHUNK)
        yield start, stop
        start = stop
    if start < len(text):
        yield start, len(text)
