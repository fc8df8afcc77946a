"""Decks for a machine without Jupyter or network: python book/deck.py writes build/slides.

Each lesson becomes a page of reveal.js and, where there is a Chromium, a PDF. What has not changed
is kept. With numbers, python book/deck.py 02 05, only those lessons; --notes puts what the
lecturer says into the PDF too, on pages of its own. The figures are in build/slides/figures too.
"""

import base64
import html
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from execute import ROOT, executed, with_outputs
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from pages import mathjax, only_shows
from pygments.formatters import HtmlFormatter

from course_utils.kit import page

DECKS = ROOT / "build" / "slides"
SOURCES = Path(__file__).parent
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
MINUTES = re.compile(r"<summary>For the lecturer · (\d+) min</summary>")
PICTURE = re.compile(r'src="data:image/(png|webp);base64,([^"]+)"')
NOTHING_SHOWN = "application/vnd.jupyter.widget-view+json"  # a bar of progress that has vanished
colours = Highlight2HTML(pygments_lexer="python3")


def main(*arguments: str) -> None:
    """Execute what has changed, and write the decks."""
    numbers = [argument for argument in arguments if argument != "--notes"]
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    if numbers:
        lessons = [path for path in lessons if path.stem[:2] in numbers]
    folders = executed(lessons)
    films = {film.name: film for folder in folders.values() for film in folder.glob("films/*.js")}
    for name, source in (
        assets() | {f"films/{name}": film for name, film in films.items()}
    ).items():
        _put(DECKS / "assets" / name, source.read_bytes())
    _put(DECKS / "assets" / "code.css", HtmlFormatter().get_style_defs(".highlight").encode())
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    for path, folder in folders.items():
        deck = DECKS / f"{path.stem}.html"
        lesson = with_outputs(path, folder)
        new = _put(deck, html_of(lesson).encode())
        for name, data in pictures(lesson):
            _put(DECKS / "figures" / path.stem / name, data)
        if browser and (new or "--notes" in arguments or not deck.with_suffix(".pdf").exists()):
            pdf(browser, deck, notes="--notes" in arguments)
    if not browser:
        print("No PDF of the decks: there is no Chromium here.")
    if not numbers:
        for film in (DECKS / "assets" / "films").glob("*.js"):
            if film.name not in films:
                film.unlink()
    print(f"The decks are in {DECKS}")


def assets() -> dict[str, Path]:
    """What all decks share: its place beside them, and where it comes from."""
    spec = importlib.util.find_spec("rise")  # the live slides' reveal.js
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("rise, of requirements.txt")
    reveal, kit = Path(spec.origin).parent / "static" / "reveal.js", Path(page.__file__).parent
    names = ["js/reveal.js", "css/reset.css", "css/reveal.css", "css/print/pdf.css",
             "plugin/notes/notes.js", "plugin/notes/notes.html", "plugin/markdown/marked.js"]  # fmt: skip
    return {f"reveal/{name}": reveal / name for name in names} | {
        "mathjax.js": mathjax(),
        **{name: kit / name for name in ["page.js", "page.css"]},
        **{name: SOURCES / name for name in ["deck.js", "deck.css"]},
    }


def html_of(notebook: nbformat.NotebookNode) -> str:
    """The page of an executed notebook."""
    columns, title = "", ""
    for column in slides_of(notebook):
        columns += "<section>\n"
        for cells in column:
            text = cells[0].source if cells[0].cell_type == "markdown" else ""  # no code's comment
            heading = re.search(r"(?m)^##? (.*)$", text)
            title = heading[1] if heading else title
            columns += slide(cells, "" if heading else title)
        columns += "</section>\n"
    name = html.escape(notebook.cells[0].source.splitlines()[0].lstrip("# "))
    template = (SOURCES / "deck.html").read_text("utf-8")
    return template.replace("{title}", name).replace("{slides}", columns)


