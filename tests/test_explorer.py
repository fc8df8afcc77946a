import base64
import html
import io
import re

import ipywidgets as widgets
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle
from PIL import Image

from course_utils.kit import Buttons, Explorer, alive, style
from course_utils.kit.explorer import put

few = settings(deadline=None, max_examples=15, derandomize=True)


def scene():
    """One artist of each kind that can move, above everything that stays."""
    fig, (left, right) = style.subplots(2)
    left.set(xlim=(0, 10), ylim=(0, 10), xlabel="x", title="stays")
    left.plot([0, 10], [0, 10], color="#404040")
    right.set(xlim=(0, 4), ylim=(0, 4), ylabel="y")
    return fig, {
        "image": right.imshow(np.eye(3), extent=(1, 3, 1, 3), vmin=0, vmax=1, zorder=3),
        "line": left.plot([], [], "--", color="#0072B2", zorder=4)[0],
        "sticks": left.add_collection(LineCollection([], colors="#D55E00", zorder=5)),
        "dots": left.scatter([], [], color="#009E73", zorder=6),
        "bar": left.bar([0], [0], color="#E69F00", zorder=7)[0],
        "area": left.fill([0, 0, 0], [0, 0, 0], color="#56B4E9", alpha=0.5, zorder=8)[0],
        "label": left.text(0, 0, "", zorder=9),
        "count": right.text(2, 3.4, "", ha="center", zorder=10),
    }


def update(height: float, count: int, noisy: bool) -> dict:
    if count == 13:
        raise ValueError("no <b>thirteen</b>, please")
    x = np.arange(1, 1 + count)
    return {
        "line": (x, height + x % 2),
        "sticks": [[(i, 1), (i, height)] for i in x],
        "dots": np.stack([x, 9 - height + 0 * x], 1),
        "bar": (4, 1, 1, height),
        "area": [(6, 1), (8, 1), (7, 1 + height)],
        "label": (2, 1 + height / 2, f"h {height:.2f}"),
        "count": f"n = {count}",
        "image": np.eye(3) * (0.5 if noisy else 1.0) * count / 9,
        "alt": f"Height {height:.2f}, {count} dots <&> {'noisy' if noisy else 'clean'}.",
    }


STRIP = [{"height": 1.0}, {"height": 6.0, "count": 2, "noisy": True}]


def make(update=update, scene=scene, filmstrip=STRIP):
    controls = {
        "height": widgets.FloatSlider(value=3, min=0, max=7, step=0.5),
        "count": widgets.IntSlider(value=5, min=0, max=13),
        "noisy": widgets.Checkbox(value=False),
    }
    return Explorer(scene, update, controls, filmstrip)


@pytest.fixture(scope="module")
def explorer():
    return make()


@pytest.fixture
def fresh():
    return make()


def figure_of(explorer):
    return explorer.artists["line"].get_figure()


def images(page):
    """The pictures of a page, each with its alt text."""
    found = re.findall(r'<img alt="([^"]*)".*?base64,([^"]*)"', page)
    return [
        (html.unescape(alt), np.array(Image.open(io.BytesIO(base64.b64decode(data)))))
        for alt, data in found
    ]


def shows(explorer):
    [(alt, pixels)] = images(explorer._image.value)
    return alt, pixels


settings_of_controls = st.fixed_dictionaries(
    {"height": st.floats(0, 7), "count": st.integers(0, 9), "noisy": st.booleans()}
)


# Frames


@given(settings_of_controls)
@few
def test_a_frame_is_what_a_full_redraw_shows(explorer, values):
    pixels, _ = explorer.pixels(**values)
    canvas = FigureCanvasAgg(figure_of(explorer))
    canvas.draw()
    assert np.array_equal(pixels, np.asarray(canvas.buffer_rgba()))


@given(st.lists(settings_of_controls, min_size=2, max_size=5))
@few
def test_a_frame_does_not_depend_on_the_frames_before_it(explorer, history):
    first = [explorer.pixels(**values) for values in history]
    again = [explorer.pixels(**values) for values in reversed(history)]
    for (pixels, alt), (others, text) in zip(first, reversed(again), strict=True):
        assert np.array_equal(pixels, others) and alt == text


