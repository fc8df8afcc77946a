import colorsys
import html
import importlib
import io
import re
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import seaborn as sns
import torch
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from pictures import contrast, drawn_texts, unreadable
from PIL import Image

from course_utils.kit import figure, plot_ladder, style
from course_utils.kit.figure import Picture, img, mosaic, png

ROLES, INK, GUIDE = style.ROLES, style.INK, style.GUIDE
ROOT = Path(__file__).parents[1]


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


LONG = [f"{name} with a flow posterior" for name in NAMES.split("|")]


def rungs(number, low=-1.8, high=-0.5):
    """So many rungs from low to high, every other one with a gap between bound and evidence."""
    values = np.linspace(low, high, number)
    gap = (high - low) / 20
    names = NAMES.split("|")[:number]
    return {n: (v - gap * (i % 2), v) for i, (n, v) in enumerate(zip(names, values, strict=True))}


def minus(value):
    return f"{value:.3f}".replace("-", "−")


@pytest.mark.parametrize("number", range(1, 10))
@pytest.mark.parametrize(
    ("low", "high", "limit"), [(-1.67, -0.54, -0.45), (-10, 40, None), (-123.4, -98.7, -90)]
)
def test_a_ladder_of_any_number_of_rungs_can_be_read(number, low, high, limit):
    steps = rungs(number, low, high)
    with drawn_texts() as texts:
        plot_ladder(steps, limit, "test point")
    assert not unreadable(texts)
    written = [text.words for text in texts]
    for name, (bound, evidence) in steps.items():
        assert {name, minus(bound), minus(evidence)} <= {*written}
        assert limit is None or minus(limit - round(float(evidence), 3)) in written
    assert ("to go" in written) is (limit is not None)
    assert limit is None or f"limit {minus(limit)} →" in written


@pytest.mark.parametrize("limit", [None, -0.45])
@pytest.mark.parametrize("number", [1, 2, 8])
def test_a_long_name_takes_several_lines(number, limit):
    with drawn_texts() as texts:
        plot_ladder(dict.fromkeys(LONG[:number], (-1.25, -1.2)), limit, "test point")
    assert not unreadable(texts)
    written = [text.words.replace("\n", " ") for text in texts]
    assert {*LONG[:number]} <= {*written}


def test_a_rungs_numbers_stand_beside_it_in_their_roles_colours():
    with drawn_texts() as texts:
        plot_ladder({"PPCA": (-1.5, -1.25), "VAE": (-1.0, -0.75)}, -0.5, "test point")
    table = {text.words: text for text in texts}
    for name, *numbers in [
        ("PPCA", "−1.250", "−1.500", "0.750"),
        ("VAE", "−0.750", "−1.000", "0.250"),
        ("limit −0.500 →", "■ evidence", "◆ bound", "to go"),
    ]:
        row = [table[words].box for words in (name, *numbers)]
        assert np.ptp([(box.y0 + box.y1) / 2 for box in row]) < 4
        assert all(a.x1 < b.x0 for a, b in pairwise(row))
        assert table[numbers[0]].color == ROLES["truth"].ink
        assert table[numbers[1]].color == ROLES["bound"].ink
    assert table["PPCA"].box.y1 < table["VAE"].box.y0 < table["to go"].box.y0
    assert table["limit −0.500 →"].color == table["to go"].color


def axes_of(monkeypatch, *args, **options):
    module, shown = importlib.import_module("course_utils.kit.chart"), []
    monkeypatch.setattr(module, "figure", lambda fig, alt: shown.append(fig))
    plot_ladder(*args, **options)
    [ax] = shown[0].axes
    return ax


