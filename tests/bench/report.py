"""The table: as text, as JSON, as a page and, by picture.py, as a figure."""

import json
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from math import floor, log10
from pathlib import Path
from typing import Any

from pace import slowness

from bench.rounds import Growth, Measure, Race, Row

__all__ = ["machine", "misses", "nearness", "page", "tables", "text", "write"]

DOCS = Path(__file__).parents[2] / "docs"
PEERS = ("torch", "numpy", "scikit-learn", "zuko", "pyro-ppl", "normflows", "sbi")
BEGIN, END = "<!-- written by make bench: begin -->", "<!-- end -->"
ROUNDING = 1e-6  # errors below it are of arithmetic, not of a method


def machine() -> dict[str, str]:
    """What it ran on."""
    cpu = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists() and (
        found := re.search(r"model name\s*: (.*)", info.read_text())
    ):
        cpu = found[1]
    versions = {}
    for name in PEERS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "date": date.today().isoformat(),
        "processor": f"{cpu}, {os.cpu_count()} cores, of which one thread is used",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "pace": f"{slowness():.2g} CPU seconds for what takes one on an idle core (tests/pace.py)",
        **versions,
    }


def nearness(row: Race) -> str:
    """Of ours to the truth, beside the rival."""
    if row.their_error is None:
        return ""
    ours, theirs = abs(row.error), abs(row.their_error)
    if max(ours, theirs) < ROUNDING or (ours <= 1.1 * theirs and theirs <= 1.1 * ours):
        return "as near"
    return "nearer" if ours < theirs else "further"


def speed(row: Race) -> str:
    """Whether the goal is met; without one, who is faster."""
    if row.ratio is None or row.goal is None:
        return ""
    return "met" if row.ratio <= row.goal else "missed"


def misses(rows: Sequence[Row]) -> list[str]:
    """Where ours is slower, misses its goal or is further from the truth."""
    said = []
    for row in rows:
        if isinstance(row, Race) and row.ratio is not None:
            if row.goal is not None and row.ratio > row.goal:
                slower = "slower than" if row.ratio > 1 else "short of its goal beside"
                said.append(f"{row.task}: {slower} {row.rival}, {ratio(row)}, goal {row.goal:g}")
            if nearness(row) == "further":
                their = error(row.their_error)
                said.append(
                    f"{row.task}: further from the truth than {row.rival}, "
                    f"{error(row.error)} beside {their} ({row.truth})"
                )
        if (
            isinstance(row, Measure)
            and None not in (row.limit, row.value)
            and row.value > row.limit
        ):
            said.append(f"{row.task}: {row.value:.1f} {row.unit}, limit {row.limit:g}")
    return said


def duration(seconds: float | None) -> str:
    """Three digits and a unit."""
    if seconds is None:
        return "not installed"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{three(seconds / size)} {unit}"
    return f"{three(seconds / 1e-6)} µs"


def three(value: float) -> str:
    """Three digits of a number of ordinary size."""
    return f"{value:.{max(0, 2 - floor(log10(abs(value))))}f}" if value else "0"


def error(value: float | None) -> str:
    """Three digits; below the last digits of arithmetic, that."""
    if value is None:
        return ""
    return f"{value:.3g}" if abs(value) > 1e-12 else "< 1e-12"


def ratio(row: Race) -> str:
    """The median and, in brackets, the quartiles."""
    if row.ratio is None or row.quartiles is None:
        return ""
    low, high = row.quartiles
    return f"{row.ratio:.3g} [{low:.3g}, {high:.3g}]"