def test_two_explorers_of_one_kind_show_the_same(explorer, fresh):
    assert np.array_equal(explorer.pixels(height=2.0)[0], fresh.pixels(height=2.0)[0])


def test_different_values_show_different_pictures(explorer):
    assert not np.array_equal(explorer.pixels(height=2.0)[0], explorer.pixels(height=3.0)[0])


def test_axes_do_not_move(explorer):
    def places():
        return [(*a.get_position().extents, *a.axis()) for a in figure_of(explorer).axes]

    before = places()
    for values in explorer.corners():
        explorer.pixels(**{**values, "count": min(values["count"], 12)})
        assert places() == before


def test_what_stays_stays(explorer):
    """Titles, tick labels, frame: outside the axes no pixel changes."""
    frames = [explorer.pixels(height=h, count=n)[0] for h in (0.0, 7.0) for n in (0, 9)]
    inside = np.zeros(frames[0].shape[:2], dtype=bool)
    for axes in figure_of(explorer).axes:
        x0, y0, x1, y1 = axes.bbox.extents.round().astype(int)
        inside[len(inside) - y1 - 3 : len(inside) - y0 + 3, x0 - 3 : x1 + 3] = True
    for pixels in frames[1:]:
        assert np.array_equal(pixels[~inside], frames[0][~inside])


def test_a_picture_is_kept_when_the_next_is_drawn(explorer):
    pixels, _ = explorer.pixels(height=1.0)
    copy = pixels.copy()
    explorer.pixels(height=6.0)
    assert np.array_equal(pixels, copy)


def test_a_picture_has_the_figures_size(explorer):
    width, height = figure_of(explorer).get_size_inches() * figure_of(explorer).dpi
    pixels, _ = explorer.pixels()
    assert pixels.shape == (height, width, 4)
    assert pixels.dtype == np.uint8


def test_values_not_named_keep_those_of_the_controls(fresh):
    assert fresh.frame(count=2)["alt"] == "Height 3.00, 2 dots <&> clean."
    fresh.controls["height"].value = 4
    assert fresh.frame(count=2)["alt"] == "Height 4.00, 2 dots <&> clean."
    assert fresh.values == {"height": 4.0, "count": 5, "noisy": False}


# Controls


def test_moving_a_control_shows_its_frame(fresh):
    for name, value in [("height", 5.0), ("count", 2), ("noisy", True)]:
        fresh.controls[name].value = value
        alt, picture = shows(fresh)
        pixels, text = fresh.pixels()
        assert alt == text
        assert np.array_equal(picture, pixels[..., :3])


def test_the_first_picture_is_that_of_the_first_values(fresh):
    alt, picture = shows(fresh)
    assert alt == "Height 3.00, 5 dots <&> clean."
    assert np.array_equal(picture, fresh.pixels()[0][..., :3])


def test_an_error_while_moving_is_shown_kept_and_cleared(fresh):
    fresh.controls["count"].value = 4
    before = fresh._image.value
    fresh.controls["count"].value = 13
    assert isinstance(fresh.error, ValueError)
    message = fresh._message.value
    assert "ValueError: no &lt;b&gt;thirteen&lt;/b&gt;, please" in message
    assert 'role="alert"' in message
    assert fresh._image.value == before
    fresh.controls["count"].value = 2
    assert fresh.error is None
    assert "thirteen" not in fresh._message.value
    assert shows(fresh)[0] == "Height 3.00, 2 dots <&> clean."


def test_an_error_is_raised_outside_the_widget(fresh):
    for ask in (fresh.frame, fresh.pixels):
        with pytest.raises(ValueError, match="thirteen"):
            ask(count=13)
    assert fresh.error is None


def test_data_an_artist_refuses_is_an_error_too(fresh):
    fresh.update = lambda **values: update(**values) | {"line": ([1, 2], [1, 2, 3])}
    with pytest.raises(Exception, match="shape"):
        fresh.pixels()
    fresh.controls["count"].value = 2
    assert fresh.error is not None and "shape" in fresh._message.value


