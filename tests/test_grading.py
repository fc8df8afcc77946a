"""What students get, and what their submissions are worth: see the folder grading."""

import ast
import csv
import inspect
import json
import re
import shutil
from dataclasses import asdict

import nbformat
import pytest
import submissions
from nbformat.v4 import new_code_cell, new_notebook

from course_utils.kit import check
from course_utils.kit.examine import attempt, escape, judge, plain
from course_utils.kit.exercise import EXERCISES
from grading import judge as judging
from grading import table, teaching
from grading.exercises import asked, lessons, load
from grading.judge import Verdict, collect, decoded, judged
from grading.release import POINTS, release
from grading.submission import Answer, read
from grading.worker import encoded, returned

each_lesson = pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)


# --- What students get --------------------------------------------------------------------


@pytest.fixture(scope="module")
def released():
    return {path: release(nbformat.read(path, as_version=4)) for path in lessons()}


def graded(notebook, flag: str) -> dict[str, nbformat.NotebookNode]:
    """The cells with this flag of nbgrader's, by their grade_id."""
    metadata = [(cell.metadata.get("nbgrader", {}), cell) for cell in notebook.cells]
    return {meta["grade_id"]: cell for meta, cell in metadata if meta.get(flag)}


@each_lesson
def test_every_exercise_has_a_cell_to_write_in_and_after_it_a_locked_one(path, released):
    notebook, ids = released[path], []
    nbformat.validate(notebook)
    load(path.stem[:2])
    exercises = asked(path.stem[:2])
    assert set(exercises) == {key for key in EXERCISES if key.startswith(path.stem[:2])}
    written, locked = graded(notebook, "solution"), graded(notebook, "grade")
    for key, name in exercises.items():
        ids += [f"exercise-{key.replace('.', '-')}", f"check-{key.replace('.', '-')}"]
        own, test = written[ids[-2]], locked[ids[-1]]
        assert f"def {name}(" in own.source and "check(" not in own.source
        assert test.source == f'{name} = check("{key}", {name})'
        assert notebook.cells.index(own) < notebook.cells.index(test)
        assert "editable" not in own.metadata and not test.metadata.editable
        assert not own.metadata.deletable and not test.metadata.deletable
    assert sorted([*written, *locked]) == sorted(ids)


@each_lesson
def test_the_metadata_keep_nbgraders_schema(path, released):
    """Version 3, nbgrader/nbgraderformat/v3.json."""
    flags = ["grade", "locked", "solution"]
    for cell in released[path].cells:
        if meta := cell.metadata.get("nbgrader"):
            assert meta["schema_version"] == 3
            assert all(isinstance(meta[flag], bool) for flag in flags)
            assert re.fullmatch(r"[a-zA-Z0-9_\-]+", meta["grade_id"])
            points = {"points"} if meta["grade"] else set()
            assert set(meta) == {"schema_version", "grade_id", *flags} | points
            assert meta.get("points", POINTS) == POINTS == Verdict("", "right", "").points
            assert meta["locked"] == meta["grade"] != meta["solution"]


@each_lesson
def test_a_release_holds_no_solution(path, released):
    load(path.stem[:2])
    code = [cell.source for cell in released[path].cells if cell.cell_type == "code"]
    assert not any("solution" in source for source in code)
    for key in asked(path.stem[:2]):
        [function] = ast.parse(inspect.getsource(EXERCISES[key].reference)).body
        body = "\n".join(ast.unparse(s) for s in function.body[1:])  # [0] is the docstring
        for source in code:
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef):
                    there = "\n".join(ast.unparse(s) for s in node.body)
                    assert body not in there, f"{key} is solved in {source}"


@each_lesson
def test_nothing_else_of_a_lesson_is_lost(path, released):
    after = {cell.id.removesuffix("-check") for cell in released[path].cells}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.id not in after and cell.metadata.slideshow.slide_type != "notes":
            folded = re.fullmatch(r"(?s)<details>.*</details>", cell.source)
            assert folded or cell.source.startswith("solution("), cell.source
    assert not any("you have solved" in cell.source for cell in released[path].cells)


# --- What one answer is worth --------------------------------------------------------------