@pytest.mark.parametrize("limit", [None, -0.5])
def test_a_rung_is_a_square_a_diamond_and_the_gap_between_them(monkeypatch, limit):
    """At its level, or, below a known limit, at its distance from it on a log scale."""
    ax = axes_of(monkeypatch, {"PPCA": (-1.5, -1.25), "VAE": (-1.0, -0.75)}, limit, "test point")
    marks = {line.get_marker(): line for line in ax.lines}
    squares, diamonds = (
        ([-1.25, -0.75], [-1.5, -1.0]) if limit is None else ([0.75, 0.25], [1, 0.5])
    )
    assert marks["s"].get_xydata().tolist() == [[squares[0], 1], [squares[1], 2]]
    assert marks["D"].get_xydata().tolist() == [[diamonds[0], 1], [diamonds[1], 2]]
    assert marks["s"].get_color() == ROLES["truth"].color
    assert marks["D"].get_color() == ROLES["bound"].color
    [gaps] = ax.collections
    assert to_hex(gaps.get_color()[0]).upper() == ROLES["gap"].color
    ends = [[[diamonds[k], k + 1], [squares[k], k + 1]] for k in range(2)]
    assert np.array_equal(gaps.get_segments(), ends)
    assert ax.get_xscale() == ("linear" if limit is None else "log")
    left, right = ax.get_xlim()
    assert bool(left < right) is (limit is None)  # nearer to the limit is further to the right


def test_numbers_are_drawn_as_they_are_written_so_noise_opens_no_axis(monkeypatch):
    ax = axes_of(monkeypatch, {"PPCA": (-0.59, -0.59), "EM": (-0.5904, -0.5904)}, None, "image")
    [squares] = [line.get_xdata() for line in ax.lines if line.get_marker() == "s"]
    assert squares[0] == squares[1] == -0.59
    assert np.ptp(ax.get_xlim()) > 0.99
    ax = axes_of(monkeypatch, {"VAE": (-0.5436, -0.5424)}, -0.5421, "image")
    marks = {line.get_marker(): line.get_xdata()[0] for line in ax.lines}
    assert marks["D"] == pytest.approx(0.002) and marks["s"] == 0.001  # the end of the axis


@pytest.mark.parametrize("limit", [None, -0.5])
def test_a_standard_error_stands_where_it_belongs(limit):
    with drawn_texts() as texts:
        alt = plot_ladder({"PPCA": (-1.5, -1.25)}, limit, "test point", error=0.0143).alt
    assert not unreadable(texts)
    where = "nats per test point ± 0.014" if limit is None else "limit −0.500 ± 0.014 →"
    assert where in [text.words for text in texts]
    assert "± 0.014" in alt


def test_a_ladders_description_has_all_its_numbers():
    picture = plot_ladder({"PPCA": (-1.5, -1.25), "VAE": (-1.0, -0.75)}, -0.5, "test point")
    assert isinstance(picture, Picture)
    assert picture.alt == (
        "In nats per test point, from the lowest rung up: "
        "PPCA has evidence −1.250, bound −1.500, 0.750 to go; "
        "VAE has evidence −0.750, bound −1.000, 0.250 to go. The entropy limit is −0.500."
    )
    alone = plot_ladder({"PPCA": (8.13, 8.13)}, None, "image").alt
    assert alone == "In nats per image, from the lowest rung up: PPCA has evidence 8.130."


@pytest.mark.parametrize("limit", [None, -0.5])
def test_where_every_bound_is_tight_it_is_not_drawn(monkeypatch, limit):
    tight, text = {"PPCA": (-1.5, -1.5), "fog": (-1.0, -1.0)}, {}
    for name, more in (("tight", {}), ("not", {"VAE": (-0.9, -0.8)})):
        with drawn_texts() as texts:
            plot_ladder(tight | more, limit, "image")
        text[name] = [one.words for one in texts]
    assert text["tight"].count("−1.500") == 1 and "◆ bound" not in text["tight"]
    assert text["not"].count("−1.500") == 2 and "◆ bound" in text["not"]
    assert "D" not in [line.get_marker() for line in axes_of(monkeypatch, tight, limit, "i").lines]


@pytest.mark.parametrize("limit", [-0.45, 999.004, None])
@pytest.mark.parametrize("value", [-0.45, -0.40, -0.4499999, 999, -999])
def test_a_rung_may_be_anywhere(value, limit):
    with drawn_texts() as texts:
        alt = plot_ladder({"PPCA": (value, value)}, limit, "test point").alt
    assert not unreadable(texts)
    assert minus(value) in alt and "−0.000" not in alt


