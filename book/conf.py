"""Sphinx's settings for the book."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "book")]

import api  # noqa: E402

# A formula in a line, and what may not be parted from it.
FORMULA = re.compile(r'\(?<span class="math[^>]*>\\\([^<]*</span>[.,;:!?)’”]*')

project = "The Evidence Ladder"
author = copyright = "The Evidence Ladder"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["README.md"]
suppress_warnings = ["mystnb.unknown_mime_type"]

nb_execution_mode = "off"  # they are executed: see execute.py
nb_merge_streams = True  # lines printed one after another are one output
highlight_language = "none"  # what names no language is none: shell, tables of docstrings
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_dmath_double_inline = True
myst_heading_anchors = 4
myst_update_mathjax = False
# Formulas stand in "math" elements, and between dollars in what a cell shows (hints).
mathjax_path = "mathjax.js"  # one file, glyphs and all: see pages.py
mathjax3_config = {
    "tex": {"inlineMath": [["\\(", "\\)"], ["$", "$"]]},
    "options": {"ignoreHtmlClass": "document", "processHtmlClass": "math|cell_output"},
}

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
add_module_names = False

html_theme = "furo"
html_title = project
html_static_path = [str(ROOT / "build" / "book" / "static")]
html_css_files = ["page.css", "book.css"]
html_js_files = [("page.js", {"defer": "defer"})]
html_copy_source = False
html_show_sphinx = False


def setup(app) -> None:
    """What no setting does."""
    app.connect("autodoc-process-docstring", plain)
    app.connect("html-page-context", reachable, priority=900)  # after the theme


def plain(app, what, name, obj, options, lines) -> None:
    """Keep Sphinx from reading markup into a docstring."""
    lines[:] = api.docstring(lines)


def reachable(app, pagename, templatename, context, doctree) -> None:
    """Say the level of the contents' captions, let the keyboard scroll what is wide, and keep a
    formula on the line of its comma.
    """
    for part in ("furo_navigation_tree", "body"):
        text = context.get(part) or ""
        text = text.replace('role="heading"', 'role="heading" aria-level="2"')
        text = text.replace('class="table-wrapper ', 'tabindex="0" class="table-wrapper ')
        context[part] = FORMULA.sub(r'<span class="unbroken">\g<0></span>', text)
