"""Models that find persons: a spaCy pipeline, a Hugging Face token classifier or a GLiNER model, each a folder on this machine.

    >>> from pathlib import Path
    >>> from govern.ner import models
    >>> model = models.open(Path("names/klue-ner"))  # doctest: +SKIP
    >>> model.persons(["담당자 김민수입니다"])  # doctest: +SKIP
    [[Person(start=4, end=7, score=0.9983)]]

`open` tells the kind by the folder's files and refuses anything else; `digest` names every byte of it. Nothing is
downloaded, no code of the folder runs, and a text's persons depend on the text and the folder alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govern.ner.models.door import open  # noqa: A004
    from govern.ner.models.folder import digest
    from govern.ner.models.persons import NameModel, Person

__all__ = ["NameModel", "Person", "digest", "open"]

_HOMES = {"NameModel": "persons", "Person": "persons", "digest": "folder", "open": "door"}


def __getattr__(name: str) -> Any:
    """Loads a public name where it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'govern.ner.models' has no attribute {name!r}")
    return getattr(import_module(f"govern.ner.models.{_HOMES[name]}"), name)
