"""A control where no kernel runs: a list of values to choose from, thinned until they are few."""

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import ipywidgets as widgets

__all__ = ["Dial", "dials"]


@dataclass(frozen=True)
class Dial:
    """What a control can be set to. kind: range, select, checkbox or buttons.

    values, each with its text; start: the place of the first value shown; keep: places that
    thinning leaves. letters: {letter: text on the button} if its values are words of presses.
    """

    name: str
    label: str
    kind: str
    values: list
    texts: list[str]
    start: int
    keep: frozenset[int]
    letters: Mapping[str, str] | None = None

    def thinned(self, most: int) -> "Dial":
        """The places to keep, then always the middle of the widest gap, until there are `most`."""
        places = sorted(self.keep)
        while len(places) < most:
            gap, left = max((b - a, -a) for a, b in itertools.pairwise(places))
            places = sorted([*places, -left + gap // 2])
        return replace(
            self,
            values=[self.values[place] for place in places],
            texts=[self.texts[place] for place in places],
            start=places.index(self.start),
            keep=frozenset(places.index(place) for place in self.keep),
        )


def dials(controls: Mapping[str, Any], settings: Iterable[Mapping], most: int) -> list[Dial]:
    """The controls as dials with at most so many combinations, or as few as keep what matters.

    Choices stay whole. Of a slider stay its ends, its value now, what `settings` name, and as many
    values between them as there is room for.
    """
    settings = list(settings)
    found = [
        _dial(name, control, [s[name] for s in settings if name in s], most)
        for name, control in controls.items()
    ]
    sizes = [len(dial.values) for dial in found]
    while math.prod(sizes) > most:
        room = [(size, i) for i, size in enumerate(sizes) if size > len(found[i].keep)]
        if not room:
            break
        sizes[max(room)[1]] -= 1
    return [dial.thinned(size) for dial, size in zip(found, sizes, strict=True)]


def _dial(name: str, control: Any, wanted: list, most: int) -> Dial:
    if hasattr(control, "letters"):
        words = _words(control, most)
        every = frozenset(range(len(words)))
        start = words.index(control.value)
        return Dial(name, "steps", "buttons", words, words, start, every, control.letters)
    if hasattr(control, "options"):
        pairs = [o if isinstance(o, tuple) else (str(o), o) for o in control.options]
        kind = "range" if isinstance(control, widgets.SelectionSlider) else "select"
        texts, values = [text for text, _ in pairs], [value for _, value in pairs]
    elif isinstance(control.value, bool):
        kind, texts, values = "checkbox", ["no", "yes"], [False, True]
    else:
        kind, values = "range", _steps(control)
        texts = [format(v, control.readout_format).replace("-", "−") for v in values]
    start = _place(values, control.value)
    values[start] = control.value  # to the last bit
    keep = {0, start, len(values) - 1, *(_place(values, value) for value in wanted)}
    if kind != "range":
        keep = set(range(len(values)))
    return Dial(name, control.description, kind, values, texts, start, frozenset(keep))


def _steps(slider: Any) -> list:
    """Every value that the slider stops at."""
    number = round((slider.max - slider.min) / slider.step)
    places = [slider.min + k * slider.step for k in range(number + 1)]
    if isinstance(slider, widgets.FloatLogSlider):
        return [slider.base**place for place in places]
    return places


def _place(values: list, value: Any) -> int:
    """Where in the list the value stands, or the nearest number to it."""
    if value in values:
        return values.index(value)
    return min(range(len(values)), key=lambda place: abs(values[place] - value))


def _words(buttons: Any, most: int) -> list[str]:
    """The words tried in tests with all that lead to them, then the shortest ones there are."""
    words = {word[:n] for word in buttons.options for n in range(len(word) + 1)} | {""}
    for length in range(1, buttons.most + 1):
        more = {"".join(word) for word in itertools.product(buttons.letters, repeat=length)}
        if len(words | more) > most:
            break
        words |= more
    return sorted(words, key=lambda word: (len(word), word))
