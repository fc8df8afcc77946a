"""What a trial measured, as figures and as the table of docs/hub.md."""

import os
import re
from pathlib import Path
from statistics import median

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "hub.md"


def report(names: list[str], lesson: str, starts: list, usage: dict, runs: list) -> dict:
    """The figures of the guide: memory in MB, times in seconds."""
    ends = [usage[name][-1] for name in names]
    peaks = {key: [max(it[key] for it in usage[name]) for name in names] for key in ends[0]}
    cells = [cell for cells in runs for cell in cells]
    slowest = max(cells, key=lambda cell: cell["seconds"])
    worst = max
    return {
        "lesson": lesson,
        "users": len(names),
        "cells": len(runs[0]),
        "errors": [f"{cell['cell']}: {cell['error']}" for cell in cells if cell["error"]],
        "memory_before": round(median(usage[name][0]["pss"] for name in names)),
        "memory_end": [round(f(it["pss"] for it in ends)) for f in (median, worst)],
        "memory_peak": [round(f(peaks["pss"])) for f in (median, worst)],
        "memory_alone": round(worst(peaks["rss"])),
        "memory_class": round(worst(map(sum, zip(*series(usage), strict=False)))),
        "processor": [round(f(it["cpu"] for it in ends), 1) for f in (median, worst)],
        "start": [round(f(starts), 1) for f in (median, worst)],
        "lesson_time": [
            round(f(sum(cell["seconds"] for cell in cells) for cells in runs), 1)
            for f in (median, worst)
        ],
        "slowest_cell": [slowest["cell"], round(slowest["seconds"], 1)],
        "cores": os.cpu_count(),
    }


def series(usage: dict) -> list:
    """Each user's memory over time."""
    return [[it["pss"] for it in samples] for samples in usage.values()]


def table(figures: dict) -> str:
    """The figures in words."""
    users, name = figures["users"], figures["lesson"].partition("_")[0]
    cell, seconds = figures["slowest_cell"]
    pairs = [
        ("a server before its lesson, MB", [figures["memory_before"], ""]),
        ("a user at the lesson's end, MB", figures["memory_end"]),
        ("a user at the peak, MB", figures["memory_peak"]),
        ("the same, were no page shared with others, MB", ["", figures["memory_alone"]]),
        ("processor time of a user, s", figures["processor"]),
        ("start of a server, s", figures["start"]),
        ("the lesson from first to last cell, s", figures["lesson_time"]),
        (f"slowest cell ({cell}), s", ["", seconds]),
    ]
    rows = [f"| {what} | {middle} | {most} |" for what, (middle, most) in pairs]
    head = [
        f"{users} user{'s' * (users > 1)}, lesson {name}, {figures['cells']} cells each, "
        f"{figures['cores']} cores: "
        f"{len(figures['errors'])} errors, {figures['memory_class'] / 1000:.1f} GB in all at the peak.",
        "",
        "| | median user | worst |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def with_table(guide: str, figures: dict) -> str:
    """The guide with these figures in their place."""
    lesson = figures["lesson"].partition("_")[0]
    marks = rf"(?s)(?<=<!-- trial {lesson} -->\n).*?(?=\n<!-- /trial -->)"
    return re.sub(marks, lambda _: table(figures), guide)
