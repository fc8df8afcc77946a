"""From a key press to the new picture in JupyterLab: every explorer, beside a plain figure.

python tests/browser/keys.py, after make test-browser. Times are the browser's own, from the key's
event to the frame after the decoded picture. The plain figure is what ipywidgets' interactive_output
shows of a matplotlib figure of the same size. A burst is twenty presses, 30 ms apart: how long after
the last one pictures still come.
"""

import importlib
import inspect
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

import chromium
import nbformat
from nbformat.v4 import new_code_cell, new_notebook

sys.path.insert(0, str(Path(__file__).parents[1]))
from test_classroom import ROOT, serve
from test_lab_in_browser import DONE, GO_TO, READY

LESSONS = sorted(path.stem for path in (ROOT / "course_utils" / "lessons").glob("l[0-9]*"))
PLAIN = """import matplotlib.pyplot as plt, numpy as np, ipywidgets as widgets
from IPython.display import display
def draw(k):
    fig, ax = plt.subplots(figsize=(9, 4.5))
    x = np.linspace(0, 6, 200)
    ax.plot(x, np.sin(k * x)); ax.set_title(f"k = {k:.2f}"); plt.show()
k = widgets.FloatSlider(value=1, min=0, max=4, step=0.1)
k.add_class("ladder-control")
widgets.VBox([k, widgets.interactive_output(draw, {"k": k})])"""
WATCH = """cell => {
    const picture = () => [...cell.querySelectorAll(".jupyter-widgets img")].at(-1);
    window.pressed = [], window.shown = [], window.last = picture()?.src;
    document.onkeydown = () => window.pressed.push(performance.now());
    new MutationObserver(async () => {
        const now = picture();
        if (!now || now.src === window.last) return;
        window.last = now.src;
        await now.decode().catch(() => {});
        requestAnimationFrame(() => setTimeout(() => window.shown.push(performance.now())));
    }).observe(cell, {childList: true, subtree: true});
}"""


def notebook(folder: Path) -> list[str]:
    """Writes keys.ipynb with a cell for every explorer that needs no argument; their names."""
    names, sources = ["plain figure"], [PLAIN]
    for package in LESSONS:
        lesson = importlib.import_module(f"course_utils.lessons.{package}")
        for name, make in inspect.getmembers(lesson, callable):
            if name.startswith("explore_") and not inspect.signature(make).parameters:
                names.append(f"{package[1:3]} {name}")
                sources.append(f"from course_utils.lessons import {package}\n{package}.{name}()")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [new_code_cell(source) for source in sources]
    book = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(book, folder / "notebooks" / "keys.ipynb")
    return names


def measure(page, cell) -> tuple[float, float] | None:
    """Milliseconds from a press to its picture, and from the last of twenty to the last picture."""
    handle = cell.locator(".ladder-control .noUi-handle").first
    if not handle.count():
        return None
    cell.evaluate(WATCH)
    handle.focus()
    value, top = (float(handle.get_attribute(f"aria-value{end}")) for end in ("now", "max"))
    keys = ["ArrowLeft", "ArrowRight"] if value == top else ["ArrowRight", "ArrowLeft"]
    times = []
    for press in range(14):
        page.evaluate("window.pressed = [], window.shown = []")
        page.keyboard.press(keys[press % 2])
        page.wait_for_timeout(300)
        pressed, shown = page.evaluate("[window.pressed, window.shown]")
        if press > 1 and shown:
            times.append(shown[0] - pressed[0])
    for press in range(20):
        page.keyboard.press(keys[press % 2])
        page.wait_for_timeout(30)
    page.wait_for_timeout(1500)
    pressed, shown = page.evaluate("[window.pressed, window.shown]")
    return (median(times), max(0.0, shown[-1] - pressed[-1])) if times and shown else None


def main() -> None:
    """Print a line for every explorer, and the medians."""
    with tempfile.TemporaryDirectory() as name, chromium.started() as browser:
        folder = Path(name)
        for part in ("classroom", "notebooks"):
            shutil.copytree(ROOT / part, folder / part)
        names = notebook(folder)
        with serve(folder, "lab", "--LabApp.expose_app_in_browser=True", root=folder) as server:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            first = min(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
            page.goto(server.url.replace(first, "keys.ipynb"))
            page.wait_for_function(READY, timeout=300_000)
            page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
            page.wait_for_function(DONE, timeout=600_000)
            found = {}
            for place, what in enumerate(names):
                page.evaluate(GO_TO, place)
                cell = page.locator(f'.jp-Cell[data-windowed-list-index="{place}"]')
                cell.wait_for()
                page.wait_for_timeout(500)
                if times := measure(page, cell):
                    found[what] = times
                    print(f"{times[0]:6.0f} ms, burst {times[1]:6.0f} ms  {what}", flush=True)
        plain, *ours = found.values()
        press, burst = (median(times) for times in zip(*ours, strict=True))
        print(f"{press:6.0f} ms, burst {burst:6.0f} ms  median of {len(ours)} explorers, ", end="")
        longest = max(burst for _, burst in ours)
        print(f"{press / plain[0]:.2f} of the plain figure; the longest burst {longest:.0f} ms")


if __name__ == "__main__":
    main()
