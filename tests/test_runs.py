"""That every notebook runs: once, on a copy, offline, writing nothing elsewhere, and what it shows.

While writing:  pytest tests/test_runs.py -k 01_
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib
import matplotlib.font_manager  # writes the list of fonts that the kernels are given
import nbformat
import pace
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbmake.nb_run import NotebookRun
from test_notebooks import KERNEL, NOTEBOOKS, ROOT, images_without_alt

CPU_SECONDS = 30  # of work (see `pace`) that a notebook may take, its kernel's start included


@dataclass
class Run:
    notebook: nbformat.NotebookNode
    report: str  # nbmake's, of a cell that failed
    passed: bool
    refused: str  # what the guard kept it from doing
    changed: str  # global state that a cell left otherwise
    clock: list[float]  # the kernel's CPU seconds when it has started, and after every cell
    slowness: float = 1.0  # of the machine meanwhile: see `pace`

    @property
    def seconds(self) -> float:
        """Of work, the kernel's start included."""
        return self.clock[-1] / self.slowness

    @property
    def outputs(self) -> list[tuple[int, nbformat.NotebookNode]]:
        cells = enumerate(self.notebook.cells, 1)
        return [(i, out) for i, cell in cells for out in cell.get("outputs", [])]


def execute(path: Path, folder: Path) -> Run:
    """Run a copy of the notebook's folder under nbmake; kernels may write only in `folder`."""
    lessons, scratch = folder / "notebooks", folder / "scratch"
    shutil.copytree(path.parent, lessons)
    for name in ("ipython", "jupyter", "matplotlib", "tmp"):
        (scratch / name).mkdir(parents=True)
    for fonts in Path(matplotlib.get_cachedir()).glob("fontlist*"):
        shutil.copy(fonts, scratch / "matplotlib")
    startup = scratch / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    for name in ("state.py", "clock.py"):  # IPython runs them by name: the clock first
        shutil.copy(ROOT / "tests" / "guard" / name, startup)
    environment = {
        "EVIDENCE_LADDER_OPEN": "1",
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
        "JUPYTER_DATA_DIR": str(scratch / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "jupyter"),
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "TMPDIR": str(scratch / "tmp"),
        "TORCHINDUCTOR_CACHE_DIR": str(scratch / "tmp"),  # torch may have set its own by now
        "PYTHONDONTWRITEBYTECODE": "1",
        "SANDBOX": os.pathsep.join([str(scratch), str(lessons)]),
    }
    before = pace.slowness()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", str(ROOT / "tests" / "guard"), prepend=os.pathsep)
        # What nbmake's plugin does with a notebook; pytest in a process of its own takes seconds.
        done = NotebookRun(lessons / path.name, default_timeout=300).execute()
    clock = scratch / "clock.txt"
    logs = [scratch / "refused.txt", scratch / "changed.txt"]
    return Run(
        done.nb,
        done.error.trace if done.error else "",
        done.error is None,
        *(log.read_text() if log.exists() else "" for log in logs),
        [float(line) for line in clock.read_text().splitlines()] if clock.exists() else [0.0],
        max(before, pace.slowness()),
    )


@pytest.fixture(scope="session", params=[pytest.param(path, id=path.stem) for path in NOTEBOOKS])
def run(request, tmp_path_factory) -> Run:
    return execute(request.param, tmp_path_factory.mktemp("run"))


def strings(thing) -> Iterator[str]:
    """All texts in a nest of dictionaries and lists."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        yield from strings(list(thing.values()))
    elif isinstance(thing, list):
        for item in thing:
            yield from strings(item)


def noise(run: Run) -> list[str]:
    """Warnings and other text on stderr."""
    streams = [(i, out) for i, out in run.outputs if out.output_type == "stream"]
    return [f"cell {i}: {o.text}" for i, o in streams if o.name == "stderr" or "Warning" in o.text]


def undescribed(run: Run) -> list[str]:
    """Images that a screen reader cannot read, in outputs and in widgets."""
    found = []
    for i, out in run.outputs:
        data = out.get("data", {})
        if any(kind.startswith("image/") for kind in data):
            found.append(f"cell {i}: a bare image")
        if images_without_alt(data.get("text/html", "")):
            found.append(f"cell {i}: an image without alt text")
    if any(images_without_alt(text) for text in strings(run.notebook.metadata.get("widgets", {}))):
        found.append("an image without alt text in a widget")
    return found


def hidden_errors(run: Run) -> list[str]:
    """Exceptions that a widget swallowed: the run passes, the reader sees a traceback."""
    everything = {"outputs": [o for _, o in run.outputs], "state": run.notebook.metadata}
    signs = ("Traceback (most recent call last)", 'role="alert"')
    found = [text for text in strings(everything) if any(sign in text for sign in signs)]
    if '"output_type": "error"' in json.dumps(everything):
        found.append("an error output")
    return found


def guessable(run: Run) -> Iterator[str]:
    """Most right answers in one place. In the stills' folds, right options are ticked."""
    pages = [str(out.get("data", {}).get("text/html", "")) for _, out in run.outputs]
    places = [place for page in pages for place in re.findall(r"<b>✓ ([A-F])\.", page)]
    for place, count in Counter(places).items():
        if count > max(2, 0.6 * len(places)):
            yield f"{count} of {len(places)} right answers are {place}: put some elsewhere"


