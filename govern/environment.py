"""Which code made a result: the version of assay, of what it needs, and one digest over all that is installed for it."""

import re
from functools import cache
from importlib import metadata
from typing import Any

from govern.errors import InputError
from govern.files import digest

NAMED = ("great-expectations", "phonenumbers", "polars", "presidio-analyzer", "regex", "spacy", "tokenizers")
"""Packages whose version a reader of the certificate asks for first."""


@cache
def environment(extras: tuple[str, ...] = ()) -> dict[str, Any]:
    """`assay`, the versions of `NAMED` and `environment_digest`, over name and version of every requirement installed.

    Raises:
        InputError: the project is not installed, so nothing can say what it needs.
    """
    try:
        own = metadata.version("assay")
    except metadata.PackageNotFoundError:
        raise InputError("assay: not installed, so its environment has no name; run `pip install .` first") from None
    versions = _closure("assay", extras)
    return {
        "assay": own,
        "packages": {name: versions[name] for name in NAMED},
        "environment_digest": digest(versions),
    }


def _closure(root: str, extras: tuple[str, ...]) -> dict[str, str]:
    from packaging.requirements import Requirement

    versions: dict[str, str] = {}
    waiting = [(root, extras)]
    done: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in done:
            continue
        done.add((name, wanted))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
            continue
        versions[name] = distribution.version
        for line in distribution.requires or ():
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *wanted)):
                waiting.append((_normal(requirement.name), tuple(sorted(requirement.extras))))
    return versions


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
