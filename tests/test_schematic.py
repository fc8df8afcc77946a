"""The drawing of an autoencoder: boxes in a row."""

import pytest
from matplotlib.text import Text
from pictures import drawn_texts, unreadable

from course_utils.kit import style
from course_utils.lessons.schematic import Box, draw_schematic, schematic

LINEAR = [
    Box("$x$", "data", "data", note="64 numbers"),
    Box("encoder\n$W^\\top$", "narrows", "q", width=1.6),
    Box("$z$", "code", note="2 numbers"),
    Box("decoder\n$W$", "widens", "model", width=1.6),
    Box("$\\hat x$", "data", "model", note="64 numbers"),
]
NOISY = [
    Box("$x$", "data", "data"),
    Box("encoder $\\varphi$", "narrows", "q", width=1.8),
    Box("$\\mu,\\ \\sigma$", "code", "q"),
    Box("$z=\\mu+\\sigma\\varepsilon$", "code", enters="$\\varepsilon$", width=1.6),
    Box("decoder $\\theta$", "widens", "model", width=1.8),
    Box("$p(x|z)$", "data", "model", width=1.2),
]


@pytest.mark.parametrize("boxes", [LINEAR, NOISY], ids=["linear", "noisy"])
def test_every_text_can_be_read(boxes):
    with drawn_texts() as texts:
        schematic(boxes, alt="An autoencoder.", loss="squared error")
    assert not unreadable(texts)
    words = {text.words for text in texts}
    assert words >= {text for box in boxes for text in (box.text, box.note, box.enters) if text}
    assert "squared error" in words


def test_boxes_stand_from_left_to_right_in_their_role():
    _, ax = style.subplots()
    draw_schematic(ax, LINEAR)
    written = {t.get_text(): t for t in ax.findobj(Text) if t.get_text()}
    places = [written[box.text].get_position()[0] for box in LINEAR]
    assert places == sorted(places)
    assert written["decoder\n$W$"].get_color() == style.ROLES["model"].ink


def test_its_words_are_its_description():
    assert schematic(LINEAR, alt="Down to 2 numbers.").alt == "Down to 2 numbers."


@pytest.mark.parametrize(
    ("values", "message"),
    [({"shape": "round"}, "shape must be one of"), ({"role": "blue"}, "role must be one of")],
)
def test_errors_name_the_argument(values, message):
    with pytest.raises(ValueError, match=message):
        Box("$x$", **values)
