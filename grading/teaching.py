"""An instructor's tables, read off the lessons: nothing here is typed twice.

plans.md      – the sections' minutes, for lectures of 50 and of 90, and for a term
exercises.md  – each exercise's solution, and the errors it recognises
questions.md  – each question with its options, and why they are right or wrong
"""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import nbformat

from course_utils import lessons as sources
from course_utils.kit.examine import plain
from course_utils.kit.exercise import EXERCISES
from grading.exercises import asked, lessons, load

__all__ = ["Section", "exercises", "plans", "questions", "sections", "write_teaching"]

# Core sections to be read at home where two lessons share 90 minutes: those that the rest needs
# least. Lesson · section.
HOME = (
    *("00 · 4 ·", "01 · 4 ·", "02 · 7 ·", "03 · 4 ·"),
    *("04 · 7 ·", "05 · 4 ·", "06 · 3 ·", "07 · 5 ·"),
)
OPENING = 5  # minutes of a lecture for its opening, summary and ladder, as the lessons count
MINUTES = re.compile(r"^## (.+)\n\n\*(Core|Optional) · \d+ min alone, (\d+) in a lecture\*")


@dataclass(frozen=True)
class Section:
    """Of a lesson; minutes: in a lecture."""

    title: str
    core: bool
    minutes: int


def write_teaching(folder: Path) -> None:
    """All pages, as Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    for page in (plans, exercises, questions):
        (folder / f"{page.__name__}.md").write_text("\n".join(page()) + "\n", "utf-8")


@cache
def sections(number: str) -> list[Section]:
    """Those of a lesson that say what they take."""
    path = next(path for path in lessons() if path.stem.startswith(number))
    texts = [MINUTES.match(cell.source) for cell in nbformat.read(path, as_version=4).cells]
    return [Section(m[1], m[2] == "Core", int(m[3])) for m in texts if m]


def lecture(number: str, everything: bool = False) -> int:
    """Minutes of a lesson as a lecture: its core sections, or all of them."""
    return OPENING + sum(s.minutes for s in sections(number) if s.core or everything)


def plans() -> Iterator[str]:
    """Part I in eight hours of 50 minutes or four of 90, and everything in a term."""
    numbers = [path.stem[:2] for path in lessons()]
    part_1 = numbers[:8]
    yield "# Plans\n\n## Part I in 8 × 50 minutes: the core of a lesson each\n"
    for number in part_1:
        yield f"- Lesson {number}: {lecture(number)} minutes. {_titles(number, core=True)}"
    yield "\n## Part I in 4 × 90 minutes: the core of two lessons each\n"
    for pair in zip(part_1[::2], part_1[1::2], strict=True):
        yield f"- Lessons {' and '.join(pair)}: {_shortened(pair)}"
    yield "\n## All lessons in 13 weeks of 2 × 50 minutes\n"
    for week, members in enumerate(term(numbers, 13), 1):
        one = len(members) == 1
        taken = sum(lecture(number, everything=one) for number in members)
        what = "all sections" if one else "the core of each"
        yield f"- Week {week}: lesson {' and '.join(members)}, {what}, {taken} minutes"


def _titles(number: str, core: bool) -> str:
    return "; ".join(f"{s.title} ({s.minutes})" for s in sections(number) if s.core == core)


def _shortened(numbers: tuple[str, ...]) -> str:
    """Which core sections stay for home, and what that leaves."""
    core = [(f"{n} · {s.title}", s) for n in numbers for s in sections(n) if s.core]
    home = [(title, s.minutes) for title, s in core if title.startswith(HOME)]
    taken = sum(map(lecture, numbers)) - sum(minutes for _, minutes in home)
    left = "; ".join(f"{title} ({minutes})" for title, minutes in home)
    return f"{taken} minutes. For home: {left}"


def term(numbers: list[str], weeks: int) -> list[list[str]]:
    """Lessons in order, a week each; neighbours share one where the least optional time is lost."""

    def lost(first: int) -> int:
        pair = numbers[first : first + 2]
        return sum(lecture(n, everything=True) - lecture(n) for n in pair)

    shared = min(
        (
            firsts
            for firsts in combinations(range(len(numbers) - 1), len(numbers) - weeks)
            if all(b - a > 1 for a, b in pairwise(firsts))
        ),
        key=lambda firsts: sum(map(lost, firsts)),
    )
    return [
        numbers[i : i + 2] if i in shared else [number]
        for i, number in enumerate(numbers)
        if i - 1 not in shared
    ]


def exercises() -> Iterator[str]:
    """The answer key, and what the exercises recognise as a mistake."""
    yield "# Exercises: solutions and usual errors"
    for path in lessons():
        load(path.stem[:2])
        for key in asked(path.stem[:2]):
            exercise = EXERCISES[key]
            source = inspect.getsource(exercise.reference).rstrip()
            yield f"\n## Exercise {key}\n\n```python\n{source}\n```\n\nUsual errors:\n"
            yield from (f"- {plain(mistake.message)}" for mistake in exercise.mistakes)


def questions() -> Iterator[str]:
    """Every question of the lessons' modules, in the order of their files."""
    yield "# Questions, and what their answers tell"
    for path in lessons():
        yield f"\n## Lesson {path.stem[:2]}"
        [folder] = Path(sources.__path__[0]).glob(f"l{path.stem[:2]}_*")
        for module in sorted(folder.glob("*.py"), key=lambda file: (file.stem != "recall", file)):
            for question, options in _asked_in(ast.parse(module.read_text("utf-8"))):
                yield f"\n**{question}**\n"
                yield from options


def _asked_in(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Questions of a module, each with its options as lines."""
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        named = {
            target.id: node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if getattr(call.func, "id", "") in {"Poll", "predict"} and len(call.args) >= 2:
                question, options = (named.get(getattr(a, "id", ""), a) for a in call.args[:2])
                yield _text(question), [_option(o) for o in getattr(options, "elts", [])]


def _option(option: ast.Call) -> str:
    text, right, why = (*option.args, *(keyword.value for keyword in option.keywords))
    return f"- {'✓' if _text(right) == 'True' else '✗'} {_text(text)}: {_text(why)}"


def _text(node: ast.expr) -> str:
    """A constant's value; of a text with computed parts, these in braces."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else ast.unparse(part)[2:-1]
            for part in node.values
        )
    return str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)
