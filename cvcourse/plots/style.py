"""What all figures share: the figure that carries a text alternative, and the colours.

One colour means one thing all course long, and never speaks alone: a marker, a line style or a
word says the same, so that every figure can be read in grey.
"""

from __future__ import annotations

import base64
import io
import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

TRAINING = "#4477aa"
VALIDATION = "#ee9933"
RIGHT = "#117733"
WRONG = "#cc3311"
PREDICTED = "#777777"  # what theory foretells, or a guide for the eye
CLASSES = ("#4477aa", "#ee9933", "#bb5599")  # of toy data: dark, light, middle in grey
CLASS_MARKERS = ("o", "s", "^")
HEAT = "viridis"  # its lightness grows evenly, so it is a scale of grey as well

DPI = 100


class AltFigure(Figure):
    """A figure that a notebook shows as a PNG, and below it in words.

    The words are printed, because JupyterLab shows no alternative text of an output and takes
    pictures out of the HTML of a notebook that it does not trust yet. They also stand as `alt` in
    the PNG's metadata, for tools that look there.
    """

    alt: str = ""

    def _ipython_display_(self) -> None:
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        print(textwrap.fill(f"In words: {self.alt}", 100))

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight")
        picture = base64.b64encode(buffer.getvalue()).decode("ascii")
        return (
            {"image/png": picture, "text/plain": "Figure, described below."},
            {"image/png": {"alt": self.alt}},
        )


def new_figure(width: float, height: float) -> AltFigure:
    """An empty figure, in inches, that no global state of matplotlib knows about."""
    return AltFigure(figsize=(width, height), layout="constrained")


def axes_or_new(axes: Axes | None, width: float, height: float) -> Axes:
    """The axes that the caller gave, or those of a new figure."""
    return new_figure(width, height).add_subplot() if axes is None else axes


def described(figure: Figure | SubFigure, alt: str) -> Figure:
    """The whole figure, with its text alternative put on it."""
    whole: Figure = figure.figure
    whole.alt = alt  # type: ignore[attr-defined]  # the caller's own axes may be on any figure
    return whole


def without_ticks(axes: Axes) -> None:
    """Takes away ticks and their labels, as for every picture."""
    axes.set_xticks([])
    axes.set_yticks([])
