"""Whether a short answer is the one asked for: exact match after the normalisation that TAT-QA's own scores use.

In: what a model wrote, and the answers that count. Out: yes or no. A number is its value: `$1,452.4 million`, `1452.4 million`
and `1,452,400 thousand` are one, `(12.6)` is below zero, and `23.42%`, `23.42 percent` and the bare `0.2342` are one.
Numbers are rounded to two decimals before their scale is applied. Other text is compared without case, punctuation, articles
and surplus spaces. After the metric of Zhu et al. 2021 (TAT-QA); its F1, and the derivation behind a number, are not covered.
Korean scales count too: `3억`, `1,200백만원`, `5퍼센트`.
"""

import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

SCALES = {
    "": Decimal(1),
    "percent": Decimal("0.01"),
    "hundred": Decimal(100),
    "thousand": Decimal(10**3),
    "million": Decimal(10**6),
    "billion": Decimal(10**9),
    "trillion": Decimal(10**12),
    "퍼센트": Decimal("0.01"),
    "%": Decimal("0.01"),
    "천": Decimal(10**3),
    "만": Decimal(10**4),
    "백만": Decimal(10**6),
    "억": Decimal(10**8),
    "십억": Decimal(10**9),
    "조": Decimal(10**12),
}
"""What a number is multiplied with, by the word that follows it."""
SEPARATOR = ";"
"""Between several answers to one question."""
MOST_DIGITS = 40
"""Digits of a number; longer runs are text."""
_WORDS = "|".join(sorted(map(re.escape, filter(None, SCALES)), key=len, reverse=True))
_NUMBER = re.compile(
    r"(?P<open>\()? ?(?P<sign>[-+\u2212\u2013])? ?(?:us\$|rs\.?|[$€£¥₩])? ?(?P<inner>\()?(?P<minus>[-\u2212\u2013])?"
    rf"(?P<digits>[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+) ?\)? ?(?P<scale>{_WORDS})?s? ?\)?(?: ?(?:원|달러|won|dollars|usd|krw))?"
)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PLACES, _CENTS = Decimal("0.0001"), Decimal("0.01")
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)

Normal = tuple[str, ...]
"""The parts of an answer in normal form, sorted."""


def normal(parts: Sequence[str], scale: str = "", *, rounded: bool = True) -> Normal:
    """The normal form of an answer of one or several parts.

    Args:
        parts: as they are written.
        scale: holds for each part that names none.
        rounded: numbers to two decimals before their scale is applied, else as they stand.
    """
    return tuple(sorted(_part(part, scale, rounded=rounded) for part in parts))


def matches(written: str, accepted: Sequence[Normal]) -> bool:
    """Whether what a model wrote is one of the `accepted` answers, each in normal form.

    Where an answer has several parts, what was written is cut at `;`; a scale after the last part holds for all of them.
    """
    for wanted in accepted:
        parts = [part for part in written.split(SEPARATOR) if part.strip()] if len(wanted) > 1 else [written]
        if len(parts) != len(wanted):
            continue
        scale = _scale_of(parts[-1]) if len(parts) > 1 else ""
        # Unrounded too: a bare 0.2342 stands for 23.42 percent.
        if wanted in (normal(parts, scale), normal(parts, scale, rounded=False)):
            return True
    return False


def _part(text: str, scale: str, *, rounded: bool) -> str:
    """One part of an answer: a number as its value with four decimals, or words."""
    flat = _flat(text).rstrip(".")
    found = _NUMBER.fullmatch(flat)
    if found is None or len(found["digits"]) > MOST_DIGITS:
        words = _words(flat)
        return f"{words} {scale}" if scale else words
    value = Decimal(found["digits"].replace(",", ""))
    if rounded:
        value = _EXACT.quantize(value, _CENTS)
    if found["open"] or found["inner"] or found["minus"] or found["sign"] not in (None, "+"):
        value = -value
    value = _EXACT.quantize(_EXACT.multiply(value, SCALES[found["scale"] or scale]), _PLACES)
    return format(abs(value) if value.is_zero() else value, "f")


def _scale_of(text: str) -> str:
    found = _NUMBER.fullmatch(_flat(text).rstrip("."))
    return (found["scale"] or "") if found is not None else ""


def _flat(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def _words(flat: str) -> str:
    plain = "".join(" " if character in "-–—/" else character for character in flat)
    kept = "".join(one for one in plain if not unicodedata.category(one).startswith("P"))
    return " ".join(_ARTICLES.sub(" ", kept).split())
