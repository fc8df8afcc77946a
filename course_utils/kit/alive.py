"""A widget and its still: the picture of it for where no kernel answers."""

from collections.abc import Callable

import ipywidgets as widgets
from IPython.display import HTML, display

from course_utils.kit import page

__all__ = ["show"]

# Front ends write "Error displaying widget" or the like where the kernel of a widget is gone:
# in JupyterLab and in the classic notebook the still stands for that, too.
NO_MESSAGE = (
    ".jp-OutputArea-child:has(.ladder-still)+.jp-OutputArea-child "
    ".jp-OutputArea-output:not(:has(.jupyter-widgets)),"
    ".output_area:has(.ladder-still)+.output_area "
    ".jupyter-widgets-view:not(:has(.jupyter-widgets)){display:none}"
)
# For its first second a still takes no room: meanwhile a widget that is alive hides it.
LATE = (
    "@keyframes ladder-late{from,to{height:0;overflow:hidden}}"
    ".ladder-still{animation:ladder-late 1s}"
)


def show(widget: widgets.Widget, still: str, answering: Callable[[], str]) -> None:
    """Display a still (HTML) and the widget, which hides the still for as long as it is alive.

    A front end chooses the widget of an output that has both, even if its kernel is gone, and then
    shows an error. So they are two outputs, and the widget brings a style sheet with it.

    answering: makes the HTML that stands for both in a page of its own (see `page`).
    """
    if page.folder():
        display(HTML(answering()))
        return
    name = f"ladder-still-{widget.model_id}"
    note = "<i>A still. In Jupyter, Run All brings it to life.</i>"
    display(
        HTML(
            f'<style>{NO_MESSAGE}{LATE}</style><div class="ladder-still {name}">{note}{still}</div>'
        )
    )
    hide = widgets.HTML(f"<style>.{name}{{display:none}}</style>")
    hide.layout.display = "none"
    alive = widgets.VBox([hide, widget])
    display(alive._repr_mimebundle_() | {"text/plain": "", "text/html": ""}, raw=True)
