r"""What every lesson must look like; that it runs is tests/test_runs.py's.

A lesson is notebooks/NN_name.ipynb, saved without outputs (`make format`). Its cells:

1. First: `# The title, a question?`, slide_type "slide". In it or the two cells after it:
   "**You will be able to**" and a list of 1-3 items; a paragraph with "Prerequisites"; a
   paragraph with two times, "**Time.** 90 minutes for a student, 45 minutes in a lecture.";
   and the paragraph `**Notation.** $N$ data points; $\theta$ decoder parameters`, where
   every `$symbol$ meaning` is a row of notebooks/notation.md, word for word.
2. `## Check yourself` with three questions: "?" in its text, or calls of lesson.poll_...() or
   lesson.recall(...).
3. The sections. Three exercises `check("NN.k", f)` or more, each registered with three
   mistakes or more; two explorers `lesson.explore_...()` or `lesson.predict_...()` or more;
   two `claim(...)` or more, with `by=f` where they speak of "your" result.
4. `## Summary` with the words "You can now"; `## Further reading`. A heading is the first
   line of its cell.

Every cell has slideshow metadata. A code cell has at most 15 lines, a text cell at most 120
words; formulas, addresses of links and HTML tags are not counted. Imports: torch, math,
`from course_utils import ...`, `from course_utils.flows import ...` (`.bayes_net`, `.kit`),
`from course_utils.lessons import name as lesson`;
figures come from the kit, which demands alt text. Global state (default dtype, threads, gradients,
printing) stays as it was; a seed may be set.

While writing:  pytest tests/test_notebooks.py -k "anatomy and 01_"
"""

import ast
import importlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.kit.exercise import EXERCISES, Exercise, Mistake

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SLIDE_TYPES = {"slide", "subslide", "fragment", "notes", "skip", "-"}
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


# --- Anatomy: rules, each a function from a lesson to what is wrong with it ---------------


@dataclass
class Lesson:
    number: str
    notebook: nbformat.NotebookNode

    @classmethod
    def read(cls, path: Path) -> "Lesson":
        return cls(path.stem[:2], nbformat.read(path, as_version=nbformat.NO_CONVERT))

    @property
    def cells(self) -> list:
        return self.notebook.cells

    def sources(self, kind: str) -> list[tuple[int, str]]:
        return [(i, c.source) for i, c in enumerate(self.cells, 1) if c.cell_type == kind]

    @cached_property
    def nodes(self) -> list[ast.AST]:
        code = "\n".join(source for _, source in self.sources("code"))
        return list(ast.walk(ast.parse(code)))

    def calls(self, pattern: str) -> list[ast.Call]:
        calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        return [call for call in calls if re.fullmatch(pattern, ast.unparse(call.func))]

    def section(self, heading: str) -> list:
        """The cells under this heading (a cell's first line) and the lower ones below it."""
        cells, level = [], 0
        for cell in self.cells:
            title = re.match(r"#+(?= )", cell.source) if cell.cell_type == "markdown" else None
            if title and len(title[0]) <= (level or 6):
                found = re.search(heading, cell.source.splitlines()[0], re.IGNORECASE)
                level = len(title[0]) if found else 0
            if level:
                cells.append(cell)
        return cells


def saved_clean(lesson: Lesson) -> Iterator[str]:
    nbformat.validate(lesson.notebook)
    if "widgets" in lesson.notebook.metadata:
        yield "widget state is saved"
    if "rise" in lesson.notebook.metadata:
        yield "the slides' settings stand in classroom/config/nbconfig/rise.json"
    if lesson.notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernelspec is not python3"
    ids = [cell.get("id") for cell in lesson.cells]
    if None in ids or len(set(ids)) < len(ids):
        yield "cell ids are missing or not unique"
    for i, cell in enumerate(lesson.cells, 1):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"cell {i} has outputs or an execution count"
        if not cell.source.strip():
            yield f"cell {i} is empty"


