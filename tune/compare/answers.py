"""Whether a short answer is the one asked for: exact match, by value for numbers and without case and punctuation for words.

In: what a model wrote, and the answers that count. Out: yes or no. A number is its value: `$1,452.4 million`, `1452.4 million`
and `1,452,400 thousand` are one, `(12.6)` is below zero, and `23.42%`, `23.42 percent` and the bare `0.2342` are one. Korean
scales count too: `3억`, `1,200백만원`, `5퍼센트`. Other text is compared without case, punctuation and articles, and
where nothing would be left of it, as of `A`, as it stands.

There are two measures. TAT-QA's (`normal`) is that of its own scores: numbers are rounded to two decimals before their scale is
applied, and a currency counts for nothing; after Zhu et al. 2021, but for its F1 and the derivation behind a number. The other
(`exact`) is for answers of one's own: the value is exact, and where both sides name a currency it must be the same.
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
CURRENCIES = {
    "us$": "usd", "$": "usd", "달러": "usd", "dollars": "usd", "usd": "usd",
    "₩": "krw", "원": "krw", "won": "krw", "krw": "krw",
    "€": "eur", "£": "gbp", "¥": "jpy or cny", "rs": "inr", "rs.": "inr",
}  # fmt: skip
"""What a sign or a word beside a number says that it is an amount of."""
SEPARATOR = ";"
"""Between several answers to one question."""
MOST_DIGITS = 40
"""Digits of a number; longer runs are text."""
_WORDS = "|".join(sorted(map(re.escape, filter(None, SCALES)), key=len, reverse=True))
_NUMBER = re.compile(
    r"(?P<open>\()? ?(?P<sign>[-+\u2212\u2013])? ?(?P<before>us\$|rs\.?|[$€£¥₩])? ?(?P<inner>\()?(?P<minus>[-\u2212\u2013])?"
    rf"(?P<digits>[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+) ?\)? ?(?P<scale>{_WORDS})?s? ?\)?"
    r"(?: ?(?P<after>원|달러|won|dollars|usd|krw))?"
)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PLACES, _CENTS = Decimal("0.0001"), Decimal("0.01")
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)

Normal = tuple[str, ...]
"""The parts of an answer in normal form, sorted; of an exact one its value or words, and the currency where it names one."""


def normal(parts: Sequence[str], scale: str = "", *, rounded: bool = True) -> Normal:
    """The normal form of an answer of one or several parts.

    Args:
        parts: as they are written.
        scale: holds for each part that names none.
        rounded: numbers to two decimals before their scale is applied, else as they stand.
    """
    return tuple(sorted(_part(part, scale, rounded=rounded) for part in parts))


def exact(text: str) -> Normal:
    """The exact form of an answer: of a number its value, with the currency that it names; else words."""
    flat = _flat(text).rstrip(".")
    found = _number(flat)
    named = set() if found is None else {CURRENCIES[one] for one in (found["before"], found["after"]) if one}
    if found is None or len(named) > 1:
        return (_words(flat),)
    value = _signed(found, Decimal(found["digits"].replace(",", "")))
    value = _EXACT.normalize(_EXACT.multiply(value, SCALES[found["scale"] or ""]))
    return (format(abs(value) if value.is_zero() else value, "f"), *named)


def matches(written: str, accepted: Sequence[Normal], *, exactly: bool = False) -> bool:
    """Whether what a model wrote is one of the `accepted` answers, each in normal form.

    Where an answer has several parts, what was written is cut at `;`; a scale after the last part holds for all of them.

    Args:
        written: as it stands.
        accepted: the answers that count, by `normal`, or by `exact`.
        exactly: they are by `exact`.
    """
    if exactly:
        value, *currency = exact(written)
        # A currency that one side leaves out is taken to be the other's.
        return any(
            value == wanted[0] and (not currency or not wanted[1:] or currency == list(wanted[1:]))
            for wanted in accepted
        )
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
    found = _number(flat)
    if found is None:
        words = _words(flat)
        return f"{words} {scale}" if words and scale else words
    value = Decimal(found["digits"].replace(",", ""))
    if rounded:
        value = _EXACT.quantize(value, _CENTS)
    value = _EXACT.quantize(_EXACT.multiply(_signed(found, value), SCALES[found["scale"] or scale]), _PLACES)
    return format(abs(value) if value.is_zero() else value, "f")


def _number(flat: str) -> re.Match[str] | None:
    """What makes up a number; None where it is none."""
    found = _NUMBER.fullmatch(flat)
    return None if found is None or len(found["digits"]) > MOST_DIGITS else found


def _signed(found: re.Match[str], value: Decimal) -> Decimal:
    below = found["open"] or found["inner"] or found["minus"] or found["sign"] not in (None, "+")
    return -value if below else value


def _scale_of(text: str) -> str:
    found = _number(_flat(text).rstrip("."))
    return (found["scale"] or "") if found is not None else ""


def _flat(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def _words(flat: str) -> str:
    """Without punctuation and articles; where that leaves nothing, the words as they stand: a blank is no answer."""
    plain = "".join(" " if character in "-–—/" else character for character in flat)
    kept = " ".join("".join(one for one in plain if not unicodedata.category(one).startswith("P")).split())
    return " ".join(_ARTICLES.sub(" ", kept).split()) or kept or flat
