"""nbgrader's settings. `make release` copies them to build/release, a course directory.

For a course directory elsewhere, say in the environment where the course is: COURSE, a folder.
"""

import os
import sys
from pathlib import Path

from nbgrader.converters import Autograde, GenerateAssignment

sys.path.append(os.environ.get("COURSE", str(Path(__file__).resolve().parents[2])))

c = get_config()  # noqa: F821 (nbgrader's)
c.CourseDirectory.source_directory = "students"
c.OverwriteCells.add_missing_cells = True

# Stubs and blanks stay as the lessons have them; there is no solution to clear.
c.GenerateAssignment.preprocessors = [
    step
    for step in GenerateAssignment.preprocessors.default_args[0]
    if step.__name__ != "ClearSolutions"
]
# A student's code runs in processes that can be killed, and never beside the checks.
c.Autograde.autograde_preprocessors = [
    "grading.nbgrader_judge.Judge" if step.__name__ == "Execute" else step
    for step in Autograde.autograde_preprocessors.default_args[0]
]
