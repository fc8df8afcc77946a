"""nbgrader's step that runs a submission, replaced: judge it in processes of the course's Python.

It needs nbgrader alone, not the course: it may live in an environment of its own.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor

ROOT = Path(__file__).resolve().parents[1]
BIN = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
PYTHON = os.environ.get("COURSE_PYTHON", ROOT.joinpath(".venv", *BIN))


class Judge(NbGraderPreprocessor):
    """Gives each graded cell the output that makes nbgrader count its points, or not."""

    def preprocess(self, nb, resources):
        """The notebook with a verdict under each check."""
        found = {f"check-{v['key'].replace('.', '-')}": v for v in judge(nb, resources)}
        for cell in nb.cells:
            meta = cell.metadata.get("nbgrader", {})
            if meta.get("grade"):
                cell.outputs = [output(found[meta["grade_id"]])]
        return nb, resources


def judge(nb, resources) -> list[dict]:
    """The verdicts of `python -m grading judge` on a notebook."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{resources['nbgrader']['notebook']}.ipynb"
        nbformat.write(nb, file)
        command = [PYTHON, "-m", "grading", "judge", file]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"The submission could not be judged:\n{done.stderr}")
        return json.loads(done.stdout)


def output(verdict: dict):
    """Plain text, which nbgrader's feedback escapes: an error for no points, else a line."""
    key, message = verdict["key"], verdict["message"]
    if verdict["points"]:
        return new_output("stream", name="stdout", text=f"{key}: right.")
    said = f"{key}: {verdict['outcome']}. {message}"
    return new_output("error", ename=verdict["outcome"], evalue=message, traceback=[said])