def test_an_error_in_the_first_frame_is_raised():
    def fails(**values):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make(fails)


@pytest.mark.parametrize("number", [0, 4])
def test_there_are_one_to_three_controls(number):
    controls = {f"c{i}": widgets.IntSlider() for i in range(number)}
    with pytest.raises(ValueError, match=f"one to three, got {number}"):
        Explorer(scene, update, controls)


@pytest.mark.parametrize("name", ["line", "alt", "more"])
def test_artists_and_frame_must_have_the_same_names(name):
    def other(**values):
        frame = update(**values)
        return frame | {"more": 1} if name == "more" else {k: frame[k] for k in frame if k != name}

    with pytest.raises(KeyError, match=name):
        make(other)


def test_an_artist_that_cannot_move_is_named():
    with pytest.raises(TypeError, match="Circle"):
        put(Circle((0, 0)), (1, 2))


def test_controls_can_be_reached_by_keyboard_and_update_while_dragged(explorer):
    for control in explorer.controls.values():
        assert isinstance(control, widgets.ValueWidget)
        assert control.tabbable is not False and not control.disabled
        assert getattr(control, "continuous_update", True)


def test_controls_stand_above_the_picture_and_the_message_below(explorer):
    *controls, picture, message = explorer.widget.children
    assert controls == list(explorer.controls.values())
    assert picture is explorer._image and message is explorer._message


@pytest.mark.parametrize(
    ("control", "ends"),
    [
        (widgets.FloatSlider(min=-1, max=2), [-1, 2]),
        (widgets.IntSlider(min=3, max=9), [3, 9]),
        (widgets.BoundedFloatText(min=0, max=1), [0, 1]),
        (widgets.FloatLogSlider(min=-2, max=1, value=1), [0.01, 10]),
        (widgets.FloatLogSlider(min=0, max=3, value=1, base=2), [1, 8]),
        (widgets.Checkbox(), [False, True]),
        (widgets.ToggleButton(), [False, True]),
        (widgets.Dropdown(options=["a", "b", "c"]), ["a", "b", "c"]),
        (widgets.ToggleButtons(options=[("one", 1), ("two", 2)]), [1, 2]),
        (widgets.SelectionSlider(options=[1, 5, 20]), [1, 5, 20]),
    ],
)
def test_corners_are_the_ends_of_a_control_or_all_its_choices(control, ends):
    def one():
        fig, ax = style.subplots()
        return fig, {"text": ax.text(0, 0, "")}

    tiny = Explorer(one, lambda c: {"text": str(c), "alt": str(c)}, {"c": control})
    assert [corner["c"] for corner in tiny.corners()] == ends
    for corner in tiny.corners():
        control.value = corner["c"]  # every corner can be reached
        assert tiny.error is None and control.value == corner["c"]


@pytest.mark.parametrize(
    ("control", "says"),
    [
        (widgets.FloatSlider(value=0.25, min=0, max=1, step=0.1), "its value must be min + k"),
        (widgets.FloatSlider(value=0.5, min=0, max=1.05, step=0.1), "its max must be min + k"),
        (widgets.FloatSlider(value=0.5, min=0, max=1, step=0.125), "readout_format '.2f' hides"),
        (widgets.FloatSlider(value=1, min=0.125, max=2.125, step=0.5), "its value must be"),
        (widgets.IntSlider(value=13, min=0, max=100, step=5), "its value must be min + k"),
        (widgets.FloatLogSlider(value=0.5, min=-2, max=1, step=0.05), "got k = 33.98"),
        (widgets.FloatLogSlider(value=1, min=-0.39, max=1.01, step=0.1), "got k = 3.9"),
    ],
)
def test_a_slider_starts_where_a_browser_leaves_it(control, says):
    def one():
        fig, ax = style.subplots()
        return fig, {"text": ax.text(0, 0, "")}

    with pytest.raises(ValueError, match=re.escape(says)) as error:
        Explorer(one, lambda c: {"text": str(c), "alt": str(c)}, {"c": control})
    assert str(error.value).startswith("c: ")