def test_a_ladder_has_a_rung():
    with pytest.raises(ValueError, match="rungs must hold at least one model"):
        plot_ladder({}, -0.45, "test point")


@pytest.mark.parametrize("rung", [-1.2, (-1.3, -1.2, 0.0)])
def test_a_rung_is_a_pair(rung):
    with pytest.raises((TypeError, ValueError)):
        plot_ladder({"PPCA": rung, "VAE": (-1.0, -0.9)}, -0.45, "test point")


# style


def test_every_role_has_its_own_colour_and_its_own_line():
    for part in ("color", "ink", "tint", "linestyle"):
        assert len({getattr(role, part) for role in ROLES.values()}) == len(ROLES), part
    first = ("prior", "truth", "q", "model")
    hues = sorted(colorsys.rgb_to_hsv(*to_rgb(ROLES[name].color))[0] for name in first)
    assert min(np.diff(hues)) > 0.05


def test_areas_that_stand_side_by_side_differ_in_their_hatch():
    for together in (("bound", "gap", "approximation", "amortisation"), ("pathwise", "score")):
        assert len({ROLES[name].hatch for name in together}) == len(together)


@pytest.mark.parametrize("name", ROLES)
def test_every_role_can_be_drawn_and_written_in_its_colour(name):
    role = ROLES[name]
    assert contrast(role.color) >= 3 and contrast(role.ink) >= 4.5
    edge = role.area["edgecolor"]
    assert contrast(role.tint) >= 3 or contrast(edge) >= 3, "the area fades into the page"


def test_the_ladders_words_can_be_read():
    assert contrast(INK) >= 4.5 and contrast(GUIDE) >= 4.5


COLORS = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}\b|[\"']C\d[\"']")  # "#0072B2", "C0"


@pytest.mark.parametrize(
    "path",
    [
        *sorted((ROOT / "course_utils" / "lessons").rglob("*.py")),
        *sorted((ROOT / "notebooks").glob("*.ipynb")),
        ROOT / "course_utils" / "kit" / "chart.py",
    ],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_no_figure_has_a_colour_of_its_own(path):
    found = COLORS.findall(path.read_text("utf-8"))
    assert not found, f"{found}: a colour and its meaning have one home, course_utils/kit/style.py"


def test_a_colour_of_its_own_would_be_found():
    for planted in ('color="#E69F00"', "color='#fff'", 'color="C0"'):
        assert COLORS.search(planted)
    assert not COLORS.search('href="#section-3"') and not COLORS.search("## 2 · A title")


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


def test_the_theme_is_seaborns_ticks():
    theirs = sns.axes_style("ticks") | sns.plotting_context("notebook")
    for key, value in style.TICKS.items():
        if "color" in key and isinstance(value, str):
            assert to_hex(value) == to_hex(theirs[key]), key
        else:
            assert value == theirs[key], key


def test_subplots_are_one_or_two_panels_outside_pyplot():
    fig, ax = style.subplots()
    assert fig.axes == [ax] and tuple(fig.get_size_inches()) == (9, 4.5)
    fig, axes = style.subplots(2, width_ratios=[1, 2])
    assert fig.axes == list(axes)
    assert "matplotlib.pyplot" not in repr(type(fig.canvas))
    assert mpl._pylab_helpers.Gcf.get_num_fig_managers() == 0


def test_the_bar_over_seeds_is_drawn_below_its_rung_and_told(monkeypatch):
    rungs = {"PPCA": (-1.0, -1.0), "VAE": (17.5, 19.5)}
    seeds = {"VAE": (17.25, 20.25), "flow": (0, 1)}
    assert "over seeds 17.250 to 20.250" in plot_ladder(rungs, None, "image", seeds=seeds).alt
    assert "seeds" not in plot_ladder(rungs, None, "image").alt
    ax = axes_of(monkeypatch, rungs, None, "image", seeds=seeds)
    [bar] = [line for line in ax.lines if list(line.get_xdata()) == [17.25, 20.25]]
    assert all(1.5 < height < 2 for height in bar.get_ydata())
    assert ax.get_xlim()[1] > 20.25