def slides(lesson: Lesson) -> Iterator[str]:
    types = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in lesson.cells]
    if types[0] != "slide":
        yield "the first cell is not a slide"
    for i, slide_type in enumerate(types, 1):
        if slide_type not in SLIDE_TYPES:
            yield f"cell {i} has slide_type {slide_type}"


def cell_sizes(lesson: Lesson) -> Iterator[str]:
    for i, source in lesson.sources("code"):
        if (length := len(source.splitlines())) > 15:
            yield f"code cell {i} has {length} lines"
    for i, source in lesson.sources("markdown"):
        if (length := count_words(source)) > 120:
            yield f"text cell {i} has {length} words"


def count_words(text: str) -> int:
    for uncounted in (
        r"(?s)\$\$.*?\$\$",
        r"(?s)\$.*?\$",
        r"\]\(.*?\)",
        r"<[^>]*>",
        r"https?://\S+",
    ):
        text = re.sub(uncounted, " ", text)
    return len(re.findall(r"\w[\w'’.-]*", text))


def opening(lesson: Lesson) -> Iterator[str]:
    first = lesson.cells[0]
    if first.cell_type != "markdown" or not re.match(r"# .*\?\s*$", first.source.splitlines()[0]):
        yield "the first line is not '# ' and a question"
    text = "\n\n".join(source for i, source in lesson.sources("markdown") if i <= 3)
    objectives = re.search(r"(?is)you will be able to(.*?)(?=\n\n[^\s\d*-]|\n\n\*\*|\Z)", text)
    items = re.findall(r"(?m)^(?:[-*]|\d\.) ", objectives[1]) if objectives else []
    if not 1 <= len(items) <= 3:
        yield f"'you will be able to' is followed by {len(items)} items, not by 1 to 3"
    paragraphs = text.split("\n\n")
    if "prerequisites" not in text.lower():
        yield "the prerequisites are missing"
    if not any("minutes" in p and len(re.findall(r"\d+", p)) >= 2 for p in paragraphs):
        yield "the minutes for a student and in a lecture are missing"


def notation(lesson: Lesson) -> Iterator[str]:
    text = "\n\n".join(source for i, source in lesson.sources("markdown") if i <= 3)
    line = re.search(r"(?s)^\*\*Notation\.\*\*(.*?)(?=\n\n|\Z)", text, re.MULTILINE)
    if not line:
        yield "the line '**Notation.** $symbol$ meaning; ...' is missing"
        return
    table = notation_table()
    for entry in " ".join(line[1].split()).removesuffix(".").split(";"):
        match = re.fullmatch(r"\s*\$([^$]+)\$ (.+?)\s*", entry)
        if not match or match[1] not in table:
            yield f"no row of notation.md: {entry}"
        elif match[2] != table[match[1]]:
            yield f"{entry}: notation.md says '{table[match[1]]}'"


def notation_table() -> dict[str, str]:
    text = (ROOT / "notebooks" / "notation.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| \$([^$]+)\$ \|[^|]*\| ([^|]+) \|$", text)
    assert len(dict(rows)) == len(rows) == text.count("\n| $"), "a symbol twice, or a bad row"
    return dict(rows)


def retrieval(lesson: Lesson) -> Iterator[str]:
    cells = lesson.section("check yourself|retrieval")
    text = "".join(cell.source for cell in cells if cell.cell_type == "markdown")
    code = "".join(cell.source for cell in cells if cell.cell_type == "code")
    questions = text.count("?") + len(re.findall(r"lesson\.(poll|recall)", code))
    if questions < 3:
        yield f"'## Check yourself' has {questions} questions, fewer than 3"


