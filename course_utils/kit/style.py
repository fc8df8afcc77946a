"""One look for every figure: a colour and a line style per role, sizes for a projector."""

from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure

__all__ = [
    "GROUND",
    "GUIDE",
    "INK",
    "PALE",
    "ROLES",
    "SHEET",
    "Role",
    "apply",
    "subplots",
]

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
    """What a mark stands for; never by colour alone, so each has its own line style too.

    color: of lines and marks. ink: of texts, dark enough to be read (4.5 : 1 on white). tint: of
    areas, which have the hatch. Where one of the two is not given, it is `color`.
    """

    color: str
    linestyle: str | tuple
    linewidth: float = 3.0
    ink: str = ""
    tint: str = ""
    hatch: str = ""

    def __post_init__(self) -> None:
        for name in ("ink", "tint"):
            object.__setattr__(self, name, getattr(self, name) or self.color)

    @property
    def line(self) -> dict:
        """Keyword arguments for `Axes.plot`."""
        return {"color": self.color, "linestyle": self.linestyle, "linewidth": self.linewidth}

    @property
    def dots(self) -> dict:
        """Keyword arguments for `Axes.plot` drawing points."""
        return {"color": self.color, "linestyle": "none", "marker": "o", "markersize": 7}

    @property
    def area(self) -> dict:
        """Keyword arguments for `Axes.bar` and for patches."""
        edge = "white" if self.tint == self.color else self.color
        return {"facecolor": self.tint, "edgecolor": edge, "hatch": self.hatch}


# The home of the course's colours: one meaning each, in every lesson. From the palettes of Okabe
# & Ito and of Tol, made for any colour vision; what comes close has another line or hatch.
ROLES = {
    "data": Role("#404040", "none"),
    "prior": Role("#CC79A7", ":", ink="#A8517F"),
    # What is exact: the posterior, and the evidence.
    "truth": Role("#0072B2", "-", 4.0),
    "q": Role("#D55E00", "--", ink="#B84F00"),
    "model": Role("#009E73", "-.", ink="#007F5C"),
    # The ELBO, and what it lacks: the gap, KL(q || posterior). Its parts: what even the best q of
    # the family lacks (approximation), and what this q lacks of the best one (amortisation).
    "bound": Role("#882255", (0, (6, 1, 1, 1, 1, 1)), tint="#D9B0C4"),
    "gap": Role("#8A5A00", (0, (9, 2)), tint="#E69F00", hatch="//"),
    "approximation": Role("#6E6800", (0, (1, 1, 1, 3)), tint="#F0E442", hatch=".."),
    "amortisation": Role("#5B3FA0", (0, (8, 2, 2, 2)), tint="#B9A6E0", hatch="\\\\"),
    # The two estimators of a gradient.
    "pathwise": Role("#1B4B73", (0, (5, 1)), tint="#56B4E9", hatch="--"),
    "score": Role("#5F4B32", (0, (2, 2)), tint="#DDCC77", hatch="xx"),
}

# Greys for what has no role: notes and axes, guides, things that stand back, the ground.
INK, GUIDE, PALE, GROUND = "#262626", "#767676", "#C8C8C8", "#F0F0F0"

# Seaborn's theme "ticks", written out: to import seaborn takes as long as to import torch, in
# every kernel. The font is matplotlib's own, so that a text is as wide on every machine.
TICKS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 1.25,
    "grid.color": "#CCCCCC",
    "grid.linewidth": 1.0,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
    "text.color": INK,
    "xtick.color": INK,
    "xtick.major.size": 6.0,
    "xtick.major.width": 1.25,
    "xtick.minor.size": 4.0,
    "xtick.minor.width": 1.0,
    "ytick.color": INK,
    "ytick.major.size": 6.0,
    "ytick.major.width": 1.25,
    "ytick.minor.size": 4.0,
    "ytick.minor.width": 1.0,
}


def apply() -> None:
    """Set matplotlib's defaults to the course's theme."""
    mpl.rcParams.update(
        TICKS
        | {
            "axes.prop_cycle": cycler(color=[role.color for role in ROLES.values()]),
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
            "text.hinting": "no_hinting",  # a third less time for a text, in every frame
        }
    )


def subplots(columns: int = 1, width: float = 9, height: float = 4.5, **options) -> tuple:
    """A figure outside pyplot (nothing to close, no second display) and its axes.

    columns: 1 or 2 panels side by side. options go to `Figure.subplots`.
    Returns (figure, axes), axes an array if columns > 1.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, columns, **options)
