"""One drawing for every autoencoder of the course: boxes in a row, from the data to what is made.

Lessons 01, 05, 06 and 07 draw theirs with it, each with its own words in the boxes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

__all__ = ["Box", "draw_schematic", "schematic"]

# Half heights of a box at its left and its right edge.
SHAPES = {
    "data": (0.8, 0.8),
    "code": (0.42, 0.42),
    "narrows": (0.8, 0.42),
    "widens": (0.42, 0.8),
}
GAP = 0.42  # the arrow between two boxes
LEVEL = 1.35  # where notes stand below, and noise above
TEXT: dict[str, Any] = {"ha": "center", "va": "center", "size": 16}
PLATE: dict[str, Any] = {
    "facecolor": "white",
    "edgecolor": "none",
    "pad": 4,
}  # so that no line runs through a text


@dataclass(frozen=True)
class Box:
    """What stands in one box of the row.

    text: in it; lines are parted by newlines. shape: "data" (high), "code" (low), "narrows" (an
    encoder) or "widens" (a decoder). role: of style.ROLES, its colour; without one it is grey.
    note: below it. enters: what comes in from above, such as noise. width: 1 holds about six
    letters, or a short formula, if there are five boxes.
    """

    text: str
    shape: str = "data"
    role: str = ""
    note: str = ""
    enters: str = ""
    width: float = 1.0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"shape must be one of {', '.join(SHAPES)}, got {self.shape!r}")
        if self.role not in ("", *style.ROLES):
            raise ValueError(f"role must be one of {', '.join(style.ROLES)}, got {self.role!r}")


def schematic(boxes: Sequence[Box], *, alt: str, loss: str = "") -> Picture:
    """The boxes from left to right, an arrow between neighbours.

    loss: what compares the last box with the first, written on a line that joins the two.
    alt: the drawing in words.
    """
    fig, ax = style.subplots(height=3.4)
    draw_schematic(ax, boxes, loss=loss)
    return figure(fig, alt=alt)


def draw_schematic(ax: Axes, boxes: Sequence[Box], *, loss: str = "") -> None:
    """The same, on axes of one's own, which are wide rather than high (about 9 × 3.4 in)."""
    middles, x = [], 0.0
    for index, box in enumerate(boxes):
        if index:
            _arrow(ax, (x, 0), (x + GAP, 0))
            x += GAP
        _draw(ax, box, x)
        middles.append(x + box.width / 2)
        x += box.width
    low = -LEVEL - 0.3 * any(box.note for box in boxes)
    if loss:
        first, last = (SHAPES[box.shape] for box in (boxes[0], boxes[-1]))
        ax.plot(
            [middles[0], middles[0], middles[-1], middles[-1]],
            [-max(first), low - 0.15, low - 0.15, -max(last)],
            color=style.GUIDE,
            linewidth=2,
            linestyle=(0, (4, 2)),
        )
        ax.text(x / 2, low - 0.15, loss, color=style.INK, bbox=PLATE, **TEXT)
    high = LEVEL + 0.35 if any(box.enters for box in boxes) else 1.0
    ax.set(xlim=(-0.05, x + 0.05), ylim=(low - 0.45, high))
    ax.axis("off")


def _draw(ax: Axes, box: Box, x: float) -> None:
    """One box, its left edge at x."""
    left, right = SHAPES[box.shape]
    corners = [(x, -left), (x + box.width, -right), (x + box.width, right), (x, left)]
    role = style.ROLES.get(box.role)
    edge, ink = (role.color, role.ink) if role else (style.GUIDE, style.INK)
    ax.add_patch(Polygon(corners, facecolor="white", edgecolor=edge, linewidth=3))
    middle = x + box.width / 2
    ax.text(middle, 0, box.text, color=ink, **TEXT)
    if box.note:
        ax.text(middle, -LEVEL + 0.1, box.note, color=style.INK, bbox=PLATE, **TEXT)
    if box.enters:
        ax.text(middle, LEVEL + 0.1, box.enters, color=style.INK, **TEXT)
        _arrow(ax, (middle, LEVEL - 0.15), (middle, (left + right) / 2))


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    look = {"arrowstyle": "-|>", "color": style.INK, "linewidth": 2, "mutation_scale": 18}
    ax.annotate("", end, start, arrowprops=look | {"shrinkA": 2, "shrinkB": 2})