def slides_of(notebook: nbformat.NotebookNode) -> list[list[list]]:
    """Columns of slides of cells: those of a lecture, and its notes."""
    columns: list[list[list]] = []
    for cell in notebook.cells:
        match kind(cell):
            case "slide":
                columns.append([[cell]])
            case "subslide":
                columns[-1].append([cell])
            case "fragment" | "-" | "notes":
                columns[-1][-1].append(cell)
    return columns


def kind(cell: nbformat.NotebookNode) -> str:
    """The cell's slide_type."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def slide(cells: list, title: str) -> str:
    """A slide with its section's title above, if it does not have it itself, and with its notes."""
    notes = [markdown(cell.source) for cell in cells if kind(cell) == "notes"]
    seconds = 60 * sum(int(minutes) for note in notes for minutes in MINUTES.findall(note))
    said = "".join(re.sub("</?details>", "", note) for note in notes)
    said = re.sub("<summary>For the lecturer · (.*?)</summary>", "<h4>\\1</h4>", said)
    name = f'<div class="section-name">{inline(title)}</div>' if title else ""
    body = "".join(shown(cell) for cell in cells if kind(cell) != "notes")
    aside = f'<aside class="notes">{said}</aside>' if said else ""
    return (
        f'<section data-timing="{seconds}"><div class="cells">{name}{body}</div>{aside}</section>\n'
    )


def shown(cell: nbformat.NotebookNode) -> str:
    """A cell as it stands on its slide."""
    if cell.cell_type == "markdown":
        body = markdown(cell.source)
    else:
        body = "".join(outputs(cell))
        if not only_shows(cell.source):
            source = cell.source.replace("\n\n\n", "\n\n")  # a slide has no line to give away
            body = f'<div class="source">{colours(source)}</div>{body}'
    fragment = " fragment" if kind(cell) == "fragment" else ""
    return f'<div class="cell {cell.cell_type}{fragment}">{body}</div>\n'


def outputs(cell: nbformat.NotebookNode) -> Iterator[str]:
    """What a code cell has shown."""
    for output in cell.outputs:
        data = output.get("data", {})
        if "text/html" in data:
            shown = data["text/html"].replace(" Hints fold out below.", "")  # not on slides
            yield f'<div class="output">{shown}</div>'
        elif NOTHING_SHOWN not in data:
            yield f"<pre>{html.escape(output.get('text') or data['text/plain'])}</pre>"


def pictures(notebook: nbformat.NotebookNode) -> Iterator[tuple[str, bytes]]:
    """Its figures, named for their cells: for slides of one's own."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found = PICTURE.findall("".join(outputs(cell)))
            for number, (kind, data) in enumerate(found, 1):
                yield f"{cell.id}_{number}.{kind}", base64.b64decode(data)


def markdown(text: str) -> str:
    """A text cell, without the names that a notebook gives its headings; lessons lead to decks."""
    body = re.sub(r'<a class="anchor-link".*?</a>', "", markdown2html_mistune(text))
    body = re.sub(r"<(h\d) id=.*?>", r"<\1>", body)
    return re.sub(r'href="(\d\d_\w+)\.ipynb', r'href="\1.html', body)


def inline(text: str) -> str:
    """One line of a text."""
    return re.sub("</?p>", "", markdown(text)).strip()


def pdf(browser: str, deck: Path, notes: bool) -> None:
    """Print a deck as reveal.js does."""
    printed = f"--print-to-pdf={deck.with_suffix('.pdf')}"
    options = [
        "--headless",
        "--disable-gpu",
        "--no-pdf-header-footer",
        "--virtual-time-budget=60000",
    ]
    own = ["--no-sandbox"]  # which a container may not allow: this page is our own
    address = f"{deck.as_uri()}?print-pdf{'&showNotes=separate-page' if notes else ''}"
    subprocess.run([browser, *options, *own, printed, address], check=True, capture_output=True)


def _put(path: Path, data: bytes) -> bool:
    """Write what has changed; say whether it has."""
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
