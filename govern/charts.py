"""Charts of a report as inline SVG, drawn offline by matplotlib: the same numbers give the same bytes. No words are in them.

What a chart shows stands beside it in the words of the page; in it are numbers and names of entity types alone.
"""

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import MaxNLocator

INK, SOFT, LINE, LIMIT, VALUE = "#17202a", "#5b6875", "#d9dee3", "#a32020", "#17202a"
LETTER_INCHES = 0.078
"""Of a capital letter in a chart, at most."""
SERIES = ("#2f6fb0", "#d98e04", "#8a94a0")
"""Colours of the series, in their order; told apart without colour by their place in the stack, and in print."""

_IDS = re.compile(r' id="(?:figure|axes|patch|matplotlib|text|xtick|ytick|line2d|legend|PatchCollection|LineCollection)[\w.]*"')
_HEAD = re.compile(r'<svg [^>]*viewBox="([^"]+)"[^>]*>')
_ASIDE = re.compile(r"\s*<metadata>.*?</metadata>|\s*<defs>\s*<style .*?</style>\s*</defs>", re.DOTALL)
"""What stands beside the drawing: who drew it, and a style that would count for the whole page."""


def histogram(
    name: str,
    labels: Sequence[str],
    series: Sequence[Sequence[int]],
    limits: Sequence[float] = (),
    value: float | None = None,
) -> str:
    """Documents by bin, one series stacked on the other.

    Args:
        name: seeds the ids within the SVG; two charts of a page need two.
        labels: the lower end of each bin, as written.
        series: documents in each bin, of each series.
        limits: where thresholds lie, in bins from the left end of the first; drawn dashed.
        value: where the value of the whole corpus lies, in bins; drawn as a line.
    """

    def fill(axes: "Axes") -> None:
        below = [0] * len(labels)
        for colour, counts in zip(SERIES, series, strict=False):
            axes.bar(range(len(labels)), counts, width=0.92, align="edge", bottom=below, color=colour)
            below = [low + count for low, count in zip(below, counts, strict=True)]
        for place in limits:
            axes.axvline(place, color=LIMIT, linewidth=1.3, linestyle=(0, (4, 3)))
        if value is not None:
            axes.axvline(value, color=VALUE, linewidth=1.6)
        every = max(1, -(-len(labels) // 10))
        axes.set_xticks(range(0, len(labels), every), labels[::every])
        axes.set_xlim(0, len(labels))
        axes.set_ylim(0, 1.06 * max(1, *below))
        axes.yaxis.set_major_locator(_whole_numbers())
        axes.yaxis.set_major_formatter(lambda number, _: _short(number))
        axes.grid(visible=True, axis="y", color=LINE, linewidth=0.6)

    return _drawn(name, (4.6, 2.1), fill, left=0.5)


def bars(name: str, labels: Sequence[str], series: Sequence[Sequence[int]]) -> str:
    """A horizontal bar for each label, its series one after the other, and its sum at the end."""

    def fill(axes: "Axes") -> None:
        before = [0] * len(labels)
        for colour, counts in zip(SERIES, series, strict=False):
            axes.barh(range(len(labels)), counts, height=0.72, left=before, color=colour)
            before = [low + count for low, count in zip(before, counts, strict=True)]
        for place, total in enumerate(before):
            axes.annotate(f"{total:,}", (total, place), (4, 0), textcoords="offset points", va="center", fontsize=8, color=INK)
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        axes.set_xlim(0, max(before) * 1.13)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="y", length=0)

    return _drawn(name, (4.9, 0.3 + 0.19 * len(labels)), fill, left=0.1 + LETTER_INCHES * max(map(len, labels)))


def _short(number: float) -> str:
    """A tick in five characters at most."""
    for unit, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit * 10 or (unit > 1e3 and number >= unit):
            return f"{number / unit:g}{sign}"
    return f"{number:,.0f}"


def _whole_numbers() -> "MaxNLocator":
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4, integer=True, min_n_ticks=1)


def _drawn(name: str, size: tuple[float, float], fill: "Callable[[Axes], None]", left: float) -> str:
    """The SVG of axes that `fill` draws on, fit to stand in a page; `size`, and the room at the `left`, in inches."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings = {
        "svg.hashsalt": name, "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 8, "axes.edgecolor": SOFT,
        "xtick.color": SOFT, "ytick.color": SOFT, "axes.axisbelow": True,
    }  # fmt: skip
    with mpl.rc_context(settings):
        figure = Figure(figsize=size)
        FigureCanvasSVG(figure)
        width, height = size
        axes = figure.add_axes((left / width, 0.25 / height, 1 - (left + 0.1) / width, 1 - 0.3 / height))
        fill(axes)
        axes.spines[["top", "right"]].set_visible(False)
        stream = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(stream, format="svg", metadata=nothing, transparent=True)
    text = stream.getvalue()
    head = _HEAD.search(text)
    if head is None:
        raise ValueError("matplotlib wrote no SVG")
    body = _IDS.sub("", _ASIDE.sub("", text[head.end() :]))
    return f'<svg viewBox="{head[1]}" aria-hidden="true" xmlns:xlink="http://www.w3.org/1999/xlink">{body.strip()}'
