"""What finance writes that is no personal data: identifiers of securities and firms, amounts, dates, periods, laws.

`find` gives the findings that touch given spans; `govern.arbitrate` lets them veto weak personal labels on the same
characters. `entity_type` says what a finding is. A finding is `validated` only by a check digit or a closed format, and
`contextual` only where the word for it stands in the pattern or near: a number that may be anything is neither.
"""

import bisect
import re
from collections.abc import Iterator, Sequence

from govern.recognizers import financial_amounts, financial_dates, financial_references, financial_securities
from govern.recognizers.rule import Compiled, Hit, Rule, judge

RULES: tuple[Rule, ...] = (
    *financial_securities.RULES,
    *financial_amounts.RULES,
    *financial_dates.RULES,
    *financial_references.RULES,
)

MARGIN = 48
"""How far round a span its financial meaning is looked for, in characters: an accession number, a row of a table."""


_DIGIT = re.compile("[0-9]")


def find(rules: tuple[Compiled, ...], text: str, spans: Sequence[tuple[int, int]], timeout_s: float) -> list[Hit]:
    """The findings of `rules` that share a character with one of `spans`, which are sorted; linear in text and spans.

    A span without a digit is passed over: no finding but a ticker lies on letters alone, and no personal number does.

    Raises:
        TimeoutError: a pattern ran past `timeout_s` on one stretch of the text.
    """
    spans = [(start, end) for start, end in spans if _DIGIT.search(text, start, end)]
    farthest: list[int] = []
    for _, end in spans:
        farthest.append(max(end, farthest[-1]) if farthest else end)
    found = set()
    for low, high in _windows(spans, len(text)):
        ascii_only = text[low:high].isascii()
        for item in rules:
            if ascii_only and item.rule.language == "ko":
                continue
            for match in item.pattern.finditer(text, low, high, timeout=timeout_s):
                start, end = match.span(item.rule.group)
                before = bisect.bisect_left(spans, end, key=lambda span: span[0])
                if before and farthest[before - 1] > start:
                    hit = judge(item, match, text)
                    if hit is not None:
                        found.add(hit)
    return sorted(found)


def _windows(spans: Sequence[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    """Stretches of the text round `spans`, apart from each other."""
    low = high = -1
    for start, end in spans:
        if low >= 0 and start - MARGIN <= high:
            high = max(high, min(length, end + MARGIN))
            continue
        if low >= 0:
            yield low, high
        low, high = max(0, start - MARGIN), min(length, end + MARGIN)
    if low >= 0:
        yield low, high
