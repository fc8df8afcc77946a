"""What the tests of figures share: the texts of a picture, where they stand, how dark they are."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from matplotlib.colors import to_rgb
from matplotlib.text import Text
from matplotlib.transforms import Bbox


@dataclass(frozen=True)
class Drawn:
    """A text as it was drawn, with its box in pixels."""

    words: str
    box: Bbox
    color: str

    def inside(self, width: float, height: float) -> bool:
        x0, y0, x1, y1 = self.box.extents
        return x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height


@contextmanager
def drawn_texts() -> Iterator[list[Drawn]]:
    """All texts of the figures drawn in this block, of each text the last drawing."""
    texts: dict[Text, Drawn] = {}
    draw, found = Text.draw, []

    def record(text: Text, renderer) -> None:
        draw(text, renderer)
        if text.get_visible() and text.get_text().strip():
            texts[text] = Drawn(text.get_text(), text.get_window_extent(renderer), text.get_color())

    with mock.patch.object(Text, "draw", record):
        yield found
    found += texts.values()


def overlaps(texts: list[Drawn]) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes share more than a pixel both ways."""
    return [
        (a.words, b.words)
        for a, b in itertools.combinations(texts, 2)
        if min(a.box.x1, b.box.x1) - max(a.box.x0, b.box.x0) > 1
        and min(a.box.y1, b.box.y1) - max(a.box.y0, b.box.y0) > 1
    ]


def contrast(color) -> float:
    """The contrast of a colour with white, 1 to 21, by WCAG 2.1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)
