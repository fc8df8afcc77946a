"""A lesson for students: without solutions, and with nbgrader's metadata.

Each exercise becomes two cells: the one in which the student writes, and after it a locked one
with `check`, worth a point. Left out are the calls of `solution`, what is folded below
them, and the lecturer's notes; hints stay.
"""

import re
import shutil
from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from grading.exercises import CHECK, ROOT, lessons

__all__ = ["POINTS", "release", "write_release"]

FOLDED = re.compile(r"(?s)<details>.*?</details>\s*")
SOLVED = re.compile(r"<summary>.*open this when you have solved")
POINTS = 1  # an exercise is right or it is not


def write_release(folder: Path) -> list[Path]:
    """All lessons, laid out as nbgrader's course directory: students/LESSON/LESSON.ipynb."""
    written = []
    for path in lessons():
        target = folder / "students" / path.stem / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(release(nbformat.read(path, as_version=4)), target)
        written.append(target)
    shutil.copy(ROOT / "grading" / "nbgrader_config.py", folder)
    return written


def release(notebook: NotebookNode) -> NotebookNode:
    """A lesson's notebook as students get it."""
    notebook = deepcopy(notebook)
    cells: list[NotebookNode] = []
    after_solution = False
    for cell in notebook.cells:
        is_code = cell.cell_type == "code"
        if cell.metadata["slideshow"]["slide_type"] == "notes":
            continue
        if not is_code and (after_solution or SOLVED.search(cell.source)):
            cell.source = FOLDED.sub("", cell.source)
        if is_code and cell.source.startswith("solution("):
            after_solution = True
        elif is_code and (found := CHECK.search(cell.source)):
            cells += _without_check(cell, found.start())
            _mark(cells, name=found[1], key=found[2])
            cells.append(_locked(cell, found))
        else:
            after_solution = False
            cells += [cell] if cell.source else []
    for cell in cells:
        cell.source = re.sub(r"(import .*check.*), solution$", r"\1", cell.source, flags=re.M)
    notebook.cells = cells
    return notebook


def _without_check(cell: NotebookNode, end: int) -> list[NotebookNode]:
    """What stands in a cell before its check, if anything does."""
    cell = deepcopy(cell)
    cell.source = cell.source[:end].rstrip()
    return [cell] if cell.source else []


def _mark(cells: list[NotebookNode], name: str, key: str) -> None:
    """Mark the last cell that defines the function as the one to be written in."""
    place = next(c for c in reversed(cells) if re.search(rf"(?m)^def {name}\(", c.source))
    place.metadata |= {"deletable": False, "nbgrader": _metadata("exercise", key, solution=True)}


def _locked(cell: NotebookNode, found: re.Match) -> NotebookNode:
    """The cell that is graded: `check` alone."""
    metadata = {
        "slideshow": {"slide_type": "-"},
        "deletable": False,
        "editable": False,
        "nbgrader": _metadata("check", found[2], grade=True, locked=True, points=POINTS),
    }
    return new_code_cell(found[0], id=f"{cell.id}-check", metadata=metadata)


def _metadata(kind: str, key: str, **given: bool | int) -> dict:
    """nbgrader's metadata of a cell, by version 3 of its schema; an id there has no dots."""
    flags = {"schema_version": 3, "grade": False, "locked": False, "solution": False}
    return flags | {"grade_id": f"{kind}-{key.replace('.', '-')}"} | given
