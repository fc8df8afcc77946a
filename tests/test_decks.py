"""A deck of a small notebook: its slides are the notebook's, its notes are in it, all is at hand."""

import base64
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

ROOT = Path(__file__).parents[1]
NOTE = "<details><summary>For the lecturer · {} min</summary>\n\nSay **{}**.\n\n</details>"


@pytest.fixture
def deck(monkeypatch):
    """The module that makes decks."""
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    names = {path.stem for path in (ROOT / "book").glob("*.py")}
    before = {name: sys.modules.pop(name) for name in names & set(sys.modules)}
    import deck

    monkeypatch.setattr(deck, "mathjax", lambda: Path(__file__))  # of requirements-book.txt
    yield deck
    for name in names & set(sys.modules):
        del sys.modules[name]
    sys.modules.update(before)


def text(source: str, slide: str):
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide}})


def code(source: str, slide: str, *outputs):
    return new_code_cell(
        source, outputs=list(outputs), metadata={"slideshow": {"slide_type": slide}}
    )


def shown(body: str):
    return new_output("display_data", data={"text/html": body, "text/plain": "a picture"})


CELLS = [
    text("# Why $a < b$?\n\nSee [lesson 02](02_ppca_posterior.ipynb).", "slide"),
    code("import torch", "skip"),
    text("## 1 · One\n\nA text.", "slide"),
    text(NOTE.format(2, "first"), "notes"),
    code(
        "lesson.plot_it()", "fragment", shown('<img alt="A curve." src="data:image/png;base64,">')
    ),
    text(NOTE.format(3, "second"), "notes"),
    code("# a comment\nx = 1  # a < b", "subslide", new_output("stream", text="one & all\n")),
    text("So it is.", "-"),
    text("Hidden.", "skip"),
    text("## 2 · Two", "slide"),
]


@pytest.fixture
def page(deck) -> str:
    return deck.html_of(nbformat.from_dict({"cells": CELLS, "metadata": {}}))


def test_its_slides_are_the_notebook_s_in_their_order(page):
    starts = [cell for cell in CELLS if cell.metadata.slideshow.slide_type in ("slide", "subslide")]
    slides = page.split('<div class="cells">')[1:]
    assert len(slides) == len(starts) == 4
    for slide, words in zip(slides, ["Why", "A text.", "So it is.", "Two"], strict=True):
        assert words in slide
    columns = re.findall(r"(?s)<section>\n(.*?)\n</section>\n(?=<section>|</div>)", page)
    assert [column.count('<div class="cells">') for column in columns] == [1, 2, 1]
    assert "Hidden." not in page and "import torch" not in page


def test_every_note_is_beside_its_slide_with_its_minutes(page):
    asides = re.findall(r'(?s)<aside class="notes">(.*?)</aside>', page)
    assert len(asides) == 1
    for part in ["2 min", "<strong>first</strong>", "3 min", "<strong>second</strong>"]:
        assert asides[0].count(part) == 1
    assert re.findall(r'data-timing="(\d+)"', page) == ["0", "300", "0", "0"]


def test_a_call_that_only_shows_stands_aside(page):
    assert "plot_it" not in page and 'alt="A curve."' in page
    assert '<div class="cell code fragment">' in page
    assert "# a &lt; b" in page and "one &amp; all" in page


def test_a_further_slide_names_its_section(page):
    assert page.count('<div class="section-name">1 · One</div>') == 1
    assert page.count('class="section-name"') == 1


def test_no_address_leads_outside_the_folder(page, deck):
    assert '<a href="02_ppca_posterior.html">' in page
    shared = {f"assets/{name}" for name in [*deck.assets(), "code.css"]}
    named = re.findall(r'(?:src|href)="([^"]*)"', page)
    used = {name for name in named if not name.startswith(("data:", "02_ppca"))}
    assert used and used <= shared
    assert all(path.is_file() for path in deck.assets().values())


def test_a_deck_that_has_not_changed_is_kept(deck, tmp_path):
    assert deck._put(tmp_path / "a" / "deck.html", b"one")
    assert not deck._put(tmp_path / "a" / "deck.html", b"one")
    assert deck._put(tmp_path / "a" / "deck.html", b"two")


def test_figures_are_files_too(deck):
    found = [b"a curve", b"a film"]
    kinds = zip(("png", "webp"), found, strict=True)
    sources = [f"data:image/{kind};base64,{base64.b64encode(x).decode()}" for kind, x in kinds]
    body = "".join(f'<img alt="Seen." src="{source}">' for source in sources)
    notebook = nbformat.v4.new_notebook(cells=[code("lesson.plot_it()", "slide", shown(body))])
    cell = notebook.cells[0].id
    assert list(deck.pictures(notebook)) == [
        (f"{cell}_1.png", found[0]),
        (f"{cell}_2.webp", found[1]),
    ]
