"""A lecture in a browser: it begins by itself, and its keys know what they stand on.

make test-browser, or pytest tests/browser/test_lecture_in_browser.py
"""

import shutil

import pytest
from test_classroom import NUMBER, ROOT, serve

pytest.importorskip("chromium")  # where there is none, this file is skipped

MINUTES_5 = 5 * 60_000  # in milliseconds: for a machine that does other things too
SHOWN = ".reveal .slides > section.present > section.present "
# Which slide is shown, and which of its fragments.
PLACE = "(({ h, v, f }) => [h, v, f])(Reveal.getIndices())"


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """The lecture on its first slide, which it shows by itself."""
    folder = tmp_path_factory.mktemp("lecture")
    for name in ("classroom", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    with serve(folder, "lecture", NUMBER, root=folder) as server:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(60_000)
        page.goto(server.url)
        page.wait_for_selector("body.rise-enabled", timeout=MINUTES_5)
        page.wait_for_function("window.Reveal?.isReady()")
        yield page
        page.close()


def turn_to(page, box) -> None:
    """The slide of a box, with its fragments."""
    box.evaluate(
        """it => {
          const { h, v } = Reveal.getIndices(it.closest('.slides > section > section'));
          Reveal.slide(h, v ?? 0);
          while (Reveal.availableFragments().next) Reveal.nextFragment();
        }"""
    )


def test_it_begins_at_the_first_slide_with_all_cells_run(page):
    assert page.evaluate(PLACE)[:2] == [0, 0]
    assert page.locator(SHOWN + "h1").is_visible()
    assert page.locator(".cell.running, .output_error, .output_stderr").count() == 0
    assert page.locator(".ladder-option").count() and page.locator(".widget-slider").count()


def test_an_answer_opens_its_demo_keeps_the_focus_and_space_goes_on(page):
    poll = page.locator(".widget-vbox:has(> .widget-vbox > .ladder-option)").first
    turn_to(page, poll)
    here, options = page.evaluate(PLACE), poll.locator(".ladder-option")
    page.evaluate("document.activeElement.blur()")
    options.first.focus()
    page.keyboard.press("Tab")  # to the second
    page.keyboard.press("Enter")
    options.first.wait_for(state="hidden")
    page.wait_for_function("document.activeElement.matches('.widget-button')")
    assert page.evaluate(PLACE) == here
    page.keyboard.press("Space")  # reached by keyboard, it presses: the question again
    options.first.wait_for(state="visible")
    assert page.evaluate(PLACE) == here
    options.first.click()
    options.first.wait_for(state="hidden")
    page.keyboard.press("Space")  # after the mouse, it goes on
    assert page.evaluate(PLACE) != here


def test_a_slider_moves_by_keyboard_and_does_not_turn_its_slide(page):
    sliders = page.locator(".reveal .widget-slider").all()
    assert sliders
    for slider in sliders:
        turn_to(page, slider)
        for option in page.locator(SHOWN + ".ladder-option:first-child").all():
            if option.is_visible():
                option.click()  # and the demonstration opens
        handle = slider.locator(".noUi-handle")
        handle.wait_for()
        here, before = page.evaluate(PLACE), float(handle.get_attribute("aria-valuenow"))
        top = float(handle.get_attribute("aria-valuemax"))
        handle.focus()
        page.keyboard.press("ArrowLeft" if before == top else "ArrowRight")
        assert float(handle.get_attribute("aria-valuenow")) != before
        assert page.evaluate(PLACE) == here
        page.keyboard.press("PageDown")
        assert page.evaluate(PLACE) != here
