"""What every lesson must be as a lecture, and the minutes it says it takes.

A slide begins at a cell of slide_type "slide" or "subslide"; "fragment" and "-" cells stand on
it, "skip" and "notes" cells do not. Every section `## 1 · Title` says in its first cell's second
paragraph whether it is core and what it takes:

    *Core · 12 min alone, 8 in a lecture*       *Optional · 10 min alone, 5 in a lecture*

and the lesson's head sums them: `**Time.** 110 minutes alone; in a lecture 50 (core) or 85 (all).`

What the lecturer says stands in "notes" cells, three to eight a section, whose minutes are the
section's in a lecture:

    <details><summary>For the lecturer · 2 min</summary> … </details>

A question's slide has one with its **Usual answer:** and what to **Ask back:**.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from test_notebooks import count_words

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
NOTE = re.compile(
    r"<details><summary>For the lecturer · (\d+) min</summary>\n\n(.+)\n\n</details>\s*", re.DOTALL
)
QUESTION = re.compile(r"lesson\.(?:predict|poll)_\w+\(")
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


def sections(notebook) -> Iterator[list]:
    """The cells of every numbered section."""
    section: list | None = None
    for cell in notebook.cells:
        if is_text(cell) and re.match("## ", cell.source):
            if section:
                yield section
            section = [] if SECTION.match(cell.source) else None
        if section is not None:
            section.append(cell)
    if section:
        yield section


def notes(notebook) -> Iterator[str]:
    """Each section has three to eight notes of at most 90 words, which fill its minutes."""
    for section in sections(notebook):
        title = section[0].source.splitlines()[0]
        own = [cell for cell in section if kind(cell) == "notes"]
        if not 3 <= len(own) <= 8:
            yield f"a section has three to eight notes, {title!r} has {len(own)}"
        found = [NOTE.fullmatch(cell.source) for cell in own]
        for cell, note in zip(own, found, strict=True):
            if not note:
                yield f"a note begins '<details><summary>For the lecturer · 2 min', not {cell.source[:60]!r}"
            elif (length := count_words(note[2])) > 90:
                yield f"a note has {length} words, 90 at most: {note[2][:60]!r}"
        said = MINUTES.search(section[0].source)
        total = sum(int(note[1]) for note in found if note)
        if said and own and total != int(said[3]):
            yield f"the notes of {title!r} take {total} minutes in a lecture, its head says {said[3]}"


def questions(notebook) -> Iterator[str]:
    """A question's slide says what is usually answered, and what to ask back."""
    for section in sections(notebook):
        slide: list = []
        for cell in [*section, None]:
            if cell is None or kind(cell) in ("slide", "subslide"):
                asked = [
                    name for c in slide if not is_text(c) for name in QUESTION.findall(c.source)
                ]
                said = [c.source for c in slide if kind(c) == "notes"]
                met = [min(s.count("**Usual answer:**"), s.count("**Ask back:**")) for s in said]
                if sum(met) < len(asked):
                    yield f"no note with **Usual answer:** and **Ask back:** beside {asked}"
                slide = []
            slide.append(cell)


RULES = [bare, silent, late, shown_in_vain, minutes, notes, questions]


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


def note(minutes: int, words: str = "Say it."):
    source = (
        f"<details><summary>For the lecturer · {minutes} min</summary>\n\n{words}\n\n</details>"
    )
    return text(source, "notes")


NOTES = [note(3), note(3), note(2, "**Usual answer:** A.\n\n**Ask back:** Why?")]
SHOW, ASK, SUMMARY = (
    code("lesson.plot_it()"),
    code("lesson.poll_it()"),
    text("## Summary\n\nIt is so."),
)
GOOD = [HEAD, FIRST, SHOW, ASK, *NOTES, SUMMARY]


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
        (notes, [HEAD, FIRST, SHOW, *NOTES[:2]], "three to eight notes, '## 1 · One' has 2"),
        (notes, [HEAD, FIRST, SHOW, *(9 * [NOTES[0]])], "three to eight notes, '## 1 · One' has 9"),
        (
            notes,
            [HEAD, FIRST, SHOW, note(1), *NOTES],
            "take 9 minutes in a lecture, its head says 8",
        ),
        (notes, [HEAD, FIRST, text("Say it.", "notes"), *NOTES], "not 'Say it.'"),
        (notes, [HEAD, FIRST, note(3, 91 * "so "), *NOTES[1:]], "91 words, 90 at most"),
        (questions, [HEAD, FIRST, ASK, note(8), SUMMARY], "beside ['lesson.poll_it(']"),
        (questions, [HEAD, FIRST, ASK, SHOW, NOTES[2]], "beside ['lesson.poll_it(']"),
    ],
)
def test_a_bad_lecture_fails(rule, cells, message):
    assert message in "\n".join(rule(nbformat.from_dict({"cells": cells})))
