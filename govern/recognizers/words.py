"""The word lists beside this file, each read once: white space between words, `#` starts a comment line."""

from functools import cache
from importlib import resources


@cache
def words(name: str) -> frozenset[str]:
    """The words of `lists/NAME.txt`."""
    return frozenset(word for line in lines(name) for word in line.split())


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of `lists/NAME.txt` that hold something."""
    text = resources.files("govern.recognizers").joinpath("lists", f"{name}.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))
