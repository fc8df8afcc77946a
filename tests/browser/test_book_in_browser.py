"""The web book in a browser, from its folder: every page, every slider, every question.

make site, then make test-browser. One lesson: pytest tests/browser -k 02_
"""

import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

chromium = pytest.importorskip("chromium")  # where there is none, this file is skipped

SITE = Path(__file__).parents[2] / "build" / "site"
PAGES = sorted(
    path for path in SITE.rglob("*.html") if path.name not in {"search.html", "py-modindex.html"}
)
CHANGED = "([explorer, alt]) => [...explorer.querySelectorAll('img')].at(-1).alt !== alt"
LESSONS = [path for path in PAGES if re.match(r"\d\d_", path.name)]

if not PAGES:
    pytest.skip("there is no book yet: make site", allow_module_level=True)


def opened(browser, path: Path, **options):
    """The page, once its formulas are set, and what it complained of and asked for meanwhile."""
    page = browser.new_page(**options)
    seen = SimpleNamespace(page=page, errors=[], requests=[])
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda m: m.type in ("error", "warning") and seen.errors.append(m.text))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_function("!window.MathJax || !!MathJax.startup?.promise")
    page.evaluate("window.MathJax && MathJax.startup.promise")
    return seen


@pytest.fixture(scope="module", params=PAGES, ids=lambda path: str(path.relative_to(SITE)))
def seen(browser, request):
    seen = opened(browser, request.param, viewport={"width": 1280, "height": 800})
    yield seen
    seen.page.close()


def test_it_is_silent_and_asks_for_nothing_outside_its_folder(seen):
    assert seen.errors == []
    assert chromium.outside(seen.requests, SITE) == []


def test_its_formulas_are_typeset(seen):
    assert seen.page.locator("mjx-merror, [data-mjx-error]").count() == 0
    unset = "els => els.filter(e => !e.querySelector('mjx-container')).map(e => e.textContent)"
    assert seen.page.locator(".math").evaluate_all(unset) == []
    text = seen.page.locator("article").inner_text()
    assert not re.search(r"\$\$|\\(?:frac|mathcal|sigma|log)\b", text)


def test_no_formula_is_cut_off(seen):
    seen.page.evaluate("document.querySelectorAll('article details').forEach(it => it.open = true)")
    cut = "els => els.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    assert seen.page.locator("mjx-container[display=true]").evaluate_all(cut) == []
    seen.page.evaluate(
        "document.querySelectorAll('article details').forEach(it => it.open = false)"
    )


def test_it_fits_a_telephone(seen):
    seen.page.set_viewport_size({"width": 390, "height": 844})
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.page.set_viewport_size({"width": 1280, "height": 800})


def test_everyone_can_use_it(seen):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # Of a formula axe reads what is written out beside its strokes, which are half of the page.
    seen.page.evaluate(
        "document.querySelectorAll('mjx-container svg').forEach(svg => svg.replaceChildren())"
    )
    found = axe.run(seen.page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [
        f"{v['id']}: {node['target']} {node['failureSummary']}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"][:3]
    ]
    assert serious == []


def test_its_links_lead_somewhere(seen):
    here = Path(unquote(urlsplit(seen.page.url).path))
    for href in set(seen.page.locator("a[href]").evaluate_all("as => as.map(a => a.href)")):
        parts = urlsplit(href)
        if parts.scheme != "file":
            continue
        target = Path(unquote(parts.path))
        assert target.is_file(), href
        if parts.fragment and target == here:
            known = "id => !!document.getElementById(decodeURIComponent(id))"
            assert seen.page.evaluate(known, parts.fragment), href
        elif parts.fragment.startswith("cell-"):
            assert f'id="{parts.fragment}"' in target.read_text("utf-8"), href


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def lesson(browser, request):
    """A lesson with every question still to be answered."""
    seen = opened(browser, request.param, viewport={"width": 1280, "height": 800})
    yield seen
    assert seen.errors == []
    seen.page.close()


def test_questions_answer_by_keyboard_and_then_open_their_demo(lesson):
    polls = lesson.page.locator(".ladder-poll").all()
    assert len(polls) >= 3
    for poll in polls:
        options, again = poll.locator(".ladder-options button"), poll.locator(".ladder-again")
        demo, verdict = poll.locator(".ladder-demo"), poll.locator(".ladder-verdict")
        assert again.is_hidden() and (demo.count() == 0 or demo.is_hidden())
        options.first.focus()
        lesson.page.keyboard.press("Enter")
        assert options.first.is_hidden() and "your answer" in verdict.inner_text()
        assert demo.count() == 0 or demo.is_visible()
        assert again.evaluate("button => button === document.activeElement")
        lesson.page.keyboard.press("Enter")
        assert options.first.is_visible() and verdict.inner_text() == ""
        assert demo.count() == 0 or demo.is_hidden()
        options.last.click()  # open, for the tests below


def test_controls_change_the_picture_and_its_alt_text_by_keyboard(lesson):
    for poll in lesson.page.locator(".ladder-poll").all():
        if (option := poll.locator(".ladder-options button").first).is_visible():
            option.click()
    explorers = lesson.page.locator(".ladder-explorer").all()
    assert len(explorers) >= 2
    for explorer in explorers:
        explorer.scroll_into_view_if_needed()
        lesson.page.wait_for_function(
            "box => box.querySelectorAll('img').length === 2", arg=explorer.element_handle()
        )
        picture = explorer.locator("img").last
        box, pictures = explorer.element_handle(), {picture.get_attribute("src")}
        for control in explorer.locator("input, select, button").all():
            before = picture.get_attribute("alt")
            control.focus()
            lesson.page.keyboard.press(key(control))
            lesson.page.wait_for_function(CHANGED, arg=[box, before])
            after = picture.get_attribute("alt")
            assert explorer.locator(".ladder-said").inner_text() == after
            pictures.add(picture.get_attribute("src"))
            lesson.page.keyboard.press(key(control))  # on, or back
            if control.evaluate("e => e.tagName") == "BUTTON":  # that starts again, again
                lesson.page.wait_for_timeout(50)
            else:
                lesson.page.wait_for_function(CHANGED, arg=[box, after])
        assert len(pictures) > 1


def key(control) -> str:
    """What moves a control, a slider as far as it goes."""
    if control.get_attribute("type") == "range":
        return "End" if control.input_value() != control.get_attribute("max") else "Home"
    if control.evaluate("e => e.tagName") == "SELECT":
        last = control.evaluate("e => e.selectedIndex === e.length - 1")
        return "ArrowUp" if last else "ArrowDown"
    return "Space"
