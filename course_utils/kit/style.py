"""One look for every figure: a colour and a line style per role, sizes for a projector."""

from dataclasses import dataclass

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

__all__ = ["ROLES", "SHEET", "Role", "apply", "subplots"]

# What ipywidgets' own options cannot set: options as wide as the figures, their text on the
# left and wrapped; labels and readouts that can be read from the back row.
SHEET = """<style>
.ladder-option { font-size: 16px; justify-content: flex-start; text-align: left;
  white-space: normal; line-height: 1.3; padding: .4em 1em; }
.ladder-control .widget-label, .ladder-control .widget-readout,
.ladder-control select { font-size: 16px; }
</style>"""


@dataclass(frozen=True)
class Role:
    """What a line stands for; never by colour alone, so each has its own line style too."""

    color: str
    linestyle: str
    linewidth: float = 3.0

    @property
    def line(self) -> dict:
        """Keyword arguments for `Axes.plot`."""
        return {"color": self.color, "linestyle": self.linestyle, "linewidth": self.linewidth}

    @property
    def dots(self) -> dict:
        """Keyword arguments for `Axes.plot` drawing points."""
        return {"color": self.color, "linestyle": "none", "marker": "o", "markersize": 7}


# Okabe & Ito's palette, distinguishable with any colour vision.
ROLES = {
    "data": Role("#404040", "none"),
    "prior": Role("#CC79A7", ":"),
    "truth": Role("#0072B2", "-", 4.0),
    "q": Role("#D55E00", "--"),
    "model": Role("#009E73", "-."),
}


def apply() -> None:
    """Set matplotlib's defaults to the course's theme."""
    sns.set_theme(context="notebook", style="ticks", palette=[r.color for r in ROLES.values()])
    mpl.rcParams.update(
        {
            "font.size": 16,
            "axes.labelsize": 18,
            "axes.titlesize": 20,
            "axes.titleweight": "normal",
            "axes.titlelocation": "left",
            "xtick.labelsize": 16,
            "ytick.labelsize": 16,
            "legend.fontsize": 16,
            "figure.titlesize": 20,
            "lines.linewidth": 3,
            "lines.markersize": 7,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "image.cmap": "viridis",
            "figure.dpi": 100,
        }
    )


def subplots(columns: int = 1, width: float = 9, height: float = 4.5, **options) -> tuple:
    """A figure outside pyplot (nothing to close, no second display) and its axes.

    columns: 1 or 2 panels side by side. options go to `Figure.subplots`.
    Returns (figure, axes), axes an array if columns > 1.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, columns, **options)
