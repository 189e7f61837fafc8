"""The words of a report: English as it stands in the template, Korean from a list beside it.

A sentence that the list lacks is a defect in fixed text (`of`), and stays English where it comes from data (`said`).
"""

import json
from functools import cache
from importlib import resources

from govern.errors import InputError

LANGUAGES = ("en", "ko")
PREFIXES = ("reason: ", "type: ", "lang: ", "action: ", "measure: ", "worst: ", "metric: ")
"""Kinds of names that data brings, so that one word may read otherwise in another place."""


class Words:
    """The words of one language.

    Raises:
        InputError: no such language.
    """

    def __init__(self, lang: str) -> None:
        if lang not in LANGUAGES:
            raise InputError(f"--lang {lang}: not one that reports are written in; use {' or '.join(LANGUAGES)}")
        self.english, self.own = _list("en"), _list(lang)
        self.lang = lang

    def of(self, text: str) -> str:
        """A sentence of the template; KeyError where it is not translated."""
        return text if self.lang == "en" else self.own[text]

    def said(self, text: str) -> str:
        """What data brought: a name with its kind before it, or a sentence; as it stands where there is no word for it."""
        found = self.own.get(text) or self.english.get(text)
        if found is not None:
            return found
        kind = next((prefix for prefix in PREFIXES if text.startswith(prefix)), "")
        return "" if kind in ("reason: ", "type: ") else text.removeprefix(kind).replace("_", " ") if kind else text

    def slice(self, name: str) -> str:
        """A slice of the metrics table: `all`, `lang:ko`, `source:calls`."""
        kind, _, rest = name.partition(":")
        if not rest:
            return self.said("slice: all") if name == "all" else name
        return self.said(f"lang: {rest}") if kind == "lang" else rest


@cache
def _list(lang: str) -> dict[str, str]:
    text = resources.files("govern").joinpath("templates", f"report.{lang}.json").read_text("utf-8")
    loaded: dict[str, str] = json.loads(text)
    return loaded
