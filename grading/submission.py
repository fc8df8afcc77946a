"""From a submitted notebook to the code of its answers.

The lesson is not run: training a student's cells takes long, and one broken cell would take the
later answers with it. An answer is the last cell that defines its function, up to the cell that
checks it, run whole; of the other cells down to there it gets imports, functions, classes and
constants. So a function that reads a variable of the notebook instead of its arguments fails.
"""

import ast
import re
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import nbformat

from grading.exercises import asked

__all__ = ["Answer", "read"]

BYTES = 50_000_000
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Answer:
    """What a student wrote for one exercise.

    before: statements of other cells. cell: the source of its own; "" if no cell defines name.
    """

    key: str
    name: str
    before: list[str]
    cell: str


def read(path: Path) -> list[Answer]:
    """The answers to every exercise of the notebook's lesson. ValueError if there is none."""
    if path.stat().st_size > BYTES:
        raise ValueError(f"the file has more than {BYTES // 1_000_000} MB")
    try:
        notebook = nbformat.read(path, as_version=4)
        cells = [_without_magic(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    except Exception as error:
        raise ValueError(f"this is no notebook: {error}") from None
    exercises = asked(_lesson(path, cells))
    if not exercises:
        raise ValueError("the notebook has no exercise of this course")
    return [_answer(cells, key, name) for key, name in exercises.items()]


def _lesson(path: Path, cells: list[str]) -> str:
    """The lesson most checks belong to; without any, that of the file's name."""
    numbers = Counter(re.findall(r'check\("(\d\d)\.\d', "\n".join(cells)))
    named = re.search(r"\d\d(?=_)", path.stem)
    return numbers.most_common(1)[0][0] if numbers else named[0] if named else ""


def _without_magic(source: str) -> str:
    """A cell without lines for IPython alone: %timeit, !ls, f?"""
    return re.sub(r"(?m)^\s*([%!].*|[\w.]+\?+)$", "", source)


def _answer(cells: list[str], key: str, name: str) -> Answer:
    checks = [i for i, cell in enumerate(cells) if f'check("{key}"' in cell]
    known = cells[: checks[-1] + 1] if checks else cells
    trees = [_parsed(cell) for cell in known]
    own = [i for i, tree in enumerate(trees) if tree and _binds(tree, name)]
    broken = [i for i, cell in enumerate(known) if not trees[i] and f"def {name}" in cell]
    place = max(own + broken, default=None)
    before = [
        ast.unparse(statement)
        for i, tree in enumerate(trees)
        if tree and i != place
        for statement in tree.body
        if isinstance(statement, DEFINITIONS) or _is_constant(statement)
    ]
    return Answer(key, name, before, "" if place is None else _without_checks(known[place]))


def _parsed(cell: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():  # of invalid escapes in a student's strings
            warnings.simplefilter("ignore")
            return ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _binds(tree: ast.Module, name: str) -> bool:
    """Whether a cell defines a function of this name; `name = check(...)` does not."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return True
        if isinstance(statement, ast.Assign) and not _checks(statement):
            targets = {node.id for node in statement.targets if isinstance(node, ast.Name)}
            if name in targets:
                return True
    return False


def _is_constant(statement: ast.stmt) -> bool:
    """An assignment that calls nothing."""
    calls = (ast.Call, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
    return isinstance(statement, ast.Assign) and not any(
        isinstance(node, calls) for node in ast.walk(statement)
    )


def _checks(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"check", "hint", "solution"}
        for node in ast.walk(statement)
    )


def _without_checks(cell: str) -> str:
    """The cell with its checks blanked; the other lines keep their numbers."""
    tree, lines = _parsed(cell), cell.splitlines()
    for statement in tree.body if tree else []:
        if not isinstance(statement, DEFINITIONS) and _checks(statement):
            end = statement.end_lineno or statement.lineno
            lines[statement.lineno - 1 : end] = [""] * (end - statement.lineno + 1)
    return "\n".join(lines)
