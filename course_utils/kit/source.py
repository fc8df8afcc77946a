"""Showing tested code in the text, so that the two cannot differ."""

import inspect
from collections.abc import Callable

from IPython.display import Code

__all__ = ["show"]


def show(thing: Callable) -> Code:
    """The source of a function or class of the course, highlighted."""
    return Code(inspect.getsource(thing), language="python")
