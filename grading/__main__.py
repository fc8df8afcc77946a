"""Notebooks for students, and marks: python -m grading release, python -m grading FOLDER.

release   – writes build/release: every lesson without solutions, with nbgrader's metadata
FOLDER    – judges the submissions in it, and writes build/grades: grades.csv, mistakes.csv
            and grades.txt
teaching  – writes build/teaching: plans, exercises with their usual errors, questions
judge F   – the verdicts on one notebook, as JSON (for nbgrader)
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from grading.exercises import ROOT
from grading.release import write_release


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    match arguments:
        case ["release"]:
            written = write_release(ROOT / "build" / "release")
            print(f"{len(written)} lessons in {written[0].parents[1].relative_to(ROOT)}")
        case ["teaching"]:
            from grading.teaching import write_teaching

            write_teaching(ROOT / "build" / "teaching")
        case ["judge", file]:
            from grading.judge import verdicts

            print(json.dumps([asdict(v) | {"points": v.points} for v in verdicts(Path(file))]))
        case [folder] if Path(folder).is_dir():
            from grading import table

            rows = table.grade(Path(folder))
            table.write(rows, ROOT / "build" / "grades")
            print(table.text(rows))
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
