import re

import ipywidgets as widgets
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from course_utils.kit import Option, Poll, alive, predict

VIEW = "application/vnd.jupyter.widget-view+json"
OPTIONS = [Option("yes", True, "it is"), Option("no", False, "it is not")]


class Demo:
    def __init__(self):
        self.widget = widgets.HTML("the demo")

    def still(self):
        return "<p>the demo's still</p>"


def outputs(show):
    """What `show` displays, as a front end gets it."""
    InteractiveShell.instance()
    with capture_output() as captured:
        show()
    return [output.data for output in captured.outputs]


def model(view):
    return widgets.widget._instances[view[VIEW]["model_id"]]


def test_the_still_stands_before_the_widget_that_hides_it():
    demo = Demo()
    still, live = outputs(lambda: alive.show(demo.widget, demo.still(), str))
    assert VIEW not in still, "JupyterLab would show an error in the place of a still"
    assert "Run All brings it to life" in still["text/html"]
    assert demo.still() in still["text/html"]
    hide, shown = model(live).children
    assert shown is demo.widget
    name = re.search(r'class="ladder-still (\S+)"', still["text/html"])[1]
    assert hide.value == f"<style>.{name}{{display:none}}</style>"
    assert hide.layout.display == "none"


def test_the_still_hides_what_front_ends_write_in_the_place_of_a_dead_widget():
    still, _ = outputs(lambda: alive.show(Demo().widget, "still", str))
    rules = re.findall(r"(\S+):has\(\.ladder-still\)\+(\S+) (\S+?):not", still["text/html"])
    lab, classic = rules
    assert lab[0].endswith(".jp-OutputArea-child") and classic[0].endswith(",.output_area")
    assert lab[1:] == (".jp-OutputArea-child", ".jp-OutputArea-output")
    assert classic[1:] == (".output_area", ".jupyter-widgets-view")


def test_without_a_front_end_for_widgets_nothing_is_shown_twice():
    _, live = outputs(lambda: alive.show(Demo().widget, "still", str))
    assert set(live) == {VIEW, "text/plain", "text/html"}
    assert live["text/plain"] == live["text/html"] == ""


def test_a_live_widget_hides_its_own_still_only():
    one, _ = outputs(lambda: alive.show(Demo().widget, "still", str))
    _, other = outputs(lambda: alive.show(Demo().widget, "still", str))
    name = re.search(r"\.(ladder-still-\w+)", model(other).children[0].value)[1]
    assert name not in one["text/html"]


@pytest.mark.parametrize(
    "make", [lambda: Poll("Is it?", OPTIONS), lambda: predict("?", OPTIONS, Demo())]
)
def test_polls_and_predictions_are_displayed_so(make, monkeypatch):
    monkeypatch.delenv("EVIDENCE_LADDER_OPEN", raising=False)
    thing = make()
    still, live = outputs(thing._ipython_display_)
    assert "it is not" in still["text/html"]
    assert ("demo's still" in still["text/html"]) == hasattr(thing, "demo")
    assert model(live).children[1] is thing.widget