@each_lesson
def test_results_judged_elsewhere_are_worth_what_check_says(path):
    load(path.stem[:2])
    for key in asked(path.stem[:2]):
        exercise = EXERCISES[key]
        for answer in (exercise.reference, exercise.mistakes[0].answer):
            calls = attempt(exercise, answer)
            told = {"calls": [[encoded(c.result), encoded(c.gradients)] for c in calls]}
            [verdict] = judged({key: json.loads(json.dumps(told))})
            said = judge(exercise, calls)
            assert (verdict.outcome, verdict.message) == (said.kind, plain(said.message))
            assert verdict.points == (answer is exercise.reference)


def notebook(tmp_path, *cells: str):
    path = tmp_path / "02_mine.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    return path


SHRINKAGE = "def shrinkage(eigenvalues, sigma2):\n    return 1 - sigma2 / eigenvalues"
CHECK = 'shrinkage = check("02.2", shrinkage)'


@pytest.mark.parametrize(
    ("cells", "outcome"),
    [
        ([SHRINKAGE, CHECK], "right"),
        ([f"{SHRINKAGE}\n\n\n{CHECK}"], "right"),  # the course's own notebook
        ([SHRINKAGE], "right"),  # the check is deleted
        ([SHRINKAGE.replace("1 -", "2 -"), SHRINKAGE, CHECK], "right"),  # the last one counts
        ([SHRINKAGE, CHECK, SHRINKAGE.replace("1 -", "2 -")], "right"),  # … down to the check
        ([f"%time 1\n!ls\nshrinkage?\n{SHRINKAGE}", CHECK], "right"),
        (["ONE = 1", "def one(): return ONE", SHRINKAGE.replace("1 -", "one() -"), CHECK], "right"),
        ([SHRINKAGE + "\nprint(model.W)", CHECK], "right"),  # model: a variable of the lesson
        ([SHRINKAGE.replace("1 -", "model -"), CHECK], "error"),
        ([SHRINKAGE.replace("1 -", "1 - (0 *"), CHECK], "error"),
        (["x = 1", CHECK], "error"),  # nothing is there
    ],
)
def test_an_answer_is_found_and_judged(tmp_path, cells, outcome):
    [answer] = [a for a in read(notebook(tmp_path, *cells)) if a.key == "02.2"]
    load("02")
    [verdict] = judged({"02.2": returned(asdict(answer), "02")})
    assert verdict.outcome == outcome, verdict.message


def test_what_is_no_lesson_is_refused(tmp_path):
    path = tmp_path / "02_broken.ipynb"
    path.write_text("no JSON")
    with pytest.raises(ValueError, match="no notebook"):
        read(path)
    path = notebook(tmp_path, "x = 1").rename(tmp_path / "holiday.ipynb")
    with pytest.raises(ValueError, match="no exercise"):
        read(path)


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "right", "message": ""},
        {"calls": []},
        {"calls": [[{"dtype": "load", "shape": [], "values": [1]}, []]] * 2},
        {"calls": [[{"dtype": "float64", "shape": [10**12], "values": []}, []]] * 2},
        {"calls": 3},
        {},
    ],
)
def test_a_forged_report_is_worth_nothing(told):
    load("02")
    assert judged({"02.2": told})[0].points == 0


def test_other_things_than_tensors_are_told_by_their_type():
    assert type(decoded(encoded({}))).__name__ == "dict"
    assert decoded(encoded([1, True]))[1].item() == 1
    assert decoded({"type": "ndarray"}).size == 0


def test_for_nbgrader_a_wrong_answer_raises(monkeypatch):
    load("02")
    right = EXERCISES["02.2"].reference
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert check("02.2", right) is right
    with pytest.raises(AssertionError, match=r"^02.2: not yet. That is the part that is lost;"):
        check("02.2", lambda eigenvalues, sigma2: sigma2 / eigenvalues)


def test_a_message_as_plain_text_says_what_its_html_says():
    assert plain(f"<b>Error</b>: {escape('a < b & <c>')}<br>in line 3") == (
        "Error: a < b & <c>; in line 3"
    )


