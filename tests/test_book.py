"""What the book is made from, without making it."""

import base64
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from test_notebooks import NOTEBOOKS, ROOT, each_notebook

sys.path.append(str(ROOT / "book"))

import api
import bibliography
import catalogue
import conf
import execute
import pages
from bibliography import Work

BISHOP = "C. Bishop, *Pattern Recognition*, Springer, 2006"


@each_notebook
def test_every_work_that_a_lesson_cites_is_read(path):
    works = bibliography.works(nbformat.read(path, as_version=4))
    assert len(works) >= 4
    for work in works:
        assert re.search(r"(19|20)\d\d", work.where) and work.authors and work.title


@pytest.mark.parametrize(
    ("entry", "work"),
    [
        (f"{BISHOP}, section 12.2.", ("*Pattern Recognition*", "Springer, 2006", "section 12.2")),
        (
            'S. Roweis, "EM for PCA", *NIPS* 10, 1998, 1–43: a remark; more.',
            ('"EM for PCA"', "*NIPS* 10, 1998, 1–43", "a remark; more"),
        ),
        (
            'J. Shi et al., "ZhuSuan: a library", *arXiv* 1709.05870, 2017 (free bits).',
            ('"ZhuSuan: a library"', "*arXiv* 1709.05870, 2017", "free bits"),
        ),
    ],
)
def test_a_citation_is_read(entry, work):
    found = bibliography.read(entry)
    assert (found.title, found.where, found.remark) == work


def test_two_works_in_one_entry_are_two_and_none_is_said_to_stand_where_another_does():
    entry = 'R. Neal, "One", *X* 11, 2001; V. Masrani, T. A. Le and F. Wood, "Two", *Y*, 2019.'
    assert [work.title for work in bibliography.works(lesson(entry))] == ['"One"', '"Two"']
    assert all("ibid" not in path.read_text("utf-8") for path in NOTEBOOKS)


def test_a_citation_that_is_none_is_told():
    with pytest.raises(ValueError, match="not as the other entries of Further reading: A book"):
        bibliography.read("A book.")


def lesson(*reading: str) -> nbformat.NotebookNode:
    text = "\n".join(["### Further reading", "", *(f"- {entry}" for entry in reading)])
    return new_notebook(cells=[new_markdown_cell("# Why?"), new_markdown_cell(text)])


def test_a_work_stands_once_with_the_lessons_that_cite_it():
    text = bibliography.page(
        {
            Path("02_b.ipynb"): lesson('A. Zet et al., "On", *X*, 2001.', f"{BISHOP}, chapter 9."),
            Path("03_c.ipynb"): lesson('A. Zet and B. Wu, "On", *X* 3, 2001: its appendix.'),
        }
    )
    first, second = text.splitlines()[-2:]
    assert first == f"- {BISHOP}. →\N{NO-BREAK SPACE}[02](../notebooks/02_b.ipynb), chapter 9"
    assert second == (
        '- A. Zet and B. Wu, "On", *X* 3, 2001. →\N{NO-BREAK SPACE}'
        "[02](../notebooks/02_b.ipynb); [03](../notebooks/03_c.ipynb), its appendix"
    )
    assert Work("J.-W. van de Meent and A. Bo", "", "", "").surname == "Meent"


def test_a_lesson_is_read_without_notes_and_without_calls_that_only_show():
    explorer = '<div class="ladder-explorer" data-film="ab">'
    shown = new_code_cell("lesson.explore_it(x)", id="00-3")
    shown.outputs = [new_output("display_data", {"text/html": explorer})]
    note = new_markdown_cell("Ask again.", metadata={"slideshow": {"slide_type": "notes"}})
    cells = [new_markdown_cell("# Why?"), note, new_code_cell("x = 1"), shown]
    notebook = new_notebook(cells=cells)
    read = pages.lesson("07", notebook)
    title, run, code, demo = read.cells
    assert title.source == "# 07 · Why?" and "run.md" in run.source
    assert code.metadata == {} and demo.metadata == {"tags": ["remove-input"]}
    assert demo.outputs[0].data["text/html"].startswith('<div id="cell-00-3" class="ladder-exp')
    assert len(notebook.cells) == 4 and notebook.cells[0].source == "# Why?", "it is a copy"


def test_a_docstring_is_no_markup_but_code():
    lines = api.docstring(["Of |z| and *x*, see `fit_`.", "", "z ~ N(0, I),  x = W_z", "", "End."])
    assert lines == [
        r"Of \|z\| and \*x\*, see ``fit_``.",
        "",
        "::",
        "",
        "   z ~ N(0, I),  x = W_z",
        "",
        "End.",
    ]


def test_every_module_of_the_maths_and_the_kit_has_its_place_in_the_reference():
    text = "\n".join(api.pages().values())
    for path in execute.COURSE.rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if ".lessons" not in name and name != "course_utils":
            assert f".. automodule:: {name}\n" in text


def test_an_explorer_is_listed_whatever_else_its_cell_does():
    png = base64.b64encode(Path(ROOT / "docs" / "ladder.png").read_bytes()).decode()
    shown = new_code_cell("x = lesson.cloud()\nlesson.predict_rotation(x)", id="01-007")
    shown.outputs = [
        new_output(
            "display_data",
            {"text/html": f'<div class="ladder-explorer"><img src="data:image/png;base64,{png}">'},
        )
    ]
    notebook = new_notebook(cells=[new_markdown_cell("# Why?"), shown])
    text, thumbnails = catalogue.explorers({Path("01_pca_autoencoder.ipynb"): notebook})
    assert 'href="../notebooks/01_pca_autoencoder.html#cell-01-007"' in text
    assert list(thumbnails) == ["01-007.webp"]


def test_a_formula_stays_on_the_line_of_its_comma():
    for before, after in [("", "."), ("(", "),"), ("", "")]:
        text = f'{before}<span class="math notranslate nohighlight">\\(x\\)</span>{after}'
        found = conf.FORMULA.sub(r"<b>\g<0></b>", f"So {text} and")
        assert found == f"So <b>{text}</b> and"


def test_headings_are_found_under_mysts_names():
    assert catalogue.slug("Exercise 02.1") == "exercise-021"
    assert catalogue.slug("7 · A “stochastic” autoencoder") == "7--a-stochastic-autoencoder"


def test_a_lesson_is_executed_anew_when_its_code_has_changed_not_its_text(tmp_path):
    path = next(path for path in NOTEBOOKS if path.stem.startswith("02"))
    notebook = nbformat.read(path, as_version=4)
    copy = tmp_path / path.name
    before = execute.digest(path)
    notebook.cells[0].source += " More."
    nbformat.write(notebook, copy)
    assert execute.digest(copy) == before
    next(cell for cell in notebook.cells if cell.cell_type == "code").source += "\n1"
    nbformat.write(notebook, copy)
    assert execute.digest(copy) != before


def test_a_lesson_depends_on_the_lessons_it_takes_code_from():
    assert execute._lessons_named_in(execute.LESSONS / "l06_vae") >= {"l05_variational_em"}


def test_what_a_page_no_longer_needs_is_removed(tmp_path):
    pages._fill(tmp_path, {"a/b.txt": b"1", "c.txt": b"2"})
    kept = (tmp_path / "c.txt").stat().st_mtime_ns
    pages._fill(tmp_path, {"c.txt": b"2", "d.txt": b"3"})
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["c.txt", "d.txt"]
    assert (tmp_path / "c.txt").stat().st_mtime_ns == kept, "what is the same is left alone"