def exercises(lesson: Lesson) -> Iterator[str]:
    keys = set()
    for call in lesson.calls("check"):
        key = call.args[0].value if isinstance(call.args[0], ast.Constant) else ""
        if not re.fullmatch(rf"{lesson.number}\.\d+", key):
            yield f"{ast.unparse(call)} is no exercise of lesson {lesson.number}"
        keys.add(key)
    if len(keys) < 3:
        yield f"there are {len(keys)} exercises, fewer than 3"
    for node in lesson.nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "course_utils.lessons":
            importlib.import_module(f"course_utils.lessons.{node.names[0].name}")
    for key in sorted(keys):
        if key not in EXERCISES:
            yield f"exercise {key} is not registered"
        elif len(EXERCISES[key].mistakes) < 3:
            yield f"exercise {key} knows fewer than 3 mistakes"


def demos_and_claims(lesson: Lesson) -> Iterator[str]:
    for what, pattern in (("explorers", r"lesson\.(explore|predict)_\w+"), ("claims", "claim")):
        if (number := len(lesson.calls(pattern))) < 2:
            yield f"there are {number} {what}, fewer than 2"
    for call in lesson.calls("claim"):
        yours = re.search(r"\byours?\b", ast.unparse(call.args[0]), re.IGNORECASE)
        if yours and "by" not in {keyword.arg for keyword in call.keywords}:
            yield f"{ast.unparse(call)} does not say whose function ran: give it by=..."