def slow(run: Run) -> Iterator[str]:
    """That it took more than CPU_SECONDS, its kernel's start included, and what took most."""
    if run.seconds > CPU_SECONDS:
        cells = [
            (i, cell) for i, cell in enumerate(run.notebook.cells, 1) if cell.cell_type == "code"
        ]
        clock = [seconds / run.slowness for seconds in run.clock]
        spent = [after - before for before, after in pairwise(clock)]
        most, i, cell = max((s, i, cell) for s, (i, cell) in zip(spent, cells, strict=False))
        yield (
            f"{run.seconds:.0f} CPU seconds, its kernel's start ({clock[0]:.0f}) included, are "
            f"more than {CPU_SECONDS}; most of them, {most:.0f}, went into cell {i} ({cell.id}): "
            f"{cell.source.splitlines()[0]}"
        )


def test_it_runs(run, request, record_property):
    record_property("CPU seconds", (request.node.callspec.params["run"].stem, run.seconds))
    assert run.passed, run.report


def test_it_stays_offline_and_in_its_folder(run):
    assert not run.refused


def test_it_leaves_global_state_as_it_found_it(run):
    assert not run.changed


@pytest.mark.parametrize(
    "rule", [noise, undescribed, hidden_errors, guessable, slow], ids=lambda r: r.__name__
)
def test_its_outputs(run, rule):
    if problems := list(rule(run)):
        pytest.fail("\n".join(problems), pytrace=False)


# --- The checks of an execution themselves ---------------------------------------------------


@pytest.fixture(scope="module")
def bad(tmp_path_factory) -> Run:
    """One run of cells that each do what no lesson may do."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "file").touch()
    cells = [
        # refused by the guard
        "import socket; socket.create_connection(('192.0.2.1', 80))",
        "import urllib.request; urllib.request.urlopen('http://example.org')",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
        f"open({str(elsewhere / 'new')!r}, 'w')",
        f"import os; os.remove({str(elsewhere / 'file')!r})",
        f"os.mkdir({str(elsewhere / 'folder')!r})",
        # allowed by it
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).close(); server.close()",
        "import tempfile; open('here', 'w').close(); tempfile.TemporaryFile().close()",
        f"open({str(elsewhere / 'file')!r}).close()",
        # allowed by it, but not by the checks of the outputs
        "import warnings; warnings.warn('noise')",
        "from IPython.display import HTML, Image; Image(b'', format='png')",
        "HTML('<img src=\"x.png\">')",
        'import ipywidgets; ipywidgets.HTML(\'<b role="alert">ValueError</b><img alt=" ">\')',
        "ipywidgets.interactive(lambda x: 1 / x, x=0)",
        "from course_utils.kit import Option, Poll",
        "for _ in range(4): display(Poll('?', [Option('a', False, ''), Option('b', True, '')]))",
        # noted, cell by cell
        "import torch; torch.set_default_dtype(torch.float64)",
        "import numpy; numpy.set_printoptions(precision=2); _ = torch.set_grad_enabled(False)",
    ]
    notebook = new_notebook(
        cells=[new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": KERNEL, "execution": {"allow_errors": True}},
    )
    folder = tmp_path_factory.mktemp("bad")
    (folder / "source").mkdir()
    nbformat.write(notebook, folder / "source" / "bad.ipynb")
    return execute(folder / "source" / "bad.ipynb", folder / "run")


def test_the_guard_refuses_what_it_should(bad):
    errors = {i: o.ename for i, o in bad.outputs if o.output_type == "error"}
    assert errors == dict.fromkeys(range(1, 7), "PermissionError"), bad.report
    assert len(bad.refused.splitlines()) >= 6


def test_changed_state_is_noted(bad):
    seen = [line.split(": ")[0] for line in bad.changed.splitlines()]
    assert seen == ["default dtype", "gradients", "NumPy's print options"], bad.changed


def test_the_checks_see_what_they_should(bad):
    assert len(noise(bad)) == 1
    assert len(undescribed(bad)) == 3
    found = " ".join(hidden_errors(bad))
    assert list(guessable(bad)) == ["4 of 4 right answers are B: put some elsewhere"]
    assert 'role="alert"' in found and "ZeroDivisionError" in found


def test_the_clock_is_read_at_the_start_and_after_every_cell(bad):
    assert len(bad.clock) == 1 + len(bad.notebook.cells)
    assert bad.clock[0] > 0 and bad.clock == sorted(bad.clock)


def test_a_slow_notebook_is_told_its_slowest_cell():
    cells = [new_code_cell("a = 1"), new_markdown_cell("Text."), new_code_cell("b = train()\nb")]
    run = Run(new_notebook(cells=cells), "", True, "", "", [5.0, 6.0, CPU_SECONDS])
    assert not list(slow(run))
    run.clock[-1] += 1
    [told] = slow(run)
    assert f"31 CPU seconds, its kernel's start (5) included, are more than {CPU_SECONDS}" in told
    assert f"most of them, 25, went into cell 3 ({cells[2].id}): b = train()" in told


def test_the_guard_runs_the_sitecustomize_it_hides(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('here')")
    folders = os.pathsep.join([str(ROOT / "tests" / "guard"), str(tmp_path)])
    command = [sys.executable, "-c", "open('file', 'w')"]
    environment = os.environ | {"PYTHONPATH": folders}
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True)
    assert (done.stdout, done.stderr) == ("here\n", "")


def test_a_notebook_that_raises_fails(tmp_path):
    notebook = new_notebook(cells=[new_code_cell("1 / 0")], metadata={"kernelspec": KERNEL})
    (tmp_path / "source").mkdir()
    nbformat.write(notebook, tmp_path / "source" / "raises.ipynb")
    result = execute(tmp_path / "source" / "raises.ipynb", tmp_path / "run")
    assert not result.passed and "ZeroDivisionError" in result.report
