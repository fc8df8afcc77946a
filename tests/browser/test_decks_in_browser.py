"""The decks in a browser, from their folder: every slide, every answer, the keys.

make slides, then make test-browser. One lesson: pytest tests/browser/test_decks_in_browser.py -k 02_
"""

from pathlib import Path
from types import SimpleNamespace

import pytest

chromium = pytest.importorskip("chromium")  # where there is none, this file is skipped

DECKS = Path(__file__).parents[2] / "build" / "slides"
LESSONS = sorted(DECKS.glob("*.html"))
SMALLEST = 21.3  # pixels: 16 points
SIZES = """slide => {
  const [small, texts] = [[], document.createTreeWalker(slide, NodeFilter.SHOW_TEXT)];
  while (texts.nextNode()) {
    const { textContent, parentElement: of } = texts.currentNode;
    if (!textContent.trim() || !of.checkVisibility()) continue;
    if (of.closest("mjx-container, script, style, .notes, .ladder-said")) continue;
    if (parseFloat(getComputedStyle(of).fontSize) < SMALLEST) small.push(textContent.trim());
  }
  for (const it of slide.querySelectorAll(".output img"))  // at its own size its texts have 22 pixels
    if (it.checkVisibility() && it.offsetWidth < 0.96 * it.naturalWidth) small.push(it.alt);
  return small;
}""".replace("SMALLEST", str(SMALLEST))
# A stop that begins a line, away from its formula.
STRAY = r"""slide => [...slide.querySelectorAll("mjx-container:not([display])")].flatMap((formula) => {
  const [after, range] = [formula.nextSibling, document.createRange()];
  if (!/^[-.,:;?!)'’]/.test(after?.data) || !formula.checkVisibility()) return [];
  range.setStart(after, 0), range.setEnd(after, 1);
  const [stop, last] = [range, [...formula.querySelectorAll("svg")].at(-1)]
    .map((it) => it.getBoundingClientRect());
  return stop.left < last.left ? [formula.textContent + after.data.slice(0, 20)] : [];
})"""

if not LESSONS:
    pytest.skip("there are no decks yet: make slides", allow_module_level=True)


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def deck(browser, request):
    """A deck on its first slide, and what it complained of and asked for."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    seen = SimpleNamespace(page=page, errors=[], requests=[])
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda m: m.type in ("error", "warning") and seen.errors.append(m.text))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.goto(request.param.as_uri())
    page.evaluate("MathJax.startup.promise")
    page.wait_for_function("Reveal.isReady()")
    yield seen
    page.close()


def turn_to(page, number: int) -> None:
    """Show a slide with all its fragments."""
    page.evaluate(
        """number => {
          const { h, v } = Reveal.getIndices(Reveal.getSlides()[number]);
          Reveal.slide(h, v ?? 0);
          while (Reveal.availableFragments().next) Reveal.nextFragment();
        }""",
        number,
    )


def place(page) -> list:
    """Which slide is shown, and which of its fragments."""
    return page.evaluate("(({ h, v, f }) => [h, v, f])(Reveal.getIndices())")


def problems(page) -> list[str]:
    """What of the slide shown is out of sight, or too small."""
    slide = page.evaluate_handle("Reveal.getCurrentSlide()")
    over = page.evaluate("slide => slide.querySelector('.cells').scrollHeight", slide) - 720
    wide = page.evaluate("slide => slide.querySelector('.cells').scrollWidth", slide) - 1280
    found = [f"{over} pixels too high"] if over > 0 else []
    found += [f"{wide} pixels too wide"] if wide > 0 else []
    found += [f"a line begins {text!r}" for text in page.evaluate(STRAY, slide)]
    return found + [f"under 16 points: {text[:40]!r}" for text in page.evaluate(SIZES, slide)]


def test_every_slide_fits_and_can_be_read_and_so_do_verdicts_and_demonstrations(deck):
    page, found = deck.page, []
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        turn_to(page, number)
        found += [f"slide {number + 1}: {problem}" for problem in problems(page)]
        for poll in page.locator("section.present section.present .ladder-poll").all():
            poll.locator(".ladder-options button").first.click()
            found += [f"slide {number + 1}, answered: {problem}" for problem in problems(page)]
            if demo := poll.locator(".ladder-demo").all():
                page.keyboard.press("Space")
                assert demo[0].is_visible(), f"slide {number + 1}: no demonstration"
                found += [f"slide {number + 1}, demonstration: {p}" for p in problems(page)]
    assert found == []


def test_it_is_silent_and_asks_for_nothing_outside_its_folder(deck):
    assert deck.errors == []
    assert chromium.outside(deck.requests, DECKS) == []


def test_formulas_are_typeset(deck):
    assert deck.page.locator("mjx-merror, [data-mjx-error]").count() == 0
    left = "slides => (slides.textContent.match(/\\\\(frac|mathcal|sigma|log)\\b|\\$\\$/g) ?? [])"
    assert deck.page.locator(".slides").evaluate(left) == []


def test_a_slider_moves_by_keyboard_and_does_not_turn_its_slide(deck):
    page = deck.page
    explorers = page.locator(".ladder-explorer:has(input[type=range])").all()
    assert explorers
    for explorer in explorers:
        number = explorer.evaluate("it => Reveal.getSlides().indexOf(it.closest('section'))")
        turn_to(page, number)
        for options in page.locator("section.present section.present .ladder-options").all():
            if options.is_visible():
                options.locator("button").first.click()
        turn_to(page, number)  # with its demonstration
        for slider in explorer.locator("input[type=range]").all():
            here, before = place(page), slider.input_value()
            key = "ArrowLeft" if before == slider.get_attribute("max") else "ArrowRight"
            slider.focus()
            page.keyboard.press(key)
            assert slider.input_value() != before and place(page) == here
            page.keyboard.press("PageDown")
            assert place(page) != here or number == page.evaluate("Reveal.getTotalSlides()") - 1
            turn_to(page, number)


def test_an_answer_keeps_the_focus_and_space_goes_on(deck):
    page = deck.page
    poll = page.locator(".ladder-poll").first
    turn_to(page, poll.evaluate("it => Reveal.getSlides().indexOf(it.closest('section'))"))
    again, options = poll.locator(".ladder-again"), poll.locator(".ladder-options button")
    if again.is_visible():
        again.click()
    here = place(page)
    page.evaluate("document.activeElement.blur()")
    options.first.focus()
    page.keyboard.press("Tab")  # to the second
    page.keyboard.press("Enter")
    assert place(page) == here
    assert again.evaluate("button => button === document.activeElement")
    page.keyboard.press("Space")  # reached by keyboard, it presses
    assert place(page) == here and options.first.is_visible()
    options.first.click()
    page.keyboard.press("Space")  # after the mouse, it goes on
    assert place(page) != here


def test_its_notes_are_a_key_away(deck):
    page = deck.page
    noted = page.locator("section:has(> aside.notes)")
    if not noted.count():
        pytest.skip("this lesson has no notes")
    turn_to(page, noted.first.evaluate("it => Reveal.getSlides().indexOf(it)"))
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    assert " min" in page.locator(".speaker-notes").inner_text()
    page.keyboard.press("n")
    assert page.locator(".speaker-notes").is_hidden()
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    popup.value.wait_for_function(
        "document.querySelector('.speaker-controls-notes .value').textContent.includes(' min')"
    )
    assert popup.value.locator("mjx-assistive-mml").count() == 0  # a formula once
    popup.value.close()
