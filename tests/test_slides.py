"""What every lesson must be as a lecture, and the minutes it says it takes.

A slide begins at a cell of slide_type "slide" or "subslide"; "fragment" and "-" cells stand on
it, "skip" and "notes" cells do not. Every section `## 1 · Title` says in its first cell's second
paragraph whether it is core and what it takes:

    *Core · 12 min alone, 8 in a lecture*       *Optional · 10 min alone, 5 in a lecture*

and the lesson's head sums them: `**Time.** 110 minutes alone; in a lecture 50 (core) or 85 (all).`
"""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SECTION = re.compile(r"## \d+ · ")
SHOWN = re.compile(
    r"lesson\.(plot|explore|predict|poll|recall|draw|show|watch)\w*\(|plot_ladder\(|figure\("
)
MINUTES = re.compile(r"\*(Core|Optional) · (\d+) min alone, (\d+) in a lecture\*")
TIME = re.compile(
    r"\*\*Time\.\*\* (\d+) minutes alone; in a lecture (\d+)(?: \(core\) or (\d+) \(all\))?\."
)
OWN, OPENING = 10, 5  # minutes for recall, summary and ladder: alone, in a lecture


def kind(cell) -> str:
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def slides_of(notebook) -> list[list]:
    """The cells of every slide."""
    slides: list[list] = []
    for cell in notebook.cells:
        if kind(cell) in ("slide", "subslide"):
            slides.append([cell])
        elif kind(cell) in ("fragment", "-"):
            slides[-1].append(cell)
    return slides


def is_text(cell) -> bool:
    return cell.cell_type == "markdown"


def without_folds(cell) -> str:
    return re.sub(r"(?s)<details>.*?</details>", "", cell.source).strip()


def is_seen(cell) -> bool:
    """Whether it shows a picture, a question or an exercise."""
    if is_text(cell):
        return "![" in cell.source
    return bool(SHOWN.search(cell.source))


def bare(notebook) -> Iterator[str]:
    for slide in slides_of(notebook):
        texts = [without_folds(cell) for cell in slide if is_text(cell)]
        if len(texts) < len(slide):
            continue  # code stands on it too
        lines = [line for text in texts for line in text.splitlines() if line.strip()]
        if not any("<details>" in cell.source for cell in slide):
            if all(line.startswith("#") for line in lines):
                yield f"a slide is nothing but the title {lines}"
        elif not lines:
            yield f"a slide is nothing but a fold: {slide[0].source[:60]!r}"


def silent(notebook) -> Iterator[str]:
    """Slides of code alone: one may check claims, none may show nothing, two may not follow."""
    run = 0
    for slide in slides_of(notebook):
        said = any(is_text(cell) or is_seen(cell) or "check(" in cell.source for cell in slide)
        run = 0 if said else run + 1
        source = slide[0].source[:60]
        if run and not any(re.search(r"\b(claim|show)\(", cell.source) for cell in slide):
            yield f"a slide of code shows nothing: {source!r}"
        elif run > 1:
            yield f"two slides of code and claims follow each other: {source!r}"


def late(notebook) -> Iterator[str]:
    """A section's first picture comes within five presses of a key, or it has fewer slides."""
    title, presses, seen = "", 0, True
    for cell in [*notebook.cells, None]:
        if cell is None or (is_text(cell) and re.match("## ", cell.source)):
            title, presses, seen = cell.source.splitlines()[0] if cell else "", 0, False
            seen = not SECTION.match(title)
        elif kind(cell) in ("slide", "subslide", "fragment"):
            presses += 1
        if not seen and cell is not None and kind(cell) not in ("skip", "notes"):
            seen = is_seen(cell)
            if presses > 5 and not seen:
                yield f"no picture within five presses of a key: {title}"
                seen = True


