"""Which function each exercise asks for, read off the lessons themselves."""

import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path

import nbformat

__all__ = ["CHECK", "asked", "lessons", "load"]

ROOT = Path(__file__).resolve().parents[1]
CHECK = re.compile(r'(?m)^(\w+) = check\("(\d\d\.\d+)", \1\)$')


def lessons() -> list[Path]:
    """The course's notebooks, in their order."""
    return sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


@cache
def asked(number: str) -> dict[str, str]:
    """The exercises of a lesson: key "02.1", and the name of the function to complete."""
    path = next((path for path in lessons() if path.stem[:2] == number), None)
    cells = nbformat.read(path, as_version=4).cells if path else []
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    return {key: name for name, key in CHECK.findall(code)}


def load(number: str) -> None:
    """Make the exercises of a lesson: from then on they are in kit.exercise.EXERCISES."""
    from course_utils import lessons  # torch: not needed to make a release

    for module in pkgutil.iter_modules(lessons.__path__):
        if module.name.startswith(f"l{number}_"):
            importlib.import_module(f"{lessons.__name__}.{module.name}")
