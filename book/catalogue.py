"""The lists of all explorers and of all exercises."""

import base64
import html
import importlib
import io
import re
from pathlib import Path

import nbformat
from PIL import Image

from course_utils.kit.exercise import EXERCISES

THUMBNAIL = 300  # pixels wide


def explorers(lessons: dict[Path, nbformat.NotebookNode]) -> tuple[str, dict[str, bytes]]:
    """The page, and its pictures by name: every explorer in its first state, leading to it."""
    lines = ["# Explorers", "", "Every figure that moves; choose one to go to it.", ""]
    thumbnails = {}
    for path, notebook in lessons.items():
        lesson = importlib.import_module(f"course_utils.lessons.l{path.stem}")
        cards = []
        for cell in notebook.cells:
            shown = "".join(
                out.get("data", {}).get("text/html", "") for out in cell.get("outputs", [])
            )
            called = re.findall(r"(?m)^lesson\.(\w+)\(", cell.source)
            if called and 'class="ladder-explorer"' in shown:
                name = f"{cell.id}.webp"
                thumbnails[name] = _small(shown)
                said = html.escape((getattr(lesson, called[-1]).__doc__ or "").splitlines()[0])
                cards.append(
                    f'<a href="../notebooks/{path.stem}.html#{anchor(cell)}"><img alt="" '
                    f'loading="lazy" width="{THUMBNAIL}" src="../_static/thumbnails/{name}">{said}</a>'
                )
        lines += [f"## {_title(path, notebook)}", "", '<div class="cards">', *cards, "</div>", ""]
    return "\n".join(lines), thumbnails


def exercises(lessons: dict[Path, nbformat.NotebookNode]) -> str:
    """The page: every exercise with the function it asks for, leading to it."""
    lines = [
        "# Exercises",
        "",
        "What each asks you to write, and how many usual mistakes of it are",
        "recognised when you run it in Jupyter.",
        "",
    ]
    for path, notebook in lessons.items():
        importlib.import_module(f"course_utils.lessons.l{path.stem}")
        lines += [
            f"## {_title(path, notebook)}",
            "",
            "| exercise | section | function | mistakes |",
            "|---|---|---|---|",
        ]
        section, place = "", ""
        for cell in notebook.cells:
            text = cell.source if cell.cell_type == "markdown" else ""
            for heading in re.findall(r"(?m)^#{2,4} .*$", text):
                title = heading.lstrip("# ")
                place = slug(title)
                section = title if heading.startswith("## ") else section
            for key, name in re.findall(r'check\("([\d.]+)", (\w+)\)', cell.source):
                lines.append(
                    f"| [{key}](../notebooks/{path.name}#{place}) | {section} | `{name}` | "
                    f"{len(EXERCISES[key].mistakes)} |"
                )
        lines.append("")
    return "\n".join(lines)


def anchor(cell: nbformat.NotebookNode) -> str:
    """Where a lesson's page shows what this cell shows."""
    return f"cell-{cell.id}"


def slug(title: str) -> str:
    """The name under which MyST finds a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower().replace("$", "")).replace(" ", "-")


def _title(path: Path, notebook: nbformat.NotebookNode) -> str:
    return f"{path.stem[:2]} · {notebook.cells[0].source.splitlines()[0].lstrip('# ')}"


def _small(shown: str) -> bytes:
    """The first picture of an output, as a small WebP."""
    [data] = re.findall(r'src="data:image/png;base64,([^"]+)"', shown)[:1]
    picture, buffer = Image.open(io.BytesIO(base64.b64decode(data))), io.BytesIO()
    picture.resize((THUMBNAIL, picture.height * THUMBNAIL // picture.width)).save(buffer, "webp")
    return buffer.getvalue()