def shown_in_vain(notebook) -> Iterator[str]:
    for cell in notebook.cells:
        text = is_text(cell) and re.search(r"\*\*Notation\.\*\*|#+ Further reading", cell.source)
        if text and kind(cell) != "skip":
            yield f"not for a slide: {text[0]}"


def minutes(notebook) -> Iterator[str]:
    head = "\n\n".join(cell.source for cell in notebook.cells[:3])
    time = TIME.search(head)
    if not time:
        yield "the line '**Time.** 110 minutes alone; in a lecture 50 (core) or 85 (all).' is missing"
        return
    alone, core, everything = OWN, OPENING, OPENING
    for cell in notebook.cells:
        if is_text(cell) and SECTION.match(cell.source):
            found = MINUTES.match(([*cell.source.split("\n\n"), ""])[1])
            if not found:
                yield f"its minutes are missing below {cell.source.splitlines()[0]!r}"
                continue
            alone, everything = alone + int(found[2]), everything + int(found[3])
            core += int(found[3]) if found[1] == "Core" else 0
    said = int(time[1]), int(time[2]), int(time[3] or time[2])
    if said != (alone, core, everything):
        yield f"the sections take {alone}, {core} and {everything} minutes, the head says {said}"
    lecture = f"{core} or {everything}" if everything > core else f"{core}"
    if f"| {alone} min | {lecture} min |" not in README:
        yield f"README's table lacks '{alone} min | {lecture} min'"
    if core > 50 or everything > 90:
        yield f"a lecture has 50 or 90 minutes, this one {core} and {everything}"


RULES = [bare, silent, late, shown_in_vain, minutes]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_lecture(path, rule):
    if problems := list(rule(nbformat.read(path, as_version=4))):
        pytest.fail("\n".join(problems), pytrace=False)


def text(source: str, slide: str = "slide"):
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide}})


def code(source: str, slide: str = "subslide"):
    return new_code_cell(source, metadata={"slideshow": {"slide_type": slide}})


HEAD = text("# Why?\n\n**Time.** 22 minutes alone; in a lecture 13.")
FIRST = text("## 1 · One\n\n*Core · 12 min alone, 8 in a lecture*\n\nA text.")
LONG = text("## 1 · One\n\n*Core · 12 min alone, 60 in a lecture*\n\nA text.")
GOOD = [HEAD, FIRST, code("lesson.plot_it()"), text("## Summary\n\nIt is so.")]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_lecture_passes(rule, monkeypatch):
    monkeypatch.setattr("test_slides.README", "| 22 min | 13 min |")
    assert list(rule(nbformat.from_dict({"cells": GOOD}))) == []


@pytest.mark.parametrize(
    ("rule", "cells", "message"),
    [
        (bare, [*GOOD, text("### Only a title")], "nothing but the title"),
        (bare, [*GOOD, text("<details>\nWhy\n</details>")], "nothing but a fold"),
        (silent, [*GOOD, code("x = 1")], "shows nothing"),
        (silent, [*GOOD, code("claim(1)"), code("claim(2)")], "follow each other"),
        (late, [HEAD, FIRST, *(6 * [text("Text.")]), GOOD[2]], "five presses of a key: ## 1 · One"),
        (shown_in_vain, [*GOOD, text("**Notation.** $N$ data points")], "not for a slide"),
        (shown_in_vain, [*GOOD, text("### Further reading\n\nA book.")], "not for a slide"),
        (minutes, [text("# Why?"), FIRST], "is missing"),
        (minutes, [HEAD, text("## 1 · One\n\nA text.")], "its minutes are missing below"),
        (minutes, [HEAD, FIRST, FIRST], "take 34, 21 and 21 minutes"),
        (minutes, [HEAD, FIRST], "README's table lacks '22 min | 13 min'"),
        (minutes, [HEAD, LONG], "a lecture has 50 or 90 minutes"),
    ],
)
def test_a_bad_lecture_fails(rule, cells, message):
    assert message in "\n".join(rule(nbformat.from_dict({"cells": cells})))
