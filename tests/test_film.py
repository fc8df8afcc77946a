"""What a page without a kernel gets of an explorer: its dials, its film, its HTML."""

import base64
import io
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

from course_utils.kit import (
    Buttons,
    Explorer,
    Option,
    Poll,
    alive,
    check,
    film,
    page,
    predict,
    style,
)
from course_utils.kit.dial import dials
from course_utils.lessons import l02_ppca_posterior as lesson


def scene():
    fig, ax = style.subplots()
    ax.set(xlim=(0, 1), ylim=(0, 1), title="A dot")
    return fig, {"dot": ax.plot([], [], "o")[0], "label": ax.text(0.1, 0.9, "")}


def update(x: float, y: float, big: bool, kind: str = "a") -> dict:
    label = f"{kind} {'big' if big else 'small'}"
    return {"dot": ([x], [y]), "label": label, "alt": f"A {label} dot at {x:.2f}, {y:.2f}."}


def make() -> Explorer:
    controls = {
        "x": widgets.FloatSlider(value=0.5, min=0, max=1, step=0.01, description="to the right"),
        "y": widgets.FloatLogSlider(value=0.1, min=-2, max=0, step=0.1, description="upwards <&>"),
        "big": widgets.Checkbox(value=True, description="big"),
    }
    return Explorer(scene, update, controls, [{"x": 0.12}, {"y": 1.0, "big": False}])


@pytest.fixture(scope="module")
def explorer() -> Explorer:
    return make()


@pytest.fixture(scope="module")
def shot(explorer):
    return film.film(explorer)


