"""The lessons in JupyterLab, in a browser: Run All, sliders, questions, checks, and after a reload.

make test-browser. One lesson: pytest tests/browser/test_lab_in_browser.py -k 02_
"""

import shutil
from types import SimpleNamespace

import pytest
from test_classroom import ROOT, serve

pytest.importorskip("chromium")  # where there is none, this file is skipped

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MINUTES_15 = 15 * 60_000  # in milliseconds: for a machine that does other things too

# JupyterLab draws only the cells in sight; what a test asks of all of them it asks of the model.
NOTEBOOK = "const view = window.jupyterapp?.shell?.currentWidget;"
READY = f"""() => {{ {NOTEBOOK}
    return view?.content?.model?.cells?.length
        && view.context.sessionContext.session?.kernel?.status === "idle"; }}"""
DONE = f"""() => {{ {NOTEBOOK}
    const code = [...view.content.model.cells].filter(cell => cell.type === "code");
    return code.every(cell => cell.executionCount)
        && view.context.sessionContext.session.kernel.status === "idle"; }}"""
ERRORS = f"""() => {{ {NOTEBOOK}
    return [...view.content.model.cells].filter(cell => cell.type === "code")
        .flatMap(cell => cell.outputs.toJSON()
            .filter(output => output.output_type === "error" || output.name === "stderr")
            .map(output => `${{cell.id}}: ${{output.evalue ?? output.text}}`)); }}"""
# Bring the cell whose source matches into sight; its place in the notebook.
GO_TO = f"""async place => {{ {NOTEBOOK} await view.content.scrollToItem(place, "start"); }}"""
PLACES = f"""pattern => {{ {NOTEBOOK}
    return [...view.content.model.cells].flatMap((cell, place) =>
        cell.type === "code" && new RegExp(pattern, "m").test(cell.sharedModel.source) ? [place] : []); }}"""


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def lesson(browser, request, tmp_path_factory):
    """A copy of the lesson in JupyterLab, all of it run once."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("classroom", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    with serve(folder, "lab", "--LabApp.expose_app_in_browser=True", root=folder) as server:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        first = sorted(path.name for path in NOTEBOOKS)[0]
        page.goto(server.url.replace(first, request.param.name))
        page.wait_for_function(READY, timeout=MINUTES_15)
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_function(DONE, timeout=MINUTES_15)
        yield SimpleNamespace(page=page, errors=errors, folder=folder)
        page.close()


def cells(lesson, pattern: str) -> list:
    """Every code cell whose source matches, one after another, in sight."""
    for place in lesson.page.evaluate(PLACES, pattern):
        lesson.page.evaluate(GO_TO, place)
        cell = lesson.page.locator(f'.jp-Cell[data-windowed-list-index="{place}"]')
        cell.wait_for()
        lesson.page.wait_for_timeout(
            300
        )  # what is scrolled to is laid out anew, and loses its focus
        yield cell


def test_everything_runs(lesson):
    assert lesson.page.evaluate(ERRORS) == []
    assert lesson.errors == []


def test_a_prediction_opens_its_demo(lesson):
    seen = 0
    for cell in cells(lesson, r"lesson\.predict_"):
        demo = cell.locator(".ladder-control, .jupyter-widgets img")
        assert not any(one.is_visible() for one in demo.all())
        cell.locator(".ladder-option").first.click()
        demo.first.wait_for(state="visible")
        seen += 1
    assert seen or not lesson.page.evaluate(PLACES, r"lesson\.predict_")


def test_sliders_answer_keyboard_and_mouse(lesson):
    tried = 0
    for cell in cells(lesson, r"lesson\.(explore|predict)_"):
        handle = cell.locator(".ladder-control .noUi-handle").first
        if not handle.count() or not handle.is_visible():
            continue  # buttons and choices
        picture = "cell => [...cell.querySelectorAll('.jupyter-widgets img')].at(-1)?.src"
        changed = f"([cell, before]) => ({picture})(cell) !== before"
        element = cell.element_handle()
        before = element.evaluate(picture)
        assert before
        value = float(handle.get_attribute("aria-valuenow"))
        top = float(handle.get_attribute("aria-valuemax"))
        handle.focus()
        lesson.page.keyboard.press("ArrowLeft" if value == top else "ArrowRight")
        lesson.page.wait_for_function(changed, arg=[element, before])
        before = element.evaluate(picture)
        track = cell.locator(".ladder-control .noUi-target").first.bounding_box()
        low, now = (float(handle.get_attribute(f"aria-value{what}")) for what in ("min", "now"))
        end = 0.15 if now > (low + top) / 2 else 0.85
        lesson.page.mouse.click(track["x"] + end * track["width"], track["y"] + track["height"] / 2)
        lesson.page.wait_for_function(changed, arg=[element, before])
        tried += 1
    assert tried


def test_check_shows_its_message(lesson):
    said = [
        cell.locator(".jp-OutputArea").inner_text() for cell in cells(lesson, r"^(\w+ = )?check\(")
    ]
    assert said and all("○" in text and "not attempted yet" in text for text in said), said


def test_reloaded_without_a_kernel_it_shows_pictures(lesson):
    page = lesson.page
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(3000)
    page.evaluate(f"async () => {{ {NOTEBOOK} await view.context.sessionContext.shutdown(); }}")
    page.reload()
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.content?.model?.cells?.length"
    )
    for cell in cells(lesson, r"lesson\.explore_"):
        picture = cell.locator(".ladder-still img").first
        picture.wait_for(state="visible")
        assert picture.get_attribute("alt")
        assert "Error displaying widget" not in cell.inner_text()
