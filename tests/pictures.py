"""What the tests of figures share: the texts of a picture, and whether they can be read."""

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from course_utils.kit import Explorer
from course_utils.kit.figure import Picture
from course_utils.kit.style import ROLES


@dataclass(frozen=True)
class Drawn:
    """A text as it was drawn, with its box in pixels."""

    words: str
    box: Bbox
    color: str
    size: float
    page: Bbox


@contextmanager
def drawn_texts() -> Iterator[list[Drawn]]:
    """All texts of the figures drawn in this block, of each text the last drawing."""
    texts: dict[Text, Drawn] = {}
    draw, found = Text.draw, []

    def record(text: Text, renderer) -> None:
        draw(text, renderer)
        if text.get_visible() and text.get_text().strip():
            box, page = text.get_window_extent(renderer), text.get_figure(root=True).bbox.frozen()
            words, color, size = text.get_text(), text.get_color(), text.get_fontsize()
            texts[text] = Drawn(words, box, color, size, page)

    with mock.patch.object(Text, "draw", record):
        yield found
    found += texts.values()


def drawn(draw: Callable[[], Picture]) -> str:
    """What the picture that draw returns says of itself, once its texts are found readable."""
    with drawn_texts() as texts:
        picture = draw()
    assert not unreadable(texts)
    return picture.alt


def unreadable(texts: list[Drawn]) -> list[str]:
    """What is wrong with the texts of one picture."""
    found = []
    for text in texts:
        x0, y0, x1, y1 = text.box.extents
        if x0 < 0 or y0 < 0 or x1 > text.page.x1 or y1 > text.page.y1:
            found.append(f"{text.words!r} is cut off at the figure's edge")
        if contrast(text.color) < 4.5:
            found.append(f"{text.words!r} is too pale, {contrast(text.color):.1f} : 1")
        if text.size < 16:
            found.append(f"{text.words!r} is too small, {text.size:g} pt")
    for a, b in itertools.combinations(texts, 2):
        wide = min(a.box.x1, b.box.x1) - max(a.box.x0, b.box.x0)
        high = min(a.box.y1, b.box.y1) - max(a.box.y0, b.box.y0)
        if wide > 1 and high > 1:
            found.append(f"{a.words!r} and {b.words!r} overlap")
    return found


# What an explorer's artist of this name draws, and the role in whose colours.
QUANTITIES = {
    "evidence": "truth",
    "elbo": "bound",
    "bound": "bound",
    "kl": "gap",
    "approximation": "approximation",
    "amortisation": "amortisation",
    "moved": "pathwise",
    "weighed": "score",
}


def off_role(explorer: Explorer) -> list[str]:
    """The artists, and their labels, that draw a quantity in a colour of another one."""
    found = []
    for name, artist in explorer.artists.items():
        if role := ROLES.get(QUANTITIES.get(name.removesuffix("_label"), "")):
            color = artist.get_facecolor() if isinstance(artist, Patch) else artist.get_color()
            if to_hex(color).upper() not in (role.color, role.ink, role.tint):
                found.append(f"{name!r} is drawn in {to_hex(color)}: see ROLES in kit/style.py")
    return found


def contrast(color) -> float:
    """The contrast of a colour with white, 1 to 21, by WCAG 2.1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def faults(explorer: Explorer) -> list[str]:
    """What is wrong with the frames of an explorer, at every corner and in its filmstrip."""
    found = off_role(explorer)
    with drawn_texts() as standing:  # those that no frame moves, drawn once
        explorer._draw_background()
    for values in [{}, *explorer.corners(), *explorer.filmstrip]:
        for name, value in values.items():
            explorer.controls[name].value = value
            if explorer.controls[name].value != value:
                found.append(f"{values}: {name} cannot be set so")
        if explorer.error:
            found.append(f"{values}: {explorer.error!r}")
        frame = explorer.frame()
        with drawn_texts() as moving:
            explorer._blit()
        found += [f"{values}: {fault}" for fault in unreadable(standing + moving)]
        if not re.search(r"\d", frame["alt"]) or len(frame["alt"]) < 50:
            found.append(f"{values}: the description says little: {frame['alt']!r}")
        for name in explorer.artists:
            if not all(np.isfinite(part).all() for part in numbers(frame[name])):
                found.append(f"{values}: {name} is not finite")
    pictures = re.findall(r'<img alt="([^"]*)"', explorer.still())
    if len(pictures) != 1 + len(explorer.filmstrip) or not all(pictures):
        found.append(f"the still has {len(pictures)} pictures with a description")
    return found


def numbers(data: object) -> Iterator[np.ndarray]:
    """The arrays in an artist's data, without its texts."""
    if isinstance(data, (tuple, list)):
        for part in data:
            yield from numbers(part)
    elif not isinstance(data, str):
        yield np.asarray(data, dtype=float)
