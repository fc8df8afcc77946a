"""No symbol has two meanings within a lesson, and none another than the table of notation's.

Read are a lesson's notation line and the places where its text says what a letter is: "$M = ...$"
between words. A letter that the line declares may take values and special cases. Any other is the
lesson's own: it may be introduced ("Let $a = ...$ and $b = ...$") as one thing only, and it may not
be a letter to which notation.md gives a meaning.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from test_notebooks import NOTEBOOKS, Lesson, notation_table

LETTER = r"\\?[A-Za-z]+|\\math\w+\{[A-Z]\}"
SYMBOL = rf"(?:{LETTER})(?:_(?:\w|\\\w+|\{{[^}}]*\}}))?"
SAID = re.compile(rf"(?i)(\w+|\S) +\$ *({SYMBOL}) *= *([^$]+)\$")
VALUE = re.compile(r"[-+\d.\s]*(?:\\(?:pm|frac|tfrac)[-\d.\s]*)?,?\.?")  # a number: no meaning
PLACES = {"at", "near", "to", "from", "if", "until"}  # "at $h = ...$" says where, not what
INTRODUCES = {"let", "write", "with", "call", "where"}


def declared(lesson: Lesson) -> list[tuple[str, str]]:
    """Every letter of the notation line with its meaning; "$w, u, b$" are three letters."""
    [line] = re.findall(r"(?m)^\*\*Notation\.\*\*(.*)$", "\n".join(sources(lesson)))
    entries = re.findall(r"\$([^$]+)\$ ((?:[^;$]|\$[^$]*\$)+)", line)
    return [(one, meaning) for many, meaning in entries for one in re.split(r",\s*", many)]


def sources(lesson: Lesson) -> list[str]:
    return [source for _, source in lesson.sources("markdown")]


def definitions(lesson: Lesson) -> Iterator[tuple[str, str, bool]]:
    """(symbol, what it is, whether it is introduced here) wherever the text says so."""
    for source in sources(lesson):
        introduces, end = False, -1
        for said in SAID.finditer(source):
            word, symbol, formula = said.groups()
            chained = word in ("and", ",") and not source[end : said.start()].strip()
            introduces, end = word.lower() in INTRODUCES or (chained and introduces), said.end()
            if word.lower() not in PLACES and not VALUE.fullmatch(formula):
                yield symbol, " ".join(formula.split()), introduces


def table() -> dict[str, list[str]]:
    """notation.md's meanings, letter by letter."""
    meanings = defaultdict(list)
    for many, meaning in notation_table().items():
        for one in re.split(r",\s*", many):
            meanings[one].append(meaning)
    return meanings


def doubles(lesson: Lesson) -> Iterator[str]:
    line, own, elsewhere = defaultdict(list), defaultdict(set), table()
    for symbol, meaning in declared(lesson):
        line[symbol].append(meaning)
        if len(line[symbol]) > 1:
            yield f"${symbol}$ is declared as {' and as '.join(line[symbol])}"
    for symbol, formula, introduced in definitions(lesson):
        if symbol in line:
            continue
        if symbol in elsewhere:
            meanings = " or ".join(elsewhere[symbol])
            yield f"${symbol}$ is {formula}, in notation.md {meanings}: declare or rename it"
        if introduced:
            own[symbol].add(formula)
    for symbol, formulas in own.items():
        if len(formulas) > 1:
            yield f"${symbol}$ is introduced as {' and as '.join(sorted(formulas))}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_symbol_has_two_meanings(path):
    assert not list(doubles(Lesson.read(path)))


LINE = (
    "**Notation.** $N$ data points; $M$ the matrix $\\sigma^2 I + W^\\top W$; $w, u, b$ parameters"
)


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        (["With $M = W^\\top W$.", "Take $N = 3$, and at $h = 2c$ let $a = 2$."], ""),
        (["Let $a = A v$.", "Then $a = 0.5$, and so $a = B v$."], ""),
        ([LINE[:-1] + "; $N$ noise"], "$N$ is declared as"),
        ([LINE[:-1] + "; $b$ baseline"], "$b$ is declared as"),
        (
            ["Write $\\rho = \\sigma^2/\\lambda$."],
            "$\\rho$ is \\sigma^2/\\lambda, in notation.md correlation",
        ),
        (
            ["the others, $R = \\sum_d z_d^2$"],
            "$R$ is \\sum_d z_d^2, in notation.md orthogonal matrix",
        ),
        (
            ["Let $c = A v$.", "With $a = 2 v$ and $c = B v$ …"],
            "$c$ is introduced as A v and as B v",
        ),
    ],
)
def test_a_planted_double_is_found(texts, fault):
    texts = texts if texts[0].startswith("**") else [LINE, *texts]
    lesson = Lesson("99", new_notebook(cells=[new_markdown_cell(text) for text in texts]))
    found = list(doubles(lesson))
    assert len(found) == bool(fault) and all(fault in one for one in found), found


def test_the_table_gives_one_meaning_a_row():
    rows = notation_table()
    assert not [symbol for symbol, meaning in rows.items() if ", or " in meaning]