def test_artists_are_drawn_in_their_order_of_depth_not_of_names():
    """The line lies over the image, though it is named first."""

    def layers():
        fig, ax = style.subplots()
        line = ax.plot([], [], color="#D55E00", linewidth=40, zorder=2)[0]
        image = ax.imshow(np.eye(2), extent=(0, 1, 0, 1), zorder=1)
        return fig, {"line": line, "image": image}

    def fill(c):
        return {"line": ([0, 1], [0.5, 0.5]), "image": np.eye(2), "alt": "a bar"}

    pixels, _ = Explorer(layers, fill, {"c": widgets.Checkbox()}).pixels()
    x0, x1, y = pixels.shape[1] // 2 - 20, pixels.shape[1] // 2 + 20, pixels.shape[0] // 2
    assert (pixels[y - 3 : y + 3, x0:x1, 0] > 200).all()


def test_corners_combine_all_controls(explorer):
    corners = explorer.corners()
    assert len(corners) == 8
    assert {tuple(c.values()) for c in corners} == {
        (h, n, b) for h in (0, 7) for n in (0, 13) for b in (False, True)
    }


# Without a kernel


def test_a_still_is_the_state_and_then_the_filmstrip(fresh):
    fresh.controls["height"].value = 4
    pictures = images(fresh.still())
    assert len(pictures) == 1 + len(STRIP)
    for (alt, picture), values in zip(pictures, [{}, *STRIP], strict=True):
        pixels, text = fresh.pixels(**values)
        assert alt == text
        assert np.array_equal(picture, pixels[..., :3])


def test_a_still_leaves_everything_as_it_was(fresh):
    fresh.controls["height"].value = 4
    values, shown = fresh.values, fresh._image.value
    fresh.still()
    assert fresh.values == values and fresh._image.value == shown and fresh.error is None
    now = np.array(fresh._blit())
    assert np.array_equal(now, fresh.pixels()[0])


def test_a_still_needs_no_filmstrip():
    assert len(images(make(filmstrip=None).still())) == 1


def test_every_picture_has_an_escaped_alt_text(fresh):
    page = fresh.still()
    assert page.count("<img ") == page.count('<img alt="Height') == 1 + len(STRIP)
    assert "<&>" not in page and "&lt;&amp;&gt;" in page


def test_an_explorer_is_displayed_as_its_still_and_its_widget(fresh, monkeypatch):
    shown = []
    monkeypatch.setattr(alive, "show", lambda *both: shown.append(both))
    fresh._ipython_display_()
    [(*both, _)] = shown
    assert both == [fresh.widget, fresh.still()]


def test_buttons_spell_what_was_pressed_and_can_start_again():
    buttons = Buttons({"E": "E-step", "M": "M-step"}, ["", "EM"], most=3)
    e, m, again = buttons.children
    for press in (e, m, m, e):
        press.click()
    assert buttons.value == "EMM"
    again.click()
    assert buttons.value == ""
    explorer = Explorer(
        lambda: (lambda fig, ax: (fig, {"text": ax.text(0, 0, "")}))(*style.subplots()),
        lambda moves: {"text": moves, "alt": f"{len(moves)} moves"},
        {"moves": buttons},
    )
    assert explorer.corners() == [{"moves": ""}, {"moves": "EM"}]
    m.click()
    assert explorer.values == {"moves": "M"}
    assert "1 moves" in explorer._image.value


def test_panels_of_equal_aspect_stand_where_a_further_drawing_leaves_them():
    def equal():
        fig, axes = style.subplots(2, width_ratios=[1.25, 1])
        for ax in axes:
            ax.set(xlabel="$x$", ylabel="$y$", title="A title", aspect="equal")
        return fig, {"text": axes[0].text(0.1, 0.1, "")}

    made = Explorer(equal, lambda c: {"text": "t", "alt": "1"}, {"c": widgets.Checkbox()})
    fig = made.artists["text"].get_figure(root=True)
    before = [ax.get_position().extents for ax in fig.axes]
    fig.set_layout_engine("constrained")
    FigureCanvasAgg(fig).draw()
    after = [ax.get_position().extents for ax in fig.axes]
    assert np.allclose(before, after, atol=1.5e-3)  # a pixel or so
