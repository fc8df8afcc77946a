"""Lays out what Sphinx reads: the repository's texts where they stand, executed lessons, lists."""

import ast
import copy
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

import api
import bibliography
import catalogue
import nbformat
from execute import ROOT, with_outputs

from course_utils.kit import page

BOOK = ROOT / "build" / "book"
SOURCE, STATIC = BOOK / "source", BOOK / "static"
RUN = (
    "*Sliders and questions answer on this page; to do the exercises, "
    "[run this lesson in Jupyter](../docs/run.md).*"
)


def lay_out(folders: dict[Path, Path]) -> None:
    """Write SOURCE and STATIC, touching only what has changed: Sphinx reads just that anew."""
    lessons = {path: with_outputs(path, folder) for path, folder in folders.items()}
    texts = {
        f"notebooks/{path.name}": nbformat.writes(lesson(path.stem[:2], notebook))
        for path, notebook in lessons.items()
    }
    for path in [ROOT / "README.md", ROOT / "notebooks" / "notation.md", *ROOT.glob("docs/*.md")]:
        texts[str(path.relative_to(ROOT))] = path.read_text("utf-8")
    texts["index.md"] = (ROOT / "book" / "index.md").read_text("utf-8")
    texts["docs/bibliography.md"] = bibliography.page(lessons)
    texts["docs/explorers.md"], thumbnails = catalogue.explorers(lessons)
    texts["docs/exercises.md"] = catalogue.exercises(lessons)
    texts |= {f"api/{name}.rst": text for name, text in api.pages().items()}
    pictures = [*ROOT.glob("docs/*.png"), *ROOT.glob("docs/*.webp")]
    kit = Path(page.__file__).parent
    _fill(
        SOURCE,
        {name: text.encode() for name, text in texts.items()}
        | {f"docs/{path.name}": path.read_bytes() for path in pictures},
    )
    _fill(
        STATIC,
        {f"thumbnails/{name}": data for name, data in thumbnails.items()}
        | {
            **{f"films/{film.name}": film.read_bytes() for film in _films(folders.values())},
            **{path.name: path.read_bytes() for path in [kit / "page.js", kit / "page.css"]},
            "mathjax.js": mathjax().read_bytes(),
            "book.css": (ROOT / "book" / "book.css").read_bytes(),
        },
    )


def lesson(number: str, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """For reading: without notes for a lecture, without the calls that only show something."""
    notebook, cells = copy.deepcopy(notebook), []
    for cell in notebook.cells:
        if cell.metadata.get("slideshow", {}).get("slide_type") == "notes":
            continue
        tags = ["remove-input"] if cell.cell_type == "code" and only_shows(cell.source) else []
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                page_html = output.data["text/html"]
                output.data["text/html"] = page_html.replace(
                    '<div class="ladder-', f'<div id="{catalogue.anchor(cell)}" class="ladder-', 1
                )
        cells.append(cell)
    cells[0].source = re.sub("^# ", f"# {number} · ", cells[0].source)
    cells.insert(1, nbformat.v4.new_markdown_cell(RUN, id="run"))
    notebook.cells, notebook.metadata.widgets = cells, {}
    del notebook.metadata["widgets"]
    return notebook


def only_shows(source: str) -> bool:
    """A call of the lesson, a hint or a solution: what it shows speaks for itself."""
    body = ast.parse(source).body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        return False
    call = body[0].value
    return isinstance(call, ast.Call) and bool(
        re.fullmatch(r"lesson\.\w+|hint|solution|plot_ladder", ast.unparse(call.func))
    )


def mathjax() -> Path:
    """MathJax in one file, which draws its glyphs itself: so it works from a file system path."""
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("sphinx-mathjax-offline, of requirements-book.txt")
    return Path(spec.origin).parent / "static" / "mathjax" / "tex-svg.js"


def _films(folders: Iterable[Path]) -> list[Path]:
    return [film for folder in folders for film in folder.glob("films/*.js")]


def _fill(folder: Path, files: dict[str, bytes]) -> None:
    """Make the folder hold these files and no others."""
    for path in folder.rglob("*"):
        if path.is_file() and str(path.relative_to(folder)) not in files:
            path.unlink()
    for name, data in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
