"""Sliders driving one figure: move a control, see the model answer.

The flow is one way:  controls -> update (a pure function) -> frame -> artists -> image.

A `scene` draws everything that stays (axes, labels, grid) once and names the artists that
move. `update` takes the control values and returns a frame: new data for every named
artist, and "alt", a sentence describing the picture. A frame is drawn by blitting: the
still background is copied and only the named artists are drawn over it, so axes cannot move.
"""

import html
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.text import Text
from traitlets import Unicode

from course_utils.kit import alive, page, style
from course_utils.kit.figure import img, png

__all__ = ["Buttons", "Explorer", "put"]

Frame = dict[str, Any]
# How each kind of artist takes its new data; the first match counts.
SETTERS: list[tuple[type, Callable[[Any, Any], object]]] = [
    # As arrays: a tensor, matplotlib takes apart into its numbers, a hundred times as slowly.
    (Line2D, lambda artist, xy: artist.set_data(*map(np.asarray, xy))),
    (Text, lambda artist, text: _put_text(artist, text)),
    # Coloured before it is enlarged, and as bytes: half the time of an image.
    (AxesImage, lambda artist, values: artist.set_data(artist.to_rgba(values, bytes=True))),
    (LineCollection, lambda artist, segments: artist.set_segments(segments)),
    (PathCollection, lambda artist, points: artist.set_offsets(points)),
    (Rectangle, lambda artist, bounds: artist.set_bounds(*bounds)),
    (Polygon, lambda artist, points: artist.set_xy(points)),
]


def _put_text(artist: Text, data: str | tuple[float, float, str]) -> None:
    """Text where it stands, or (x, y, text) to move it too."""
    if isinstance(data, tuple):
        artist.set_position(data[:2])
        data = data[2]
    artist.set_text(data)


def put(artist: Artist, data: Any) -> None:
    """Give an artist its new data: (x, y) for a line, text, pixels, segments, points or bounds."""
    for kind, setter in SETTERS:
        if isinstance(artist, kind):
            setter(artist, data)
            return
    raise TypeError(f"artist of type {type(artist).__name__} is not among those that can move")