def tables(rows: Sequence[Row]) -> list[tuple[str, list[list[str]]]]:
    """Titles, and rows of cells whose first is the head, kind by kind."""
    races = [row for row in rows if isinstance(row, Race)]
    growths = [row for row in rows if isinstance(row, Growth)]
    measures = [row for row in rows if isinstance(row, Measure)]
    found: list[tuple[str, list[list[str]]]] = []
    for (task, truth), group in groupby(races, lambda row: (row.task, row.truth)):
        head = ["beside", "ours", "theirs", "ratio", "goal", "", "our error", "their error", ""]
        cells = [
            [
                row.rival,
                duration(row.seconds),
                duration(row.their_seconds),
                ratio(row),
                f"{row.goal:g}" if row.goal else "",
                speed(row),
                error(row.error),
                error(row.their_error),
                nearness(row),
            ]
            for row in group
        ]
        rounds = next(row.rounds for row in races if row.task == task)
        found.append((f"{task} (error: {truth}; rounds: {rounds})", [head, *cells]))
    if growths:
        found.append(("Growth: slope of log time in log size", [GROWTH, *map(slopes, growths)]))
    if measures:
        found.append(("Alone", [["", "median", "quartiles", "limit", ""], *map(alone, measures)]))
    return found


GROWTH = ["task", "with", "from", "to", "ours", "slope", "theirs", "slope"]


def slopes(row: Growth) -> list[str]:
    """A line of the table of growth: seconds at the largest size, and slopes."""
    cells = [row.task, row.size, str(row.sizes[0]), str(row.sizes[-1])]
    for name, slope in row.slopes.items():
        cells += [duration(row.seconds[name][-1]), f"{slope:.2f}"]
    return cells + [""] * (len(GROWTH) - len(cells))


def alone(row: Measure) -> list[str]:
    """A line of the table of what has no rival."""
    if row.value is None:
        return [row.task, "not installed", "", "", ""]
    spread = f"[{', '.join(map(three, row.quartiles))}]" if row.quartiles else ""
    limit = "" if row.limit is None else f"{row.limit:g}"
    verdict = "" if row.limit is None else ("met" if row.value <= row.limit else "missed")
    return [row.task, f"{three(row.value)} {row.unit}", spread, limit, verdict]


def text(rows: Sequence[Row]) -> str:
    """Every table with aligned columns."""
    lines = []
    for title, cells in tables(rows):
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines += ["", title]
        for row in cells:
            padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            lines.append("  " + "  ".join(padded).rstrip())
    return "\n".join(lines).strip() + "\n"


def settings(rows: Sequence[Row]) -> list[str]:
    """How each rival is used, once."""
    said = {f"{row.rival}: {row.setting}": None for row in rows if isinstance(row, Race)}
    return [line for line in said if not line.endswith(": ")]


def page(rows: Sequence[Row], where: dict[str, str]) -> str:
    """What make bench writes into docs/benchmarks.md, between its markers."""
    lines = ["| | |", "|---|---|", *(f"| {name} | {said} |" for name, said in where.items())]
    lines += ["", "## Where ours is slower, or further from the truth", ""]
    lines += [f"- {line}" for line in misses(rows)] or ["Nowhere in this run."]
    for title, cells in tables(rows):
        head, *rest = cells
        lines += ["", f"## {title}", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        lines += [f"| {' | '.join(row)} |" for row in rest]
    lines += ["", "## How each rival is used", "", *(f"- {line}" for line in settings(rows))]
    return "\n".join(lines)


def write(rows: Sequence[Row], folder: Path = DOCS) -> None:
    """benchmarks.txt, .json, .png and the generated part of .md, in a folder."""
    from bench.picture import picture

    where = machine()
    body: dict[str, Any] = {"machine": where, "misses": misses(rows)}
    for kind in (Race, Growth, Measure):
        body[kind.__name__.lower()] = [asdict(row) for row in rows if isinstance(row, kind)]
    head = "\n".join(f"{name}: {said}" for name, said in where.items())
    drawn = picture([row for row in rows if isinstance(row, Race)])
    (folder / "benchmarks.txt").write_text(f"{head}\n\n{text(rows)}", "utf-8")
    (folder / "benchmarks.json").write_text(json.dumps(body, indent=1) + "\n", "utf-8")
    (folder / "benchmarks.png").write_bytes(drawn.png)
    source = (DOCS / "benchmarks.md").read_text("utf-8")
    before, _, rest = source.partition(BEGIN)
    after = rest.partition(END)[2]
    figure = f"![{drawn.alt}](benchmarks.png)"
    parts = [before, BEGIN, "\n", figure, "\n\n", page(rows, where), "\n", END, after]
    (folder / "benchmarks.md").write_text("".join(parts), "utf-8")