@pytest.fixture
def book(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("EVIDENCE_LADDER_BOOK", str(tmp_path))
    return tmp_path


# Dials


def test_a_thinned_slider_keeps_its_ends_its_value_and_the_filmstrips(explorer):
    x, y, big = dials(explorer.controls, explorer.filmstrip, 100)
    assert x.values[0] == 0 and x.values[-1] == 1 and x.values[x.start] == 0.5
    assert 0.12 in np.round(x.values, 9) and x.values == sorted(x.values)
    assert y.values[0] == pytest.approx(0.01) and y.values[-1] == 1 and y.values[y.start] == 0.1
    assert big.values == [False, True] and big.start == 1
    assert 60 <= len(x.values) * len(y.values) * 2 <= 100
    gaps = np.diff(x.values)
    assert gaps.max() <= 3 * np.median(gaps), "the values left are spread"


def test_the_values_left_are_the_sliders_own(explorer):
    for dial in dials(explorer.controls, [], 30)[:2]:
        control = explorer.controls[dial.name]
        for value in dial.values:
            control.value = value
            assert control.value == value
        control.value = dial.values[dial.start]


def test_a_slider_with_few_values_keeps_them_all_with_its_readout():
    slider = widgets.FloatSlider(value=-1, min=-1, max=1, step=0.5, readout_format=".1f")
    [dial] = dials({"x": slider}, [], 100)
    assert dial.values == [-1, -0.5, 0, 0.5, 1]
    assert dial.texts == ["−1.0", "−0.5", "0.0", "0.5", "1.0"]


@pytest.mark.parametrize(
    ("control", "kind", "texts", "start"),
    [
        (widgets.Dropdown(options=["a", "b"], value="b"), "select", ["a", "b"], 1),
        (widgets.ToggleButtons(options=[("one", 1), ("two", 2)]), "select", ["one", "two"], 0),
        (widgets.SelectionSlider(options=[1, 5, 20], value=5), "range", ["1", "5", "20"], 1),
        (widgets.Checkbox(value=True), "checkbox", ["no", "yes"], 1),
        (widgets.IntSlider(value=2, min=1, max=3), "range", ["1", "2", "3"], 1),
    ],
)
def test_the_kinds_of_dial(control, kind, texts, start):
    [dial] = dials({"c": control}, [], 100)
    assert (dial.kind, dial.texts, dial.start) == (kind, texts, start)


def test_choices_are_never_thinned():
    several = {c: widgets.Dropdown(options=range(6)) for c in "ab"}
    assert [len(dial.values) for dial in dials(several, [], 10)] == [6, 6]


def test_buttons_keep_the_words_tried_and_what_leads_to_them():
    buttons = Buttons({"E": "E-step", "M": "M-step"}, ["", "EMEMEMEM"], most=9)
    [dial] = dials({"moves": buttons}, [], 40)
    assert len(dial.values) <= 40 and dial.values[dial.start] == ""
    assert {"E", "M", "EM", "MM", "EMEMEMEM"} <= set(dial.values)
    assert all(word[:-1] in dial.values for word in dial.values)


# Films


def laid_over(ground: str, picture: str) -> np.ndarray:
    base, over = (
        Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA") for data in (ground, picture)
    )
    base.alpha_composite(over)
    return np.asarray(base)


def settings(turned):
    return itertools.product(*([(d.name, value) for value in d.values] for d in turned))


@pytest.mark.parametrize("make", [make, lambda: lesson.predict_curved().demo])
def test_every_corners_frame_is_the_explorers_own_pixels(make):
    explorer = make()
    turned, shot = film.film(explorer)
    corners = [tuple(corner.items()) for corner in explorer.corners()]
    places = {
        setting: frame for setting, frame in zip(settings(turned), shot["frames"], strict=True)
    }
    for corner in corners:
        number, alt = places[corner]
        pixels, said = explorer.pixels(**dict(corner))
        assert np.array_equal(laid_over(shot["ground"], shot["pictures"][number]), pixels)
        assert alt == said


def test_a_film_has_a_frame_for_every_setting_and_each_picture_once(shot):
    turned, taken = shot
    assert len(taken["frames"]) == len(list(settings(turned)))
    assert len(set(taken["pictures"])) == len(taken["pictures"])
    assert {number for number, _ in taken["frames"]} == set(range(len(taken["pictures"])))
    assert sum(map(len, taken["pictures"])) < film.LIMIT


def test_a_film_leaves_the_explorer_as_it_was(explorer, shot):
    values = explorer.values
    before = explorer.pixels()[0]
    film.film(explorer)
    assert explorer.values == values and np.array_equal(explorer._blit(), before)


def test_rich_pictures_are_packed_closely_and_stay_below_the_limit(monkeypatch):
    explorer = make()
    monkeypatch.setattr(film, "LIMIT", 60_000)
    monkeypatch.setattr(film, "WAYS", [(100, film.EXACT), (40, film.EXACT), (40, film.CLOSE)])
    _, taken = film.film(explorer)
    assert len(taken["frames"]) <= 40 and sum(map(len, taken["pictures"])) <= 60_000
    monkeypatch.setattr(film, "LIMIT", 100)
    with pytest.raises(ValueError, match="more than 100 bytes"):
        film.film(explorer)


def test_a_lossy_picture_is_close(monkeypatch):
    explorer = make()
    monkeypatch.setattr(film, "WAYS", [(20, film.CLOSE)])
    turned, taken = film.film(explorer)
    for setting, (number, _) in zip(settings(turned), taken["frames"], strict=True):
        pixels = explorer.pixels(**dict(setting))[0].astype(float)
        assert abs(laid_over(taken["ground"], taken["pictures"][number]) - pixels).mean() < 1


# Pages


class Controls(HTMLParser):
    """The inputs and selects of a page, each with the text that labels it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found, self.labels, self.label = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "label":
            self.label = ""
        elif tag in ("input", "select"):
            assert self.label is not None, "a control outside a label"
            self.found.append(dict(attributes))

    def handle_endtag(self, tag):
        if tag == "label":
            self.labels.append(self.label)
            self.label = None

    def handle_data(self, data):
        if self.label is not None:
            self.label += data


def test_an_explorers_page_has_labelled_controls_a_picture_and_its_film(explorer, book):
    text = page.explorer(explorer)
    controls = Controls(text)
    assert [given["type"] for given in controls.found] == ["range", "range", "checkbox"]
    assert controls.labels == ["to the right", "upwards <&>", "big"] and "<&>" not in text
    slider = controls.found[0]
    texts = json.loads(slider["data-texts"])
    assert slider["aria-valuetext"] == texts[int(slider["value"])] == "0.50"
    assert int(slider["max"]) == len(texts) - 1
    assert 'alt="A a big dot at 0.50, 0.10."' in text and 'aria-live="polite"' in text
    [name] = re.findall(r'data-film="(\w+)"', text)
    [path] = book.iterdir()
    script = path.read_text("utf-8")
    assert path.name == f"{name}.js" and script.startswith(f'ladderFilm("{name}",{{')
    assert len(script) < film.LIMIT + 200_000
    assert page.explorer(make()) == text, "the same explorer has the same page"


def test_buttons_and_choices_are_buttons_and_choices(book):
    def shown(control, update):
        fig, ax = style.subplots()
        text = ax.text(0, 0, "")
        return page.explorer(Explorer(lambda: (fig, {"text": text}), update, {"c": control}))

    said = lambda c: {"text": str(c), "alt": f"it is {c}"}  # noqa: E731
    pressed = shown(Buttons({"E": "E-step"}, ["", "EE"], most=3), said)
    assert '<button type="button" data-letter="E">E-step</button>' in pressed
    assert json.loads(
        re.search(r"data-words='?\"?([^\"]+)\"", pressed)[1].replace("&quot;", '"')
    ) == [
        "",
        "E",
        "EE",
        "EEE",
    ]
    chosen = shown(widgets.Dropdown(options=["one", "two"], value="two", description="which"), said)
    assert "<option>one</option><option selected>two</option>" in chosen


OPTIONS = [Option("yes <b>", True, "it is"), Option("no", False, "it is not")]


def test_a_poll_waits_with_its_verdicts(book):
    text = Poll("Is it?", OPTIONS).page()
    assert text.count("<template>") == 2 and 'class="ladder-demo"' not in text
    first, second = re.findall(r"<template>(.*?)</template>", text, re.DOTALL)
    assert "your answer" in first and "it is not" in second
    assert ">A.  yes &lt;b&gt;</button>" in text
    assert 'class="ladder-again" hidden' in text


def test_a_prediction_keeps_its_demo_closed(explorer, book, monkeypatch):
    shown = []
    monkeypatch.setattr(alive, "display", lambda output: shown.append(output.data))
    predict("Where?", OPTIONS, explorer)._ipython_display_()
    [text] = shown
    assert '<div class="ladder-demo" hidden><div class="ladder-explorer"' in text


def test_without_a_book_nothing_of_it_is_shown(explorer, monkeypatch):
    monkeypatch.delenv("EVIDENCE_LADDER_BOOK", raising=False)
    shown = []
    monkeypatch.setattr(alive, "display", lambda output, **_: shown.append(output))
    explorer._ipython_display_()
    assert len(shown) == 2 and "ladder-explorer" not in str(shown)


def test_an_open_exercise_says_where_to_do_it(book, monkeypatch):
    shown = []
    monkeypatch.setattr("course_utils.kit.exercise.display", lambda o: shown.append(o.data))
    reference = check("02.2", lambda eigenvalues, sigma2: ...)
    assert reference is lesson.closed_form.shrinkage and "02.2: run this in Jupyter." in shown[0]
    check("02.2", lambda eigenvalues, sigma2: sigma2 / eigenvalues)
    assert "not yet" in shown[1]
