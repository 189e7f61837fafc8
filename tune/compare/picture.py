"""What the adapter gained, drawn: a line for each slice, its dot the difference, its bar the interval, zero in the middle.

In: rows of a name, a difference and what it shows. Out: inline SVG as text. Names are text nodes of a tree and never markup;
the title says all numbers, for who does not see them. Colours are classes that the page gives, and the verdict stands beside
each line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from vocab.coverage.tables import shortened

WIDTH, ROW, TOP, EDGE = 340, 34, 20, 6
NAME_COLUMNS = 34
COLOURS = {"better": "better", "worse": "worse"}


@dataclass(frozen=True, slots=True)
class Line:
    """A difference as a number and as written, its interval, and its verdict in words."""

    name: str
    value: float
    written: str
    ends: tuple[float, float] | None
    verdict: str


def forest(title: str, lines: Sequence[Line], *, less_is_better: bool) -> str:
    """The SVG of differences; where less is better, a gain lies left of zero."""
    far = max(abs(end) for line in lines for end in (line.value, *(line.ends or ()))) or 1.0
    height = TOP + ROW * len(lines) + 4
    svg = Element("svg", {"viewBox": f"0 0 {WIDTH} {height}", "role": "img", "class": "panel"})
    SubElement(svg, "title").text = f"{title}: " + "; ".join(
        f"{line.name} {line.written}, {line.verdict}" for line in lines
    )

    def x(number: float) -> str:
        return _number(WIDTH / 2 + (WIDTH / 2 - EDGE) * number / far)

    gains = ("better", "worse") if less_is_better else ("worse", "better")
    _text(svg, "0", 11, f"← {gains[0]}", "side")
    _text(svg, str(WIDTH), 11, f"{gains[1]} →", "side end")
    for at, line in enumerate(lines):
        top = TOP + ROW * at
        kind = COLOURS.get(line.verdict, "open")
        _text(svg, "0", top + 11, shortened(line.name, NAME_COLUMNS), "name")
        _text(svg, str(WIDTH), top + 11, f"{line.written} {line.verdict}", f"value end {kind}")
        middle = top + 21
        edges = {"y1": str(middle - 6), "y2": str(middle + 6)}
        SubElement(svg, "line", {"class": "zero", "x1": x(0.0), "x2": x(0.0), **edges})
        if line.ends is not None:
            start, end = map(x, line.ends)
            path = f"M{start} {middle}H{end}M{start} {middle - 4}v8M{end} {middle - 4}v8"
            SubElement(svg, "path", {"class": f"whisker {kind}", "d": path})
        SubElement(svg, "circle", {"class": f"dot {kind}", "cx": x(line.value), "cy": str(middle), "r": "4"})
    return tostring(svg, encoding="unicode")


def _text(svg: Element, x: str, y: int, text: str, kind: str) -> None:
    SubElement(svg, "text", {"x": x, "y": str(y), "class": kind}).text = text


def _number(number: float) -> str:
    """At most one decimal, so that the same value has the same bytes on every machine."""
    return f"{number:.1f}".removesuffix(".0")