class Explorer:
    """Controls and a figure that follows them; the last line of a cell shows it.

    scene: () -> (figure, {name: artist}). update: (**values) -> {name: data, ..., "alt": str},
    with the same names. controls: {argument of update: ipywidgets control}, three at most.
    filmstrip: settings {argument: value} drawn as small stills where no kernel is running.
    """

    def __init__(
        self,
        scene: Callable[[], tuple[Figure, Mapping[str, Artist]]],
        update: Callable[..., Frame],
        controls: Mapping[str, Any],
        filmstrip: list[dict] | None = None,
    ) -> None:
        if not 1 <= len(controls) <= 3:
            raise ValueError(f"controls must be one to three, got {len(controls)}")
        self.update, self.controls, self.filmstrip = update, dict(controls), filmstrip or []
        figure, self.artists = scene()
        self._canvas = FigureCanvasAgg(figure)
        self.error: Exception | None = None
        first = self.frame()
        # Place the panels with the first frame's texts in them, then keep them there. The layout
        # of panels with equal aspect settles at the second drawing.
        for _ in range(2):
            self._canvas.draw()
        figure.set_layout_engine("none")
        self._background = self._draw_background()

        self._image = widgets.HTML()
        self._message = widgets.HTML(style.SHEET)
        for name, control in self.controls.items():
            _check_slider(name, control)
            _enlarge(control)
            control.observe(self._on_change, names="value")
        self.widget = widgets.VBox([*self.controls.values(), self._image, self._message])
        self._show(first)

    @property
    def values(self) -> dict:
        """The controls' values now."""
        return {name: control.value for name, control in self.controls.items()}

    def corners(self) -> list[dict]:
        """Every combination of extreme control values, for tests."""
        ends = [_ends(control) for control in self.controls.values()]
        return [dict(zip(self.controls, c, strict=True)) for c in itertools.product(*ends)]

    def frame(self, **values) -> Frame:
        """Compute a frame (controls not named keep their value) and put it on the artists."""
        frame = self.update(**self.values | values)
        if frame.keys() != self.artists.keys() | {"alt"}:
            differ = frame.keys() ^ (self.artists.keys() | {"alt"})
            raise KeyError(f"update's frame and scene's artists differ in {sorted(differ)}")
        for name, artist in self.artists.items():
            put(artist, frame[name])
        return frame

    def pixels(self, **values) -> tuple[np.ndarray, str]:
        """The picture of these values, (height, width, 4) RGBA, and its alt text."""
        frame = self.frame(**values)
        return self._blit(), frame["alt"]

    def ground(self) -> np.ndarray:
        """What stays: the picture without the artists that move."""
        self._canvas.restore_region(self._background)
        return np.array(self._canvas.buffer_rgba())

    def still(self) -> str:
        """The figure as it stands now and its filmstrip, as HTML without widgets."""
        now, alt = self.pixels()
        width = now.shape[1]
        strip = []
        for values in self.filmstrip:
            small, text = self.pixels(**values)
            strip.append(img(png(small), text, width // len(self.filmstrip)))
        self.frame()  # leave the artists as the controls say
        return f"<div>{img(png(now), alt, width)}</div><div>{''.join(strip)}</div>"

    def _draw_background(self):
        for artist in self.artists.values():
            artist.set_visible(False)
        self._canvas.draw()
        for artist in self.artists.values():
            artist.set_visible(True)
        return self._canvas.copy_from_bbox(self._canvas.figure.bbox)

    def _blit(self) -> np.ndarray:
        self._canvas.restore_region(self._background)
        for artist in sorted(self.artists.values(), key=Artist.get_zorder):
            artist.draw(self._canvas.get_renderer())
        return np.array(self._canvas.buffer_rgba())  # a copy: the next frame reuses the buffer

    def _on_change(self, _) -> None:
        try:
            self._show(self.frame())
            self.error, self._message.value = None, style.SHEET
        except Exception as error:  # a front end would swallow it: show it here instead
            self.error = error
            text = html.escape(f"{type(error).__name__}: {error}")
            self._message.value = f'{style.SHEET}<b role="alert">✗ {text}</b>'

    def _show(self, frame: Frame) -> None:
        pixels = self._blit()
        self._image.value = img(png(pixels), frame["alt"], pixels.shape[1])

    def _ipython_display_(self) -> None:
        alive.show(self.widget, self.still(), lambda: page.explorer(self))


class Buttons(widgets.HBox):
    """A control whose value is the string of buttons pressed so far, one letter a press.

    labels: {letter: text on the button}. options: the values tried in tests. A last button
    goes back to the start; after `most` presses further ones change nothing.
    """

    value = Unicode("")

    def __init__(self, labels: Mapping[str, str], options: list[str], most: int) -> None:
        self.letters, self.options, self.most = labels, options, most
        buttons = [self._button(text, letter) for letter, text in labels.items()]
        again = widgets.Button(description="start again", icon="undo")
        again.on_click(lambda _: self.set_trait("value", ""))
        super().__init__([*buttons, again])

    def _button(self, text: str, letter: str) -> widgets.Button:
        button = widgets.Button(description=text)
        button.on_click(lambda _: self.set_trait("value", (self.value + letter)[: self.most]))
        return button


def _ends(control: Any) -> list:
    """The extreme values of a control, or all of them if it is a list of choices."""
    if isinstance(control, widgets.FloatLogSlider):
        return [control.base**control.min, control.base**control.max]
    if hasattr(control, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    if isinstance(control.value, bool):
        return [False, True]
    return [control.min, control.max]


def _check_slider(name: str, control: Any) -> None:
    """A browser moves a slider to its next step and shows few digits: start where nothing changes."""
    if not isinstance(control, (widgets.FloatSlider, widgets.FloatLogSlider, widgets.IntSlider)):
        return
    log = isinstance(control, widgets.FloatLogSlider)
    value = math.log(control.value, control.base) if log else control.value
    for what, place in (("value", value), ("max", control.max)):
        steps = (place - control.min) / control.step
        if abs(steps - round(steps)) > 1e-6:
            raise ValueError(f"{name}: its {what} must be min + k * step, got k = {steps:.4g}")
    digits = control.readout_format
    if not log and any(
        abs(float(format(part, digits)) - part) > 1e-9 for part in (control.step, control.min)
    ):
        raise ValueError(f"{name}: readout_format {digits!r} hides digits of its values")


def _enlarge(control: Any) -> None:
    """Room for a whole label, and text that can be read from the back row."""
    if hasattr(control, "style"):
        control.style.description_width = "330px"
    control.layout.width = "860px"
    control.layout.max_width = "calc(100% - 4px)"
    control.add_class("ladder-control")
