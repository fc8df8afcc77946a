"""What the kernel does when a slider moves."""

import contextlib
import io
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from unittest import mock

import nbformat

from course_utils.kit import Explorer

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def explorers(lesson: Path) -> list[Explorer]:
    """Those a lesson makes, by running its code here."""
    made: list[Explorer] = []
    make = Explorer.__init__

    def record(self: Explorer, *args, **kwargs) -> None:
        make(self, *args, **kwargs)
        made.append(self)

    namespace: dict = {}
    with (
        mock.patch.object(Explorer, "__init__", record),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        for cell in nbformat.read(lesson, 4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, lesson.name, "exec"), namespace)
    return made


def frames(lessons: list[Path] = LESSONS, count: int = 60) -> None:
    """Update, draw, encode."""
    for lesson in lessons:
        frames_of(lesson, count)


def frames_of(lesson: Path, count: int) -> None:
    for explorer in explorers(lesson):
        corners, random, times = explorer.corners(), Random(0), []
        for _ in range(count):
            values = {name: random.choice(corners)[name] for name in explorer.controls}
            start = perf_counter()
            explorer._show(explorer.frame(**values))
            times.append(perf_counter() - start)
        name = f"{lesson.stem}, {explorer.update.__qualname__.split('.')[0]}"
        print(f"a frame of {name}: {median(times) * 1e3:.1f} ms (goal <= 16)")
