"""The repository itself: its pins, its layers, what must not be in it."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from unittest.mock import Mock

import pytest
from conftest import ByFile
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
COURSE = ROOT / "course_utils"
MODULES = sorted(COURSE.rglob("*.py"))
SLOW = {"matplotlib.pyplot", "pandas", "scipy.stats", "sklearn", "torch._dynamo"}
FRONT_ENDS = {"matplotlib", "seaborn", "ipywidgets", "IPython"}


def pins() -> list[Requirement]:
    """Of the course and its tests, and of make bench."""
    files = [ROOT / "requirements.txt", ROOT / "requirements-bench.txt"]
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    return [Requirement(text) for line in lines if (text := line.split("#")[0].strip())]


def dependencies() -> list[Requirement]:
    """Of the course, of its tests and of make bench."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [
        Requirement(text) for text in project["dependencies"] + extras["test"] + extras["bench"]
    ]


def test_every_pin_is_exact():
    for pin in pins():
        assert re.fullmatch(r"==[^*+]+", str(pin.specifier)), pin
    names = [canonicalize_name(pin.name) for pin in pins()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("dependency", dependencies(), ids=str)
def test_every_dependency_is_pinned_within_its_bounds(dependency):
    name = canonicalize_name(dependency.name)
    pin = next(pin for pin in pins() if canonicalize_name(pin.name) == name)
    assert dependency.specifier.contains(str(pin.specifier).removeprefix("=="))


def test_what_the_pins_pull_in_is_pinned_too():
    """So that the same environment is installed a year from now."""
    text = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pinned = [Requirement(line) for row in text if (line := row.split("#")[0].strip())]
    names = {canonicalize_name(pin.name) for pin in pinned}
    for pin in pinned:
        if pin.marker is None or pin.marker.evaluate():
            for line in requires(pin.name) or []:
                needs = Requirement(line)
                if needs.name.startswith(("nvidia", "cuda", "triton")):
                    continue  # a torch for GPUs pins its own
                if needs.marker is None or needs.marker.evaluate({"extra": ""}):
                    assert canonicalize_name(needs.name) in names, f"{pin.name} needs {needs.name}"


def layer(path: Path) -> str:
    """kit, lessons or maths."""
    folder = path.relative_to(COURSE).parts[0]
    return folder if folder in {"kit", "lessons"} else "maths"


def imported(path: Path) -> Iterator[str]:
    """Full names of what a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path):
    for name in imported(path):
        top, *rest = name.split(".")
        if top == "course_utils" and rest:
            target = rest[0] if rest[0] in {"kit", "lessons"} else "maths"
            allowed = {layer(path)} if layer(path) != "lessons" else {"kit", "lessons", "maths"}
            assert target in allowed, f"{layer(path)} imports {name}"
        assert layer(path) != "maths" or top not in FRONT_ENDS, f"the maths imports {name}"


def test_the_course_imports_in_plain_python():
    """No notebook, no front end, no warning, no output; none of what takes long to import."""
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES]
    code = "\n".join(f"import {name.removesuffix('.__init__')}" for name in names)
    most = "import sys, course_utils.data, course_utils.kit"  # what every lesson begins with
    code = f"{most}\nprint({SLOW} & set(sys.modules))\n{code}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")


@pytest.mark.parametrize("folder", ["tests", "classroom"])
def test_every_package_that_the_tests_import_is_named(folder):
    """So that `pip install .[test]` is enough to run them."""
    named = {canonicalize_name(dependency.name) for dependency in dependencies()}
    files = list((ROOT / folder).rglob("*.py"))
    own = [*files, *(ROOT / "book").glob("*.py")]
    ours = {
        "course_utils",
        "grading",
        *(path.stem for path in own),
        *(path.parent.name for path in own),
    }
    sources = packages_distributions()
    for path in files:
        for top in {name.split(".")[0] for name in imported(path)} - ours - sys.stdlib_module_names:
            names = {canonicalize_name(name) for name in sources.get(top, [top])}
            assert names & named, f"{path.relative_to(ROOT)} imports {top}"


def test_no_file_names_a_machine_or_a_registry():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if names.returncode:
        pytest.skip("not a git checkout")
    forbidden = re.compile(
        r"/(?:work|home|root|Users)/(?!\$)|pypi\.org|pythonhosted\.|download\.pytorch\.|anaconda\.|index[-]url"
    )
    for name in names.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".webp"}:
            found = forbidden.search(path.read_text("utf-8"))
            assert not found, f"{name}: {found}"


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/test_em.py::test_fit[1-2]", "tests/test_em.py"),
        ("tests/test_runs.py::test_it_runs[03_em_elbo]", "03_em_elbo"),
        ("tests/test_notebooks.py::test_anatomy[imports-03_em_elbo]", "03_em_elbo"),
        ("tests/test_notebooks.py::test_a_rule[x0]", "tests/test_notebooks.py"),
    ],
)
def test_one_worker_runs_a_file_or_a_lesson(test, group):
    """Otherwise both would run the notebook, and train what a file's fixtures train."""
    assert ByFile._split_scope(Mock(), test) == group


def test_training_does_not_load_torchs_compiler():
    """torch.optim's classes do, at their first use, for a second and a half of every lesson."""
    code = """
import sys, torch
from course_utils import training
model = torch.nn.Linear(1, 1)
training.fit(model, lambda x: model(x).mean(), torch.ones(2, 1), num_steps=2)
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