def imports(lesson: Lesson) -> Iterator[str]:
    for node in lesson.nodes:
        if isinstance(node, ast.Import):
            allowed = all(alias.name.split(".")[0] in {"torch", "math"} for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "course_utils.lessons":
            allowed = [alias.asname for alias in node.names] == ["lesson"]
        elif isinstance(node, ast.ImportFrom):
            ours = {"math", *(f"course_utils{m}" for m in ("", ".bayes_net", ".flows", ".kit"))}
            module = node.module or ""
            allowed = module in ours or module.split(".")[0] == "torch"
        else:
            continue
        if not allowed:
            yield f"a lesson does not import this: {ast.unparse(node)}"
    for call in lesson.calls(r"plt\.\w+"):
        yield f"figures go through the kit: {ast.unparse(call)}"


def global_state(lesson: Lesson) -> Iterator[str]:
    """Default dtype, threads, gradients, printing, ...: a lesson passes dtype=, and so on."""
    for call in lesson.calls(r"(\w+\.)*(set_\w+|use_deterministic_algorithms)"):
        yield f"a lesson leaves global state as it found it: {ast.unparse(call)}"


class Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.bare = 0

    def handle_starttag(self, tag, attributes):
        self.bare += tag == "img" and not (dict(attributes).get("alt") or "").strip()


def images_without_alt(html: str) -> int:
    parser = Images()
    parser.feed(html)
    return parser.bare


def alt_texts(lesson: Lesson) -> Iterator[str]:
    for i, source in lesson.sources("markdown"):
        if re.search(r"!\[\s*\]\(", source) or images_without_alt(source):
            yield f"cell {i} has an image without alt text"


def closing(lesson: Lesson) -> Iterator[str]:
    summary = "".join(cell.source for cell in lesson.section("summary"))
    if "you can now" not in summary.lower():
        yield "there is no '## Summary' with 'You can now'"
    if not lesson.section("further reading"):
        yield "there is no '## Further reading'"


RULES = [
    saved_clean,
    slides,
    cell_sizes,
    opening,
    notation,
    retrieval,
    exercises,
    demos_and_claims,
    imports,
    global_state,
    alt_texts,
    closing,
]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


@each_notebook
@each_rule
def test_anatomy(path, rule):
    if problems := list(rule(Lesson.read(path))):
        pytest.fail("\n".join(problems), pytrace=False)


def test_lessons_are_numbered_without_gaps():
    numbers = [int(path.stem[:2]) for path in NOTEBOOKS]
    first = min(numbers, default=0)
    assert numbers == list(range(first, first + len(numbers)))


# --- The rules themselves, on a lesson that keeps them all and then breaks them one by one -

MARKDOWN = [
    r"""# Why is the sky blue?

After this lesson **you will be able to**

1. look up.

**Prerequisites.** None.

**Time.** 10 minutes for a student, 5 minutes in a lecture.

**Notation.** $N$ data points; $\mathbf{S}$ sample covariance.""",
    "## Check yourself\n\n1. Who?\n2. Where?\n3. Why?",
    "## Summary\n\nYou can now look up.",
    "## Further reading\n\n- Rayleigh, 1871.",
]
CODE = """import torch
from course_utils.kit import check, claim
from course_utils.lessons import tiny as lesson
f = check("99.1", f), check("99.2", f), check("99.3", f)
lesson.explore_sky(), lesson.predict_rain()
claim("One is positive.", 1, above=0)
claim("Two is more.", 2, above=1)"""
BROKEN = [  # rule, text of the good lesson, what replaces it
    (slides, '"slide"', '"poster"'),
    (cell_sizes, "Rayleigh", "Rayleigh " * 120),
    (cell_sizes, "import torch", "import torch" + r"\n" * 10),
    (saved_clean, '"execution_count": null', '"execution_count": 1'),
    (saved_clean, '"python3"', '"julia"'),
    (saved_clean, '"kernelspec": ', '"rise": {}, "kernelspec": '),
    (opening, "blue?", "blue."),
    (opening, "1. look", "look"),
    (opening, "Prerequisites", "Beforehand"),
    (opening, ", 5 minutes", ""),
    (notation, "data points", "points"),
    (notation, "$N$ data", "$n$ data"),
    (notation, "**Notation.**", "Notation:"),
    (retrieval, "Where?", "Where."),
    (exercises, "99.2", "98.2"),
    (exercises, "99.2", "99.4"),
    (exercises, "99.2", "99.1"),
    (demos_and_claims, "predict_rain", "rain"),
    (demos_and_claims, "claim(", "print("),
    (demos_and_claims, "One is", "Your number is"),
    (imports, "import torch", "import numpy"),
    (imports, "import torch", "import matplotlib.pyplot as plt"),
    (imports, "import torch", "plt.show()"),
    (imports, "tiny as lesson", "tiny"),
    (global_state, "import torch", r"import torch\ntorch.set_default_dtype(torch.float64)"),
    (global_state, "import torch", r"from torch import set_num_threads\nset_num_threads(1)"),
    (global_state, "import torch", r"import torch\ntorch.autograd.set_detect_anomaly(True)"),
    (alt_texts, "look up", "![](sky.png)"),
    (closing, "You can now", "We can now"),
    (closing, "Further reading", "References"),
]


@pytest.fixture
def good(monkeypatch):
    """A lesson that keeps every rule."""
    monkeypatch.setitem(sys.modules, "course_utils.lessons.tiny", ModuleType("tiny"))
    for key in ("99.1", "99.2", "99.3"):
        monkeypatch.setitem(EXERCISES, key, None)  # so that it is gone afterwards
        Exercise(key, abs, [(-1,)], [Mistake(str, "no")] * 3, "think", "$|x|$")
    cells = [new_markdown_cell(text) for text in MARKDOWN]
    cells.insert(2, new_code_cell(CODE))
    for cell in cells:
        cell.metadata["slideshow"] = {"slide_type": "slide"}
    return Lesson("99", new_notebook(cells=cells, metadata={"kernelspec": KERNEL}))


KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@each_rule
def test_a_good_lesson_keeps_every_rule(good, rule):
    assert not list(rule(good))


@pytest.mark.parametrize(
    ("rule", "old", "new"), BROKEN, ids=[f"{rule.__name__}: {new[:20]}" for rule, _, new in BROKEN]
)
def test_every_rule_sees_what_breaks_it(good, rule, old, new):
    text = json.dumps(good.notebook)
    assert old in text
    broken = nbformat.from_dict(json.loads(text.replace(old, new)))
    assert list(rule(Lesson("99", broken)))


def test_formulas_and_links_are_no_words():
    assert count_words("Now $x = y$ and\n$$a\n+ b$$ see [Bishop's book](https://a.b/c d).") == 5
