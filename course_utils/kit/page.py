"""Explorers and polls in a page that no kernel answers: HTML for page.js and page.css beside it.

The page is being made where the environment variable EVIDENCE_LADDER_BOOK names a folder: there
go the explorers' films, one file each, named by what it holds.
"""

import hashlib
import html
import json
import os
from pathlib import Path
from typing import Any

from course_utils.kit.dial import Dial
from course_utils.kit.figure import img, png
from course_utils.kit.film import film

__all__ = ["explorer", "folder", "poll"]


def folder() -> Path | None:
    """Where films go while a page is being made; else None."""
    name = os.environ.get("EVIDENCE_LADDER_BOOK")
    return Path(name) if name else None


def explorer(thing: Any) -> str:
    """The explorer as HTML; its film is written into the folder."""
    turned, taken = film(thing)
    shot = json.dumps(taken, ensure_ascii=False, separators=(",", ":"))
    name = hashlib.sha256(shot.encode()).hexdigest()[:16]
    path = (folder() or Path()) / f"{name}.js"
    path.write_text(f'ladderFilm("{name}",{shot});\n', "utf-8")
    pixels, alt = thing.pixels()
    return (
        f'<div class="ladder-explorer" data-film="{name}">{"".join(map(_dial, turned))}'
        f'<div class="ladder-picture">{img(png(pixels), alt, pixels.shape[1])}</div>'
        '<p class="ladder-said" aria-live="polite"></p></div>'
    )


def poll(question: str, answers: list[tuple[str, str]], demo: str = "") -> str:
    """A question as HTML. answers: an option's text, and the verdict (HTML) on choosing it.

    demo: HTML that stays closed until an answer is given.
    """
    buttons = "".join(
        f'<button type="button">{html.escape(text)}</button><template>{verdict}</template>'
        for text, verdict in answers
    )
    gate = f'<div class="ladder-demo" hidden>{demo}</div>' if demo else ""
    said = html.escape(question)
    return (
        f'<div class="ladder-poll"><p><b>{said}</b></p>'
        f'<div class="ladder-options" role="group" aria-label="{said}">{buttons}</div>'
        '<div class="ladder-verdict" role="status"></div>'
        f'<button type="button" class="ladder-again" hidden>↺ ask me again</button>{gate}</div>'
    )


def _dial(dial: Dial) -> str:
    label = html.escape(dial.label)
    if dial.kind == "buttons":
        presses = "".join(
            f'<button type="button" data-letter="{letter}">{html.escape(text)}</button>'
            for letter, text in (dial.letters or {}).items()
        )
        body = (
            f'<div role="group" aria-label="{label}" data-dial="buttons" data-words="'
            f'{html.escape(json.dumps(dial.values))}">{presses}'
            '<button type="button" data-letter="">↺ start again</button></div>'
        )
    elif dial.kind == "range":
        texts = html.escape(json.dumps(dial.texts, ensure_ascii=False))
        now = html.escape(dial.texts[dial.start])
        body = (
            f'<label><span>{label}</span><input type="range" data-dial="range" min="0" '
            f'max="{len(dial.values) - 1}" step="1" value="{dial.start}" autocomplete="off" '
            f'aria-valuetext="{now}" data-texts="{texts}"></label>'
            f'<span class="ladder-readout" aria-hidden="true">{now}</span>'
        )
    elif dial.kind == "checkbox":
        checked = " checked" if dial.start else ""
        body = (
            f'<label><input type="checkbox" data-dial="checkbox" autocomplete="off"{checked}>'
            f"<span>{label}</span></label>"
        )
    else:
        options = "".join(
            f"<option{' selected' if place == dial.start else ''}>{html.escape(text)}</option>"
            for place, text in enumerate(dial.texts)
        )
        body = (
            f'<label><span>{label}</span><select data-dial="select" autocomplete="off">'
            f"{options}</select></label>"
        )
    return f'<div class="ladder-dial">{body}</div>'