# --- What a class is worth -----------------------------------------------------------------


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A folder of submissions, the table of it, and a folder that one of them attacks."""
    folder, victim = tmp_path_factory.mktemp("submitted"), tmp_path_factory.mktemp("victim")
    (victim / "file").write_text("untouched")
    students = ("wrong", "wrong_too", "endless", "hostile")
    submissions.write(folder, victim, students)
    shutil.copy(
        folder / "wrong" / submissions.LESSON.stem / submissions.LESSON.name, folder / "=1+1.ipynb"
    )
    (folder / "torn.ipynb").write_text("{")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "SECONDS", 12.0)
        return table.grade(folder), victim


def test_each_submission_is_worth_what_it_solved(classroom):
    rows, victim = classroom
    for student in ("wrong", "wrong_too", "endless", "hostile"):
        verdicts = [row.verdict for row in rows if row.student == student]
        assert [v.key for v in verdicts] == list(submissions.NAMES)
        assert sum(v.points for v in verdicts) == submissions.POINTS[student], verdicts
    assert [row.verdict.outcome for row in rows if row.student == "torn"] == ["unreadable"]
    assert (victim / "file").read_text() == "untouched"


def test_an_endless_answer_is_stopped_and_the_next_ones_count(classroom):
    outcomes = {r.verdict.key: r.verdict.outcome for r in classroom[0] if r.student == "endless"}
    assert outcomes == {"02.1": "slow", "02.3": "slow"} | dict.fromkeys(
        ("02.2", "02.4", "02.5"), "right"
    )


def test_the_usual_mistakes_are_on_top(classroom, tmp_path):
    table.write(classroom[0], tmp_path)
    with (tmp_path / "mistakes.csv").open(newline="", encoding="utf-8") as file:
        head, first, *_ = csv.reader(file)
    assert head == ["exercise", "students", "recognised mistake"]
    assert first[:2] == ["02.2", "3"] and "already contains" in first[2]
    lines = (tmp_path / "grades.txt").read_text("utf-8").splitlines()
    assert lines[2] == "The most frequent mistakes" and "already contains" in lines[3]
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 26 and list(rows[0]) == table.COLUMNS
    mistakes = {r["exercise"] for r in rows if r["student"] == "wrong" and r["recognised mistake"]}
    assert mistakes == {"02.1", "02.2", "02.3", "02.5"}


def test_a_student_commands_neither_terminal_nor_spreadsheet(classroom, tmp_path):
    rows = [table.Row("\x1b[2J", Verdict("02.1", "error", "=1+1\x07")), *classroom[0]]
    table.write(rows, tmp_path)
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
        fields = [field for row in csv.reader(file) for field in row]
    assert "'=1+1" in fields and not any(field.startswith("=") for field in fields)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", table.text(rows))


def test_an_exercise_counts_with_the_references_before_it(tmp_path):
    """As in the notebook, where `check` leaves the reference in place of a wrong answer."""
    before = ["def posterior(x, W, mu, noise):\n    return None"]
    cell = (
        "def shrinkage(eigenvalues, sigma2):\n    assert posterior.__doc__\n"
        "    return 1 - sigma2 / eigenvalues"
    )
    results = collect([Answer("02.2", "shrinkage", before, cell)])
    assert judged(results) == [Verdict("02.2", "right", "")]


# --- What an instructor gets ---------------------------------------------------------------


def test_the_plans_fit_their_hours_and_keep_every_lesson():
    text = "\n".join(teaching.plans())
    for heading, available, number in (("8 × 50", 50, 8), ("4 × 90", 90, 4), ("2 × 50", 100, 13)):
        part = re.search(rf"(?s)## [^\n]*{heading}.*?(?=\n## |\Z)", text)[0]
        taken = [int(minutes) for minutes in re.findall(r"[:,] (\d+) minutes", part)]
        assert len(taken) == number and max(taken) <= available, part
    weeks = teaching.term([path.stem[:2] for path in lessons()], 13)
    assert [number for week in weeks for number in week] == [path.stem[:2] for path in lessons()]


def test_the_key_holds_every_exercise_and_every_recognised_mistake():
    text = "\n".join(teaching.exercises())
    for path in lessons():
        for key in asked(path.stem[:2]):
            assert f"## Exercise {key}\n" in text
            assert all(plain(mistake.message) in text for mistake in EXERCISES[key].mistakes)


def test_every_question_has_options_with_reasons():
    lines = list(teaching.questions())
    asked_here = [i for i, line in enumerate(lines) if line.startswith("\n**")]
    assert len(asked_here) > 100
    for one, following in zip(asked_here, [*asked_here[1:], None], strict=True):
        options = [line for line in lines[one + 1 : following] if line.startswith("- ")]
        assert sum(line.startswith("- ✓") for line in options) == 1, lines[one]
        assert 2 <= len(options) <= 6 and all(": " in line for line in options)
