"""nbgrader's own generate_assignment, autograde and export on made submissions.

Each takes about 20 seconds of work, so four of the ten are tried. It runs where nbgrader is
installed in .venv-grading, as requirements-grading.txt says.
"""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import submissions

from grading.exercises import ROOT
from grading.release import write_release

STUDENTS = ("right_otherwise", "wrong_too", "crashing", "hostile")
BIN = ROOT / ".venv-grading" / ("Scripts" if os.name == "nt" else "bin")
if not list(BIN.glob("nbgrader*")):
    pytest.skip("nbgrader is not in .venv-grading: not tried", allow_module_level=True)


def nbgrader(course: Path, *arguments: str) -> None:
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",  # it calls alembic
        "HOME": str(course / "home"),
        "PYTHONPATH": str(ROOT),
        "COURSE": str(ROOT),
        "COURSE_PYTHON": sys.executable,
    }
    command = [BIN / "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course directory with all submissions graded, and the folder that one attacked."""
    course, victim = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("victim")
    (victim / "file").write_text("untouched")
    (course / "home").mkdir()
    write_release(course)
    submissions.write(course / "submitted", victim, STUDENTS)
    lesson = submissions.LESSON.stem
    nbgrader(course, "generate_assignment", lesson)
    nbgrader(course, "autograde", lesson)
    nbgrader(course, "generate_feedback", lesson)
    nbgrader(course, "export")
    assert (victim / "file").read_text() == "untouched"
    return course


def test_the_points_are_those_of_check(course):
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    scores = {student: float(row["score"]) for student, row in rows.items()}
    assert scores == {student: submissions.POINTS[student] for student in STUDENTS}
    assert {float(row["max_score"]) for row in rows.values()} == {5.0}


def test_the_feedback_names_the_mistake_and_escapes_what_a_student_wrote(course):
    folder = course / "feedback"
    [page] = (folder / "wrong_too").rglob("*.html")
    assert "already contains the noise" in page.read_text("utf-8")
    [page] = (folder / "crashing").rglob("*.html")
    text = page.read_text("utf-8")
    assert "<script>alert(1)" not in text and "&lt;script&gt;alert(1)" in text
