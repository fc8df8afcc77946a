"""A notebook in a kernel: its CPU seconds, its peak memory, and the frames of its explorers."""

import inspect
import json
import os
import sys
from pathlib import Path
from random import Random
from time import process_time

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from bench.rounds import Measure, Row, measured
from course_utils.kit import Explorer

TESTS = Path(__file__).parents[1]
LESSONS = sorted((TESTS.parent / "notebooks").glob("*.ipynb"))
FRAME, WORK = 16, 30  # ms of a frame and CPU seconds of a notebook that we allow

BEFORE = "import bench.lesson; bench.lesson.watch()"
AFTER = "print(bench.lesson.report({count}))"

made: list[tuple[str, Explorer]] = []  # in the kernel: those of its lesson, and what makes each


def lesson(path: Path, count: int = 20) -> list[Row]:
    """count: frames of each explorer."""
    notebook = nbformat.read(path, 4)
    notebook.cells = [
        new_code_cell(BEFORE),
        *notebook.cells,
        new_code_cell(AFTER.format(count=count)),
    ]
    places = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "EVIDENCE_LADDER_OPEN": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
    }
    client = NotebookClient(
        notebook,
        timeout=600,
        resources={"metadata": {"path": path.parent}},
        extra_arguments=["--Application.log_level=ERROR"],  # not that local sockets are unencrypted
    )
    client.execute(env=environment)
    found = json.loads(notebook.cells[-1].outputs[0].text)
    name = path.stem
    return [
        Measure(f"notebook {name}", found["seconds"], "CPU s", limit=WORK),
        Measure(f"notebook {name}", found["megabytes"], "MB at most"),
        *(
            measured(f"frame of {name}, {explorer}", times, "ms", FRAME)
            for explorer, times in found["frames"]
        ),
    ]


def watch() -> None:
    """In the kernel, before the lesson: note every explorer that it makes."""
    make = Explorer.__init__

    def noted(self: Explorer, *args, **kwargs) -> None:
        make(self, *args, **kwargs)
        callers = [caller.function for caller in inspect.stack(0)]
        made.append((next(name for name in callers if name.startswith("explore_")), self))

    Explorer.__init__ = noted  # type: ignore[method-assign]


def report(count: int) -> str:
    """In the kernel, after the lesson."""
    import resource  # not on Windows

    seconds = process_time()
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 2**20 if sys.platform == "darwin" else 2**10  # of an entry, in bytes or kilobytes
    found = {
        "seconds": seconds,
        "megabytes": largest / unit,
        "frames": [(name, frames(explorer, count)) for name, explorer in made],
    }
    return json.dumps(found)


def frames(explorer: Explorer, count: int) -> list[float]:
    """Milliseconds to update, draw and encode, at corners of the sliders in disorder."""
    corners, random, times = explorer.corners(), Random(0), []
    for _ in range(count):
        values = {name: random.choice(corners)[name] for name in explorer.controls}
        start = process_time()
        explorer._show(explorer.frame(**values))
        times.append(1000 * (process_time() - start))
    return times
