"""A folder of submissions as a table: student, exercise, outcome, recognised mistake.

A student's name is the first folder below the given one, as nbgrader lays submissions out, or the
name of a file that lies in it directly.
"""

import csv
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grading.judge import Verdict, collect, judged
from grading.submission import Answer, read

__all__ = ["Row", "grade", "text", "write"]

COLUMNS = ["student", "exercise", "outcome", "points", "recognised mistake", "message"]
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Row:
    """One exercise of one student."""

    student: str
    verdict: Verdict


def grade(folder: Path) -> list[Row]:
    """Every exercise of every notebook in a folder, those of one student together."""
    files = sorted(p for p in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
    answers = [_answers(file) for file in files]  # in one thread: ast.parse fails in several
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each thread waits for a process
        results = pool.map(
            lambda given: given if isinstance(given, str) else collect(given), answers
        )
        return [
            Row(_student(folder, file), verdict)
            for file, result in zip(files, results, strict=True)
            for verdict in _judge(result)
        ]


def _answers(path: Path) -> list[Answer] | str:
    """A submission's answers, or why it has none."""
    try:
        return read(path)
    except (ValueError, OSError) as error:
        return str(error)


def _judge(results: dict[str, dict] | str) -> list[Verdict]:
    return [Verdict("", UNREADABLE, results)] if isinstance(results, str) else judged(results)


def _student(folder: Path, path: Path) -> str:
    first = path.relative_to(folder).parts[0]
    return path.stem if first == path.name else first


def write(rows: list[Row], folder: Path) -> None:
    """The table as grades.csv, the counted mistakes as mistakes.csv, both as grades.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_csv(folder / "grades.csv", COLUMNS, (_fields(row) for row in rows))
    counted = [[key, number, message] for (key, message), number in usual(rows)]
    _write_csv(folder / "mistakes.csv", ["exercise", "students", "recognised mistake"], counted)
    (folder / "grades.txt").write_text(text(rows), "utf-8")


def _fields(row: Row) -> list:
    v = row.verdict
    known, other = (v.message, "") if v.outcome == "mistake" else ("", v.message)
    return [row.student, v.key, v.outcome, v.points, known, other]


def _write_csv(path: Path, head: list[str], rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *([_safe(field) for field in row] for row in rows)])


def _safe(field: object) -> object:
    """A spreadsheet would take text that begins so for a formula."""
    return f"'{field}" if isinstance(field, str) and re.match(r"[=+\-@\t\r]", field) else field


def usual(rows: list[Row]) -> list[tuple[tuple[str, str], int]]:
    """The class's recognised mistakes, (exercise, message), and how many made each."""
    made = [(r.verdict.key, r.verdict.message) for r in rows if r.verdict.outcome == "mistake"]
    return Counter(made).most_common()


def text(rows: list[Row]) -> str:
    """The class's mistakes, then how each exercise went, then the table; for a terminal."""
    return "\n".join(_printable(line) for line in _lines(rows)) + "\n"


def _lines(rows: list[Row]) -> Iterator[str]:
    students = {row.student for row in rows}
    yield f"{len(students)} students"
    yield from ["", "The most frequent mistakes"]
    for (key, message), number in usual(rows):
        yield f"{number:4}  {key}  {message}"
    yield from ["", "Each exercise"]
    for key in sorted({row.verdict.key for row in rows} - {""}):
        kinds = Counter(row.verdict.outcome for row in rows if row.verdict.key == key)
        yield f"{key}  " + ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    width = max(map(len, students), default=0)
    yield from ["", f"{'student':{width}}  points"]
    for student in sorted(students):
        own = [row.verdict for row in rows if row.student == student]
        yield f"{student:{width}}  {sum(v.points for v in own)} of {len(own)}"
    yield from ["", "All outcomes"]
    for row in rows:
        v = row.verdict
        yield f"{row.student:{width}}  {v.key}  {v.outcome:7}  {v.message}".rstrip()


def _printable(line: str) -> str:
    """Without what would command a terminal."""
    return "".join(c if c.isprintable() else "?" for c in line)
