"""Cleans a text before it is searched: line ends, controls, hidden characters, composed letters, blanks at line ends.

Each step is a function of the text alone, done in the order of `STEPS` whatever the order in the policy, and twice is once.
What is masked and certified is the cleaned text; offsets in private findings are of it.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal

Step = Literal["line-ends", "controls", "hidden", "compose", "trailing-blanks"]

_LINE_END = re.compile("\r\n?|[\u2028\u2029\x85]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_FORMAT = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"
)
_JOINER = "\u200d"
_TRAILING = re.compile("(?<![ \t\u00a0\u3000])[ \t\u00a0\u3000]++(?=\n|$)")
"""Begun at the first blank of a run alone and never given back, so that time is linear."""


def _without_hidden(text: str) -> str:
    """Format characters gone, but for joiners between the parts of a picture (emoji)."""
    return _FORMAT.sub(lambda match: _joined(match) if match[0] == _JOINER else "", text)


def _joined(match: re.Match[str]) -> str:
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    pictures = all(
        side and (unicodedata.category(side) in ("So", "Sk") or side == "\ufe0f") for side in (before, after)
    )
    return _JOINER if pictures else ""


STEPS: Mapping[Step, Callable[[str], str]] = {
    "line-ends": lambda text: _LINE_END.sub("\n", text),
    "controls": lambda text: _CONTROL.sub("", text),
    "hidden": _without_hidden,
    "compose": lambda text: unicodedata.normalize("NFC", text),
    "trailing-blanks": lambda text: _TRAILING.sub("", text),
}
"""What each step does, in order; `compose` is NFC of Unicode Standard Annex 15."""


def clean(text: str, steps: tuple[Step, ...]) -> str:
    """`text` after the named steps."""
    for step, function in STEPS.items():
        if step in steps:
            text = function(text)
    return text
