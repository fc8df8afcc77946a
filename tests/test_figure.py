import colorsys
import html
import io
import re

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from pictures import contrast, drawn_texts, unreadable
from PIL import Image

from course_utils.kit import figure, ladder, style
from course_utils.kit.figure import Picture, img, mosaic, png

ROLES = style.ROLES


def decoded(data):
    return np.array(Image.open(io.BytesIO(data)))


# figure


def test_a_figure_needs_a_description():
    with pytest.raises(TypeError, match="alt"):
        figure(Figure())
    for alt in ("", "  \n"):
        with pytest.raises(ValueError, match="alt must say what the figure shows"):
            figure(Figure(), alt=alt)


@pytest.mark.parametrize(("width", "height"), [(9, 4.5), (4, 3), (9, 6.5)])
def test_a_picture_has_the_size_of_its_figure(width, height):
    picture = figure(Figure(figsize=(width, height)), alt="nothing")
    pixels = decoded(picture.png)
    assert pixels.shape == (height * 100, width * 100, 3)
    assert picture.width == width * 100
    assert f'width="{width * 100}"' in picture._repr_html_()


def test_a_picture_shows_what_was_drawn():
    fig = Figure(figsize=(2, 1))
    fig.add_axes((0, 0, 0.5, 1), facecolor="red").set(xticks=[], yticks=[])
    pixels = decoded(figure(fig, alt="half red").png)
    assert (pixels[50, 50] == [255, 0, 0]).all() and (pixels[50, 150] == 255).all()


def test_the_description_is_escaped_and_read_out():
    alt = 'a < b & "c" <script>alert(1)</script>'
    picture = figure(Figure(), alt=alt)
    [written] = re.findall(r'alt="([^"]*)"', picture._repr_html_())
    assert html.unescape(written) == alt
    assert "<script" not in picture._repr_html_()
    assert repr(picture) == alt


def test_a_picture_is_kept_as_it_is():
    picture = figure(Figure(), alt="nothing")
    with pytest.raises(AttributeError):
        picture.alt = "something"


def test_png_keeps_every_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    assert np.array_equal(decoded(png(pixels)), pixels[..., :3])
    assert 'decoding="sync"' in img(png(pixels), "dots", 30)


@pytest.mark.parametrize("table", [torch.rand, np.random.rand])
def test_a_mosaic_is_rows_of_images_with_gaps(table):
    a, b = table(3, 16), table(3, 16)
    whole = mosaic(a, b)
    a, b = np.asarray(a), np.asarray(b)
    assert whole.shape == (12, 18)
    assert np.array_equal(whole[:4, 6:10], a[1].reshape(4, 4))
    assert np.array_equal(whole[6:10, 12:16], b[2].reshape(4, 4))
    assert not whole[4:6].any() and not whole[:, 4:6].any() and not whole[10:].any()


# ladder

NAMES = "PPCA, H = 1|EM, H = 1|variational EM|VAE|flow posterior|flow density|IWAE, K = 50|one|two"


def rungs(number):
    return {n: -1.8 + 0.15 * i for i, n in enumerate(NAMES.split("|")[:number])}


@pytest.mark.parametrize("number", range(10))
def test_a_ladder_of_any_number_of_rungs_can_be_read(number):
    with drawn_texts() as texts:
        ladder(rungs(number), -0.45, "test point")
    assert not unreadable(texts)
    written = [text.words for text in texts]
    for name, value in rungs(number).items():
        assert name in written and f" {value:.3f}, {-0.45 - value:.3f} to go" in written


def test_a_ladders_description_has_all_its_numbers():
    picture = ladder(rungs(3), -0.45, "test point")
    assert isinstance(picture, Picture)
    for words in ("PPCA, H = 1 at -1.800", "EM, H = 1 at -1.650", "limit is -0.450", "test point"):
        assert words in picture.alt


@pytest.mark.parametrize("value", [-0.45, -0.40, -0.4500001, 1e6, -1e6])
def test_a_rung_may_be_anywhere(value):
    assert f"{value:.3f}" in ladder({"PPCA": value}, -0.45, "test point").alt


# style


def test_every_role_has_its_own_colour_and_its_own_line():
    assert len({role.color for role in ROLES.values()}) == len(ROLES)
    assert len({role.linestyle for role in ROLES.values()}) == len(ROLES)
    hues = sorted(colorsys.rgb_to_hsv(*to_rgb(r.color))[0] for n, r in ROLES.items() if n != "data")
    assert min(np.diff(hues)) > 0.05


@pytest.mark.parametrize("name", ROLES)
def test_every_role_can_be_written_in_its_colour(name):
    assert contrast(ROLES[name].color) >= 3


def test_contrast_is_that_of_the_guidelines():
    assert contrast("black") == pytest.approx(21)
    assert contrast("white") == pytest.approx(1)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ROLES)
def test_lines_and_dots_are_thick_enough_for_a_projector(name):
    role = ROLES[name]
    assert role.line["linewidth"] >= 2.5 and role.dots["markersize"] >= 7
    assert role.line["color"] == role.dots["color"] == role.color
    assert role.dots["linestyle"] == "none"


def test_the_theme_is_in_force():
    sizes = {"font.size": 16, "axes.labelsize": 18, "axes.titlesize": 20, "xtick.labelsize": 16}
    for key, least in (sizes | {"ytick.labelsize": 16, "legend.fontsize": 16}).items():
        assert mpl.rcParams[key] >= least
    assert mpl.rcParams["lines.linewidth"] >= 2.5 and mpl.rcParams["lines.markersize"] >= 7


def test_subplots_are_one_or_two_panels_outside_pyplot():
    fig, ax = style.subplots()
    assert fig.axes == [ax] and tuple(fig.get_size_inches()) == (9, 4.5)
    fig, axes = style.subplots(2, width_ratios=[1, 2])
    assert fig.axes == list(axes)
    assert "matplotlib.pyplot" not in repr(type(fig.canvas))
    assert mpl._pylab_helpers.Gcf.get_num_fig_managers() == 0
