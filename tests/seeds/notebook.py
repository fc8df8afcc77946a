"""A lesson's own cells at another seed, so that nothing of the lesson is written twice."""

import contextlib
import importlib
import io
import sys
from pathlib import Path
from unittest import mock

import nbformat
import torch

from course_utils import kit

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def run(name: str, seed: int) -> dict:
    """What a lesson's cells leave behind if each torch.manual_seed(k) in it means k + 1000 seed.

    name: of the notebook, which is that of its module with an l before it. A claim that is false
    is printed, and the lesson goes on; "false" in the result is how many there were.
    """
    package = f"course_utils.lessons.l{name}"
    importlib.import_module(package)
    for module in [m for key, m in sys.modules.items() if key.startswith(package)]:
        for thing in vars(module).values():
            if hasattr(thing, "cache_clear"):  # what it trained at the last seed
                thing.cache_clear()
    left: dict = {"false": 0}
    seeded, claim, console = torch.manual_seed, kit.claim, sys.stdout

    def tried(statement: str, *args, **kwargs) -> None:
        try:
            claim(statement, *args, **kwargs)
        except AssertionError as failure:
            left["false"] += 1
            print(f"  seed {seed}: {failure}", file=console)

    with (
        mock.patch.object(torch, "manual_seed", lambda k: seeded(k + 1000 * seed)),
        mock.patch.object(kit, "claim", tried),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, name, "exec"), left)
    return left
