"""The loss of a run as a picture: training at every step, held-out text wherever it was measured. As SVG and PNG, offline.

The same numbers give the same bytes: no date, no random ids, and the library's own font.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tune.train import Measured

NAMES = ("loss.svg", "loss.png")
SIZE_INCHES, DPI = (7.0, 3.6), 110
TRAINING, HELD_OUT = "#2a6f97", "#c1440e"
SALT = "assay"
"""matplotlib's seed of the ids in an SVG."""


def draw(measured: "Measured") -> dict[str, bytes]:
    """The files `loss.svg` and `loss.png`."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    found: dict[str, bytes] = {}
    with mpl.rc_context({"svg.hashsalt": SALT, "font.family": "DejaVu Sans", "axes.unicode_minus": False}):
        for name, canvas in zip(NAMES, (FigureCanvasSVG, FigureCanvasAgg), strict=True):
            figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
            canvas(figure)
            _fill(figure.add_subplot(), measured)
            stream = io.BytesIO()
            kind = name.rpartition(".")[2]
            nothing = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
            figure.savefig(stream, format=kind, metadata=nothing)
            found[name] = stream.getvalue()
    return found


def held_out(measured: "Measured") -> tuple[Sequence[int], Sequence[float]]:
    """The steps after which held-out text was measured, and its loss there; step 0 is before training."""
    points: dict[int, float] = {}
    if measured.held_out_before is not None:
        points[0] = measured.held_out_before.loss
    for entry in measured.log:
        if "held_out_loss" in entry:
            points[int(entry["step"])] = entry["held_out_loss"]
    if measured.held_out_after is not None:
        points[measured.steps] = measured.held_out_after.loss
    return tuple(points), tuple(points.values())


def _fill(axes: "Axes", measured: "Measured") -> None:
    from matplotlib.ticker import MaxNLocator

    steps = [entry["step"] for entry in measured.log]
    marker = "o" if len(steps) == 1 else None
    axes.plot(
        steps, [entry["loss"] for entry in measured.log], color=TRAINING, linewidth=1.2, marker=marker, label="training"
    )
    places, losses = held_out(measured)
    if places:
        axes.plot(places, losses, color=HELD_OUT, marker="o", markersize=4, linewidth=1.2, label="held out")
    axes.set_xlabel("step")
    axes.set_ylabel("loss, nats a token")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
